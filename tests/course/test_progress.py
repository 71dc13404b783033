"""Progress, the command line, and what a learner's cell prints."""

import subprocess
from pathlib import Path

import pytest

import flowlab as tf
from flowlab.course import Outcome, __main__ as command, find_lesson, progress


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_progress_counts_tries_until_done() -> None:
    for outcome in (Outcome.NOT_YET, Outcome.NOT_YET, Outcome.DONE, Outcome.NOT_YET):
        progress.record("1.2", outcome)
    row = progress.read()["1.2"]
    assert (row["tries"], len(row["done"])) == (3, len("2030-01-31"))
    assert progress.is_done("1.2")
    assert not progress.is_done("1.3")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"exercises": [1]}', '{"exercises": {"1.1": {"tries": "many"}}}'])
def test_damaged_progress_counts_as_none(own_home: Path, text: str) -> None:
    own_home.mkdir()
    (own_home / "progress.json").write_text(text, encoding="utf-8")
    assert progress.read() == {}
    progress.record("1.1", Outcome.DONE)
    assert progress.is_done("1.1")


def test_folder_that_cannot_be_written_is_no_error(own_home: Path) -> None:
    own_home.write_text("a file where the folder should be", encoding="utf-8")
    progress.record("1.1", Outcome.DONE)
    assert progress.read() == {}


def test_exercises_are_kept_in_their_order(own_home: Path) -> None:
    for exercise in ("13.1", "2.10", "2.9"):
        progress.record(exercise, Outcome.NOT_YET)
    assert list(progress.read()) == ["2.9", "2.10", "13.1"]


def test_report_has_a_line_for_each_file_and_exercise(capsys: pytest.CaptureFixture[str], own_home: Path) -> None:
    progress.record("1.1", Outcome.NOT_YET)
    (own_home / "progress.json").rename(own_home / "ada.json")
    assert command.main(["report", str(own_home / "ada.json"), str(own_home / "nobody.json")]) == 0
    assert capsys.readouterr().out.splitlines() == ["learner,exercise,tries,done", "ada,1.1,1,"]


def test_overview_lists_all_lessons(capsys: pytest.CaptureFixture[str]) -> None:
    progress.record("1.1", Outcome.DONE)
    assert command.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    assert lines[2] == "  01       45  1 of 6    Graph and session"
    assert lines[3] == "  02       50  (to come) Tensors and constants"


def test_reset_copies_the_published_lesson_and_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "published", lambda chosen: b"fresh")
    name = find_lesson(1).notebook
    (tmp_path / name).write_text("mine", encoding="utf-8")
    assert command.main(["reset", "1"]) == 0
    assert (tmp_path / name).read_bytes() == b"fresh"
    kept = [path for path in tmp_path.glob("*.ipynb") if path.name != name]
    assert [path.read_text(encoding="utf-8") for path in kept] == ["mine"]
    assert capsys.readouterr().out == f"{name} is as new. Yours is kept as {kept[0].name}.\n"
    assert command.main(["reset", "1"]) == 0  # nothing to keep now
    assert len(list(tmp_path.glob("*.ipynb"))) == 2


def test_published_lesson_of_a_checkout_comes_from_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.setattr(command, "notebooks_folder", lambda: notebooks)
    with pytest.raises(ValueError, match="no fresh copy of 01_graph_and_session"):
        command.published(find_lesson(1))
    (notebooks / find_lesson(1).notebook).write_bytes(b"as published")
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "lessons")
    (notebooks / find_lesson(1).notebook).write_bytes(b"as edited")
    assert command.published(find_lesson(1)) == b"as published"


@pytest.mark.parametrize("number", ["18", "19"])
def test_reset_of_a_lesson_that_is_not_there(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["reset", number]) == 1
    assert number in capsys.readouterr().err


def test_desk_answers_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    names = {"lab": tf.course(1), "____": tf.course.____}

    def cell(code: str) -> str:
        exec(code, names)
        return capsys.readouterr().out

    assert cell("nodes = ____; lab.check('1.1')") == "1.1 not attempted: fill in `nodes`, then run the cell again.\n"
    assert cell("lab.solution('1.1')") == "1.1: try it 2 times first. There are 2 hints: lab.hint('1.1')\n"
    assert cell("nodes = 3; lab.check('1.1')").splitlines()[-1] == '  More: lab.hint("1.1")'
    assert cell("lab.check('1.1')").splitlines()[-1] == '  More: lab.hint("1.1") or lab.solution("1.1")'
    assert cell("lab.solution('1.1')").startswith("nodes = 4")
    first, second, third = cell("lab.hint('1.1')"), cell("lab.hint('1.1')"), cell("lab.hint('1.1')")
    assert first.startswith("1.1 hint 1 of 2:")
    assert second == third
    assert cell("lab.hint('1.1', 1)") == first
    assert cell("nodes = 4; lab.check('1.1')").startswith("1.1 done:")
    with pytest.raises(ValueError, match=r"Lesson 1 has no exercise '1\.9'; it has 1\.1, 1\.2, .* Did you mean"):
        cell("lab.check('1.9')")
    assert cell("print(lab)").splitlines()[0] == "Lesson 1, Graph and session: 6 exercises"
