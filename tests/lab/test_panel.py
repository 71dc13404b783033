"""What the panel beside a picture says."""

import json

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph.registry import OPS
from flowlab._src.lab.coloring import Cost
from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.folding import fold
from flowlab._src.lab.formulas import FORMULAS, formula_of
from flowlab._src.lab.panel import Panel
from flowlab._src.lab.views import GraphView, graph_view
from tests.lab.records import load, node


def parts(records, label):
    """The texts of the links, or the rows, under one heading."""
    (found,) = [record for record in records if record.get("label") == label]
    return [link["text"] for link in found["links"]] if found["kind"] == "links" else found["rows"]


def model():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(tf.ones([3, 2]), name="w")
    y = tf.matmul(x, w, name="y")
    loss = tf.reduce_sum(tf.square(y, name="squared"), name="loss")
    tf.gradients(loss, [w])
    return graph_view(tf.get_default_graph())


def test_an_operation_has_type_formula_place_inputs_and_consumers():
    view = model()
    records = Panel(view, tf.get_default_graph()).node_records("y")
    assert records[0] == {"kind": "title", "text": "y", "detail": "MatMul"}
    assert records[1]["kind"] == "formula"
    assert r"\sum_k" in records[1]["tex"]
    assert parts(records, "") == [["gives", "float32 (?, 2)"]]
    assert parts(records, "Reads") == ["x", "w/read"]
    assert parts(records, "Read by") == ["squared"]
    (source,) = [record for record in records if record["kind"] == "source"]
    assert source["place"].startswith("test_panel.py, line ")
    arrow = next(line for line in source["code"].splitlines() if line.startswith("→"))
    assert 'y = tf.matmul(x, w, name="y")' in arrow


def test_gradients_are_linked_from_the_operation_and_back():
    view = model()
    panel = Panel(view)
    assert "gradients/y_grad/MatMul_1" in parts(panel.node_records("y"), "Its gradient")
    back = panel.node_records("gradients/y_grad/MatMul_1", "gradient")
    assert back[0]["detail"] == "MatMul: computes gradients"
    assert parts(back, "Part of the gradient of") == ["y"]


def test_gradients_inside_of_a_scope_find_their_operation():
    panel = Panel(load("cnn"))
    assert panel.origin("train/gradients/conv1/Conv2D_grad/Conv2DBackpropFilter") == "conv1/Conv2D"
    assert panel.origin("conv1/Conv2D") is None


def test_a_scope_lists_what_goes_in_and_out_and_what_is_inside():
    folding = fold(load("cnn"))
    records = Panel(load("cnn")).records("conv1/", folding)
    assert records[0] == {"kind": "title", "text": "conv1", "detail": "name scope, 32 operations"}
    assert parts(records, "Reads") == ["reshape/Reshape"]
    assert parts(records, "Read by")[0] == "pool1/MaxPool"
    inside = next(record for record in records if record.get("label") == "Inside")
    assert [link["text"] for link in inside["links"]][:4] == ["Conv2D", "add", "Relu", "W"]
    assert inside["more"] == "and 7 more"


def test_a_scope_shows_its_main_path_and_folds_the_way_to_initial_values_and_training():
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    maps = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu, name="conv")
    loss = tf.reduce_mean(maps, name="loss")
    tf.train.AdamOptimizer().minimize(loss, name="train")
    view = graph_view(tf.get_default_graph())
    records = Panel(view).records("conv/", fold(view))
    assert parts(records, "Inside")[:5] == ["Conv2D", "BiasAdd", "Relu", "kernel", "bias"]
    assert parts(records, "Read by") == ["loss"]
    folded = {record["label"]: record for record in records if record.get("folded")}
    initial = next(record for label, record in folded.items() if label.endswith("operations for initial values"))
    assert initial["links"][0]["text"].startswith("kernel/Initializer")
    assert "gradients/conv/Relu_grad/ReluGrad" in parts(records, "Read beside the model")


def test_a_scope_beside_the_model_lists_its_readers_openly():
    view = load("cnn")
    folding = fold(view, expand=["train"])
    box = next(box for box in folding.paths if box.endswith("gradients/"))
    (beside,) = [
        record for record in Panel(view).records(box, folding) if record.get("label") == "Read beside the model"
    ]
    assert "folded" not in beside


def test_values_and_times_stand_in_the_panel():
    view = model()
    values = {"y": [np.array([[1.0, 2.0]], np.float32)], "x": [np.ones((1, 3), np.float32)]}
    records = Panel(view, values=values, costs={"y": Cost(0.0025, 8)}).node_records("y")
    assert ["maximum", "2"] in parts(records, "Value")
    assert parts(records, "When it ran") == [["time", "2.5 ms"], ["output", "8 bytes"]]
    reads = next(record for record in records if record.get("label") == "Reads")
    assert reads["links"][0]["detail"] == "= 1 × 3 float32, 1 … 1"


def test_formulas_belong_to_operations_that_exist():
    assert set(FORMULAS) <= set(OPS)
    assert formula_of("ResourceApplyAdam") == FORMULAS["ApplyAdam"]
    assert formula_of("AssignVariableOp") == FORMULAS["Assign"]
    assert formula_of("Conv2D").text
    assert formula_of("NoOp") is None


@pytest.mark.parametrize("kind", FORMULAS)
def test_formulas_have_balanced_braces_and_words(kind):
    formula = FORMULAS[kind]
    assert formula.tex.count("{") == formula.tex.count("}")
    assert formula.tex.count(r"\begin") == formula.tex.count(r"\end")
    assert formula.text
    assert "\\" not in formula.text


def test_hostile_names_stay_plain_text_in_every_record():
    name = '<img src=x onerror="a()">'
    view = GraphView((node(name, "Relu"), node("b", "Relu", [(name, 0)]), node(name + "/c", "Relu")))
    explorer = Explorer(view)
    for box in explorer.folding.paths:
        for record in explorer.select(box):
            assert record["kind"] in ("title", "text", "formula", "rows", "links")  # none of them is markup
            assert "svg" not in record
    assert name in json.dumps(explorer.select("b"), ensure_ascii=False).replace('\\"', '"')
