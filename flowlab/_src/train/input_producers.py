"""Queues that give the elements of a tensor one by one: file names, numbers, rows. The first station of a pipeline."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.graph.convert import convert, convert_n
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of, size
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import greater
from flowlab._src.ops.constant import constant
from flowlab._src.ops.gather import gather
from flowlab._src.ops.identity import identity
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.queues import FIFOQueue, QueueBase
from flowlab._src.ops.random import random_shuffle
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.summary_scalar import summarize_fullness
from flowlab._src.train.queue_runner import QueueRunner, add_queue_runner
from flowlab._src.util.export import export
from flowlab._src.variables.variable import Variable


@export("train.match_filenames_once")
def match_filenames_once(pattern: Any, name: str | None = None) -> Variable:
    """Return a local variable with the names of the files that match a pattern; they are looked up when it is initialized.

    Parameters
    ----------
    pattern : str or list of str, or string Tensor
        With * and ? as in a shell.
    name : str, optional
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return Variable(
            name=scope,
            initial_value=raw.MatchingFiles(pattern),
            trainable=False,
            validate_shape=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
        )


@export("train.limit_epochs")
def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """Return `tensor`, which can be computed `num_epochs` times; then comes `OutOfRangeError`.

    The count is a local variable: run `tf.local_variables_initializer()`.
    """
    if num_epochs is None:
        return tensor
    num_epochs = as_int(num_epochs, "num_epochs")
    if num_epochs <= 0:
        raise misuse(ValueError(f"num_epochs must be > 0 not {num_epochs}."))
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        zero = constant(0, dtype=dtypes.int64)
        epochs = Variable(zero, name="epochs", trainable=False, collections=[GraphKeys.LOCAL_VARIABLES])
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=scope)


def share_of(queue: QueueBase, capacity: int) -> Tensor:
    """How full a queue is, from 0 to 1."""
    return cast(queue.size(), dtypes.float32) * (1.0 / capacity)


@export("train.input_producer")
def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """Return a queue of the rows of `input_tensor`, and add a QueueRunner that fills it.

    Parameters
    ----------
    input_tensor : Tensor, shape (rows, ...)
    element_shape : TensorShape, optional
        Of a row, where the tensor does not tell.
    num_epochs : int, optional
        So often each row comes, then the queue is closed; default without end. Needs
        `tf.local_variables_initializer()`.
    shuffle : bool
        The rows come in another order in each epoch.
    seed : int, optional
    capacity : int
        Of the queue.
    shared_name, name : str, optional
    summary_name : str, optional
        Name of a summary of how full the queue is.
    cancel_op : Operation, optional
        For the QueueRunner.

    Returns
    -------
    FIFOQueue
        `tf.train.start_queue_runners` must be called before anything is taken out of it.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        input_tensor = convert(input_tensor, name="input_tensor")
        element_shape = input_tensor.shape[1:].merge_with(element_shape)
        if not element_shape.is_fully_defined():
            raise misuse(
                ValueError("Either `input_tensor` must have a fully defined shape or `element_shape` must be specified")
            )
        if shuffle:
            input_tensor = random_shuffle(input_tensor, seed=seed)
        input_tensor = limit_epochs(input_tensor, num_epochs)
        queue = FIFOQueue(
            capacity=capacity,
            dtypes=[input_tensor.dtype.base_dtype],
            shapes=[element_shape],
            shared_name=shared_name,
            name=name,  # type: ignore[arg-type]  # None: the name of the op type, as in TensorFlow
        )
        add_queue_runner(QueueRunner(queue, [queue.enqueue_many([input_tensor])], cancel_op=cancel_op))
        if summary_name is not None:
            summarize_fullness(summary_name, share_of(queue, capacity))
        return queue


@export("train.string_input_producer")
def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """Return a queue of strings, mostly the names of the files that a reader reads.

    Parameters
    ----------
    string_tensor : string Tensor, shape (n,), or list of str
    num_epochs : int, optional
        So often each string comes; needs `tf.local_variables_initializer()`.
    shuffle : bool
        In another order in each epoch.
    seed : int, optional
    capacity : int
    shared_name, name : str, optional
    cancel_op : Operation, optional

    Raises
    ------
    ValueError
        If the list is empty.
    tf.errors.InvalidArgumentError
        If the tensor is empty when it runs.

    Examples
    --------
    >>> name = tf.train.string_input_producer(["a.csv", "b.csv"], shuffle=False).dequeue()
    >>> with tf.Session() as sess:
    ...     threads = tf.train.start_queue_runners(sess)
    ...     [sess.run(name) for _ in range(3)]
    [b'a.csv', b'b.csv', b'a.csv']
    """
    empty = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, (Tensor, Variable)) and not as_list(string_tensor, "string_tensor"):
        raise misuse(ValueError(empty))
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        string_tensor = convert(string_tensor, dtypes.string)
        with control_dependencies([assert_(greater(size(string_tensor), 0), [empty])]):
            string_tensor = identity(string_tensor)
        return input_producer(
            string_tensor, [], num_epochs, shuffle, seed, capacity, shared_name, f"fraction_of_{capacity}_full", scope,
            cancel_op,
        )  # fmt: skip


@export("train.range_input_producer")
def range_input_producer(
    limit: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> FIFOQueue:
    """Return a queue of the numbers from 0 up to, not including, `limit`; see `tf.train.input_producer`."""
    with name_scope(name, "input_producer", [limit]) as scope:
        return input_producer(
            range_(limit), [], num_epochs, shuffle, seed, capacity, shared_name, f"fraction_of_{capacity}_full", scope
        )


@export("train.slice_input_producer")
def slice_input_producer(
    tensor_list: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """Return one row of each of several tensors, of the same number: an image and its label, for example.

    Parameters
    ----------
    tensor_list : list of Tensor
        All with as many rows.
    num_epochs : int, optional
    shuffle : bool
    seed : int, optional
    capacity : int
        Of the queue of row numbers.
    shared_name, name : str, optional

    Returns
    -------
    list of Tensor

    Examples
    --------
    >>> x, y = tf.train.slice_input_producer([[1.0, 2.0], ["one", "two"]], shuffle=False)
    >>> with tf.Session() as sess:
    ...     threads = tf.train.start_queue_runners(sess)
    ...     sess.run(y), sess.run(y)
    (b'one', b'two')
    """
    tensor_list = as_list(tensor_list, "tensor_list")
    with name_scope(name, "input_producer", tensor_list):
        tensors = convert_n(tensor_list)
        if not tensors:
            raise misuse(ValueError("Expected at least one tensor in slice_input_producer()."))
        rows = shape_of(tensors[0])[0]
        queue = range_input_producer(rows, num_epochs, shuffle, seed, capacity, shared_name)
        index = queue.dequeue()
        return [gather(t, index) for t in tensors]
