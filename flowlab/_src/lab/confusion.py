"""`tf.lab.confusion_matrix`: which class is taken for which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.lab.blending import blend, ink_on
from flowlab._src.lab.classes import class_names, class_numbers
from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.fonts import shorten, text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import rounded
from flowlab._src.lab.still import StillPicture
from flowlab._src.util.export import export

MOST_CLASSES = 60
NUMBERS_UP_TO = 20  # classes; the cells of more are too small for numbers
NAME_WIDTH = 130.0


@export("lab.ConfusionMatrix")
class ConfusionMatrix(StillPicture):
    """Counts of true classes (rows) and predicted ones (columns), as `tf.lab.confusion_matrix` returns them.

    Attributes
    ----------
    matrix : array of int, (K, K)
    """

    def __init__(self, matrix: np.ndarray, names: list[str], title: str, zoom: float | None, theme: str | None) -> None:
        super().__init__(zoom, theme)
        self.matrix, self.names, self.title = matrix, names, title

    @property
    def accuracy(self) -> float:
        """The share of the diagonal; NaN when there is nothing."""
        return float(np.trace(self.matrix) / self.matrix.sum()) if self.matrix.sum() else float("nan")

    @property
    def recall(self) -> np.ndarray:
        """For each true class, the share that was recognized."""
        return shares(np.diag(self.matrix), self.matrix.sum(axis=1))

    @property
    def precision(self) -> np.ndarray:
        """For each predicted class, the share that was right."""
        return shares(np.diag(self.matrix), self.matrix.sum(axis=0))

    def worst(self, most: int = 3) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: true class, predicted class, how often."""
        wrong = self.matrix - np.diag(np.diag(self.matrix))
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(k), len(self.names)) for k in order]
        return [(self.names[i], self.names[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j]]

    # ---- the picture ----------------------------------------------------------------------------------------------

    def drawing(self) -> Drawing:
        """Cells with their counts, the darker the larger a part of their row."""
        theme, number = self.theme, len(self.names)
        has_numbers = number <= NUMBERS_UP_TO
        widest = max((text_width(f"{count:,}", FONT, bold=True) for count in self.matrix.ravel().tolist()), default=0.0)
        names = max((text_width(name, FONT) for name in self.names), default=0.0)
        wanted = min(names + 12, 110.0) if number <= 6 else 0.0  # few classes have room for their names
        cell = max(widest + 14, 44.0, wanted) if has_numbers else max(10.0, 640.0 / number)
        tall = max(34.0, min(cell * 0.8, 46.0)) if has_numbers else cell
        has_names = cell >= 16
        left = 14.0 + max(min(NAME_WIDTH, names), text_width("precision", FONT, bold=True)) + 8
        right = 74.0 if has_names else 20.0
        top = 100.0 if self.title else 72.0
        width, below = max(left + cell * number + right, 330.0), (34.0 if has_names else 10.0)
        parts = [self.heading(left, cell * number, top, tall * number)]
        high = theme.curves[0]
        cells = Group("cells")
        rows = np.maximum(self.matrix.sum(axis=1, keepdims=True), 1)
        for (i, j), share in np.ndenumerate(self.matrix / rows):
            x, y = left + j * cell, top + i * tall
            hue = high if i == j else theme.curves[1]
            fill = blend(theme.background, hue, 0.05 + 0.6 * float(share) ** 0.7 if self.matrix[i, j] else 0.0)
            gap = 1.0 if has_numbers else 0.5
            inner = (x + gap, y + gap, x + cell - gap, y + tall - gap)
            shape = rounded(*inner, 3.0 if has_numbers else 0.0)
            edge = theme.text if i == j else blend(theme.background, theme.line, 0.35)
            cells.items.append(Shape(shape, fill=fill, stroke=edge, width=1.6 if i == j and has_numbers else 0.6))
            if has_numbers:
                ink = ink_on(fill) if self.matrix[i, j] else theme.faint
                count = f"{int(self.matrix[i, j]):,}"
                place = (x + cell / 2, y + tall / 2 + 4.5)
                cells.items.append(Text(count, place, ink, "middle", bold=i == j, role="count"))
        parts.append(cells)
        if has_names:
            parts.append(self.margins(left, top, cell, tall))
        accuracy = "" if np.isnan(self.accuracy) else f", accuracy {self.accuracy:.1%}"
        label = f"{self.title or 'confusion matrix'}: {number} classes{accuracy}"
        return Drawing(round(width, 1), round(top + tall * number + below + 8, 1), theme.background, label, parts)

    def heading(self, left: float, wide: float, top: float, tall: float) -> Group:
        theme = self.theme
        items: list[Shape | Text] = []
        if self.title:
            items.append(Text(self.title, (14, 22), theme.text, bold=True))
        total = int(self.matrix.sum())
        said = f"{int(np.trace(self.matrix)):,} of {total:,} right" if total else "nothing counted"
        accuracy = f"accuracy {self.accuracy:.1%}: " if total else ""
        items.append(Text(accuracy + said, (14, top - 54), theme.faint))
        items.append(Text("predicted →", (left, top - 29), theme.faint, bold=True))
        items.append(Text("true ↓", (14, top - 9), theme.faint, bold=True))
        return Group("heading", items)

    def margins(self, left: float, top: float, cell: float, tall: float) -> Group:
        """Names of the classes, recall beside the rows and precision below the columns."""
        theme, number = self.theme, len(self.names)
        items: list[Shape | Text] = []
        right, floor = left + cell * number, top + tall * number
        has_shares = cell >= 36
        widest = max((text_width(name, FONT) for name in self.names), default=0.0)
        stride = 1 if has_shares else math.ceil((min(widest, 60.0) + 6) / cell)
        for k, name in enumerate(self.names):
            middle = top + (k + 0.5) * tall + 4.5
            if tall >= 14:
                items.append(Text(shorten(name, NAME_WIDTH, FONT), (left - 8, middle), theme.text, "end"))
            across = left + (k + 0.5) * cell
            if k % stride == 0:
                items.append(Text(shorten(name, cell * stride - 4, FONT), (across, top - 9), theme.text, "middle"))
            if has_shares:
                items.append(Text(share_text(self.recall[k]), (right + 8, middle), theme.faint))
                items.append(Text(share_text(self.precision[k]), (across, floor + 19), theme.faint, "middle"))
        if has_shares:
            items.append(Text("recall", (right + 8, top - 9), theme.faint, bold=True))
            items.append(Text("precision", (left - 8, floor + 19), theme.faint, "end", bold=True))
        return Group("margins", items)

    def __repr__(self) -> str:
        total = int(self.matrix.sum())
        accuracy = f", accuracy {self.accuracy:.1%} of {total:,}" if total else ", nothing counted"
        lines = [f"{self.title or 'confusion matrix'}{accuracy}"]
        if len(self.names) <= NUMBERS_UP_TO:
            cells = [[f"{int(count):,}" for count in row] for row in self.matrix]
            names = [shorten(name, 90.0, FONT) for name in self.names]
            wide = [max(len(names[j]), *(len(row[j]) for row in cells)) for j in range(len(names))]
            margin = max(len("true"), *map(len, names))
            lines.append("true".ljust(margin) + "  " + " ".join(n.rjust(w) for n, w in zip(names, wide, strict=True)))
            for name, row in zip(names, cells, strict=True):
                lines.append(name.ljust(margin) + "  " + " ".join(c.rjust(w) for c, w in zip(row, wide, strict=True)))
        worst = ", ".join(f"{true} taken for {said} {times:,} ×" for true, said, times in self.worst())
        return "\n".join([*lines, *([f"most often: {worst}"] if worst else [])])


def shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def share_text(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.0%}"


@export("lab.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    names: Sequence[Any] | None = None,
    num_classes: int | None = None,
    title: str = "",
    zoom: float | None = None,
    theme: str | None = None,
) -> ConfusionMatrix:
    """Count which class was taken for which, and draw it.

    The rows are the true classes, the columns what the model said; right answers stand on the diagonal, in frames. A
    cell is the darker the larger its part of the row. Beside it stands the recall of each class (how many of them were
    found), below the precision (how many of those it named were right).

    Parameters
    ----------
    labels : array of int, (N,); or one-hot, (N, K)
        The truth.
    predictions : array of int, (N,); or logits or probabilities, (N, K)
        What the model said.
    names : sequence of str, optional
        Of the classes; by default their numbers.
    num_classes : int, optional
        By default one more than the largest class.
    title : str
    zoom : float, optional
    theme : {"light", "dark"}, optional

    Returns
    -------
    ConfusionMatrix
        With `matrix`, `accuracy`, `recall`, `precision`, `worst()`, `save(path)`.

    Raises
    ------
    ValueError
        If labels and predictions are not of the same number, or a class is negative.

    See Also
    --------
    tf.math.confusion_matrix : the same counts as a tensor.

    Examples
    --------
    >>> tf.lab.confusion_matrix(labels=[0, 1, 2, 2, 1, 0], predictions=[0, 1, 2, 1, 1, 2], names=["cat", "dog", "cow"])
    confusion matrix, accuracy 66.7% of 6
    true  cat dog cow
    cat     1   0   1
    dog     0   2   0
    cow     0   1   1
    most often: cat taken for cow 1 ×, cow taken for dog 1 ×
    """
    true, said = class_numbers(labels, "labels"), class_numbers(predictions, "predictions")
    if len(true) != len(said):
        raise ValueError(f"labels and predictions must be of the same number; got {len(true):,} and {len(said):,}.")
    known = class_names(names, num_classes, true, said)
    if len(known) > MOST_CLASSES:
        raise ValueError(
            f"{len(known)} classes make a picture that nobody can read; {MOST_CLASSES} is the most. "
            "Count with tf.math.confusion_matrix, or merge classes."
        )
    matrix = np.zeros((len(known), len(known)), np.int64)
    np.add.at(matrix, (true, said), 1)
    return ConfusionMatrix(matrix, known, title, zoom, theme)
