"""`tf.ConditionalAccumulator` and `tf.SparseConditionalAccumulator`: gradients of several workers, averaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import refused
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Floating, Op, Ref, Resource, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import UNKNOWN, TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.accumulator_store import Accumulator, SparseAccumulator
from flowlab._src.ops.cast import cast
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.queue_ops import SCALAR, kept, resource_name, unpack
from flowlab._src.util.export import export

HANDLE = TensorShape.of((2,))


class AccumulatorHandle(Op, abstract=True):
    """An accumulator that the session makes when it is used for the first time."""

    dtype: DType
    shape_: TensorShape
    container: str = ""
    shared_name: str = ""
    reduction_type: str = "MEAN"
    stateful = True
    reads_only = True
    grad: ClassVar[Any] = None
    store: ClassVar[type[Accumulator]] = Accumulator

    def shape(self) -> TensorShape:
        return HANDLE

    def get_accumulator(self, run: Any) -> Accumulator:
        """The session's accumulator."""
        node = run.node
        if not self.dtype.is_floating:
            message = f"No OpKernel was registered to support Op '{self.type}' with dtype={self.dtype.enum_name}"
            raise InvalidArgumentError(None, None, message)
        found: Any = run.state.resource(
            ("resource", resource_name(self, node)),
            lambda: self.store(node.name, self.shape_, self.reduction_type == "MEAN"),
        )
        if type(found) is not self.store:
            name = getattr(found, "op_type", type(found).__name__)
            raise InvalidArgumentError(None, None, f"Expected {self.type}, found {name}")
        return found


class ResourceConditionalAccumulator(AccumulatorHandle):
    """Adds up dense gradients."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_accumulator(run)


class SparseConditionalAccumulator_(AccumulatorHandle):
    """Adds up gradients that are rows with their numbers."""

    type = "SparseConditionalAccumulator"
    store = SparseAccumulator

    def kernel(self, run: Any) -> Ref:
        return self.get_accumulator(run)

    def dtypes(self) -> DType:
        return dtypes.string._as_ref


class AccumulatorAction(Op, abstract=True):
    """Does something with an accumulator and gives nothing."""

    stateful = True
    grad: ClassVar[Any] = None

    def shape(self, *inputs: Any) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[DType]:
        return []


def waiter(run: Any) -> Callable[[Any, Callable[[], bool]], None]:
    """How a run waits for gradients."""
    return lambda condition, ready: run.state.wait(condition, ready, "TakeGrad operation was cancelled")


class ResourceAccumulatorApplyGradient(AccumulatorAction):
    """Add a gradient."""

    def kernel(self, run: Any, handle: Array[Resource], local_step: Array[np.int64], gradient: Array[Floating]) -> None:
        unpack(handle).apply(int(local_step), kept(gradient))


class ResourceAccumulatorTakeGradient(Op):
    """The mean of the gradients, once there are enough."""

    dtype: DType
    stateful = True

    def kernel(self, run: Any, handle: Array[Resource], num_required: Array[np.int32]) -> Array:
        return unpack(handle).take(waiter(run), int(num_required))

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, handle: Spec, num_required: Spec) -> TensorShape:
        num_required.ranked(0)
        return UNKNOWN


class ResourceAccumulatorNumAccumulated(Op):
    """How many gradients there are."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Array[Resource]) -> Array[np.int32]:
        return np.int32(unpack(handle).count)

    def shape(self, handle: Spec) -> TensorShape:
        return SCALAR


class ResourceAccumulatorSetGlobalStep(AccumulatorAction):
    """Set the current step."""

    def kernel(self, run: Any, handle: Array[Resource], new_global_step: Array[np.int64]) -> None:
        unpack(handle).set_step(int(new_global_step))


class SparseAccumulatorApplyGradient(AccumulatorAction):
    """Add the rows of a gradient."""

    has_known_shape: bool

    def kernel(
        self,
        run: Any,
        handle: Ref[np.object_],
        local_step: Array[np.int64],
        gradient_indices: Array[np.int64],
        gradient_values: Array[Floating],
        gradient_shape: Array[np.int64],
    ) -> None:
        shape = np.asarray(gradient_shape) if self.has_known_shape else None
        parts = np.asarray(kept(gradient_indices)), np.asarray(kept(gradient_values)), shape
        unpack(handle).apply(int(local_step), parts)


class SparseAccumulatorTakeGradient(Op):
    """The mean of the rows, once there are enough gradients."""

    dtype: DType
    stateful = True

    def kernel(
        self, run: Any, handle: Ref[np.object_], num_required: Array[np.int32]
    ) -> tuple[Array[np.int64], Array, Array[np.int64]]:
        return unpack(handle).take(waiter(run), int(num_required))

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [dtypes.int64, self.dtype, dtypes.int64]

    def shape(self, handle: Spec, num_required: Spec) -> list[TensorShape]:
        num_required.ranked(0)
        return [UNKNOWN, UNKNOWN, UNKNOWN]


class AccumulatorNumAccumulated(Op):
    """How many gradients there are."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Ref[np.object_]) -> Array[np.int32]:
        return np.int32(unpack(handle).count)

    def shape(self, handle: Spec) -> TensorShape:
        return SCALAR


class AccumulatorSetGlobalStep(AccumulatorAction):
    """Set the current step."""

    def kernel(self, run: Any, handle: Ref[np.object_], new_global_step: Array[np.int64]) -> None:
        unpack(handle).set_step(int(new_global_step))


# ---- public classes ------------------------------------------------------------------------------------------------


@export("ConditionalAccumulatorBase")
class ConditionalAccumulatorBase:
    """Adds up the gradients of the current step, dropping those of earlier ones. Use one of the subclasses."""

    count_op: ClassVar[type[Op]] = ResourceAccumulatorNumAccumulated
    step_op: ClassVar[type[Op]] = ResourceAccumulatorSetGlobalStep

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Tensor) -> None:
        self._dtype = as_dtype(dtype)
        self._shape = UNKNOWN if shape is None else TensorShape(shape)
        if not isinstance(accumulator_ref, Tensor):
            raise refused("Tensor", "accumulator_ref", accumulator_ref)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    @property
    def accumulator_ref(self) -> Tensor:
        """The tensor that stands for the accumulator."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The last part of the name of the accumulator's node."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The type of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """Return how many gradients there are, an int32 scalar tensor."""
        result: Tensor = self.count_op()(self._accumulator_ref, name=name or f"{self._name}_NumAccumulated")
        return result

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """Return an operation that sets the current step: gradients of earlier steps are dropped from then on."""
        step = cast(convert(new_global_step), dtypes.int64)
        result: Operation = self.step_op()(self._accumulator_ref, step, name=name)
        return result


def numeric(dtype: Any) -> DType:
    """A type of numbers; TypeError for any other."""
    kind = as_dtype(dtype)
    if not (kind.is_floating or kind.is_integer or kind.is_complex or kind.is_quantized):
        raise misuse(
            TypeError(
                f"Value passed to parameter 'dtype' has DataType {kind.name} not in list of allowed values: "
                "float32, float64, float16"
            )
        )
    return kind


def check_reduction(op: type[Op], reduction_type: Any) -> str:
    """ValueError for a reduction that there is not."""
    if reduction_type not in ("MEAN", "SUM"):
        raise misuse(
            ValueError(
                f"Attr 'reduction_type' of '{op.type}' Op passed string '{reduction_type}' not in: \"MEAN\", \"SUM\"."
            )
        )
    return str(reduction_type)


@export("ConditionalAccumulator")
class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up dense gradients; `take_grad` waits until there are enough, and gives their mean.

    Parameters
    ----------
    dtype : DType
    shape : TensorShape, optional
        Of the gradients.
    shared_name : str, optional
        Accumulators of one shared name are one.
    name : str, optional
    reduction_type : {"MEAN", "SUM"}

    Examples
    --------
    >>> acc = tf.ConditionalAccumulator(tf.float32, shape=[2])
    >>> apply = [acc.apply_grad([1.0, 2.0]), acc.apply_grad([3.0, 6.0])]
    >>> mean = acc.take_grad(2)
    >>> with tf.Session() as sess:
    ...     sess.run(apply)
    ...     sess.run(mean)
    [None, None]
    array([2., 4.], dtype=float32)
    """

    def __init__(
        self, dtype: Any, shape: Any = None, shared_name: str | None = None, name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:  # fmt: skip
        op = ResourceConditionalAccumulator(
            numeric(dtype), UNKNOWN if shape is None else as_shape(shape), "", shared_name or "",
            check_reduction(ResourceConditionalAccumulator, reduction_type),
        )  # fmt: skip
        super().__init__(dtype, shape, op(name=name))

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """Return an operation that adds a gradient; it does nothing when `local_step` is before the current step.

        Parameters
        ----------
        grad : Tensor
        local_step : int or int Tensor
            The step that the gradient was computed in.
        name : str, optional

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        grad = convert(grad, self._dtype)
        if not grad.shape.is_compatible_with(self._shape):
            raise misuse(ValueError(f"Shapes {grad.shape} and {self._shape} are incompatible"))
        step = cast(convert(local_step), dtypes.int64)
        result: Operation = ResourceAccumulatorApplyGradient()(self._accumulator_ref, step, grad, name=name)
        return result

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """Return the mean of the gradients, waiting until there are `num_required`; then the next step begins."""
        mean: Tensor = ResourceAccumulatorTakeGradient(self._dtype)(self._accumulator_ref, num_required, name=name)
        mean.set_shape(self._shape)
        return mean


class TakenGradient(NamedTuple):
    """A mean of sparse gradients: row numbers, rows, shape of the whole."""

    indices: Tensor
    values: Tensor
    shape: Tensor


TakenGradient.__name__ = "SparseAccumulatorTakeGradient"


@export("SparseConditionalAccumulator", "sparse.SparseConditionalAccumulator")
class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up gradients that are rows with their numbers (IndexedSlices); a row's mean counts those that have it.

    Parameters
    ----------
    dtype : DType
    shape : TensorShape, optional
        Of the whole.
    shared_name : str, optional
    name : str, optional
    reduction_type : {"MEAN", "SUM"}

    Examples
    --------
    >>> acc = tf.SparseConditionalAccumulator(tf.float32)
    >>> apply = [acc.apply_grad([0, 2], [1.0, 2.0]), acc.apply_grad([2], [4.0])]
    >>> mean = acc.take_indexed_slices_grad(2)
    >>> with tf.Session() as sess:
    ...     sess.run(apply)
    ...     sess.run([mean.indices, mean.values])
    [None, None]
    [array([0, 2]), array([1., 3.], dtype=float32)]
    """

    count_op = AccumulatorNumAccumulated
    step_op = AccumulatorSetGlobalStep

    def __init__(
        self, dtype: Any, shape: Any = None, shared_name: str | None = None,
        name: str = "sparse_conditional_accumulator", reduction_type: str = "MEAN",
    ) -> None:  # fmt: skip
        op = SparseConditionalAccumulator_(
            numeric(dtype), UNKNOWN if shape is None else as_shape(shape), "", shared_name or "",
            check_reduction(SparseConditionalAccumulator_, reduction_type),
        )  # fmt: skip
        super().__init__(dtype, shape, op(name=name))

    def apply_indexed_slices_grad(self, grad: IndexedSlices, local_step: Any = 0, name: str | None = None) -> Operation:
        """Return an operation that adds a gradient given as IndexedSlices."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(
        self, grad_indices: Any, grad_values: Any, grad_shape: Any = None, local_step: Any = 0, name: str | None = None
    ) -> Operation:
        """Return an operation that adds a gradient; it does nothing when `local_step` is before the current step.

        Parameters
        ----------
        grad_indices : Tensor, int64, shape (rows,)
            In rising order.
        grad_values : Tensor, shape (rows, ...)
        grad_shape : Tensor, int64 vector, optional
            The shape of the whole.
        local_step : int or int Tensor
        name : str, optional
        """
        step = cast(convert(local_step), dtypes.int64)
        op = SparseAccumulatorApplyGradient(has_known_shape=grad_shape is not None)
        indices = cast(grad_indices, dtypes.int64)
        shape = cast([] if grad_shape is None else grad_shape, dtypes.int64)
        result: Operation = op(self._accumulator_ref, step, indices, grad_values, shape, name=name)
        return result

    def take_grad(self, num_required: Any, name: str | None = None) -> TakenGradient:
        """Return the mean of the gradients as (indices, values, shape), waiting until there are `num_required`."""
        op = SparseAccumulatorTakeGradient(self._dtype)
        return TakenGradient(*op(self._accumulator_ref, num_required, name=name))

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> IndexedSlices:
        """Return the mean of the gradients as IndexedSlices, waiting until there are `num_required`."""
        taken = self.take_grad(num_required, name)
        return IndexedSlices(taken.values, taken.indices, taken.shape)
