"""What surrounds a call: which layer is being called, with which inputs, and whether the outer layer is training."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


class CallContext(threading.local):
    """The innermost call of a layer that is being built in this thread."""

    def __init__(self) -> None:
        self.layer: Any = None
        self.inputs: Any = None
        self.training: Any = None
        self.in_call = False

    @contextlib.contextmanager
    def enter(self, layer: Any, inputs: Any, training: Any) -> Iterator[None]:
        """Note the call of a layer while it lasts."""
        saved = (self.layer, self.inputs, self.training, self.in_call)
        self.layer, self.inputs, self.training, self.in_call = layer, inputs, training, True
        try:
            yield
        finally:
            self.layer, self.inputs, self.training, self.in_call = saved


CONTEXT = CallContext()


def call_context() -> CallContext:
    """Return the context of this thread."""
    return CONTEXT
