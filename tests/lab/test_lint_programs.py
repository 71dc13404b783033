"""The lints are silent over all programs that are compared with TensorFlow, except where the mistake is the subject."""

import warnings

import pytest

import flowlab as tf
from flowlab._src.lab.lints.on_graph import lint_graph
from flowlab._src.lab.lints.on_runs import Runs
from flowlab._src.runtime import session
from tests.oracle.record import PROGRAMS, load_programs, run_program

load_programs()
ON_PURPOSE = {
    "hooks.nan_asks_to_stop": {"FL115"},
    "hooks.nan_ends_the_training": {"FL115"},
    "lessons.assign_puzzle_never_run": {"FL119"},
    "lessons.lazy_loading_grows_the_graph": {"FL106"},
}
THEMES = sorted({name.partition(".")[0] for name in PROGRAMS})


def alarms(name: str) -> set[str]:
    runs, graphs = Runs(), []

    def observer(sess, plan, frame):
        graphs.append(sess.graph)
        return runs(sess, plan, frame)

    session.observers.append(observer)
    try:
        run_program(tf, PROGRAMS[name])
    finally:
        session.observers.remove(observer)
    findings = list(runs.findings.values())
    for graph in dict.fromkeys(graphs):
        findings += [*lint_graph(graph, {}), *runs.never_run(graph)]
    return {finding.code for finding in findings}


@pytest.mark.parametrize("theme", THEMES)
def test_no_false_alarm_over_the_programs(theme: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = {name: alarms(name) for name in PROGRAMS if name.startswith(f"{theme}.")}
    assert {name: codes for name, codes in told.items() if codes} == {
        name: codes for name, codes in ON_PURPOSE.items() if name.startswith(f"{theme}.")
    }
