"""Pictures that follow a running program: alive while the cell runs, a plain output when it is done."""

from __future__ import annotations

import time
from typing import Any

from flowlab._src.lab.live import after_this_cell, has_page, in_kernel
from flowlab._src.lab.still import StillPicture

SECONDS_BETWEEN = 0.1  # a page gets at most ten pictures a second
COST_SHARE = 0.025  # and drawing them takes at most this part of the time; sending and showing have theirs


class LiveView(StillPicture):
    """A picture whose data grow: call `_changed` after each change."""

    def __init__(self, zoom: float | None, theme: str | None, live: bool | None) -> None:
        super().__init__(zoom, theme)
        self._live = live
        self._page: Any = None  # the live picture of the running cell
        self._place: Any = None  # where the page shows it
        self._is_waiting = False  # for the end of the cell
        self._has_news = False
        self._next_picture = 0.0

    def _words(self) -> str:
        """What a screen reader says of the live picture."""
        return repr(self).splitlines()[0]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        self._has_news = False  # shown now: no need to show it again when the cell ends
        return super()._repr_mimebundle_(include, exclude)

    def _changed(self) -> None:
        """There is something new: open the live picture, or draw it anew if it is time."""
        self._has_news = True
        if not self._is_waiting:
            self._begin_cell()
        if self._page is not None and time.monotonic() >= self._next_picture:
            self._send()

    def _begin_cell(self) -> None:
        """On the first value in a cell: open the live picture, and plan the final one for the end of the cell."""
        if not in_kernel():
            return
        self._is_waiting = after_this_cell(self._end_cell)
        if self._is_waiting and (has_page() if self._live is None else self._live):
            from IPython.display import display

            from flowlab._src.lab.widgets import LivePicture

            self._page = LivePicture(svg="", words=f"live {self._words()}")
            self._next_picture = 0.0
            self._place = display(self._page, display_id=True)

    def _send(self) -> None:
        start = time.monotonic()
        self._page.svg = self.svg()
        cost = time.monotonic() - start
        self._next_picture = start + max(SECONDS_BETWEEN, cost / COST_SHARE)

    def _end_cell(self) -> None:
        """Put the final picture, as a plain output, in the place of the live one.

        A live widget that stays in a saved notebook is an error message when the notebook is opened again. The one
        replacement is seen only by a page: where no page watches there was no live picture.
        """
        from IPython.display import display

        self._is_waiting = False
        page, self._page = self._page, None
        if page is None:
            if self._has_news:
                display(self)
            return
        if self._has_news:
            self._place.update(self)
        else:  # the cell has shown the plot itself
            self._place.update({"text/plain": ""}, raw=True)
        page.close()
