"""Tracebacks for learners: the frames inside flowlab are left out, so that what remains is their own program."""

from __future__ import annotations

import os
import re
import types
from typing import Any

from flowlab._src.util import source
from flowlab._src.util.notes import attach

_LIBRARY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


def own_frames(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """Return the traceback without flowlab's frames; all of it when nothing else would be left."""
    kept: list[types.TracebackType] = []
    entry = traceback
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_name == "run_cell_magic":
            del kept[1:]  # the line that called %%flow holds the whole cell; IPython itself leaves out the first frame
        elif not code.co_filename.startswith(_LIBRARY):
            kept.append(entry)
        entry = entry.tb_next
    result: types.TracebackType | None = None
    for item in reversed(kept):
        result = types.TracebackType(result, item.tb_frame, item.tb_lasti, item.tb_lineno)
    return result or traceback


def explain_keys(error: BaseException, traceback: types.TracebackType | None) -> None:
    """Add the lines to Python's own error for `feed_dict={X: ...}` where X has become an array.

    Python refuses such a dict before anything of the library is called.
    """
    entry = traceback
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    if not isinstance(error, TypeError) or "unhashable type: 'numpy.ndarray'" not in str(error) or entry is None:
        return
    site = source.Site(entry.tb_frame.f_code.co_filename, entry.tb_lineno, entry.tb_frame.f_code.co_name)
    key = re.search(r"\{\s*([A-Za-z_]\w*)\s*:", site.text)
    if ".run(" not in site.text or key is None:
        return
    attach(
        error,
        why=f"the key {key[1]} of feed_dict is an array; keys are placeholders, and {key[1]} meant one until it was given data",
        where=site.quote(),
        fix=f"sess.run(..., feed_dict={{{key[1]}: {key[1]}_batch}})  # data under a name of its own; run the cell of {key[1]} again",
    )


def show_own_frames(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None
) -> None:
    """IPython's handler for exceptions of a cell: shows the error as usual, without the frames inside flowlab."""
    explain_keys(error, traceback)
    shell.showtraceback((kind, error, own_frames(traceback)), tb_offset=tb_offset)


def hide_library_frames(shell: Any) -> None:
    """From now on leave flowlab's frames out of the tracebacks of a shell."""
    shell.set_custom_exc((Exception,), show_own_frames)


def show_all_frames(shell: Any) -> None:
    """Show whole tracebacks again."""
    shell.CustomTB = None
    shell.custom_exceptions = ()
