"""In a page the widget takes the place of the still picture, so that a saved notebook holds the picture alone."""

import pytest

import flowlab as tf
from flowlab._src.lab.in_place import VIEW


@pytest.fixture
def page(monkeypatch):
    """As if a page asked for the cell."""
    pytest.importorskip("anywidget")
    monkeypatch.setenv("FLOWLAB_LIVE", "1")


BUILD = "tf.reset_default_graph(); y = tf.square(tf.constant(2.0, name='x'), name='y')\n"


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("shown", ["tf.lab.graph()", "tf.lab.step(tf.Session(), y)", "tf.lab.graph(static=False)"])
def test_a_page_gets_the_still_picture_and_the_widget_as_two_outputs(run, shown):
    still, living = run(BUILD + shown).shown
    assert "image/svg+xml" in still
    assert VIEW not in still
    assert set(living) == {VIEW, "text/plain"}
    assert living["text/plain"] == ""


@pytest.mark.usefixtures("page")
def test_when_the_page_has_moved_the_widget_its_own_output_is_emptied(run, shell):
    run(BUILD + "view = tf.lab.graph()\nview")
    widget = shell.user_ns["view"].widget()
    assert widget.in_place
    outcome = run("view.widget().receive(None, {'do': 'placed', 'text': ''}, [])")
    assert outcome.shown == [{"text/plain": ""}]
    assert outcome.places == [True]
    assert run("view.widget().receive(None, {'do': 'placed', 'text': ''}, [])").shown == []


@pytest.mark.usefixtures("page")
def test_a_still_picture_is_one_output(run):
    (shown,) = run(BUILD + "from IPython.display import display\ndisplay(tf.lab.graph(static=True))").shown
    assert VIEW not in shown
    assert "image/svg+xml" in shown


@pytest.mark.usefixtures("page")
def test_where_outputs_stand_apart_one_output_has_both(run, shell):
    shell.user_ns["__vsc_ipynb_file__"] = "lesson.ipynb"
    (shown,) = run(BUILD + "from IPython.display import display\ndisplay(tf.lab.graph())").shown
    assert VIEW in shown
    assert "image/svg+xml" in shown


def test_where_nobody_watches_the_mimebundle_is_shown():
    with pytest.raises(NotImplementedError):
        tf.lab.graph()._ipython_display_()
