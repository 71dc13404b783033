"""`v[1:3].assign(x)`: changing a part of a variable, as operations."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.op import Array, Index, Ref, Resource, Spec, T
from flowlab._src.graph.shape import TensorShape
from flowlab._src.ops.resource_state import current
from flowlab._src.ops.slicing import StridedSliceOp
from flowlab._src.ops.state import initialized_value, variable_name


class StridedSliceAssign(StridedSliceOp):
    """Change the part of a reference variable that a strided slice takes."""

    stateful = True
    forwards_ref = 1

    def kernel(
        self, run: Any, ref: Ref[T], begin: Array[Index], end: Array[Index], strides: Array[Index], value: Array[T]
    ) -> Ref[T]:
        name = variable_name(run)
        with run.state.lock:
            old = initialized_value(run, run.state.read(name))
            return run.state.write(name, self.assigned(old, begin, end, strides, value))

    def shape(self, ref: Spec, begin: Spec, end: Spec, strides: Spec, value: Spec) -> TensorShape:
        return ref.shape


class ResourceStridedSliceAssign(StridedSliceOp):
    """Change the part of a resource variable that a strided slice takes."""

    stateful = True

    def kernel(
        self, run: Any, ref: Array[Resource], begin: Array[Index], end: Array[Index], strides: Array[Index], value: Array[T]
    ) -> None:  # fmt: skip
        with run.state.lock:
            run.state.write(ref.name, self.assigned(current(run, ref), begin, end, strides, value))

    def shape(self, ref: Spec, begin: Spec, end: Spec, strides: Spec, value: Spec) -> list[Any]:
        return []
