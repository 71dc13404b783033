"""How much slower a training step gets beside two busy programs, as when a browser plays a video while one learns.

    python -m tests.bench.beside [--tensorflow PYTHON] [--torch PYTHON] [--rounds N] [--only NAME,...]

Each library runs in a process of its own with two threads. Quiet blocks and blocks with two busy loops beside them take
turns; the table shows the median step of each, and their ratio. A pool whose threads spin while they wait, or wait for
each other, is slowed down far more than by the share of the cores that the others take; three times is the aim.

It needs a machine with nothing else to do: busy loops of others count as quiet.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.measure import Worker

NAMES = ("logistic_regression", "softmax_regression", "mlp", "cnn_50")
BUSY = 2
AIM = 3.0


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep the cores busy for the length of a block."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def slowdown(worker: Worker, rounds: int) -> tuple[float, float]:
    """Seconds of a step: the medians of the quiet blocks and of those beside others."""
    quiet, beside = [], []
    for _ in range(rounds):
        quiet.append(worker.measure()["mean"])
        with busy_loops(BUSY):
            beside.append(worker.measure()["mean"])
    return statistics.median(quiet), statistics.median(beside)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensorflow", metavar="PYTHON")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--block", type=float, default=1.0, help="seconds of one measurement")
    parser.add_argument("--only", default=",".join(NAMES), help="names of workloads, separated by commas")
    args = parser.parse_args()
    pythons = {"flowlab": sys.executable, "tensorflow": args.tensorflow, "torch": args.torch}
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5:
        print(
            f"The machine is busy already (load {os.getloadavg()[0]:.1f}): ratios will be too small.", file=sys.stderr
        )
    print(
        f"| workload | library | quiet, ms | beside {BUSY} busy loops, ms | ratio (aim: {AIM:g}) |\n|---|---|---:|---:|---:|"
    )
    for name in args.only.split(","):
        for library, python in pythons.items():
            if python is None:
                continue
            worker = Worker(python, library, name, 2, args.block)
            if worker.ready:
                quiet, beside = slowdown(worker, args.rounds)
                print(
                    f"| {name} | {library} | {quiet * 1e3:.3g} | {beside * 1e3:.3g} | {beside / quiet:.1f} |",
                    flush=True,
                )
            worker.close()


if __name__ == "__main__":
    main()
