"""`tf.contrib.seq2seq`: what a beam search needs, several hypotheses for each example."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.fill import fill
from flowlab._src.ops.functional import scan
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat
from flowlab._src.ops.padding import tile
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import where
from flowlab._src.ops.sequences import range_
from flowlab._src.util import nest
from flowlab._src.util.export import export


@export("contrib.seq2seq.tile_batch")
def tile_batch(t: Any, multiplier: Any, name: str | None = None) -> Any:
    """Repeat each example of a batch, one copy beside the other: `a, b` becomes `a, a, b, b`.

    Parameters
    ----------
    t : Tensor, shape (batch, ...), or a structure of them
    multiplier : int or scalar Tensor
        Copies of each example.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch * multiplier, ...), or a structure of them

    Raises
    ------
    ValueError
        If a tensor is a scalar or its rank is not known.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.seq2seq.tile_batch([[1, 2], [3, 4]], 2)).tolist()
    [[1, 2], [1, 2], [3, 4], [3, 4]]
    """
    if isinstance(t, list) and not any(isinstance(part, Tensor) for part in nest.flatten(t)):
        t = convert(t)  # rows of numbers are one tensor
    with name_scope(name, "tile_batch", [*nest.flatten(t), multiplier]):
        return nest.map_structure(lambda part: _tile(part, multiplier), t)


def _tile(t: Any, multiplier: Any) -> Tensor:
    t = convert(t, name="t")
    dims = t.shape._dims
    if dims is None:
        raise ValueError("t must have statically known rank")
    if not dims:
        raise ValueError("t must have a batch dimension: its shape is ()")
    sizes = shape_of(t)
    tiled = tile(expand_dims(t, 1), [1, multiplier, *[1] * (len(dims) - 1)])
    tiled = reshape(tiled, concat(([sizes[0] * multiplier], sizes[1:]), 0))
    copies = constant_value(multiplier) if isinstance(multiplier, Tensor) else multiplier
    batch = None if dims[0] is None or copies is None else dims[0] * int(copies)
    tiled.set_shape(TensorShape([batch, *dims[1:]]))
    return tiled


@export("contrib.seq2seq.gather_tree")
def gather_tree(
    step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any, name: str | None = None
) -> Tensor:
    """Read whole hypotheses out of a beam search, from their last token back to the first.

    In each step, a beam notes its token, and which beam of the step before it came from.

    Parameters
    ----------
    step_ids : Tensor, shape (steps, batch, beams), int32
        The token of each beam.
    parent_ids : Tensor, shape (steps, batch, beams), int32
        The beam it came from.
    max_sequence_lengths : vector of int32, shape (batch,)
        Steps of each example; behind them stand end tokens.
    end_token : scalar of int32
        Behind the first one of a hypothesis stand only end tokens.
    name : str, optional

    Returns
    -------
    Tensor, shape (steps, batch, beams), int32

    Examples
    --------
    >>> step_ids = [[[1, 2]], [[3, 4]], [[5, 6]]]
    >>> parent_ids = [[[0, 0]], [[1, 1]], [[1, 0]]]
    >>> hypotheses = tf.contrib.seq2seq.gather_tree(step_ids, parent_ids, [3], end_token=9)
    >>> with tf.Session() as sess:
    ...     sess.run(hypotheses[:, 0, 0])  # beam 0 came from beam 1, as that did
    array([2, 4, 5], dtype=int32)
    """
    with name_scope(name, "GatherTree", [step_ids, parent_ids, max_sequence_lengths, end_token]):
        step_ids = convert(step_ids, dtype=dtypes.int32, name="step_ids")
        parent_ids = convert(parent_ids, dtype=dtypes.int32, name="parent_ids")
        lengths = convert(max_sequence_lengths, dtype=dtypes.int32, name="max_sequence_lengths")
        end_token = convert(end_token, dtype=dtypes.int32, name="end_token")
        for tensor, rank, what in ((step_ids, 3, "step_ids"), (parent_ids, 3, "parent_ids"), (lengths, 1, "lengths")):
            if tensor.shape.ndims not in (None, rank):
                raise ValueError(f"Shape must be rank {rank} but is rank {tensor.shape.ndims}: {what} of gather_tree")
        sizes = shape_of(step_ids)
        steps, batch, beams = sizes[0], sizes[1], sizes[2]
        own = tile(expand_dims(range_(beams), 0), [batch, 1])
        ends = fill([batch, beams], end_token)

        def one_step_back(later: Any, now: Any) -> Any:
            ids, parents, time = now
            # A hypothesis begins at the last step of its example, with its own beam.
            beam = where(lengths - 1 <= time, own, later[1])
            token = where(time < lengths, gather(ids, beam, axis=1, batch_dims=1), ends)
            return token, gather(parents, beam, axis=1, batch_dims=1)

        tokens, _ = scan(one_step_back, (step_ids, parent_ids, range_(steps)), (ends, own), reverse=True)
        ended = cumsum(cast(equal(tokens, end_token), dtypes.int32), axis=0, exclusive=True) > 0
        result = where(ended, fill(sizes, end_token), tokens)
        result.set_shape(step_ids.shape)
        return result
