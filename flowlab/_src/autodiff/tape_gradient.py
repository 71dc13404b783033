"""The gradient of a tape."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor


class TapeGradient(list[tuple[Tensor, Any]]):
    """Gradients of recorded values, for derivatives of derivatives.

    Pairs of a recorded tensor of a forward body and its gradient, a tensor of the backward body that read it. Where the
    recorded tensor is itself the tape of something inside, its gradient is a TapeGradient again.
    """
