"""`%%flow --step` in the page: with keys alone, forward and back, another value, a training step."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook
from tests.browser.programs import FIVE, LINE, SETUP

pytestmark = pytest.mark.browser

TRAIN = "sess = tf.Session()\nsess.run(tf.global_variables_initializer())\ntf.lab.step(sess, train, {x: xs, y: ys})"


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    return open_notebook(SETUP, FIVE, LINE, TRAIN)


def stepper(notebook: Notebook, cell: int) -> Locator:
    """The stepper of a cell, anew at the start of its run."""
    notebook.run_cell(cell)
    view = notebook.cell(cell).locator(".flow-stepper")
    expect(view.locator("svg").first).to_be_visible()
    return view


@pytest.fixture
def five(notebook) -> Locator:
    return stepper(notebook, 1)


def press(view: Locator, key: str, position: str) -> None:
    """Press a key and wait until the stepper is where it should be then."""
    view.page.keyboard.press(key)
    expect(view.locator(".flow-position")).to_contain_text(position)


def box(view: Locator, name: str) -> Locator:
    return view.locator(f'.flow-view g[data-id="{name}"]')


def test_the_five_nodes_are_walked_forward_and_back_with_keys_alone(five, notebook):
    box(five, "a").focus()
    for done in range(1, 6):
        press(five, "n", f"{done} of 5")
        if done == 3:
            notebook.picture("stepper", five)
    expect(five.locator(".flow-outcome")).to_have_text("result: 23")
    expect(box(five, "e")).to_have_attribute("aria-label", re.compile("run"))
    for done in range(4, -1, -1):
        press(five, "b", f"{done} of 5")
    expect(five.locator(".flow-outcome")).to_have_text("")


def test_the_walk_back_from_the_fetch_says_who_needs_what(five, notebook):
    box(five, "a").focus()
    five.page.keyboard.press("w")
    expect(five.get_by_role("status")).to_have_text("the fetch: e")
    five.page.keyboard.press("w")
    expect(five.get_by_role("status")).to_contain_text("e needs ")
    notebook.picture("stepper_walk", five)


def test_a_value_is_replaced_and_the_run_goes_on_with_it(five, notebook):
    box(five, "a").focus()
    for done in (1, 2, 3):
        press(five, "n", f"{done} of 5")
    five.page.keyboard.press("v")
    field = five.get_by_label("Replace the value")
    expect(field).to_be_focused()
    field.fill("100")
    field.press("Enter")
    expect(five.get_by_role("status")).to_contain_text("100")
    five.page.keyboard.press("r")
    expect(five.locator(".flow-outcome")).to_have_text("result: 108")
    expect(box(five, "c")).to_have_attribute("aria-label", re.compile("replaced|overridden"))
    notebook.picture("stepper_replaced", five)


def test_what_cannot_be_read_as_a_value_is_refused_in_words(five):
    five.get_by_role("button", name="Run").click()
    expect(five.locator(".flow-outcome")).to_have_text("result: 23")
    box(five, "c").click()
    field = five.get_by_label("Replace the value")
    field.fill("hundred <b>")
    field.press("Enter")
    expect(five.get_by_role("status")).to_contain_text("✗")


def test_a_breakpoint_stops_the_run(five):
    five.locator("summary", has_text="Breakpoints").click()
    five.get_by_label("Stop", exact=True).fill("d")
    five.get_by_role("button", name="Stop there").click()
    box(five, "a").focus()
    five.page.keyboard.press("r")
    expect(five.locator(".flow-next")).to_contain_text("d")
    expect(five.locator(".flow-outcome")).to_have_text("")


def test_the_tab_key_leaves_the_stepper(five):
    box(five, "a").focus()
    for _ in range(40):
        five.page.keyboard.press("Tab")
        if not five.evaluate("(view) => view.contains(document.activeElement)"):
            return
    pytest.fail("the focus never left the stepper")


def test_a_training_step_shows_which_variables_it_changes(notebook):
    notebook.run_cell(2)
    view = stepper(notebook, 3)
    view.get_by_role("button", name="Run").click()
    weight = view.locator("details", has_text="Variables of this run").locator(
        "tr", has=view.page.get_by_text("w", exact=True)
    )
    before, now = weight.locator("td").nth(0), weight.locator("td").nth(1)
    expect(before).to_have_text("0")
    expect(now).to_have_text(re.compile(r"0\.\d+"))
    notebook.picture("stepper_training", view)
    view.get_by_role("button", name="Start").click()
    expect(now).not_to_have_text(re.compile(r"0\.\d+"))


def test_a_dark_page_makes_the_stepper_dark(five, notebook):
    try:
        notebook.set_theme("dark")
        expect(five.locator(".flow-paper").first).to_have_css("fill", "rgb(27, 29, 34)")
        box(five, "a").focus()
        press(five, "n", "1 of 5")
        press(five, "n", "2 of 5")
        notebook.picture("stepper_dark", five)
    finally:
        notebook.set_theme("light")
