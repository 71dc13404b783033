"""Whether somebody is watching: a notebook page, a terminal, or nobody.

Pictures that move cost something and leave traces, so they move only for a reader. A notebook that is executed by a
program (nbconvert, nbval, papermill) has a kernel but no page: there only the final state is shown, which also makes
the stored output the same every time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any


def shell() -> Any:
    """The running IPython shell, or None; IPython is not imported for the question."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_kernel() -> bool:
    """Whether this process serves a notebook."""
    return getattr(shell(), "kernel", None) is not None


def has_page() -> bool:
    """Whether a notebook page, and not a program, asked for the running cell.

    Programs that execute notebooks put the user's name into their messages; pages leave it empty. The environment
    variable FLOWLAB_LIVE (0 or 1) overrules the guess.
    """
    forced = os.environ.get("FLOWLAB_LIVE")
    if forced is not None:
        return forced == "1"
    if not in_kernel():
        return False
    if is_voila():
        return True
    message: dict[str, Any] = shell().kernel.get_parent() or {}
    return not message.get("header", {}).get("username")


def is_voila() -> bool:
    """Whether Voila runs the notebook, for a page without cells; it says so in the environment of the kernel."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def has_terminal() -> bool:
    """Whether standard output is a terminal, where a line can be rewritten."""
    return not in_kernel() and sys.stdout.isatty()


def after_this_cell(action: Callable[[], None]) -> bool:
    """Call `action` once when the running cell ends, even if by an error; return False where there are no cells."""
    running = shell()
    if running is None:
        return False

    def once(*_: object) -> None:
        running.events.unregister("post_run_cell", once)
        action()

    running.events.register("post_run_cell", once)
    return True
