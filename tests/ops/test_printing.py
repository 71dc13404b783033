"""What `tf.Print` and `tf.print` write, and to where; the texts were recorded from TensorFlow."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import numpy as np
import pytest

import flowlab as tf

THIRDS = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 3


def printed(capsys: Any, node: Any, runs: int = 1) -> str:
    with tf.Session() as sess:
        for _ in range(runs):
            sess.run(node)
    return capsys.readouterr().err


def test_print_writes_the_first_elements_of_each_tensor_in_brackets(capsys: Any) -> None:
    data = [
        tf.constant(THIRDS), tf.constant([True, False]), tf.constant([b"ab", b"c"]), tf.zeros([0]), tf.constant(3.5),
        tf.constant(b"z"), tf.constant([[1, 2], [3, 4]]),
    ]  # fmt: skip
    text = printed(capsys, tf.Print(data[0], data, message="msg "))
    assert text == "msg [[[0 0.333333343 0.666666687...]]...][1 0][ab c][][3.5][z][[1 2][3...]...]\n"


@pytest.mark.parametrize(
    ("summarize", "expected"),
    [
        (5, "[[[0 0.333333343 0.666666687 1][1.33333337...]]...]"),
        (
            -1,
            "[[[0 0.333333343 0.666666687 1][1.33333337 1.66666663 2 2.33333325][2.66666675 3 3.33333325 3.66666675]]"
            "[[4 4.33333349 4.66666651 5][5.33333349 5.66666651 6 6.33333349][6.66666651 7 7.33333349 7.66666651]]]",
        ),
    ],
)
def test_print_writes_as_many_elements_as_asked_for(capsys: Any, summarize: int, expected: str) -> None:
    x = tf.constant(THIRDS)
    assert printed(capsys, tf.Print(x, [x], summarize=summarize)) == expected + "\n"


def test_print_writes_the_first_n_times_in_each_session(capsys: Any) -> None:
    node = tf.Print(tf.constant(1), [2], first_n=2)
    assert printed(capsys, node, runs=4) == "[2]\n[2]\n"
    assert printed(capsys, node, runs=1) == "[2]\n"


def test_numbers_far_from_one_have_an_exponent(capsys: Any) -> None:
    x = tf.constant([1e10, 1e-10, 1.0, np.nan, np.inf])
    assert printed(capsys, tf.Print(x, [x], summarize=5)) == "[1e+10 1e-10 1 nan inf]\n"


def test_gradients_pass_through_print() -> None:
    x = tf.constant(3.0)
    (gradient,) = tf.gradients(tf.Print(x, [x * 2]) ** 2, x)
    with tf.Session() as sess:
        assert sess.run(gradient) == 6.0


def test_tf_print_writes_structures(capsys: Any) -> None:
    b, s, e = tf.constant([True, False]), tf.constant([b"ab", b"c"]), tf.zeros([0])
    assert (
        printed(capsys, tf.print("a", {"b": b, "a": 1}, [s, e], sep="|"))
        == "a|{'a': 1, 'b': [1 0]}|[[\"ab\" \"c\"], []]\n"
    )


def test_tf_print_writes_a_single_string_as_it_is(capsys: Any) -> None:
    assert printed(capsys, tf.print(tf.constant("only"), end="!")) == "only!"


def test_tf_print_writes_to_the_stream_asked_for(capsys: Any, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "out.txt"
    with tf.Session() as sess:
        sess.run(
            [tf.print("x:", tf.constant(3), output_stream=sys.stdout), tf.print("y", output_stream=f"file://{path}")]
        )
    assert capsys.readouterr().out == "x: 3\n"
    assert path.read_text(encoding="utf-8") == "y\n"


def test_tf_print_refuses_other_streams_and_arguments() -> None:
    with pytest.raises(ValueError, match="Unsupported output stream"):
        tf.print("x", output_stream="nowhere")
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        tf.print("x", to=3)


def test_braces_in_the_text_do_not_disturb_the_tensors(capsys: Any) -> None:
    assert printed(capsys, tf.print("{}", tf.constant(1), "{}9")) == "{} 1 {}9\n"


def test_timestamp_moves_on() -> None:
    stamp = tf.timestamp()
    with tf.Session() as sess:
        assert sess.run(stamp) <= sess.run(stamp)


def test_check_numerics_ops_name_the_tensor() -> None:
    x = tf.placeholder(tf.float32, name="x")
    y = tf.log(x, name="y") + 1
    check = tf.add_check_numerics_ops()
    with tf.Session() as sess:
        assert sess.run([y, check], {x: 1.0})[0] == 1.0
        with pytest.raises(tf.errors.InvalidArgumentError, match="y:0 : Tensor had Inf values"):
            sess.run([y, check], {x: 0.0})


def test_check_numerics_ops_refuse_control_flow() -> None:
    x = tf.placeholder(tf.float32)
    tf.cond(x > 0, lambda: x, lambda: -x)
    with pytest.raises(ValueError, match="not compatible with TensorFlow control flow"):
        tf.add_check_numerics_ops()
