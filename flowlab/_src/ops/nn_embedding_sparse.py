"""Embeddings of several words at once: the rows of a table for each list of words, summed or averaged."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import unknown_shape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import greater, greater_equal, logical_and
from flowlab._src.ops.division import div
from flowlab._src.ops.fill import fill, ones_like, zeros_like
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.nn_embedding import embedding_lookup
from flowlab._src.ops.padding import tile
from flowlab._src.ops.reduce import reduce_prod
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.segments import segment_sum
from flowlab._src.ops.selecting import where
from flowlab._src.ops.slicing import slice_
from flowlab._src.ops.sparse_order import sparse_reshape
from flowlab._src.ops.sparse_parts import sparse_fill_empty_rows, sparse_retain
from flowlab._src.ops.sparse_segments import sparse_segment_mean, sparse_segment_sqrt_n, sparse_segment_sum
from flowlab._src.ops.unique import unique
from flowlab._src.util.export import export

_REDUCED = {"sum": sparse_segment_sum, "mean": sparse_segment_mean, "sqrtn": sparse_segment_sqrt_n}


def _parts_of(params: Any) -> list[Any]:
    """The parts of a table that may have been cut."""
    if isinstance(params, list):
        return params
    return list(params) if type(params).__name__ == "PartitionedVariable" else [params]


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: float | None = None,
) -> Tensor:
    """Look rows up in a table for lists of words, and combine those of each list.

    Parameters
    ----------
    params : Tensor or Variable, shape (rows, ...), or a list of them
        A list is one table that was cut into parts.
    sp_ids : SparseTensor of int32 or int64, shape (batch, most words)
        The rows of each list; no list may be empty.
    sp_weights : SparseTensor, floating, or None
        A weight for each of the words, at the same places; None: all the same.
    partition_strategy : {"mod", "div"}
        How a table was cut, see `tf.nn.embedding_lookup`.
    name : str, optional
    combiner : {"mean", "sqrtn", "sum"}, optional
        "mean", the default: the sum divided by the sum of the weights. "sqrtn": divided by the root of the sum of their
        squares.
    max_norm : float, optional
        Rows longer than this are scaled down to it.

    Returns
    -------
    Tensor, shape (batch, ...)

    Raises
    ------
    TypeError
        If the ids or the weights are not sparse.
    ValueError
        If the combiner is unknown.

    Examples
    --------
    >>> table = tf.constant([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([0, 2, 1], tf.int64), [2, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.embedding_lookup_sparse(table, ids, None, combiner="sum"))
    array([[4., 6.],
           [2., 3.]], dtype=float32)
    """
    combiner = "mean" if combiner is None else combiner
    if not isinstance(combiner, str) or combiner not in _REDUCED:
        raise misuse(ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'"), inputs=f"combiner = {combiner!r}")
    params = _parts_of(params)
    if not isinstance(sp_ids, SparseTensor):
        raise misuse(TypeError("sp_ids must be SparseTensor"), fix="tf.nn.embedding_lookup takes tensors")
    if sp_weights is not None:
        if not isinstance(sp_weights, SparseTensor):
            raise misuse(TypeError("sp_weights must be either None or SparseTensor"))
        _check_alike(sp_ids, sp_weights)
    with name_scope(name, "embedding_lookup_sparse", [*params, sp_ids]) as name:
        segment_ids = sp_ids.indices[:, 0]
        if segment_ids.dtype.base_dtype is not dtypes.int32:
            segment_ids = cast(segment_ids, dtypes.int32)
        ids, places = unique(sp_ids.values)
        rows = embedding_lookup(params, ids, partition_strategy=partition_strategy, max_norm=max_norm)
        if rows.dtype.base_dtype is dtypes.float16:
            rows = cast(rows, dtypes.float32)
        if sp_weights is None:
            return _REDUCED[combiner](rows, places, segment_ids, name=name)
        return _weighted(rows, places, segment_ids, sp_weights.values, combiner, name)


def _check_alike(sp_ids: SparseTensor, sp_weights: SparseTensor) -> None:
    """ValueError when the parts of ids and weights have different shapes."""
    for part in ("values", "indices", "dense_shape"):
        one, other = getattr(sp_ids, part).shape, getattr(sp_weights, part).shape
        if not one.is_compatible_with(other):
            raise misuse(ValueError(f"Shapes {one} and {other} are incompatible"), fix="a weight for each id")


def _weighted(rows: Tensor, places: Tensor, segment_ids: Tensor, weights: Tensor, combiner: str, name: str) -> Tensor:
    """The rows of each list times their weights, combined."""
    if weights.dtype.base_dtype is not rows.dtype.base_dtype:
        weights = cast(weights, rows.dtype.base_dtype)
    rows = gather(rows, places)
    # The weights get axes of size 1, so that each is stretched over its row.
    ones = fill(expand_dims(rank(rows) - 1, 0), 1)
    stretched = concat([shape_of(weights), ones], 0)
    own = weights.shape
    weights = reshape(weights, stretched)
    if rows.shape.ndims is not None:
        weights.set_shape(own.concatenate([1] * (rows.shape.ndims - 1)))
    rows = rows * weights
    if combiner == "sum":
        return segment_sum(rows, segment_ids, name=name)
    total = segment_sum(rows, segment_ids)
    if combiner == "mean":
        return div(total, segment_sum(weights, segment_ids), name=name)
    return div(total, raw.Sqrt(segment_sum(raw.Pow(weights, 2), segment_ids)), name=name)


@export("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: float | None = None,
) -> Tensor:
    """Look rows up for lists of words, as `tf.nn.embedding_lookup_sparse`, whatever the lists hold.

    Negative ids and weights that are not positive are left out. A list without a word gives the row `default_id`, or
    zeros.

    Parameters
    ----------
    embedding_weights : Tensor or Variable, shape (rows, ...), or a list of them
    sparse_ids : SparseTensor of int32 or int64, shape (..., most words)
    sparse_weights : SparseTensor, floating, optional
        A weight for each of the words, at the same places.
    combiner : {"mean", "sqrtn", "sum"}
    default_id : int, optional
    name : str, optional
    partition_strategy : {"div", "mod"}
    max_norm : float, optional
        Rows longer than this are scaled down to it.

    Returns
    -------
    Tensor, shape (..., ...)
        The axes of the ids but the last, then those of a row.

    Raises
    ------
    ValueError
        If there is no table.

    Examples
    --------
    >>> table = tf.constant([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], tf.constant([0, 2, -1], tf.int64), [3, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.safe_embedding_lookup_sparse(table, ids))
    array([[2., 3.],
           [0., 0.],
           [0., 0.]], dtype=float32)
    """
    if embedding_weights is None:
        raise misuse(ValueError("Missing embedding_weights None."))
    tables = _parts_of(embedding_weights)
    if not tables:
        raise misuse(ValueError("Missing embedding_weights []."))
    if not isinstance(sparse_ids, SparseTensor):
        raise misuse(TypeError(f"sparse_ids must be SparseTensor, got {type(sparse_ids).__name__}"))
    if sparse_weights is not None and not isinstance(sparse_weights, SparseTensor):
        raise misuse(TypeError("sparse_weights must be either None or SparseTensor"))
    dtype = sparse_weights.dtype if sparse_weights is not None else None
    tables = [w if hasattr(w, "handle") and dtype in (None, w.dtype.base_dtype) else convert(w, dtype) for w in tables]
    with name_scope(name, "embedding_lookup", [*tables, sparse_ids, sparse_weights]) as scope:
        whole = sparse_ids.dense_shape
        known = whole.shape[0].value
        count: Any = size(whole) if known is None else known
        sparse_ids = sparse_reshape(
            sparse_ids, [reduce_prod(slice_(whole, [0], [count - 1])), gather(whole, count - 1)]
        )
        if sparse_weights is not None:
            sparse_weights = SparseTensor(sparse_ids.indices, sparse_weights.values, sparse_ids.dense_shape)
        sparse_ids, sparse_weights = _without_invalid_ids(sparse_ids, sparse_weights)
        if combiner != "sum" and sparse_weights is not None:
            valid = greater(sparse_weights.values, 0)
            sparse_ids, sparse_weights = sparse_retain(sparse_ids, valid), sparse_retain(sparse_weights, valid)
        sparse_ids, empty = sparse_fill_empty_rows(sparse_ids, default_id or 0)
        if sparse_weights is not None:
            sparse_weights, _ = sparse_fill_empty_rows(sparse_weights, 1.0)
        result = embedding_lookup_sparse(
            tables,
            sparse_ids,
            sparse_weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            empty = tile(reshape(empty, [-1, 1]), stack([1, shape_of(result)[1]]))
            result = where(empty, zeros_like(result), result, name=scope)
        outer = slice_(cast(whole, dtypes.int32), [0], [count - 1])
        final = reshape(result, concat([outer, slice_(shape_of(result), [1], [-1])], 0))
        axes = unknown_shape(None if known is None else known - 1)
        final.set_shape(axes.concatenate(result.shape[1:]))
        return final


def _without_invalid_ids(sparse_ids: SparseTensor, sparse_weights: Any) -> tuple[SparseTensor, Any]:
    """Ids and weights without those of negative ids."""
    valid = greater_equal(sparse_ids.values, 0)
    if sparse_weights is None:
        return sparse_retain(sparse_ids, valid), None
    valid = logical_and(valid, ones_like(sparse_weights.values, dtype=dtypes.bool_))
    return sparse_retain(sparse_ids, valid), sparse_retain(sparse_weights, valid)


@export("contrib.layers.safe_embedding_lookup_sparse")
def contrib_safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str | None = None,
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: float | None = None,
) -> Tensor:
    """Look rows up for lists of words; `tf.nn.safe_embedding_lookup_sparse` under its older name."""
    return safe_embedding_lookup_sparse(
        embedding_weights,
        sparse_ids,
        sparse_weights,
        combiner or "mean",
        default_id,
        name,
        partition_strategy,
        max_norm,
    )
