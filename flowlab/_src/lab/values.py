"""What a value looks like in a panel: numbers about it, a small table, a picture, a histogram.

Everything here works on plain arrays and gives plain records (dicts), which the widgets draw.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import polygon
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.theme import LIGHT, Theme

Record = dict[str, Any]

TABLE = 5  # rows and columns of a small table
TILES = 16  # feature maps, filters or digits side by side
BINS = 24
MANY = 2_000_000  # of larger arrays only every n-th element is looked at
WORDS_AT_MOST = 60


def value_records(value: Any, theme: Theme = LIGHT) -> list[Record]:
    """Records that show a value: statistics, then a picture if it looks like images, a table, a histogram."""
    array = np.asarray(value) if not isinstance(value, np.ndarray) else value
    if array.dtype == object or array.dtype.kind in "SU":
        return words_records(array)
    records: list[Record] = [{"kind": "rows", "label": "Value", "rows": statistics(array)}]
    picture = thumbnails(array)
    if picture is not None:
        records.append(picture)
    if array.size:
        records.append(small_table(array))
    if array.size >= 8 and array.dtype.kind in "fiuc" and np.unique(finite_sample(array)[:1000]).size > 1:
        records.append({"kind": "drawing", "label": "How the values are spread", "svg": histogram_svg(array, theme)})
    return records


def words_records(array: np.ndarray) -> list[Record]:
    """Strings: how many, and the first ones."""
    rows = [["dtype", "string"], ["shape", shape_words(array)]]
    table = [[cell_text(item)] for item in array.ravel()[:TABLE]]
    records: list[Record] = [{"kind": "rows", "label": "Value", "rows": rows}]
    if table:
        more = f"{array.size - TABLE:,} more" if array.size > TABLE else ""
        records.append({"kind": "table", "label": "", "rows": table, "more": more})
    return records


def shape_words(array: np.ndarray) -> str:
    return " × ".join(str(size) for size in array.shape) if array.ndim else "scalar"


def finite_sample(array: np.ndarray) -> np.ndarray:
    """The finite elements in a row, as float64; of a very large array every n-th."""
    flat = array.reshape(-1)
    if flat.size > MANY:
        flat = flat[:: math.ceil(flat.size / MANY)]
    numbers = np.abs(flat).astype(np.float64) if flat.dtype.kind == "c" else flat.astype(np.float64)
    return numbers[np.isfinite(numbers)]


def statistics(array: np.ndarray) -> list[list[str]]:
    """Rows of name and text: dtype, shape, least, mean, largest, and what is out of the ordinary (NaN, zeros)."""
    rows = [["dtype", array.dtype.name], ["shape", shape_words(array)]]
    if not array.size:
        return [*rows, ["elements", "none"]]
    if array.dtype.kind == "b":
        true = int(np.count_nonzero(array))
        return [*rows, ["true", f"{true:,} of {array.size:,}"]]
    if array.size == 1:
        return [*rows, ["value", number_text(array.reshape(-1)[0])]]
    numbers = finite_sample(array)
    what = "absolute " if array.dtype.kind == "c" else ""
    if numbers.size:
        rows += [
            [f"{what}minimum", number_text(numbers.min())],
            [f"{what}mean", number_text(numbers.mean())],
            [f"{what}maximum", number_text(numbers.max())],
            ["deviation", number_text(numbers.std())],
        ]
        zeros = float(np.mean(numbers == 0))
        if zeros:
            rows.append(["zeros", f"{zeros:.3g}".rstrip("0") if zeros < 0.001 else f"{zeros:.1%}"])
    if array.dtype.kind in "fc":
        for name, found in (("NaN", np.isnan(array)), ("Inf", np.isinf(array))):
            number = int(np.count_nonzero(found))
            if number:
                rows.append([f"⚠ {name}", f"{number:,} of {array.size:,}"])
    return rows


def number_text(value: Any) -> str:
    """A number in at most about six digits."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (complex, np.complexfloating)):
        return f"{value:.4g}"
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}".replace(",", "\u2009")
    return f"{float(value):.5g}".replace("-", "−") if math.isfinite(value) else str(float(value))


def cell_text(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "backslashreplace")
    elif isinstance(value, (str, bool, np.bool_)):
        text = str(value)
    elif isinstance(value, (int, float, complex, np.number)):
        return f"{value:.3g}".replace("-", "−")
    else:
        text = type(value).__name__
    return text if len(text) <= WORDS_AT_MOST else text[: WORDS_AT_MOST - 1] + "…"


def small_table(array: np.ndarray) -> Record:
    """The first rows and columns; of more than two dimensions the first slice."""
    where, table = "", array
    if array.ndim > 2:
        where = "[" + "0, " * (array.ndim - 2) + ":, :]"
        table = array[(0,) * (array.ndim - 2)]
    if table.ndim < 2:
        table = table.reshape(1, -1)
    height, width = table.shape
    rows = [
        [cell_text(item) for item in row[:TABLE]] + (["…"] if width > TABLE else []) for row in table[:TABLE].tolist()
    ]
    if height > TABLE:
        rows.append(["⋮"] * min(width, TABLE + 1))
    more = f"{height} × {width}" if height > TABLE or width > TABLE else ""
    return {"kind": "table", "label": f"Elements {where}".rstrip(), "rows": rows, "more": more}


# ---- pictures -----------------------------------------------------------------------------------------------------


def thumbnails(array: np.ndarray) -> Record | None:
    """A row of small pictures, if the array looks like images, feature maps or filters; None otherwise.

    Shapes that are taken for pictures: (batch, height, width, channels), (height, width, in, out) for filters of at
    most 11 x 11, (batch, height, width), a matrix of at least 8 x 8, and rows of a square number of pixels (784).
    """
    found = tiles(array)
    if found is None:
        return None
    pieces, words = found
    if not pieces:
        return None
    height, width = pieces[0].shape[:2]
    columns = math.ceil(math.sqrt(len(pieces)))
    rows = math.ceil(len(pieces) / columns)
    is_color = pieces[0].ndim == 3
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 127, np.uint8)
    low, high = limits(pieces)
    for k, piece in enumerate(pieces):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        grey = np.clip((np.nan_to_num(piece.astype(np.float64)) - low) / (high - low or 1.0) * 255, 0, 255)
        sheet[top : top + height, left : left + width] = grey if is_color else grey[..., None]
    scale = max(1, min(16, 300 // sheet.shape[1]))
    return {
        "kind": "image",
        "label": "As a picture",
        "png": png_text(sheet),
        "alt": f"{words}; black is {number_text(low)}, white is {number_text(high)}",
        "text": f"{words}; black {number_text(low)}, white {number_text(high)}",
        "width": min(320, sheet.shape[1] * scale),
        "height": round(sheet.shape[0] * min(320, sheet.shape[1] * scale) / sheet.shape[1]),
    }


def tiles(array: np.ndarray) -> tuple[list[np.ndarray], str] | None:
    """The single pictures in an array, and what they are."""
    if array.dtype.kind not in "fiub" or not array.size:
        return None
    shape = array.shape
    if array.ndim == 4 and shape[0] == shape[1] <= 11 and shape[0] > 1:
        filters = [array[:, :, k // shape[3] % shape[2], k % shape[3]] for k in range(min(TILES, shape[2] * shape[3]))]
        return filters, f"{len(filters)} of {shape[2] * shape[3]} filters {shape[0]} × {shape[1]}"
    if array.ndim == 4 and min(shape[1:3]) > 1 and max(shape[1:3]) <= 1024:
        if shape[3] == 3:
            number = min(TILES, shape[0]) if shape[1] <= 128 else 1
            return [array[k] for k in range(number)], f"{number} of {shape[0]} images"
        if shape[3] == 1:
            number = min(TILES, shape[0]) if shape[1] <= 128 else 1
            return [array[k, :, :, 0] for k in range(number)], f"{number} of {shape[0]} images"
        number = min(TILES, shape[3])
        return [array[0, :, :, k] for k in range(number)], f"{number} of {shape[3]} feature maps of the first example"
    if array.ndim == 3 and min(shape[1:]) > 3 and max(shape[1:]) <= 1024 and shape[2] > 4:
        number = min(TILES, shape[0]) if shape[1] <= 128 else 1
        return [array[k] for k in range(number)], f"{number} of {shape[0]} matrices"
    if array.ndim == 3 and shape[2] in (1, 3) and min(shape[:2]) > 3 and max(shape[:2]) <= 1024:
        return [array if shape[2] == 3 else array[:, :, 0]], "one image"
    if array.ndim == 2:
        side = math.isqrt(shape[1])
        if side * side == shape[1] and side >= 8 and side <= 128:
            number = min(TILES, shape[0])
            return [
                array[k].reshape(side, side) for k in range(number)
            ], f"{number} of {shape[0]} rows, as {side} × {side}"
        if min(shape) >= 8 and max(shape) <= 1024:
            return [array], "the matrix"
    return None


def limits(pieces: list[np.ndarray]) -> tuple[float, float]:
    """The values that become black and white."""
    numbers = np.concatenate([piece.reshape(-1).astype(np.float64) for piece in pieces])
    numbers = numbers[np.isfinite(numbers)]
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 1.0)


def png_text(sheet: np.ndarray) -> str:
    """An RGB array as PNG in base64."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


# ---- histogram ----------------------------------------------------------------------------------------------------


def histogram_svg(array: np.ndarray, theme: Theme = LIGHT) -> str:
    """A small histogram of the finite elements."""
    numbers = finite_sample(array)
    counts, edges = np.histogram(numbers, BINS)
    width, height, left, top = 290.0, 92.0, 8.0, 20.0
    tallest = int(counts.max()) or 1
    step = (width - 2 * left) / BINS
    bars: list[Shape | Text] = []
    for k, number in enumerate(counts):
        if number:
            tall = max(1.5, number / tallest * height)
            x = left + k * step
            corners = ((x + 0.5, top + height), (x + 0.5, top + height - tall))
            bars.append(
                Shape(
                    polygon(*corners, (x + step - 0.5, top + height - tall), (x + step - 0.5, top + height)),
                    fill=theme.curves[0],
                    role="column",
                )
            )
    base = top + height
    bars.append(Shape([("M", ((left, base),)), ("L", ((width - left, base),))], stroke=theme.line, role="line"))
    low, high = number_text(edges[0]), number_text(edges[-1])
    words: list[Shape | Text] = [
        Text(low, (left, base + 16), theme.faint),
        Text(high, (width - left - text_width(high, FONT), base + 16), theme.faint),
        Text(f"{tallest:,} in the tallest bar", (left, 12), theme.faint),
    ]
    label = f"histogram from {low} to {high}"
    drawing = Drawing(width, base + 24, theme.background, label, [Group("bars", bars), Group("words", words)])
    return drawing_svg(drawing)


def not_finite(array: Any) -> bool:
    """Whether a value has a NaN or an infinite element."""
    found = np.asarray(array)
    return found.dtype.kind in "fc" and not bool(np.isfinite(found).all())


def summary_text(value: Any) -> str:
    """A value in a few words, for one line: "3.5", "28 × 28 float32, 0 … 1"."""
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind in "SU":
        return cell_text(array.reshape(-1)[0]) if array.size == 1 else f"{shape_words(array)} strings"
    if array.size == 1 and array.ndim == 0:
        return number_text(array[()])
    if not array.size:
        return f"{shape_words(array)}, empty"
    if array.size <= 4 and array.ndim == 1:
        return "[" + ", ".join(number_text(item) for item in array) + "]"
    if array.dtype.kind == "b":
        return f"{shape_words(array)} bool"
    numbers = finite_sample(array)
    ends = f", {number_text(numbers.min())} … {number_text(numbers.max())}" if numbers.size else ""
    return f"{shape_words(array)} {array.dtype.name}{ends}" + (" ⚠ not finite" if not_finite(array) else "")


def each_output(values: dict[str, list[Any]], name: str) -> Iterator[tuple[int, Any]]:
    """The outputs of an operation that have a value."""
    for k, value in enumerate(values.get(name, [])):
        if value is not None:
            yield k, value
