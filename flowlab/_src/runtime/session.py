"""`tf.Session`: runs parts of a graph and keeps the values of its variables."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from flowlab._src.errors import InvalidArgumentError, add_notes
from flowlab._src.graph.arguments import as_int, as_key, as_list
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.stacks import sessions
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import threads
from flowlab._src.runtime.config import ConfigProto, RunMetadata, RunOptions
from flowlab._src.runtime.execute import Frame, run_to_end
from flowlab._src.runtime.explain import explain_failure, uninitialized
from flowlab._src.runtime.feed import check_feed_dict, flatten_feeds, resolve_key
from flowlab._src.runtime.fetch import Fetches, as_result, expansion_of, structure_key
from flowlab._src.runtime.limits import run_limited
from flowlab._src.runtime.partial_run import PartialRun
from flowlab._src.runtime.placement import check_placement
from flowlab._src.runtime.plan import Instruction, Plan, compile_plan
from flowlab._src.runtime.prepared import Prepared
from flowlab._src.runtime.profile import run_profiled
from flowlab._src.runtime.state import UNINITIALIZED
from flowlab._src.runtime.straight import OTHERWISE
from flowlab._src.runtime.targets import reset_target, state_for
from flowlab._src.runtime.tensor_handle import TensorHandle
from flowlab._src.util import source
from flowlab._src.util.export import export

_handles = itertools.count(1)

# The notebook tools put functions here that are told of each run: `f(session, plan, frame)` before it, with the feeds in
# the frame; what it returns, unless None, is called with the flat list of results after it.
Observer = Callable[[Any, Plan, Frame], Callable[[list[Any]], None] | None]
observers: list[Observer] = []


class Companion(Protocol):
    """Wants tensors fetched along with runs of others."""

    def wanted(self, session: Any, fetches: Any, feeds: dict[Any, Any]) -> tuple[Tensor, ...]:
        """The tensors to fetch along with this run; most often none."""

    def note(self, tensors: tuple[Tensor, ...], values: list[Any]) -> None:
        """The run is over; these are their values."""


companions: list[Companion] = []


class _Start(NamedTuple):
    """What the stepper begins with; it calls `complete` when all instructions have run."""

    frame: Frame
    fetches: Fetches
    instructions: tuple[Instruction, ...]
    complete: Callable[[], None] | None = None


@export("Session")
class Session:
    """Runs operations and evaluates tensors of one graph, and holds the values of its variables.

    Parameters
    ----------
    target : str
        '' for a session of its own, or the `target` of a `tf.train.Server`, whose sessions share their variables.
    graph : Graph, optional
        The graph to run; the default graph if not given.
    config : ConfigProto, optional

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None])
    >>> with tf.Session() as sess:
    ...     sess.run(x * 2, feed_dict={x: [1.0, 2.0]})
    array([2., 4.], dtype=float32)
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None) -> None:
        state = state_for(target)
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if config is not None and not isinstance(config, ConfigProto):
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        self._graph = graph if graph is not None else get_default_graph()
        self._config = config if config is not None else ConfigProto()
        if self._config.intra_op_parallelism_threads:  # of the whole process, as FLOWLAB_THREADS
            threads.set_threads(as_int(self._config.intra_op_parallelism_threads, "intra_op_parallelism_threads"))
        self._closed = False
        self._closed_at: source.Site | None = None
        self._state = state
        self._target = target
        self._timeout = self._config.operation_timeout_in_ms  # milliseconds for each run; 0 is no limit
        self._prepared: dict[Any, Prepared] = {}
        self._partial: dict[str, PartialRun] = {}
        self._placed = 0
        self._entered: list[Any] = []
        self._lock = threading.Lock()
        self._graph._sessions.add(self)

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a `tf.GraphDef`."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        """The target this session was made with."""
        return self._target or ""

    def list_devices(self) -> list[Any]:
        """Return the devices of this session: the CPU."""
        from flowlab._src.runtime.placement import Device

        return [Device()]

    # ---- running ------------------------------------------------------------------------------------------------

    def run(
        self,
        fetches: Any,
        feed_dict: dict[Any, Any] | None = None,
        options: RunOptions | None = None,
        run_metadata: RunMetadata | None = None,
    ) -> Any:
        """Compute `fetches` and return their values.

        Only the nodes that the fetches need are run, each once.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or list, tuple, namedtuple or dict of them, nested as you like
            Operations give None.
        feed_dict : dict, optional
            Values for placeholders; any other tensor may be overridden too.
        options : RunOptions, optional
        run_metadata : RunMetadata, optional
            With `options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)` it gets the time of each node.

        Returns
        -------
        NumPy scalars and arrays in the structure of `fetches`

        Raises
        ------
        RuntimeError
            If the session is closed or its graph is empty.
        TypeError, ValueError
            If a fetch or feed is not of this graph, or a value does not fit its tensor.
        tf.errors.OpError
            If a node fails.
        """
        if feed_dict.__class__ is not dict and feed_dict is not None:
            check_feed_dict(feed_dict)
        if options is not None and not isinstance(options, RunOptions):
            raise TypeError(f"options must be a tf.RunOptions, but got {type(options)}")
        if run_metadata is not None and not isinstance(run_metadata, RunMetadata):
            raise TypeError(f"run_metadata must be a tf.RunMetadata, but got {type(run_metadata)}")
        kind = fetches.__class__
        try:
            key: Any = (kind, tuple(fetches) if kind is list or kind is tuple else fetches,
                        tuple(feed_dict) if feed_dict else None)  # fmt: skip
            prepared = self._prepared.get(key)
        except TypeError:  # lists in lists, or a dict
            key = structure_key(fetches, feed_dict)
            prepared = None if key is None else self._prepared.get(key)
        watched = options is not None or run_metadata is not None or observers or companions or self._timeout
        if prepared is not None and prepared.quick is not None and not watched:
            built = prepared.quick(self._state, feed_dict.values() if feed_dict else ())
            if built is not OTHERWISE:
                return built
        return self._run(fetches, feed_dict, options, run_metadata, key)

    def _run(
        self,
        fetches: Any,
        feed_dict: dict[Any, Any] | None,
        options: RunOptions | None,
        run_metadata: RunMetadata | None,
        key: Any,
    ) -> Any:
        """Run with everything that may come along."""
        along = [(each, each.wanted(self, fetches, feed_dict or {})) for each in companions] if companions else []
        extra = tuple([tensor for _, tensors in along for tensor in tensors])
        traced = options is not None and bool(options.trace_level) and run_metadata is not None
        if key is not None and (traced or extra):
            key = (*key, traced, extra)
        prepared = None if key is None else self._prepared.get(key)
        if prepared is None or self._closed:
            prepared = self._prepare([fetches, *extra] if extra else fetches, feed_dict, key, fold=not traced)
        plan = prepared.plan
        frame = Frame(plan, self._state)
        values = frame.values
        given: list[Any] = []
        if feed_dict:
            raw = feed_dict.values() if key is not None and prepared.single else self._feed_values(feed_dict, prepared)
            given = [convert(value) for convert, value in zip(prepared.converters, raw, strict=True)]
            for slot, value in zip(plan.feeds, given, strict=True):
                values[slot] = value
        told = [observer(self, plan, frame) for observer in observers] if observers else None
        timeout = self._timeout if options is None else options.timeout_in_ms or self._timeout
        straight = None
        if timeout:
            run_limited(frame, timeout / 1000, run_metadata if traced else None)
        elif traced and run_metadata is not None:
            run_profiled(frame, run_metadata)
        elif plan.instructions:
            straight = prepared.straight_run(given) if key is not None else None
            if straight is None:
                run_to_end(frame)
        elif key is not None and not (observers or companions):
            prepared.straight_run(given)  # the answer is known; how to give it may be written out
        if straight is None:
            if plan.checked:
                self._check_initialized(plan, frame)
            results = [as_result(values[slot]) for slot in plan.fetches]
        else:
            results = [as_result(value) for value in straight(frame, given)]
        for i in prepared.fed:  # what was fed comes back as an array, also where it is a single number
            results[i] = np.array(results[i])
        for i, dtype, kept in prepared.handles:
            results[i] = TensorHandle(results[i], dtype, self._state.resource(kept, dict))
        if told is not None:
            for listener in told:
                if listener is not None:
                    listener(results)
        built = prepared.fetches.build(results)
        if extra:
            built, *values_along = built
            for each, tensors in along:
                each.note(tensors, values_along[: len(tensors)])
                del values_along[: len(tensors)]
        return built

    def _frame_to_step(self, fetches: Any, feed_dict: dict[Any, Any] | None, handle: str | None = None) -> _Start:
        """A frame that has everything to begin with, for the stepper: every node is kept, and every value.

        With `handle` it is the frame of a run that `partial_run_setup` announced.
        """
        if feed_dict is not None:
            check_feed_dict(feed_dict)
        if handle is not None:
            return self._part_to_step(handle, fetches, feed_dict or {})
        prepared = self._prepare(fetches, feed_dict, None, fold=False, keep=True)
        frame = Frame(prepared.plan, self._state)
        flat = flatten_feeds(feed_dict or {}, self._graph)
        for slot, convert, value in zip(prepared.plan.feeds, prepared.converters, flat.values(), strict=True):
            frame.values[slot] = convert(value)
        return _Start(frame, prepared.fetches, prepared.plan.instructions)

    def _part_to_step(self, handle: str, fetches: Any, feed_dict: dict[Any, Any]) -> _Start:
        self._check_open()
        partial = self._partial_run(handle)
        wanted = Fetches(fetches, self._graph)
        needed = partial.begin(wanted, flatten_feeds(feed_dict, self._graph))

        def complete() -> None:
            if not partial.has(wanted):
                partial.complete(wanted, needed)
                if partial.spent:
                    self._partial.pop(handle, None)

        return _Start(partial.frame, wanted, partial.instructions(needed), complete)

    def _check_initialized(self, plan: Plan, frame: Frame) -> None:
        for tensor in plan.checked:
            if frame.values[plan.slots[tensor]] is UNINITIALIZED:
                frame.instruction = next(i for i in plan.instructions if i.node is tensor.op)
                raise explain_failure(uninitialized(tensor), frame)

    def _feed_values(self, feed_dict: dict[Any, Any], prepared: Prepared) -> list[Any]:
        flat = flatten_feeds(feed_dict, self._graph)
        return [flat[t] for t in prepared.plan.slots if t in flat][: len(prepared.plan.feeds)]

    def _prepare(
        self, structure: Any, feed_dict: dict[Any, Any] | None, key: Any, fold: bool = True, keep: bool = False
    ) -> Prepared:
        """Take fetches and feeds apart and compile their plan; a traced run keeps every node (`fold` False)."""
        self._check_open()
        self._check_graph()
        fetches = Fetches(structure, self._graph)
        feeds: list[Tensor] = list(flatten_feeds(feed_dict, self._graph)) if feed_dict else []
        self._place(fetches)
        plan = compile_plan(fetches.tensors, fetches.operations, feeds, fold, keep)
        prepared = Prepared(fetches, feeds, plan)
        prepared.single = feed_dict is None or (
            len(feeds) == len(feed_dict) and not any(isinstance(k, tuple) or expansion_of(k) for k in feed_dict)
        )
        if key is not None:
            with contextlib.suppress(TypeError):  # unhashable keys are prepared anew each time
                self._prepared[key] = prepared
        return prepared

    def _check_open(self) -> None:
        if self._closed:
            raise add_notes(
                RuntimeError("Attempted to use a closed Session."),
                why=self._lost(),
                where=f"closed at {self._closed_at.quote()}" if self._closed_at else "",
                fix="sess = tf.InteractiveSession()  # stays open from cell to cell; or run inside the with block",
            )

    def _lost(self) -> str:
        """What went with a closed session."""
        known = [v.op.name for v in self._graph.get_collection("variables") if hasattr(v, "op")]
        names = f": '{known[0]}'" + (f" and {len(known) - 1} more" if len(known) > 1 else "") if known else ""
        return f"the values of its variables went with it{names}"

    def _check_graph(self) -> None:
        if not self._graph._operations:
            raise add_notes(
                RuntimeError("The Session graph is empty. Add operations to the graph before calling run()."),
                why="nothing has been built yet"
                if get_default_graph() is self._graph
                else "this session runs the graph that was the default when it was made, and that one is empty",
                where=site.quote() if (site := source.caller(2)) else "",
                fix="x = tf.constant(1.0)  # build first, then run"
                if get_default_graph() is self._graph
                else "sess = tf.Session()  # a new one, now that the graph is built; or tf.Session(graph=g) for a graph g",
            )

    def _place(self, fetches: Fetches) -> None:
        """Check the devices of nodes that are new since the last look, and print them when asked to."""
        operations = self._graph._operations
        if self._placed < len(operations):
            check_placement(operations[self._placed :], self._config, sys.stderr)
            self._placed = len(operations)

    def _forget(self, removed: list[Operation]) -> None:
        """Some operations are no longer in the graph: forget plans, and what they kept here except variables."""
        self._prepared.clear()
        self._partial.clear()
        self._placed = min(self._placed, len(self._graph._operations))
        self._state.release({op.name for op in removed})

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Callable[..., Any]:
        """Return a function that runs `fetches`, taking the values of `feed_list` as arguments.

        Examples
        --------
        >>> x = tf.placeholder(tf.float32)
        >>> with tf.Session() as sess:
        ...     double = sess.make_callable(x * 2, [x])
        ...     float(double(21.0))
        42.0
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        self._check_open()
        keys = [resolve_key(k, self._graph) for k in feed_list or ()]

        def call(*values: Any, **options: Any) -> Any:
            if options and not accept_options:
                raise TypeError(
                    f"unexpected keyword arguments {sorted(options)}: make_callable(..., accept_options=True) takes options."
                )
            if len(values) != len(keys):
                raise TypeError(
                    f"this callable takes {len(keys)} values (one for each of feed_list), got {len(values)}."
                )
            return self.run(fetches, dict(zip(keys, values, strict=True)), **options)

        return call

    # ---- partial runs -------------------------------------------------------------------------------------------

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Announce the fetches and feeds of a run that will be done in several calls of `partial_run`."""
        self._check_open()
        self._check_graph()
        announced = Fetches(fetches, self._graph)
        tensors: list[Tensor] = []
        for key in () if feeds is None else as_list(feeds, "feeds"):
            row = expansion_of(key)
            parts = row[3](key) if row is not None and row[3] is not None else [key]
            tensors += [resolve_key(part, self._graph) for part in parts]
        self._place(announced)
        plan = compile_plan(announced.tensors, announced.operations, tensors, keep=True)
        handle = f"partial_run_{next(_handles)}"
        self._partial[handle] = PartialRun(plan, announced, tensors, self._state)
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: dict[Any, Any] | None = None) -> Any:
        """Go on with a run that `partial_run_setup` announced: values computed before are kept."""
        self._check_open()
        if feed_dict is not None:
            check_feed_dict(feed_dict)
        partial = self._partial_run(handle)
        wanted = Fetches(fetches, self._graph)
        flat = flatten_feeds(feed_dict or {}, self._graph)
        values = partial.advance(wanted, flat)
        if partial.spent:
            del self._partial[handle]
        return wanted.build(values)

    def _partial_run(self, handle: Any) -> PartialRun:
        partial: PartialRun | None = self._partial.get(as_key(handle, "handle"))  # type: ignore[call-overload]  # any key
        if partial is None:
            raise InvalidArgumentError(
                None, None, f"Must run 'setup' before performing partial runs! Unknown handle {handle!r}."
            )
        return partial

    # ---- life ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the variables; the session cannot run any more."""
        if not self._closed:
            self._closed = True
            self._closed_at = source.caller(2)
            self._prepared.clear()
            self._partial.clear()
            self._state.clear()

    def as_default(self) -> Any:
        """Make this the default session for a `with` block, without closing it at the end."""
        return sessions.entered(self)

    def __enter__(self) -> Session:
        blocks = [self._graph.as_default(), self.as_default()]
        for block in blocks:
            block.__enter__()
        self._entered.append(blocks)
        return self

    def __exit__(self, exc_type: Any, exc: Any, traceback: Any) -> None:
        graph_block, session_block = self._entered.pop()
        try:
            session_block.__exit__(None, None, None)
            graph_block.__exit__(None, None, None)
        except AssertionError as error:
            raise RuntimeError(
                "Session context managers must be left in the reverse order of entering them."
            ) from error
        finally:
            self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Forget the variables and queues that the sessions of a server share; other sessions share nothing."""
        reset_target(target)


_interactive: list[Any] = []


@export("InteractiveSession")
class InteractiveSession(Session):
    """A session that makes itself the default one at once: handy in a shell or notebook.

    Examples
    --------
    >>> sess = tf.InteractiveSession()
    >>> float((tf.constant(2.0) * 3.0).eval())
    6.0
    >>> sess.close()
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None) -> None:
        super().__init__(target, graph, config)
        open_ones = [s for s in _interactive if not s._closed]
        if open_ones:
            warnings.warn(
                "An interactive session is already active. This can cause out-of-memory errors in some cases. You must "
                "explicitly call `InteractiveSession.close()` to release resources held by the other session(s).",
                stacklevel=2,
            )
        _interactive[:] = [*open_ones, self]
        self._explicit_graph = graph
        sessions.stack.append(self)
        self._graph_block: Any = None
        if graph is not None:
            self._graph_block = graph.as_default()
            self._graph_block.__enter__()

    def close(self) -> None:
        """Stop being the default session and let go of the variables."""
        if not self._closed:
            if self in sessions.stack:
                sessions.stack.remove(self)
            if self._graph_block is not None:
                self._graph_block.__exit__(None, None, None)
                self._graph_block = None
        super().close()
