"""A living view in the place of its still picture.

A notebook must not store a widget: opened again without the kernel that made it, it shows "model not found" instead of
a picture. So a page gets two outputs, the still picture and below it the widget. The widget moves into the picture's
place (`living` in static/picture.js) and says so, and its own output is emptied. What is saved is the picture.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from flowlab._src.lab.live import has_page, is_voila, shell

VIEW = "application/vnd.jupyter.widget-view+json"


def show_in_place(view: Any) -> None:
    """Show a view, a `GraphPicture` or a `Stepper`, with its widget in the place of its picture.

    Raises
    ------
    NotImplementedError
        Where the view shall be one output, as its mimebundle says: nobody watches, or the outputs of a cell do not
        stand in one page. IPython takes that for "show it the usual way".
    """
    if view.static or not has_page() or outputs_stand_apart():
        raise NotImplementedError
    bundle = view._repr_mimebundle_()
    reference = bundle.pop(VIEW, None)
    if reference is None:  # without anywidget there is nothing that could live
        raise NotImplementedError
    from IPython.display import display

    widget = view.widget()
    widget.in_place = True
    display(bundle, raw=True)
    widget.place = display({VIEW: reference, "text/plain": ""}, raw=True, display_id=True)


def with_widget(bundle: dict[str, Any], view: Any) -> dict[str, Any]:
    """Add the living view to the mimebundle of its picture; without anywidget the picture does not move."""
    with contextlib.suppress(ImportError):
        return bundle | view.widget().view_reference()
    return bundle


def outputs_stand_apart() -> bool:
    """Whether each output is a page of its own, or the page is none of Jupyter's: VS Code, Colab, Voila."""
    names = getattr(shell(), "user_ns", {})
    return "__vsc_ipynb_file__" in names or "google.colab" in sys.modules or is_voila()


def empty_place(widget: Any) -> None:
    """The widget has moved into the picture's place: take its own output away."""
    if widget.place is not None:
        widget.place.update({"text/plain": ""}, raw=True)
        widget.place = None
