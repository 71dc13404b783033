"""Arithmetic, element by element: sums, differences, products, and their public functions.

The gradient rules give what TensorFlow's give, node for node, so a drawn gradient graph is TensorFlow's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices, convert_to_tensor_or_indexed_slices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import float32, int32
from flowlab._src.graph.op import Array, Number, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies
from flowlab._src.graph.shape import Dims, TensorShape, as_shape, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.elementwise import LEAST, bias_add
from flowlab._src.ops.broadcast import Elementwise, Gradient, brackets, same_known_shape, unbroadcast
from flowlab._src.ops.cast import conj
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


def is_bias(x: Any, y: Any) -> bool:
    """True when y is added to every row of a large x: NumPy is slow at short rows, the compiled loop is not."""
    return y.ndim == 1 and x.ndim > 1 and x.size >= LEAST and y.shape == x.shape[-1:]


def is_large_bias(x: Dims | None, y: Dims | None) -> bool:
    """The same, of known sizes."""
    return x is not None and y is not None and len(x) > len(y) == 1 and math.prod(x) >= LEAST  # type: ignore[arg-type]


# The kernels below use Python's operators: the same as NumPy's functions for arrays, and ten times as fast for single
# numbers, of which loops are full.


class AddV2(Elementwise):
    """x + y: what the operator + makes."""

    formula = "x + y"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        return bias_add(x, y) if is_bias(x, y) else x + y

    def formula_for(self, x: Spec, y: Spec) -> str:
        """Rows of a large array and one bias have a compiled loop."""
        return "" if is_large_bias(x.dims, y.dims) else self.formula

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The gradient goes to both inputs as it is, summed where one was stretched."""
        x, y = node.inputs
        if same_known_shape(x, y, dy):
            return dy, dy
        return unbroadcast(x, y, dy, dy)


class Add(Elementwise):
    """x + y, also for strings: what `tf.add` makes."""

    formula = "x + y"

    def kernel(self, x: Array[T], y: Array[T]) -> Array[T]:
        return bias_add(x, y) if is_bias(x, y) else x + y

    formula_for = AddV2.formula_for
    grad = AddV2.grad


class Sub(Elementwise):
    """x - y."""

    formula = "x - y"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        return x - y

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The gradient for x, its negative for y."""
        x, y = node.inputs
        if same_known_shape(x, y, dy):
            return dy, -dy
        return unbroadcast(x, y, dy, -dy)


class Neg(Unary):
    """-x."""

    formula = "-x"

    def kernel(self, x: Array[Number]) -> Array[Number]:
        return np.negative(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy."""
        return -dy


class Mul(Elementwise):
    """x * y."""

    formula = "x * y"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        return x * y

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy * y for x, x * dy for y."""
        x, y = node.inputs
        if same_known_shape(x, y, dy) and dy.dtype.base_dtype in (int32, float32):
            return raw.Mul(dy, y), raw.Mul(dy, x)
        return unbroadcast(x, y, raw.Mul(dy, conj(y)), raw.Mul(conj(x), dy))


class SquaredDifference(Elementwise):
    """(x - y)²."""

    formula = "(x - y) * (x - y)"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        difference = np.subtract(x, y)
        return np.multiply(np.conjugate(difference), difference)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """2 (x - y) dy for x, its negative for y."""
        x, y = node.inputs
        with control_dependencies([dy.op]):
            dx = scalar_mul(2.0, dy) * (x - y)
        if same_known_shape(x, y, dy):
            return dx, -dx
        return unbroadcast(x, y, dx, -dx)


class AddN(Op):
    """The sum of a list of tensors of one shape."""

    def kernel(self, inputs: Sequence[Array[T]]) -> Array[T]:
        total = inputs[0]
        shape = np.shape(total)
        for x in inputs[1:]:
            if np.shape(x) != shape:
                raise InvalidArgumentError(
                    None, None, "Inputs to operation AddN must have the same size and shape.  "
                    f"Input 0: {brackets(shape)} != input: {brackets(np.shape(x))}",
                )  # fmt: skip
            total = np.add(total, x)
        return total

    def formula_for(self, inputs: Sequence[Spec]) -> str:
        """x + y + z, where the shapes are the same."""
        same = len({spec.dims for spec in inputs}) == 1 and len(inputs) > 1
        return " + ".join([f"inputs{i}" for i in range(len(inputs))]) if same else ""

    def shape(self, inputs: Sequence[Spec]) -> TensorShape:
        result = inputs[-1].shape
        for i in range(len(inputs) - 2, -1, -1):
            result = merge_shapes(inputs[i].shape, result, f"\n\tFrom merging shape {i} with other shapes.")
        return result

    def grad(self, node: Any, dy: Gradient) -> Any:
        """Every input gets the gradient as it is."""
        return [dy] * len(node.inputs)


# ---- public functions ----------------------------------------------------------------------------------------------


@export("add", "math.add")
def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Add two tensors element by element.

    Parameters
    ----------
    x, y : Tensor, numeric or string
        Same type; shapes that fit each other by broadcasting. Strings are joined.
    name : str, optional

    Returns
    -------
    Tensor, the broadcast shape

    Raises
    ------
    TypeError
        If the types differ.
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.add([[1], [2]], [10, 20, 30]))
    array([[11, 21, 31],
           [12, 22, 32]], dtype=int32)
    """
    return Add()(x, y, name=name)


@export("subtract", "math.subtract")
def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Subtract `y` from `x` element by element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.subtract([5, 6], 2))
    array([3, 4], dtype=int32)
    """
    return raw.Sub(x, y, name=name)


@export("negative", "math.negative")
def negative(x: Any, name: str | None = None) -> Tensor:
    """Return -x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.negative([1, -2]))
    array([-1,  2], dtype=int32)
    """
    return Neg()(x, name=name)


@export("multiply", "math.multiply")
def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Multiply two tensors element by element; `tf.matmul` is the matrix product.

    Parameters
    ----------
    x, y : Tensor, numeric
        Same type; shapes that fit each other by broadcasting.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.multiply([1.0, 2.0], [3.0, 4.0]))
    array([3., 8.], dtype=float32)
    """
    return raw.Mul(x, y, name=name)


@export("scalar_mul", "math.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """Multiply a tensor or IndexedSlices by one number.

    Parameters
    ----------
    scalar : number or Tensor, shape ()
    x : Tensor or IndexedSlices

    Returns
    -------
    Tensor or IndexedSlices, as `x`

    Raises
    ------
    ValueError
        If `scalar` is not a single number.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.scalar_mul(2, tf.constant([1.0, 2.0])))
    array([2., 4.], dtype=float32)
    """
    x = convert_to_tensor_or_indexed_slices(x, name="x")
    scalar = convert(scalar, x.dtype.base_dtype, name="scalar")
    if scalar.shape.ndims != 0:
        raise misuse(
            ValueError(f"Only scalar multiply works, got shape {scalar.shape}"),
            fix="tf.multiply multiplies element by element",
        )
    if isinstance(x, IndexedSlices):
        return IndexedSlices(Mul()(scalar, x.values, name=name), x.indices, x.dense_shape)
    return Mul()(scalar, x, name=name)


@export("squared_difference", "math.squared_difference")
def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return (x - y)², element by element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.squared_difference([1.0, 5.0], 3.0))
    array([4., 4.], dtype=float32)
    """
    return SquaredDifference()(x, y, name=name)


@export("add_n", "math.add_n")
def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """Add up a list of tensors.

    Parameters
    ----------
    inputs : list of Tensor or IndexedSlices
        All of the same type and shape.

    Raises
    ------
    ValueError
        If the list is empty or the shapes differ.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.add_n([[1, 2], [10, 20], [100, 200]]))
    array([111, 222], dtype=int32)
    """
    composite = first_composite([inputs])
    if composite is not None:
        return composite._map(add_n, [list(inputs)], name=name)
    problem = "inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape"
    if isinstance(inputs, Tensor) or not isinstance(inputs, Iterable) or not getattr(inputs, "ndim", 1):
        raise misuse(ValueError(problem), fix="pass a list with a tensor in it")
    inputs = [convert_to_tensor_or_indexed_slices(x) for x in inputs]
    if not inputs:
        raise misuse(ValueError(problem), fix="pass a list with a tensor in it")
    if len(inputs) == 1:
        value = convert(inputs[0])
        return raw.Identity(value, name=name) if name else value
    return AddN()([convert(x) for x in inputs], name=name)


@export("accumulate_n", "math.accumulate_n")
def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """Add up a list of tensors, as `tf.add_n` does.

    Parameters
    ----------
    inputs : list of Tensor
        All of the same type and shape.
    shape : list of int, optional
        The shape they have.
    tensor_dtype : DType, optional
        The type they have.

    Raises
    ------
    ValueError
        If the list is empty, or types or shapes differ.
    TypeError
        If `tensor_dtype` is another type.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.accumulate_n([tf.constant([1, 2]), tf.constant([3, 4])]))
    array([4, 6], dtype=int32)
    """
    problem = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise misuse(ValueError(problem), fix="pass a list with a tensor in it")
    tensors = [convert_to_tensor_or_indexed_slices(x) for x in inputs]
    if any(not isinstance(x, Tensor) or x.dtype != tensors[0].dtype for x in tensors):
        raise misuse(ValueError(problem), fix="pass a list with a tensor in it")
    merged = as_shape(shape)
    for x in tensors:
        merged = merged.merge_with(x.shape)
    if tensor_dtype is not None and tensor_dtype != tensors[0].dtype:
        raise misuse(TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {tensors[0].dtype}"))
    if len(tensors) == 1 and name is None:
        return tensors[0]
    if len(tensors) == 1:
        return raw.Identity(tensors[0], name=name)
    return add_n(tensors, name=name)
