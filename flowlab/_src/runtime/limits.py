"""Runs that must be over in time: `RunOptions(timeout_in_ms=...)` and `ConfigProto(operation_timeout_in_ms=...)`."""

from __future__ import annotations

import numpy as np

from flowlab._src.errors import DeadlineExceededError, add_notes
from flowlab._src.runtime.config import RunMetadata
from flowlab._src.runtime.execute import Frame, execute
from flowlab._src.runtime.profile import run_profiled


def run_limited(frame: Frame, seconds: float, metadata: RunMetadata | None) -> None:
    """Run a frame to its end, or raise DeadlineExceededError between two instructions, or while one of them waits."""
    with frame.state.limit(seconds) as check_time:
        try:
            if metadata is not None:
                run_profiled(frame, metadata)
                return
            with np.errstate(all="ignore"):
                for _ in execute(frame):
                    check_time()
        except DeadlineExceededError as error:
            node = error.op if error.op is not None else frame.node
            site = node.site
            raise add_notes(
                error,
                why=f"the time of this run, {seconds:g} s, was over at {node.name!r}",
                where=site.quote() if site else "",
            ) from None
