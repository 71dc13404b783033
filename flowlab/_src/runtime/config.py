"""The option records that sessions take: ConfigProto, RunOptions, RunMetadata and their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean


class Options:
    """A record with fixed fields; a misspelt one is refused with the nearest name."""

    FIELDS: ClassVar[dict[str, Any]] = {}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, **values: Any) -> None:
        for name in values:
            self._check(name, ValueError, f'Protocol message {type(self).__name__} has no "{name}" field.')
        for name, default in self.FIELDS.items():
            value = values.get(name)
            object.__setattr__(self, name, (default() if callable(default) else default) if value is None else value)

    def _check(self, name: str, error: type[Exception], message: str) -> None:
        if name not in self.FIELDS:
            raise error(f"{message} {did_you_mean(name, self.FIELDS)}".rstrip())

    def __setattr__(self, name: str, value: Any) -> None:
        self._check(name, AttributeError, f'Assignment not allowed: {type(self).__name__} has no field "{name}".')
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.__dict__.items() if not callable(v))
        return f"{type(self).__name__}({given})"


@export("GPUOptions")
class GPUOptions(Options):
    """Accepted for compatibility; there is no GPU."""

    FIELDS = {
        "per_process_gpu_memory_fraction": 0.0,
        "allow_growth": False,
        "visible_device_list": "",
        "allocator_type": "",
    }


@export("OptimizerOptions")
class OptimizerOptions(Options):
    """How plans may be optimized; L0 runs every node as it is."""

    L1, L0 = 0, -1
    DEFAULT, OFF, ON_1, ON_2 = 0, -1, 1, 2
    FIELDS = {
        "do_common_subexpression_elimination": False, "do_constant_folding": False, "do_function_inlining": False,
        "opt_level": 0, "global_jit_level": 0, "max_folded_constant_in_bytes": 0,
    }  # fmt: skip


@export("GraphOptions")
class GraphOptions(Options):
    """Options of the graph as a whole."""

    FIELDS = {
        "optimizer_options": OptimizerOptions, "build_cost_model": 0, "infer_shapes": False,
        "place_pruned_graph": False, "rewrite_options": None,
    }  # fmt: skip


@export("ConfigProto")
class ConfigProto(Options):
    """Options of a session.

    Parameters
    ----------
    log_device_placement : bool
        Print on which device each operation is placed.
    allow_soft_placement : bool
        Use the CPU where a device that was asked for does not exist.
    intra_op_parallelism_threads : int
        Threads that share the work of one kernel, in this session and all others of the process: never more than the
        cores at hand; 0 leaves it as it is (FLOWLAB_THREADS, else every core).

    Examples
    --------
    >>> tf.ConfigProto(allow_soft_placement=True).allow_soft_placement
    True
    """

    FIELDS = {
        "allow_soft_placement": False, "log_device_placement": False, "device_count": dict, "gpu_options": GPUOptions,
        "graph_options": GraphOptions, "inter_op_parallelism_threads": 0, "intra_op_parallelism_threads": 0,
        "use_per_session_threads": False, "operation_timeout_in_ms": 0, "device_filters": list,
        "session_inter_op_thread_pool": list, "placement_period": 0, "isolate_session_state": False,
        "experimental": None, "cluster_def": None, "rpc_options": None,
    }  # fmt: skip


@export("RunOptions")
class RunOptions(Options):
    """Options of one run: `trace_level=tf.RunOptions.FULL_TRACE` measures every node."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3
    FIELDS = {
        "trace_level": 0, "timeout_in_ms": 0, "inter_op_thread_pool": 0, "output_partition_graphs": False,
        "debug_options": None, "report_tensor_allocations_upon_oom": False, "experimental": None,
    }  # fmt: skip


class NodeExecStats(Options):
    """When one node ran, in microseconds, and how many bytes it gave."""

    FIELDS = {
        "node_name": "", "all_start_micros": 0, "op_start_rel_micros": 0, "op_end_rel_micros": 0,
        "all_end_rel_micros": 0, "timeline_label": "", "thread_id": 0, "memory": list, "output": list,
    }  # fmt: skip


class DeviceStepStats(Options):
    """The nodes that ran on one device."""

    FIELDS = {"device": "", "node_stats": list}


class StepStats(Options):
    """What each device did in a run."""

    FIELDS = {"dev_stats": list}


@export("RunMetadata")
class RunMetadata(Options):
    """What a traced run measured: `step_stats.dev_stats[0].node_stats`, a record for each node."""

    FIELDS = {"step_stats": StepStats, "cost_graph": None, "partition_graphs": list}
