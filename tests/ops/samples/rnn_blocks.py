"""Samples of recurrent cells as single operations: ops/nn_rnn_blocks.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

BATCH, SIZE, CELL, STEPS = 2, 3, 4, 3
X, CS, H = numbers(BATCH, SIZE, seed=1), numbers(BATCH, CELL, seed=2), numbers(BATCH, CELL, seed=3)
W, B = numbers(SIZE + CELL, 4 * CELL, seed=4), numbers(4 * CELL, seed=5)
PEEPHOLES = tuple(numbers(CELL, seed=6 + i) for i in range(3))
SEQUENCE = numbers(STEPS, BATCH, SIZE, seed=10)
LSTM = (X, CS, H, W, *PEEPHOLES, B)
LOOP = (SEQUENCE, CS, H, W, *PEEPHOLES, B)
GRU = (
    X,
    H,
    numbers(SIZE + CELL, 2 * CELL, seed=11) * np.float32(0.3),
    numbers(SIZE + CELL, CELL, seed=12) * np.float32(0.3),
    numbers(2 * CELL, seed=13) * np.float32(0.3),
    numbers(CELL, seed=14) * np.float32(0.3),
)


def lstm(tf: Any, x: Any, cs: Any, h: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any, **options: Any) -> Any:
    return tf.raw_ops.LSTMBlockCell(
        x=x, cs_prev=cs, h_prev=h, w=w, wci=wci, wcf=wcf, wco=wco, b=b, **{"cell_clip": -1.0, **options}
    )


def lstm_grad(tf: Any, *inputs: Any, **options: Any) -> Any:
    x, cs, h, w, wci, wcf, wco, b = inputs
    i, new_cs, f, o, ci, co, new_h = lstm(tf, *inputs, **options)
    return tf.raw_ops.LSTMBlockCellGrad(
        x=x, cs_prev=cs, h_prev=h, w=w, wci=wci, wcf=wcf, wco=wco, b=b, i=i, cs=new_cs, f=f, o=o, ci=ci, co=co,
        cs_grad=tf.ones_like(cs), h_grad=new_h, use_peephole=options.get("use_peephole", False),
    )  # fmt: skip


def loop(
    tf: Any, x: Any, cs: Any, h: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any, steps: int = STEPS, **options: Any
) -> Any:
    return tf.raw_ops.BlockLSTM(
        seq_len_max=tf.constant(steps, tf.int64), x=x, cs_prev=cs, h_prev=h, w=w, wci=wci, wcf=wcf, wco=wco, b=b,
        **{"cell_clip": -1.0, **options},
    )  # fmt: skip


def loop_grad(tf: Any, *inputs: Any, **options: Any) -> Any:
    outputs = loop(tf, *inputs, **options)
    return tf.gradients([tf.square(outputs[6]), outputs[1]], list(inputs[:4]) + [inputs[7]])


def gru(tf: Any, x: Any, h: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> Any:
    return tf.raw_ops.GRUBlockCell(x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c)


def gru_grad(tf: Any, x: Any, h: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> Any:
    r, u, c, new = gru(tf, x, h, w_ru, w_c, b_ru, b_c)
    return tf.raw_ops.GRUBlockCellGrad(
        x=x, h_prev=h, w_ru=w_ru, w_c=w_c, b_ru=b_ru, b_c=b_c, r=r, u=u, c=c, d_h=tf.square(new)
    )


SAMPLES = [
    Sample("LSTMBlockCell", lstm, LSTM, grad=False),
    Sample("LSTMBlockCell", lambda tf, *a: lstm(tf, *a, use_peephole=True, forget_bias=0.5), LSTM, grad=False),
    Sample("LSTMBlockCell", lambda tf, *a: lstm(tf, *a, cell_clip=0.3), LSTM, grad=False),
    Sample("LSTMBlockCellGrad", lstm_grad, LSTM, grad=False),
    Sample("LSTMBlockCellGrad", lambda tf, *a: lstm_grad(tf, *a, use_peephole=True), LSTM, grad=False),
    Sample("BlockLSTM", loop, LOOP, second=False, tolerance=4.0),
    Sample("BlockLSTM", lambda tf, *a: loop(tf, *a, use_peephole=True), LOOP, second=False, tolerance=4.0),
    Sample("BlockLSTM", lambda tf, *a: loop(tf, *a, steps=2, cell_clip=0.5), LOOP, grad=False),
    Sample("BlockLSTMGrad", loop_grad, LOOP, grad=False, tolerance=4.0),
    Sample("BlockLSTMGrad", lambda tf, *a: loop_grad(tf, *a, use_peephole=True), LOOP, grad=False, tolerance=4.0),
    Sample("GRUBlockCell", gru, GRU, grad=False),
    Sample("GRUBlockCellGrad", gru_grad, GRU, grad=False),
]

FAILURES = [
    Failure("LSTMBlockCell", lstm, (X, CS, H, W[:5], *PEEPHOLES, B), "InvalidArgumentError", "w.dim_size", run=True),
    Failure("LSTMBlockCell", lstm, (X[0], CS, H, W, *PEEPHOLES, B), "ValueError", "Shape must be rank 2 but is rank 1"),
    Failure("GRUBlockCell", gru, (X, H, GRU[2][:5], *GRU[3:]), "InvalidArgumentError", "w_ru.dim_size", run=True),
    Failure(
        "GRUBlockCell",
        gru,
        (X, H, *GRU[2:5], np.zeros(3, np.float32)),
        "InvalidArgumentError",
        "b_c.dim_size",
        run=True,
    ),
]
