"""The living playground: a slider and three buttons, passed on to a `Playground`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import traitlets

from flowlab._src.lab.playground import HIGHEST_RATE, LOWEST_RATE, Playground
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.widgets.assets import script, style
from flowlab._src.lab.widgets.view import ViewWidget

STEPS_OF_A_RUN = 2  # training steps between two pictures: with ten pictures a second the eye can follow


class PlaygroundWidget(ViewWidget):
    """A playground in a page.

    `svg` is the picture, `state` what the controls show. The page asks for each picture of a run, so that nothing piles
    up and a cell can run in between.
    """

    _esm = script("picture.js", "playground.js")
    _css = style("picture.css", "playground.css")

    svg = traitlets.Unicode().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.theme_name = playground.theme.name
        self.turn = 0
        super().__init__(playground)
        self.draw()
        self.on_msg(self.receive)

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

    def answer(self, word: Any, handler: Callable[[str], None], text: str) -> None:
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
