"""The positioned picture: boxes do not overlap, lines meet, words fit, whatever the graph."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.roles import operation_roles
from flowlab._src.lab.scene import build_scene
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.views import GraphView
from tests.lab.records import NAMES, load, node

VIEWS = [{}, {"depth": 1}, {"depth": 2, "side": False}, {"expand": ("*",)}]

# no fixture plays a part here; the one that hypothesis warns of empties the default graph
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def scoped_graphs(draw):
    """Random graphs whose names have up to three levels of scopes."""
    parts = st.lists(st.sampled_from(["a", "b", "gradients", "dense"]), max_size=3)
    nodes, names = [], []
    for k in range(draw(st.integers(1, 16))):
        name = "/".join([*draw(parts), f"op{k}"])
        sources = draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
        waits = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
        kind = draw(st.sampled_from(["MatMul", "Const", "VariableV2", "NoOp", "Placeholder", "ApplyAdam"]))
        shape = draw(st.sampled_from([None, (), (None, 10), (3, 3, 1, 32)]))
        nodes.append(node(name, kind, [(source, 0) for source in sources], waits, [("float32", shape)]))
        names.append(name)
    return GraphView(tuple(nodes))


def check_picture(scene):
    """What must hold of every scene."""
    by_id = {box.id: box for box in scene.boxes}
    assert len(by_id) == len(scene.boxes)
    for box in scene.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= scene.width
        assert box.y + box.height <= scene.height
        assert text_width(box.title, FONT, bold=box.is_folded or box.is_open) <= box.width
        assert text_width(box.detail, FONT) <= box.width
    for k, a in enumerate(scene.boxes):
        for b in scene.boxes[:k]:
            apart = a.x >= b.x + b.width or b.x >= a.x + a.width or a.y >= b.y + b.height or b.y >= a.y + a.height
            inside = any(
                outer.is_open
                and outer.x <= inner.x
                and outer.y <= inner.y
                and inner.x + inner.width <= outer.x + outer.width
                and inner.y + inner.height <= outer.y + outer.height
                for outer, inner in ((a, b), (b, a))
            )
            assert apart or inside, (a, b)
    starts = {line.points[0] for line in scene.lines}
    ends = {line.points[-1] for line in scene.lines}
    for line in scene.lines:
        for name, point, met in ((line.source, line.points[0], ends), (line.target, line.points[-1], starts)):
            if name in by_id:
                box = by_id[name]
                assert min(abs(point[1] - box.y), abs(point[1] - box.y - box.height)) < 0.2
                assert box.x - 0.2 <= point[0] <= box.x + box.width + 0.2
            if name not in by_id or by_id[name].is_open:  # a port: the piece on the other side begins right there
                assert any(abs(point[0] - x) < 0.3 and abs(point[1] - y) < 0.3 for x, y in met), line
        if line.has_arrow:
            assert not by_id[line.target].is_open


@pytest.mark.parametrize("options", VIEWS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_real_graphs(name, options):
    check_picture(build_scene(load(name), **options))


@given(scoped_graphs(), st.sampled_from(VIEWS))
@many
def test_pictures_of_random_graphs(view, options):
    check_picture(build_scene(view, **options))


def test_every_edge_between_visible_boxes_of_one_field_is_drawn():
    view = load("linear_regression")
    scene = build_scene(view, expand=("*",), side=False)
    drawn = {(line.source, line.target) for line in scene.lines}
    assert {("mul", "add"), ("sub", "Square"), ("W/W", "W/Assign")} - drawn == {("W/W", "W/Assign")}
    assert ("W", "W/Assign") in drawn
    assert ("W/initial_value", "W/Assign") in drawn


def test_the_convolutional_net_opens_with_at_most_15_boxes():
    scene = build_scene(load("cnn"))
    assert len(scene.boxes) == 15
    assert scene.caption == "354 operations, drawn as 15 boxes"
    layers = {box.title: box.detail for box in scene.boxes}
    assert layers["conv1"] == "Conv2D, Add, Relu"
    assert layers["pool2"] == "MaxPool"
    assert layers["train"] == "changes 10 variables"
    assert [box.title for box in scene.boxes if box.badge] == ["conv1", "conv2", "fc1", "fc2"]
    assert "(?, 28, 28, 32)" in {word.text for word in scene.words}


def test_kinds_of_boxes():
    kinds = {box.id: box.kind for box in build_scene(load("linear_regression"), expand=["W"]).boxes}
    expected = {
        "x": "input",
        "b/": "var",
        "W/": "var",
        "W": "var",
        "W/Assign": "state",
        "mul": "op",
        "W/initial_value": "const",
        "gradients/": "gradient",
        "GradientDescent/": "state",
        "init": "control",
    }
    assert {box: kinds[box] for box in expected} == expected


def test_control_edges_are_marked():
    view = GraphView((node("a"), node("b"), node("c", "Identity", [("a", 0)], ["b"])))
    assert {line.source: line.is_control for line in build_scene(view).lines} == {"a": False, "b": True}


def test_edges_from_one_neighbour_share_a_port():
    view = GraphView(
        (node("x"), node("s/a", "Relu", [("x", 0)]), node("s/b", "Relu", [("x", 0)]), node("y"), node("z"))
    )
    scene = build_scene(view, expand=["s"])
    assert [(line.source, line.target) for line in scene.lines if line.source == "x"] == [("x", "s/")]
    assert len([line for line in scene.lines if line.target in ("s/a", "s/b")]) == 2


def test_too_many_boxes_are_refused_politely():
    view = GraphView(tuple(node(f"n{k}x") for k in range(1501)))
    with pytest.raises(ValueError, match=r"1,501 boxes, more than anybody can read"):
        build_scene(view)


def test_an_empty_graph_has_a_picture():
    assert build_scene(GraphView(())).caption == "0 operations"


def test_roles_do_not_depend_on_the_order_of_hashing():
    code = (
        "import sys, hashlib; sys.path.insert(0, '.')\n"
        "from tests.lab.records import load\n"
        "from flowlab._src.lab.scene import build_scene\n"
        "from flowlab._src.lab.svg import drawing_svg\n"
        "from flowlab._src.lab.picture import scene_drawing\n"
        "for name in ('cnn', 'shared_network'):\n"
        "    for options in ({}, {'depth': 1}, {'expand': ('*',)}):\n"
        "        text = drawing_svg(scene_drawing(build_scene(load(name), **options)))\n"
        "        print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    answers = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1
    assert json.dumps(operation_roles(load("cnn"))) == json.dumps(operation_roles(load("cnn")))
    assert drawing_svg(scene_drawing(build_scene(load("cnn")))) == drawing_svg(scene_drawing(build_scene(load("cnn"))))
