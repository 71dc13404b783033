"""`tf.explain()`: the story behind an error, with a fragment of the graph."""

import pytest

import flowlab as tf
from flowlab._src.util.misconceptions import catalogue


def failed(action):
    with pytest.raises(Exception) as caught:
        action()
    return caught.value


def test_a_node_that_was_refused_is_drawn_with_its_inputs():
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    w = tf.Variable(tf.zeros([28, 10]), name="w")
    story = tf.explain(failed(lambda: tf.matmul(x, w)))
    assert str(story).startswith("FL-M10: matrices that do not fit\n\nValueError: Dimensions must be equal")
    assert str(story).endswith("! MatMul  MatMul  <- x (?, 784), w/read (28, 10)")
    (box,) = [box for box in story.scene.boxes if box.id == "MatMul"]
    assert (box.badge, box.state) == ("!", "failing")
    assert "<svg" in story.svg()
    assert "MatMul" not in [op.name for op in tf.get_default_graph().get_operations()]


def test_a_fragment_of_a_net_ends_at_variables():
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    h = x
    for number in range(6):
        w = tf.Variable(tf.zeros([784, 784]), name=f"w{number}")
        h = tf.nn.relu(tf.matmul(h, w) + tf.Variable(tf.zeros([784]), name=f"b{number}"), name=f"h{number}")
    story = tf.explain(failed(lambda: tf.matmul(h, tf.Variable(tf.zeros([28, 10]), name="last"))))
    assert story.failing.startswith("MatMul")
    assert {"last", "last/read", "h5"} <= set(story.view.by_name)
    assert len(story.view.nodes) < 20
    assert all(name in story.view.by_name for node in story.view.nodes for name, _ in node.inputs)
    assert "<svg" in story._repr_html_()


def test_shapes_are_those_of_the_run():
    a, b = tf.placeholder(tf.float32, name="a"), tf.placeholder(tf.float32, name="b")
    c = tf.add(tf.square(a), b, name="c")
    error = failed(lambda: tf.Session().run(c, {a: [1.0, 2.0, 3.0], b: [1.0, 2.0]}))
    story = tf.explain(error)
    assert story.failing == "c"
    assert "! c  Add  <- Square (3,), b (2,)" in str(story)


def test_without_an_argument_it_is_the_last_error():
    w = tf.Variable(1.0, name="w")
    failed(lambda: tf.Session().run(w))
    assert str(tf.explain()).startswith(
        "FL-M01: a variable without a value\n\nFailedPreconditionError: Attempting to use"
    )


def test_names_are_text_in_the_page():
    error = ValueError("<img src=x onerror=alert(1)>")
    error.flow = {"Why": "<b>bold</b>"}
    page = tf.explain(error)._repr_html_()
    assert "<img" not in page
    assert "<b>" not in page
    assert set(tf.explain(error)._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_cell_shows_words_and_picture(run):
    run("x = tf.placeholder(tf.float32, [2, 3], name='x')\ntf.matmul(x, x)")
    bundle = run("tf.explain()").value._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert "tf.matmul(x, x, transpose_b=True)" in bundle["text/plain"]


@pytest.mark.parametrize("row", list(catalogue().values()), ids=lambda row: row.id)
def test_every_code_has_its_story(row):
    for code in [row.code, row.id.lower(), *([row.lint] if row.lint else [])]:
        assert str(tf.explain(code)).startswith(f"{row.code}: {row.title}\n\n{row.story}")


def test_what_cannot_be_explained_is_refused():
    with pytest.raises(ValueError, match=r"Did you mean .FL106."):
        tf.explain("FL1066")
    with pytest.raises(TypeError, match="takes an exception or a code"):
        tf.explain(3)


def test_an_array_as_a_key_is_explained_in_a_notebook(run, capsys, shell):
    run("import numpy as np\nX = tf.placeholder(tf.float32)\ny = X * 2\nsess = tf.Session()")
    shell.run_cell("X = np.ones([2])\nsess.run(y, feed_dict={X: X})", store_history=True)
    shown = capsys.readouterr().out
    assert "unhashable type: 'numpy.ndarray'" in shown
    assert "the key X of feed_dict is an array" in shown
    assert "FL-M26" in shown
