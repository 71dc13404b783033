"""Values as statistics, tables, pictures and histograms."""

import base64
import io
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.running import given_values, session_values
from flowlab._src.lab.values import histogram_svg, small_table, statistics, summary_text, thumbnails, value_records


def test_statistics_of_numbers():
    rows = dict(statistics(np.array([[0.0, 1.0], [2.0, np.nan]], np.float32)))
    assert rows == {
        "dtype": "float32",
        "shape": "2 × 2",
        "minimum": "0",
        "mean": "1",
        "maximum": "2",
        "deviation": "0.8165",
        "zeros": "33.3%",
        "⚠ NaN": "1 of 4",
    }


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (np.float32(2.5), ["value", "2.5"]),
        (np.array([True, False]), ["true", "1 of 2"]),
        (np.zeros((0, 3)), ["elements", "none"]),
        (np.array([np.inf, 1.0]), ["⚠ Inf", "1 of 2"]),
        (np.array([3 + 4j, 0]), ["absolute maximum", "5"]),
        (np.array([np.nan, np.nan]), ["⚠ NaN", "2 of 2"]),
    ],
)
def test_statistics_of_unusual_values(value, row):
    assert row in statistics(np.asarray(value))


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1),
        np.int64(-7),
        np.array(True),
        np.zeros((0, 4)),
        np.array([np.nan] * 10),
        np.array([np.inf, -np.inf, 0.0] * 5),
        np.array([b"a", b"\xff"], object),
        np.array(b"one", object),
        np.full(9, 1e38, np.float32),
        np.array([2**63 - 1] * 9),
        np.arange(9, dtype=np.uint8),
        np.zeros((2, 3, 4, 5, 6)),
        np.array([1 + 1j] * 9),
        np.float16([1, 2, 60000] * 4),
    ],
)
def test_any_value_has_records_and_a_short_text(value):
    records = value_records(value)
    assert records[0]["label"] == "Value"
    assert summary_text(value)


def test_small_tables_show_the_first_elements_of_the_first_slice():
    table = small_table(np.arange(2 * 7 * 9).reshape(2, 7, 9))
    assert table["label"] == "Elements [0, :, :]"
    assert table["rows"][0] == ["0", "1", "2", "3", "4", "…"]
    assert len(table["rows"]) == 6
    assert table["more"] == "7 × 9"


@pytest.mark.parametrize(
    ("shape", "words", "size"),
    [
        ((4, 28, 28, 32), "16 of 32 feature maps of the first example", (115, 115)),
        ((5, 5, 1, 32), "16 of 32 filters 5 × 5", (23, 23)),
        ((9, 784), "9 of 9 rows, as 28 × 28", (86, 86)),
        ((3, 32, 32, 3), "3 of 3 images", (65, 65)),
        ((20, 30), "the matrix", (30, 20)),
        ((10, 28, 28), "10 of 10 matrices", (115, 86)),
    ],
)
def test_arrays_that_look_like_pictures_become_pictures(shape, words, size):
    from PIL import Image

    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    record = thumbnails(array)
    assert record["alt"].startswith(words)
    assert Image.open(io.BytesIO(base64.b64decode(record["png"]))).size == size


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (4, 10), (0, 784)])
def test_other_arrays_do_not(shape):
    assert thumbnails(np.ones(shape)) is None


def test_a_constant_picture_and_one_with_nan_are_drawn():
    assert thumbnails(np.zeros((4, 64)))["png"]
    assert thumbnails(np.full((4, 64), np.nan))["png"]


def test_a_histogram_is_a_plain_picture():
    root = ET.fromstring(histogram_svg(np.arange(100.0)))
    assert root.get("aria-label") == "histogram from 0 to 99"


def test_values_of_a_session_are_those_of_the_next_run_and_change_nothing():
    x = tf.placeholder(tf.float32, [2], name="x")
    w = tf.Variable([1.0, 2.0], name="w")
    noise = tf.random_normal([2], seed=1, name="noise")
    y = tf.add(x * w, noise, name="y")
    step = tf.assign_add(w, [1.0, 1.0], name="step")
    other = tf.placeholder(tf.float32, [], name="other")
    tf.square(other, name="unknown")
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(noise)
        values, note = session_values(sess, {x: [3.0, 4.0]})
        assert note == "not fed: other"
        assert not {"unknown", "step", "w/Assign"} & set(values)
        np.testing.assert_array_equal(sess.run(w), [1, 2])
        np.testing.assert_array_equal(sess.run(y, {x: [3.0, 4.0]}), values["y"][0])
        assert step is not None


def test_variables_without_a_value_are_named():
    w = tf.Variable([1.0], name="w")
    tf.square(w, name="y")
    values, note = session_values(tf.Session())
    assert note == "without a value (run the initializer): w"
    assert "y" not in values


def test_what_changes_something_does_not_run_not_even_inside_of_a_branch():
    w = tf.Variable(1.0, name="w")
    flag = tf.constant(True, name="flag")
    tf.cond(flag, lambda: tf.assign(w, 5.0), lambda: tf.identity(w), name="change")
    pure = tf.cond(flag, lambda: tf.constant(3.0), lambda: tf.constant(4.0), name="pure")
    with tf.Session() as sess:
        sess.run(w.initializer)
        values, _ = session_values(sess)
        assert sess.run(w) == 1
        assert values[pure.op.name][pure.value_index] == 3


def test_a_run_that_fails_ends_in_a_note():
    x = tf.placeholder(tf.float32, name="x")
    tf.check_numerics(x, "not a number", name="check")
    values, note = session_values(tf.Session(), {x: np.nan})
    assert values == {}
    assert note.startswith("No values: the run failed")
    assert "not a number" in note


def test_given_values_may_be_named_by_tensor_or_text():
    a = tf.constant([1.0], name="a")
    found = given_values({a: [2.0], "b:1": 3, "c": [4]})
    assert found["a"][0].tolist() == [2.0]
    assert found["b"][0] is None
    assert found["b"][1] == 3
    assert found["c"][0].tolist() == [4]
    with pytest.raises(TypeError, match="tensors or their names"):
        given_values({3: 1})
