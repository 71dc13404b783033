"""Every op, every sample: the checks that all operations must pass."""

from __future__ import annotations

import functools
import json
import math
import re
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph import registry
from flowlab._src.graph.op import allowed_dtypes
from flowlab._src.runtime import prepared
from tests.ops.graphs import digest, graphs_of, is_otherwise
from tests.ops.make_golden import FOLDER, build, flatten, holder, static_shapes
from tests.ops.registry import all_failures, all_samples
from tests.tolerance import assert_close

SAMPLES = [pytest.param(name, sample, id=name) for name, sample in all_samples()]
FAILURES = [pytest.param(name, failure, id=name) for name, failure in all_failures()]

# Ops that have no sample of their own, and why.
WITHOUT_SAMPLE = {
    "NoOp": "does nothing; tests/graph",
    "Const": "tests/ops/test_constant.py",
    "Placeholder": "every sample uses it",
}

# Ops of our own, which TensorFlow does not have.
OUR_OWN = {"WhileGrad": "TensorFlow writes gradients of loops with other operations"}

# Rules that TensorFlow has and that are still to be written: asking for them is a LookupError.
GRADIENTS_TO_COME = dict.fromkeys(
    ["OptionalGetValue", "TensorListGetItem", "TensorListPopBack", "TensorListStack"],
    "they stand in files, in the backward half of a loop: differentiate before writing the file",
)

# Rules that 1.15 has in tf.contrib.
RULES_OF_CONTRIB = {"GRUBlockCell", "LSTMBlockCell"}

# Samples for which TensorFlow 2.21 infers other shapes from hidden sizes or ranks than 1.15 did.
INFERRED_OTHERWISE = {
    "linalg-MatMul-13-rank": "einsum of 1.15 needs known ranks",
    "linalg-MatMul-14-rank": "einsum of 1.15 needs known ranks",
    "linalg-MatMul-15-rank": "einsum of 1.15 needs known ranks",
    "linalg-MatMul-16-rank": "einsum of 1.15 needs known ranks",
    "linalg-MatMul-17-rank": "einsum of 1.15 needs known ranks",
    "linalg-Sum-0-rank": "einsum of 1.15 is a sum of an unknown rank",
    "linalg_more-TridiagonalSolve-4-sizes": "1.15 needs the size of the matrix",
    "linalg_more-TridiagonalSolve-4-rank": "1.15 needs the size of the matrix",
    "linalg_more-TridiagonalMatMul-2-sizes": "1.15 needs the size of the matrix",
    "linalg_more-TridiagonalMatMul-2-rank": "1.15 needs the size of the matrix",
    "linalg_more-Svd-7-rank": "2.21 needs the rank for the gradient too, and stumbles",
    "nn_conv-Conv2DBackpropInput-0-sizes": "1.15 believes the given sizes, 2.21 merges them with the gradient's",
    "nn_conv-Conv2DBackpropInput-0-rank": "1.15 believes the given sizes",
    "nn_conv-Conv2DBackpropInput-2-sizes": "1.15 believes the given sizes",
    "nn_conv-Conv2DBackpropInput-2-rank": "1.15 believes the given sizes",
    "nn_conv-DepthwiseConv2dNative-2-sizes": "1.15 pads by the filter's size when it runs, 2.21 wants to know it before",
    "nn_conv-DepthwiseConv2dNative-2-rank": "1.15 pads by the filter's size when it runs",
}
INFERRED_OTHERWISE |= {
    f"conv3d-Conv2DBackpropInput-{i}-{told}": "1.15 believes the given sizes"
    for i in range(8)
    for told in ("sizes", "rank")
}
INFERRED_OTHERWISE |= {
    f"array_more-ExtractVolumePatches-{i}-{told}": "TensorFlow forgets one of the five axes"
    for i in range(3)
    for told in ("sizes", "rank")
}


@functools.cache
def golden(family: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """TensorFlow's stored answers for a family of ops."""
    path = FOLDER / f"{family}.json"
    if not path.exists():
        return {}, {}
    with np.load(FOLDER / f"{family}.npz") as data:
        arrays = {key: data[key] for key in data.files}
    return json.loads(path.read_text(encoding="utf-8"))["samples"], arrays


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    """Each check starts with an empty graph."""
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_values_and_static_shapes_equal_tensorflows(name: str, sample: Any) -> None:
    facts, arrays = golden(name.split("-", maxsplit=1)[0])
    assert name in facts, "no stored answer: run python -m tests.ops.make_golden with TensorFlow"
    holders, outputs = build(tf, sample)
    assert static_shapes(outputs) == facts[name]["shapes"]
    with tf.Session() as sess:
        values = sess.run(outputs, dict(zip(holders, sample.inputs, strict=True)))
    for i, value in enumerate(values):
        expected = arrays[f"{name}:{i}"]
        if "strings" in facts[name] and str(i) in facts[name]["strings"]:
            assert [v.hex() for v in np.asarray(value, object).ravel()] == facts[name]["strings"][str(i)]
        elif sample.exact:
            assert np.asarray(value).dtype == expected.dtype
            np.testing.assert_array_equal(value, expected)
        else:
            assert_close(value, expected, sample.tolerance, f"output {i}: ")


@pytest.mark.parametrize("told", ["sizes", "rank"])
@pytest.mark.parametrize(("name", "sample"), [p for p in SAMPLES if p.values[1].inputs])
def test_hidden_sizes_leave_the_static_shapes_that_tensorflow_infers(name: str, sample: Any, told: str) -> None:
    expected = golden(name.split("-", maxsplit=1)[0])[0][name]["hidden"][told]
    otherwise = f"{name}-{told}" in INFERRED_OTHERWISE
    try:
        holders, outputs = build(tf, sample, told)
    except (ValueError, TypeError, NotImplementedError) as error:
        # Some functions need sizes while building, as TensorFlow's do; they must say so in words.
        if str(error) and (otherwise or type(error).__name__ == expected):
            return
        raise
    assert (static_shapes(outputs) == expected) is not otherwise, f"{static_shapes(outputs)}, not {expected}"
    with tf.Session() as sess:
        values = sess.run(outputs, dict(zip(holders, sample.inputs, strict=True)))
    for tensor, value in zip(outputs, values, strict=True):
        assert tensor.shape.is_compatible_with(np.shape(value)), f"{tensor.shape} against {np.shape(value)}"
        array = np.asarray(value, object if tensor.dtype == tf.string else None)
        if not tensor.dtype.is_quantized:  # those are fetched as plain integers
            assert array.dtype == np.dtype(tensor.dtype.base_dtype.as_numpy_dtype)


@pytest.mark.parametrize(("name", "sample"), [p for p in SAMPLES if p.values[1].inputs])
def test_a_plan_written_for_known_sizes_gives_the_numbers_of_its_instructions(
    name: str, sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        holders, outputs = build(tf, sample, "rank")
    except (ValueError, TypeError, NotImplementedError):
        holders, outputs = build(tf, sample)  # it needs sizes while building
    feeds = dict(zip(holders, sample.inputs, strict=True))
    with tf.Session() as sess:
        by_instructions = sess.run(outputs, feeds)
    monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", -math.inf)
    with tf.Session() as sess:
        as_function = sess.run(outputs, feeds)
    for value, expected in zip(as_function, by_instructions, strict=True):
        assert np.asarray(value).dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_kernels_leave_their_inputs_alone_and_keep_the_declared_dtype(name: str, sample: Any) -> None:
    holders, _ = build(tf, sample)
    copies = [np.array(v, copy=True) for v in map(np.asarray, sample.inputs)]
    given = [np.array(v, copy=True) for v in copies]
    with tf.Session() as sess:
        graph = tf.get_default_graph()
        everything = [
            t
            for op in graph.get_operations()
            for t in op.outputs
            # What is inside a branch or a loop cannot be fetched, and a handle or a tape is no array.
            if not t.dtype._is_ref_dtype and graph.is_fetchable(t) and t.dtype not in (tf.variant, tf.resource)
        ]
        values = sess.run(everything, dict(zip(holders, given, strict=True)))
    for before, after in zip(copies, given, strict=True):
        np.testing.assert_array_equal(before, after)
    for tensor, value in zip(everything, values, strict=True):
        declared = tensor.dtype.base_dtype
        if declared.is_numpy_compatible and not declared.is_quantized:
            array = np.asarray(value, object if declared == tf.string else None)
            assert array.dtype == np.dtype(declared.as_numpy_dtype), f"{tensor.op.type} gave {array.dtype}"
        assert tensor.shape.is_compatible_with(np.shape(value)), (
            f"{tensor.op.type}: {tensor.shape} against {np.shape(value)}"
        )


def numeric_gradient(run: Any, inputs: list[np.ndarray], which: int, step: float = 1e-6) -> np.ndarray:
    """Central differences of the sum of a function's float outputs, weighted, with respect to one input."""
    result = np.zeros(inputs[which].shape, np.float64)
    flat = result.reshape(-1)
    for i in range(flat.size):
        shifted = [np.array(v, copy=True) for v in inputs]
        centre = shifted[which].reshape(-1)[i]
        shifted[which].reshape(-1)[i] = centre + step
        high = run(shifted)
        shifted[which].reshape(-1)[i] = centre - step
        flat[i] = (high - run(shifted)) / (2 * step)
    return result


def _weighted(outputs: list[Any]) -> Any:
    """One number of all float outputs, each element with its own weight, so that no error cancels out."""
    total = None
    for tensor in outputs:
        if tensor.dtype != tf.float64:
            continue
        weights = tf.cast(tf.reshape(tf.range(tf.size(tensor)), tf.shape(tensor)), tf.float64) * 0.3 + 1.0
        term = tf.reduce_sum(tensor * weights)
        total = term if total is None else total + term
    return total


def _in_double(sample: Any) -> list[np.ndarray] | None:
    values = [np.asarray(v) for v in sample.inputs]
    if (
        not sample.grad
        or not any(v.dtype in (np.float32, np.float64) for v in values)
        or sum(v.size for v in values) > 400
    ):
        return None
    return [v.astype(np.float64) if v.dtype == np.float32 else v for v in values]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_graphs_equal_tensorflows_node_for_node(name: str, sample: Any) -> None:
    expected = golden(name.split("-", maxsplit=1)[0])[0][name]["graphs"]
    actual = {told: digest(graph) for told, graph in graphs_of(tf, sample).items()}
    wrong = [told for told in expected if actual.get(told) != expected[told] and not is_otherwise(name, told)]
    assert not wrong, f"with TensorFlow, `python -m tests.ops.graphs {name}` shows the differences of {wrong}"


def gradients_of(sample: Any, inputs: list[np.ndarray], told: str) -> list[np.ndarray | None] | None:
    """Gradients with so much known of the shapes; None where the sample cannot be built with so little."""
    try:
        holders = [holder(tf, v, told) for v in inputs]
        loss = _weighted(flatten(sample.call(tf, *holders)))
        floats = [h for h in holders if h.dtype == tf.float64]
        if loss is None or not floats:
            return None
        grads = tf.gradients(loss, floats)
    except (TypeError, ValueError, NotImplementedError):
        return None
    with tf.Session() as sess:
        feeds = dict(zip(holders, inputs, strict=True))
        return [None if g is None else sess.run(tf.convert_to_tensor(g), feeds) for g in grads]


# Only samples with floating-point inputs few enough to be changed one by one: a test that compares nothing is none.
GRADIENT_SAMPLES = [pytest.param(name, s, id=name) for name, s in all_samples() if s.grad and _in_double(s) is not None]


@pytest.mark.parametrize(("name", "sample"), GRADIENT_SAMPLES)
def test_gradients_equal_finite_differences(name: str, sample: Any) -> None:
    inputs = _in_double(sample)
    if inputs is None:
        return  # nothing here can be changed a little
    try:
        holders = [holder(tf, v) for v in inputs]
        outputs = flatten(sample.call(tf, *holders))
    except (TypeError, ValueError) as error:
        if re.search("does not match|not in list|requested|Expected|dtype", str(error)):
            return  # the call fixes float32 somewhere: the float32 values are compared with TensorFlow's
        raise
    loss = _weighted(outputs)
    floats = [i for i, v in enumerate(inputs) if v.dtype == np.float64]
    if loss is None or not floats:
        return
    grads = tf.gradients(loss, [holders[i] for i in floats])
    with tf.Session() as sess:
        forward = sess.make_callable(loss, holders)
        for i, grad in zip(floats, grads, strict=True):
            numeric = numeric_gradient(lambda values: float(forward(*values)), inputs, i)
            if grad is None:
                np.testing.assert_allclose(numeric, 0, atol=1e-5, err_msg=f"no gradient for input {i}, but it matters")
                continue
            symbolic = sess.run(tf.convert_to_tensor(grad), dict(zip(holders, inputs, strict=True)))
            scale = max(1.0, float(np.abs(numeric).max(initial=0.0)))
            np.testing.assert_allclose(symbolic, numeric, rtol=1e-4, atol=2e-5 * scale, err_msg=f"input {i}")


@pytest.mark.parametrize("told", ["sizes", "rank"])
@pytest.mark.parametrize(("name", "sample"), GRADIENT_SAMPLES)
def test_gradients_are_the_same_when_sizes_are_hidden(name: str, sample: Any, told: str) -> None:
    inputs = _in_double(sample)
    expected = None if inputs is None else gradients_of(sample, inputs, "known")
    actual = None if expected is None else gradients_of(sample, inputs, told)
    if actual is None:
        return
    for left, right in zip(actual, expected, strict=True):
        if right is None:
            assert left is None or not left.any()
        else:
            assert_close(left, right)


@pytest.mark.parametrize(("name", "sample"), [p for p in GRADIENT_SAMPLES if p.values[1].second])
def test_second_derivatives_equal_finite_differences(name: str, sample: Any) -> None:
    inputs = _in_double(sample)
    if inputs is None or sum(v.size for v in inputs) > 60:
        return
    try:
        holders = [holder(tf, v) for v in inputs]
        loss = _weighted(flatten(sample.call(tf, *holders)))
    except (TypeError, ValueError):
        return
    floats = [i for i, v in enumerate(inputs) if v.dtype == np.float64]
    if loss is None or not floats:
        return
    first = [g for g in tf.gradients(loss, [holders[i] for i in floats]) if g is not None]
    slope = _weighted([tf.convert_to_tensor(g) for g in first])
    if slope is None:
        return
    second = tf.gradients(slope, [holders[i] for i in floats])
    with tf.Session() as sess:
        forward = sess.make_callable(slope, holders)
        for i, grad in zip(floats, second, strict=True):
            numeric = numeric_gradient(lambda values: float(forward(*values)), inputs, i)
            scale = max(1.0, float(np.abs(numeric).max(initial=0.0)))
            if grad is None:
                np.testing.assert_allclose(numeric, 0, atol=1e-4 * scale)
                continue
            symbolic = sess.run(tf.convert_to_tensor(grad), dict(zip(holders, inputs, strict=True)))
            np.testing.assert_allclose(symbolic, numeric, rtol=1e-3, atol=1e-4 * scale, err_msg=f"input {i}")


def use(failure: Any) -> None:
    """Make the call that must fail, and run it where the failure is the run's."""
    holders, outputs = build(tf, failure, "rank" if failure.run else "known")
    if failure.run:
        with tf.Session() as sess:
            sess.run(outputs, dict(zip(holders, failure.inputs, strict=True)))


@pytest.mark.parametrize(("name", "failure"), FAILURES)
def test_wrong_use_is_refused_in_tensorflows_words(name: str, failure: Any) -> None:
    expected = (
        getattr(tf.errors, failure.error, None) or {"ValueError": ValueError, "TypeError": TypeError}[failure.error]
    )
    with pytest.raises(expected, match=failure.match) as caught:
        use(failure)
    notes = "\n".join(getattr(caught.value, "__notes__", []))
    assert "Where" in notes, "an error must say where"


@pytest.mark.parametrize(("name", "failure"), FAILURES)
def test_refusals_use_words_that_tensorflow_uses_too(name: str, failure: Any) -> None:
    facts, _ = golden(name.split("-", maxsplit=1)[0])
    stored = facts.get("failure " + name)
    assert stored is not None, "no stored answer: run python -m tests.ops.make_golden with TensorFlow"
    assert stored["class"] == failure.error, f"TensorFlow raises {stored['class']}: {stored['message']}"
    assert re.search(failure.match, stored["message"]), f"TensorFlow says: {stored['message']}"


def test_every_op_has_a_sample() -> None:
    covered = {s.values[1].op for s in SAMPLES}
    lacking = [
        name
        for name, cls in registry.OPS.items()
        if name not in covered
        and name not in WITHOUT_SAMPLE
        and not cls.stateful
        and cls.__module__.startswith("flowlab.")
    ]
    assert not lacking, f"ops without samples: {sorted(lacking)}"


def carries_gradients(cls: Any) -> bool:
    """True if an input could get a gradient: there is one, and an output can be of a floating or complex type."""

    def is_continuous(dtype: Any) -> bool:
        if isinstance(dtype, tf.DType):
            return dtype.is_floating or dtype.is_complex
        allowed = None if dtype is None else allowed_dtypes(dtype)
        return allowed is None or any(is_continuous(d) for d in allowed)

    schema = cls.signature()
    return bool(schema.inputs) and any(is_continuous(argument.dtype) for argument in schema.outputs)


def test_gradients_are_declared_where_tensorflow_declares_them() -> None:
    stored = json.loads((FOLDER / "gradients.json").read_text(encoding="utf-8"))
    wrong = []
    for name, cls in registry.OPS.items():
        if name in OUR_OWN or not cls.__module__.startswith("flowlab.") or not carries_gradients(cls):
            continue
        rule = "gap" if cls.grad is NotImplemented else "none" if cls.grad is None else "rule"
        expected = (
            "rule"
            if name in stored["rule"] or name in RULES_OF_CONTRIB
            else "none"
            if name in stored["none"]
            else "gap"
        )
        if rule != ("gap" if name in GRADIENTS_TO_COME else expected):
            wrong.append(f"{name}: {rule}, not {expected}")
    assert not wrong, "\n".join(wrong)


def test_type_variables_of_signatures_name_known_dtypes() -> None:
    for cls in registry.OPS.values():
        for argument in cls.signature().inputs:
            if argument.dtype is not None and not isinstance(argument.dtype, tf.DType):
                allowed_dtypes(argument.dtype)
