"""Large graphs: what the picture promises, counted in work and not in seconds (`tests/bench/graph_view.py` has the times)."""

import pytest

from flowlab._src.lab.explore import Explorer
from tests.bench.graph_view import GOALS, training_view


def test_the_promises_are_among_the_goals_of_the_benchmark():
    goals = {(size, options.get("depth")): goal for size, options, goal in GOALS}
    assert goals[200, 9] == goals[200, None] == 0.5
    assert goals[5000, None] == 1.0


@pytest.mark.parametrize(("size", "most"), [(200, 15), (1000, 20), (5000, 80)])
def test_a_large_graph_opens_with_few_boxes(size, most):
    explorer = Explorer(training_view(size))
    assert len(explorer.scene.boxes) <= most
    assert len(explorer.svg()) < 300_000


def test_too_many_boxes_are_refused_politely_and_the_picture_stays():
    view = training_view(5000)
    with pytest.raises(ValueError, match="boxes") as refused:
        Explorer(view, expand=("*",)).svg()
    text = str(refused.value)
    assert "1,500" in text
    assert "depth" in text or "expand" in text  # what to do instead
    explorer = Explorer(view, depth=1)
    before = explorer.svg()
    assert len(explorer.scene.boxes) <= 1500
    assert explorer.svg() == before


def test_opening_scopes_one_by_one_stops_at_the_limit_with_a_word(monkeypatch):
    for module in ("scene", "explore"):
        monkeypatch.setattr(f"flowlab._src.lab.{module}.MAX_BOXES", 40)
    explorer = Explorer(training_view(1000))
    words = ""
    while "the picture stays as it was" not in words:
        before = explorer.svg()
        words = explorer.toggle(next(box.id for box in explorer.scene.boxes if box.is_folded))
    assert "boxes would be more than anybody can read (the limit is 40)" in words
    assert explorer.svg() == before
    assert len(explorer.scene.boxes) <= 40
