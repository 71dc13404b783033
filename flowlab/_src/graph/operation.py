"""`tf.Operation`: one node of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.tensor import Tensor, run_in_session
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

if TYPE_CHECKING:
    from flowlab._src.graph.body import Body
    from flowlab._src.graph.graph import Graph
    from flowlab._src.graph.op import Op
    from flowlab._src.util.source import Site


@export("Operation")
class Operation:
    """A node: what is computed (`op`), from which tensors (`inputs`), after which nodes (`control_inputs`).

    Operations are made by functions such as `tf.matmul` and never change afterwards. Calling the class adds a node by its
    description, for programs that write graphs at the lowest level.

    Parameters
    ----------
    node_def : NodeDef
        Name, kind and attributes; its own inputs are not looked at.
    g : Graph
    inputs : list of Tensor, optional
    control_inputs : list of Operation or Tensor, optional
    output_types, input_types, original_op, op_def : optional
        Accepted for compatibility: they follow from the rest.

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
    graph: Graph
    definition: Op
    site: Site | None
    _id: int
    _name: str
    _inputs: tuple[Tensor, ...]
    _control_inputs: tuple[Operation, ...]
    _body: Body | None
    _colocation: tuple[str, ...]
    _control_outputs: Sequence[Operation]
    _device: str
    _gradient_name: str | None
    _outputs: tuple[Tensor, ...]

    def __new__(
        cls,
        node_def: Any,
        g: Any,
        inputs: Any = None,
        output_types: Any = None,
        control_inputs: Any = None,
        input_types: Any = None,
        original_op: Any = None,
        op_def: Any = None,
    ) -> Operation:
        from flowlab._src.graph.graphdef_import import operation_from_def

        return operation_from_def(node_def, g, inputs, control_inputs)

    @classmethod
    def _make(
        cls,
        graph: Graph,
        number: int,
        name: str,
        definition: Op,
        inputs: tuple[Tensor, ...],
        control_inputs: tuple[Operation, ...],
        device: str,
        site: Site | None,
    ) -> Operation:
        """The object for a node; the graph adds it to its lists."""
        self = object.__new__(cls)
        self.graph = graph
        self._id = number
        self._name = name
        self.definition = definition  # the frozen Op: attributes, kernel, shape rule, gradient
        self._inputs = inputs
        self._control_inputs = control_inputs
        self._control_outputs = ()  # a list once there are some
        self._device = device
        self._outputs = ()
        self._body = None  # the branch or loop body it belongs to
        self._gradient_name = None  # set by gradient_override_map
        self._colocation = ()
        self.site = site
        return self

    def _waited_for_by(self, node: Operation) -> None:
        if isinstance(self._control_outputs, list):
            self._control_outputs.append(node)
        else:
            self._control_outputs = [node]

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

    def values(self) -> tuple[Tensor, ...]:
        """Return the outputs; an older spelling of `outputs`."""
        return tuple(self._outputs)

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
        """Return an attribute by TensorFlow's name.

        Numbers, truth values and types (`tf.DType`) are themselves, text is bytes, a shape is a TensorShapeProto and the
        value of a constant a TensorProto: `tf.make_ndarray(op.get_attr("value"))`.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        from flowlab._src.graph.graphdef import read_attribute

        try:
            return read_attribute(self, as_text(name, "name"))
        except KeyError:
            hint = did_you_mean(name, self.definition.attributes(self))
            raise ValueError(f"Operation {self._name!r} has no attr named '{name}'. {hint}".rstrip()) from None

    def colocation_groups(self) -> list[bytes]:
        """Return the names of the groups that must share this operation's device."""
        return [g.encode() for g in self._colocation] or [f"loc:@{self._name}".encode()]

    @property
    def node_def(self) -> Any:
        """This node as a `tf.NodeDef`, the form in which files hold it."""
        from flowlab._src.graph.graphdef import node_def

        return node_def(self)

    @property
    def op_def(self) -> Any:
        """The declaration of this kind of operation, an OpDef: inputs, outputs and attributes."""
        from flowlab._src.graph.graphdef import op_def

        return op_def(type(self.definition))

    def run(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> None:
        """Run this operation in the default session, or in the one given."""
        run_in_session(self, feed_dict, session, self.graph, "run()", "Cannot execute operation using `run()`")

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"


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
