"""The table of lessons, `syllabus.toml`, as records."""

import importlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flowlab.course.check import Exercise

FILE = Path(__file__).with_name("syllabus.toml")


@dataclass(frozen=True)
class Lesson:
    """One lesson; what the fields mean stands at the top of `syllabus.toml`."""

    id: int
    slug: str
    title: str
    minutes: int
    goals: tuple[str, ...]
    needs: tuple[int, ...]
    seeds: tuple[str, ...]
    widgets: tuple[str, ...]
    treats: tuple[str, ...]
    checks: int
    cap: int
    names: tuple[str, ...] = ()
    told: bool = False
    written: bool = False

    @property
    def notebook(self) -> str:
        """File name of the notebook."""
        return f"{self.id:02}_{self.slug}.ipynb"

    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises of the lesson.

        Raises
        ------
        ValueError
            If they are not written yet.
        """
        if not self.written:
            raise ValueError(f"Lesson {self.id}, {self.title}, is not written yet.")
        return importlib.import_module(f"flowlab.course.lessons.l{self.id:02}").EXERCISES


@cache
def all_lessons() -> tuple[Lesson, ...]:
    """All lessons, in order."""
    with FILE.open("rb") as file:
        rows = tomllib.load(file)["lesson"]
    return tuple(as_lesson(row) for row in rows)


def as_lesson(row: dict[str, Any]) -> Lesson:
    """The record of one table of the file."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Lesson(**fields)


def find_lesson(number: int) -> Lesson:
    """The lesson of that number.

    Raises
    ------
    ValueError
        If there is none.
    """
    for found in all_lessons():
        if found.id == number:
            return found
    first, *_, last = all_lessons()
    raise ValueError(f"There is no lesson {number!r}; they are numbered from {first.id} to {last.id}.")
