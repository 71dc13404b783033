"""`tf.nest`: nested lists, tuples, named tuples and dicts, taken apart into their leaves and put together again.

A function that takes "a tensor, or lists of tensors, or dicts of lists ..." flattens what it got, works on the flat list
and packs its results as the input was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowlab._src.util.export import export

# Values made of several tensors, such as a SparseTensor: how to take one apart, how to make one of new parts.
COMPOSITES: dict[type, tuple[Callable[[Any], list[Any]], Callable[[Any, list[Any]], Any]]] = {}


def register_composite(kind: type, parts: Callable[[Any], list[Any]], rebuild: Callable[[Any, list[Any]], Any]) -> None:
    """Say how values of a class are taken apart (`parts(value)`) and made again (`rebuild(like, parts)`)."""
    COMPOSITES[kind] = (parts, rebuild)


def _composite(value: Any) -> tuple[Callable[[Any], list[Any]], Callable[[Any, list[Any]], Any]] | None:
    for kind in type(value).__mro__:
        if kind in COMPOSITES:
            return COMPOSITES[kind]
    return None


def _is_attrs(value: Any) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def is_sequence(value: Any) -> bool:
    """Tell whether a value is a structure and not a leaf; words and sets are leaves."""
    return isinstance(value, (list, tuple, Mapping)) or _is_attrs(value)


@export("nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Tell whether a value is a list, tuple or dict, whose parts `tf.nest.flatten` would list.

    Examples
    --------
    >>> tf.nest.is_nested([1, 2]), tf.nest.is_nested("ab")
    (True, False)
    """
    return is_sequence(seq)


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def _children(structure: Any, expand_composites: bool) -> list[Any] | None:
    """The parts one level below, in the order of `flatten`; None for a leaf."""
    if isinstance(structure, (list, tuple)):
        return list(structure)
    if isinstance(structure, Mapping):
        return [structure[key] for key in _sorted_keys(structure)]
    if _is_attrs(structure):
        return [getattr(structure, a.name) for a in type(structure).__attrs_attrs__]
    if expand_composites and COMPOSITES:
        rules = _composite(structure)
        if rules is not None:
            return rules[0](structure)
    return None


def _rebuild(like: Any, parts: list[Any]) -> Any:
    """A structure of the type of `like` with other parts, given in the order of `_children`."""
    if isinstance(like, Mapping):
        new = dict(zip(_sorted_keys(like), parts, strict=True))
        kind: Any = type(like)
        if hasattr(like, "default_factory"):
            return kind(like.default_factory, [(key, new[key]) for key in like])
        return kind((key, new[key]) for key in like)
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*parts)
    if isinstance(like, (list, tuple)):
        return type(like)(parts)
    if _is_attrs(like):
        return type(like)(*parts)
    rules = _composite(like)
    assert rules is not None
    return rules[1](like, parts)


@export("nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """List the leaves of nested lists, tuples and dicts; dicts in the order of their keys.

    Parameters
    ----------
    structure : nested lists, tuples, named tuples, dicts, or a single value
    expand_composites : bool
        Take apart values made of several tensors, such as a `tf.SparseTensor`, too.

    Examples
    --------
    >>> tf.nest.flatten({"b": 1, "a": [2, (3,)]})
    [2, 3, 1]
    >>> tf.nest.flatten(5)
    [5]
    """
    result: list[Any] = []
    _flatten_into(structure, expand_composites, result)
    return result


def _flatten_into(structure: Any, expand_composites: bool, result: list[Any]) -> None:
    parts = _children(structure, expand_composites)
    if parts is None:
        result.append(structure)
        return
    for part in parts:
        _flatten_into(part, expand_composites, result)


@export("nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """Put a flat list into the form of `structure`: undoes `tf.nest.flatten`.

    Raises
    ------
    ValueError
        If the list has not as many elements as the structure has leaves.

    Examples
    --------
    >>> tf.nest.pack_sequence_as([1, (2, 3)], [4, 5, 6])
    [4, (5, 6)]
    """
    if not isinstance(flat_sequence, (list, tuple, Mapping)):
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence!r}\ninto a structure, but found incompatible type "
            f"`{type(flat_sequence)}` instead."
        )
    flat = list(flat_sequence)
    if _children(structure, expand_composites) is None:
        if len(flat) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {structure!r}\nHowever the input is a sequence "
                f"({type(flat_sequence)}) of length {len(flat)}.\n  {flat_sequence!r}\n"
                "nest cannot guarantee that it is safe to map one to the other."
            )
        return flat[0]
    atoms = len(flatten(structure, expand_composites))
    if atoms != len(flat):
        raise ValueError(
            f"Could not pack sequence. Structure had {atoms} elements, but flat_sequence had {len(flat)} elements.  "
            f"Structure: {structure!r}, flat_sequence: {flat_sequence!r}."
        )
    return _pack(structure, iter(flat), expand_composites)


def _pack(structure: Any, leaves: Iterator[Any], expand_composites: bool) -> Any:
    parts = _children(structure, expand_composites)
    if parts is None:
        return next(leaves)
    return _rebuild(structure, [_pack(part, leaves, expand_composites) for part in parts])


@export("nest.assert_same_structure")
def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Raise an error unless two structures are nested in the same way.

    Parameters
    ----------
    nest1, nest2 : nested lists, tuples, dicts
    check_types : bool
        Whether a list in one must be a list in the other, and so on; keys of dicts must agree in any case.

    Raises
    ------
    ValueError
        If they differ in the number of elements, in the keys, or in what is nested.
    TypeError
        If `check_types` is True and they differ in the types of their sequences.
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except (ValueError, TypeError) as error:
        raise type(error)(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: {_describe(nest1)}\n\nSecond structure: {_describe(nest2)}\n\nMore specifically: {error}\n"
            f"Entire first structure:\n{_dots(nest1)}\nEntire second structure:\n{_dots(nest2)}"
        ) from None


def _describe(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _dots(structure: Any) -> str:
    """The form of a structure, with a dot for each leaf."""
    parts = _children(structure, False)
    if parts is None:
        return "."
    shown = [_dots(part) for part in parts]
    if isinstance(structure, Mapping):
        return "{" + ", ".join(f"{k!r}: {v}" for k, v in zip(_sorted_keys(structure), shown, strict=True)) + "}"
    if isinstance(structure, list):
        return "[" + ", ".join(shown) + "]"
    fields = getattr(structure, "_fields", None)
    if fields:
        return type(structure).__name__ + "(" + ", ".join(f"{k}={v}" for k, v in zip(fields, shown, strict=True)) + ")"
    return "(" + ", ".join(shown) + ("," if len(shown) == 1 else "") + ")"


def _compare(first: Any, second: Any, check_types: bool, expand: bool) -> None:
    ours, theirs = _children(first, expand), _children(second, expand)
    if (ours is None) != (theirs is None):
        nested, plain = (first, second) if theirs is None else (second, first)
        raise ValueError(
            f'Substructure "{_describe(nested)}" is a sequence, while substructure "{_describe(plain)}" is not'
        )
    if ours is None or theirs is None:
        return
    both_mappings = isinstance(first, Mapping) and isinstance(second, Mapping)
    if check_types and type(first) is not type(second) and not both_mappings and not _same_named(first, second):
        raise TypeError(
            f"The two structures don't have the same sequence type. First structure {_describe(first)} has type "
            f"{type(first).__name__}, while second structure {_describe(second)} has type {type(second).__name__}"
        )
    if both_mappings and set(first) != set(second):
        raise ValueError(
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{_describe(_sorted_keys(first))}, while second structure has keys {_describe(_sorted_keys(second))}"
        )
    if len(ours) != len(theirs):
        raise ValueError(
            f"The two structures don't have the same number of elements. First structure: {_describe(first)}. "
            f"Second structure: {_describe(second)}"
        )
    for a, b in zip(ours, theirs, strict=True):
        _compare(a, b, check_types, expand)


def _same_named(first: Any, second: Any) -> bool:
    """Named tuples of two classes with the same name and fields count as one type."""
    fields = getattr(first, "_fields", None)
    return bool(fields and fields == getattr(second, "_fields", None) and type(first).__name__ == type(second).__name__)


@export("nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Call a function on each leaf, or on the leaves of several structures in step, and keep the form.

    Parameters
    ----------
    func : callable with as many arguments as there are structures
    *structure : nested lists, tuples, dicts of the same form
    check_types : bool
        Whether the types of the sequences must agree, too (keyword only; True).

    Examples
    --------
    >>> tf.nest.map_structure(lambda x, y: x + y, [1, (2, 3)], [10, (20, 30)])
    [11, (22, 33)]
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types, expand = kwargs.pop("check_types", True), kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            "Only valid keyword arguments are `check_types` and `expand_composites`, not: "
            + "`, `".join(f"`{key}`" for key in kwargs)
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    leaves = zip(*(flatten(s, expand) for s in structure), strict=True)
    return pack_sequence_as(structure[0], [func(*group) for group in leaves], expand)
