"""Eager mode: values at once, their conversions and texts, modes, errors, random numbers, callbacks."""

from __future__ import annotations

import gc
import subprocess
import sys
import unittest
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph.default import eager_graph
from flowlab._src.runtime.eager import eager_mode

tfe = tf.contrib.eager


@pytest.fixture(autouse=True)
def eagerly() -> Any:
    with eager_mode():
        yield


def run_program(text: str) -> str:
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- values --------------------------------------------------------------------------------------------------------


def test_an_operation_gives_its_value_at_once() -> None:
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal((a @ a + 1.0).numpy(), [[8.0, 11.0], [16.0, 23.0]])
    assert isinstance(a, tf.Tensor)
    assert a.shape.as_list() == [2, 2]
    assert a.dtype is tf.float32
    assert tf.executing_eagerly()


def test_tensors_go_where_python_wants_numbers() -> None:
    three = tf.constant(3)
    assert (int(three), float(three), bool(three), f"{three:03d}") == (3, 3.0, True, "003")
    assert [10, 11, 12, 13][three] == 13
    assert list(range(three)) == [0, 1, 2]
    assert 2 if tf.constant(1.0) > 0.5 else None
    with pytest.raises(TypeError, match="only integer scalar arrays can be converted to a scalar index"):
        [1, 2][tf.constant([1])]
    with pytest.raises(ValueError, match="ambiguous"):
        bool(tf.constant([True, False]))


def test_tensors_go_where_numpy_wants_arrays() -> None:
    t = tf.constant([1.0, 2.0])
    assert np.sum(t) == 3.0
    np.testing.assert_array_equal(np.asarray(t, np.int64), [1, 2])
    left, right = np.float32([1.0, 1.0]) + t, t - np.float32([1.0, 1.0])
    assert isinstance(left, tf.Tensor)
    np.testing.assert_array_equal(left, [2.0, 3.0])
    np.testing.assert_array_equal(right, [0.0, 1.0])
    array = t.numpy()
    array[0] = 100.0  # the caller's own
    np.testing.assert_array_equal(t, [1.0, 2.0])


def test_arrays_given_are_copied() -> None:
    given = np.array([1.0, 2.0])
    t = tf.constant(given)
    given[0] = 7.0
    np.testing.assert_array_equal(t, [1.0, 2.0])


def test_length_and_iteration() -> None:
    t = tf.constant([[1, 2], [3, 4]])
    assert len(t) == 2
    assert [row.numpy().tolist() for row in t] == [[1, 2], [3, 4]]
    with pytest.raises(TypeError, match=r"Scalar tensor has no `len\(\)`"):
        len(tf.constant(1))
    with pytest.raises(TypeError, match="Cannot iterate over a scalar tensor"):
        iter(tf.constant(1))


def test_texts_are_tensorflows() -> None:
    def without_id(value: Any) -> str:
        text = repr(value)
        start = text.index("id=")
        return text[:start] + text[text.index(",", start) + 2 :]

    assert without_id(tf.constant(3.0)) == "<tf.Tensor: shape=(), dtype=float32, numpy=3.0>"
    assert without_id(tf.constant([1, 2])) == "<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>"
    assert without_id(tf.constant([[1], [2]])) == (
        "<tf.Tensor: shape=(2, 1), dtype=int32, numpy=\narray([[1],\n       [2]], dtype=int32)>"
    )
    assert without_id(tf.constant("ab")) == "<tf.Tensor: shape=(), dtype=string, numpy=b'ab'>"
    assert str(tf.constant([1.5, 2.0])) == "tf.Tensor([1.5 2. ], shape=(2,), dtype=float32)"
    assert str(tf.constant(True)) == "tf.Tensor(True, shape=(), dtype=bool)"
    v = tf.Variable([1.0, 2.0], name="v")
    assert repr(v) == "<tf.Variable 'v:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    assert repr(tf.Variable(2)) == "<tf.Variable 'Variable:0' shape=() dtype=int32, numpy=2>"


@pytest.mark.parametrize("name", ["graph", "op", "name", "value_index"])
def test_what_has_no_meaning_without_a_graph(name: str) -> None:
    with pytest.raises(AttributeError, match=f"Tensor.{name} is meaningless when eager execution is enabled."):
        getattr(tf.constant(1.0), name)


def test_methods_of_graphs_are_refused_in_words() -> None:
    t = tf.constant([1.0])
    with pytest.raises(AttributeError, match=r"Tensor\.consumers is meaningless when eager execution is enabled"):
        t.consumers()
    with pytest.raises(RuntimeError, match=r"tf\.metrics\.mean is not supported when eager execution is enabled"):
        tf.metrics.mean(t)
    with pytest.raises(NotImplementedError, match=r"is \.numpy"):
        t.eval()
    with pytest.raises(RuntimeError, match=r"tf.placeholder\(\) is not compatible with eager execution."):
        tf.placeholder(tf.float32)
    with pytest.raises(RuntimeError, match=r"tf\.gradients is not supported when eager execution is enabled"):
        tf.gradients(t, t)
    with tf.Session() as sess, pytest.raises(RuntimeError, match="The Session graph is empty"):
        sess.run(t)
    with pytest.raises(ValueError, match="not compatible with supplied shape"):
        t.set_shape([2])
    t.set_shape([None])


# ---- errors --------------------------------------------------------------------------------------------------------


def test_errors_name_the_operation_the_line_and_the_values() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))
    assert caught.value.message == "Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3] [Op:MatMul]"
    notes = "\n".join(caught.value.__notes__)
    assert "tf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))" in notes
    assert "float32 (2, 3)" in notes


def test_other_failures() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Incompatible shapes: \[2\] vs. \[3\] \[Op:AddV2\]"):
        tf.ones([2]) + tf.ones([3])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 9 is not in \[0, 3\)"):
        tf.gather(tf.ones([3]), [9])
    with pytest.raises(TypeError, match="has type int32 that does not match"):
        tf.matmul(tf.ones([1, 1]), tf.constant([[1]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"to be true\. Summarized data: b'too small'"):
        tf.Assert(tf.constant(1.0) > 2.0, ["too small", tf.constant([1.0, 2.0])])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Condition x == y did not hold"):
        tf.assert_equal(tf.constant([1]), tf.constant([2]))


# ---- modes ---------------------------------------------------------------------------------------------------------


def test_graphs_can_be_built_in_between() -> None:
    with tf.Graph().as_default() as graph:
        assert not tf.executing_eagerly()
        y = tf.constant(2.0) * 3.0
        with tf.init_scope():
            assert tf.constant(1.0).graph is graph
        with tf.Session() as sess:
            assert sess.run(y) == 6.0
    assert tf.executing_eagerly()
    assert y.op.type == "Mul"


def test_a_value_does_not_enter_a_graph_by_itself() -> None:
    t = tf.constant(1.0)
    with tf.Graph().as_default():
        with pytest.raises(RuntimeError, match="Attempting to capture an EagerTensor without building a function"):
            tf.constant(1.0) + t
        assert (tf.constant(1.0) + t.numpy()).shape.as_list() == []


STARTING = """
import flowlab as tf
tf.enable_eager_execution()
tf.enable_eager_execution()
print(tf.executing_eagerly(), int(tf.constant(2) + 3))
with tf.Graph().as_default():
    print(tf.executing_eagerly())
import threading
thread = threading.Thread(target=lambda: print(float(tf.reduce_sum(tf.ones([3])))))
thread.start()
thread.join()
with tf.init_scope():
    print(tf.executing_eagerly())
tf.reset_default_graph()
print(tf.executing_eagerly())
tf.disable_eager_execution()
print(tf.executing_eagerly(), tf.constant(1))
"""


def test_the_whole_program_is_eager() -> None:
    words = run_program(STARTING).split("\n")
    assert words[:7] == ["True 5", "False", "3.0", "True", "True", 'False Tensor("Const:0", shape=(), dtype=int32)', ""]


def test_eager_mode_comes_first_or_not_at_all() -> None:
    text = (
        "import flowlab as tf\ntf.constant(1)\ntry:\n  tf.enable_eager_execution()\nexcept ValueError as e:\n  print(e)"
    )
    assert run_program(text).strip() == "tf.enable_eager_execution must be called at program startup."


def test_options_of_enabling_are_checked() -> None:
    with pytest.raises(TypeError, match=r"config must be a tf\.ConfigProto"):
        tf.enable_eager_execution(config=3)
    with pytest.raises(ValueError, match="execution_mode must be one of"):
        tf.enable_eager_execution(execution_mode=7)
    with pytest.raises(ValueError, match="device_policy must be one of"):
        tf.enable_eager_execution(device_policy="x")


# ---- Python's own control flow -------------------------------------------------------------------------------------


def test_branches_and_loops_run_at_once() -> None:
    assert int(tf.cond(tf.constant(True), lambda: tf.constant(1), lambda: 1 // 0)) == 1
    assert float(tf.cond(tf.constant(2.0) > 3.0, lambda: [tf.constant(1.0)], lambda: [tf.constant(5.0)])) == 5.0
    i, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 0])
    assert (int(i), int(total)) == (5, 10)
    assert int(tf.while_loop(lambda i: i < 5, lambda i: i + 2, [0])) == 6
    assert int(tf.while_loop(lambda i: i < 5, lambda i: i + 2, [0], maximum_iterations=2)) == 4
    assert int(tf.case([(tf.constant(False), lambda: tf.constant(1))], default=lambda: tf.constant(7))) == 7
    np.testing.assert_array_equal(tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3])), [1, 4, 9])
    np.testing.assert_array_equal(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3])), [1, 3, 6])
    assert int(tf.foldl(lambda a, x: a + x, tf.constant([1, 2, 3]))) == 6


def test_functions_stay_python() -> None:
    calls = []

    @tfe.defun
    def f(x: Any) -> Any:
        calls.append(x)
        return x * 2 if x > 0 else -x

    assert [float(f(tf.constant(v))) for v in (3.0, -4.0)] == [6.0, 4.0]
    assert len(calls) == 2
    assert f.__name__ == "f"

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def g(x: Any) -> Any:
        return tf.reduce_sum(x)

    assert float(g(tf.constant([1.0, 2.0]))) == 3.0
    with pytest.raises(ValueError, match="Python inputs incompatible with input_signature"):
        g(tf.constant([[1.0]]))


def test_python_functions_get_tensors_or_arrays() -> None:
    assert float(tf.py_func(lambda x: x + np.float32(1), [tf.constant(2.0)], tf.float32)) == 3.0
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.py_function(lambda t: t * t, [x], tf.float32)
    assert float(tape.gradient(y, x)) == 4.0


# ---- random numbers ------------------------------------------------------------------------------------------------


def test_random_streams_are_tensorflows() -> None:
    # Recorded from TensorFlow 2.21, tf.compat.v1 with eager execution.
    tf.set_random_seed(5)
    np.testing.assert_allclose(tf.random_uniform([2]), [0.6263931, 0.5298432], rtol=2e-7)
    np.testing.assert_allclose(tf.random_uniform([2]), [0.7017075, 0.04336786], rtol=2e-7)
    np.testing.assert_allclose(tf.random_normal([2], seed=3), [-1.4616988, -0.5901872], rtol=1e-6)
    np.testing.assert_allclose(tf.random_normal([2], seed=3), [-1.1615473, -0.1216567], rtol=1e-6)
    np.testing.assert_allclose(tf.random_uniform([3], seed=3), [0.2886784, 0.6889242, 0.689944], rtol=2e-7)
    tf.set_random_seed(5)
    np.testing.assert_allclose(tf.random_uniform([2]), [0.6263931, 0.5298432], rtol=2e-7)
    np.testing.assert_allclose(tf.random_normal([2], seed=3), [-1.4616988, -0.5901872], rtol=1e-6)
    np.testing.assert_array_equal(tf.random_shuffle([1, 2, 3, 4, 5], seed=1), [5, 1, 2, 3, 4])
    np.testing.assert_array_equal(tf.multinomial([[1.0, 2.0, 3.0]], 4, seed=2), [[1, 1, 1, 2]])


# ---- settings ------------------------------------------------------------------------------------------------------


def test_infinite_numbers_can_be_noticed() -> None:
    before = tfe.seterr(inf_or_nan="raise")
    try:
        with pytest.raises(tfe.InfOrNanError, match=r"Output 1 of 1 of TFE operation RealDiv .* contains 1 inf\(s\)"):
            tf.constant([1.0, 2.0]) / tf.constant([0.0, 1.0])
    finally:
        tfe.seterr(inf_or_nan="ignore")
        tfe.clear_execution_callbacks()
    assert before == {"inf_or_nan": "ignore"}
    assert np.isinf((tf.constant(1.0) / 0.0).numpy())


def test_settings_without_effect_are_there() -> None:
    assert tfe.num_gpus() == 0
    assert tfe.list_devices() == ["/job:localhost/replica:0/task:0/device:CPU:0"]
    with tfe.execution_mode(tfe.ASYNC):
        assert int(tf.constant(1) + 1) == 2
    tfe.async_wait()
    with tf.device("/cpu:0"), tf.control_dependencies([tf.constant(1)]):
        assert int(tf.identity(4)) == 4


def test_a_test_case_runs_in_both_modes() -> None:
    modes = []

    class Both(unittest.TestCase):
        @tfe.run_test_in_graph_and_eager_modes
        def test_mode(self) -> None:
            modes.append(tf.executing_eagerly())

    Both("test_mode").debug()
    assert modes == [False, True]


def test_nothing_is_kept_of_what_ran() -> None:
    graph: Any = eager_graph()
    v = tf.Variable(tf.ones([10]))
    count = len(graph.state.variables)
    for _ in range(5):
        w = tf.Variable(v * 2.0)
        tf.losses.mean_squared_error(w, v)
        tf.py_func(lambda x: x, [v], tf.float32)
    del w
    gc.collect()
    assert len(graph.state.variables) == count
    assert not graph._operations
    assert tf.get_collection(tf.GraphKeys.LOSSES) == []


def test_tensors_of_graphs_are_refused() -> None:
    with tf.Graph().as_default():
        symbolic = tf.constant(1.0, name="c")
    with pytest.raises(TypeError, match='is being passed a "Graph" tensor') as caught:
        tf.constant(1.0) + symbolic
    assert "c:0" in str(caught.value)
