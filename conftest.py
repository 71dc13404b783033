"""What every test and doctest starts from: a fresh default graph, and ``tf`` and ``np`` in the examples."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf


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
def usual_printing() -> Iterator[None]:
    """Undo what a test changes about the printing of arrays (the notebook tools round them)."""
    with np.printoptions():
        yield


@pytest.fixture(autouse=True)
def names_in_examples(doctest_namespace: dict[str, Any]) -> None:
    """Make ``tf`` and ``np`` known in the examples of docstrings."""
    doctest_namespace.update(tf=tf, np=np)
