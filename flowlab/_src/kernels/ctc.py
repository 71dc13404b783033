"""Connectionist temporal classification: which labels come, not when. Arrays in, arrays out.

A net gives scores for each class at each step of time; the last class is "blank". A labelling such as [c, a, t] can be
spread over time in many ways, with repetitions and blanks between: c c - a t t, - c a - - t ... The loss is minus the
logarithm of the probability of all of them together, summed by dynamic programming.

Graves et al., "Connectionist temporal classification", 2006. Its l' is here `states`: the labels with blanks between.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import ctc_loops

Array = NDArray[Any]
NEVER = -np.inf  # the logarithm of probability 0


def log_softmax(scores: Array) -> Array:
    """Logarithms of probabilities, in double precision."""
    scores = scores.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        shifted = scores - scores.max(axis=-1, keepdims=True)
        result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def loss_and_grad(
    scores: Array, labels: Sequence[Sequence[int]], lengths: Array, merge_repeated: bool, leave_out: Array
) -> tuple[Array, Array]:
    """Loss of each sequence, and its gradient with respect to the scores.

    Parameters
    ----------
    scores : array, shape (time, batch, classes)
    labels : for each sequence, its labels without blanks
    lengths : array, shape (batch,)
        How many steps of time count.
    merge_repeated : bool
        A label that goes on over several steps is one label. If False, each step emits its own.
    leave_out : array of bool, shape (batch,)
        Sequences that do not count: loss and gradient are 0.
    """
    _, batch, classes = scores.shape
    logs = log_softmax(scores)
    blank = classes - 1
    width = 2 * max((len(row) for row in labels), default=0) + 1
    states = np.full((batch, width), blank)
    last = np.array([2 * len(row) for row in labels])  # the state after the last label
    for b, row in enumerate(labels):
        states[b, 1 : 2 * len(row) : 2] = row
    found = ctc_loops.totals_and_grads(logs, states, last, lengths, merge_repeated)
    total, grads = found or sum_ways(logs, states, last, lengths, merge_repeated)
    grads[:, leave_out] = 0
    losses = np.where(leave_out, 0.0, -total)
    return losses.astype(scores.dtype), grads.astype(scores.dtype)


def sum_ways(logs: Array, states: Array, last: Array, lengths: Array, merge_repeated: bool) -> tuple[Array, Array]:
    """Logarithm of the probability of each labelling, and minus its gradient by the scores.

    Parameters
    ----------
    logs : logarithms of probabilities, shape (time, batch, classes)
    states : shape (batch, width)
        Labels with blanks between, then more blanks.
    last : shape (batch,)
        The number of the state after the last label.
    """
    time, batch, classes = logs.shape
    blank, width = classes - 1, states.shape[1]
    exists = np.arange(width) <= last[:, None]
    # From one label straight to the next, unless both are the same and would melt into one.
    skips = np.zeros((batch, width), bool)
    skips[:, 2:] = (states[:, 2:] != blank) & ~((states[:, 2:] == states[:, :-2]) & merge_repeated)
    stays = (states == blank) | merge_repeated
    emitted = np.take_along_axis(logs, np.broadcast_to(states, (time, batch, width)), axis=2)
    emitted = np.where(exists, emitted, NEVER)

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        forward = np.full((time, batch, width), NEVER)
        backward = np.full((time, batch, width), NEVER)
        if time:
            forward[0, :, :2] = emitted[0, :, :2]
        for t in range(1, time):
            before = forward[t - 1]
            paths = np.where(stays, before, NEVER)
            paths[:, 1:] = np.logaddexp(paths[:, 1:], before[:, :-1])
            paths[:, 2:] = np.logaddexp(paths[:, 2:], np.where(skips, np.roll(before, 2, axis=1), NEVER)[:, 2:])
            forward[t] = paths + emitted[t]
        ends = (np.arange(width) == last[:, None]) | (np.arange(width) == last[:, None] - 1)
        for t in range(time - 1, -1, -1):
            if t < time - 1:
                after = backward[t + 1] + emitted[t + 1]
                paths = np.where(stays, after, NEVER)
                paths[:, :-1] = np.logaddexp(paths[:, :-1], after[:, 1:])
                paths[:, :-2] = np.logaddexp(paths[:, :-2], np.where(skips, after, NEVER)[:, 2:])
                backward[t] = paths
            begins = lengths - 1 == t
            backward[t, begins] = np.where(ends[begins], 0.0, NEVER)
        through = forward + backward  # logarithm of the probability of all ways that pass a state at a time
        total = np.logaddexp.reduce(through[0], axis=1) if time else np.zeros(batch)

        grads = np.exp(logs)
        possible = total > NEVER
        share = np.exp(np.where(exists & possible[:, None], through - np.where(possible, total, 0)[:, None], NEVER))
        rows = np.arange(batch)
        for u in range(width):
            grads[:, rows, states[:, u]] -= share[:, :, u]
    grads[np.arange(time)[:, None] >= lengths] = 0
    return total, grads


def greedy(scores: Array, lengths: Array, merge_repeated: bool, blank: int) -> tuple[Array, Array, Array, Array]:
    """The best class at each step, blanks left out, as the parts of a sparse matrix; and minus the sum of the best scores."""
    best = scores.argmax(axis=2).T
    counts = np.arange(scores.shape[0]) < lengths[:, None]
    totals = -np.where(counts.T, scores.max(axis=2), 0).sum(axis=0, dtype=scores.dtype)
    keep = counts & (best != blank)
    if merge_repeated:
        keep[:, 1:] &= best[:, 1:] != best[:, :-1]
    sizes = keep.sum(axis=1)
    indices = np.empty((int(sizes.sum()), 2), np.int64)
    indices[:, 0] = np.repeat(np.arange(len(sizes)), sizes)
    indices[:, 1] = (np.cumsum(keep, axis=1) - 1)[keep]
    return indices, best[keep], np.array([len(sizes), sizes.max(initial=0)], np.int64), totals[:, None]


class Beam:
    """The labellings that are kept while decoding one sequence.

    Each is known by a number and stored as its last label and the number of what comes before. For each there are two
    probabilities: that it ends in a blank now, and that it ends in its last label.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.label, self.parent = [-1], [-1]  # by number; number 0 is the empty labelling
        self.known: dict[tuple[int, int], int] = {}  # (number, next label) -> number
        self.kept = np.array([0])  # numbers, the most probable first
        self.ends_blank = np.array([0.0])
        self.ends_label = np.array([NEVER])

    @property
    def total(self) -> Array:
        """Probability of each labelling, as logarithm."""
        return np.logaddexp(self.ends_blank, self.ends_label)

    def step(self, logs: Array) -> None:
        """Go on by one step of time, given the logarithms of the probabilities of all classes."""
        blank = logs.size - 1
        before, before_blank = self.total, self.ends_blank
        places = {number: i for i, number in enumerate(self.kept.tolist())}
        label = np.array([self.label[n] for n in self.kept.tolist()])
        parent = np.array([places.get(self.parent[n], -1) for n in self.kept.tolist()])

        # The same labelling as before: its last label again, or the last label coming new to its beginning, or a blank.
        has_parent = parent >= 0
        same = has_parent & (np.where(has_parent, label[parent], -2) == label)
        coming = np.where(has_parent, np.where(same, before_blank[parent], before[parent]), NEVER)
        ends_label = np.where(label >= 0, np.logaddexp(self.ends_label, coming) + logs[label], NEVER)
        ends_blank = before + logs[blank]

        # One label more.
        longer = before[:, None] + logs[None, :blank]
        rows = np.flatnonzero(label >= 0)
        longer[rows, label[rows]] = before_blank[rows] + logs[label[rows]]

        totals = np.logaddexp(ends_blank, ends_label)
        chosen = self.choose(before, totals, longer, label, parent)
        numbers = [int(self.kept[i]) if new < 0 else self.child((i, new)) for _, i, new in chosen]
        old = np.array([new < 0 for _, _, new in chosen], bool)
        places_of = np.array([i for _, i, _ in chosen], np.int64)
        self.ends_blank = np.where(old, ends_blank[places_of], NEVER)
        self.ends_label = np.where(old, ends_label[places_of], np.array([total for total, _, _ in chosen]))
        self.kept = np.array(numbers, np.int64)

    def choose(
        self, before: Array, totals: Array, longer: Array, label: Array, parent: Array
    ) -> list[tuple[float, int, int]]:
        """The best of the kept labellings and of those that are one label longer, the most probable first.

        Each is given as its probability, the place among the kept ones, and the label that is new or -1. Candidates are
        taken one after the other, as TensorFlow does it: when few are kept, the order has an influence.
        """
        heap = [(total, -i, -1) for i, total in enumerate(totals.tolist())]
        heapq.heapify(heap)
        dropped: set[int] = set()
        children: dict[int, list[int]] = {}
        for i, above in enumerate(parent.tolist()):
            if above >= 0:
                children.setdefault(above, []).append(i)
        may_grow = [True] * len(before)
        for i, was in enumerate(before.tolist()):
            if not may_grow[i] or was == NEVER or (len(heap) >= self.width and was <= heap[0][0]):
                continue
            row = longer[i]
            for child in children.get(i, ()):
                if child in dropped:
                    may_grow[child] = False  # too improbable with and without its own past
                else:
                    row[label[child]] = NEVER
            least = heap[0][0] if len(heap) >= self.width else NEVER
            for new in np.flatnonzero(row > least).tolist():
                total = float(row[new])
                if len(heap) < self.width:
                    heapq.heappush(heap, (total, -i, new))
                elif total > heap[0][0]:
                    _, place, was_new = heapq.heapreplace(heap, (total, -i, new))
                    if was_new < 0:
                        dropped.add(-place)
        return [(total, -place, new) for total, place, new in sorted(heap, reverse=True)]

    def child(self, place_and_label: tuple[int, int]) -> int:
        """The number of a kept labelling with one label more."""
        place, label = place_and_label
        key = int(self.kept[place]), label
        if key not in self.known:
            self.known[key] = len(self.label)
            self.label.append(label)
            self.parent.append(key[0])
        return self.known[key]

    def labels(self, number: int, merge_repeated: bool) -> list[int]:
        """Write a labelling out; with `merge_repeated`, equal neighbours as one."""
        path: list[int] = []
        while number:
            path.append(self.label[number])
            number = self.parent[number]
        path.reverse()
        return without_repetitions(path) if merge_repeated else path


def without_repetitions(path: list[int]) -> list[int]:
    """Equal neighbours as one."""
    return [x for i, x in enumerate(path) if not (i and path[i - 1] == x)]


def beam_search(
    scores: Array, lengths: Array, width: int, top: int, merge_repeated: bool
) -> tuple[list[list[list[int]]], Array] | None:
    """The most probable labellings of each sequence; None if there are less than `top`.

    At each step the best `width` labellings are kept and each is tried with every label more.
    """
    batch = scores.shape[1]
    logs = log_softmax(scores)
    paths: list[list[list[int]]] = []
    found = ctc_loops.beam_search(logs, lengths, width, top)
    if found is not None:
        rows, sizes, totals = found
        if (sizes < 0).any():
            return None
        for row, own_sizes in zip(rows, sizes.tolist(), strict=True):
            labels = [path[:size].tolist() for path, size in zip(row, own_sizes, strict=True)]
            paths.append([without_repetitions(path) for path in labels] if merge_repeated else labels)
        return paths, totals.astype(scores.dtype)
    totals = np.empty((batch, top), np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        for b in range(batch):
            beam = Beam(width)
            for t in range(int(lengths[b])):
                beam.step(logs[t, b])
            if beam.kept.size < top:
                return None
            paths.append([beam.labels(int(n), merge_repeated) for n in beam.kept[:top]])
            totals[b] = beam.total[:top]
    return paths, totals.astype(scores.dtype)
