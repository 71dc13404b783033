"""What of a workload's speed does not depend on the machine: `python -m tests.bench --quick`.

Flowlab alone, without a clock: how many instructions a plan has, as compiled and as specialised to the sizes at hand;
how many functions a step calls, of Python and of C; how much memory it takes at its peak; and, where Linux' `perf` can
count, how many instructions of the processor it runs. They are compared with the stored figures (`quick.json`; `--store`
writes them anew): more than the slack allowed is an error, so that a change that costs speed is noticed in seconds.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from tests.bench.registry import Step
from tests.bench.workloads import WORKLOADS

STORED = Path(__file__).resolve().parent / "quick.json"
# What may be more than stored: by this part, and by this much besides.
SLACK = {"instructions": (0.0, 0), "specialised": (0.0, 0), "calls": (0.05, 10), "kilobytes": (0.1, 64), "processor": (0.1, 0)}  # fmt: skip
TRIES = 3  # the least counts: now and then a step does something that it does once
STEPS = 8  # a plan is specialised after some runs, a long one after more


def figures(name: str) -> dict[str, float]:
    """The figures of one workload, measured in this process."""
    import flowlab as tf
    from flowlab._src.kernels import threads

    threads.set_threads(1)
    tf.reset_default_graph()
    step = WORKLOADS[name].graph(tf)
    sessions = list(tf.get_default_graph()._sessions)
    once(step)
    if step.prepare is None and step.units == 1:
        for _ in range(STEPS + int(plans(sessions).get("instructions", 0)) // 64):
            once(step)
    found = {
        **plans(sessions),
        "calls": min(calls(step) for _ in range(TRIES)),
        "kilobytes": min(peak(step) for _ in range(TRIES)),
    }
    for session in sessions:
        session.close()
    return found


def once(step: Step) -> None:
    """Run a step with what it needs."""
    step.call(*(() if step.prepare is None else (step.prepare(),)))


def plans(sessions: list[Any]) -> dict[str, float]:
    """The instructions of the plan of a step, and of the same plan specialised to the sizes of its feeds."""
    prepared = [each for session in sessions for each in session._prepared.values()]
    if not prepared:
        return {}
    last = prepared[-1]  # those before it gave the variables their values
    found = {"instructions": len(last.plan.instructions)}
    special = [len(each.plan.instructions) for each in last.straight.values() if hasattr(each, "plan")]
    return {**found, "specialised": special[0]} if special else found


def calls(step: Step) -> int:
    """How many functions a step calls."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    given = () if step.prepare is None else (step.prepare(),)
    gc.disable()
    sys.setprofile(note)
    try:
        step.call(*given)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def peak(step: Step) -> float:
    """Kilobytes that a step takes at its peak, over what was there before."""
    given = () if step.prepare is None else (step.prepare(),)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        step.call(*given)
        return round((tracemalloc.get_traced_memory()[1] - before) / 1000, 1)
    finally:
        tracemalloc.stop()


def processor(name: str) -> float | None:
    """Thousands of instructions of the processor that a step runs, where `perf` can count them."""
    perf = shutil.which("perf")
    if perf is None:
        return None
    counts = []
    for steps in (20, 40):
        command = [perf, "stat", "-x", ",", "-e", "instructions:u", sys.executable,
                   str(Path(__file__).with_name("worker.py")), "flowlab", name, "--steps", str(steps)]  # fmt: skip
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        line = next((line for line in done.stderr.splitlines() if "instructions" in line), "")
        if not line.split(",")[0].isdigit():
            return None  # virtual machines often have no counters
        counts.append(int(line.split(",")[0]))
    return (counts[1] - counts[0]) / 20 / 1000


def main(names: list[str], store: bool) -> int:
    """Print the figures beside the stored ones; 1 if something got worse."""
    os.environ.setdefault("FLOWLAB_NUMBA", "wait")
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    found: dict[str, dict[str, float]] = {}
    worse = []
    counts = processor("five_nodes") is not None
    for name in names:
        if WORKLOADS[name].whole or WORKLOADS[name].slow:
            continue
        found[name] = figures(name)
        if counts:
            found[name]["processor"] = processor(name) or 0.0
        worse += compare(name, found[name], stored.get(name, {}))
    if store:
        STORED.write_text(json.dumps({**stored, **found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"stored in {STORED.name}")
        return 0
    for line in worse:
        print(line)
    print(f"{len(worse)} worse than stored" if worse else "nothing is worse than stored")
    return 1 if worse else 0


def compare(name: str, found: dict[str, float], stored: dict[str, float]) -> list[str]:
    """Print a line for the workload; return one for each figure that got worse."""
    cells, worse = [], []
    for key, value in found.items():
        before = stored.get(key)
        cells.append(f"{key} {value:,.6g}" + ("" if before is None or before == value else f" (stored {before:,.6g})"))
        part, more = SLACK[key]
        if before is not None and value > before * (1 + part) + more:
            worse.append(f"worse: {name}: {key} {value:,.6g}, stored {before:,.6g}")
    print(f"{name:22} " + "; ".join(cells), flush=True)
    return worse
