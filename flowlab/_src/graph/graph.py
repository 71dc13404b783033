"""`tf.Graph`: the list of nodes, their names, and the scopes that are open while nodes are made."""

from __future__ import annotations

import contextlib
import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_key, as_list, as_text
from flowlab._src.graph.devices import merge_devices
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.stacks import graphs
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source, written
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

if TYPE_CHECKING:
    from flowlab._src.graph.body import Body
    from flowlab._src.graph.dtypes import DType
    from flowlab._src.graph.op import Op
    from flowlab._src.graph.shape import TensorShape

_NEVER_FIRST = frozenset(["", *"_\\/>-"])  # may not begin the name of a node
_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")
_TENSOR_NAME = re.compile(r"^(.*):(\d+)$")


class _Scopes:
    """What is open while a thread builds."""

    __slots__ = ("body", "colocation", "control", "devices", "gradient_overrides", "name")

    def __init__(self) -> None:
        self.name = ""
        self.control: list[_ControlDependencies] = []
        self.devices: list[Any] = []
        self.gradient_overrides: dict[str, str] = {}
        self.colocation: list[Operation] = []
        self.body: Body | None = None  # the branch or loop body that is being built


class _OfThread(threading.local):
    """Each thread has scopes of its own, all add to the same graph."""

    def __init__(self) -> None:
        self.scopes = _Scopes()


class _NameScope:
    """The `with` block of `Graph.name_scope`."""

    __slots__ = ("_graph", "_name", "_outer", "_scopes")

    def __init__(self, graph: Graph, name: str | None) -> None:
        self._graph = graph
        self._name = name

    def __enter__(self) -> str:
        self._scopes = scopes = self._graph.scopes
        self._outer = scopes.name
        path = scopes.name = self._graph._scope_path(self._name)
        return path + "/" if path else ""

    def __exit__(self, *exc: object) -> None:
        self._scopes.name = self._outer


@export("Graph")
class Graph:
    """A dataflow graph: operations and the tensors that flow between them.

    A graph only grows. `with g.as_default():` makes it the one that new operations are added to.

    Examples
    --------
    >>> g = tf.Graph()
    >>> with g.as_default():
    ...     c = tf.constant(30.0)
    >>> c.graph is g, [op.name for op in g.get_operations()]
    (True, ['Const'])
    """

    eager: ClassVar[bool] = False  # True for what takes the place of the graph in eager mode

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._collections: dict[Any, list[Any]] = {}
        self._seed: int | None = None
        self._finalized = False
        self._finalized_at: source.Site | None = None
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._uncounted = 0
        self._sessions: weakref.WeakSet[Any] = weakref.WeakSet()  # those that run this graph
        self._replaced = ""  # why operations were moved here out of another graph, see `removal.py`
        self._of_thread = _OfThread()

    @property
    def scopes(self) -> _Scopes:
        """What the running thread has open."""
        return self._of_thread.scopes

    def apply(self, op: Op, inputs: Sequence[Any]) -> Any:
        """Run an operation at once: in eager mode only, see `runtime/eager.py`."""
        raise NotImplementedError

    # ---- making nodes -------------------------------------------------------------------------------------------

    def add_operation(
        self,
        definition: Op,
        inputs: Sequence[Tensor],
        name: str,
        dtypes: Sequence[DType],
        shapes: Sequence[TensorShape],
    ) -> Operation:
        """Append a node; `name` is complete and unique already, its scopes have been checked."""
        if self._finalized:
            self._refuse_growth(definition.type)
        if name[:1] in _NEVER_FIRST:  # what a scope may begin with
            raise ValueError(f"'{name}' is not a valid node name")
        scopes = self.scopes
        inputs = tuple(inputs)
        site = source.caller(3)
        with self._lock:
            control = _control_inputs_for(inputs, scopes) if scopes.control else ()
            device = merge_devices(scopes.devices, definition) if scopes.devices else ""
            if scopes.colocation or definition.forwards_ref:
                for other in (*scopes.colocation, *[t._op for t in inputs[: definition.forwards_ref]]):
                    device = other._device or device  # where a variable is, there it is changed
            node = Operation._make(self, len(self._operations), name, definition, inputs, control, device, site)
            node._body = scopes.body
            if len(dtypes) == 1:  # as nearly all nodes: in a third of the time
                node._outputs = (Tensor._make(node, 0, dtypes[0], shapes[0]),)
            else:
                kinds = enumerate(zip(dtypes, shapes, strict=True))
                node._outputs = tuple([Tensor._make(node, i, dtype, shape) for i, (dtype, shape) in kinds])
            for tensor in inputs:
                tensor._consumers.append(node)
            for other in control:
                other._waited_for_by(node)
            if scopes.gradient_overrides:
                node._gradient_name = scopes.gradient_overrides.get(definition.type)
            if scopes.colocation:
                node._colocation = tuple(f"loc:@{other.name}" for other in scopes.colocation)
            self._operations.append(node)
            self._by_name[name] = node
        for block in scopes.control:
            block.seen.add(node)
        return node

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[Tensor],
        dtypes: Any = None,
        input_types: Any = None,
        name: str | None = None,
        attrs: dict[str, Any] | None = None,
        op_def: Any = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Add an operation by the name of its type; for programs that write graphs at the lowest level."""
        from flowlab._src.graph.op import group_inputs
        from flowlab._src.graph.registry import lookup

        if name is not None and not _OP_NAME.match(as_text(name, "name")):
            raise ValueError(f"'{name}' is not a valid node name")
        kind = lookup(as_text(op_type, "op_type"))
        if any(hasattr(value, "WhichOneof") for value in (attrs or {}).values()):  # messages, as TensorFlow has them
            from flowlab._src.graph.graphdef_attributes import op_of_messages

            definition = op_of_messages(op_type, attrs or {}, name or op_type)
        else:
            definition = kind(**(attrs or {}))
        with self.as_default():
            result = definition(*group_inputs(definition, as_list(inputs, "inputs")), name=name)
        first = result[0] if isinstance(result, list) else result
        return first if isinstance(first, Operation) else first.op

    def _refuse_growth(self, op_type: str) -> None:
        site = source.caller(4)
        raise add_notes(
            RuntimeError("Graph is finalized and cannot be modified."),
            why=f"graph.finalize() locked the graph{self._locked_at()}; {op_type!r} was about to be added to it",
            where=site.quote() if site else "",
            fix=f"{written.with_a_name()}  # once, before finalize() and above the loop",
        )

    @property
    def node_count(self) -> int:
        """How many nodes TensorFlow would have by now: default seeds of random operations are taken from it.

        It builds control flow from more nodes than we do (Switch, Merge, ...); `count_nodes` reports the difference.
        """
        return len(self._operations) + self._uncounted

    def count_nodes(self, names: Sequence[str], more: int = 0) -> None:
        """Take the names of nodes that TensorFlow makes here and we do not, and count them, and `more` without names."""
        for name in names:
            self.unique_name(name)
        self._uncounted += len(names) + more

    # ---- names --------------------------------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Return `name` inside the current name scope, with _1, _2 ... where it is taken (ignoring case)."""
        if name.__class__ is not str:
            name = as_text(name, "name")
        if scope := self.scopes.name:
            name = f"{scope}/{name}"
        key = name.lower()
        count = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = count + 1
        if count == 0:
            return name
        base = key
        while key in self._names_in_use:
            key = f"{base}_{count}"
            count += 1
        if mark_as_used:
            self._names_in_use[key] = 1
        return f"{name}_{count - 1}"

    def name_scope(self, name: str | None) -> _NameScope:
        """Open a name scope: operations made inside are called `name/...`.

        A name ending in '/' opens that very scope again; None or '' goes back to the top.
        """
        return _NameScope(self, name)

    def _scope_path(self, name: str | None) -> str:
        if not name and (name is None or isinstance(name, str)):
            return ""
        if not isinstance(name, str):
            raise TypeError(f"'{name}' is not a valid scope name: it must be a string.")
        if not (_OP_NAME.match(name) or (self.scopes.name and _SCOPE_NAME.match(name))):
            raise add_notes(
                ValueError(f"'{name}' is not a valid scope name"),
                where=(site.quote() if (site := source.caller(4)) else ""),
                why="names have letters, digits and . _ - / only, and begin with a letter, a digit or a dot",
                fix=f"name={re.sub('[^A-Za-z0-9._/-]+', '_', name).lstrip('_-/') or 'x'!r}",
            )
        return name[:-1] if name.endswith("/") else self.unique_name(name)

    def get_name_scope(self) -> str:
        """Return the current name scope without a slash at the end."""
        return self.scopes.name

    # ---- looking things up --------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """Return all operations in the order they were made."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """Return the operation of that name; KeyError when there is none, naming the nearest."""
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        operation: Operation = self.as_graph_element(name, allow_tensor=False, allow_operation=True)
        return operation

    def get_tensor_by_name(self, name: str) -> Tensor:
        """Return the tensor of that name, 'operation:output'; KeyError when there is none, naming the nearest."""
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        tensor: Tensor = self.as_graph_element(name, allow_tensor=True, allow_operation=False)
        return tensor

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """Return the tensor or operation of this graph that `obj` (object or name) stands for.

        Raises
        ------
        TypeError
            If `obj` cannot be made a tensor or operation.
        ValueError
            If it belongs to another graph or is not of the allowed kind.
        KeyError
            If it is a name that the graph does not have.
        """
        kinds = ["Tensor"] * bool(allow_tensor) + ["Operation"] * bool(allow_operation)
        wanted = " or ".join(kinds)
        converter = getattr(obj, "_as_graph_element", None)
        if converter is not None:
            obj = converter()
        if isinstance(obj, Tensor) and allow_tensor:
            if obj.graph is not self:
                raise ValueError(f"Tensor {obj} is not an element of this graph.")
            return obj
        if isinstance(obj, Operation) and allow_operation:
            if obj.graph is not self:
                raise ValueError(f"Operation {obj!r} is not an element of this graph.")
            return obj
        if isinstance(obj, (str, bytes)):
            name = obj.decode() if isinstance(obj, bytes) else obj
            return self._element_by_name(name, allow_tensor, allow_operation)
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        match = _TENSOR_NAME.match(name)
        if match and allow_tensor:
            op_name, index = match.group(1), int(match.group(2))
            op = self._by_name.get(op_name)
            if op is None:
                hint = did_you_mean(op_name, self._by_name)
                raise KeyError(
                    f"The name {name!r} refers to a Tensor which does not exist. The operation, {op_name!r}, does not "
                    f"exist in the graph. {hint}".rstrip()
                )
            if index >= len(op._outputs):
                raise KeyError(
                    f"The name {name!r} refers to a Tensor which does not exist. The operation, {op_name!r}, exists "
                    f"but only has {len(op._outputs)} outputs."
                )
            return op._outputs[index]
        if match:
            raise ValueError(f"The name {name!r} appears to refer to a Tensor, not a Operation.")
        if ":" in name and allow_tensor:
            raise ValueError(
                f"The name {name!r} looks like an (invalid) Tensor name, but the name isn't of the form <op_name>:<output_index>."
            )
        op = self._by_name.get(name)
        if allow_operation:
            if op is None:
                hint = did_you_mean(name, self._by_name)
                raise KeyError(f"The name {name!r} refers to an Operation not in the graph. {hint}".rstrip())
            return op
        if op is not None:
            raise ValueError(
                f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must be of the form "
                '"<op_name>:<output_index>".'
                f" Its output is '{name}:0'."
            )
        raise ValueError(
            f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the "
            'form "<op_name>:<output_index>".'
        )

    # ---- scopes -------------------------------------------------------------------------------------------------

    def as_default(self) -> contextlib.AbstractContextManager[Graph]:
        """Make this the graph that new operations are added to, for the `with` block."""
        return graphs.entered(self)

    def control_dependencies(self, control_inputs: Any) -> _ControlDependencies:
        """Let operations made in the block run only after `control_inputs`; None forgets the outer blocks."""
        if control_inputs is None:
            return _ControlDependencies(self, [], fresh=True)
        if callable(control_inputs):
            control_inputs = control_inputs()
        operations = as_list(control_inputs, "control_inputs")
        for i, item in enumerate(operations):
            if item.__class__ is not Operation or item.graph is not self:
                item = getattr(item, "_control_input", lambda item=item: item)()
                element = self.as_graph_element(item)
                operations[i] = element._op if isinstance(element, Tensor) else element
        return _ControlDependencies(self, operations)

    @contextlib.contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Place operations made in the block on a device such as '/cpu:0'."""
        self.scopes.devices.append(device_name_or_function)
        try:
            yield
        finally:
            self.scopes.devices.pop()

    @contextlib.contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Use other gradient functions, registered with `tf.RegisterGradient`, for operations made in the block."""
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for op_type, mapped in op_type_map.items():
            if not isinstance(op_type, str) or not isinstance(mapped, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        outer = self.scopes.gradient_overrides
        self.scopes.gradient_overrides = {**outer, **op_type_map}
        try:
            yield
        finally:
            self.scopes.gradient_overrides = outer

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Ask for operations made in the block to be on the device of `op`."""
        element = None if op is None else self.as_graph_element(getattr(op, "op", op))
        outer = self.scopes.colocation
        self.scopes.colocation = ([] if ignore_existing else outer) + ([element] if element is not None else [])
        try:
            yield
        finally:
            self.scopes.colocation = outer

    @contextlib.contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Accepted for compatibility: a session keeps its state in one place."""
        yield container_name

    # ---- collections --------------------------------------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Append `value` to the collection called `name`."""
        self._check_not_finalized()
        with self._lock:
            self._collections.setdefault(as_key(name, "name"), []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Append `value` to each of several collections."""
        keys = [names] if isinstance(names, str) else [as_key(name, "names") for name in as_list(names, "names")]
        for name in dict.fromkeys(keys):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """Return the collection itself: changing the list changes the graph."""
        with self._lock:
            return self._collections.setdefault(as_key(name, "name"), [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """Return a copy of a collection; with `scope`, the items whose name matches it from the start."""
        with self._lock:
            items = list(self._collections.get(as_key(name, "name"), ()))
        if scope is None:
            return items
        try:
            pattern = re.compile(as_text(scope, "scope"))
        except re.error as error:
            raise ValueError(f"scope {scope!r} is not a regular expression: {error}") from None
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """Return the names of all collections with something in them."""
        return [key for key in self._collections if isinstance(key, str)]

    @property
    def collections(self) -> list[Any]:
        """The names of the collections."""
        return list(self._collections)

    def clear_collection(self, name: Any) -> None:
        """Empty a collection."""
        self._check_not_finalized()
        self._collections.pop(as_key(name, "name"), None)

    # ---- the graph as a whole -----------------------------------------------------------------------------------

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """Return the graph as a `tf.GraphDef`, the form in which files hold it.

        Parameters
        ----------
        from_version : int, optional
            Leave out what was in the graph when `version` had this value.
        add_shapes : bool
            Add an attribute `_output_shapes` with the static shapes of the outputs.

        Examples
        --------
        >>> c = tf.constant(2.0) + 1.0
        >>> [node.op for node in c.graph.as_graph_def().node]
        ['Const', 'Const', 'AddV2']
        """
        from flowlab._src.graph.graphdef import graph_to_def

        return graph_to_def(self, from_version, add_shapes)

    @property
    def graph_def_versions(self) -> Any:
        """The version of the format that `as_graph_def` writes."""
        return self.as_graph_def(self.version).versions

    def _check_not_finalized(self) -> None:
        if self._finalized:
            self._refuse_growth("something")

    @property
    def version(self) -> int:
        """A number that rises whenever the graph grows."""
        return len(self._operations)

    @property
    def seed(self) -> int | None:
        """The graph-level random seed, see `tf.set_random_seed`."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def finalized(self) -> bool:
        """True when nothing more may be added."""
        return self._finalized

    def finalize(self) -> None:
        """Lock the graph: adding anything from now on is an error."""
        self._finalized = True
        self._finalized_at = source.caller(2)

    def _locked_at(self) -> str:
        return f" ({self._finalized_at.describe()})" if self._finalized_at else ""

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    @property
    def building_function(self) -> bool:
        """True for the graph of a function body."""
        return False

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Refuse `tensor` as a key of a feed_dict."""
        self._unfeedable.add(self.as_graph_element(tensor, allow_operation=False))

    def is_feedable(self, tensor: Tensor) -> bool:
        """Tell whether `tensor` may be fed."""
        tensor = self.as_graph_element(tensor, allow_operation=False)
        return tensor not in self._unfeedable and tensor._op._body is None

    def prevent_fetching(self, op: Operation) -> None:
        """Refuse `op` and its outputs as fetches."""
        self._unfetchable.add(self.as_graph_element(op, allow_tensor=False))

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Tell whether something may be fetched: not what is inside a branch or a loop."""
        op = as_key(getattr(tensor_or_op, "op", tensor_or_op), "tensor_or_op")
        return op not in self._unfetchable and getattr(op, "_body", None) is None

    def __repr__(self) -> str:
        return f"<tf.Graph with {len(self._operations)} operations>"


def _control_inputs_for(inputs: tuple[Tensor, ...], scopes: _Scopes) -> tuple[Operation, ...]:
    """The control inputs a new node gets: those not implied by one of its inputs."""
    producers = [t._op for t in inputs]
    result: dict[Operation, None] = {}
    body = scopes.body
    for block in scopes.control:
        if block.seen.isdisjoint(producers):
            for op in block.operations:
                if op._body is not body:
                    if body is not None:  # the whole control-flow operation waits for what is outside
                        body.outer_control[op] = None
                elif op not in producers:
                    result[op] = None
    return tuple(result)


class _ControlDependencies:
    """The `with` block of `control_dependencies`; remembers which nodes were made inside."""

    __slots__ = ("_fresh", "_graph", "_outer", "_scopes", "operations", "seen")

    def __init__(self, graph: Graph, operations: list[Operation], fresh: bool = False) -> None:
        self._graph = graph
        self._fresh = fresh
        self.operations = operations
        self.seen: set[Operation] = set()

    def __enter__(self) -> None:
        self._scopes = scopes = self._graph.scopes
        self._outer = (scopes.control, scopes.body)
        scopes.control = [] if self._fresh else [*scopes.control, self]
        if self._fresh:  # what waits for nothing cannot be in a branch or loop either: variables are made so
            scopes.body = None

    def __exit__(self, *exc: object) -> None:
        self._scopes.control, self._scopes.body = self._outer
