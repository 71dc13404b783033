"""The session that Keras works in, and the values of weights in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.stacks import default_session
from flowlab._src.ops.placeholder import placeholder
from flowlab._src.ops.state import is_variable_initialized
from flowlab._src.runtime.session import Session
from flowlab._src.variables.variable import Variable

_own: list[Any] = [None]  # the session that Keras opened itself, or was given


def track_variable(variable: Any) -> None:
    """Note a weight, so that the session gives it its initial value before it is used."""
    tracked = get_default_graph().__dict__.setdefault("_keras_variables", {})
    for part in variable if not isinstance(variable, Variable) and hasattr(variable, "__iter__") else [variable]:
        tracked[part] = None


def set_session(session: Any) -> None:
    """Let Keras work in this session."""
    _own[0] = session


def get_session(op_input_list: Any = ()) -> Any:
    """Return the default session, else one that Keras keeps for the default graph; new weights are initialized."""
    session = default_session()
    if session is None:
        graph = get_default_graph()
        if _own[0] is None or _own[0].graph is not graph:
            _own[0] = Session(graph=graph)
        session = _own[0]
    with session.graph.as_default():
        _initialize(session)
    return session


def _initialize(session: Any) -> None:
    """Run the initializers of tracked weights that have no value in this session."""
    tracked = session.graph.__dict__.get("_keras_variables", {})
    known = session.__dict__.setdefault("_keras_initialized", set())
    candidates = [v for v in tracked if v not in known]
    if not candidates:
        return
    has_value = session.run([is_variable_initialized(v) for v in candidates])
    session.run([v.initializer for v, done in zip(candidates, has_value, strict=True) if not done])
    known.update(candidates)


def batch_get_value(variables: list[Any]) -> list[Any]:
    """Return the values of several weights as arrays."""
    return get_session().run(variables) if variables else []


def batch_set_value(pairs: list[tuple[Any, Any]]) -> None:
    """Give several weights new values; each gets its placeholder and assignment once."""
    if not pairs:
        return
    assignments, feeds = [], {}
    setters = get_default_graph().__dict__.setdefault("_keras_setters", {})
    for variable, value in pairs:
        value = np.asarray(value, dtype=variable.dtype.base_dtype.as_numpy_dtype)
        if variable not in setters:
            slot = placeholder(variable.dtype.base_dtype, shape=variable.shape)
            setters[variable] = (slot, variable.assign(slot))
        slot, assignment = setters[variable]
        assignments.append(assignment.op if hasattr(assignment, "op") else assignment)
        feeds[slot] = value
    get_session().run(assignments, feed_dict=feeds)
