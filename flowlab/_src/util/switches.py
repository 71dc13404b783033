"""Switches between the ways of TensorFlow 1 and 2. flowlab has those of 1.15: switching the others off changes nothing."""

from __future__ import annotations

from flowlab._src.util.export import export
from flowlab._src.util.notes import attach


def not_here(name: str, what: str) -> NotImplementedError:
    """The error for a switch to something of TensorFlow 2."""
    error = NotImplementedError(f"tf.{name}() is left out of flowlab, which follows TensorFlow 1.15: {what}.")
    attach(error, fix=f"leave the call of tf.{name} away")
    return error


@export("disable_v2_behavior")
def disable_v2_behavior() -> None:
    """Work as TensorFlow 1 does: flowlab always does. Programs for both versions start with it.

    Examples
    --------
    >>> import flowlab.compat.v1 as tf1
    >>> tf1.disable_v2_behavior()
    """


@export("enable_v2_behavior")
def enable_v2_behavior() -> None:
    """Work as TensorFlow 2 does: left out.

    Raises
    ------
    NotImplementedError
        Always. `tf.enable_eager_execution` and `tf.enable_resource_variables` are there.
    """
    raise not_here("enable_v2_behavior", "tf.enable_eager_execution() and tf.enable_resource_variables() are there")


@export("disable_v2_tensorshape")
def disable_v2_tensorshape() -> None:
    """Let shapes give `tf.Dimension` when they are indexed: they always do here."""


@export("enable_v2_tensorshape")
def enable_v2_tensorshape() -> None:
    """Let shapes give numbers when they are indexed: left out; `tf.compat.dimension_value(shape[0])` does the same.

    Raises
    ------
    NotImplementedError
        Always.
    """
    raise not_here("enable_v2_tensorshape", "tf.compat.dimension_value(shape[0]) gives the number behind a Dimension")


@export("disable_control_flow_v2")
def disable_control_flow_v2() -> None:
    """Name the nodes of branches and loops as TensorFlow 1 does: always so here."""


@export("enable_control_flow_v2")
def enable_control_flow_v2() -> None:
    """Accepted: branches and loops are sub-graphs in flowlab anyway, under the names of TensorFlow 1."""


@export("control_flow_v2_enabled")
def control_flow_v2_enabled() -> bool:
    """Tell whether branches and loops carry the names of TensorFlow 2: no."""
    return False


@export("disable_tensor_equality")
def disable_tensor_equality() -> None:
    """Compare tensors by identity: always so here."""


@export("enable_tensor_equality")
def enable_tensor_equality() -> None:
    """Compare tensors by their values: left out; that is `tf.equal`.

    Raises
    ------
    NotImplementedError
        Always.
    """
    raise not_here("enable_tensor_equality", "== compares tensors by identity, tf.equal(a, b) by values")
