"""The living picture: messages in, traits out; and the files that the page gets."""

import re
from xml.etree import ElementTree as ET

import pytest

import flowlab as tf
from flowlab._src.lab.graph import graph
from flowlab._src.lab.theme import DARK, LIGHT, THEMES
from flowlab._src.lab.views import GraphView
from tests.lab.records import load, node
from tests.lab.test_svg import HOSTILE, contrast

pytest.importorskip("anywidget")
from flowlab._src.lab.in_place import VIEW
from flowlab._src.lab.widgets.assets import DARK_PAGES, STATIC, theme_style
from flowlab._src.lab.widgets.graph import GraphWidget

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def live():
    """Make the widget of a picture; `live(...).do("open", "conv1/")` is what a click sends."""
    made = []

    def make(view=None, **options):
        widget = GraphWidget(graph(view if view is not None else load("cnn"), **options))
        widget.sent = []
        widget.send = lambda content, buffers=None: widget.sent.append((content, buffers))
        widget.do = lambda what, text="": widget._handle_custom_msg({"do": what, "text": text}, [])
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()


def test_the_page_gets_the_static_picture(live):
    widget = live()
    assert widget.scene["svg"] == widget.view.svg() == graph(load("cnn")).svg()
    ids = {group.get("data-id") for group in ET.fromstring(widget.scene["svg"]).iter(SVG + "g")} - {None}
    assert ids == set(widget.scene["boxes"])
    assert widget.say == "354 operations, drawn as 15 boxes"


def test_enter_opens_and_closes_a_scope(live):
    widget = live()
    before = widget.scene
    widget.do("open", "conv1/")
    assert widget.scene["boxes"]["conv1/"]["open"]
    assert widget.say == "opened conv1: 5 boxes inside"
    assert widget.selected == "conv1/"
    widget.do("open", "conv1/")
    assert widget.scene["svg"] == before["svg"]
    assert widget.say == "closed conv1"


def test_what_is_open_is_saved(live, tmp_path):
    widget = live()
    widget.do("open", "conv1/")
    path = widget.view.save(tmp_path / "g.svg")
    assert "conv1/Conv2D" in path.read_text(encoding="utf-8")
    assert "conv1" in str(widget.view)


def test_a_click_fills_the_panel_and_speaks(live):
    widget = live()
    assert widget.panel == []
    widget.do("select", "conv1/")
    assert widget.panel[0]["text"] == "conv1"
    assert widget.say == "conv1, folded name scope, Conv2D, Add, Relu, reads reshape"
    widget.do("select", "")
    assert widget.panel == []
    assert widget.selected is None


def test_links_open_and_select(live):
    widget = live()
    widget.do("go", "conv2/Conv2D")
    assert widget.selected == "conv2/Conv2D"
    assert widget.panel[0]["text"] == "conv2/Conv2D"
    assert widget.say == "at conv2/Conv2D"
    assert widget.sent == [({"focus": "conv2/Conv2D"}, None)]
    widget.do("go", "nothing")
    assert widget.say == "the picture has no such operation"


def test_search_gives_links(live):
    widget = live()
    widget.do("search", "conv2d")
    assert widget.found["links"][0] == {"name": "conv1/Conv2D", "text": "conv1/Conv2D", "detail": "Conv2D"}
    assert re.fullmatch(r"\d+ operations found.*", widget.say)
    widget.do("search", "")
    assert widget.found["links"] == []


def test_inputs_needs_and_show_all(live):
    widget = live()
    plain = widget.scene["svg"]
    widget.do("need", "conv1/")
    assert "flow-dim" in widget.scene["svg"]
    assert "needed for conv1" in widget.say
    widget.do("trace", "conv1/")
    assert "flow-lit" in widget.scene["svg"]
    assert widget.controls["emphasis"] == "leading to conv1"
    widget.do("all")
    assert widget.scene["svg"] == plain


def test_a_path_takes_two_boxes(live):
    widget = live()
    widget.do("start", "conv1/")
    assert widget.controls["start"] == "conv1/"
    widget.do("path", "fc1/")
    assert "on a way from conv1 to fc1" in widget.say
    assert widget.controls["start"] == ""
    widget.do("path", "fc1/")
    assert widget.say.startswith("no path: select where it begins")


def test_model_alone_and_colours(live):
    widget = live()
    widget.do("forward", "on")
    assert widget.controls["forward"]
    assert "train/" not in widget.scene["boxes"]
    widget.do("forward", "off")
    assert "train/" in widget.scene["boxes"]
    widget.do("color", "structure")
    assert "flow-hue0" in widget.scene["svg"]
    widget.do("color", "taste")
    assert widget.say == "no colours by taste"
    widget.do("close")
    assert widget.say == "all scopes as in the beginning"


def test_png_comes_as_a_file(live):
    widget = live(load("five"))
    widget.do("png")
    ((content, (data,)),) = widget.sent
    assert content == {"file": "graph.png"}
    assert data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "message",
    [None, 3, {}, {"do": None}, {"do": "no"}, {"do": "open"}, {"do": "open", "text": 3}, {"do": "select", "text": "x" * 999},
     {"do": "open", "text": "<img>"}, {"do": "path", "text": "?"}, {"do": "start", "text": "?"}, {"do": "__init__", "text": ""}],
)  # fmt: skip
def test_senseless_messages_change_nothing(live, message):
    widget = live(load("five"))
    before = widget.scene
    widget._handle_custom_msg(message, [])
    assert widget.scene["svg"] == before["svg"]


def test_hostile_names_are_text_wherever_the_page_gets_them(live):
    view = GraphView(tuple(node(name + suffix, "Relu") for name in HOSTILE for suffix in ("", "/inner/op")))
    widget = live(view, expand="*")
    text = widget.scene["svg"]
    assert "<img" not in text
    assert "<script" not in text
    assert {element.tag.removeprefix(SVG) for element in ET.fromstring(text).iter()} <= {
        "svg",
        "g",
        "rect",
        "path",
        "text",
        "title",
    }
    for box in widget.scene["boxes"]:
        widget.do("select", box)
        widget.do("need", box)
    widget.do("search", "img")
    assert widget.found["links"][0]["name"] == HOSTILE[0]


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_neither_fetch_nor_set_html_from_names(path):
    code = path.read_text(encoding="utf-8")
    assert not re.search(
        r"https?://(?!www\.w3\.org)|\bfetch\(|import\s*\(|XMLHttpRequest|\beval\(|document\.write|insertAdjacentHTML",
        code,
    )
    assert not re.search(r"innerHTML\s*=(?!\s*model\.get\(\"svg\"\))", code)


def test_one_script_and_one_style_sheet_go_to_the_page(live):
    widget = live(load("five"))
    assert str(widget._esm).count("export default") == 1
    assert "class Picture" in str(widget._esm)
    assert "--flow-accent" in str(widget._css)
    assert "@import" not in str(widget._css)
    assert "url(" not in str(widget._css)


def test_dark_pages_turn_every_colour():
    style = theme_style()
    for page in DARK_PAGES:
        assert f"{page} .flow-follow path.flow-line" in style
    for color in [*DARK.fills.values(), *DARK.hues, DARK.background, DARK.panel]:
        assert color in style
    for rule in style.splitlines()[2:]:
        assert all(part.strip().startswith(DARK_PAGES) for part in rule.partition("{")[0].split(","))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_tinted_and_hollow_boxes_keep_contrast(theme):
    assert len(LIGHT.hues) == len(DARK.hues)
    for hue in theme.hues:
        assert contrast(theme.text, hue) >= 7
        assert contrast(theme.faint, hue) >= 4.5
    for ground in (theme.background, theme.panel):
        assert contrast(theme.line, ground) >= 4.5
        assert contrast(theme.curves[0], ground) >= 4.5  # links, and the mark of the selected box


def test_the_widget_shows_itself_with_all_four_kinds(live):
    widget = live(load("five"))
    bundle = widget._repr_mimebundle_()
    assert {VIEW, "image/svg+xml", "text/plain"} <= set(bundle)
    assert bundle["text/plain"].startswith("graph of 5 operations")


def test_only_a_page_gets_the_widget(monkeypatch):
    tf.constant(1.0, name="a")
    assert VIEW not in graph()._repr_mimebundle_()
    monkeypatch.setenv("FLOWLAB_LIVE", "1")
    picture = graph()
    assert VIEW in picture._repr_mimebundle_()
    assert picture.widget() is picture.widget()
    assert VIEW not in graph(static=True)._repr_mimebundle_()
    monkeypatch.setenv("FLOWLAB_LIVE", "0")
    assert VIEW in graph(static=False)._repr_mimebundle_()
    picture.widget().close()


def test_a_chosen_theme_is_kept_on_every_page(live):
    assert live(load("five")).follows
    assert not live(load("five"), theme="dark").follows
    assert not live(load("five"), theme="light").follows


def test_messages_from_two_threads_take_turns(live):
    import threading

    widget = live()
    errors = []

    def click(box):
        try:
            for _ in range(4):
                widget.receive(widget, {"do": "open", "text": box}, [])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=click, args=(box,)) for box in ("conv1/", "conv2/")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert not widget.scene["boxes"]["conv1/"].get("open")


def test_notes_about_missing_values_are_said(live):
    x = tf.placeholder(tf.float32, name="x")
    tf.square(x, name="y")
    widget = GraphWidget(graph(session=tf.Session()))
    assert widget.say == "not fed: x"
    widget.close()


def test_a_page_reaches_only_the_messages_of_the_widget(live):
    """`on_msg` and its like register callbacks: a page that names them must not get through to them."""
    widget = live()
    for word in ("msg", "trait_change", "widget_constructed", "displayed", "no_such", None):
        widget.do(word, "nonsense")
    assert [callback.__name__ for callback in widget._msg_callbacks.callbacks] == ["receive"]
