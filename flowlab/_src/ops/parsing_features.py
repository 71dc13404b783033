"""What is expected of the features of an example: `tf.FixedLenFeature`, `tf.VarLenFeature` and their kin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.shape import TensorShape, as_shape, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.constant import constant
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.sparse_dense import sparse_merge
from flowlab._src.util.export import export

FEATURE_TYPES = (dtypes.float32, dtypes.int64, dtypes.string)


@export("io.FixedLenFeature", "FixedLenFeature")
class FixedLenFeature(NamedTuple):
    """A feature with as many values in every example: a dense tensor.

    Parameters
    ----------
    shape : list of int
        The shape of the values of one example; [] for a single number.
    dtype : {tf.float32, tf.int64, tf.string}
    default_value : optional
        For examples without the feature. Without a default they are an error.

    Examples
    --------
    >>> tf.FixedLenFeature([], tf.int64, default_value=-1)
    FixedLenFeature(shape=[], dtype=tf.int64, default_value=-1)
    """

    shape: Any
    dtype: Any
    default_value: Any = None


@export("io.VarLenFeature", "VarLenFeature")
class VarLenFeature(NamedTuple):
    """A feature with any number of values: a sparse tensor.

    Parameters
    ----------
    dtype : {tf.float32, tf.int64, tf.string}

    Examples
    --------
    >>> tf.VarLenFeature(tf.string)
    VarLenFeature(dtype=tf.string)
    """

    dtype: Any


@export("io.FixedLenSequenceFeature", "FixedLenSequenceFeature")
class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of equal pieces: a dense tensor, filled up to the longest example.

    Parameters
    ----------
    shape : list of int
        The shape of one piece.
    dtype : {tf.float32, tf.int64, tf.string}
    allow_missing : bool
        Take an example without the feature for one with no piece. `parse_example` wants True.
    default_value : optional
        What to fill up with; 0 or "" by default.

    Examples
    --------
    >>> tf.FixedLenSequenceFeature([2], tf.float32, allow_missing=True).allow_missing
    True
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


@export("io.SparseFeature", "SparseFeature")
class SparseFeature(NamedTuple):
    """A sparse tensor of which an example holds the places under one key and the values under another.

    Parameters
    ----------
    index_key : str or list of str
        The features with the places, one for each axis.
    value_key : str
        The feature with the values.
    dtype : {tf.float32, tf.int64, tf.string}
    size : int or list of int
        Size of each axis.
    already_sorted : bool
        Whether the places are in order.

    Examples
    --------
    >>> tf.SparseFeature("place", "weight", tf.float32, size=100).size
    100
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


def is_empty(features: Any) -> bool:
    """True when no feature is asked for; TypeError unless features are given by name."""
    if features is None or isinstance(features, Mapping):
        return not features
    if isinstance(features, (list, tuple)) and not features:
        return True
    raise misuse(
        TypeError(f"features must be a dict of features, not {features!r}"),
        fix='{"age": tf.FixedLenFeature([], tf.int64), ...}',
    )


class Plan:
    """Features sorted into sparse and dense ones, in the order of their names."""

    def __init__(self, features: Any, kinds: tuple[type, ...]) -> None:
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, DType] = {}
        self.shapes: dict[str, TensorShape] = {}  # of dense features
        self.defaults: dict[str, Any] = {}
        for key in [] if is_empty(features) else sorted(features, key=str):
            if not isinstance(key, str):
                raise misuse(TypeError(f"The names of features are strings, not {key!r}."))
            feature = features[key]
            known = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)
            if not isinstance(feature, known):
                raise misuse(ValueError(f"Invalid feature {key}:{feature}."), fix="use tf.FixedLenFeature or its kin")
            if not isinstance(feature, kinds):
                names = " or ".join(kind.__name__ for kind in kinds)
                raise misuse(ValueError(f"Unsupported {type(feature).__name__} {feature}."), fix=f"use {names} here")
            if not feature.dtype:
                raise misuse(ValueError(f"Missing type for feature {key}."))
            if isinstance(feature, VarLenFeature):
                self.add_sparse(key, feature_type(feature.dtype, "sparse_types"))
            elif isinstance(feature, SparseFeature):
                self.add_parts(feature)
            else:
                self.add_dense(key, feature)
        both = self.sparse.keys() & self.dense.keys()
        if both:
            raise misuse(ValueError(f"Dense and sparse keys must not intersect; intersection: {both}"))

    def add_sparse(self, key: str, dtype: DType) -> None:
        """Note a sparse feature, which several may share."""
        known = self.sparse.setdefault(key, dtype)
        if known is not dtype:
            raise misuse(ValueError(f"Conflicting type {known} vs {dtype} for feature {key}."))

    def add_parts(self, feature: SparseFeature) -> None:
        """Note the features from which a sparse tensor is put together."""
        for name in ("index_key", "value_key"):
            if not getattr(feature, name):
                raise misuse(ValueError(f"Missing {name} for SparseFeature {feature}."))
        for key in sorted(index_keys(feature)):
            self.add_sparse(key, dtypes.int64)
        self.add_sparse(feature.value_key, feature_type(feature.dtype, "sparse_types"))

    def add_dense(self, key: str, feature: Any) -> None:
        """Note a dense feature."""
        if feature.shape is None:
            raise misuse(ValueError(f"Missing shape for feature {key}."), fix="[] is the shape of a single number")
        shape = as_shape(feature.shape)
        dims = shape._dims
        if isinstance(feature, FixedLenFeature):
            if dims and dims[0] is None:
                raise misuse(
                    ValueError(
                        f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature."
                    )
                )
            if not shape.is_fully_defined():
                message = f"All dimensions of shape for feature {key} need to be known but received {feature.shape}."
                raise misuse(ValueError(message))
        elif feature.allow_missing:
            self.defaults[key] = None
        if feature.default_value is not None:
            self.defaults[key] = feature.default_value
        self.dense[key] = feature_type(feature.dtype, "dense_defaults")
        self.shapes[key] = shape

    def default_tensors(self, reshape_to_shape: bool = True) -> list[Tensor]:
        """The default of each dense feature as a tensor, an empty one where there is none."""
        result = []
        for key, dtype in self.dense.items():
            value, shape = self.defaults.get(key), self.shapes[key]
            dims = shape._dims
            word = re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)
            if dims and dims[0] is None:  # what to fill up with
                if value is None:
                    tensor = constant("" if dtype is dtypes.string else 0, dtype)
                else:
                    tensor = reshape(convert(value, dtype, f"padding_{word}"), [])
            elif value is None:
                tensor = constant(np.array([], dtype.as_numpy_dtype), dtype)
            elif isinstance(value, Tensor):
                tensor = value
            else:
                tensor = convert(value, dtype, f"key_{word}")
                if reshape_to_shape:
                    tensor = reshape(tensor, shape)
            result.append(tensor)
        return result


def feature_type(dtype: Any, name: str) -> DType:
    """The type of a feature; TypeError unless examples can hold it."""
    found = as_dtype(dtype)
    if found not in FEATURE_TYPES:
        message = f"Value passed to parameter '{name}' has DataType {found.name} not in list of allowed values: float32, int64, string"
        raise misuse(TypeError(message), fix="read tf.int64 or tf.float32 and tf.cast what you get")
    return found


def index_keys(feature: SparseFeature) -> list[str]:
    """The keys of the places."""
    return [feature.index_key] if isinstance(feature.index_key, str) else list(feature.index_key)


def with_pieces(features: Any) -> Any:
    """The features, with the axis that counts pieces in the shapes of sequences."""
    result = {}
    for key, feature in features.items():
        if isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing:
                message = "Unsupported: FixedLenSequenceFeature requires allow_missing to be True."
                raise misuse(ValueError(message), fix="allow_missing=True")
            if feature.shape is None:
                raise misuse(ValueError(f"Missing shape for feature {key}."), fix="[] for pieces of a single number")
            feature = feature._replace(shape=[None, *as_shape(feature.shape).as_list()])
        result[key] = feature
    return result


def merged(features: Any, tensors: dict[str, Any]) -> dict[str, Any]:
    """The tensors of all features, sparse ones put together of their parts."""
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            places: Any = [tensors[k] for k in index_keys(feature)]
            if isinstance(feature.index_key, str):
                places = places[0]
            values = tensors[feature.value_key]
            tensors[key] = sparse_merge(places, values, feature.size, already_sorted=feature.already_sorted)
    return {key: tensor for key, tensor in tensors.items() if key in features}


def check_shapes(shapes: Any) -> None:
    """ShapeError unless the shapes of dense features are known, up to the number of pieces."""
    for i, shape in enumerate(shapes):
        dims = shape._dims
        if dims is None or None in dims[1:]:
            raise ShapeError(f"dense_shapes[{i}] has unknown rank or unknown inner dimensions: {format_dims(dims)}")
