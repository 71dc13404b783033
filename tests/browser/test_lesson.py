"""A lesson as a learner has it: restarted and run from top to bottom; its first run walked through with keys alone."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import Notebook
from tests.browser.server import ROOT

pytestmark = pytest.mark.browser

LESSON = ROOT / "notebooks" / "01_graph_and_session.ipynb"
CELLS = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
STEPPED = next(k for k, cell in enumerate(CELLS) if "".join(cell["source"]).startswith("%%flow --graph --step e"))


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    notebook = open_notebook(lesson=LESSON, run=False)
    notebook.restart_and_run_all()
    return notebook


def test_restarted_and_run_from_top_to_bottom_only_those_cells_fail_that_shall(notebook):
    for cell, stored in zip(notebook.state()["cells"], CELLS, strict=True):
        if cell is not None:
            fails = any(output["output_type"] == "error" for output in cell["outputs"])
            assert fails == ("raises-exception" in stored["metadata"].get("tags", [])), "".join(stored["source"])


def test_the_first_run_is_walked_forward_and_back_with_keys_alone(notebook):
    keys = notebook.page.keyboard
    before = notebook.state()["cells"][STEPPED]["count"]
    notebook.page.evaluate(
        "(k) => { const book = jupyterapp.shell.currentWidget.content; book.activeCellIndex = k; book.activate(); }",
        STEPPED,
    )
    keys.press("Control+Enter")
    notebook.wait_for_cells([(STEPPED, before)])
    view = notebook.cell(STEPPED).locator(".flow-stepper")
    expect(view.locator("svg").first).to_be_visible()

    first = view.locator(".flow-bar").get_by_role("button", name="Next")
    for _ in range(10):  # "press Tab until there is a frame around Next"
        keys.press("Tab")
        if first.evaluate("(button) => button === document.activeElement"):
            break
    expect(first).to_be_focused()
    keys.press("w")
    expect(view.get_by_role("status")).to_have_text("the fetch: e")
    keys.press("w")
    expect(view.get_by_role("status")).to_contain_text("e needs ")
    for done in range(1, 6):
        keys.press("n")
        expect(view.locator(".flow-position")).to_contain_text(f"{done} of 5")
    expect(view.locator(".flow-outcome")).to_have_text("result: 23")
    expect(view.locator(".flow-next")).to_be_in_viewport()
    notebook.picture("lesson_walked", view)

    for _ in range(3):  # on to the picture: its boxes tell what they hold
        keys.press("Tab")
        if view.evaluate("(view) => view.querySelector('.flow-view').contains(document.activeElement)"):
            break
    expect(view.locator(".flow-view g:focus")).to_have_count(1)
    keys.press("Home")
    keys.press("ArrowDown")
    expect(view.get_by_role("status")).to_contain_text(re.compile(r"value (15|8)\b"))
    for done in range(4, -1, -1):
        keys.press("b")
        expect(view.locator(".flow-position")).to_contain_text(f"{done} of 5")
    expect(view.locator(".flow-outcome")).to_have_text("")
    assert len(notebook.state()["cells"]) == len(CELLS)  # no key was taken for a command of JupyterLab
