"""Samples of checks: ops/checks.py, ops/checks_shape.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

INTS = np.array([1, 2, 4], np.int32)
MORE = np.array([2, 3, 5], np.int32)
FLOATS = np.array([0.5, 1.5], np.float32)
ROWS = np.array([[1, 2], [3, 4]], np.int32)


def after(check):  # type: ignore[no-untyped-def]
    """A call that makes a check and then the sum of what was checked."""

    def call(tf, *inputs):  # type: ignore[no-untyped-def]
        with tf.control_dependencies([check(tf, *inputs)]):
            return tf.identity(inputs[0])

    return call


def checks(check, *inputs, **options):  # type: ignore[no-untyped-def]
    """A sample of one check, whose operation is an Assert."""
    return Sample("Assert", after(lambda tf, *xs: getattr(tf, check)(*xs, **options)), inputs, grad=False, exact=True)


SAMPLES = [
    checks("assert_equal", INTS, INTS),
    checks("assert_equal", INTS, INTS, message="the same", summarize=1, name="check"),
    checks("assert_none_equal", INTS, MORE),
    checks("assert_less", INTS, MORE),
    checks("assert_less_equal", INTS, MORE),
    checks("assert_greater", MORE, INTS),
    checks("assert_greater_equal", MORE, INTS),
    checks("assert_negative", -INTS),
    checks("assert_positive", INTS, message="why"),
    checks("assert_non_negative", INTS),
    checks("assert_non_positive", -INTS),
    checks("assert_near", FLOATS, FLOATS),
    checks("assert_near", FLOATS, FLOATS + np.float32(0.01), rtol=0.1, atol=0.1),
    checks("assert_positive", FLOATS),
    checks("assert_rank", ROWS, rank=2),
    checks("assert_rank", ROWS, np.int32(2)),
    checks("assert_rank_at_least", ROWS, rank=1),
    checks("assert_rank_in", ROWS, ranks=[1, 2]),
    checks("assert_type", ROWS, tf_type="int32"),
    checks("assert_integer", ROWS),
    checks("assert_scalar", np.int32(3)),
    Sample(
        "PyFuncStateless", lambda tf, x: tf.py_func(np.sqrt, [x], tf.float32, stateful=False), (FLOATS,), grad=False
    ),
    Sample("NoOp", after(lambda tf, x: tf.assert_equal(x, x)), (INTS,), grad=False, exact=True),
    Sample(
        "Assert",
        after(lambda tf, x, y: tf.debugging.assert_shapes([(x, ("N", "M")), (y, ("N",))])),
        (ROWS, ROWS[0].copy()),
        grad=False,
        exact=True,
    ),
    Sample(
        "Assert",
        after(lambda tf, x, y: tf.debugging.assert_shapes([(x, (..., 2)), (y, (2,))], message="shapes")),
        (ROWS, ROWS[0].copy()),
        grad=False,
        exact=True,
    ),
    Sample("All", lambda tf, x: tf.is_non_decreasing(x), (INTS,), grad=False, exact=True),
    Sample("All", lambda tf, x: tf.is_non_decreasing(x), (ROWS[::-1].copy(),), grad=False, exact=True),
    Sample("All", lambda tf, x: tf.is_strictly_increasing(x), (INTS[:1],), grad=False, exact=True),
    Sample("All", lambda tf, x: tf.is_strictly_increasing(x), (INTS[:0],), grad=False, exact=True),
    Sample("All", lambda tf, x: tf.math.is_strictly_increasing(x), (FLOATS,), grad=False, exact=True),
]


def refused(check, error, match, *inputs, run=False, **options):  # type: ignore[no-untyped-def]
    """A check that does not hold."""
    return Failure("Assert", after(lambda tf, *xs: getattr(tf, check)(*xs, **options)), inputs, error, match, run)


FAILURES = [
    refused("assert_equal", "InvalidArgumentError", r"assertion failed: \[Condition x == y did not hold element-wise:\] \[x \(Placeholder:0\) = \] \[1 2 4\] \[y \(Placeholder_1:0\) = \] \[2 3 5\]", INTS, MORE, run=True),
    refused("assert_less", "InvalidArgumentError", r"assertion failed: \[too large\] \[Condition x < y did not hold", MORE, INTS, run=True, message="too large"),
    refused("assert_positive", "InvalidArgumentError", r"\[Condition x > 0 did not hold element-wise:\] \[x \(Placeholder:0\) = \] \[-1 -2 -4\]", -INTS, run=True),
    refused("assert_non_positive", "InvalidArgumentError", r"\[Condition x <= 0 did not hold element-wise:x \(Placeholder:0\) = \]", INTS, run=True),
    refused("assert_near", "InvalidArgumentError", r"x and y not equal to tolerance rtol = ", FLOATS, FLOATS + 1, run=True),
    refused("assert_rank", "ValueError", r"Tensor Placeholder:0 must have rank 3.  Received rank 2, shape \(2, 2\)", ROWS, rank=3),
    refused("assert_rank", "InvalidArgumentError", r"must have rank\] \[3\] \[Received shape: \] \[2 2\]", ROWS, rank=3, run=True),
    refused("assert_rank_at_least", "ValueError", r"why\.  Tensor Placeholder:0 must have rank at least 3", ROWS, rank=3, message="why"),
    refused("assert_rank_in", "ValueError", r"must have rank in \(3, 4\).  Received rank 2", ROWS, ranks=[3, 4]),
    refused("assert_rank", "ValueError", "Rank must be a scalar", ROWS, rank=[2, 2]),
    refused("assert_type", "TypeError", "Placeholder:0 must be of type tf.float32", ROWS, tf_type="float32"),
    refused("assert_integer", "TypeError", 'Expected "x" to be integer type.  Found: Placeholder:0 of dtype', FLOATS),
    refused("assert_scalar", "ValueError", r"Expected scalar shape for Placeholder:0, saw shape: \(2,\)", FLOATS),
    Failure("Assert", lambda tf: tf.assert_less(3, 2), (), "InvalidArgumentError", "Condition x < y did not hold element-wise:"),
    Failure("Assert", lambda tf, x: tf.debugging.assert_shapes([(x, ("N", 3))]), (ROWS,), "ValueError", r"Specified explicitly.  Tensor Placeholder:0 dimension 1 must have size 3.  Received size 2, shape \(2, 2\)"),
    Failure("Assert", lambda tf, x: tf.debugging.assert_shapes([(x, ("N", ...))]), (ROWS,), "ValueError", "only allowed as the first entry"),
    Failure("Assert", lambda tf, x, y: tf.assert_same_float_dtype([x, y]), (FLOATS, FLOATS.astype(np.float64)), "ValueError", "Placeholder_1:0, type=.*float64.*, must be of the same type"),
    Failure("Assert", lambda tf, x: tf.assert_same_float_dtype([x]), (INTS,), "ValueError", "Expected floating point type, got"),
    Failure("Assert", lambda tf, x: tf.assert_proper_iterable(x), (INTS,), "TypeError", 'Expected argument "values" to be a "proper" iterable'),
    Failure("Assert", lambda tf: tf.assert_proper_iterable(3), (), "TypeError", 'Expected argument "values" to be iterable'),
    Failure("Assert", lambda tf: tf.is_strictly_increasing(["a"]), (), "TypeError", "Expected x to be numeric"),
]  # fmt: skip
