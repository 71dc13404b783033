"""The expression that led into the library, as the program writes it."""

import linecache

import pytest

import flowlab as tf


def tried(program: str, **names: object) -> str:
    """Run a program that fails; the line Try of its error."""
    file = f"<program {abs(hash(program))}>"
    linecache.cache[file] = (len(program), None, program.splitlines(keepends=True), file)
    with pytest.raises(Exception) as caught:
        exec(compile(program, file, "exec"), {"tf": tf, **names})
    del linecache.cache[file]
    return caught.value.flow["Try"].partition("  # ")[0]


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("a = tf.ones([2, 3])\ntf.matmul(a, a)", "tf.matmul(a, a, transpose_b=True)"),
        ("a = tf.ones([2, 3])\nb = a @ a", "tf.matmul(a, a, transpose_b=True)"),
        ("a = tf.ones([2, 3])\nb = tf.matmul(\n    a,\n    b=[1.0, 2.0, 3.0],\n)", "tf.matmul(a, b=tf.expand_dims([1.0, 2.0, 3.0], 1))"),
        ("größe = tf.constant(2)\nx = [größe * 0.5]", "tf.cast(größe, tf.float32) * 0.5"),
        ("n = tf.constant(2)\nx = 0.5 * n", "0.5 * tf.cast(n, tf.float32)"),
        ("a, b = tf.ones([2]), tf.ones([2])\ntf.cond(tf.less(1, 2), a, lambda: b)", "tf.cond(tf.less(1, 2), lambda: a, lambda: b)"),
        ("x = tf.ones([3, 4])\ntf.reduce_sum(x, axis=2)", "tf.reduce_sum(x, axis=1)"),
        ("if tf.constant(1) > 0: pass", "tf.cond(tf.constant(1) > 0, lambda: ..., lambda: ...)"),
        ("x = tf.placeholder(tf.float32, [None, 4])\ny = tf.zeros(x.get_shape())", "tf.zeros(tf.shape(x))"),
        ("x = tf.placeholder(tf.float32, [None, 4])\ny = tf.zeros([x.shape[0], 2])", "tf.zeros([tf.shape(x)[0], 2])"),
        ("x = tf.placeholder([None, 3])", "tf.placeholder(tf.float32, [None, 3])"),
        ("w = tf.Variable([1.0])\nw[0] = 2.0", "sess.run(w[0].assign(...))"),
        ("n = tf.Variable(3)\ntf.train.GradientDescentOptimizer(0.1).minimize(n * n)", "n = tf.Variable(3.0)"),
    ],
)  # fmt: skip
def test_the_line_to_paste_is_the_programs_own_line_put_right(program: str, line: str) -> None:
    assert tried(program) == line


def test_a_program_without_source_gets_general_advice() -> None:
    a = tf.ones([2, 3])
    with pytest.raises(ValueError) as caught:
        eval("tf.matmul(a, a)", {"tf": tf, "a": a})
    assert caught.value.flow["Try"].startswith("tf.matmul(a, b, transpose_b=True)")


def test_functions_that_call_others_do_not_quote_the_outer_call() -> None:
    with pytest.raises(ValueError) as caught:
        tf.layers.dense(tf.ones([]), 3)
    assert "dense(" not in caught.value.flow.get("Try", "")


def test_a_line_too_long_to_paste_is_not_quoted() -> None:
    text = "a = tf.ones([2, 3])\ntf.matmul(a, " + " + ".join(["a"] * 60) + ")"
    assert len(tried(text)) <= 120 or "transpose_b" in tried(text)


def test_names_are_those_of_tensors_in_the_present_graph() -> None:
    old = tf.Variable(1.0)
    with tf.Graph().as_default():
        new = tf.Variable(2.0)
        with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError) as caught:
            sess.run(new)
    assert old.name == new.name
    assert "'Variable' (your new)" in caught.value.flow["Why"]
