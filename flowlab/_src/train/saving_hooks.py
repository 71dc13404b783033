"""The hooks that write files: checkpoints, summaries, timelines."""

from __future__ import annotations

import json
import os
from typing import Any

from flowlab._src.formats.files import as_path
from flowlab._src.graph.arguments import as_list, as_text
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.ops.misuse import misuse
from flowlab._src.runtime.config import RunOptions
from flowlab._src.train.hooks import SecondOrStepTimer, require_step_read
from flowlab._src.train.later import need, summary_writer_for
from flowlab._src.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from flowlab._src.util import log
from flowlab._src.util.export import export


def session_log(status: str, checkpoint_path: str = "") -> Any:
    """The message that event files hold about starts, stops and checkpoints."""
    from flowlab._src.formats.messages import SessionLog

    return SessionLog(status=getattr(SessionLog, status), checkpoint_path=checkpoint_path)


@export("train.CheckpointSaverListener")
class CheckpointSaverListener:
    """Is told when a CheckpointSaverHook saves: override what you need."""

    def begin(self) -> None:
        """Called before the session is made."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before a checkpoint is written."""

    def after_save(self, session: Any, global_step_value: int) -> bool | None:
        """Called after it; True asks to stop the training."""
        return None

    def end(self, session: Any, global_step_value: int) -> None:
        """Called at the end."""


@export("train.CheckpointSaverHook")
class CheckpointSaverHook(SessionRunHook):
    """Writes a checkpoint at the start, every so many steps or seconds, and at the end.

    Parameters
    ----------
    checkpoint_dir : str
    save_secs : float, optional
    save_steps : int, optional
        One of the two.
    saver : Saver, optional
    checkpoint_basename : str
    scaffold : Scaffold, optional
        Its saver is used.
    listeners : list of CheckpointSaverListener, optional
    save_graph_def : bool
        Write graph.pbtxt and the .meta files, too.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Any = None,
        save_graph_def: bool = True,
    ) -> None:
        log.info("Create CheckpointSaverHook.")
        if saver is not None and scaffold is not None:
            raise misuse(ValueError("You cannot provide both saver and scaffold."))
        checkpoint_dir = as_path(checkpoint_dir, "checkpoint_dir")
        self._saver = saver
        self._checkpoint_dir = checkpoint_dir
        self._save_path = os.path.join(checkpoint_dir, as_text(checkpoint_basename, "checkpoint_basename"))
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = [] if listeners is None else as_list(listeners, "listeners")
        self._steps_per_run = 1000000  # whatever a run counts: the counter itself decides
        self._save_graph_def = save_graph_def

    def begin(self) -> None:
        """Find the step counter and the event file."""
        self._summary_writer = summary_writer_for(self._checkpoint_dir)
        self._global_step_tensor = require_step_read("CheckpointSaverHook")
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Write the graph, and a first checkpoint."""
        step = session.run(self._global_step_tensor)
        graph = get_default_graph()
        if self._save_graph_def:
            write_graph = need("train.write_graph", "write_graph", "Graphs in files")
            write_graph(graph.as_graph_def(add_shapes=True), self._checkpoint_dir, "graph.pbtxt")
        create = need("train.meta_graph", "create_meta_graph_def", "Meta graphs")
        saver = self._get_saver()
        self._summary_writer.add_graph(graph)
        self._summary_writer.add_meta_graph(
            create(graph_def=graph.as_graph_def(add_shapes=True), saver_def=saver.saver_def if saver else None)
        )
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Fetch the step that the run begins with."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Save when it is time."""
        if not self._timer.should_trigger_for_step(run_values.results + self._steps_per_run):
            return
        step = run_context.session.run(self._global_step_tensor)
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._save(run_context.session, step):
                run_context.request_stop()

    def end(self, session: Any) -> None:
        """Save the last step."""
        step = session.run(self._global_step_tensor)
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: int) -> bool:
        """Write a checkpoint; True when a listener asks to stop."""
        for listener in self._listeners:
            listener.before_save(session, step)
        log.info("Saving checkpoints for %d into %s.", step, self._save_path)
        self._get_saver().save(session, self._save_path, global_step=step, write_meta_graph=self._save_graph_def)
        self._summary_writer.add_session_log(session_log("CHECKPOINT", self._save_path), step)
        stop = False
        for listener in self._listeners:
            if listener.after_save(session, step):
                log.info("A CheckpointSaverListener requested that training be stopped. listener: %s", listener)
                stop = True
        return stop

    def _get_saver(self) -> Any:
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None:
            return self._scaffold.saver
        savers = get_default_graph().get_collection(GraphKeys.SAVERS)
        if not savers:
            raise RuntimeError(
                f"No items in collection {GraphKeys.SAVERS}. Please add a saver to the collection or provide a saver or "
                "scaffold."
            )
        if len(savers) > 1:
            raise RuntimeError(
                f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use by passing it "
                "to the constructor."
            )
        self._saver = savers[0]
        return self._saver


@export("train.SummarySaverHook")
class SummarySaverHook(SessionRunHook):
    """Writes summaries to an event file every so many steps or seconds.

    Parameters
    ----------
    save_steps : int, optional
    save_secs : float, optional
        One of the two.
    output_dir : str, optional
        Folder of the event file.
    summary_writer : FileWriter, optional
        Instead of `output_dir`.
    scaffold : Scaffold, optional
    summary_op : Tensor or list of Tensor, optional
        What is written; or that of the scaffold.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        if (scaffold is None) == (summary_op is None):
            raise misuse(ValueError("Exactly one of scaffold or summary_op must be provided."))
        self._summary_op = summary_op
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        """Find the step counter and the event file."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = summary_writer_for(self._output_dir)
        self._next_step: int | None = None
        self._global_step_tensor = require_step_read("SummarySaverHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Fetch the summaries when it is time."""
        self._request = self._next_step is None or self._timer.should_trigger_for_step(self._next_step)
        requests = {"global_step": self._global_step_tensor}
        if self._request and (summaries := self._summaries()) is not None:
            requests["summary"] = summaries
        return SessionRunArgs(requests)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write them."""
        if not self._summary_writer:
            return
        step = run_values.results["global_step"] + 1
        if self._next_step is None or self._request:
            step = run_context.session.run(self._global_step_tensor)
        if self._next_step is None:
            self._summary_writer.add_session_log(session_log("START"), step)
        if self._request:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._summary_writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        """Bring what was written to the disk."""
        if self._summary_writer:
            self._summary_writer.flush()

    def _summaries(self) -> list[Any] | None:
        found = self._summary_op if self._summary_op is not None else self._scaffold.summary_op
        if found is None:
            return None
        return found if isinstance(found, list) else [found]


@export("train.ProfilerHook")
class ProfilerHook(SessionRunHook):
    """Measures a run every so many steps or seconds, and writes timelines that Chrome shows (chrome://tracing).

    Parameters
    ----------
    save_steps : int, optional
    save_secs : float, optional
        One of the two.
    output_dir : str
        Folder of the files timeline-STEP.json.
    show_dataflow, show_memory : bool
        Accepted; the nodes and their times are written.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self._output_file = os.path.join(as_path(output_dir, "output_dir"), "timeline-{}.json")
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        """Find the step counter."""
        self._next_step: int | None = None
        self._global_step_tensor = require_step_read("ProfilerHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for measurements when it is time."""
        self._request = self._next_step is not None and self._timer.should_trigger_for_step(self._next_step)
        options = RunOptions(trace_level=RunOptions.FULL_TRACE) if self._request else None
        return SessionRunArgs({"global_step": self._global_step_tensor}, options=options)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write them."""
        stale = run_values.results["global_step"]
        if self._next_step is None:
            self._timer.update_last_triggered_step(stale)
        step = stale + 1
        if self._request:
            step = run_context.session.run(self._global_step_tensor)
            self._timer.update_last_triggered_step(step)
            path = self._output_file.format(step)
            log.info("Saving timeline for %d into '%s'.", step, path)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(chrome_trace(run_values.run_metadata.step_stats), file)
        self._next_step = step + 1


def chrome_trace(step_stats: Any) -> dict[str, Any]:
    """The nodes of a run and their times in the format of Chrome's trace viewer."""
    events: list[dict[str, Any]] = []
    for process, device in enumerate(step_stats.dev_stats):
        events.append({"ph": "M", "name": "process_name", "pid": process, "args": {"name": device.device}})
        for stats in device.node_stats:
            name, _, kind = stats.timeline_label.partition(" = ")
            event = {
                "ph": "X", "cat": "Op", "name": kind.partition("(")[0] or stats.node_name, "pid": process, "tid": 0,
                "ts": stats.all_start_micros, "dur": stats.all_end_rel_micros, "args": {"name": name or stats.node_name},
            }  # fmt: skip
            events.append(event)
    return {"traceEvents": events}
