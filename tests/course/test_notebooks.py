"""The stored lessons: their form, their exercises, and nothing in them that belongs to one machine or one run."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from flowlab.course import Lesson, all_lessons

FOLDER = Path(__file__).parents[2] / "notebooks"
WRITTEN = [each for each in all_lessons() if each.written or each.told]
LONGEST_CELL = 36  # lines, about a screen
each_lesson = pytest.mark.parametrize("lesson", WRITTEN, ids=[each.notebook for each in WRITTEN])


def read(lesson: Lesson) -> Any:
    return nbformat.read(FOLDER / lesson.notebook, as_version=4)


def test_every_notebook_is_a_written_lesson() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == [each.notebook for each in WRITTEN]


@each_lesson
def test_lesson_opens_and_closes_as_all_do(lesson: Lesson) -> None:
    cells = read(lesson).cells
    opening = cells[0].source
    assert opening.startswith(f"# {lesson.id:02} {lesson.title}\n")
    assert re.search(r"\*\*Afterwards you can\*\*.*\*\*You need\*\*.*\*\*Minutes\*\*", opening, re.DOTALL)
    assert re.search(r"\*\*Minutes\*\* (\d+)", opening)[1] == str(lesson.minutes)  # type: ignore[index]
    headings = re.findall(r"^## (.*)$", "\n".join(cell.source for cell in cells), re.MULTILINE)
    assert headings[-3:] == ["Summary", "Exercises", "Where to read on"]
    assert not any(cell.source.count("\n") >= LONGEST_CELL for cell in cells if cell.cell_type == "code")


@each_lesson
def test_exercises_stand_in_the_lesson_as_in_the_course(lesson: Lesson) -> None:
    cells = read(lesson).cells
    places = {cell.source.split("\n")[0]: k for k, cell in enumerate(cells)}
    for exercise in lesson.exercises() if lesson.written else ():
        place = places[f"### {exercise.id} {exercise.title}"]
        assert cells[place].source == f"### {exercise.id} {exercise.title}\n\n{exercise.prompt}"
        assert cells[place + 1].source == f'{exercise.starter}\n\nlab.check("{exercise.id}")'


@each_lesson
def test_lesson_has_as_many_exercises_as_the_syllabus_says(lesson: Lesson) -> None:
    text = "\n".join(cell.source for cell in read(lesson).cells)
    found = re.findall(r"^### (\d+\.\d+) ", text, re.MULTILINE)
    assert [name for name in found if name.startswith(f"{lesson.id}.")] == [
        f"{lesson.id}.{k + 1}" for k in range(lesson.checks)
    ]


@each_lesson
def test_lesson_is_stored_with_its_outputs_and_nothing_else(lesson: Lesson) -> None:
    notebook = read(lesson)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}  # no state of widgets
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    for cell in notebook.cells:
        fails = any(output.output_type == "error" for output in cell.get("outputs", []))
        assert fails == ("raises-exception" in cell.metadata.get("tags", []))
    text = (FOLDER / lesson.notebook).read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users)/|[A-Z]:\\\\|ipykernel_\d|0x[0-9a-f]{6}", text)


@each_lesson
def test_links_lead_somewhere(lesson: Lesson) -> None:
    for cell in read(lesson).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)]+)\)", cell.source):
                assert (FOLDER / target).exists(), target
