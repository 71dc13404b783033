"""Where in the user's program a node was made."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any, NamedTuple

_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Inside(dict[str, bool]):
    """Whether a file belongs to the library, found once for each file."""

    def __missing__(self, filename: str) -> bool:
        inside = self[filename] = filename.startswith((_LIBRARY, "<frozen"))
        return inside


_inside = _Inside()


# The notebook tools put a function here that gives the cell number of a code object's file name.
def no_cell(filename: str) -> int | None:
    """Outside a notebook there are no cells."""
    return None


cell_number: Callable[[str], int | None] = no_cell


# `graph/default.py` puts a function here that gives the graph operations are added to.
def no_graph() -> Any:
    """Without graphs, all names are as good."""
    return None


present_graph: Callable[[], Any] = no_graph


class Site(NamedTuple):
    """A line of the user's program: the place an operation was asked for."""

    filename: str
    line: int
    function: str

    @property
    def cell(self) -> int | None:
        """Number of the notebook cell, or None outside a notebook."""
        return cell_number(self.filename)

    @property
    def text(self) -> str:
        """The source line itself, stripped; empty when it cannot be had."""
        return linecache.getline(self.filename, self.line).strip()

    def describe(self) -> str:
        """Say the place in words: 'cell [4], line 2' or 'train.py, line 17'."""
        cell = self.cell
        place = f"cell [{cell}]" if cell is not None else os.path.basename(self.filename)
        return f"{place}, line {self.line}"

    def quote(self) -> str:
        """The place and the source line behind it."""
        text = self.text
        return f"{self.describe()}:   {text}" if text else self.describe()


def user_frame(depth: int = 1) -> FrameType | None:
    """Return the nearest calling frame that does not belong to flowlab itself."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and _inside[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


# The last place found: its code, the instruction in it, and the site. A line makes many nodes as a rule (a layer, a loop,
# gradients): they share one site, and the number of the line, which takes a search, is looked up once.
_latest: tuple[CodeType | None, int, Site | None] = (None, 0, None)


def caller(depth: int = 2) -> Site | None:
    """Return the line of the user's program that is running now.

    The frames are walked by hand: 0.3 us, where a full stack would cost a hundred times that.
    """
    global _latest
    frame = user_frame(depth)
    if frame is None:
        return None
    code, instruction, site = _latest
    if code is not frame.f_code or instruction != frame.f_lasti:
        site = Site(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        _latest = (frame.f_code, frame.f_lasti, site)
    return site


def asked_by_library() -> bool:
    """Tell whether the caller of the calling function is library code, and not the user's program."""
    return _inside[sys._getframe(2).f_code.co_filename]


def entry() -> str:
    """The name of the library's function that the user's program called."""
    frame: FrameType | None = sys._getframe(1)
    name = ""
    while frame is not None and _inside[frame.f_code.co_filename]:
        name, frame = frame.f_code.co_name, frame.f_back
    return name


def python_values() -> dict[str, Any]:
    """The values of the user's program by name: those of the function that runs, and of its module."""
    frame = user_frame(2)
    return {} if frame is None else {**frame.f_globals, **frame.f_locals}


def python_names() -> dict[str, str]:
    """The names that the user's program has for nodes of the graph now: name of the node or tensor -> Python name."""
    names: dict[str, str] = {}
    elsewhere: dict[str, str] = {}  # of tensors in other graphs: a cell may have built the same there before
    here = present_graph()
    for name, value in python_values().items():
        if name.startswith("_") or not type(value).__module__.startswith("flowlab._src."):
            continue
        if isinstance(value, ModuleType):  # a stand-in of as_tensorflow.py: asking it for a name is an error of its own
            continue
        try:
            node = value.name
        except Exception:  # an eager tensor has none
            continue
        if not isinstance(node, str) or not node:
            continue
        base = node.partition(":")[0]
        keys = [node, base]
        if hasattr(value, "initializer"):
            keys += [f"{base}/read:0", f"{base}/read", f"{base}/Read/ReadVariableOp:0", f"{base}/Read/ReadVariableOp"]
        for key in keys:
            (names if getattr(value, "graph", here) is here else elsewhere).setdefault(key, name)
    known = getattr(here, "_by_name", {})
    return names | {
        key: name for key, name in elsewhere.items() if key not in names and key.partition(":")[0] not in known
    }


def names_of(wanted: object) -> list[str]:
    """The Python names that stand for this very object in the user's program, those of the function first."""
    frame = user_frame(2)
    if frame is None:
        return []
    found = [
        name
        for values in (frame.f_locals, frame.f_globals)
        for name, value in values.items()
        if value is wanted and not name.startswith("_")
    ]
    return list(dict.fromkeys(found))


def rebound(name: str) -> Site | None:
    """The line of the running program that last gave `name` the result of a run: `loss = sess.run(loss)`."""
    return assigned(name, r".*\b(run|eval)\(")


def assigned(name: str, value: str = "") -> Site | None:
    """The line that gave `name` its value: above in the running file, below in it (of a loop), in the cells before."""
    frame = user_frame(2)
    while frame is not None and _inside[frame.f_code.co_filename]:
        frame = frame.f_back
    if frame is None:
        return None
    here = frame.f_code.co_filename
    pattern = re.compile(rf"(^|[\s,;:(]){re.escape(name)}\b[\w\s,]*=(?!=){value}")
    lines = linecache.getlines(here)
    order = [*range(frame.f_lineno, 0, -1), *range(frame.f_lineno + 1, len(lines) + 1)]
    places = [(here, number) for number in order if number <= len(lines)]
    if (cell := cell_number(here)) is not None:
        known = {
            file: count for file in list(linecache.cache) if (count := cell_number(file)) is not None and count < cell
        }
        for file in sorted(known, key=known.__getitem__, reverse=True):
            places += [(file, number) for number in range(len(linecache.getlines(file)), 0, -1)]
    for file, number in places:
        if pattern.search(linecache.getlines(file)[number - 1]):
            return Site(file, number, frame.f_code.co_name)
    return None
