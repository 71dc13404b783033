"""Bad calls end in an error that was meant for the caller, whatever is passed to whichever public function.

Each public function gets a fixed, seeded choice of odd arguments; each sample of the operations gets feeds that do not
fit. What comes back must be one of TensorFlow's error classes, and its words must come from a `raise` statement of
flowlab: an error that Python or NumPy raised by itself inside the library is a riddle for whoever made the call.
"""

from __future__ import annotations

import copy
import dis
import functools
import importlib
import inspect
import os
import pkgutil
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import numpy as np
import pytest

import flowlab as tf
import tests.ops.samples

TRIALS = 8  # calls of each public function
RUNS = 4  # runs of each sample

LIBRARY = os.path.dirname(os.path.abspath(tf.__file__)) + os.sep
ALLOWED = (
    ValueError,
    TypeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    AssertionError,
    tf.errors.OpError,
    tf.flags.Error,
)

# Public names that are not called, and why.
NOT_CALLED = {
    "reset_default_graph": "refuses to run inside the graph of a test",
    "Session": "has tests of its own below",
    "InteractiveSession": "would stay the default session of the tests that follow",
    "Tensor": "made by operations only",
    "Operation": "made by graphs only",
    "register_tensor_conversion_function": "changes all conversions that follow",
    "register_session_run_conversion_functions": "changes all fetches that follow",
    "RegisterGradient": "changes all gradients that follow",
    "experimental_set_strategy": "sets the strategy of all that follows",
    "set_verbosity": "sets what is logged in all that follows",
    "FlowUsageError": "an exception of IPython, without a signature",
    "load_ipython_extension": "called by IPython with its shell",
    "unload_ipython_extension": "called by IPython with its shell",
    "run": "ends the program, as does `test.main`",
    "main": "ends the program",
    "TestCase": "made by unittest",
    "Story": "made by `tf.explain` only",
}

# Switches of how all that follows is built.
SWITCHES = re.compile(r"(^|\.)(enable|disable)_")

# Calls that may end otherwise: public names, the exception class, why.
KNOWN = [
    (re.compile(r"tf\.flags\."), AttributeError, "absl's class for flags that are not defined"),
    (re.compile(r"tf\.image\.convert_image_dtype"), AttributeError, "TensorFlow's class for other element types"),
    (re.compile(r"tf\.train\.import_meta_graph"), OSError, "TensorFlow's class for files that are not there"),
    (re.compile(r"tf\.resource_loader\."), OSError, "TensorFlow's class for resources that are not there"),
]


# ---- what may come back --------------------------------------------------------------------------------------------


def frames(error: BaseException) -> list[TracebackType]:
    """The tracebacks of an error, the caller's first."""
    result, traceback = [], error.__traceback__
    while traceback is not None:
        result.append(traceback)
        traceback = traceback.tb_next
    return result


def is_in_library(traceback: TracebackType) -> bool:
    """True for a frame of flowlab."""
    return traceback.tb_frame.f_code.co_filename.startswith(LIBRARY)


def fault(error: BaseException, allowed: tuple[type[BaseException], ...] = ALLOWED) -> str:
    """Why an error is not one meant for the caller; empty when it is."""
    path = frames(error)
    while len(path) > 1 and path[-1].tb_frame.f_code.co_name == "__getattr__":
        path.pop()  # who asks a tensor for what it does not have has not looked at what came
    last = path[-1]
    if not any(is_in_library(frame) for frame in path):
        return ""  # Python's own: an argument is missing, or the sample itself cannot use what it got
    if not is_in_library(last) and "numpy" not in last.tb_frame.f_code.co_filename:
        return "" if last.tb_frame.f_code.co_filename == __file__ else f"{type(error).__name__} from Python's library"
    if not isinstance(error, allowed) or isinstance(error, tf.errors.InternalError):
        return f"{type(error).__name__} is no class for bad input"
    if not is_in_library(last):
        return "NumPy's own words"
    instruction = next(i for i in dis.get_instructions(last.tb_frame.f_code) if i.offset == last.tb_lasti)
    return "" if instruction.opname in ("RAISE_VARARGS", "RERAISE") else "raised by Python itself inside the library"


def check(error: BaseException, call: str, allowed: tuple[type[BaseException], ...] = ALLOWED) -> None:
    """Fail the test when an error is not one meant for the caller."""
    why = fault(error, allowed)
    where = frames(error)[-1]
    assert not why, f"{call}\n  {why}: {error!r}\n  {where.tb_frame.f_code.co_filename}, line {where.tb_lineno}"


def check_run(error: BaseException) -> None:
    """Fail the test when an error of a running kernel is not of `tf.errors`."""
    running = any(frame.tb_frame.f_code.co_name in ("run_to_end", "run_limited") for frame in frames(error))
    assert not running or isinstance(error, tf.errors.OpError), repr(error)


# ---- every public function -----------------------------------------------------------------------------------------


def has_signature(value: Any) -> bool:
    """True for all but exceptions that are nothing but a new name."""
    try:
        inspect.signature(value)
        return True
    except ValueError:
        return False


def public_functions() -> dict[str, Callable[..., Any]]:
    """All functions and classes of the public modules by name; one that has several names is taken once."""
    modules = [tf] + [
        importlib.import_module(f"flowlab.{module.name}")
        for module in pkgutil.iter_modules(tf.__path__)
        if not module.name.startswith("_")
    ]
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for module in modules:
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if (
                (inspect.isfunction(value) or inspect.isclass(value))
                and name not in NOT_CALLED
                and has_signature(value)
            ):
                found.setdefault(id(value), (f"{module.__name__.replace('flowlab', 'tf', 1)}.{name}", value))
    return {name: value for name, value in sorted(found.values()) if not SWITCHES.search(name)}


FUNCTIONS = public_functions()


def odd_values() -> list[Callable[[], Any]]:
    """Makers of arguments that few functions expect; tensors are made in the graph of the call."""
    other = tf.Graph()
    with other.as_default():
        foreign = tf.constant(1.0)
    return [
        lambda: tf.placeholder(tf.float32, [None, 3]),
        lambda: tf.placeholder(tf.float32),
        lambda: tf.placeholder(tf.int32),
        lambda: tf.constant([[1.0, 2.0], [3.0, 4.0]]),
        lambda: tf.constant([1, 2, 3]),
        lambda: tf.constant(2),
        lambda: tf.constant("a"),
        lambda: tf.complex(1.0, 1.0),
        lambda: tf.zeros([0]),
        lambda: tf.Variable(1.0),
        lambda: tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])),
        lambda: tf.no_op(),
        lambda: tf.Graph(),
        lambda: foreign,
        lambda: [foreign],
        lambda: tf.float32,
        lambda: tf.TensorShape(None),
        lambda: tf.TensorShape([None, 2]),
        lambda: None,
        lambda: [None],
        lambda: True,
        lambda: 0,
        lambda: -1,
        lambda: 2,
        lambda: 10**12,
        lambda: 2**70,
        lambda: 1.5,
        lambda: float("nan"),
        lambda: float("inf"),
        lambda: 1j,
        lambda: "text",
        lambda: "",
        lambda: "a b",
        lambda: "ünïcode",
        lambda: b"bytes",
        list,
        lambda: [[]],
        lambda: (),
        dict,
        lambda: {1, 2},
        lambda: [0],
        lambda: [2, 2],
        lambda: [-1, -1],
        lambda: [1, [2, 3]],
        lambda: [1.5],
        lambda: ["x"],
        lambda: [2**31, 2**31],
        lambda: range(3),
        lambda: slice(None),
        lambda: np.array(3),
        lambda: np.float64(2.0),
        lambda: np.array([np.nan]),
        lambda: np.zeros((2, 0)),
        lambda: np.ones((2, 3, 4, 5, 6), np.float32),
        lambda: object(),
        lambda: int,
        lambda: lambda *args: None,
    ]


ODD = odd_values()


@pytest.fixture(autouse=True)
def flags_as_before() -> Iterator[None]:
    """Forget the flags that a call has defined."""
    before = {name: copy.copy(value) for name, value in vars(tf.flags.FLAGS).items()}
    yield
    vars(tf.flags.FLAGS).update(before)


def pick(values: list[Any], *seed: Any) -> Any:
    """One of the values, the same one each time for the same seed, on every machine."""
    return values[zlib.crc32("/".join(map(str, seed)).encode()) % len(values)]


def arguments(function: Callable[..., Any], name: str, trial: int) -> dict[str, Any]:
    """Odd arguments for all that must be given, and for a quarter of what may be given."""
    given = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            continue
        seed = (name, parameter.name, trial)
        if parameter.default is parameter.empty or pick([True, False, False, False], "given", *seed):
            given[parameter.name] = pick(ODD, *seed)()
    return given


def limit(waits: bool) -> Any:
    """The options of a session whose runs may wait for elements that nobody puts into a queue."""
    return tf.ConfigProto(operation_timeout_in_ms=100 if waits else 0)


def run_outputs(result: Any) -> None:
    """Run what a call has made, with ones in every placeholder."""
    graph = tf.get_default_graph()
    outputs = [t for t in (result if isinstance(result, (list, tuple)) else [result]) if isinstance(t, tf.Tensor)]
    outputs = [t for t in outputs if t.graph is graph]
    if not outputs:
        return
    feeds = {op.outputs[0]: np.ones([2, 3]) for op in graph.get_operations() if op.type == "Placeholder"}
    queues = any("Queue" in op.type or "Accumulator" in op.type for op in graph.get_operations())
    with tf.Session(config=limit(queues)) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(outputs, feeds)


def short(value: Any) -> str:
    """A value for the message of a failed test."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<its repr fails: {error!r}>"
    return text if len(text) <= 80 else text[:77] + "..."


@pytest.mark.parametrize("name", FUNCTIONS)
def test_odd_arguments_are_refused_in_words_meant_for_the_caller(name: str) -> None:
    function = FUNCTIONS[name]
    for trial in range(TRIALS):
        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = arguments(function, name, trial)
            try:
                run_outputs(function(**given))
            except Exception as error:
                call = f"{name}({', '.join(f'{k}={short(v)}' for k, v in given.items())})"
                check(error, call, (*ALLOWED, *(classes for names, classes, why in KNOWN if names.match(name))))


# ---- every method of the public classes ----------------------------------------------------------------------------


def a_resource() -> Any:
    return tf.get_variable("resource", [2], use_resource=True)


def a_sparse() -> Any:
    return tf.SparseTensor([[0, 1]], [1.0], [2, 3])


OBJECTS: dict[str, Callable[[], Any]] = {
    "Tensor": lambda: tf.placeholder(tf.float32, [None, 3]),
    "Variable": lambda: tf.Variable([1.0, 2.0]),
    "ResourceVariable": a_resource,
    "PartitionedVariable": lambda: tf.get_variable("v", [4, 2], partitioner=tf.fixed_size_partitioner(2)),
    "Session": tf.Session,
    "Graph": tf.Graph,
    "Operation": lambda: tf.constant(1.0).op,
    "TensorShape": lambda: tf.TensorShape([None, 2]),
    "TensorShape of unknown rank": lambda: tf.TensorShape(None),
    "Dimension": lambda: tf.Dimension(3),
    "Dimension of unknown size": lambda: tf.Dimension(None),
    "DType": lambda: tf.float32,
    "SparseTensor": a_sparse,
    "IndexedSlices": lambda: tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0])),
    "RaggedTensor": lambda: tf.ragged.constant([[1.0], [2.0, 3.0]]),
    "TensorArray": lambda: tf.TensorArray(tf.float32, 2),
    "FIFOQueue": lambda: tf.FIFOQueue(3, [tf.float32], [[2]]),
    "PaddingFIFOQueue": lambda: tf.PaddingFIFOQueue(3, [tf.float32], [[None]]),
    "RandomShuffleQueue": lambda: tf.RandomShuffleQueue(3, 1, [tf.float32, tf.int32]),
    "PriorityQueue": lambda: tf.PriorityQueue(3, [tf.float32], [[]]),
    "Template": lambda: tf.make_template("t", lambda *args, **kwargs: tf.constant(1.0)),
    "VariableScope": tf.get_variable_scope,
    "TensorSpec": lambda: tf.TensorSpec([None, 2], tf.float32),
    "DeviceSpec": lambda: tf.DeviceSpec(job="worker", task=1),
    "ExponentialMovingAverage": lambda: tf.train.ExponentialMovingAverage(0.9),
    "ConditionalAccumulator": lambda: tf.ConditionalAccumulator(tf.float32, [2]),
    "GradientTape": tf.GradientTape,
    "MultiRNNCell": lambda: tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicRNNCell(2)]),
    "DropoutWrapper": lambda: tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(2), 0.5),
    **{
        name: functools.partial(getattr(tf.nn.rnn_cell, name), 2)
        for name in ("BasicRNNCell", "BasicLSTMCell", "LSTMCell", "GRUCell")
    },
    **{
        name: functools.partial(getattr(tf.layers, name), 2, 1)
        for name in ("Conv1D", "Conv2D", "Conv3D", "SeparableConv2D")
    },
    **{
        name: functools.partial(getattr(tf.layers, name), 2, 1)
        for name in ("MaxPooling1D", "MaxPooling2D", "AveragePooling2D")
    },
    "Dense": lambda: tf.layers.Dense(2),
    "Dropout": tf.layers.Dropout,
    "Flatten": tf.layers.Flatten,
    "BatchNormalization": tf.layers.BatchNormalization,
    "AdagradDAOptimizer": lambda: tf.train.AdagradDAOptimizer(0.1, tf.train.get_or_create_global_step()),
    "MomentumOptimizer": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    **{
        f"{name}Optimizer": functools.partial(getattr(tf.train, f"{name}Optimizer"), 0.1)
        for name in ("GradientDescent", "Adam", "Adagrad", "Adadelta", "RMSProp", "Ftrl", "ProximalAdagrad")
    },
    "Initializer": lambda: tf.random_normal_initializer(),
    "constant_initializer": lambda: tf.constant_initializer([1.0, 2.0]),
    "variance_scaling_initializer": lambda: tf.variance_scaling_initializer(),
    "Optimizer of a fed rate": lambda: tf.train.GradientDescentOptimizer(tf.placeholder(tf.float32, [])),
}
OPERATORS = [
    "call",
    "getitem",
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
]

# Methods that are not called, and why.
METHODS_NOT_CALLED = {
    "as_default": "a context without arguments",
    "join": "waits for threads",
    "add_variable": "hands its arguments on to `add_weight`",
    "apply": "hands its arguments on to `__call__`",
    "call": "the inside of a layer, which `__call__` calls with tensors",
    "biased": "the inside of a layer",
    "convolve": "the inside of a layer",
    "make_weights": "the inside of a cell",
    "add_operation": "the inside of the graph, which `apply_op` calls",
    "count_nodes": "the inside of the graph",
    "get_variable": "the inside of a scope; `tf.get_variable` is called above",
}


def methods() -> Iterator[str]:
    """The public methods and operators of the objects."""
    with tf.Graph().as_default():
        for name, make in OBJECTS.items():
            kind = type(make())
            for method in [m for m in dir(kind) if m[0] != "_"] + [f"__{operator}__" for operator in OPERATORS]:
                function = getattr(kind, method, None)
                if inspect.isroutine(function) and not hasattr(object, method) and method not in METHODS_NOT_CALLED:
                    yield f"{name}.{method}"


METHODS = sorted(methods())


@pytest.mark.parametrize("name", METHODS)
def test_methods_refuse_odd_arguments_in_words_meant_for_the_caller(name: str) -> None:
    owner, _, method = name.rpartition(".")
    for trial in range(TRIALS):
        with tf.Graph().as_default(), warnings.catch_warnings(), tf.Session(config=limit(True)):
            warnings.simplefilter("ignore")
            target = OBJECTS[owner]()
            function = getattr(target, method)
            given = arguments(function, name, trial)
            try:
                kinds = {parameter.kind for parameter in inspect.signature(function).parameters.values()}
                rest = [pick(ODD, name, trial)()] if kinds == {inspect.Parameter.VAR_POSITIONAL} else []
                result = function(*rest, **given)
                if hasattr(result, "__enter__") and hasattr(result, "gen"):
                    with result:
                        pass
                run_outputs(result)
            except Exception as error:
                check(error, f"{name}({', '.join(f'{k}={short(v)}' for k, v in given.items())})")
            finally:
                if isinstance(target, tf.Session):
                    target.close()


# ---- every operation, fed with what does not fit -------------------------------------------------------------------


def samples() -> Iterator[tuple[str, Any]]:
    """All samples of the operations with a name for each."""
    for module in pkgutil.iter_modules(tests.ops.samples.__path__):
        family = importlib.import_module(f"tests.ops.samples.{module.name}")
        for i, sample in enumerate(getattr(family, "SAMPLES", ())):
            if sample.inputs:
                yield f"{module.name}-{sample.op}-{i}", sample


SAMPLES = dict(samples())

MISFITS = [
    np.ones((2, 3)),
    np.ones(()),
    np.ones((0,)),
    np.zeros((0, 3)),
    np.ones((1, 1, 1, 1, 1)),
    np.ones((4, 4, 4, 4)),
    np.full((3,), -1.0),
    np.full((2, 2), 99.0),
    np.array([7.0, 7.0]),
    np.full((2,), np.nan),
]


def misfit(kind: np.dtype, *seed: Any) -> np.ndarray:
    """An array of a type, of a shape and with numbers that the operation does not expect."""
    value = pick(MISFITS, *seed)
    if kind.hasobject or kind.kind in "SU":
        return np.full(value.shape, b"x", object)
    with np.errstate(all="ignore"):
        return np.asarray(value.astype(kind))


@pytest.mark.parametrize("name", SAMPLES)
def test_feeds_that_do_not_fit_are_refused_by_an_error_of_the_run(name: str) -> None:
    sample = SAMPLES[name]
    for trial in range(RUNS):
        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = [np.asarray(value) for value in sample.inputs]
            inputs = [tf.placeholder(tf.as_dtype(value.dtype)) for value in values]
            wrong = zlib.crc32(f"{name}/{trial}".encode()) % len(values)
            values[wrong] = misfit(values[wrong].dtype, name, trial)
            if trial % 2:
                values = [misfit(value.dtype, name, trial, i) for i, value in enumerate(values)]
            try:
                fetches = sample.call(tf, *inputs)
                with tf.Session(config=limit(name.startswith(("queues", "readers", "control_flow")))) as sess:
                    sess.run(tf.global_variables_initializer())
                    sess.run(fetches, dict(zip(inputs, values, strict=True)))
            except Exception as error:
                check(error, f"{name} fed with shapes {[value.shape for value in values]}")
                check_run(error)


# ---- sizes that no machine holds -----------------------------------------------------------------------------------

ABSURD = {
    "zeros": lambda n: tf.zeros([n, n]),
    "zeros of a fed shape": lambda n: tf.zeros(tf.placeholder_with_default(np.array([n, n], np.int64), [2])),
    "fill": lambda n: tf.fill([n, n], 1.0),
    "constant": lambda n: tf.constant(1.0, shape=[n, n]),
    "random_uniform": lambda n: tf.random_uniform([n, n]),
    "random_normal": lambda n: tf.random_normal([n, n]),
    "eye": lambda n: tf.eye(n * 1000),
    "range": lambda n: tf.range(n * n if n > 0 else n),
    "linspace": lambda n: tf.linspace(0.0, 1.0, n * 1000),
    "tile": lambda n: tf.tile([[1.0]], [n, n]),
    "one_hot": lambda n: tf.one_hot(tf.zeros([1000], tf.int32), n),
    "pad": lambda n: tf.pad([[1.0]], [[0, n], [0, n]]),
    "variable": lambda n: tf.Variable(tf.zeros([n, n])).initializer,
    "get_variable": lambda n: tf.get_variable("w", [n, n]).initializer,
    "segment_sum": lambda n: tf.segment_sum(tf.ones([1, 1000]), np.array([n])),
    "unsorted_segment_sum": lambda n: tf.unsorted_segment_sum(tf.ones([1, 1000]), [0], np.array(n)),
    "scatter_nd": lambda n: tf.scatter_nd([[0]], tf.ones([1, 1000]), np.array([n, 1000])),
    "matrix_diag": lambda n: tf.matrix_diag(tf.zeros([min(n, 10**6)])),
    "diag": lambda n: tf.diag(tf.zeros([min(n, 10**6)])),
    "sparse_to_dense": lambda n: tf.sparse_to_dense([[0, 0]], np.array([n, n]), 1.0),
    "broadcast_to": lambda n: tf.broadcast_to(1.0, np.array([n, n])) + 1.0,
    "resize": lambda n: tf.image.resize_nearest_neighbor(tf.ones([1, 2, 2, 1]), np.array([n, n])),
}


SIZES = [2**31 - 1, 2**31, 10**12, -5]
# An empty range is a range: of those two only the large sizes are absurd.
ABSURD_CALLS = [(name, n) for name in ABSURD for n in SIZES if n > 0 or name not in ("range", "linspace")]


@pytest.mark.parametrize(("name", "size"), ABSURD_CALLS)
def test_absurd_sizes_are_refused_before_memory_is_asked_for(name: str, size: int) -> None:
    expected = (ValueError, TypeError, tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError)
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(expected) as caught:
            sess.run(ABSURD[name](size))
        check(caught.value, f"{name} of {size}")


# ---- sessions ------------------------------------------------------------------------------------------------------


class World:
    """A small program: a placeholder, a variable, a product and a loss."""

    def __init__(self) -> None:
        self.x = tf.placeholder(tf.float32, [None, 3], name="x")
        self.w = tf.get_variable("w", initializer=np.ones([3, 2], np.float32))
        self.y = tf.matmul(self.x, self.w, name="y")
        self.loss = tf.reduce_sum(self.y, name="loss")
        self.good = np.ones([4, 3], np.float32)
        with tf.Graph().as_default():
            self.foreign = tf.constant(1.0)
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())


BAD_RUNS: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "fetch None": (lambda p: p.sess.run(None), TypeError, "has invalid type"),
    "fetch a number": (lambda p: p.sess.run([p.y, 3.0], {p.x: p.good}), TypeError, "has invalid type"),
    "fetch an unknown name": (lambda p: p.sess.run("nope:0"), ValueError, "cannot be interpreted as a Tensor"),
    "fetch output 7": (lambda p: p.sess.run("y:7"), ValueError, "only has 1 outputs"),
    "fetch of another graph": (lambda p: p.sess.run(p.foreign), ValueError, "is not an element of this graph"),
    "fetch a set": (lambda p: p.sess.run({p.y}), TypeError, "has invalid type"),
    "feed nothing": (lambda p: p.sess.run(p.y), tf.errors.InvalidArgumentError, "You must feed a value"),
    "feed a list": (lambda p: p.sess.run(p.y, [p.good]), TypeError, "must be a dictionary"),
    "feed an array": (lambda p: p.sess.run(p.y, p.good), TypeError, "must be a dictionary"),
    "feed an unknown name": (lambda p: p.sess.run(p.y, {"nope:0": 1.0}), TypeError, "Cannot interpret feed_dict key"),
    "feed a key that is a number": (lambda p: p.sess.run(p.y, {5: 1.0}), TypeError, "Cannot interpret feed_dict key"),
    "feed of another graph": (lambda p: p.sess.run(p.y, {p.foreign: 1.0}), TypeError, "Cannot interpret feed_dict key"),
    "feed an operation": (lambda p: p.sess.run(p.y, {p.y.op: 1.0}), TypeError, "Cannot interpret feed_dict key"),
    "feed a tensor": (lambda p: p.sess.run(p.y, {p.x: p.y}), TypeError, "cannot be a tf.Tensor object"),
    "feed the wrong shape": (lambda p: p.sess.run(p.y, {p.x: [[1.0]]}), ValueError, "Cannot feed value of shape"),
    "feed words": (lambda p: p.sess.run(p.y, {p.x: "text"}), ValueError, "Cannot feed 'text'"),
    "feed None": (lambda p: p.sess.run(p.y, {p.x: None}), ValueError, "Cannot feed value of shape"),
    "feed a ragged list": (lambda p: p.sess.run(p.y, {p.x: [[1.0], [1.0, 2.0]]}), ValueError, "Cannot feed"),
    "options that are none": (lambda p: p.sess.run(p.y, {p.x: p.good}, 1.5), TypeError, "options must be"),
    "eval with a number": (lambda p: p.y.eval({p.x: p.good}, 1.5), TypeError, "session must be a tf.Session"),
    "eval without session": (lambda p: p.y.eval(), ValueError, "No default session is registered"),
    "callable of nothing": (lambda p: p.sess.make_callable(None)(), TypeError, "has invalid type"),
    "callable, one value too few": (lambda p: p.sess.make_callable(p.y, [p.x])(), TypeError, "takes 1 values"),
    "callable, feeds no list": (lambda p: p.sess.make_callable(p.y, p.x), TypeError, "must be a list or tuple"),
    "partial run, no handle": (lambda p: p.sess.partial_run([], p.y), TypeError, "for argument 'handle'"),
    "partial run, unknown handle": (
        lambda p: p.sess.partial_run("h", p.y), tf.errors.InvalidArgumentError, "before performing partial runs",
    ),
    "partial run, feeds no list": (lambda p: p.sess.partial_run_setup(p.y, 5), TypeError, "for argument 'feeds'"),
    "partial run, not announced": (
        lambda p: p.sess.partial_run(p.sess.partial_run_setup([p.y], [p.x]), p.loss), tf.errors.InvalidArgumentError,
        "was not specified in partial_run_setup",
    ),
    "partial run, feed missing": (
        lambda p: p.sess.partial_run(p.sess.partial_run_setup([p.y], [p.x]), p.y), tf.errors.InvalidArgumentError,
        "Must feed x:0",
    ),
    "minimize a number": (
        lambda p: tf.train.GradientDescentOptimizer(0.1).minimize(1.0), TypeError, "must be tensors",
    ),
    "apply no pairs": (
        lambda p: tf.train.GradientDescentOptimizer(0.1).apply_gradients([p.w]), TypeError, "pairs",
    ),
    "apply to a number": (
        lambda p: tf.train.AdamOptimizer().apply_gradients([(p.y, 5)]), NotImplementedError, "unsupported type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_RUNS)
def test_bad_fetches_and_feeds_say_what_is_wrong(name: str) -> None:
    call, expected, words = BAD_RUNS[name]
    with tf.Graph().as_default():
        world = World()
        with pytest.raises(expected) as caught:
            call(world)
        assert words in str(caught.value)
        check(caught.value, name)
        world.sess.close()


def test_one_tensor_fed_under_two_names_is_no_error() -> None:
    with tf.Graph().as_default():
        world = World()
        assert world.sess.run(world.loss, {world.x: world.good, "x:0": world.good}) == 24.0
        world.sess.close()


def test_errors_of_the_callers_own_functions_pass_unchanged() -> None:
    mine = KeyError("mine")

    def initial() -> Any:
        raise mine

    with tf.Graph().as_default():
        with pytest.raises(KeyError) as caught:
            tf.Variable(initial)
        assert caught.value is mine
        with pytest.raises(KeyError) as caught:
            tf.get_variable("w", [2], initializer=lambda shape, dtype=None, partition_info=None: initial())
        assert caught.value is mine
