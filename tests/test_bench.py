"""The benchmarks' own machinery: every workload runs on flowlab, figures that get worse are told, the table is right."""

import pytest

import flowlab as tf
from flowlab._src.kernels import threads
from tests.bench import measure, quick, report
from tests.bench.workloads import WORKLOADS

STEPS = [name for name, w in WORKLOADS.items() if not w.whole and not w.slow and not name.startswith("cnn")]


@pytest.fixture(autouse=True)
def same_threads():
    """The figures are taken on one thread."""
    before = threads.threads()
    yield
    threads.set_threads(before)


@pytest.mark.parametrize("name", STEPS)
def test_workload_runs_and_is_counted(name):
    found = quick.figures(name)
    assert found["calls"] > 0
    assert found["kilobytes"] >= 0


def test_whole_processes_run(capsys):
    WORKLOADS["cold_hello"].graph(tf)
    assert capsys.readouterr().out == "b'hello'\n"


def test_every_workload_of_steps_but_building_has_a_twin():
    without = [name for name, w in WORKLOADS.items() if w.torch is None]
    assert all(name.startswith(("build", "gradients", "first_run", "installed")) for name in without)


def test_more_calls_than_stored_are_told_and_fewer_are_not(capsys):
    stored = {"calls": 100.0, "instructions": 7.0}
    assert quick.compare("mlp", {"calls": 90.0, "instructions": 7.0}, stored) == []
    assert quick.compare("mlp", {"calls": 130.0, "instructions": 8.0}, stored) == [
        "worse: mlp: calls 130, stored 100",
        "worse: mlp: instructions 8, stored 7",
    ]
    assert "calls 90 (stored 100)" in capsys.readouterr().out


def test_row_has_medians_ratios_and_aims():
    one = measure.summary(
        {"flowlab": [2e-5, 1e-5, 4e-5], "tensorflow": [2e-4, 2e-4, 2e-4], "torch": [1e-5, 1e-5, 1e-5]}
    )
    assert one["ratio"] == {"tensorflow": pytest.approx(10), "torch": pytest.approx(0.5)}
    text = report.row("linear_regression", {measure.ONE: one, measure.TWO: one})
    assert text == (
        "| linear regression, a step on 100 points (us) | 20 | 200 | 10 | 10x | 10x | 10x (30x) | 0.5x | 0.5x | 6x (20x) |"
    )


def test_workload_without_a_twin_leaves_its_cells_empty():
    one = measure.summary({"flowlab": [1e-5], "tensorflow": [1e-4]})
    text = report.row("build_2000", {measure.ONE: one, measure.TWO: one})
    assert text.endswith("| 10x | 10x | 13x; at most 12 |  |  |  |")


def test_readme_has_the_marks_of_its_performance_section():
    content = report.README.read_text(encoding="utf-8")
    assert content.count(report.BEGIN) == content.count(report.END) == 1
