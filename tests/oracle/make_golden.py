"""Write the golden files: what TensorFlow answers to every program.

Run it with a Python that has TensorFlow 2.21 and Keras 2 (``pip install tensorflow-cpu==2.21.0`` and then
``pip install --no-deps tf_keras==2.21.0`` in an environment of its own)::

    python -m tests.oracle.make_golden [--check] [theme ...]

Each program runs in a graph of its own under ``tensorflow.compat.v1`` with version 2 behaviour off and reference
variables on, with the patches of `as_1_15`, which put 1.15's ways back where 2.21 has left them. Where the graph is
another without the patches, that one is stored, too ("graph of 2.21"), so that a failing test can tell the two apart.
``--check`` writes nothing and exits with 1 if a file would change.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from .differences import NOT_RAISED, OTHER_WORDS
from .record import PROGRAMS, Program, load_programs, run_program

GOLDEN = Path(__file__).parent / "golden"


def import_tensorflow(patched: bool = True) -> Any:
    """TensorFlow's 1.x mode, quiet, on the CPU, without the kernels that round differently from run to run."""
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0"})
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.layers is that of Keras 2, in the package tf_keras
    import tensorflow.compat.v1 as tf

    tf.logging.set_verbosity(tf.logging.ERROR)
    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    from . import as_1_15_images, as_1_15_layers
    from .as_1_15 import apply_patches

    assert as_1_15_images  # their patches are in the table now
    assert as_1_15_layers

    if patched:
        apply_patches()
    return tf


def print_plain_graphs() -> None:
    """The graphs of all programs as 2.21 builds them, as JSON on standard output."""
    tf = import_tensorflow(patched=False)
    graphs = {}
    for entry in load_programs().values():
        if "graph" in entry.keep:
            graphs[entry.id] = run_program(tf, replace(entry, keep=("graph",)))["graph"]
    json.dump(graphs, sys.stdout)


def plain_graphs() -> dict[str, list[list[str]]]:
    """The same from a process of its own, because patches cannot be taken back."""
    command = [sys.executable, "-m", __spec__.name, "--plain"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)


def record_theme(tf: Any, theme: str, plain: dict[str, list[list[str]]]) -> dict[str, Any]:
    records = {entry.id: checked_record(tf, entry) for entry in PROGRAMS.values() if entry.theme == theme}
    for name, record in records.items():
        if "graph" in record and record["graph"] != plain[name]:
            record["graph of 2.21"] = plain[name]
    return records


def checked_record(tf: Any, entry: Program) -> dict[str, Any]:
    """Run a program and make sure that TensorFlow raises what the program says it must raise."""
    record = run_program(tf, entry)
    if entry.error is None:
        return record
    error = record["error"]
    raised = entry.error in error["classes"]
    if raised == (entry.id in NOT_RAISED):
        raise SystemExit(f"{entry.id}: {error['classes'][:1]} {error['message']!r}; NOT_RAISED says otherwise")
    lacking = [phrase for phrase in entry.says if phrase not in error["message"]]
    if raised and bool(lacking) != (entry.id in OTHER_WORDS):
        raise SystemExit(f"{entry.id}: lacking {lacking} in {error['message']!r}; OTHER_WORDS says otherwise")
    return {"error": entry.error}


def write_json(tf: Any, records: dict[str, Any]) -> str:
    """JSON with one node and one value to a line, so that changes can be reviewed."""
    lines = ["{", f'"tensorflow": {json.dumps(tf.__version__)},', '"programs": {']
    for position, (name, record) in enumerate(records.items()):
        comma = "," if position < len(records) - 1 else ""
        lines.append(f"{json.dumps(name)}: {{")
        parts = []
        for graph in ("graph", "graph of 2.21"):
            if graph in record:
                nodes = ",\n  ".join(json.dumps(node, separators=(",", ":")) for node in record[graph])
                parts.append(f' "{graph}": [\n  {nodes}]')
        if "skeleton" in record:
            nodes = ",\n  ".join(json.dumps(node, separators=(",", ":")) for node in record["skeleton"]["nodes"])
            parts.append(f' "skeleton": {{"count": {record["skeleton"]["count"]}, "nodes": [\n  {nodes}]}}')
        if "values" in record:
            parts.append(f' "values": {json.dumps(record["values"], separators=(",", ":"))}')
        if "error" in record:
            parts.append(f' "error": {json.dumps(record["error"])}')
        lines += [",\n".join(parts), f"}}{comma}"]
    return "\n".join([*lines, "}", "}", ""])


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the golden files of the oracle suite.")
    parser.add_argument("themes", nargs="*", help="only these themes")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    parser.add_argument("--plain", action="store_true", help="print the graphs as 2.21 builds them; write nothing")
    options = parser.parse_args()
    if options.plain:
        print_plain_graphs()
        return 0
    plain = plain_graphs()
    tf = import_tensorflow()
    load_programs()
    stale = []
    for theme in options.themes or sorted({entry.theme for entry in PROGRAMS.values()}):
        text = write_json(tf, record_theme(tf, theme, plain))
        path = GOLDEN / f"{theme}.json"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not options.check:
                path.write_text(text, encoding="utf-8", newline="\n")
    print("changed:" if stale else "nothing changed", *stale)
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
