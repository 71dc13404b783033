"""`tf.graph_util` and `tf.train.write_graph`, against what TensorFlow 2.21 gives for the same graph."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowlab as tf


def small_graph() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 2], initializer=tf.ones_initializer())
    r = tf.get_variable("r", [2, 2], initializer=tf.ones_initializer(), use_resource=True)
    total = tf.matmul(x, w) + tf.matmul(x, r) + tf.gather(w, [0]) + tf.gather(r, [0])
    return tf.identity(total, name="y")


def listed(graph_def: Any) -> list[tuple[str, str, list[str]]]:
    return [(node.name, node.op, list(node.input)) for node in graph_def.node]


# TensorFlow puts Gather/axis last.
FROZEN = [
    ("x", "Placeholder", []), ("w", "Const", []), ("w/read", "Identity", ["w"]), ("r", "Const", []),
    ("MatMul", "MatMul", ["x", "w/read"]), ("MatMul_1/ReadVariableOp", "Identity", ["r"]),
    ("MatMul_1", "MatMul", ["x", "MatMul_1/ReadVariableOp"]), ("add", "AddV2", ["MatMul", "MatMul_1"]),
    ("GatherV2/indices", "Const", []), ("GatherV2/axis", "Const", []),
    ("GatherV2", "GatherV2", ["w/read", "GatherV2/indices", "GatherV2/axis"]), ("add_1", "AddV2", ["add", "GatherV2"]),
    ("Gather/indices", "Const", []), ("Gather/axis", "Const", []),
    ("Gather", "GatherV2", ["r", "Gather/indices", "Gather/axis"]), ("add_2", "AddV2", ["add_1", "Gather"]),
    ("y", "Identity", ["add_2"]),
]  # fmt: skip


def test_variables_become_constants() -> None:
    y = small_graph()
    feeds = {"x:0": np.array([[1.0, 2.0]], np.float32)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        expected = sess.run(y, feeds)
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"])
        part = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"], variable_names_whitelist=["w"])
        other = tf.graph_util.convert_variables_to_constants(
            sess, sess.graph_def, ["y"], variable_names_blacklist=["w"]
        )
    assert listed(frozen) == FROZEN
    assert [n.op for n in part.node if n.name in ("w", "r")] == ["Const", "VarHandleOp"]
    assert [n.op for n in other.node if n.name in ("w", "r")] == ["VariableV2", "Const"]
    small = tf.graph_util.remove_training_nodes(frozen, protected_nodes=["y"])
    assert [node.name for node in small.node if node.op == "Identity"] == ["y"]
    for graph_def in (frozen, small):
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.import_graph_def(graph_def, name="")
            assert sess.run("y:0", feeds).tolist() == expected.tolist()


def test_training_nodes_that_others_wait_for_stay() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    a = tf.identity(x, name="a")
    b = tf.identity(a, name="b")
    with tf.control_dependencies([b]):
        c = tf.identity(x + 1.0, name="c")
    tf.check_numerics(c, "bad", name="d")
    tf.negative(b, name="e")
    tf.negative(tf.get_default_graph().get_tensor_by_name("d:0"), name="f")
    small = tf.graph_util.remove_training_nodes(x.graph.as_graph_def())
    assert listed(small) == [
        ("x", "Placeholder", []), ("b", "Identity", ["x"]), ("add/y", "Const", ["^b"]), ("add", "AddV2", ["x", "add/y"]),
        ("e", "Neg", ["b"]), ("f", "Neg", ["add"]),
    ]  # fmt: skip


def test_extract_sub_graph() -> None:
    a = tf.constant(1.0, name="a")
    with tf.control_dependencies([tf.no_op(name="first")]):
        parts = tf.split([1.0, 2.0], 2, name="parts")
    tf.add(parts[1], a, name="b")
    graph_def = a.graph.as_graph_def()
    assert [node.name for node in tf.graph_util.extract_sub_graph(graph_def, ["b"]).node] == [
        "a", "first", "parts/split_dim", "parts/value", "parts", "b",
    ]  # fmt: skip
    assert [node.name for node in tf.graph_util.extract_sub_graph(graph_def, ["a"]).node] == ["a"]
    with pytest.raises(TypeError, match=r"graph_def must be a graph_pb2\.GraphDef proto, but got type <class 'int'>"):
        tf.graph_util.extract_sub_graph(5, ["a"])
    with pytest.raises(TypeError, match="dest_nodes must be an iterable of strings, but got type <class 'str'>"):
        tf.graph_util.extract_sub_graph(graph_def, "a")
    with pytest.raises(AssertionError, match="zz is not in graph"):
        tf.graph_util.extract_sub_graph(graph_def, ["zz"])


def test_what_must_run_on_the_cpu() -> None:
    must = tf.graph_util.must_run_on_cpu
    assert must(tf.constant("text").op)
    assert must(tf.constant(1).op.node_def)
    assert not must(tf.constant(1.0).op)
    assert must(tf.cast(tf.constant(1), tf.float32).op)
    v = tf.Variable(1.0)
    assert (must(v.op), must(v.op, pin_variables_on_cpu=True)) == (False, True)


def test_shape_by_name() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    for name in ("x", "x:0"):
        assert tf.graph_util.tensor_shape_from_node_def_name(x.graph, name).as_list() == [None, 3]


def test_write_graph(tmp_path: Path) -> None:
    tf.placeholder(tf.float32, [None], name="x")
    graph = tf.get_default_graph()
    text = tf.train.write_graph(graph, str(tmp_path / "new" / "folder"), "graph.pbtxt")
    data = tf.io.write_graph(graph.as_graph_def(), tmp_path, "graph.pb", as_text=False)
    assert Path(text) == tmp_path / "new" / "folder" / "graph.pbtxt"
    assert (
        Path(text)
        .read_text(encoding="utf-8")
        .startswith('node {\n  name: "x"\n  op: "Placeholder"\n  attr {\n    key: "dtype"')
    )
    assert tf.GraphDef.FromString(Path(data).read_bytes()) == graph.as_graph_def()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.pb", "new"]
    with pytest.raises(TypeError, match="Expected a Graph or a GraphDef, got int"):
        tf.train.write_graph(5, str(tmp_path), "x")
    with pytest.raises(tf.errors.OpError, match=r"graph\.pb"):
        tf.train.write_graph(graph, str(tmp_path / "graph.pb" / "inside"), "x")


def test_variables_that_branches_and_loops_read_become_constants() -> None:
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=True)
    v = tf.get_variable("v", initializer=[[0.5, 0.0], [0.0, 0.5]])

    def body(i: Any, s: Any) -> Any:
        return i + 1, tf.cond(
            i > 0, lambda: tf.matmul(s, w), lambda: tf.matmul(s, v) + tf.nn.embedding_lookup(w, [1, 0])
        )

    _, y = tf.while_loop(lambda i, s: i < 3, body, [0, x])
    tf.identity(y, name="y")
    feeds = {"x:0": np.ones([2, 2], np.float32)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        expected = sess.run("y:0", feeds)
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["y"])
    kinds = {node.op for part in (frozen.node, *(f.node_def for f in frozen.library.function)) for node in part}
    assert kinds & {"VarHandleOp", "VariableV2", "ReadVariableOp", "ResourceGather"} == set()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(frozen, name="")
        np.testing.assert_array_equal(sess.run("y:0", feeds), expected)
