"""`tf.train.MonitoredTrainingSession`: a MonitoredSession with the hooks that a training mostly wants."""

from __future__ import annotations

from typing import Any

from flowlab._src.formats.files import as_path
from flowlab._src.graph.arguments import as_float, as_int
from flowlab._src.train.hooks import StepCounterHook
from flowlab._src.train.monitored_session import (
    ChiefSessionCreator,
    MonitoredSession,
    WorkerSessionCreator,
    as_hooks,
)
from flowlab._src.train.saving_hooks import CheckpointSaverHook, SummarySaverHook
from flowlab._src.train.scaffold import Scaffold
from flowlab._src.util.export import export


class _UseDefault:
    def __repr__(self) -> str:
        return "<object object>"


USE_DEFAULT: Any = _UseDefault()


def chosen(steps: Any, secs: Any, default: tuple[Any, Any]) -> tuple[Any, Any]:
    """Steps and seconds between two savings: those given, else the default."""
    if steps is USE_DEFAULT and secs is USE_DEFAULT:
        return default
    return (None if steps is USE_DEFAULT else steps), (None if secs is USE_DEFAULT else secs)


def wanted(steps: Any, secs: Any) -> bool:
    """Whether something is to be saved at all."""
    return any(value is not None and as_float(value, "save_steps or save_secs") > 0 for value in (steps, secs))


@export("train.MonitoredTrainingSession")
def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Scaffold | None = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT,
    save_summaries_secs: Any = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT,
    summary_dir: str | None = None,
) -> MonitoredSession:
    """Return a MonitoredSession for training; with `checkpoint_dir` it saves, restores and logs.

    Parameters
    ----------
    master : str
        Target of the session.
    is_chief : bool
        The chief initializes the model and saves; other workers wait for it.
    checkpoint_dir : str, optional
        Folder of the checkpoints; the newest one in it is restored.
    scaffold : Scaffold, optional
    hooks : list of SessionRunHook, optional
    chief_only_hooks : list of SessionRunHook, optional
    save_checkpoint_secs, save_checkpoint_steps : optional
        Time between checkpoints; 600 seconds if neither is given.
    save_summaries_steps, save_summaries_secs : optional
        Time between summaries; 100 steps if neither is given.
    config : ConfigProto, optional
    stop_grace_period_secs : float
    log_step_count_steps : int
        Every so many steps their rate is logged.
    max_wait_secs : float
        Seconds that a worker waits for the chief.
    summary_dir : str, optional
        Folder of the summaries; `checkpoint_dir` if not given.

    Examples
    --------
    >>> w = tf.Variable(4.0)
    >>> train = tf.train.GradientDescentOptimizer(0.25).minimize(w * w, tf.train.get_or_create_global_step())
    >>> with tf.train.MonitoredTrainingSession(hooks=[tf.train.StopAtStepHook(3)]) as sess:
    ...     while not sess.should_stop():
    ...         _, value = sess.run([train, w])
    >>> float(value)
    0.5
    """
    summary_steps, summary_secs = chosen(save_summaries_steps, save_summaries_secs, (100, None))
    checkpoint_steps, checkpoint_secs = chosen(save_checkpoint_steps, save_checkpoint_secs, (None, 600))
    scaffold = Scaffold() if scaffold is None else scaffold
    hooks = as_hooks(hooks, "hooks")
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks, stop_grace_period_secs)
    all_hooks = as_hooks(chief_only_hooks, "chief_only_hooks")
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    checkpoint_dir = None if checkpoint_dir is None else as_path(checkpoint_dir, "checkpoint_dir")
    folder = checkpoint_dir if summary_dir is None else as_path(summary_dir, "summary_dir")
    if folder:
        if log_step_count_steps is not None and as_int(log_step_count_steps, "log_step_count_steps") > 0:
            all_hooks.append(StepCounterHook(output_dir=folder, every_n_steps=log_step_count_steps))
        if wanted(summary_steps, summary_secs):
            all_hooks.append(
                SummarySaverHook(scaffold=scaffold, save_steps=summary_steps, save_secs=summary_secs, output_dir=folder)
            )
    if checkpoint_dir and wanted(checkpoint_steps, checkpoint_secs):
        all_hooks.append(
            CheckpointSaverHook(
                checkpoint_dir, save_steps=checkpoint_steps, save_secs=checkpoint_secs, scaffold=scaffold
            )
        )
    return MonitoredSession(creator, [*all_hooks, *hooks], stop_grace_period_secs)
