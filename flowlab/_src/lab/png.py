"""The same drawing as a PNG, by matplotlib.

JupyterLab shows no SVG in a notebook that is not trusted, which is what a downloaded lesson is at first; it does show
PNG. The picture is drawn from the same shapes, with the same font, so it looks the same.
"""

import io
from typing import Any

import numpy as np

from flowlab._src.lab.drawing import Drawing, Image, Shape, Text
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.settings import settings

COLORS = 128
MAX_PIXELS = 12e6  # a larger picture would swell the notebook: it is drawn smaller


def drawing_png(drawing: Drawing, zoom: float = 1.0) -> bytes:
    """Draw a picture as PNG, with two dots to the pixel unless it is very large."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as Picture

    scale = min(2.0 * zoom, (MAX_PIXELS / max(1.0, drawing.width * drawing.height)) ** 0.5)
    dpi = 100.0
    size = (drawing.width * scale / dpi, drawing.height * scale / dpi)
    with rc_context({"font.family": "DejaVu Sans", "path.simplify": False, "text.parse_math": False}):
        figure = Figure(figsize=size, dpi=dpi, facecolor=drawing.background)
        canvas = FigureCanvasAgg(figure)  # pyplot, with its global state and windows, stays out of this
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, drawing.width), ylim=(drawing.height, 0))
        axes.set_axis_off()
        points = scale * 72 / dpi  # of a typographer, in one pixel of the drawing
        for group in drawing.groups:
            for item in group.items:
                if isinstance(item, Image):
                    (left, top), (width, height) = item.at, item.size
                    place = (left, left + width, top + height, top)
                    axes.imshow(item.pixels, extent=place, interpolation="nearest", aspect="auto", zorder=1)
                else:
                    artist = shape_patch(item, points) if isinstance(item, Shape) else text_artist(item, points)
                    artist.set_zorder(1)  # in the order of the list, whatever it is
                    axes.add_artist(artist)
        axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))  # pictures change the limits
        canvas.draw()
        # few colours on flat ground: with a palette the file has a quarter of the size
        picture = Picture.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        buffer = io.BytesIO()
        picture.quantize(COLORS, method=Picture.Quantize.FASTOCTREE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def shape_patch(shape: Shape, points: float) -> Any:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    vertices: list[tuple[float, float]] = []
    codes: list[Any] = []
    for letter, corners in shape.path:
        vertices += corners or [vertices[0]]
        codes += {
            "M": [Path.MOVETO],
            "L": [Path.LINETO],
            "C": [Path.CURVE4] * 3,
            "Z": [Path.CLOSEPOLY],
        }[letter]
    return PathPatch(
        Path(vertices, codes),
        facecolor="none" if shape.fill == "none" else to_rgba(shape.fill, shape.fill_opacity),
        edgecolor=shape.stroke,
        linewidth=shape.width * points * settings.lines if shape.stroke != "none" else 0,
        linestyle=(0, [dash / shape.width for dash in shape.dash]) if shape.dash else "solid",
        alpha=None if shape.opacity == 1 else shape.opacity,
        capstyle="butt",
        joinstyle="round" if shape.is_round else "miter",
    )


def text_artist(text: Text, points: float) -> Any:
    from matplotlib.text import Text as Artist

    align: dict[str, Any] = {"start": "left", "middle": "center", "end": "right"}
    return Artist(
        *text.at,
        text.text,
        color=text.color,
        fontsize=FONT * points,
        fontweight="bold" if text.bold else "normal",
        horizontalalignment=align[text.anchor],
        verticalalignment="baseline",
        parse_math=False,
    )
