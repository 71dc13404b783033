"""The loops of `ctc.py`: all ways through time summed in both directions, and the search for the best labellings."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import (
    SINGLE,
    Int,
    Ints1,
    Ints2,
    Parameter,
    loop,
    part,
    pieces,
    plain,
    span,
)
from flowlab._src.kernels.threads import share

Array = NDArray[Any]
Doubles3 = Annotated[NDArray[np.float64], Parameter(3, False, "float64")]
OutDoubles1 = Annotated[NDArray[np.float64], Parameter(1, True, "float64")]
OutDoubles2 = Annotated[NDArray[np.float64], Parameter(2, True, "float64")]
OutInts2 = Annotated[NDArray[np.int64], Parameter(2, True, "int64")]
OutInts3 = Annotated[NDArray[np.int64], Parameter(3, True, "int64")]
OutDoubles3 = Annotated[NDArray[np.float64], Parameter(3, True, "float64")]
NEVER = -math.inf
LN2 = math.log(2)
NEGLIGIBLE = -45.0  # e to that is less than the rounding of 1


def totals_and_grads(
    logs: Array, states: Array, last: Array, lengths: Array, merge_repeated: bool
) -> tuple[Array, Array] | None:
    """Logarithm of the probability of each labelling, and minus its gradient by the scores; None without a loop."""
    run = ways_loop.ready(SINGLE[0], logs.shape[0] * states.size)
    if run is None:
        return None
    totals, grads = np.empty(len(states)), np.zeros(logs.shape)
    share(
        run, min(len(states), pieces(50 * logs.shape[0] * states.size)), logs, plain(states, np.int64),
        plain(last, np.int64), plain(lengths, np.int64), int(merge_repeated), totals, grads,
    )  # fmt: skip
    return totals, grads


@part
def log_sum(a: float, b: float, c: float) -> float:
    """log(exp(a) + exp(b) + exp(c))."""
    most = max(a, max(b, c))
    if most == NEVER:
        return NEVER
    total = 0.0
    for each in (a, b, c):
        if each - most > NEGLIGIBLE:
            total += 1.0 if each == most else math.exp(each - most)
    return most if total == 1.0 else most + math.log(total)


@loop(least=2**8, calls=50, dtypes=SINGLE)
def ways_loop(
    piece: Int,
    pieces: Int,
    logs: Doubles3,
    states: Ints2,
    last: Ints1,
    lengths: Ints1,
    merge_repeated: Int,
    totals: OutDoubles1,
    grads: OutDoubles3,
) -> None:
    """8 sequences of 5 labels and 30 steps in 0.1 ms, for 1 without."""
    blank = logs.shape[2] - 1
    begin, end = span(piece, pieces, states.shape[0])
    for b in range(begin, end):
        steps, width, labels = lengths[b], last[b] + 1, states[b]
        forward = np.empty((max(steps, 1), width))
        for t in range(steps):
            for u in range(width):
                label = labels[u]
                if t == 0:
                    forward[t, u] = logs[t, b, label] if u < 2 else NEVER
                    continue
                stay = forward[t - 1, u] if label == blank or merge_repeated else NEVER
                step = forward[t - 1, u - 1] if u > 0 else NEVER
                skip = NEVER
                if u > 1 and label != blank and not (merge_repeated and label == labels[u - 2]):
                    skip = forward[t - 1, u - 2]
                forward[t, u] = log_sum(stay, step, skip) + logs[t, b, label]
        total = NEVER
        if steps > 0:
            total = forward[steps - 1, width - 1]
            if width > 1:
                total = log_sum(total, forward[steps - 1, width - 2], NEVER)
        totals[b] = total
        # Backwards, a line is enough: `after` holds what follows a state and is emitted one step later.
        after, line = np.full(width + 2, NEVER), np.full(width, NEVER)
        for t in range(steps - 1, -1, -1):
            for u in range(width):
                label = labels[u]
                if t == steps - 1:
                    line[u] = 0.0 if u >= width - 2 else NEVER
                else:
                    stay = after[u] if label == blank or merge_repeated else NEVER
                    skip = NEVER
                    upper = labels[min(u + 2, width - 1)]
                    if u + 2 < width and upper != blank and not (merge_repeated and upper == label):
                        skip = after[u + 2]
                    line[u] = log_sum(stay, after[u + 1], skip)
            slope = grads[t, b]
            for c in range(slope.size):
                slope[c] = math.exp(logs[t, b, c])
            for u in range(width):
                through = forward[t, u] + line[u] - total
                if total > NEVER and through > NEVER:
                    slope[labels[u]] -= math.exp(through)
                after[u] = line[u] + logs[t, b, labels[u]]


# ---- beam search ---------------------------------------------------------------------------------------------------

MOST_LABELLINGS = 2**24  # that a search may meet; more of them stay with Python, which stores no empty places


def beam_search(logs: Array, lengths: Array, width: int, top: int) -> tuple[Array, Array, Array] | None:
    """The best labellings of each sequence, how long they are (-1 where there are less than `top`), and their totals.

    None without a loop. The steps are those of `ctc.Beam`, which explains them.
    """
    time, batch, classes = logs.shape
    run = beam_loop.ready(SINGLE[0], time * batch * classes * width)
    if run is None or time * width > MOST_LABELLINGS or batch * top * time > MOST_LABELLINGS:
        return None
    paths, sizes = np.zeros((batch, top, time), np.int64), np.full((batch, top), -1)
    totals = np.empty((batch, top))
    lengths = plain(np.maximum(lengths, 0), np.int64)
    share(run, min(batch, pieces(50 * logs.size * width)), logs, lengths, width, paths, sizes, totals)
    return paths, sizes, totals


@part
def log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), with NumPy's steps."""
    if a == b:
        return a + LN2
    return a + math.log1p(math.exp(b - a)) if a > b else b + math.log1p(math.exp(a - b))


@part
def comes_before(total: float, place: int, label: int, other: float, other_place: int, other_label: int) -> bool:
    """True if the first candidate is the worse of two: less probable, then of a later place, then of a smaller label."""
    if total != other:
        return total < other
    return place > other_place if place != other_place else label < other_label


@loop(least=2**10, calls=50, dtypes=SINGLE)
def beam_loop(
    piece: Int,
    pieces: Int,
    logs: Doubles3,
    lengths: Ints1,
    width: Int,
    paths: OutInts3,
    sizes: OutInts2,
    totals: OutDoubles2,
) -> None:
    """8 sequences of 30 steps, of which 10 labellings are kept, in 1 ms, for 16 without."""
    blank, top = logs.shape[2] - 1, sizes.shape[1]
    begin, end = span(piece, pieces, logs.shape[1])
    for b in range(begin, end):
        # All labellings met so far, by number: the last label, what comes before it, and a list of what comes behind.
        most = lengths[b] * width + 1
        last, parent = np.full(most, -1), np.full(most, -1)
        child, sibling, place_of = np.full(most, -1), np.full(most, -1), np.full(most, -1)
        met, count = 1, 1
        kept, ends_blank, ends_label = np.zeros(width, np.int64), np.zeros(width), np.full(width, NEVER)
        next_blank, next_label, before = np.empty(width), np.empty(width), np.empty(width)
        above, stays_in, may_grow = np.empty(width, np.int64), np.empty(width, np.bool_), np.empty(width, np.bool_)
        taken = np.empty(blank, np.bool_)
        value, place, label = np.empty(width), np.empty(width, np.int64), np.empty(width, np.int64)  # candidates
        new_kept, new_blank, new_label = np.empty(width, np.int64), np.empty(width), np.empty(width)
        for t in range(lengths[b]):
            for i in range(count):
                place_of[kept[i]] = i
                before[i] = log_add(ends_blank[i], ends_label[i])
            found, worst = count, 0
            for i in range(count):
                own = last[kept[i]]
                above[i] = place_of[parent[kept[i]]] if kept[i] > 0 else -1
                coming = NEVER
                if above[i] >= 0:
                    same = last[kept[above[i]]] == own
                    coming = ends_blank[above[i]] if same else before[above[i]]
                next_label[i] = log_add(ends_label[i], coming) + logs[t, b, own] if own >= 0 else NEVER
                next_blank[i] = before[i] + logs[t, b, blank]
                value[i], place[i], label[i] = log_add(next_blank[i], next_label[i]), i, -1
                stays_in[i] = may_grow[i] = True
                if comes_before(value[i], i, -1, value[worst], place[worst], label[worst]):
                    worst = i
            for i in range(count):
                if not may_grow[i] or before[i] == NEVER or (found == width and before[i] <= value[worst]):
                    continue
                taken[:] = False
                for j in range(count):
                    if above[j] == i and stays_in[j]:
                        taken[last[kept[j]]] = True
                    elif above[j] == i:
                        may_grow[j] = False  # too improbable with and without its own past
                for c in range(blank):
                    total = (ends_blank[i] if c == last[kept[i]] else before[i]) + logs[t, b, c]
                    if taken[c] or not total > (value[worst] if found == width else NEVER):
                        continue
                    to = found
                    if found == width:
                        to = worst
                        if label[to] < 0:
                            stays_in[place[to]] = False
                    else:
                        found += 1
                    value[to], place[to], label[to] = total, i, c
                    if found == width:
                        worst = 0
                        for j in range(1, width):
                            if comes_before(value[j], place[j], label[j], value[worst], place[worst], label[worst]):
                                worst = j
            # The best candidates first.
            for i in range(1, found):
                a, p, c, j = value[i], place[i], label[i], i - 1
                while j >= 0 and comes_before(value[j], place[j], label[j], a, p, c):
                    value[j + 1], place[j + 1], label[j + 1] = value[j], place[j], label[j]
                    j -= 1
                value[j + 1], place[j + 1], label[j + 1] = a, p, c
            for i in range(count):
                place_of[kept[i]] = -1
            for i in range(found):
                number, c = kept[place[i]], label[i]
                if c < 0:
                    new_kept[i], new_blank[i], new_label[i] = number, next_blank[place[i]], next_label[place[i]]
                    continue
                longer = child[number]
                while longer >= 0 and last[longer] != c:
                    longer = sibling[longer]
                if longer < 0:
                    longer = met
                    met += 1
                    last[longer], parent[longer], sibling[longer], child[number] = c, number, child[number], longer
                new_kept[i], new_blank[i], new_label[i] = longer, NEVER, value[i]
            count = found
            kept[:count], ends_blank[:count], ends_label[:count] = (
                new_kept[:count],
                new_blank[:count],
                new_label[:count],
            )
        for i in range(min(top, count)):
            number, size = kept[i], 0
            while number > 0:
                number = parent[number]
                size += 1
            number, sizes[b, i] = kept[i], size
            while number > 0:
                size -= 1
                paths[b, i, size] = last[number]
                number = parent[number]
            totals[b, i] = log_add(ends_blank[i], ends_label[i])
