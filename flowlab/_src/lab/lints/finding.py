"""What a lint has found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flowlab._src.util import misconceptions, source
from flowlab._src.util.notes import named


class Finding(NamedTuple):
    """One mistake: its code, what it is about (it is told once for each), and the lines of the note."""

    code: str
    subject: str
    what: str
    where: str = ""
    fix: str = ""

    def text(self) -> str:
        """The note, at most six lines."""
        row = misconceptions.of_lint(self.code)
        parts = {
            "Why": "",
            "Where": self.where,
            "Try": self.fix,
            "More": f'tf.explain("{self.code}") tells the story of {row.code} (lesson {row.lesson:02})',
        }
        return "\n".join([f"{self.code}: {self.what}", *(f"  {key:<7} {told}" for key, told in parts.items() if told)])


def found(
    code: str, subject: str, what: str, site: Any = None, fix: str = "", names: dict[str, str] | None = None
) -> Finding:
    """Make a finding; `names` are the program's own names of nodes."""
    names = source.python_names() if names is None else names
    return Finding(code, subject, named(what, names), site.quote() if site is not None else "", named(fix, names))


def kept(findings: Iterable[Finding], off: Iterable[str]) -> list[Finding]:
    """Without the codes that were switched off."""
    silent = set(off)
    return [] if "all" in silent else [finding for finding in findings if finding.code not in silent]
