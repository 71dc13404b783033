"""`tf.lab.loss_surface`: the loss of a model with two parameters as a landscape, and the way of an optimizer on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_int
from flowlab._src.lab.axes import Floats
from flowlab._src.lab.contours import BELOW, LEFT, Landscape, LandscapePanel, contour_levels, legend, span
from flowlab._src.lab.drawing import Drawing, Group, Text
from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.still import StillPicture
from flowlab._src.runtime.session import Session
from flowlab._src.util.export import export

WIDTH, HEIGHT = 400.0, 330.0
MOST_POINTS = 201


@export("lab.LossSurface")
class LossSurface(StillPicture):
    """The loss over two parameters, as `tf.lab.loss_surface` returns it.

    Attributes
    ----------
    xs, ys : array
        The values of the first and the second parameter.
    losses : array, (len(ys), len(xs))
    paths : dict from str to array, (steps + 1, 2)
    """

    def __init__(
        self, land: Landscape, paths: dict[str, Floats], title: str, zoom: float | None, theme: str | None
    ) -> None:
        super().__init__(zoom, theme)
        self.land, self.paths, self.title = land, paths, title
        self.xs, self.ys, self.losses = land.xs, land.ys, land.losses

    def drawing(self) -> Drawing:
        """Lines of equal loss, the paths over them."""
        theme = self.theme
        top = 30.0 if self.title else 8.0
        groups = [Group("title", [Text(self.title, (14, 22), theme.text, bold=True)])] if self.title else []
        signs = Group("legend", legend(self.paths, (LEFT, top + 12), theme, WIDTH)) if self.paths else Group("legend")
        rows = {item.at[1] for item in signs.items if isinstance(item, Text)}
        y = top + 20.0 * len(rows) + 26
        panel = LandscapePanel(self.land, LEFT, y, WIDTH, HEIGHT, theme)
        groups += [signs, panel.ground(self.paths.values()), panel.axes(), panel.lowest()]
        groups += [panel.path(name, points, k) for k, (name, points) in enumerate(self.paths.items())]
        key = "○ start  ● end  × lowest" if self.paths else "× lowest"
        groups.append(Group("key", [Text(key, (LEFT, y + HEIGHT + 37), theme.faint)]))
        names = f"over {self.land.names[0]} and {self.land.names[1]}"
        label = f"{self.title or 'loss surface'} {names}: {self.lowest_text()}"
        width = max(LEFT + WIDTH + 18, LEFT + text_width(key, FONT) + 120)
        return Drawing(width, y + HEIGHT + BELOW + 4, theme.background, label, groups)

    def lowest_text(self) -> str:
        first, second, loss = self.land.lowest
        one, two = self.land.names
        return f"lowest {loss:.3g} at {one} {first:.3g}, {two} {second:.3g}"

    def __repr__(self) -> str:
        one, two = self.land.names
        size = f"{len(self.xs)} × {len(self.ys)} points"
        lines = [f"{self.title or 'loss surface'} over {one} and {two}, {size}: {self.lowest_text()}"]
        for name, points in self.paths.items():
            start, end = (", ".join(f"{number:.3g}" for number in points[k]) for k in (0, -1))
            lines.append(f"  {name or 'path'}: {len(points) - 1} steps, ({start}) -> ({end})")
        return "\n".join(lines)


@export("lab.loss_surface")
def loss_surface(
    sess: Session,
    loss: Any,
    variables: Any,
    feed_dict: dict[Any, Any] | None = None,
    path: Any = None,
    ranges: Sequence[tuple[float, float]] | None = None,
    points: int = 41,
    log: bool | None = None,
    title: str = "",
    zoom: float | None = None,
    theme: str | None = None,
) -> LossSurface:
    """Draw the loss of a model with two parameters as a landscape, and the way that training took.

    The graph is run for each point of a grid, with the variables set to it; they get their values back.

    Parameters
    ----------
    sess : Session
    loss : Tensor
        A single number.
    variables : sequence of two Variables, or one Variable with two elements
    feed_dict : dict, optional
        What the loss needs besides.
    path : array, (steps + 1, 2), or dict from str to array, optional
        The values that the two parameters had, step by step; several paths with their names.
    ranges : two pairs of float, optional
        From where to where the parameters go; by default around the paths, or around the present values.
    points : int
        Of the grid, in each direction.
    log : bool, optional
        Whether the lines stand at equal factors of the loss; by default if it spans orders of magnitude.
    title : str
    zoom : float, optional
    theme : {"light", "dark"}, optional

    Returns
    -------
    LossSurface
        With `xs`, `ys`, `losses`, `svg()`, `png()`, `save(path)`.

    Raises
    ------
    ValueError
        If there are not two parameters, or the loss is no single number.

    Examples
    --------
    >>> w, b = tf.Variable(3.0, name="w"), tf.Variable(-2.0, name="b")
    >>> loss = tf.square(w - 1) + 0.3 * tf.square(b)
    >>> train = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     path = [sess.run([w, b])]
    ...     for step in range(20):
    ...         sess.run(train)
    ...         path.append(sess.run([w, b]))
    ...     print(tf.lab.loss_surface(sess, loss, [w, b], path=path, ranges=[(-1, 3), (-2, 2)]))
    loss surface over w and b, 41 × 41 points: lowest 0 at w 1, b 0
      path: 20 steps, (3, -2) -> (1, -0.155)
    """
    points = as_int(points, "points")
    if not 5 <= points <= MOST_POINTS:
        raise ValueError(f"points is from 5 to {MOST_POINTS}; got {points}.")
    holders = list(variables) if isinstance(variables, list | tuple) else [variables]
    for holder in holders:
        if not hasattr(holder, "load"):
            raise ValueError(f"variables are two Variables, or one with two elements; got {holder!r}.")
    if not hasattr(sess, "run"):
        raise TypeError(f"sess is the session that holds the variables; got {sess!r}.")
    before = [np.asarray(value) for value in sess.run(holders)]
    if sum(value.size for value in before) != 2:
        sizes = ", ".join(f"{holder.op.name} {value.shape}" for holder, value in zip(holders, before, strict=True))
        raise ValueError(f"A landscape needs two parameters in all; got {sizes}.")
    paths = as_paths(path)
    here = np.concatenate([value.ravel() for value in before]).astype(np.float64)[None]
    (x_low, x_high), (y_low, y_high) = ranges or [span([*paths.values()] or [here], axis) for axis in (0, 1)]
    if not (x_low < x_high and y_low < y_high):
        raise ValueError(f"ranges are two pairs, each from low to high; got {ranges!r}.")
    xs, ys = np.linspace(x_low, x_high, points), np.linspace(y_low, y_high, points)
    losses = np.empty((points, points))
    try:
        for row, second in enumerate(ys):
            for column, first in enumerate(xs):
                set_parameters(sess, holders, before, (first, second))
                value = np.asarray(sess.run(loss, feed_dict))
                if value.size != 1:
                    raise ValueError(f"The loss must be a single number; it has the shape {value.shape}.")
                losses[row, column] = value.reshape(())
    finally:
        for holder, value in zip(holders, before, strict=True):
            holder.load(value, sess)
    land = Landscape(xs, ys, losses, parameter_names(holders), contour_levels(losses, log))
    return LossSurface(land, paths, title, zoom, theme)


def set_parameters(sess: Session, holders: list[Any], before: list[np.ndarray], pair: tuple[float, float]) -> None:
    """Write two numbers into the variables, whatever their shapes."""
    rest = list(pair)
    for holder, value in zip(holders, before, strict=True):
        mine, rest = rest[: value.size], rest[value.size :]
        holder.load(np.array(mine, value.dtype).reshape(value.shape), sess)


def parameter_names(holders: list[Any]) -> tuple[str, str]:
    names = [holder.op.name for holder in holders]
    return (names[0], names[1]) if len(names) == 2 else (f"{names[0]}[0]", f"{names[0]}[1]")


def as_paths(path: Any) -> dict[str, Floats]:
    """Named paths, each (steps + 1, 2)."""
    if path is None:
        return {}
    named = path if isinstance(path, Mapping) else {"": path}
    paths = {}
    for name, points in named.items():
        pairs = [np.concatenate([np.ravel(part) for part in pair]) for pair in points]
        array = np.array(pairs, np.float64) if pairs else np.empty((0, 2))
        if array.ndim != 2 or array.shape[1] != 2 or not len(array):
            raise ValueError(
                f"A path is a list of pairs of numbers, one for each step; got the shape {array.shape}. "
                "Take it along in the loop: path.append(sess.run([w, b]))."
            )
        paths[str(name)] = array
    return paths
