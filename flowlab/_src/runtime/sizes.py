"""What is known of a run once the shapes of its feeds are: the sizes of most tensors, and so every value made of sizes.

A training step asks for many shapes: gradients of means divide by a count, those of `+ b` find out which axes were
stretched. While the graph is built the batch size is unknown; in a run it is not. So a plan that is run again with feeds
of the same shapes is compiled anew, with the shape rules of the operations applied to the sizes at hand, and what
depends on sizes alone becomes a constant of the plan.

Bodies of loops are compiled with these sizes too. A loop variable has a size if the body gives it back with the one it
started with; the elements of a TensorArray, that of the first one written, where all are shaped alike. A step of the
backward loop of an LSTM has 20 instructions then, of 52.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.op import Spec, group_inputs
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import UNKNOWN, Dims, TensorShape
from flowlab._src.graph.tensor import Tensor


class SizedSpec(Spec):
    """An input of which the plan knows more than the graph does."""

    __slots__ = ("_known", "elements")

    def __init__(self, tensor: Tensor, dims: Dims | None, value: Any, elements: TensorShape) -> None:
        super().__init__(tensor)
        if dims is not None:
            self.shape = TensorShape.of(dims)
        self._known = value
        self.elements = elements

    @property
    def value(self) -> Any:
        """The value, when the plan knows it."""
        return self._known if self._known is not None else super().value

    @property
    def as_shape(self) -> TensorShape:
        """The value read as a shape."""
        if self._known is None or np.ndim(self._known) != 1:
            return super().as_shape
        return TensorShape.of(tuple([None if size < 0 else int(size) for size in self._known.tolist()]))


class Sizes:
    """The sizes of tensors in one plan, found node by node in the order of the plan."""

    def __init__(self, fed: Mapping[Tensor, Dims], kept: set[Tensor] | None = None) -> None:
        self._dims: dict[Tensor, Dims] = dict(fed)
        self._elements: dict[Tensor, TensorShape] = {}  # of arrays of tensors, by their handles
        self.kept = kept  # of what bodies record, that which is read; None: all of it
        self.read: set[Tensor] = set()  # what a plan read of that

    def within(self, entering: Mapping[Tensor, Dims | None]) -> Sizes:
        """The sizes in a body: those of its surroundings, and of what enters."""
        inner = Sizes({**self._dims, **{t: dims for t, dims in entering.items() if dims is not None}}, self.kept)
        inner._elements, inner.read = dict(self._elements), self.read
        return inner

    def take_over(self, inner: Sizes) -> None:
        """Keep what was found in a body."""
        self._dims, self._elements = inner._dims, inner._elements

    def note(self, tensor: Tensor, dims: Dims | None) -> None:
        """Keep the size of a tensor."""
        if dims is not None:
            self._dims[tensor] = dims

    def __getitem__(self, tensor: Tensor) -> Dims | None:
        return self._dims.get(tensor)

    def count(self, tensor: Tensor) -> int | None:
        """How many elements a tensor has. Of what is made of constants but has no size in advance: few."""
        dims = self._dims.get(tensor)
        return 0 if dims is None else math.prod(dims)  # type: ignore[arg-type]  # no None

    def spec(self, tensor: Tensor, value: Any = None) -> SizedSpec:
        """What the plan knows of a tensor."""
        dims = np.shape(value) if value is not None else self._dims.get(tensor)
        elements = self._elements.get(_made(tensor), UNKNOWN) if self._elements else UNKNOWN
        return SizedSpec(tensor, dims, value, elements)

    def visit(self, node: Operation, constants: Mapping[Tensor, Any]) -> None:
        """Note the sizes of a node's outputs, where the sizes and values of its inputs give them."""
        definition = node.definition
        if definition.nested:
            return
        specs = [self.spec(t, constants.get(t)) for t in node._inputs]
        schema = definition.schema
        try:
            rule = definition.shape(*(group_inputs(definition, specs) if schema.has_list else specs))
        except Exception:
            return  # the run will say what is wrong
        put = definition.elements_put(*specs)
        if put is not None and put.is_fully_defined():
            handle = _made(node._inputs[0])
            if getattr(handle._op.definition, "identical_element_shapes", False):
                self._elements.setdefault(handle, put)
        shapes: Sequence[Any] = rule if isinstance(rule, list) else [rule] * len(node._outputs)
        if isinstance(rule, tuple) and rule and isinstance(rule[0], TensorShape):
            shapes = rule
        for tensor, shape in zip(node._outputs, shapes, strict=False):
            dims = shape._dims if isinstance(shape, TensorShape) else shape
            if tensor not in self._dims and dims is not None and None not in dims:
                self._dims[tensor] = tuple(dims)

    def stand_ins(self, node: Operation) -> list[Any] | None:
        """Arrays with the shapes of a node's inputs and no memory of their own; None when a shape is unknown."""
        arrays = []
        for t in node._inputs:
            dims, dtype = self._dims.get(t), t._dtype.base_dtype
            if dims is None or not dtype.is_numpy_compatible:
                return None
            arrays.append(np.broadcast_to(np.zeros((), dtype.as_numpy_dtype), dims))  # type: ignore[arg-type]  # no None
        return arrays

    def keeps_shape(self, node: Operation) -> bool:
        """True when the first output is known to have the shape of the first input."""
        dims = self._dims.get(node._inputs[0])
        return dims is not None and dims == self._dims.get(node._outputs[0])


def _made(handle: Tensor) -> Tensor:
    """The handle as it was made, for one that entered a body or stands for the gradients of another."""
    while True:
        definition: Any = handle._op.definition
        outer = handle._op._inputs[0] if definition.like_elements else getattr(definition, "source", None)
        outer = getattr(definition, "recorded", None) if outer is None else outer
        if not isinstance(outer, Tensor):
            return handle
        handle = outer


def feeds_and_shapes(feeds: Sequence[Tensor], shapes: Sequence[Any]) -> dict[Tensor, Dims]:
    """The sizes of the feeds by tensor; those of odd things, such as handles, are left out."""
    return {tensor: shape for tensor, shape in zip(feeds, shapes, strict=True) if isinstance(shape, tuple)}
