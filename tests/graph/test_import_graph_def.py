"""`tf.import_graph_def`: its arguments, its errors, and files that are not whole."""

import random
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import flowlab as tf
from tests.graph.make_graphdefs import FOLDER

CONST = """node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: 2 } } } }"""
NEG = 'node { name: "b" op: "Neg" input: "a" attr { key: "T" value { type: DT_FLOAT } } }'


def graph_def(text: str) -> Any:
    return text_format.Parse(text, tf.GraphDef())


def names() -> list[str]:
    return [op.name for op in tf.get_default_graph().get_operations()]


# ---- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CONST + NEG, NEG + CONST])
def test_nodes_come_after_their_inputs_below_the_scope_import(text: str) -> None:
    assert tf.import_graph_def(graph_def(text)) is None
    tf.import_graph_def(graph_def(text))
    assert names() == ["import/a", "import/b", "import_1/a", "import_1/b"]


def test_names_of_ones_own() -> None:
    tf.import_graph_def(graph_def(CONST + NEG), name="")
    tf.import_graph_def(graph_def(CONST + NEG), name="")
    with tf.name_scope("scope"):
        tf.import_graph_def(graph_def(CONST), name="x")
        tf.import_graph_def(graph_def(CONST), name="k/")
        tf.import_graph_def(graph_def(CONST), name="")
    assert names() == ["a", "b", "a_1", "b_1", "scope/x/a", "k/a", "a_2"]
    assert tf.constant(1.0, name="a").op.name == "a_3"


def test_names_that_differ_in_case_stay() -> None:
    tf.import_graph_def(graph_def(CONST + CONST.replace('"a"', '"A"')), name="")
    assert names() == ["a", "A"]


# ---- arguments -----------------------------------------------------------------------------------------------------


def test_return_elements() -> None:
    b, b_op, a_op = tf.import_graph_def(graph_def(CONST + NEG), return_elements=["b:0", "b", "a"])
    assert (b.name, b_op.type, a_op.name) == ("import/b:0", "Neg", "import/a")
    with tf.Session() as sess:
        assert sess.run(b) == -2.0


@pytest.mark.parametrize("key", ["a", "a:0"])
def test_input_map(key: str) -> None:
    seven = tf.constant(7.0)
    (b,) = tf.import_graph_def(graph_def(CONST + NEG), {key: seven}, ["b:0"])
    assert b.op.inputs[0] is seven
    (c,) = tf.import_graph_def(graph_def(NEG), {key: 5.0}, ["b:0"])  # the mapped node itself may be missing
    assert c.op.inputs[0].name == "import_1/_inputs/Const:0"
    with tf.Session() as sess:
        assert sess.run([b, c]) == [-7.0, -5.0]


def test_control_inputs_may_be_mapped() -> None:
    other = tf.no_op(name="other")
    (n,) = tf.import_graph_def(graph_def('node { name: "n" op: "NoOp" input: "^a" }'), {"^a": other}, ["n"])
    assert n.control_inputs == [other]


def test_scopes_around_hold_for_every_node() -> None:
    first = tf.no_op()
    with tf.device("/job:ps/task:1"), tf.control_dependencies([first]):
        text = CONST.replace("op:", 'device: "/device:GPU:3" op:') + NEG
        a, b = tf.import_graph_def(graph_def(text), return_elements=["a", "b"])
    assert (a.device, b.device) == ("/job:ps/task:1/device:GPU:3", "/job:ps/task:1")
    assert a.control_inputs == b.control_inputs == [first]


def test_shapes_in_the_file_are_taken_over() -> None:
    holder = 'node { name: "a" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }'
    shaped = NEG.replace("attr", 'attr { key: "_output_shapes" value { list { shape { dim { size: 5 } } } } } attr', 1)
    (b,) = tf.import_graph_def(graph_def(holder + shaped), return_elements=["b:0"])
    assert b.shape.as_list() == [5]
    with pytest.raises(
        ValueError,
        match=r"Node 'import_1/b' has an _output_shapes attribute inconsistent with the GraphDef for output #0",
    ):
        tf.import_graph_def(graph_def(CONST + shaped))


def test_reading_does_not_change_the_message() -> None:
    message = tf.MetaGraphDef.FromString((FOLDER / "loops.meta").read_bytes()).graph_def
    before = message.SerializeToString(deterministic=True)
    tf.import_graph_def(message)
    assert message.SerializeToString(deterministic=True) == before


# ---- errors --------------------------------------------------------------------------------------------------------

TYPED = 'attr { key: "T" value { type: DT_FLOAT } }'
WRONG: list[tuple[str, type[Exception], str]] = [
    (NEG, ValueError, "Node 'b': Unknown input node 'a'"),
    (NEG.replace('"a"', '"b"'), ValueError, "1 nodes in a cycle: b"),
    (CONST + CONST, ValueError, "Node 'a' is not unique"),
    (CONST + NEG.replace("DT_FLOAT", "DT_INT32"), ValueError, "Input 0 of node import/b was passed float from import/a:0 incompatible with expected int32"),
    (CONST + 'node { name: "b" op: "Neg" input: "a" }', ValueError, "NodeDef missing attr 'T' from Op<name=Neg"),
    (CONST + NEG.replace('input: "a"', 'input: "a" input: "a"'), ValueError, "NodeDef expected inputs 'float' do not match 2 inputs specified"),
    (NEG.replace('input: "a"', ""), ValueError, "NodeDef expected inputs 'float' do not match 0 inputs specified"),
    (CONST + NEG.replace('"a"', '"a:1"'), ValueError, "Node 'b': Connecting to invalid output 1 of source node a which has 1 outputs"),
    (CONST + NEG.replace('input: "a"', 'input: "^a" input: "a"'), ValueError, "Node 'b': Control dependencies must come after regular dependencies"),
    (CONST + NEG.replace("type: DT_FLOAT", "i: 1"), ValueError, "AttrValue had value with type 'int' when 'type' expected for attr 'T'"),
    (CONST + NEG.replace("DT_FLOAT", "DT_STRING"), ValueError, "Value for attr 'T' of string is not in the list of allowed values"),
    (CONST.replace('"a"', '"!a"'), ValueError, "Node '!a': Node name contains invalid characters"),
    (CONST.replace('"a"', '""'), ValueError, "Node '': Node name contains invalid characters"),
    (CONST + "versions { min_consumer: 99999 }", ValueError, "GraphDef min consumer version 99999 above current version"),
    (CONST.replace("float_val: 2", 'tensor_content: "abc"'), ValueError, "Cannot parse tensor from proto"),
    (CONST.replace("tensor_shape {}", "tensor_shape { dim { size: 4611686018427387904 } dim { size: 9 } }"), ValueError, "more elements than memory can hold"),
    (CONST.replace("DT_FLOAT", "DT_INT32", 1), ValueError, "int32"),
    ('node { name: "f" op: "Foo" } node { name: "g" op: "Bar" }', tf.errors.NotFoundError, "Op type not registered 'Bar', 'Foo' in flowlab"),
    ('node { name: "f" op: "MatMull" }', tf.errors.NotFoundError, "Did you mean 'MatMul'"),
    (CONST + NEG.replace("attr", 'attr { key: "_class" value { list { s: "loc:@zz" } } } attr', 1), ValueError, "Node 'b' expects to be colocated with unknown node 'zz'"),
    ('node { name: "c" op: "If" input: "p" }', ValueError, "Unknown input node 'p'"),
    (CONST + 'node { name: "c" op: "StatelessIf" input: "a" attr { key: "then_branch" value { func { name: "f" } } } }', ValueError, "Function 'f' is not defined"),
    (CONST + 'node { name: "p" op: "PyFunc" attr { key: "Tin" value { list {} } } }', ValueError, "missing attr 'token'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "error", "phrase"), WRONG)
def test_a_graph_that_is_not_whole(text: str, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error) as raised:
        tf.import_graph_def(graph_def(text))
    assert phrase in str(raised.value)


def test_arguments_of_the_wrong_kind() -> None:
    good = graph_def(CONST + NEG)
    with pytest.raises(TypeError, match="Argument `graph_def` must be a GraphDef proto, not int"):
        tf.import_graph_def(5)
    with pytest.raises(TypeError, match=r"Argument `input_map` must be a dictionary\. Obtained list"):
        tf.import_graph_def(good, input_map=[1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"All keys for argument `input_map` must be strings. Obtained keys: \[5\]"):
        tf.import_graph_def(good, input_map={5: 1.0})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match=r"Argument `return_elements` must be a list of strings. Obtained \[3\]"):
        tf.import_graph_def(good, return_elements=[3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"Attempted to map inputs that were not found in graph_def: \[q:0\]"):
        tf.import_graph_def(good, input_map={"q:0": tf.constant(1.0)})
    with pytest.raises(
        ValueError, match="Input 0 of node import_1/b was passed int32 from Const_1:0 incompatible with expected float"
    ):
        tf.import_graph_def(good, input_map={"a": tf.constant(7)})
    with pytest.raises(ValueError, match="Requested return node 'zz' not found in graph def"):
        tf.import_graph_def(good, return_elements=["zz"])
    with pytest.raises(ValueError, match=r"Invalid return output 3 of node 'b', which has 1 output\(s\)"):
        tf.import_graph_def(good, return_elements=["b:3"])
    with pytest.raises(ValueError, match="'!!' is not a valid scope name"):
        tf.import_graph_def(good, name="!!")
    tf.get_default_graph().finalize()
    with pytest.raises(RuntimeError, match="Graph is finalized"):
        tf.import_graph_def(good)


def test_a_function_that_calls_itself_is_refused() -> None:
    text = (
        CONST
        + """node { name: "c" op: "f" input: "a" }
    library { function { signature { name: "f" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "y" type: DT_FLOAT } }
      node_def { name: "again" op: "f" input: "x" } ret { key: "y" value: "again:y:0" } } }"""
    )
    with pytest.raises(tf.errors.UnimplementedError, match="The function 'f' calls itself"):
        tf.import_graph_def(graph_def(text))


def test_a_switch_without_its_merge_is_refused() -> None:
    def switch(name: str, of: str, pred: str) -> str:
        return f'node {{ name: "{name}" op: "Switch" input: "{of}" input: "{pred}" {TYPED} }}'

    pred = """node { name: "%s" op: "Placeholder" attr { key: "dtype" value { type: DT_BOOL } } }"""
    both = f'node {{ name: "m" op: "AddV2" input: "s:1" input: "t" {TYPED} }}'
    text = CONST + pred % "p" + switch("s", "a", "p") + switch("t", "a", "p") + both
    with pytest.raises(tf.errors.UnimplementedError, match="The node 'm' takes inputs of different branches or loops"):
        tf.import_graph_def(graph_def(text))
    joined = f'node {{ name: "m" op: "Merge" input: "s:1" input: "t" {TYPED} attr {{ key: "N" value {{ i: 2 }} }} }}'
    text = CONST + pred % "p" + pred % "q" + switch("s", "a", "p") + switch("t", "a", "q") + joined
    with pytest.raises(tf.errors.UnimplementedError, match=r"The node 'm' does not join the two sides of one tf\.cond"):
        tf.import_graph_def(graph_def(text))


def test_damaged_files_give_a_graph_or_a_clear_error() -> None:
    """Bytes changed at random: never a bare error from the inside, nor a long wait."""
    chance = random.Random(3)
    good = [(FOLDER / f"{name}.meta").read_bytes() for name in ("branches", "loops", "regression", "functions")]
    allowed = (ValueError, TypeError, tf.errors.OpError)
    read, messages = 0, []
    for _ in range(200):
        data = bytearray(chance.choice(good))
        for _ in range(chance.choice([1, 1, 3, 10])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            meta = tf.MetaGraphDef.FromString(bytes(data))
        except Exception:  # the parser's own
            continue
        with tf.Graph().as_default():
            try:
                tf.train.import_meta_graph(meta)
                read += 1
            except allowed as error:
                messages.append(str(error))
    assert read > 3
    assert all(messages)


def test_numbers_of_all_types_survive() -> None:
    values = [
        np.array([1, -2], t) for t in (np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64)
    ] + [np.array([1, 2], t) for t in (np.uint8, np.uint16, np.uint32, np.uint64)]
    values += [np.array([True, False]), np.array([1 + 2j], np.complex64), np.array(["a", "b\0"], object)]
    with tf.Graph().as_default() as graph:
        for i, value in enumerate(values):
            tf.constant(value, name=f"c{i}")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(tf.GraphDef.FromString(graph.as_graph_def().SerializeToString()), name="")
        for i, value in enumerate(values):
            result = sess.run(f"c{i}:0")
            assert result.dtype == value.dtype
            assert result.tolist() == [v.encode() if isinstance(v, str) else v for v in value.tolist()]


def test_old_kinds_of_operations_are_read_as_new_ones() -> None:
    text = CONST.replace("tensor_shape {} float_val: 2", "tensor_shape { dim { size: 3 } } float_val: [5, 9, 7]")
    text += """
    node { name: "i" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
      attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }
    node { name: "g" op: "Gather" input: "a" input: "i" attr { key: "Tparams" value { type: DT_FLOAT } }
      attr { key: "Tindices" value { type: DT_INT32 } } attr { key: "validate_indices" value { b: true } } }
    node { name: "t" op: "TopK" input: "a" attr { key: "k" value { i: 2 } } attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "c" op: "Concat" input: "i" input: "a" input: "t" attr { key: "T" value { type: DT_FLOAT } }
      attr { key: "N" value { i: 2 } } }
    node { name: "p" op: "PlaceholderV2" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape {} } } }
    node { name: "v" op: "Variable" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape {} } } }
    node { name: "w" op: "Assign" input: "v" input: "g" attr { key: "T" value { type: DT_FLOAT } } }"""
    tf.import_graph_def(graph_def(text), name="")
    with tf.Session() as sess:
        values = sess.run(["g:0", "t:0", "t:1", "c:0", "w:0", "p:0"], {"p:0": 1.0})
    assert [value.tolist() for value in values] == [5, [9, 7], [1, 2], [5, 9, 7, 9, 7], 5, 1]
