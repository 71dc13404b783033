"""`apply_op`: from an op and its arguments to a node of the graph.

Convert the inputs, solve the dtypes, infer the shapes, find the name, remember the user's line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from flowlab._src.errors import ShapeError, add_notes
from flowlab._src.graph import op as op_module  # `op` and `build` need each other: one knows what, the other how
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.body import bring_in
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import graph_of, graph_of_tensors
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.literals import open_size
from flowlab._src.graph.shape import TensorShape, as_shape, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source, written

if TYPE_CHECKING:
    from flowlab._src.graph.op import Argument, Op, Schema, Spec


def apply_op(op: Op, inputs: Sequence[Any], name: str | None = None) -> Any:
    """Add a node that applies `op` to `inputs`.

    Returns
    -------
    Tensor, list of Tensor or Operation
        By the number of outputs: one, several, none.
    """
    schema = op._schema or op.schema
    if name.__class__ is not str and name is not None:
        name = as_text(name, "name")
    graph = graph_of_tensors(inputs)
    if graph is not None and not schema.has_list and len(inputs) == len(schema.inputs):
        # Nothing is left to convert, so no name scope needs to be open meanwhile.
        # A name ending in a slash is a scope that a caller has opened for this very node: it is unique already.
        return _create(graph, op, schema, inputs, graph._scope_path(name) if name else graph.unique_name(op.type))
    graph = graph_of(inputs)
    if graph.eager:
        return graph.apply(op, inputs)
    composite = first_composite(inputs)
    if composite is not None:
        with graph.as_default(), graph.name_scope(name or op.type):
            pass  # TensorFlow tries with the value as it is first, which takes the name
        result = composite._apply_elementwise(op, inputs, name or op.type)
        if result is not NotImplemented:
            return result
    with graph.as_default(), graph.name_scope(name or op.type) as scope:
        tensors = convert_inputs(op, schema, inputs)
        return _create(graph, op, schema, tensors, scope[:-1])


def _create(graph: Graph, op: Op, schema: Schema, inputs: Sequence[Tensor], name: str) -> Any:
    body = graph.scopes.body
    for tensor in inputs:
        if tensor._op._body is not body:
            inputs = bring_in(graph, inputs, name)
            break
    dtypes = solve_dtypes(op, schema, inputs)
    shapes = infer_shapes(op, schema, inputs, name, len(dtypes))
    node = graph.add_operation(op, inputs, name, dtypes, shapes)
    outputs = node._outputs
    if len(outputs) == 1 and not schema.outputs[0].is_list:
        return outputs[0]
    return list(outputs) if outputs or schema.outputs else node


# ---- converting ----------------------------------------------------------------------------------------------------


def convert_inputs(op: Op, schema: Schema, inputs: Sequence[Any]) -> list[Tensor]:
    """Convert each input to a tensor of the dtype that the signature and the earlier inputs ask for."""
    arguments = schema.inputs
    if len(inputs) != len(arguments):
        wanted = ", ".join(a.name for a in arguments)
        raise TypeError(f"{op.type} takes {len(arguments)} inputs ({wanted}), got {len(inputs)}.")
    solved: dict[TypeVar, tuple[DType, str]] = {}
    result: list[Tensor] = []
    for argument, value in zip(arguments, inputs, strict=True):
        if argument.is_list:
            result.extend(_convert_list(op, argument, value, solved))
        else:
            result.append(_convert_one(op, argument, value, solved))
    return result


def _convert_one(op: Op, argument: Argument, value: Any, solved: dict[TypeVar, tuple[DType, str]]) -> Tensor:
    wanted: DType | None = None
    preferred: DType | None = None
    if isinstance(argument.dtype, TypeVar):
        if argument.dtype in solved:
            wanted = solved[argument.dtype][0]
        else:
            preferred = getattr(op, "preferred_dtypes", {}).get(argument.name)
    elif argument.dtype is not None:
        wanted = argument.dtype
    else:
        wanted = op.input_dtype(argument.name) if hasattr(op, "input_dtype") else None
    try:
        tensor: Tensor = convert(value, wanted, argument.name, preferred, as_ref=argument.is_ref)
    except TypeError as error:
        if "None values not supported" in str(error):
            error = TypeError(
                f"Tried to convert '{argument.name}' to a tensor and failed. Error: None values not supported."
            )
        raise _annotate(error, op, argument, value) from None
    except ValueError as error:
        observed = None
        if wanted is not None:
            observed = _observed_dtype(value)
        if observed is not None and wanted is not None and not wanted.is_compatible_with(observed):
            raise _annotate(
                TypeError(_type_conflict(op, argument, observed, wanted, solved)), op, argument, value
            ) from None
        raise _annotate(_unconvertible(argument, error, value), op, argument, value) from None
    if argument.is_ref and not tensor.dtype._is_ref_dtype:
        raise _annotate(
            TypeError(f"'{op.type}' Op requires that input '{argument.name}' be a mutable tensor (e.g.: a tf.Variable)"),
            op, argument, value,
        )  # fmt: skip
    if isinstance(argument.dtype, TypeVar):
        check_allowed(op, argument, tensor)
        solved.setdefault(argument.dtype, (tensor.dtype.base_dtype, argument.name))
    return tensor


def _convert_list(op: Op, argument: Argument, value: Any, solved: dict[TypeVar, tuple[DType, str]]) -> list[Tensor]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"Expected list for '{argument.name}' argument to '{op.type}' Op, not {value!r}.")
    wanted = preferred = None
    if isinstance(argument.dtype, TypeVar):
        if argument.dtype in solved:
            wanted = solved[argument.dtype][0]
        else:
            # One tensor among the values decides for the Python numbers beside it.
            wanted = next((v.dtype.base_dtype for v in value if isinstance(v, Tensor)), None)
            if wanted is None:
                preferred = next(
                    (v.dtype.base_dtype for v in value if hasattr(v, "dtype") and isinstance(v.dtype, DType)), None
                )
    elif argument.dtype is not None:
        wanted = argument.dtype
    result: list[Tensor] = []
    try:
        for i, item in enumerate(value):
            tensor = convert(item, wanted, f"{argument.name}_{i}", preferred, as_ref=argument.is_ref)
            result.append(tensor)
            if isinstance(argument.dtype, TypeVar) and wanted is None:
                wanted = tensor.dtype.base_dtype
    except (TypeError, ValueError):
        seen = ", ".join(_dtype_name(v) for v in value)
        prefix = f"Tensors in list passed to '{argument.name}' of '{op.type}' Op have types [{seen}]"
        detail = (
            " that don't all match."
            if isinstance(argument.dtype, TypeVar) or wanted is None
            else f" that do not match expected type {wanted.name}."
        )
        if any(_observed_dtype(v) is None for v in value):
            detail = " that are invalid."
        raise _annotate(TypeError(prefix + detail), op, argument, value) from None
    if isinstance(argument.dtype, TypeVar) and result:
        check_allowed(op, argument, result[0])
        solved.setdefault(argument.dtype, (result[0].dtype.base_dtype, argument.name))
    return result


def _dtype_name(value: Any) -> str:
    dtype = _observed_dtype(value)
    return dtype.name if dtype is not None else f"<NOT CONVERTIBLE TO TENSOR: {type(value).__name__}>"


def _observed_dtype(value: Any) -> DType | None:
    """The dtype a value has by itself, without adding anything to the user's graph."""
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, DType):
        return dtype
    from flowlab._src.graph.dtypes import as_dtype
    from flowlab._src.graph.literals import as_array

    try:
        return as_dtype(as_array(value).dtype)
    except (TypeError, ValueError, NotImplementedError):
        return None


def _type_conflict(
    op: Op, argument: Argument, observed: DType, wanted: DType, solved: dict[TypeVar, tuple[DType, str]]
) -> str:
    prefix = f"Input '{argument.name}' of '{op.type}' Op has type {observed.name} that does not match "
    if isinstance(argument.dtype, TypeVar):
        return prefix + f"type {wanted.name} of argument '{solved[argument.dtype][1]}'."
    return prefix + f"expected type of {wanted.name}."


def _unconvertible(argument: Argument, error: ValueError, value: Any) -> Exception:
    return ValueError(f"Tried to convert '{argument.name}' to a tensor and failed. Error: {error}")


def check_allowed(op: Op, argument: Argument, tensor: Tensor) -> None:
    """TypeError when the dtype is not one that the signature allows."""
    assert isinstance(argument.dtype, TypeVar)
    allowed = op_module.allowed_dtypes(argument.dtype)
    dtype = tensor.dtype.base_dtype
    if allowed is not None and dtype not in allowed:
        names = ", ".join(d.name for d in allowed)
        error = TypeError(
            f"Value passed to parameter '{argument.name}' has DataType {dtype.name} not in list of allowed values: {names}"
        )
        raise _annotate(error, op, argument, tensor)


def _annotate(error: Exception, op: Op, argument: Argument, value: Any) -> BaseException:
    site = source.caller(2)
    observed = _observed_dtype(value)
    fix = why = ""
    if "does not match" in str(error):
        why, fix = two_dtypes(str(error), op, argument)
    elif "None values not supported" in str(error):
        why, fix = open_size() if value is not None else left_out_value(argument.name)
    elif "not in list" in str(error):
        why = f"{op.type} does not work on {observed.name if observed is not None else 'such'} elements"
        fix = f"tf.cast({mine(argument.name)}, {wanted_dtype(str(error))})"
    elif "instead" in str(error) and "of type 'float'" in str(error):
        why = "the tensor holds whole numbers, and a number with a point is none"
        fix = "tf.cast(t, tf.float32)  # of the tensor; or write a whole number"
    return add_notes(
        error,
        where=site.quote() if site else "",
        inputs=f"{argument.name} = {describe(value)}"
        + (f" ({observed.name})" if observed is not None and not isinstance(value, Tensor) else ""),
        why=why,
        fix=fix,
    )


def mine(name: str) -> str:
    """An argument as the program writes it; its name if that is not known."""
    call = written.running()
    return (written.one_line(call.argument(name)) if call is not None else "") or name


def left_out_value(name: str) -> tuple[str, str]:
    """None as an argument itself: say where it comes from."""
    text = mine(name)
    line = source.assigned(text) if text.isidentifier() and text != name else None
    since = f" since {line.describe()}: {line.text}" if line is not None else ""
    return (
        f"{text} is None{since}; a function without return gives None",
        f"print({text})  # then look where it is made",
    )


def wanted_dtype(message: str) -> str:
    """Of the types that are allowed the one that learners want."""
    allowed = message.rpartition(": ")[2].split(", ")
    return f"tf.{next((kind for kind in ('float32', 'int32', 'bool', 'string') if kind in allowed), allowed[0])}"


def two_dtypes(message: str, op: Op, argument: Argument) -> tuple[str, str]:
    """Why two types do not go together, and the program's line with one of them cast."""
    told = re.search(
        r"has type (\w+) that does not match (?:expected type of|type) (\w+?)(?:_ref)?(?: of argument '(\w+)')?\.",
        message,
    )
    if told is None:
        return "", ""
    here, there, other = told[1].removesuffix("_ref"), told[2], told[3] or ""
    call = written.running()
    texts = {name: call.argument(name) if call is not None else "" for name in (argument.name, other)}
    names = {name: written.one_line(text) or name for name, text in texts.items()}
    why = f"{names[argument.name]} is {here}" + (f", {names[other]} is {there}" if other else f"; {there} is wanted")
    why += ": dtypes are never converted silently" + (
        "; NumPy's floats are float64" if "float64" in (here, there) else ""
    )
    target, wanted = argument.name, there
    if other and rank_of(here) > rank_of(there):  # rather make a float of the integer
        target, wanted = other, here
    cast = f"tf.cast({names[target]}, tf.{wanted})"
    whole = call.changed(**{target: cast}) if call is not None and texts[target] else ""
    literal = "  # or 1. instead of 1" if wanted == "float32" and "int" in (here + there) else ""
    return why, (whole or cast) + literal


def rank_of(dtype: str) -> int:
    """Casting goes from the lower to the higher; float64 becomes float32, the type of nets."""
    order = ["bool", "uint8", "int8", "int16", "int32", "int64", "float64", "float32"]
    return order.index(dtype) if dtype in order else -1


def describe(value: Any) -> str:
    """Say what a value is: name, dtype and shape of a tensor, a short repr of anything else."""
    if isinstance(value, Tensor):
        return f"'{value.name}' {value.dtype.base_dtype.name} {value.shape}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return "[" + ", ".join(describe(v) for v in value) + "]"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# ---- dtypes and shapes of the outputs ------------------------------------------------------------------------------


def solve_dtypes(op: Op, schema: Schema, inputs: Sequence[Tensor]) -> Sequence[DType]:
    """Give the dtypes of the outputs; TypeError when inputs that must agree do not."""
    if schema.has_list:
        found = _solve(op, schema, inputs)
    else:  # what the signature says of inputs of these kinds has been found at the first such node
        kinds, solved = tuple([t._dtype._number for t in inputs]), schema.solved
        if kinds not in solved:
            solved[kinds] = _solve(op, schema, inputs)
        found = solved[kinds]
    if found is not None:
        return found
    given: DType | Sequence[DType] = op.dtypes(*inputs)
    return [given] if isinstance(given, DType) else given


def _solve(op: Op, schema: Schema, inputs: Sequence[Tensor]) -> Sequence[DType] | None:
    """The dtypes of the outputs as the signature tells them, or None where it leaves that to the operation."""
    solved: dict[TypeVar, tuple[DType, str]] = {}
    if schema.has_list:
        for argument, value in zip(schema.inputs, op_module.group_inputs(op, inputs), strict=True):
            first = value[0] if argument.is_list and value else value
            if isinstance(argument.dtype, TypeVar) and isinstance(first, Tensor):
                solved.setdefault(argument.dtype, (first._dtype._base, argument.name))
    else:
        for argument, tensor in zip(schema.inputs, inputs, strict=True):
            wanted = argument.dtype
            if wanted is None:
                continue
            dtype = tensor._dtype._base
            if isinstance(wanted, TypeVar):
                known = solved.get(wanted)
                if known is None:
                    check_allowed(op, argument, tensor)
                    solved[wanted] = (dtype, argument.name)
                elif known[0] is not dtype:
                    raise _annotate(
                        TypeError(_type_conflict(op, argument, tensor.dtype, known[0], solved)), op, argument, tensor
                    )
            elif wanted is not dtype:
                raise _annotate(
                    TypeError(_type_conflict(op, argument, tensor.dtype, wanted, solved)), op, argument, tensor
                )
            if argument.is_ref and not tensor.dtype._is_ref_dtype:
                raise _annotate(
                    TypeError(f"'{op.type}' Op requires that input '{argument.name}' be a mutable tensor (e.g.: a tf.Variable)"),
                    op, argument, tensor,
                )  # fmt: skip
    result: list[DType] = []
    for argument in schema.outputs:
        if (
            argument.dtype is None
            or argument.is_list
            or (isinstance(argument.dtype, TypeVar) and argument.dtype not in solved)
        ):
            return None
        dtype = solved[argument.dtype][0] if isinstance(argument.dtype, TypeVar) else argument.dtype
        result.append(dtype._as_ref if argument.is_ref else dtype)
    return tuple(result)


def infer_shapes(op: Op, schema: Schema, inputs: Sequence[Tensor], name: str, count: int) -> list[TensorShape]:
    """Apply the shape rule; a conflict becomes TensorFlow's ValueError with names, shapes and notes."""
    specs = [op_module.Spec(t) for t in inputs]
    try:
        rule = op.shape(*(op_module.group_inputs(op, specs) if schema.has_list else specs))
    except ShapeError as error:
        raise shape_conflict(op, schema, specs, name, error) from None
    if rule.__class__ is TensorShape:
        return [rule] * count
    if isinstance(rule, list) or (isinstance(rule, tuple) and rule and isinstance(rule[0], TensorShape)):
        return [as_shape(s) for s in rule]
    return [as_shape(rule)] * count


def _first_conflict(op: Op, schema: Schema, inputs: list[Tensor], error: ShapeError) -> tuple[ShapeError, list[Spec]]:
    """Find the conflict that TensorFlow reports, and the values it had seen by then.

    TensorFlow applies a shape rule to the shapes alone, then again with the values that the rule has asked for, until
    it asks for no more.
    """
    specs = [op_module.Spec(t, blind=True) for t in inputs]
    while True:
        asked = [bool(spec.asked) for spec in specs]
        specs = [op_module.Spec(t, blind=not a) for t, a in zip(inputs, asked, strict=True)]
        try:
            op.shape(*(op_module.group_inputs(op, specs) if schema.has_list else specs))
        except ShapeError as earlier:
            return earlier, specs
        if [bool(spec.asked) for spec in specs] == asked:
            return error, specs


def _summary(value: Any) -> str:
    """A small array as the runtime's messages write it: 1 2 3, or [1 2][3 4]."""
    if value.ndim <= 1:
        return " ".join(str(v) for v in value.ravel())
    return "".join(f"[{_summary(row)}]" for row in value)


def shape_conflict(op: Op, schema: Schema, specs: list[Spec], name: str, error: ShapeError) -> BaseException:
    """Make the ValueError for inputs whose shapes do not fit, with the values that took part in the decision."""
    inputs = [spec.tensor for spec in specs]
    error, specs = _first_conflict(op, schema, inputs, error)
    shapes = ", ".join(format_dims(t._shape._dims) for t in inputs)
    message = f"{error} for '{name}' (op: '{op.type}') with input shapes: {shapes}"
    values, partial = [], []
    for i, spec in enumerate(specs):
        if spec.blind or not spec.asked:
            continue
        value = op_module.constant_value(spec.tensor)
        if spec.asked == "shape" and spec.rank == 1 and (value is None or (value >= -1).all()):
            read = op_module.constant_value_as_shape(spec.tensor)._dims
            if read is not None:
                partial.append(f"input[{i}] = {format_dims(read)}")
        elif value is not None and value.size <= 16:
            values.append(f"input[{i}] = <{_summary(value)}>")
    if values:
        message += f" and with computed input tensors: {', '.join(values)}"
    if partial:
        message += f" and with input tensors computed as partial shapes: {','.join(partial)}"
    site = source.caller(2)
    names = [a.name for a in schema.inputs]
    if len(names) != len(inputs):
        names = [f"input {i}" for i in range(len(inputs))]
    why, fix = explained(op, inputs)
    return add_notes(
        ValueError(message + "."),
        where=site.quote() if site else "",
        inputs="      ".join(f"{n} = {describe(t)}" for n, t in zip(names, inputs, strict=True)),
        why=why,
        fix=fix,
    )


def explained(op: Any, inputs: Sequence[Tensor]) -> tuple[str, str]:
    """The cause and the cure of shapes that do not fit, as the operation tells them, or two empty texts."""
    if not hasattr(op, "explain_shapes"):
        return "", ""
    try:
        told = op.explain_shapes(*inputs)
    except Exception:  # an explanation that fails must not take the place of the error
        return "", ""
    return told if isinstance(told, tuple) else ("", told or "")
