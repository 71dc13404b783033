"""Recurrent cells as single operations: a time step of an LSTM or GRU cell, or all steps of an LSTM, in one kernel.

They compute what the cells of `tf.nn.rnn_cell` compute with a dozen operations; the parts that a gradient needs come
out beside the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor

Half = TypeVar("Half", np.float16, np.float32)


def logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    half = x.dtype.type(0.5)
    return half * np.tanh(half * x) + half


def refuse(message: str) -> InvalidArgumentError:
    """The error for shapes that do not fit."""
    return InvalidArgumentError(None, None, message)


class LSTMStep(Op, abstract=True):
    """What operations on LSTM cells share: the attributes, and one time step.

    The four gates lie side by side in `w` and `b`: input, new memory, forget, output.
    """

    def gates(self, x: Any, h: Any, w: Any, b: Any) -> Any:
        """The four sums of input and last output."""
        if x.ndim != 2 or h.ndim != 2 or w.ndim != 2 or w.shape != (x.shape[1] + h.shape[1], 4 * h.shape[1]):
            raise refuse(f"w.dim_size(0) != input_size + cell_size: {w.shape} for x {x.shape} and h_prev {h.shape}")
        if b.shape != (4 * h.shape[1],):
            raise refuse(f"b.dim_size(0) != cell_size * 4: {b.shape}")
        sums = np.concatenate([x, h], axis=1) @ w + b
        return np.split(sums, 4, axis=1)

    def step(self, x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any) -> Any:
        """Input gate, memory, forget gate, output gate, new memory, memory through tanh, output."""
        i, ci, f, o = self.gates(x, h_prev, w, b)
        f = f + x.dtype.type(self.forget_bias)  # type: ignore[attr-defined]  # of the subclass
        peephole = self.use_peephole  # type: ignore[attr-defined]
        if peephole:
            i, f = i + cs_prev * wci, f + cs_prev * wcf
        i, ci, f = logistic(i), np.tanh(ci), logistic(f)
        cs = ci * i + f * cs_prev
        clip = self.cell_clip  # type: ignore[attr-defined]
        if clip > 0:
            cs = np.clip(cs, -clip, clip).astype(cs.dtype, copy=False)
        o = logistic(o + cs * wco if peephole else o)
        co = np.tanh(cs)
        return i, cs, f, o, ci, co, o * co

    def step_back(
        self, cs_prev: Any, wci: Any, wcf: Any, wco: Any, parts: Sequence[Any], cs_grad: Any, h_grad: Any
    ) -> tuple[Any, Any, Sequence[Any]]:
        """Gradients of the last memory, of the four sums, and of the peepholes of one time step."""
        i, cs, f, o, ci, co = parts
        peephole = self.use_peephole  # type: ignore[attr-defined]
        do = o * (1 - o) * h_grad * co
        dcs = (1 - co * co) * h_grad * o + cs_grad
        if peephole:
            dcs = dcs + do * wco
        dci = (1 - ci * ci) * dcs * i
        df = f * (1 - f) * dcs * cs_prev
        di = i * (1 - i) * dcs * ci
        cs_prev_grad = dcs * f
        peepholes: Sequence[Any] = [np.zeros_like(wci), np.zeros_like(wcf), np.zeros_like(wco)]
        if peephole:
            cs_prev_grad = cs_prev_grad + di * wci + df * wcf
            peepholes = [(di * cs_prev).sum(0), (df * cs_prev).sum(0), (do * cs).sum(0)]
        return cs_prev_grad, np.concatenate([di, dci, df, do], axis=1), peepholes


def cell_shape(x: Spec, state: Spec) -> TensorShape:
    """Batch and size of a cell, from its input and its state."""
    batch, _ = x.ranked(2)
    state_batch, size = state.ranked(2)
    return TensorShape.of((merge_dims(batch, state_batch), size))


class LSTMBlockCell(LSTMStep):
    """One time step of an LSTM cell, and the parts that its gradient needs."""

    forget_bias: float = 1.0
    cell_clip: float = 3.0
    use_peephole: bool = False

    def kernel(
        self,
        x: Array[Half],
        cs_prev: Array[Half],
        h_prev: Array[Half],
        w: Array[Half],
        wci: Array[Half],
        wcf: Array[Half],
        wco: Array[Half],
        b: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half]]:
        return self.step(x, cs_prev, h_prev, w, wci, wcf, wco, b)

    def shape(
        self, x: Spec, cs_prev: Spec, h_prev: Spec, w: Spec, wci: Spec, wcf: Spec, wco: Spec, b: Spec
    ) -> list[TensorShape]:
        return [cell_shape(x, cs_prev)] * 7

    def grad(self, node: Operation, *grads: Any) -> Sequence[Tensor]:
        """LSTMBlockCellGrad gives the gradient of the four sums; matrix products carry it to inputs and weights."""
        x, cs_prev, h_prev, w, wci, wcf, wco, b = node.inputs
        i, cs, f, o, ci, co, _ = node.outputs
        batch, size = x.shape.with_rank(2).as_list()
        if size is None:
            raise ValueError("input_size from `x` must be statically known.")
        batch = -1 if batch is None else batch
        cs_prev_grad, dgates, *peepholes = raw.LSTMBlockCellGrad(
            x,
            cs_prev,
            h_prev,
            w,
            wci,
            wcf,
            wco,
            b,
            i,
            cs,
            f,
            o,
            ci,
            co,
            grads[1],
            grads[6],
            use_peephole=self.use_peephole,
        )
        dxh = raw.MatMul(dgates, w, transpose_b=True)
        dx = raw.Slice(dxh, (0, 0), (batch, size))
        dh_prev = raw.Slice(dxh, (0, size), (batch, cs_prev.shape.as_list()[1] or -1))
        dw = raw.MatMul(raw.ConcatV2([x, h_prev], 1), dgates, transpose_a=True)
        return [dx, cs_prev_grad, dh_prev, dw, *peepholes, raw.BiasAddGrad(dgates)]


class LSTMBlockCellGrad(LSTMStep):
    """The gradient of LSTMBlockCell, as far as the four sums of its gates."""

    use_peephole: bool

    def kernel(
        self,
        x: Array[Half],
        cs_prev: Array[Half],
        h_prev: Array[Half],
        w: Array[Half],
        wci: Array[Half],
        wcf: Array[Half],
        wco: Array[Half],
        b: Array[Half],
        i: Array[Half],
        cs: Array[Half],
        f: Array[Half],
        o: Array[Half],
        ci: Array[Half],
        co: Array[Half],
        cs_grad: Array[Half],
        h_grad: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half], Array[Half]]:
        parts = (i, cs, f, o, ci, co)
        cs_prev_grad, dgates, (dwci, dwcf, dwco) = self.step_back(cs_prev, wci, wcf, wco, parts, cs_grad, h_grad)
        return cs_prev_grad, dgates, dwci, dwcf, dwco

    def shape(
        self, x: Spec, cs_prev: Spec, h_prev: Spec, w: Spec, wci: Spec, wcf: Spec, wco: Spec, b: Spec, i: Spec, cs: Spec,
        f: Spec, o: Spec, ci: Spec, co: Spec, cs_grad: Spec, h_grad: Spec,
    ) -> list[TensorShape]:  # fmt: skip
        whole = cell_shape(x, cs_prev)
        batch, size = whole._dims or (None, None)
        gates = TensorShape.of((batch, None if size is None else 4 * size))
        return [whole, gates, *(TensorShape.of(s.ranked(1)) for s in (wci, wcf, wco))]


class BlockLSTM(LSTMStep):
    """All time steps of an LSTM; from `seq_len_max` on, the outputs are zeros."""

    forget_bias: float = 1.0
    cell_clip: float = 3.0
    use_peephole: bool = False

    def kernel(
        self,
        seq_len_max: Array[np.int64],
        x: Array[Half],
        cs_prev: Array[Half],
        h_prev: Array[Half],
        w: Array[Half],
        wci: Array[Half],
        wcf: Array[Half],
        wco: Array[Half],
        b: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half]]:
        if x.ndim != 3 or cs_prev.ndim != 2 or np.ndim(seq_len_max):
            raise refuse(f"x must be rank 3 and seq_len_max a scalar, but x has shape {x.shape}")
        count = int(seq_len_max)
        if not 0 <= count <= x.shape[0]:
            raise refuse(f"seq_len_max must be at most the number of time steps {x.shape[0]}, but it is {count}")
        whole = (x.shape[0], *cs_prev.shape)
        results = tuple(np.zeros(whole, x.dtype) for _ in range(7))
        cs, h = cs_prev, h_prev
        for t in range(count):
            parts = self.step(x[t], cs, h, w, wci, wcf, wco, b)
            for result, part in zip(results, parts, strict=True):
                result[t] = part
            cs, h = parts[1], parts[6]
        return results  # type: ignore[return-value]  # seven of them

    def shape(
        self, seq_len_max: Spec, x: Spec, cs_prev: Spec, h_prev: Spec, w: Spec, wci: Spec, wcf: Spec, wco: Spec, b: Spec
    ) -> list[TensorShape]:
        steps, batch, _ = x.ranked(3)
        (gates,) = b.ranked(1)
        return [TensorShape.of((steps, batch, None if gates is None else gates // 4))] * 7

    def grad(self, node: Operation, *grads: Any) -> Sequence[Tensor | None]:
        """BlockLSTMGrad goes through the steps backwards."""
        cs_grad, h_grad = grads[1], grads[6]
        dx, dcs, dh, dw, dwci, dwcf, dwco, db = raw.BlockLSTMGrad(
            *node.inputs, *node.outputs, cs_grad, h_grad, use_peephole=self.use_peephole
        )
        return [None, dx, dcs, dh, dw, dwci, dwcf, dwco, db]


class BlockLSTMGrad(LSTMStep):
    """The gradient of BlockLSTM."""

    use_peephole: bool

    def kernel(
        self,
        seq_len_max: Array[np.int64],
        x: Array[Half],
        cs_prev: Array[Half],
        h_prev: Array[Half],
        w: Array[Half],
        wci: Array[Half],
        wcf: Array[Half],
        wco: Array[Half],
        b: Array[Half],
        i: Array[Half],
        cs: Array[Half],
        f: Array[Half],
        o: Array[Half],
        ci: Array[Half],
        co: Array[Half],
        h: Array[Half],
        cs_grad: Array[Half],
        h_grad: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half], Array[Half]]:
        dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
        dwci, dwcf, dwco = np.zeros_like(wci), np.zeros_like(wcf), np.zeros_like(wco)
        dcs, dh = np.zeros_like(cs_prev), np.zeros_like(h_prev)
        size = x.shape[2]
        for t in reversed(range(int(seq_len_max))):
            before, last = (cs[t - 1], h[t - 1]) if t else (cs_prev, h_prev)
            parts = (i[t], cs[t], f[t], o[t], ci[t], co[t])
            dcs, dgates, more = self.step_back(before, wci, wcf, wco, parts, cs_grad[t] + dcs, h_grad[t] + dh)
            dxh = dgates @ w.T
            dx[t], dh = dxh[:, :size], dxh[:, size:]
            dw += np.concatenate([x[t], last], axis=1).T @ dgates
            db += dgates.sum(0)
            for total, part in zip((dwci, dwcf, dwco), more, strict=True):
                total += part
        return dx, dcs, dh, dw, dwci, dwcf, dwco, db

    def shape(
        self, seq_len_max: Spec, x: Spec, cs_prev: Spec, h_prev: Spec, w: Spec, wci: Spec, wcf: Spec, wco: Spec, b: Spec,
        i: Spec, cs: Spec, f: Spec, o: Spec, ci: Spec, co: Spec, h: Spec, cs_grad: Spec, h_grad: Spec,
    ) -> list[TensorShape]:  # fmt: skip
        ranks = zip((x, cs_prev, h_prev, w, wci, wcf, wco, b), (3, 2, 2, 2, 1, 1, 1, 1), strict=True)
        return [TensorShape.of(s.ranked(rank)) for s, rank in ranks]


class GRUBlockCell(Op):
    """One time step of a GRU cell: reset gate, update gate, candidate, new state."""

    def kernel(
        self,
        x: Array[Half],
        h_prev: Array[Half],
        w_ru: Array[Half],
        w_c: Array[Half],
        b_ru: Array[Half],
        b_c: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half]]:
        check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
        r, u = np.split(logistic(np.concatenate([x, h_prev], axis=1) @ w_ru + b_ru), 2, axis=1)
        c = np.tanh(np.concatenate([x, h_prev * r], axis=1) @ w_c + b_c)
        return r.copy(), u.copy(), c, u * h_prev + (1 - u) * c

    def shape(self, x: Spec, h_prev: Spec, w_ru: Spec, w_c: Spec, b_ru: Spec, b_c: Spec) -> list[TensorShape]:
        return [cell_shape(x, h_prev)] * 4

    def grad(self, node: Operation, *grads: Any) -> Sequence[Tensor]:
        """GRUBlockCellGrad gives the gradients of the sums; matrix products carry them to the weights."""
        x, h_prev, w_ru, w_c, b_ru, b_c = node.inputs
        r, u, c, _ = node.outputs
        dx, dh_prev, dc_bar, dru_bar = raw.GRUBlockCellGrad(x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, grads[3])
        dw_ru = raw.MatMul(raw.ConcatV2([x, h_prev], 1), dru_bar, transpose_a=True)
        db_ru = raw.BiasAddGrad(dru_bar)
        dw_c = raw.MatMul(raw.ConcatV2([x, h_prev * r], 1), dc_bar, transpose_a=True)
        return [dx, dh_prev, dw_ru, dw_c, db_ru, raw.BiasAddGrad(dc_bar)]


class GRUBlockCellGrad(Op):
    """The gradient of GRUBlockCell, as far as the sums of its gates."""

    def kernel(
        self,
        x: Array[Half],
        h_prev: Array[Half],
        w_ru: Array[Half],
        w_c: Array[Half],
        b_ru: Array[Half],
        b_c: Array[Half],
        r: Array[Half],
        u: Array[Half],
        c: Array[Half],
        d_h: Array[Half],
    ) -> tuple[Array[Half], Array[Half], Array[Half], Array[Half]]:
        check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
        size = x.shape[1]
        dc_bar = d_h * (1 - u) * (1 - c * c)
        du_bar = d_h * (h_prev - c) * u * (1 - u)
        through_c = dc_bar @ w_c.T
        dr_bar = through_c[:, size:] * h_prev * r * (1 - r)
        dru_bar = np.concatenate([dr_bar, du_bar], axis=1)
        through_ru = dru_bar @ w_ru.T
        dx = through_ru[:, :size] + through_c[:, :size]
        dh_prev = through_ru[:, size:] + through_c[:, size:] * r + d_h * u
        return dx, dh_prev, dc_bar, dru_bar

    def shape(
        self, x: Spec, h_prev: Spec, w_ru: Spec, w_c: Spec, b_ru: Spec, b_c: Spec, r: Spec, u: Spec, c: Spec, d_h: Spec
    ) -> list[TensorShape]:
        whole = cell_shape(x, h_prev)
        batch, size = whole._dims or (None, None)
        return [TensorShape.of(x.ranked(2)), whole, whole, TensorShape.of((batch, None if size is None else 2 * size))]


def check_gru(x: Any, h: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> None:
    """InvalidArgumentError unless the shapes fit."""
    if x.ndim != 2 or h.ndim != 2:
        raise refuse(f"x and h_prev must be matrices, but have shapes {x.shape} and {h.shape}")
    size, n = x.shape[1], h.shape[1]
    if h.shape[0] != x.shape[0]:
        raise refuse(f"h_prev.dims(0) != batch_size: {h.shape[0]} vs. {x.shape[0]}")
    if w_ru.shape != (size + n, 2 * n):
        raise refuse(f"w_ru.dim_size(0) != input_size + cell_size: {w_ru.shape} for input {size} and cell {n}")
    if w_c.shape != (size + n, n):
        raise refuse(f"w_c.dim_size(0) != input_size + cell_size: {w_c.shape} for input {size} and cell {n}")
    if b_ru.shape != (2 * n,) or b_c.shape != (n,):
        raise refuse(f"b_ru.dim_size(0) != cell_size * 2, or b_c.dim_size(0) != cell_size: {b_ru.shape}, {b_c.shape}")
