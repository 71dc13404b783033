"""`%%flow --plot loss`: the values of named tensors, taken along while a cell runs its session."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.lab.options import FlowUsageError
from flowlab._src.lab.plot import Plot
from flowlab._src.lab.roles import UPDATE_TYPE
from flowlab._src.runtime.session import companions


@contextlib.contextmanager
def watching(plot: Plot, names: list[str], find: Callable[[str], Any]) -> Iterator[None]:
    """While the block runs, each training step of any session adds the values of the named tensors to the plot.

    A training step is a run that changes variables with an optimizer. A tensor that it does not fetch is fetched
    along, provided that all it needs is fed.
    """
    __tracebackhide__ = True
    watcher = Watcher(plot, names, find)
    companions.append(watcher)
    try:
        yield
    finally:
        companions.remove(watcher)
    watcher.check()


class Watcher:
    """Finds the tensors and decides which runs count."""

    def __init__(self, plot: Plot, names: list[str], find: Callable[[str], Any]) -> None:
        self.plot, self.names, self.find = plot, names, find
        self.behind: dict[Operation, tuple[bool, set[Operation]]] = {}
        self.called: dict[Tensor, str] = {}
        self.steps = 0
        self.missing: set[str] = set()

    def wanted(self, session: Any, fetches: Any, feeds: dict[Any, Any]) -> tuple[Tensor, ...]:
        """The tensors to take along in this run; none unless it is a training step."""
        operations = [item for item in flatten(fetches) if isinstance(item, Operation)]
        if not any(op.graph is session.graph and self.closure(op)[0] for op in operations):
            return ()
        fed = {feed.op for feed in feeds if isinstance(feed, Tensor)}
        for name in self.names:
            tensor = self.find(name)
            if not isinstance(tensor, Tensor) or tensor.graph is not session.graph:
                self.missing.add(name)
            elif self.closure(tensor.op)[1] <= fed:
                self.called[tensor] = name
        return tuple(
            [tensor for tensor in self.called if tensor.graph is session.graph and self.closure(tensor.op)[1] <= fed]
        )

    def note(self, tensors: tuple[Tensor, ...], values: list[Any]) -> None:
        """The values of one training step."""
        if tensors:
            self.steps += 1
            self.plot.update(
                self.steps, {self.called[tensor]: value for tensor, value in zip(tensors, values, strict=True)}
            )

    def closure(self, operation: Operation) -> tuple[bool, set[Operation]]:
        """Whether an operation trains anything, and which placeholders it needs."""
        if operation not in self.behind:
            seen, stack = {operation}, [operation]
            while stack:
                here = stack.pop()
                for before in [*(tensor.op for tensor in here.inputs), *here.control_inputs]:
                    if before not in seen:
                        seen.add(before)
                        stack.append(before)
            trains = any(UPDATE_TYPE.fullmatch(op.type) for op in seen)
            self.behind[operation] = trains, {op for op in seen if op.type == "Placeholder"}
        return self.behind[operation]

    def check(self) -> None:
        """Complain, once the body is done, of a name that was never found."""
        __tracebackhide__ = True
        for name in sorted(self.missing):
            if not len(self.plot.values(name)):
                raise FlowUsageError(f"--plot {name}: the cell has no tensor of that name in the graph it trains.")


def flatten(fetches: Any) -> Iterator[Any]:
    """The single fetches in a nested structure."""
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, list | tuple):
        for item in fetches:
            yield from flatten(item)
    else:
        yield fetches
