"""The stepper in a page: what buttons and keys send, and what comes back. No browser."""

import threading

import pytest

import flowlab as tf
from flowlab._src.lab.step import step

pytest.importorskip("anywidget")


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.fixture
def page():
    """A stepper on the five nodes; `page(do, text)` is a key, and returns what is said."""
    a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
    c, d = tf.multiply(a, b, name="c"), tf.add(a, b, name="d")
    run = step(tf.Session(), tf.subtract(c, d, name="e"))
    widget = run.widget()

    def press(do, text=""):
        widget._handle_custom_msg({"do": do, "text": text}, [])
        return widget.say

    press.run, press.widget = run, widget
    yield press
    widget.close()


def test_keys_walk_back_forward_and_back_again(page):
    assert page("walk") == "the fetch: e"
    assert page("walk") == "e needs c"
    assert page.widget.state["phase"] == "walk"
    assert page("next") == "a = 5; next: b (Const)"
    for _ in range(3):
        page("next")
    assert page("next") == "e = 7; the run is finished; result 7"
    assert page.widget.state["phase"] == "end"
    assert page("back") == "back before: e = 7"
    assert page.widget.state["next_box"] == "e"
    page("start")
    assert page.run.position == 0


def test_the_scene_is_sent_once_and_the_state_at_each_step(page):
    sent = []
    page.widget.observe(lambda change: sent.append(change["name"]), ["scene", "state"])
    page("next")
    page("next")
    assert sent == ["state", "state"]


def test_the_panel_tells_of_what_ran_last_or_of_what_is_selected(page):
    page("next")
    assert page.widget.state["current"] == "a"
    said = page("select", "e")
    assert page.widget.selected == "e"
    assert page.widget.state["current"] == "e"
    assert said.endswith("waiting")
    page("next")
    assert page.widget.selected is None
    assert page.widget.state["current"] == "b"
    assert page("go", "c") == "at c"
    assert page("go", "nowhere") == "nowhere is not in this picture"


def test_continue_runs_to_the_selected_box(page):
    assert page("continue", "").startswith("select a box first")
    assert page("continue", "d") == "d = 8; next: e (Sub)"


def test_a_typed_value_flows_on_and_a_wrong_one_is_refused(page):
    page("continue", "c")
    assert page("override", "2") == "c replaced by hand: 15 → 2"
    assert page("override", "[1, ").startswith("✗ type a number")
    assert page("override", "exit()").startswith("✗ type a number")
    assert page("end") == "e = −6; the run is finished; result -6" or page.run.result() == -6.0


def test_breakpoints_and_watch_list(page):
    assert page("pause", "d") == "stops after d"
    assert page("end") == "d = 8; next: e (Sub)"
    assert page("break", "nothing").startswith("✗ no operation, type or condition")
    page("drop", "0")
    assert page.widget.state["breaks"] == []
    assert page("watch", "c") == "watching c"
    assert page.widget.state["watch"] == [["c:0", "15"]]
    assert page("watch", "c") == "no longer watching c"


def test_messages_that_make_no_sense_are_ignored(page):
    before = page.widget.state
    for message in ("next", None, {"do": "nothing"}, {"do": "next", "text": 3}, {"do": "__init__"}, {}):
        page.widget._handle_custom_msg(message, [])
    for do in ("select", "open", "go", "drop", "unwatch", "continue", "pause"):
        page(do, "<img src=x>")
    assert page.run.position == 0
    assert page.widget.state["log"] == before["log"]


def test_a_session_closed_meanwhile_is_told(page):
    page.run.session.close()
    page("end")
    assert page.widget.say


def test_an_error_of_the_run_is_said(page):
    x = tf.placeholder(tf.int32, [], name="x")
    run = step(tf.Session(), tf.gather([1, 2, 3], x, name="picked"), {x: 9})
    widget = run.widget()
    widget._handle_custom_msg({"do": "end", "text": ""}, [])
    assert "picked failed: InvalidArgumentError" in widget.say
    assert widget.state["phase"] == "error"
    widget.close()


def test_going_into_a_loop_opens_it(page):
    tf.reset_default_graph()
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0), name="loop")
    run = step(tf.Session(), y, depth=0)
    widget = run.widget()
    run.run_to("loop/Enter_1")
    boxes = set(widget.scene["boxes"])
    widget._handle_custom_msg({"do": "into", "text": ""}, [])
    assert len(widget.scene["boxes"]) > len(boxes)
    assert "iteration 1" in widget.say
    widget._handle_custom_msg({"do": "out", "text": ""}, [])
    assert run.depth == 0
    widget.close()


def test_messages_from_two_threads_take_turns(page):
    threads = [threading.Thread(target=page, args=("next",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert page.run.result() == 7.0


def test_every_output_form_is_there(page):
    data = page.widget._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"].startswith("run of e")
    assert "innerHTML" not in page.widget._esm.split("// The stepper")[1]


def test_a_cell_that_moves_the_run_moves_the_page(page, run, shell):
    shell.user_ns["stepper"] = page.run
    run("stepper.run_to('c')\nstepper.watch('c')")
    assert page.widget.state["next_box"] == "d"
    assert page.widget.state["watch"] == [["c:0", "15"]]
