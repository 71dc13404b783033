"""What all plots can do with their drawing: SVG, PNG, words, a file, and what a notebook stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowlab._src.lab.drawing import Drawing
from flowlab._src.lab.live import in_kernel
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.settings import find_theme, find_zoom
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.theme import Theme


class StillPicture:
    """A picture of something: subclasses say `drawing` and `__repr__`.

    The last expression of a notebook cell shows it: as SVG, as PNG where the notebook is not trusted, as words.
    """

    def __init__(self, zoom: float | None, theme: str | None) -> None:
        self.zoom = find_zoom(zoom)
        self.theme: Theme = find_theme(theme)

    def drawing(self) -> Drawing:
        """The shapes and words with their places."""
        raise NotImplementedError

    def svg(self) -> str:
        """The picture as SVG text."""
        return drawing_svg(self.drawing(), self.zoom)

    def png(self) -> bytes:
        """The picture as PNG, two dots to the pixel."""
        return drawing_png(self.drawing(), self.zoom)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; the ending .svg, .png or .txt says how."""
        return save_picture(self, path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return still_bundle(self, include, exclude)


def still_bundle(picture: Any, include: Any, exclude: Any, with_png: bool = True) -> dict[str, Any]:
    """What a notebook stores: SVG, words, and in a kernel a PNG for notebooks that are not trusted."""
    makers: dict[str, Any] = {"text/plain": picture.__repr__, "image/svg+xml": picture.svg}
    if (with_png and in_kernel()) or (include and "image/png" in include):
        makers["image/png"] = picture.png
    return {
        kind: make()
        for kind, make in makers.items()
        if (not include or kind in include) and kind not in (exclude or ())
    }


def save_picture(picture: Any, path: str | Path) -> Path:
    """Write whatever has `svg()`, `png()` and words to a file of the kind that its ending says."""
    path = Path(path)
    if path.suffix == ".svg":
        path.write_text(picture.svg(), encoding="utf-8")
    elif path.suffix == ".png":
        path.write_bytes(picture.png())
    elif path.suffix == ".txt":
        path.write_text(str(picture) + "\n", encoding="utf-8")
    else:
        raise ValueError(f"Give the file {path.name!r} an ending that says what to write: .svg, .png or .txt.")
    return path
