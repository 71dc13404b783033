"""The targets that a session can have besides this process itself: the servers that `tf.train.Server` has started here."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import InvalidArgumentError, UnavailableError, add_notes
from flowlab._src.graph.arguments import as_text
from flowlab._src.runtime.state import SessionState
from flowlab._src.util import source

_servers: dict[str, SessionState] = {}


def add_target(target: str, state: SessionState) -> None:
    """Let sessions find a server of this process under its address."""
    _servers[target] = state


def state_for(target: Any) -> SessionState:
    """The state that a session with this target works on: its own, or that of a server, which outlives the session."""
    if target is None or (isinstance(target, (str, bytes)) and not target):
        return SessionState()
    text = target.decode("utf-8", "replace") if isinstance(target, bytes) else target
    if isinstance(text, str) and text in _servers:
        return SessionState(_servers[text])
    site = source.caller(3)
    where = site.quote() if site else ""
    if isinstance(text, str) and text.startswith("grpc://"):
        raise add_notes(
            UnavailableError(None, None, f"failed to connect to all addresses: {text}"),
            why="flowlab runs in one process: it knows only the servers that were started here",
            where=where,
            fix="server = tf.train.Server.create_local_server(); tf.Session(server.target)",
        )
    raise add_notes(
        InvalidArgumentError(
            None, None, f"No session factory registered for the given session options: {{target: {target!r}}}"
        ),
        where=where,
        fix="tf.Session() runs in this process",
    )


def reset_target(target: Any) -> None:
    """Forget the variables and queues of a server."""
    state = _servers.get(as_text(target, "target"))
    if state is not None:
        state.forget()
