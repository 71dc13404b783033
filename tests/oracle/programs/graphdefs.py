"""Graphs written to messages and read again: names, scopes, mapped inputs, frozen variables, meta graphs."""

from __future__ import annotations

from typing import Any

from ..record import program


def small_model(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0], [2.0]])
    b = tf.Variable([0.5], name="b")
    return tf.add(tf.matmul(x, w), b, name="y")


@program("graph")
def imported_twice(tf: Any) -> None:
    with tf.Graph().as_default() as small:
        small_model(tf)
    tf.import_graph_def(small.as_graph_def())
    tf.import_graph_def(small.as_graph_def(), name="again")
    with tf.name_scope("scope"):
        tf.import_graph_def(small.as_graph_def())
    tf.constant(1.0, name="import/x")


@program("graph")
def imported_without_a_scope(tf: Any) -> None:
    tf.constant(1.0, name="x")
    with tf.Graph().as_default() as small:
        small_model(tf)
    tf.import_graph_def(small.as_graph_def(), name="")
    tf.placeholder(tf.float32, name="y")


@program("graph", "values")
def inputs_mapped(tf: Any) -> Any:
    with tf.Graph().as_default() as small:
        a = tf.placeholder(tf.float32, [2], name="a")
        tf.multiply(tf.exp(a, name="b"), 3.0, name="c")
    x = tf.constant([0.0, 1.0], name="x")
    (c,) = tf.import_graph_def(small.as_graph_def(), input_map={"a": x}, return_elements=["c:0"], name="first")
    (d,) = tf.import_graph_def(small.as_graph_def(), input_map={"b:0": c}, return_elements=["c:0"], name="second")
    return [c, d]


@program("graph")
def devices_and_order(tf: Any) -> None:
    with tf.Graph().as_default() as small:
        with tf.device("/device:CPU:0"):
            a = tf.constant(1.0, name="a")
        with tf.control_dependencies([tf.no_op(name="first")]):
            tf.identity(a, name="b")
    with tf.device("/job:localhost"), tf.control_dependencies([tf.no_op(name="outer")]):
        tf.import_graph_def(small.as_graph_def(), name="copy")


@program("graph", "values")
def a_frozen_model(tf: Any) -> Any:
    with tf.Graph().as_default(), tf.Session() as sess:
        small_model(tf)
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"])
    (y,) = tf.import_graph_def(frozen, {"x:0": tf.constant([[1.0, 2.0], [3.0, 4.0]])}, ["y:0"], name="frozen")
    return y


@program("graph")
def the_part_that_is_needed(tf: Any) -> None:
    with tf.Graph().as_default() as small:
        y = small_model(tf)
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y))
    part = tf.graph_util.extract_sub_graph(small.as_graph_def(), ["y"])
    tf.import_graph_def(tf.graph_util.remove_training_nodes(part, protected_nodes=["y"]), name="part")


@program("graph", "values")
def a_meta_graph(tf: Any) -> Any:
    with tf.Graph().as_default():
        y = small_model(tf)
        tf.add_to_collection("answer", y)
        meta = tf.train.export_meta_graph()
        meta.ClearField("saver_def")
    del meta.collection_def["variables"]  # else TensorFlow adds a Saver
    tf.train.import_meta_graph(meta, import_scope="model")
    (y,) = tf.get_collection("answer")
    weights = tf.trainable_variables()
    with tf.control_dependencies([v.initializer for v in weights]):
        read = [tf.identity(v.initial_value) for v in weights]
    return {"names": tf.constant([v.name for v in weights]), "read": read, "y": tf.constant(y.name)}


@program("graph", "values")
def gradients_of_what_was_imported(tf: Any) -> Any:
    with tf.Graph().as_default() as small:
        a = tf.placeholder(tf.float32, [3], name="a")
        tf.reduce_sum(tf.tanh(a) * a, name="loss")
    x = tf.constant([0.5, -1.0, 2.0])
    (loss,) = tf.import_graph_def(small.as_graph_def(), {"a": x}, ["loss:0"], name="net")
    return tf.gradients(loss, x)


@program("values")
def what_nodes_say_of_themselves(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.reduce_sum(tf.nn.softmax(x), axis=[1], keepdims=True, name="y")
    node, declaration = y.op.node_def, y.op.op_def
    return {
        "node": tf.constant([node.name, node.op, *node.input]),
        "types": tf.constant([int(node.attr["T"].type), int(node.attr["Tidx"].type)]),
        "keep": tf.constant([y.op.get_attr("keep_dims")]),
        "arguments": tf.constant([arg.name for arg in (*declaration.input_arg, *declaration.output_arg)]),
        "shape": tf.constant([dim.size for dim in x.op.get_attr("shape").dim]),
    }
