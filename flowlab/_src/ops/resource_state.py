"""Resource variables as nodes: a handle names the variable, operations read and change what it names.

Unlike a reference (`ops/state.py`), a handle is an ordinary value, and reading is an ordinary operation: what
`ReadVariableOp` gives is a snapshot, which later assignments leave as it is. So it is always clear which value a
calculation sees: the one at the time of its read.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    OutOfRangeError,
    ShapeError,
)
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.handle import Handle, handle_behind, handle_shape
from flowlab._src.graph.op import Array, Index, Number, Op, Resource, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import changing
from flowlab._src.ops.array_shape import size
from flowlab._src.ops.constant import constant
from flowlab._src.ops.gather import GatherNd, GatherV2, coordinates_shape
from flowlab._src.ops.holders import held_by_nobody_else
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import dense, expand_dims, reshape, squeeze
from flowlab._src.ops.scatter import check_static_scatter

Counter = TypeVar("Counter", np.int32, np.int64)
ShapeDtype = TypeVar("ShapeDtype", np.int32, np.int64)


# ---- the variable itself -------------------------------------------------------------------------------------------


class VarHandleOp(Op):
    """Gives the handle of a variable."""

    dtype: DType
    shape_: TensorShape
    container: str = ""
    shared_name: str = ""
    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any) -> Array[Resource]:
        return self.handle_named(self.shared_name or run.node.name)

    def shape(self) -> TensorShape:
        return TensorShape.of(())

    def handle_named(self, name: str) -> Handle:
        """The handle, once the name is known."""
        return Handle(name, self.dtype, self.shape_)

    def handle_of(self, tensor: Tensor) -> Handle:
        """The handle that this node's output will be when it runs."""
        return self.handle_named(self.shared_name or tensor._op.name)


def current(run: Any, handle: Handle) -> Any:
    """The value of a variable that is about to be changed."""
    value = run.state.variables.get(handle.name)
    if value is None:
        raise _without_value(NotFoundError(None, None, _not_found(run, handle)), handle)
    return value


def _not_found(run: Any, handle: Handle) -> str:
    if run.state.variables:
        return f"Resource localhost/{handle.name}/N10tensorflow3VarE does not exist."
    return f"Container localhost does not exist. (Could not find resource: localhost/{handle.name})"


def _without_value(error: OpError, handle: Handle) -> OpError:
    error.variable = handle.name  # type: ignore[attr-defined]  # the notes name it
    return error


class _OnVariable(Op, abstract=True):
    """Does something with the variable that the first input names."""

    stateful = True
    grad: ClassVar[Any] = None

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The variable's type is called dtype."""
        result = super().attributes(node)
        if "T" in result:
            result["dtype"] = result.pop("T")
        return result


def merge_with_variable(resource: Spec, value: Spec) -> TensorShape:
    """The shape of a variable and of a value it is given; ShapeError when they differ."""
    handle = handle_behind(resource.tensor)
    if handle is None:
        return value.shape
    check_dtype(handle, value.dtype, "assign")
    return merge_shapes(handle.static_shape, value.shape)


def check_dtype(handle: Handle, dtype: DType, doing: str) -> None:
    """ShapeError, as in TensorFlow, where this is a matter of the shape rule, when the variable is of another type."""
    if handle.dtype is not dtype.base_dtype:
        kinds = f"Expected {handle.dtype.runtime_name} got {dtype.runtime_name}"
        raise ShapeError(f"Trying to {doing} variable with wrong dtype. {kinds}")


class VarIsInitializedOp(_OnVariable):
    """Tell whether a variable has a value in this session."""

    reads_only = True

    def kernel(self, run: Any, resource: Array[Resource]) -> Array[np.bool_]:
        return np.bool_(resource.name in run.state.variables)

    def shape(self, resource: Spec) -> TensorShape:
        return TensorShape.of(())


class ReadVariableOp(_OnVariable):
    """The value that a variable has now."""

    dtype: DType
    reads_only = True

    def kernel(self, run: Any, resource: Array[Resource]) -> Array:
        value = run.state.variables.get(resource.name)
        if value is None:
            error = FailedPreconditionError(
                None, None, f"Error while reading resource variable {resource.name} from Container: localhost. This could mean "
                f"that the variable was uninitialized. Not found: {_not_found(run, resource)}",
            )  # fmt: skip
            raise _without_value(error, resource)
        return value

    def dtypes(self, resource: Any) -> DType:
        return self.dtype

    def shape(self, resource: Spec) -> TensorShape:
        handle = handle_behind(resource.tensor)
        if handle is None:
            return UNKNOWN
        check_dtype(handle, self.dtype, "read")
        return handle.static_shape

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient passes unchanged to the variable."""
        return dy


class VariableShape(_OnVariable):
    """The shape that a variable has now."""

    out_type: DType = dtypes.int32
    reads_only = True

    def kernel(self, run: Any, input: Array[Resource]) -> Array[ShapeDtype]:
        return np.array(np.shape(current(run, input)), self.out_type.as_numpy_dtype)

    def dtypes(self, input: Any) -> DType:
        return self.out_type

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of((handle_shape(input.tensor).ndims,))

    def partial_value(self, node: Any) -> list[int | None] | None:
        """What is known of the shape while building."""
        dims = handle_shape(node.inputs[0])._dims
        return None if dims is None else list(dims)


def variable_shape(handle: Tensor, out_type: DType = dtypes.int32) -> Tensor:
    """The shape of a variable: a constant when it is known while building."""
    dims = handle_shape(handle)._sizes()
    if dims is None:
        shape: Tensor = raw.VariableShape(handle, out_type=out_type)
        return shape
    return constant(np.array(dims, out_type.as_numpy_dtype), dtype=out_type)


class DestroyResourceOp(_OnVariable):
    """Let a session forget a variable."""

    ignore_lookup_error: bool = True

    def kernel(self, run: Any, resource: Array[Resource]) -> None:
        with run.state.lock:
            if run.state.variables.pop(resource.name, None) is None and not self.ignore_lookup_error:
                raise _without_value(NotFoundError(None, None, _not_found(run, resource)), resource)

    def shape(self, resource: Spec) -> list[Any]:
        return []


# ---- changing the whole --------------------------------------------------------------------------------------------


class AssignVariableOp(_OnVariable):
    """Give a variable a new value."""

    def kernel(self, run: Any, resource: Array[Resource], value: Array[T]) -> None:
        if not resource.static_shape.is_compatible_with(np.shape(value)):
            raise InvalidArgumentError(
                None, None, f"Trying to assign to variable with tensor with wrong shape. Expected "
                f"{format_dims(resource.static_shape._dims)} got {format_dims(np.shape(value))}",
            )  # fmt: skip
        run.state.write(resource.name, value)

    def shape(self, resource: Spec, value: Spec) -> TensorShape:
        return merge_with_variable(resource, value)


class _Update(_OnVariable, abstract=True):
    """Change a variable by a value of the same shape."""

    ufunc: ClassVar[Any]

    def kernel(self, run: Any, resource: Array[Resource], value: Array[Number]) -> None:
        with run.state.lock:
            old = current(run, resource)
            if np.shape(old) != np.shape(value):
                raise InvalidArgumentError(
                    None, None, f"Cannot update variable with shape {format_dims(np.shape(old))} using a Tensor with shape "
                    f"{format_dims(np.shape(value))}, shapes must be equal.",
                )  # fmt: skip
            run.state.write(resource.name, self.ufunc(old, value))

    def shape(self, resource: Spec, value: Spec) -> TensorShape:
        return merge_with_variable(resource, value)


class AssignAddVariableOp(_Update):
    """Add to a variable."""

    ufunc = np.add


class AssignSubVariableOp(_Update):
    """Subtract from a variable."""

    ufunc = np.subtract


class ResourceCountUpTo(_OnVariable):
    """Add 1 to a variable until it reaches a limit; gives the value before."""

    limit: int
    T: DType

    def kernel(self, run: Any, resource: Array[Resource]) -> Array[Counter]:
        with run.state.lock:
            old = current(run, resource)
            if old >= self.limit:
                raise OutOfRangeError(None, None, f"Reached limit of {self.limit}")
            run.state.write(resource.name, old + old.dtype.type(1))
            return old

    def dtypes(self, resource: Any) -> DType:
        if self.T not in (dtypes.int32, dtypes.int64):
            refusal = (
                f"Value passed to parameter 'T' has DataType {self.T.name} not in list of allowed values: int32, int64"
            )
            raise misuse(TypeError(refusal), fix="count with a variable of integers")
        return self.T

    def shape(self, resource: Spec) -> TensorShape:
        dims = handle_shape(resource.tensor)._dims
        if dims:
            raise ShapeError(f"Shape must be rank 0 but is rank {len(dims)}")
        return TensorShape.of(())


# ---- reading and changing some rows --------------------------------------------------------------------------------


class ResourceGather(_OnVariable):
    """Rows of a variable, picked by their positions."""

    dtype: DType
    batch_dims: int = 0
    validate_indices: bool = True
    reads_only = True

    def kernel(self, run: Any, resource: Array[Resource], indices: Array[Index]) -> Array:
        return GatherV2(batch_dims=self.batch_dims).kernel(current(run, resource), indices, self.batch_dims)

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, resource: Spec, indices: Spec) -> TensorShape:
        dims = handle_shape(resource.tensor)._dims
        if dims is None:
            return UNKNOWN
        if not dims:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        rows = indices.shape if not self.batch_dims else indices.shape[self.batch_dims :]
        before = TensorShape.of(dims[: self.batch_dims])
        return before.concatenate(rows).concatenate(TensorShape.of(dims[self.batch_dims + 1 :]))

    def grad(self, node: Any, dy: Any) -> Any:
        """The rows of the gradient belong to the rows picked."""
        handle, indices = node.inputs
        shape = variable_shape(handle)
        count = expand_dims(size(indices), 0)
        values = reshape(dense(dy), concat([count, shape[1:]], 0))
        return [IndexedSlices(values, reshape(indices, count), shape), None]


class ResourceGatherNd(_OnVariable):
    """Elements or slices of a variable, each picked by its coordinates."""

    dtype: DType
    reads_only = True

    def kernel(self, run: Any, resource: Array[Resource], indices: Array[Index]) -> Array:
        return GatherNd().kernel(current(run, resource), indices)

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, resource: Spec, indices: Spec) -> TensorShape:
        return coordinates_shape(handle_shape(resource.tensor)._dims, indices.dims)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Zeros, with the gradient added where it was picked from."""
        handle, indices = node.inputs
        shape = raw.VariableShape(handle, out_type=indices.dtype)
        if indices.shape.ndims == 2 and indices.shape._dims[1] == 1:
            return [IndexedSlices(dy, squeeze(indices, axis=-1), shape), None]
        return [raw.ScatterNd(indices, dy, shape), None]


class _ResourceScatter(_OnVariable, abstract=True):
    """Change the rows `indices` of a variable."""

    rule: ClassVar[changing.Rule]
    apart = True

    def bound(self, node: Any, resource: Spec, indices: Spec, updates: Spec, factor: Any = None) -> Any:
        """As for references: see `ScatterAdd`."""
        handle, rule = handle_behind(resource.tensor), type(self).rule
        if handle is None:
            return None
        dims, kind = handle.static_shape._dims, handle.dtype.base_dtype.as_numpy_dtype
        add = changing.adder_of_rows(rule, dims, kind, indices, updates, 1.0 if factor is None else factor)
        if add is None:
            return None

        def change(run: Any, resource: Any, indices: Any, updates: Any) -> None:
            state = run.state
            with state.lock:
                values = [current(run, resource)]
                in_place = run.unseen and held_by_nobody_else(values, (resource,))
                if in_place and add(values[0], indices, updates):
                    return
                updates = updates if factor is None else updates * factor
                state.write(resource.name, changing.change_rows(values[0], indices, updates, rule, in_place))

        return change

    def kernel(self, run: Any, resource: Array[Resource], indices: Array[Index], updates: Array[Number]) -> None:
        self.change(run, (resource,), indices, updates)

    def change(self, run: Any, targets: tuple[Any, ...], indices: Any, updates: Any) -> None:
        """In place if nobody looks, as references are."""
        with run.state.lock:
            values = [current(run, targets[0])]
            in_place = run.unseen and held_by_nobody_else(values, targets)
            run.state.write(
                targets[0].name, changing.change_rows(values[0], indices, updates, type(self).rule, in_place)
            )

    def shape(self, resource: Spec, indices: Spec, updates: Spec) -> list[Any]:
        changing.row_shapes(handle_shape(resource.tensor), indices, updates)
        return []


class ResourceScatterAdd(_ResourceScatter):
    """Add to rows."""

    rule = changing.add


class ResourceScatterSub(_ResourceScatter):
    """Subtract from rows."""

    rule = changing.subtract


class ResourceScatterMul(_ResourceScatter):
    """Multiply rows."""

    rule = changing.multiply


class ResourceScatterDiv(_ResourceScatter):
    """Divide rows."""

    rule = changing.divide


class ResourceScatterMin(_ResourceScatter):
    """Keep the smaller of row and update."""

    rule = changing.minimum


class ResourceScatterMax(_ResourceScatter):
    """Keep the larger of row and update."""

    rule = changing.maximum


class ResourceScatterUpdate(_ResourceScatter):
    """Replace rows; of a row named twice the last value stays."""

    rule = changing.replace

    def kernel(self, run: Any, resource: Array[Resource], indices: Array[Index], updates: Array[T]) -> None:
        self.change(run, (resource,), indices, updates)


class _ResourceScatterNd(_OnVariable, abstract=True):
    """Change single elements or slices of a variable, named by index tuples."""

    use_locking: bool = True
    rule: ClassVar[changing.Rule]

    def kernel(self, run: Any, ref: Array[Resource], indices: Array[Index], updates: Array[T]) -> None:
        with run.state.lock:
            changed = changing.change_elements(current(run, ref), indices, updates, type(self).rule)
            run.state.write(ref.name, changed)

    def shape(self, ref: Spec, indices: Spec, updates: Spec) -> list[Any]:
        check_static_scatter(indices.dims, updates.dims, handle_shape(ref.tensor)._dims, "input")
        return []

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The variable's type is called T here."""
        return Op.attributes(self, node)


class ResourceScatterNdUpdate(_ResourceScatterNd):
    """Replace elements."""

    rule = changing.replace


class ResourceScatterNdAdd(_ResourceScatterNd):
    """Add to elements."""

    rule = changing.add


class ResourceScatterNdSub(_ResourceScatterNd):
    """Subtract from elements."""

    rule = changing.subtract
