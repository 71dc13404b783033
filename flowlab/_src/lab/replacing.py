"""A `%%flow` cell that is run again takes the place of what it built before, instead of building it a second time.

The nodes of the cell's last run are taken out of their graph, with everything that was built on them, and the cell builds
in the same graph again: names are the same, sessions stay open, variables keep their values where these still fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowlab._src.graph.graph import Graph
from flowlab._src.graph.handle import Handle
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.removal import Additions, take_out
from flowlab._src.graph.shape import format_dims
from flowlab._src.lab.labels import count

SHOWN = 3  # names in a list, before it says how many more there are


class CellRun:
    """One run of a `%%flow` cell: which nodes it made, and what they replaced.

    Attributes
    ----------
    number : int
        The number of the cell at that run: `In [number]`.
    run : int
        Which run of this cell it was, from 1.
    operations : list of Operation
    """

    def __init__(self, graph: Graph, key: str, number: int) -> None:
        self.graph, self.key, self.number = graph, key, number
        self.run = 1
        self.replaced: list[Operation] = []
        self.lost: dict[int | None, list[Operation]] = {}  # by the cell that built them
        self.held: dict[str, tuple[Any, ...]] = {}  # variables, with what their values were
        earlier: CellRun | None = runs_of(graph).pop(key, None)
        if earlier is not None:
            self.run = earlier.run + 1
            self.held = dict(earlier.held)
            self.replace(earlier)
        self.added = Additions(graph)

    @property
    def operations(self) -> list[Operation]:
        """The nodes this run made, those that are still there."""
        return [op for op in self.added.operations if op.graph is self.graph]

    def replace(self, earlier: CellRun) -> None:
        own = set(earlier.operations)
        reason = f"cell [{self.number}] was run again and replaced {what_of(earlier.number)}"
        removed = take_out(earlier.added, reason)
        for op in removed:
            if op in own:
                self.replaced.append(op)
            else:
                self.lost.setdefault(op.site.cell if op.site else None, []).append(op)
        self.held.update(variables_among(earlier.added.operations))
        others = set(removed) - own
        for run in runs_of(self.graph).values():  # theirs to keep, once they are run again
            run.held.update(variables_among(others.intersection(run.added.operations)))
            others.difference_update(run.added.operations)
        self.held.update(variables_among(others))

    def end(self) -> None:
        """The body of the cell has run, or failed: note what it added."""
        self.added.end()
        runs_of(self.graph)[self.key] = self

    def settle(self, failed: bool) -> list[str]:
        """Keep the values of variables that fit, drop the others; return what to say about it.

        After a body that failed, what it did not get to is kept for the next run.
        """
        now = variables_among(self.graph._operations)
        waiting = {name: was for name, was in self.held.items() if failed and name not in now}
        kept: dict[str, None] = {}
        lost: dict[str, str] = {}
        keepers = 0
        for session in [each for each in self.graph._sessions if not each._closed]:
            values = session._state.variables
            found = [name for name in self.held if name in values and name not in waiting]
            for name in found:
                change = misfit(values[name], now.get(name))
                if change is None:
                    kept[name] = None
                else:
                    lost[name] = change
                    del values[name]
            keepers += any(name in kept for name in found)
        self.held = waiting
        said = []
        if kept:
            which = "the open session" if keepers == 1 else f"{keepers} open sessions"
            said.append(f"{listed(kept)} {'keeps its value' if len(kept) == 1 else 'keep their values'} in {which}")
        for name, change in lost.items():
            if change:
                said.append(f"{name} has lost its value, for it {change}: run its initializer again")
        return said

    def told(self, names: Mapping[str, str]) -> list[str]:
        """What to say before the body runs; `names` are what the notebook calls its nodes."""
        if not self.replaced:
            return []
        said = [f"replaces the {count(len(self.replaced), 'operation')} of this cell's last run"]
        for cell, operations in sorted(self.lost.items(), key=lambda entry: entry[0] or 0):
            where = f"of cell [{cell}]" if cell is not None else "of another cell"
            again = f"run cell [{cell}]" if cell is not None else "run that cell"
            known = dict.fromkeys(names[op.name] for op in operations if op.name in names)
            shown = listed(known or [op.name for op in operations if not is_inner(op, operations)])
            it = "it" if len(operations) == 1 else "them"
            said.append(
                f"{count(len(operations), 'operation')} {where} ({shown}) went with them, being built on them: "
                f"{again} again to have {it} back"
            )
        return said


def runs_of(graph: Graph) -> dict[str, CellRun]:
    """The last run of each `%%flow` cell that built in a graph."""
    runs: dict[str, CellRun] = graph.__dict__.setdefault("_cell_runs", {})
    return runs


def run_that_made(op: Operation) -> CellRun | None:
    """The run of a `%%flow` cell that made an operation, None if it comes from elsewhere."""
    for run in runs_of(op.graph).values():
        if op in run.added.operations:
            return run
    return None


def what_of(number: int) -> str:
    return f"what it had built as cell [{number}]"


def variables_among(operations: Iterable[Operation]) -> dict[str, tuple[Any, ...]]:
    """The variables among operations: the name a session keeps the value under, dtype and static shape."""
    found = {}
    for op in operations:
        if op.definition.is_variable:
            found[op.name] = (op.outputs[0].dtype.base_dtype, op.outputs[0].shape)
        elif op.type == "VarHandleOp":
            handle: Handle = op.definition.handle_of(op.outputs[0])  # type: ignore[attr-defined]  # of this type
            found[handle.name] = (handle.dtype, handle.static_shape)
    return found


def misfit(value: Any, variable: tuple[Any, ...] | None) -> str | None:
    """How a variable has changed such that its value does not fit any more; "" if it is gone, None if it fits."""
    if variable is None:
        return ""
    dtype, shape = variable
    old = f"{value.dtype.name} {format_dims(value.shape)}"
    if value.dtype != dtype.as_numpy_dtype or not shape.is_compatible_with(value.shape):
        return (
            f"was {old} and is {dtype.name} {format_dims(shape.as_list()) if shape.ndims is not None else '(unknown)'}"
        )
    return None


def is_inner(op: Operation, operations: list[Operation]) -> bool:
    """Whether an operation is needed by others of the list: the last ones of a chain are those a learner knows."""
    return any(other in operations for tensor in op.outputs for other in [*tensor.consumers(), *op._control_outputs])


def listed(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    every = list(names)
    shown = ", ".join(every[:SHOWN])
    return shown if len(every) <= SHOWN else f"{shown} and {len(every) - SHOWN} more"
