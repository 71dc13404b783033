"""More update operations: AdaMax, AMSGrad, the signs of gradients, and the forms that tf.keras uses."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.op import Array, Floating, Index, Ref
from flowlab._src.kernels import update
from flowlab._src.ops.resource_training import OnHandles
from flowlab._src.ops.training import Apply, SparseApply


class ApplyAdaMax(Apply):
    """Adam with the decaying maximum of gradients in place of the root of their mean square."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], m: Ref[Floating], v: Ref[Floating], beta1_power: Array[Floating],
        lr: Array[Floating], beta1: Array[Floating], beta2: Array[Floating], epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, m, v), update.ada_max, beta1_power, lr, beta1, beta2, epsilon, grad)


class ApplyAddSign(Apply):
    """Longer steps where the gradient has the sign of its running mean."""

    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], m: Ref[Floating], lr: Array[Floating], alpha: Array[Floating],
        sign_decay: Array[Floating], beta: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, m), update.add_sign, lr, alpha, sign_decay, beta, grad)


class ApplyPowerSign(Apply):
    """Steps multiplied where the gradient has the sign of its running mean."""

    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], m: Ref[Floating], lr: Array[Floating], logbase: Array[Floating],
        sign_decay: Array[Floating], beta: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, m), update.power_sign, lr, logbase, sign_decay, beta, grad)


class ApplyAdagradV2(Apply):
    """ApplyAdagrad with an epsilon beside the root."""

    update_slots: bool = True
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], epsilon: Array[Floating],
        grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        slots = self.update_slots
        return self.apply(run, (var, accum), lambda v, a: update.adagrad(v, a, lr, grad, slots, epsilon))


class SparseApplyAdagradV2(SparseApply):
    """The rule of ApplyAdagradV2 on some rows."""

    update_slots: bool = True
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], epsilon: Array[Floating],
        grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        slots = self.update_slots
        rule = lambda v, a, g: update.adagrad(v, a, lr, g, slots, epsilon)  # noqa: E731 - one rule for all rows
        return self.apply_rows(run, (var, accum), rule, indices, grad)


class _KerasMomentum(Apply, abstract=True):
    """accum = momentum accum - lr grad; var += accum."""

    use_nesterov: bool = False
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], grad: Array[Floating],
        momentum: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, accum), update.keras_momentum, lr, grad, momentum, self.use_nesterov)


class _SparseKerasMomentum(SparseApply, abstract=True):
    """The rule of keras' momentum on some rows."""

    use_nesterov: bool = False
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], grad: Array[Floating],
        indices: Array[Index], momentum: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        nesterov = self.use_nesterov
        rule = lambda v, a, g: update.keras_momentum(v, a, lr, g, momentum, nesterov)  # noqa: E731 - as above
        return self.apply_rows(run, (var, accum), rule, indices, grad)


class _AdamWithAmsgrad(Apply, abstract=True):
    """Adam that divides by the root of the largest mean square so far."""

    forwards_ref = 4

    def kernel(
        self, run: Any, var: Ref[Floating], m: Ref[Floating], v: Ref[Floating], vhat: Ref[Floating],
        beta1_power: Array[Floating], beta2_power: Array[Floating], lr: Array[Floating], beta1: Array[Floating],
        beta2: Array[Floating], epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        hyper = (beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad)
        return self.apply(run, (var, m, v, vhat), update.adam_with_amsgrad, *hyper)


class ResourceApplyAdaMax(OnHandles, ApplyAdaMax):
    """ApplyAdaMax on resource variables."""


class ResourceApplyAddSign(OnHandles, ApplyAddSign):
    """ApplyAddSign on resource variables."""


class ResourceApplyPowerSign(OnHandles, ApplyPowerSign):
    """ApplyPowerSign on resource variables."""


class ResourceApplyAdagradV2(OnHandles, ApplyAdagradV2):
    """ApplyAdagradV2 on resource variables."""


class ResourceSparseApplyAdagradV2(OnHandles, SparseApplyAdagradV2):
    """SparseApplyAdagradV2 on resource variables."""


class ResourceApplyKerasMomentum(OnHandles, _KerasMomentum):
    """Keras' momentum on resource variables."""


class ResourceSparseApplyKerasMomentum(OnHandles, _SparseKerasMomentum):
    """Keras' momentum on some rows of resource variables."""


class ResourceApplyAdamWithAmsgrad(OnHandles, _AdamWithAmsgrad):
    """Adam with AMSGrad on resource variables."""
