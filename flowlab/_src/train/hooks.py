"""The stock hooks of `MonitoredSession`: stop at a step, log values, watch for NaN, count steps, and so on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.errors import OutOfRangeError
from flowlab._src.graph.arguments import as_int, as_key, as_list
from flowlab._src.graph.default import get_default_graph
from flowlab._src.ops.misuse import misuse
from flowlab._src.train.global_step import get_global_step, get_global_step_read
from flowlab._src.train.later import summary_writer_for, write_scalar
from flowlab._src.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from flowlab._src.util import log
from flowlab._src.util.export import export


@export("train.SecondOrStepTimer")
class SecondOrStepTimer:
    """Tells whether it is time again: every so many seconds, or every so many steps.

    Parameters
    ----------
    every_secs : float, optional
    every_steps : int, optional
        One of the two.

    Examples
    --------
    >>> timer = tf.train.SecondOrStepTimer(every_steps=10)
    >>> timer.should_trigger_for_step(0)
    True
    >>> _ = timer.update_last_triggered_step(0)
    >>> timer.should_trigger_for_step(9), timer.should_trigger_for_step(10)
    (False, True)
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        self.reset()
        self._every_secs = every_secs
        self._every_steps = every_steps
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")

    def reset(self) -> None:
        """Forget when it was time last."""
        self._last_step: int | None = None
        self._last_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time at this step; always at first, never twice at one step."""
        if self._last_step is None or self._last_time is None:
            return True
        if self._last_step == step:
            return False
        if self._every_secs is not None:
            return time.time() >= self._last_time + self._every_secs
        assert self._every_steps is not None
        return bool(step >= self._last_step + self._every_steps)

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note that it was time at this step; gives the seconds and steps since the last time, None at first."""
        now = time.time()
        if self._last_time is None or self._last_step is None:
            elapsed: tuple[float | None, int | None] = None, None
        else:
            elapsed = now - self._last_time, step - self._last_step
        self._last_time, self._last_step = now, step
        return elapsed

    def last_triggered_step(self) -> int | None:
        """The step at which it was time last."""
        return self._last_step


class NeverTimer(SecondOrStepTimer):
    """Never tells that it is time."""

    def __init__(self) -> None:
        super().__init__(every_steps=1)

    def should_trigger_for_step(self, step: int) -> bool:
        """Never."""
        return False

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Nothing to note."""
        return None, None


def require_step_read(hook: str) -> Any:
    """The tensor that hooks read the step counter from; RuntimeError when the graph has none."""
    read = get_global_step_read()
    if read is None:
        raise misuse(
            RuntimeError(f"Global step should be created to use {hook}."),
            "tf.train.get_or_create_global_step(), and minimize(loss, global_step=...) to count",
        )
    return read


@export("train.LoggingTensorHook")
class LoggingTensorHook(SessionRunHook):
    """Writes the values of tensors to the log now and then; needs `tf.logging.set_verbosity(tf.logging.INFO)`.

    Parameters
    ----------
    tensors : dict of str to Tensor, or list of Tensor or names
    every_n_iter : int, optional
        Every so many runs.
    every_n_secs : float, optional
        Every so many seconds. One of the two, unless `at_end`.
    at_end : bool
        Once more at the end.
    formatter : callable, optional
        Makes a text of a dictionary of values.
    """

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[dict[Any, Any]], str] | None = None,
    ) -> None:
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise misuse(
                ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.")
            )
        if every_n_iter is not None and as_int(every_n_iter, "every_n_iter") <= 0:
            raise misuse(ValueError(f"invalid every_n_iter={every_n_iter}."))
        self._tag_order = sorted(tensors) if isinstance(tensors, dict) else as_list(tensors, "tensors")
        self._tensors = (
            dict(tensors) if isinstance(tensors, dict) else {as_key(t, "tensors"): t for t in self._tag_order}
        )
        self._formatter = formatter
        self._timer = NeverTimer() if only_at_end else SecondOrStepTimer(every_n_secs, every_n_iter)
        self._log_at_end = at_end

    def begin(self) -> None:
        """Look the tensors up."""
        self._timer.reset()
        self._iter_count = 0
        self._current_tensors = {tag: element_of_graph(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch them when it is time."""
        self._should_trigger = self._timer.should_trigger_for_step(self._iter_count)
        return SessionRunArgs(self._current_tensors) if self._should_trigger else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Log them when it is time."""
        if self._should_trigger:
            self._log_tensors(run_values.results)
        self._iter_count += 1

    def end(self, session: Any) -> None:
        """Log them once more, if asked to."""
        if self._log_at_end:
            self._log_tensors(session.run(self._current_tensors))

    def _log_tensors(self, values: dict[Any, Any]) -> None:
        elapsed, _ = self._timer.update_last_triggered_step(self._iter_count)
        if self._formatter is not None:
            log.info("%s", self._formatter(values))
            return
        with np.printoptions(suppress=True):
            text = ", ".join(f"{tag} = {values[tag]}" for tag in self._tag_order)
        log.info("%s", text if elapsed is None else f"{text} ({elapsed:.3f} sec)")


def element_of_graph(item: Any) -> Any:
    """A tensor of the default graph, given itself or by its name."""
    graph = get_default_graph()
    if not isinstance(item, str):
        if getattr(item, "graph", None) is not graph:
            raise misuse(
                ValueError(f"Passed {item} should have graph attribute that is equal to current graph {graph}.")
            )
        return item
    if ":" in item:
        return graph.as_graph_element(item)
    element = graph.as_graph_element(item + ":0")
    if len(element.op.outputs) > 1:
        raise misuse(
            ValueError(f"Name {item} is ambiguous, as this `Operation` has multiple outputs (at least 2)."),
            f"write '{item}:0'",
        )
    return element


@export("train.StopAtStepHook")
class StopAtStepHook(SessionRunHook):
    """Asks to stop after a number of steps, or when the step counter has reached a number.

    Parameters
    ----------
    num_steps : int, optional
        So many steps from the start of the session.
    last_step : int, optional
        The last step. One of the two.

    Examples
    --------
    >>> step = tf.train.get_or_create_global_step()
    >>> train = tf.assign_add(step, 1)
    >>> with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(last_step=5)]) as sess:
    ...     while not sess.should_stop():
    ...         last = sess.run(train)
    >>> int(last)
    5
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if num_steps is None and last_step is None:
            raise misuse(ValueError("One of num_steps or last_step must be specified."))
        if num_steps is not None and last_step is not None:
            raise misuse(ValueError("Only one of num_steps or last_step can be specified."))
        self._num_steps = num_steps
        self._last_step = last_step

    def begin(self) -> None:
        """Find the step counter."""
        self._global_step_tensor = require_step_read("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        """See where the counter stands."""
        if self._last_step is None:
            assert self._num_steps is not None
            self._last_step = session.run(self._global_step_tensor) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Fetch the step that the run begins with."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Look at the counter itself when it should have got there: not every run counts."""
        assert self._last_step is not None
        if (
            run_values.results + 1 >= self._last_step
            and run_context.session.run(self._global_step_tensor) >= self._last_step
        ):
            run_context.request_stop()


@export("train.StepCounterHook")
class StepCounterHook(SessionRunHook):
    """Logs how many steps are done in a second, and writes it to an event file.

    Parameters
    ----------
    every_n_steps : int, optional
    every_n_secs : float, optional
        One of the two.
    output_dir : str, optional
        Folder of the event file.
    summary_writer : FileWriter, optional
        Instead of `output_dir`.
    """

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise misuse(ValueError("exactly one of every_n_steps and every_n_secs should be provided."))
        self._timer = SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_steps)
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._last_global_step: int | None = None
        self._warnings = 0
        self._steps_per_run = 1

    def begin(self) -> None:
        """Find the step counter and the event file."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = summary_writer_for(self._output_dir)
        self._global_step_tensor = require_step_read("StepCounterHook")
        self._summary_tag = get_global_step().op.name + "/sec"

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Fetch the step that the run begins with."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Log when it is time; warn when the counter stands still."""
        stale = run_values.results
        if self._timer.should_trigger_for_step(stale + self._steps_per_run):
            step = run_context.session.run(self._global_step_tensor)
            if self._timer.should_trigger_for_step(step):
                seconds, steps = self._timer.update_last_triggered_step(step)
                if seconds is not None and steps is not None:
                    self._log_and_record(steps, seconds, step)
        if stale == self._last_global_step and self._warnings < 5:
            self._warnings += 1
            log.warning(
                "It seems that global step (tf.train.get_global_step) has not been increased. Current value (could be "
                "stable): %s vs previous value: %s. You could increase the global step by passing "
                "tf.train.get_global_step() to Optimizer.apply_gradients or Optimizer.minimize.",
                stale,
                self._last_global_step,
            )
        self._last_global_step = stale

    def _log_and_record(self, elapsed_steps: int, elapsed_time: float, global_step: int) -> None:
        rate = elapsed_steps / elapsed_time if elapsed_time > 0 else float("inf")
        if self._summary_writer is not None:
            write_scalar(self._summary_writer, self._summary_tag, rate, global_step)
        log.info("%s: %g", self._summary_tag, rate)


@export("train.NanLossDuringTrainingError")
class NanLossDuringTrainingError(RuntimeError):
    """The loss is no number any more."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)

    def __str__(self) -> str:
        return "NaN loss during training."


@export("train.NanTensorHook")
class NanTensorHook(SessionRunHook):
    """Stops when the loss is NaN.

    Parameters
    ----------
    loss_tensor : Tensor, scalar
    fail_on_nan_loss : bool
        Raise NanLossDuringTrainingError; if False, only stop.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Fetch the loss."""
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Look at it."""
        if np.isnan(run_values.results):
            message = "Model diverged with loss = NaN."
            if self._fail_on_nan_loss:
                log.error(message)
                raise misuse(
                    NanLossDuringTrainingError(),
                    "a smaller learning rate, tf.clip_by_global_norm for the gradients, or log(0) avoided by an epsilon",
                )
            log.warning(message)
            run_context.request_stop()


@export("train.GlobalStepWaiterHook")
class GlobalStepWaiterHook(SessionRunHook):
    """Lets the first run wait until the step counter, which another worker moves, has reached a number.

    Parameters
    ----------
    wait_until_step : int
    """

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        """Find the step counter."""
        self._worker_is_started = False
        self._global_step_tensor = require_step_read("_GlobalStepWaiterHook")

    def before_run(self, run_context: SessionRunContext) -> None:
        """Wait, before the first run only."""
        if self._worker_is_started or self._wait_until_step <= 0:
            self._worker_is_started = True
            return
        log.info("Waiting for global step %d before starting training.", self._wait_until_step)
        last_logged = 0
        while True:
            step = run_context.session.run(self._global_step_tensor)
            if step >= self._wait_until_step:
                self._worker_is_started = True
                return
            if step - last_logged > 1000:
                log.info(
                    "Waiting for global step %d before starting training. Current step is %d.",
                    self._wait_until_step,
                    step,
                )
                last_logged = step
            time.sleep(0.5)


@export("train.FinalOpsHook")
class FinalOpsHook(SessionRunHook):
    """Runs something at the end, and keeps the values.

    Parameters
    ----------
    final_ops : fetches
    final_ops_feed_dict : dict, optional
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: dict[Any, Any] | None = None) -> None:
        self._final_ops = final_ops
        self._final_ops_feed_dict = final_ops_feed_dict
        self._final_ops_values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values, once the session has ended."""
        return self._final_ops_values

    def end(self, session: Any) -> None:
        """Run it."""
        if self._final_ops is None:
            return
        try:
            self._final_ops_values = session.run(self._final_ops, feed_dict=self._final_ops_feed_dict)
        except (OutOfRangeError, StopIteration):
            log.warning(
                "An OutOfRangeError or StopIteration exception is raised by the code in FinalOpsHook: what is run at the "
                "end depends on the input, which is used up by then. It should read variables only."
            )
            raise


@export("train.FeedFnHook")
class FeedFnHook(SessionRunHook):
    """Feeds what a function gives, at each run.

    Parameters
    ----------
    feed_fn : callable
        Takes nothing, returns a feed_dict.
    """

    def __init__(self, feed_fn: Callable[[], dict[Any, Any]]) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Call the function."""
        return SessionRunArgs(fetches=None, feed_dict=self.feed_fn())
