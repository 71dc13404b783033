"""Each misconception of the catalogue: the wrong program is told, the right one is left alone."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.lints.cells import lints
from flowlab._src.util.misconceptions import catalogue
from tests.lab.mistakes import LOUD, OTHERWISE, SILENT

NOTE = re.compile(r"^FL1\d\d: ", re.MULTILINE)


@pytest.fixture
def play(run, shell):
    """Run the cells of a program one by one; return the last outcome and all that was printed."""
    shell.user_ns["np"] = np

    def cells(program):
        printed = []
        outcome = None
        for cell in program.split("# %%\n"):
            outcome = run(cell)
            printed.append(outcome.text)
            if outcome.error is not None:
                break
        return outcome, "".join(printed)

    return cells


def can_be_pasted(line):
    """Whether Python, or IPython, can read a line: also one that begins a block."""
    if line.startswith("%%flow"):
        return True
    code = line.split("  # ")[0]
    return "\n" not in line and bool(ast.parse(code + (" pass" if code.endswith(":") else "")).body)


@pytest.mark.parametrize("row", list(catalogue()))
def test_every_misconception_has_a_test_or_the_reason_why_it_waits(row):
    known = catalogue()[row]
    assert known.title
    assert known.story
    assert bool(known.waits) != (row in LOUD or row in SILENT or row in OTHERWISE)


def test_the_catalogue_is_complete():
    assert list(catalogue()) == [f"M{number:02}" for number in range(1, 64)]


@pytest.mark.parametrize("row", list(LOUD))
def test_the_error_says_why_where_and_what_to_try(row, play):
    case = LOUD[row]
    outcome, _ = play(case.wrong)
    error = outcome.error
    assert error is not None
    assert case.error in [kind.__name__ for kind in type(error).__mro__]
    assert case.phrase in str(error)
    text = "\n".join([str(error), *error.__notes__])
    assert f"FL-{row} " in text
    assert case.name in text
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 6
    assert error.flow["Code"] == f"FL-{row}"
    assert re.search(r"cell \[\d\], line \d", error.flow["Where"])
    assert can_be_pasted(error.flow["Try"])


@pytest.mark.parametrize("row", list(LOUD))
def test_the_program_without_the_error_is_left_alone(row, play):
    outcome, printed = play(LOUD[row].right)
    assert outcome.error is None
    assert not NOTE.search(printed)


@pytest.mark.parametrize("row", list(SILENT))
def test_the_lint_notices_once(row, play):
    code = catalogue()[row].lint
    outcome, printed = play(SILENT[row].wrong)
    assert outcome.error is None
    notes = [note for note in re.split(r"(?m)^(?=FL1\d\d: )", printed) if note.startswith("FL")]
    assert [note[:5] for note in notes] == [code]
    assert SILENT[row].name in notes[0]
    assert f"FL-{row} " in notes[0]
    assert len(notes[0].strip().splitlines()) <= 6


@pytest.mark.parametrize("row", list(SILENT))
def test_the_lint_is_silent_on_the_right_program(row, play):
    outcome, printed = play(SILENT[row].right)
    assert outcome.error is None
    assert not NOTE.search(printed)


def test_pixels_that_are_not_scaled(play):
    from tests.lab.mistakes import NET

    feed = "pixels = np.arange(128).reshape(2, 64) * 2.0\nsess.run(train, {x: pixels%s, truth: [1, 2], keep: 0.5})"
    assert "{x: images / 255}" in play(NET + feed % "")[1]
    assert not NOTE.search(play(NET + feed % " / 255")[1])


def test_an_interactive_session_after_another(play):
    with pytest.warns(UserWarning, match="An interactive session is already active"):
        play("first = tf.InteractiveSession()\n# %%\nsess = tf.InteractiveSession()\nsess.close()\nfirst.close()")


def test_what_ran_on_one_graph_is_not_told_again_on_the_next(run):
    grows = """%%flow
x = tf.constant(1.0)
with tf.Session() as sess:
    for _ in range(40):
        sess.run(tf.add(x, 1.0))"""
    assert "FL106" in run(grows).text
    assert "FL106" not in run("%%flow\ny = tf.constant(2.0)").text
    assert "FL106" not in run("z = y + 1.0").text
    assert "FL106" in run(grows).text  # made again, told again


def test_lints_are_switched_off_and_on(run, play):
    wrong = SILENT["M13"].wrong
    run("%flow lint off FL113")
    assert not NOTE.search(play(wrong)[1])
    run("%flow lint on FL113")
    assert "FL113" in play(wrong)[1]
    assert "FL113" in run("%flow lint").text
    run("%flow lint off")
    assert not NOTE.search(play(wrong)[1])
    run("%flow lint on")
    assert "Did you mean 'FL113'" in str(run("%flow lint off FL1133").error)
    assert "no action" in str(run("%flow lint of").error)
    assert lints.off == set()


def test_a_configuration_switches_lints_off(shell, run, play):
    shell.config.FlowMagics.lint_off = ["FL113"]
    try:
        lints.watch(shell)
        assert not NOTE.search(play(SILENT["M13"].wrong)[1])
        assert "FL119" in play(SILENT["M19"].wrong)[1]
    finally:
        lints.off.clear()


LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
ON_PURPOSE = {  # cells that show the mistake
    "03_variables.ipynb": {"FL119"},
    "07_linear_regression.ipynb": {"FL111"},
    "08_logistic_and_softmax.ipynb": {"FL113"},
    "13_mnist_cnn.ipynb": {"FL138"},
}
SLOW = {"13_mnist_cnn.ipynb"}


@pytest.mark.parametrize(
    "path", [pytest.param(p, marks=pytest.mark.slow if p.name in SLOW else ()) for p in LESSONS], ids=lambda p: p.stem
)
def test_lessons_raise_no_false_alarm(path, run):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    told = set()
    for cell in cells:
        if cell["cell_type"] == "code":
            outcome = run("".join(cell["source"]))
            told |= {note[:5] for note in NOTE.findall(outcome.text)}
    assert told == ON_PURPOSE.get(path.name, set())


def test_observers_are_told_of_runs_and_nobody_else():
    from flowlab._src.runtime import session

    seen = []
    x = tf.constant(2.0) * 3.0

    def observer(sess, plan, frame):
        seen.append("before")
        return lambda results: seen.append([float(value) for value in results])

    session.observers.append(observer)
    try:
        tf.Session().run(x)
    finally:
        session.observers.remove(observer)
    tf.Session().run(x)
    assert seen == ["before", [6.0]]
