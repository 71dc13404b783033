"""The lines below an error: Why, Where, Inputs, Try, More. This is the one place that writes them.

The first line of an error is TensorFlow's. With the lines below it a message has at most `LINES` lines.
"""

from __future__ import annotations

import re
import weakref
from typing import Any

from flowlab._src.util import misconceptions, source

LINES = 6
QUOTED = re.compile(r"'([\w.][\w./\\>-]*(?::\d+)?)'(?! \(your )")
YOURS = re.compile(r"\(your (\w+)\)")


class Last:
    """What `tf.explain()` tells of: the error that was explained last, without its frames and the values in them."""

    kind = ""
    message = ""
    parts: dict[str, str] = {}  # replaced as a whole, never changed
    id = ""
    node: Any = None  # weak reference to the operation that failed


last = Last()


def attach(
    error: BaseException, where: str = "", inputs: str = "", why: str = "", fix: str = "", node: Any = None
) -> BaseException:
    """Add the lines to an error, once; empty ones are left out. `error.flow` keeps the same as a dict."""
    if getattr(error, "flow", None) is not None:
        return error
    row = misconceptions.behind(error)
    names = source.python_names()
    parts = {"Why": named(why, names), "Where": where, "Inputs": named(inputs, names), "Try": fix}
    if row is not None:
        parts["More"] = f"tf.explain() tells the story of {row.code} (lesson {row.lesson:02})"
    parts = {key: text for key, text in parts.items() if text}
    told = sum(bool(line.strip()) for line in str(error).splitlines())
    if told + len(parts) > LINES and "Inputs" in parts:
        own = [
            name
            for name in dict.fromkeys(YOURS.findall(parts.pop("Inputs")))
            if not re.search(rf"\b{name}\b", str(parts))
        ]
        if own:  # no line to spare for the values, but the program's names must be told
            parts["Why"] = "; ".join(filter(None, [parts.get("Why", ""), f"it works on your {' and your '.join(own)}"]))
            parts = {key: parts[key] for key in ("Why", "Where", "Try", "More") if key in parts}
    if parts:
        error.add_note("\n" + "\n".join(f"  {key:<7} {text}" for key, text in parts.items()))
        error.flow = {"Code": row.code, **parts} if row is not None else parts  # type: ignore[attr-defined]
    last.kind, last.message, last.parts = type(error).__name__, str(error), parts
    last.id = row.id if row is not None else ""
    last.node = weakref.ref(node) if node is not None else None
    return error


def named(text: str, names: dict[str, str]) -> str:
    """Put the program's own name of a tensor behind its name in the graph: 'Placeholder:0' (your x)."""

    said: set[tuple[str, str]] = set()

    def own(match: re.Match[str]) -> str:
        python = names.get(match[1])
        told = match[1].partition(":")[0].split("/")  # a name in the graph that says it already
        if not python or python in told or (python, told[0]) in said:
            return match[0]
        said.add((python, told[0]))
        return f"{match[0]} (your {python})"

    return QUOTED.sub(own, text)
