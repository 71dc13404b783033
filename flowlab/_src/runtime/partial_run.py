"""A run in several parts: `sess.partial_run` goes on where the call before stopped.

The frame, with every value computed so far, is kept between the calls; each runs the instructions that its fetches need
and that have not run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowlab._src.errors import InvalidArgumentError, add_notes
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.execute import Frame, run_to_end
from flowlab._src.runtime.feed import feed_converter
from flowlab._src.runtime.fetch import Fetches, as_result, own_name
from flowlab._src.runtime.plan import Instruction, Plan
from flowlab._src.runtime.state import SessionState
from flowlab._src.util import source


class PartialRun:
    """A frame kept between calls of `partial_run`."""

    def __init__(self, plan: Plan, announced: Fetches, feeds: list[Tensor], state: SessionState) -> None:
        self._plan = plan
        self.frame = Frame(plan, state)
        self._waiting_feeds = dict.fromkeys(feeds)
        self._announced_feeds = set(feeds)
        self._announced_feeds_in_order = list(feeds)
        self._waiting_fetches: dict[Any, None] = dict.fromkeys([*announced.tensors, *announced.operations])
        self._done: set[Operation] = set()
        self._fetched: set[Any] = set()

    @property
    def spent(self) -> bool:
        """True when all that was announced has been fetched."""
        return not self._waiting_fetches

    def advance(self, wanted: Fetches, feeds: dict[Tensor, Any]) -> list[Any]:
        """Take new feeds, run the instructions that the new fetches need and that have not run."""
        needed = self.begin(wanted, feeds)
        run_to_end(self.frame, self.instructions(needed))
        self.complete(wanted, needed)
        return [as_result(self.frame.values[self._plan.slots[t]]) for t in wanted.tensors]

    def _announce(self, feeds: Iterable[Any], fetches: Iterable[Any] = ()) -> str:
        """The call that announces these feeds and fetches, in the program's own names."""
        wanted = list(dict.fromkeys(fetches or [*self._waiting_fetches, *self._fetched]))
        listed = [", ".join(map(own_name, items)) for items in (wanted, feeds)]
        return f"handle = sess.partial_run_setup([{listed[0]}], [{listed[1]}])"

    def begin(self, wanted: Fetches, feeds: dict[Tensor, Any]) -> set[Operation]:
        """Check and take new feeds; return the operations that the new fetches need and that have not run."""
        for tensor in feeds:
            if tensor not in self._announced_feeds:
                raise _invalid(
                    f"The feed {tensor.name} was not specified in partial_run_setup.",
                    self._announce([*self._announced_feeds_in_order, tensor]),
                    f"the feeds announced are {', '.join(map(own_name, self._announced_feeds_in_order)) or 'none'}; "
                    f"{own_name(tensor)} is not among them",
                )
            if tensor not in self._waiting_feeds:
                raise _invalid(
                    f"The feed {tensor.name} has already been fed.",
                    self._announce(self._announced_feeds_in_order) + "  # begins a new partial run",
                    "a partial run takes each feed once",
                )
        for item in wanted.items:
            if item not in self._waiting_fetches:
                text = (
                    "has already been fetched." if item in self._fetched else "was not specified in partial_run_setup."
                )
                raise _invalid(
                    f"The fetch {item.name} {text}",
                    self._announce(self._announced_feeds_in_order, [*self._waiting_fetches, *self._fetched, item]),
                    "a partial run gives each fetch once" if item in self._fetched else "each fetch must be announced",
                )
        for tensor, value in feeds.items():
            self.frame.values[self._plan.slots[tensor]] = feed_converter(tensor)(value)
            del self._waiting_feeds[tensor]
        return self._needed(wanted)

    def instructions(self, needed: set[Operation]) -> tuple[Instruction, ...]:
        """The instructions of some operations, in the order of the plan."""
        return tuple(i for i in self._plan.instructions if i.node in needed)

    def complete(self, wanted: Fetches, needed: set[Operation]) -> None:
        """Note that some operations have run, and what has been fetched."""
        self._done |= needed
        for item in wanted.items:
            del self._waiting_fetches[item]
            self._fetched.add(item)

    def has(self, wanted: Fetches) -> bool:
        """Whether all of it has been fetched already."""
        return all(item in self._fetched for item in wanted.items)

    def _needed(self, wanted: Fetches) -> set[Operation]:
        """The operations to run now; all feeds they depend on must be there."""
        needed: set[Operation] = set()
        stack = list(wanted.items)
        while stack:
            item = stack.pop()
            if isinstance(item, Tensor):
                if item in self._announced_feeds:
                    if item in self._waiting_feeds:
                        raise _invalid(
                            f"Must feed {item.name} before fetching {', '.join(t.name for t in wanted.items)}.",
                            f"sess.partial_run(handle, ..., feed_dict={{{own_name(item)}: ...}})",
                            f"what is fetched now needs {own_name(item)}, announced and not fed yet",
                        )
                    continue
                item = item.op
            if item in needed or item in self._done:
                continue
            needed.add(item)
            stack += [*item._inputs, *item._control_inputs]
        return needed


def _invalid(message: str, fix: str, why: str = "") -> BaseException:
    site = source.caller(2)
    return add_notes(InvalidArgumentError(None, None, message), where=site.quote() if site else "", why=why, fix=fix)
