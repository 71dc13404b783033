"""Live curves and bars while a cell trains, and what stays when it is done or interrupted."""

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import PATIENCE, Notebook
from tests.browser.programs import LINE, SETUP

pytestmark = pytest.mark.browser

# Training goes on until the test has seen what it wants to see, however slow the machine is.
TRAIN = """import pathlib, time
stop = pathlib.Path("{stop}")
stop.unlink(missing_ok=True)
plot = tf.lab.plot("loss", log=True)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
while not stop.exists():
    plot.update(loss=sess.run([loss, train], {{x: xs, y: ys}})[0])
    time.sleep(0.002)"""


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    notebook = open_notebook(SETUP, LINE, TRAIN.format(stop="enough"), TRAIN.format(stop="never"), run=False)
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


def see_changes(notebook: Notebook, cell: int, times: int) -> None:
    """Wait until the live picture of a cell has changed so many times."""
    live = notebook.output(cell).locator(".flow-live svg").first
    for _ in range(times):
        before = live.inner_html(timeout=PATIENCE)
        notebook.page.wait_for_function(
            "([svg, before]) => svg.isConnected && svg.innerHTML !== before || !svg.isConnected",
            arg=[live.element_handle(), before],
        )


def test_curves_grow_while_the_cell_trains_and_stay_when_it_is_done(notebook):
    notebook.start_cell(2)
    see_changes(notebook, 2, 3)
    assert notebook.state()["cells"][2]["runs"]
    notebook.picture("plot_live", notebook.output(2))
    (notebook.server.folder / "enough").touch()
    notebook.wait_for_cells([(2, None)])
    expect(notebook.output(2).locator(".flow-live")).to_have_count(0)
    expect(notebook.output(2).locator("svg, img").first).to_be_visible()
    (output,) = notebook.state()["cells"][2]["outputs"]
    assert {"image/svg+xml", "image/png", "text/plain"} <= set(output["data"])
    notebook.picture("plot_done", notebook.output(2))


def test_an_interrupted_training_keeps_its_curves(notebook):
    notebook.start_cell(3)
    see_changes(notebook, 3, 1)
    notebook.command("notebook:interrupt-kernel")
    notebook.page.wait_for_function("() => jupyterapp.shell.currentWidget.content.widgets[3].model.outputs.length > 1")
    notebook.wait_for_cells([(3, None)])
    assert "KeyboardInterrupt" in notebook.texts(3)
    kinds = [set(output.get("data", {})) for output in notebook.state()["cells"][3]["outputs"]]
    assert any("image/svg+xml" in kind for kind in kinds)
