"""Curves: what is drawn of the data, and the object that collects it."""

import csv
import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import flowlab as tf
from flowlab._src.lab.axes import nice_ticks, value_axis
from flowlab._src.lab.curves import Curve, curves_drawing, moving_average, thin
from flowlab._src.lab.drawing import Shape, Text
from flowlab._src.lab.plot import plot
from flowlab._src.lab.svg import drawing_svg

# no fixture plays a part here; the one that hypothesis warns of empties the default graph
many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def curve(values, name="loss"):
    return Curve(name, np.arange(len(values), dtype=float), np.array(values, dtype=float))


def texts(drawing):
    return [item.text for group in drawing.groups for item in group.items if isinstance(item, Text)]


def points(drawing):
    """The corners of the first curve."""
    line = next(item for group in drawing.groups for item in group.items if getattr(item, "role", "") == "curve")
    return [corner for _, corners in line.path for corner in corners]


def test_thinning_keeps_every_spike_and_both_ends():
    rng = np.random.default_rng(3)
    values = rng.normal(size=10_007)
    values[[77, 5_000, 10_001]] = [50.0, -60.0, 70.0]
    steps, kept = thin(np.arange(10_007.0), values, 400)
    assert len(kept) <= 5 * 400
    assert {50.0, -60.0, 70.0} <= set(kept)
    assert (steps[0], kept[0]) == (0.0, values[0])
    assert kept.max() == values.max()
    assert kept.min() == values.min()


def test_thinning_keeps_a_missing_value():
    values = np.zeros(4_000)
    values[1_234] = np.nan
    assert np.isnan(thin(np.arange(4_000.0), values, 100)[1]).any()


def test_a_short_curve_is_not_thinned():
    values = np.arange(300.0)
    assert thin(values, values, 100)[1] is values


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
@many
def test_ticks_are_few_even_and_inside(low, width):
    high = low + width
    ticks = nice_ticks(low, high, 5)
    assert 1 <= len(ticks) <= 6
    gaps = np.diff(ticks)
    assert np.allclose(gaps, gaps[:1], rtol=1e-6)
    rounding = 1e-12 * (abs(low) + abs(high)) + 1e-6 * width
    assert low - rounding <= ticks[0]
    assert ticks[-1] <= high + rounding


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30), st.booleans())
@many
def test_all_values_lie_inside_the_axes(values, log):
    low, high, _ = value_axis(np.array(values), log)
    assert low < high
    shown = [value for value in values if value > 0 or not log]
    assert all(low <= value <= high for value in shown if value > 1e-300 or not log)


def test_a_logarithmic_axis_has_equal_steps_for_equal_factors():
    heights = [y for _, y in points(curves_drawing([curve([100.0, 10.0, 1.0, 0.1])], log=True))]
    assert np.allclose(np.diff(heights), np.diff(heights)[0], atol=0.2)


def test_curves_of_one_family_share_a_panel_and_a_legend():
    drawing = curves_drawing([curve([1, 2], "loss/train"), curve([2, 3], "loss/test"), curve([0, 1], "accuracy")])
    words = texts(drawing)
    assert [words.count(word) for word in ("loss", "accuracy", "train: 2", "test: 3")] == [1, 1, 1, 1]
    assert drawing.width <= 700  # two panels fit beside the prompt of a page, at a zoom of 1.3
    dashes = {item.dash for group in drawing.groups for item in group.items if getattr(item, "role", "") == "curve"}
    assert len(dashes) == 2


def test_smoothing_is_the_moving_average_without_a_pull_to_zero():
    assert np.allclose(moving_average(np.full(5, 3.0), 0.9), 3.0)
    one, two = moving_average(np.array([1.0, 4.0]), 0.5)
    assert one == 1.0
    assert two == pytest.approx((0.5 * 0.5 * 1 + 0.5 * 4) / 0.75)
    assert np.isnan(moving_average(np.array([1.0, np.nan, 2.0]), 0.5)).tolist() == [False, True, False]


def test_the_first_missing_value_is_named():
    assert "NaN at step 2" in texts(curves_drawing([curve([1, 2, math.nan, math.nan])]))
    assert "infinite at step 1" in texts(curves_drawing([curve([1, math.inf])]))


@pytest.mark.parametrize("values", [[], [3.0], [2.0, 2.0], [math.nan], [0.0, 0.0], [-1.0], [1e-30, 1e30]])
@pytest.mark.parametrize("log", [False, True])
def test_odd_data_still_has_a_picture(values, log):
    ET.fromstring(drawing_svg(curves_drawing([curve(values)], log=log, smooth=0.5)))


def test_names_of_curves_are_text():
    name = "<img src=x onerror=a()>"
    root = ET.fromstring(drawing_svg(curves_drawing([curve([1, 2], name)], title=name)))
    assert not [element for element in root.iter() if element.tag.endswith("img")]
    assert any(element.text == name for element in root.iter())


def test_few_values_are_dots_many_are_not():
    def dots(count):
        groups = curves_drawing([curve(range(count))]).groups
        return sum(isinstance(item, Shape) and item.fill != "none" for item in groups[-1].items)

    assert dots(5) == 5
    assert dots(500) == 0


def test_update_counts_steps_or_takes_them():
    curves = plot("loss")
    curves.update(loss=1.0)
    curves.update(loss=np.float32(0.5))
    curves.update(10, loss=0.25)
    curves.update(None, {"loss/test": 2})
    curves.append(0.125)
    assert curves.steps("loss").tolist() == [0, 1, 10, 11]
    assert curves.values("loss").tolist() == [1, 0.5, 0.25, 0.125]
    assert curves.names == ["loss", "loss/test"]
    assert repr(curves) == "plot of loss, loss/test\n  loss: 4 values, 1 -> 0.125\n  loss/test: 1 value, 2"


def test_a_tensor_is_no_number_and_the_message_says_what_to_do():
    with pytest.raises(TypeError) as error:
        plot().update(loss=tf.constant(1.0, name="my_loss"))
    assert "'my_loss:0': a node of the graph, not a number" in str(error.value)
    assert "loss = sess.run(loss_tensor" in str(error.value)
    with pytest.raises(TypeError, match="'loss' must be a number; got str"):
        plot().update(loss="much")


def test_append_wants_one_value_for_each_name():
    with pytest.raises(ValueError, match="one value for each of loss, accuracy; it got 1"):
        plot("loss", "accuracy").append(1.0)


def test_smooth_must_be_below_one():
    with pytest.raises(ValueError, match="smooth"):
        plot(smooth=1.0)


def test_csv_has_a_line_for_each_value(tmp_path):
    curves = plot("a")
    for value in (1.5, 2.5):
        curves.append(value)
    with curves.to_csv(tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["name", "step", "value"], ["a", "0.0", "1.5"], ["a", "1.0", "2.5"]]


def test_the_png_of_curves():
    curves = plot("loss")
    curves.append(1.0)
    assert curves.png().startswith(b"\x89PNG")


def test_runs_are_drawn_over_each_other_with_their_names():
    curves = plot("loss")
    for rate in (0.1, 0.2):
        curves.new_run(f"rate {rate}")
        for step in range(3):
            curves.update(step, loss=rate * step, accuracy=step)
    words = texts(curves.drawing())
    assert [words.count(word) for word in ("loss", "accuracy", "rate 0.1: 0.2", "rate 0.2: 0.4")] == [1, 1, 1, 1]
    looks = {}
    for group in curves.drawing().groups:
        for item in group.items:
            if getattr(item, "role", "") == "curve":
                looks.setdefault(group.tip.split(":")[0], set()).add((item.stroke, item.dash))
    assert [len(look) for look in looks.values()] == [1, 1]  # a run looks the same in both panels
    assert looks["rate 0.1"] != looks["rate 0.2"]
    assert curves.values("loss", "rate 0.1").tolist() == [0, 0.1, 0.2]
    assert curves.values("loss").tolist() == [0, 0.2, 0.4]


def test_a_run_that_is_repeated_begins_anew():
    curves = plot()
    for _ in range(2):
        curves.new_run("Adam")
        curves.update(loss=1.0)
    assert curves.runs == ["Adam"]
    assert len(curves.values("loss")) == 1


def test_what_came_before_the_first_name_is_run_1():
    curves = plot("loss")
    curves.append(1.0)
    curves.new_run()
    curves.append(2.0)
    assert curves.runs == ["run 1", "run 2"]
    assert repr(curves) == "plot of loss, 2 runs\n  run 1, loss: 1 value, 1\n  run 2, loss: 1 value, 2"


def test_many_runs_look_different():
    curves = plot()
    for k in range(30):
        curves.new_run(f"run {k}")
        curves.update(loss=1.0)
    found = [
        (item.stroke, item.dash)
        for group in curves.drawing().groups
        for item in group.items
        if getattr(item, "role", "") == "curve"
    ]
    assert len(set(found)) == 30


def test_the_logarithmic_axis_of_one_panel_only():
    curves = [curve([100.0, 10.0, 1.0]), curve([0.0, 0.5, 1.0], "accuracy")]
    words = texts(curves_drawing(curves, log="loss"))
    assert "100" in words
    assert "10" in words
    assert "0.50" in words or "0.5" in words or "0.4" in words


def test_the_axes_of_one_row_stand_side_by_side():
    groups = curves_drawing([curve([1, 2], "loss/train"), curve([2, 3], "loss/test"), curve([0, 1], "accuracy")]).groups
    floors = {group.items[-1].at[1] for group in groups if group.role == "axes"}
    assert len(floors) == 1


def test_history_is_the_numbers(tmp_path):
    curves = plot()
    for name in ("a", "b"):
        curves.new_run(name)
        curves.update(loss=1.5)
    history = curves.history
    assert list(history) == ["a: loss", "b: loss"]
    assert history["b: loss"].tolist() == [1.5]
    with history.to_csv(tmp_path / "h.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["run", "name", "step", "value"], ["a", "loss", "0.0", "1.5"], ["b", "loss", "0.0", "1.5"]]


def test_early_values_and_spikes_of_a_very_long_curve_are_drawn():
    curves = plot("loss")
    values = np.ones(200_000)
    values[3], values[150_001] = 9.0, 5.0
    for value in values:
        curves._values["", "loss"].append(value)
    curves._steps["", "loss"].extend(range(len(values)))
    heights = [y for _, y in points(curves.drawing())]
    assert len(heights) < 2_500
    assert len({y for y in heights if y < max(heights) - 50}) == 2


def test_the_picture_goes_to_a_file(tmp_path):
    curves = plot("loss")
    curves.append(1.0)
    assert curves.save(tmp_path / "p.svg").read_text(encoding="utf-8").startswith("<svg")
    assert curves.save(tmp_path / "p.txt").read_text(encoding="utf-8") == repr(curves) + "\n"
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.txt"):
        curves.save(tmp_path / "p.gif")
