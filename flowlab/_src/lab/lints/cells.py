"""Lints in a notebook: they look after each cell, and tell each kind of mistake once in a cell."""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

from flowlab._src.graph.arguments import refused
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.lab.lints.finding import Finding, kept
from flowlab._src.lab.lints.on_graph import lint_graph, printed_recipe
from flowlab._src.lab.lints.on_runs import Runs
from flowlab._src.lab.options import FlowUsageError
from flowlab._src.runtime import session as sessions
from flowlab._src.util import misconceptions
from flowlab._src.util.export import export
from flowlab._src.util.lazy import FlowlabNote
from flowlab._src.util.text import did_you_mean

SAID_BY_OP = r"`logits` of .* is the output of"  # the warning that FL113 takes the place of


class Lints:
    """The lints of this process.

    Attributes
    ----------
    off : set of str
        Codes that were switched off; "all" for all. `c.FlowMagics.lint_off` in an IPython configuration fills it.
    """

    def __init__(self) -> None:
        self.off: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen and told."""
        self.runs = Runs()
        self.told: set[tuple[int, str, str]] = set()
        self.cells: dict[str, tuple[weakref.ref[Graph], list[str]]] = {}
        self.before: tuple[weakref.ref[Graph], int] | None = None

    # ---- watching -------------------------------------------------------------------------------------------------

    def watch(self, shell: Any) -> None:
        """Look after each cell of a shell from now on."""
        self.leave(shell)
        self.reset()
        self.off |= set(getattr(shell.config.get("FlowMagics", {}), "lint_off", ()) or ())
        sessions.observers.append(self.runs)
        shell.events.register("pre_run_cell", self.begin)
        shell.events.register("post_run_cell", self.end)
        warnings.filterwarnings("ignore", SAID_BY_OP, FlowlabNote)

    def leave(self, shell: Any) -> None:
        """Look no more."""
        if self.runs in sessions.observers:
            sessions.observers.remove(self.runs)
        for event, listener in (("pre_run_cell", self.begin), ("post_run_cell", self.end)):
            if listener in shell.events.callbacks[event]:
                shell.events.unregister(event, listener)
        filters: Any = warnings.filters
        filters[:] = [entry for entry in filters if getattr(entry[1], "pattern", "") != SAID_BY_OP]

    def begin(self, info: Any = None) -> None:
        """A cell is about to run."""
        graph = get_default_graph()
        self.before = (weakref.ref(graph), 0 if graph.eager else len(graph._operations))

    def end(self, result: Any = None) -> None:
        """A cell has run: tell what is new."""
        graph = get_default_graph()
        if graph.eager or self.off >= {"all"}:
            return
        info = getattr(result, "info", None)
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        findings = [*self.cell_again(graph, info), *self.look(graph, shell.user_ns if shell is not None else {})]
        of_run = {finding: key for key, finding in self.runs.findings.items()}  # told once, whatever graph comes next
        said: set[str] = set()
        for finding in kept(findings, self.off):
            key = of_run.get(finding) or (id(graph), finding.code, finding.subject)
            if key not in self.told and finding.code not in said:
                said.add(finding.code)
                print(finding.text())
            self.told.add(key)

    def forget(self, graph: Graph) -> None:
        """Part of a graph was replaced while a cell runs: what is wrong with the new part is told anew."""
        for key in [key for key in self.told if key[0] == id(graph)]:
            self.told.discard(key)
        self.runs.forget(graph)
        self.begin()

    # ---- looking --------------------------------------------------------------------------------------------------

    def look(self, graph: Graph, namespace: dict[str, Any]) -> Iterator[Finding]:
        """All findings on a graph and on what ran on it."""
        names = program_names(namespace)
        yield from lint_graph(graph, names)
        yield from self.runs.never_run(graph)
        yield from self.runs.findings.values()
        if self.before is not None and self.before[0]() is graph:
            for operation in graph._operations[self.before[1] :]:
                recipe = printed_recipe(operation)
                if recipe is not None:
                    yield recipe

    def cell_again(self, graph: Graph, info: Any) -> Iterator[Finding]:
        """FL103: a cell that was run before has built variables or placeholders a second time in the same graph."""
        start = self.before
        code = getattr(info, "raw_cell", None)
        if start is None or start[0]() is not graph or not code:
            return
        key = getattr(info, "cell_id", None) or code.strip()
        made = graph._operations[start[1] :]
        lasting = [op.name for op in made if op.definition.is_variable or op.type in ("Placeholder", "VarHandleOp")]
        earlier = self.cells.get(key)
        if lasting:
            self.cells[key] = (weakref.ref(graph), lasting)
        if earlier is None or earlier[0]() is not graph or not lasting:
            return
        copies = [
            (old, new)
            for old, new in zip(earlier[1], lasting, strict=False)
            if old != new and (new.rpartition("_")[0] == old.rpartition("_")[0] or new.rpartition("_")[0] == old)
        ]
        if not copies:
            return
        old, new = copies[0]
        first = next(op for op in made if op.name == new)
        names = {new: old}
        mine = names[new]
        yield Finding(
            "FL103",
            new,
            f"this cell has built its part of the graph before; running it again added {len(made)} operations ('{mine}' -> '{new}')",
            first.site.quote() if first.site else "",
            "%%flow  # as the first line: the cell then replaces what it built; or tf.reset_default_graph()",
        )

    # ---- `%flow lint` -----------------------------------------------------------------------------------------------

    def command(self, words: list[str], namespace: dict[str, Any]) -> None:
        """Follow a `%flow lint` line."""
        if not words:
            findings = kept(self.look(get_default_graph(), namespace), self.off)
            print("\n".join(finding.text() for finding in findings) or "the lints find nothing")
            return
        action, codes = words[0], words[1:]
        if action not in ("on", "off"):
            raise FlowUsageError(
                f"%flow lint has no action {action!r}: use %flow lint, %flow lint off FL106, %flow lint on FL106."
            )
        for code in codes:
            if code not in known_codes():
                raise FlowUsageError(f"There is no lint {code!r}. {did_you_mean(code, known_codes())}")
        if action == "off":
            self.off |= set(codes) or {"all"}
        else:
            self.off -= set(codes) or set(self.off)


def program_names(namespace: dict[str, Any]) -> dict[str, str]:
    """The notebook's own names of nodes."""
    names: dict[str, str] = {}
    for name, value in namespace.items():
        if not name.startswith("_") and type(value).__module__.startswith("flowlab._src."):
            try:
                node = value.name
            except Exception:  # an eager tensor has none
                continue
            if isinstance(node, str):
                names.setdefault(node, name)
                names.setdefault(node.partition(":")[0], name)
    return names


def known_codes() -> list[str]:
    """The codes of all lints."""
    return [row.lint for row in misconceptions.catalogue().values() if row.lint]


lints = Lints()


@export("lab.lint")
def lint(graph: Graph | None = None) -> list[str]:
    """Look for mistakes that give no error; in a notebook with `%load_ext flowlab` this is done after each cell.

    Parameters
    ----------
    graph : Graph, optional
        The default graph if not given.

    Returns
    -------
    list of str
        A note for each mistake; an empty list where nothing was found.

    Examples
    --------
    >>> z = tf.placeholder(tf.float32, [None, 3], name="z")
    >>> labels = tf.placeholder(tf.int32, [None], name="labels")
    >>> loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=z)
    >>> tf.lab.lint()
    []
    """
    from flowlab._src.util import source

    if graph is not None and not isinstance(graph, Graph):
        raise refused("Graph", "graph", graph)
    return [
        finding.text() for finding in kept(lints.look(graph or get_default_graph(), source.python_values()), lints.off)
    ]
