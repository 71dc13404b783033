"""Programs written in TensorFlow, as files, and the numbers they gave.

Run where TensorFlow 2.21 is installed, from the root of the project: ``PYTHONPATH=. python -m tests.graph.make_graphdefs``.
Each program builds a graph; the file is a MetaGraphDef, the numbers stand in ``golden/graphdefs.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "golden"

PROGRAMS: dict[str, Callable[[Any], Any]] = {}


def program(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep a program; it returns names of fetches and a dict of feeds by name."""
    PROGRAMS[build.__name__] = build
    return build


def rows(*shape: int) -> np.ndarray:
    """Numbers that are the same everywhere."""
    return (np.arange(np.prod(shape), dtype=np.float32) % 7 - 3).reshape(shape) / 4


@program
def regression(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    w = tf.get_variable("w", initializer=rows(3, 1))
    b = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.squared_difference(tf.matmul(x, w) + b, y), name="loss")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    tf.add_to_collection("train_op", train)
    return ["loss:0", "w:0", "b:0"], {"x:0": rows(5, 3), "y:0": rows(5, 1)}, "train"


@program
def convolution(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    with tf.variable_scope("layer"):
        k = tf.get_variable("k", initializer=rows(3, 3, 1, 2))
        y = tf.nn.relu(tf.nn.conv2d(x, k, [1, 1, 1, 1], "SAME"))
    y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    flat = tf.reshape(y, [-1, 32])
    logits = tf.matmul(flat, tf.Variable(rows(32, 3), name="v"))
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=logits), name="loss")
    tf.train.AdamOptimizer(0.01).minimize(loss, name="train")
    tf.argmax(logits, 1, name="answer")
    return ["loss:0", "answer:0", "v:0"], {"x:0": rows(2, 8, 8, 1)}, "train"


@program
def resource_variables(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=rows(2, 2), use_resource=True)
    loss = tf.reduce_sum(tf.tanh(tf.matmul(x, w)) * tf.nn.embedding_lookup(w, [1, 0]), name="loss")
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train")
    return ["loss:0", w.value().name], {"x:0": rows(2, 2)}, "train"


@program
def text_and_integers(tf: Any) -> Any:
    words = tf.constant(["flow", "lab", ""], name="words")
    tf.string_join([words, tf.as_string(tf.range(3))], separator="-", name="joined")
    tf.cast(tf.floormod(tf.constant([7, -7], tf.int64), 3), tf.uint8, name="small")
    tf.concat([tf.zeros([0, 2], tf.float16), tf.ones([1, 2], tf.float16)], 0, name="half")
    tf.where(tf.constant([[True, False], [True, True]]), name="where")
    tf.complex(1.0, [2.0, -1.0], name="complex")
    return ["joined:0", "small:0", "half:0", "where:0", "complex:0"], {}, ""


@program
def random_numbers(tf: Any) -> Any:
    tf.set_random_seed(7)
    tf.random_normal([2, 2], seed=3, name="normal")
    tf.random_uniform([3], -1.0, 1.0, seed=4, name="uniform")
    tf.truncated_normal([2], seed=5, name="truncated")
    return ["normal:0", "uniform:0", "truncated:0"], {}, ""


@program
def devices_and_control(tf: Any) -> Any:
    v = tf.Variable(1.0, name="v")
    with tf.device("/device:CPU:0"), tf.control_dependencies([v.assign_add(2.0, name="add").op]):
        tf.identity(v * 3.0, name="after")
    with tf.colocate_with(v.op):
        tf.constant(5, name="near")
    return ["after:0", "near:0"], {}, ""


@program
def branches(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3], name="x")
    many = tf.placeholder(tf.bool, [], name="many")
    w = tf.constant(rows(3), name="w")
    y, size = tf.cond(
        many,
        lambda: (tf.cond(x[0] > 0.0, lambda: x * w, lambda: tf.exp(x)), tf.constant(1)),
        lambda: (x + 1.0, tf.constant(2)),
        name="choice",
    )
    z = tf.cond(many, lambda: y * 2.0, lambda: -y, name="again")
    slope = tf.gradients(z, [x, w])
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x < 9.0), [x])]):
        tf.identity(z, name="checked")
    return ["checked:0", y.name, size.name, *[g.name for g in slope]], {"x:0": rows(3) + 2, "many:0": True}, ""


@program
def loops(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3], name="x")
    w = tf.constant(rows(3), name="w")

    def body(i: Any, total: Any) -> Any:
        _, inner = tf.while_loop(lambda j, s: j < i, lambda j, s: (j + 1, s * x), [0, total])
        return i + 1, tf.cond(i > 2, lambda: inner + w, lambda: inner - w)

    i, total = tf.while_loop(lambda i, s: tf.logical_and(i < 5, tf.reduce_sum(s) < 1e4), body, [0, x])
    return [i.name, total.name], {"x:0": rows(3) + 1}, ""


@program
def loops_over_rows(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3], name="x")
    squares = tf.map_fn(lambda v: v * v + 1.0, x)
    sums = tf.scan(lambda a, v: a + v, x)
    return [squares.name, sums.name], {"x:0": rows(3) + 1}, ""


@program
def assignment_in_a_branch(tf: Any) -> Any:
    many = tf.placeholder(tf.bool, [], name="many")
    v = tf.get_variable("v", initializer=1.0, use_resource=True)
    change = tf.cond(many, lambda: v.assign_add(5.0), lambda: v.read_value())
    with tf.control_dependencies([change]):
        after = tf.identity(v.read_value(), name="after")
    return [after.name], {"many:0": True}, ""


@program
def gradients_of_loops(tf: Any) -> Any:
    """A loop in a loop, a branch in a loop, a loop in a branch."""
    x = tf.placeholder(tf.float32, [3], name="x")

    def body(i: Any, s: Any) -> Any:
        _, t = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t * tf.cos(x)), [0, s])
        return i + 1, tf.cond(i > 2, lambda: tf.exp(-t * t) * x, lambda: t * x + 1.0)

    _, y = tf.while_loop(lambda i, s: i < 5, body, [0, x])
    (slope,) = tf.gradients(y, x)
    return [y.name, slope.name], {"x:0": rows(3) + 1}, ""


@program
def gradient_of_a_loop_in_a_branch(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.cond(
        x[0] > 0.0, lambda: tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s * x), [0, x])[1], lambda: x
    )
    (slope,) = tf.gradients(y, x)
    return [y.name, slope.name], {"x:0": rows(3) + 1}, ""


@program
def gradient_of_a_loop_over_rows(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.map_fn(lambda v: tf.sin(v) * v, x)
    (slope,) = tf.gradients(y, x)
    return [y.name, slope.name], {"x:0": rows(3) + 1}, ""


@program
def training_with_a_loop(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    w = tf.get_variable("w", initializer=rows(3, 3))
    table = tf.get_variable("table", initializer=rows(4, 3), use_resource=True)

    def body(i: Any, s: Any) -> Any:
        return i + 1, tf.tanh(tf.matmul(s, w)) + tf.nn.embedding_lookup(table, [i, i])

    _, y = tf.while_loop(lambda i, s: i < 3, body, [0, x])
    loss = tf.reduce_sum(tf.square(y), name="loss")
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train")
    return ["loss:0", "w:0", table.value().name], {"x:0": rows(2, 3)}, "train"


def functions(tf: Any) -> Any:
    """A program of TensorFlow 2's own: calls of functions, cond and while_loop as `If` and `While`."""
    from tensorflow.python.framework import function
    from tensorflow.python.ops import cond, while_loop

    x = tf.placeholder(tf.float32, [3], name="x")
    w = tf.get_variable("w", initializer=rows(3), use_resource=True)
    tf.compat.v1.enable_control_flow_v2()
    try:

        @tf.compat.v2.function
        def scaled(a: Any) -> Any:
            return a * w, tf.reduce_sum(a)

        @function.Defun(tf.float32)
        def plus_one(a: Any) -> Any:
            return a + 1.0

        y, total = scaled(x)
        y = cond.cond_v2.cond_v2(total > 0.0, lambda: plus_one(y), lambda: tf.exp(y), name="choice")
        _, z = while_loop.while_v2.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * x), [tf.constant(0), y])
    finally:
        tf.compat.v1.disable_control_flow_v2()
    tf.identity(z, name="out")
    tf.identity(total, name="total")
    return ["out:0", "total:0"], {"x:0": rows(3) + 2}, ""


def run(tf: Any, fetches: list[str], feeds: dict[str, Any], train: str) -> list[Any]:
    """Initialize the variables, run a training step if there is one, then fetch."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        if train:
            sess.run(train, feeds)
        return [to_json(value) for value in sess.run(fetches, feeds)]


def to_json(value: Any) -> Any:
    """An array as plain data."""
    array = np.asarray(value)
    if array.dtype.kind == "c":
        return [array.real.tolist(), array.imag.tolist()]
    if array.dtype == object:
        return [item.decode() for item in array.ravel()]
    return array.tolist()


def main() -> None:
    """Write the golden files."""
    from tests.oracle.make_golden import import_tensorflow

    tf = import_tensorflow(patched=False)
    golden = {}
    for name, build in {**PROGRAMS, "functions": functions}.items():
        with tf.Graph().as_default():
            fetches, feeds, train = build(tf)
            values = run(tf, fetches, feeds, train)
            meta = tf.train.export_meta_graph(strip_default_attrs=True)
            meta.meta_info_def.ClearField("stripped_op_list")
            for key in ("cond_context", "while_context"):  # not needed to read the graph
                meta.collection_def.pop(key, None)
            for node in meta.graph_def.node:
                if "_output_shapes" in node.attr:
                    del node.attr["_output_shapes"]
            data = meta.SerializeToString(deterministic=True)
            assert len(data) < 40_000, (name, len(data))
            (FOLDER / f"{name}.meta").write_bytes(data)
            golden[name] = {"fetches": fetches, "values": values}
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in golden.items())
    (FOLDER / "graphdefs.json").write_text("{\n" + text + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
