"""Make the pictures of the README from the real thing: `python3 start.py pictures`.

Each is a cell of a notebook in JupyterLab, light and dark. They are kept small (a palette instead of full colour).
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.browser import chromium
from tests.browser.notebook import PATIENCE, Notebook
from tests.browser.programs import FIVE, SETUP, WRONG
from tests.browser.server import Server, jupyter_server

FOLDER = Path(__file__).parent / "readme"
WIDTH = 1160  # of the page, in pixels; the cells are a bit narrower
COLORS = 96

CONVOLUTION = """%%flow --graph --seed 1
x = tf.placeholder(tf.float32, [None, 28, 28, 1], name="x")
y = tf.placeholder(tf.float32, [None, 10], name="y")
maps = x
for name, channels in ("conv1", 16), ("conv2", 32):
    with tf.variable_scope(name):
        maps = tf.layers.conv2d(maps, channels, 5, padding="same", activation=tf.nn.relu)
        maps = tf.layers.max_pooling2d(maps, 2, 2)
with tf.variable_scope("dense"):
    logits = tf.layers.dense(tf.layers.flatten(maps), 10)
loss = tf.losses.softmax_cross_entropy(y, logits)
train = tf.train.AdamOptimizer().minimize(loss, name="train")"""

TRAINING = """from flowlab.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
tf.reset_default_graph()
tf.set_random_seed(1)
x = tf.placeholder(tf.float32, [None, 784], name="x")
y = tf.placeholder(tf.float32, [None, 10], name="y")
logits = tf.layers.dense(tf.layers.dense(x, 32, tf.nn.relu), 10)
loss = tf.losses.softmax_cross_entropy(y, logits)
hit = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
accuracy = tf.reduce_mean(tf.cast(hit, tf.float32))
train = tf.train.AdamOptimizer().minimize(loss)
sess = tf.Session()
sess.run(tf.global_variables_initializer())"""

WATCHED = """plot = tf.lab.plot("loss", "accuracy", smooth=0.9, zoom=0.9)
for step in tf.lab.progress(range(500), "training"):
    images, labels = mnist.train.next_batch(100)
    values = sess.run([loss, accuracy, train], {x: images, y: labels})
    plot.append(*values[:2])"""

# What a page has besides the cell: not in the pictures.
BARE = """
.jp-Collapser, .jp-cell-toolbar, .jp-Toolbar, .cm-cursorLayer { visibility: hidden !important; }
.jp-InputArea-editor { border-color: transparent !important; }
.jp-Notebook-cell, .jp-Notebook-cell * { outline-color: transparent; }
"""


def graph_picture(notebook: Notebook, cell: int) -> None:
    """One scope open, one operation selected."""
    view = notebook.cell(cell).locator(".flow-graph")
    view.locator('.flow-view g[data-id="conv1/"]').dblclick()
    selected = view.locator('.flow-view g[data-id="conv1/conv2d/"]')
    selected.click()
    expect(view.locator("mjx-container, .MathJax").or_(view.locator(".flow-side h3")).first).to_be_visible()


def stepper_picture(notebook: Notebook, cell: int) -> None:
    """Three operations have run, and the value of c was replaced."""
    view = notebook.cell(cell).locator(".flow-stepper")
    for done in (1, 2, 3):
        view.locator(".flow-bar").get_by_role("button", name="Next").click()
        expect(view.locator(".flow-position")).to_contain_text(f"{done} of 5")
    view.get_by_label("Replace the value").fill("100")
    view.get_by_role("button", name="Replace").click()
    expect(view.get_by_role("status")).to_contain_text("100")
    view.locator(".flow-bar").get_by_role("button", name="Next").click()
    expect(view.locator(".flow-position")).to_contain_text("4 of 5")


def nothing(notebook: Notebook, cell: int) -> None:
    """Every picture is as it comes."""


# name, cells before, the cell of the picture, what is done with it before
PICTURES: list[tuple[str, list[str], str, Callable[[Notebook, int], None]]] = [
    ("graph", [], CONVOLUTION, graph_picture),
    ("stepper", [], FIVE, stepper_picture),
    ("plot", [TRAINING], WATCHED, nothing),
    ("error", [], WRONG, nothing),
]


def make(browser: Browser, server: Server, theme: str, wanted: list[str]) -> None:
    """Make all pictures of one theme."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 1600}, device_scale_factor=2)
    context.set_default_timeout(PATIENCE)
    for name, before, source, action in PICTURES:
        if wanted and name not in wanted:
            continue
        notebook = Notebook(context.new_page(), server, f"{name}_{theme}")
        notebook.write(f"{SETUP}\n%flow theme {theme}", *before, source)
        notebook.open()
        notebook.set_theme(theme)
        notebook.page.add_style_tag(content=BARE)
        cell = 1 + len(before)
        for number in range(cell + 1):
            notebook.run_cell(number)
        action(notebook, cell)
        notebook.page.mouse.move(5, 5)
        data = notebook.cell(cell).screenshot(animations="disabled", type="png")
        path = FOLDER / f"{name}_{theme}.png"
        path.write_bytes(small(data))
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
        notebook.page.close()
    context.close()


def small(data: bytes) -> bytes:
    """A PNG with a palette."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    few = picture.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as home, jupyter_server(Path(home)) as server, chromium() as browser:
        for theme in ("light", "dark"):
            make(browser, server, theme, wanted)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
