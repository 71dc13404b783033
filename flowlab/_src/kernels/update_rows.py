"""The steps of optimizers on some rows of a variable and its slots, as training changes the words a batch saw.

The rules are those of `update.py`. NumPy takes the rows out, computes with them and puts them back; the loops here change
them where they lie: 128 rows of 64 numbers in 10 us for Momentum, where NumPy needs 20.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels.jit import In2, Int, Ints1, Number, Out2, Turn, claim, loop, plain
from flowlab._src.kernels.threads import share
from flowlab._src.kernels.update import Scalar, adagrad_step, momentum_step, scalars

Array = NDArray[Any]


def momentum_rows(
    var: Array, accum: Array, indices: Array, lr: Scalar, grad: Array, momentum: Scalar, use_nesterov: bool = False
) -> bool:
    """Take the step of `update.momentum` in place, on rows that exist; False, and nothing done, while no loop is there."""
    return change_rows(momentum_rows_loop, (var, accum), indices, grad, lr, momentum, flag=use_nesterov)


def adagrad_rows(
    var: Array, accum: Array, indices: Array, lr: Scalar, grad: Array, update_slots: bool = True, epsilon: Scalar = 0
) -> bool:
    """Take the step of `update.adagrad` in place; see `momentum_rows`."""
    return change_rows(adagrad_rows_loop, (var, accum), indices, grad, lr, epsilon, flag=update_slots)


def change_rows(
    rows_loop: Any, values: tuple[Array, ...], indices: Array, grad: Array, *numbers: Scalar, flag: bool
) -> bool:
    """Let a loop change rows of arrays. One thread does it, in order: an index may stand twice in `indices`."""
    var = values[0]
    run = rows_loop.ready(var.dtype, grad.size)
    if run is None or grad.dtype != var.dtype or any(not value.flags.c_contiguous for value in values):
        return False
    if indices.ndim != 1 or grad.shape != (len(indices), *var.shape[1:]) or any(v.shape != var.shape for v in values):
        raise InvalidArgumentError(
            None, None, f"grad must have a row like var's for each of the indices: {grad.shape} {var.shape}"
        )
    tables = [value.reshape(len(var), -1) for value in values]
    rows = plain(grad).reshape(len(indices), -1)
    share(run, 1, *tables, plain(indices, np.int64), rows, *scalars(var, *numbers), int(flag))
    return True


@loop(least=2**10)
def momentum_rows_loop(
    turn: Turn, pieces: Int, var: Out2, accum: Out2, indices: Ints1, grad: In2, lr: Number, momentum: Number,
    nesterov: Int,
) -> None:  # fmt: skip
    """One row after the other."""
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        for i in range(indices.size):
            row = indices[i]
            momentum_step(var[row], accum[row], grad[i], lr, momentum, nesterov)


@loop(least=2**10)
def adagrad_rows_loop(
    turn: Turn, pieces: Int, var: Out2, accum: Out2, indices: Ints1, grad: In2, lr: Number, epsilon: Number,
    update_slots: Int,
) -> None:  # fmt: skip
    """One row after the other."""
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        for i in range(indices.size):
            row = indices[i]
            adagrad_step(var[row], accum[row], grad[i], lr, epsilon, update_slots)
