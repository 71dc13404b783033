"""Store TensorFlow's answers to all samples: `python -m tests.ops.make_golden [family ...]` with TensorFlow 2.21.

Runs each sample in its own graph under `tensorflow.compat.v1` and writes to `tests/ops/golden/<family>.npz` and `.json`
its values, its static shapes, those that are left when the sizes or ranks of the inputs are hidden, and digests of its
graphs, which are those of 1.15 as far as `tests/oracle/as_1_15.py` puts its ways back; for each failure the message that
TensorFlow gives. `gradients.json` says which op types have a gradient rule.
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.graphs import digest, graphs_of
from tests.ops.registry import all_failures, all_samples
from tests.oracle.as_1_15 import apply_patches
from tests.oracle.make_golden import import_tensorflow

FOLDER = pathlib.Path(__file__).parent / "golden"

# What is told of an input's shape while building.
TOLD: dict[str, Callable[[np.ndarray], Any]] = {
    "known": lambda value: value.shape,
    "sizes": lambda value: [None] * value.ndim,  # the sizes are hidden
    "rank": lambda value: None,  # nothing is told
}


def flatten(result: Any) -> list[Any]:
    """The tensors of a call's result."""
    if isinstance(result, (list, tuple)):
        return [leaf for r in result for leaf in flatten(r)]
    if hasattr(result, "indices") and hasattr(result, "values") and not hasattr(result, "eval"):
        return [result.values, result.indices]
    return [result]


def holder(tf: Any, value: Any, told: str = "known") -> Any:
    """A placeholder for a value of which only the dtype and so much of the shape is known."""
    array = np.asarray(value)
    dtype = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    return tf.placeholder(dtype, TOLD[told](array))


def build(tf: Any, sample: Any, told: str = "known") -> tuple[list[Any], list[Any]]:
    """Placeholders and outputs of a sample in the default graph."""
    holders = [holder(tf, value, told) for value in sample.inputs]
    return holders, flatten(sample.call(tf, *holders))


def static_shapes(outputs: list[Any]) -> list[list[int | None] | None]:
    """What is known of the outputs' shapes while building."""
    return [None if t.shape.ndims is None else t.shape.as_list() for t in outputs]


def hidden_shapes(tf: Any, sample: Any, told: str) -> Any:
    """Static shapes when less is known of the inputs, or the class of the error where that is too little."""
    try:
        with tf.Graph().as_default():
            return static_shapes(build(tf, sample, told)[1])
    except Exception as error:
        return type(error).__name__


def run_sample(tf: Any, sample: Any) -> tuple[Any, list[np.ndarray]]:
    """Static shapes and values of a sample."""
    with tf.Graph().as_default(), tf.Session() as sess:
        holders, outputs = build(tf, sample)
        shapes = static_shapes(outputs)
        values = sess.run(outputs, dict(zip(holders, sample.inputs, strict=True)))
    return shapes, [np.asarray(v) for v in values]


def failure_message(tf: Any, failure: Any) -> tuple[str, str]:
    """Class name and first line of the error that a failure gives."""
    try:
        with tf.Graph().as_default(), tf.Session() as sess:
            holders, outputs = build(tf, failure, "rank" if failure.run else "known")
            if failure.run:
                sess.run(outputs, dict(zip(holders, failure.inputs, strict=True)))
    except Exception as error:
        return type(error).__name__, own_words(str(error))
    return "", ""


def own_words(message: str) -> str:
    """The sentence of a message, without the head that TensorFlow 2.x puts above the errors of a run."""
    lines = message.split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("Node: ")]
    return lines[heads[-1] + 1] if heads else lines[0]


def gradient_rules() -> dict[str, list[str]]:
    """The op types through which gradients flow by a rule, and those through which none flows."""
    from tensorflow.python.framework import ops

    kinds = {name: entry["type"] for name, entry in ops.gradient_registry._registry.items()}
    return {
        "rule": sorted(name for name, rule in kinds.items() if rule is not None),
        "none": sorted(name for name, rule in kinds.items() if rule is None),
    }


def main(families: list[str]) -> None:
    """Write the golden files, of all families or only of those named."""

    def wanted(name: str) -> bool:
        return not families or name.split("-", maxsplit=1)[0] in families

    samples = [(name, sample) for name, sample in all_samples() if wanted(name)]
    tf = import_tensorflow(patched=False)
    FOLDER.mkdir(exist_ok=True)
    write_json("gradients", {"tensorflow": tf.__version__, **gradient_rules()})
    arrays: dict[str, dict[str, np.ndarray]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for name, sample in samples:
        family = name.split("-")[0]
        arrays.setdefault(family, {})
        facts.setdefault(family, {})
        try:
            shapes, values = run_sample(tf, sample)
        except Exception as error:
            print(f"{name}: TensorFlow refuses it: {type(error).__name__}: {str(error).splitlines()[0]}")
            continue
        hidden = {told: hidden_shapes(tf, sample, told) for told in ("sizes", "rank")} if sample.inputs else {}
        facts[family][name] = {"shapes": shapes, "dtypes": [v.dtype.name for v in values], "hidden": hidden}
        for i, value in enumerate(values):
            if value.dtype == object:
                facts[family][name].setdefault("strings", {})[str(i)] = [v.hex() for v in value.ravel()]
                value = np.zeros(value.shape, np.int8)
            arrays[family][f"{name}:{i}"] = value
    for name, failure in [item for item in all_failures() if wanted(item[0])]:
        kind, message = failure_message(tf, failure)
        facts.setdefault(name.split("-")[0], {})["failure " + name] = {"class": kind, "message": message}
    apply_patches()
    for name, sample in samples:
        if entry := facts[name.split("-")[0]].get(name):
            entry["graphs"] = {told: digest(graph) for told, graph in graphs_of(tf, sample).items()}
    for family, content in facts.items():
        np.savez_compressed(FOLDER / f"{family}.npz", **arrays.get(family, {}))
        write_json(family, {"tensorflow": tf.__version__, "samples": content})


def write_json(name: str, content: dict[str, Any]) -> None:
    """Write one golden file; one sample or one op type a line."""
    lines = []
    for key, value in content.items():
        if isinstance(value, dict):
            inner = [f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(value.items())]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n }")
        elif isinstance(value, list):
            lines.append(f" {json.dumps(key)}: [\n" + ",\n".join(f"  {json.dumps(v)}" for v in value) + "\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
