"""`tf.test.TestCase`: tests of programs with graphs, on Python's unittest."""

# ruff: noqa: PT009, PT027 - these methods are the assertions of unittest

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from flowlab._src import errors
from flowlab._src.graph.default import get_default_graph, reset_default_graph
from flowlab._src.graph.devices import parse_device
from flowlab._src.graph.stacks import default_session
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.session import Session
from flowlab._src.testing.tools import folder_for_tests
from flowlab._src.util import nest
from flowlab._src.util.export import export

SEED = 87654321  # of Python's, NumPy's and the graph's random numbers, set before each test


class CheckedThread:
    """A thread whose error appears in the test that joins it."""

    def __init__(self, target: Callable[..., Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None):
        self._call = lambda: target(*args, **(kwargs or {}))
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:
            self._error = error

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end; AssertionError if the thread had an error."""
        self._thread.join()
        if self._error is not None:
            raise AssertionError(f"Error in checkedThread: {self._error}") from self._error

    def is_alive(self) -> bool:
        """Tell whether it is running."""
        return self._thread.is_alive()


@export("test.TestCase")
class TestCase(unittest.TestCase):
    """A test case that starts each test with an empty graph and the same random numbers, and compares arrays.

    Examples
    --------
    >>> import unittest
    >>> class SquareTest(tf.test.TestCase):
    ...     def test_square(self):
    ...         with self.session():
    ...             self.assertAllClose(tf.square([1.0, 3.0]).eval(), [1.0, 9.0])
    >>> result = unittest.TestResult()
    >>> _ = SquareTest("test_square").run(result)
    >>> result.wasSuccessful()
    True
    """

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._cached: Session | None = None
        self._folder: str | None = None
        self._threads: list[CheckedThread] = []

    def setUp(self) -> None:
        """Start with an empty default graph and known random numbers."""
        self._close_cached()
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002 - programs under test draw from the global numbers
        with contextlib.suppress(AssertionError):  # inside another graph it stays
            reset_default_graph()
        get_default_graph().seed = SEED

    def tearDown(self) -> None:
        """End the threads and the session of the test."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._threads.clear()
        self._close_cached()

    def _close_cached(self) -> None:
        if self._cached is not None:
            self._cached.close()
            self._cached = None

    # ---- running --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """Open a session and make it, and its graph, the default for a block."""
        with Session(graph=graph, config=config) as session:
            yield session

    @contextlib.contextmanager
    def cached_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """Open the session of this test, the same one each time, so that variables keep their values."""
        if self._cached is None:
            self._cached = Session(graph=graph, config=config)
            self._cached_options = (graph, config)
        elif (graph, config) != self._cached_options:
            changed = "graph" if graph is not self._cached_options[0] else "config"
            raise ValueError(
                f"The {changed} used to get the cached session is different than the one that was used to create the "
                "session. Maybe create a new session with self.session()"
            )
        with self._cached.graph.as_default(), self._cached.as_default():
            yield self._cached

    def test_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> contextlib.AbstractContextManager[Session]:
        """Open a session; the old name of `session` with a graph, of `cached_session` without."""
        if self._testMethodName == "test_session":
            self.skipTest("Not a test.")  # unittest takes it for one because of its name
        opened = self.cached_session if graph is None else self.session
        return opened(graph, config, use_gpu, force_gpu)

    def evaluate(self, tensors: Any) -> Any:
        """Return the values of tensors (and of structures of them), from the default session or in eager mode."""
        if get_default_graph().eager:
            return nest.map_structure(lambda t: t.numpy() if hasattr(t, "numpy") else t, tensors)
        session = default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as session:
            return session.run(tensors)

    def checkedThread(
        self, target: Callable[..., Any], args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None
    ) -> CheckedThread:
        """Return a thread whose error appears when it is joined."""
        thread = CheckedThread(target, args or (), kwargs)
        self._threads.append(thread)
        return thread

    def get_temp_dir(self) -> str:
        """Return a folder for files of this test, the same one each time."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(dir=folder_for_tests())
        return self._folder

    # ---- comparing arrays -----------------------------------------------------------------------------------------

    def _array(self, value: Any) -> np.ndarray:
        """The values of a tensor, list or number as an array."""
        if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
            value = self.evaluate(value)
        return value if isinstance(value, np.ndarray) else np.array(value)

    def _same_shape(self, a: np.ndarray, b: np.ndarray, msg: str | None) -> None:
        text = f"Shape mismatch: expected {a.shape}, got {b.shape} with contents {b}."
        self.assertEqual(a.shape, b.shape, f"{text} {msg or ''}".rstrip())

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Check that two structures have values with a difference of at most ``atol + rtol * abs(b)``.

        Parameters
        ----------
        a, b : arrays, tensors, numbers; or lists, tuples and dicts of them
        """
        self._all_close(a, b, rtol, atol, msg, "")

    def _all_close(self, a: Any, b: Any, rtol: float, atol: float, msg: str | None, path: str) -> None:
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        if isinstance(a, Mapping) or isinstance(b, Mapping):
            if not (isinstance(a, Mapping) and isinstance(b, Mapping)):
                raise ValueError(f"Can't compare dict to non-dict, a{path} vs b{path}. {msg or ''}")
            self.assertEqual(sorted(a), sorted(b), f"mismatched keys: a{path} and b{path}. {msg or ''}")
            for key in a:
                self._all_close(a[key], b[key], rtol, atol, msg, f"{path}[{key}]")
        elif isinstance(a, (list, tuple)) and not is_regular(a):
            self.assertEqual(len(a), len(b), f"Mismatched length: a{path} and b{path}. {msg or ''}")
            for at, (one, other) in enumerate(zip(a, b)):
                self._all_close(one, other, rtol, atol, msg, f"{path}[{at}]")
        elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and not is_regular(b):
            raise AssertionError(f"a{path} is an array, but b{path} is a list of unlike parts. {msg or ''}")
        else:
            self._arrays_close(self._array(a), self._array(b), rtol, atol, msg, path)

    def _arrays_close(self, a: np.ndarray, b: np.ndarray, rtol: float, atol: float, msg: str | None, path: str) -> None:
        self._same_shape(a, b, msg)
        if a.dtype.kind in "OSU" or b.dtype.kind in "OSU":
            raise TypeError(f"assertAllClose compares numbers, not {a.dtype} with {b.dtype}: use assertAllEqual")
        a, b = (x.astype(np.float32) if x.dtype.name == "bfloat16" else x for x in (a, b))
        if np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
            return
        wrong = np.where(~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True))
        left, right = (np.atleast_1d(x[wrong]) for x in (a, b))
        with np.errstate(invalid="ignore"):
            lines = [
                f"Mismatched value: a{path} is different from b{path}. {msg or ''}",
                f"not close where = {wrong}",
                f"not close lhs = {left}",
                f"not close rhs = {right}",
                f"not close dif = {np.abs(left - right)}",
                f"not close tol = {atol + rtol * np.abs(right)}",
                f"dtype = {a.dtype}, shape = {a.shape}",
            ]
        text = "\n".join(lines)
        raise AssertionError(f"\nNot equal to tolerance rtol={rtol:g}, atol={atol:g}\n{text}\n a: {a!r}\n b: {b!r}")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """Check as `assertAllClose` does, less strictly for types of few digits."""
        left, right = self._array(a), self._array(b)
        kinds = {left.dtype.name, right.dtype.name}
        for names, r, t in (
            ({"float32", "complex64"}, float_rtol, float_atol),
            ({"float16"}, half_rtol, half_atol),
            ({"bfloat16"}, bfloat16_rtol, bfloat16_atol),
        ):
            if kinds & names:
                rtol, atol = max(rtol, r), max(atol, t)
        self.assertAllClose(left, right, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Check that two structures differ somewhere by more than `assertAllClose` allows."""
        try:
            self.assertAllClose(a, b, rtol=rtol, atol=atol, msg=msg)
        except AssertionError:
            return
        raise AssertionError(f"The two values are close at all elements. {msg or ''}")

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Check that two arrays have the same shape and the same elements; nan counts as equal to nan."""
        left, right = as_text(self._array(a)), as_text(self._array(b))
        self._same_shape(left, right, msg)
        same = left == right
        if left.dtype.kind in "fc" and right.dtype.kind in "fc":
            same = same | (np.isnan(left) & np.isnan(right))
        if not np.all(same):
            wrong = np.where(~np.asarray(same))
            raise AssertionError(
                f"\nArrays are not equal\n{msg or ''}\nnot equal where = {wrong}\nnot equal lhs = {left[wrong]!r}\n"
                f"not equal rhs = {right[wrong]!r}\n a: {left!r}\n b: {right!r}"
            )

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Check that two arrays differ somewhere."""
        try:
            self.assertAllEqual(a, b, msg)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are greater."""
        self.assertGreater(self._array(a).min(), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are less."""
        self.assertLess(self._array(a).max(), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are greater or equal."""
        self.assertGreaterEqual(self._array(a).min(), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are less or equal."""
        self.assertLessEqual(self._array(a).max(), comparison_target)

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Check that all elements lie between two bounds, which belong to the range unless they are open."""
        values = self._array(target)
        if values.dtype.kind not in "iufc":
            raise AssertionError(f"The value of {target} does not have an ordered numeric type: {values.dtype}")
        low = values <= lower_bound if open_lower_bound else values < lower_bound
        high = values >= upper_bound if open_upper_bound else values > upper_bound
        wrong = np.argwhere(low | high | np.isnan(values))
        if len(wrong):
            bounds = f"{'(' if open_lower_bound else '['}{lower_bound}, {upper_bound}{')' if open_upper_bound else ']'}"
            raise AssertionError(
                f"{len(wrong)} of the {values.size} element(s) are outside the range {bounds}. "
                f"Subscript(s) and value(s) of the offending elements:\n{listed(values, wrong)}"
            )

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Check that all elements are in a set."""
        found = np.unique(self._array(target))
        wrong = [value for value in found.tolist() if value not in expected_set]
        if wrong:
            raise AssertionError(f"{len(wrong)} unique element(s) are not in the set {expected_set}: {wrong}")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Check that two numbers differ by at most `err`."""
        near = f1 == f2 or abs(f1 - f2) <= err
        note = f": {msg}" if msg else ""
        self.assertTrue(near, f"{f1:f} != {f2:f} +/- {err:f} (difference: {abs(f1 - f2):g}){note}")

    def assertArrayNear(
        self, farray1: Sequence[float], farray2: Sequence[float], err: float, msg: str | None = None
    ) -> None:
        """Check that two lists of numbers differ by at most `err` in each place."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for one, other in zip(farray1, farray2):
            self.assertNear(float(one), float(other), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Check that the difference of two arrays has a length of at most `err`."""
        self.assertTrue(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)) < err, msg)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """Check that a tensor's static shape is that of an array."""
        if not isinstance(np_array, (np.ndarray, np.generic)):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list(), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Check the type of the elements of an array or tensor."""
        self.assertEqual(self._array(target).dtype, np.dtype(getattr(expected_dtype, "as_numpy_dtype", expected_dtype)))

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Check that two names stand for the same device."""
        self.assertEqual(parse_device(device1), parse_device(device2), msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """Check how a text begins."""
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r}" + (f" : {msg}" if msg else ""))

    def assertLen(self, container: Any, expected_len: int, msg: str | None = None) -> None:
        """Check how many things there are."""
        self.assertEqual(len(container), expected_len, msg)

    def assertEmpty(self, container: Any, msg: str | None = None) -> None:
        """Check that there is nothing."""
        self.assertEqual(len(container), 0, msg)

    def assertNotEmpty(self, container: Any, msg: str | None = None) -> None:
        """Check that there is something."""
        self.assertGreater(len(container), 0, msg)

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: str | None = None) -> None:
        """Check that a value lies between two bounds."""
        self.assertTrue(minv <= value <= maxv, msg or f"{value!r} is not between {minv!r} and {maxv!r}")

    def assertItemsEqual(self, first: Any, second: Any, msg: str | None = None) -> None:
        """Check that two lists hold the same things in any order."""
        self.assertCountEqual(first, second, msg)

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any, msg: str | None = None) -> None:
        """Check that a message has the fields of another, which may be given in text format."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            from flowlab._src.formats.messages import parse_text

            expected = parse_text(type(message), expected, "the expected message")
        self.assertEqual(str(expected), str(message), msg)

    # ---- errors ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any, expected_err_re_or_predicate: Any) -> Iterator[None]:
        """Check that a block raises an error that fits.

        Parameters
        ----------
        exception_type : class
        expected_err_re_or_predicate : str or function
            A regular expression for the message, or a function of the error.
        """
        expected = expected_err_re_or_predicate
        try:
            yield
        except exception_type as error:
            text = error.message if isinstance(error, errors.OpError) else str(error)
            if isinstance(error, errors.OpError) and error.op is not None:
                text += f"\nCaused by op: {error.op!r}\n"
            good = expected(error) if callable(expected) else bool(re.search(expected, text))
            if not good:
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
            return
        self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """Check that a block raises one of `tf.errors` that fits: a regular expression, or a function of the error."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)

    def assertRaisesIncompatibleShapesError(self, exception_type: Any = errors.InvalidArgumentError) -> Any:
        """Check that a block raises an error about shapes."""
        pattern = r"Incompatible shapes|Dimensions must be equal|required broadcastable shapes"
        return self.assertRaisesWithPredicateMatch(exception_type, pattern)

    def assertRaisesWithLiteralMatch(
        self, expected_exception: Any, expected_exception_message: str, *call: Any, **kwargs: Any
    ) -> Any:
        """Check that an error with exactly this message is raised."""
        pattern = f"^{re.escape(expected_exception_message)}$"
        return self.assertRaisesRegex(expected_exception, pattern, *call, **kwargs)


def is_regular(value: Any) -> bool:
    """Whether nested lists form an array of numbers."""
    try:
        return np.array(value).dtype.kind != "O" and not any(isinstance(part, (Tensor, Mapping)) for part in value)
    except ValueError:
        return False


def as_text(array: np.ndarray) -> np.ndarray:
    """An array of bytes as one of text, so that both kinds can be compared."""
    if array.dtype.kind == "S":
        return array.astype(np.str_)
    if array.dtype.kind == "O":
        parts = [part.decode() if isinstance(part, bytes) else part for part in array.reshape(-1)]
        return np.array(parts, dtype=object).reshape(array.shape)
    return array


def listed(values: np.ndarray, places: np.ndarray, limit: int = 10) -> str:
    """Elements of an array with their places, one a line."""
    lines = [f"  {list(map(int, place))} : {values[tuple(place)]}" for place in places[:limit]]
    return "\n".join(lines + ["  ..."] * (len(places) > limit))
