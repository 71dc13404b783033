"""What a workload is, and the list of them.

A workload is written once in TensorFlow 1.x style: its function gets the library as `tf`, flowlab or
`tensorflow.compat.v1`, and returns what to time. A PyTorch twin does the same work as PyTorch's users write it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Step(NamedTuple):
    """What is timed: `call()`, or `call(prepare())` of which only the call is timed."""

    call: Callable[..., Any]
    units: int = 1  # how many units (operations, iterations) one call does
    prepare: Callable[[], Any] | None = None


class Workload(NamedTuple):
    """A workload, its twin, and what is aimed at: the peer's time / flowlab's."""

    title: str
    unit: str
    graph: Callable[[Any], Any]
    torch: Callable[[Any], Any] | None
    over_tensorflow: float | None
    over_torch: float | None
    stretch: tuple[float | None, float | None]  # the same two, were everything tried to come true
    at_most: float | None  # of flowlab's own figure, in the unit
    whole: bool  # a whole process is measured, the function runs once in it
    slow: bool  # a call takes so long that two rounds must do


WORKLOADS: dict[str, Workload] = {}


def workload(
    title: str,
    unit: str = "us",
    over: tuple[float | None, float | None] = (None, None),
    stretch: tuple[float | None, float | None] = (None, None),
    at_most: float | None = None,
    whole: bool = False,
    slow: bool = False,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register the graph-mode program under its function's name; `over` is (TensorFlow, PyTorch)."""

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        WORKLOADS[function.__name__] = Workload(title, unit, function, None, *over, stretch, at_most, whole, slow)
        return function

    return register


def twin(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Register a PyTorch twin: the function is called like the workload, with `_torch` behind."""
    name = function.__name__.removesuffix("_torch")
    WORKLOADS[name] = WORKLOADS[name]._replace(torch=function)
    return function
