"""What a session keeps of each combination of fetches and feeds: the plan, and the plan as a function once it is hot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.execute import Frame
from flowlab._src.runtime.feed import feed_converter
from flowlab._src.runtime.fetch import Fetches
from flowlab._src.runtime.plan import Plan, compile_plan
from flowlab._src.runtime.sizes import Sizes, feeds_and_shapes
from flowlab._src.runtime.state import SessionState
from flowlab._src.runtime.straight import StraightRun

RUNS_BEFORE_WRITING = 2  # a program that runs a plan once shall not wait for a function
_MUCH = 2**20  # bytes of feeds
_MOST_SHAPES = 32  # of feeds, for which functions are written
_LONGEST_FUNCTION = 4000  # instructions


class Prepared:
    """Everything about one combination of fetches and feed keys that need not be done twice."""

    __slots__ = ("converters", "fed", "feeds", "fetches", "handles", "plan", "quick", "single", "straight")

    def __init__(self, fetches: Fetches, feeds: list[Tensor], plan: Plan) -> None:
        self.fetches = fetches
        self.feeds = feeds
        self.plan = plan
        self.converters = tuple([feed_converter(t) for t in feeds])
        self.single = True  # the feed_dict has one key for each fed tensor, in order
        given = set(feeds)
        self.fed = frozenset([i for i, t in enumerate(fetches.tensors) if t in given])  # which of the fetches are fed
        # For each combination of shapes of the feeds: how often it ran, then the plan as a function.
        self.straight: dict[Any, int | StraightRun] = {}
        self.quick: Callable[[SessionState, Any], Any] | None = None  # the function that ran last
        # Fetches that are handles to values the session keeps: position, dtype of the value, key of the dictionary.
        self.handles = [
            (i, t.op.inputs[0].dtype.base_dtype, t.op.definition.gives_handle)
            for i, t in enumerate(fetches.tensors)
            if t.op.definition.gives_handle
        ]

    def straight_run(self, given: list[Any]) -> StraightRun | None:
        """The plan as a function for feeds of these shapes; None while a run by instructions is cheaper."""
        shapes = tuple([getattr(value, "shape", None) for value in given])
        found = self.straight.get(shapes, 0)
        if isinstance(found, StraightRun):
            self._prefer(found)
            return found
        count = len(self.plan.instructions)
        # On much data a run takes so long that the first is worth a function, which fuses operations: evaluating a
        # network for images on 1,000 of them, once, takes less memory then.
        small = sum([getattr(value, "nbytes", 0) for value in given]) < _MUCH
        if found <= RUNS_BEFORE_WRITING + (count // 128 if small else -3):
            if len(self.straight) < _MOST_SHAPES:
                self.straight[shapes] = found + 1
            return None
        if count > _LONGEST_FUNCTION:
            return None
        nodes = self.fetches.graph._operations
        fixed = all(getattr(node.definition, "validate_shape", True) for node in nodes)
        sizes = Sizes(feeds_and_shapes(self.feeds, shapes)) if fixed else None
        plan = compile_plan(self.fetches.tensors, self.fetches.operations, self.feeds, sizes=sizes)
        if sizes is not None and sizes.read:  # with sizes known, the way back looks at less of what loops record
            sizes = Sizes(feeds_and_shapes(self.feeds, shapes), kept=sizes.read)
            plan = compile_plan(self.fetches.tensors, self.fetches.operations, self.feeds, sizes=sizes)
        made = self.straight[shapes] = StraightRun(plan, Frame, self.fetches, given)
        self._prefer(made)
        return made

    def _prefer(self, run: StraightRun) -> None:
        """Let the next run try this function first, with the feeds as they come."""
        if self.single and not (self.fed or self.handles):
            self.quick = run.quick
