"""Sparse tensors as programs use them: bags of words, feature crosses, embeddings trained, matrices with few entries."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program

ROWS = [[0, 1], [0, 3], [2, 0], [2, 2]]


def parts(x: Any) -> Any:
    """The parts of sparse tensors, by name."""
    return {"indices": x.indices, "values": x.values, "shape": x.dense_shape}


@program("graph", "values")
def from_parts_to_dense(tf: Any) -> Any:
    x = tf.SparseTensor(indices=ROWS, values=[1.0, 2.0, 3.0, 4.0], dense_shape=[3, 4])
    dense = tf.sparse_tensor_to_dense(x, default_value=-1.0)
    return {"dense": dense, "again": parts(tf.sparse.from_dense(tf.nn.relu(dense)))}


@program("graph")
def placeholders(tf: Any) -> None:
    x = tf.sparse_placeholder(tf.float32)
    y = tf.sparse_placeholder(tf.float32)
    tf.sparse_tensor_dense_matmul(x, tf.ones([4, 2]), name="product")
    tf.sparse_tensor_dense_matmul(y, tf.ones([2, 4]), adjoint_b=True)


@program("values")
def feeding_and_fetching(tf: Any) -> Any:
    x = tf.sparse_placeholder(tf.float32)
    total = tf.sparse_reduce_sum(x, axis=1)
    value = tf.SparseTensorValue(np.array(ROWS), np.array([1, 2, 3, 4], np.float32), np.array([3, 4]))
    with tf.Session() as sess:
        got = sess.run(x, {x: value})
        return {
            "total": sess.run(total, {x: value}),
            "by a tuple": sess.run(total, {x: (ROWS, [1, 1, 1, 1], [3, 4])}),
            "kind": type(got).__name__,
            "parts": list(got),
            "in a dict": list(sess.run({"x": x}, {x: value})["x"]),
        }


@program("graph", "values")
def linear_model_on_sparse_features(tf: Any) -> Any:
    features = tf.SparseTensor(ROWS, [1.0, 2.0, 3.0, 4.0], [3, 4])
    weights = tf.get_variable("weights", initializer=tf.constant([[0.1], [0.2], [0.3], [0.4]]))
    prediction = tf.sparse_tensor_dense_matmul(features, weights)
    loss = tf.reduce_sum((prediction - tf.constant([[1.0], [2.0], [3.0]])) ** 2)
    return {"prediction": prediction, "gradient": tf.gradients(loss, weights)[0]}


@program("values")
def training_on_sparse_features(tf: Any) -> Any:
    x = tf.sparse_placeholder(tf.float32, [3, 4])
    w = tf.Variable(tf.zeros([4, 1]))
    loss = tf.reduce_mean(tf.square(tf.sparse_tensor_dense_matmul(x, w) - [[1.0], [2.0], [3.0]]))
    train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {x: tf.SparseTensorValue(ROWS, [1.0, 2.0, 3.0, 4.0], [3, 4])}
        losses = [float(sess.run([loss, train], feed)[0]) for _ in range(5)]
        return {"losses": losses, "w": sess.run(w)}


@program("values")
def embeddings_of_word_lists(tf: Any) -> Any:
    table = tf.get_variable("table", initializer=tf.constant(np.arange(10, dtype=np.float32).reshape(5, 2)))
    words = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 4, 0], tf.int64), [3, 2])
    weights = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1.0, 3.0, 2.0], [3, 2])
    lists = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 4, 0], tf.int64), [2, 2])
    mean = tf.nn.embedding_lookup_sparse(table, lists, None, combiner="mean")
    return {
        "mean": mean,
        "sum": tf.nn.embedding_lookup_sparse(table, lists, None, combiner="sum"),
        "weighted": tf.nn.embedding_lookup_sparse(table, words, weights, combiner="mean"),
        "safe": tf.nn.safe_embedding_lookup_sparse(table, words),
        "gradient": tf.convert_to_tensor(tf.gradients(tf.reduce_sum(mean**2), table)[0]),
    }


@program("graph", "values")
def order_and_form(tf: Any) -> Any:
    x = tf.SparseTensor([[2, 2], [0, 1], [2, 0], [0, 3]], [4, 1, 3, 2], [3, 4])
    ordered = tf.sparse_reorder(x)
    return {
        "ordered": parts(ordered),
        "turned": parts(tf.sparse_transpose(ordered)),
        "reshaped": parts(tf.sparse_reshape(ordered, [4, -1])),
        "widened": parts(tf.sparse_reset_shape(ordered, [5, 6])),
        "kept": parts(tf.sparse_retain(ordered, [True, False, True, False])),
    }


@program("graph", "values")
def joining_and_cutting(tf: Any) -> Any:
    x = tf.SparseTensor(ROWS, [1, 2, 3, 4], [3, 4])
    y = tf.SparseTensor([[1, 1]], [9], [3, 4])
    halves = tf.sparse_split(sp_input=x, num_split=2, axis=1)
    filled, empty = tf.sparse_fill_empty_rows(x, -1)
    return {
        "columns": parts(tf.sparse_concat(1, [x, y])),
        "rows": parts(tf.sparse_concat(0, [x, y])),
        "left": parts(halves[0]),
        "right": parts(halves[1]),
        "block": parts(tf.sparse_slice(x, [0, 1], [2, 3])),
        "filled": parts(filled),
        "empty": empty,
    }


@program("graph", "values")
def sums_and_products(tf: Any) -> Any:
    x = tf.SparseTensor(ROWS, [1.0, -2.0, 3.0, 4.0], [3, 4])
    y = tf.SparseTensor([[0, 1], [1, 1]], [5.0, 6.0], [3, 4])
    scale = tf.constant([[1.0, 2.0, 3.0, 4.0]])
    return {
        "sum": parts(tf.sparse_add(x, y)),
        "with dense": tf.sparse_add(x, tf.ones([3, 4])),
        "product": parts(x * scale),
        "quotient": parts(x / scale),
        "larger": parts(tf.sparse_maximum(x, y)),
        "by row": tf.sparse_reduce_sum(x, 1, keepdims=True),
        "largest": tf.sparse_reduce_max(x, 0),
        "softmax": parts(tf.sparse_softmax(x)),
    }


@program("graph", "values")
def indicator_columns(tf: Any) -> Any:
    words = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [2, 0, 3], [2, 2])
    values = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [0.5, 1.5, 2.5], [2, 2])
    return {
        "indicator": tf.sparse_to_indicator(words, 4),
        "merged": parts(tf.sparse_merge(words, values, 4)),
        "dense": tf.sparse_to_dense([[0, 1], [1, 0]], [2, 2], [5, 6]),
    }


@program("graph", "values")
def gradients_through_sparse_nodes(tf: Any) -> Any:
    v = tf.constant([1.0, 2.0, 3.0, 4.0])
    x = tf.SparseTensor(ROWS, v, [3, 4])
    y = tf.sparse_reduce_sum(x * tf.constant([[2.0], [3.0], [4.0]]), 1)
    z = tf.sparse_tensor_to_dense(tf.sparse_slice(x, [0, 0], [3, 2]))
    return {"y": tf.gradients(y, v)[0], "z": tf.gradients(z, v)[0]}


@program("graph", "values")
def sets(tf: Any) -> Any:
    a, b = tf.constant([[1, 2, 9], [3, 4, 5]]), tf.constant([[9, 1], [6, 4]])
    both = tf.sets.set_intersection(a, b)
    return {
        "both": parts(both),
        "either": parts(tf.sets.set_union(a, b)),
        "first": parts(tf.sets.set_difference(a, b)),
        "sizes": tf.sets.set_size(both),
    }


@program(error="ValueError", says="are not compatible")
def parts_that_do_not_fit(tf: Any) -> None:
    tf.SparseTensor(ROWS, [1, 2, 3], [3, 4])


@program(error="InvalidArgumentError", says="is out of order")
def unordered_to_dense(tf: Any) -> None:
    x = tf.SparseTensor([[2, 0], [0, 1]], [1, 2], [3, 4])
    with tf.Session() as sess:
        sess.run(tf.sparse_tensor_to_dense(x))


@program(error="TypeError")
def sparse_plus_number(tf: Any) -> None:
    print(tf.SparseTensor(ROWS, [1, 2, 3, 4], [3, 4]) + 1)
