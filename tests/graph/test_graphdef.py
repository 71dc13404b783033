"""Graphs as messages: exported, imported, and the declarations of operations."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.formats import messages
from flowlab._src.graph import op_table, registry
from flowlab._src.graph.graphdef_tapes import is_read
from tests.graph import make_graphdefs
from tests.graph.make_graphdefs import PROGRAMS
from tests.ops.registry import all_samples

# Kinds of operations that TensorFlow does not have, or that differ there: how, see their classes.
OWN = {"BodyInput", "EagerPyFuncGrad", "WhileGrad"}
OTHER_FIELDS = {"MaxPoolGradWithArgmax", "MaxPoolWithArgmax", "While"}
OTHER_INPUTS = {"StringToHashBucket", "Where", "If", "While", "ParseExample", "ParseSingleSequenceExample"}

SAMPLES = dict(all_samples())


# ---- the declarations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(registry.OPS))
def test_a_class_agrees_with_tensorflows_declaration(name: str) -> None:
    """Attributes, their kinds, and inputs; what a class leaves out must have a default or follow from the tensors."""
    cls = registry.OPS[name]
    declared = op_table.declared(name)
    if declared is None:
        assert name in OWN, f"{name} is not in op_table.txt: run dev/op_table.py where TensorFlow is installed"
        return
    fields = [field.rstrip("_") for field in cls.fields]
    if name not in OTHER_FIELDS:
        assert [field for field in fields if field not in declared.attributes] == []
    arguments = declared.inputs + declared.outputs
    told = {part for argument in arguments for part in (argument.type, argument.number, argument.types)}
    for attribute in declared.attributes.values():
        if attribute.name in fields:
            field = next(field for field in cls.fields if field.rstrip("_") == attribute.name)
            assert op_table.field_kind(cls, field) == attribute.kind, field
        elif attribute.name not in told and name not in OTHER_FIELDS:
            assert attribute.default is not op_table.NO_DEFAULT, f"{name} lacks the attribute {attribute.name}"
    if name not in OTHER_INPUTS:
        assert [argument.name.rstrip("_") for argument in cls.signature().inputs] == [a.name for a in declared.inputs]
        assert [argument.is_ref for argument in cls.signature().inputs] == [a.is_ref for a in declared.inputs]


def test_op_def() -> None:
    definition = tf.zeros([2]).op.op_def
    assert (definition.name, [a.name for a in definition.output_arg]) == ("Const", ["output"])
    concat = tf.concat([[1], [2]], 0).op.op_def
    assert [(a.name, a.type_attr, a.number_attr) for a in concat.input_arg] == [
        ("values", "T", "N"),
        ("axis", "Tidx", ""),
    ]
    assert concat.attr[0].has_minimum
    assert concat.attr[0].minimum == 2
    assert messages.DataType["DT_INT64"] in concat.attr[2].allowed_values.list.type
    assert tf.Variable(1.0).initializer.op_def.input_arg[0].is_ref


# ---- export and import of every sample ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_the_graph_of_a_sample_survives(name: str) -> None:
    """Each node comes back with the same op, attributes included, and the same inputs, shapes and types."""
    sample = SAMPLES[name]
    with tf.Graph().as_default() as graph:
        holders = [tf.placeholder(np.asarray(value).dtype, np.asarray(value).shape) for value in sample.inputs]
        sample.call(tf, *holders)
    written = graph.as_graph_def(add_shapes=True)  # some functions know more of a shape than the rule of the op
    written = tf.GraphDef.FromString(written.SerializeToString())
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(written, name="")
    originals = [op for op in graph.get_operations() if op._body is None]
    copies = [op for op in copy.get_operations() if op._body is None]
    if any(op.definition.nested and is_read(op) for op in originals):  # the tape becomes lists, see below
        assert {op.name for op in originals} <= {op.name for op in copies}
        return
    assert [op.name for op in copies] == [op.name for op in originals]
    for one, other in zip(originals, copies, strict=True):
        if not one.definition.nested:  # bodies are made anew
            assert one.definition == other.definition
        assert [t.name for t in one.inputs] == [t.name for t in other.inputs]
        assert {op.name for op in one.control_inputs} >= {op.name for op in other.control_inputs}
        assert [t.dtype for t in one.outputs] == [t.dtype for t in other.outputs]
        assert [str(t.shape) for t in one.outputs] == [str(t.shape) for t in other.outputs]


# ---- programs written in TensorFlow --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_of_tensorflow_gives_the_same_numbers(name: str) -> None:
    with tf.Graph().as_default():
        _, feeds, train = PROGRAMS[name](tf)
    compare_with_tensorflow(name, feeds, train)


def test_functions_of_tensorflow_give_the_same_numbers() -> None:
    compare_with_tensorflow("functions", {"x:0": make_graphdefs.rows(3) + 2}, "")


def compare_with_tensorflow(name: str, feeds: dict[str, Any], train: str) -> None:
    golden = json.loads((make_graphdefs.FOLDER / "graphdefs.json").read_text(encoding="utf-8"))[name]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(make_graphdefs.FOLDER / f"{name}.meta")
        actual = make_graphdefs.run(tf, golden["fetches"], feeds, train)
    for one, other in zip(golden["values"], actual, strict=True):
        if one and isinstance(np.ravel(one)[0], str):
            assert one == other
        else:
            np.testing.assert_allclose(other, one, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_survives_as_meta_graph(name: str, tmp_path: Path) -> None:
    with tf.Graph().as_default():
        fetches, feeds, train = PROGRAMS[name](tf)
        expected = make_graphdefs.run(tf, fetches, feeds, train)
        tf.train.export_meta_graph(str(tmp_path / "graph.meta"))
        tf.train.export_meta_graph(str(tmp_path / "graph.metatxt"), as_text=True, strip_default_attrs=True)
        variables = [variable.name for variable in tf.global_variables()]
    for file in ("graph.meta", "graph.metatxt"):
        with tf.Graph().as_default():
            tf.train.import_meta_graph(str(tmp_path / file))
            assert [variable.name for variable in tf.global_variables()] == variables
            assert make_graphdefs.run(tf, fetches, feeds, train) == expected


def kinds_of(message: Any) -> set[str]:
    """The kinds of operations in a GraphDef, those in its functions included."""
    nodes = [*message.node, *(node for function in message.library.function for node in function.node_def)]
    return {node.op for node in nodes}


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "gradient" in name or "loop" in name])
def test_loops_and_their_gradients_are_written_with_tensorflows_operations(name: str) -> None:
    with tf.Graph().as_default() as graph:
        PROGRAMS[name](tf)
        message = graph.as_graph_def()
    kinds = kinds_of(message)
    assert [
        kind for kind in kinds - {"While", "StatelessWhile", "If", "StatelessIf"} if not op_table.declared(kind)
    ] == []
    names = [node.name for node in message.node]
    assert len(names) == len(set(names))
    if "gradient" in name:
        assert "TensorListGetItem" in kinds


def test_derivatives_of_derivatives_of_loops_survive() -> None:
    def body(i: Any, s: Any) -> Any:
        return i + 1, tf.cond(i > 1, lambda: tf.exp(-s * s) * x, lambda: s * x * s + 1.0)

    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float64, [2], name="x")
        _, y = tf.while_loop(lambda i, s: i < 4, body, [0, x])
        values = [y]
        for _ in range(3):
            values.append(tf.gradients(values[-1], x)[0])
        names, feeds = [t.name for t in values], {"x:0": np.array([0.3, -0.8])}
        with tf.Session() as sess:
            expected = sess.run(names, feeds)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(tf.GraphDef.FromString(graph.as_graph_def().SerializeToString()), name="")
        np.testing.assert_allclose(sess.run(names, feeds), expected)


def test_a_handle_made_in_a_loop_is_kept_for_its_gradient() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [3, 2], name="x")
        y = tf.map_fn(lambda row: tf.scan(lambda a, v: tf.sin(a) * v, row), x)
        names, feeds = [y.name, tf.gradients(y, x)[0].name], {"x:0": make_graphdefs.rows(3, 2)}
        with tf.Session() as sess:
            expected = sess.run(names, feeds)
    assert "OptionalGetValue" in kinds_of(graph.as_graph_def())
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(graph.as_graph_def(), name="")
        np.testing.assert_allclose(sess.run(names, feeds), expected)


# ---- nodes ---------------------------------------------------------------------------------------------------------


def test_node_def_prints_as_text() -> None:
    x, shape = tf.constant([1, 2], name="x"), tf.constant([2, 1], name="shape")
    with tf.device("/cpu:0"), tf.control_dependencies([tf.no_op(name="first")]):
        node = tf.reshape(x, shape, name="r").op
    assert node.node_def.name == "r"
    assert list(node.node_def.input) == ["x", "shape", "^first"]
    assert node.node_def.device == "/device:CPU:0"
    assert str(node) == str(node.node_def)
    assert 'op: "Reshape"' in str(node)


def test_get_attr_has_tensorflows_forms() -> None:
    pooled = tf.nn.max_pool(tf.zeros([1, 4, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], "SAME").op
    assert (pooled.get_attr("ksize"), pooled.get_attr("padding"), pooled.get_attr("T")) == (
        [1, 2, 2, 1],
        b"SAME",
        tf.float32,
    )
    holder = tf.placeholder(tf.string, [None, 2]).op
    assert [dim.size for dim in holder.get_attr("shape").dim] == [-1, 2]
    assert tf.make_ndarray(tf.constant([1, 2]).op.get_attr("value")).tolist() == [1, 2]
    assert tf.concat([[1], [2], [3]], 0).op.get_attr("N") == 3
    assert tf.gather([1.0], tf.constant([0], tf.int64)).op.get_attr("Tindices") == tf.int64
    with pytest.raises(ValueError, match="has no attr named 'ksize'"):
        tf.constant(1).op.get_attr("ksize")


def test_as_graph_def_since_a_version_and_with_shapes() -> None:
    graph = tf.get_default_graph()
    a = tf.placeholder(tf.float32, [None, 2], name="a")
    version = graph.version
    tf.exp(a, name="b")
    assert [node.name for node in graph.as_graph_def(from_version=version).node] == ["b"]
    shapes = graph.as_graph_def(add_shapes=True).node[1].attr["_output_shapes"].list.shape
    assert [dim.size for dim in shapes[0].dim] == [-1, 2]
    assert graph.as_graph_def().versions.producer == graph.graph_def_versions.producer == 134
    with pytest.raises(TypeError, match="from_version must be a number"):
        graph.as_graph_def(from_version="new")  # type: ignore[arg-type]


def test_colocation_gradient_override_and_device_survive() -> None:
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        with graph.colocate_with(a.op), graph.gradient_override_map({"Exp": "Other"}), tf.device("/job:ps/task:1"):
            tf.exp(a, name="b")
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(graph.as_graph_def(), name="copy")
    b = copy.get_operation_by_name("copy/b")
    assert b.colocation_groups() == [b"loc:@copy/a"]
    assert b.device == "/job:ps/task:1"
    assert b._gradient_name == "Other"


def test_variables_in_a_graph_def_have_no_python_objects() -> None:
    with tf.Graph().as_default() as graph:
        tf.Variable([1.0, 2.0], name="w")
    with tf.Graph().as_default() as copy:
        tf.import_graph_def(graph.as_graph_def(), name="")
        assert tf.global_variables() == []
        with tf.Session() as sess:
            sess.run("w/Assign")
            assert sess.run("w/read:0").tolist() == [1.0, 2.0]
    assert copy.get_tensor_by_name("w:0").dtype.name == "float32_ref"


def test_session_has_graph_def() -> None:
    tf.constant(1, name="c")
    with tf.Session() as sess:
        assert [node.name for node in sess.graph_def.node] == ["c"]


def test_the_file_of_declarations_has_no_line_that_is_not_understood() -> None:
    for name in op_table._lines():
        declared = op_table.declared(name)
        assert declared is not None
        assert declared.name == name


def test_graph_def_signature_has_tensorflows_arguments() -> None:
    names = ["graph_def", "input_map", "return_elements", "name", "op_dict", "producer_op_list"]
    assert list(inspect.signature(tf.import_graph_def).parameters) == names


def test_a_graph_def_of_another_pool_is_taken() -> None:
    other: Any = messages.load_pool()
    kind = messages.message_factory.GetMessageClass(other.FindMessageTypeByName("tensorflow.GraphDef"))
    with tf.Graph().as_default() as graph:
        tf.constant(1, name="c")
    foreign = kind.FromString(graph.as_graph_def().SerializeToString())
    (c,) = tf.import_graph_def(foreign, return_elements=["c"])
    assert c.name == "import/c"


def test_an_operation_can_be_made_from_its_description() -> None:
    graph, a = tf.get_default_graph(), tf.constant(3.0)
    description = tf.NodeDef(name="neg", op="Neg")
    description.attr["T"].type = messages.DataType["DT_FLOAT"]
    first = tf.no_op()
    op = tf.Operation(description, graph, [a], control_inputs=[first])
    assert (op.name, op.inputs, op.control_inputs, graph.get_operation_by_name("neg")) == ("neg", [a], [first], op)
    other = graph.create_op("Neg", [a], attrs={"T": tf.AttrValue(type=messages.DataType["DT_FLOAT"])}, name="other")
    with tf.Session() as sess:
        assert sess.run([op.outputs[0], other.outputs[0]]) == [-3.0, -3.0]
    with pytest.raises(TypeError, match="node_def needs to be a NodeDef: 5"):
        tf.Operation(5, graph)
    with pytest.raises(TypeError, match="g needs to be a Graph: 5"):
        tf.Operation(description, 5)
    with pytest.raises(TypeError, match="inputs needs to be a list of Tensors"):
        tf.Operation(description, graph, a)
    with pytest.raises(ValueError, match="'!' is not a valid node name"):
        tf.Operation(tf.NodeDef(name="!", op="Neg"), graph)
