"""`tf.test.compute_gradient`: gradients compared with finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.autodiff.gradients import gradients
from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.graph.stacks import default_session
from flowlab._src.ops.constant import constant
from flowlab._src.ops.identity import identity
from flowlab._src.util.export import export

Pair = tuple[np.ndarray, np.ndarray]
ALLOWED = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


@export("test.compute_gradient")
def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: dict[Any, Any] | None = None,
) -> Pair | list[Pair]:
    """Return the derivatives of `y` by `x` twice: from `tf.gradients`, and from finite differences.

    Parameters
    ----------
    x : Tensor or list of Tensor
        Floats or complex numbers.
    x_shape : list of int, or list of those
    y : Tensor
    y_shape : list of int
    x_init_value : array, or list of those, optional
        Where to take the derivative; a random place if not given.
    delta : float, optional
        Step of the differences, to both sides.
    init_targets : operation or list of those, optional
        Run first, for example the initializers of variables.
    extra_feed_dict : dict, optional
        Fed in each run beside x.

    Returns
    -------
    (array, array), each of shape (size of x, size of y); a list of such pairs if `x` is a list
        Complex numbers count as two real ones.

    Raises
    ------
    ValueError
        If there is no default session, or `x` is an integer.

    Examples
    --------
    >>> x = tf.constant([1.0, 2.0])
    >>> with tf.Session():
    ...     exact, approximate = tf.test.compute_gradient(x, [2], x * x, [2], x_init_value=np.float32([1, 2]))
    >>> exact.tolist(), approximate.round(2).tolist()
    ([[2.0, 0.0], [0.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]])
    """
    session = default_session()
    if session is None:
        raise ValueError("compute_gradient runs in the default session: write `with tf.Session():` around it.")
    feeds = dict(extra_feed_dict or {})
    if init_targets is not None:
        session.run(list(init_targets) if isinstance(init_targets, (list, tuple)) else init_targets)
    if not isinstance(x, (list, tuple)):
        return compare(session, x, tuple(x_shape), y, tuple(y_shape), x_init_value, delta, feeds)
    places = [None] * len(x) if x_init_value is None else list(x_init_value)
    parts = zip(x, x_shape, places)
    return [compare(session, part, tuple(shape), y, tuple(y_shape), at, delta, feeds) for part, shape, at in parts]


@export("test.compute_gradient_error")
def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: dict[Any, Any] | None = None,
) -> float:
    """Return the largest difference between the two kinds of derivatives of `compute_gradient`; -1 if there are none.

    Examples
    --------
    >>> x = tf.constant([1.0, 2.0])
    >>> with tf.Session():
    ...     tf.test.compute_gradient_error(x, [2], tf.sin(x), [2]) < 1e-3
    True
    """
    found = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    error = -1.0
    for exact, approximate in found if isinstance(found, list) else [found]:
        if exact.size:
            error = max(error, float(np.fabs(exact - approximate).max()))
    return error


def compare(
    session: Any, x: Any, x_shape: Any, y: Any, y_shape: Any, place: Any, delta: float, feeds: dict[Any, Any]
) -> Pair:
    """Both kinds of derivatives by one tensor."""
    for name, tensor in (("x", x), ("y", y)):
        if tensor.dtype.base_dtype.name not in ALLOWED:
            raise ValueError(
                f"{name} has type {tensor.dtype.base_dtype.name}: derivatives are for {', '.join(ALLOWED)}"
            )
    kind = x.dtype.base_dtype.as_numpy_dtype
    if place is None:
        place = np.random.random_sample(x_shape)  # noqa: NPY002 - TensorFlow draws from the global numbers too
        place = place + 1j * np.random.random_sample(x_shape) if x.dtype.is_complex else place  # noqa: NPY002
    at = np.array(place, kind)
    if at.shape != x_shape:
        raise ValueError(f"x_init_value has shape {at.shape}, but x_shape is {x_shape}")
    with x.graph.as_default():
        dy = constant(1.0, shape=y_shape, dtype=y.dtype.base_dtype)
        dx = gradients(y, x, identity(dy))[0]
    if dx is None:
        raise ValueError(f"y does not depend on x: tf.gradients gives None for {getattr(x, 'name', x)}")
    exact = derivatives(session, x, at, dx, dy, y_shape, feeds)
    return exact, differences(session, x, at, y, y_shape, delta, feeds)


def real(dtype: Any) -> Any:
    """The NumPy type of the real numbers that values of a dtype consist of."""
    return dtype.base_dtype.real_dtype.as_numpy_dtype


def derivatives(
    session: Any, x: Any, at: np.ndarray, dx: Any, dy: Any, y_shape: Any, feeds: dict[Any, Any]
) -> np.ndarray:
    """The derivatives that `tf.gradients` gives, one element of y after the other."""
    gain = np.zeros(y_shape, dy.dtype.as_numpy_dtype)
    numbers = gain.reshape(-1).view(real(dy.dtype))
    result = np.zeros((at.reshape(-1).view(real(x.dtype)).size, numbers.size), real(x.dtype))
    for column in range(numbers.size):
        numbers[column] = 1
        given = {**feeds, x: at, dy: gain}
        if isinstance(dx, IndexedSlices):
            rows, values = session.run([dx.indices, dx.values], given)
            whole = np.zeros_like(at)
            np.add.at(whole, rows, values)
        else:
            whole = session.run(dx, given)
        result[:, column] = np.ascontiguousarray(whole).reshape(-1).view(real(x.dtype))
        numbers[column] = 0
    return result


def differences(
    session: Any, x: Any, at: np.ndarray, y: Any, y_shape: Any, delta: float, feeds: dict[Any, Any]
) -> np.ndarray:
    """The derivatives from steps of `delta` to both sides, one element of x after the other."""
    place = at.copy()
    numbers = place.reshape(-1).view(real(x.dtype))
    size = int(np.prod(y_shape)) * (2 if y.dtype.is_complex else 1)
    result = np.zeros((numbers.size, size), real(x.dtype))

    def value() -> np.ndarray:
        return np.ascontiguousarray(session.run(y, {**feeds, x: place})).reshape(-1)

    for row, start in enumerate(numbers.tolist()):
        numbers[row] = start + delta
        above = value()
        numbers[row] = start - delta
        below = value()
        numbers[row] = start
        result[row] = ((above - below) / (2 * delta)).view(real(y.dtype))
    return result
