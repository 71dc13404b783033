"""`tf.lab.playground` in the page: its slider, its keys, its run, and a page that turns dark."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook
from tests.browser.programs import SETUP

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    return open_notebook(SETUP, "tf.lab.playground()")


@pytest.fixture
def playground(notebook) -> Locator:
    """At the start, with its rate of the start."""
    notebook.run_cell(1)
    view = notebook.cell(1).locator(".flow-playground")
    view.locator(".flow-view svg").wait_for(state="attached")
    expect(said(view)).to_contain_text("step 0")
    return view


def said(view: Locator) -> Locator:
    return view.locator(".flow-say")


def test_it_steps_runs_stops_and_starts_again_with_keys(playground, notebook):
    playground.get_by_role("button", name="Step").focus()
    keys = notebook.page.keyboard
    keys.press("n")
    expect(said(playground)).to_contain_text("step 1,")
    before = playground.locator(".flow-view svg").inner_html()
    keys.press("r")
    expect(playground.get_by_role("button", name="Stop")).to_be_visible()
    notebook.page.wait_for_function(
        "([view, before]) => view.querySelector('.flow-view svg').innerHTML !== before",
        arg=[playground.element_handle(), before],
    )
    keys.press("r")
    expect(said(playground)).to_contain_text(re.compile(r"step ([2-9]|\d\d)"))
    notebook.picture("playground", playground)
    keys.press("s")
    expect(said(playground)).to_contain_text("step 0")


def test_the_slider_moves_the_rate_with_the_arrows(playground):
    slider = playground.get_by_role("slider")
    slider.focus()
    number = playground.locator(".flow-number")
    before = float(number.inner_text())
    slider.press("End")
    expect(number).not_to_have_text(f"{before:g}")
    assert float(number.inner_text()) > before
    expect(slider).to_be_focused()


def test_a_rate_that_is_too_large_flies_off_and_says_so(playground, notebook):
    playground.get_by_role("slider").press("End")
    expect(playground.locator(".flow-number")).to_have_text("1")
    playground.get_by_role("button", name="Run").click()
    expect(playground.get_by_role("button", name="Step")).to_be_disabled()
    notebook.picture("playground_off", playground)


def test_a_dark_page_makes_it_dark(playground, notebook):
    paper = playground.locator(".flow-view .flow-paper")
    try:
        notebook.set_theme("dark")
        expect(paper).to_have_attribute("fill", "#1b1d22")
        notebook.picture("playground_dark", playground)
    finally:
        notebook.set_theme("light")
    expect(paper).to_have_attribute("fill", "#ffffff")
