"""What the panel beside a picture says of a box: plain records, drawn by `static/picture.js`.

A record is a dict with a `kind`: "title", "text", "formula", "rows", "links", "source", "table", "image", "drawing".
Names of operations stand in it as plain text; the page sets them as text, never as HTML.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from textwrap import dedent
from typing import Any

from flowlab._src.lab.coloring import Cost, bytes_text, seconds_text
from flowlab._src.lab.folding import INITIAL_VALUES, Folding
from flowlab._src.lab.formulas import formula_of
from flowlab._src.lab.labels import PLUMBING, Labels, count
from flowlab._src.lab.replacing import run_that_made
from flowlab._src.lab.roles import FORWARD, GRADIENT, INITIAL, SAVE, SUMMARY, UPDATE, VARIABLE_TYPES
from flowlab._src.lab.theme import LIGHT, Theme
from flowlab._src.lab.trace import consumers
from flowlab._src.lab.values import Record, each_output, summary_text, value_records
from flowlab._src.lab.views import GraphView, NodeRecord, shape_text

LINKS = 8  # longer lists end with "and 30 more"
GRADIENT_NAME = re.compile(r"((?:.*/)?gradients(?:_\d+)?/)(.+?)_grad/.*")

PURPOSE = {
    GRADIENT: "computes gradients",
    UPDATE: "changes variables in training",
    INITIAL: "makes an initial value",
    SAVE: "saves and restores",
    SUMMARY: "writes summaries",
}


class Panel:
    """Makes the records for the boxes of one graph.

    Parameters
    ----------
    view : GraphView
        The whole graph, also what a picture leaves out: links lead there too.
    graph : Graph, optional
        Where the source lines of operations are asked for.
    values : mapping from operation name to list of arrays, optional
    costs : mapping from operation name to Cost, optional
    """

    def __init__(
        self,
        view: GraphView,
        graph: Any = None,
        values: Mapping[str, list[Any]] | None = None,
        costs: Mapping[str, Cost] | None = None,
        theme: Theme = LIGHT,
    ) -> None:
        self.view = view
        self.graph = graph
        self.values = dict(values or {})
        self.costs = dict(costs or {})
        self.theme = theme

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        return consumers(self.view)

    @cached_property
    def gradients(self) -> dict[str, list[str]]:
        """For each operation those that compute gradients through it, in order of creation."""
        found: dict[str, list[str]] = {}
        for node in self.view.nodes:
            origin = self.origin(node.name)
            if origin is not None:
                found.setdefault(origin, []).append(node.name)
        return found

    def origin(self, name: str) -> str | None:
        """The operation whose gradient an operation helps to compute; None if it does not."""
        found = GRADIENT_NAME.fullmatch(name)
        if found is None:
            return None
        return next(
            (
                known
                for known in (found[2], found[1].rpartition("gradients")[0] + found[2])
                if known in self.view.by_name
            ),
            None,
        )

    def records(self, box: str, folding: Folding) -> list[Record]:
        """The panel of a box of a picture: of its operation, or of the scope."""
        node = Labels(folding).node_of(box)
        if node is None or (folding.is_open(box) and not folding.is_family(box)):
            return self.scope_records(box, folding)
        return self.node_records(node.name, folding.roles.get(node.name, FORWARD))

    # ---- one operation --------------------------------------------------------------------------------------------

    def node_records(self, name: str, role: str = FORWARD) -> list[Record]:
        node = self.view.by_name[name]
        purpose = PURPOSE.get(role, "")
        records: list[Record] = [
            {"kind": "title", "text": name, "detail": node.type + (f": {purpose}" if purpose else "")}
        ]
        formula = formula_of(node.type)
        if formula is not None:
            records.append({"kind": "formula", "tex": formula.tex, "text": formula.text})
        records += self.output_records(node)
        for output, value in each_output(self.values, name):
            shown = value_records(value, self.theme)
            if len(node.outputs) > 1:
                shown[0] = {**shown[0], "label": f"Value of output {output}"}
            records += shown
        records += self.source_records(node)
        inputs = [self.link(source, self.output_text(source, output)) for source, output in node.inputs]
        records += self.links("Reads", inputs)
        records += self.links("Comes after", [self.link(control) for control in node.controls])
        after = self.consumers[name]
        forward = [other for other in after if self.origin(other) is None]
        records += self.links("Read by", [self.link(other) for other in forward])
        records += self.links("Its gradient", [self.link(other) for other in self.gradients.get(name, [])])
        origin = self.origin(name)
        if origin is not None:
            records += self.links("Part of the gradient of", [self.link(origin)])
        others = [other for other in after if other not in forward and other not in self.gradients.get(name, [])]
        records += self.links("Read by gradients", [self.link(other) for other in others])
        if name in self.costs:
            cost = self.costs[name]
            rows = [["time", seconds_text(cost.seconds)], ["output", bytes_text(cost.nbytes)]]
            records.append({"kind": "rows", "label": "When it ran", "rows": rows})
        return records

    def output_records(self, node: NodeRecord) -> list[Record]:
        rows = []
        for k, record in enumerate(node.outputs[:6]):
            label = "gives" if len(node.outputs) == 1 else f"output {k}"
            rows.append([label, f"{record.dtype.removesuffix('_ref')} {shape_text(record.shape)}"])
        if len(node.outputs) > 6:
            rows.append(["…", f"{len(node.outputs)} outputs"])
        if node.value:
            rows.append(["value", node.value])
        if node.device:
            rows.append(["device", node.device])
        return [{"kind": "rows", "label": "", "rows": rows}] if rows else []

    def source_records(self, node: NodeRecord) -> list[Record]:
        """Where the operation was made: cell and line, and the source around it."""
        made = self.operation(node.name)
        if made is not None and made.site is not None:
            place, run = made.site.describe(), run_that_made(made)
            if run is not None:  # the cell may have been run several times
                place = place.replace(f"cell [{run.number}]", f"cell [{run.number}], run {run.run}")
            return [{"kind": "source", "label": "Made in", "place": place, "code": source_lines(made.site)}]
        return [{"kind": "source", "label": "Made in", "place": node.site, "code": ""}] if node.site else []

    def operation(self, name: str) -> Any:
        """The operation itself, where the graph is there to be asked."""
        if self.graph is None:
            return None
        try:
            return self.graph.get_operation_by_name(name)
        except (KeyError, ValueError):
            return None

    def output_text(self, name: str, output: int) -> str:
        """What flows along an edge: dtype and shape, and the value if there is one."""
        node = self.view.by_name.get(name)
        known = self.values.get(name, [])
        if output < len(known) and known[output] is not None:
            return f"= {summary_text(known[output])}"
        if node is None or not 0 <= output < len(node.outputs):
            return ""
        record = node.outputs[output]
        return f"{record.dtype.removesuffix('_ref')} {shape_text(record.shape)}"

    # ---- a scope --------------------------------------------------------------------------------------------------

    def scope_records(self, box: str, folding: Folding) -> list[Record]:
        names = folding.members[box]
        what = "series of alike boxes" if box in folding.stacks else "name scope"
        title = "initial values" if box == INITIAL_VALUES else box.rstrip("/") or box
        purpose = PURPOSE.get(folding.role(box), "")
        detail = f"{what}, {count(len(names), 'operation')}" + (f": {purpose}" if purpose else "")
        records: list[Record] = [{"kind": "title", "text": title, "detail": detail}]
        records.append({"kind": "text", "text": Labels(folding).summary(box)})
        inside = set(names)
        reads: dict[str, str] = {}
        for name in names:
            for source, output in self.view.by_name[name].inputs:
                if source not in inside:
                    reads.setdefault(source, self.output_text(source, output))
        records += self.links("Reads", [self.link(name, text) for name, text in reads.items()])
        after = dict.fromkeys(other for name in names for other in self.consumers[name] if other not in inside)
        model = [name for name in after if folding.roles.get(name, FORWARD) == FORWARD]
        others = [name for name in after if folding.roles.get(name, FORWARD) != FORWARD]
        records += self.links("Read by", [self.link(name) for name in model])
        beside = self.links("Read beside the model", [self.link(name) for name in others])
        records += folded_away(beside) if model else beside
        ran = [self.costs[name] for name in names if name in self.costs]
        if ran:
            rows = [
                ["time", seconds_text(sum(cost.seconds for cost in ran))],
                ["outputs", bytes_text(sum(cost.nbytes for cost in ran))],
            ]
            records.append({"kind": "rows", "label": "When it ran", "rows": rows})
        return records + self.inside_records(box, folding)

    def inside_records(self, box: str, folding: Folding) -> list[Record]:
        """What a scope holds: what it is there for, its variables, the rest; what only makes initial values folded."""
        names, purpose = folding.members[box], folding.role(box)
        initial = [] if purpose == INITIAL else [name for name in names if folding.roles[name] == INITIAL]

        def rank(name: str) -> int:
            kind = self.view.by_name[name].type
            if folding.roles[name] != purpose:
                return 2
            return 1 if kind in VARIABLE_TYPES else 2 if kind.removesuffix("V2") in PLUMBING else 0

        def link(name: str) -> Record:
            text, kind = name.removeprefix(box) or name, self.view.by_name[name].type
            return {**self.link(name, kind if kind != text else ""), "text": text}

        others = [name for name in names if name not in set(initial)]
        records = self.links("Inside", [link(name) for name in sorted(others, key=rank)])
        words = f"{count(len(initial), 'operation')} for initial values"
        return records + folded_away(self.links(words, [link(name) for name in initial]))

    # ---- links ----------------------------------------------------------------------------------------------------

    def link(self, name: str, detail: str = "") -> Record:
        return {"name": name, "text": name, "detail": detail}

    def links(self, label: str, links: Sequence[Record]) -> list[Record]:
        """A list of links, or nothing; a very long one is cut."""
        if not links:
            return []
        more = f"and {len(links) - LINKS:,} more" if len(links) > LINKS else ""
        return [{"kind": "links", "label": label, "links": list(links[:LINKS]), "more": more}]


def folded_away(records: list[Record]) -> list[Record]:
    """The same records, each shown as one line that opens."""
    return [{**record, "folded": True} for record in records]


def source_lines(site: Any) -> str:
    """The line that made an operation with its neighbours, marked by an arrow."""
    if not site.text:
        return ""
    numbers = range(max(1, site.line - 1), site.line + 2)
    texts = dedent("\n".join(linecache.getline(site.filename, number).rstrip() for number in numbers)).split("\n")
    return "\n".join(
        f"{'→' if number == site.line else ' '} {number:>3}  {text}"
        for number, text in zip(numbers, texts, strict=False)
        if text or number == site.line
    )
