"""How TensorFlow declares a kind of operation: what its inputs, outputs and attributes are called in files.

`op_table.txt` has a line for each kind, in the notation of TensorFlow's own declarations::

    Pack(values: N * T) -> (output: T) | N: int >= 1 | T: type | axis: int = 0

`values: N * T` is a list of N tensors of type T; `data: list(T)` a list of tensors, each of its own type; `ref: Ref(T)`
a variable. Behind the bars stand the attributes with their kind, least value or allowed values, and default, and then
words such as `stateful`. `dev/op_table.py` writes the file. A kind that TensorFlow does not have is read off its class.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Op, group_inputs

NO_DEFAULT: Any = type("NoDefault", (), {"__repr__": lambda self: "NO_DEFAULT"})()


class Argument(NamedTuple):
    """One input or output."""

    name: str
    type: str  # "float32", or the attribute that holds the type; "" for a list with types of its own
    number: str = ""  # the attribute that holds how many tensors these are
    types: str = ""  # the attribute that holds the types of a list
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        """Whether this may be several tensors."""
        return bool(self.number or self.types)


class Attribute(NamedTuple):
    """One attribute."""

    name: str
    kind: str  # "int", "list(type)", "shape" ...
    minimum: int | None = None
    allowed: list[Any] | None = None
    default: Any = NO_DEFAULT


class Definition(NamedTuple):
    """A kind of operation as TensorFlow declares it."""

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attributes: dict[str, Attribute]
    flags: frozenset[str]  # "stateful", "commutative", "aggregate", "uninitialized"


# ---- reading the table ---------------------------------------------------------------------------------------------

_LINE = re.compile(r"(\w+)\((.*?)\) -> \((.*)\)")
_ATTRIBUTE = re.compile(r"(\w+): ([\w()]+)(?: >= (-?\d+))?(?: in (\[.*?\]))?(?: = (.*))?")
_ARGUMENT = re.compile(r"(\w+): (Ref\()?(?:list\((\w+)\)|(?:(\w+) \* )?(\w+))\)?")


@functools.cache
def _lines() -> dict[str, str]:
    text = Path(__file__).with_name("op_table.txt").read_text(encoding="utf-8")
    return {line[: line.index("(")]: line for line in text.splitlines()}


@functools.cache
def declared(op_type: str) -> Definition | None:
    """What TensorFlow declares for a kind of operation; None when the table lacks it."""
    line = _lines().get(op_type)
    return None if line is None else _read_line(line)


def _read_line(line: str) -> Definition:
    head, *rest = line.split(" | ")
    name, inputs, outputs = _match(_LINE, head).groups()
    attributes, flags = {}, []
    for part in rest:
        if ":" not in part:
            flags.append(part)
            continue
        attribute, kind, minimum, allowed, default = _match(_ATTRIBUTE, part).groups()
        attributes[attribute] = Attribute(
            attribute,
            kind,
            None if minimum is None else int(minimum),
            None if allowed is None else json.loads(allowed),
            NO_DEFAULT if default is None else json.loads(default),
        )
    return Definition(name, _read_arguments(inputs), _read_arguments(outputs), attributes, frozenset(flags))


def _read_arguments(text: str) -> tuple[Argument, ...]:
    result = []
    for part in text.split(", ") if text else ():
        name, ref, types, number, kind = _match(_ARGUMENT, part).groups()
        result.append(Argument(name, kind or "", number or "", types or "", bool(ref)))
    return tuple(result)


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    assert found is not None, f"{text!r} in op_table.txt"
    return found


# ---- kinds that TensorFlow does not have ---------------------------------------------------------------------------

_KINDS = {"int": "int", "float": "float", "bool": "bool", "str": "string", "bytes": "string", "DType": "type",
          "TensorShape": "shape", "np.ndarray": "tensor", "Body": "func"}  # fmt: skip


def definition_of(op: type[Op]) -> Definition:
    """The declaration of a kind of operation, TensorFlow's or else one read off the class."""
    return declared(op.type) or _from_class(op)  # type: ignore[arg-type]  # a class is hashable, whatever its __hash__


@functools.cache
def _from_class(op: Any) -> Definition:
    schema = op.signature()
    variables = {a.dtype for a in schema.inputs + schema.outputs if isinstance(a.dtype, TypeVar)}
    attributes: dict[str, Attribute] = {}

    def argument(each: Any) -> Argument:
        number = "N" if each.is_list else ""
        if each.dtype is None:
            return Argument(each.name, "", types=f"T{each.name}", is_ref=each.is_ref)
        kind = (
            each.dtype.name if isinstance(each.dtype, DType) else ("T" if len(variables) == 1 else each.dtype.__name__)
        )
        if not isinstance(each.dtype, DType):
            attributes.setdefault(kind, Attribute(kind, "type"))
        if number:
            attributes.setdefault(number, Attribute(number, "int"))
        return Argument(each.name, kind, number, "", each.is_ref)

    inputs, outputs = tuple(map(argument, schema.inputs)), tuple(map(argument, schema.outputs))
    for each in inputs + outputs:
        if each.types:
            attributes[each.types] = Attribute(each.types, "list(type)")
    for field in op.fields:
        kind = field_kind(op, field)
        default = op.defaults.get(field, NO_DEFAULT)
        plain = isinstance(default, (int, float, str)) and kind in ("int", "float", "bool", "string")
        attributes[field.rstrip("_")] = Attribute(field.rstrip("_"), kind, default=default if plain else NO_DEFAULT)
    return Definition(op.type, inputs, outputs, attributes, frozenset(["stateful"] if op.stateful else ()))


def field_kind(op: type[Op], field: str) -> str:
    """The kind of attribute that a field is, by its annotation: "int", "list(type)" ..."""
    hints = [inspect.get_annotations(base) for base in op.__mro__]
    hint = next(str(each[field]) for each in hints if field in each).removesuffix(" | None")
    if hint == "Any":
        declaration = declared(op.type)
        found_there = None if declaration is None else declaration.attributes.get(field.rstrip("_"))
        return "string" if found_there is None else found_there.kind
    found = re.fullmatch(r"(?:list|tuple|Sequence)\[(\w+)(?:, [\w.]+)*\]", hint)
    if found:
        return f"list({_KINDS.get(found.group(1), 'string')})"
    return _KINDS.get(hint, "string")


# ---- the attributes of a node --------------------------------------------------------------------------------------


def attributes_of(node: Any) -> dict[str, Any]:
    """The attributes of a node under the names that files have, in the order of the declaration.

    Fields of the op's class; the types of inputs and outputs, and the lengths of lists, from the node's tensors. What
    neither tells is left to the default.
    """
    op = node.definition
    definition = definition_of(type(op))
    fields = {field.rstrip("_"): op.__dict__[field] for field in op.fields}
    types = _types_and_numbers(node, definition)
    result = {}
    for name in definition.attributes:
        if name in fields:
            result[name] = fields.pop(name)
        elif name in types:
            result[name] = types[name]
    return {**result, **fields}


def _types_and_numbers(node: Any, definition: Definition) -> dict[str, Any]:
    """What the tensors of a node tell of its attributes."""
    result: dict[str, Any] = {}
    inputs = list(group_inputs(node.definition, node._inputs))
    if len(inputs) != len(definition.inputs):
        inputs = _grouped(definition.inputs, node._inputs)
    for argument, group in zip(definition.inputs, inputs, strict=False):
        _note(result, definition.attributes, argument, group if isinstance(group, list) else [group])
    for argument, group in zip(definition.outputs, group_outputs(node, definition, result), strict=False):
        _note(result, definition.attributes, argument, group)
    return result


def group_outputs(node: Any, definition: Definition, known: dict[str, Any] | None = None) -> list[list[Any]]:
    """The outputs of a node, dealt out to the declaration's."""
    if known is None:
        known = attributes_of(node)
    known = {name: len(value) if isinstance(value, (list, tuple)) else value for name, value in known.items()}
    return _grouped(definition.outputs, node._outputs, known)


def _grouped(
    arguments: Sequence[Argument], tensors: Sequence[Any], known: dict[str, Any] | None = None
) -> list[list[Any]]:
    """Deal tensors out to the arguments: lists of known length get that, the others share what is left."""
    known = known or {}
    lengths = [known.get(a.number or a.types) if a.is_list else 1 for a in arguments]
    open_lists = lengths.count(None)
    left = len(tensors) - sum(length for length in lengths if length is not None)
    result, position = [], 0
    for length in lengths:
        count = left // open_lists if length is None else length
        result.append(list(tensors[position : position + count]))
        position += count
    return result


def _note(result: dict[str, Any], attributes: Mapping[str, Any], argument: Argument, tensors: Sequence[Any]) -> None:
    """Note what one argument tells."""
    if argument.number:
        result.setdefault(argument.number, len(tensors))
    if argument.types:
        result.setdefault(argument.types, [tensor._dtype._base for tensor in tensors])
    elif tensors and argument.type in attributes:
        result.setdefault(argument.type, tensors[0]._dtype._base)
