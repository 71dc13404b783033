"""What optimizers do to a variable and its slots, one function for each of TensorFlow's ``Apply...`` ops.

Every function returns new arrays and leaves its arguments alone, because a value that was fetched or fed may be one of
them; the most used ones change the variable itself when the caller says that nobody else holds it (`in_place`).
Hyperparameters are numbers or arrays of rank 0; they are rounded to the variable's dtype first, and all arithmetic
happens in it, in TensorFlow's order, so that results agree to the last bits. Compiled loops are in `update_loops.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels.jit import pieces, plain
from flowlab._src.kernels.product_steps import Product, adam_along, descend_along
from flowlab._src.kernels.threads import share
from flowlab._src.kernels.update_loops import (
    adadelta_loop,
    adagrad_loop,
    adam_loop,
    ftrl_loop,
    gradient_descent_loop,
    momentum_loop,
    rmsprop_loop,
)

Array = NDArray[Any]
Scalar = Any  # a number or an array of rank 0


def scalars(like: Array, *values: Scalar) -> tuple[Any, ...]:
    """Return hyperparameters as numbers of the variable's dtype."""
    kind = like.dtype.type
    return tuple([value if value.__class__ is kind else kind(value) for value in values])


def check_shapes(var: Array, *others: Array | Product) -> None:
    """Raise unless all arrays have the variable's shape; NumPy would broadcast, and compiled loops read beside them."""
    shape = var.shape
    for other in others:
        if other.shape != shape:
            raise InvalidArgumentError(
                None, None, f"var and its slots and gradient must have the same shape: {shape} {other.shape}"
            )


def targets(arrays: tuple[Array, ...], in_place: bool) -> tuple[Array, ...]:
    """Return the arrays that a loop may change: `arrays` themselves if their owner says so, else copies in C order."""
    if not in_place:
        return tuple([np.array(array, order="C") for array in arrays])
    for array in arrays:
        array.setflags(write=True)
    return arrays


def rows(*arrays: Array) -> list[Array]:
    """Return arrays in C order as rows of numbers, which share their memory."""
    return list(arrays) if arrays[0].ndim == 1 else [array.ravel() for array in arrays]


# ---------------------------------------------------------------- gradient descent and momentum


def gradient_descent(var: Array, alpha: Scalar, delta: Array | Product, in_place: bool = False) -> Array:
    """Return ``var - alpha * delta``; with `in_place` (here and below) the variable itself is changed and returned.

    A gradient may be a product that is yet to be computed.

    >>> gradient_descent(np.array([1.0, 2.0]), 0.5, np.array([2.0, 2.0]))
    array([0., 1.])
    """
    if delta.shape != var.shape:
        check_shapes(var, delta)
    alpha = var.dtype.type(alpha)
    if isinstance(delta, Product):
        if in_place and descend_along(targets((var,), True)[0], alpha, delta):
            return var
        delta = delta.value()
    if not in_place:
        return var - alpha * delta
    run = gradient_descent_loop.ready(var.dtype, var.size)
    (new,) = targets((var,), True)
    if run is None or delta.dtype != var.dtype:
        return np.subtract(var, alpha * delta, out=new)
    share(run, pieces(var.size), new.reshape(-1), plain(delta).reshape(-1), alpha)
    return new


def momentum(
    var: Array, accum: Array, lr: Scalar, grad: Array, momentum: Scalar, use_nesterov: bool = False,
    in_place: bool = False,
) -> tuple[Array, Array]:  # fmt: skip
    """Return var and accum after a step along the decaying sum of gradients; Nesterov's looks one step ahead."""
    check_shapes(var, accum, grad)
    lr, momentum = scalars(var, lr, momentum)
    run = momentum_loop.ready(var.dtype, var.size)
    if run is None or grad.dtype != var.dtype:
        accum = accum * momentum + grad
        if use_nesterov:
            return var - (grad * lr + accum * momentum * lr), accum
        return var - accum * lr, accum
    new_var, new_accum = targets((var, accum), in_place)
    flat = rows(new_var, new_accum, plain(grad))
    share(run, pieces(var.size), *flat, lr, momentum, int(use_nesterov))
    return new_var, new_accum


# ---------------------------------------------------------------- Adam


def adam(
    var: Array,
    m: Array,
    v: Array,
    beta1_power: Scalar,
    beta2_power: Scalar,
    lr: Scalar,
    beta1: Scalar,
    beta2: Scalar,
    epsilon: Scalar,
    grad: Array | Product,
    use_nesterov: bool = False,
    in_place: bool = False,
) -> tuple[Array, Array, Array]:
    """Return var, m and v after one step of Adam. The gradient may be a product that is yet to be computed.

    The means m (of gradients) and v (of their squares) start at zero and are too small at first; the powers of the
    betas correct that, all in one step size alpha.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", section 2, the order of computation that it calls more
    efficient. There, epsilon is "epsilon hat".
    """
    check_shapes(var, m, v, grad)
    beta1_power, beta2_power, lr, beta1, beta2, epsilon = scalars(
        var, beta1_power, beta2_power, lr, beta1, beta2, epsilon
    )
    one = var.dtype.type(1)
    alpha = lr * np.sqrt(one - beta2_power) / (one - beta1_power)
    if isinstance(grad, Product):
        hyper = alpha, beta1, beta2, epsilon, int(use_nesterov)
        if in_place and adam_along(targets((var, m, v), True), grad, *hyper):
            return var, m, v
        grad = grad.value()
    run = adam_loop.ready(var.dtype, var.size)
    if run is None or grad.dtype != var.dtype:
        return numpy_adam(var, m, v, alpha, beta1, beta2, epsilon, grad, use_nesterov)
    new = targets((var, m, v), in_place)
    share(run, pieces(var.size), *rows(*new, plain(grad)), alpha, beta1, beta2, epsilon, int(use_nesterov))
    return new  # type: ignore[return-value]  # three came in


def adam_within(
    values: list[Array], dims: tuple[int, ...], beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any,
    epsilon: Any, grad: Array, nesterov: int,
) -> bool:  # fmt: skip
    """Take a step of Adam where var, m and v lie, in C order; False, and nothing done, if there is no loop for it yet.

    Nor for a gradient that is yet to be computed.
    They have a shape of few numbers, and the hyperparameters are numbers of the variable's dtype.
    """
    var, m, v = values
    run = adam_loop.versions.get(grad.dtype)
    if (
        run is None
        or grad.__class__ is not np.ndarray
        or not (var.shape == m.shape == v.shape == grad.shape == dims)
        or var.dtype != grad.dtype
    ):
        return False
    one = beta1.__class__(1)
    alpha = lr * np.sqrt(one - beta2_power) / (one - beta1_power)
    for value in values:
        value.setflags(True)  # type: ignore[call-arg]  # by position: a keyword takes as long again
    flat = rows(var, m, v, grad if grad.flags.c_contiguous else plain(grad))
    run(np.zeros(1, np.int64), 1, *flat, alpha, beta1, beta2, epsilon, nesterov)
    for value in values:
        value.setflags(False)  # type: ignore[call-arg]
    return True


def numpy_adam(
    var: Array, m: Array, v: Array, alpha: Any, beta1: Any, beta2: Any, epsilon: Any, grad: Array, use_nesterov: bool
) -> tuple[Array, Array, Array]:
    """One pass over memory for each operation."""
    one = var.dtype.type(1)
    m = m + (grad - m) * (one - beta1)
    v = v + (grad * grad - v) * (one - beta2)
    direction = grad * (one - beta1) + beta1 * m if use_nesterov else m
    return var - (direction * alpha) / (np.sqrt(v) + epsilon), m, v


# ---------------------------------------------------------------- the Adagrad family


def adagrad(
    var: Array, accum: Array, lr: Scalar, grad: Array, update_slots: bool = True, epsilon: Scalar | None = None,
    in_place: bool = False,
) -> tuple[Array, Array]:  # fmt: skip
    """Return var and accum; each step is divided by the root of the sum of squared gradients.

    `epsilon` is added to the root in TensorFlow's version 2 of the op; None means version 1.
    """
    check_shapes(var, accum, grad)
    (lr,) = scalars(var, lr)
    run = adagrad_loop.ready(var.dtype, var.size)
    if run is not None and grad.dtype == var.dtype:
        new_var, new_accum = targets((var, accum), in_place)
        flat = rows(new_var, new_accum, plain(grad))
        share(run, pieces(var.size), *flat, lr, *scalars(var, epsilon or 0), int(update_slots))
        return new_var, new_accum
    if update_slots:
        accum = accum + grad * grad
    root = np.sqrt(accum)
    if epsilon is not None:
        root += scalars(var, epsilon)[0]
    return var - grad * lr / root, accum


def adagrad_da(
    var: Array,
    gradient_accumulator: Array,
    gradient_squared_accumulator: Array,
    grad: Array,
    lr: Scalar,
    l1: Scalar,
    l2: Scalar,
    global_step: Scalar,
) -> tuple[Array, Array, Array]:
    """Return var and both accumulators of dual averaging, where var follows from the sums of all gradients alone."""
    check_shapes(var, gradient_accumulator, gradient_squared_accumulator, grad)
    lr, l1, l2, step = scalars(var, lr, l1, l2, global_step)
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + grad * grad
    pulled = np.sign(total) * np.maximum(np.abs(total) - l1 * step, 0) if l1 > 0 else total
    return -lr * pulled / (l2 * step * lr + np.sqrt(squares)), total, squares


def adadelta(
    var: Array, accum: Array, accum_update: Array, lr: Scalar, rho: Scalar, epsilon: Scalar, grad: Array,
    in_place: bool = False,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return var, accum and accum_update; the ratio of two running means takes the place of a learning rate."""
    check_shapes(var, accum, accum_update, grad)
    lr, rho, epsilon = scalars(var, lr, rho, epsilon)
    run = adadelta_loop.ready(var.dtype, var.size)
    if run is not None and grad.dtype == var.dtype:
        new = targets((var, accum, accum_update), in_place)
        share(run, pieces(var.size), *rows(*new, plain(grad)), lr, rho, epsilon)
        return new  # type: ignore[return-value]  # three came in
    rest = var.dtype.type(1) - rho
    accum = accum * rho + grad * grad * rest
    update = np.sqrt(accum_update + epsilon) / np.sqrt(accum + epsilon) * grad
    return var - update * lr, accum, accum_update * rho + update * update * rest


def rmsprop(
    var: Array,
    ms: Array,
    mom: Array,
    lr: Scalar,
    rho: Scalar,
    momentum: Scalar,
    epsilon: Scalar,
    grad: Array,
    in_place: bool = False,
) -> tuple[Array, Array, Array]:
    """Return var, ms and mom; steps are divided by the root of the running mean `ms` of squared gradients."""
    check_shapes(var, ms, mom, grad)
    lr, rho, momentum, epsilon = scalars(var, lr, rho, momentum, epsilon)
    run = rmsprop_loop.ready(var.dtype, var.size)
    if run is None or grad.dtype != var.dtype:
        ms = ms + (grad * grad - ms) * (var.dtype.type(1) - rho)
        mom = mom * momentum + (grad * lr) / np.sqrt(ms + epsilon)
        return var - mom, ms, mom
    new = targets((var, ms, mom), in_place)
    share(run, pieces(var.size), *rows(*new, plain(grad)), lr, rho, momentum, epsilon)
    return new  # type: ignore[return-value]  # three came in


def centered_rmsprop(
    var: Array,
    mg: Array,
    ms: Array,
    mom: Array,
    lr: Scalar,
    rho: Scalar,
    momentum: Scalar,
    epsilon: Scalar,
    grad: Array,
) -> tuple[Array, Array, Array, Array]:
    """Return var, mg, ms and mom; like `rmsprop`, with the variance of gradients in place of their mean square."""
    check_shapes(var, mg, ms, mom, grad)
    lr, rho, momentum, epsilon = scalars(var, lr, rho, momentum, epsilon)
    rest = var.dtype.type(1) - rho
    ms = ms + (grad * grad - ms) * rest
    mg = mg + (grad - mg) * rest
    mom = mom * momentum + (grad * lr) / np.sqrt(ms - mg * mg + epsilon)
    return var - mom, mg, ms, mom


# ---------------------------------------------------------------- with a penalty on size


def shrink(x: Array, l1: Any, l2: Any, lr: Any) -> Array:
    """Return the proximal step: pull x towards zero by lr * l1, no further than zero, and scale it down for l2."""
    pulled = np.sign(x) * np.maximum(np.abs(x) - lr * l1, 0) if l1 > 0 else x
    return pulled / (1 + l2 * lr)


def proximal_gradient_descent(var: Array, alpha: Scalar, l1: Scalar, l2: Scalar, delta: Array) -> Array:
    """Return var after a step of gradient descent and a proximal step."""
    check_shapes(var, delta)
    alpha, l1, l2 = scalars(var, alpha, l1, l2)
    return shrink(var - alpha * delta, l1, l2, alpha)


def proximal_adagrad(var: Array, accum: Array, lr: Scalar, l1: Scalar, l2: Scalar, grad: Array) -> tuple[Array, Array]:
    """Return var and accum after a step of Adagrad and a proximal step."""
    check_shapes(var, accum, grad)
    lr, l1, l2 = scalars(var, lr, l1, l2)
    accum = accum + grad * grad
    rate = lr / np.sqrt(accum)
    return shrink(var - rate * grad, l1, l2, rate), accum


def ftrl(
    var: Array,
    accum: Array,
    linear: Array,
    grad: Array,
    lr: Scalar,
    l1: Scalar,
    l2: Scalar,
    lr_power: Scalar = -0.5,
    l2_shrinkage: Scalar = 0,
    in_place: bool = False,
) -> tuple[Array, Array, Array]:
    """Return var, accum and linear after one step of "follow the regularized leader".

    References
    ----------
    McMahan et al., "Ad Click Prediction: a View from the Trenches", algorithm 1; `lr_power` generalises its square
    root, and `l2_shrinkage` adds a penalty to the gradient only.
    """
    check_shapes(var, accum, linear, grad)
    lr, l1, l2, lr_power, shrinkage = scalars(var, lr, l1, l2, lr_power, l2_shrinkage)
    two = var.dtype.type(2)
    run = ftrl_loop.ready(var.dtype, var.size) if lr_power == -0.5 else None
    if run is not None and grad.dtype == var.dtype:
        new = targets((var, accum, linear), in_place)
        share(run, pieces(var.size), *rows(*new, plain(grad)), lr, l1, two * l2, two * shrinkage)
        return new  # type: ignore[return-value]  # three came in
    new_accum = accum + grad * grad
    if lr_power == -0.5:
        root, old_root = np.sqrt(new_accum), np.sqrt(accum)
    else:
        root, old_root = new_accum**-lr_power, accum**-lr_power
    penalised = grad + two * shrinkage * var if shrinkage else grad
    linear = linear + (penalised - (root - old_root) / lr * var)
    moved = (np.copysign(l1, linear) - linear) / (root / lr + two * l2)
    return np.where(np.abs(linear) > l1, moved, 0).astype(var.dtype, copy=False), new_accum, linear


# ---------------------------------------------------------------- the forms that tf.keras uses, and signs


def keras_momentum(
    var: Array, accum: Array, lr: Scalar, grad: Array, momentum: Scalar, use_nesterov: bool = False
) -> tuple[Array, Array]:
    """Return var and accum; here the steps themselves are accumulated, the learning rate included."""
    check_shapes(var, accum, grad)
    lr, momentum = scalars(var, lr, momentum)
    accum = accum * momentum - grad * lr
    if use_nesterov:
        return var + (accum * momentum - grad * lr), accum
    return var + accum, accum


def adam_with_amsgrad(
    var: Array,
    m: Array,
    v: Array,
    vhat: Array,
    beta1_power: Scalar,
    beta2_power: Scalar,
    lr: Scalar,
    beta1: Scalar,
    beta2: Scalar,
    epsilon: Scalar,
    grad: Array,
) -> tuple[Array, Array, Array, Array]:
    """Return var, m, v and vhat after one step of Adam that divides by the root of the largest v so far.

    References
    ----------
    Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond" (2018).
    """
    check_shapes(var, m, v, vhat, grad)
    beta1_power, beta2_power, lr, beta1, beta2, epsilon = scalars(
        var, beta1_power, beta2_power, lr, beta1, beta2, epsilon
    )
    one = var.dtype.type(1)
    alpha = lr * np.sqrt(one - beta2_power) / (one - beta1_power)
    m = m + (grad - m) * (one - beta1)
    v = v + (grad * grad - v) * (one - beta2)
    vhat = np.maximum(vhat, v)
    return var - (m * alpha) / (np.sqrt(vhat) + epsilon), m, v, vhat


def ada_max(
    var: Array,
    m: Array,
    v: Array,
    beta1_power: Scalar,
    lr: Scalar,
    beta1: Scalar,
    beta2: Scalar,
    epsilon: Scalar,
    grad: Array,
) -> tuple[Array, Array, Array]:
    """Return var, m and v after one step of AdaMax: Adam with the decaying maximum of gradients for the root.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", section 7.1.
    """
    check_shapes(var, m, v, grad)
    beta1_power, lr, beta1, beta2, epsilon = scalars(var, beta1_power, lr, beta1, beta2, epsilon)
    one = var.dtype.type(1)
    m = m + (grad - m) * (one - beta1)
    v = np.maximum(beta2 * v, np.abs(grad))
    return var - lr / (one - beta1_power) * (m / (v + epsilon)), m, v


def add_sign(
    var: Array, m: Array, lr: Scalar, alpha: Scalar, sign_decay: Scalar, beta: Scalar, grad: Array
) -> tuple[Array, Array]:
    """Return var and m; steps are longer where the gradient has the sign of its running mean.

    References
    ----------
    Bello et al., "Neural optimizer search with reinforcement learning" (2017).
    """
    check_shapes(var, m, grad)
    lr, alpha, sign_decay, beta = scalars(var, lr, alpha, sign_decay, beta)
    m = m * beta + grad * (var.dtype.type(1) - beta)
    agree = np.sign(grad) * np.sign(m)
    return var - lr * (alpha + sign_decay * agree) * grad, m


def power_sign(
    var: Array, m: Array, lr: Scalar, logbase: Scalar, sign_decay: Scalar, beta: Scalar, grad: Array
) -> tuple[Array, Array]:
    """Return var and m; as `add_sign`, with a factor in place of the summand.

    References
    ----------
    Bello et al., "Neural optimizer search with reinforcement learning" (2017).
    """
    check_shapes(var, m, grad)
    lr, logbase, sign_decay, beta = scalars(var, lr, logbase, sign_decay, beta)
    m = m * beta + grad * (var.dtype.type(1) - beta)
    agree = np.sign(grad) * np.sign(m)
    return var - lr * np.exp(logbase * sign_decay * agree) * grad, m
