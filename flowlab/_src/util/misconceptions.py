"""The catalogue of what learners get wrong: which error or lint belongs to which row, and its story."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class Misconception(NamedTuple):
    """One row of `misconceptions.toml`."""

    id: str
    title: str
    lesson: int
    story: str
    errors: tuple[str, ...] = ()
    phrase: str = ""
    lint: str = ""
    waits: str = ""

    @property
    def code(self) -> str:
        """What messages call it: FL-M01."""
        return f"FL-{self.id}"


@functools.cache
def catalogue() -> dict[str, Misconception]:
    """All rows by their id; read when the first error is explained."""
    import tomllib
    from importlib.resources import files

    text = files("flowlab._src.util").joinpath("misconceptions.toml").read_text(encoding="utf-8")
    return {
        key: Misconception(
            key,
            row["title"],
            row["lesson"],
            row["story"].strip(),
            tuple(row.get("error", ())),
            row.get("phrase", ""),
            row.get("lint", ""),
            row.get("waits", ""),
        )
        for key, row in tomllib.loads(text).items()
    }


def behind(error: BaseException) -> Misconception | None:
    """The misconception that an error of the library comes from, as far as it is known."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = str(error.args[0]) if error.args else str(error)
    for row in catalogue().values():
        if row.phrase and not kinds.isdisjoint(row.errors) and re.search(row.phrase, text):
            return row
    return None


def of_lint(code: str) -> Misconception:
    """The misconception that a lint notices."""
    return next(row for row in catalogue().values() if row.lint == code)
