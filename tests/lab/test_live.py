"""Live pictures and bars: what a page gets, and what is kept."""

import sys
from types import SimpleNamespace

import pytest

from flowlab._src.lab import live, live_view, progress as progress_module
from flowlab._src.lab.plot import plot
from flowlab._src.lab.progress import progress


@pytest.fixture
def kernel(shell, monkeypatch):
    """Pretend that the shell serves a notebook; `kernel.username` is what the messages carry."""
    pretended = SimpleNamespace(username="")
    pretended.get_parent = lambda: {"header": {"username": pretended.username}}
    monkeypatch.setattr(shell, "kernel", pretended, raising=False)
    monkeypatch.delenv("FLOWLAB_LIVE", raising=False)
    return pretended


@pytest.fixture
def pages(monkeypatch):
    """Stand-ins for the widgets that a page would show, with every picture they were sent."""
    made = []

    class Page:
        def __init__(self, svg, words):
            self.pictures, self.words, self.is_closed = [], words, False
            made.append(self)

        svg = property(None, lambda self, text: self.pictures.append(text))

        def close(self):
            self.is_closed = True

    monkeypatch.setitem(sys.modules, "flowlab._src.lab.widgets", SimpleNamespace(LivePicture=Page))
    return made


def clock(monkeypatch, module, seconds):
    """Let time stand still except where a test moves it."""
    now = SimpleNamespace(seconds=seconds)
    monkeypatch.setattr(module.time, "monotonic", lambda: now.seconds)
    return now


def test_outside_a_notebook_nobody_watches():
    assert not live.in_kernel()
    assert not live.has_page()


def test_a_page_watches_and_a_program_does_not(kernel, monkeypatch):
    assert live.has_page()
    kernel.username = "somebody"
    assert live.in_kernel()
    assert not live.has_page()
    monkeypatch.setenv("FLOWLAB_LIVE", "1")
    assert live.has_page()


def test_the_page_gets_at_most_ten_pictures_a_second(kernel, pages, run, shell, monkeypatch):
    now = clock(monkeypatch, live_view, 100.0)

    def train():
        curves = plot("loss")
        for step in range(1000):  # two seconds
            now.seconds = 100.0 + step / 500
            curves.update(loss=1 / (step + 1))

    shell.user_ns["train"] = train
    outcome = run("train()")
    (page,) = pages
    assert outcome.places == [False, True]  # one output, replaced once
    assert 15 <= len(page.pictures) <= 21
    assert page.is_closed
    assert outcome.shown[-1]["text/plain"] == "plot of loss\n  loss: 1,000 values, 1 -> 0.001"
    assert "image/png" in outcome.shown[-1]


def test_a_costly_picture_is_drawn_less_often(kernel, pages, run, shell, monkeypatch):
    now = clock(monkeypatch, live_view, 0.0)
    curves = plot("loss")
    plain = curves.svg

    def slow():
        now.seconds += 0.05
        return plain()

    curves.svg = slow

    def train():
        for _ in range(500):
            now.seconds += 0.01
            curves.append(1.0)

    shell.user_ns["train"] = train
    run("train()")
    drawing, total = 0.05 * len(pages[0].pictures), now.seconds
    assert drawing / total < 0.06


def test_executed_by_a_program_only_the_final_picture_is_shown(kernel, pages, run, shell):
    kernel.username = "somebody"
    shell.user_ns["plot"] = plot
    outcome = run("curves = plot('loss')\nfor k in range(5):\n    curves.append(k)")
    assert pages == []
    assert [data["text/plain"] for data in outcome.shown] == ["plot of loss\n  loss: 5 values, 0 -> 4"]


def test_an_interrupted_cell_keeps_its_picture(kernel, pages, run, shell):
    shell.user_ns["plot"] = plot
    outcome = run("curves = plot('loss')\ncurves.append(1.0)\nraise KeyboardInterrupt")
    assert pages[0].is_closed
    assert outcome.shown[-1]["text/plain"] == "plot of loss\n  loss: 1 value, 1"


def test_a_plot_shown_by_the_cell_itself_is_not_shown_twice(kernel, run, shell):
    kernel.username = "somebody"
    shell.user_ns["plot"] = plot
    outcome = run("curves = plot('loss')\ncurves.append(1.0)\nfrom IPython.display import display\ndisplay(curves)")
    assert len(outcome.shown) == 1
    again = run("curves.append(2.0)")
    assert [data["text/plain"] for data in again.shown] == ["plot of loss\n  loss: 2 values, 1 -> 2"]


def test_the_widget_carries_picture_and_words():
    pytest.importorskip("anywidget")
    from flowlab._src.lab.widgets import LivePicture

    page = LivePicture(svg="<svg/>", words="live plot of loss")
    assert page.trait_metadata("svg", "sync")
    data, _ = page._repr_mimebundle_()
    assert data["text/plain"] == "live plot of loss"
    assert "innerHTML" in str(page._esm)
    page.close()


def test_a_bar_leaves_one_final_line(capsys):
    assert list(progress(range(3), "training")) == [0, 1, 2]
    assert capsys.readouterr().out == "training: 3 done\n"


def test_a_loop_that_is_left_early_says_so(capsys):
    for item in progress("abcd"):
        if item == "b":
            break
    assert capsys.readouterr().out == "1 of 4 done, then stopped\n"


def test_items_without_a_length(capsys):
    bar = progress(iter("ab"), "items")
    with pytest.raises(TypeError, match="give total="):
        len(bar)
    list(bar)
    assert capsys.readouterr().out == "items: 2 done\n"
    assert len(progress(iter("ab"), total=2)) == 2


def test_a_watched_bar_is_rewritten_in_place(capsys, monkeypatch):
    monkeypatch.setenv("FLOWLAB_LIVE", "1")
    now = clock(monkeypatch, progress_module, 0.0)
    bar = progress(range(100), "training")
    for step in bar:
        now.seconds += 1 / 16
        bar.note(loss=1 / (step + 1))
    out = capsys.readouterr().out
    lines = out.split("\r")
    assert lines[-1].rstrip(" \n") == "training: 100 done"
    assert out.endswith("\n")
    assert 40 <= len(lines) <= 55
    assert lines[0].strip().endswith("2 of 100, loss 0.5")
    (half,) = [line.strip() for line in lines if "50 of 100" in line]
    assert half == "training |████████████············| 50 of 100, 3 s left, loss 0.02"
    assert len({len(line) for line in lines[30:-1]}) == 1
