"""Queues and what is built of them: queue objects, input producers, batches, readers, runners, coordinators."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..record import program


@program("graph", "values")
def fifo_queue_counts(tf: Any) -> Any:
    q = tf.FIFOQueue(3, "float")
    init = q.enqueue_many(([0.0, 0.0, 0.0],))
    x = q.dequeue()
    again = q.enqueue([x + 1])
    with tf.Session() as sess:
        sess.run(init)
        for _ in range(4):
            sess.run(again)
        return {
            "size": sess.run(q.size()),
            "elements": [sess.run(x) for _ in range(3)],
            "closed": sess.run(q.is_closed()),
        }


@program("graph", "values")
def components_with_names_and_shapes(tf: Any) -> Any:
    q = tf.FIFOQueue(10, [tf.float32, tf.string], shapes=[[2], []], names=["point", "label"], name="points")
    put = q.enqueue({"point": [1.0, 2.0], "label": "a"})
    put_many = q.enqueue_many({"point": [[3.0, 4.0], [5.0, 6.0]], "label": ["b", "c"]}, name="more")
    one = q.dequeue()
    two = q.dequeue_many(2)
    close = q.close()
    rest = q.dequeue_up_to(tf.constant(5, name="n"), name="rest")
    with tf.Session() as sess:
        sess.run([put, put_many])
        results = [sess.run(one), sess.run(two)]
        sess.run(put)
        sess.run(close)
        return {"results": results, "rest": sess.run(rest), "shape": str(rest["point"].shape)}


@program("graph", "values")
def several_components_as_a_list(tf: Any) -> Any:
    with tf.name_scope("input"):
        q = tf.FIFOQueue(10, [tf.int64, tf.float32])
        put = q.enqueue((tf.constant(7, tf.int64), [[1.0]]))
        number, matrix = q.dequeue()
    with tf.Session() as sess:
        sess.run(put)
        return {"both": sess.run([number, matrix]), "shapes": [str(number.shape), str(matrix.shape)], "name": q.name}


@program("graph", "values")
def random_shuffle_queue_with_seeds(tf: Any) -> Any:
    tf.set_random_seed(7)
    a = tf.RandomShuffleQueue(50, 0, tf.int32, shapes=[[]], seed=3)
    b = tf.RandomShuffleQueue(50, 5, tf.int32, shapes=[[]], shared_name="mixed")
    fill = [q.enqueue_many([np.arange(30, dtype=np.int32)]) for q in (a, b)]
    take = [a.dequeue_many(30), b.dequeue_many(25)]
    with tf.Session() as sess:
        sess.run(fill)
        first = [sess.run(t) for t in take]
        sess.run(fill)
        return {"first": first, "second": [sess.run(t) for t in take]}


@program("graph", "values")
def priority_queue_with_equal_priorities(tf: Any) -> Any:
    q = tf.PriorityQueue(20, [tf.string], shapes=[[]])
    p, v = tf.placeholder(tf.int64, []), tf.placeholder(tf.string, [])
    put, take = q.enqueue((p, v)), q.dequeue()
    with tf.Session() as sess:
        for i, priority in enumerate([5, 1, 3, 1, 5, 3, 1, 1, 3, 5, 2]):
            sess.run(put, {p: priority, v: f"job {i}"})
        return [sess.run(take) for _ in range(11)]


@program("graph", "values")
def padding_queue(tf: Any) -> Any:
    q = tf.PaddingFIFOQueue(10, [tf.int32, tf.string], shapes=[[None], [2, None]])
    put = [q.enqueue(([1, 2, 3], [["a"], ["b"]])), q.enqueue(([4], [["c", "d"], ["e", "f"]]))]
    numbers, words = q.dequeue_many(2)
    with tf.Session() as sess:
        for op in put:
            sess.run(op)
        return {"values": sess.run([numbers, words]), "shapes": [str(numbers.shape), str(words.shape)]}


@program("graph", "values")
def queue_chosen_by_number(tf: Any) -> Any:
    queues = [tf.FIFOQueue(5, tf.float32, shapes=[[]]) for _ in range(2)]
    fill = [q.enqueue_many([[10.0 * i, 10.0 * i + 1]]) for i, q in enumerate(queues)]
    which = tf.placeholder(tf.int32, [])
    chosen = tf.QueueBase.from_list(which, queues)
    x = chosen.dequeue()
    with tf.Session() as sess:
        sess.run(fill)
        return [sess.run(x, {which: i}) for i in (1, 0, 1)]


def _pipeline(tf: Any, fetches: Any, runs: int) -> Any:
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess=sess, coord=coord)
        results = []
        try:
            for _ in range(runs):
                results.append(sess.run(fetches))
        except tf.errors.OutOfRangeError:
            results.append("no more")
        coord.request_stop()
        coord.join(threads)
        return results


@program("graph", "values")
def batches_of_numbers(tf: Any) -> Any:
    number = tf.train.range_input_producer(7, num_epochs=1, shuffle=False).dequeue()
    x, y = tf.train.batch([number, tf.cast(number, tf.float32) * 0.5], batch_size=3, capacity=16)
    return {"runs": _pipeline(tf, [x, y], 4), "shape": str(x.shape)}


@program("graph", "values")
def smaller_final_batch_of_a_dictionary(tf: Any) -> Any:
    image, label = tf.train.slice_input_producer(
        [np.arange(10, dtype=np.float32).reshape(5, 2), ["a", "b", "c", "d", "e"]], num_epochs=1, shuffle=False
    )
    batch = tf.train.batch({"image": image, "label": label}, 2, allow_smaller_final_batch=True)
    return {"runs": _pipeline(tf, batch, 4), "shape": str(batch["image"].shape)}


@program("graph")
def shuffled_batches(tf: Any) -> Any:
    tf.set_random_seed(1)
    names = tf.train.string_input_producer(["a.csv", "b.csv"], num_epochs=2, seed=4)
    reader = tf.TextLineReader(skip_header_lines=1)
    key, line = reader.read(names)
    return tf.train.shuffle_batch([key, line], batch_size=4, capacity=50, min_after_dequeue=10, num_threads=2)


@program("graph")
def joined_batches(tf: Any) -> Any:
    sources = [[tf.random_uniform([2]), tf.constant(i)] for i in range(3)]
    a = tf.train.batch_join(sources, batch_size=4)
    b = tf.train.shuffle_batch_join(sources, 4, capacity=20, min_after_dequeue=5, seed=2, name="mixed")
    return a + b


@program("graph")
def batches_of_rows_with_padding(tf: Any) -> Any:
    rows = tf.placeholder(tf.float32, [None, 3])
    words = tf.placeholder(tf.string, [None])
    a = tf.train.batch([rows], 5, enqueue_many=True)
    b = tf.train.batch([words], 5, dynamic_pad=True)
    keep = tf.placeholder(tf.bool, [None])
    c = tf.train.maybe_batch([rows], keep, 5, enqueue_many=True)
    d = tf.train.maybe_batch([words], tf.constant(False), 5, dynamic_pad=True)
    return [a, b, c, d]


@program("graph", "values")
def sparse_tensors_in_batches(tf: Any) -> Any:
    number = tf.train.range_input_producer(4, shuffle=False).dequeue()
    sparse = tf.SparseTensor([[tf.cast(number, tf.int64)]], [number * 10], [4])
    batch = tf.train.batch([number, sparse], batch_size=3)
    return _pipeline(tf, batch, 1)


@program("values")
def coordinator_brings_an_error(tf: Any) -> Any:
    coord = tf.train.Coordinator()

    def work() -> None:
        with coord.stop_on_exception():
            raise ValueError("a fault in a thread")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        coord.join([thread])
    except ValueError as error:
        return {"error": str(error), "stop": coord.should_stop(), "joined": coord.joined}


@program("values")
def coordinator_ignores_the_end_of_data(tf: Any) -> Any:
    coord = tf.train.Coordinator()
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "the end"))
    coord.join([])
    return coord.should_stop()


@program("values")
def closed_queues_complain(tf: Any) -> Any:
    q = tf.FIFOQueue(2, tf.float32, shapes=[[]], name="q")
    put, take, many, close = q.enqueue(1.0), q.dequeue(), q.dequeue_many(2), q.close()
    with tf.Session() as sess:
        sess.run(put)
        sess.run(close)
        classes = []
        for op in (put, many, close, take, take):
            try:
                sess.run(op)
                classes.append("fine")
            except tf.errors.OpError as error:
                classes.append(type(error).__name__)
        return classes


@program(
    error="OutOfRangeError",
    says=("is closed and has insufficient elements (requested 1, current size 0)", "FIFOQueue '"),
)
def dequeue_of_a_closed_queue(tf: Any) -> Any:
    q = tf.FIFOQueue(2, tf.float32)
    with tf.Session() as sess:
        sess.run(q.close())
        sess.run(q.dequeue())


@program(error="DeadlineExceededError", says="Timed out waiting for notification")
def dequeue_with_a_time_limit(tf: Any) -> Any:
    q = tf.FIFOQueue(2, tf.float32)
    with tf.Session() as sess:
        sess.run(q.dequeue(), options=tf.RunOptions(timeout_in_ms=50))


@program("graph", "values")
def gradients_averaged_by_an_accumulator(tf: Any) -> Any:
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[2], name="sum")
    apply = [accumulator.apply_grad(tf.constant(g), local_step=0) for g in ([1.0, 2.0], [3.0, 6.0])]
    mean = accumulator.take_grad(2)
    with tf.Session() as sess:
        for op in apply:
            sess.run(op)
        count = sess.run(accumulator.num_accumulated())
        return {"mean": sess.run(mean), "count": count, "after": sess.run(accumulator.num_accumulated())}
