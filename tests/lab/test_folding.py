"""Which operation has which role, and which boxes are seen."""

from collections import Counter

import pytest

from flowlab._src.lab.folding import INITIAL_VALUES, MAIN, SIDE, fold
from flowlab._src.lab.roles import operation_roles
from flowlab._src.lab.views import GraphView
from tests.lab.records import NAMES, chain, load, node


def test_roles_of_a_linear_regression():
    roles = operation_roles(load("linear_regression"))
    expected = {
        "x": "forward",
        "W": "forward",
        "W/read": "forward",
        "W/Assign": "initial",
        "W/initial_value": "initial",
        "loss": "forward",
        "gradients/grad_ys_0": "gradient",
        "GradientDescent/learning_rate": "update",
        "GradientDescent": "update",
        "init": "initial",
    }
    assert {name: roles[name] for name in expected} == expected


def test_roles_of_an_adam_step_with_saver():
    roles = operation_roles(load("cnn_flat"))
    expected = {
        "beta1_power": "update",
        "beta1_power/read": "update",
        "Variable/Adam": "update",
        "truncated_normal/TruncatedNormal": "initial",
        "save/SaveV2": "save",
        "Variable": "forward",
        "Placeholder_2": "forward",
    }
    assert {name: roles[name] for name in expected} == expected


def test_a_loss_that_only_a_summary_reads_is_part_of_the_model():
    roles = operation_roles(load("shared_network"))
    expected = {
        "loss": "forward",
        "loss_value": "summary",
        "loss_value/tags": "summary",
        "global_step": "update",
        "ExponentialDecay": "update",
    }
    assert {name: roles[name] for name in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_stands_in_exactly_one_visible_box(name):
    view = load(name)
    for options in ({}, {"depth": 1}, {"expand": ("*",)}, {"side": False, "depth": 2}):
        folding = fold(view, **options)
        leaves = [box for inside in folding.children.values() for box in inside if not folding.is_open(box)]
        held = Counter(member for box in leaves for member in folding.members[box])
        assert held == Counter(node.name for node in view.nodes)


def test_the_convolutional_net_opens_folded_with_its_layers_in_order():
    folding = fold(load("cnn"))
    assert folding.children[MAIN] == [
        *("x", "y_", "keep_prob", "reshape/", "conv1/", "pool1/", "conv2/", "pool2/", "fc1/", "dropout/"),
        *("fc2/", "loss/", "accuracy/"),
    ]
    assert folding.children[SIDE] == ["train/", "init"]


def test_depth_opens_layers_but_neither_variables_nor_gradients():
    folding = fold(load("cnn"), depth=1)
    assert folding.children["conv1/"] == ["conv1/W/", "conv1/b/", "conv1/Conv2D", "conv1/add", "conv1/Relu"]
    assert folding.children[SIDE] == [INITIAL_VALUES, "train/", "init"]


def test_expand_opens_scopes_by_name_or_pattern_and_those_around_them():
    view = load("cnn")
    assert fold(view, expand=["conv1/W"]).is_open("conv1/")
    assert fold(view, expand=["conv1/W"]).is_open("conv1/W/")
    assert not fold(view, expand=["conv1/W"]).is_open("conv2/")
    assert fold(view, expand=["conv?"]).is_open("conv2/")
    assert fold(view, expand=["initial values"], depth=1).children[INITIAL_VALUES][0] == "conv1/truncated_normal/"


def test_a_wrong_scope_name_gets_the_nearest_one():
    with pytest.raises(ValueError) as error:
        fold(load("cnn"), expand=["conv"])
    assert str(error.value).startswith("No name scope to open fits 'conv'. Did you mean 'conv2' or 'conv1'")


def test_small_graphs_have_no_side_column():
    assert SIDE not in fold(load("five")).children
    assert SIDE not in fold(load("linear_regression"), side=False).children


def test_a_single_scope_around_everything_opens_by_itself():
    view = GraphView(tuple(node(f"model/layer{k}/{name}") for k in range(5) for name in ("MatMul", "add")))
    assert fold(view).children["model/"] == [f"model/layer{k}/" for k in range(5)]


def test_helpers_fold_into_their_operation():
    view = GraphView(
        (node("x"), node("Mean/axis", "Const"), node("Mean", "Mean", [("x", 0), ("Mean/axis", 0)]), node("y"))
    )
    folding = fold(view, depth=3)
    assert folding.children[MAIN] == ["x", "Mean/", "y"]
    assert folding.is_family("Mean/")


def test_odd_names_do_not_confuse_scopes():
    view = chain("a//b", "a/", "|", "in|a|b", "main|")
    names = {"a//b", "a/", "|", "in|a|b", "main|"}
    for options in ({}, {"depth": 5}):
        folding = fold(view, **options)
        assert set(folding.chains) == names
