"""`tf.lab.plot`: curves that grow while a program trains, and stay in the notebook when it is done."""

from __future__ import annotations

import csv
import time
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_float
from flowlab._src.lab.curves import Curve, curves_drawing
from flowlab._src.lab.drawing import Drawing
from flowlab._src.lab.live import after_this_cell, has_page, in_kernel
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.settings import find_theme, find_zoom
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.util.export import export

SECONDS_BETWEEN = 0.1  # a page gets at most ten pictures a second
COST_SHARE = 0.04  # and drawing them takes at most this part of the time


@export("lab.Plot")
class Plot:
    """Growing curves, as `tf.lab.plot` returns them.

    Examples
    --------
    >>> plot = tf.lab.plot("loss")
    >>> for step in range(3):
    ...     plot.update(loss=1 / (step + 1))
    >>> plot
    plot of loss
      loss: 3 values, 1 -> 0.333
    >>> plot.values("loss").round(2)
    array([1.  , 0.5 , 0.33])
    """

    def __init__(
        self,
        names: tuple[str, ...],
        title: str,
        log: bool,
        smooth: float,
        zoom: float,
        theme: str | None,
        live: bool | None,
    ) -> None:
        smooth = as_float(smooth, "smooth")
        if not 0 <= smooth < 1:
            raise ValueError(f"smooth is the weight of the past, from 0 to below 1; got {smooth!r}.")
        self.title, self.log, self.smooth, self.zoom = title, log, smooth, zoom
        self.theme = find_theme(theme)
        self._order = names
        self._live = live
        self._steps: dict[str, array[float]] = {name: array("d") for name in names}
        self._values: dict[str, array[float]] = {name: array("d") for name in names}
        self._page: Any = None  # the live picture of the running cell
        self._place: Any = None  # where the page shows it
        self._is_waiting = False  # for the end of the cell
        self._has_news = False
        self._next_picture = 0.0

    # ---- data ---------------------------------------------------------------------------------------------------

    def update(self, step: float | None = None, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Add one value to each named curve.

        Parameters
        ----------
        step : float, optional
            Where on the step axis; by default one more than the last.
        values : mapping from str to number, optional
            For names that are no Python names, such as "loss/train".
        **named : number
            New names begin new curves.

        Raises
        ------
        TypeError
            If a value is no number.
        """
        for name, value in {**(values or {}), **named}.items():
            number = as_number(name, value)
            if name not in self._values:
                self._steps[name], self._values[name] = array("d"), array("d")
            steps = self._steps[name]
            steps.append(float(step) if step is not None else (steps[-1] + 1 if steps else 0.0))
            self._values[name].append(number)
        self._has_news = True
        if not self._is_waiting:
            self._begin_cell()
        if self._page is not None and time.monotonic() >= self._next_picture:
            self._send()

    def append(self, *values: Any) -> None:
        """Add one value to each curve, in the order of the names given to `tf.lab.plot`."""
        names = self._order or ("value",)
        if len(values) != len(names):
            raise ValueError(f"append takes one value for each of {', '.join(names)}; it got {len(values)}.")
        self.update(None, dict(zip(names, values, strict=True)))

    def steps(self, name: str) -> np.ndarray:
        """The steps of one curve."""
        return np.array(self._steps[name])

    def values(self, name: str) -> np.ndarray:
        """The values of one curve."""
        return np.array(self._values[name])

    @property
    def names(self) -> list[str]:
        return list(self._values)

    def to_csv(self, path: str | Path) -> Path:
        """Write one line per value: name, step, value."""
        path = Path(path)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "step", "value"])
            for name in self._values:
                writer.writerows((name, *row) for row in zip(self._steps[name], self._values[name], strict=True))
        return path

    # ---- pictures -----------------------------------------------------------------------------------------------

    def drawing(self) -> Drawing:
        curves = [Curve(name, np.array(self._steps[name]), np.array(self._values[name])) for name in self._values]
        return curves_drawing(curves, self.title, self.log, self.smooth, self.theme)

    def svg(self) -> str:
        """The curves so far as SVG text."""
        return drawing_svg(self.drawing(), self.zoom)

    def png(self) -> bytes:
        """The curves so far as PNG."""
        return drawing_png(self.drawing(), self.zoom)

    def __repr__(self) -> str:
        lines = [f"plot of {self.title or ', '.join(self._values) or 'nothing yet'}"]
        for name, values in self._values.items():
            if values:
                counted = "1 value" if len(values) == 1 else f"{len(values):,} values"
                ends = f"{values[0]:.3g} -> {values[-1]:.3g}" if len(values) > 1 else f"{values[0]:.3g}"
                lines.append(f"  {name}: {counted}, {ends}")
            else:
                lines.append(f"  {name}: no values yet")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        self._has_news = False  # shown now: no need to show it again when the cell ends
        makers: dict[str, Any] = {"text/plain": self.__repr__, "image/svg+xml": self.svg}
        if in_kernel() or (include and "image/png" in include):
            makers["image/png"] = self.png
        return {
            kind: make()
            for kind, make in makers.items()
            if (not include or kind in include) and kind not in (exclude or ())
        }

    # ---- live ---------------------------------------------------------------------------------------------------

    def _begin_cell(self) -> None:
        """On the first value in a cell: open the live picture, and plan the final one for the end of the cell."""
        if not in_kernel():
            return
        self._is_waiting = after_this_cell(self._end_cell)
        if self._is_waiting and (has_page() if self._live is None else self._live):
            from IPython.display import display

            from flowlab._src.lab.widgets import LivePicture

            self._page = LivePicture(svg="", words=f"live plot of {', '.join(self._values)}")
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


def as_number(name: str, value: Any) -> float:
    """A Python float, from whatever number a program has at hand."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        if hasattr(value, "op"):
            raise TypeError(
                f"{name!r} got the tensor {value.name!r}: a node of the graph, not a number. "
                f"Fetch it and give what comes back: {name} = sess.run({name}_tensor, ...); plot.update({name}={name})."
            ) from error
        raise TypeError(f"{name!r} must be a number; got {type(value).__name__}.") from error


@export("lab.plot")
def plot(
    *names: str,
    title: str = "",
    log: bool = False,
    smooth: float = 0.0,
    zoom: float | None = None,
    theme: str | None = None,
    live: bool | None = None,
) -> Plot:
    """Plot numbers while a program computes them.

    In a notebook the picture follows the numbers, at most ten times a second, and is kept when the cell ends, also
    when it is interrupted. Where nobody watches, only the final picture is made.

    Parameters
    ----------
    *names : str
        The curves, for `append` and for their order. Names with the same part before a slash share a panel:
        "loss/train", "loss/test".
    title : str
    log : bool
        Whether the value axis is logarithmic.
    smooth : float
        Weight of the past in a moving average, 0 to below 1; 0.9 calms the loss of small batches.
    zoom : float, optional
        Size on the page; at 1 letters are 13 pixels high.
    theme : {"light", "dark"}, optional
    live : bool, optional
        Whether the picture moves while a cell runs; by default if a notebook page shows it.

    Returns
    -------
    Plot
        With `update(loss=...)`, `append(...)`, `values(name)`, `to_csv(path)`.

    Examples
    --------
    >>> plot = tf.lab.plot("loss", "accuracy")
    >>> plot.update(loss=2.3, accuracy=0.1)
    >>> plot.append(1.9, 0.3)
    >>> plot.steps("accuracy")
    array([0., 1.])
    """
    return Plot(names, title, log, smooth, find_zoom(zoom), theme, live)
