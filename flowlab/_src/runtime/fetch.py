"""Fetch structures: `sess.run` returns lists, tuples, dicts and records of the same form as it was given."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import ResourceExhaustedError, add_notes
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.default import built_at, get_default_graph, thrown_away
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.removal import fix_elsewhere, why_elsewhere
from flowlab._src.graph.sparse_tensor import SparseTensor, SparseTensorValue
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import copying
from flowlab._src.util import source
from flowlab._src.util.export import export
from flowlab._src.util.text import nearest

Rebuild = Callable[[list[Any]], Any]

# type -> (expand, contract): a fetch of that type stands for several others
_expansions: list[tuple[Any, Callable[[Any], Any], Callable[[Any], Any] | None, Callable[..., Any] | None]] = []


@export("register_session_run_conversion_functions")
def register_session_run_conversion_functions(
    tensor_type: Any,
    fetch_function: Callable[[Any], Any],
    feed_function: Any = None,
    feed_function_for_partial_run: Any = None,
) -> None:
    """Teach `sess.run` to fetch and feed a new type.

    Parameters
    ----------
    tensor_type : type
    fetch_function : callable
        `f(value)` gives (list of fetches, function that joins their values).
    feed_function : callable, optional
        `f(key, value)` gives a list of (tensor, value) pairs.
    feed_function_for_partial_run : callable, optional
        `f(key)` gives the list of tensors.
    """
    _expansions.insert(0, (tensor_type, fetch_function, feed_function, feed_function_for_partial_run))


def expansion_of(value: Any) -> Any:
    """Return the registered (type, fetch, feed, partial feed) that covers `value`, or None."""
    for row in _expansions:
        if isinstance(value, row[0]):
            return row
    return None


class IndexedSlicesValue(NamedTuple):
    """The values of fetched IndexedSlices."""

    values: Any
    indices: Any
    dense_shape: Any


export("IndexedSlicesValue")(IndexedSlicesValue)


def _fetch_slices(slices: IndexedSlices) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    parts = [slices.values, slices.indices]
    if slices.dense_shape is not None:
        parts.append(slices.dense_shape)
    return parts, lambda values: IndexedSlicesValue(*values, *[None] * (3 - len(values)))


def _feed_slices(key: IndexedSlices, value: Any) -> list[tuple[Any, Any]]:
    parts = [key.values, key.indices, key.dense_shape]
    return [(part, v) for part, v in zip(parts, value, strict=False) if part is not None]


register_session_run_conversion_functions(
    IndexedSlices,
    _fetch_slices,
    _feed_slices,
    lambda key: [p for p in (key.values, key.indices, key.dense_shape) if p is not None],
)


def _sparse_parts(sparse: SparseTensorValue) -> list[Any]:
    return [sparse.indices, sparse.values, sparse.dense_shape]


# The named tuple, with tensors in it, stands for a sparse tensor too.
register_session_run_conversion_functions(
    SparseTensorValue,
    lambda sparse: (_sparse_parts(sparse), lambda values: SparseTensorValue(*values)),
    lambda key, value: SparseTensor._pair(_sparse_parts(key), key, value),
    _sparse_parts,
)
register_session_run_conversion_functions(
    Composite,
    lambda value: value._fetch_parts(),
    lambda key, value: key._feed_parts(value),
    lambda key: key._fetch_parts()[0],
)


def structure_key(fetches: Any, feed_dict: dict[Any, Any] | None) -> Any:
    """Something hashable that is equal for equal structures of lists, tuples and dicts, and for the same keys of feeds.

    None for structures with something else in them that cannot be hashed: they are taken apart anew each time.
    """
    try:
        key = (_part_of_key(fetches), tuple(feed_dict) if feed_dict else None)
        hash(key)
    except TypeError:
        return None
    return key


def _part_of_key(fetch: Any) -> Any:
    if isinstance(fetch, (list, tuple)):
        return (fetch.__class__, *map(_part_of_key, fetch))
    if isinstance(fetch, dict):
        return (fetch.__class__, *fetch, *map(_part_of_key, fetch.values()))
    return fetch


class Fetches:
    """A fetch structure taken apart: the tensors and operations in it, and how to put values in their place."""

    def __init__(self, structure: Any, graph: Graph) -> None:
        self.graph = graph
        self._position: dict[Tensor, int] = {}
        self.tensors: list[Tensor] = []
        self.operations: list[Operation] = []
        self._whole = structure
        self._rebuild = self._read(structure)

    @property
    def items(self) -> list[Any]:
        """All tensors and operations in it."""
        return [*self.tensors, *self.operations]

    def simple(self) -> tuple[type | None, list[int | None]] | None:
        """A structure that is one tensor or operation, or a plain list or tuple of them.

        Returns what holds them, and for each the position of its value; None for an operation.
        """
        whole = self._whole
        kind = whole.__class__ if whole.__class__ in (list, tuple) else None
        items = [whole] if kind is None else whole
        if not all(item.__class__ in (Tensor, Operation) for item in items):
            return None
        return kind, [self._position[item] if item.__class__ is Tensor else None for item in items]

    def build(self, values: list[Any]) -> Any:
        """Return the structure with `values` (one for each tensor) in it."""
        return self._rebuild(values)

    def _read(self, fetch: Any) -> Rebuild:
        if fetch is None:
            raise self._nothing()
        if isinstance(fetch, (list, tuple)):
            parts = [self._read(f) for f in fetch]
            make = _maker(fetch)
            return lambda values: make([part(values) for part in parts])
        if isinstance(fetch, Mapping):
            keys = list(fetch)
            parts = [self._read(fetch[key]) for key in keys]
            make_dict: Any = type(fetch) if type(fetch) is not dict else dict
            return lambda values: make_dict((key, part(values)) for key, part in zip(keys, parts, strict=True))
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [a.name for a in type(fetch).__attrs_attrs__]
            parts = [self._read(getattr(fetch, name)) for name in names]
            cls = type(fetch)
            return lambda values: cls(**{name: part(values) for name, part in zip(names, parts, strict=True)})
        row = expansion_of(fetch)
        if row is not None:
            inner, join = row[1](fetch)
            parts = [self._read(f) for f in inner]
            return lambda values: join([part(values) for part in parts])
        return self._element(fetch)

    def _element(self, fetch: Any) -> Rebuild:
        try:
            element = self.graph.as_graph_element(fetch)
        except TypeError as error:
            raise self._invalid(fetch, "", str(error)) from None
        except (ValueError, KeyError) as error:
            text = str(error.args[0]) if error.args else ""
            site = source.caller(2)
            raise add_notes(
                ValueError(f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({text})"),
                why=foreign(fetch, self.graph),
                where=site.quote() if site else "",
                fix=session_for(fetch) if foreign(fetch, self.graph) else nearest_name(fetch, self.graph),
            ) from None
        if not self.graph.is_fetchable(element):
            raise ValueError(f"Operation {element.name!r} has been marked as not fetchable.")
        if isinstance(element, Operation):
            self.operations.append(element)
            return lambda values: None
        position = self._position.get(element)
        if position is None:
            position = self._position[element] = len(self.tensors)
            self.tensors.append(element)
        return lambda values: values[position]

    def _nothing(self) -> BaseException:
        """None among the fetches: say at which place, and which name of that line holds it."""
        site = source.caller(2)
        whole = self._whole
        place = ""
        if isinstance(whole, (list, tuple)) and any(item is None for item in whole):
            place = f" (item {next(i for i, item in enumerate(whole) if item is None) + 1} of {len(whole)})"
        text = site.text if site else ""
        held = [name for name in source.names_of(None) if re.search(rf"\b{re.escape(name)}\b", text)]
        name = held[0] if held else "what you fetched"
        line = source.assigned(held[0]) if held else None
        since = f" since {line.describe()}: {line.text}" if line is not None else ""
        merged = line is not None and "merge_all" in line.text
        reason = (
            "there was no summary to merge yet"
            if merged
            else "a function without return gives None"
            if line is not None and "(" in line.text
            else "it must be a tensor or an operation"
            if since
            else "merge_all() before any summary, or a function without return, gives None"
        )
        cure = f"print({name})  # then look where it is made" if held else "print(...)  # each part of what you fetch"
        if merged and line is not None:
            cure = f"{line.text}  # after the calls of tf.summary"
        elif line is not None and "(" in line.text:
            cure = f"{line.text}  # the function must end in: return ..."
        return add_notes(
            TypeError(f"Fetch argument None has invalid type {type(None)}"),
            why=f"{name} is None{place}{since}; {reason}" if since else f"{name} is None{place}: {reason}",
            where=site.quote() if site else "",
            fix=cure,
        )

    def _invalid(self, fetch: Any, fix: str, detail: str = "") -> BaseException:
        message = f"Fetch argument {fetch!r} has invalid type {type(fetch)}, must be a string or Tensor. ({detail})"
        site = source.caller(2)
        why = ""
        if isinstance(fetch, (int, float, np.generic, np.ndarray)):
            names = source.names_of(fetch)
            name = names[0] if names else ""
            line = source.rebound(name) if name else None
            taken = f": {line.describe()} gave it the result of a run" if line else ""
            why = f"the name {name} means a value by now, not the tensor{taken}" if name else "this is a value already"
            fix = (
                f"{name}_value = sess.run({name})  # after building {name} again"
                if name
                else "sess.run(loss)  # a tensor"
            )
        elif callable(fetch):
            name = own_name(fetch)
            why = f"{name} is a function: the tensor is what it returns"
            fix = f"sess.run({name}())"
        else:
            why = "fetches are tensors, operations, variables, their names, or lists, tuples and dictionaries of these"
        return add_notes(TypeError(message), why=why, where=site.quote() if site else "", fix=fix)


def foreign(fetch: Any, graph: Graph) -> str:
    """Why a tensor of another graph is refused; '' for one of this graph."""
    own = getattr(fetch, "graph", None)
    if own is None or own is graph:
        return ""
    if own._replaced:
        return why_elsewhere(fetch, built_at(fetch))
    mine = own_name(fetch)
    told = f"{getattr(fetch, 'name', fetch)!r}" + (f" (your {mine})" if mine != "t" else "") + built_at(fetch)
    return f"{told} lives in another graph than the one this session runs"


def session_for(value: Any) -> str:
    """A session in which a tensor of another graph can be used; if that graph was thrown away, build the tensor again."""
    if value.graph._replaced:
        return fix_elsewhere(value, own_name(value))
    site = getattr(getattr(value, "op", value), "site", None)
    if site is not None and thrown_away(value.graph):
        return f"{site.text}  # run this again: tf.reset_default_graph() has thrown its graph away"
    if value.graph is get_default_graph():
        return "sess = tf.Session()  # a new one, after the last tf.reset_default_graph()"
    return f"sess = tf.Session(graph={own_name(value)}.graph)"


def nearest_name(fetch: Any, graph: Graph) -> str:
    """The name that was meant by one that the graph does not have."""
    if not isinstance(fetch, str):
        return ""
    known = [t.name if ":" in fetch else op.name for op in graph._operations for t in (op._outputs or [op])]
    near = nearest(fetch, known, 1)
    return f"sess.run({near[0]!r})" if near else "[op.name for op in tf.get_default_graph().get_operations()]"


def own_name(value: Any) -> str:
    """What the program calls a tensor."""
    names = source.names_of(value)
    return names[0] if names else "t"


def _maker(fetch: Any) -> Callable[[list[Any]], Any]:
    if isinstance(fetch, tuple):
        if hasattr(fetch, "_fields"):
            return lambda items: type(fetch)(*items)
        return tuple
    return list if type(fetch) is list else type(fetch)


def _holders_of_base(view: np.ndarray) -> int:
    base = view.base
    return sys.getrefcount(base) if hasattr(sys, "getrefcount") else 0


_ONE_HOLDER = _holders_of_base(np.empty(2).reshape(2, 1))


def _is_all_there_is(view: np.ndarray) -> bool:
    """True for the whole of an array that only this view holds, as reshaping a result gives it: it may be handed over."""
    base = view.base
    return (
        type(base) is np.ndarray
        and base.nbytes == view.nbytes
        and view.flags.writeable
        and view.flags.c_contiguous
        and base.flags.owndata
        and _holders_of_base(view) == _ONE_HOLDER + 1
    )


def as_result(value: Any) -> Any:
    """A value as the caller gets it: a NumPy scalar, or an array that is the caller's own."""
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return value[()]
        if not value.flags.writeable or not value.flags.owndata:
            try:
                if value.size < copying.LEAST:
                    return value.copy()
                return value if _is_all_there_is(value) else copying.in_order(value)
            except MemoryError:
                raise ResourceExhaustedError(
                    None, None, f"OOM when allocating tensor with shape{list(value.shape)} and type {value.dtype}"
                ) from None
    return value
