"""Compiled loops for what optimizers do: each goes once over memory and changes the variable and its slots in place.

The formulas are parts, for numbers that lie side by side: a piece of the variable here, a row of it in `update_rows.py`, a
stretch of a row in `product_steps.py`. They are those of the NumPy siblings in `update.py`, in the same order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.kernels.jit import In1, Int, Number, Out1, loop, part, span


@loop(least=2**15)
def gradient_descent_loop(piece: Int, pieces: Int, var: Out1, delta: In1, alpha: Number) -> None:
    """200,000 weights in 24 us, for 48 with NumPy and a new array."""
    begin, end = span(piece, pieces, var.size)
    gradient_descent_step(var[begin:end], delta[begin:end], alpha)


@part
def gradient_descent_step(xs: Any, gs: Any, alpha: Any) -> None:
    """Against the gradient."""
    for i in range(xs.size):
        xs[i] -= alpha * gs[i]


@loop(least=2**11, calls=1000)
def momentum_loop(
    piece: Int, pieces: Int, var: Out1, accum: Out1, grad: In1, lr: Number, momentum: Number, nesterov: Int
) -> None:
    """Along the decaying sum of gradients."""
    begin, end = span(piece, pieces, var.size)
    momentum_step(var[begin:end], accum[begin:end], grad[begin:end], lr, momentum, nesterov)


@part
def momentum_step(xs: Any, sums: Any, gs: Any, lr: Any, momentum: Any, nesterov: Any) -> None:
    """Nesterov's looks one step ahead."""
    for i in range(xs.size):
        total = sums[i] * momentum + gs[i]
        sums[i] = total
        xs[i] -= (gs[i] * lr + total * momentum * lr) if nesterov else total * lr


@loop(least=2**5, calls=1000)
def adam_loop(
    piece: Int, pieces: Int, var: Out1, m: Out1, v: Out1, grad: In1, alpha: Number, beta1: Number, beta2: Number,
    epsilon: Number, nesterov: Int,
) -> None:  # fmt: skip
    """Along the mean of gradients, divided by the root of their mean square."""
    begin, end = span(piece, pieces, var.size)
    adam_step(
        var[begin:end], m[begin:end], v[begin:end], grad[begin:end], alpha, beta1, beta2, epsilon, nesterov
    )  # fmt: skip


@part
def adam_step(
    xs: Any, ms: Any, vs: Any, gs: Any, alpha: Any, beta1: Any, beta2: Any, epsilon: Any, nesterov: Any
) -> None:
    """With the step size that makes up for means that began at zero."""
    one = type(alpha)(1)
    for i in range(xs.size):
        g = gs[i]
        mean = ms[i] + (g - ms[i]) * (one - beta1)
        square = vs[i] + (g * g - vs[i]) * (one - beta2)
        direction = g * (one - beta1) + beta1 * mean if nesterov else mean
        ms[i] = mean
        vs[i] = square
        xs[i] -= (direction * alpha) / (np.sqrt(square) + epsilon)


@loop(least=2**13)
def adagrad_loop(
    piece: Int, pieces: Int, var: Out1, accum: Out1, grad: In1, lr: Number, epsilon: Number, update_slots: Int
) -> None:
    """Divided by the root of the sum of squares."""
    begin, end = span(piece, pieces, var.size)
    adagrad_step(var[begin:end], accum[begin:end], grad[begin:end], lr, epsilon, update_slots)


@part
def adagrad_step(xs: Any, squares: Any, gs: Any, lr: Any, epsilon: Any, update_slots: Any) -> None:
    """The sum may be left as it is."""
    for i in range(xs.size):
        square = squares[i] + gs[i] * gs[i] if update_slots else squares[i]
        squares[i] = square
        xs[i] -= gs[i] * lr / (np.sqrt(square) + epsilon)


@loop(least=2**13)
def adadelta_loop(
    piece: Int, pieces: Int, var: Out1, accum: Out1, accum_update: Out1, grad: In1, lr: Number, rho: Number,
    epsilon: Number,
) -> None:  # fmt: skip
    """With the ratio of two running means for a learning rate."""
    rest = type(rho)(1) - rho
    begin, end = span(piece, pieces, var.size)
    xs, squares, steps, gs = var[begin:end], accum[begin:end], accum_update[begin:end], grad[begin:end]
    for i in range(xs.size):
        square = squares[i] * rho + gs[i] * gs[i] * rest
        step = np.sqrt(steps[i] + epsilon) / np.sqrt(square + epsilon) * gs[i]
        squares[i] = square
        steps[i] = steps[i] * rho + step * step * rest
        xs[i] -= step * lr


@loop(least=2**11, calls=1000)
def rmsprop_loop(
    piece: Int, pieces: Int, var: Out1, ms: Out1, mom: Out1, grad: In1, lr: Number, rho: Number, momentum: Number,
    epsilon: Number,
) -> None:  # fmt: skip
    """Divided by the root of the running mean of squares, with momentum."""
    rest = type(rho)(1) - rho
    begin, end = span(piece, pieces, var.size)
    xs, squares, steps, gs = var[begin:end], ms[begin:end], mom[begin:end], grad[begin:end]
    for i in range(xs.size):
        square = squares[i] + (gs[i] * gs[i] - squares[i]) * rest
        step = steps[i] * momentum + (gs[i] * lr) / np.sqrt(square + epsilon)
        squares[i] = square
        steps[i] = step
        xs[i] -= step


@loop(least=2**13)
def ftrl_loop(
    piece: Int, pieces: Int, var: Out1, accum: Out1, linear: Out1, grad: In1, lr: Number, l1: Number, twice_l2: Number,
    twice_shrinkage: Number,
) -> None:  # fmt: skip
    """Follows the regularized leader, with the square root for its power."""
    zero = type(lr)(0)
    begin, end = span(piece, pieces, var.size)
    xs, squares, sums, gs = var[begin:end], accum[begin:end], linear[begin:end], grad[begin:end]
    for i in range(xs.size):
        square = squares[i] + gs[i] * gs[i]
        root = np.sqrt(square)
        penalised = gs[i] + twice_shrinkage * xs[i] if twice_shrinkage != zero else gs[i]
        total = sums[i] + (penalised - (root - np.sqrt(squares[i])) / lr * xs[i])
        moved = ((l1 if total > zero else -l1) - total) / (root / lr + twice_l2)
        squares[i] = square
        sums[i] = total
        xs[i] = moved if abs(total) > l1 else zero
