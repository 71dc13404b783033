"""The same comparison against an installed TensorFlow, without the stored answers in between.

``pytest tests/oracle/run_live.py`` (marker ``tensorflow``; skipped where TensorFlow is not installed).
"""

from __future__ import annotations

from typing import Any

import pytest

import flowlab

from .compare import compare_records
from .make_golden import import_tensorflow
from .record import PROGRAMS, load_programs, run_program

# TensorFlow warns of what it keeps for old programs.
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning")]
load_programs()


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    pytest.importorskip("tensorflow")
    return import_tensorflow()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_equals_installed_tensorflow(name: str, tensorflow: Any) -> None:
    entry = PROGRAMS[name]
    differences = compare_records(entry, run_program(tensorflow, entry), run_program(flowlab, entry))
    assert not differences, "\n" + "\n".join(differences)
