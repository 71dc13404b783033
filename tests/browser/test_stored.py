"""Saved notebooks: opened again they show pictures without a kernel's help; restarted, they run through."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import STATE, Notebook
from tests.browser.programs import FIVE, NET, SETUP

pytestmark = pytest.mark.browser

PLOT = """plot = tf.lab.plot("loss")
for step in range(200):
    plot.update(loss=1 / (step + 1))"""
BAR = """for step in tf.lab.progress(range(3), "training"):
    pass"""
VIEWS = {1: "graph", 2: "stepper", 3: "plot"}


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    return open_notebook(SETUP, NET, FIVE, PLOT, BAR, 'print("the end")')


def test_every_view_is_saved_as_svg_png_and_words_and_no_widget(notebook):
    for cell in (1, 2):
        expect(notebook.cell(cell).locator(".flow-lab svg").first).to_be_visible()
    notebook.page.wait_for_function(f"() => !JSON.stringify(({STATE})()).includes('widget-view')")
    stored = notebook.save()
    assert "widgets" not in stored["metadata"]
    for cell in VIEWS:
        data = stored["cells"][cell]["outputs"][0]["data"]
        assert {"image/svg+xml", "image/png", "text/plain"} <= set(data)
        assert "Widget(" not in "".join(data["text/plain"])
    assert "widget-view" not in json.dumps(stored)


def test_after_a_reload_the_pictures_are_there(notebook):
    notebook.save()
    notebook.reload()
    for cell, name in VIEWS.items():
        expect(notebook.cell(cell).locator(".jp-OutputArea-output img")).to_be_visible()
        notebook.picture(f"reloaded_{name}", notebook.cell(cell))


def test_pictures_of_a_notebook_without_a_kernel_are_shown_as_stored(notebook):
    notebook.save()
    notebook.command("kernelmenu:shutdown")
    notebook.page.reload()
    notebook.page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    for cell in VIEWS:
        expect(notebook.cell(cell).locator(".jp-OutputArea-output img")).to_be_visible()


def test_restart_and_run_all_gives_living_views_again(notebook):
    notebook.wait_until_ready()
    notebook.restart_and_run_all()
    expect(notebook.cell(1).locator(".flow-graph svg").first).to_be_visible()
    expect(notebook.cell(2).locator(".flow-stepper svg").first).to_be_visible()
    assert notebook.texts(5) == "the end\n"
    notebook.cell(2).get_by_role("button", name="Next").click()
    expect(notebook.cell(2).locator(".flow-position")).to_contain_text("1 of 5")
