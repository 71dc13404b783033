"""Runs a workload on several libraries, each in a process of its own, turn by turn."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
ONE, TWO = "cpu, 1 thread", "wall, 2 threads"
WHOLE = "wall"  # of whole processes, which set no threads


class Worker:
    """A process that measures one workload on one library."""

    def __init__(self, python: str, library: str, name: str, threads: int, block: float) -> None:
        command = [python, str(HERE / "worker.py"), library, name, str(threads), str(block)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        answer = self._answer()
        self.ready = answer.get("ready", False)
        self.settings = answer.get("settings", {})
        self.failed = not answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        return {}

    def measure(self) -> dict[str, float]:
        """Measure one block."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def run_workload(name: str, pythons: dict[str, str], rounds: int, block: float) -> dict[str, Any]:
    """Both measures of a workload: processor time on one thread, time of the clock on two."""
    result: dict[str, Any] = {"settings": {}}
    for measure, key, threads in ((ONE, "cpu", 1), (TWO, "wall", 2)):
        workers = {lib: Worker(python, lib, name, threads, block) for lib, python in pythons.items()}
        for lib, worker in workers.items():
            if worker.failed:
                print(f"  {name} fails on {lib}", file=sys.stderr, flush=True)
        values: dict[str, list[float]] = {lib: [] for lib, worker in workers.items() if worker.ready}
        for _ in range(min(rounds, 2) if WORKLOADS[name].slow else rounds):
            for lib, found in values.items():
                answer = workers[lib].measure()
                if answer:
                    found.append(answer[key])
        for lib, worker in workers.items():
            worker.close()
            if worker.settings:
                result["settings"].setdefault(lib, {})[measure] = worker.settings
        result[measure] = summary(values)
    return result


def run_whole(name: str, pythons: dict[str, str], rounds: int) -> dict[str, Any]:
    """A workload that is a process: seconds from its start to its end, or megabytes."""
    unit = WORKLOADS[name].unit
    values: dict[str, list[float]] = {lib: [] for lib in pythons}
    used: dict[str, list[float]] = {lib: [] for lib in pythons}
    for turn in range(1 if name == "installed" else rounds + 1):
        for lib, python in pythons.items():
            if lib == "torch" and WORKLOADS[name].torch is None and name != "installed":
                continue
            seconds, cpu, megabytes, output = run_process(
                [python, str(HERE / "worker.py"), lib, name], name.endswith("_empty_cache")
            )
            if turn == 0 and name != "installed":
                continue  # the first round fills the caches, the operating system's among them
            if name == "installed":
                megabytes = json.loads(output.splitlines()[-1])["MB"]
            values[lib].append(seconds if unit == "s" else megabytes)
            used[lib].append(cpu)
    return {WHOLE: summary(values), **({"cpu": summary(used)} if unit == "s" else {})}


def run_process(command: list[str], empty_cache: bool) -> tuple[float, float, float, str]:
    """Run a process; return its seconds of the clock and of the processor, its peak of memory in MB, and what it printed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    cache = tempfile.mkdtemp() if empty_cache else None
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.DEVNULL)
        cpu = megabytes = 0.0
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
        else:
            process.wait()
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    if cache is not None:
        shutil.rmtree(cache, ignore_errors=True)
    if process.returncode:
        raise RuntimeError(f"it failed: {' '.join(command)}")
    return seconds, cpu, megabytes, text


def summary(values: dict[str, list[float]]) -> dict[str, Any]:
    """Median and least of each library, and the median over the rounds of the ratios to flowlab."""
    result: dict[str, Any] = {"median": {}, "min": {}, "ratio": {}}
    own = values.get("flowlab", [])
    for lib, found in values.items():
        if found:
            result["median"][lib], result["min"][lib] = statistics.median(found), min(found)
            if lib != "flowlab" and own:
                result["ratio"][lib] = statistics.median(p / f for p, f in zip(found, own, strict=False))
    return result
