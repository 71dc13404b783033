"""Names and values are data: whatever they say, the page shows them as text."""

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import Notebook
from tests.browser.programs import SETUP

pytestmark = pytest.mark.browser

NAME = "<img src=x onerror=window.hit=1>"
VIEW = f"""from flowlab._src.lab.views import GraphView, NodeRecord
name = {NAME!r}  # as a file made elsewhere may have it
tf.lab.graph(GraphView((NodeRecord(name, "Relu"), NodeRecord(name + "/x", name, ((name, 0),), value=name))), expand="*")"""
SCOPE = f"""with tf.variable_scope({NAME!r}):
    tf.get_variable("w", [2])"""
STILL = VIEW.replace(', expand="*")', ', expand="*", static=True)')
STEP = f"""tf.reset_default_graph()
tf.lab.step(tf.Session(), tf.identity(tf.constant({NAME!r}, name="text"), name="same"))"""
PLOT = f"""plot = tf.lab.plot(title={NAME!r})
plot.update(None, {{{NAME!r}: 1.0}})
plot.update(None, {{{NAME!r}: 2.0}})
plot"""
ERROR = f"""with tf.Session() as sess:
    sess.run({NAME!r})"""
STORY = "tf.explain()"
CELLS = {"view": VIEW, "still": STILL, "scope": SCOPE, "step": STEP, "plot": PLOT, "error": ERROR, "story": STORY}

STILL_ONES = ("still", "plot")  # JupyterLab shows a stored SVG as an image of its own


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    notebook = open_notebook(SETUP, *CELLS.values(), run=False)
    for cell in range(len(CELLS) + 1):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture(autouse=True)
def nothing_was_made_of_it(notebook):
    """After each test: no element came from a name, no handler, nothing ran."""
    yield
    assert notebook.page.evaluate("() => window.hit") is None
    assert notebook.page.locator('img[src="x"]').count() == 0
    assert notebook.page.locator(".jp-OutputArea [onerror]").count() == 0


@pytest.mark.parametrize("which", [name for name in CELLS if name not in STILL_ONES])
def test_it_is_shown_as_text(notebook, which):
    number = list(CELLS).index(which) + 1
    output = notebook.cell(number).locator(".jp-OutputArea").first
    expect(output).to_contain_text("<img src=x onerror=")
    notebook.picture(f"hostile_{which}", output)


@pytest.mark.parametrize("which", STILL_ONES)
def test_a_still_picture_has_it_as_text(notebook, which):
    number = list(CELLS).index(which) + 1
    outputs = notebook.state()["cells"][number]["outputs"]
    (svg,) = ["".join(output["data"]["image/svg+xml"]) for output in outputs if "image/svg+xml" in output["data"]]
    assert "<img" not in svg
    assert "&lt;img src=x onerror=" in svg
    shown = notebook.cell(number).locator(".jp-OutputArea img")
    expect(shown).to_be_visible()
    assert shown.evaluate("(image) => image.naturalWidth") > 100  # it could be read
    notebook.picture(f"hostile_{which}", shown)


def test_panel_search_and_news_show_it_as_text(notebook):
    view = notebook.cell(1).locator(".flow-graph")
    view.locator(".flow-view g[data-id]").last.click()
    expect(view.get_by_label("selected operation").get_by_role("heading").first).to_contain_text("<img src=x")
    expect(view.get_by_role("status")).to_contain_text("<img src=x")
    view.get_by_role("searchbox").fill("img")
    results = view.locator(".flow-found").get_by_role("button")
    expect(results.first).to_contain_text("<img src=x")
    results.first.click()
    expect(view.get_by_label("selected operation").get_by_role("heading").first).to_contain_text("<img src=x")


def test_the_stepper_shows_a_value_as_text_also_one_typed_in(notebook):
    view = notebook.cell(4).locator(".flow-stepper")
    view.locator(".flow-bar").get_by_role("button", name="Next").click()
    expect(view.locator(".flow-position")).to_contain_text("1 of 2")
    field = view.get_by_label("Replace the value")
    field.fill(f'"{NAME} typed"')
    field.press("Enter")
    expect(view.get_by_role("status")).to_contain_text("<img src=x")
    view.locator(".flow-bar").get_by_role("button", name="Run").click()
    expect(view.locator(".flow-outcome")).to_contain_text("<img src=x")
