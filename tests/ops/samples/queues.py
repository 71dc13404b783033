"""Samples of queues, accumulators and maps of sparse tensors: put in and taken out in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

X = np.array([3.0, 1.0, 2.0, 5.0], np.float32)
M = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
N = np.array([7, -2, 7, 0], np.int64)
WORDS = np.array([b"d", b"a", b"", b"\xff"], object)


def through(
    make: Callable[[Any], Any], out: Callable[[Any], Any], put: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """A call that enqueues its inputs and then takes something out."""

    def call(tf: Any, *inputs: Any) -> Any:
        queue = make(tf)
        enqueue = queue.enqueue_many(list(inputs)) if put is None else put(tf, queue, *inputs)
        with tf.control_dependencies([enqueue]):
            return out(queue)

    return call


def chain(tf: Any, operations: list[Callable[[], Any]], last: Callable[[], Any]) -> Any:
    """Make operations that run one after the other, then what comes last."""
    before: list[Any] = []
    for make in operations:
        with tf.control_dependencies(before):
            before = [make()]
    with tf.control_dependencies(before):
        return last()


def closed(tf: Any, x: Any) -> Any:
    q = tf.FIFOQueue(10, tf.float32, [[]])
    last = lambda: [q.dequeue_up_to(9), q.is_closed()]  # noqa: E731 - a step of a chain
    return chain(tf, [lambda: q.enqueue_many([x]), q.close], last)


def taken_from_closed(tf: Any, x: Any) -> Any:
    q = tf.FIFOQueue(10, tf.float32, [[]])
    return chain(tf, [lambda: q.enqueue_many([x]), q.close], lambda: q.dequeue_many(9))


def enqueued_into_closed(tf: Any, x: Any) -> Any:
    q = tf.FIFOQueue(10, tf.float32)
    return chain(tf, [q.close, lambda: q.enqueue(x)], q.size)


def closed_twice(tf: Any, x: Any) -> Any:
    q = tf.FIFOQueue(10, tf.float32)
    return chain(tf, [q.close, q.close], q.size)


def mean_gradient(reduction: str) -> Callable[..., Any]:
    def call(tf: Any, x: Any) -> Any:
        acc = tf.ConditionalAccumulator(tf.float32, shape=[4], reduction_type=reduction)
        counted = chain(tf, [lambda: acc.apply_grad(x), lambda: acc.apply_grad(x * 3.0)], acc.num_accumulated)
        with tf.control_dependencies([counted]):
            return [counted, acc.take_grad(2)]

    return call


def stale_gradient(tf: Any, x: Any) -> Any:
    acc = tf.ConditionalAccumulator(tf.float32)
    steps = [lambda: acc.set_global_step(5), lambda: acc.apply_grad(x, 4), lambda: acc.apply_grad(x, 5)]
    return chain(tf, steps, acc.num_accumulated)


def sparse_mean(tf: Any, m: Any) -> Any:
    acc = tf.SparseConditionalAccumulator(tf.float32, shape=[9, 2])
    steps = [
        lambda: acc.set_global_step(1),
        lambda: acc.apply_grad([0, 2, 5], m, [9, 2], local_step=1),
        lambda: acc.apply_grad([2, 3, 8], m * 10.0, [9, 2], local_step=1),
    ]
    counted = chain(tf, steps, acc.num_accumulated)
    with tf.control_dependencies([counted]):
        return [counted, *acc.take_grad(2)]


def sparse_rows(tf: Any, x: Any) -> Any:
    """Three rows of a sparse tensor by way of a map."""
    indices = tf.constant([[0, 1], [0, 3], [2, 0], [2, 2]], tf.int64)
    shape = tf.constant([3, 4], tf.int64)
    numbers = tf.raw_ops.AddManySparseToTensorsMap(
        sparse_indices=indices, sparse_values=x, sparse_shape=shape, container="", shared_name="rows"
    )
    taken = tf.raw_ops.TakeManySparseFromTensorsMap(
        sparse_handles=tf.reverse(numbers, [0]), dtype=tf.float32, container="", shared_name="rows"
    )
    return list(taken)


def sparse_singles(tf: Any, x: Any) -> Any:
    """Two sparse vectors of different sizes by way of a map."""
    numbers = [
        tf.raw_ops.AddSparseToTensorsMap(
            sparse_indices=tf.constant(places, tf.int64), sparse_values=x[: len(places)],
            sparse_shape=tf.constant([size], tf.int64), container="", shared_name="singles",
        )
        for places, size in (([[1], [4]], 5), ([[0], [2], [6]], 7))
    ]  # fmt: skip
    taken = tf.raw_ops.TakeManySparseFromTensorsMap(
        sparse_handles=tf.stack(numbers), dtype=tf.float32, container="", shared_name="singles"
    )
    return list(taken)


def keyed(tf: Any, n: Any, w: Any) -> Any:
    q = tf.PriorityQueue(10, [tf.string], [[]])
    with tf.control_dependencies([q.enqueue_many([n, w])]):
        return q.dequeue_many(4)


def padded(tf: Any, m: Any, x: Any) -> Any:
    q = tf.PaddingFIFOQueue(10, [tf.float32], [[None, None]])
    steps = [lambda: q.enqueue([m]), lambda: q.enqueue([tf.reshape(x, [1, 4])])]
    return chain(tf, steps, lambda: q.dequeue_many(2))


def shuffled(tf: Any, n: Any) -> Any:
    q = tf.RandomShuffleQueue(10, 0, [tf.int64], [[]], seed=3)
    with tf.control_dependencies([q.enqueue_many([n])]):
        return q.dequeue_many(4)


def summary(tf: Any, x: Any) -> Any:
    return tf.raw_ops.ScalarSummary(tags="fraction", values=x)


def _fifo(kinds: Any, shapes: Any = None) -> Callable[[Any], Any]:
    return lambda tf: tf.FIFOQueue(10, [getattr(tf, k) for k in kinds], shapes)


SAMPLES = [
    Sample("FIFOQueueV2", through(_fifo(["float32"]), lambda q: q.dequeue()), (X,), grad=False),
    Sample("FIFOQueueV2", through(_fifo(["float32", "string"]), lambda q: q.dequeue()), (X, WORDS), grad=False),
    Sample("QueueDequeueManyV2", through(_fifo(["float32"], [[2]]), lambda q: q.dequeue_many(2)), (M,), grad=False),
    Sample(
        "QueueDequeueManyV2",
        through(_fifo(["int64", "string"], [[], []]), lambda q: q.dequeue_many(3)),
        (N, WORDS),
        grad=False,
    ),
    Sample("QueueDequeueManyV2", through(_fifo(["float32"], [[2]]), lambda q: q.dequeue_many(0)), (M,), grad=False),
    Sample("QueueDequeueUpToV2", closed, (X,), grad=False),
    Sample("QueueSizeV2", through(_fifo(["float32"]), lambda q: q.size()), (X,), grad=False),
    Sample(
        "QueueEnqueueV2",
        through(_fifo(["float32"], [[3, 2]]), lambda q: q.dequeue(), lambda tf, q, m: q.enqueue([m])),
        (M,),
        grad=False,
    ),
    Sample("PriorityQueueV2", keyed, (N, WORDS), grad=False),
    Sample("PaddingFIFOQueueV2", padded, (M, X), grad=False),
    Sample("RandomShuffleQueueV2", shuffled, (N,), grad=False),
    Sample("ResourceConditionalAccumulator", mean_gradient("MEAN"), (X,), grad=False),
    Sample("ResourceConditionalAccumulator", mean_gradient("SUM"), (X,), grad=False),
    Sample("ResourceAccumulatorSetGlobalStep", stale_gradient, (X,), grad=False),
    Sample("SparseConditionalAccumulator", sparse_mean, (M,), grad=False),
    Sample("AddManySparseToTensorsMap", sparse_rows, (X,), grad=False),
    Sample("AddSparseToTensorsMap", sparse_singles, (X,), grad=False),
    Sample("ScalarSummary", summary, (np.float32(0.25),), grad=False),
    Sample("ScalarSummary", summary, (np.int64(-3),), grad=False),
]

SHAPES = r"Shape mismatch in tuple component 0\. Expected \[2\], got \[4\]"

FAILURES = [
    Failure("FIFOQueueV2", lambda tf: tf.FIFOQueue(3, []).size(), (), "ValueError", "less than minimum 1"),
    Failure(
        "FIFOQueueV2", lambda tf: tf.FIFOQueue(3, tf.int32, [[None]]).size(), (), "ValueError", "must be fully defined"
    ),
    Failure(
        "FIFOQueueV2", lambda tf: tf.FIFOQueue(3, tf.int32, [[1], [2]]).size(), (), "ValueError",
        "shapes must have the same length as dtypes",
    ),
    Failure(
        "FIFOQueueV2", lambda tf: tf.FIFOQueue(3, tf.int32, names=["a", "b"]).size(), (), "ValueError",
        "List of names must have the same length",
    ),
    Failure(
        "PaddingFIFOQueueV2", lambda tf: tf.PaddingFIFOQueue(3, [tf.int32], [None]).size(), (), "ValueError",
        "a list of shapes must be provided",
    ),
    Failure(
        "RandomShuffleQueueV2", lambda tf: tf.RandomShuffleQueue(3, 3, tf.int32).size(), (), "InvalidArgumentError",
        "min_after_dequeue 3 must be < capacity 3", run=True,
    ),
    Failure(
        "QueueEnqueueV2", lambda tf, x: tf.FIFOQueue(3, tf.float32, [[2]]).enqueue([x]), (X,), "ValueError",
        "are incompatible",
    ),
    Failure(
        "QueueEnqueueV2",
        through(_fifo(["float32"], [[2]]), lambda q: q.size(), lambda tf, q, x: q.enqueue([x])),
        (X,), "InvalidArgumentError", SHAPES, run=True,
    ),
    Failure(
        "QueueEnqueueV2", lambda tf, x: tf.FIFOQueue(3, tf.float32).enqueue({"a": x}), (X,), "ValueError",
        "Queue must have names to enqueue a dictionary",
    ),
    Failure(
        "QueueEnqueueManyV2", through(_fifo(["float32", "float32"]), lambda q: q.size()), (X, M),
        "InvalidArgumentError", "must have the same size in the 0th dimension", run=True,
    ),
    Failure("QueueEnqueueV2", enqueued_into_closed, (X,), "CancelledError", "is closed", run=True),
    Failure("QueueCloseV2", closed_twice, (X,), "CancelledError", "is already closed", run=True),
    Failure(
        "QueueDequeueManyV2", taken_from_closed, (X,), "OutOfRangeError",
        r"is closed and has insufficient elements \(requested 9, current size 4\)", run=True,
    ),
    Failure(
        "QueueDequeueManyV2", through(_fifo(["float32"]), lambda q: q.dequeue_many(2)), (X,), "InvalidArgumentError",
        "require the components to have specified shapes", run=True,
    ),
    Failure(
        "QueueDequeueManyV2", lambda tf: tf.FIFOQueue(3, tf.int32, [[]]).dequeue_many(-1), (), "ValueError",
        "Input 'n' must be >= 0, but is -1",
    ),
    Failure(
        "QueueDequeueManyV2", lambda tf, n: tf.FIFOQueue(3, tf.int32, [[]]).dequeue_many(n), (np.int32(-1),),
        "InvalidArgumentError", "requested -1 < 0 elements", run=True,
    ),
    Failure(
        "ResourceAccumulatorTakeGradient", lambda tf: tf.ConditionalAccumulator(tf.float32).take_grad(0), (),
        "InvalidArgumentError", "num_required must be positive, but was 0", run=True,
    ),
    Failure(
        "ResourceAccumulatorApplyGradient",
        lambda tf, x: chain(
            tf, [lambda: tf.ConditionalAccumulator(tf.float32, shape=[2]).apply_grad(x)], lambda: tf.constant(1)
        ),
        (X,), "InvalidArgumentError", r"Shape mismatch: expected \[2\], got \[4\]", run=True,
    ),
    Failure(
        "ResourceConditionalAccumulator", lambda tf: tf.ConditionalAccumulator(tf.float32, reduction_type="MAX"), (),
        "ValueError", "not in: .MEAN., .SUM.",
    ),
    Failure(
        "ResourceConditionalAccumulator", lambda tf: tf.ConditionalAccumulator(tf.string).num_accumulated(), (),
        "TypeError", "has DataType string not in list of allowed values",
    ),
    Failure(
        "ScalarSummary", lambda tf, x: tf.raw_ops.ScalarSummary(tags=["a", "b"], values=x), (X,),
        "InvalidArgumentError", r"tags and values are not the same shape: \[2\] != \[4\]", run=True,
    ),
]  # fmt: skip
