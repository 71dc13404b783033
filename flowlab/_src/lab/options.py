"""The options of `%%flow` and `%flow`: read from the magic's line, wrong ones answered with the nearest right one."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean


@export("lab.FlowUsageError")
class FlowUsageError(ValueError):
    """A `%%flow` or `%flow` line that cannot be followed; the message says what to write instead.

    IPython's own UsageError prints and lets the cell pass; this one fails the cell, so that a stored notebook with a
    wrong option is noticed.
    """


class OptionParser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the program, and offers the nearest option."""

    def __init__(self, name: str) -> None:
        super().__init__(prog=name, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        message = message.removeprefix("argument ")
        raise FlowUsageError(f"{self.prog}: {message}. See {self.prog}? for all options.")

    def names(self) -> list[str]:
        """All options: "--graph", "-g", ..."""
        return [name for action in self._actions for name in action.option_strings]

    def read(self, line: str) -> argparse.Namespace:
        """Read the options from a line.

        Raises
        ------
        FlowUsageError
            If an option is not known, lacks its value, or has a wrong one.
        """
        __tracebackhide__ = True
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise FlowUsageError(f"{self.prog}: a quotation mark in {line!r} is not closed.") from error
        found, unknown = self.parse_known_args(words)
        if unknown:
            self.refuse(unknown[0])
        return found

    def refuse(self, word: str) -> NoReturn:
        __tracebackhide__ = True
        if word.startswith("-"):
            known = self.names()
            hint = did_you_mean(word.split("=", maxsplit=1)[0], known) or f"The options are {', '.join(known)}."
            raise FlowUsageError(f"{self.prog} has no option {word}. {hint}")
        example = '--feed "{x: 3.0}"'
        raise FlowUsageError(f"{self.prog}: nothing to do with {word!r}. Values with spaces need quotes: {example}.")


def add_picture_options(parser: OptionParser) -> None:
    """The options that say how a graph is drawn."""
    parser.add_argument("--depth", "-d", type=level, metavar="N")
    parser.add_argument("--expand", type=name_list, default=[], metavar="SCOPES")
    parser.add_argument("--hide", type=name_list, default=[], metavar="PATTERNS")
    parser.add_argument("--forward", action="store_true")
    parser.add_argument("--zoom", type=factor, metavar="Z")
    parser.add_argument("--static", action="store_true")


def picture_options(found: argparse.Namespace) -> dict[str, Any]:
    """The arguments for `tf.lab.graph` among the options."""
    options = {name: getattr(found, name) for name in ("depth", "expand", "hide", "forward", "zoom")}
    return {**options, "static": True if found.static else None}


def cell_parser() -> OptionParser:
    """The options of `%%flow`."""
    parser = OptionParser("%%flow")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--graph", "-g", action="store_true")
    parser.add_argument("--run", "-r", metavar="FETCH")
    parser.add_argument("--step", "-s", metavar="FETCH")
    parser.add_argument("--plot", "-p", type=name_list, default=[], metavar="T1,T2")
    parser.add_argument("--feed", metavar="EXPR")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--seed", type=int, metavar="N")
    add_picture_options(parser)
    return parser


def step_parser() -> OptionParser:
    """The options of `%flow step`."""
    parser = OptionParser("%flow step")
    parser.add_argument("step", nargs="?", metavar="FETCH")
    parser.add_argument("--graph", "-g", action="store_true")
    parser.add_argument("--feed", metavar="EXPR")
    add_picture_options(parser)
    return parser


def graph_parser() -> OptionParser:
    """The options of `%flow graph`."""
    parser = OptionParser("%flow graph")
    add_picture_options(parser)
    return parser


def level(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0; give the number of scope levels to open")
    return number


def factor(text: str) -> float:
    number = float(text)
    if not 0.2 <= number <= 5:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.2 and 5")
    return number


def name_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def switch(action: str, text: str) -> str:
    """The "on" or "off" that follows an action."""
    __tracebackhide__ = True
    word = text.strip()
    if word not in ("on", "off"):
        raise FlowUsageError(f"%flow {action} takes on or off" + (f", not {word!r}." if word else "."))
    return word


def choose(word: str, known: Sequence[str], what: str) -> str:
    """`word`, if it is one of the known ones."""
    __tracebackhide__ = True
    if word in known:
        return word
    listed = ", ".join(known)
    if not word:
        raise FlowUsageError(f"%flow needs {what}: one of {listed}.")
    kind = what.rsplit(maxsplit=1)[-1]
    raise FlowUsageError(f"%flow has no {kind} {word!r}. {did_you_mean(word, known) or f'Choose one of {listed}.'}")
