"""`tf.SparseTensor`: a tensor that is mostly zeros, kept as the list of its other elements and their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flowlab._src.errors import add_notes
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype, int64
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.op import constant_value_as_shape
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor, run_in_session
from flowlab._src.util import nest, source
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments

if TYPE_CHECKING:
    from flowlab._src.graph.operation import Operation


ZERO_TO_ZERO = frozenset(["Abs", "Neg", "Sign", "Square", "Sqrt", "Erf", "Tanh", "BesselI0e", "BesselI1e"])


@export("SparseTensorValue")
class SparseTensorValue(NamedTuple):
    """The three arrays of a sparse tensor: what `sess.run` gives for one, and what one is fed with.

    Attributes
    ----------
    indices : array of int64, shape (n, rank)
    values : array, shape (n,)
    dense_shape : array of int64, shape (rank,)

    Examples
    --------
    >>> st = tf.SparseTensor(indices=[[0, 2]], values=[7], dense_shape=[2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(st)
    SparseTensorValue(indices=array([[0, 2]]), values=array([7], dtype=int32), dense_shape=array([2, 3]))
    """

    indices: Any
    values: Any
    dense_shape: Any


@export("SparseTensor", "sparse.SparseTensor")
class SparseTensor(Composite):
    """A tensor that is mostly zeros: element `indices[i]` is `values[i]`, all others are zero.

    Parameters
    ----------
    indices : Tensor of int64, shape (n, rank)
        The place of each element that is kept. Most operations want the places in reading order (row by row) and
        none of them twice; `tf.sparse.reorder` sorts.
    values : Tensor, shape (n,)
    dense_shape : Tensor of int64, shape (rank,)
        The shape of the whole.

    Raises
    ------
    ValueError
        If the three do not fit each other.

    Examples
    --------
    >>> st = tf.SparseTensor(indices=[[0, 0], [1, 2]], values=[1, 2], dense_shape=[3, 4])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(st))
    array([[1, 0, 0, 0],
           [0, 0, 2, 0],
           [0, 0, 0, 0]], dtype=int32)
    """

    OVERLOADABLE_OPERATORS = frozenset(["__div__", "__truediv__", "__mul__"])
    __array_priority__ = 100  # so that numpy_array * sparse asks the sparse tensor

    @taking_old_arguments("SparseTensor", shape="dense_shape")
    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices: Tensor = convert(indices, int64, "indices")
            self._values: Tensor = convert(values, name="values")
            self._dense_shape: Tensor = convert(dense_shape, int64, "dense_shape")
        try:
            places = self._indices.shape.with_rank(2)
            count = self._values.shape.with_rank(1)
            rank = self._dense_shape.shape.with_rank(1)
            places[0].assert_is_compatible_with(count[0])  # a place for each value
            places[1].assert_is_compatible_with(rank[0])  # a number for each axis
        except ValueError as error:
            site = source.caller(1)
            raise add_notes(
                error,
                where=site.quote() if site else "",
                inputs=f"indices {self._indices.shape}, values {self._values.shape}, "
                f"dense_shape {self._dense_shape.shape}",
                fix="indices is a list of places [[row, column], ...], one for each of values; "
                "dense_shape has a size for each number of a place",
            ) from None

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """Return a SparseTensor with the parts of a SparseTensorValue."""
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {sparse_tensor_value}.")
        return SparseTensor(sparse_tensor_value.indices, sparse_tensor_value.values, sparse_tensor_value.dense_shape)

    @property
    def indices(self) -> Tensor:
        """The place of each element that is kept: int64, shape (n, rank)."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements that are kept: shape (n,)."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole as a tensor: int64, shape (rank,)."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole as far as it is known."""
        return self.get_shape()

    def get_shape(self) -> TensorShape:
        """Return the static shape of the whole as far as it is known."""
        return constant_value_as_shape(self._dense_shape)

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._values.dtype

    @property
    def op(self) -> Operation:
        """The operation that produces the values."""
        return self._values.op

    @property
    def graph(self) -> Graph:
        """The graph of the three tensors."""
        return self._indices.graph

    def consumers(self) -> list[Operation]:
        """Return the operations that take the values or the places as an input."""
        parts = (self._values, self._indices, self._dense_shape)
        return list(dict.fromkeys(op for part in parts for op in part.consumers()))

    def eval(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> SparseTensorValue:
        """Compute the three tensors: a short way to write `session.run(sparse, feed_dict)`."""
        parts = [self._indices, self._values, self._dense_shape]
        return SparseTensorValue(
            *run_in_session(parts, feed_dict, session, self.graph, "eval()", "Cannot evaluate tensor using `eval()`")
        )

    def _fetch_parts(self) -> tuple[list[Any], Callable[[list[Any]], Any]]:
        return [self._indices, self._values, self._dense_shape], lambda values: SparseTensorValue(*values)

    def _feed_parts(self, value: Any) -> list[tuple[Any, Any]]:
        return self._pair([self._indices, self._values, self._dense_shape], self, value)

    @staticmethod
    def _pair(tensors: list[Any], key: Any, value: Any) -> list[tuple[Any, Any]]:
        """The three tensors, each with its part of the value."""
        if not isinstance(value, (list, tuple)) or len(value) != 3:
            site = source.caller(4)
            raise add_notes(
                ValueError(f"Cannot feed value of type {type(value).__name__} for {key}, which has three parts."),
                where=site.quote() if site else "",
                fix="feed a tf.SparseTensorValue(indices, values, dense_shape), or a tuple of these",
            )
        return list(zip(tensors, value, strict=True))

    def _apply_elementwise(self, op: Any, inputs: Sequence[Any], name: str) -> Any:
        """Functions of one argument that leave zero as it is work on the values."""
        if op.type not in ZERO_TO_ZERO:
            return NotImplemented
        return SparseTensor(self._indices, op(self._values, name=name), self._dense_shape)

    @classmethod
    def _override_operator(cls, operator: str, function: Callable[..., Any]) -> None:
        if operator not in cls.OVERLOADABLE_OPERATORS:
            raise ValueError(f"Overriding {operator} is disallowed")
        setattr(cls, operator, function)

    def __str__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"

    __repr__ = __str__

    if TYPE_CHECKING:
        # `ops/sparse_overloads.py` defines these.
        def __mul__(self, other: Any) -> SparseTensor: ...
        def __truediv__(self, other: Any) -> SparseTensor: ...


nest.register_composite(
    SparseTensor, lambda x: [x.indices, x.values, x.dense_shape], lambda like, parts: SparseTensor(*parts)
)


def is_sparse(value: Any) -> bool:
    """True for a SparseTensor and for a SparseTensorValue."""
    return isinstance(value, (SparseTensor, SparseTensorValue))


def as_sparse(value: Any) -> SparseTensor:
    """Return `value` as a SparseTensor; TypeError unless it is one or a SparseTensorValue."""
    if isinstance(value, SparseTensor):
        return value
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    site = source.caller(2)
    raise add_notes(
        TypeError("Input must be a SparseTensor."),
        where=site.quote() if site else "",
        inputs=f"got a {type(value).__name__}",
        fix="tf.sparse.from_dense(t) makes one of a tensor, tf.SparseTensor(indices, values, dense_shape) of its parts",
    )


@export("convert_to_tensor_or_sparse_tensor")
def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return sparse tensors as they are, anything else as a tensor.

    Parameters
    ----------
    value : SparseTensor, SparseTensorValue, or anything `tf.convert_to_tensor` takes
    dtype : DType, optional
    name : str, optional

    Raises
    ------
    RuntimeError
        If `value` is sparse and of another type than `dtype`.
    """
    if dtype is not None:
        dtype = as_dtype(dtype)
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if isinstance(value, SparseTensor):
        if dtype is not None and not dtype.is_compatible_with(value.dtype):
            raise RuntimeError(f"Sparse dtype: requested = {dtype.name}, actual = {value.dtype.name}")
        return value
    return convert(value, dtype, name)
