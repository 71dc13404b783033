"""The update operations of optimizers for resource variables: those of `training.py`, with handles for references.

Each takes a variable and its slots by their handles, changes what they name, and gives nothing.
"""

from __future__ import annotations

import types
from typing import Any

from flowlab._src.errors import InternalError
from flowlab._src.graph.handle import handle_shape
from flowlab._src.graph.op import Array, Resource, Spec
from flowlab._src.graph.shape import merge_shapes
from flowlab._src.ops import training


def with_handles(kernel: Any) -> Any:
    """The same kernel, with a signature that takes handles where references were."""
    result = types.FunctionType(kernel.__code__, kernel.__globals__, kernel.__name__, kernel.__defaults__)
    result.__kwdefaults__ = kernel.__kwdefaults__
    handle = Array[Resource]
    hints = {name: handle if hint.startswith("Ref") else hint for name, hint in kernel.__annotations__.items()}
    result.__annotations__ = {**hints, "return": None}
    return result


class OnHandles:
    """Makes the form for resource variables of an update operation that it is mixed with."""

    targets: int  # how many of the first inputs are handles
    forwards_ref = 0
    grad = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        reference: Any = next(base for base in cls.__mro__[1:] if "kernel" in vars(base))
        cls.targets = reference.forwards_ref
        cls.kernel = with_handles(reference.kernel)  # type: ignore[attr-defined]  # read by the operation's own class
        super().__init_subclass__(**kwargs)

    def names(self, run: Any, targets: tuple[Any, ...]) -> list[str]:
        """Under which names the session keeps the variable and its slots."""
        return [handle.name for handle in targets]

    def value(self, run: Any, name: str) -> Any:
        """The value of one of them."""
        value = run.state.variables.get(name)
        if value is None:
            error = InternalError(None, None, "Invalid variable reference.")
            error.variable = name  # type: ignore[attr-defined]  # the notes name it
            raise error
        return value

    def shape(self, var: Spec, *rest: Spec) -> Any:
        """Nothing comes out; slots must have the variable's shape."""
        shape = handle_shape(var.tensor)
        for slot in rest[: self.targets - 1]:
            shape = merge_shapes(shape, handle_shape(slot.tensor))
        names = [argument.name for argument in self.schema.inputs]  # type: ignore[attr-defined]  # it is mixed with an Op
        if "indices" not in names:
            merge_shapes(shape, (var, *rest)[names.index("delta" if "delta" in names else "grad")].shape)
        return []


class ResourceApplyGradientDescent(OnHandles, training.ApplyGradientDescent):
    """ApplyGradientDescent on resource variables."""


class ResourceApplyMomentum(OnHandles, training.ApplyMomentum):
    """ApplyMomentum on resource variables."""


class ResourceSparseApplyMomentum(OnHandles, training.SparseApplyMomentum):
    """SparseApplyMomentum on resource variables."""


class ResourceApplyAdam(OnHandles, training.ApplyAdam):
    """ApplyAdam on resource variables."""


class ResourceApplyAdagrad(OnHandles, training.ApplyAdagrad):
    """ApplyAdagrad on resource variables."""


class ResourceSparseApplyAdagrad(OnHandles, training.SparseApplyAdagrad):
    """SparseApplyAdagrad on resource variables."""


class ResourceApplyAdagradDA(OnHandles, training.ApplyAdagradDA):
    """ApplyAdagradDA on resource variables."""


class ResourceSparseApplyAdagradDA(OnHandles, training.SparseApplyAdagradDA):
    """SparseApplyAdagradDA on resource variables."""


class ResourceApplyAdadelta(OnHandles, training.ApplyAdadelta):
    """ApplyAdadelta on resource variables."""


class ResourceSparseApplyAdadelta(OnHandles, training.SparseApplyAdadelta):
    """SparseApplyAdadelta on resource variables."""


class ResourceApplyRMSProp(OnHandles, training.ApplyRMSProp):
    """ApplyRMSProp on resource variables."""


class ResourceSparseApplyRMSProp(OnHandles, training.SparseApplyRMSProp):
    """SparseApplyRMSProp on resource variables."""


class ResourceApplyCenteredRMSProp(OnHandles, training.ApplyCenteredRMSProp):
    """ApplyCenteredRMSProp on resource variables."""


class ResourceSparseApplyCenteredRMSProp(OnHandles, training.SparseApplyCenteredRMSProp):
    """SparseApplyCenteredRMSProp on resource variables."""


class ResourceApplyFtrl(OnHandles, training.ApplyFtrl):
    """ApplyFtrl on resource variables."""


class ResourceSparseApplyFtrl(OnHandles, training.SparseApplyFtrl):
    """SparseApplyFtrl on resource variables."""


class ResourceApplyFtrlV2(OnHandles, training.ApplyFtrlV2):
    """ApplyFtrlV2 on resource variables."""


class ResourceSparseApplyFtrlV2(OnHandles, training.SparseApplyFtrlV2):
    """SparseApplyFtrlV2 on resource variables."""


class ResourceApplyProximalGradientDescent(OnHandles, training.ApplyProximalGradientDescent):
    """ApplyProximalGradientDescent on resource variables."""


class ResourceSparseApplyProximalGradientDescent(OnHandles, training.SparseApplyProximalGradientDescent):
    """SparseApplyProximalGradientDescent on resource variables."""


class ResourceApplyProximalAdagrad(OnHandles, training.ApplyProximalAdagrad):
    """ApplyProximalAdagrad on resource variables."""


class ResourceSparseApplyProximalAdagrad(OnHandles, training.SparseApplyProximalAdagrad):
    """SparseApplyProximalAdagrad on resource variables."""
