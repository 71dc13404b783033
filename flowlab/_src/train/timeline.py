"""`tensorflow.python.client.timeline`: the nodes of a run and their times, for Chrome's trace viewer."""

from __future__ import annotations

import json
from typing import Any

from flowlab._src.train.saving_hooks import chrome_trace


class Timeline:
    """The times of one run, from `run_metadata.step_stats`.

    Examples
    --------
    >>> metadata = tf.RunMetadata()
    >>> with tf.Session() as sess:
    ...     options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    ...     _ = sess.run(tf.constant(1) + 2, options=options, run_metadata=metadata)
    >>> text = Timeline(metadata.step_stats).generate_chrome_trace_format()
    >>> '"traceEvents"' in text
    True
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """Return the text of a file that chrome://tracing opens."""
        return json.dumps(chrome_trace(self._step_stats))
