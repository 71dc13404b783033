"""ScalarSummary: a number with a name, as the message that event files hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op import Array, Op, RealNumber, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.broadcast import brackets


class ScalarSummary(Op):
    """A Summary message with a value for each tag."""

    grad = None

    def kernel(self, tags: Array[np.object_], values: Array[RealNumber]) -> Array[np.object_]:
        from flowlab._src.formats.messages import Summary

        tags, values = np.asarray(tags, object), np.asarray(values)
        if tags.shape != values.shape:
            tag = f" (tag '{tags.item().decode(errors='replace')}')" if tags.size == 1 else ""
            raise InvalidArgumentError(
                None,
                None,
                f"tags and values are not the same shape: {brackets(tags.shape)} != {brackets(values.shape)}{tag}",
            )
        summary = Summary()
        for tag, value in zip(tags.ravel(), values.ravel(), strict=True):
            summary.value.add(tag=tag.decode("utf-8", "replace"), simple_value=float(value))
        return np.array(summary.SerializeToString(), object)

    def shape(self, tags: Spec, values: Spec) -> TensorShape:
        return TensorShape.of(())


def summarize_fullness(name: str, share: Tensor) -> Any:
    """Add the summary that input pipelines make of their queues: how full they are, from 0 to 1."""
    with name_scope(name, None, [share]) as scope:
        summary = ScalarSummary()(scope.rstrip("/"), share, name=scope)
        get_default_graph().add_to_collection(GraphKeys.SUMMARIES, summary)
        return summary
