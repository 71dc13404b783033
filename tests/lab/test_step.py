"""The stepper's picture, words and state, without a page."""

import re

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.options import FlowUsageError
from flowlab._src.lab.step import step
from flowlab._src.lab.step_input import TypedError, read_break, read_value
from flowlab._src.lab.step_view import irreversible_text, variable_rows, watch_rows

FIVE = """
a = tf.constant(5, name="a")
b = tf.constant(3, name="b")
c = tf.multiply(a, b, name="c")
d = tf.add(a, b, name="d")
e = tf.add(c, d, name="e")
"""


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def five():
    a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
    c, d = tf.multiply(a, b, name="c"), tf.add(a, b, name="d")
    return tf.subtract(c, d, name="e")


def states(run):
    return {box: mark.state for box, mark in run.marks(run.snapshot()).items()}


def test_the_words_name_the_walk_the_order_and_the_values():
    run = step(tf.Session(), five())
    run.run_to("c")
    assert str(run) == (
        "run of e: 5 operations, 3 steps done\n"
        "  walk back from the fetch: e, c, d, a, b\n"
        "  ✓  a  Const           = 5\n"
        "  ✓  b  Const           = 3\n"
        "  ✓  c  Mul    <- a, b  = 15\n"
        "  ►  d  Add    <- a, b\n"
        "  ◔  e  Sub    <- c, d"
    )


def test_marks_follow_the_run_forward_and_back():
    e = five()
    tf.constant(1.0, name="other")
    run = step(tf.Session(), e)
    run.next()
    assert states(run) == {"a": "run", "b": "next", "c": "waiting", "d": "waiting", "e": "waiting", "other": "unused"}
    run.back()
    run.walked = None
    assert states(run)["a"] == "next"


def test_the_walk_back_comes_first_and_can_be_taken_back():
    run = step(tf.Session(), five())
    said = [run.walk_back() for _ in range(6)]
    assert said[:4] == ["the fetch: e", "e needs c", "e needs d", "c needs a"]
    assert said[5].startswith("the walk is over: 5 operations")
    run.next()
    assert run.walk_back() == "the walk back comes before the run; restart first"
    assert run.back() is not None
    run.back()
    run.back()
    assert run.walked == 4
    assert set(states(run)) == {"e", "c", "d", "a"}


def test_svg_and_png_show_the_marks_and_are_the_same_every_time():
    e = five()
    pictures = []
    for _ in range(2):
        run = step(tf.Session(), e)
        run.run_to("c")
        pictures.append(run.svg())
    assert pictures[0] == pictures[1]
    assert 'data-of="c"' in pictures[0]
    assert "flow-nextarrow" in pictures[0]
    assert run.png().startswith(b"\x89PNG")


def test_names_that_look_like_html_stay_text():
    with tf.name_scope("s"):
        x = tf.constant(1.0, name="x")
    view = step(tf.Session(), x)
    view.explorer.whole.nodes[0]
    bundle = view._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    tf.reset_default_graph()
    y = tf.constant("<img src=x onerror=alert(1)>", name="y")
    run = step(tf.Session(), y)
    run.finish()
    assert "<img" not in run.svg()
    assert "<img" not in run.state()["marks"]


def test_a_training_step_shows_variables_before_and_after():
    w = tf.Variable([1.0, 2.0], name="w")
    loss = tf.reduce_sum(tf.square(w), name="loss")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        run = step(sess, [train, loss])
        assert variable_rows(run) == [["w", "[1, 2]", "not yet"]]
        run.finish()
        assert variable_rows(run) == [["w", "[1, 2]", "[0.8, 1.6]"]]
        assert states(run)["w/"] == "changed"
        assert states(run)["GradientDescent/"] == "changed"
        assert "  variable w: [1, 2] -> [0.8, 1.6]" in str(run)
        assert run.state()["result"] == "[None, 5]"
        run.restart()
        assert variable_rows(run) == [["w", "[1, 2]", "not yet"]]
        np.testing.assert_array_equal(sess.run(w), [1.0, 2.0])


def test_a_folded_loop_is_one_step_and_an_open_one_is_walked():
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0), name="loop")
    sess = tf.Session()
    folded = step(sess, y, depth=0)
    seen = []
    while (moment := folded.next()) is not None:
        seen.append((moment.kind, moment.node.type))
    assert ("leave", "While") in seen
    assert ("enter", "While") not in seen

    run = step(sess, y, depth=0)
    run.run_to("loop/Enter_1")
    moment = run.into()
    assert moment.kind == "enter"
    assert "loop/mul" in run.folding.paths or "loop/mul/" in run.folding.paths
    run.run_to("loop/mul")
    run.run_to("loop/mul")
    state = run.state()
    assert state["iterations"] == "loop/While, iteration 2"
    assert state["can"]["out"]
    assert run.snapshot().state("loop/NextIteration") == "next"
    assert run.snapshot().state("loop/NextIteration_1") == "waiting"
    run.out()
    assert run.state()["iterations"] == ""
    assert run.snapshot().state("loop/mul") == "run"


def test_the_branch_not_taken_is_not_needed():
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x < 0, lambda: tf.negative(x, name="minus"), lambda: tf.square(x, name="twice"))
    run = step(tf.Session(), y, {x: -2.0})
    assert run.snapshot().state("x") == "fed"
    run.finish()
    assert run.snapshot().state("cond/minus") == "run"
    assert run.snapshot().state("cond/twice") == "unused"


def test_a_run_that_raises_ends_at_the_failing_operation():
    x = tf.placeholder(tf.int32, [], name="x")
    y = tf.add(tf.gather([1, 2, 3], x, name="picked"), 1, name="y")
    run = step(tf.Session(), y, {x: 7})
    run.finish()
    state = run.state()
    assert state["phase"] == "error"
    assert not state["can"]["forward"]
    assert "error" in states(run).values()
    assert re.search(r"✗  picked +GatherV2", str(run))
    assert "  failed: InvalidArgumentError: " in str(run)
    run.back()
    assert run.override_typed("x", "1") == "x replaced by hand: 7 → 1"
    run.finish()
    assert run.result() == 3


def test_nan_has_a_mark_of_its_own():
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.reduce_sum(tf.log(x, name="bad"), name="y")
    run = step(tf.Session(), y, {x: [1.0, -1.0]})
    run.run_to_nan()
    assert states(run)["bad"] == "nan"


def test_what_stays_done_is_said_in_words():
    queue = tf.FIFOQueue(3, [tf.float32], name="queue")
    with tf.Session() as sess:
        sess.run(queue.enqueue([1.0]))
        run = step(sess, queue.dequeue(name="take"))
        run.finish()
        assert irreversible_text(run) == ["take took elements out of a queue; they are not put back"]
        assert "cannot be taken back: take took elements" in str(run)


def test_watch_list_has_values_when_there_are_any():
    run = step(tf.Session(), five())
    run.watch("c")
    run.watch("c")
    assert watch_rows(run) == [["c:0", "no value yet"]]
    run.run_to("c")
    assert watch_rows(run) == [["c:0", "15"]]
    run.unwatch("c")
    assert watch_rows(run) == []


def test_typed_values_are_read_as_data_in_the_dtype_of_the_tensor():
    x = tf.constant([1.0, 2.0], name="x")
    value = read_value("[1, nan]", x)
    assert value.dtype == np.float32
    assert np.isnan(value[1])
    assert read_value("-3", tf.constant(1)).dtype == np.int32
    assert read_value("'hi'", tf.constant("a")).tolist() == b"hi"
    for text, tensor in (
        ("__import__('os')", x),
        ("[1, [2]]", x),
        ("'a'", x),
        ("1.5", tf.constant(1)),
        ("300", tf.constant(1, tf.uint8)),
        ("1", tf.constant(True)),
        ("[" * 5000, x),
        ("", x),
    ):
        with pytest.raises(TypedError):
            read_value(text, tensor)


def test_breakpoints_are_typed_as_names_types_and_conditions():
    e = five()
    graph = e.graph
    assert read_break("d", graph)[0] == {"target": "d"}
    assert read_break("Mul", graph)[0] == {"op_type": "Mul"}
    arguments, words = read_break("Mul max > 10", graph)
    assert words == "after Mul if max > 10"
    assert arguments["when"](np.float32(15))
    assert not arguments["when"](np.float32(10))
    assert read_break("nan", graph)[0]["when"](np.array([1.0, np.nan]))
    for text in ("", "dd", "max >", "max > x", "os.system > 1"):
        with pytest.raises(TypedError):
            read_break(text, graph)
    run = step(tf.Session(), e)
    assert run.break_typed("value == 8") == "stops if value == 8"
    assert run.finish().node.name == "d"
    assert run.break_typed("value == 8") == "no more stop if value == 8"
    assert run.finish().node.name == "e"


def test_large_runs_leave_out_what_is_not_needed():
    e = five()
    for _ in range(30):
        tf.constant(1.0)
    sess = tf.Session()
    assert len(step(sess, e).explorer.view.nodes) == 5
    assert len(step(sess, e, whole=True).explorer.view.nodes) == 35


def test_a_partial_run_is_stepped_by_its_handle():
    a, b = tf.placeholder(tf.float32, [], name="a"), tf.placeholder(tf.float32, [], name="b")
    c = tf.multiply(a, 2.0, name="c")
    d = tf.add(c, b, name="d")
    with tf.Session() as sess:
        handle = sess.partial_run_setup([c, d], [a, b])
        assert sess.partial_run(handle, c, {a: 3.0}) == 6.0
        run = step(sess, d, {b: 4.0}, handle)
        run.finish()
        assert run.result() == 10.0
        assert "✓  d  Add" in str(run)


def test_only_a_session_can_be_stepped():
    with pytest.raises(TypeError, match=r"needs a tf\.Session first"):
        step(five(), None)


def test_save_writes_what_the_ending_says(tmp_path):
    run = step(tf.Session(), five())
    assert run.save(tmp_path / "run.svg").read_text(encoding="utf-8").startswith("<svg")
    assert run.save(tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    assert run.save(tmp_path / "run.txt").read_text(encoding="utf-8").startswith("run of e")
    with pytest.raises(ValueError, match="ending"):
        run.save(tmp_path / "run.gif")


def test_flow_step_in_a_cell_shows_one_stepper_with_the_whole_graph(run):
    outcome = run("%%flow --graph --step e" + FIVE)
    (bundle,) = outcome.shown
    assert bundle["text/plain"].startswith(
        "run of e: 5 operations, 0 steps done\n  walk back from the fetch: e, c, d, a, b"
    )
    assert "flow-nextarrow" in bundle["image/svg+xml"]
    assert outcome.text == ""


def test_flow_step_feeds_initializes_and_refuses(run):
    code = "x = tf.placeholder(tf.float32, name='x')\nw = tf.Variable(3.0, name='w')\ny = tf.multiply(x, w, name='y')"
    (bundle,) = run(f'%%flow --step y --feed "{{x: 2.0}}"\n{code}').shown
    assert re.search(r"P  x +Placeholder +<*.*= 2\n", bundle["text/plain"])
    assert isinstance(run(f"%%flow --step z\n{code}").error, FlowUsageError)
    again = run('%flow step y --feed "{x: 2.0}"').value
    again.finish()
    assert again.result() == 6.0
    assert run("%flow step").value is again
