"""Lints on what sessions run: a listener of `Session.run` that remembers as little as it needs."""

from __future__ import annotations

import itertools
import re
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.lab.lints.finding import Finding, found
from flowlab._src.lab.lints.first_nan import first_nan
from flowlab._src.lab.lints.on_graph import behind, changes_state
from flowlab._src.runtime.plan import Plan
from flowlab._src.util import source

UPDATE_TYPE = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]\w*")
DISCARDED = re.compile(r"^(\w[\w.\[\]]*\.assign(_add|_sub)?|tf\.assign(_add|_sub)?)\(.*\);?$")
STREAK = 6  # runs in a row before each of which the same line has built something
PATIENCE = 5  # training steps without an update of the moving averages
PLANS = 64


class Facts:
    """What the rules want to know of a plan, found out once."""

    def __init__(self, plan: Plan, graph: Graph) -> None:
        self.plan = plan
        self.nodes = {instruction.node for instruction in plan.instructions}
        types = {node.type for node in self.nodes}
        self.trains = any(UPDATE_TYPE.fullmatch(kind) for kind in types)
        self.judges = bool(types & {"ArgMax", "InTopK", "InTopKV2"})
        self.changing = {node for node in self.nodes if changes_state(node)}
        slots = {slot: tensor for tensor, slot in reversed(list(plan.slots.items()))}
        self.fetched = [slots[slot] for slot in plan.fetches]
        self.fed = [
            (tensor, slot)
            for tensor, slot in plan.slots.items()
            if slot in plan.feeds and tensor.op.type.startswith("Placeholder")
        ]
        self.read = {name for tensor in self.fetched if (name := variable_name(tensor))}
        self.set_first = {
            node.inputs[0].op.name for node in self.changing if node.name == node.inputs[0].op.name + "/Assign"
        }
        self.updated = {node.inputs[0].op.name for node in self.changing} - self.set_first


def variable_name(tensor: Tensor) -> str:
    """The variable that a fetched tensor is, or reads."""
    if tensor.op.definition.is_variable:
        return tensor.op.name
    variable = behind(tensor)
    return variable.name if variable is not None else ""


class History:
    """What the sessions on one graph have done."""

    numbers = itertools.count(1)

    def __init__(self) -> None:
        self.number = next(self.numbers)
        self.size = 0
        self.streaks: dict[tuple[str, int], int] = {}
        self.ran: set[str] = set()  # state-changing operations that have run
        self.reads: Counter[str] = Counter()  # variables fetched, by name
        self.read_at: dict[str, int] = {}  # size of the graph when a variable was fetched last
        self.steps = 0
        self.dropout: dict[str, float] = {}  # what dropout was fed while training
        self.checked: set[str] = set()
        self.sessions: weakref.WeakKeyDictionary[Any, dict[str, set[str]]] = weakref.WeakKeyDictionary()


class Runs:
    """The listener. `findings` gathers what it notices; the notebook tools tell it at the end of the cell.

    The key of a finding is the number of its graph's history, its code, and what it is about.
    """

    def __init__(self) -> None:
        self.findings: dict[tuple[int, str, str], Finding] = {}
        self.present = History()  # of the graph that runs now
        self.histories: weakref.WeakKeyDictionary[Graph, History] = weakref.WeakKeyDictionary()
        self.facts: OrderedDict[int, Facts] = OrderedDict()

    def __call__(self, session: Any, plan: Plan, frame: Any) -> Callable[[list[Any]], None]:
        graph = session.graph
        history = self.histories.get(graph)
        if history is None:
            history = self.histories[graph] = History()
            history.size = len(graph._operations)
        facts = self.facts.get(id(plan))
        if facts is None:
            facts = self.facts[id(plan)] = Facts(plan, graph)
            if len(self.facts) > PLANS:
                self.facts.popitem(last=False)
        self.present = history
        for rule in (self.growth, self.evaluation, self.pixels):
            rule(history, session, facts, frame)
        before = dict(session._state.variables)
        fed = [frame.values[slot] for slot in plan.feeds]

        def after(results: list[Any]) -> None:
            self.present = history
            self.after(history, session, facts, results, before, fed)

        return after

    def add(self, finding: Finding) -> None:
        self.findings.setdefault((self.present.number, finding.code, finding.subject), finding)

    def forget(self, graph: Graph) -> None:
        """What the runs on a graph have shown is told anew."""
        history = self.histories.pop(graph, None)
        for key in [key for key in self.findings if history is not None and key[0] == history.number]:
            del self.findings[key]

    # ---- before a run ---------------------------------------------------------------------------------------------

    def growth(self, history: History, session: Any, facts: Facts, frame: Any) -> None:
        """FL106: the same line builds operations before each of several runs in a row."""
        operations = session.graph._operations
        if len(operations) == history.size:
            history.streaks.clear()
            return
        lines: dict[tuple[str, int], list[Operation]] = {}
        for node in operations[history.size :]:
            if node.site is not None:
                lines.setdefault((node.site.filename, node.site.line), []).append(node)
        history.size = len(operations)
        history.streaks = {line: history.streaks.get(line, 0) + 1 for line in lines}
        for line, count in history.streaks.items():
            if count == STREAK:
                node = lines[line][-1]
                self.add(
                    found(
                        "FL106",
                        f"{line[0]}:{line[1]}",
                        f"this line has built operations for {count} runs in a row ('{node.name}' was the last): the graph grows",
                        node.site,
                        f"{node.name.rpartition('/')[2].rpartition('_')[0].lower() or 'result'} = ...  # built once above the loop; "
                        "inside only sess.run",
                    )
                )

    def evaluation(self, history: History, session: Any, facts: Facts, frame: Any) -> None:
        """FL138: the share that dropout keeps is fed below 1 where answers are judged."""
        for tensor, slot in facts.fed:
            if tensor.shape.ndims not in (None, 0) or not tensor.dtype.is_floating or np.ndim(frame.values[slot]):
                continue
            kind = dropout_kind(tensor)
            if not kind:
                continue
            value = float(frame.values[slot])
            idle = 1.0 if kind == "keep" else 0.0
            if facts.trains:
                history.dropout[tensor.name] = value
            elif facts.judges and value != idle and history.dropout.get(tensor.name, idle) != idle:
                names = source.python_names()
                mine = names.get(tensor.name, tensor.name)
                self.add(
                    found(
                        "FL138",
                        tensor.name,
                        f"answers are judged with '{tensor.name}' = {value:g}: dropout is at work outside of training",
                        source.caller(4),
                        f"feed_dict={{..., {mine}: {idle}}}",
                        names,
                    )
                )

    def pixels(self, history: History, session: Any, facts: Facts, frame: Any) -> None:
        """FL159: a net is trained on pixels from 0 to 255."""
        if not facts.trains or history.steps:
            return
        for tensor, slot in facts.fed:
            value = frame.values[slot]
            if (
                tensor.name in history.checked
                or not isinstance(value, np.ndarray)
                or value.ndim < 2
                or not tensor.dtype.is_floating
            ):
                continue
            history.checked.add(tensor.name)
            row = int(np.prod(value.shape[1:]))
            if row < 64 or not value.size or not first_weights(tensor):
                continue
            low, high = float(value.min()), float(value.max())
            if low == 0 and 100 < high <= 255 and not np.any(value != np.rint(value)):
                names = source.python_names()
                mine = names.get(tensor.name, tensor.name)
                self.add(
                    found(
                        "FL159",
                        tensor.name,
                        f"'{tensor.name}' is fed whole numbers from {low:g} to {high:g}; nets learn from numbers of about 0 to 1",
                        source.caller(4),
                        f"feed_dict={{{mine}: images / 255}}",
                        names,
                    )
                )

    # ---- after a run ----------------------------------------------------------------------------------------------

    def after(
        self, history: History, session: Any, facts: Facts, results: list[Any], before: dict[str, Any], fed: list[Any]
    ) -> None:
        own = history.sessions.setdefault(session, {"set": set(), "updated": set(), "told": set()})
        own["set"] |= facts.set_first
        own["updated"] |= facts.updated
        history.ran.update(node.name for node in facts.changing)
        for name in facts.read:
            history.reads[name] += 1
            history.read_at[name] = len(session.graph._operations)
        self.other_session(history, session, facts, own)
        self.metric(history, session, facts, own)
        if facts.trains:
            history.steps += 1
            if history.steps == PATIENCE:
                self.moving_averages(history, session)
        self.nan(session, facts, results, before, fed)

    def other_session(self, history: History, session: Any, facts: Facts, own: dict[str, set[str]]) -> None:
        """FL153: a variable is read that another open session has changed, and this one has only initialized."""
        for name in facts.read - own["updated"] - own["told"]:
            for other, theirs in list(history.sessions.items()):
                if other is not session and not other._closed and name in theirs["updated"] and name in own["set"]:
                    mine, there = session._state.read(name), other._state.read(name)
                    if np.shape(mine) == np.shape(there) == () and mine != there:
                        own["told"].add(name)
                        self.add(
                            found(
                                "FL153",
                                name,
                                f"'{name}' is {mine} in this session and {there} in another open one: each has its own values",
                                source.caller(5),
                                "sess = tf.Session()  # one session for all that shall share values",
                            )
                        )

    def metric(self, history: History, session: Any, facts: Facts, own: dict[str, set[str]]) -> None:
        """FL131 and FL160: a metric is read that was never updated, or read and updated in one run."""
        keys = {v.op.name for v in session.graph.get_collection("metric_variables") if hasattr(v, "op")}
        if not keys:
            return
        for tensor in facts.fetched:
            used = metric_variables(tensor, keys)
            if not used or changes_state(tensor.op) or tensor.op.definition.is_variable:
                continue
            if any(node.name in tensor_closure(tensor) for node in facts.changing):
                continue  # the update operation itself
            if used & facts.updated:
                self.add(
                    found(
                        "FL160",
                        tensor.name,
                        f"'{tensor.name}' is read in the same run that updates it: the value may be the one before",
                        source.caller(5),
                        f"sess.run(update); sess.run({source.python_names().get(tensor.name, 'metric')})  # one after the other",
                    )
                )
            elif not used & own["updated"]:
                self.add(
                    found(
                        "FL131",
                        tensor.name,
                        f"'{tensor.name}' is read, but its update operation has not run in this session: nothing is counted",
                        source.caller(5),
                        f"sess.run(update_op)  # for each batch, then sess.run({source.python_names().get(tensor.name, 'metric')})",
                    )
                )

    def moving_averages(self, history: History, session: Any) -> None:
        """FL137: training steps have run, the updates in UPDATE_OPS have not."""
        updates = [getattr(update, "op", update) for update in session.graph.get_collection("update_ops")]
        missed = [op for op in updates if isinstance(op, Operation) and not history.ran & reached(op)]
        if missed and len(missed) == len(updates):
            count = len(missed)
            self.add(
                found(
                    "FL137",
                    missed[0].name,
                    f"{count} operation{'s' * (count > 1)} of UPDATE_OPS ('{missed[0].name}' first) did not run in "
                    f"{history.steps} training steps",
                    missed[0].site,
                    "with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):  # around minimize",
                )
            )

    def nan(self, session: Any, facts: Facts, results: list[Any], before: dict[str, Any], fed: list[Any]) -> None:
        """FL115: a fetched number is nan; find the operation that made the first one."""
        for tensor, value in zip(facts.fetched, results, strict=True):
            if isinstance(value, np.floating) and value != value:
                if any(key[:2] == (self.present.number, "FL115") for key in self.findings):
                    return
                culprit = first_nan(session, tensor, facts.plan, before, fed)
                if culprit is None:
                    return
                node, told = culprit
                names = source.python_names()
                cure = "tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)"
                self.add(
                    found(
                        "FL115",
                        tensor.name,
                        f"'{tensor.name}' is nan: it begins at '{node.name}' ({node.type}){told}",
                        node.site,
                        f"{cure}  # without a log of 0; or tf.clip_by_value" if node.type in ("Log", "Mul") else
                        "a smaller learning rate, or tf.where around the division",
                        names,
                    )
                )  # fmt: skip
                return

    # ---- at the end of a cell ---------------------------------------------------------------------------------------

    def never_run(self, graph: Graph) -> Iterator[Finding]:
        """FL119: assignments that were thrown away, to variables that were read afterwards."""
        history = self.histories.get(graph)
        if history is None:
            return
        for node in graph._operations:
            if not changes_state(node) or node.name in history.ran or node.site is None:
                continue
            if any(t.consumers() for t in node.outputs) or node._control_outputs or not DISCARDED.match(node.site.text):
                continue
            name = node.inputs[0].op.name
            if history.read_at.get(name, -1) > node._id:
                yield found(
                    "FL119",
                    node.name,
                    f"'{node.name}' has never run, and '{name}' keeps its value: the line only builds the assignment",
                    node.site,
                    f"sess.run({node.site.text.rstrip(';')})",
                )


def dropout_kind(tensor: Tensor) -> str:
    """Whether a number that is fed is the share that a dropout keeps, or drops; '' for other numbers."""
    stack, seen, kind = [(tensor, "rate")], set(), ""
    while stack:
        here, kind = stack.pop()
        for user in here.consumers():
            if user.type == "GreaterEqual" and any("random_uniform" in t.op.name for t in user.inputs):
                return kind
            if user.type in ("Sub", "Identity", "Cast") and user not in seen:
                seen.add(user)
                flips = user.type == "Sub" and user.inputs[1] is here
                stack.append((user.outputs[0], "keep" if flips else kind))
    return ""


def first_weights(tensor: Tensor) -> bool:
    """Whether a fed tensor goes straight into the first layer of a net."""
    stack = [tensor]
    while stack:
        for user in stack.pop().consumers():
            if user.type in ("MatMul", "Conv2D"):
                return True
            if user.type in ("Reshape", "Identity", "ExpandDims"):
                stack.append(user.outputs[0])
    return False


def tensor_closure(tensor: Tensor) -> set[str]:
    """Names of all operations behind a tensor."""
    seen, stack = {tensor.op.name}, [tensor.op]
    while stack:
        node = stack.pop()
        for before in [*(t.op for t in node.inputs), *node.control_inputs]:
            if before.name not in seen:
                seen.add(before.name)
                stack.append(before)
    return seen


def metric_variables(tensor: Tensor, keys: set[str]) -> set[str]:
    return tensor_closure(tensor) & keys if "value" in tensor.op.name or keys & {tensor.op.name} else set()


def reached(operation: Operation) -> set[str]:
    """The state-changing operations that an operation stands for: itself, or those it groups."""
    return {operation.name, *(op.name for op in operation.control_inputs), *(t.op.name for t in operation.inputs)}
