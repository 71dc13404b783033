"""The profiler: drives the executor and reads the clock between its yields."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from flowlab._src.runtime.config import DeviceStepStats, NodeExecStats, RunMetadata
from flowlab._src.runtime.execute import Frame, execute

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


def run_profiled(frame: Frame, metadata: RunMetadata) -> None:
    """Run a frame to its end and write into `metadata` when each node ran, how long, and what it gave.

    Times are microseconds; a node's time is that from its yield to the next one.
    """
    stats: list[NodeExecStats] = []
    began: int = 0
    pending: tuple[Any, int] | None = None

    def note(now: int) -> None:
        if pending is not None:
            instruction, start = pending
            stats.append(_record(instruction, frame, start, now))

    with np.errstate(all="ignore"):
        for current in execute(frame):
            if current is not frame:  # inside of a branch or loop, whose time counts as a whole
                continue
            now = time.perf_counter_ns()
            note(now)
            began = time.perf_counter_ns()
            pending = (current.instruction, began)
    note(time.perf_counter_ns())
    metadata.step_stats.dev_stats.append(DeviceStepStats(device=CPU, node_stats=stats))


_OFFSET = time.time_ns() - time.perf_counter_ns()


def _record(instruction: Any, frame: Frame, start: int, end: int) -> NodeExecStats:
    size = sum(getattr(frame.values[slot], "nbytes", 0) for slot in instruction.outputs)
    node = instruction.node
    micros = max((end - start) // 1000, 1)
    return NodeExecStats(
        node_name=node.name,
        all_start_micros=(start + _OFFSET) // 1000,
        op_end_rel_micros=micros,
        all_end_rel_micros=micros,
        timeline_label=f"{node.name} = {node.type}({', '.join(t.op.name for t in node.inputs)})",
        thread_id=threading.get_ident(),
        memory=[size],
    )
