"""`tf.Operation`: one node of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowlab._src.graph.tensor import Tensor, run_in_session
from flowlab._src.util.export import export

if TYPE_CHECKING:
    from flowlab._src.graph.body import Body
    from flowlab._src.graph.graph import Graph
    from flowlab._src.graph.op import Op
    from flowlab._src.util.source import Site


@export("Operation")
class Operation:
    """A node: what is computed (`op`), from which tensors (`inputs`), after which nodes (`control_inputs`).

    Operations are made by functions such as `tf.matmul` and never change afterwards.

    Examples
    --------
    >>> c = tf.constant(2) * tf.constant(3)
    >>> c.op.type, [t.name for t in c.op.inputs]
    ('Mul', ['Const:0', 'Const_1:0'])
    """

    __slots__ = (
        "__weakref__", "_body", "_colocation", "_control_inputs", "_control_outputs", "_device", "_gradient_name", "_id",
        "_inputs", "_name", "_outputs", "definition", "graph", "scope_context", "site",
    )  # fmt: skip

    def __init__(
        self,
        graph: Graph,
        number: int,
        name: str,
        definition: Op,
        inputs: tuple[Tensor, ...],
        control_inputs: tuple[Operation, ...],
        device: str,
        site: Site | None,
    ) -> None:
        self.graph = graph
        self._id = number
        self._name = name
        self.definition = definition  # the frozen Op: attributes, kernel, shape rule, gradient
        self._inputs = inputs
        self._control_inputs = control_inputs
        self._control_outputs: list[Operation] = []
        self._device = device
        self._outputs: tuple[Tensor, ...] = ()
        self._body: Body | None = None  # the branch or loop body it belongs to
        self._gradient_name: str | None = None  # set by gradient_override_map
        self._colocation: tuple[str, ...] = ()
        self.site = site

    @property
    def name(self) -> str:
        """The full name, scopes included."""
        return self._name

    @property
    def type(self) -> str:
        """The kind of operation, for example 'MatMul'."""
        return self.definition.type

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors this operation reads."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors this operation produces."""
        return list(self._outputs)

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must have run before this one."""
        return list(self._control_inputs)

    @property
    def _control_outputs_list(self) -> list[Operation]:
        return list(self._control_outputs)

    @property
    def device(self) -> str:
        """The device asked for by `tf.device`, or ''."""
        return self._device

    def _set_device(self, device: str) -> None:
        self._device = device

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """Where the operation was made: (file, line, function, source), the user's line only."""
        return [(*self.site, self.site.text)] if self.site else []

    def get_attr(self, name: str) -> Any:
        """Return an attribute by TensorFlow's name; ValueError when there is none of that name."""
        return self.definition.get_attr(name, self)

    def colocation_groups(self) -> list[bytes]:
        """Return the names of the groups that must share this operation's device."""
        return [g.encode() for g in self._colocation] or [f"loc:@{self._name}".encode()]

    @property
    def node_def(self) -> Any:
        """A description of this node."""
        return NodeDescription(self)

    @property
    def op_def(self) -> Any:
        """The description of this kind of operation."""
        return self.definition.schema

    def run(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> None:
        """Run this operation in the default session, or in the one given."""
        run_in_session(self, feed_dict, session, self.graph, "run()", "Cannot execute operation using `run()`")

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"


class NodeDescription:
    """Name, op, inputs, device and attributes of a node, printed as in TensorFlow's text format."""

    def __init__(self, node: Operation) -> None:
        self.name = node.name
        self.op = node.type
        self.input = [t._as_node_def_input() for t in node._inputs] + [f"^{c.name}" for c in node._control_inputs]
        self.device = node.device
        self.attr = dict(sorted(node.definition.attributes(node).items()))

    def __str__(self) -> str:
        lines = [f'name: "{self.name}"', f'op: "{self.op}"', *(f'input: "{i}"' for i in self.input)]
        if self.device:
            lines.append(f'device: "{self.device}"')
        for key, value in self.attr.items():
            lines += ["attr {", f'  key: "{key}"', f"  value {{ {_attr_text(value)} }}", "}"]
        return "\n".join(lines) + "\n"


def _attr_text(value: Any) -> str:
    from flowlab._src.graph.dtypes import DType

    if isinstance(value, DType):
        return f"type: {value.enum_name}"
    if isinstance(value, bool):
        return f"b: {str(value).lower()}"
    if isinstance(value, int):
        return f"i: {value}"
    if isinstance(value, float):
        return f"f: {value}"
    if isinstance(value, str):
        return f's: "{value}"'
    return repr(value)


def variable_behind(tensor: Tensor) -> Operation:
    """The variable that a reference leads to: `w:0` itself, or the output of an assignment to w."""
    node = tensor._op
    while True:
        if node.definition.forwards_ref:
            node = node._inputs[0]._op
        elif (origin := getattr(node.definition, "source", None)) is not None:  # seen from inside a branch or loop
            node = origin._op
        else:
            return node
