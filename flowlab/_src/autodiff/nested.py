"""Gradients through bodies: what `If` and `While` need to run their operations backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.autodiff.gradients import Walk, is_trainable
from flowlab._src.autodiff.tape_gradient import TapeGradient
from flowlab._src.graph.tensor import Tensor

__all__ = ["TapeGradient", "gradients_inside"]


def gradients_inside(ys: Sequence[Tensor], xs: Sequence[Tensor | None], grad_ys: Sequence[Tensor]) -> list[Any]:
    """The gradients of a body's tensors `ys` with respect to its inputs `xs`; None where nothing flows.

    The nodes are added to the body that is being built, under the name scope that is open.
    """
    pairs = [(y, g) for y, g in zip(ys, grad_ys, strict=True) if is_trainable(y)]
    real = [x for x in xs if x is not None and is_trainable(x)]
    walk = Walk([y for y, _ in pairs], real, [], False, None)
    walk.start([y for y, _ in pairs], [g for _, g in pairs])
    walk.run()
    return [None if x is None or not is_trainable(x) else walk.received(x) for x in xs]
