"""`tf.train.Scaffold`: the operations that a session of training needs around a model, found or made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.compare import logical_not
from flowlab._src.ops.constant import constant
from flowlab._src.ops.control import group, no_op
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.selecting import boolean_mask
from flowlab._src.train.later import find, saver_or_default
from flowlab._src.util import log
from flowlab._src.util.export import export
from flowlab._src.variables.variable import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)


def initialize_resources(collection: str) -> Any:
    """An operation that makes the resources of a collection."""
    resources = get_default_graph().get_collection(collection)
    return group(*[r.create for r in resources], name="init") if resources else no_op(name="init")


def initialize_tables() -> Any:
    """An operation that fills the lookup tables of the graph."""
    tables = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*tables, name="init_all_tables") if tables else no_op(name="init_all_tables")


def report_uninitialized_resources(collections: tuple[str, ...]) -> Tensor:
    """A tensor with the names of the resources that are not there yet."""
    graph = get_default_graph()
    resources = [r for name in collections for r in graph.get_collection(name)]
    with name_scope("report_uninitialized_resources"), graph.device("/cpu:0"):
        if not resources:
            return constant([], dtype=dtypes.string)
        missing = logical_not(stack([r.is_initialized for r in resources]))
        result: Tensor = boolean_mask(constant([r.handle.name for r in resources]), missing)
        return result


@export("train.Scaffold")
class Scaffold:
    """What a session of training needs around a model: how to initialize it, how to tell that it is ready, its saver.

    What is not given is taken from the graph's collections, or made, by `finalize`.

    Parameters
    ----------
    init_op : Operation, optional
        Initializes the global variables.
    init_feed_dict : dict, optional
        For `init_op`.
    init_fn : callable, optional
        `init_fn(scaffold, session)`, called after `init_op`.
    ready_op : Tensor, optional
        Names of what is not initialized; empty: ready.
    ready_for_local_init_op : Tensor, optional
    local_init_op : Operation, optional
        Initializes local variables and tables.
    summary_op : Tensor, optional
    saver : Saver, optional
    copy_from_scaffold : Scaffold, optional
        Gives what is not given here.
    local_init_feed_dict : dict, optional
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Any, Any], Any] | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Any = None,
        copy_from_scaffold: Scaffold | None = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        given = {
            "init_op": init_op, "init_feed_dict": init_feed_dict, "ready_op": ready_op,
            "ready_for_local_init_op": ready_for_local_init_op, "local_init_op": local_init_op,
            "local_init_feed_dict": local_init_feed_dict, "summary_op": summary_op, "saver": saver,
        }  # fmt: skip
        if copy_from_scaffold is not None:
            if not isinstance(copy_from_scaffold, Scaffold):
                raise TypeError("copy_from_scaffold is not a Scaffold instance.")
            given = {k: v if v is not None else copy_from_scaffold._parts[k] for k, v in given.items()}
            init_fn = init_fn if init_fn is not None else copy_from_scaffold._user_init_fn
        self._parts: dict[str, Any] = given
        self._user_init_fn: Callable[[Any, Any], Any] | None = init_fn

    @property
    def init_fn(self) -> Callable[[Any], Any] | None:
        """A function of the session, or None."""
        function = self._user_init_fn
        return None if function is None else lambda session: function(self, session)

    @property
    def init_op(self) -> Any:
        """Initializes the global variables."""
        return self._parts["init_op"]

    @property
    def init_feed_dict(self) -> Any:
        """What is fed to `init_op`."""
        return self._parts["init_feed_dict"]

    @property
    def ready_op(self) -> Any:
        """Names of what is not initialized."""
        return self._parts["ready_op"]

    @property
    def ready_for_local_init_op(self) -> Any:
        """Names of what must be initialized before `local_init_op`."""
        return self._parts["ready_for_local_init_op"]

    @property
    def local_init_op(self) -> Any:
        """Initializes local variables and tables."""
        return self._parts["local_init_op"]

    @property
    def local_init_feed_dict(self) -> Any:
        """What is fed to `local_init_op`."""
        return self._parts["local_init_feed_dict"]

    @property
    def summary_op(self) -> Any:
        """All summaries in one."""
        return self._parts["summary_op"]

    @property
    def saver(self) -> Any:
        """Writes and reads checkpoints."""
        return self._parts["saver"]

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], Any]) -> Any:
        """Return the only element of a collection, made and put there if there is none."""
        graph = get_default_graph()
        elements = graph.get_collection(collection_key)
        if len(elements) > 1:
            raise RuntimeError(
                f'More than one item in the collection "{collection_key}". Please indicate which one to use by passing '
                f"it to the tf.Scaffold constructor as:  tf.Scaffold({arg_name}=item to use)"
            )
        if elements:
            return elements[0]
        op = default_constructor()
        if op is not None:
            graph.add_to_collection(collection_key, op)
        return op

    @staticmethod
    def default_local_init_op() -> Any:
        """Return an operation that initializes local variables, tables and local resources."""
        return group(
            local_variables_initializer(), initialize_tables(), initialize_resources(GraphKeys.LOCAL_RESOURCES)
        )

    def finalize(self) -> Scaffold:
        """Find or make what is missing, then finalize the graph."""
        shared, local = GraphKeys.RESOURCES, GraphKeys.LOCAL_RESOURCES

        def init_op() -> Any:
            return group(
                global_variables_initializer(),
                initialize_resources(shared),
                get_default_graph().get_collection("saved_model_initializers"),
            )

        def ready_op() -> Any:
            return concat([report_uninitialized_variables(), report_uninitialized_resources((shared, local))], 0)

        def ready_for_local_init_op() -> Any:
            missing = report_uninitialized_variables(global_variables())
            return concat([missing, report_uninitialized_resources((shared,))], 0)

        makers = {
            "init_op": (GraphKeys.INIT_OP, init_op),
            "ready_op": (GraphKeys.READY_OP, ready_op),
            "ready_for_local_init_op": (GraphKeys.READY_FOR_LOCAL_INIT_OP, ready_for_local_init_op),
            "local_init_op": (GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op),
            "summary_op": (GraphKeys.SUMMARY_OP, find("summary.merging", "merge_all") or (lambda: None)),
        }
        for name, (key, make) in makers.items():
            if self._parts[name] is None:
                self._parts[name] = Scaffold.get_or_default(name, key, make)
        if self._parts["saver"] is None:
            self._parts["saver"] = saver_or_default()
        if self._parts["saver"] is not None:
            self._parts["saver"].build()
        get_default_graph().finalize()
        log.info("Graph was finalized.")
        return self
