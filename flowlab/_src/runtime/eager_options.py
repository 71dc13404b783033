"""Settings of eager mode, and functions that are told of every operation: the rest of `tf.contrib.eager`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.eager_tensor import CPU
from flowlab._src.util import log
from flowlab._src.util.export import export

SYNC = export("contrib.eager.SYNC")(0)
ASYNC = export("contrib.eager.ASYNC")(1)
DEVICE_PLACEMENT_EXPLICIT = export("contrib.eager.DEVICE_PLACEMENT_EXPLICIT")(0)
DEVICE_PLACEMENT_WARN = export("contrib.eager.DEVICE_PLACEMENT_WARN")(1)
DEVICE_PLACEMENT_SILENT = export("contrib.eager.DEVICE_PLACEMENT_SILENT")(2)
DEVICE_PLACEMENT_SILENT_FOR_INT32 = export("contrib.eager.DEVICE_PLACEMENT_SILENT_FOR_INT32")(3)
DEVICE_POLICIES = (0, 1, 2, 3)

Callback = Callable[[str, str, Any, Sequence[Any], Sequence[Any]], None]
callbacks: list[Callback] = []
_mode = [SYNC]


@export("contrib.eager.list_devices")
def list_devices() -> list[str]:
    """Return the names of the devices: there is one.

    Examples
    --------
    >>> tf.contrib.eager.list_devices()
    ['/job:localhost/replica:0/task:0/device:CPU:0']
    """
    return [CPU]


@export("contrib.eager.num_gpus")
def num_gpus() -> int:
    """Return how many GPUs there are: none."""
    return 0


@export("contrib.eager.set_execution_mode")
def set_execution_mode(mode: int | None) -> None:
    """Choose SYNC or ASYNC; operations are done when the call returns in either."""
    if mode not in (None, SYNC, ASYNC):
        raise ValueError(f"Execution mode should be None/SYNC/ASYNC. Got {mode}")
    _mode[0] = SYNC if mode is None else mode


@export("contrib.eager.execution_mode")
@contextlib.contextmanager
def execution_mode(mode: int | None) -> Iterator[None]:
    """Choose SYNC or ASYNC for a `with` block."""
    outer = _mode[0]
    set_execution_mode(mode)
    try:
        yield
    finally:
        _mode[0] = outer


@export("contrib.eager.async_wait")
def async_wait() -> None:
    """Wait until all operations are done: they are."""


@export("contrib.eager.async_clear_error")
def async_clear_error() -> None:
    """Forget errors of operations that went on in the background: there are none."""


# ---- told of every operation ---------------------------------------------------------------------------------------


@export("contrib.eager.add_execution_callback")
def add_execution_callback(callback: Callback) -> None:
    """Let a function be called after every operation of eager mode.

    Parameters
    ----------
    callback : callable
        `f(op_type, op_name, attrs, inputs, outputs)`.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> seen = []
    >>> tf.contrib.eager.add_execution_callback(lambda op_type, *rest: seen.append(op_type))
    >>> with eager_mode():
    ...     y = tf.exp(tf.constant(1.0)) + 1.0
    >>> tf.contrib.eager.clear_execution_callbacks()
    >>> seen
    ['Const', 'Exp', 'Const', 'AddV2']
    """
    callbacks.append(callback)


@export("contrib.eager.clear_execution_callbacks")
def clear_execution_callbacks() -> None:
    """Call nothing any more after operations."""
    callbacks.clear()


class InfOrNanError(Exception):
    """An operation of eager mode gave infinite numbers, or some that are no numbers."""

    def __init__(self, op_type: str, op_name: str, output_index: int, num_outputs: int, value: Any) -> None:
        self._op_type = op_type
        self._op_name = op_name
        self._output_index = output_index
        self._num_outputs = num_outputs
        self._value = value
        total = int(np.size(value))
        infinite, nan = int(np.sum(np.isinf(value))), int(np.sum(np.isnan(value)))
        super().__init__(
            f"Output {output_index + 1} of {num_outputs} of TFE operation {op_type} (name: {op_name}) contains {infinite} inf(s) "
            f"and {nan} nan(s) out of a total of {total} element(s)."
        )

    @property
    def op_type(self) -> str:
        """The kind of operation."""
        return self._op_type

    @property
    def output_index(self) -> int:
        """Which of its outputs."""
        return self._output_index

    @property
    def value(self) -> Any:
        """The values."""
        return self._value


export("contrib.eager.InfOrNanError")(InfOrNanError)


@export("contrib.eager.inf_nan_callback")
def inf_nan_callback(
    op_type: str, op_name: str, attrs: Any, inputs: Sequence[Any], outputs: Sequence[Any], check_inf: bool = True,
    check_nan: bool = True, action: str = "raise",
) -> None:  # fmt: skip
    """Look for inf and nan in what an operation gave, and raise, warn or print where there is one.

    Parameters
    ----------
    op_type, op_name, attrs, inputs, outputs
        What a callback is told.
    check_inf, check_nan : bool
    action : {"raise", "warn", "print"}
    """
    del attrs, inputs
    for i, output in enumerate(outputs):
        if not (output.dtype.is_floating or output.dtype.is_complex):
            continue
        value = output.numpy()
        if not ((check_inf and np.any(np.isinf(value))) or (check_nan and np.any(np.isnan(value)))):
            continue
        error = InfOrNanError(op_type, op_name, i, len(outputs), value)
        if action == "raise":
            raise error
        if action == "warn":
            log.warning(str(error))
        elif action == "print":
            print(f"Warning: {error}")
        else:
            raise ValueError(f"Unknown action ({action}).")


@export("contrib.eager.inf_callback")
def inf_callback(op_type: str, op_name: str, attrs: Any, inputs: Any, outputs: Any, action: str = "raise") -> None:
    """Look for infinite numbers in what an operation gave."""
    inf_nan_callback(op_type, op_name, attrs, inputs, outputs, True, False, action)


@export("contrib.eager.nan_callback")
def nan_callback(op_type: str, op_name: str, attrs: Any, inputs: Any, outputs: Any, action: str = "raise") -> None:
    """Look for nan in what an operation gave."""
    inf_nan_callback(op_type, op_name, attrs, inputs, outputs, False, True, action)


@export("contrib.eager.seterr")
def seterr(inf_or_nan: str | None = None) -> dict[str, str]:
    """Say what is to happen when an operation gives inf or nan.

    Parameters
    ----------
    inf_or_nan : {None, "ignore", "print", "raise", "warn"}
        None: leave it as it is.

    Returns
    -------
    dict
        What was set before.
    """
    ways = ("ignore", "print", "raise", "warn")
    before = _inf_or_nan[0]
    if inf_or_nan is not None:
        if inf_or_nan not in ways:
            raise ValueError(f"Valid actions for inf_or_nan are {list(ways)}, got {inf_or_nan!r}.")
        callbacks[:] = [c for c in callbacks if getattr(c, "func", None) is not inf_nan_callback]
        if inf_or_nan != "ignore":
            callbacks.append(functools.partial(inf_nan_callback, action=inf_or_nan))
        _inf_or_nan[0] = inf_or_nan
    return {"inf_or_nan": before}


_inf_or_nan = ["ignore"]
