"""Run the graphs of all samples in the other library: ours in TensorFlow, TensorFlow's here.

With a Python that has TensorFlow 2.21, from the root of the project::

    PYTHONPATH=. python -m tests.graph.exchange_with_tensorflow [--theirs] [part of a sample's name ...]

Each sample's graph is written as a GraphDef by one library, imported and run by the other, and the values compared. So
are the programs of `make_graphdefs.py`, training steps included, where a word is in their names (all without words).
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import numpy as np

# Samples that cannot be exchanged, and why.
OTHERWISE: dict[str, str] = {}


def build_graph(tf: Any, sample: Any) -> tuple[bytes, list[str], list[str], list[np.ndarray]]:
    """The graph of a sample as bytes, the names of inputs and outputs, and the values."""
    from tests.ops.make_golden import build

    with tf.Graph().as_default() as graph, tf.Session() as sess:
        holders, outputs = build(tf, sample)
        values = sess.run(outputs, dict(zip(holders, sample.inputs, strict=True)))
        data = graph.as_graph_def().SerializeToString()
    names = [t.name for t in holders], [t.name if hasattr(t, "name") else t for t in outputs]
    return data, *names, [np.asarray(value) for value in values]


def run_graph(tf: Any, data: bytes, holders: list[str], outputs: list[str], inputs: Any) -> list[np.ndarray]:
    """Import a graph and run it."""
    with tf.Graph().as_default(), tf.Session() as sess:
        graph_def = tf.GraphDef.FromString(data)
        tensors = tf.import_graph_def(graph_def, return_elements=[*holders, *outputs], name="copy")
        feeds = dict(zip(tensors[: len(holders)], inputs, strict=True))
        return [np.asarray(value) for value in sess.run(tensors[len(holders) :], feeds)]


def differs(expected: np.ndarray, actual: np.ndarray, factor: float) -> str:
    """What is different about two arrays; "" when they agree within the tolerance of their type."""
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return f"{expected.dtype}{expected.shape} against {actual.dtype}{actual.shape}"
    if expected.dtype.kind in "fc":
        small = {2: 1e-2, 4: 2e-4, 8: 1e-8}[expected.dtype.itemsize // (2 if expected.dtype.kind == "c" else 1)]
        same = np.allclose(expected, actual, rtol=small * factor, atol=small * factor, equal_nan=True)
    else:
        same = np.array_equal(expected, actual)
    return "" if same else f"values {expected.ravel()[:4]} against {actual.ravel()[:4]}"


def exchange_program(writer: Any, reader: Any, build: Any) -> str:
    """What is different when one library runs what the other has built; "" when nothing is."""
    from tests.graph.make_graphdefs import run

    with writer.Graph().as_default():
        fetches, feeds, train = build(writer)
        expected = run(writer, fetches, feeds, train)
        data = writer.train.export_meta_graph().SerializeToString()
    with reader.Graph().as_default():
        reader.train.import_meta_graph(reader.MetaGraphDef.FromString(data))
        actual = run(reader, fetches, feeds, train)
    for name, one, other in zip(fetches, expected, actual, strict=True):
        same = one == other if "joined" in name else np.allclose(one, other, rtol=2e-5, atol=1e-6)
        if not same:
            return f"{name}: {one} against {other}"
    return ""


def main(arguments: list[str]) -> int:
    """Exchange the samples whose names hold one of the words; the number of failures is the exit status."""
    import flowlab
    from tests.graph.make_graphdefs import PROGRAMS
    from tests.ops.registry import all_samples
    from tests.oracle.make_golden import import_tensorflow

    tensorflow = import_tensorflow(patched=False)
    writer, reader = (tensorflow, flowlab) if "--theirs" in arguments else (flowlab, tensorflow)
    words = [word for word in arguments if not word.startswith("--")]
    count = failures = 0
    for name, build in PROGRAMS.items():
        if words and not any(word in name for word in words):
            continue
        count += 1
        try:
            difference = exchange_program(writer, reader, build)
        except Exception as error:
            difference = f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"
        if difference:
            failures += 1
            print(f"{name}: {difference}")
    for name, sample in all_samples():
        if words and not any(word in name for word in words):
            continue
        count += 1
        try:
            data, holders, outputs, expected = build_graph(writer, sample)
        except Exception as error:
            print(f"{name}: is not built: {type(error).__name__} {str(error).splitlines()[0][:150]}")
            continue
        try:
            actual = run_graph(reader, data, holders, outputs, sample.inputs)
            found = [differs(e, a, sample.tolerance) for e, a in zip(expected, actual, strict=True)]
        except Exception as error:
            if "-v" in words:
                traceback.print_exc()
            found = [f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"]
        if any(found):
            failures += 1
            print(f"{name}: {next(text for text in found if text)}")
    print(f"{count} samples and programs, {failures} failures")
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
