"""The expression of the user's program that is being evaluated, as it is written there.

Errors use it to say what to type in the program's own words: `tf.matmul(rows, w, transpose_b=True)`. It costs a fraction
of a millisecond and is asked for only when an error is on its way.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from types import FrameType
from typing import NamedTuple

from flowlab._src.util import source

WIDEST = 120  # a line to paste is no longer than this
SIMPLE = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Tuple, ast.Dict)


class Written(NamedTuple):
    """A call or an operator, and where in its text the arguments stand.

    `parts` has a node for each argument by the name of its parameter; operands of operators are `x` and `y`, of `@`
    `a` and `b`.
    """

    text: str
    tree: ast.expr
    parts: dict[str, ast.expr]

    @property
    def function(self) -> str:
        """What is called: 'matmul' of tf.matmul(...); the sign's class ('Add') of an operator."""
        if isinstance(self.tree, ast.Call):
            return ast.unparse(self.tree.func).rpartition(".")[2]
        return type(self.tree.op).__name__ if isinstance(self.tree, ast.BinOp) else ""

    def argument(self, name: str) -> str:
        """An argument as it is written; '' if it is not."""
        return self.of(self.parts[name]) if name in self.parts else ""

    def of(self, node: ast.expr) -> str:
        """The text of a part, on one line."""
        return ast.unparse(node) if node.lineno != node.end_lineno else self.text.encode()[self.span(node)].decode()

    def span(self, node: ast.expr) -> slice:
        """Where a part stands, in bytes."""
        starts = [0]
        for line in self.text.encode().splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return slice(starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset)

    def changed(self, **new: str) -> str:
        """The expression with other arguments; those that it has not yet are added. '' if it gets too long to paste."""
        text = self.text.encode()
        there = [(self.span(self.parts[name]), value) for name, value in new.items() if name in self.parts]
        added = [f"{name}={value}" for name, value in new.items() if name not in self.parts]
        if added and not isinstance(self.tree, ast.Call):
            return ""
        if added:
            bare = text[:-1].rstrip().removesuffix(b",")
            text = bare + ((b", " if not bare.endswith(b"(") else b"") + ", ".join(added).encode()) + b")"
        for where, value in sorted(there, key=lambda entry: -entry[0].start):
            text = text[: where.start] + value.encode() + text[where.stop :]
        return one_line(text.decode())


def one_line(text: str) -> str:
    """The text of an expression on one line; '' if it is too long to paste, or no expression."""
    try:
        line = text if "\n" not in text else ast.unparse(ast.parse(f"({text})", mode="eval").body)
    except SyntaxError:
        return ""
    return line if len(line) <= WIDEST else ""


def running(*functions: str) -> Written | None:
    """The expression that the user's program is at: the call, operator or name that led into the library.

    With `functions`, only if it is one of these: other calls have led here in a way of their own.
    """
    inner: FrameType = sys._getframe(1)
    frame: FrameType | None = inner
    while frame is not None and source._inside[frame.f_code.co_filename]:
        inner, frame = frame, frame.f_back
    if frame is None:
        return None
    text = text_at(frame)
    try:
        tree = ast.parse(f"({text}\n)", mode="eval").body if text else None
    except (SyntaxError, ValueError):
        return None
    if tree is None:
        return None
    for node in ast.walk(tree):  # without the bracket in front
        for attribute in ("col_offset", "end_col_offset"):
            line = getattr(node, "lineno" if attribute == "col_offset" else "end_lineno", 0)
            if line == 1:
                setattr(node, attribute, getattr(node, attribute) - 1)
    found = Written(text, tree, arguments(tree, inner))
    return found if not functions or found.function in functions else None


def with_a_name(name: str = "result") -> str:
    """The running expression as an assignment: the program's own one, or `result = ...`."""
    asked = running()
    if asked is None:
        return f"{name} = ..."
    site = source.caller(2)
    line = site.text if site is not None else ""
    if re.fullmatch(r"[\w, ]+=\s*" + re.escape(asked.text), line):
        return line
    return f"{name} = {one_line(asked.text) or '...'}"


def text_at(frame: FrameType) -> str:
    """The source of the instruction that a frame is at; '' if it cannot be had."""
    positions = list(frame.f_code.co_positions())
    first, last, start, end = positions[frame.f_lasti // 2] if frame.f_lasti >= 0 else (None, None, None, None)
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [line.encode() for line in linecache.getlines(frame.f_code.co_filename)[first - 1 : last]]
    if len(lines) != last - first + 1:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return b"".join(lines).decode(errors="replace")


def arguments(tree: ast.expr, inner: FrameType) -> dict[str, ast.expr]:
    """The arguments of a call by the names that the library's function has for them."""
    if isinstance(tree, ast.BinOp):
        return dict(zip("ab" if isinstance(tree.op, ast.MatMult) else "xy", (tree.left, tree.right), strict=True))
    if isinstance(tree, ast.Compare) and len(tree.comparators) == 1:
        return {"x": tree.left, "y": tree.comparators[0]}
    if not isinstance(tree, ast.Call):
        return {}
    names = list(inner.f_code.co_varnames[: inner.f_code.co_argcount])
    if names and names[0] in ("self", "cls"):
        names = names[1:]
    found: dict[str, ast.expr] = {}
    for name, value in zip(names, tree.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        found[name] = value
    return found | {keyword.arg: keyword.value for keyword in tree.keywords if keyword.arg is not None}


def in_brackets(text: str) -> str:
    """The text of an expression, in brackets where an attribute or an operator behind it would tear it apart."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return text
    return text if isinstance(tree, SIMPLE) else f"({text})"
