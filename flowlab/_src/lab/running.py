"""The values of a whole graph for one feed, without touching the session they belong to.

The run happens in a session of its own, which begins with the variables and the random streams of the learner's: what
the panel shows is what the next `sess.run` would compute, and that run still computes the same.
"""

from __future__ import annotations

import copy
import re
import threading
from typing import Any

import numpy as np

from flowlab._src.errors import OpError
from flowlab._src.graph.body import bodies_of
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.session import Session

READS_ONLY = re.compile(
    r"Random\w*|TruncatedNormal|Multinomial|Variable(V2|Shape)|VarHandleOp|ReadVariableOp|VarIsInitializedOp"
    r"|IsVariableInitialized|ResourceGather(Nd)?|Placeholder(WithDefault)?|EnsureShape|TensorArrayV3|\w+Sampler"
)
KEEP_BYTES = 64 * 2**20  # larger values are looked at by nobody


def session_values(session: Session, feed_dict: dict[Any, Any] | None = None) -> tuple[dict[str, list[Any]], str]:
    """Compute all that can be computed from what is fed, apart from what changes anything.

    Returns
    -------
    dict
        For each operation the values of its outputs, None where there is none.
    str
        What is missing and why, for the reader; "" if nothing is.
    """
    feeds = dict(feed_dict or {})
    tensors, missing = computable(session, {key.op for key in feeds if isinstance(key, Tensor)})
    scratch = twin_session(session)
    try:
        results = scratch.run(tensors, feeds) if tensors else []
    except OpError as error:
        where = f" at {error.node_def.name}" if getattr(error, "node_def", None) is not None else ""
        return {}, f"No values: the run failed{where}. {str(error).splitlines()[0]}"
    finally:
        scratch.close()
    values: dict[str, list[Any]] = {}
    for tensor, result in zip(tensors, results, strict=True):
        if getattr(result, "nbytes", 0) <= KEEP_BYTES:
            outputs = values.setdefault(tensor.op.name, [None] * len(tensor.op.outputs))
            outputs[tensor.value_index] = result
    return values, missing


def computable(session: Session, fed: set[Any]) -> tuple[list[Tensor], str]:
    """The tensors that a run may fetch: everything they need is there, and nothing they need changes anything."""
    operations = session.graph.get_operations()
    unsafe_bodies = set()
    for op in operations:
        body = op._body
        while body is not None and changes_something(op):
            unsafe_bodies.add(body)
            body = body.parent
    ready: set[Any] = set()
    unfed, unset = [], []
    for op in operations:
        if op in fed:
            ready.add(op)
        elif op._body is not None or changes_something(op) or any(body in unsafe_bodies for body in bodies_of(op)):
            continue
        elif op.type == "Placeholder":
            unfed.append(op.name)
        elif op.type == "VariableV2" and op.name not in session._state.variables:
            unset.append(op.name)
        elif all(tensor.op in ready for tensor in op.inputs) and all(control in ready for control in op.control_inputs):
            ready.add(op)
    notes = []
    if unfed:
        notes.append(f"not fed: {listed(unfed)}")
    if unset:
        notes.append(f"without a value (run the initializer): {listed(unset)}")
    tensors = [tensor for op in operations if op in ready for tensor in op.outputs if is_plain(tensor)]
    return tensors, "; ".join(notes)


def changes_something(op: Any) -> bool:
    """Whether running an operation leaves a trace: in a variable, a queue, a file, on the screen."""
    return bool(getattr(op.definition, "stateful", False)) and not READS_ONLY.fullmatch(op.type)


def is_plain(tensor: Tensor) -> bool:
    """Whether a value can be shown: not a handle of something."""
    return tensor.dtype.name not in ("resource", "variant")


def listed(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def twin_session(session: Session) -> Session:
    """A session on the same graph that starts with the same variables, and draws the same random numbers."""
    twin = Session(graph=session.graph)
    with session._state.lock:
        twin._state.variables.update(session._state.variables)
        for key, resource in session._state._resources.items():
            if isinstance(key, tuple) and key[0] == "random":
                stream = copy.copy(resource)
                stream.lock = threading.Lock()
                twin._state._resources[key] = stream
    return twin


def given_values(values: dict[Any, Any]) -> dict[str, list[Any]]:
    """Values by operation, from a dict whose keys are tensors, variables or names such as "conv1/Relu:0"."""
    found: dict[str, list[Any]] = {}
    for key, value in values.items():
        tensor = getattr(key, "_variable", key)
        name = key if isinstance(key, str) else getattr(tensor, "name", None)
        if not isinstance(name, str):
            raise TypeError(f"values takes tensors or their names as keys; it got {key!r}.")
        base, colon, number = name.rpartition(":")
        op_name, output = (base, int(number)) if colon and number.isdigit() else (name, 0)
        outputs = found.setdefault(op_name, [])
        outputs.extend([None] * (output + 1 - len(outputs)))
        outputs[output] = np.asarray(value)
    return found
