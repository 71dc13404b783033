"""`tf.lab.histograms`: how weights and gradients are spread, and how that changes while a program trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flowlab._src.lab.drawing import Drawing
from flowlab._src.lab.live_view import LiveView
from flowlab._src.lab.ridges import histograms_drawing, median
from flowlab._src.lab.slices import Slices
from flowlab._src.lab.training_hooks import TrainingWatcher
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

VIEWS = ("ridge", "heat")


@export("lab.Histograms")
class Histograms(LiveView, TrainingWatcher):
    """Histograms over time, as `tf.lab.histograms` returns them."""

    def __init__(
        self,
        names: tuple[str, ...],
        title: str,
        view: str,
        zoom: float | None,
        theme: str | None,
        live: bool | None,
        tensors: Any = None,
        every: int = 1,
    ) -> None:
        if view not in VIEWS:
            raise ValueError(f"There is no view {view!r}. {did_you_mean(str(view), VIEWS) or 'Choose ridge or heat.'}")
        LiveView.__init__(self, zoom, theme, live)
        TrainingWatcher.__init__(self, names if tensors is None else tensors, every)
        self.title, self.view = title, view
        self._slices = {name: Slices(name) for name in names}

    def update(self, step: float | None = None, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Add the histogram of one array to each name.

        Parameters
        ----------
        step : float, optional
            By default one more than the last.
        values : mapping from str to array, optional
            For names that are no Python names, such as "dense/kernel".
        **named : array
            New names begin new panels.

        Raises
        ------
        TypeError
            If a value has no numbers.
        """
        for name, value in {**(values or {}), **named}.items():
            self._slices.setdefault(name, Slices(name)).add(step, as_numbers(name, value))
        self._changed()

    @property
    def names(self) -> list[str]:
        return list(self._slices)

    def drawing(self) -> Drawing:
        """The histograms so far as shapes."""
        return histograms_drawing(list(self._slices.values()), self.title, self.view, self.theme)

    def __repr__(self) -> str:
        lines = [f"histograms of {self.title or ', '.join(self._slices) or 'nothing yet'}"]
        for name, slices in self._slices.items():
            if slices.last is None:
                lines.append(f"  {name}: no values yet")
                continue
            last = slices.last
            counted = "1 step" if slices.seen == 1 else f"{slices.seen:,} steps"
            spread = (
                f"{last.low:.3g} to {last.high:.3g}, median {median(last):.3g}" if last.counts.any() else "no numbers"
            )
            missing = f", {last.missing:,} not finite" if last.missing else ""
            lines.append(f"  {name}: {counted}, the last from {spread}{missing}")
        return "\n".join(lines)

    def _words(self) -> str:
        return f"histograms of {', '.join(self._slices)}"


def as_numbers(name: str, value: Any) -> np.ndarray:
    """An array of real numbers, or a TypeError that says what to give."""
    if hasattr(value, "op") and hasattr(value, "graph"):
        raise TypeError(
            f"{name!r} got the tensor {value.name!r}: a node of the graph, not numbers. "
            f"Fetch it and give what comes back: histograms.update({{{name!r}: sess.run(...)}})."
        )
    array = np.asarray(getattr(value, "values", value) if hasattr(value, "dense_shape") else value)
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name!r} must be an array of numbers; got dtype {array.dtype}.")
    return array


@export("lab.histograms")
def histograms(
    *names: str,
    title: str = "",
    view: str = "ridge",
    zoom: float | None = None,
    theme: str | None = None,
    live: bool | None = None,
    tensors: Any = None,
    every: int = 1,
) -> Histograms:
    """Show how the elements of weights or gradients are spread, step after step.

    In a notebook the picture follows the training, as `tf.lab.plot` does, and is kept when the cell ends.

    Parameters
    ----------
    *names : str
        The panels and their order; more may come with `update`.
    title : str
    view : {"ridge", "heat"}
        "ridge" draws each histogram as a ridge, the newest in front, every one to its own height; "heat" has the steps
        to the right, and is the darker the more elements there are.
    zoom : float, optional
        Size on the page; at 1 letters are 13 pixels high.
    theme : {"light", "dark"}, optional
    live : bool, optional
        Whether the picture moves while a cell runs; by default if a notebook page shows it.
    tensors : mapping from str to Tensor, or sequence of Tensor or str, optional
        What to fetch as a hook of a `tf.train.MonitoredSession`; by default the tensors of the graph called `names`.
    every : int
        As a hook it fetches at each `every`-th run.

    Returns
    -------
    Histograms
        With `update(name=array)`, `svg()`, `png()`, `save(path)`.

    Examples
    --------
    >>> w = tf.Variable(tf.random_normal([20, 10], seed=1), name="w")
    >>> shrink = tf.assign(w, 0.5 * w)
    >>> spread = tf.lab.histograms("w")
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     for step in range(4):
    ...         spread.update(step, w=sess.run(w))
    ...         _ = sess.run(shrink)
    >>> print(str(spread)[:33])
    histograms of w
      w: 4 steps, the
    """
    return Histograms(names, title, view, zoom, theme, live, tensors, every)
