"""`tf.autograph`: the part of it that changes nothing. flowlab does not rewrite the source of functions.

A Python `if`, `while` or `for` in a function runs while the graph is built, once; what depends on the value of a tensor is
said by `tf.cond` and `tf.while_loop`. The switches below are accepted so that programs which set them run.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from flowlab._src.util.export import export


@export("autograph.experimental.Feature")
class Feature(enum.Enum):
    """Parts of AutoGraph that `tf.function(experimental_autograph_options=...)` names.

    Examples
    --------
    >>> tf.autograph.experimental.Feature.EQUALITY_OPERATORS.value
    'EQUALITY_OPERATORS'
    """

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls) -> tuple[Feature, ...]:
        """Return all of them."""
        return tuple(cls)

    @classmethod
    def all_but(cls, exclude: Any) -> tuple[Feature, ...]:
        """Return all but some."""
        without = exclude if isinstance(exclude, (list, tuple, set)) else (exclude,)
        return tuple(feature for feature in cls if feature not in without)


@export("autograph.experimental.do_not_convert")
def do_not_convert(func: Callable[..., Any] | None = None) -> Any:
    """Leave a function as it is, which flowlab always does.

    Examples
    --------
    >>> @tf.autograph.experimental.do_not_convert
    ... def twice(x):
    ...     return 2 * x
    >>> twice(4)
    8
    """
    return do_not_convert if func is None else func


@export("autograph.experimental.set_loop_options")
def set_loop_options(
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> None:
    """Accepted: a Python loop is no `tf.while_loop` here."""


@export("autograph.set_verbosity")
def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Accepted: nothing is converted, so there is nothing to tell."""


@export("autograph.trace")
def trace(*args: Any) -> None:
    """Print the arguments while the graph is built."""
    print(*args)
