"""What every test and doctest starts from: a fresh default graph, and ``tf`` and ``np`` in the examples."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import flowlab as tf
from flowlab._src.graph import registry

# A slow machine is no reason to fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[None]:
    """Give each test an empty default graph, so that node names do not depend on the tests before it.

    A test that leaves its session as the default one would decide what the tests after it see: it fails itself.
    """
    tf.reset_default_graph()
    yield
    left = tf.get_default_session()
    if left is not None:
        left.close()
        pytest.fail("this test left its session as the default session")


@pytest.fixture(autouse=True)
def no_new_gradients() -> Iterator[None]:
    """Forget the gradient functions that a test registers: a name can be registered but once."""
    yield
    for name, function in list(registry._gradients.items()):
        if not getattr(function, "__module__", "").startswith("flowlab."):
            del registry._gradients[name]


@pytest.fixture(autouse=True)
def usual_printing() -> Iterator[None]:
    """Undo what a test changes about the printing of arrays (the notebook tools round them)."""
    with np.printoptions():
        yield


@pytest.fixture(autouse=True)
def names_in_examples(doctest_namespace: dict[str, Any]) -> None:
    """Make ``tf`` and ``np`` known in the examples of docstrings."""
    doctest_namespace.update(tf=tf, np=np)
