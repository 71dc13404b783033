"""What the widgets share: a view with its picture, words for those who do not see it, and messages from the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from flowlab._src.lab.in_place import VIEW, empty_place
from flowlab._src.lab.settings import settings


class ViewWidget(anywidget.AnyWidget):
    """One living view in a page: a graph, a stepper or a playground.

    `say` holds the news for the eye and for screen readers. Subclasses have a method `on_word` for each message
    ``{"do": "word", "text": ...}`` of the page.
    """

    say = traitlets.Unicode().tag(sync=True)
    in_place = traitlets.Bool(False).tag(sync=True)
    place: Any = None  # the output of the widget itself, until it has moved (see in_place.py)
    projector = traitlets.Bool(False).tag(sync=True)

    def __init__(self, view: Any, **state: Any) -> None:
        self.view = view
        self.lock = threading.RLock()  # with ipykernel 7 messages may be handled in another thread
        super().__init__(projector=settings.projector, **state)

    def view_reference(self) -> dict[str, Any]:
        """The part of a mimebundle that lets a page show this widget."""
        bundle = super()._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle or {}
        return {VIEW: data[VIEW]} if VIEW in data else {}

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Widget, SVG and words: whatever shows this output finds something it can show."""
        return {**self.view._repr_mimebundle_(include=["text/plain", "image/svg+xml"]), **self.view_reference()}

    def __repr__(self) -> str:
        return repr(self.view)

    def receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Do what the page asks for; anything else is ignored."""
        if not isinstance(message, dict):
            return
        word, text = message.get("do"), message.get("text", "")
        handler = getattr(self, f"on_{word}", None)
        is_ours = not hasattr(anywidget.AnyWidget, f"on_{word}")  # on_msg and its like are not for pages to call
        if handler is not None and is_ours and isinstance(text, str):
            with self.lock:
                self.answer(word, handler, text)

    def answer(self, word: Any, handler: Callable[[str], None], text: str) -> None:
        """Handle one message; its changes reach the page together."""
        with self.hold_sync():
            handler(text)

    def on_placed(self, _text: str) -> None:
        """The page has put the widget in the place of the still picture."""
        empty_place(self)
