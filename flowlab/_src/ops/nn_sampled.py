"""Losses for very many classes: the right class is compared with a few random ones instead of with all."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.candidate_sampling import compute_accidental_hits, log_uniform_candidate_sampler
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import ones, ones_like, zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.nn_cross_entropy import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2
from flowlab._src.ops.nn_embedding import embedding_lookup
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.util.export import export


def sum_rows(x: Tensor) -> Tensor:
    """Sum up each row of a matrix: as a product with a column of ones, whose gradient is a product again."""
    columns = shape_of(x)[1]
    column = ones(stack([columns, 1]), x.dtype)
    return reshape(matmul(x, column), [-1])


def sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    partition_strategy: str,
    name: str | None,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits of the true classes, then of the sampled ones, and the labels that go with them.

    From each logit the logarithm of how often its class is expected among the samples is taken away: frequent classes
    are drawn more often, and must not be pushed down more for that.

    Returns
    -------
    logits, labels : Tensor, shape (batch, num_true + num_sampled)
    """
    if type(weights).__name__ == "PartitionedVariable":
        weights = list(weights)
    if not isinstance(weights, list):
        weights = [weights]
    with name_scope(name, "compute_sampled_logits", [*weights, biases, inputs, labels]):
        labels, inputs = convert(labels, None, "labels"), convert(inputs, None, "inputs")
        if labels.dtype != dtypes.int64:
            labels = cast(labels, dtypes.int64)
        flat = reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(
                labels, num_true, num_sampled, unique=True, range_max=num_classes, seed=seed
            )
        sampled_values = as_list(sampled_values, "sampled_values")
        if len(sampled_values) != 3:
            raise misuse(
                ValueError(f"sampled_values must be (sampled, true_expected, sampled_expected), got {sampled_values}")
            )
        sampled, true_expected, sampled_expected = (stop_gradient(s) for s in sampled_values)
        sampled = cast(sampled, dtypes.int64)
        ids = concat([flat, sampled], 0)

        rows = embedding_lookup(weights, ids, partition_strategy)
        if rows.dtype != inputs.dtype:
            rows = cast(rows, inputs.dtype)
        true_w = raw.Slice(rows, [0, 0], stack([shape_of(flat)[0], -1]))
        sampled_w = raw.Slice(rows, stack([shape_of(flat)[0], 0]), [-1, -1])
        logits_of_sampled = matmul(inputs, sampled_w, transpose_b=True)

        offsets = embedding_lookup(biases, ids, partition_strategy)
        if offsets.dtype != inputs.dtype:
            offsets = cast(offsets, inputs.dtype)
        true_b = raw.Slice(offsets, [0], shape_of(flat))
        sampled_b = raw.Slice(offsets, shape_of(flat), [-1])

        # Each example has classes of its own: the product of its input with each of their rows.
        size = shape_of(true_w)[1:2]
        per_example = concat([[-1, num_true], size], 0)
        products = raw.Mul(expand_dims(inputs, 1), reshape(true_w, per_example))
        as_rows = reshape(products, concat([[-1], size], 0))
        logits_of_true = reshape(sum_rows(as_rows), [-1, num_true])
        true_b = reshape(true_b, [-1, num_true])
        logits_of_true += true_b
        logits_of_sampled += sampled_b
        if remove_accidental_hits:
            logits_of_sampled = without_hits(logits_of_sampled, labels, sampled, num_true, num_sampled)
        logits_of_true -= raw.Log(true_expected)
        logits_of_sampled -= raw.Log(sampled_expected)
        logits = concat([logits_of_true, logits_of_sampled], 1)
        answers = concat([ones_like(logits_of_true) / num_true, zeros_like(logits_of_sampled)], 1)
        return logits, answers


def without_hits(logits: Tensor, labels: Tensor, sampled: Tensor, num_true: int, num_sampled: int) -> Tensor:
    """Make sampled classes impossible that are true classes of the example."""
    hits = compute_accidental_hits(labels, sampled, num_true=num_true)
    rows = reshape(hits.indices, [-1, 1])
    columns = reshape(cast(hits.ids, dtypes.int32), [-1, 1])
    places = concat([rows, columns], 1, "sparse_indices")
    shape = concat([shape_of(labels)[:1], expand_dims(num_sampled, 0)], 0)
    weights = hits.weights if hits.weights.dtype == logits.dtype else cast(hits.weights, logits.dtype)
    return logits + raw.SparseToDense(places, shape, weights, 0.0, validate_indices=False)


@export("nn.nce_loss")
def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str | None = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation: learn to tell the true class from random ones, by logistic regression.

    The way to train word vectors: a vocabulary has too many words for a softmax over all of them. For training only;
    to evaluate, compute all logits.

    Parameters
    ----------
    weights : Tensor or Variable, shape (num_classes, dim), or a list of its parts
        One row for each class.
    biases : Tensor, shape (num_classes,)
    labels : int64 Tensor, shape (batch, num_true)
        The true classes. Number classes from the most to the least frequent: the samples follow Zipf's law.
    inputs : Tensor, shape (batch, dim)
        What the net gives for each example.
    num_sampled : int
        How many random classes to compare with, the same ones for the whole batch.
    num_classes : int
    num_true : int
        True classes for each example.
    sampled_values : tuple of three Tensors, optional
        What a candidate sampler returned, in place of `tf.nn.log_uniform_candidate_sampler`.
    remove_accidental_hits : bool
        Leave out samples that are true classes.
    partition_strategy : {"mod", "div"}
        How `weights` was cut into parts, see `tf.nn.embedding_lookup`.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch,)
        The loss of each example.

    Examples
    --------
    >>> vectors, offsets = tf.Variable(tf.zeros([1000, 8])), tf.Variable(tf.zeros([1000]))
    >>> words, targets = tf.ones([4, 8]), tf.constant([[3], [1], [0], [7]], tf.int64)
    >>> loss = tf.reduce_mean(tf.nn.nce_loss(vectors, offsets, targets, words, num_sampled=16, num_classes=1000))
    >>> loss.shape.as_list()
    []

    References
    ----------
    Gutmann and Hyvärinen, "Noise-contrastive estimation", 2010.
    """
    logits, answers = sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values, remove_accidental_hits,
        partition_strategy, name,
    )  # fmt: skip
    return sum_rows(sigmoid_cross_entropy_with_logits(labels=answers, logits=logits, name="sampled_losses"))


@export("nn.sampled_softmax_loss")
def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str | None = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """Softmax cross entropy over the true classes and a few random ones.

    Mostly less than the loss over all classes, but far cheaper. For training only; to evaluate, compute all logits.

    Parameters
    ----------
    weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values
        As for `tf.nn.nce_loss`.
    remove_accidental_hits : bool
        Leave out samples that are true classes.
    partition_strategy : {"mod", "div"}
    name : str, optional
    seed : int, optional
        The seed of the sampler, see `tf.set_random_seed`.

    Returns
    -------
    Tensor, shape (batch,)
        The loss of each example.

    Examples
    --------
    >>> vectors, offsets = tf.zeros([1000, 8]), tf.zeros([1000])
    >>> loss = tf.nn.sampled_softmax_loss(vectors, offsets, tf.constant([[3], [1]]), tf.ones([2, 8]), 16, 1000)
    >>> loss.shape.as_list()
    [2]

    References
    ----------
    Jean et al., "On using very large target vocabulary for neural machine translation", 2014, section 3.
    """
    logits, answers = sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values, remove_accidental_hits,
        partition_strategy, name, seed,
    )  # fmt: skip
    answers = stop_gradient(answers, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=answers, logits=logits)
