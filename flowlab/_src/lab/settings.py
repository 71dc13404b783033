"""What `%flow theme` and `%flow projector` change: the look of all pictures from now on."""

from dataclasses import dataclass

from flowlab._src.graph.arguments import as_flag, as_text
from flowlab._src.lab.theme import THEMES, Theme
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean


@dataclass
class Settings:
    """The present choice."""

    theme: Theme = THEMES["light"]
    projector: bool = False

    @property
    def zoom(self) -> float:
        """The size of a picture for which none is asked for."""
        return 1.8 if self.projector else 1.3

    @property
    def lines(self) -> float:
        """How much thicker than usual lines are."""
        return 1.6 if self.projector else 1.0


settings = Settings()


def find_theme(name: str | None) -> Theme:
    """The theme of that name; the chosen one for None."""
    if name is None:
        return settings.theme
    if as_text(name, "theme") not in THEMES:
        raise ValueError(f"There is no theme {name!r}. {did_you_mean(name, THEMES) or 'Choose light or dark.'}")
    return THEMES[name]


def find_zoom(zoom: float | None) -> float:
    """The size asked for, or the usual one."""
    return settings.zoom if zoom is None else zoom


@export("lab.projector")
def projector(on: bool = True) -> None:
    """Make all pictures readable from the last row: larger letters, thicker lines.

    Graphs, the stepper and plots that are shown from now on follow; a `zoom` that is asked for still counts.

    Parameters
    ----------
    on : bool
        False goes back to the usual size.

    Examples
    --------
    >>> c = tf.constant(1.0)
    >>> tf.lab.projector()
    >>> wide = tf.lab.graph().svg()
    >>> tf.lab.projector(False)
    >>> len(wide) > 0
    True
    """
    settings.projector = as_flag(on, "on")
