"""`tf.train.export_meta_graph` and `import_meta_graph`: collections, variables, scopes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.formats import messages
from flowlab._src.train.meta_graph import import_scoped_meta_graph


def small_graph() -> None:
    with tf.variable_scope("a"):
        tf.get_variable("w", [2, 3], initializer=tf.zeros_initializer())
    tf.get_variable("r", [2], use_resource=True)
    tf.get_variable("p", [4, 2], partitioner=tf.fixed_size_partitioner(2))
    tf.Variable(1, trainable=False, name="t")


def test_variable_defs_are_tensorflows() -> None:
    small_graph()
    w, r, _, p, t = tf.global_variables()
    assert w.to_proto() == messages.VariableDef(
        variable_name="a/w:0", initializer_name="a/w/Assign", snapshot_name="a/w/read:0",
        initial_value_name="a/w/Initializer/zeros:0", trainable=True,
    )  # fmt: skip
    assert r.to_proto() == messages.VariableDef(
        variable_name="r:0", initializer_name="r/Assign", snapshot_name="r/Read/ReadVariableOp:0", is_resource=True,
        initial_value_name="r/Initializer/random_uniform:0", trainable=True,
    )  # fmt: skip
    info = p.to_proto().save_slice_info_def
    assert (info.full_name, list(info.full_shape), list(info.var_offset), list(info.var_shape)) == (
        "p",
        [4, 2],
        [2, 0],
        [2, 2],
    )
    assert (t.to_proto().initial_value_name, t.to_proto().trainable) == ("t/initial_value:0", False)
    assert w.to_proto(export_scope="a").variable_name == "w:0"
    assert w.to_proto(export_scope="b") is None


def test_variables_of_both_kinds_come_back() -> None:
    small_graph()
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(meta) is None
        copies = tf.global_variables()
        assert [type(v).__name__ for v in copies] == ["RefVariable", "ResourceVariable", *["RefVariable"] * 3]
        assert [v.name for v in tf.trainable_variables()] == ["a/w:0", "r:0", "p/part_0:0", "p/part_1:0"]
        assert tf.trainable_variables()[0] is copies[0]
        assert copies[3]._save_slice_info.spec == "4 2 2,2:0,2"
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            copies[0].load(np.ones([2, 3], np.float32), sess)
            assert sess.run([copies[0] + 1.0, copies[4].assign_add(4)])[0].tolist() == [[2.0] * 3] * 2
            assert sess.run(copies[1].is_initialized())
            loss = tf.reduce_sum(copies[0] * 2.0) + tf.reduce_sum(copies[1])
            sess.run(tf.train.GradientDescentOptimizer(0.5).minimize(loss))
            assert sess.run(copies[0])[0, 0] == 0.0


def test_collections_of_all_kinds() -> None:
    v = tf.Variable(1.0, name="v")
    kept: dict[str, list[Any]] = {
        "ints": [3, 2**40], "floats": [1.5], "text": ["text"], "bytes": [b"b\xff"], "nodes": [v.op, v.value()], "mine": [v],
    }  # fmt: skip
    for name, items in kept.items():
        for item in items:
            tf.add_to_collection(name, item)
    meta = tf.MetaGraphDef.FromString(tf.train.export_meta_graph().SerializeToString())
    assert meta.collection_def["nodes"].node_list.value == ["v", "v/read:0"]
    assert meta.collection_def["mine"].node_list.value == [
        "v:0"
    ]  # a variable in a collection of one's own is its tensor
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(meta, import_scope="sub")
        assert tf.get_collection("ints") == [3, 2**40]
        assert tf.get_collection("floats") == [1.5]
        assert tf.get_collection("text") == [b"text"]
        assert tf.get_collection("bytes") == [b"b\xff"]
        assert tf.get_collection("nodes") == [
            graph.get_operation_by_name("sub/v"),
            graph.get_tensor_by_name("sub/v/read:0"),
        ]
        assert [variable.name for variable in tf.global_variables()] == ["sub/v:0"]


@pytest.mark.parametrize("items", [[1, "a"], [object()], [True]])
def test_what_cannot_be_written_is_left_out_with_a_warning(items: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    for item in items:
        tf.add_to_collection("odd", item)
    assert "odd" not in tf.train.export_meta_graph().collection_def
    assert "Issue encountered when serializing odd." in caplog.text


def test_what_the_message_says_of_itself() -> None:
    tf.Variable(1.0, name="v")
    meta = tf.train.export_meta_graph(collection_list=["variables"], strip_default_attrs=True)
    assert list(meta.collection_def) == ["variables"]
    assert meta.meta_info_def.tensorflow_version == tf.VERSION
    assert meta.meta_info_def.stripped_default_attrs
    assert [op.name for op in meta.meta_info_def.stripped_op_list.op] == ["Assign", "Const", "Identity", "VariableV2"]
    variable = next(node for node in meta.graph_def.node if node.op == "VariableV2")
    assert sorted(variable.attr) == ["_output_shapes", "dtype", "shape"]


def test_devices_may_be_forgotten() -> None:
    with tf.device("/device:GPU:7"):
        tf.constant(1.0, name="c")
    assert [node.device for node in tf.train.export_meta_graph().graph_def.node] == ["/device:GPU:7"]
    assert [node.device for node in tf.train.export_meta_graph(clear_devices=True).graph_def.node] == [""]
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(meta, clear_devices=True)
        assert graph.get_operation_by_name("c").device == ""
    assert meta.graph_def.node[0].device == "/device:GPU:7"


def test_a_scope_can_be_cut_out_and_put_in_elsewhere() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("layer"):
        w = tf.Variable(3.0, name="w")
        tf.multiply(x, w, name="y")
    meta = tf.train.export_meta_graph(export_scope="layer")
    assert [node.name for node in meta.graph_def.node] == ["w/initial_value", "w", "w/Assign", "w/read", "y"]
    assert meta.collection_def["unbound_inputs"].bytes_list.value == [b"$unbound_inputs_x"]
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match=r"Graph contains unbound inputs: \$unbound_inputs_x\. Must provide"):
            tf.train.import_meta_graph(meta)
        (y,) = import_scoped_meta_graph(  # type: ignore[misc]
            meta, import_scope="new", input_map={"$unbound_inputs_x": tf.constant(5.0)}, return_elements=["y:0"]
        )
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            assert (y.name, sess.run(y)) == ("new/y:0", 15.0)


def test_files(tmp_path: Path) -> None:
    tf.constant(1.0, name="c")
    binary = tf.train.export_meta_graph(str(tmp_path / "a.meta"))
    tf.train.export_meta_graph(tmp_path / "b.meta", as_text=True)
    assert tf.MetaGraphDef.FromString((tmp_path / "a.meta").read_bytes()) == binary
    assert (tmp_path / "b.meta").read_text(encoding="utf-8").startswith("meta_info_def {")
    with pytest.raises(OSError, match="File does not exist"):
        tf.train.import_meta_graph(str(tmp_path / "none.meta"))
    (tmp_path / "bad.meta").write_bytes(b"\xff\xff junk")
    with pytest.raises(ValueError, match=r"bad\.meta is no MetaGraphDef"):
        tf.train.import_meta_graph(str(tmp_path / "bad.meta"))
    with pytest.raises(TypeError, match="meta_graph_or_file must be the path of a file, not 5"):
        tf.train.import_meta_graph(5)
    with pytest.raises(TypeError, match="graph must be a Graph, not str"):
        tf.train.export_meta_graph(graph="a")


def test_a_variable_that_is_not_in_the_graph() -> None:
    meta = tf.MetaGraphDef()
    meta.collection_def["variables"].bytes_list.value.append(
        messages.VariableDef(variable_name="w:0").SerializeToString()
    )
    with pytest.raises(tf.errors.NotFoundError, match="The collection 'variables' names what the graph does not have"):
        tf.train.import_meta_graph(meta)


def test_queue_runners_come_back() -> None:
    queue = tf.FIFOQueue(10, [tf.int32], shapes=[[]], name="queue")
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [queue.enqueue(7)]))
    out = queue.dequeue(name="out")
    meta = tf.MetaGraphDef.FromString(tf.train.export_meta_graph().SerializeToString())
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(meta)
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coordinator)
        assert sess.run([out.name] * 3) == [7, 7, 7]
        coordinator.request_stop()
        coordinator.join(threads)


def test_training_goes_on_from_a_file(tmp_path: Path) -> None:
    """A loop, its gradient and an optimizer survive: numbers are the same after each step."""

    def build() -> None:
        x = tf.placeholder(tf.float32, [2], name="x")
        w = tf.get_variable("w", initializer=np.array([0.5, -0.25], np.float32))
        _, y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.tanh(a * w + x)), [0, x])
        loss = tf.reduce_sum(tf.cond(y[0] > 0.0, lambda: y * y, lambda: y - w), name="loss")
        tf.train.AdamOptimizer(0.1).minimize(loss, name="train")

    def train() -> list[float]:
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return [sess.run(["loss:0", "train"], {"x:0": [0.3, -0.7]})[0] for _ in range(4)]

    build()
    expected = train()
    tf.train.export_meta_graph(str(tmp_path / "graph.meta"))
    with tf.Graph().as_default():
        tf.train.import_meta_graph(str(tmp_path / "graph.meta"))
        assert train() == expected
