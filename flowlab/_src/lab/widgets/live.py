"""A picture that Python draws again and again."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parents[1] / "static"


class LivePicture(anywidget.AnyWidget):
    """A picture that changes: set `svg`, and the page shows it."""

    _esm = STATIC / "live.js"
    svg = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": self.words}, metadata
