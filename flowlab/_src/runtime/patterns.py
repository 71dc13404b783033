"""Known sequences of a plan as one instruction: a layer with bias and rectifier, or with pooling, and its gradient.

Each of these kernels reads what the one before it wrote; done together, most of it never leaves the cache. The steps
are looked for by the types of their operations in a plan that is about to be written out as a function, so stepped and
profiled runs show the operations that the program named, with the same numbers.

    Conv2D -> AddV2 -> Relu -> MaxPool        one instruction, for pooled numbers and the places of the maxima
    MaxPoolGrad -> ReluGrad -> Sum            one instruction, which needs those places and nothing else
    MatMul or Conv2D -> AddV2 -> Relu         the product, with bias and rectifier where it lies

A fused kernel asks what it was given: where its loop does not fit, it calls the kernels of the sequence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.kernels import conv_pool, elementwise, gemm
from flowlab._src.runtime import product_patterns, row_patterns, sum_patterns, update_patterns
from flowlab._src.runtime.plan import Instruction, Plan
from flowlab._src.runtime.sequences import Sequences

BIASES = ("AddV2", "Add", "BiasAdd")
FEW_IMAGES = 64  # at a time, while no loop pools them as they come: 1,000 images of MNIST in 180 MB less


def fused(plan: Plan, layers: bool = True) -> Plan:
    """Return a plan that computes the same with fewer instructions; layers stay in their parts if so wished."""
    types = {i.node.type for i in plan.instructions}
    layers = layers and "Relu" in types and not types.isdisjoint(("MatMul", "Conv2D"))
    rows = not types.isdisjoint(row_patterns.TYPES)
    updates = "MatMul" in types and not types.isdisjoint(update_patterns.TYPES)
    products = "MatMul" in types and not types.isdisjoint(product_patterns.TYPES)
    sums = not types.isdisjoint(sum_patterns.TYPES)
    if not (layers or rows or updates or products or sums):
        return plan
    lines = Sequences(plan)
    if layers:
        fuse_layers(lines)
    if rows:
        row_patterns.fuse_rows(lines)
    if updates:
        update_patterns.fuse_updates(lines)
    if products:
        product_patterns.fuse_products(lines)
    if sums:
        sum_patterns.fuse_sums(lines)
    return lines.result()


def fuse_layers(lines: Sequences) -> None:
    """Replace what belongs to layers with a rectifier."""
    plan = lines.plan
    for number, line in enumerate(plan.instructions):
        if line.node.type == "MaxPool":
            fuse_pooled_layer(lines, number, line)
    for number, line in enumerate(plan.instructions):
        if line.node.type == "Relu" and lines.lines[number] is not None:
            fuse_layer(lines, number, line)


def layer_before(lines: Sequences, relu: int) -> tuple[int, int, int] | None:
    """The instructions of the product and of the bias before a rectifier, and the slot of the bias."""
    line = lines.lines[relu]
    assert line is not None
    bias = lines.before(line.inputs[0], *BIASES)
    if bias is None or lines.reads[line.inputs[0]] != 1:
        return None
    added = lines.lines[bias]
    assert added is not None
    product = lines.before(added.inputs[0], "Conv2D", "MatMul")
    if product is None or lines.reads[added.inputs[0]] != 1 or added.refs not in ((), (1,)):
        return None
    made = lines.lines[product]
    assert made is not None
    if made.refs or getattr(added.node.definition, "data_format", "NHWC") != "NHWC":
        return None
    return product, bias, added.inputs[1]


def fuse_layer(lines: Sequences, number: int, relu: Instruction) -> None:
    """Add bias and rectifier to a product where it lies."""
    found = layer_before(lines, number)
    if found is None:
        return
    product, bias, b = found
    made, added = lines.lines[product], lines.lines[bias]
    assert made is not None
    assert added is not None
    inputs = (*made.inputs, b)
    if added.refs or not (lines.steady(made.inputs, product, number) and lines.steady((b,), bias, number)):
        return
    small = small_product(lines, made)
    multiply, add, rectify = small or made.kernel, added.kernel, relu.kernel
    definition: Any = made.node.definition
    flips = (definition.transpose_a, definition.transpose_b) if made.node.type == "MatMul" and not small else None

    def layer(x: Any, w: Any, b: Any) -> Any:
        y = None if flips is None else gemm.layer(x, w, b, *flips)
        if y is not None:
            return y
        y = multiply(x, w)
        if elementwise.bias_relu_within(y, b):
            return y
        return rectify(add(y, b))

    lines.replace([product, bias, number], number, layer, inputs, relu.outputs)


def small_product(lines: Sequences, made: Instruction) -> Any:
    """The kernel of a product of few numbers, which is left to BLAS; None of a larger one, and of a convolution."""
    sizes = lines.plan.sizes
    if sizes is None or made.node.type != "MatMul":
        return None
    inputs = zip(made.node._inputs, made.inputs, strict=True)
    specs = [sizes.spec(tensor, lines.initial[slot]) for tensor, slot in inputs]
    columns, count = sizes[made.node._outputs[0]], specs[0].shape.num_elements()
    if columns is None or columns[-1] is None or count is None or count * columns[-1] >= gemm.LEAST:
        return None
    return made.node.definition.bound(made.node, *specs)


def fuse_pooled_layer(lines: Sequences, number: int, pool: Instruction) -> None:
    """Make one instruction of a convolution with bias, rectifier and pooling; and one of their gradients."""
    relu = lines.before(pool.inputs[0], "Relu")
    found = None if relu is None else layer_before(lines, relu)
    if relu is None or found is None:
        return
    product, bias, b = found
    made, added, rectifier = lines.lines[product], lines.lines[bias], lines.lines[relu]
    assert made is not None
    assert added is not None
    assert rectifier is not None
    inputs = (*made.inputs, b)
    convolution: Any = made.node.definition
    pooling: Any = pool.node.definition
    if made.node.type != "Conv2D" or added.refs:
        return
    if not (lines.steady(made.inputs, product, number) and lines.steady((b,), bias, number)):
        return
    if convolution.data_format != "NHWC" or pooling.data_format != "NHWC" or pooling.over_channels:
        return
    rectified, pooled = rectifier.outputs[0], pool.outputs[0]
    back = gradient_after(lines, rectified, pooled, number)
    if back is None and lines.reads[rectified] != 1:
        return
    memory = lines.slot()  # of what the way back needs
    convolve, add, rectify, take = made.kernel, added.kernel, rectifier.kernel, pool.kernel

    def forward(x: Any, w: Any, b: Any) -> Any:
        """The pooled numbers, and what the way back needs: the places of the maxima and a shape, or what was pooled."""
        if x.ndim == 4 == w.ndim and x.shape[3] == w.shape[2]:
            strides, padding, dilations, counts = convolution.geometry(x.shape, w.shape)
            shape = (len(x), *counts, w.shape[3])
            window = pooling.geometry(shape)[:3]
            done = conv_pool.conv_relu_pool(x, w, b, strides, padding, dilations, window, back is not None)
            if done is not None:
                return done[0], (done[1], shape)
            if back is None and len(x) > FEW_IMAGES:  # nobody needs what was pooled: it shall not take memory
                parts = [x[i : i + FEW_IMAGES] for i in range(0, len(x), FEW_IMAGES)]
                return np.concatenate([take(rectify(add(convolve(part, w), b))) for part in parts]), (None, None)
        y = rectify(add(convolve(x, w), b))
        return take(y), (None, y)

    lines.replace([product, bias, relu, number], number, forward, inputs, (pooled, memory))
    if back is not None:
        fuse_pooled_gradient(lines, pooled, memory, pooling, *back)


def fuse_pooled_gradient(
    lines: Sequences, pooled: int, memory: int, pooling: Any, pool_grad: int, relu_grad: int, total: int | None,
    total_kernel: Any,
) -> None:  # fmt: skip
    """Make one instruction of the gradients of pooling, rectifier and bias; see `fuse_pooled_layer`."""
    lead_back, switch = lines.lines[pool_grad], lines.lines[relu_grad]
    assert lead_back is not None
    assert switch is not None
    kernels = lead_back.kernel, switch.kernel
    summed = None if total is None else lines.lines[total]
    keeps_dims = summed is not None and getattr(summed.node.definition, "keep_dims", False)

    def backward(y: Any, remembered: Any, dy: Any) -> Any:
        dx: Any
        db: Any
        places, known = remembered
        if places is not None:
            dx, db = conv_pool.relu_pool_grad(y, places, dy, known, pooling.geometry(known)[:3])
            db = db.reshape(1, 1, 1, -1) if keeps_dims else db
        else:
            dx = kernels[1](kernels[0](known, y, dy), known)
            db = None if total_kernel is None else total_kernel(dx)
        return dx if total is None else (dx, db)

    outputs = (*switch.outputs, *(() if summed is None else summed.outputs))
    numbers = [pool_grad, relu_grad, *(() if total is None else (total,))]
    lines.replace(numbers, relu_grad, backward, (pooled, memory, lead_back.inputs[2]), outputs)


def gradient_after(
    lines: Sequences, rectified: int, pooled: int, pool: int
) -> tuple[int, int, int | None, Callable[[Any], Any] | None] | None:
    """The instructions of the gradients of pooling, rectifier and bias, if nobody else reads the rectified numbers.

    The last thing is a function that computes the bias's gradient.
    """
    others = [n for n in lines.readers(rectified) if n != pool]
    if len(others) != 2 or lines.reads[rectified] != 3:
        return None
    pool_grad, relu_grad = others
    first, second = lines.lines[pool_grad], lines.lines[relu_grad]
    assert first is not None
    assert second is not None
    if (first.node.type, second.node.type) != ("MaxPoolGrad", "ReluGrad"):
        return None
    if first.inputs[:2] != (rectified, pooled) or second.inputs != (first.outputs[0], rectified):
        return None
    if lines.reads[first.outputs[0]] != 1 or first.refs or second.refs:
        return None
    for number in lines.readers(second.outputs[0]):
        line = lines.lines[number]
        assert line is not None
        if line.node.type == "BiasAddGrad" and line.node.definition.data_format == "NHWC":  # type: ignore[attr-defined]
            return pool_grad, relu_grad, number, line.kernel
        if line.node.type == "Sum":
            axes = lines.initial[line.inputs[1]]
            if axes is not None and np.array_equal(axes, (0, 1, 2)):
                return pool_grad, relu_grad, number, functools.partial(_summed, line.kernel, axes)
    return pool_grad, relu_grad, None, None


def _summed(kernel: Callable[..., Any], axes: Any, dx: Any) -> Any:
    return kernel(dx, axes)
