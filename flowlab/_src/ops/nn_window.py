"""Windows that slide over images: what convolution and pooling have in common.

A window of `size` pixels moves over an axis in steps of `stride`. "VALID" keeps it inside the picture, "SAME" adds a
border of zeros that makes the result ceil(pixels / stride) long, and a list of pairs adds just the border it says.
With a dilation of d the window looks at every d-th pixel only: it then spans (size - 1) * d + 1 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.arguments import as_axes, as_ints, as_text
from flowlab._src.graph.shape import Dims, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import conv
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import written

Pairs = tuple[tuple[int, int], tuple[int, int]]

PADDINGS = ("SAME", "VALID", "EXPLICIT")
FORMATS = ("NHWC", "NCHW")


# ---- arguments of the public functions -------------------------------------------------------------------------


def one_per_axis(value: Any, n: int, channel_index: int, name: str) -> list[int]:
    """Strides, sizes or dilations for all `n` + 2 axes: one number serves all spatial axes, `n` one each."""
    if value is None:
        return [1] * (n + 2)
    values = as_axes(value, name)
    if len(values) == n + 2:
        return values
    if len(values) == 1:
        values = values * n
    elif len(values) != n:
        call = written.running()
        step = [1, *[values[len(values) // 2] if values else 1] * n, 1]
        fix = call.changed(**{name: str(step)}) if call is not None and name in call.parts else ""
        raise misuse(
            ValueError(f"{name} should be of length 1, {n} or {n + 2} but was {len(values)}"),
            why=f"{name} has a number for each axis: batch, then the {n} of the image, then channels",
            fix=fix or f"{name}={step}",
        )
    return [1, 1, *values] if channel_index == 1 else [1, *values, 1]


def split_padding(padding: Any) -> tuple[Any, list[int]]:
    """The `padding` argument as the two attributes: a word, and the numbers where it was a list of pairs."""
    if isinstance(padding, str) and padding == "EXPLICIT":
        raise misuse(
            ValueError(
                '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, the padding parameter '
                "must be a list."
            )
        )
    if not isinstance(padding, (list, tuple)):
        return padding, []
    numbers: list[int] = []
    for i, pair in enumerate(padding):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            fault = f"has size {len(pair)}" if isinstance(pair, (list, tuple)) else "is not a list/tuple"
            raise misuse(
                ValueError(
                    "When padding is a list, each element of padding must be a list/tuple of size 2. Element with index "
                    f"{i} of padding {fault}"
                )
            )
        numbers.extend(as_ints(pair, "padding"))
    if len(padding) != 4:
        raise misuse(ValueError(f"When padding is a list, it must be of size 4. Got padding of size: {len(padding)}"))
    return "EXPLICIT", numbers


def layout_of(data_format: Any) -> str:
    """The `data_format` argument as the attribute; None stands for the usual order of axes."""
    return "NHWC" if data_format is None else as_text(data_format, "data_format") or "NHWC"


# ---- static shapes ---------------------------------------------------------------------------------------------


def axes_of(data_format: str) -> tuple[int, int, int]:
    """Where height, width and channels stand."""
    return (2, 3, 1) if data_format == "NCHW" else (1, 2, 3)


def spatial(values: Sequence[int], data_format: str) -> tuple[int, int]:
    """The two numbers for height and width out of four."""
    if len(values) != 4:
        raise ShapeError(f"strides, ksize and dilations need 4 values each, but got: {len(values)}")
    height, width, _ = axes_of(data_format)
    return values[height], values[width]


def image_dims(
    batch: int | None, height: int | None, width: int | None, channels: int | None, data_format: str
) -> Dims:
    """Four sizes in the order of the data format."""
    return (batch, channels, height, width) if data_format == "NCHW" else (batch, height, width, channels)


def explicit_pairs(explicit: Sequence[int], data_format: str) -> Pairs:
    """The border in pixels ((top, bottom), (left, right)) out of the eight numbers of the attribute."""
    height, width, _ = axes_of(data_format)
    return (
        (explicit[2 * height], explicit[2 * height + 1]),
        (explicit[2 * width], explicit[2 * width + 1]),
    )


def check_explicit(explicit: Sequence[int], padding: str, data_format: str) -> None:
    """ShapeError for a border that convolutions cannot have."""
    if padding != "EXPLICIT":
        return
    _, _, channels = axes_of(data_format)
    if any(explicit[2 * axis + side] for axis in (0, channels) for side in (0, 1)):
        raise ShapeError("Nonzero explicit padding in the batch or depth dimensions is not supported")
    if any(p < 0 for p in explicit):
        raise ShapeError(f"All elements of explicit_paddings must be nonnegative, got: {list(explicit)}")


def windowed_size(
    size: int | None, window: int | None, stride: int, padding: str, dilation: int = 1, pair: tuple[int, int] = (0, 0)
) -> int | None:
    """Length of the result along one axis, None when it cannot be told yet."""
    if stride <= 0:
        raise ShapeError(f"Stride must be > 0, but got {stride}")
    if size is None:
        return None
    if padding == "SAME":
        return -(-size // stride)
    if window is None:
        return None
    span = (window - 1) * dilation + 1
    size += sum(pair)
    if span > size:
        raise ShapeError(f"Negative dimension size caused by subtracting {span} from {size}")
    return (size - span) // stride + 1


# ---- inside kernels --------------------------------------------------------------------------------------------


def border(
    sizes: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: str,
    pairs: Pairs = ((0, 0), (0, 0)),
) -> tuple[Pairs, tuple[int, int]]:
    """The border a kernel adds, ((top, bottom), (left, right)) in pixels, and the height and width that come out."""
    borders, counts = [], []
    for size, window, stride, dilation, pair in zip(sizes, windows, strides, dilations, pairs, strict=True):
        if padding == "SAME":
            borders.append(conv.same_padding(size, window, stride, dilation))
            counts.append(-(-size // stride))
            continue
        span = (window - 1) * dilation + 1
        count = int((size + sum(pair) - span + stride) / stride)
        if count < 0:
            raise InvalidArgumentError(
                None,
                None,
                f"Computed output size would be negative: {count} [input_size: {size}, effective_filter_size: {span}, "
                f"stride: {stride}]",
            )
        borders.append(pair)
        counts.append(count)
    return (borders[0], borders[1]), (counts[0], counts[1])


def brackets(shape: Sequence[int]) -> str:
    """A shape as the runtime writes it: [2,3]."""
    return format_dims(tuple(shape))


def no_room(image: Tensor, window: Any, axes: tuple[int, int], call: written.Written | None) -> tuple[str, str]:
    """Why a window larger than the map is refused, with the sizes that led there, and the call with SAME."""
    height, width = axes
    dims = image.shape._dims or (None,) * 4
    ladder = sizes_so_far(image, height)
    return (
        f"a {window[0]}x{window[1]} window does not fit a {dims[height]}x{dims[width]} map with padding='VALID'"
        + (f"; heights so far: {' -> '.join(map(str, ladder))}" if len(ladder) > 1 else ""),
        (call.changed(padding="'SAME'") if call is not None else "") or "padding='SAME'  # or pool less before",
    )


def sizes_so_far(image: Tensor, axis: int) -> list[Any]:
    """The sizes of the maps that led to this one, the first one first; one for each time that it changed."""
    sizes: list[Any] = []
    node: Tensor | None = image
    while node is not None and node.shape.ndims == 4 and len(sizes) < 8:
        size = node.shape.as_list()[axis]
        if not sizes or sizes[-1] != size:
            sizes.append(size)
        before = node.op.inputs
        node = before[0] if before else None
    return sizes[::-1]
