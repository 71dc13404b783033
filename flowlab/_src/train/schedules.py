"""Learning rates that change with the step: tensors computed from `global_step`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.graph.arguments import as_flag, as_list
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.arithmetic import add, multiply, negative
from flowlab._src.ops.cast import cast
from flowlab._src.ops.cond import case, cond
from flowlab._src.ops.constant import constant
from flowlab._src.ops.magnitude import minimum
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.powers import pow_
from flowlab._src.ops.random import random_normal
from flowlab._src.util.export import export


def _require_step(global_step: Any, name: str) -> None:
    if global_step is None:
        raise ValueError(f"global_step is required for {name}.")


def asked_at_each_step(schedule: Callable[..., Tensor]) -> Callable[..., Any]:
    """In eager mode a schedule gives a function: it is called at each step, and looks at the step counter then."""

    @functools.wraps(schedule)
    def ask(*args: Any, **kwargs: Any) -> Any:
        if get_default_graph().eager:
            return functools.partial(schedule, *args, **kwargs)
        return schedule(*args, **kwargs)

    return ask


@export("train.exponential_decay")
@asked_at_each_step
def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return learning_rate * decay_rate ^ (global_step / decay_steps).

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at step 0.
    global_step : int or Tensor
    decay_steps : int, steps
    decay_rate : float
    staircase : bool
        Divide as integers: the rate stays for `decay_steps` steps, then falls at once.
    name : str, optional

    Examples
    --------
    >>> rate = tf.train.exponential_decay(0.1, 200, decay_steps=100, decay_rate=0.5)
    >>> with tf.Session() as sess:
    ...     round(float(sess.run(rate)), 4)
    0.025
    """
    _require_step(global_step, "exponential_decay")
    with name_scope(name, "ExponentialDecay") as scope:
        rate, factor, p = _decay_terms(learning_rate, global_step, decay_steps, decay_rate, staircase)
        return multiply(rate, pow_(factor, p), name=scope)


def _decay_terms(
    learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The first rate, the decay rate in its type, and how many times `decay_steps` have passed."""
    rate = convert(learning_rate, name="initial_learning_rate")
    steps = cast(decay_steps, rate.dtype)
    factor = cast(decay_rate, rate.dtype)
    passed = cast(global_step, rate.dtype) / steps
    return rate, factor, raw.Floor(passed) if staircase else passed


@export("train.piecewise_constant", "train.piecewise_constant_decay")
@asked_at_each_step
def piecewise_constant(x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None) -> Tensor:
    """Return values[0] up to boundaries[0], values[1] up to boundaries[1] and so on.

    Parameters
    ----------
    x : Tensor
        Mostly the global step.
    boundaries : list of number, rising
    values : list of number, one more than `boundaries`
    name : str, optional

    Examples
    --------
    >>> rate = tf.train.piecewise_constant(150, [100, 200], [0.1, 0.05, 0.01])
    >>> with tf.Session() as sess:
    ...     round(float(sess.run(rate)), 3)
    0.05
    """
    boundaries, values = as_list(boundaries, "boundaries"), as_list(values, "values")
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    limits = [convert(b) for b in boundaries]
    choices = [convert(v) for v in values]
    x_t = convert(x)
    for i, limit in enumerate(limits):
        a, b = limit.dtype.base_dtype, x_t.dtype.base_dtype
        if a.name == "int32" and b.name == "int64":
            limits[i] = cast(limit, b)
        elif a != b:
            raise ValueError(f"Boundaries ({a}) must have the same dtype as x ({b}).")
    for choice in choices[1:]:
        if choice.dtype.base_dtype != choices[0].dtype.base_dtype:
            raise ValueError(
                f"Values must have elements all with the same dtype ({choices[0].dtype.base_dtype} vs {choice.dtype.base_dtype})."
            )
    with name_scope(name, "PiecewiseConstant"):
        if not limits:
            return choices[0]
        pairs = [(x_t <= limits[0], lambda: choices[0]), (x_t > limits[-1], lambda: choices[-1])]
        for low, high, choice in zip(limits[:-1], limits[1:], choices[1:-1], strict=True):
            pairs.append(((x_t > low) & (x_t <= high), lambda choice=choice: choice))  # type: ignore[misc]
        rate: Tensor = case(pairs, lambda: choices[0], exclusive=True)
        return rate


@export("train.polynomial_decay")
@asked_at_each_step
def polynomial_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, end_learning_rate: Any = 0.0001, power: Any = 1.0, cycle: bool = False,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Return (learning_rate - end) * (1 - step / decay_steps) ^ power + end, and `end` after that.

    Parameters
    ----------
    learning_rate : float or Tensor
    global_step : int or Tensor
    decay_steps : int, steps
    end_learning_rate : float
    power : float
        1.0 gives a straight line.
    cycle : bool
        Start again with a longer period instead of staying at the end.
    name : str, optional
    """
    _require_step(global_step, "polynomial_decay")
    with name_scope(name, "PolynomialDecay") as scope:
        rate = convert(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype
        end = cast(end_learning_rate, dtype)
        exponent = cast(power, dtype)
        step = cast(global_step, dtype)
        steps = cast(decay_steps, dtype)
        if as_flag(cycle, "cycle"):
            periods = raw.SelectV2(raw.Equal(step, 0.0), 1.0, raw.Ceil(step / decay_steps))
            steps = multiply(steps, periods)
        else:
            step = minimum(step, steps)
        p = divide(step, steps)
        return add(multiply(rate - end, pow_(1 - p, exponent)), end, name=scope)


@export("train.natural_exp_decay")
@asked_at_each_step
def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return learning_rate * exp(-decay_rate * global_step / decay_steps); arguments as in `tf.train.exponential_decay`."""
    factor = raw.Exp(negative(decay_rate))
    rate = exponential_decay(learning_rate, global_step, decay_steps, factor, staircase=staircase, name=name)
    return rate() if callable(rate) else rate


@export("train.inverse_time_decay")
@asked_at_each_step
def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return learning_rate / (1 + decay_rate * global_step / decay_steps); arguments as in `tf.train.exponential_decay`."""
    _require_step(global_step, "inverse_time_decay")
    with name_scope(name, "InverseTimeDecay") as scope:
        rate, factor, p = _decay_terms(learning_rate, global_step, decay_steps, decay_rate, staircase)
        one = cast(constant(1), rate.dtype)
        return divide(rate, add(one, multiply(factor, p)), name=scope)


@export("train.cosine_decay")
@asked_at_each_step
def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: str | None = None
) -> Tensor:
    """Let the rate fall along half a cosine to `alpha` times its start.

    Parameters
    ----------
    learning_rate : float or Tensor
    global_step : int or Tensor
    decay_steps : int, steps
    alpha : float
        Share of the rate that is left at the end.
    name : str, optional

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """
    _require_step(global_step, "cosine decay")
    with name_scope(name, "CosineDecay"):
        rate = convert(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        step = minimum(cast(global_step, dtype), steps)
        done = step / steps
        cosine = 0.5 * (1.0 + raw.Cos(constant(math.pi) * done))
        return multiply(rate, (1 - operand(alpha, "alpha")) * cosine + alpha)


@export("train.cosine_decay_restarts")
@asked_at_each_step
def cosine_decay_restarts(
    learning_rate: Any, global_step: Any, first_decay_steps: Any, t_mul: Any = 2.0, m_mul: Any = 1.0, alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Let the rate fall along half a cosine, then start again with `t_mul` times the steps and `m_mul` times the rate.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """
    _require_step(global_step, "cosine decay restarts")
    with name_scope(name, "SGDRDecay") as scope:
        rate = convert(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype
        first = cast(first_decay_steps, dtype)
        alpha_t, t_mul_t, m_mul_t = cast(alpha, dtype), cast(t_mul, dtype), cast(m_mul, dtype)
        done = cast(global_step, dtype) / first

        def equal_periods() -> tuple[Tensor, Tensor]:
            restart = raw.Floor(done)
            return restart, done - restart

        def growing_periods() -> tuple[Tensor, Tensor]:
            # The k-th period begins at 1 + t + ... + t^(k-1) = (1 - t^k) / (1 - t) first periods.
            restart = raw.Floor(raw.Log(1.0 - done * (1.0 - t_mul_t)) / raw.Log(t_mul_t))
            began = (1.0 - t_mul_t**restart) / (1.0 - t_mul_t)
            return restart, (done - began) / t_mul_t**restart

        restart, done = cond(raw.Equal(t_mul_t, 1.0), equal_periods, growing_periods)
        cosine = 0.5 * (m_mul_t**restart) * (1.0 + raw.Cos(constant(math.pi) * done))
        return multiply(rate, (1 - alpha_t) * cosine + alpha_t, name=scope)


def _linear_cosine(
    learning_rate: Any, global_step: Any, decay_steps: Any, num_periods: Any, alpha: Any, beta: Any, noise: tuple[Any, Any] | None,
    scope: str,
) -> Tensor:  # fmt: skip
    rate = convert(learning_rate, name="initial_learning_rate")
    dtype = rate.dtype
    steps = cast(decay_steps, dtype)
    if noise is not None:
        noise = (cast(noise[0], dtype), cast(noise[1], dtype))
    periods, alpha_t, beta_t = cast(num_periods, dtype), cast(alpha, dtype), cast(beta, dtype)
    step = minimum(cast(global_step, dtype), steps)
    linear = (steps - step) / steps
    if noise is not None:
        variance = noise[0] / pow_(1.0 + step, noise[1])
        linear = linear + random_normal(linear.shape, stddev=raw.Sqrt(variance))
    done = step / steps
    fraction = 2.0 * periods * done
    cosine = 0.5 * (1.0 + raw.Cos(constant(math.pi) * fraction))
    return multiply(rate, (alpha_t + linear) * cosine + beta_t, name=scope)


@export("train.linear_cosine_decay")
@asked_at_each_step
def linear_cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, num_periods: float = 0.5, alpha: float = 0.0, beta: float = 0.001,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """Return learning_rate * ((alpha + linear) * cosine + beta): a falling line times a cosine.

    References
    ----------
    Bello et al., "Neural optimizer search with reinforcement learning" (2017).
    """
    _require_step(global_step, "linear cosine decay")
    with name_scope(name, "LinearCosineDecay") as scope:
        return _linear_cosine(learning_rate, global_step, decay_steps, num_periods, alpha, beta, None, scope)


@export("train.noisy_linear_cosine_decay")
@asked_at_each_step
def noisy_linear_cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, initial_variance: float = 1.0, variance_decay: float = 0.55,
    num_periods: float = 0.5, alpha: float = 0.0, beta: float = 0.001, name: str | None = None,
) -> Tensor:  # fmt: skip
    """`tf.train.linear_cosine_decay` with noise on the line, of variance initial_variance / (1 + step) ^ variance_decay."""
    _require_step(global_step, "noisy linear cosine decay")
    with name_scope(name, "NoisyLinearCosineDecay") as scope:
        noise = (initial_variance, variance_decay)
        return _linear_cosine(learning_rate, global_step, decay_steps, num_periods, alpha, beta, noise, scope)
