"""What `sess.run` gives for `tf.get_session_handle`: a value that stays with the session."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.dtypes import DType


class TensorHandle:
    """Stands for a value that a session keeps; the value is forgotten when nobody has the handle any more."""

    def __init__(self, handle: bytes, dtype: DType, kept: dict[str, Any]) -> None:
        self._handle = handle.decode()
        self._dtype = dtype
        self._kept = kept
        self._keep = False

    def __del__(self) -> None:
        if not self._keep:
            self._kept.pop(self._handle, None)

    def __str__(self) -> str:
        return self._handle

    @property
    def handle(self) -> str:
        """The handle as text, to be fed to the placeholder of `tf.get_session_tensor`."""
        return self._handle

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._dtype

    def value(self) -> Any:
        """The value itself, which nobody may write to."""
        if self._handle not in self._kept:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")
        return self._kept[self._handle]

    def eval(self) -> Any:
        """Return the value as an array of the caller's own."""
        return np.array(self.value())[()]

    def to_numpy_array(self) -> Any:
        """Return the value as an array."""
        return np.array(self.value())

    def delete(self) -> None:
        """Let the session forget the value."""
        self.value()
        del self._kept[self._handle]

    def get_raw_handle(self) -> str:
        """Return the handle as text; the value then stays until it is deleted."""
        self._keep = True
        return self._handle
