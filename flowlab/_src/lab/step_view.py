"""What a stepper shows, as plain dicts and texts: states of nodes, panel, log, watch list, variables.

No page is needed for any of it; the widget sends these dicts, the static picture is drawn from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowlab._src.graph.body import bodies_of
from flowlab._src.graph.operation import Operation
from flowlab._src.lab.coloring import Cost, bytes_text, seconds_text
from flowlab._src.lab.folding import Folding
from flowlab._src.lab.labels import Labels, count
from flowlab._src.lab.step_marks import STATES, Mark
from flowlab._src.lab.values import Record, cell_text, number_text, summary_text
from flowlab._src.lab.views import shape_text
from flowlab._src.runtime.state import UNINITIALIZED
from flowlab._src.runtime.stepper import Moment, Stepper, depth_of, not_finite

LOG_LINES = 60
TAG = 14  # characters of a value beside its box
DONE = ("run", "changed", "overridden", "fed", "error", "nan")


# ---- what belongs to a run ----------------------------------------------------------------------------------------


def body_operations(node: Operation) -> list[Operation]:
    """The operations that run inside of a branch or loop, those of bodies inside of it included."""
    found: dict[Operation, None] = {}
    for body in bodies_of(node):
        waiting = [tensor.op for tensor in body.outputs]
        while waiting:
            op = waiting.pop()
            if op in found or op._body is not body:
                continue
            found[op] = None
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
        for op in list(found):
            if op._body is body and op.definition.nested:
                found.update(dict.fromkeys(body_operations(op)))
    return sorted(found, key=lambda op: op._id)


def needed_operations(stepper: Stepper) -> list[Operation]:
    """Everything that this run may run, and what is fed."""
    found: dict[Operation, None] = dict.fromkeys(tensor.op for tensor in stepper.fed)
    for node in stepper.nodes:
        found[node] = None
        if node.definition.nested:
            found.update(dict.fromkeys(body_operations(node)))
    return sorted(found, key=lambda op: op._id)


class Snapshot:
    """All that has happened up to the stepper's position, by operation.

    Attributes
    ----------
    states : operation name -> key of STATES; what is not in it is not needed
    values : operation name -> the last values of its outputs
    costs : operation name -> time and bytes, all iterations together
    times : operation name -> how often it has run
    """

    def __init__(self, stepper: Stepper, needed: Iterable[Operation]) -> None:
        self.stepper = stepper
        self.states = {op.name: "waiting" for op in needed}
        self.values: dict[str, list[Any]] = {}
        self.costs: dict[str, Cost] = {}
        self.times: dict[str, int] = {}
        for tensor in stepper.fed:
            self.states[tensor.op.name] = "fed"
            self.note_value(tensor, stepper.frame.values[stepper.frame.plan.slots[tensor]])
        self.replay()
        self.read_inputs_of_bodies()
        for variable, (_, now) in stepper.changes().items():  # the variable itself shows that it has changed
            if variable in self.states:
                self.states[variable] = "changed"
                if plain(now) is not None:
                    self.values[variable] = [now]
        following = stepper.next_node
        if following is not None and not (stepper.past and stepper.past[-1].kind == "error"):
            self.states[following.name] = "next"

    def replay(self) -> None:
        open_bodies: list[list[Any]] = []  # [operations inside, iteration]
        for moment in self.stepper.past:
            self.new_iteration(open_bodies, moment.frame)
            name = moment.node.name
            if moment.kind == "enter":
                inside = body_operations(moment.node)
                self.states.update({op.name: "run" if op.type == "BodyInput" else "waiting" for op in inside})
                open_bodies.append([inside, 0])
                continue
            if moment.kind == "leave" and open_bodies:
                for op in open_bodies.pop()[0]:
                    if self.states[op.name] == "waiting":
                        self.states[op.name] = "run" if op.name in self.times else "unused"
            self.note(moment, name)
        self.new_iteration(open_bodies, self.stepper.next_frame)

    def new_iteration(self, open_bodies: list[list[Any]], frame: Any) -> None:
        """In a new iteration of a loop all of its body is still to come."""
        if open_bodies and frame is not None and depth_of(frame) == len(open_bodies):
            inside, iteration = open_bodies[-1]
            if frame.iteration != iteration:
                open_bodies[-1][1] = frame.iteration
                for op in inside:
                    if op.type != "BodyInput":
                        self.states[op.name] = "waiting"

    def note(self, moment: Moment, name: str) -> None:
        if moment.kind == "error":
            self.states[name] = "error"
        elif moment.kind == "override":
            self.states[name] = "overridden"
            assert moment.replaced is not None
            self.note_value(moment.outputs[0], moment.replaced[2])
        else:
            self.states[name] = "nan" if not_finite(moment) else "changed" if moment.changed else "run"
            self.values[name] = [plain(value) for value in moment.outputs]
            before = self.costs.get(name, Cost(0.0, 0))
            self.costs[name] = Cost(before.seconds + moment.seconds, before.nbytes + moment.nbytes)
            self.times[name] = self.times.get(name, 0) + 1

    def note_value(self, tensor: Any, value: Any) -> None:
        outputs = self.values.setdefault(tensor.op.name, [None] * len(tensor.op.outputs))
        outputs[tensor.value_index] = plain(value)

    def read_inputs_of_bodies(self) -> None:
        """Loop variables have their values from the loop, not from an instruction."""
        frame = self.stepper.next_frame
        while frame is not None and frame.parent is not None:
            for tensor, slot in frame.plan.slots.items():
                if tensor.op.type == "BodyInput" and frame.values[slot] is not None:
                    self.note_value(tensor, frame.values[slot])
            frame = frame.parent

    def state(self, name: str) -> str:
        return self.states.get(name, "unused")


def plain(value: Any) -> Any:
    """A value that can be shown, or None: resources and the like are nothing to look at."""
    return value if isinstance(value, (np.ndarray, np.generic, bool, int, float, bytes)) else None


# ---- boxes --------------------------------------------------------------------------------------------------------


def box_mark(box: str, folding: Folding, snapshot: Snapshot) -> Mark:
    """The mark of a box: of its operation, or of all that is folded into it."""
    names = folding.members[box]
    states = [snapshot.state(name) for name in names]
    node = Labels(folding).node_of(box)
    values = snapshot.values.get(node.name, []) if node is not None else []
    is_there = node is not None and snapshot.state(node.name) in DONE and not (node.type == "Const" and node.value)
    value = tag_text(values[0]) if is_there and values and values[0] is not None else ""
    if len(names) == 1:
        return Mark(states[0], value=value)
    wanted = [state for state in states if state != "unused"]
    done = sum(state in DONE for state in wanted)
    counted = f"{done}/{len(wanted)}" if 0 < done < len(wanted) and node is None else ""
    for state in ("error", "nan", "next"):
        if state in wanted:
            return Mark(state, counted, value)
    if not wanted:
        return Mark("unused")
    if done < len(wanted):
        return Mark("waiting", counted, value)
    best = next((state for state in ("overridden", "changed", "run", "fed") if state in wanted), "run")
    return Mark(best, value=value)


def tag_text(value: Any) -> str:
    """A value in at most a few characters, else its shape."""
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind in "SU":
        text = cell_text(array.reshape(-1)[0]) if array.size == 1 else shape_text(array.shape)
    elif array.size == 1 and array.ndim == 0:
        text = number_text(array[()])
    else:
        text = shape_text(array.shape)
        if 0 < array.size <= 6 and len(nested_text(array.tolist())) <= TAG:
            text = nested_text(array.tolist())
    return text if len(text) <= TAG else text[: TAG - 1] + "…"


def nested_text(value: Any) -> str:
    """A few numbers as the list they are: "[[0.2], [0.4]]"."""
    if isinstance(value, list):
        return "[" + ", ".join(map(nested_text, value)) + "]"
    return cell_text(value)


# ---- words --------------------------------------------------------------------------------------------------------


def moment_text(moment: Moment) -> str:
    """One moment in a line, without times: "c = 15", "into while/While", "w: [1, 2] -> [0.8, 1.6]"."""
    name = moment.node.name
    if moment.kind == "enter":
        return f"into {name}"
    if moment.kind == "error":
        return f"{name} failed: {error_text(moment.error)}"
    if moment.kind == "override":
        assert moment.replaced is not None
        return f"{name} replaced by hand: {value_text(moment.replaced[1])} → {value_text(moment.replaced[2])}"
    shown = [value_text(value) for value in map(plain, moment.outputs) if value is not None]
    text = f"{'out of ' if moment.kind == 'leave' else ''}{name}"
    if moment.changed:
        return text + ": " + "; ".join(change_text(key, *both) for key, both in moment.changed.items())
    if len(shown) > 2:
        shown = [*shown[:2], f"… {len(shown)} values"]
    return text + (f" = {', '.join(shown)}" if shown else "")


def change_text(name: str, before: Any, after: Any) -> str:
    return f"{name} {value_text(before)} → {value_text(after)}"


def value_text(value: Any) -> str:
    if value is None or value is UNINITIALIZED:
        return "(no value)"
    if plain(value) is None:
        return type(value).__name__
    array = np.asarray(value)
    if array.ndim and 0 < array.size <= 6 and array.dtype.kind in "fiub":
        return nested_text(array.tolist())
    return summary_text(value)


def error_text(error: BaseException | None) -> str:
    """The first line of an error."""
    lines = str(getattr(error, "message", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def structure_text(value: Any) -> str:
    """A fetched structure in a line: "7", "[None, 5]", "{loss: 0.3}"."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {structure_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(structure_text, value)) + "]"
    return value_text(value) if plain(value) is not None else str(value)


CONSEQUENCES = (
    (r"Queue\w*(Enqueue)\w*|QueueEnqueue\w*", "put elements into a queue; they stay there"),
    (r"Queue\w*Dequeue\w*", "took elements out of a queue; they are not put back"),
    (r"Random\w*|TruncatedNormal|Multinomial|StatefulUniform\w*|ParameterizedTruncatedNormal",
     "drew random numbers; the next run draws the ones after them"),
    (r"Print\w*", "printed; what is printed stays"),
    (r"Iterator\w*|Reader\w*", "took an element of the data; the next one comes next time"),
    (r"PyFunc\w*|EagerPyFunc", "called your Python function; what that did stays"),
    (r"Write\w*|Save\w*|\w*Summary\w*", "wrote to a file; it stays written"),
)  # fmt: skip


def consequence(node: Operation) -> str:
    """What going back does not undo of an operation, in words."""
    for pattern, words in CONSEQUENCES:
        if re.fullmatch(pattern, node.type):
            return f"{node.name} {words}"
    return f"{node.name} did something outside of the variables; it stays done"


def irreversible_text(stepper: Stepper) -> list[str]:
    graph = stepper.session.graph
    return [consequence(graph.get_operation_by_name(name)) for name in stepper.irreversible]


def iterations_text(stepper: Stepper) -> str:
    """Where in loops and branches the run is: "loop/While, iteration 2"; the first iteration is number 1."""
    parts = []
    for node, iteration in stepper.iterations():
        is_loop = any(body.kind == "while" for body in bodies_of(node))
        parts.append(f"{node.name}, iteration {iteration + 1}" if is_loop else f"inside {node.name}")
    return "; ".join(parts)


def next_text(stepper: Stepper) -> str:
    """What comes next, in words."""
    node = stepper.next_node
    if stepper.past and stepper.past[-1].kind == "error":
        return "the run has failed"
    if node is None:
        return "the run is finished"
    where = iterations_text(stepper)
    leaving = stepper.position < len(stepper.log) and stepper.log[stepper.position].kind == "leave"
    what = f"out of {node.name}" if leaving else f"next: {node.name} ({node.type})"
    return what + (f" in {where}" if where else "")


def position_text(stepper: Stepper) -> str:
    done = {m.node for m in stepper.past if m.kind in ("run", "leave") and m.frame is stepper.frame}
    return f"{len(done)} of {count(len(stepper.nodes), 'operation')} run"


def log_lines(stepper: Stepper) -> list[Record]:
    """The moments around the present, oldest first; those taken back are marked."""
    first = max(0, min(stepper.position - LOG_LINES // 2, len(stepper.log) - LOG_LINES))
    return [
        {
            "text": f"{k + 1}. {'  ' * depth_of(moment.frame)}{moment_text(moment)}",
            "name": moment.node.name,
            "past": k < stepper.position,
            "sign": STATES["error" if moment.kind == "error" else "nan" if not_finite_moment(moment) else "run"].sign,
        }
        for k, moment in enumerate(stepper.log[first : first + LOG_LINES], first)
    ]


def not_finite_moment(moment: Moment) -> bool:
    return moment.kind in ("run", "leave") and not_finite(moment)


def watch_rows(stepper: Stepper) -> list[list[str]]:
    """The watch list: name and value, or why there is none."""
    rows = []
    for tensor in stepper.watched:
        try:
            rows.append([tensor.name, summary_text(stepper.value(tensor))])
        except LookupError:
            rows.append([tensor.name, "no value yet"])
    return rows


def variable_rows(stepper: Stepper) -> list[list[str]]:
    """The variables that this run writes to: name, before, now."""
    changed = stepper.changes()
    rows = []
    for name in dict.fromkeys([*stepper.will_change(), *changed]):
        before, now = changed.get(name, (stepper.before.get(name), None))
        rows.append([name, value_text(before), value_text(now) if name in changed else "not yet"])
    return rows


def run_records(name: str, stepper: Stepper, snapshot: Snapshot) -> list[Record]:
    """What this run has to say of an operation, for the panel."""
    state = snapshot.state(name)
    rows = [["state", f"{STATES[state].sign} {STATES[state].word}"]]
    times = snapshot.times.get(name, 0)
    if times > 1:
        rows.append(["has run", f"{times} times"])
    cost = snapshot.costs.get(name)
    if cost is not None:
        rows += [["time", seconds_text(cost.seconds)], ["output", bytes_text(cost.nbytes)]]
    last = next((m for m in reversed(stepper.past) if m.node.name == name), None)
    if last is not None and last.kind == "error":
        rows.append(["error", error_text(last.error)])
    records: list[Record] = [{"kind": "rows", "label": "In this run", "rows": rows}]
    if last is not None and last.changed:
        table = [["variable", "before", "after"]]
        table += [[key, value_text(before), value_text(after)] for key, (before, after) in last.changed.items()]
        records.append({"kind": "table", "label": "Changed", "rows": table, "more": ""})
    return records


def table_text(stepper: Stepper, walk: list[tuple[Operation, Operation | None]], snapshot: Snapshot) -> str:
    """The run as words: the walk back, then each operation in order with its mark and value. No times, no addresses."""
    nodes = [*dict.fromkeys(t.op for t in stepper.fed), *stepper.nodes]
    roots = [node.name for node, reason in walk if reason is None]
    back = ", ".join(node.name for node, _ in walk[:12])
    lines = [f"run of {', '.join(roots)}: {count(len(stepper.nodes), 'operation')}, {len(stepper.past)} steps done"]
    if len(walk) > len(roots):
        lines.append(f"  walk back from the fetch: {back}{', …' if len(walk) > 12 else ''}")
    rows = []
    for node in nodes[:40]:
        values = [value for value in snapshot.values.get(node.name, []) if value is not None]
        reads = ", ".join(dict.fromkeys(tensor.op.name for tensor in node.inputs))
        reads = reads if len(reads) <= 44 else reads[:43] + "…"
        value = f"= {value_text(values[0])}" if values else ""
        rows.append(
            [STATES[snapshot.state(node.name)].sign, node.name, node.type, f"<- {reads}" if reads else "", value]
        )
    widths = [max(len(row[k]) for row in rows) for k in range(4)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    if len(nodes) > 40:
        lines.append(f"  and {len(nodes) - 40} more")
    lines += [f"  variable {name}: {before} -> {now}" for name, before, now in variable_rows(stepper)]
    if stepper.error is not None and stepper.past and stepper.past[-1].kind == "error":
        lines.append(f"  failed: {error_text(stepper.error)}")
    lines += [f"  cannot be taken back: {words}" for words in irreversible_text(stepper)]
    return "\n".join(lines)
