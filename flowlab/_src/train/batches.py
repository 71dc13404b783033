"""The public functions that make batches of examples: in order or shuffled, from one source or several."""

from __future__ import annotations

from typing import Any

from flowlab._src.train.batching import Batching, build_in_order, build_shuffled
from flowlab._src.util.export import export


@export("train.batch")
def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches of what `tensors` give in one run after the other.

    Adds a queue, and a QueueRunner that fills it: call `tf.train.start_queue_runners` before the first run.

    Parameters
    ----------
    tensors : list or dict of Tensor or SparseTensor
        One example; with `enqueue_many` several, one a row.
    batch_size : int or int32 scalar Tensor
    num_threads : int
        So many threads compute examples; with more than one their order is open.
    capacity : int
        Of the queue.
    enqueue_many : bool
    shapes : list of TensorShape, optional
        Of the tensors of one example, where they do not tell.
    dynamic_pad : bool
        Examples may differ in size; those of a batch are filled up with zeros.
    allow_smaller_final_batch : bool
        Give what is left at the end, though it is not a whole batch.
    shared_name, name : str, optional

    Returns
    -------
    list or dict as `tensors`, or a single Tensor; shapes (batch_size, ...)

    Examples
    --------
    >>> number = tf.train.range_input_producer(6, shuffle=False).dequeue()
    >>> x, y = tf.train.batch([number, number * number], batch_size=3)
    >>> with tf.Session() as sess:
    ...     threads = tf.train.start_queue_runners(sess)
    ...     sess.run([x, y])
    [array([0, 1, 2], dtype=int32), array([0, 1, 4], dtype=int32)]
    """
    task = Batching("batch", batch_size, True, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_in_order([tensors], task, num_threads, capacity, dynamic_pad, shared_name)


@export("train.maybe_batch")
def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches of those examples for which `keep_input` is true; else as `tf.train.batch`.

    Parameters
    ----------
    keep_input : bool Tensor
        A scalar, or with `enqueue_many` also a vector with a choice for each row.

    Examples
    --------
    >>> number = tf.train.range_input_producer(10, shuffle=False).dequeue()
    >>> odd = tf.train.maybe_batch([number], tf.equal(number % 2, 1), batch_size=4)
    >>> with tf.Session() as sess:
    ...     threads = tf.train.start_queue_runners(sess)
    ...     sess.run(odd)
    array([1, 3, 5, 7], dtype=int32)
    """
    task = Batching("batch", batch_size, keep_input, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_in_order([tensors], task, num_threads, capacity, dynamic_pad, shared_name)


@export("train.batch_join")
def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches of what several lists of tensors give; a thread computes each list, into one queue.

    Parameters
    ----------
    tensors_list : list of lists (or dicts) of Tensor
        All with the same types and shapes.

    See Also
    --------
    tf.train.batch : the other parameters
    """
    task = Batching("batch_join", batch_size, True, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_in_order(tensors_list, task, 1, capacity, dynamic_pad, shared_name)


@export("train.maybe_batch_join")
def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches as `tf.train.batch_join`, of those examples for which `keep_input` is true."""
    task = Batching("batch_join", batch_size, keep_input, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_in_order(tensors_list, task, 1, capacity, dynamic_pad, shared_name)


@export("train.shuffle_batch")
def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches of examples drawn by chance from a queue that `tensors` fill.

    Parameters
    ----------
    tensors : list or dict of Tensor or SparseTensor
        One example; with `enqueue_many` several, one a row.
    batch_size : int or int32 scalar Tensor
    capacity : int
        Of the queue, more than `min_after_dequeue`; what lies between is read ahead.
    min_after_dequeue : int
        So many examples stay in the queue to choose from: more mix better, and take longer before the first batch.
    num_threads : int
    seed : int, optional
    enqueue_many : bool
    shapes : list of TensorShape, optional
    allow_smaller_final_batch : bool
    shared_name, name : str, optional

    Returns
    -------
    list or dict as `tensors`, or a single Tensor; shapes (batch_size, ...)

    Raises
    ------
    ValueError
        If `capacity` is not more than `min_after_dequeue`.

    Examples
    --------
    >>> number = tf.train.range_input_producer(8, num_epochs=1, shuffle=False).dequeue()
    >>> batch = tf.train.shuffle_batch([number], batch_size=8, capacity=20, min_after_dequeue=10)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     threads = tf.train.start_queue_runners(sess)
    ...     sorted(sess.run(batch).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    task = Batching("shuffle_batch", batch_size, True, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_shuffled([tensors], task, num_threads, capacity, min_after_dequeue, seed, shared_name)


@export("train.maybe_shuffle_batch")
def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches as `tf.train.shuffle_batch`, of those examples for which `keep_input` is true."""
    task = Batching("shuffle_batch", batch_size, keep_input, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_shuffled([tensors], task, num_threads, capacity, min_after_dequeue, seed, shared_name)


@export("train.shuffle_batch_join")
def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches as `tf.train.shuffle_batch`; a thread computes each of several lists of tensors.

    Parameters
    ----------
    tensors_list : list of lists (or dicts) of Tensor
        All with the same types and shapes.
    """
    task = Batching("shuffle_batch_join", batch_size, True, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_shuffled(tensors_list, task, 1, capacity, min_after_dequeue, seed, shared_name)


@export("train.maybe_shuffle_batch_join")
def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Return batches as `tf.train.shuffle_batch_join`, of those examples for which `keep_input` is true."""
    task = Batching("shuffle_batch_join", batch_size, keep_input, enqueue_many, shapes, allow_smaller_final_batch, name)
    return build_shuffled(tensors_list, task, 1, capacity, min_after_dequeue, seed, shared_name)
