"""Loss surface and playground."""

import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.contours import Landscape, clip, contour_levels, inside_pieces, refined
from flowlab._src.lab.playground import cut_line, playground
from flowlab._src.lab.surface import loss_surface


def bowl(resource=False):
    """A bowl with its ground at w = 1, b = -2."""
    w = tf.get_variable("w", shape=[], initializer=tf.constant_initializer(3.0), use_resource=resource)
    b = tf.get_variable("b", shape=[], initializer=tf.zeros_initializer(), use_resource=resource)
    return w, b, tf.square(w - 1) + 2 * tf.square(b + 2)


@pytest.mark.parametrize("resource", [False, True])
def test_the_surface_is_the_loss_and_the_variables_get_their_values_back(resource):
    w, b, loss = bowl(resource)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        surface = loss_surface(sess, loss, [w, b], ranges=[(-1, 3), (-4, 0)], points=9)
        assert sess.run([w, b]) == [3.0, 0.0]
    wanted = (surface.xs[None] - 1) ** 2 + 2 * (surface.ys[:, None] + 2) ** 2
    assert np.allclose(surface.losses, wanted, atol=1e-5)
    assert repr(surface) == "loss surface over w and b, 9 × 9 points: lowest 0 at w 1, b -2"


def test_one_variable_of_two_elements_and_feeds():
    v = tf.Variable([[0.0], [1.0]], name="v")
    x = tf.placeholder(tf.float32, [None, 2])
    loss = tf.reduce_mean(tf.square(tf.matmul(x, v)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = [sess.run(v), np.array([[0.5], [0.5]])]
        surface = loss_surface(sess, loss, v, {x: np.eye(2)}, path={"a": path, "b": path}, points=5)
    assert surface.land.names == ("v[0]", "v[1]")
    assert surface.paths["a"].tolist() == [[0, 1], [0.5, 0.5]]
    assert np.allclose(surface.losses, (surface.xs[None] ** 2 + surface.ys[:, None] ** 2) / 2, atol=1e-6)


def test_a_failing_run_leaves_the_variables_as_they_were():
    w, b, loss = bowl()
    bad = tf.check_numerics(tf.log(w), "log") + loss
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError):
            loss_surface(sess, bad, [w, b], ranges=[(-1, 1), (-1, 1)], points=5)
        assert sess.run([w, b]) == [3.0, 0.0]


def test_what_is_no_landscape_is_refused():
    w, b, loss = bowl()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(ValueError, match="two parameters in all; got w"):
            loss_surface(sess, loss, [w])
        with pytest.raises(ValueError, match="single number"):
            loss_surface(sess, tf.stack([loss, loss]), [w, b], points=5)
        with pytest.raises(ValueError, match="two Variables"):
            loss_surface(sess, loss, [tf.constant(1.0), b])
        with pytest.raises(ValueError, match="A path is a list of pairs"):
            loss_surface(sess, loss, [w, b], path=[[1.0], [2.0]])
        with pytest.raises(ValueError, match="from low to high"):
            loss_surface(sess, loss, [w, b], ranges=[(1, 1), (0, 1)])
        with pytest.raises(ValueError, match="points is from 5"):
            loss_surface(sess, loss, [w, b], points=10_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["flat", "nan", "tall", "negative"])
def test_odd_landscapes_have_a_picture(kind, theme):
    w, b, loss = bowl()
    loss = {"flat": loss * 0, "nan": tf.log(w), "tall": tf.exp(loss * 10), "negative": -loss}[kind]
    path = [[0.5, 0.5], [math.nan, 1], [1e30, -1e30], [math.inf, 0]]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        surface = loss_surface(sess, loss, [w, b], path=path, ranges=[(-1, 1), (-1, 1)], points=11, theme=theme)
    ET.fromstring(surface.svg())
    assert surface.png().startswith(b"\x89PNG")


def test_levels_are_between_the_ends_and_rise():
    for losses in (np.array([[0.0, 1.0]]), np.array([[1e-3, 50.0]]), np.array([[-5.0, 2.0]])):
        levels = contour_levels(losses)
        assert len(levels) > 4
        assert levels == sorted(levels)
        assert losses.min() < levels[0]
        assert levels[-1] < losses.max()


def test_refining_keeps_the_points_and_straight_lines():
    values = np.array([1.0, 4.0, 2.0, 8.0])
    assert np.allclose(refined(values)[::3], values)
    assert np.allclose(refined(np.arange(6.0)), np.linspace(0, 5, 16))


def test_paths_are_cut_at_the_border():
    land = Landscape(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.zeros((2, 2)), ("a", "b"))
    assert clip((-1, 0.5), (2, 0.5), land) == ((0.0, 0.5), (1.0, 0.5))
    assert clip((-1, 2), (2, 2), land) is None
    out_and_in = np.array([[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [0.5, 1.5], [0.5, 0.5], [0.2, 0.5]])
    assert [piece.tolist() for piece in inside_pieces(out_and_in, land)] == [
        [[0.5, 0.5], [1.0, 0.5]],
        [[0.5, 1.0], [0.5, 0.5], [0.2, 0.5]],
    ]


def test_a_step_of_the_playground_is_gradient_descent():
    play = playground([0.0, 2.0], [1.0, 5.0], rate=0.1, start=(1.0, 1.0))
    play.step()
    error = np.array([1.0, 3.0]) - [1.0, 5.0]
    assert play.slope == pytest.approx(1 - 0.1 * 2 * np.mean(error * [0, 2]))
    assert play.height == pytest.approx(1 - 0.1 * 2 * np.mean(error))
    assert play.steps == 1
    assert play.best == pytest.approx((2.0, 1.0))


def test_the_playground_keeps_earlier_losses_and_says_when_it_flies_off():
    play = playground(rate=0.1)
    play.step(5)
    play.reset()
    play.rate = 5.0
    play.step(1000)
    assert play.has_flown_off
    assert play.steps < 50
    assert "⚠ flown off" in repr(play)
    words = [item.text for group in play.drawing().groups for item in group.items if hasattr(item, "text")]
    assert any(word.startswith("rate 0.1:") for word in words)
    assert any(word.startswith("rate 5:") for word in words)
    play.reset()
    play.rate = 0.2
    play.step(2000)
    assert play.is_at_rest
    for _ in range(8):
        play.reset()
        play.step()
    assert len(play._earlier) <= 3
    assert play.png().startswith(b"\x89PNG")


def test_the_playground_refuses_what_is_no_line():
    with pytest.raises(ValueError, match="neither"):
        playground(x=[1.0])
    with pytest.raises(ValueError, match="two points or more"):
        playground([1.0, 1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="finite"):
        playground([1.0, np.nan], [1.0, 2.0])
    with pytest.raises(ValueError, match="learning rate"):
        playground(rate=-1.0)


def test_the_playground_leaves_the_default_graph_alone():
    before = len(tf.get_default_graph().get_operations())
    playground().step()
    assert len(tf.get_default_graph().get_operations()) == before


def test_a_line_is_cut_at_the_border():
    assert cut_line(1.0, 0.0, (0, 2), (0, 1)) == ((0, 0.0), (1.0, 1.0))
    assert cut_line(0.0, 5.0, (0, 2), (0, 1)) is None
    assert cut_line(math.nan, 0.0, (0, 2), (0, 1)) is None


def test_the_widget_passes_on_what_the_page_asks():
    pytest.importorskip("anywidget")
    play = playground(rate=0.1)
    widget = play.widget()
    pictures = [widget.svg]
    for message in ({"do": "step"}, {"do": "run"}, {"do": "rate", "text": "80"}, {"do": "theme", "text": "dark"}):
        widget._handle_custom_msg(message, [])
        pictures.append(widget.svg)
    assert play.steps == 3
    assert play.rate == 1.0
    assert widget.state["position"] == 80
    assert "#1b1d22" in widget.svg
    assert widget.say.startswith("step 3, rate 1:")
    turn = widget.state["turn"]
    for message in ("x", {"do": "nothing"}, {"do": "rate", "text": "nan"}, {"do": "rate", "text": 3}, {"do": "draw_"}):
        widget._handle_custom_msg(message, [])
    assert play.rate == 1.0
    widget._handle_custom_msg({"do": "start"}, [])
    assert play.steps == 0
    assert widget.state["turn"] > turn
    bundle = widget._repr_mimebundle_()
    assert {"image/svg+xml", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(bundle)
    widget.close()
