"""The command `flowlab`, also `python -m flowlab`: what one wants to do before the first program.

flowlab warm      compile the loops for large arrays now, at most a minute, and keep them for all programs to come
flowlab doctor    look at this installation: what is wrong with it, and what to type
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from flowlab._src.kernels import compiling, jit
from flowlab._src.kernels.machine_code import store
from flowlab._src.kernels.warm import warm as compile_everything

SECONDS = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    Examples
    --------
    >>> main([])
    usage: flowlab [-h] {warm,doctor} ...
    2
    """
    parser = argparse.ArgumentParser(
        prog="flowlab", description="Tools around flowlab; programs say `import flowlab as tf`."
    )
    tasks = parser.add_subparsers(dest="task")
    warmer = tasks.add_parser("warm", help="compile the loops for large arrays now, for all programs to come")
    warmer.add_argument("--seconds", type=float, default=SECONDS, help="stop after so long (default: %(default)s)")
    tasks.add_parser("doctor", help="look at this installation: what is wrong with it, and what to type")
    task = parser.parse_args(arguments)
    if task.task == "warm":
        return warm(task.seconds)
    if task.task == "doctor":
        from flowlab._src.lab.doctor import WRONG, doctor

        report = doctor()
        print(report)
        return int(any(check.state == WRONG for check in report))
    parser.print_usage()
    return 2


def warm(seconds: float = SECONDS) -> int:
    """Compile all loops, those for float32 first, and say where they are kept."""
    if compiling.compiler.policy == compiling.NEVER:
        print("Compiling is switched off (FLOWLAB_NUMBA=0 or NUMBA_DISABLE_JIT=1): NumPy does all the work.")
        return 1
    folder = store.writable()
    if folder is None:
        print("There is no folder to keep compiled loops in: set NUMBA_CACHE_DIR to one that you can write to.")
        return 1
    begin = time.perf_counter()
    late = compile_everything("float32", "float64", seconds=seconds, tell=lambda line: print(line, flush=True))
    words = jit.status().values()
    failed = [name for name, word in jit.status().items() if word.startswith("failed")]
    print(
        f"{sum(word == 'compiled' for word in words)} loops ready after {time.perf_counter() - begin:.0f} s, in {folder}"
    )
    if late:
        print(f"No time for {len(late)} more ({', '.join(late[:3])}, ...): flowlab warm goes on with them.")
    if failed:
        print(f"Not compiled: {', '.join(failed)}. NumPy does their work.")
    return int(bool(failed))
