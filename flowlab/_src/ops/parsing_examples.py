"""`tf.parse_example`: serialized tf.train.Example messages to tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.parsing_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    Plan,
    SparseFeature,
    VarLenFeature,
    check_shapes,
    is_empty,
    merged,
    with_pieces,
)
from flowlab._src.ops.parsing_values import (
    excerpt,
    invalid,
    key_texts,
    message_of,
    padded,
    present,
    scalar_bytes,
    shown,
    sizes,
    sparse_rows,
    values_of,
)
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.slicing import slice_
from flowlab._src.util.export import export

KINDS = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


# ---- what both operations do ---------------------------------------------------------------------------------------


class Reader:
    """Reads the features of a batch of examples. `where` tells an error which example and feature it is about."""

    def __init__(self, serialized: list[bytes], names: list[bytes], single: bool) -> None:
        self.names = [name.decode("utf-8", "replace") for name in names] or ["<unknown>"] * len(serialized)
        self.single = single
        self.features = [
            message_of("Example", data, f"Could not parse example input, value: '{excerpt(data)}'").features.feature
            for data in serialized
        ]

    def where(self, key: str, i: int) -> str:
        """The begin of a message."""
        return f"Key: {key}.  " if self.single else f"Name: {self.names[i]}, Key: {key}, Index: {i}.  "

    def sparse(self, key: str, dtype: DType) -> list[np.ndarray]:
        """The values of a feature in each example."""
        rows = []
        for i, features in enumerate(self.features):
            feature = present(features, key)
            try:
                values = None if feature is None else values_of(feature, dtype)
            except LookupError as found:
                message = (
                    f"{self.where(key, i)}Data types don't match. Expected type: {dtype.runtime_name}, "
                    f"Actual type: {found.args[0]}"
                )
                raise invalid(message) from None
            rows.append(np.zeros(0, dtype.as_numpy_dtype) if values is None else values)
        return rows

    def dense(self, key: str, dtype: DType, shape: TensorShape, default: np.ndarray) -> np.ndarray:
        """The values of a feature in all examples, each of the same shape."""
        dims = sizes(shape)
        count = math.prod(dims)
        rows: list[np.ndarray] = []
        for i in range(len(self.features)):
            values = self.dense_values(key, i, dtype)
            if values is None:
                if not default.size and count:
                    head = "" if self.single else f"Name: {self.names[i]}, "
                    kind = dtype.runtime_name
                    raise invalid(f"{head}Feature: {key} (data type: {kind}) is required but could not be found.")
                values = default.reshape(-1)
            if values.size != count:
                message = (
                    f"{self.where(key, i)}Number of {dtype.runtime_name} values != expected.  "
                    f"Values size: {values.size} but output shape: {shown(shape)}"
                )
                raise invalid(message)
            rows.append(values.reshape(dims))
        return np.stack(rows) if rows else np.zeros((0, *dims), dtype.as_numpy_dtype)

    def pieces(self, key: str, dtype: DType, shape: TensorShape, default: np.ndarray) -> np.ndarray:
        """The values of a feature with any number of pieces, filled up to the longest example."""
        piece = tuple(size or 0 for size in shape.as_list()[1:])
        if default.size != 1:
            raise invalid(f"dense_defaults of feature {key} must be one value to fill up with, not {default.size}")
        rows = []
        for i in range(len(self.features)):
            values = self.dense_values(key, i, dtype)
            if values is None:
                values = np.zeros(0, dtype.as_numpy_dtype)
            if values.size % max(math.prod(piece), 1):
                if self.single:
                    message = (
                        f"Error while parsing feature with key {key}: number of elements should be divisible by "
                        f"{math.prod(piece)}, found {values.size} instead"
                    )
                else:
                    message = (
                        f"{self.where(key, i)}Number of {dtype.runtime_name} values is not a multiple of stride length. "
                        f"Saw {values.size} values but output shape is: {shown(shape)}"
                    )
                raise invalid(message)
            rows.append(values)
        return padded(rows, dtype, piece, default.reshape(-1)[0])

    def dense_values(self, key: str, i: int, dtype: DType) -> np.ndarray | None:
        """The values of a feature in one example, None when it is missing."""
        feature = present(self.features[i], key)
        try:
            return None if feature is None else values_of(feature, dtype)
        except LookupError as found:
            message = (
                f"{self.where(key, i)}Data types don't match. Data type: {found.args[0]} "
                f"but expected type: {dtype.runtime_name}"
            )
            raise invalid(message) from None

    def all(self, sparse: dict[str, DType], dense: list[tuple[str, DType, TensorShape, Any]]) -> list[Any]:
        """The outputs of the operation: places, values, shapes of the sparse features, then the dense ones."""
        triples = [sparse_rows(self.sparse(key, dtype), dtype) for key, dtype in sparse.items()]
        blocks = []
        for key, dtype, shape, default in dense:
            read = self.pieces if shape._dims and shape._dims[0] is None else self.dense
            blocks.append(read(key, dtype, shape, np.asarray(default)))
        return [*(t[0] for t in triples), *(t[1] for t in triples), *(t[2] for t in triples), *blocks]


# ---- a batch -------------------------------------------------------------------------------------------------------


class ParseExample(Op):
    """The features of a batch of examples; the inputs after the first two are keys and defaults."""

    Nsparse: int
    Ndense: int
    sparse_types: list[DType]
    Tdense: list[DType]
    dense_shapes: list[TensorShape]

    def kernel(
        self, serialized: Array[np.object_], names: Array[np.object_], rest: Sequence[Array]
    ) -> tuple[Array, ...]:
        if np.ndim(serialized) != 1:
            raise invalid("Expected serialized to be a vector, got shape: " + shown(TensorShape(np.shape(serialized))))
        if np.size(names) and np.shape(names) != np.shape(serialized):
            given, wanted = (shown(TensorShape(np.shape(x))) for x in (names, serialized))
            message = f"Expected names have the same shape as serialized: name.shape={given}, serialized.shape={wanted}"
            raise invalid(message)
        keys = key_texts(rest[: self.Nsparse + self.Ndense])
        reader = Reader(serialized.tolist(), np.ravel(names).tolist(), single=False)
        sparse = dict(zip(keys, self.sparse_types, strict=False))
        defaults = rest[self.Nsparse + self.Ndense :]
        dense = list(zip(keys[self.Nsparse :], self.Tdense, self.dense_shapes, defaults, strict=True))
        return tuple(reader.all(sparse, dense))

    def dtypes(self, *inputs: Any) -> list[DType]:
        places = [dtypes.int64] * self.Nsparse
        return [*places, *self.sparse_types, *places, *self.Tdense]

    def shape(self, serialized: Spec, names: Spec, rest: Sequence[Spec]) -> list[TensorShape]:
        batch = serialized.ranked(1)
        names.ranked(1)
        check_shapes(self.dense_shapes)
        count = self.Nsparse
        return [
            *[TensorShape.of((None, 2))] * count, *[TensorShape.of((None,))] * count, *[TensorShape.of((2,))] * count,
            *[TensorShape.of(batch).concatenate(shape) for shape in self.dense_shapes],
        ]  # fmt: skip


def as_dict(plan: Plan, outputs: list[Tensor]) -> dict[str, Any]:
    """Features by name, from the outputs of the operation."""
    count = len(plan.sparse)
    parts = zip(outputs[:count], outputs[count : 2 * count], outputs[2 * count : 3 * count], strict=True)
    sparse = [SparseTensor(*triple) for triple in parts]
    return dict(zip([*plan.sparse, *plan.dense], [*sparse, *outputs[3 * count :]], strict=True))


def parse_batch(serialized: Any, names: Any, plan: Plan, name: str | None) -> dict[str, Any]:
    """Add the node that parses a batch."""
    with name_scope(name, "ParseExample", [serialized, names]):
        defaults = plan.default_tensors()
        op = ParseExample(
            Nsparse=len(plan.sparse),
            Ndense=len(plan.dense),
            sparse_types=list(plan.sparse.values()),
            Tdense=list(plan.dense.values()),
            dense_shapes=list(plan.shapes.values()),
        )
        with name_scope(name or op.type) as scope:
            serialized = convert(serialized, dtypes.string, "serialized")
            names = convert([] if names is None else names, dtypes.string, "names")
            keys = [convert(key, dtypes.string, f"sparse_keys_{i}") for i, key in enumerate(plan.sparse)]
            keys += [convert(key, dtypes.string, f"dense_keys_{i}") for i, key in enumerate(plan.dense)]
            outputs = op(serialized, names, [*keys, *defaults], name=scope)
        return as_dict(plan, outputs)


def need_features(features: Any) -> None:
    """ValueError when no feature is asked for, TypeError when the features have no names."""
    if is_empty(features):
        raise misuse(
            ValueError(f"Missing: features was {features}."), fix='{"age": tf.FixedLenFeature([], tf.int64), ...}'
        )


@export("io.parse_example", "parse_example")
def parse_example(serialized: Any, features: Any, name: str | None = None, example_names: Any = None) -> dict[str, Any]:
    """Read the features of a batch of serialized tf.train.Example messages.

    Parameters
    ----------
    serialized : string Tensor, shape (batch,)
    features : dict
        For each name what is expected: FixedLenFeature, VarLenFeature, FixedLenSequenceFeature or SparseFeature.
    name : str, optional
    example_names : string Tensor, shape (batch,), optional
        Names of the examples, for messages.

    Returns
    -------
    dict
        For each name a Tensor of shape (batch, ...), for VarLenFeature and SparseFeature a SparseTensor.

    Raises
    ------
    ValueError
        If something expected makes no sense.
    InvalidArgumentError
        If a string is no Example, a feature without default is missing, or its type or size is another.

    Examples
    --------
    >>> ages = tf.train.Feature(int64_list=tf.train.Int64List(value=[36]))
    >>> example = tf.train.Example(features=tf.train.Features(feature={"age": ages})).SerializeToString()
    >>> parsed = tf.parse_example([example, ""], {"age": tf.FixedLenFeature([], tf.int64, default_value=-1)})
    >>> with tf.Session() as sess:
    ...     sess.run(parsed["age"])
    array([36, -1])
    """
    need_features(features)
    features = with_pieces(features)
    return merged(features, parse_batch(serialized, example_names, Plan(features, KINDS), name))


# ---- one example ---------------------------------------------------------------------------------------------------


class ParseSingleExample(Op):
    """The features of one example."""

    num_sparse: int
    sparse_keys: list[str]
    dense_keys: list[str]
    sparse_types: list[DType]
    Tdense: list[DType]
    dense_shapes: list[TensorShape]

    def kernel(self, serialized: Array[np.object_], dense_defaults: Sequence[Array]) -> tuple[Array, ...]:
        reader = Reader([scalar_bytes(serialized, "serialized")], [], single=True)
        sparse = dict(zip(self.sparse_keys, self.sparse_types, strict=True))
        dense = list(zip(self.dense_keys, self.Tdense, self.dense_shapes, dense_defaults, strict=True))
        outputs = reader.all(sparse, dense)
        count = len(sparse)
        # The axis of the batch, which has one example, goes.
        return (
            *[places[:, 1:] for places in outputs[:count]],
            *outputs[count : 2 * count],
            *[shape[1:] for shape in outputs[2 * count : 3 * count]],
            *[np.asarray(block[0], block.dtype) for block in outputs[3 * count :]],
        )

    def dtypes(self, *inputs: Any) -> list[DType]:
        places = [dtypes.int64] * len(self.sparse_types)
        return [*places, *self.sparse_types, *places, *self.Tdense]

    def shape(self, serialized: Spec, dense_defaults: Sequence[Spec]) -> list[TensorShape]:
        serialized.ranked(0)
        check_shapes(self.dense_shapes)
        count = len(self.sparse_types)
        return [
            *[TensorShape.of((None, 1))] * count, *[TensorShape.of((None,))] * count, *[TensorShape.of((1,))] * count,
            *self.dense_shapes,
        ]  # fmt: skip


def parse_one(serialized: Any, plan: Plan, name: str | None) -> dict[str, Any]:
    """Add the node that parses one example."""
    with name_scope(name, "ParseSingleExample", [serialized]):
        serialized = convert(serialized, dtypes.string, "serialized")
        defaults = plan.default_tensors()
        op = ParseSingleExample(
            num_sparse=len(plan.sparse),
            sparse_keys=list(plan.sparse),
            dense_keys=list(plan.dense),
            sparse_types=list(plan.sparse.values()),
            Tdense=list(plan.dense.values()),
            dense_shapes=list(plan.shapes.values()),
        )
        return as_dict(plan, op(serialized, defaults, name=name))


def parse_named(serialized: Any, example_name: Any, plan: Plan, name: str | None) -> dict[str, Any]:
    """Parse one example that has a name, as a batch of one."""
    with name_scope(name, "ParseSingleExample", [serialized, example_name]):
        batch = []
        for value, what in ((serialized, "serialized"), (example_name, "names")):
            text = convert(value, dtypes.string)
            if text.shape.ndims not in (None, 0):
                raise misuse(ValueError(f"Input {what} must be a scalar"))
            batch.append(expand_dims(text, 0))
        result = parse_batch(batch[0], batch[1], plan, name)
        for key in plan.dense:
            result[key] = squeeze(result[key], [0], name="Squeeze_" + plain_name(key))
        for key in plan.sparse:
            sparse = result[key]
            result[key] = SparseTensor(
                slice_(sparse.indices, [0, 1], [-1, -1], name="Slice_Indices_" + plain_name(key)),
                sparse.values,
                slice_(sparse.dense_shape, [1], [-1], name="Squeeze_Shape_" + plain_name(key)),
            )
        return result


def plain_name(key: str) -> str:
    """The name of a feature with the characters that names of nodes may have."""
    return re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)


@export("io.parse_single_example", "parse_single_example")
def parse_single_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """Read the features of one serialized tf.train.Example message.

    To read a batch at once with `tf.parse_example` is faster.

    Parameters
    ----------
    serialized : string scalar Tensor
    features : dict
        For each name what is expected: FixedLenFeature, VarLenFeature, FixedLenSequenceFeature or SparseFeature.
    name : str, optional
    example_names : string scalar Tensor, optional
        The name of the example, for messages.

    Returns
    -------
    dict
        For each name a Tensor, for VarLenFeature and SparseFeature a SparseTensor, without an axis for a batch.

    Raises
    ------
    ValueError
        If something expected makes no sense.
    InvalidArgumentError
        If the string is no Example, a feature without default is missing, or its type or size is another.

    Examples
    --------
    >>> words = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"to", b"be"]))
    >>> example = tf.train.Example(features=tf.train.Features(feature={"words": words})).SerializeToString()
    >>> parsed = tf.parse_single_example(example, {"words": tf.VarLenFeature(tf.string)})
    >>> with tf.Session() as sess:
    ...     sess.run(parsed["words"]).values.tolist()
    [b'to', b'be']
    """
    if is_empty(features):
        raise misuse(ValueError("Missing features."), fix='{"age": tf.FixedLenFeature([], tf.int64), ...}')
    features = with_pieces(features)
    plan = Plan(features, KINDS)
    if example_names is None:
        return merged(features, parse_one(serialized, plan, name))
    return merged(features, parse_named(serialized, example_names, plan, name))
