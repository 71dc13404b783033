"""Compare what flowlab did with what TensorFlow did, and say readably where they part."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tolerance import assert_close
from .differences import canonical_node
from .record import Program, restore_array

MOST_LINES = 40


def compare_records(entry: Program, expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """Lines that tell the differences; none when the records agree."""
    if entry.error is not None:
        return compare_errors(entry, actual["error"])
    lines: list[str] = []
    if "graph" in entry.keep:
        lines += compare_graphs(expected["graph"], actual["graph"])
        if lines and "graph of 2.21" in expected and not compare_graphs(expected["graph of 2.21"], actual["graph"]):
            lines = ["(the graph is the one that TensorFlow 2.21 builds, see differences.PATCHED)", *lines]
    if "skeleton" in entry.keep:
        lines += compare_skeletons(expected["skeleton"], actual["skeleton"])
    if "values" in entry.keep:
        lines += compare_values(expected["values"], actual["values"], entry, "result")
    return lines


def compare_errors(entry: Program, actual: dict[str, Any]) -> list[str]:
    lines = []
    if entry.error not in actual["classes"]:
        raised = actual["classes"][0] if actual["classes"] else "nothing"
        lines.append(f"raised {raised} ({actual['message']}), expected {entry.error}")
    for phrase in entry.says:
        if phrase not in actual["message"]:
            lines.append(f"the message lacks {phrase!r}: {actual['message']!r}")
    return lines


def compare_graphs(expected: list[list[str]], actual: list[list[str]]) -> list[str]:
    """Name the nodes that are missing, extra, different, or made in another order."""
    wanted = {node[0]: canonical_node(node) for node in expected}
    found = {node[0]: canonical_node(node) for node in actual}
    lines = [f"missing  {show_node(node)}" for name, node in wanted.items() if name not in found]
    lines += [f"extra    {show_node(node)}" for name, node in found.items() if name not in wanted]
    for name in wanted.keys() & found.keys():
        if wanted[name] != found[name]:
            lines += [f"expected {show_node(wanted[name])}", f"     got {show_node(found[name])}"]
    if not lines and list(wanted) != list(found):
        first = next(i for i, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
        lines.append(f"order: node {first} is {list(found)[first]!r}, expected {list(wanted)[first]!r}")
        lines.append(f"  expected {list(wanted)}")
        lines.append(f"       got {list(found)}")
    return shorten(lines)


def compare_skeletons(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """The nodes that differ, and the count when the nodes agree."""
    graphs = [[[name, kind, "", outputs] for name, kind, outputs in g["nodes"]] for g in (expected, actual)]
    lines = compare_graphs(*graphs)
    if not lines and expected["count"] != actual["count"]:
        lines.append(f"counts {actual['count']} nodes, expected {expected['count']}: default seeds will differ")
    return lines


def show_node(node: tuple[str, ...]) -> str:
    name, op_type, inputs, outputs = node
    return f"{name} = {op_type}({inputs}) -> {outputs or 'nothing'}"


def shorten(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES} more lines"]


def compare_values(expected: Any, actual: Any, entry: Program, path: str) -> list[str]:
    """Compare two described values, Python types, dtypes and shapes included."""
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return [] if expected == actual else [f"{path}: got {actual!r}, expected {expected!r}"]
    if expected.keys() != actual.keys() and not {"shape", "dtype"} <= expected.keys() & actual.keys():
        return [f"{path}: got {shorten_value(actual)}, expected {shorten_value(expected)}"]
    if "dict" in expected or "fields" in expected:
        return compare_items(expected, actual, entry, path)
    for sequence in ("list", "tuple"):
        if sequence in expected:
            return compare_sequences(expected[sequence], actual[sequence], entry, path)
    if "scalar" in expected or "float" in expected:
        name = expected.get("scalar", "float64")
        if expected.get("scalar") != actual.get("scalar"):
            return [f"{path}: got a {actual.get('scalar')}, expected a {expected['scalar']}"]
        key = "data" if "scalar" in expected else "float"
        wrapped = [{"dtype": name, "shape": [], "data": [side[key]]} for side in (expected, actual)]
        return compare_arrays(*wrapped, entry, path)
    if "dtype" in expected:
        return compare_arrays(expected, actual, entry, path)
    return [] if expected == actual else [f"{path}: got {actual}, expected {expected}"]


def shorten_value(record: Any) -> str:
    text = str(record)
    return text if len(text) <= 200 else text[:200] + "..."


def compare_items(expected: dict[str, Any], actual: dict[str, Any], entry: Program, path: str) -> list[str]:
    key = "dict" if "dict" in expected else "fields"
    if expected.get("namedtuple") != actual.get("namedtuple"):
        return [f"{path}: got a {actual.get('namedtuple')}, expected a {expected.get('namedtuple')}"]
    if list(expected[key]) != list(actual[key]):
        return [f"{path}: has {list(actual[key])}, expected {list(expected[key])}"]
    lines = []
    for name, item in expected[key].items():
        lines += compare_values(item, actual[key][name], entry, f"{path}.{name}")
    return lines


def compare_sequences(expected: list[Any], actual: list[Any], entry: Program, path: str) -> list[str]:
    if len(expected) != len(actual):
        return [f"{path}: has {len(actual)} items, expected {len(expected)}"]
    lines = []
    for i, (left, right) in enumerate(zip(expected, actual, strict=True)):
        lines += compare_values(left, right, entry, f"{path}[{i}]")
    return lines


def compare_arrays(expected: dict[str, Any], actual: dict[str, Any], entry: Program, path: str) -> list[str]:
    for part in ("dtype", "shape"):
        if expected[part] != actual[part]:
            return [f"{path}: {part} is {actual[part]}, expected {expected[part]}"]
    wanted, found = restore_array(expected), restore_array(actual)
    if entry.exact:
        agreed = wanted.tobytes() == found.tobytes()
    else:
        agreed = within_tolerance(wanted, found, entry.factor)
    if agreed:
        return []
    return [f"{path}: got {np.array2string(found, threshold=20)}, expected {np.array2string(wanted, threshold=20)}"]


def within_tolerance(wanted: np.ndarray, found: np.ndarray, factor: float) -> bool:
    try:
        assert_close(found, wanted, factor)
    except AssertionError:
        return False
    return True
