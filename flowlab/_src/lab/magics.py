"""`%%flow` and `%flow`: what `%load_ext flowlab` adds to a notebook.

Each does what a plain function does too (`tf.lab.graph`, `tf.lab.plot`); the magics save typing.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

from flowlab._src.graph.default import get_default_graph, reset_default_graph, set_global_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.stacks import default_session
from flowlab._src.graph.tensor import Tensor
from flowlab._src.lab.cells import forget_cells, know_cells, run_body, running_cell
from flowlab._src.lab.completion import make_matcher
from flowlab._src.lab.doctor import doctor
from flowlab._src.lab.graph import graph
from flowlab._src.lab.labels import count
from flowlab._src.lab.lints.cells import lints, program_names
from flowlab._src.lab.options import (
    FlowUsageError,
    cell_parser,
    choose,
    graph_parser,
    picture_options,
    step_parser,
    switch,
)
from flowlab._src.lab.plot import Plot, plot
from flowlab._src.lab.replacing import CellRun
from flowlab._src.lab.settings import find_theme, projector, settings
from flowlab._src.lab.step import Stepper, step
from flowlab._src.lab.theme import THEMES
from flowlab._src.lab.tracebacks import hide_library_frames, show_all_frames
from flowlab._src.lab.watch import watching
from flowlab._src.runtime.session import Session
from flowlab._src.util.as_tensorflow import install_as_tensorflow
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

ACTIONS = (
    "graph", "step", "summary", "plot", "reset", "theme", "projector", "doctor", "lint", "trace", "as-tensorflow",
)  # fmt: skip


@magics_class
class FlowMagics(Magics):
    """The magics of one shell."""

    shell: Any
    last_plot: Plot | None = None
    last_step: Stepper | None = None
    cell_info: Any = None
    matcher: Any = None

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.built_in: dict[str, weakref.ref[Graph]] = {}  # the graph of each cell

    @no_var_expand
    @cell_magic
    def flow(self, line: str, cell: str) -> None:
        """Build a graph in this cell, run it, look at it.

            %%flow [NAME] [--graph] [--run FETCH] [--step FETCH] [--feed EXPR] [--plot T1,T2] [--keep] [--seed N]
                   [--depth N] [--expand SCOPES] [--hide PATTERNS] [--forward] [--zoom Z] [--static]

        The cell is plain Python. It starts with a new, empty graph, which stays the default graph for the cells after
        it: a `tf.Session()` in the next cell runs what this one built. Run the cell again, and what it builds takes the
        place of what it built before: open sessions go on with it, and their variables keep their values as long as
        shape and dtype stay the same. What other cells have built on the replaced nodes is taken out, too, and the cell
        says which ones to run again. Without an option it runs, shows its last expression and says how many operations
        it made.

        NAME                  also give the graph this Python name
        -g, --graph           draw the graph
        -r, --run FETCH       run FETCH (a Python expression or names of nodes) and print the value; variables get
                              their initial values first, unless a default session has them already
        -s, --step FETCH      walk through the run of FETCH, one operation at a time, in the picture of its graph
        --feed EXPR           a feed_dict for --run and --step, such as "{x: 3.0}"
        -p, --plot T1,T2      plot these tensors at each training step the cell runs
        --keep                add to the present default graph instead of starting a new one; run again, the cell
                              replaces its own part of it
        --seed N              seed of the graph, set before the cell runs
        -d, --depth N         open N levels of name scopes in the picture
        --expand SCOPES       open these scopes too: "conv1,gradients", "conv*"
        --hide PATTERNS       leave these operations, scopes or operation types out of the picture
        --forward             draw the model alone: no gradients, optimizer, initial values
        --zoom Z              size of pictures; 1.3 is usual, 1.8 suits a lecture room (see also %flow projector)
        --static              only pictures that do not move
        """
        __tracebackhide__ = True
        options = cell_parser().read(line)
        if options.name and not options.name.isidentifier():
            raise FlowUsageError(f"%%flow: {options.name!r} cannot be the name of a graph; use a Python name.")
        with self.graph_of_cell(keep=options.keep) as this_run:
            before = len(get_default_graph().get_operations())
            if options.seed is not None:
                get_default_graph().seed = options.seed
            with building(this_run):
                if options.plot:
                    self.last_plot = plot(*options.plot, zoom=options.zoom, live=False if options.static else None)
                    with watching(self.last_plot, options.plot, self.find):
                        value = run_body(self.shell, cell)
                else:
                    value = run_body(self.shell, cell)
            built = get_default_graph()
            if options.name:
                self.shell.user_ns[options.name] = built
            if value is not None:
                self.shell.displayhook(value)
            if options.run:
                self.run_fetch(options.run, options.feed)
            if options.step:
                self.last_step = self.stepper(options)
                display(self.last_step)
            elif options.graph:
                display(graph(built, **picture_options(options)))
            if not (options.run or options.step or options.graph):
                made = len(built.get_operations()) - before
                whole = f", {count(before + made, 'operation')} in the graph" if before else ""
                print(f"+{count(made, 'operation')}{whole}")

    @contextlib.contextmanager
    def graph_of_cell(self, keep: bool) -> Iterator[CellRun | None]:
        """Make the graph that this cell builds in the default, for this cell and those after it.

        It is a new one, or that of the cell's last run, out of which the nodes of that run are taken.
        Inside an open `with other.as_default():`, which a notebook can only get by an InteractiveSession with a graph
        of its own, it is the default for this cell alone.
        """
        __tracebackhide__ = True
        key = self.cell_key()
        known = self.built_in.get(key)
        graph = get_default_graph() if keep else (known() if known is not None else None) or Graph()
        if not keep:
            self.built_in[key] = weakref.ref(graph)
            set_global_default_graph(graph)
        with graph.as_default() if get_default_graph() is not graph else contextlib.nullcontext():
            if graph.eager:
                yield None
                return
            this_run = CellRun(graph, key, running_cell(self.shell))
            if this_run.replaced:
                lints.forget(graph)
                print("\n".join(this_run.told(program_names(self.shell.user_ns))))
            elif not keep:
                lints.begin()
            yield this_run

    def cell_key(self) -> str:
        """What tells that it is the same cell: its identity in the notebook, or its text where it has none."""
        return getattr(self.cell_info, "cell_id", None) or str(getattr(self.cell_info, "raw_cell", "")).strip()

    def note_cell(self, info: Any) -> None:
        """A cell is about to run."""
        self.cell_info = info

    def find(self, text: str) -> Any:
        """What an expression stands for: a Python value of the cell, or a node of the graph by name."""
        try:
            return eval(text, self.shell.user_ns)
        except (NameError, SyntaxError, AttributeError):
            return self.node(text)

    def node(self, name: str) -> Tensor | Operation | None:
        """The tensor or operation of that name, None if there is none."""
        built = get_default_graph()
        known = {op.name: op for op in built.get_operations()}
        base, colon, index = name.rpartition(":")
        if colon and index.isdigit() and base in known and int(index) < len(known[base].outputs):
            return known[base].outputs[int(index)]
        found = known.get(name)
        return found.outputs[0] if found is not None and found.outputs else found

    def run_fetch(self, text: str, feed: str | None) -> None:
        """Run what `--run` names, and print each value."""
        __tracebackhide__ = True
        names, fetches = self.read_fetch(text, "--run")
        feeds = self.read_feed(feed)
        for name, value in zip(names, self.session().run(fetches, feeds), strict=True):
            print(f"{name} has run" if value is None else f"{name} = {value!s}")

    def stepper(self, options: Any) -> Stepper:
        """What `--step` asks for; with `--graph` the picture shows the rest of the graph, too."""
        __tracebackhide__ = True
        _, fetches = self.read_fetch(options.step, "--step")
        feeds = self.read_feed(options.feed)
        return step(
            self.session(),
            fetches[0] if len(fetches) == 1 else fetches,
            feeds,
            depth=options.depth,
            expand=options.expand,
            whole=True if options.graph else None,
            zoom=options.zoom,
            static=options.static or None,
        )

    def session(self) -> Session:
        """The default session, or a new one whose variables have their initial values."""
        __tracebackhide__ = True
        session = default_session()
        if session is None or session.graph is not get_default_graph():
            session = Session()
            session.run([variable.initializer for variable in get_default_graph().get_collection("variables")])
        return session

    def read_feed(self, text: str | None) -> dict[Any, Any] | None:
        """The feed_dict that `--feed` gives."""
        __tracebackhide__ = True
        feeds = eval(text, self.shell.user_ns) if text else None
        if feeds is not None and not isinstance(feeds, dict):
            raise FlowUsageError(f'--feed needs a dict such as "{{x: 3.0}}"; got {text}.')
        return feeds

    def read_fetch(self, text: str, option: str) -> tuple[list[str], list[Any]]:
        """What an option names, and how it is called: a Python expression, or names of nodes with commas."""
        __tracebackhide__ = True
        fetches = self.find(text)
        names = [text]
        if fetches is None:
            names = [part.strip() for part in text.split(",")]
            fetches = [self.find(name) for name in names]
            for name, found in zip(names, fetches, strict=True):
                if found is None:
                    nodes = [op.name for op in get_default_graph().get_operations()]
                    hint = did_you_mean(name, [*nodes, *self.tensor_names()])
                    raise FlowUsageError(f"{option} {name}: the cell has no tensor or operation of that name. {hint}")
        elif isinstance(fetches, list | tuple) and "," in text:
            names = [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]
            if len(names) != len(fetches):
                names, fetches = [text], [fetches]
        else:
            fetches = [fetches]
        return names, list(fetches)

    def tensor_names(self) -> list[str]:
        """Python names of the tensors that a learner has made."""
        return [name for name, value in self.shell.user_ns.items() if isinstance(value, Tensor)]

    @no_var_expand
    @line_magic("flow")  # type: ignore[arg-type]  # annotated for use without a name only
    def flow_line(self, line: str) -> Any:
        """Look at what is already there.

        %flow graph [--depth N] [--expand SCOPES] [--hide PATTERNS] [--forward] [--zoom Z]
        %flow step FETCH [--feed EXPR]    walk through a run in the present graph; without FETCH the last walk again
        %flow summary       the graph in words
        %flow plot          the plot of the last %%flow --plot
        %flow reset         a new, empty default graph
        %flow theme light   or dark: the look of pictures from now on
        %flow projector     larger letters and thicker lines in all pictures from now on; `off` goes back
        %flow doctor        look at this installation: what is wrong with it, and what to type
        %flow lint          tell all that the lints find now; `%flow lint off FL106` switches one off, `off` all, `on` on
        %flow trace on      show the frames inside flowlab in tracebacks; `off` hides them again
        %flow as-tensorflow   `import tensorflow as tf` gives flowlab from now on
        """
        __tracebackhide__ = True
        action, _, rest = line.strip().partition(" ")
        choose(action, ACTIONS, "an action")
        if action == "graph":
            return graph(**picture_options(graph_parser().read(rest)))
        if action == "step":
            options = step_parser().read(rest)
            if options.step:
                self.last_step = self.stepper(options)
            elif self.last_step is None:
                raise FlowUsageError("%flow step: what is to be run? Name a fetch: %flow step loss.")
            return self.last_step
        if action == "summary":
            print(graph())
        elif action == "plot":
            if self.last_plot is None:
                raise FlowUsageError("%flow plot: there is no plot yet. Run a cell with %%flow --plot loss first.")
            return self.last_plot
        elif action == "reset":
            reset_default_graph()
        elif action == "as-tensorflow":
            install_as_tensorflow()
            print("import tensorflow as tf now gives flowlab; restart the kernel to undo this")
        elif action == "lint":
            lints.command(rest.split(), self.shell.user_ns)
        elif action == "trace":
            whole = switch("trace", rest) == "on"
            (show_all_frames if whole else hide_library_frames)(self.shell)
            print("tracebacks show the frames inside flowlab, too" if whole else "tracebacks show your own lines only")
        elif action == "projector":
            projector(switch("projector", rest or "on") == "on")
        elif action == "doctor":
            print(doctor())
        elif action == "theme":
            settings.theme = find_theme(choose(rest.strip(), tuple(THEMES), "a theme"))
        return None


@contextlib.contextmanager
def building(this_run: CellRun | None) -> Iterator[None]:
    """While the body of a cell runs: note what it builds, and afterwards which variables kept their values."""
    __tracebackhide__ = True
    failed = True
    try:
        yield
        failed = False
    finally:
        if this_run is not None:
            this_run.end()
            for line in this_run.settle(failed):
                print(line)


@export("load_ipython_extension")
def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext flowlab`: add `%%flow` and `%flow`, and let messages speak of cells."""
    flow = FlowMagics(shell)
    shell.register_magics(flow)
    shell.events.register("pre_run_cell", flow.note_cell)
    flow.matcher = make_matcher(shell.user_ns, ACTIONS)
    shell.Completer.custom_matchers.append(flow.matcher)
    know_cells(shell)
    hide_library_frames(shell)
    lints.watch(shell)


@export("unload_ipython_extension")
def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext flowlab`."""
    for listener in list(shell.events.callbacks["pre_run_cell"]):
        if isinstance(getattr(listener, "__self__", None), FlowMagics):
            shell.events.unregister("pre_run_cell", listener)
            matchers = shell.Completer.custom_matchers
            matchers[:] = [each for each in matchers if each is not listener.__self__.matcher]
    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("flow", None)
    forget_cells()
    lints.leave(shell)
    show_all_frames(shell)
