"""Histograms over time: what is kept of the arrays, and the two pictures."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import flowlab as tf
from flowlab._src.lab.histograms import histograms
from flowlab._src.lab.ridges import median, pick
from flowlab._src.lab.slices import MOST_SLICES, Slices, make_slice

many = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200), st.integers(1, 90))
@many
def test_rebinning_loses_no_element(values, bins):
    slices = Slices("w")
    slices.add(None, values)
    slices.add(None, np.array(values) * 3 + 1)
    table = slices.table(slices.all(), bins)
    assert np.allclose(table.sum(axis=1), len(values))


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=100))
@many
def test_the_median_lies_within_a_bin_of_the_true_one(values):
    one = make_slice(0, values)
    width = (one.high - one.low) / len(one.counts)
    below, above = np.sort(values)[[(len(values) - 1) // 2, len(values) // 2]]
    assert below - width - 1e-6 <= median(one) <= above + width + 1e-6


def test_long_trainings_keep_the_first_and_the_last_step():
    slices = Slices("w")
    for step in range(5_000):
        slices.add(step, [step, step + 1.0])
    steps = [one.step for one in slices.all()]
    assert len(steps) <= MOST_SLICES + 1
    assert steps[0] == 0
    assert steps[-1] == 4_999
    assert slices.seen == 5_000


def test_pick_takes_both_ends():
    assert pick(range(100), 4) == [0, 33, 66, 99]
    assert pick([1, 2], 4) == [1, 2]


@pytest.mark.parametrize("view", ["ridge", "heat"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_odd_arrays_still_have_a_picture(view, theme):
    spread = histograms("<img src=x onerror=a()>", "empty", view=view, theme=theme)
    for array in ([0.0, 0.0], [], [np.nan, np.inf], 3, [True, False], np.float16([1, 2]), [1e300, -1e300]):
        spread.update(None, {"<img src=x onerror=a()>": array})
    root = ET.fromstring(spread.svg())
    assert not [element for element in root.iter() if element.tag.endswith("img")]
    assert spread.png().startswith(b"\x89PNG")
    assert "empty: no values yet" in repr(spread)


def test_not_finite_elements_are_counted():
    spread = histograms()
    spread.update(w=[1.0, 2.0, np.nan])
    assert repr(spread) == "histograms of w\n  w: 1 step, the last from 1 to 2, median 1.02, 1 not finite"
    assert "⚠ 1 not finite" in spread.svg()


def test_a_tensor_is_no_array():
    with pytest.raises(TypeError, match=r"'w' got the tensor 'w_node:0': a node of the graph"):
        histograms().update(w=tf.constant([1.0], name="w_node"))
    with pytest.raises(TypeError, match="dtype <U1"):
        histograms().update(w=["a"])


def test_gradients_of_embeddings_are_their_rows():
    spread = histograms()
    spread.update(g=tf.IndexedSlicesValue(np.array([[1.0, 3.0]]), np.array([4]), np.array([9, 2])))
    assert "from 1 to 3" in repr(spread)


def test_an_unknown_view_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'ridge'"):
        histograms(view="ridges")
