"""`tf.lab.graph` in the page: opening, clicking, searching, keys, themes, files."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook
from tests.browser.programs import NET, SETUP

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(open_notebook) -> Notebook:
    return open_notebook(SETUP, NET, "after = 1")


@pytest.fixture
def graph(notebook) -> Locator:
    """A picture just drawn: its cell is run once more."""
    notebook.run_cell(1)
    view = notebook.cell(1).locator(".flow-graph")
    expect(view.locator("svg").first).to_be_visible()
    return view


def box(view: Locator, name: str) -> Locator:
    return view.locator(f'.flow-view g[data-id="{name}"]')


def said(view: Locator) -> Locator:
    return view.get_by_role("status")


def test_a_graph_opens_folded_with_its_scopes(graph, notebook):
    expect(box(graph, "hidden/")).to_have_attribute("aria-expanded", "false")
    expect(graph).to_contain_text("MatMul, Add, Relu")
    notebook.picture("graph", graph)


def test_a_double_click_opens_a_scope_and_another_closes_it(graph, notebook):
    box(graph, "hidden/").locator("path").first.dblclick()
    expect(box(graph, "hidden/w/")).to_be_visible()
    expect(box(graph, "hidden/")).to_have_attribute("aria-expanded", "true")
    notebook.picture("graph_open", graph)
    box(graph, "hidden/").locator("text").first.dblclick()
    expect(box(graph, "hidden/w/")).to_have_count(0)


def test_a_click_shows_what_an_operation_computes_and_where_it_was_made(graph, notebook):
    box(graph, "loss").click()
    panel = graph.get_by_label("selected operation")
    expect(panel.get_by_role("heading", name="loss")).to_be_visible()
    expect(panel).to_contain_text("Mean")
    expect(panel).to_contain_text("tf.reduce_mean(")
    expect(panel.locator("mjx-container, .MathJax").first).to_be_visible()  # the formula is set, not written out
    notebook.picture("graph_panel", graph)


def test_the_picture_makes_room_for_the_panel_and_nothing_is_cut_off(graph):
    box(graph, "loss").click()
    panel, view = graph.get_by_label("selected operation"), graph.locator(".flow-view")
    expect(panel.get_by_role("heading", name="loss")).to_be_visible()
    expect(graph.locator(".flow-body")).not_to_have_class(re.compile("flow-below"))
    assert view.evaluate("(view) => view.scrollWidth <= view.clientWidth")
    drawing, beside = view.locator("svg").bounding_box(), panel.bounding_box()
    assert drawing["x"] + drawing["width"] <= beside["x"]
    box(graph, "loss").press("+")
    assert view.locator("svg").bounding_box()["width"] == pytest.approx(1.2 * drawing["width"], abs=1)
    box(graph, "loss").press("0")
    assert view.locator("svg").bounding_box()["width"] == pytest.approx(drawing["width"], abs=1)


def test_on_a_narrow_page_the_panel_stands_below(graph, notebook):
    box(graph, "loss").click()
    size = notebook.page.viewport_size
    try:
        notebook.page.set_viewport_size({"width": 760, "height": 1080})
        expect(graph.locator(".flow-body")).to_have_class(re.compile("flow-below"))
        picture, panel = graph.locator(".flow-view"), graph.get_by_label("selected operation")
        expect(panel.get_by_role("heading", name="loss")).to_be_visible()
        assert panel.bounding_box()["y"] >= picture.bounding_box()["y"] + picture.bounding_box()["height"] - 1
        assert picture.evaluate("(view) => view.scrollWidth <= view.clientWidth")
        notebook.picture("graph_narrow", graph)
    finally:
        notebook.page.set_viewport_size(size)


def test_the_second_click_of_two_means_the_box_of_the_first(graph):
    """The panel opens between the two, and the boxes move."""
    place = box(graph, "hidden/").locator("text").first.bounding_box()
    mouse = graph.page.mouse
    mouse.move(place["x"] + 3, place["y"] + 3)
    mouse.down()
    mouse.up()
    expect(graph.get_by_label("selected operation").get_by_role("heading", name="hidden")).to_be_visible()
    mouse.down(click_count=2)
    mouse.up(click_count=2)
    expect(box(graph, "hidden/w/")).to_be_visible()


def test_links_of_the_panel_lead_to_other_operations(graph):
    box(graph, "loss").click()
    panel = graph.get_by_label("selected operation")
    panel.get_by_role("button", name=re.compile("softmax_cross_entropy")).first.click()
    expect(panel.get_by_role("heading", name=re.compile("softmax_cross_entropy"))).to_be_visible()
    expect(graph.locator(".flow-view g:focus")).to_have_attribute("data-id", re.compile("^softmax_cross_entropy"))


def test_a_search_finds_what_is_folded(graph):
    search = graph.get_by_role("searchbox")
    search.fill("logits")
    found = graph.locator(".flow-found").get_by_role("button", name="output/logits", exact=True)
    expect(found).to_be_visible()
    search.press("ArrowDown")
    graph.page.keyboard.press("Enter")
    expect(box(graph, "output/logits")).to_be_focused()


def test_the_inputs_of_a_box_are_brought_out(graph, notebook):
    box(graph, "output/").click()
    graph.get_by_role("button", name="Inputs").click()
    expect(box(graph, "y")).to_have_class(re.compile("flow-dim"))
    expect(box(graph, "x")).not_to_have_class(re.compile("flow-dim"))
    notebook.picture("graph_inputs", graph)


def test_keys_alone_walk_open_and_leave(graph):
    keys = graph.page.keyboard
    box(graph, "x").focus()
    keys.press("ArrowDown")
    expect(box(graph, "hidden/")).to_be_focused()
    expect(said(graph)).to_contain_text("hidden")
    keys.press("Enter")
    expect(box(graph, "hidden/w/")).to_be_visible()
    expect(box(graph, "hidden/")).to_be_focused()
    keys.press("Enter")
    expect(box(graph, "hidden/w/")).to_have_count(0)
    keys.press("ArrowDown")
    expect(box(graph, "output/")).to_be_focused()
    keys.press("ArrowUp")
    expect(box(graph, "hidden/")).to_be_focused()
    keys.press("/")
    expect(graph.get_by_role("searchbox")).to_be_focused()
    keys.press("Escape")
    expect(graph.locator(".flow-view g:focus")).to_have_count(1)


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_tab_key_goes_through_the_picture_and_out_of_it(graph, key):
    start = graph.get_by_role("searchbox") if key == "Tab" else box(graph, "loss")
    start.focus()
    for _ in range(40):  # more than there are buttons
        graph.page.keyboard.press(key)
        if not graph.evaluate("(view) => view.contains(document.activeElement)"):
            return
    pytest.fail("the focus never left the picture")


def test_letters_typed_in_the_picture_do_not_reach_jupyterlab(graph, notebook):
    cells = len(notebook.state()["cells"])
    box(graph, "loss").focus()
    for key in "abdxym":  # JupyterLab would insert, delete or change cells
        graph.page.keyboard.press(key)
    expect(box(graph, "loss")).to_be_focused()
    assert len(notebook.state()["cells"]) == cells


def test_a_dark_page_makes_the_picture_dark(graph, notebook):
    paper = graph.locator(".flow-paper").first
    try:
        notebook.set_theme("dark")
        expect(paper).to_have_css("fill", "rgb(27, 29, 34)")
        expect(box(graph, "hidden/").locator("text").first).to_have_css("fill", "rgb(240, 240, 240)")
        box(graph, "loss").click()
        expect(graph.get_by_label("selected operation").get_by_role("heading", name="loss")).to_be_visible()
        notebook.picture("graph_dark", graph)
    finally:
        notebook.set_theme("light")
    expect(paper).to_have_css("fill", "rgb(255, 255, 255)")


@pytest.mark.parametrize(("button", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_the_picture_can_be_saved_as_a_file(graph, button, start, tmp_path):
    with graph.page.expect_download() as download:
        graph.get_by_role("button", name=button, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.suffix == f".{button.lower()}"
    assert path.read_bytes().startswith(start)
