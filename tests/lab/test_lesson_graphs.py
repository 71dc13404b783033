"""The graph of the lesson on convolutional nets, built by the lesson's own cells."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.options import cell_parser, picture_options

LESSON = Path(__file__).parents[2] / "notebooks" / "13_mnist_cnn.ipynb"


def code_cells():
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture
def options():
    """Build the lesson's network as its cells do; the options that its `%%flow` line gives to the picture."""
    cell = next(code for code in code_cells() if "def convolution(" in code)
    functions = "\n".join(ast.unparse(part) for part in ast.parse(cell).body if isinstance(part, ast.FunctionDef))
    head, _, body = next(code for code in code_cells() if code.startswith("%%flow") and "minimize(" in code).partition(
        "\n"
    )
    names = {"tf": tf, "np": np}
    exec(functions, names)
    exec(body, names)
    return picture_options(cell_parser().read(head.removeprefix("%%flow")))


def test_the_network_of_the_lesson_opens_folded_with_its_layers_recognisable(options):
    for scene in (tf.lab.graph(**options).scene, tf.lab.graph().scene):  # as the lesson draws it, and as it comes
        assert len(scene.boxes) <= 15
        layers = {box.title: box.detail for box in scene.boxes}
        assert layers["conv1"] == layers["conv2"] == "Conv2D, Add, Relu, MaxPool"
        assert layers["dense"] == "MatMul, Add, Relu"
        assert layers["output"] == "MatMul, Add"
        assert layers["loss"] == "SoftmaxCrossEntropyWithLogits"
        assert layers["train"] == "changes 10 variables"
        assert {"x", "y", "keep_prob", "dropout", "gradients"} <= set(layers)
        assert [box.title for box in scene.boxes if box.badge] == ["conv1", "conv2", "dense", "output"]
        road = [
            box
            for name in ("x", "conv1", "conv2", "dense", "dropout", "output", "loss")
            for box in scene.boxes
            if box.title == name
        ]
        assert [box.y for box in road] == sorted(box.y for box in road)


def test_every_line_between_layers_has_its_shape(options):
    said = [word.text for word in tf.lab.graph(**options).scene.words]
    assert said[:-1] == ["(?, 14, 14, 8)", "(?, 7, 7, 16)", "(?, 128)", "(?, 128)", "(?, 10)"]


def test_every_line_inside_an_opened_layer_has_its_shape(options):
    scene = tf.lab.graph(forward=True, expand="conv1", hide="accuracy,loss,y").scene
    said = [word.text for word in scene.words]
    assert said.count("(?, 28, 28, 1)") == 1  # to the convolution
    assert said.count("(?, 28, 28, 8)") == 3  # to add, Relu, MaxPool
    assert said.count("(?, 14, 14, 8)") == 1  # out of the scope


def test_words_on_lines_cover_nothing_but_their_own_line(options):
    scene = tf.lab.graph(forward=True, expand="*").scene
    words = scene.words[:-1]
    assert any(word.is_on_line for word in words)
    for k, word in enumerate(words):
        left, right, top, bottom = word.x, word.x + word.width, word.y - 12, word.y + 3
        for other in words[:k]:
            assert right <= other.x or other.x + other.width <= left or bottom <= other.y - 12 or other.y + 3 <= top
        for box in scene.boxes:
            if not box.is_open:
                apart = right <= box.x or box.x + box.width <= left or bottom <= box.y or box.y + box.height <= top
                assert apart, (word, box.id)
