"""The lints look at every program of the notes: they must be silent, except where the mistake is the subject."""

import pytest

from flowlab._src.lab.lints.on_graph import lint_graph
from flowlab._src.lab.lints.on_runs import Runs
from flowlab._src.runtime import session

ON_PURPOSE: dict[str, set[str]] = {
    "test_lazy_loading_adds_a_node_in_each_round": {"FL106"},
    "test_metrics_are_run_before_they_are_read": {"FL131"},
}


@pytest.fixture(autouse=True)
def lints_are_silent(request):
    """Watch the runs of a test, and lint the graphs that it ran."""
    runs = Runs()
    graphs = []

    def observer(sess, plan, frame):
        if sess.graph not in graphs:
            graphs.append(sess.graph)
        return runs(sess, plan, frame)

    session.observers.append(observer)
    try:
        yield
    finally:
        session.observers.remove(observer)
    findings = list(runs.findings.values())
    for graph in graphs:
        if not graph.eager:
            findings += [*lint_graph(graph, {}), *runs.never_run(graph)]
    told = {finding.code for finding in findings}
    assert told == ON_PURPOSE.get(request.node.originalname, set()), [finding.text() for finding in findings]
