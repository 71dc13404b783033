"""Neighbouring words joined: n-grams."""

from __future__ import annotations

import itertools
from typing import TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ResourceExhaustedError
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import TensorShape
from flowlab._src.kernels.strings import collect

Splits = TypeVar("Splits", np.int32, np.int64)

MOST_TOKENS = 1 << 27  # in all n-grams of one run


class StringNGrams(Op):
    """The n-grams of rows of words, given by the words of all rows and where each row begins."""

    separator: str
    ngram_widths: list[int]
    left_pad: str
    right_pad: str
    pad_width: int
    preserve_short_sequences: bool

    def kernel(self, data: Array[np.object_], data_splits: Array[Splits]) -> tuple[Array[np.object_], Array[Splits]]:
        words, splits = np.ravel(data).tolist(), np.ravel(data_splits)
        if any(width <= 0 for width in self.ngram_widths):
            raise InvalidArgumentError(None, None, "ngram_widths must contain positive values")
        borders = splits.tolist()
        if not borders:
            if words:
                message = f"Invalid split: there are {len(words)} words and no row for them"
                raise InvalidArgumentError(None, None, message)
            return collect([], (0,)), splits.copy()
        self.check_splits(borders, len(words))
        rows: list[list[bytes]] = [self.row(words[begin:end]) for begin, end in itertools.pairwise(borders)]
        grams = [gram for row in rows for gram in row]
        return collect(grams, (len(grams),)), np.cumsum([0, *map(len, rows)]).astype(splits.dtype)

    def check_splits(self, borders: list[int], count: int) -> None:
        """InvalidArgumentError unless the rows begin at 0, one behind the other, and end with the words."""
        if borders[0] != 0:
            raise InvalidArgumentError(None, None, f"First split value must be 0, got {borders[0]}")
        for before, split in itertools.pairwise(borders):
            if not before <= split <= count:
                raise InvalidArgumentError(None, None, f"Invalid split value {split}, must be in [{before}, {count}]")
        if borders[-1] != count:
            message = f"Last split value must be data size. Expected {count}, got {borders[-1]}"
            raise InvalidArgumentError(None, None, message)
        size = sum(width * self.pads(width) for width in self.ngram_widths) * (len(borders) - 1)
        if size > MOST_TOKENS:
            raise ResourceExhaustedError(None, None, f"n-grams of widths {self.ngram_widths} hold {size} words or more")

    def pads(self, width: int) -> int:
        """How many words are added at each end of a row."""
        return width - 1 if self.pad_width < 0 else min(self.pad_width, width - 1)

    def row(self, words: list[bytes]) -> list[bytes]:
        """The n-grams of one row, width by width."""
        separator, left, right = self.separator.encode(), self.left_pad.encode(), self.right_pad.encode()
        result = []
        for width in self.ngram_widths:
            pads = self.pads(width)
            count = len(words) + 2 * pads - width + 1
            if count > 0:
                whole = [left] * pads + words + [right] * pads
                result += [separator.join(whole[i : i + width]) for i in range(count)]
        if not result and words and self.preserve_short_sequences and self.ngram_widths:
            pads = max(self.pad_width, 0)
            result = [separator.join([left] * pads + words + [right] * pads)]
        return result

    def shape(self, data: Spec, data_splits: Spec) -> list[TensorShape]:
        data.ranked(1)
        splits = data_splits.ranked(1)
        return [TensorShape.of((None,)), TensorShape.of(splits)]
