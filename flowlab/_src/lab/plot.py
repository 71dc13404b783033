"""`tf.lab.plot`: curves that grow while a program trains, and stay in the notebook when it is done."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_float, as_text
from flowlab._src.lab.curves import Curve, curves_drawing
from flowlab._src.lab.drawing import Drawing
from flowlab._src.lab.live_view import LiveView
from flowlab._src.lab.training_hooks import TrainingWatcher
from flowlab._src.util.export import export

Key = tuple[str, str]  # the run ("" if the plot has only one) and the quantity


@export("lab.History")
class History(Mapping[str, np.ndarray]):
    """The numbers behind a plot, by name: what `Plot.history` gives.

    Of a plot with several runs the names are "run: quantity".

    Examples
    --------
    >>> plot = tf.lab.plot()
    >>> for step in range(3):
    ...     plot.update(loss=1 / (step + 1))
    >>> plot.history["loss"].round(2)
    array([1.  , 0.5 , 0.33])
    >>> plot.history.steps("loss")
    array([0., 1., 2.])
    """

    def __init__(self, records: Mapping[Key, tuple[np.ndarray, np.ndarray]]) -> None:
        if not isinstance(records, Mapping):
            raise TypeError(f"records are a mapping from (run, name) to steps and values; got {records!r}.")
        self._records = records
        self._keys = {f"{run}: {name}" if run else name: (run, name) for run, name in records}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._records[self._keys[name]][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def steps(self, name: str) -> np.ndarray:
        """The steps of the values of one name."""
        return self._records[self._keys[name]][0]

    def to_csv(self, path: str | Path) -> Path:
        """Write one line per value: name, step, value; with several runs the run comes first."""
        path = Path(path)
        has_runs = any(run for run, _ in self._records)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*(["run"] if has_runs else []), "name", "step", "value"])
            for (run, name), (steps, values) in self._records.items():
                front = [run, name] if has_runs else [name]
                writer.writerows((*front, *row) for row in zip(steps.tolist(), values.tolist(), strict=True))
        return path

    def __repr__(self) -> str:
        return f"History({', '.join(f'{name}: {len(self[name]):,} values' for name in self)})"


@export("lab.Plot")
class Plot(LiveView, TrainingWatcher):
    """Growing curves, as `tf.lab.plot` returns them.

    Besides `update` and `append` it takes part in trainings of others: as one of the `hooks` of a
    `tf.train.MonitoredSession`, as one of the `callbacks` of a Keras `fit`. A second training is a second run.

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

    Runs are drawn over each other, each with its name:

    >>> plot = tf.lab.plot()
    >>> for rate in (0.1, 0.5):
    ...     plot.new_run(f"rate {rate}")
    ...     for step in range(4):
    ...         plot.update(loss=(1 - rate) ** step)
    >>> plot
    plot of loss, 2 runs
      rate 0.1, loss: 4 values, 1 -> 0.729
      rate 0.5, loss: 4 values, 1 -> 0.125

    As a hook it fetches tensors along, named or given:

    >>> rate = tf.train.exponential_decay(1.0, tf.train.get_or_create_global_step(), 1, 0.5, name="rate")
    >>> step = tf.assign_add(tf.train.get_global_step(), 1)
    >>> plot = tf.lab.plot("rate")
    >>> with tf.train.MonitoredSession(hooks=[plot, tf.train.StopAtStepHook(3)]) as sess:
    ...     while not sess.should_stop():
    ...         _ = sess.run(step)
    >>> plot
    plot of rate
      rate: 3 values, 1 -> 0.25
    """

    def __init__(
        self,
        names: tuple[str, ...],
        title: str,
        log: bool | str | Sequence[str],
        smooth: float,
        zoom: float | None,
        theme: str | None,
        live: bool | None,
        tensors: Any = None,
        every: int = 1,
    ) -> None:
        smooth = as_float(smooth, "smooth")
        if not 0 <= smooth < 1:
            raise ValueError(f"smooth is the weight of the past, from 0 to below 1; got {smooth!r}.")
        LiveView.__init__(self, zoom, theme, live)
        TrainingWatcher.__init__(self, names if tensors is None else tensors, every)
        self.title, self.log, self.smooth = title, log, smooth
        self._order = names
        self._run = ""
        self._steps: dict[Key, array[float]] = {("", name): array("d") for name in names}
        self._values: dict[Key, array[float]] = {("", name): array("d") for name in names}

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
            key = (self._run, name)
            if key not in self._values:
                self._steps[key], self._values[key] = array("d"), array("d")
            steps = self._steps[key]
            steps.append(float(step) if step is not None else (steps[-1] + 1 if steps else 0.0))
            self._values[key].append(number)
        self._changed()

    def append(self, *values: Any) -> None:
        """Add one value to each curve, in the order of the names given to `tf.lab.plot`."""
        names = self._order or ("value",)
        if len(values) != len(names):
            raise ValueError(f"append takes one value for each of {', '.join(names)}; it got {len(values)}.")
        self.update(None, dict(zip(names, values, strict=True)))

    def new_run(self, name: str = "") -> None:
        """Begin another run: what comes now is drawn over what is there, under its own name.

        A name that there was already begins anew, so a cell may be run again.

        Parameters
        ----------
        name : str
            By default "run 2", "run 3" ...
        """
        if self._is_empty("") and "" in self.runs:
            self._forget("")
        elif "" in self.runs:  # what came before any name
            self._steps = {(run or "run 1", curve): steps for (run, curve), steps in self._steps.items()}
            self._values = {(run or "run 1", curve): values for (run, curve), values in self._values.items()}
        self._run = as_text(name, "name") or f"run {len(self.runs) + 1}"
        self._forget(self._run)

    def _forget(self, run: str) -> None:
        for key in [key for key in self._values if key[0] == run]:
            del self._steps[key], self._values[key]

    def _is_empty(self, run: str) -> bool:
        return not any(len(values) for key, values in self._values.items() if key[0] == run)

    def _training_begins(self) -> None:
        if not self._is_empty(self._run):
            self.new_run()

    def steps(self, name: str, run: str | None = None) -> np.ndarray:
        """The steps of one curve, of the present run or a named one."""
        return np.array(self._steps[self._run if run is None else run, name])

    def values(self, name: str, run: str | None = None) -> np.ndarray:
        """The values of one curve, of the present run or a named one."""
        return np.array(self._values[self._run if run is None else run, name])

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for _, name in self._values))

    @property
    def runs(self) -> list[str]:
        """The names of the runs; a plot with one run only calls it ""."""
        return list(dict.fromkeys(run for run, _ in self._values))

    @property
    def history(self) -> History:
        """All numbers as arrays, with `to_csv`."""
        return History({key: (np.array(self._steps[key]), np.array(self._values[key])) for key in self._values})

    def to_csv(self, path: str | Path) -> Path:
        """Write one line per value: name, step, value; with several runs the run comes first."""
        return self.history.to_csv(path)

    # ---- pictures -----------------------------------------------------------------------------------------------

    def drawing(self) -> Drawing:
        """The curves so far as shapes."""
        curves = [
            Curve(name, np.array(self._steps[run, name]), np.array(self._values[run, name]), run)
            for run, name in self._values
        ]
        return curves_drawing(curves, self.title, self.log, self.smooth, self.theme)

    def __repr__(self) -> str:
        runs = self.runs
        count = f", {len(runs)} runs" if len(runs) > 1 else ""
        lines = [f"plot of {self.title or ', '.join(self.names) or 'nothing yet'}{count}"]
        for (run, name), values in self._values.items():
            label = f"{run}, {name}" if run else name
            if values:
                counted = "1 value" if len(values) == 1 else f"{len(values):,} values"
                ends = f"{values[0]:.3g} -> {values[-1]:.3g}" if len(values) > 1 else f"{values[0]:.3g}"
                lines.append(f"  {label}: {counted}, {ends}")
            else:
                lines.append(f"  {label}: no values yet")
        return "\n".join(lines)

    def _words(self) -> str:
        return f"plot of {', '.join(self.names)}"


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
    log: bool | str | Sequence[str] = False,
    smooth: float = 0.0,
    zoom: float | None = None,
    theme: str | None = None,
    live: bool | None = None,
    tensors: Any = None,
    every: int = 1,
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
    log : bool, str or sequence of str
        Whether the value axes are logarithmic, or the names of the panels where they are.
    smooth : float
        Weight of the past in a moving average, 0 to below 1; 0.9 calms the loss of small batches.
    zoom : float, optional
        Size on the page; at 1 letters are 13 pixels high.
    theme : {"light", "dark"}, optional
    live : bool, optional
        Whether the picture moves while a cell runs; by default if a notebook page shows it.
    tensors : mapping from str to Tensor, or sequence of Tensor or str, optional
        What the plot fetches when it is a hook of a session; by default the tensors of the graph called `names`.
    every : int
        As a hook it fetches at each `every`-th run.

    Returns
    -------
    Plot
        With `update(loss=...)`, `append(...)`, `new_run(name)`, `values(name)`, `history`, `save(path)`. It is a
        `tf.train.SessionRunHook` and a callback for `fit`, too.

    Examples
    --------
    >>> plot = tf.lab.plot("loss", "accuracy")
    >>> plot.update(loss=2.3, accuracy=0.1)
    >>> plot.append(1.9, 0.3)
    >>> plot.steps("accuracy")
    array([0., 1.])
    """
    return Plot(names, title, log, smooth, zoom, theme, live, tensors, every)
