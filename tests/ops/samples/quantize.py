"""Samples of quantized numbers: ops/quantize.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

X = np.array([-5.0, -1.0, -0.49, 0.0, 0.003, 1.0, 2.5, 2.9, 7.0], np.float32)
SQUARE = np.array([[-1.2, 0.1, 0.72], [0.4, 2.3, -0.31]], np.float32)
LOW, HIGH = np.float32(-1.0), np.float32(3.0)
LOWS, HIGHS = np.array([-1.0, 0.0, 0.2], np.float32), np.array([0.5, 2.0, 0.7], np.float32)
SMALL = ("qint8", "quint8", "qint16", "quint16", "qint32")
MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")


def exactly(op, call, *inputs):  # type: ignore[no-untyped-def]
    """A sample whose integers must be TensorFlow's."""
    return Sample(op, call, inputs, grad=False, exact=True)


def back(tf, x, low, high, kind, mode):  # type: ignore[no-untyped-def]
    """Quantized and turned back."""
    q = tf.quantize(x, low, high, getattr(tf, kind), mode)
    return tf.dequantize(q.output, q.output_min, q.output_max, mode)


def joined(tf, x, low, high, kind):  # type: ignore[no-untyped-def]
    """Three parts with ranges of their own, joined."""
    parts = [tf.quantize(x * f, low * f, high * f, getattr(tf, kind)) for f in (1.0, 0.5, 2.0)]
    return tf.quantized_concat(
        0, [p.output for p in parts], [p.output_min for p in parts], [p.output_max for p in parts]
    )


SAMPLES = [
    *[
        exactly("QuantizeV2", lambda tf, x, k=kind, m=mode: tf.quantize(x, LOW, HIGH, getattr(tf, k), m), X)
        for kind in SMALL
        for mode in MODES
    ],
    exactly(
        "QuantizeV2", lambda tf, x, a, b: tf.quantization.quantize(x, a, b, tf.quint8, name="q"), SQUARE, LOW, HIGH
    ),
    exactly("QuantizeV2", lambda tf, x: tf.quantize(x, 1.0, 3.0, tf.qint8, "SCALED", "HALF_TO_EVEN"), X),
    exactly("QuantizeV2", lambda tf, x: tf.quantize_v2(x, 0.0, 0.0, tf.quint8, "MIN_FIRST"), X),
    exactly("QuantizeV2", lambda tf, x: tf.quantize(x, -3.0, -2.0, tf.quint8), X),
    exactly("QuantizeV2", lambda tf, x: tf.quantize(x, 0.0, 3.0, tf.quint8), X[:0]),
    exactly("QuantizeV2", lambda tf: tf.quantize(1.5, 0.0, 3.0, tf.quint16)),
    *[
        Sample("Dequantize", lambda tf, x, k=kind, m=mode: back(tf, x, LOW, HIGH, k, m), (X,), grad=False)
        for kind in SMALL
        for mode in MODES
    ],
    Sample("Dequantize", lambda tf, x: back(tf, x, -2.0, 0.5, "qint8", "SCALED"), (SQUARE,), grad=False),
    exactly("QuantizedConcat", lambda tf, x: joined(tf, x, LOW, HIGH, "quint8"), SQUARE),
    exactly("QuantizedConcat", lambda tf, x: joined(tf, x, LOW, HIGH, "qint32")[1:], SQUARE),
    exactly(
        "QuantizedConcat",
        lambda tf, x: tf.quantization.quantized_concat(
            1, [tf.quantize(x, 0.0, 2.0, tf.quint8)[0]] * 2, [0.0, 0.0], [2.0, 2.0], name="both"
        ),
        SQUARE,
    ),
    *[
        Sample(
            "QuantizeAndDequantizeV2",
            lambda tf, x, o=options: tf.quantization.quantize_and_dequantize(x, -1.0, 2.0, **o),
            (SQUARE,),
            grad=False,
        )
        for options in (
            {},
            {"range_given": True},
            {"signed_input": False},
            {"num_bits": 4, "range_given": True, "round_mode": "HALF_UP"},
            {"num_bits": 3, "narrow_range": True},
            {"num_bits": 60},
        )
    ],
    Sample(
        "QuantizeAndDequantizeV2",
        lambda tf, x: tf.gradients(tf.quantization.quantize_and_dequantize(x, -1.0, 2.0) * x, x),
        (SQUARE.astype(np.float64),),
        grad=False,
    ),
    Sample(
        "QuantizeAndDequantizeV2",
        lambda tf, x: tf.quantization.quantize_and_dequantize(x, 0.0, 0.0),
        (SQUARE[:0],),
        grad=False,
    ),
    *[
        Sample(
            "FakeQuantWithMinMaxArgs",
            lambda tf, x, o=options: tf.fake_quant_with_min_max_args(x, **o),
            (SQUARE,),
            grad=False,
        )
        for options in (
            {},
            {"min": -1.0, "max": 2.0, "num_bits": 2},
            {"min": -0.7, "max": 1.0, "num_bits": 4, "narrow_range": True},
            {"min": 0.5, "max": 1.0, "num_bits": 3},
            {"min": -2.0, "max": -1.0, "num_bits": 16, "name": "f"},
        )
    ],
    Sample(
        "FakeQuantWithMinMaxArgsGradient",
        lambda tf, x: tf.gradients(tf.quantization.fake_quant_with_min_max_args(x, -0.5, 1.0) * x, x),
        (SQUARE,),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxArgsGradient",
        lambda tf, x, y: tf.fake_quant_with_min_max_args_gradient(x, y, -0.5, 1.0, 4, True),
        (SQUARE, SQUARE[::-1].copy()),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVars",
        lambda tf, x, a, b: tf.fake_quant_with_min_max_vars(x, a, b, num_bits=4),
        (SQUARE, LOW, HIGH),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVars",
        lambda tf, x: tf.quantization.fake_quant_with_min_max_vars(x, 0.0, 0.0, narrow_range=True),
        (SQUARE,),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsGradient",
        lambda tf, x, a, b: tf.gradients(tf.fake_quant_with_min_max_vars(x, a, b) * x, [x, a, b]),
        (SQUARE, np.float32(-0.5), np.float32(1.0)),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsGradient",
        lambda tf, x: tf.fake_quant_with_min_max_vars_gradient(x, x, 0.0, 0.0),
        (SQUARE,),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsPerChannel",
        lambda tf, x, a, b: tf.fake_quant_with_min_max_vars_per_channel(x, a, b, num_bits=4),
        (SQUARE, LOWS, HIGHS),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsPerChannel",
        lambda tf, x: tf.quantization.fake_quant_with_min_max_vars_per_channel(x, [-1.0, 0.0, 0.0], [1.0, 0.0, 2.0]),
        (np.stack([SQUARE, SQUARE * 2]),),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsPerChannelGradient",
        lambda tf, x, a, b: tf.gradients(tf.fake_quant_with_min_max_vars_per_channel(x, a, b) * x, [x, a, b]),
        (SQUARE, LOWS, HIGHS),
        grad=False,
    ),
    Sample(
        "FakeQuantWithMinMaxVarsPerChannelGradient",
        lambda tf, x, a, b: tf.fake_quant_with_min_max_vars_per_channel_gradient(x, x, a, b, 5, True, "g"),
        (SQUARE[0], LOWS, HIGHS),
        grad=False,
    ),
]

FAILURES = [
    Failure(
        "QuantizeV2",
        lambda tf, x: tf.quantize(x, 3.0, 0.0, tf.quint8),
        (X,),
        "InvalidArgumentError",
        "input_max_range must be larger than input_min_range",
        run=True,
    ),
    Failure(
        "QuantizeV2",
        lambda tf, x: tf.quantize(x, 0.0, 3.0, tf.quint8, round_mode="HALF_TO_EVEN"),
        (X,),
        "InvalidArgumentError",
        "Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is 'MIN_COMBINED'",
        run=True,
    ),
    Failure(
        "QuantizeV2",
        lambda tf, x: tf.quantize(x, [0.0], 3.0, tf.quint8),
        (X,),
        "ValueError",
        "Shape must be rank 0 but is rank 1",
    ),
    Failure(
        "QuantizeV2",
        lambda tf, x: tf.quantize(x, 0.0, 3.0, tf.int8),
        (X,),
        "TypeError",
        "not in list of allowed values: qint8, quint8, qint32, qint16, quint16",
    ),
    Failure(
        "QuantizeV2",
        lambda tf, x: tf.quantize(x, 0.0, 3.0, tf.qint8, mode="MINIMAL"),
        (X,),
        "ValueError",
        "Attr 'mode' of 'QuantizeV2' Op passed string 'MINIMAL' not in",
    ),
    Failure(
        "Dequantize",
        lambda tf, x: tf.dequantize(x, 0.0, 3.0),
        (X,),
        "TypeError",
        "Value passed to parameter 'input' has DataType float32 not in list of allowed values",
    ),
    Failure(
        "QuantizeAndDequantizeV2",
        lambda tf, x: tf.quantization.quantize_and_dequantize(x, 3.0, 0.0, range_given=True),
        (X,),
        "InvalidArgumentError",
        "Invalid range: input_min 3 > input_max 0",
        run=True,
    ),
    Failure(
        "QuantizeAndDequantizeV2",
        lambda tf, x: tf.quantization.quantize_and_dequantize(x, 0.0, 3.0, num_bits=64),
        (X,),
        "InvalidArgumentError",
        "num_bits is out of range: 64 with signed_input_ 1",
        run=True,
    ),
    Failure(
        "FakeQuantWithMinMaxArgs",
        lambda tf, x: tf.fake_quant_with_min_max_args(x, 3.0, 0.0),
        (X,),
        "InvalidArgumentError",
        "min has to be smaller than max, was: 3 >= 0",
        run=True,
    ),
    Failure(
        "FakeQuantWithMinMaxArgs",
        lambda tf, x: tf.fake_quant_with_min_max_args(x, num_bits=17),
        (X,),
        "InvalidArgumentError",
        "num_bits must be between 2 and 16, inclusive",
        run=True,
    ),
    Failure(
        "FakeQuantWithMinMaxVars",
        lambda tf, x: tf.fake_quant_with_min_max_vars(x, [0.0], [1.0]),
        (X,),
        "ValueError",
        "Shape must be rank 0 but is rank 1",
    ),
    Failure(
        "FakeQuantWithMinMaxVarsPerChannel",
        lambda tf, x: tf.fake_quant_with_min_max_vars_per_channel(x, [0.0], [1.0]),
        (X,),
        "ValueError",
        "Dimensions must be equal, but are 9 and 1",
    ),
    Failure(
        "FakeQuantWithMinMaxVarsPerChannel",
        lambda tf, x, a: tf.fake_quant_with_min_max_vars_per_channel(x, a, a),
        (X, LOWS),
        "InvalidArgumentError",
        "min has incorrect size, expected 9 was 3",
        run=True,
    ),
]
