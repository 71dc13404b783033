"""`tf.import_graph_def`: add the nodes of a GraphDef to the default graph."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flowlab._src.errors import NotFoundError, ShapeError
from flowlab._src.graph import registry
from flowlab._src.graph.build import _create
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import _OP_NAME, Graph, _ControlDependencies
from flowlab._src.graph.graphdef import PRODUCER
from flowlab._src.graph.graphdef_attributes import expected_inputs, make_op, read_attributes
from flowlab._src.graph.graphdef_old import renew
from flowlab._src.graph.op_table import definition_of
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.tensor_proto import read_shape
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

if TYPE_CHECKING:
    from flowlab._src.graph.op import Op

# Operations whose inputs or outputs differ in files: they have functions in place of bodies.
SPECIAL = frozenset(
    [
        "If",
        "StatelessIf",
        "While",
        "StatelessWhile",
        "PartitionedCall",
        "StatefulPartitionedCall",
    ]
)


@export("import_graph_def", "graph_util.import_graph_def")
def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Add the operations of a `tf.GraphDef`, read from a file perhaps, to the default graph.

    Parameters
    ----------
    graph_def : GraphDef
    input_map : dict of str to Tensor, optional
        Tensors of the default graph to use in place of inputs named "node:0" in `graph_def`.
    return_elements : list of str, optional
        Names of operations ("node") and tensors ("node:0") in `graph_def` to return.
    name : str, optional
        What stands before the names, "import" by default; "" for the names as they are.
    op_dict, producer_op_list : optional
        Accepted for compatibility.

    Returns
    -------
    list of Operation and Tensor, or None
        The `return_elements`.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the graph is not whole: unknown inputs, cycles, types that do not fit, names in `input_map` that it lacks.
    NotFoundError
        If it holds kinds of operations that flowlab does not have; all of them are named.

    Examples
    --------
    >>> with tf.Graph().as_default() as small:
    ...     doubled = tf.multiply(tf.placeholder(tf.float32, [], name="x"), 2.0, name="doubled")
    >>> y, = tf.import_graph_def(small.as_graph_def(), {"x:0": tf.constant(21.0)}, ["doubled:0"])
    >>> y.name
    'import/doubled:0'
    >>> with tf.Session() as sess:
    ...     float(sess.run(y))
    42.0
    """
    from flowlab._src.formats import messages

    if not isinstance(graph_def, messages.GraphDef):
        graph_def = _other_graph_def(graph_def, messages)
    graph_def = renew(graph_def)
    if any(node.op in ("Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter") for node in graph_def.node):
        from flowlab._src.graph.graphdef_lift import lift

        graph_def = lift(graph_def)
    mapped = _checked_map(input_map)
    wanted = _checked_elements(return_elements)
    graph = get_default_graph()
    with graph._lock:
        prefix = ""
        if name != "":
            with graph.name_scope("import" if name is None else name) as scope:
                prefix = scope[:-1]
        if mapped:
            with graph.name_scope(f"{prefix}/_inputs/" if prefix else "_inputs"):
                mapped = {key: _as_input(value) for key, value in mapped.items()}
        with graph.name_scope(None):
            importer = Importer(graph, graph_def.node, prefix, Whole(graph_def, prefix), mapped)
            importer.run()
    return None if wanted is None else [importer.element(element) for element in wanted]


def _other_graph_def(value: Any, messages: Any) -> Any:
    """A GraphDef of another library, TensorFlow itself say, by way of its bytes."""
    descriptor = getattr(value, "DESCRIPTOR", None)
    if getattr(descriptor, "full_name", "") == "tensorflow.GraphDef":
        return messages.parse(messages.GraphDef, value.SerializeToString(), "graph_def")
    raise TypeError(f"Argument `graph_def` must be a GraphDef proto, not {type(value).__name__}.")


def _checked_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, Mapping):
        raise TypeError(f"Argument `input_map` must be a dictionary. Obtained {type(input_map).__name__}")
    if not all(isinstance(key, str) for key in input_map):
        raise TypeError(f"All keys for argument `input_map` must be strings. Obtained keys: {list(input_map)}")
    return dict(input_map)


def _checked_elements(elements: Any) -> list[str] | None:
    if elements is None:
        return None
    if not isinstance(elements, (list, tuple, str)) or not all(isinstance(element, str) for element in elements):
        raise TypeError(f"Argument `return_elements` must be a list of strings. Obtained {elements!r}.")
    return [elements] if isinstance(elements, str) else list(elements)


def _as_input(value: Any) -> Any:
    if isinstance(value, Operation):
        return value
    return convert(value, None, None, None, as_ref=True)


class Input(NamedTuple):
    """An input of a node as its message writes it."""

    name: str
    output: int  # -1: a control input


def parse_input(text: str) -> Input:
    """Take "node", "node:1" or "^node" apart."""
    if text.startswith("^"):
        return Input(text[1:], -1)
    name, colon, output = text.rpartition(":")
    return Input(name, int(output)) if colon and output.isdigit() else Input(text, 0)


class Whole:
    """What the parts of one import share: the functions of the library, and the operations made so far."""

    def __init__(self, graph_def: Any, prefix: str) -> None:
        self.functions = {function.signature.name: function for function in graph_def.library.function}
        self.prefix = prefix
        self.made: dict[str, Operation] = {}  # by the names that they had when they were written
        self.open: list[str] = []  # the functions that are being read, each inside the one before
        self._check_versions(graph_def.versions)
        self._check_operations(graph_def.node)

    def _check_versions(self, versions: Any) -> None:
        if versions.min_consumer > PRODUCER or PRODUCER in versions.bad_consumers:
            raise ValueError(
                f"GraphDef min consumer version {versions.min_consumer} above current version {PRODUCER} for flowlab: "
                "a newer program has written it."
            )

    def _check_operations(self, nodes: Iterable[Any]) -> None:
        """Refuse kinds of operations that are not known, all at once."""
        unknown: dict[str, None] = {}
        waiting, seen = [list(nodes)], set()
        while waiting:
            for node in waiting.pop():
                called = [value.func.name for value in node.attr.values() if value.WhichOneof("value") == "func"]
                called += [node.op] if node.op in self.functions else []
                for name in called:
                    if name in self.functions and name not in seen:
                        seen.add(name)
                        waiting.append(list(self.functions[name].node_def))
                if node.op not in registry.OPS and node.op not in self.functions and node.op not in SPECIAL:
                    unknown[node.op] = None
        if unknown:
            names = ", ".join(f"'{op}'" for op in sorted(unknown))
            hint = did_you_mean(next(iter(unknown)), registry.OPS) if len(unknown) == 1 else ""
            raise NotFoundError(None, None, f"Op type not registered {names} in flowlab. {hint}".rstrip())


class Importer:
    """Adds the nodes of a graph, or of one of its functions, below a prefix.

    `arguments` are the tensors that the arguments of a function stand for.
    """

    def __init__(
        self, graph: Graph, nodes: Sequence[Any], prefix: str, whole: Whole, mapped: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Tensor] | None = None, inputs: dict[str, list[Input]] | None = None,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.given = nodes
        self.prefix = prefix
        self.whole = whole
        self.arguments = arguments or {}
        self.spelling = {(f"{key}:0" if ":" not in key and key[:1] != "^" else key): key for key in mapped or {}}
        self.mapped = {key: (mapped or {})[spelling] for key, spelling in self.spelling.items()}
        self.used: set[str] = set()  # the keys of input_map that were needed
        self.nodes = {node.name: node for node in nodes}
        self.inputs = inputs or {node.name: [parse_input(text) for text in node.input] for node in nodes}
        self.operations: dict[str, Operation] = {}
        self.outputs: dict[str, Sequence[Tensor]] = {}
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()

    def run(self) -> None:
        """Check the whole, then make the nodes."""
        self._check()
        order = self._order()
        for node in self.given:
            self.names[node.name] = self._new_name(node.name)
            self.taken.add(self.names[node.name])
        scopes = self.graph.scopes
        outer = (scopes.control, scopes.devices, scopes.colocation, scopes.gradient_overrides)
        waits = [op for block in scopes.control for op in block.operations]
        try:
            for node in order:
                operation, outputs = self._make(node, waits, outer[1])
                self.operations[node.name], self.outputs[node.name] = operation, outputs
                self.whole.made[node.name] = operation
        finally:
            scopes.control, scopes.devices, scopes.colocation, scopes.gradient_overrides = outer
        for node in order:
            self._colocate(node)
        for block in outer[0]:
            block.seen.update(self.operations.values())
        unused = [self.spelling[key] for key in self.mapped if key not in self.used and not self._has(key)]
        if unused:
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(unused)}]")

    def element(self, name: str) -> Any:
        """The operation or tensor of a return element."""
        node, colon, index = name.rpartition(":")
        if not colon or not index.isdigit():
            node = name
        found = self.operations.get(node)
        if found is None:
            hint = did_you_mean(node, self.operations)
            raise ValueError(f"Requested return node '{node}' not found in graph def. {hint}".rstrip())
        if node == name:
            return found
        outputs = self.outputs[node]
        if int(index) >= len(outputs):
            raise ValueError(f"Invalid return output {index} of node '{node}', which has {len(outputs)} output(s)")
        return outputs[int(index)]

    # ---- before anything is made --------------------------------------------------------------------------------

    def _has(self, key: str) -> bool:
        """Whether a key of input_map names something in the GraphDef, needed or not."""
        name, output = parse_input(key)
        return name in self.operations and output < len(self.outputs[name])

    def _check(self) -> None:
        seen = set()
        for node in self.given:
            if node.name in seen:
                raise ValueError(f"Node '{node.name}' is not unique")
            seen.add(node.name)
            if not _OP_NAME.match(node.name):
                raise ValueError(f"Node '{node.name}': Node name contains invalid characters")
            control = False
            for text, source in zip(node.input, self.inputs[node.name], strict=True):
                if source.output >= 0 and control:
                    raise ValueError(f"Node '{node.name}': Control dependencies must come after regular dependencies")
                control = source.output < 0
                known = source.name in self.nodes or source.name in self.arguments
                if not known and not self._mapped_key(source):
                    raise ValueError(f"Node '{node.name}': Unknown input node '{text}'")

    def _mapped_key(self, source: Input) -> str:
        """The key of input_map that an input is replaced by; "" when there is none."""
        key = f"^{source.name}" if source.output < 0 else f"{source.name}:{source.output}"
        return key if key in self.mapped else ""

    def _order(self) -> list[Any]:
        """The nodes, each after its inputs, otherwise as they stand in the file."""
        position = {node.name: i for i, node in enumerate(self.given)}
        waiting: dict[str, int] = {}
        readers: dict[str, list[str]] = {}
        for name, sources in self.inputs.items():
            needed = {source.name for source in sources if source.name in self.nodes and not self._mapped_key(source)}
            waiting[name] = len(needed)
            for other in needed:
                readers.setdefault(other, []).append(name)
        ready = [position[name] for name, count in waiting.items() if not count]
        heapq.heapify(ready)
        order = []
        while ready:
            node = self.given[heapq.heappop(ready)]
            order.append(node)
            for reader in readers.get(node.name, ()):
                waiting[reader] -= 1
                if not waiting[reader]:
                    heapq.heappush(ready, position[reader])
        if len(order) < len(self.nodes):
            done = {node.name for node in order}
            left = [name for name in self.nodes if name not in done]
            raise ValueError(f"{len(left)} nodes in a cycle: {', '.join(left[:5])}{' ...' if len(left) > 5 else ''}")
        return order

    def _new_name(self, name: str) -> str:
        full = f"{self.prefix}/{name}" if self.prefix else name
        graph = self.graph
        if full not in graph._by_name and full not in self.taken:
            graph._names_in_use.setdefault(full.lower(), 1)
            return full
        with graph.name_scope(None):
            return graph.unique_name(full)

    # ---- making nodes -------------------------------------------------------------------------------------------

    def _make(self, node: Any, waits: list[Operation], devices: list[Any]) -> tuple[Operation, Sequence[Tensor]]:
        """Add one node; returns the operation and its outputs in the order of the file."""
        control = [*waits, *(self.control(source) for source in self.inputs[node.name] if source.output < 0)]
        scopes = self.graph.scopes
        scopes.control = [_ControlDependencies(self.graph, control)] if control else []
        scopes.devices = [*devices, node.device] if node.device else devices
        scopes.colocation = []
        gradient = node.attr["_gradient_op_type"].s.decode() if "_gradient_op_type" in node.attr else ""
        scopes.gradient_overrides = {node.op: gradient} if gradient else {}
        if node.op in SPECIAL or node.op in self.whole.functions:
            from flowlab._src.graph.graphdef_bodies import make_special

            return make_special(self, node)
        definition = definition_of(registry.lookup(node.op))
        values = read_attributes(node, definition)
        inputs = self.tensors(node)
        name = self.names[node.name]
        self.check_inputs(name, inputs, expected_inputs(definition.inputs, values))
        operation = self.create(name, make_op(node, values, definition), inputs)
        self._check_outputs(operation, [dtype for dtype, _ in expected_inputs(definition.outputs, values)])
        if "_output_shapes" in node.attr:
            self.merge_shapes(operation.name, operation._outputs, node.attr["_output_shapes"].list.shape)
        return operation, operation._outputs

    def create(self, name: str, op: Op, inputs: Sequence[Tensor]) -> Operation:
        """Add a node of this name."""
        try:
            made = _create(self.graph, op, op.schema, list(inputs), name)
        except TypeError as error:
            raise ValueError(f"{error}; NodeDef: {{{{node {name}}}}}") from None
        return made if isinstance(made, Operation) else self.graph._by_name[name]

    def tensors(self, node: Any) -> list[Tensor]:
        """The inputs of a node, control inputs left out."""
        return [self.tensor(node.name, source) for source in self.inputs[node.name] if source.output >= 0]

    def tensor(self, reader: str, source: Input) -> Tensor:
        """The tensor that an input names."""
        key = self._mapped_key(source)
        if key:
            self.used.add(key)
            value = self.mapped[key]
            if isinstance(value, Operation):
                raise TypeError(f"can't convert Operation '{value.name}' to Tensor")
            assert isinstance(value, Tensor)
            return value
        if source.name in self.arguments:
            return self.arguments[source.name]
        outputs = self.outputs[source.name]
        if source.output >= len(outputs):
            raise ValueError(
                f"Node '{reader}': Connecting to invalid output {source.output} of source node {source.name} which has "
                f"{len(outputs)} outputs."
            )
        return outputs[source.output]

    def control(self, source: Input) -> Operation:
        """The operation that a control input names."""
        key = self._mapped_key(source)
        if key:
            self.used.add(key)
            value = self.mapped[key]
            return value if isinstance(value, Operation) else value._op
        if source.name in self.arguments:
            return self.arguments[source.name]._op
        return self.operations[source.name]

    def check_inputs(self, name: str, inputs: list[Tensor], expected: list[Any]) -> None:
        """Refuse inputs of other numbers or types than the attributes say."""
        if len(inputs) != len(expected):
            types = ", ".join(dtype.runtime_name for dtype, _ in expected)
            raise ValueError(
                f"NodeDef expected inputs '{types}' do not match {len(inputs)} inputs specified; NodeDef: {{{{node {name}}}}}"
            )
        for i, (tensor, (dtype, is_ref)) in enumerate(zip(inputs, expected, strict=True)):
            if tensor._dtype._base is not dtype or (is_ref and not tensor._dtype._is_ref_dtype):
                wanted = dtype._as_ref if is_ref else dtype
                raise ValueError(
                    f"Input {i} of node {name} was passed {tensor._dtype.runtime_name} from {tensor.name} incompatible with "
                    f"expected {wanted.runtime_name}."
                )

    def _check_outputs(self, operation: Operation, expected: list[Any]) -> None:
        found = [tensor._dtype._base for tensor in operation._outputs]
        if found != expected:
            types = [", ".join(dtype.name for dtype in dtypes) for dtypes in (found, expected)]
            raise ValueError(
                f"{operation.type} gives outputs of types ({types[0]}) here, where the file says ({types[1]}): "
                f"node '{operation.name}'."
            )

    def merge_shapes(self, name: str, outputs: Sequence[Tensor], shapes: Sequence[Any]) -> None:
        """Take in what the file knows of the outputs' shapes."""
        for i, (tensor, proto) in enumerate(zip(outputs, shapes, strict=False)):
            try:
                tensor._shape = merge_shapes(tensor._shape, read_shape(proto))
            except (ShapeError, ValueError) as error:
                raise ValueError(
                    f"Node '{name}' has an _output_shapes attribute inconsistent with the GraphDef for output "
                    f"#{i}: {error}"
                ) from None

    def _colocate(self, node: Any) -> None:
        """Put down with which nodes this one shares a device."""
        if "_class" not in node.attr:
            return
        groups = []
        for text in node.attr["_class"].list.s:
            target = text.decode().removeprefix("loc:@")
            if target not in self.operations:
                raise ValueError(f"Node '{node.name}' expects to be colocated with unknown node '{target}'")
            if target != node.name:
                groups.append(f"loc:@{self.operations[target].name}")
        self.operations[node.name]._colocation = tuple(groups)


def operation_from_def(node_def: Any, g: Any, inputs: Any, control_inputs: Any) -> Operation:
    """Add one node as a NodeDef describes it, with inputs that are given apart from it."""
    from flowlab._src.formats import messages

    if not isinstance(node_def, messages.NodeDef):
        raise TypeError(f"node_def needs to be a NodeDef: {node_def!r}")
    if not isinstance(g, Graph):
        raise TypeError(f"g needs to be a Graph: {g!r}")
    if not _OP_NAME.match(node_def.name):
        raise ValueError(f"'{node_def.name}' is not a valid node name")
    inputs = [] if inputs is None else inputs
    if not isinstance(inputs, list) or not all(isinstance(tensor, Tensor) for tensor in inputs):
        raise TypeError(f"inputs needs to be a list of Tensors: {inputs!r}")
    arguments = {f"${i}": tensor for i, tensor in enumerate(inputs)}
    node = messages.NodeDef()
    node.CopyFrom(node_def)
    del node.input[:]
    node.input.extend(arguments)
    importer = Importer(g, [node], "", Whole(messages.GraphDef(node=[node]), ""), None, arguments)
    with g.as_default(), g.control_dependencies(control_inputs or []), g.name_scope(None):
        importer.run()
    return importer.operations[node_def.name]
