"""What a reader can do with a picture, without a page."""

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.coloring import Cost, by_device, by_structure, find_coloring, metadata_costs
from flowlab._src.lab.conceptual import conceptual_view
from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.folding import INITIAL_VALUES, MAIN, SIDE, fold
from flowlab._src.lab.graph import graph
from flowlab._src.lab.scene import build_scene, scene_of
from flowlab._src.lab.search import find_nodes
from flowlab._src.lab.trace import affected, between, needed, operation_names, shortest_way
from flowlab._src.lab.views import GraphView
from tests.lab.records import NAMES, chain, load, node

DIAMOND = GraphView(
    (
        node("a"),
        node("b", inputs=[("a", 0)]),
        node("c", inputs=[("a", 0)]),
        node("d", inputs=[("b", 0), ("c", 0)]),
        node("e", controls=["d"]),
        node("alone"),
    )
)


def series(number, scope=""):
    return GraphView(tuple(node(f"{scope}Relu" + (f"_{k}" if k else ""), "Relu") for k in range(number)))


# ---- ways -----------------------------------------------------------------------------------------------------------


def test_ways_through_a_diamond():
    assert needed(DIAMOND, ["d"]) == {"a", "b", "c", "d"}
    assert needed(DIAMOND, ["e"], fed=["b", "c"]) == {"b", "c", "d", "e"}
    assert affected(DIAMOND, ["c"]) == {"c", "d", "e"}
    assert between(DIAMOND, "a", "e") == {"a", "b", "c", "d", "e"}
    assert between(DIAMOND, "b", "c") == frozenset()
    assert shortest_way(DIAMOND, "a", "e") == ["a", "b", "d", "e"]
    assert shortest_way(DIAMOND, "e", "a") == []


def test_operations_are_named_by_tensors_names_and_lists():
    x = tf.placeholder(tf.float32, name="x")
    y = tf.square(x, name="y")
    picture = graph()
    assert operation_names(picture.explorer.view, [x, "y:0", y.op], "fetch") == ["x", "y", "y"]
    with pytest.raises(ValueError, match=r"fetch: the picture has no operation 'z'"):
        graph(fetch="z")
    with pytest.raises(TypeError, match=r"fetch takes tensors, operations or their names; it got 3"):
        graph(fetch=3)


def test_what_a_fetch_needs_stays_and_the_rest_is_hollow():
    x = tf.placeholder(tf.float32, name="x")
    y = tf.square(x, name="y")
    tf.exp(y, name="z")
    picture = graph(fetch=y)
    assert {box.id: box.state for box in picture.scene.boxes} == {"x": "", "y": "", "z": "dim"}
    assert [line.state for line in picture.scene.lines] == ["", "dim"]
    assert picture.scene.caption == "3 operations; 2 of them needed for y"
    assert "flow-node op dim" not in picture.svg()
    assert 'class="flow-node flow-op flow-dim"' in picture.svg()
    fed = graph(fetch="z", feed_dict={y: 3.0})
    assert {box.id: box.state for box in fed.scene.boxes} == {"x": "dim", "y": "", "z": ""}


def test_a_path_is_drawn_heavier_and_found_in_either_direction():
    explorer = Explorer(DIAMOND)
    assert (
        explorer.path(["d"], ["a"], "from d to a") == "4 of 6 operations on a way from d to a; the shortest has 2 steps"
    )
    assert {box.id for box in explorer.scene.boxes if box.state == "lit"} == {"a", "b", "c", "d"}
    assert explorer.path(["b"], ["c"], "from b to c") == "there is no way from b to c"
    with pytest.raises(ValueError, match=r"no way from b to alone, in neither direction"):
        graph(DIAMOND, path=("b", "alone"))
    with pytest.raises(ValueError, match=r"path takes two operations"):
        graph(DIAMOND, path="b")


# ---- search ---------------------------------------------------------------------------------------------------------


def test_search_rates_the_own_name_over_the_scope_and_knows_types_shapes_and_patterns():
    view = load("cnn")
    names, total = find_nodes(view, "relu")
    assert names[:3] == ["fc1/Relu", "conv1/Relu", "conv2/Relu"]
    assert total >= 6
    assert find_nodes(view, "conv1 Conv2D")[0][0] == "conv1/Conv2D"
    assert find_nodes(view, "conv?/b")[0] == ["conv1/b", "conv2/b"]
    assert "x" in find_nodes(view, "784")[0]
    assert find_nodes(view, "   ") == ([], 0)
    assert find_nodes(view, "no such thing") == ([], 0)


# ---- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_folded_box_opens_and_closes_again(name):
    explorer = Explorer(load(name))
    before = explorer.svg()
    for box in [box.id for box in explorer.scene.boxes if box.is_folded]:
        assert explorer.toggle(box).startswith("opened")
        assert explorer.folding.is_open(box)
        assert explorer.toggle(box).startswith("closed")
        assert explorer.svg() == before


def test_a_link_opens_the_scopes_around_an_operation():
    explorer = Explorer(load("cnn"))
    assert explorer.reveal("conv1/W/read") == "conv1/W/read"
    assert explorer.folding.is_open("conv1/W/")
    assert explorer.reveal("fc2/W") == "fc2/W/"
    assert explorer.reveal("train/gradients/conv1/Conv2D_grad/Conv2DBackpropInput")
    assert explorer.reveal("no such operation") == ""
    explorer.close_all()
    assert not explorer.folding.is_open("conv1/")


def test_a_link_out_of_the_model_shows_everything_again():
    explorer = Explorer(load("cnn"), forward=True)
    assert SIDE not in explorer.folding.children
    assert explorer.reveal("init") == "init"
    assert not explorer.forward


def test_initial_values_open_as_a_frame():
    explorer = Explorer(load("cnn"), depth=1)
    assert explorer.toggle(INITIAL_VALUES).startswith("opened")
    assert explorer.folding.children[SIDE][0] == INITIAL_VALUES
    assert explorer.folding.children[INITIAL_VALUES]
    explorer.toggle(INITIAL_VALUES)
    assert not explorer.folding.is_open(INITIAL_VALUES)


def test_opening_too_much_is_refused_and_the_picture_stays():
    view = GraphView(tuple(node(f"s/n{k}x") for k in range(1600)) + tuple(node(f"m{k}y") for k in range(4)))
    explorer = Explorer(view)
    before = explorer.svg()
    words = explorer.toggle("s/")
    assert "1,605 boxes would be more than anybody can read" in words
    assert explorer.svg() == before


def test_a_single_operation_has_nothing_to_open():
    assert Explorer(DIAMOND).toggle("a") == "a is one operation; there is nothing inside to open"


# ---- stacks and the side column -------------------------------------------------------------------------------------


def test_many_alike_operations_make_a_stack_that_opens():
    explorer = Explorer(series(20))
    assert explorer.folding.children[MAIN] == ["Relu[0-19]/"]
    (box,) = explorer.scene.boxes
    assert (box.title, box.detail, box.is_stack) == ("Relu[0-19]", "20 × Relu", True)
    assert explorer.svg().count('class="flow-behind"') == 2 + 3  # of the box, and of the legend
    explorer.toggle("Relu[0-19]/")
    assert len(explorer.folding.children["Relu[0-19]/"]) == 20
    assert [box.title for box in explorer.scene.boxes][1:3] == ["Relu", "Relu_1"]
    explorer.toggle("Relu[0-19]/")
    assert len(explorer.scene.boxes) == 1


def test_stacks_need_five_alike_and_a_crowded_scope_unless_asked_for():
    assert fold(series(15)).stacks == frozenset()
    assert fold(series(5), stack=True).children[MAIN] == ["Relu[0-4]/"]
    assert fold(series(4), stack=True).stacks == frozenset()
    assert fold(series(20), stack=False).stacks == frozenset()


def test_layers_stack_only_if_they_are_the_same_inside():
    view = GraphView(tuple(node(f"layer{k}/{name}", name) for k in range(6) for name in ("MatMul", "Add")))
    other = GraphView((*view.nodes, node("layer6/Relu", "Relu")))
    assert fold(other, stack=True).children[MAIN] == ["layer[0-5]/", "layer6/"]
    opened = fold(other, stack=True, expand=["layer3"])
    assert opened.is_open("layer[0-5]/")
    assert opened.is_open("layer3/")
    assert opened.children["layer3/"] == ["layer3/MatMul", "layer3/Add"]
    assert fold(other, stack=True, expand=["layer[0-5]"]).is_open("layer[0-5]/")


def test_a_stack_in_a_scope_keeps_short_titles():
    explorer = Explorer(series(20, "s/"), stack=True, expand=["s", "s/Relu[0-19]"])
    titles = [box.title for box in explorer.scene.boxes]
    assert titles[:4] == ["s", "Relu[0-19]", "Relu", "Relu_1"]


def test_every_operation_stays_in_one_box_with_stacks():
    view = load("shared_network")
    for options in ({"stack": True}, {"stack": True, "expand": ("*",)}):
        folding = fold(view, **options)
        leaves = [box for inside in folding.children.values() for box in inside if not folding.is_open(box)]
        assert sorted(name for box in leaves for name in folding.members[box]) == sorted(n.name for n in view.nodes)
        scene_of(folding)


def test_user_rules_move_boxes_to_the_side_column_and_back():
    picture = graph(load("cnn"), side="accuracy,!train")
    assert "accuracy/" in picture.folding.children[SIDE]
    assert "train/" in picture.folding.children[MAIN]


# ---- colours --------------------------------------------------------------------------------------------------------


def test_layers_of_the_same_structure_get_the_same_letter():
    tints = by_structure(fold(load("cnn"))).tints
    assert tints["conv1/"].letter == tints["conv2/"].letter == "A"
    assert tints["pool1/"].letter == tints["pool2/"].letter == "B"
    assert "fc1/" not in tints


def test_devices_get_letters_and_a_legend():
    with tf.device("/cpu:0"):
        tf.constant(1.0, name="a")
    tf.constant(2.0, name="b")
    picture = graph(color="device")
    coloring = by_device(picture.folding)
    assert [words for _, words in coloring.legend] == ["/device:CPU:0", "no device asked for"]
    assert "no device asked for" in picture.svg()


def test_time_and_memory_come_from_a_traced_run():
    x = tf.constant(np.ones([64, 64], np.float32), name="x")
    y = tf.matmul(x, x, name="y")
    metadata = tf.RunMetadata()
    with tf.Session() as sess:
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        sess.run(y, options=options, run_metadata=metadata)
    picture = graph(run_metadata=metadata)
    assert picture.explorer.color == "time"
    box = picture.scene.box("y")
    assert "%" in box.detail
    assert picture.explorer.colors() == ["kind", "structure", "time", "memory"]
    picture.explorer.set_color("memory")
    assert picture.scene.box("y").detail.startswith("16 KiB")
    assert metadata_costs(metadata)["y"].nbytes == 64 * 64 * 4
    assert 'class="flow-measure"' in picture.svg()


def test_shares_of_time_add_up_over_folded_scopes():
    view = load("cnn")
    costs = {node.name: Cost(0.001, 10) for node in view.nodes}
    coloring = find_coloring("time", fold(view), costs)
    assert sum(tint.share for tint in coloring.tints.values()) == pytest.approx(1)
    assert coloring.tints["conv1/"].words == "32 ms · 9%"


def test_wrong_colours_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match=r"no colours by 'tyme'. Did you mean 'time'"):
        graph(color="tyme")
    with pytest.raises(ValueError, match=r"Colours by time need a measured run: sess\.run"):
        graph(color="time")


# ---- keys and words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_arrows_reach_every_box(name):
    for options in ({}, {"depth": 1}):
        explorer = Explorer(load(name), **options)
        keys = explorer.navigation
        assert list(keys) == [box.id for box in explorer.scene.boxes]
        ways = ("up", "down", "left", "right", "out")
        reached, waiting = {next(iter(keys))}, [next(iter(keys))]
        while waiting:
            for way in ways:
                there = keys[waiting[-1]].get(way)
                if there is not None and there not in reached:
                    reached.add(there)
                    waiting.append(there)
                    break
            else:
                waiting.pop()
        assert set(keys) == reached


def test_arrows_follow_the_edges():
    keys = Explorer(chain("a", "b", "c")).navigation
    assert keys["b"]["up"] == "a"
    assert keys["b"]["down"] == "c"
    assert keys["b"]["label"] == "b, Identity, reads a"


def test_open_scopes_are_left_by_escape_and_entered_by_down():
    keys = Explorer(load("cnn"), expand=["conv1"]).navigation
    assert keys["conv1/Relu"]["out"] == "conv1/"
    assert keys["conv1/"]["open"]
    assert keys["conv1/"]["down"].startswith("conv1/")
    assert keys["conv1/"]["label"] == "conv1, open name scope, 32 operations"
    assert keys["conv2/"]["folded"]


# ---- other things -----------------------------------------------------------------------------------------------


def test_a_model_is_drawn_by_the_function_registered_for_its_class():
    class Model:
        layers = ("embed", "dense")

    @conceptual_view.register(Model)
    def layers_of(model: Model) -> GraphView:
        return chain(*model.layers, type="Layer")

    assert str(graph(Model())) == "graph of 2 operations\n  embed  Layer\n  dense  Layer  <- embed"


def test_values_of_a_session_reach_the_panel():
    x = tf.placeholder(tf.float32, name="x")
    tf.square(x, name="y")
    picture = graph(session=tf.Session(), feed_dict={x: 3.0})
    rows = next(r["rows"] for r in picture.explorer.select("y") if r.get("label") == "Value")
    assert ["value", "9"] in rows
    given = graph(values={"y": [1.0, 5.0]})
    rows = next(r["rows"] for r in given.explorer.select("y") if r.get("label") == "Value")
    assert ["maximum", "5"] in rows


def test_pictures_without_stacks_are_what_they_were():
    assert build_scene(load("cnn")).caption == "354 operations, drawn as 15 boxes"
