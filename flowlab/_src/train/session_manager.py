"""`tf.train.SessionManager`: makes a session, initializes or restores it, and checks that it is ready."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import numpy as np

from flowlab._src.errors import DeadlineExceededError, FailedPreconditionError
from flowlab._src.graph.default import graph_or_default
from flowlab._src.runtime.session import Session
from flowlab._src.train.later import need
from flowlab._src.util import log
from flowlab._src.util.export import export


@export("train.SessionManager")
class SessionManager:
    """Makes sessions that are ready for training.

    Parameters
    ----------
    local_init_op : Operation, optional
        Run in each session, also in one that is restored.
    ready_op : Tensor, optional
        Names of what is not initialized; empty: ready.
    ready_for_local_init_op : Tensor, optional
    graph : Graph, optional
    recovery_wait_secs : float
        Seconds between looks, where something is waited for.
    local_init_run_options : RunOptions, optional
    local_init_feed_dict : dict, optional
    """

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: Any = None,
        recovery_wait_secs: float = 30,
        local_init_run_options: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        self._graph = graph_or_default(graph)
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options
        self._local_init_feed_dict = local_init_feed_dict
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op "
                f"[{ready_for_local_init_op}]"
            )

    def _restore(
        self, master: str, saver: Any, folder: Any, path: Any, wait: bool, max_wait_secs: float, config: Any
    ) -> tuple[Session, bool]:
        """Make a session, restored from a checkpoint if there is one."""
        session = Session(master, graph=self._graph, config=config)
        if folder and path:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        if saver is None or not (folder or path):
            return session, False
        if path:
            saver.restore(session, path)
            return session, True
        look = need("train.checkpoint_state", "get_checkpoint_state", "Checkpoints")
        waited = 0.0
        while not (state := look(folder)) or not state.model_checkpoint_path:
            if not wait or waited >= max_wait_secs:
                return session, False
            log.info("Waiting for checkpoint to be available.")
            time.sleep(self._recovery_wait_secs)
            waited += self._recovery_wait_secs
        saver.restore(session, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return session, True

    def prepare_session(
        self,
        master: str,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Any = None,
    ) -> Session:
        """Return a session that is ready: restored from a checkpoint, or else initialized.

        Raises
        ------
        RuntimeError
            If it is not ready after that.
        """
        session, restored = self._restore(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        if not restored:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given")
            if init_op is not None:
                session.run(init_op, feed_dict=init_feed_dict)
            if init_fn:
                init_fn(session)
        ready, message = self._try_local_init(session)
        if not ready:
            raise RuntimeError(
                f"Init operations did not make model ready for local_init.  Init op: {name_of(init_op)}, "
                f"init fn: {init_fn}, error: {message}"
            )
        ready, message = is_ready(self._ready_op, session, "Model not ready")
        if not ready:
            raise RuntimeError(
                f"Init operations did not make model ready.  Init op: {name_of(init_op)}, init fn: {init_fn}, "
                f"local_init_op: {self._local_init_op}, error: {message}"
            )
        return session

    def recover_session(
        self,
        master: str,
        saver: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """Return a session, and whether it was restored from a checkpoint and is ready."""
        session, restored = self._restore(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        local_ready, local_message = self._try_local_init(session)
        if not restored:
            return session, False
        source = checkpoint_dir or checkpoint_filename_with_path
        if not local_ready:
            log.info("Restoring model from %s did not make model ready for local init: %s", source, local_message)
            return session, False
        ready, message = is_ready(self._ready_op, session, "Model not ready")
        if not ready:
            log.info("Restoring model from %s did not make model ready: %s", source, message)
            return session, False
        log.info("Restored model from %s", source)
        return session, True

    def wait_for_session(self, master: str, config: Any = None, max_wait_secs: float | None = None) -> Session:
        """Return a session once another process (here: another session of the server) has made the model ready.

        Raises
        ------
        tf.errors.DeadlineExceededError
            If that takes longer than `max_wait_secs`.
        """
        limit = float("inf") if max_wait_secs is None else max_wait_secs
        end = time.monotonic() + limit
        while True:
            session = Session(master, graph=self._graph, config=config)
            message = None
            local_ready, local_message = self._try_local_init(session)
            if local_ready:
                ready, message = is_ready(self._ready_op, session, "Model not ready")
                if ready:
                    return session
            with contextlib.suppress(Exception):
                session.close()
            if end - time.monotonic() - self._recovery_wait_secs < 0:
                raise DeadlineExceededError(None, None, f"Session was not ready after waiting {limit:g} secs.")
            log.info("Waiting for model to be ready.  Ready_for_local_init_op:  %s, ready: %s", local_message, message)
            time.sleep(self._recovery_wait_secs)

    def _try_local_init(self, session: Session) -> tuple[bool, str | None]:
        if self._local_init_op is None:
            return True, None
        ready, message = is_ready(self._ready_for_local_init_op, session, "Model not ready for local init")
        if ready:
            log.info("Running local_init_op.")
            session.run(self._local_init_op, feed_dict=self._local_init_feed_dict, options=self._local_init_run_options)
            log.info("Done running local_init_op.")
        return ready, message


def name_of(item: Any) -> str:
    """The name of an operation for a message."""
    if item is None:
        return "None"
    return str(item.name) if hasattr(item, "name") else f"<no name for {type(item)}>"


def is_ready(op: Any, session: Session, message: str) -> tuple[bool, str | None]:
    """Whether a session is ready: `op` gives no names; else what is missing."""
    if op is None:
        return True, None
    try:
        missing = session.run(op)
    except FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            log.warning("%s : error [%s]", message, error)
            raise
        return False, str(error)
    if missing is None or missing.dtype == np.int32 or missing.size == 0:
        return True, None
    names = ", ".join(name.decode("utf-8") for name in missing)
    return False, "Variables not initialized: " + names
