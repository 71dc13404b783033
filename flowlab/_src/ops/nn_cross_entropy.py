"""Cross entropies: how far predicted scores are from the truth, in nats.

All functions take logits, that is raw scores: the softmax or sigmoid is part of the loss. Computed together, nothing
overflows and no log(0) can arise, and the gradient becomes as simple as probabilities minus labels.
"""

from __future__ import annotations

import ast
import math
import warnings
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import Array, Floating, Index, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, broadcast_shapes, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import softmax as kernels
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.assertion import assert_equal
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.nn_window import brackets
from flowlab._src.ops.reshaping import expand_dims, reshape, squeeze
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util import written
from flowlab._src.util.export import export
from flowlab._src.util.lazy import FlowlabNote
from flowlab._src.util.old_arguments import taking_old_arguments


class SoftmaxCrossEntropyWithLogits(Op):
    """The cross entropy of each row, and its gradient for the logits, softmax(logits) - labels."""

    def kernel(self, features: Array[Floating], labels: Array[Floating]) -> tuple[Array[Floating], Array[Floating]]:
        if features.shape == labels.shape and features.ndim == 2:
            return kernels.softmax_cross_entropy(features, labels)
        try:
            shape = np.broadcast_shapes(features.shape, labels.shape)
        except ValueError:
            raise InvalidArgumentError(
                None,
                None,
                f"logits and labels must be broadcastable: logits_size={brackets(features.shape)} "
                f"labels_size={brackets(labels.shape)}",
            ) from None
        if len(shape) != 2:
            raise InvalidArgumentError(
                None,
                None,
                "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional, got "
                f"{brackets(shape)}",
            )
        return kernels.softmax_cross_entropy(np.broadcast_to(features, shape), np.broadcast_to(labels, shape))

    def shape(self, features: Spec, labels: Spec) -> list[TensorShape]:
        both = broadcast_shapes((features.shape, labels.shape))
        if both._dims is None:
            return [TensorShape.of((None,)), TensorShape.of((None, None))]
        if len(both._dims) != 2:
            raise ShapeError(f"Shape must be broadcasted with rank 2, but is rank {len(both._dims)}")
        if features.dims is not None and labels.dims is not None and len(features.dims) == len(labels.dims) == 2:
            both = TensorShape.of(
                tuple(d if d is not None else e for d, e in zip(features.dims, both._dims, strict=True))
            )
        return [both[:1], both]

    def explain_shapes(self, features: Tensor, labels: Tensor) -> tuple[str, str]:
        """What labels must look like."""
        call = written.running("softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2")
        mine = (call.argument("labels") if call is not None else "") or "labels"
        classes = features.shape.as_list()[-1] if features.shape.ndims else None
        hot = f"tf.one_hot({mine}, {classes if classes is not None else 'classes'})"
        return (
            f"labels {labels.shape} must have one probability for each logit {features.shape}",
            f"{(call.changed(labels=hot) if call is not None else '') or hot}  # if they are class numbers",
        )

    def grad(self, node: Operation, grad_loss: Tensor, grad_backprop: Tensor) -> list[Tensor]:
        """Each row of softmax(logits) - labels, times the row's incoming gradient; the labels' part is -log_softmax."""
        logits = node.inputs[0]
        dlogits = logits_grad(node, grad_loss, grad_backprop)
        return [dlogits, each_row(grad_loss, -raw.LogSoftmax(logits))]


class SparseSoftmaxCrossEntropyWithLogits(Op):
    """SoftmaxCrossEntropyWithLogits with class numbers for labels."""

    def kernel(self, features: Array[Floating], labels: Array[Index]) -> tuple[Array[Floating], Array[Floating]]:
        if features.ndim != 2:
            raise InvalidArgumentError(None, None, f"logits must be 2-D, but got shape {brackets(features.shape)}")
        if labels.ndim != 1:
            raise InvalidArgumentError(None, None, f"labels must be 1-D, but got shape {brackets(labels.shape)}")
        if features.shape[0] != labels.shape[0]:
            raise InvalidArgumentError(
                None,
                None,
                "logits and labels must have the same first dimension, got logits shape "
                f"{brackets(features.shape)} and labels shape {brackets(labels.shape)}",
            )
        check_labels(labels, features.shape[1])
        return kernels.sparse_softmax_cross_entropy(features, labels)

    def shape(self, features: Spec, labels: Spec) -> list[TensorShape]:
        batch, classes = features.ranked(2)
        (count,) = labels.ranked(1)
        batch = merge_dims(batch, count)
        return [TensorShape.of((batch,)), TensorShape.of((batch, classes))]

    def grad(self, node: Operation, grad_loss: Tensor, grad_backprop: Tensor) -> list[Tensor | None]:
        """Each row of softmax(logits) - one_hot(label), times the row's incoming gradient."""
        return [logits_grad(node, grad_loss, grad_backprop), None]


def check_labels(labels: np.ndarray, classes: int) -> None:
    """InvalidArgumentError for a label that is no class; names it, and says what else was found."""
    wrong = (labels < 0) | (labels >= classes)
    if not wrong.any():
        return
    shown = " ".join(str(v) for v in labels[:1000].tolist())
    error = InvalidArgumentError(
        None,
        None,
        f"Received a label value of {labels[wrong][0]} which is outside the valid range of [0, {classes}).  "
        f"Label values: {shown}",
    )
    low, high = labels.min(), labels.max()
    error.fix = "labels - 1" if low == 1 and high == classes else "widen the last layer, or correct the labels"
    error.why = (
        f"{classes} classes are numbered 0 to {classes - 1}, the labels run from {low} to {high} "
        f"({wrong.sum()} of {labels.size} are no class)"
    )
    raise error


def logits_grad(node: Operation, grad_loss: Tensor, grad_backprop: Tensor) -> Tensor:
    """The gradient for the logits; with its second part where someone differentiates the gradient."""
    result = each_row(grad_loss, node.outputs[1])
    if grad_backprop is not None and grad_backprop.op.type not in ("ZerosLike", "Zeros"):
        softmax = raw.Softmax(node.inputs[0])
        product = raw.BatchMatMulV2(expand_dims(grad_backprop, 1), expand_dims(softmax, 2), name="MatMul")
        result = result + (grad_backprop - squeeze(product, axis=[1])) * softmax
    return result


def each_row(vector: Tensor, matrix: Tensor) -> Tensor:
    """Each row of a matrix times its number."""
    return expand_dims(vector, -1) * matrix


# ---- checks --------------------------------------------------------------------------------------------------------


def require_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """ValueError unless both arguments came by name."""
    if sentinel is not None:
        first, second = _looks_like(sentinel), _looks_like(labels)
        seen = f"; your first argument looks like {first}, the second like {second}" if first and second else ""
        raise misuse(
            ValueError(f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"),
            why=f"the order changed in TensorFlow 1.0, and swapping the two goes unnoticed{seen}",
            fix=named_call(function, first.startswith("labels") or second.startswith("scores")),
        )
    if labels is None or logits is None:
        raise misuse(ValueError("Both labels and logits must be provided."))


def named_call(function: str, labels_first: bool) -> str:
    """The call as it was written, with the names of the arguments."""
    call = written.running()
    given = [call.of(part) for part in call.tree.args] if call is not None and isinstance(call.tree, ast.Call) else []
    first, second = given if len(given) == 2 else ("scores", "truth")
    labels, logits = (first, second) if labels_first else (second, first)
    return f"tf.nn.{function}(labels={labels}, logits={logits})"


def _looks_like(value: Any) -> str:
    if not isinstance(value, Tensor):
        return ""
    if value.op.type in ("MatMul", "Add", "AddV2", "BiasAdd"):
        return f"scores ({value.op.type})"
    if value.op.type in ("OneHot", "Placeholder", "Const", "IteratorGetNext"):
        return f"labels ({value.op.type})"
    return ""


def note_double_softmax(logits: Tensor, function: str, applied: str) -> None:
    """Remark that the softmax (or sigmoid) would be applied twice, a mistake that nothing else shows."""
    node = logits.op
    while node.type in ("Identity", "Reshape", "Cast") and node.inputs:
        node = node.inputs[0].op
    if node.type == applied:
        warnings.warn(
            f"`logits` of {function} is the output of {node.name!r} ({applied}). This loss applies the "
            f"{applied.lower()} itself: pass what went into {node.name!r}, or the net trains slowly.",
            FlowlabNote,
            stacklevel=3,
        )


# ---- softmax -------------------------------------------------------------------------------------------------------


@export("nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
    axis: int | None = None,
) -> Tensor:
    """Compute the softmax cross entropy between logits and labels; no gradient flows into the labels.

    The loss of a classifier with exclusive classes, one number for each example. Arguments must be named.

    Parameters
    ----------
    labels : Tensor, shape (batch, classes)
        Each row a probability distribution, mostly one-hot.
    logits : Tensor, shape (batch, classes), float
        Raw scores: the softmax is applied here.
    dim, axis : int
        The axis of the classes, default the last.

    Returns
    -------
    Tensor, shape (batch,), dtype of `logits`

    Raises
    ------
    ValueError
        If an argument is not named, or labels and logits do not fit.

    Examples
    --------
    >>> loss = tf.nn.softmax_cross_entropy_with_logits(labels=[[0.0, 1.0]], logits=[[1.0, 3.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(loss).round(4)
    array([0.1269], dtype=float32)
    """
    require_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    if axis is not None:
        dim = axis
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as name:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return _cross_entropy(labels, logits, dim, name)


@export("nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """Compute the softmax cross entropy between logits and labels; gradients flow into both.

    Wrap the labels in `tf.stop_gradient` where they are outputs of a net that should not be trained by this loss.

    Parameters
    ----------
    labels : Tensor, shape (batch, classes)
        Each row a probability distribution, mostly one-hot.
    logits : Tensor, shape (batch, classes), float
        Raw scores: the softmax is applied here.
    axis, dim : int, optional
        The axis of the classes, default the last.

    Returns
    -------
    Tensor, shape (batch,), dtype of `logits`

    Examples
    --------
    >>> loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.5, 0.5]], logits=[[0.0, 0.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(loss).round(4)
    array([0.6931], dtype=float32)
    """
    axis = old_argument("axis", axis, "dim", dim)
    return _cross_entropy(labels, logits, -1 if axis is None else as_int(axis, "axis"), name)


def _cross_entropy(labels: Any, logits: Any, axis: int, name: str | None) -> Tensor:
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as name:
        logits = convert(logits, None, "logits")
        labels = convert(labels, None, "labels")
        note_double_softmax(logits, "softmax_cross_entropy_with_logits", "Softmax")
        half = logits.dtype.base_dtype == dtypes.float16
        precise = cast(logits, dtypes.float32) if half else logits
        labels = cast(labels, precise.dtype)
        count = rank(precise)
        shape = logits.shape
        if shape.ndims is not None and not -shape.ndims <= axis < shape.ndims:
            raise misuse(
                ValueError(f"logits and labels must have an axis {axis} for the classes, got logits of shape {shape}")
            )
        labels.shape.with_rank_at_least(1)
        if axis != -1:
            precise = _axis_to_end(precise, axis, count)
            labels = _axis_to_end(labels, axis, count)
        full_shape = shape_of(precise)
        precise, labels = flatten_outer(precise), flatten_outer(labels)
        cost, _ = SoftmaxCrossEntropyWithLogits()(precise, labels, name=name)
        outer = raw.Slice(full_shape, [0], [raw.Sub(count, 1)])
        cost = reshape(cost, outer)
        if shape._dims is not None:
            sizes = list(shape._dims)
            del sizes[axis]
            cost.set_shape(sizes)
        return cast(cost, dtypes.float16) if half else cost


def _axis_to_end(x: Tensor, axis: int, count: Tensor) -> Tensor:
    return transpose(x, concat([range_(axis), range_(axis + 1, count), [axis]], 0))


def flatten_outer(x: Tensor) -> Tensor:
    """All axes but the last as one."""
    count = rank(x)
    last = raw.Slice(shape_of(x), [raw.Sub(count, 1)], [1])
    result = reshape(x, concat([[-1], last], 0))
    dims = x.shape._dims
    if dims is not None and None not in dims[:-1]:
        result.set_shape([math.prod(dims[:-1]), dims[-1]])
    return result


@export("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Compute the softmax cross entropy between logits and class numbers. Arguments must be named.

    Parameters
    ----------
    labels : Tensor, shape (batch,), int32 or int64
        Class numbers from 0 to classes - 1. More axes are possible.
    logits : Tensor, shape (batch, classes), float
        Raw scores: the softmax is applied here.

    Returns
    -------
    Tensor of the shape of `labels` and the dtype of `logits`

    Raises
    ------
    ValueError
        If an argument is not named, or `labels` has not one axis less than `logits`.
    tf.errors.InvalidArgumentError
        When run with a label that is no class.

    Examples
    --------
    >>> loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[1.0, 3.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(loss).round(4)
    array([0.1269], dtype=float32)
    """
    require_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels, logits = convert(labels), convert(logits)
        note_double_softmax(logits, "sparse_softmax_cross_entropy_with_logits", "Softmax")
        half = logits.dtype.base_dtype == dtypes.float16
        precise = cast(logits, dtypes.float32) if half else logits
        labels_shape = shape_of(labels)
        known = _check_sparse_labels(labels, logits)
        if logits.shape.ndims == 2:
            cost, _ = SparseSoftmaxCrossEntropyWithLogits()(precise, labels, name=name)
            return cast(cost, dtypes.float16) if half else cost
        static, checks = labels.shape, []
        if not known:
            checks.append(assert_equal(shape_of(labels), shape_of(logits)[:-1]))
        with get_default_graph().control_dependencies(checks):
            classes = shape_of(logits)[rank(logits) - 1]
            precise = reshape(precise, [-1, classes])
            labels = reshape(labels, [-1])
            cost, _ = SparseSoftmaxCrossEntropyWithLogits()(precise, labels, name=name)
            cost = reshape(cost, labels_shape)
            cost.set_shape(static)
            return cast(cost, dtypes.float16) if half else cost


def _check_sparse_labels(labels: Tensor, logits: Tensor) -> bool:
    """True when the shapes are known to fit, False when they may; ValueError when they do not."""
    wanted: TensorShape = logits.shape[:-1]
    known = labels.shape.is_fully_defined() and wanted.is_fully_defined()
    if logits.shape.ndims == 0:
        raise misuse(ValueError(f"Logits cannot be scalars - received shape {logits.shape}."))
    if None not in (wanted.ndims, labels.shape.ndims) and labels.shape.ndims != wanted.ndims:
        call = written.running("sparse_softmax_cross_entropy_with_logits")
        mine = (call.argument("labels") if call is not None else "") or "labels"
        why, fix = f"labels are class numbers here, one for each row of logits: {wanted}", ""
        if labels.shape.ndims == logits.shape.ndims:
            column = labels.shape.as_list()[-1] == 1
            why += f"; these {labels.shape} {'stand in a column' if column else 'look one-hot'}"
            cure = f"tf.squeeze({mine}, 1)" if column else f"tf.argmax({mine}, 1)"
            fix = (call.changed(labels=cure) if call is not None else "") or f"labels={cure}"
        raise misuse(
            ValueError(
                f"Rank mismatch: Rank of labels (received {labels.shape.ndims}) should equal rank of logits minus 1 "
                f"(received {logits.shape.ndims})."
            ),
            inputs=f"labels = {labels.name!r} {labels.shape}      logits = {logits.name!r} {logits.shape}",
            why=why,
            fix=fix,
        )
    if known and labels.shape._dims != wanted._dims:
        raise misuse(
            ValueError(
                f"Shape mismatch: The shape of labels (received {labels.shape}) should equal the shape of logits "
                f"except for the last dimension (received {logits.shape})."
            ),
            fix="one label for each row of logits",
        )
    return known


# ---- sigmoid -------------------------------------------------------------------------------------------------------


@export("nn.sigmoid_cross_entropy_with_logits")
@taking_old_arguments("nn.sigmoid_cross_entropy_with_logits", targets="labels")
def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Compute the cross entropy of independent yes-or-no questions, element by element. Arguments must be named.

    With x = logits and z = labels: max(x, 0) - x * z + log(1 + exp(-|x|)).

    Parameters
    ----------
    labels : Tensor, dtype and shape of `logits`
        1 for yes, 0 for no, or a probability.
    logits : Tensor, float
        Raw scores: the sigmoid is applied here.

    Returns
    -------
    Tensor of the shape and dtype of `logits`

    Raises
    ------
    ValueError
        If an argument is not named, or the shapes differ.

    Examples
    --------
    >>> loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0, 0.0], logits=[0.0, -1000.0])
    >>> with tf.Session() as sess:
    ...     sess.run(loss).round(4)
    array([0.6931, 0.    ], dtype=float32)
    """
    require_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert(logits, None, "logits")
        labels = convert(labels, None, "labels")
        note_double_softmax(logits, "sigmoid_cross_entropy_with_logits", "Sigmoid")
        _require_same_shape(logits, labels, "labels")
        zeros = zeros_like(logits)
        positive = logits >= zeros
        largest = raw.Select(positive, logits, zeros)
        negative_size = raw.Select(positive, -logits, logits)
        return raw.AddV2(largest - logits * labels, raw.Log1p(raw.Exp(negative_size)), name=name)


def _require_same_shape(logits: Tensor, labels: Tensor, what: str) -> None:
    if not labels.shape.is_compatible_with(logits.shape):
        fix = "give both the same shape"
        if {labels.shape.ndims, logits.shape.ndims} == {1, 2}:
            fix = "one of them has an extra axis: tf.squeeze(t, 1) or tf.expand_dims(t, 1)"
        raise misuse(
            ValueError(f"logits and {what} must have the same shape ({logits.shape} vs {labels.shape})"),
            fix=fix,
        )


@export("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None, targets: Any = None
) -> Tensor:
    """Compute the sigmoid cross entropy with more (or less) weight on the positive labels.

    A `pos_weight` above 1 trades wrong negatives for wrong positives: recall goes up, precision down.

    Parameters
    ----------
    labels, targets : Tensor, dtype and shape of `logits`
    logits : Tensor, float
    pos_weight : number or Tensor
        Factor on the loss of positive labels.

    Returns
    -------
    Tensor of the shape and dtype of `logits`

    Examples
    --------
    >>> loss = tf.nn.weighted_cross_entropy_with_logits(labels=[1.0, 0.0], logits=[0.0, 0.0], pos_weight=2.0)
    >>> with tf.Session() as sess:
    ...     sess.run(loss).round(4)
    array([1.3863, 0.6931], dtype=float32)
    """
    labels = old_argument("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert(logits, None, "logits")
        labels = convert(labels, None, "labels")
        _require_same_shape(logits, labels, "labels")
        weight = 1 + (operand(pos_weight, "pos_weight") - 1) * labels
        return raw.AddV2(
            (1 - labels) * logits,
            weight * (raw.Log1p(raw.Exp(-raw.Abs(logits))) + raw.Relu(-logits)),
            name=name,
        )


@export("nn.log_poisson_loss")
def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Tensor:
    """Compute the loss of predicted counts: exp(log_input) - log_input * targets.

    Parameters
    ----------
    targets : Tensor
        The true counts.
    log_input : Tensor, dtype and shape of `targets`
        Logarithm of the predicted mean.
    compute_full_loss : bool
        Add Stirling's approximation of log(targets!), which the minimum does not depend on.

    Returns
    -------
    Tensor of the same shape and dtype

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.log_poisson_loss([2.0], [0.0]))
    array([1.], dtype=float32)
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]) as name:
        log_input = convert(log_input, None, "log_input")
        targets = convert(targets, None, "targets")
        if not targets.shape.is_compatible_with(log_input.shape):
            raise misuse(
                ValueError(f"log_input and targets must have the same shape ({log_input.shape} vs {targets.shape})")
            )
        result = raw.Exp(log_input) - log_input * targets
        if not compute_full_loss:
            return result
        half = convert(0.5, targets.dtype)
        two_pi = convert(2 * math.pi, targets.dtype)
        stirling = targets * raw.Log(targets) - targets + half * raw.Log(two_pi * targets)
        zeros = zeros_like(targets)
        ones = ones_like(targets)
        small = raw.LogicalAnd(targets >= zeros, targets <= ones)
        return result + raw.Select(small, zeros, stirling)
