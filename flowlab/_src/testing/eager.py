"""Tests that run twice: in a graph and in eager mode."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from flowlab._src.graph.graph import Graph
from flowlab._src.runtime.eager import eager_mode
from flowlab._src.runtime.session import Session
from flowlab._src.util.export import export

Test = Callable[..., None]


@export("contrib.eager.run_test_in_graph_and_eager_modes")
def run_test_in_graph_and_eager_modes(
    func: Test | None = None,
    config: Any = None,
    use_gpu: bool = True,
    reset_test: bool = True,
    assert_no_eager_garbage: bool = False,
) -> Any:
    """Decorator: run a test method in a graph with a session, and then in eager mode.

    Parameters
    ----------
    func : callable
        A method of a test case.
    config : ConfigProto, optional
        For the session.
    use_gpu, assert_no_eager_garbage : bool
        Accepted for compatibility.
    reset_test : bool
        Call `tearDown` and `setUp` in between.
    """

    def decorate(test: Test) -> Test:
        if inspect.isclass(test):
            raise ValueError(
                "`run_test_in_graph_and_eager_modes` only supports test methods. "
                "Did you mean to use `run_all_tests_in_graph_and_eager_modes`?"
            )

        @functools.wraps(test)
        def both(self: Any, *args: Any, **kwargs: Any) -> None:
            with Graph().as_default(), Session(config=config).as_default():
                test(self, *args, **kwargs)
            if reset_test:
                self.tearDown()
            with eager_mode():
                if reset_test:
                    self.setUp()
                test(self, *args, **kwargs)

        return both

    return decorate if func is None else decorate(func)


@export("contrib.eager.run_all_tests_in_graph_and_eager_modes")
def run_all_tests_in_graph_and_eager_modes(cls: type) -> type:
    """Decorator of a test case: run each of its test methods in a graph and in eager mode."""
    for name, value in list(vars(cls).items()):
        if callable(value) and name.startswith("test") and name != "test_session":
            setattr(cls, name, run_test_in_graph_and_eager_modes(value))
    return cls
