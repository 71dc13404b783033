"""The loop of the loss gives what the steps in NumPy give."""

from __future__ import annotations

import numpy as np
import pytest

from flowlab._src.kernels import ctc, ctc_loops


@pytest.mark.parametrize("merge_repeated", [True, False])
@pytest.mark.parametrize("size", [1, 300])
def test_all_ways_are_summed(merge_repeated, size, compiled, monkeypatch):
    rng = np.random.default_rng(0)
    for _ in range(60):
        time, batch, classes = rng.integers(1, 9), rng.integers(1, 4), rng.integers(2, 5)
        lengths = rng.integers(0, time + 1, batch)
        labels = [rng.integers(0, classes - 1, rng.integers(0, time + 1)).tolist() for _ in range(batch)]
        scores = rng.normal(size=(time, batch, classes)) * size
        late = np.array([len(row) > n for row, n in zip(labels, lengths, strict=True)])
        arguments = scores, labels, lengths, merge_repeated, late
        got = ctc.loss_and_grad(*arguments)
        with monkeypatch.context() as without:
            without.setattr(ctc_loops, "totals_and_grads", lambda *arguments: None)
            expected = ctc.loss_and_grad(*arguments)
        np.testing.assert_allclose(got[0], expected[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["normal", "equal", "few", "large"])
@pytest.mark.parametrize("width", [1, 2, 7, 60])
def test_the_search_keeps_the_same_labellings(kind, width, compiled, monkeypatch):
    rng = np.random.default_rng(width)
    for _ in range(15):
        time, batch, classes = rng.integers(1, 12), rng.integers(1, 4), rng.integers(1, 6)
        scores = rng.normal(size=(time, batch, classes))
        scores = {"normal": scores, "equal": scores * 0, "few": np.round(scores), "large": scores * 400}[kind]
        lengths = rng.integers(0, time + 1, batch)
        for top in {1, min(3, width)}:
            arguments = scores, lengths, width, top, bool(rng.integers(2))
            got = ctc.beam_search(*arguments)
            with monkeypatch.context() as without:
                without.setattr(ctc_loops, "beam_search", lambda *arguments: None)
                expected = ctc.beam_search(*arguments)
            assert (got is None) == (expected is None)
            if got is not None:
                assert got[0] == expected[0]
                np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=1e-12)
