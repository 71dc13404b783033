"""`tf.parse_single_sequence_example`: serialized tf.train.SequenceExample messages, a context and lists, to tensors."""

from __future__ import annotations

import math
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
from flowlab._src.ops.parsing_features import FixedLenFeature, FixedLenSequenceFeature, Plan, VarLenFeature, is_empty
from flowlab._src.ops.parsing_values import (
    invalid,
    joined,
    key_texts,
    message_of,
    padded,
    places,
    present,
    scalar_bytes,
    shown,
    sizes,
    sparse_rows,
    values_of,
)
from flowlab._src.util.export import export


class Reader:
    """One SequenceExample and the name that messages give it."""

    def __init__(self, data: bytes, name: str) -> None:
        message = message_of("SequenceExample", data, f"Invalid protocol message input, example id: {name}")
        self.context = message.context.feature
        self.lists = message.feature_lists.feature_list
        self.name = name

    def mismatch(self, what: str, dtype: DType) -> Exception:
        """The error for values of another type."""
        return invalid(f"Name: {self.name}, {what}.  Data types don't match. Expected type: {dtype.runtime_name}")

    def context_values(self, key: str, dtype: DType) -> np.ndarray | None:
        """The values of a feature of the context, None when it is missing."""
        feature = present(self.context, key)
        try:
            return None if feature is None else values_of(feature, dtype)
        except LookupError:
            raise self.mismatch(f"Context feature: {key}", dtype) from None

    def sparse_context(self, key: str, dtype: DType) -> np.ndarray:
        """The values of a feature of the context, however many."""
        values = self.context_values(key, dtype)
        return np.zeros(0, dtype.as_numpy_dtype) if values is None else values

    def dense_context(self, key: str, dtype: DType, shape: TensorShape, default: np.ndarray) -> np.ndarray:
        """The values of a feature of the context in the shape expected."""
        count = math.prod(sizes(shape))
        values = self.context_values(key, dtype)
        if values is None:
            if not default.size and count:
                raise invalid(f"Name: {self.name}, Context feature '{key}' is required but could not be found.")
            if default.size != count:
                given = shown(TensorShape(default.shape))
                raise invalid(f"the default of context feature {key} has the shape {given}, not {shown(shape)}")
            values = default
        return self.shaped(key, 0, values, dtype, shape)

    def shaped(self, key: str, index: int, values: np.ndarray, dtype: DType, shape: TensorShape) -> np.ndarray:
        """The values in the shape expected."""
        dims = sizes(shape)
        if values.size != math.prod(dims):
            message = (
                f"Name: {self.name}, Key: {key}, Index: {index}.  Number of {dtype.runtime_name} values != expected.  "
                f"values size: {values.size} but output shape: {shown(shape)}"
            )
            raise invalid(message)
        return values.reshape(dims)

    def steps(self, key: str, dtype: DType, may_lack: bool) -> list[np.ndarray | None]:
        """The values of each step of a list; None where a step has none."""
        steps = present(self.lists, key)
        if steps is None:
            if may_lack:
                return []
            message = (
                f"Name: {self.name}, Feature list '{key}' is required but could not be found.  Did you mean to include "
                "it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
            )
            raise invalid(message)
        result = []
        for i, step in enumerate(steps.feature):
            try:
                result.append(values_of(step, dtype))
            except LookupError:
                raise self.mismatch(f"Feature list: {key}, Index: {i}", dtype) from None
        return result

    def sparse_steps(self, key: str, dtype: DType) -> list[np.ndarray]:
        """The values of each step of a list, however many."""
        nothing = np.zeros(0, dtype.as_numpy_dtype)
        return [nothing if step is None else step for step in self.steps(key, dtype, may_lack=True)]

    def dense_steps(self, key: str, dtype: DType, shape: TensorShape, may_lack: bool) -> np.ndarray:
        """The values of each step of a list, each in the shape expected."""
        rows = []
        for i, values in enumerate(self.steps(key, dtype, may_lack)):
            if values is None:
                raise self.mismatch(f"Feature list: {key}, Index: {i}", dtype)
            rows.append(self.shaped(key, i, values, dtype, shape))
        return np.stack(rows) if rows else np.zeros((0, *sizes(shape)), dtype.as_numpy_dtype)


def in_order(triples: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """All places, then all values, then all shapes."""
    return [triple[part] for part in range(3) for triple in triples]


def several(kind: TensorShape, count: int) -> list[TensorShape]:
    """The same shape for several outputs."""
    return [kind] * count


def vector(size: int | None) -> TensorShape:
    """The shape of a vector."""
    return TensorShape.of((size,))


# ---- one sequence --------------------------------------------------------------------------------------------------


class ParseSingleSequenceExample(Op):
    """The context and the lists of one SequenceExample; `rest` holds keys and defaults."""

    Ncontext_sparse: int
    Ncontext_dense: int
    Nfeature_list_sparse: int
    Nfeature_list_dense: int
    context_sparse_types: list[DType]
    Tcontext_dense: list[DType]
    feature_list_dense_types: list[DType]
    context_dense_shapes: list[TensorShape]
    feature_list_sparse_types: list[DType]
    feature_list_dense_shapes: list[TensorShape]

    def kernel(
        self,
        serialized: Array[np.object_],
        feature_list_dense_missing_assumed_empty: Array[np.object_],
        rest: Sequence[Array],
        debug_name: Array[np.object_],
    ) -> tuple[Array, ...]:
        counts = (self.Ncontext_sparse, self.Ncontext_dense, self.Nfeature_list_sparse, self.Nfeature_list_dense)
        keys = iter(key_texts(rest[: sum(counts)]))
        context_sparse, context_dense, list_sparse, list_dense = ([next(keys) for _ in range(n)] for n in counts)
        defaults = rest[sum(counts) :]
        name = scalar_bytes(debug_name, "debug_name").decode("utf-8", "replace")
        example = Reader(scalar_bytes(serialized, "serialized"), name)
        may_lack = key_texts(list(feature_list_dense_missing_assumed_empty))
        context = []
        for key, dtype in zip(context_sparse, self.context_sparse_types, strict=True):
            indices, values, size = sparse_rows([example.sparse_context(key, dtype)], dtype)
            context.append((indices[:, 1:], values, size[1:]))
        lists = [
            sparse_rows(example.sparse_steps(key, dtype), dtype)
            for key, dtype in zip(list_sparse, self.feature_list_sparse_types, strict=True)
        ]
        dense = zip(context_dense, self.Tcontext_dense, self.context_dense_shapes, defaults, strict=True)
        steps = zip(list_dense, self.feature_list_dense_types, self.feature_list_dense_shapes, strict=True)
        return (
            *in_order(context),
            *[example.dense_context(key, dtype, shape, np.asarray(value)) for key, dtype, shape, value in dense],
            *in_order(lists),
            *[example.dense_steps(key, dtype, shape, key in may_lack) for key, dtype, shape in steps],
        )

    def dtypes(self, *inputs: Any) -> list[DType]:
        context, lists = ([dtypes.int64] * n for n in (self.Ncontext_sparse, self.Nfeature_list_sparse))
        return [
            *context, *self.context_sparse_types, *context, *self.Tcontext_dense,
            *lists, *self.feature_list_sparse_types, *lists, *self.feature_list_dense_types,
        ]  # fmt: skip

    def shape(self, serialized: Spec, missing: Spec, rest: Sequence[Spec], debug_name: Spec) -> list[TensorShape]:
        serialized.ranked(0)
        missing.ranked(1)
        context, lists = self.Ncontext_sparse, self.Nfeature_list_sparse
        return [
            *several(TensorShape.of((None, 1)), context), *several(vector(None), context), *several(vector(1), context),
            *self.context_dense_shapes,
            *several(TensorShape.of((None, 2)), lists), *several(vector(None), lists), *several(vector(2), lists),
            *[vector(None).concatenate(shape) for shape in self.feature_list_dense_shapes],
        ]  # fmt: skip


# ---- a batch of sequences ------------------------------------------------------------------------------------------


class ParseSequenceExample(Op):
    """The contexts and the lists of a batch of SequenceExamples, lists filled up to the longest."""

    feature_list_dense_missing_assumed_empty: list[str]
    context_sparse_keys: list[str]
    context_dense_keys: list[str]
    feature_list_sparse_keys: list[str]
    feature_list_dense_keys: list[str]
    Ncontext_sparse: int
    Ncontext_dense: int
    Nfeature_list_sparse: int
    Nfeature_list_dense: int
    context_sparse_types: list[DType]
    Tcontext_dense: list[DType]
    feature_list_dense_types: list[DType]
    context_dense_shapes: list[TensorShape]
    feature_list_sparse_types: list[DType]
    feature_list_dense_shapes: list[TensorShape]

    def kernel(
        self, serialized: Array[np.object_], debug_name: Array[np.object_], context_dense_defaults: Sequence[Array]
    ) -> tuple[Array, ...]:
        if np.ndim(serialized) != 1:
            raise invalid("Expected serialized to be a vector, got shape: " + shown(TensorShape(np.shape(serialized))))
        names = [name.decode("utf-8", "replace") for name in np.ravel(debug_name).tolist()]
        if names and len(names) != len(serialized):
            raise invalid(f"Expected len(debug_name) == len(serialized), got {len(names)} and {len(serialized)}")
        names = names or ["<unknown>"] * len(serialized)
        examples = [Reader(data, name) for data, name in zip(serialized.tolist(), names, strict=True)]
        sparse = zip(self.context_sparse_keys, self.context_sparse_types, strict=True)
        context = [sparse_rows([e.sparse_context(key, dtype) for e in examples], dtype) for key, dtype in sparse]
        dense = zip(
            self.context_dense_keys, self.Tcontext_dense, self.context_dense_shapes, context_dense_defaults, strict=True
        )
        blocks = [self.context_block(examples, *each) for each in dense]
        lists = [
            steps_as_sparse([e.sparse_steps(key, dtype) for e in examples], dtype)
            for key, dtype in zip(self.feature_list_sparse_keys, self.feature_list_sparse_types, strict=True)
        ]
        padded_lists, lengths = [], []
        for key, dtype, shape in zip(
            self.feature_list_dense_keys, self.feature_list_dense_types, self.feature_list_dense_shapes, strict=True
        ):
            may_lack = key in self.feature_list_dense_missing_assumed_empty
            rows = [e.dense_steps(key, dtype, shape, may_lack) for e in examples]
            filler = b"" if dtype is dtypes.string else 0
            padded_lists.append(padded([row.reshape(-1) for row in rows], dtype, sizes(shape), filler))
            lengths.append(np.array([len(row) for row in rows], np.int64))
        return (*in_order(context), *blocks, *in_order(lists), *padded_lists, *lengths)

    def context_block(
        self, examples: list[Reader], key: str, dtype: DType, shape: TensorShape, default: np.ndarray
    ) -> np.ndarray:
        """A dense feature of the contexts."""
        rows = [e.dense_context(key, dtype, shape, np.asarray(default)) for e in examples]
        return np.stack(rows) if rows else np.zeros((0, *sizes(shape)), dtype.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> list[DType]:
        context, lists = ([dtypes.int64] * n for n in (self.Ncontext_sparse, self.Nfeature_list_sparse))
        return [
            *context, *self.context_sparse_types, *context, *self.Tcontext_dense,
            *lists, *self.feature_list_sparse_types, *lists, *self.feature_list_dense_types,
            *[dtypes.int64] * self.Nfeature_list_dense,
        ]  # fmt: skip

    def shape(self, serialized: Spec, debug_name: Spec, context_dense_defaults: Sequence[Spec]) -> list[TensorShape]:
        batch = TensorShape.of(serialized.ranked(1))
        context, lists = self.Ncontext_sparse, self.Nfeature_list_sparse
        return [
            *several(TensorShape.of((None, 2)), context), *several(vector(None), context), *several(vector(2), context),
            *[batch.concatenate(shape) for shape in self.context_dense_shapes],
            *several(TensorShape.of((None, 3)), lists), *several(vector(None), lists), *several(vector(3), lists),
            *[batch.concatenate([None]).concatenate(shape) for shape in self.feature_list_dense_shapes],
            *several(batch, self.Nfeature_list_dense),
        ]  # fmt: skip


def steps_as_sparse(batch: list[list[np.ndarray]], dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sparse tensor (example, step, number) with these values."""
    steps = [step for example in batch for step in example]
    which, most_steps = places([len(example) for example in batch])
    inner, longest = places([len(step) for step in steps])
    indices = np.concatenate([which[inner[:, 0]], inner[:, 1:]], axis=1)
    return indices, joined(steps, dtype), np.array([len(batch), most_steps, longest], np.int64)


# ---- public functions ----------------------------------------------------------------------------------------------


def plans(context_features: Any, sequence_features: Any) -> tuple[Plan, Plan]:
    """What is expected of the context and of the lists; ValueError when nothing is."""
    if is_empty(context_features) and is_empty(sequence_features):
        raise misuse(ValueError("Missing features."), fix='sequence_features={"words": tf.VarLenFeature(tf.string)}')
    context = Plan(context_features, (VarLenFeature, FixedLenFeature))
    lists = Plan(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    for key, value in lists.defaults.items():
        if value is not None:
            raise misuse(ValueError(f"Value feature_list_dense_defaults[{key}] must be None"))
    for key, shape in [*context.shapes.items(), *lists.shapes.items()]:
        if not shape.is_fully_defined():
            message = f"All dimensions of shape for feature {key} need to be known but received {shape}."
            raise misuse(ValueError(message))
    return context, lists


def numbers(context: Plan, lists: Plan) -> dict[str, Any]:
    """The attributes that both operations have."""
    return {
        "Ncontext_sparse": len(context.sparse),
        "Ncontext_dense": len(context.dense),
        "Nfeature_list_sparse": len(lists.sparse),
        "Nfeature_list_dense": len(lists.dense),
        "context_sparse_types": list(context.sparse.values()),
        "Tcontext_dense": list(context.dense.values()),
        "feature_list_dense_types": list(lists.dense.values()),
        "context_dense_shapes": list(context.shapes.values()),
        "feature_list_sparse_types": list(lists.sparse.values()),
        "feature_list_dense_shapes": list(lists.shapes.values()),
    }


def by_name(plan: Plan, outputs: list[Tensor]) -> tuple[dict[str, Any], list[Tensor]]:
    """Features by name from the first of the outputs, and the outputs that are left."""
    count, dense = len(plan.sparse), len(plan.dense)
    parts = zip(outputs[:count], outputs[count : 2 * count], outputs[2 * count : 3 * count], strict=True)
    result: dict[str, Any] = {key: SparseTensor(*part) for key, part in zip(plan.sparse, parts, strict=True)}
    result.update(zip(plan.dense, outputs[3 * count : 3 * count + dense], strict=True))
    return result, outputs[3 * count + dense :]


@export("io.parse_single_sequence_example", "parse_single_sequence_example")
def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one serialized tf.train.SequenceExample: features of the whole, and lists of features, one for each step.

    Parameters
    ----------
    serialized : string scalar Tensor
    context_features : dict, optional
        What is expected of the whole: FixedLenFeature and VarLenFeature by name.
    sequence_features : dict, optional
        What is expected of the steps: FixedLenSequenceFeature and VarLenFeature by name.
    example_name : string scalar Tensor, optional
        For messages.
    name : str, optional

    Returns
    -------
    (dict, dict)
        Context and lists by name. A FixedLenSequenceFeature gives a Tensor of shape (steps, ...), a VarLenFeature of
        the lists a SparseTensor (step, number).

    Raises
    ------
    ValueError
        If nothing is expected, or something that makes no sense.
    InvalidArgumentError
        If the string is no SequenceExample, something required is missing, or of another type or size.

    Examples
    --------
    >>> example = tf.train.SequenceExample()
    >>> for word in (7, 8, 9):
    ...     example.feature_lists.feature_list["words"].feature.add().int64_list.value.append(word)
    >>> _, lists = tf.parse_single_sequence_example(
    ...     example.SerializeToString(), sequence_features={"words": tf.FixedLenSequenceFeature([], tf.int64)}
    ... )
    >>> with tf.Session() as sess:
    ...     sess.run(lists["words"])
    array([7, 8, 9])
    """
    context, lists = plans(context_features, sequence_features)
    with name_scope(name, "ParseSingleSequenceExample", [serialized]):
        defaults = context.default_tensors()
        op = ParseSingleSequenceExample(**numbers(context, lists))
        groups = {
            "context_sparse_keys": context.sparse, "context_dense_keys": context.dense,
            "feature_list_sparse_keys": lists.sparse, "feature_list_dense_keys": lists.dense,
        }  # fmt: skip
        with name_scope(name or op.type) as scope:
            serialized = convert(serialized, dtypes.string, "serialized")
            missing = convert(list(lists.defaults), dtypes.string, "feature_list_dense_missing_assumed_empty")
            keys = [
                convert(key, dtypes.string, f"{group}_{i}")
                for group, plan in groups.items()
                for i, key in enumerate(plan)
            ]
            debug_name = convert("" if example_name is None else example_name, dtypes.string, "debug_name")
            outputs = op(serialized, missing, [*keys, *defaults], debug_name, name=scope)
        context_tensors, outputs = by_name(context, outputs)
        return context_tensors, by_name(lists, outputs)[0]


@export("io.parse_sequence_example")
def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Read a batch of serialized tf.train.SequenceExample messages.

    Parameters
    ----------
    serialized : string Tensor, shape (batch,)
    context_features : dict, optional
        What is expected of the whole: FixedLenFeature and VarLenFeature by name.
    sequence_features : dict, optional
        What is expected of the steps: FixedLenSequenceFeature and VarLenFeature by name.
    example_names : string Tensor, shape (batch,), optional
        For messages.
    name : str, optional

    Returns
    -------
    (dict, dict, dict)
        Contexts and lists by name, and the lengths of the lists of FixedLenSequenceFeature. These give Tensors of
        shape (batch, steps, ...), filled up with 0 or "" to the longest; a VarLenFeature of the lists gives a
        SparseTensor (example, step, number).

    Raises
    ------
    ValueError
        If nothing is expected, or something that makes no sense.
    InvalidArgumentError
        If a string is no SequenceExample, something required is missing, or of another type or size.

    Examples
    --------
    >>> texts = []
    >>> for words in ([7, 8, 9], [5]):
    ...     example = tf.train.SequenceExample()
    ...     for word in words:
    ...         example.feature_lists.feature_list["words"].feature.add().int64_list.value.append(word)
    ...     texts.append(example.SerializeToString())
    >>> _, lists, lengths = tf.io.parse_sequence_example(
    ...     texts, sequence_features={"words": tf.FixedLenSequenceFeature([], tf.int64)}
    ... )
    >>> with tf.Session() as sess:
    ...     print(*sess.run([lists["words"], lengths["words"]]))
    [[7 8 9]
     [5 0 0]] [3 1]
    """
    context, lists = plans(context_features, sequence_features)
    with name_scope(name, "ParseSequenceExample", [serialized]):
        defaults = context.default_tensors(reshape_to_shape=False)
        op = ParseSequenceExample(
            feature_list_dense_missing_assumed_empty=list(lists.defaults),
            context_sparse_keys=list(context.sparse),
            context_dense_keys=list(context.dense),
            feature_list_sparse_keys=list(lists.sparse),
            feature_list_dense_keys=list(lists.dense),
            **numbers(context, lists),
        )
        names: Any = [] if example_names is None else example_names
        outputs = op(serialized, names, defaults, name=name)
        context_tensors, outputs = by_name(context, outputs)
        list_tensors, lengths = by_name(lists, outputs)
        return context_tensors, list_tensors, dict(zip(lists.dense, lengths, strict=True))
