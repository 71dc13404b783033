"""The living playground: a slider and three buttons, passed on to a `Playground`."""

from __future__ import annotations

import math
import threading
from typing import Any

import anywidget
import traitlets

from flowlab._src.lab.in_place import VIEW
from flowlab._src.lab.playground import HIGHEST_RATE, LOWEST_RATE, Playground
from flowlab._src.lab.settings import settings
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.widgets.assets import script, style

STEPS_OF_A_RUN = 2  # training steps between two pictures: with ten pictures a second the eye can follow


class PlaygroundWidget(anywidget.AnyWidget):
    """A playground in a page.

    `svg` is the picture, `state` what the controls show, `say` the news for the eye and for screen readers. The page
    asks for each picture of a run, so that nothing piles up and a cell can run in between.
    """

    _esm = script("picture.js", "playground.js")
    _css = style("picture.css", "playground.css")

    svg = traitlets.Unicode().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    say = traitlets.Unicode().tag(sync=True)
    projector = traitlets.Bool(False).tag(sync=True)

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.theme_name = playground.theme.name
        self.turn = 0
        self.lock = threading.RLock()  # with ipykernel 7 messages may be handled in another thread
        super().__init__(projector=settings.projector)
        self.draw()
        self.on_msg(self.receive)

    def view_reference(self) -> dict[str, Any]:
        """The part of a mimebundle that lets a page show this widget."""
        bundle = super()._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle or {}
        return {VIEW: data[VIEW]} if VIEW in data else {}

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Widget, SVG and words: whatever shows this output finds something it can show."""
        still = self.playground._repr_mimebundle_(include=["text/plain", "image/svg+xml"])
        return {**still, **self.view_reference()}

    def __repr__(self) -> str:
        return repr(self.playground)

    def draw(self) -> None:
        """Send the picture as it is now."""
        play = self.playground
        self.turn += 1
        with self.hold_sync():
            self.svg = drawing_svg(play.drawing_in(self.theme_name), play.zoom)
            self.say = play.words()
            self.state = {
                "turn": self.turn,  # so that each answer is a change
                "rate": play.rate,
                "position": round(100 * rate_position(play.rate)),
                "steps": play.steps,
                "can": not play.has_flown_off,
                "done": play.has_flown_off or play.is_at_rest,
                "follows": play.follows_page,
            }

    def receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Do what the page asks for; anything else is ignored."""
        if not isinstance(message, dict):
            return
        handler = getattr(self, f"on_{message.get('do')}", None)
        text = message.get("text", "")
        if handler is None or not isinstance(text, str):
            return
        with self.lock:
            handler(text)
            self.draw()

    def on_rate(self, text: str) -> None:
        """The slider moved: `text` is its position, 0 to 100."""
        try:
            position = float(text)
        except ValueError:
            return
        if math.isfinite(position):
            self.playground.rate = rate_at(position / 100)

    def on_step(self, _text: str) -> None:
        self.playground.step()

    def on_run(self, _text: str) -> None:
        self.playground.step(STEPS_OF_A_RUN)

    def on_start(self, _text: str) -> None:
        self.playground.reset()

    def on_theme(self, text: str) -> None:
        """The page is dark, or light again."""
        if self.playground.follows_page and text in ("light", "dark"):
            self.theme_name = text


def rate_at(share: float) -> float:
    """The learning rate at a place of the slider, 0 to 1: equal steps are equal factors; two digits are enough."""
    exact = LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** min(1.0, max(0.0, share))
    return float(f"{exact:.2g}")


def rate_position(rate: float) -> float:
    """The place of a learning rate on the slider."""
    if rate <= LOWEST_RATE:
        return 0.0
    return min(1.0, math.log(rate / LOWEST_RATE) / math.log(HIGHEST_RATE / LOWEST_RATE))
