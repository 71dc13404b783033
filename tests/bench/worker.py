"""One library, one workload: measures a block each time a line arrives on standard input.

    python worker.py LIBRARY WORKLOAD THREADS BLOCK_SECONDS    answers with a line of JSON for each line it gets
    python worker.py LIBRARY WORKLOAD                          runs a workload that is a whole process, once
    python worker.py LIBRARY WORKLOAD --steps N                runs N steps and ends (for `perf stat`)

It is run as a file, so that the Python of another environment (TensorFlow's, PyTorch's) can run it too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path[:1] = [str(Path(__file__).resolve().parent.parent.parent)]

from tests.bench.registry import Step  # noqa: E402  # found by the line above
from tests.bench.workloads import WORKLOADS  # noqa: E402

SHORTEST = 0.02  # seconds: calls that are shorter are timed several at once
WARM = 1.5  # seconds before the first block: every library gets faster in its first steps
PACKAGES = {
    "flowlab": ("flowlab", ["numpy", "numba", "protobuf", "crc32c"]),  # the notebook's tools and plots stay apart
    "tensorflow": ("tensorflow-cpu", None),
    "torch": ("torch", None),
}


def load(library: str, threads: int | None) -> Any:
    """Import a library; with `threads`, give it that many and have flowlab's kernels compiled before they are timed."""
    if library == "flowlab":
        if threads is not None:
            os.environ["FLOWLAB_THREADS"] = str(threads)
            os.environ.setdefault("FLOWLAB_NUMBA", "wait")
        import flowlab

        return flowlab
    if library == "tensorflow":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["TF_USE_LEGACY_KERAS"] = "1"  # where the cells of recurrent nets are
        import tensorflow.compat.v1 as tf

        tf.disable_v2_behavior()
        tf.logging.set_verbosity(tf.logging.ERROR)
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        return tf
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    return torch


def settings(library: str, module: Any, threads: int) -> dict[str, Any]:
    """What the library says about itself."""
    found = {"version": str(getattr(module, "__version__", "")), "threads": threads}
    if library == "torch":
        found.update(threads=module.get_num_threads(), blas="MKL" if module.backends.mkl.is_available() else "other")
    if library == "flowlab":
        import numpy as np

        from flowlab._src.kernels import threads as kernel_threads

        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        found.update(threads=kernel_threads.threads(), blas=f"{blas['name']} {blas['version']}")
    return found


def installed_size(library: str) -> float:
    """Megabytes of the files of a package and of those that it requires."""
    import re
    from importlib import metadata

    name, needed = PACKAGES[library]
    total, seen = 0, set()
    waiting = [name] if needed is None else list(needed)
    if library == "flowlab":  # an editable installation lists no files
        import flowlab

        folder = Path(flowlab.__file__).parent
        total += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for file in package.files or ():
            path = Path(str(file.locate()))
            total += path.stat().st_size if path.is_file() else 0
        waiting += [
            re.match(r"[\w.-]+", text).group()  # type: ignore[union-attr]  # a requirement begins with a name
            for text in package.requires or ()
            if "extra ==" not in text
        ]
    return total / 1e6


def least(step: Step, calls: int) -> tuple[float, float]:
    """Seconds of the clock and of the processor for each of some calls."""
    given = () if step.prepare is None else (step.prepare(),)
    call = step.call
    cpu, start = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call(*given)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return wall / calls, used / calls


def measure(step: Step, block: float, calls: int) -> dict[str, float]:
    """The least of a block."""
    walls, cpus = [], []
    end = time.perf_counter() + block
    while not walls or time.perf_counter() < end:
        wall, cpu = least(step, calls)
        walls.append(wall / step.units)
        cpus.append(cpu / step.units)
    return {"wall": min(walls), "cpu": min(cpus), "mean": sum(walls) / len(walls)}


def main() -> None:
    """Prepare the workload, then measure on demand."""
    library, name = sys.argv[1], sys.argv[2]
    if name == "installed":
        print(json.dumps({"MB": installed_size(library)}), flush=True)
        return
    threads = int(sys.argv[3]) if len(sys.argv) == 5 and sys.argv[3] != "--steps" else None
    module = load(library, 1 if "--steps" in sys.argv else threads)
    workload = WORKLOADS[name]
    make = workload.torch if library == "torch" else workload.graph
    if make is None:
        print(json.dumps({"skip": True}), flush=True)
        return
    step = make(module)
    if threads is None:
        for _ in range(int(sys.argv[4]) if "--steps" in sys.argv else 0):
            least(step, 1)
        return
    block = float(sys.argv[4])
    wall, calls = 0.0, 1
    if not workload.slow:
        end = time.perf_counter() + max(block, WARM)
        while time.perf_counter() < end or wall == 0.0:
            wall = least(step, 1)[0]
        calls = 1 if step.prepare is not None else max(1, int(SHORTEST / max(wall, 1e-9)))
    print(json.dumps({"ready": True, "settings": settings(library, module, threads)}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure(step, block, calls)), flush=True)


if __name__ == "__main__":
    main()
