"""Every program gives on flowlab what it gave on TensorFlow."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Any

import pytest

import flowlab as tf
from flowlab._src.runtime import prepared

from .compare import compare_records
from .record import PROGRAMS, load_programs, run_program

GOLDEN = Path(__file__).parent / "golden"
load_programs()


@functools.cache
def stored_answers(theme: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{theme}.json").read_text(encoding="utf-8"))["programs"]


@pytest.mark.parametrize("as_functions", [False, True], ids=["", "as_functions"])
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_equals_tensorflow(name: str, as_functions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if as_functions:  # each plan is written out for the sizes of its feeds when it first runs
        monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", -math.inf)
    entry = PROGRAMS[name]
    differences = compare_records(entry, stored_answers(entry.theme)[name], run_program(tf, entry))
    assert not differences, "\n" + "\n".join(differences)


def test_no_stored_answer_is_without_its_program() -> None:
    stored = {name for path in GOLDEN.glob("*.json") for name in stored_answers(path.stem)}
    assert stored == set(PROGRAMS)
