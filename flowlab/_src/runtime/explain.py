"""Failures of a run in TensorFlow's words, with the node, the line that made it and the values that met."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.errors import (
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    ResourceExhaustedError,
    ShapeError,
    add_notes,
)
from flowlab._src.graph.build import explained
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.op import Spec, group_inputs
from flowlab._src.graph.registry import raw
from flowlab._src.kernels.array_list import ArrayList
from flowlab._src.runtime.state import UNINITIALIZED
from flowlab._src.util import source, written

if TYPE_CHECKING:
    from flowlab._src.graph.tensor import Tensor
    from flowlab._src.runtime.execute import Frame


def uninitialized(tensor: Tensor) -> OpError:
    """The error for reading a variable that has no value in this session."""
    name = tensor.op.name
    return FailedPreconditionError(None, tensor.op, f"Attempting to use uninitialized value {name}")


def explain_failure(error: Exception, frame: Frame) -> BaseException:
    """Give an exception from a kernel its tf.errors class, the node and the explaining notes."""
    instruction = frame.instruction
    if instruction is None:
        return error
    node = instruction.node
    if isinstance(error, OpError):
        if error._op is None:
            error._op = node
    elif isinstance(error, MemoryError) or is_too_big(error):
        error = ResourceExhaustedError(None, node, out_of_memory(node, error))
    elif isinstance(error, (ValueError, TypeError, IndexError, KeyError, ArithmeticError, RuntimeError)):
        if getattr(error, "flow", None) is not None or not from_library(error):
            return error  # raised by the user's own Python function, or explained already
        values = [frame.values[i] for i in instruction.inputs]
        error = InvalidArgumentError(None, node, run_time_message(node, values, error))
    elif isinstance(error, (AssertionError, AttributeError, NotImplementedError)) and from_library(error):
        error = InternalError(None, node, f"the kernel of {node.type} failed: {error!r}").with_traceback(
            error.__traceback__
        )
    failing = error._op if isinstance(error, OpError) and error._op is not None else node
    site = getattr(failing, "site", None)
    variable = getattr(error, "variable", None)
    if variable or (isinstance(error, FailedPreconditionError) and "uninitialized" in error.message):
        name = variable or failing.name
        return add_notes(
            error,
            why=without_value(name, failing.graph, frame),
            where=built_and_run(site),
            fix=f"{session_name()}.run({initializer_for(name, failing.graph)})",
        )
    if isinstance(error, OpError) and "insufficient elements" in error.message and frame.state.failures:
        explain_empty_queue(error, frame.state.failures[0])
    why, fix = getattr(error, "why", ""), getattr(error, "fix", "")
    if not why and not fix and failing is node and isinstance(error, InvalidArgumentError):
        why, fix = explained_shapes(node, [frame.values[i] for i in instruction.inputs])
    return add_notes(
        error,
        where=built_and_run(site),
        inputs=describe_inputs(node, frame),
        why=why,
        fix=with_own_name(fix, node),
    )


def explained_shapes(node: Any, values: list[Any]) -> tuple[str, str]:
    """What an operation says of shapes that do not fit, for the shapes that met in the run."""
    definition = node.definition
    if not hasattr(definition, "explain_shapes") or any(v is None or v is UNINITIALIZED for v in values):
        return "", ""
    with Graph().as_default():
        met = as_met(node, values)
        try:
            definition.shape(*group_inputs(definition, [Spec(tensor) for tensor in met]))
        except ShapeError:
            why, fix = explained(definition, met)
        except Exception:
            return "", ""  # what was fed is stranger than the rule has reckoned with
        else:
            return "", ""
    for stand_in, tensor in zip(met, node._inputs, strict=True):
        why, fix = (text.replace(f"'{stand_in.name}'", f"'{tensor.name}'") for text in (why, fix))
    unknown = set(words_of(node)) - set(named_words(node))
    return why, "" if any(re.search(rf"\b{word}\b(?!=)", fix.partition("  # ")[0]) for word in unknown) else fix


def as_met(node: Any, values: list[Any]) -> list[Tensor]:
    """Constants of the values that met at a node, in a graph of their own."""
    return [
        raw.Const(value=np.asarray(value), dtype=tensor.dtype.base_dtype)
        for tensor, value in zip(node._inputs, values, strict=True)
    ]


def with_own_name(fix: str, node: Any) -> str:
    """Advice of a kernel, which calls its first input t and the others by its own arguments, in the program's words."""
    known = named_words(node) if fix else {}
    return re.sub(r"\b[a-z_]+\b(?!=)", lambda match: known.get(match[0], match[0]), fix)


def words_of(node: Any) -> dict[str, Tensor]:
    """What a kernel calls its inputs."""
    words: dict[str, Tensor] = {"t": node._inputs[0]} if node._inputs else {}
    with contextlib.suppress(AttributeError):
        words |= dict(zip([a.name for a in node.definition.schema.inputs], node._inputs, strict=False))
    return words


def named_words(node: Any) -> dict[str, str]:
    """What the program calls the inputs, by what the kernel calls them."""
    mine = source.python_names()
    return {word: mine[tensor.name] for word, tensor in words_of(node).items() if tensor.name in mine}


def built_and_run(site: source.Site | None) -> str:
    """The line that built a node, and the line that ran it where that is another."""
    run = source.caller(2)
    if site is None or run is None or run[:2] == site[:2]:
        return site.quote() if site is not None else run.quote() if run is not None else ""
    place = f"line {run.line}" if run.filename == site.filename else run.describe()
    return f"{site.quote()}   (run at {place})"


def session_name() -> str:
    """What the program calls the session whose run it is at."""
    call = written.running("run", "eval")
    name = call.text.rpartition(".run(")[0] if call is not None else ""
    return name if name.isidentifier() else "sess"


def without_value(name: str, graph: Any, frame: Frame) -> str:
    """Why a variable cannot be read: nobody has made its first value."""
    metric = any(getattr(v, "op", None) and v.op.name == name for v in graph.get_collection("metric_variables"))
    if metric:
        return (
            f"'{name}' is a counter of a metric, a local variable: the initializer of the global ones does not reach it"
        )
    return (
        f"'{name}' has no value in this session yet: tf.Variable only records how to make one"
        + others_without_value(name, graph, frame)
    )


def explain_empty_queue(error: OpError, first: BaseException) -> None:
    """A queue is empty because the thread that fills it failed: that failure is the cause."""
    told = getattr(first, "message", "") or str(first)
    error.why = f"the thread that fills the queue failed first: {type(first).__name__}: {told.splitlines()[0]}"
    if "uninitialized" in told:
        error.fix = "sess.run(tf.local_variables_initializer())  # before the runners start: num_epochs counts in one"
    elif isinstance(first, NotFoundError):
        error.fix = "os.listdir()  # is the file there, under this name?"


def others_without_value(name: str, graph: Any, frame: Frame) -> str:
    """Name the other variables that the session has no value for, up to four of them."""
    known = [variable.op.name for variable in graph.get_collection("variables") if hasattr(variable, "op")]
    empty = [other for other in known if other != name and frame.state.read(other) is UNINITIALIZED]
    if not empty:
        return ""
    listed = ", ".join(f"'{other}'" for other in empty[:4])
    return f" (nor have {listed}{' ...' if len(empty) > 4 else ''})"


def initializer_for(name: str, graph: Any) -> str:
    """The call that gives a variable its first value: local variables (of metrics) have one of their own."""
    local = any(
        getattr(variable, "op", None) and variable.op.name == name
        for variable in graph.get_collection("local_variables")
    )
    return f"tf.{'local' if local else 'global'}_variables_initializer()"


def from_library(error: BaseException) -> bool:
    """True when the exception came out of flowlab's or NumPy's code and not of a function the user wrote."""
    traceback = error.__traceback__
    filename = ""
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next
    return "flowlab" in filename.replace("\\", "/").split("/") or "numpy" in filename.replace("\\", "/").split("/")


def run_time_message(node: Any, values: list[Any], error: Exception) -> str:
    """TensorFlow's sentence for inputs that do not fit, where a kernel left it to NumPy to notice."""
    shapes = [list(np.shape(v)) for v in values if v is not None and v is not UNINITIALIZED]
    text = str(error)
    if "could not be broadcast" in text or "shape mismatch" in text:
        return "Incompatible shapes: " + " vs. ".join(_brackets(s) for s in shapes)
    if "matmul" in text or "mismatch in its core dimension" in text:
        return "Matrix size-incompatible: " + ", ".join(f"In[{i}]: {_brackets(s)}" for i, s in enumerate(shapes))
    conflict = broken_rule(node, values)
    listed = ", ".join(_brackets(s) for s in shapes)
    if conflict:
        return f"{conflict} for '{node.name}' (op: '{node.type}') with input shapes: {listed}."
    kinds = ", ".join(t.dtype.base_dtype.runtime_name for t in node._inputs)
    return f"{node.type} cannot work with inputs of shapes {listed} and types {kinds}"


def broken_rule(node: Any, values: list[Any]) -> str:
    """What the rule for static shapes says of the values that flowed in, now that their shapes are known."""
    if any(v is None or v is UNINITIALIZED for v in values):
        return ""
    definition = node.definition
    with Graph().as_default():
        specs = [Spec(tensor) for tensor in as_met(node, values)]
        try:
            definition.shape(*group_inputs(definition, specs))
        except ShapeError as conflict:
            return str(conflict)
        except Exception:
            return ""  # the rule has not reckoned with such inputs either
    return ""


def is_too_big(error: Exception) -> bool:
    """NumPy refuses sizes that no address space could hold with a ValueError."""
    return isinstance(error, ValueError) and ("array is too big" in str(error) or "allowed dimension" in str(error))


def out_of_memory(node: Any, error: Exception) -> str:
    """TensorFlow's sentence for a result that does not fit into memory."""
    shape = getattr(error, "shape", None)
    if shape is None:
        return f"OOM when allocating the result of {node.name}"
    kind = as_dtype(error.dtype).runtime_name  # type: ignore[attr-defined]  # NumPy's error has both
    return f"OOM when allocating tensor with shape{_brackets(list(shape))} and type {kind}"


def _brackets(shape: list[int]) -> str:
    return "[" + ",".join(str(d) for d in shape) + "]"


def describe_inputs(node: Any, frame: Frame) -> str:
    """Name, dtype and shape of each value that flowed into the node; small values are shown."""
    instruction = frame.instruction
    if instruction is None or instruction.node is not node:
        return ""
    parts = []
    for tensor, slot in zip(node._inputs, instruction.inputs, strict=True):
        value = frame.values[slot]
        if value is None or value is UNINITIALIZED:
            parts.append(f"'{tensor.name}'")
            continue
        if isinstance(value, (ArrayList, tuple, list)):  # a TensorArray, or the record of one: no numbers to show
            parts.append(f"'{tensor.name}' {tensor.dtype.base_dtype.name}")
            continue
        array = np.asarray(value)
        text = f"'{tensor.name}' {tensor.dtype.base_dtype.name} {array.shape}"
        if array.size <= 4:
            text += f" = {array.tolist()}"
        parts.append(text)
    return "      ".join(parts)
