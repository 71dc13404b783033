"""`flowlab.install_as_tensorflow()`: programs for TensorFlow run as they are."""

import importlib
import sys
import types
from collections.abc import Iterator

import pytest

import flowlab
from flowlab._src.util import left_out
from flowlab._src.util.as_tensorflow import TensorFlowFinder, installed
from flowlab._src.util.deep_paths import DEEP_PATHS


@pytest.fixture
def as_tensorflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]:
        monkeypatch.delitem(sys.modules, name)  # where TensorFlow is installed, another test may have imported it
    flowlab.install_as_tensorflow()
    yield
    flowlab.uninstall_as_tensorflow()


@pytest.mark.usefixtures("as_tensorflow")
def test_tensorflow_is_flowlab() -> None:
    import tensorflow as tf  # noqa: I001
    import tensorflow.compat.v1 as v1
    from tensorflow.nn import relu
    import tensorflow.contrib.eager as tfe

    assert tf is flowlab
    assert v1 is flowlab
    assert relu is flowlab.nn.relu
    assert tfe is flowlab.contrib.eager
    assert tf.__spec__.name == "flowlab"
    assert importlib.import_module("tensorflow.nn") is flowlab.nn
    assert flowlab.nn.__name__ == "flowlab.nn"
    assert flowlab.nn.__spec__.name == "flowlab.nn"


@pytest.mark.usefixtures("as_tensorflow")
def test_a_program_runs_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    program = """
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow.python.ops import rnn_cell, math_ops
from tensorflow.examples.tutorials.mnist import input_data

x = tf.placeholder(tf.float32, [None, 2], name="x")
y = math_ops.reduce_sum(tf.nn.relu(x))
with tf.Session() as sess:
    print(sess.run(y, {x: [[1.0, -2.0]]}), isinstance(x, ops.Tensor), rnn_cell.LSTMCell is tf.nn.rnn_cell.LSTMCell)
"""
    with flowlab.Graph().as_default():
        exec(program, {})
    assert capsys.readouterr().out == "1.0 True True\n"


@pytest.mark.usefixtures("as_tensorflow")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tensorflow.python.framework.dtypes", "float32"),
        ("tensorflow.python.framework.errors_impl", "NotFoundError"),
        ("tensorflow.python.framework.tensor_util", "constant_value"),
        ("tensorflow.python.ops.array_ops", "placeholder"),
        ("tensorflow.python.ops.gen_math_ops", "MatMul"),
        ("tensorflow.python.ops.variable_scope", "get_variable"),
        ("tensorflow.python.ops.rnn_cell_impl", "RNNCell"),
        ("tensorflow.python.platform.gfile", "FastGFile"),
        ("tensorflow.python.platform.app", "run"),
        ("tensorflow.python.lib.io.file_io", "file_exists"),
        ("tensorflow.python.training.moving_averages", "assign_moving_average"),
        ("tensorflow.python.util.nest", "flatten"),
        ("tensorflow.core.framework.graph_pb2", "GraphDef"),
        ("tensorflow.core.example.example_pb2", "Example"),
        ("tensorflow.contrib.rnn.python.ops.core_rnn_cell", "BasicLSTMCell"),
        ("tensorflow.models.rnn.rnn_cell", "BasicLSTMCell"),
    ],
)
def test_inner_modules_offer_their_names(path: str, name: str) -> None:
    module = importlib.import_module(path)
    assert callable(getattr(module, name)) or name == "float32"
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        module.no_such_name


@pytest.mark.usefixtures("as_tensorflow")
@pytest.mark.parametrize("path", sorted(DEEP_PATHS))
def test_every_inner_module_can_be_imported_or_says_why_not(path: str) -> None:
    try:
        module = importlib.import_module(f"tensorflow.{path}")
    except ImportError as error:
        assert "is left out of flowlab" in str(error) or "is still to come" in str(error)  # noqa: PT017
    else:
        assert isinstance(dir(module), list)


@pytest.mark.usefixtures("as_tensorflow")
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("import tensorflow.contrib.slim as slim", "tf.contrib.slim is left out of flowlab: its layers are those of"),
        ("from tensorflow.contrib import slim", "tf.contrib.slim is left out of flowlab"),
        ("from tensorflow.contrib.slim.nets import vgg", "tf.contrib.slim is left out of flowlab"),
        ("from tensorflow.python.ops import seq2seq", "tf.contrib.legacy_seq2seq is left out"),
        ("import tensorflow.lite", "Instead: tf.saved_model and graph.as_graph_def() write files"),
        ("import tensorflow.nonsense", "No module named 'tensorflow.nonsense': flowlab has no module tf.nonsense."),
        ("import tensorflow.python.nonsense", "write the public name, tf.<name>"),
        ("from tensorflow.nn import reluu", "cannot import name 'reluu'"),
    ],
)
def test_what_flowlab_lacks_says_so(statement: str, message: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert message in str(caught.value)


def test_left_out_modules_say_so_without_installation_too() -> None:
    with pytest.raises(ImportError, match=r"tf\.contrib\.slim is left out of flowlab"):
        importlib.import_module("flowlab.contrib.slim")


def test_installing_twice_changes_nothing(as_tensorflow: None) -> None:
    before = list(sys.meta_path)
    flowlab.install_as_tensorflow()
    assert sys.meta_path == before


def test_it_can_be_undone(as_tensorflow: None) -> None:
    importlib.import_module("tensorflow.python.framework.ops")
    importlib.import_module("tensorflow.contrib.rnn.python.ops.rnn_cell")
    flowlab.uninstall_as_tensorflow()
    assert not installed()
    assert not [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]
    assert "python" not in vars(flowlab)
    assert not [finder for finder in sys.meta_path if isinstance(finder, TensorFlowFinder)]
    flowlab.uninstall_as_tensorflow()


@pytest.mark.parametrize("package", ["tensorflow", "keras"])
def test_it_refuses_where_the_real_one_is_imported(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorflow", "keras"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    real = types.ModuleType(package)
    real.__file__ = f"/env/{package}/__init__.py"
    monkeypatch.setitem(sys.modules, package, real)
    with pytest.raises(RuntimeError, match=f"^{package} itself is imported already .from /env/{package}/__init__.py"):
        flowlab.install_as_tensorflow()
    assert not installed()


def test_nothing_left_out_exists() -> None:
    existing = []
    for row in left_out.LEFT_OUT:
        for name in row.names:
            owner = flowlab
            try:
                for part in name.split("."):
                    owner = getattr(owner, part)
            except AttributeError:
                continue
            existing.append(name)
    assert existing == []


def test_a_left_out_name_gives_the_reason_in_its_note() -> None:
    with pytest.raises(AttributeError, match="module 'flowlab' has no attribute 'tpu'") as caught:
        flowlab.tpu
    assert caught.value.__notes__ == [
        "\n  Why     tf.tpu is left out of flowlab: flowlab runs on the processor of one computer\n"
        "  Try     leave the TPU part of the program away; without it the model is the same\n"
        "  More    tf.explain() tells the story of FL-M23 (lesson 00)"
    ]
    with pytest.raises(AttributeError) as caught:
        flowlab.linalg.LinearOperatorDiag
    assert "tf.linalg.LinearOperatorDiag is left out" in caught.value.__notes__[0]
