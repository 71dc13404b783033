"""Time the workloads on flowlab and its peers, turn by turn, and print one table.

    python -m tests.bench [--only NAME,...] [--rounds N] [--block SECONDS] [--alone]
    python -m tests.bench --readme             also write the table into the README's performance section
    python -m tests.bench --readme --stored    write it from the results of the last run, measure nothing
    python -m tests.bench --quick              flowlab alone: what does not depend on the machine, see quick.py

The peers are installed in environments of their own (`.peers/`) on first use; `--tensorflow` and `--torch` name the
Python of an environment that has one already, `--alone` measures flowlab without them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys

from tests.bench import quick
from tests.bench.measure import HERE, run_whole, run_workload
from tests.bench.peers import python_of
from tests.bench.report import note, table, write_readme
from tests.bench.workloads import WORKLOADS

PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OMP_WAIT_POLICY",
        "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "FLOWLAB_THREADS", "FLOWLAB_NUMBA", "FLOWLAB_VECTOR_BITS")  # fmt: skip
RESULTS = HERE / "results" / "latest.json"


def main() -> int:
    """Run, print, store."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="compare plans, memory and calls with the stored ones")
    parser.add_argument("--store", action="store_true", help="with --quick: store what was found")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--tensorflow", metavar="PYTHON")
    parser.add_argument("--torch", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--block", type=float, default=0.4, help="seconds of one measurement")
    parser.add_argument("--only", help="names of workloads, separated by commas: " + ", ".join(WORKLOADS))
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    parser.add_argument("--stored", action="store_true", help="with --readme: from the results of the last run")
    args = parser.parse_args()
    names = args.only.split(",") if args.only else list(WORKLOADS)
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        parser.error(f"no such workload: {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    if args.quick:
        return quick.main(names, args.store)
    if args.stored:
        report = json.loads(RESULTS.read_text(encoding="utf-8"))
    else:
        report = run(names, args)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    text = table(report["results"]) + "\n\n" + note(report)
    print(text)
    if args.readme:
        write_readme(text)
    return 0


def run(names: list[str], args: argparse.Namespace) -> dict[str, object]:
    """Measure the workloads one after the other."""
    pythons = {"flowlab": sys.executable}
    if not args.alone:
        pythons["tensorflow"] = args.tensorflow or python_of("tensorflow")
        pythons["torch"] = args.torch or python_of("torch")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    results = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        if WORKLOADS[name].whole:
            results[name] = run_whole(name, pythons, args.rounds)
        else:
            results[name] = run_workload(name, pythons, args.rounds, args.block)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": load,
        "rounds": args.rounds,
        "block": args.block,
        "environment": {key: os.environ[key] for key in PINS if key in os.environ},
        "results": results,
    }


if __name__ == "__main__":
    sys.exit(main())
