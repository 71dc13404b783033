"""What a small program leaves behind: its graph, its values, or its error.

A program is a function of one argument, the module to use as ``tf``. It is registered by the `program` decorator, which
says what to keep of it. The same program runs on TensorFlow, when the golden files are made, and on flowlab, when the
tests run; `run_program` turns either run into the same plain record.
"""

from __future__ import annotations

import base64
import importlib
import math
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Arrays up to this many elements are stored as numbers a reader can read; larger ones as base64 of their bytes.
READABLE_ELEMENTS = 64


@dataclass(frozen=True)
class Program:
    """A registered program and what is kept of it."""

    theme: str
    name: str
    run: Callable[[Any], Any]
    keep: tuple[str, ...] = ()
    error: str | None = None
    says: tuple[str, ...] = ()
    factor: float = 1.0
    exact: bool = False

    @property
    def id(self) -> str:
        return f"{self.theme}.{self.name}"


PROGRAMS: dict[str, Program] = {}


def program(
    *keep: str,
    error: str | None = None,
    says: str | tuple[str, ...] = (),
    factor: float = 1.0,
    exact: bool = False,
    name: str | None = None,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register a program and say what to keep of it.

    Parameters
    ----------
    keep : "graph" or "skeleton", and/or "values"
        "skeleton" is for programs with control flow: the nodes without those that make up the control flow itself, and
        the count of all nodes as TensorFlow makes them. "graph" keeps the list of nodes the program built, "values" the dict it returns. Tensors among the returned
        values are run in one session, after the variables' initializers.
    error : str, optional
        Name of the exception class that the program must end with.
    says : str or tuple of str
        Phrases which the message of that exception must contain.
    factor : float
        How many times wider (or narrower) than usual the tolerance of the values is.
    exact : bool
        Compare floating-point values bit by bit (random streams).
    name : str, optional
        Name of the program when it is not that of the function (programs made in a loop).
    """

    def register(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        theme = run.__module__.rpartition(".")[2]
        phrases = (says,) if isinstance(says, str) else tuple(says)
        entry = Program(theme, name or run.__name__, run, keep, error, phrases, factor, exact)
        if entry.id in PROGRAMS:
            raise ValueError(f"two programs are called {entry.id}")
        PROGRAMS[entry.id] = entry
        return run

    return register


def load_programs() -> dict[str, Program]:
    """Import every module of programs and return the registry."""
    package = importlib.import_module(f"{__package__}.programs")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return PROGRAMS


def run_program(tf: Any, entry: Program) -> dict[str, Any]:
    """Run a program in a graph of its own and record what the registration asks for."""
    with tf.Graph().as_default() as graph:
        try:
            returned = entry.run(tf)
        except Exception as raised:
            if entry.error is None:
                raise
            return {"error": describe_error(raised)}
        if entry.error is not None:
            return {"error": {"classes": [], "message": "nothing was raised"}}
        record: dict[str, Any] = {}
        if "graph" in entry.keep:
            record["graph"] = describe_graph(graph)
        if "skeleton" in entry.keep:
            record["skeleton"] = describe_skeleton(graph)
        if "values" in entry.keep:
            record["values"] = describe_value(evaluate(tf, graph, returned))
        return record


# Graphs -------------------------------------------------------------------------------------------------------------


def describe_graph(graph: Any) -> list[list[str]]:
    """List the nodes in the order of their making: [name, op type, inputs, outputs].

    Inputs are written as in a GraphDef ("a" is a:0, "split:1", "^init" a control input); outputs as dtype and static
    shape ("float32[?,784]", "float32[...]" when the rank is unknown).
    """
    return [describe_operation(op) for op in graph.get_operations()]


# TensorFlow 1.x makes control flow of Switch, Merge and the like; flowlab makes it of If and While.
CONTROL_FLOW = {
    "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "NextIteration", "LoopCond",
    "BodyInput", "If", "While",
}  # fmt: skip
AROUND = re.compile(r"(^|/)(switch_t|switch_f|pred_id|Merge|Enter|Exit|NextIteration|LoopCond|Identity)(_\d+)?$")


def describe_skeleton(graph: Any) -> dict[str, Any]:
    """The nodes besides those of the control flow itself: [name, op type, outputs], and how many nodes there are in all."""
    nodes = []
    gradients = 0  # backward loops are made otherwise
    for op in graph.get_operations():
        if op.name.startswith("gradients"):
            gradients += 1
            continue
        if op.type in CONTROL_FLOW or (op.type == "Identity" and AROUND.search(op.name)):
            continue
        name, op_type, _, outputs = describe_operation(op)
        nodes.append([name, op_type, outputs])
    return {"nodes": nodes, "count": getattr(graph, "node_count", len(graph.get_operations())) - gradients}


def describe_operation(op: Any) -> list[str]:
    inputs = [describe_input(tensor.name) for tensor in op.inputs]
    inputs += sorted("^" + control.name for control in op.control_inputs)
    outputs = [tensor.dtype.name + describe_shape(tensor.shape) for tensor in op.outputs]
    return [op.name, op.type, " ".join(inputs), " ".join(outputs)]


def describe_input(tensor_name: str) -> str:
    return tensor_name[:-2] if tensor_name.endswith(":0") else tensor_name


def describe_shape(shape: Any) -> str:
    if shape.ndims is None:
        return "[...]"
    return "[" + ",".join("?" if size is None else str(size) for size in shape.as_list()) + "]"


# Values -------------------------------------------------------------------------------------------------------------


def evaluate(tf: Any, graph: Any, returned: Any) -> Any:
    """Run the tensors among the returned values, all in one `run` of a fresh session."""
    leaves = [leaf for leaf in flatten(returned) if is_fetchable(tf, leaf)]
    if not leaves:
        return returned
    with tf.Session(graph=graph) as sess:
        if tf.global_variables():
            sess.run(tf.global_variables_initializer())
        results = iter(sess.run(leaves))
    return replace_leaves(returned, lambda leaf: next(results) if is_fetchable(tf, leaf) else leaf)


def is_fetchable(tf: Any, leaf: Any) -> bool:
    return isinstance(leaf, (tf.Tensor, tf.Variable, tf.IndexedSlices))


def flatten(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from flatten(item)
    elif type(value) in (list, tuple):
        for item in value:
            yield from flatten(item)
    else:
        yield value


def replace_leaves(value: Any, replace: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: replace_leaves(item, replace) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(replace_leaves(item, replace) for item in value)
    return replace(value)


def describe_value(value: Any) -> Any:
    """Turn a value into JSON that keeps its Python type, its dtype and its shape."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": describe_number(value)}
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, np.generic):
        return {"scalar": value.dtype.name, "data": describe_number(value.item())}
    if isinstance(value, np.ndarray):
        return describe_array(value)
    if isinstance(value, dict):
        return {"dict": {str(key): describe_value(item) for key, item in value.items()}}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        fields = {field: describe_value(item) for field, item in zip(value._fields, value, strict=True)}
        return {"namedtuple": type(value).__name__, "fields": fields}
    if isinstance(value, tuple):
        return {"tuple": [describe_value(item) for item in value]}
    if isinstance(value, list):
        return {"list": [describe_value(item) for item in value]}
    raise TypeError(f"a program returned a {type(value).__name__}, which has no stored form: {value!r}")


def describe_array(array: np.ndarray) -> dict[str, Any]:
    record: dict[str, Any] = {"dtype": array.dtype.name, "shape": list(array.shape)}
    if array.dtype == object or array.size <= READABLE_ELEMENTS or array.dtype.kind not in "fiub":
        record["data"] = [describe_number(item) for item in array.reshape(-1).tolist()]
    else:
        little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
        record["base64"] = base64.b64encode(little_endian.tobytes()).decode("ascii")
    return record


def describe_number(item: Any) -> Any:
    if isinstance(item, bytes):
        return item.decode("latin-1")
    if isinstance(item, complex):
        return [describe_number(item.real), describe_number(item.imag)]
    if isinstance(item, float) and not math.isfinite(item):
        return repr(item)
    return item


def restore_array(record: dict[str, Any]) -> np.ndarray:
    """The array that `describe_array` described."""
    dtype, shape = np.dtype(record["dtype"]), tuple(record["shape"])
    if "base64" in record:
        raw = base64.b64decode(record["base64"])
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
    return np.array([restore_number(item, dtype) for item in record["data"]], dtype=dtype).reshape(shape)


def restore_number(item: Any, dtype: np.dtype) -> Any:
    if dtype.kind == "c":
        return complex(*(float(part) for part in item))
    if dtype.kind == "f":
        return float(item)
    return item


# Errors -------------------------------------------------------------------------------------------------------------


def describe_error(raised: BaseException) -> dict[str, Any]:
    classes = [base.__name__ for base in type(raised).__mro__ if base not in (object, BaseException)]
    return {"classes": classes, "message": str(raised)}
