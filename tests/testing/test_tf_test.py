"""`tf.test`. Values and messages are those that TensorFlow 2.21's compat.v1 gave for the same calls."""

import unittest
from typing import Any

import numpy as np
import pytest

import flowlab as tf


class Case(tf.test.TestCase):
    __test__ = False  # its methods are called below

    def runTest(self) -> None:
        pass


@pytest.fixture
def case() -> Any:
    with tf.Graph().as_default():
        yield Case()


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("assertAllClose", ([np.nan, 1.0], [np.nan, 1.0])),
        ("assertAllClose", (1, 1.0000001)),
        ("assertAllClose", ({"a": [1.0], "b": (2.0, [3.0, 4.0])}, {"a": [1.0], "b": (2.0, [3.0, 4.0])})),
        ("assertAllClose", ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]])),
        ("assertAllEqual", (np.array([b"a"]), ["a"])),
        ("assertAllEqual", ([np.nan], [np.nan])),
        ("assertAllEqual", ([], [])),
        ("assertNotAllEqual", ([1], [2])),
        ("assertNotAllClose", ([1.0], [2.0])),
        ("assertAllGreaterEqual", ([1], 1)),
        ("assertAllLessEqual", ([1], 1)),
        ("assertAllInRange", ([1.0, 2.0], 1.0, 2.0)),
        ("assertAllInSet", ([1, 2], {1, 2})),
        ("assertAllCloseAccordingToType", (np.float16([1]), np.float16([1.0005]))),
        ("assertDeviceEqual", ("/cpu:0", "/device:CPU:0")),
        ("assertStartsWith", ("abc", "ab")),
        ("assertDTypeEqual", (np.float32([1]), tf.float32)),
        ("assertNear", (1.0, 1.05, 0.1)),
        ("assertItemsEqual", ([1, 2], [2, 1])),
    ],
)
def test_what_holds(case: Any, method: str, arguments: Any) -> None:
    getattr(case, method)(*arguments)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        (
            "assertAllClose",
            ([1.0, 2.0], [1.0, 2.1]),
            "Not equal to tolerance rtol=1e-06, atol=1e-06\nMismatched value: a is",
        ),
        ("assertAllClose", ([1.0, 2.0], [1.0, 2.1]), "not close where = (array([1]),)\nnot close lhs = [2.]\n"),
        ("assertAllClose", ([1.0, 2.0], [1.0]), "Shape mismatch: expected (2,), got (1,) with contents [1.]."),
        ("assertAllClose", ({"a": [1.0]}, {"a": [2.0]}), "Mismatched value: a[a] is different from b[a]."),
        ("assertAllClose", ((1.0, [2.0]), (1.0, [3.0])), "Mismatched value: a[1] is different from b[1]."),
        ("assertAllEqual", ([1, 2], [1, 3]), "Arrays are not equal"),
        ("assertAllEqual", ([1, 2], [1, 3]), "not equal where = (array([1]),)\nnot equal lhs = array([2])"),
        ("assertAllEqual", ([1, 2], [[1, 2]]), "Shape mismatch: expected (2,), got (1, 2)"),
        ("assertNotAllClose", ([1.0], [1.0]), "The two values are close at all elements."),
        ("assertNotAllEqual", ([1], [1]), "The two values are equal at all elements."),
        ("assertAllGreater", ([1, 2], 1), "1) not greater than 1"),
        ("assertAllLess", ([1], 1), "1) not less than 1"),
        (
            "assertAllInRange",
            ([1.0, 3.0], 1.0, 2.0),
            "1 of the 2 element(s) are outside the range [1.0, 2.0]. Subscript(s) and value(s) of the offending "
            "elements:\n  [1] : 3.0",
        ),
        ("assertAllInRange", ([2.0], 1.0, 2.0, False, True), "are outside the range [1.0, 2.0)."),
        ("assertAllInSet", ([1, 2], {1}), "1 unique element(s) are not in the set {1}: [2]"),
        ("assertNear", (1.0, 2.0, 0.1), "1.000000 != 2.000000 +/- 0.100000 (difference: 1)"),
        ("assertNDArrayNear", (np.ones(2), np.zeros(2), 0.1), "is not true"),
        ("assertStartsWith", ("abc", "x"), "'abc' does not start with 'x'"),
        ("assertLen", ([1], 2), "1 != 2"),
    ],
)
def test_what_does_not_hold(case: Any, method: str, arguments: Any, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        getattr(case, method)(*arguments)
    assert message in str(caught.value)


def test_tensors_are_evaluated(case: Any) -> None:
    with case.session():
        case.assertAllEqual(tf.constant([1, 2]) + 1, [2, 3])
        case.assertAllClose({"x": tf.constant(1.0)}, {"x": 1.0})
        case.assertDTypeEqual(tf.constant(1), np.int32)
    case.assertShapeEqual(np.ones([2, 3]), tf.ones([2, 3]))
    assert case.evaluate(tf.constant(5)) == 5


def test_errors_of_operations(case: Any) -> None:
    with case.session() as session:
        broken = tf.check_numerics(tf.constant(np.nan), "hello")
        with case.assertRaisesOpError("hello : Tensor had NaN"):
            session.run(broken)
        with case.assertRaisesWithPredicateMatch(
            tf.errors.InvalidArgumentError, lambda e: e.op.type == "CheckNumerics"
        ):
            session.run(broken)
        with (
            pytest.raises(AssertionError, match=r"Exception of type .*InvalidArgumentError"),
            case.assertRaisesOpError("bye"),
        ):
            session.run(broken)
        with pytest.raises(AssertionError, match="OpError not raised"), case.assertRaisesOpError("bye"):
            session.run(tf.constant(1))


def test_each_test_starts_anew() -> None:
    class Two(tf.test.TestCase):
        values: list[Any] = []

        def test_one(self) -> None:
            with self.cached_session() as session:
                w = tf.Variable(1.0, name="w")
                session.run(w.initializer)
            with self.cached_session() as again:
                assert again is session
                self.values.append((w.name, np.random.rand(), again.run([w, tf.random_uniform([])])))  # noqa: NPY002

        test_two = test_one

    suite = unittest.TestLoader().loadTestsFromTestCase(Two)
    assert [test._testMethodName for test in suite] == ["test_one", "test_session", "test_two"]
    result = unittest.TestResult()
    suite.run(result)
    assert result.wasSuccessful(), result.errors + result.failures
    assert [reason for _, reason in result.skipped] == ["Not a test."]
    assert Two.values[0] == Two.values[1]


def test_a_thread_reports_its_error(case: Any) -> None:
    def fail() -> None:
        raise KeyError("inside")

    thread = case.checkedThread(fail)
    thread.start()
    with pytest.raises(AssertionError, match="Error in checkedThread: 'inside'"):
        thread.join()


def test_folders_for_files(case: Any) -> None:
    assert case.get_temp_dir() == case.get_temp_dir()
    assert case.get_temp_dir().startswith(tf.test.get_temp_dir())


def test_derivatives_agree_with_tensorflow() -> None:
    with tf.Graph().as_default(), tf.Session():
        x = tf.constant([1.0, 2.0])
        exact, approximate = tf.test.compute_gradient(x, [2], x * x, [2], np.array([1, 2], np.float32))
        assert exact.tolist() == [[2.0, 0.0], [0.0, 4.0]]
        np.testing.assert_array_equal(approximate, np.float32([[2.000004, 0.0], [0.0, 3.9999483]]))
        z = tf.constant(1 + 2j, tf.complex64, shape=[1])
        exact, approximate = tf.test.compute_gradient(z, [1], z * z, [1], np.array([1 + 2j], np.complex64))
        assert exact.tolist() == [[2.0, 4.0], [-4.0, 2.0]]
        np.testing.assert_allclose(approximate, [[1.9999741, 4.000067], [-3.9999483, 1.9999741]], rtol=1e-6)


def test_derivatives_of_gathered_rows_and_of_several_tensors() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        table = tf.Variable(tf.ones([3, 2], tf.float64))
        session.run(table.initializer)
        rows = tf.gather(table, [2, 0, 2])
        assert tf.test.compute_gradient_error(table, [3, 2], rows**2, [3, 2]) < 1e-6
        a, b = tf.constant([1.0, 2.0], tf.float64), tf.constant(3.0, tf.float64)
        assert tf.test.compute_gradient_error([a, b], [[2], []], a * b, [2]) < 1e-6
        nothing = tf.zeros([0])
        assert tf.test.compute_gradient_error(nothing, [0], nothing * 2.0, [0]) == -1.0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: (tf.constant([1, 2]), tf.constant([1.0, 2.0])), "x has type int32"),
        (lambda: (tf.constant([1.0, 2.0]), tf.constant([1.0, 2.0])), "y does not depend on x"),
    ],
)
def test_derivatives_that_do_not_exist(build: Any, message: str) -> None:
    with tf.Graph().as_default(), tf.Session():
        x, y = build()
        with pytest.raises(ValueError, match=message):
            tf.test.compute_gradient(x, [2], y, [2])


def test_derivatives_need_a_session() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="default session"):
        tf.test.compute_gradient(tf.constant(1.0), [], tf.constant(1.0), [])


def graph_def(value: float, *more: str) -> Any:
    with tf.Graph().as_default() as graph:
        tf.constant(value, name="a")
        for name in more:
            tf.constant(0, name=name)
    return graph.as_graph_def()


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (graph_def(2.0), "Node named 'a' has attr 'value' with value"),
        (graph_def(1.0, "b"), "Found unexpected node 'b'"),
    ],
)
def test_graphs_that_differ(actual: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        tf.test.assert_equal_graph_def(actual, graph_def(1.0))
    with pytest.raises(AssertionError):
        tf.test.assert_equal_graph_def(graph_def(1.0), actual)
    with pytest.raises(TypeError, match=r"Expected tf.GraphDef for actual, got int"):
        tf.test.assert_equal_graph_def(3, actual)


def test_no_graphics_card() -> None:
    assert not tf.test.is_gpu_available()
    assert not tf.test.is_built_with_cuda()
    assert tf.test.gpu_device_name() == ""
    assert tf.test.mock.Mock()() is not None
