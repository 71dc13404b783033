"""`tf.lab.mistakes`: a wall of the pictures that a model got wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_int
from flowlab._src.lab.classes import as_values, class_names, class_numbers
from flowlab._src.lab.drawing import Drawing, Group, Image, Shape, Text
from flowlab._src.lab.fonts import shorten, text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import rounded
from flowlab._src.lab.still import StillPicture
from flowlab._src.util.export import export

TILE, GAP = 92.0, 16.0
COLUMNS = 6
MARGIN = 14.0
LINES = 38.0  # room for two lines of words below a picture
MOST = 200


@export("lab.Mistakes")
class Mistakes(StillPicture):
    """The examples that a model got wrong, as `tf.lab.mistakes` returns them.

    Attributes
    ----------
    indices : array of int
        Where they are in the data, the surest mistakes first if there are probabilities.
    """

    def __init__(
        self,
        images: np.ndarray,
        true: np.ndarray,
        said: np.ndarray,
        sureness: np.ndarray | None,
        names: list[str],
        most: int,
        title: str,
        zoom: float | None,
        theme: str | None,
    ) -> None:
        super().__init__(zoom, theme)
        self.title, self.names, self.most = title, names, most
        self.number = len(true)
        wrong = np.flatnonzero(true != said)
        if sureness is not None:
            wrong = wrong[np.argsort(-sureness[wrong], kind="stable")]
        self.indices = wrong
        self._images, self._true, self._said, self._sureness = images, true, said, sureness

    def drawing(self) -> Drawing:
        """Pictures in rows, below each what it is and what the model said."""
        theme = self.theme
        shown = self.indices[: self.most]
        columns = min(COLUMNS, max(3, math.ceil(math.sqrt(len(shown) * 1.5))))
        pitch, line = TILE + GAP, TILE + LINES + GAP
        top = 62.0 if self.title else 38.0
        groups = [self.heading()]
        low, high = brightness(self._images)
        for k, index in enumerate(shown):
            x, y = MARGIN + pitch * (k % columns), top + line * (k // columns)
            true, said = self.names[self._true[index]], self.names[self._said[index]]
            words = f"example {index}: is {true}, taken for {said}"
            pixels = as_pixels(self._images[index], low, high)
            height, width = pixels.shape[:2]
            scale = TILE / max(height, width)
            size = (width * scale, height * scale)
            corner = (x + (TILE - size[0]) / 2, y + (TILE - size[1]) / 2)
            frame = rounded(x - 1.5, y - 1.5, x + TILE + 1.5, y + TILE + 1.5, 2.0)
            sure = "" if self._sureness is None else f"{self._sureness[index]:.0%}"
            room = TILE - text_width(sure, FONT) - (6 if sure else 0)
            items: list[Shape | Text | Image] = [
                Shape(frame, fill=theme.panel, stroke=theme.border, width=1.0),
                Image(pixels, corner, size, words),
                Text(shorten(f"is {true}", TILE + 10, FONT), (x, y + TILE + 18), theme.text),
                Text(shorten(f"said {said}", room, FONT, True), (x, y + TILE + 35), theme.text, bold=True),
                Text(sure, (x + TILE, y + TILE + 35), theme.faint, "end"),
            ]
            groups.append(Group("mistake", items, {"id": str(index)}, words))
        rows = max(1, -(-len(shown) // columns))
        width = max(MARGIN * 2 + pitch * columns - GAP, 330.0)
        height = top + line * rows if len(shown) else top + 12
        return Drawing(width, height, theme.background, f"{self.title or 'mistakes'}: {self.count_text()}", groups)

    def heading(self) -> Group:
        y = 46.0 if self.title else 22.0
        items = [Text(self.title, (MARGIN, 22), self.theme.text, bold=True)] if self.title else []
        return Group("heading", [*items, Text(self.count_text(), (MARGIN, y), self.theme.faint)])

    def count_text(self) -> str:
        wrong, more = len(self.indices), ""
        if wrong > self.most:
            more = f"; the {'surest' if self._sureness is not None else 'first'} {self.most} of them"
        return f"{wrong:,} of {self.number:,} wrong{more}"

    def __repr__(self) -> str:
        lines = [f"{self.title or 'mistakes'}: {self.count_text()}"]
        for index in self.indices[: min(10, self.most)]:
            true, said = self.names[self._true[index]], self.names[self._said[index]]
            sure = "" if self._sureness is None else f" ({self._sureness[index]:.0%})"
            lines.append(f"  example {index}: is {true}, said {said}{sure}")
        return "\n".join(lines)


def brightness(images: np.ndarray) -> tuple[float, float]:
    """The values that become black and white."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    numbers = images[np.isfinite(images)] if images.dtype.kind == "f" else images
    if not numbers.size:
        return 0.0, 1.0
    low, high = float(numbers.min()), float(numbers.max())
    return (0.0, 1.0) if low >= 0 and 0.5 < high <= 1 else (low, high)


def as_pixels(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """An RGB image of bytes."""
    scaled = (np.nan_to_num(image.astype(np.float64)) - low) / ((high - low) or 1.0)
    bytes_ = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return np.repeat(bytes_[..., None], 3, axis=2) if bytes_.ndim == 2 else bytes_


def as_images(images: Any) -> np.ndarray:
    """Images as (N, height, width) or (N, height, width, 3)."""
    array = as_values(images, "images")
    if array.ndim == 4 and array.shape[3] == 1:
        return array[..., 0]
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3):
        return array
    if array.ndim == 2:
        side = math.isqrt(array.shape[1])
        if side * side == array.shape[1]:
            return array.reshape(-1, side, side)
    raise ValueError(
        "images must have the shape (N, height, width), (N, height, width, 1 or 3), or rows of a square number of "
        f"pixels such as (N, 784); got {array.shape}."
    )


@export("lab.mistakes")
def mistakes(
    images: Any,
    labels: Any,
    predictions: Any,
    names: Sequence[Any] | None = None,
    most: int = 24,
    title: str = "",
    zoom: float | None = None,
    theme: str | None = None,
) -> Mistakes:
    """Show the images that a model got wrong, with what they are and what it said.

    Parameters
    ----------
    images : array, (N, height, width), (N, height, width, 1 or 3) or (N, 784)
    labels : array of int, (N,); or one-hot, (N, K)
    predictions : array of int, (N,); or probabilities or logits, (N, K)
        With probabilities the surest mistakes come first: they tell most about the model, or about the labels.
    names : sequence of str, optional
        Of the classes; by default their numbers.
    most : int
        How many are shown.
    title : str
    zoom : float, optional
    theme : {"light", "dark"}, optional

    Returns
    -------
    Mistakes
        With `indices`, `svg()`, `png()`, `save(path)`.

    Examples
    --------
    >>> images = np.zeros([4, 784])
    >>> p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [1.0, 0.0]]
    >>> tf.lab.mistakes(images, labels=[0, 0, 0, 1], predictions=p)
    mistakes: 3 of 4 wrong
      example 3: is 1, said 0 (100%)
      example 1: is 0, said 1 (80%)
      example 2: is 0, said 1 (60%)
    """
    pictures = as_images(images)
    true, said = class_numbers(labels, "labels"), class_numbers(predictions, "predictions")
    if not len(pictures) == len(true) == len(said):
        raise ValueError(
            "images, labels and predictions must be of the same number; "
            f"got {len(pictures):,}, {len(true):,} and {len(said):,}."
        )
    most = as_int(most, "most")
    if not 1 <= most <= MOST:
        raise ValueError(f"most is from 1 to {MOST}; got {most}.")
    known = class_names(names, None, true, said)
    return Mistakes(pictures, true, said, probabilities(predictions), known, most, title, zoom, theme)


def probabilities(predictions: Any) -> np.ndarray | None:
    """How sure each prediction is; logits are made probabilities by softmax. None for bare class numbers."""
    scores = np.asarray(predictions)
    if scores.ndim != 2 or scores.shape[1] < 2:
        return None
    scores = scores.astype(np.float64)
    if scores.min(initial=0.0) < 0 or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
    return np.asarray(scores.max(axis=1))
