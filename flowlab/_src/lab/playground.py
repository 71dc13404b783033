"""`tf.lab.playground`: a line that learns while one plays with the learning rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_float, as_int
from flowlab._src.graph.graph import Graph
from flowlab._src.lab.axes import Floats, nice_ticks, number_text, straight
from flowlab._src.lab.classes import as_values
from flowlab._src.lab.contours import Landscape, LandscapePanel, contour_levels
from flowlab._src.lab.curves import ABOVE, BELOW, LEFT, PLOT_HEIGHT, RIGHT, Curve, PanelDrawing, curve_looks
from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.in_place import with_widget
from flowlab._src.lab.live import has_page
from flowlab._src.lab.settings import find_theme
from flowlab._src.lab.shapes import circle
from flowlab._src.lab.still import StillPicture
from flowlab._src.ops.arithmetic import multiply, subtract
from flowlab._src.ops.placeholder import placeholder
from flowlab._src.ops.powers import square
from flowlab._src.ops.reduce import reduce_mean
from flowlab._src.runtime.session import Session
from flowlab._src.train.optimizers import GradientDescentOptimizer
from flowlab._src.util.export import export
from flowlab._src.variables.variable import Variable, global_variables_initializer

WIDTH = 330.0  # of each of the three panels
GRID = 25
LIMIT = 1e6  # parameters beyond it have flown off
LOWEST_RATE, HIGHEST_RATE = 1e-4, 10.0
RUNS_KEPT = 4


@export("lab.Playground")
class Playground(StillPicture):
    """A line, its loss and a learning rate, as `tf.lab.playground` returns them.

    Attributes
    ----------
    rate : float
        The learning rate of the next step; it may be changed at any time.
    slope, height : float
        The line as it is now.
    steps : int
        Since the start.
    loss : float
    """

    def __init__(
        self,
        x: Floats,
        y: Floats,
        rate: float,
        start: tuple[float, float],
        zoom: float | None,
        theme: str | None,
    ) -> None:
        super().__init__(zoom, theme)
        if zoom is None:  # three panels side by side are wide already
            self.zoom /= 1.3
        self.follows_page = theme is None
        self.x, self.y, self.start = x, y, start
        self.rate = rate
        self._graph = Graph()
        with self._graph.as_default():
            self._build()
        self._session = Session(graph=self._graph)
        best = np.polynomial.polynomial.polyfit(x, y, 1)
        self.best = float(best[1]), float(best[0])
        self.land = self._landscape()
        self._earlier: list[Curve] = []
        self._widget: Any = None
        self._path: list[tuple[float, float]] = []
        self._losses: list[float] = []
        self._rates: list[float] = []
        self.reset()

    def _build(self) -> None:
        """The model of the lesson: four parts, data, model, loss, step."""
        self._x, self._y = placeholder("float64", [None], "x"), placeholder("float64", [None], "y")
        self._rate = placeholder("float64", [], "rate")
        self._slope = Variable(np.float64(0), name="slope")
        self._height = Variable(np.float64(0), name="height")
        error = subtract(multiply(self._slope, self._x) + self._height, self._y)
        self._loss = reduce_mean(square(error), name="loss")
        self._train = GradientDescentOptimizer(self._rate).minimize(self._loss)
        self._init = global_variables_initializer()

    def _landscape(self) -> Landscape:
        """The loss around the way from the start to the best line; it is a parabola, computed at once."""
        ends = np.array([self.start, self.best, (2 * self.best[0] - self.start[0], 2 * self.best[1] - self.start[1])])
        axes = []
        for k in (0, 1):
            reach = max(float(np.ptp(ends[:, k])) * 0.62, 1.0)
            axes.append(np.linspace(self.best[k] - reach, self.best[k] + reach, GRID))
        errors = axes[0][None, :, None] * self.x + axes[1][:, None, None] - self.y
        losses = np.mean(errors**2, axis=2)
        return Landscape(axes[0], axes[1], losses, ("slope", "height"), contour_levels(losses))

    # ---- what one does with it ------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        return self._now

    @rate.setter
    def rate(self, value: float) -> None:
        value = as_float(value, "rate")
        if not 0 <= value < math.inf:
            raise ValueError(f"A learning rate is a number from 0 on; got {value!r}.")
        self._now = value

    @property
    def slope(self) -> float:
        return self._path[-1][0]

    @property
    def height(self) -> float:
        return self._path[-1][1]

    @property
    def loss(self) -> float:
        return self._losses[-1]

    @property
    def steps(self) -> int:
        return len(self._path) - 1

    @property
    def has_flown_off(self) -> bool:
        """Whether the parameters have become so large that there is no sense in going on."""
        return not all(math.isfinite(number) and abs(number) < LIMIT for number in (*self._path[-1], self.loss))

    @property
    def is_at_rest(self) -> bool:
        """Whether a step changes nothing any more."""
        if self.steps < 1:
            return False
        (a, b), (c, d) = self._path[-2:]
        return abs(c - a) + abs(d - b) < 1e-9 * (1 + abs(c) + abs(d))

    def step(self, number: int = 1) -> None:
        """Take so many training steps with the present rate; a line that flew off stays where it is."""
        for _ in range(as_int(number, "number")):
            if self.has_flown_off:
                return
            feed = {self._x: self.x, self._y: self.y, self._rate: self.rate}
            with np.errstate(all="ignore"):
                self._session.run(self._train, feed)
                self._rates.append(self.rate)
                self._note()

    def reset(self) -> None:
        """Back to the start; the curve of the loss so far stays for comparison."""
        if self.steps > 0:
            self._earlier = [*self._earlier[-(RUNS_KEPT - 2) :], self._curve()]
        self._path, self._losses, self._rates = [], [], []
        self._session.run(self._init)
        self._slope.load(np.float64(self.start[0]), self._session)
        self._height.load(np.float64(self.start[1]), self._session)
        self._note()

    def _note(self) -> None:
        slope, height, loss = self._session.run(
            [self._slope, self._height, self._loss], {self._x: self.x, self._y: self.y}
        )
        self._path.append((float(slope), float(height)))
        self._losses.append(float(loss))

    def _curve(self) -> Curve:
        losses = np.array([loss if abs(loss) < LIMIT else math.inf for loss in self._losses])
        return Curve("loss", np.arange(len(losses), dtype=np.float64), losses, self._label())

    def _label(self) -> str:
        """What this run is called: its rates."""
        rates = self._rates or [self.rate]
        label = f"rate {rates[0]:.3g}" + (f" to {rates[-1]:.3g}" if min(rates) != max(rates) else "")
        taken = {curve.run for curve in self._earlier}
        return next(name for name in (label, *(f"{label} ({k})" for k in range(2, 9))) if name not in taken)

    # ---- the picture ----------------------------------------------------------------------------------------------

    def words(self) -> str:
        """How things stand, in a sentence."""
        text = f"step {self.steps}, rate {self.rate:.3g}: slope {self.slope:.3g}, height {self.height:.3g}"
        text += f", loss {self.loss:.3g}"
        if self.has_flown_off:
            return text + " ⚠ flown off: the rate is too large; start again with a smaller one"
        return text + (" ✓ at rest" if self.is_at_rest else "")

    def __repr__(self) -> str:
        return f"playground of a line, {len(self.x)} points\n  {self.words()}"

    def drawing(self) -> Drawing:
        """The line among the points, the way over the landscape of the loss, the curve of the loss."""
        return self.drawing_in(self.theme.name)

    def drawing_in(self, theme_name: str) -> Drawing:
        """The picture in the colours of a theme."""
        theme = find_theme(theme_name)
        above = ABOVE + 40
        y = above
        inner = WIDTH - LEFT - RIGHT
        floor = y + PLOT_HEIGHT
        panel = LandscapePanel(self.land, WIDTH + LEFT, y, inner, PLOT_HEIGHT, theme)
        path = np.array(self._path)
        heads: list[Any] = []
        for k, (name, words) in enumerate(
            (("line", f"slope {self.slope:.3g}, height {self.height:.3g}"), ("loss over slope and height", ""))
        ):
            heads.append(Text(name, (WIDTH * k + LEFT, 22), theme.text, bold=True))
            if words:
                heads.append(Text(words, (WIDTH * k + LEFT, 42), theme.faint))
        heads.append(Text("○ start  ● now  × best", (WIDTH + LEFT, 42), theme.faint))
        groups = [Group("heading", heads), self._line(y, floor, inner, theme)]
        groups += [panel.ground([path]), panel.axes(), panel.lowest(), panel.path("", path, 0)]
        curves = [*self._earlier, self._curve()]
        looks = curve_looks(curves, theme)
        loss = PanelDrawing("loss", curves, WIDTH, looks, True, 0.0, theme)
        groups += loss.groups(2 * WIDTH, 0.0, max(above, loss.above))
        height = max(above, loss.above) + PLOT_HEIGHT + BELOW
        return Drawing(3 * WIDTH, height, theme.background, f"playground: {self.words()}", groups)

    def _line(self, y: float, floor: float, inner: float, theme: Any) -> Group:
        """Points and line."""
        low, high = float(self.x.min()), float(self.x.max())
        pad = (high - low) * 0.06 or 1.0
        low, high = low - pad, high + pad
        bottom, top = float(self.y.min()), float(self.y.max())
        pad = (top - bottom) * 0.12 or 1.0
        bottom, top = bottom - pad, top + pad

        def at(a: float, b: float) -> tuple[float, float]:
            across = LEFT + (a - low) / (high - low) * inner
            return round(across, 1), round(floor - (b - bottom) / (top - bottom) * (floor - y), 1)

        items: list[Any] = []
        ticks = nice_ticks(bottom, top, 5)
        for value in ticks:
            _, place = at(low, value)
            items.append(Shape(straight((LEFT, place), (LEFT + inner, place)), stroke=theme.line, opacity=0.3))
            items.append(Text(number_text(value, ticks), (LEFT - 8, place + 4.5), theme.faint, "end"))
        ticks = nice_ticks(low, high, 4)
        for value in ticks:
            place, _ = at(value, bottom)
            items.append(Shape(straight((place, floor), (place, floor + 5)), stroke=theme.border))
            items.append(Text(number_text(value, ticks), (place, floor + 20), theme.faint, "middle"))
        items.append(Shape(straight((LEFT, y), (LEFT, floor), (LEFT + inner, floor)), stroke=theme.border))
        items.append(Text("x", (LEFT + inner, floor + 37), theme.text, "end"))
        items.append(Text("y", (LEFT - 9, y - 8), theme.text, "middle"))
        items += [Shape(circle(*at(a, b), 2.6), fill=theme.line) for a, b in zip(self.x, self.y, strict=True)]
        for (slope, height), dash, color in (
            (self.best, (3, 4), theme.text),
            (self._path[-1], (), theme.curves[1]),
        ):
            ends = cut_line(slope, height, (low, high), (bottom, top))
            if ends is not None:
                items.append(
                    Shape(
                        straight(*(at(*end) for end in ends)), stroke=color, width=2.4 if not dash else 1.4, dash=dash
                    )
                )
        return Group("line", items, {}, "the points, the line as it is, and dotted the best one")

    # ---- in a page ------------------------------------------------------------------------------------------------

    def widget(self) -> Any:
        """The living picture with its slider: an ipywidgets widget."""
        if self._widget is None:
            from flowlab._src.lab.widgets.playground import PlaygroundWidget

            self._widget = PlaygroundWidget(self)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(include, exclude)
        return with_widget(bundle, self) if not include and has_page() else bundle


def cut_line(
    slope: float, height: float, across: tuple[float, float], up: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a line that lies in a rectangle."""
    if not (math.isfinite(slope) and math.isfinite(height)):
        return None
    first, last = across
    if slope:
        crossings = sorted((edge - height) / slope for edge in up)
        first, last = max(first, crossings[0]), min(last, crossings[1])
    elif not up[0] <= height <= up[1]:
        return None
    return ((first, slope * first + height), (last, slope * last + height)) if first < last else None


@export("lab.playground")
def playground(
    x: Any = None,
    y: Any = None,
    rate: float = 0.1,
    start: tuple[float, float] = (0.0, 0.0),
    zoom: float | None = None,
    theme: str | None = None,
) -> Playground:
    """Play with the learning rate of a line that learns.

    In a notebook page there are a slider for the rate, and buttons to take a step, to run and to start again; the line,
    its way over the landscape of the loss and the curve of the loss follow. The losses of earlier starts stay for
    comparison. Elsewhere `step` and `rate` do the same.

    Parameters
    ----------
    x, y : array, (N,), optional
        The points; by default 40 around y = 2 x + 1.
    rate : float
        The learning rate to begin with.
    start : pair of float
        Slope and height of the line at the start.
    zoom : float, optional
    theme : {"light", "dark"}, optional

    Returns
    -------
    Playground
        With `step(n)`, `reset()`, `rate`, `slope`, `height`, `loss`, `save(path)`.

    Examples
    --------
    >>> play = tf.lab.playground([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], rate=0.3)
    >>> play.step(100)
    >>> round(play.slope, 3), round(play.height, 3)
    (2.0, 1.0)
    >>> play.reset()
    >>> play.rate = 0.9
    >>> play.step(100)
    >>> play.has_flown_off
    True
    """
    if x is None and y is None:
        chance = np.random.RandomState(4)
        xs = chance.uniform(-1, 2, 40).round(2)
        ys = (2 * xs + 1 + 0.4 * chance.standard_normal(40)).round(2)
    elif x is None or y is None:
        raise ValueError("Give x and y, or neither.")
    else:
        xs, ys = (as_values(part, name).astype(np.float64).ravel() for part, name in ((x, "x"), (y, "y")))
    if len(xs) != len(ys) or len(xs) < 2 or np.ptp(xs) == 0:
        raise ValueError(f"A line needs two points or more, with different x; got {len(xs)} x and {len(ys)} y.")
    if not (np.isfinite(xs).all() and np.isfinite(ys).all()):
        raise ValueError("All points must be finite numbers.")
    if len(start) != 2:
        raise ValueError(f"start is a slope and a height; got {start!r}.")
    begin = as_float(start[0], "start"), as_float(start[1], "start")
    return Playground(xs, ys, rate, begin, zoom, theme)
