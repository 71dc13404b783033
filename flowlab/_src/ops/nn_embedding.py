"""Embeddings: a table with one row of numbers for each word (or user, or node), trained like any weights."""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.slices import convert_to_tensor_or_indexed_slices
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.clip import clip_by_norm
from flowlab._src.ops.constant import constant
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.util.export import export


@export("nn.embedding_lookup")
def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """Look rows up in a table: one row of `params` for each number in `ids`.

    Parameters
    ----------
    params : Tensor or Variable, shape (rows, ...), or a list of them
        A list is one table that was cut into parts.
    ids : Tensor of int32 or int64, any shape
    partition_strategy : {"mod", "div"}
        How a table was cut. "mod": row i is in part i % parts. "div": the first rows are in the first part.
    validate_indices : bool
        Accepted for compatibility: a row that does not exist is always an error.
    max_norm : float, optional
        Rows longer than this are scaled down to it.

    Returns
    -------
    Tensor, shape of `ids` + the shape of a row

    Raises
    ------
    ValueError
        If there is no part, or the strategy is unknown.
    tf.errors.InvalidArgumentError
        When run with a row number that does not exist.

    Examples
    --------
    >>> table = tf.constant([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.embedding_lookup(table, [2, 0]))
    array([[2. , 2.1],
           [0. , 0.1]], dtype=float32)
    """
    from flowlab._src.ops.gather import gather

    if params is None:
        raise misuse(ValueError("params must be specified"))
    parts = list(params) if isinstance(params, (list, tuple)) or _is_partitioned(params) else [params]
    if not parts:
        raise misuse(ValueError("Need at least one param"))
    with name_scope(name, "embedding_lookup", [*parts, ids]) as name:
        if not any(_is_resource(p) for p in parts):
            parts = [convert_to_tensor_or_indexed_slices(p, name=f"params_{i}") for i, p in enumerate(parts)]
        ids = convert(ids, None, "ids")
        if len(parts) == 1:
            with _near(parts[0]):
                rows = _shortened(gather(parts[0], ids, name=name), ids, max_norm)
            return identity(rows)
        return _from_parts(parts, ids, partition_strategy, name, max_norm)


def _from_parts(parts: list[Any], ids: Tensor, strategy: str, name: str, max_norm: float | None) -> Tensor:
    """Look up each part's rows in that part, and put them together in the order asked for."""
    from flowlab._src.ops.gather import gather

    count = len(parts)
    flat = reshape(ids, [-1])
    order = range_(size(flat))
    for part in parts:
        part.shape.with_rank_at_least(1)
    if as_text(strategy, "partition_strategy") == "mod":
        part, row = flat % count, flat // count
    elif strategy == "div":
        part, row = _by_blocks(parts, flat)
    else:
        raise misuse(ValueError(f"Unrecognized partition strategy: {strategy}"))
    part = cast(part, dtypes.int32)
    rows_of = raw.DynamicPartition(row, part, num_partitions=count)
    places = raw.DynamicPartition(order, part, num_partitions=count)
    found = []
    for p, rows in zip(parts, rows_of, strict=True):
        with _near(p):
            found.append(gather(p, rows))
    result = raw.ParallelDynamicStitch(places, found, name=name)
    row_shape = parts[0].shape[1:]
    for p in parts[1:]:
        row_shape = row_shape.merge_with(p.shape[1:])
    if row_shape.is_fully_defined():
        row_sizes: Any = row_shape
    else:
        with _near(parts[0]):
            row_sizes = shape_of(parts[0])[1:]
    result = reshape(result, concat([shape_of(ids), row_sizes], 0))
    result.set_shape(ids.shape.concatenate(row_shape))
    return _shortened(result, ids, max_norm)


def _by_blocks(parts: list[Any], flat: Tensor) -> tuple[Tensor, Tensor]:
    """Part and row for a table cut into blocks, the first of which may be one row longer."""
    count = len(parts)
    rows = [p.shape[0].value for p in parts]
    if None not in rows:
        total = constant(sum(rows), flat.dtype.base_dtype)
    else:
        total = reduce_sum(
            cast(stack([shape_of(p)[0] if r is None else r for p, r in zip(parts, rows, strict=True)]), flat.dtype)
        )
    each = total // count
    extras = total % count
    part = maximum(flat // (each + 1), (flat - extras) // each)
    row = raw.Select(part < extras, flat % (each + 1), (flat - extras) % each)
    return part, row


def _shortened(rows: Tensor, ids: Tensor, max_norm: float | None) -> Tensor:
    if max_norm is None:
        return rows
    id_rank, row_rank = ids.shape.ndims, rows.shape.ndims
    if id_rank and row_rank:
        axes: Any = list(range(id_rank, row_rank))
    else:
        axes = range_(id_rank or rank(ids), row_rank or rank(rows))
    return clip_by_norm(rows, max_norm, axes=axes)


def _near(part: Any) -> Any:
    return get_default_graph().colocate_with(part.op, ignore_existing=True)


def _is_resource(part: Any) -> bool:
    return getattr(part, "handle", None) is not None


def _is_partitioned(params: Any) -> bool:
    return type(params).__name__ == "PartitionedVariable"
