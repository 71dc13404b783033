"""`Body`: a part of the graph that a control-flow operation runs, and what flows into it from outside.

The branches of `tf.cond` and the condition and body of `tf.while_loop` are bodies. Their operations belong to the same
graph as all others (same names, same numbering, same collections) but run in frames of their own, when `If` or `While`
says so. A tensor of the surroundings that is used inside is *captured*: a node `BodyInput` stands for it.

The gradient of a loop is a loop of its own, whose body may look at what the forward body computed in the same iteration.
Such a tensor is *recorded*: the forward loop hands its values on with an extra output, the tape, and another
`BodyInput` stands for it in the backward body.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source

if TYPE_CHECKING:
    from flowlab._src.graph.graph import Graph


class BodyInput(Op):
    """What enters a body: a captured tensor (`source`), a recorded one (`recorded`), or a loop variable (neither)."""

    dtype: DType
    shape_: TensorShape
    source: Any = None
    recorded: Any = None
    must_be_fed = True

    def kernel(self) -> Array[Any]:
        raise RuntimeError("a body runs in a frame that fills its inputs")

    def dtypes(self) -> DType:
        return self.dtype

    def shape(self) -> TensorShape:
        return self.shape_

    def grad(self, node: Any, dy: Any) -> list[Any]:
        """What flows back through a captured tensor is the gradient of its source."""
        return [dy]


class Body:
    """The operations between the inputs and the outputs of a branch or loop body.

    Attributes
    ----------
    kind : {"cond", "while"}
    parent : the body around it, or None
    parameters : loop variables, in order
    captured : for each tensor of the surroundings the input that stands for it
    reads : for each recorded tensor of a forward body the input that stands for it
    recorded : tensors of this body that backward bodies look at; only ever grows
    outputs : set when the body is complete
    tape : the output of the finished control-flow operation that hands the recorded values on
    """

    def __init__(self, graph: Graph, kind: str, forward: Iterable[Body] = ()) -> None:
        self.graph = graph
        self.kind = kind
        self.parent: Body | None = graph.scopes.body
        self.forward = frozenset(forward)
        self.parameters: list[Tensor] = []
        self.captured: dict[Tensor, Tensor] = {}
        self.reads: dict[Tensor, Tensor] = {}
        self.recorded: dict[Tensor, int] = {}
        self.outputs: list[Tensor] = []
        self.outer_control: dict[Any, None] = {}
        self.tape: Tensor | None = None
        self.sibling: Body | None = None  # the condition of the same loop: both captures are one node in TensorFlow

    @contextlib.contextmanager
    def building(self) -> Iterator[Body]:
        """Operations made in the `with` block belong to this body."""
        scopes = self.graph.scopes
        outer = (scopes.body, scopes.control)
        scopes.body, scopes.control = self, []
        try:
            yield self
        finally:
            scopes.body, scopes.control = outer

    def parameter(self, dtype: DType, shape: TensorShape, name: str) -> Tensor:
        """Add a loop variable."""
        tensor = self._input(name, dtype, shape)
        self.parameters.append(tensor)
        return tensor

    def inside(self, tensor: Tensor, name: str | None = None) -> Tensor:
        """The tensor of this body that stands for `tensor`, captured or recorded if need be."""
        owner = tensor._op._body
        if owner is self:
            return tensor
        if tensor in self.captured:
            return self.captured[tensor]
        if tensor in self.reads:
            return self.reads[tensor]
        if owner in self.forward:
            return self._read(tensor)
        outer = tensor
        if owner is not self.parent:
            if self.parent is None:
                raise out_of_reach(tensor)
            outer = self.parent.inside(tensor, name)
            if outer in self.captured:
                return self.captured[outer]
        inner = self._input(self._capture_name(name), outer._dtype, outer._shape, source=outer)
        outer._consumers.append(inner._op)
        self.captured[outer] = inner
        if self.sibling is not None and outer in self.sibling.captured:
            self.graph.count_nodes([], more=-1)
        return inner

    def _capture_name(self, name: str | None) -> str:
        """TensorFlow 1.x puts a Switch (in a branch) or an Enter (in a loop) before the node that captures."""
        if name is None:
            name = self.graph.scopes.name
            if not name:
                return "Switch" if self.kind == "cond" else "Enter"
        return f"{name}/{'Switch' if self.kind == 'cond' else 'Enter'}"

    def _read(self, tensor: Tensor) -> Tensor:
        """The value that `tensor` of a forward body had in the same iteration."""
        definition = tensor._op.definition
        if definition.is_constant:
            with self.building():
                copy: Tensor = definition(name="Const")
            self.reads[tensor] = copy
            return copy
        if isinstance(definition, BodyInput) and (definition.source is not None or definition.recorded is not None):
            return self.inside(definition.source if definition.source is not None else definition.recorded)
        owner = tensor._op._body
        assert owner is not None
        owner.recorded.setdefault(tensor, len(owner.recorded))
        inner = self._input("recorded", tensor._dtype._base, tensor._shape, recorded=tensor)
        self.reads[tensor] = inner
        return inner

    def _input(self, name: str, dtype: DType, shape: TensorShape, **origin: Any) -> Tensor:
        graph = self.graph
        definition = BodyInput(dtype=dtype, shape_=shape, **origin)
        with self.building():
            full = graph.unique_name(name) if origin.get("source") is None else _unique(graph, name)
            node = graph.add_operation(definition, (), full, [dtype], [shape])
        return node._outputs[0]

    def tapes(self) -> list[Tensor]:
        """The tapes of the forward operations whose values this body reads, each once."""
        result: dict[Tensor, None] = {}
        for tensor, inner in self.reads.items():
            if isinstance(inner._op.definition, BodyInput):
                owner = tensor._op._body
                assert owner is not None
                assert owner.tape is not None
                result[self.outside(owner.tape)] = None
        return list(result)

    def outside(self, tensor: Tensor) -> Tensor:
        """A tensor of the surroundings, as the body around this one sees it."""
        return tensor if self.parent is None else self.parent.inside(tensor)


def _unique(graph: Graph, name: str) -> str:
    """A unique name that is complete already: the current name scope is not put before it."""
    scopes = graph.scopes
    outer, scopes.name = scopes.name, ""
    try:
        return graph.unique_name(name)
    finally:
        scopes.name = outer


def bodies_of(op: Any) -> list[Body]:
    """The branches of a conditional, or the condition and body of a loop; nothing for other operations."""
    if not op.definition.nested:
        return []
    return [value for value in vars(op.definition).values() if isinstance(value, Body)]


def bring_in(graph: Graph, inputs: Sequence[Tensor], name: str) -> list[Tensor]:
    """The inputs of a new node called `name`, as seen from the body that is being built."""
    body = graph.scopes.body
    if body is None:
        for tensor in inputs:
            if tensor._op._body is not None:
                raise out_of_reach(tensor, name)
        return list(inputs)
    return [t if t._op._body is body else body.inside(t, name) for t in inputs]


def out_of_reach(tensor: Tensor, name: str = "") -> BaseException:
    """The error for using a tensor of a branch or loop body outside of it."""
    body = tensor._op._body
    kind = "while loop" if body is not None and body.kind == "while" else "cond branch"
    made, call = tensor._op.site, source.caller(3)
    used = f"'{name}'" if name else "another operation"
    return add_notes(
        ValueError(
            f"Cannot use '{tensor._op.name}' as input to {used} because '{tensor._op.name}' is in a {kind}. "
            "See info log for more details."
        ),
        why=f"the {kind} runs its operations any number of times, or not at all: they have no single value outside",
        where=(call.quote() if call else "") + (f"   (made at {made.quote()})" if made else ""),
        fix="result = tf.cond(pred, f, g)  # return the tensor from f; what the call returns can be used outside",
    )
