"""Colour by structure, by device, by time or by memory. A colour never stands alone: letters and numbers say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowlab._src.lab.roles import FORWARD

if TYPE_CHECKING:
    from flowlab._src.lab.folding import Folding

HUES = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Tint:
    """How one box is coloured: `hue` (below 0: as usual) with a `letter`, or its `share` of a whole with `words`."""

    hue: int = -1
    letter: str = ""
    share: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Coloring:
    """The tints of boxes, and what each means."""

    tints: Mapping[str, Tint] = field(default_factory=dict)
    legend: tuple[tuple[Tint, str], ...] = ()
    measured: str = ""  # what bars and numbers are parts of


NO_COLORING = Coloring()


@dataclass(frozen=True, slots=True)
class Cost:
    """What running one operation took: seconds, and bytes of its outputs."""

    seconds: float
    nbytes: int


def leaves(folding: Folding) -> list[str]:
    """The visible boxes, open scopes apart."""
    return [box for inside in folding.children.values() for box in inside if not folding.is_open(box)]


def by_structure(folding: Folding) -> Coloring:
    """Folded scopes with the same operations inside (of the model, if they have any) get the same colour and letter."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for box in leaves(folding):
        names = folding.members[box]
        if box.endswith("/") and not folding.is_family(box):
            # what an optimizer keeps beside a variable is not what a layer is
            names = [name for name in names if folding.roles[name] == FORWARD] or names
            key = tuple((name[len(box) :], folding.view.by_name[name].type) for name in names)
            alike.setdefault(key, []).append(box)
    groups = [boxes for boxes in alike.values() if len(boxes) > 1]
    return lettered([(boxes, f"alike: {len(boxes)} times") for boxes in groups])


def by_device(folding: Folding) -> Coloring:
    """A colour and letter for each device that was asked for, another for several inside one box."""
    placed: dict[str, list[str]] = {}
    for box in leaves(folding):
        devices = dict.fromkeys(folding.view.by_name[name].device for name in folding.members[box])
        name = next(iter(devices)) if len(devices) == 1 else "several devices"
        placed.setdefault(name or "no device asked for", []).append(box)
    return lettered([(boxes, name) for name, boxes in placed.items()])


def lettered(groups: list[tuple[list[str], str]]) -> Coloring:
    """A colouring that gives each group of boxes the next colour and letter."""
    tints: dict[str, Tint] = {}
    legend = []
    for k, (boxes, words) in enumerate(groups):
        tint = Tint(k % HUES, LETTERS[k] if k < len(LETTERS) else str(k + 1))
        legend.append((tint, words))
        tints.update(dict.fromkeys(boxes, tint))
    return Coloring(tints, tuple(legend[:12]))


def by_cost(folding: Folding, costs: Mapping[str, Cost], measure: Callable[[Cost], float], unit: str) -> Coloring:
    """A bar and a number in each box that ran."""
    totals: dict[str, float] = {}
    for box in leaves(folding):
        ran = [measure(costs[name]) for name in folding.members[box] if name in costs]
        if ran:
            totals[box] = sum(ran)
    whole = sum(totals.values()) or 1.0
    text = seconds_text if unit == "time" else bytes_text
    tints = {
        box: Tint(share=total / whole, words=f"{text(total)} · {percent(total / whole)}")
        for box, total in totals.items()
    }
    return Coloring(tints, measured=f"part of all {text(whole)}")


def find_coloring(name: str | None, folding: Folding, costs: Mapping[str, Cost]) -> Coloring:
    """The colouring of that name; None and "kind" leave the colours of the kinds of boxes."""
    if name == "structure":
        return by_structure(folding)
    if name == "device":
        return by_device(folding)
    if name == "time":
        return by_cost(folding, costs, lambda cost: cost.seconds, "time")
    if name == "memory":
        return by_cost(folding, costs, lambda cost: cost.nbytes, "memory")
    return NO_COLORING


def metadata_costs(metadata: Any) -> dict[str, Cost]:
    """Time and memory of each operation, from a `tf.RunMetadata` that a traced run has filled."""
    costs: dict[str, Cost] = {}
    for device in metadata.step_stats.dev_stats:
        for stats in device.node_stats:
            nbytes = sum(part for part in stats.memory if isinstance(part, int))
            before = costs.get(stats.node_name, Cost(0.0, 0))
            costs[stats.node_name] = Cost(before.seconds + stats.op_end_rel_micros / 1e6, before.nbytes + nbytes)
    return costs


def percent(share: float) -> str:
    """A part of the whole: "74%", "<1%"."""
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def seconds_text(seconds: float) -> str:
    """A time with its unit: "12 µs", "3.4 ms", "1.2 s"."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def bytes_text(nbytes: float) -> str:
    """A size with its unit: "12 bytes", "3.4 KiB", "1.2 MiB"."""
    for size, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if nbytes >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes:.0f} byte{'' if nbytes == 1 else 's'}"
