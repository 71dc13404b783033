"""Errors in the page: the student's line, the lines below the message, the story with its picture."""

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import Notebook
from tests.browser.programs import SETUP, WRONG

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    notebook = open_notebook(SETUP, WRONG, "tf.explain()", run=False)
    for cell in range(3):
        notebook.run_cell(cell)
    return notebook


def test_the_error_stands_on_the_learners_line_with_why_where_and_try(notebook):
    output = notebook.output(1)
    expect(output).to_contain_text("ValueError: Dimensions must be equal, but are 784 and 28")
    for part in ("Why", "Where", "Try"):
        expect(output).to_contain_text(part)
    expect(output).to_contain_text("logits = tf.matmul(x, w")
    expect(output).not_to_contain_text("flowlab/_src")
    notebook.picture("error", output)


def test_the_story_draws_the_node_that_was_refused(notebook):
    output = notebook.output(2)
    expect(output.locator("svg")).to_be_visible()
    expect(output.locator("svg")).to_contain_text("logits")
    expect(output.locator("svg")).to_contain_text("(28, 10)")
    notebook.picture("error_story", output)


def test_the_story_can_be_read_on_a_dark_page(notebook):
    try:
        notebook.set_theme("dark")
        notebook.picture("error_dark", notebook.output(1))
        notebook.picture("error_story_dark", notebook.output(2))
    finally:
        notebook.set_theme("light")
