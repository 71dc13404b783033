"""Connectionist temporal classification: losses and decoders for labels whose places in time are not known.

For speech and handwriting: the net gives scores for each step of time, the labels are only a sequence of letters. The
last class is "blank": nothing new here. The work itself is done in `kernels/ctc.py`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import FailedPreconditionError, InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import ctc as kernels, sparse
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, old_argument, ranked
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export

FloatOrDouble = TypeVar("FloatOrDouble", np.float32, np.float64)

NO_SECOND = (
    "Currently there is no way to take the second  derivative of ctc_loss due to the fused implementation's interaction "
    " with tf.gradients()"
)


def batch_of(inputs: Spec, sequence_length: Spec) -> int | None:
    """The batch size, which both inputs tell."""
    _, batch, _ = inputs.ranked(3)
    (count,) = sequence_length.ranked(1)
    if batch is not None and count is not None and batch != count:
        raise ShapeError(f"Dimensions must be equal, but are {batch} and {count}")
    return count if batch is None else batch


def check_scores(inputs: Any, sequence_length: Any, late: type[Exception]) -> None:
    """Refuse inputs of the wrong form, and lengths that are longer than the time there is."""
    if inputs.ndim != 3:
        raise InvalidArgumentError(None, None, "inputs is not a 3-Tensor")
    if sequence_length.ndim != 1:
        raise InvalidArgumentError(None, None, "sequence_length is not a vector")
    time, batch, classes = inputs.shape
    if sequence_length.size != batch:
        message = (
            f"len(sequence_length) != batch_size.  len(sequence_length):  {sequence_length.size} batch_size: {batch}"
        )
        raise late(None, None, message)
    if classes == 0:
        raise InvalidArgumentError(None, None, "num_classes cannot be 0.")
    for b, length in enumerate(sequence_length.tolist()):
        if length > time:
            raise late(None, None, f"sequence_length({b}) <= {time}")


class CTCLoss(Op):
    """How improbable the labels of each sequence are, and the gradient of that."""

    preprocess_collapse_repeated: bool = False
    ctc_merge_repeated: bool = True
    ignore_longer_outputs_than_inputs: bool = False

    def kernel(
        self,
        inputs: Array[FloatOrDouble],
        labels_indices: Array[np.int64],
        labels_values: Array[np.int32],
        sequence_length: Array[np.int32],
    ) -> tuple[Array[FloatOrDouble], Array[FloatOrDouble]]:
        check_scores(inputs, sequence_length, InvalidArgumentError)
        time, batch, classes = inputs.shape
        if time == 0:
            raise InvalidArgumentError(None, None, "Max time or first dimension of input cannot be 0.")
        if labels_indices.ndim != 2 or labels_values.ndim != 1 or len(labels_indices) != len(labels_values):
            raise InvalidArgumentError(
                None, None, "labels_indices must be a matrix with a row for each of labels_values"
            )
        if labels_indices.shape[1] != 2:
            raise InvalidArgumentError(None, None, "label SparseTensor is not valid: it must have two axes")
        longest = int(labels_indices[:, 1].max(initial=0)) + 1
        try:
            sparse.check_places(labels_indices, [batch, longest])
        except InvalidArgumentError as error:
            raise InvalidArgumentError(None, None, f"label SparseTensor is not valid: {error.message}") from None
        given: list[list[int]] = [[] for _ in range(batch)]
        for b, value in zip(labels_indices[:, 0].tolist(), labels_values.tolist(), strict=True):
            given[b].append(value)
        lengths = sequence_length.tolist()
        labels = [self.checked(b, row, lengths[b], classes) for b, row in enumerate(given)]
        leave_out = np.array([len(row) > n for row, n in zip(labels, lengths, strict=True)], bool)
        return kernels.loss_and_grad(inputs, labels, sequence_length, self.ctc_merge_repeated, leave_out)

    def checked(self, b: int, given: list[int], length: int, classes: int) -> list[int]:
        """The labels of a sequence up to the first null label, a class number that stands for the blank or beyond."""
        if length < 0:
            raise InvalidArgumentError(None, None, f"seq_len({b}) < 0")
        if not given:
            raise InvalidArgumentError(None, None, f"Labels length is zero in batch {b}")
        shown = ",".join(map(str, given))
        row: list[int] = []
        finished = False
        for i, label in enumerate(given):
            if i and self.preprocess_collapse_repeated and label == given[i - 1]:
                continue
            if label >= classes - 1:
                finished = True
            elif finished:
                message = (
                    "Saw a non-null label (index >= num_classes - 1) following a null label, "
                    f"batch: {b} num_classes: {classes} labels: {shown} labels seen so far: {','.join(map(str, row))}"
                )
                raise InvalidArgumentError(None, None, message)
            else:
                row.append(label)
        if any(label < 0 for label in row):
            message = f"All labels must be nonnegative integers, batch: {b} labels: {shown}"
            raise InvalidArgumentError(None, None, message)
        if len(row) > length and not self.ignore_longer_outputs_than_inputs:
            message = (
                f"Not enough time for target transition sequence (required: {len(row)}, available: {length}){b}"
                "You can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs"
            )
            raise InvalidArgumentError(None, None, message)
        return row

    def shape(
        self, inputs: Spec, labels_indices: Spec, labels_values: Spec, sequence_length: Spec
    ) -> list[TensorShape]:
        time, _, classes = inputs.ranked(3)
        rows, _ = labels_indices.ranked(2)
        (count,) = labels_values.ranked(1)
        if rows is not None and count is not None and rows != count:
            raise ShapeError(f"Dimensions must be equal, but are {rows} and {count}")
        batch = batch_of(inputs, sequence_length)
        return [TensorShape.of((batch,)), TensorShape.of((time, batch, classes))]

    def grad(self, node: Operation, dy: Tensor, _: Any) -> list[Tensor | None]:
        """Computed together with the loss; cannot be differentiated again."""
        slope = raw.PreventGradient(node.outputs[1], message=NO_SECOND)
        return [expand_dims(dy, -1) * slope, None, None, None]


class Decoder(Op, abstract=True):
    """Gives labellings as the parts of sparse tensors."""

    grad = None

    @staticmethod
    def parts(paths: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices, values and shape of the sparse tensor with these rows."""
        places = [(b, i) for b, path in enumerate(paths) for i in range(len(path))]
        values = [label for path in paths for label in path]
        longest = max((len(path) for path in paths), default=0)
        return (
            np.array(places, np.int64).reshape(-1, 2),
            np.array(values, np.int64),
            np.array([len(paths), longest], np.int64),
        )


class CTCGreedyDecoder(Decoder):
    """The best class of each step, without repetitions and blanks."""

    merge_repeated: bool = False

    def kernel(
        self, inputs: Array[FloatOrDouble], sequence_length: Array[np.int32]
    ) -> tuple[Array[np.int64], Array[np.int64], Array[np.int64], Array[FloatOrDouble]]:
        check_scores(inputs, sequence_length, FailedPreconditionError)
        lengths = np.maximum(sequence_length, 0)
        return kernels.greedy(inputs, lengths, self.merge_repeated, inputs.shape[2] - 1)

    def shape(self, inputs: Spec, sequence_length: Spec) -> list[TensorShape]:
        batch = batch_of(inputs, sequence_length)
        return [*map(TensorShape.of, ((None, 2), (None,), (2,), (batch, 1)))]


class CTCBeamSearchDecoder(Decoder):
    """The most probable labellings, found by following several at a time."""

    beam_width: int
    top_paths: int
    merge_repeated: bool = True

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        for name in ("beam_width", "top_paths"):
            value = getattr(self, name)
            if value < 1:
                raise misuse(ValueError(f"Attr '{name}' of '{self.type}' Op passed {value} less than minimum 1."))
        if self.top_paths > 100_000:
            raise misuse(ValueError(f"Attr 'top_paths' of '{self.type}' Op passed {self.top_paths}: too many."))

    def kernel(self, inputs: Array[FloatOrDouble], sequence_length: Array[np.int32]) -> tuple[Array, ...]:
        check_scores(inputs, sequence_length, FailedPreconditionError)
        if self.top_paths > self.beam_width:
            raise InvalidArgumentError(None, None, "requested more paths than the beam width.")
        found = kernels.beam_search(inputs, sequence_length, self.beam_width, self.top_paths, self.merge_repeated)
        if found is None:
            raise InvalidArgumentError(None, None, "Less leaves in the beam search than requested.")
        paths: list[list[list[int]]] = found[0]
        tops: list[Any] = [self.parts([path[i] for path in paths]) for i in range(self.top_paths)]
        return *(part for kind in zip(*tops, strict=True) for part in kind), found[1]

    def dtypes(self, inputs: Any, sequence_length: Any) -> list[DType]:
        return [dtypes.int64] * (3 * self.top_paths) + [inputs.dtype.base_dtype]

    def shape(self, inputs: Spec, sequence_length: Spec) -> list[TensorShape]:
        batch = batch_of(inputs, sequence_length)
        kinds = [TensorShape.of((None, 2)), TensorShape.of((None,)), TensorShape.of((2,))]
        return [*(kind for kind in kinds for _ in range(self.top_paths)), TensorShape.of((batch, self.top_paths))]


# ---- losses --------------------------------------------------------------------------------------------------------


@export("nn.ctc_loss")
def ctc_loss(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Tensor:
    """Minus the logarithm of the probability of a labelling, over all ways to spread it over time.

    Parameters
    ----------
    labels : int32 SparseTensor, shape (batch, longest)
        Row b holds the labels of sequence b, from 0 up to num_classes - 2.
    inputs : Tensor, shape (time, batch, num_classes)
        Scores, before softmax. The last class is the blank.
    sequence_length : int32 Tensor, shape (batch,)
        How many steps of each sequence count.
    preprocess_collapse_repeated : bool
        Take equal neighbours in `labels` as one.
    ctc_merge_repeated : bool
        Take equal neighbours in the output as one: the standard. If False, each step emits its own label.
    ignore_longer_outputs_than_inputs : bool
        Sequences with more labels than steps get the loss 0 instead of an error.
    time_major : bool
        If False, `inputs` has the shape (batch, time, num_classes).
    logits : Tensor, optional
        Another name of `inputs`.

    Returns
    -------
    Tensor, shape (batch,)

    Raises
    ------
    TypeError
        If `labels` is not sparse.
    InvalidArgumentError
        If there are no labels, negative ones, or more than steps of time.

    Examples
    --------
    >>> labels = tf.SparseTensor([[0, 0], [0, 1]], [1, 0], [1, 2])
    >>> loss = tf.nn.ctc_loss(labels, tf.zeros([2, 1, 3]), [2])
    >>> with tf.Session() as sess:  # one way among 3 * 3: label 1, then label 0
    ...     float(np.exp(-sess.run(loss)[0]).round(4)), round(1 / 9, 4)
    (0.1111, 0.1111)

    References
    ----------
    Graves et al., "Connectionist temporal classification", 2006.
    """
    if not isinstance(labels, SparseTensor):
        raise misuse(
            TypeError(
                "Expected argument `labels` to be a SparseTensor. Received labels of type: " + type(labels).__name__
            ),
            fix="tf.nn.ctc_loss(labels, inputs, sequence_length): since TensorFlow 1.0 the labels come first"
            if isinstance(inputs, SparseTensor)
            else "tf.sparse.from_dense makes a sparse tensor of rows that are filled up with 0",
        )
    inputs = convert(old_argument("logits", logits, "inputs", inputs), None, "logits")
    if not time_major:
        inputs = transpose(inputs, [1, 0, 2])
    op = CTCLoss(preprocess_collapse_repeated, ctc_merge_repeated, ignore_longer_outputs_than_inputs)
    return op(inputs, labels.indices, labels.values, sequence_length)[0]


@export("nn.ctc_loss_v2")
def ctc_loss_v2(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`tf.nn.ctc_loss` for dense labels, and with a choice of the blank.

    Parameters
    ----------
    labels : int32 Tensor, shape (batch, longest), or SparseTensor
    logits : Tensor, shape (time, batch, num_classes)
    label_length : int32 Tensor, shape (batch,)
        How many labels of each row count; None for a SparseTensor.
    logit_length : int32 Tensor, shape (batch,)
    logits_time_major : bool
        If False, `logits` has the shape (batch, time, num_classes).
    unique : optional
        Accepted for compatibility, see `tf.nn.ctc_unique_labels`.
    blank_index : int, optional
        The class that is the blank; negative numbers count from the last. By default 0; must be given for a
        SparseTensor.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch,)

    Notes
    -----
    The numbers are TensorFlow's; the nodes are not: dense labels are turned into sparse ones.
    """
    if isinstance(labels, SparseTensor):
        if blank_index is None:
            raise misuse(ValueError("blank_index must be given when using SparseTensor labels."))
        logits, labels = with_blank_last(logits, labels, blank_index)
        return ctc_loss(labels, logits, logit_length, time_major=logits_time_major)
    with name_scope(name, "ctc_loss_dense", [logits, labels, label_length, logit_length]):
        logits = convert(logits, None, "logits")
        ranked(logits, 3)
        labels = cast(convert(labels, None, "labels"), dtypes.int32)
        count = size_of_axis(logits, 2)
        # A row without labels must not be empty: each row ends with a label that stands for no more labels.
        lengths = cast(convert(label_length, None, "label_length"), dtypes.int32) + 1
        rows = concat([labels, ones_like(labels[:, :1]) * count], 1)
        counted = mask_of(lengths, size_of_axis(rows, 1))
        rows = raw.Select(mask_of(lengths - 1, size_of_axis(rows, 1)), rows, ones_like(rows) * count)
        places = raw.Where(counted)
        dense_shape = cast(shape_of(rows), dtypes.int64)
        made = SparseTensor(places, raw.GatherNd(rows, places), dense_shape)
        logits, made = with_blank_last(logits, made, 0 if blank_index is None else blank_index)
        return ctc_loss(made, logits, logit_length, time_major=logits_time_major)


def mask_of(lengths: Tensor, longest: Any) -> Tensor:
    """Which places of rows count."""
    from flowlab._src.ops.selecting import sequence_mask

    return sequence_mask(lengths, longest)


def size_of_axis(tensor: Any, axis: int) -> Any:
    """The size of an axis: a number where it is known."""
    dims = tensor.shape._dims
    return shape_of(tensor)[axis] if dims is None or dims[axis] is None else dims[axis]


def with_blank_last(logits: Any, labels: SparseTensor, blank_index: int) -> tuple[Any, SparseTensor]:
    """Move the class that is the blank to the end, and number the labels anew."""
    logits = convert(logits, None, "logits")
    if blank_index < 0:
        blank_index += size_of_axis(logits, 2)
    if blank_index == size_of_axis(logits, 2) - 1:
        return logits, labels
    moved = concat(
        [logits[:, :, :blank_index], logits[:, :, blank_index + 1 :], logits[:, :, blank_index : blank_index + 1]],
        axis=2,
    )
    values = raw.Select(labels.values < blank_index, labels.values, labels.values - 1)
    return moved, SparseTensor(labels.indices, values, labels.dense_shape)


# ---- decoders ------------------------------------------------------------------------------------------------------


@export("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Tensor]:
    """Read the best class of each step, as one label where it repeats, without blanks.

    Parameters
    ----------
    inputs : Tensor, shape (time, batch, num_classes)
        Scores; the last class is the blank.
    sequence_length : int32 Tensor, shape (batch,)
    merge_repeated : bool

    Returns
    -------
    decoded : list of one int64 SparseTensor, shape (batch, longest)
    neg_sum_logits : Tensor, shape (batch, 1)
        Minus the sum of the best scores.

    Examples
    --------
    >>> scores = tf.one_hot([[0], [0], [2], [0], [1]], 3)  # a a - a b
    >>> decoded, _ = tf.nn.ctc_greedy_decoder(scores, [5])
    >>> with tf.Session() as sess:
    ...     sess.run(decoded[0].values)
    array([0, 0, 1])
    """
    indices, values, shape, totals = CTCGreedyDecoder(merge_repeated)(inputs, sequence_length)
    return [SparseTensor(indices, values, shape)], totals


@export("nn.ctc_beam_search_decoder")
def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Tensor]:
    """Find the most probable labellings, each summed over its ways through time.

    Parameters
    ----------
    inputs : Tensor, shape (time, batch, num_classes)
        Scores; the last class is the blank.
    sequence_length : int32 Tensor, shape (batch,)
    beam_width : int
        How many labellings are followed at a time: more find better ones, and take longer.
    top_paths : int
        How many to return.
    merge_repeated : bool
        Write equal neighbours of a labelling as one. That is seldom what one wants: "hello" becomes "helo".

    Returns
    -------
    decoded : list of `top_paths` int64 SparseTensors, shape (batch, longest)
    log_probability : Tensor, shape (batch, top_paths)

    Examples
    --------
    >>> scores = tf.log([[[0.2, 0.0, 0.8]], [[0.4, 0.0, 0.6]]])  # classes a, b, blank
    >>> best, p = tf.nn.ctc_beam_search_decoder(scores, [2])
    >>> with tf.Session() as sess:  # "a" in three ways is likelier than no label, the best single way
    ...     sess.run(best[0].values), np.exp(sess.run(p)).round(2)
    (array([0]), array([[0.52]], dtype=float32))
    """
    op = CTCBeamSearchDecoder(beam_width, top_paths, merge_repeated)
    outputs = op(inputs, sequence_length)
    groups = [outputs[i * top_paths : (i + 1) * top_paths] for i in range(3)]
    return [SparseTensor(*parts) for parts in zip(*groups, strict=True)], outputs[-1]


@export("nn.ctc_beam_search_decoder_v2")
def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Tensor]:
    """`tf.nn.ctc_beam_search_decoder` that leaves equal neighbours of a labelling as they are."""
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, merge_repeated=False)


# ---- labels --------------------------------------------------------------------------------------------------------


@export("nn.collapse_repeated")
def collapse_repeated(labels: Any, seq_length: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Write equal neighbours as one, row by row.

    Parameters
    ----------
    labels : Tensor, shape (batch, longest)
    seq_length : int Tensor, shape (batch,)
        How many labels of each row count.

    Returns
    -------
    collapsed : Tensor, shape (batch, longest that is left)
        Filled up with 0.
    lengths : Tensor, shape (batch,)

    Examples
    --------
    >>> rows, lengths = tf.nn.collapse_repeated([[1, 1, 2, 2, 1], [1, 2, 3, 4, 4]], [5, 5])
    >>> with tf.Session() as sess:
    ...     sess.run(rows).tolist(), sess.run(lengths).tolist()
    ([[1, 2, 1, 0], [1, 2, 3, 4]], [3, 4])
    """
    from flowlab._src.ops.reduce import reduce_max, reduce_sum
    from flowlab._src.ops.selecting import boolean_mask
    from flowlab._src.ops.sequences import range_

    with name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels, seq_length = convert(labels, None, "labels"), convert(seq_length, None, "seq_length")
        firsts = ones_like(labels[:, :1], dtypes.bool_)
        keep = concat([firsts, raw.NotEqual(labels[:, 1:], labels[:, :-1])], axis=1)
        keep = raw.LogicalAnd(keep, mask_of(seq_length, size_of_axis(labels, 1)))
        lengths = reduce_sum(cast(keep, dtypes.int32), axis=1)
        longest = reduce_max(lengths)
        filled = mask_of(lengths, longest)
        flat_labels, flat_keep, flat_filled = reshape(labels, [-1]), reshape(keep, [-1]), reshape(filled, [-1])
        places = range_(size_of_axis(flat_filled, 0))
        indices = expand_dims(boolean_mask(places, flat_filled), axis=1)
        flat = raw.ScatterNd(indices, boolean_mask(flat_labels, flat_keep), shape_of(flat_filled))
        batch = size_of_axis(labels, 0)
        return reshape(flat, [batch, longest]), cast(lengths, seq_length.dtype)


@export("nn.ctc_unique_labels")
def ctc_unique_labels(labels: Any, name: str | None = None) -> list[Tensor]:
    """Find the different labels of each row, and for each label its place among them.

    Parameters
    ----------
    labels : int Tensor, shape (batch, longest)

    Returns
    -------
    unique : int64 Tensor, shape (batch, longest)
        Filled up with 0.
    indices : int32 Tensor, shape (batch, longest)

    Examples
    --------
    >>> unique, places = tf.nn.ctc_unique_labels([[3, 4, 4, 3]])
    >>> with tf.Session() as sess:
    ...     sess.run(unique).tolist(), sess.run(places).tolist()
    ([[3, 4, 0, 0]], [[0, 1, 1, 0]])
    """
    from flowlab._src.ops.functional import map_fn
    from flowlab._src.ops.padding import pad
    from flowlab._src.ops.unique import unique

    with name_scope(name, "ctc_unique_labels", [labels]):
        labels = convert(labels, None, "labels")

        def unique_of(row: Tensor) -> list[Tensor]:
            found = unique(row)
            missing = size_of_axis(found.idx, 0) - size_of_axis(found.y, 0)
            return [cast(pad(found.y, [[0, missing]]), dtypes.int64), found.idx]

        result: list[Tensor] = map_fn(unique_of, labels, dtype=[dtypes.int64, dtypes.int32])
        return result
