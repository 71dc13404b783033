"""Put TensorFlow 1.15's ways back into TensorFlow 2.21, so that it can answer for 1.15.

Needed only where the golden files are made. Each function here stands for one row of `differences.PATCHED`, which says
what changed between the two. The functions are written from the behaviour of 1.15: the order in which they build nodes
is what matters, since it decides names and default seeds.
"""

from __future__ import annotations

import functools
import numbers
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .differences import PATCHED

PATCHES: dict[str, Callable[[], None]] = {}
CACHES: weakref.WeakKeyDictionary[Any, dict[str, dict[Any, Any]]] = weakref.WeakKeyDictionary()


def patch(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        PATCHES[name] = function
        return function

    return register


def apply_patches() -> None:
    """Apply the patches that the table says to follow; every patch has a row there and every row a patch."""
    if PATCHES.keys() != PATCHED.keys():
        raise ValueError(f"patches and rows differ: {PATCHES.keys() ^ PATCHED.keys()}")
    for name, function in PATCHES.items():
        if PATCHED[name].follow_1_15:
            function()


def replace_gradient(*op_types: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function in the place of the registered gradient of these op types."""
    from tensorflow.python.framework import ops

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for op_type in op_types:
            ops.gradient_registry._registry.pop(op_type, None)
            ops.RegisterGradient(op_type)(function)
        return function

    return register


def cache_of_graph(purpose: str) -> dict[Any, Any]:
    """A dict that lives as long as the default graph."""
    from tensorflow.python.framework import ops

    caches = CACHES.setdefault(ops.get_default_graph(), {})
    return caches.setdefault(purpose, {})


def static_shape(tensor: Any) -> tuple[int, ...] | None:
    """The shape as a tuple if it is wholly known."""
    return tuple(tensor.shape.as_list()) if tensor.shape.is_fully_defined() else None


@patch("default operation seeds")
def count_operations_for_seeds() -> None:
    from tensorflow.python.framework import ops, random_seed

    present = random_seed.get_seed

    def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
        graph = ops.get_default_graph()
        if op_seed is None and graph.seed is not None:
            op_seed = len(graph.get_operations())
        return present(op_seed)

    random_seed.get_seed = get_seed


@patch("random_uniform")
def uniform_of_seven_nodes() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import dtypes, ops, random_seed
    from tensorflow.python.ops import gen_random_ops, math_ops, random_ops, shape_util

    def random_uniform(
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = dtypes.float32,
        seed: int | None = None,
        name: str | None = None,
    ) -> Any:
        dtype = dtypes.as_dtype(dtype)
        if maxval is None:
            if dtype.is_integer:
                raise ValueError("maxval must be given for integers")
            maxval = 1
        with ops.name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
            shape = shape_util.shape_tensor(shape)
            low = ops.convert_to_tensor(minval, dtype=dtype, name="min")
            high = ops.convert_to_tensor(maxval, dtype=dtype, name="max")
            seed1, seed2 = random_seed.get_seed(seed)
            if dtype.is_integer:
                result = gen_random_ops.random_uniform_int(shape, low, high, seed=seed1, seed2=seed2, name=scope)
            else:
                unit = gen_random_ops.random_uniform(shape, dtype, seed=seed1, seed2=seed2)
                result = math_ops.add(unit * (high - low), low, name=scope)
            shape_util.maybe_set_static_shape(result, shape)
            return result

    random_ops.random_uniform = random_uniform
    tf.random_uniform = tf.random.uniform = random_uniform


@patch("conversion of inputs")
def prefer_the_default_dtype() -> None:
    from tensorflow.python.framework import op_def_library

    present = op_def_library._ExtractDefaultTypesAndAllowedTypes

    def extract_types(op_def: Any, defaults: dict[str, Any], allowed: dict[str, Any]) -> None:
        present(op_def, defaults, allowed)
        allowed.clear()

    op_def_library._ExtractDefaultTypesAndAllowedTypes = extract_types


@patch("where gradients start")
def fill_of_ones() -> None:
    from tensorflow.python.framework import constant_op
    from tensorflow.python.ops import array_ops, gradients_util

    present = gradients_util._DefaultGradYs

    def default_grad_ys(grad_ys: Any, ys: Any, colocate: bool, gradient_uid: str = "") -> list[Any]:
        gradients = []
        for i, (grad_y, y) in enumerate(zip(grad_ys, ys, strict=True)):
            if grad_y is not None:
                gradients += present([None] * i + [grad_y], [y] * (i + 1), colocate, gradient_uid)[i:]
                continue
            with gradients_util._maybe_colocate_with(y.op, gradient_uid, colocate):
                shape = array_ops.shape(y)
                gradients.append(array_ops.fill(shape, constant_op.constant(1, dtype=y.dtype, name=f"grad_ys_{i}")))
        return gradients

    gradients_util._DefaultGradYs = default_grad_ys


@patch("makers of constants")
def shapes_and_one_hot() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import dtypes, ops
    from tensorflow.python.ops import array_ops, gen_array_ops, gen_math_ops

    present_shape = array_ops.shape_internal

    def shape_internal(input: Any, name: str | None = None, optimize: bool = True, out_type: Any = None) -> Any:
        return present_shape(input, name, optimize, out_type or dtypes.int32)

    array_ops.shape_internal = shape_internal

    def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Any:
        return gen_math_ops.lin_space(start, stop, num, name=name)

    tf.linspace = tf.lin_space = linspace

    present_one_hot = array_ops.one_hot

    def one_hot(
        indices: Any,
        depth: Any,
        on_value: Any = None,
        off_value: Any = None,
        axis: int | None = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Any:
        if on_value is None and off_value is None:
            return present_one_hot(indices, depth, axis=axis, dtype=dtype, name=name)
        with ops.name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as scope:
            # The values are converted twice: first only to learn their dtype.
            given = [ops.convert_to_tensor(value).dtype for value in (on_value, off_value) if value is not None]
            if on_value is None:
                on_value = ops.convert_to_tensor(1, given[0], name="on_value")
            if off_value is None:
                off_value = ops.convert_to_tensor(0, given[0], name="off_value")
            return gen_array_ops.one_hot(indices, depth, on_value, off_value, -1 if axis is None else axis, name=scope)

    array_ops.one_hot = tf.one_hot = one_hot


@patch("slices by tensors")
def slices_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import dtypes, ops
    from tensorflow.python.ops import array_ops, gen_math_ops, tensor_getitem_override

    present = tensor_getitem_override._slice_helper

    def has_tensors(spec: Any) -> bool:
        parts = spec if isinstance(spec, (list, tuple)) else [spec]
        bounds = [b for p in parts for b in ((p.start, p.stop, p.step) if isinstance(p, slice) else (p,))]
        return any(isinstance(b, tf.Tensor) and b.dtype in (dtypes.int32, dtypes.int64) for b in bounds)

    def getitem(tensor: Any, spec: Any, var: Any = None) -> Any:
        if not has_tensors(spec):
            return present(tensor, spec, var)
        # One entry of (begin, end, stride) for each part; a mask says where an entry is not to be looked at.
        entries: list[tuple[Any, Any, Any]] = []
        masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
        for position, part in enumerate(spec if isinstance(spec, (list, tuple)) else [spec]):
            bit = 1 << position
            if isinstance(part, slice):
                masks["begin_mask"] |= bit if part.start is None else 0
                masks["end_mask"] |= bit if part.stop is None else 0
                bounds = (part.start, 0), (part.stop, 0), (part.step, 1)
                entries.append(tuple(default if given is None else given for given, default in bounds))
            elif part is Ellipsis or part is None:
                masks["ellipsis_mask" if part is Ellipsis else "new_axis_mask"] |= bit
                entries.append((0, 0, 1))
            else:
                masks["shrink_axis_mask"] |= bit
                entries.append((part, part + 1, 1))
        with ops.name_scope(None, "strided_slice", [tensor]) as scope:
            packed = [tf.stack(list(column)) for column in zip(*entries, strict=True)]
            if any(column.dtype == dtypes.int64 for column in packed):
                packed = [c if c.dtype == dtypes.int64 else gen_math_ops.cast(c, dtypes.int64) for c in packed]
            return array_ops.strided_slice(tensor, *packed, var=var, name=scope, **masks)

    tensor_getitem_override._slice_helper = getitem
    tf.Tensor.__getitem__ = getitem


@patch("diagonals")
def diagonals_of_1_15() -> None:
    from tensorflow.python.ops import array_ops, gen_array_ops

    def matrix_diag(diagonal: Any, name: str = "diag", **unused: Any) -> Any:
        return gen_array_ops.matrix_diag(diagonal=diagonal, name=name)

    def matrix_diag_part(input: Any, name: str = "diag_part", **unused: Any) -> Any:
        return gen_array_ops.matrix_diag_part(input=input, name=name)

    def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", **unused: Any) -> Any:
        return gen_array_ops.matrix_set_diag(input=input, diagonal=diagonal, name=name)

    array_ops.matrix_diag = matrix_diag
    array_ops.matrix_diag_part = matrix_diag_part
    array_ops.matrix_set_diag = matrix_set_diag


@patch("transpose of unknown rank")
def transpose_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops, gen_array_ops, gen_math_ops

    present = array_ops.transpose

    def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Any:
        if perm is not None or conjugate or not isinstance(a, tf.Tensor) or a.shape.rank is not None:
            return present(a, perm, name, conjugate)
        with ops.name_scope(name, "transpose", [a]) as scope:
            rank = gen_array_ops.rank(a)
            return gen_array_ops.transpose(a, (rank - 1) - gen_math_ops._range(0, rank, 1), name=scope)

    array_ops.transpose = tf.transpose = transpose


@patch("gradients of operators that broadcast")
def gradients_of_broadcasting() -> None:
    from tensorflow.python.framework import dtypes, ops, tensor_util
    from tensorflow.python.ops import array_ops, gen_array_ops, gen_math_ops, math_ops

    def broadcast_plan(x: Any, y: Any, grad: Any) -> list[tuple[Any, Any, bool]]:
        """For x and for y: its shape, the axes to sum over, whether anything is to be done."""
        shapes = static_shape(x), static_shape(y)
        if None in shapes:
            sizes = [array_ops.shape_internal(t, optimize=False) for t in (x, y)]
            axes = gen_array_ops.broadcast_gradient_args(*sizes)
            return [(size, axis, True) for size, axis in zip(sizes, axes, strict=True)]
        # One BroadcastGradientArgs node for each pair of shapes in a graph; only its value is used.
        cache = cache_of_graph("axes summed over")
        if shapes not in cache:
            nodes = gen_array_ops.broadcast_gradient_args(*shapes)
            cache[shapes] = tuple(tuple(tensor_util.try_evaluate_constant(node)) for node in nodes)
        needed = [shape != static_shape(grad) for shape in shapes]
        return list(zip(shapes, cache[shapes], needed, strict=True))

    def reduce_to(plan: tuple[Any, Any, bool], grad: Any) -> Any:
        shape, axes, needed = plan
        return array_ops.reshape(math_ops.reduce_sum(grad, axes), shape) if needed else grad

    def equal_shapes(*tensors: Any) -> bool:
        known = {static_shape(tensor) for tensor in tensors}
        return len(known) == 1 and None not in known

    @replace_gradient("Add", "AddV2")
    def grad_of_add(op: Any, grad: Any) -> Any:
        if equal_shapes(*op.inputs, grad):
            return grad, grad
        for_x, for_y = broadcast_plan(*op.inputs, grad)
        return reduce_to(for_x, grad), reduce_to(for_y, grad)

    @replace_gradient("Sub")
    def grad_of_sub(op: Any, grad: Any) -> Any:
        if equal_shapes(*op.inputs, grad):
            return grad, -grad
        for_x, for_y = broadcast_plan(*op.inputs, grad)
        return reduce_to(for_x, grad), reduce_to(for_y, -grad)

    @replace_gradient("Mul")
    def grad_of_mul(op: Any, grad: Any) -> Any:
        x, y = op.inputs
        if equal_shapes(x, y, grad) and grad.dtype in (dtypes.int32, dtypes.float32):
            return gen_math_ops.mul(grad, y), gen_math_ops.mul(grad, x)
        for_x, for_y = broadcast_plan(x, y, grad)
        x, y = math_ops.conj(x), math_ops.conj(y)
        dx = reduce_to(for_x, gen_math_ops.mul(grad, y))
        return dx, reduce_to(for_y, gen_math_ops.mul(x, grad))

    @replace_gradient("Pow")
    def grad_of_pow(op: Any, grad: Any) -> Any:
        for_x, for_y = broadcast_plan(*op.inputs, grad)
        x, y = (math_ops.conj(t) for t in op.inputs)
        dx = reduce_to(for_x, grad * y * math_ops.pow(x, y - 1))
        z = math_ops.conj(op.outputs[0])
        positive = math_ops.not_equal(x, 0) if x.dtype.is_complex else x > 0
        safe_x = array_ops.where(positive, x, array_ops.ones_like(x))
        log_x = array_ops.where(positive, math_ops.log(safe_x), array_ops.zeros_like(x))
        return dx, reduce_to(for_y, grad * z * log_x)

    @replace_gradient("SquaredDifference")
    def grad_of_squared_difference(op: Any, grad: Any) -> Any:
        x, y = op.inputs
        with ops.control_dependencies([grad]):
            dx = math_ops.scalar_mul(2.0, grad) * (x - y)
        if equal_shapes(x, y, grad):
            return dx, -dx
        for_x, for_y = broadcast_plan(x, y, grad)
        shape_y, axes_y, needed_y = for_y
        dx_reduced = reduce_to(for_x, dx)
        if not needed_y:
            return dx_reduced, -dx
        return dx_reduced, -array_ops.reshape(math_ops.reduce_sum(dx, axes_y), shape_y)

    def dynamic_plan(x: Any, y: Any) -> list[tuple[Any, Any, bool]]:
        """The older way, still that of division and of maximum in 1.15: always reduce, constant shapes or not."""
        sizes = array_ops.shape(x), array_ops.shape(y)
        axes = gen_array_ops.broadcast_gradient_args(*sizes)
        return [(size, axis, True) for size, axis in zip(sizes, axes, strict=True)]

    def grad_of_division(op: Any, grad: Any, divide: Callable[[Any, Any], Any]) -> Any:
        for_x, for_y = dynamic_plan(*op.inputs)
        x, y = (math_ops.conj(t) for t in op.inputs)
        dx = reduce_to(for_x, divide(grad, y))
        return dx, reduce_to(for_y, grad * divide(divide(-x, y), y))

    replace_gradient("RealDiv")(functools.partial(grad_of_division, divide=gen_math_ops.real_div))
    replace_gradient("Div")(functools.partial(grad_of_division, divide=math_ops.divide))
    replace_gradient("DivNoNan")(functools.partial(grad_of_division, divide=math_ops.div_no_nan))

    @replace_gradient("FloorMod")
    def grad_of_floormod(op: Any, grad: Any) -> Any:
        x, y = (math_ops.conj(t) for t in op.inputs)
        for_x, for_y = dynamic_plan(x, y)
        floor_xy = math_ops.floor_div(x, y)
        dx = reduce_to(for_x, grad)
        return dx, reduce_to(for_y, grad * math_ops.negative(floor_xy))

    def grad_of_extreme(op: Any, grad: Any, chosen: Callable[[Any, Any], Any]) -> Any:
        x, y = op.inputs
        shape_x, shape_y = array_ops.shape(x), array_ops.shape(y)
        zeros = array_ops.zeros(array_ops.shape(grad), grad.dtype)
        mask = chosen(x, y)
        axes_x, axes_y = gen_array_ops.broadcast_gradient_args(shape_x, shape_y)
        dx = reduce_to((shape_x, axes_x, True), array_ops.where(mask, grad, zeros))
        return dx, reduce_to((shape_y, axes_y, True), array_ops.where(mask, zeros, grad))

    replace_gradient("Maximum")(functools.partial(grad_of_extreme, chosen=math_ops.greater_equal))
    replace_gradient("Minimum")(functools.partial(grad_of_extreme, chosen=math_ops.less_equal))


@patch("gradients of reductions")
def gradients_of_reductions() -> None:
    from tensorflow.python.framework import constant_op, dtypes, ops, tensor_util
    from tensorflow.python.ops import array_ops, gen_data_flow_ops, gen_math_ops, math_ops

    def kept_shape(input_shape: Any, axes: Any) -> Any:
        """The shape of the result with the reduced axes kept as ones, always worked out by nodes."""
        input_shape = math_ops.cast(input_shape, dtypes.int32)
        axes = math_ops.cast(axes, dtypes.int32)
        rank = array_ops.size(input_shape)
        axes = (axes + rank) % rank
        axes_shape = array_ops.shape(axes)
        indices = [math_ops.range(rank), axes]
        return gen_data_flow_ops.dynamic_stitch(indices, [input_shape, array_ops.fill(axes_shape, 1)])

    math_ops.reduced_shape = kept_shape

    def times_repeated(x: Any, y: Any) -> Any:
        return x // math_ops.maximum(y, 1)

    def evaluated(tensor: Any) -> tuple[int, ...]:
        return tuple(tensor_util.try_evaluate_constant(tensor))

    def grad_of_sum(op: Any, grad: Any) -> Any:
        known = op.inputs[0].shape
        axes = tensor_util.constant_value(op.inputs[1]) if known.rank is not None else None
        if axes is not None and np.array_equal(axes, np.arange(known.rank)):
            grad = array_ops.reshape(grad, [1] * known.rank)
            sizes = static_shape(op.inputs[0])
            if sizes is not None:
                return [array_ops.tile(grad, constant_op.constant(sizes, dtype=dtypes.int32)), None]
            return [array_ops.tile(grad, array_ops.shape(op.inputs[0])), None]
        if axes is not None and known.is_fully_defined():
            sizes = static_shape(op.inputs[0])
            key = sizes, tuple(axes.reshape(-1))
            cache = cache_of_graph("shapes reduced")
            if key not in cache:
                kept = evaluated(kept_shape(*key))
                cache[key] = kept, evaluated(times_repeated(sizes, kept))
            kept, multiples = cache[key]
            return [array_ops.tile(array_ops.reshape(grad, kept), multiples), None]
        input_shape = array_ops.shape(op.inputs[0])
        kept = kept_shape(input_shape, op.inputs[1])
        multiples = times_repeated(input_shape, kept)
        return [array_ops.tile(array_ops.reshape(grad, kept), multiples), None]

    replace_gradient("Sum")(grad_of_sum)

    @replace_gradient("Mean")
    def grad_of_mean(op: Any, grad: Any) -> Any:
        of_sum = grad_of_sum(op, grad)[0]
        sizes = [static_shape(t) for t in (op.inputs[0], op.outputs[0])]
        if None not in sizes:
            in_size, out_size = (int(np.prod(shape)) for shape in sizes)
            factor = constant_op.constant(in_size // max(out_size, 1), dtype=of_sum.dtype)
        else:
            shapes = array_ops.shape(op.inputs[0]), array_ops.shape(op.outputs[0])
            factor = times_repeated(*(math_ops.reduce_prod(shape) for shape in shapes))
        return math_ops.truediv(of_sum, math_ops.cast(factor, of_sum.dtype)), None

    @replace_gradient("Max", "Min")
    def grad_of_extreme(op: Any, grad: Any) -> Any:
        kept = kept_shape(array_ops.shape(op.inputs[0]), op.inputs[1])
        y = array_ops.reshape(op.outputs[0], kept)
        grad = array_ops.reshape(grad, kept)
        chosen = math_ops.cast(math_ops.equal(y, op.inputs[0]), grad.dtype)
        count = array_ops.reshape(math_ops.reduce_sum(chosen, op.inputs[1]), kept)
        return [math_ops.divide(chosen, count) * grad, None]

    @replace_gradient("Prod")
    def grad_of_prod(op: Any, grad: Any) -> Any:
        x = op.inputs[0]
        input_shape = array_ops.shape(x)
        axes = array_ops.reshape(op.inputs[1], [-1])
        kept = kept_shape(input_shape, op.inputs[1])
        multiples = times_repeated(input_shape, kept)
        grad = array_ops.tile(array_ops.reshape(grad, kept), multiples)
        with ops.device("/cpu:0"):
            rank = array_ops.rank(x)
            axes = (axes + rank) % rank
            reduced = math_ops.cast(axes, dtypes.int32)
            others, _ = array_ops.setdiff1d(math_ops.range(0, rank), reduced)
            order = array_ops.concat([reduced, others], 0)
            reduced_size = math_ops.reduce_prod(array_ops.gather(input_shape, reduced))
            other_size = math_ops.reduce_prod(array_ops.gather(input_shape, others))
        permuted = array_ops.transpose(x, order)
        permuted_shape = array_ops.shape(permuted)
        rows = array_ops.reshape(permuted, (reduced_size, other_size))
        left = math_ops.cumprod(rows, axis=0, exclusive=True)
        right = math_ops.cumprod(rows, axis=0, exclusive=True, reverse=True)
        rest = array_ops.reshape(math_ops.conj(left) * math_ops.conj(right), permuted_shape)
        dx = grad * array_ops.transpose(rest, array_ops.invert_permutation(order))
        return array_ops.reshape(dx, input_shape), None

    @replace_gradient("Sign")
    def grad_of_sign(op: Any, grad: Any) -> Any:
        del grad
        return array_ops.zeros(array_ops.shape(op.inputs[0]), dtype=op.inputs[0].dtype)

    del gen_math_ops


@patch("gradients of shapes and slices")
def gradients_of_arrays() -> None:
    from tensorflow.python.framework import dtypes, indexed_slices, tensor_util
    from tensorflow.python.ops import array_ops, math_ops

    @replace_gradient("Reshape")
    def grad_of_reshape(op: Any, grad: Any) -> Any:
        return [array_ops.reshape(grad, array_ops.shape(op.inputs[0])), None]

    @replace_gradient("ExpandDims")
    def grad_of_expand_dims(op: Any, grad: Any) -> Any:
        return [array_ops.reshape(grad, array_ops.shape(op.inputs[0])), None]

    @replace_gradient("Squeeze")
    def grad_of_squeeze(op: Any, grad: Any) -> Any:
        return array_ops.reshape(grad, array_ops.shape(op.inputs[0]))

    @replace_gradient("StridedSlice")
    def grad_of_strided_slice(op: Any, grad: Any) -> Any:
        _, begin, end, strides = op.inputs
        masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
        shape = array_ops.shape(op.inputs[0], out_type=begin.dtype)
        bits = {mask: op.get_attr(mask) for mask in masks}
        return array_ops.strided_slice_grad(shape, begin, end, strides, grad, **bits), None, None, None

    @replace_gradient("GatherV2")
    def grad_of_gather(op: Any, grad: Any) -> Any:
        params, indices, axis = op.inputs
        shape = math_ops.cast(array_ops.shape(params, out_type=dtypes.int64), dtypes.int32)
        count = array_ops.expand_dims(array_ops.size(indices), 0)
        if tensor_util.constant_value(axis) == 0:
            values = array_ops.reshape(grad, array_ops.concat([count, shape[1:]], 0))
            slices = indexed_slices.IndexedSlices(values, array_ops.reshape(indices, count), shape)
            return [slices, None, None]
        outer, inner = shape[:axis], None
        outer_rank = array_ops.size(outer)
        inner = shape[axis:][1:]
        inner_rank = array_ops.size(inner)
        outer_axes = math_ops.range(outer_rank)
        inner_axes = math_ops.range(outer_rank + 1, outer_rank + 1 + inner_rank)
        values = array_ops.reshape(grad, array_ops.concat([outer, count, inner], 0))
        flat_indices = array_ops.reshape(indices, count)
        forth = array_ops.concat([[outer_rank], outer_axes, inner_axes], 0)
        moved = array_ops.transpose(values, forth)
        summed = math_ops.unsorted_segment_sum(moved, flat_indices, shape[axis])
        back = array_ops.concat([outer_axes + 1, [0], inner_axes], 0)
        return [array_ops.transpose(summed, back), None, None]


@patch("gradients of networks")
def gradients_of_networks() -> None:
    from tensorflow.python.ops import array_ops, gen_nn_ops

    @replace_gradient("SparseSoftmaxCrossEntropyWithLogits")
    def grad_of_sparse_cross_entropy(op: Any, grad: Any, _: Any) -> Any:
        known = array_ops.prevent_gradient(op.outputs[1], message="the fused operation has no second derivative")
        return array_ops.expand_dims(grad, -1) * known, None

    def zeros_in_the_shape_of(tensor: Any) -> Any:
        return array_ops.zeros(shape=array_ops.shape(tensor), dtype=tensor.dtype)

    @replace_gradient("ReluGrad")
    def grad_of_relu_grad(op: Any, grad: Any) -> Any:
        return gen_nn_ops.relu_grad(grad, op.inputs[1]), zeros_in_the_shape_of(op.inputs[1])

    @replace_gradient("Relu6Grad")
    def grad_of_relu6_grad(op: Any, grad: Any) -> Any:
        return gen_nn_ops.relu6_grad(grad, op.inputs[1]), zeros_in_the_shape_of(op.inputs[1])


@patch("dropout")
def dropout_of_1_15() -> None:
    from tensorflow.python.framework import ops, tensor_util
    from tensorflow.python.ops import array_ops, math_ops, nn_ops, random_ops

    def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Any:
        with ops.name_scope(name, "dropout", [x]):
            x = ops.convert_to_tensor(x, name="x")
            if isinstance(rate, numbers.Real):
                if not 0 <= rate < 1:
                    raise ValueError(f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}")
                if rate == 0:
                    return x
            rate = ops.convert_to_tensor(rate, dtype=x.dtype, name="rate")
            if tensor_util.constant_value(rate) == 0:
                return x
            shape = nn_ops._get_noise_shape(x, noise_shape)
            noise = random_ops.random_uniform(shape, seed=seed, dtype=x.dtype)
            keep_prob = 1 - rate
            scale = 1 / keep_prob
            keep = noise >= rate
            result = x * scale * math_ops.cast(keep, x.dtype)
            result.set_shape(x.get_shape())
            return result

    nn_ops.dropout_v2 = dropout
    del array_ops


@patch("split")
def split_converts_the_number() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops

    present = array_ops.split

    def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split") -> Any:
        if isinstance(num_or_size_splits, (numbers.Integral, tf.Dimension)):
            ops.convert_to_tensor(num_or_size_splits)
        return present(value, num_or_size_splits, axis, num, name)

    array_ops.split = tf.split = split


@patch("reduce_logsumexp")
def logsumexp_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops, gen_math_ops, math_ops

    def reduce_logsumexp(
        input_tensor: Any,
        axis: Any = None,
        keepdims: bool | None = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: bool | None = None,
    ) -> Any:
        axis = reduction_indices if axis is None else axis
        keepdims = bool(keep_dims if keepdims is None else keepdims)
        x = input_tensor
        with ops.name_scope(name, "ReduceLogSumExp", [x]):
            most = math_ops.reduce_max(x, axis=axis, keepdims=True)
            finite = array_ops.where(gen_math_ops.is_finite(most), most, array_ops.zeros_like(most))
            shift = array_ops.stop_gradient(finite)
            result = gen_math_ops.log(math_ops.reduce_sum(gen_math_ops.exp(x - shift), axis, keepdims=keepdims))
            if not keepdims:
                shift = array_ops.reshape(shift, array_ops.shape(result))
            return gen_math_ops.add(result, shift)

    tf.reduce_logsumexp = reduce_logsumexp


@patch("clip_by_global_norm")
def clip_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import constant_op, ops
    from tensorflow.python.ops import array_ops, clip_ops, math_ops

    def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None) -> Any:
        if use_norm is None:
            use_norm = clip_ops.global_norm(t_list, name)
        with ops.name_scope(name, "clip_by_global_norm", [*t_list, clip_norm]) as scope:
            one = functools.partial(constant_op.constant, 1.0, dtype=use_norm.dtype)
            finite_scale = clip_norm * math_ops.minimum(1.0 / use_norm, one() / clip_norm)
            is_finite = math_ops.is_finite(use_norm)
            scale = array_ops.where(is_finite, finite_scale, constant_op.constant(float("nan"), dtype=use_norm.dtype))
            values = [
                None if t is None else ops.convert_to_tensor(getattr(t, "values", t), name=f"t_{i}")
                for i, t in enumerate(t_list)
            ]
            clipped = [
                None if v is None else array_ops.identity(v * scale, name=f"{scope}_{i}") for i, v in enumerate(values)
            ]
        rows = [
            tf.IndexedSlices(c, t.indices, t.dense_shape) if isinstance(t, tf.IndexedSlices) else c
            for c, t in zip(clipped, t_list, strict=True)
        ]
        return rows, use_norm

    tf.clip_by_global_norm = clip_by_global_norm


@patch("Ftrl")
def ftrl_of_1_15() -> None:
    from tensorflow.python.framework import constant_op, ops
    from tensorflow.python.training import ftrl

    def create_slots(self: Any, var_list: Any) -> None:
        for v in var_list:
            with ops.colocate_with(v):
                start = constant_op.constant(self._initial_accumulator_value, dtype=v.dtype, shape=v.get_shape())
            self._get_or_make_slot(v, start, "accum", self._accum_name or self._name)
            self._zeros_slot(v, "linear", self._linear_name or self._name)

    def prepare(self: Any) -> None:
        names = (
            "learning_rate",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "learning_rate_power",
        )
        for name in names:
            tensor = ops.convert_to_tensor(getattr(self, f"_{name}"), name=name)
            setattr(self, f"_{name}_tensor", tensor)
        self._adjusted_l2_regularization_strength_tensor = self._l2_regularization_strength_tensor

    ftrl.FtrlOptimizer._create_slots = create_slots
    ftrl.FtrlOptimizer._prepare = prepare


@patch("batched matrix products")
def batch_matmul_gradient() -> None:
    from tensorflow.python.ops import array_ops, gen_array_ops, math_ops

    @replace_gradient("BatchMatMulV2")
    def grad_of_batch_matmul(op: Any, grad: Any) -> Any:
        x, y = op.inputs
        if op.get_attr("adj_x"):
            adjoint_y = op.get_attr("adj_y")
            dx = math_ops.matmul(y, grad, adjoint_a=adjoint_y, adjoint_b=True)
            first, second = (grad, x) if adjoint_y else (x, grad)
            dy = math_ops.matmul(first, second, adjoint_a=adjoint_y, adjoint_b=adjoint_y)
        else:
            adjoint_y = op.get_attr("adj_y")
            dx = math_ops.matmul(grad, y, adjoint_b=not adjoint_y)
            first, second = (grad, x) if adjoint_y else (x, grad)
            dy = math_ops.matmul(first, second, adjoint_a=True)
        known = static_shape(x), static_shape(y)
        if None not in known and known[0] == known[1]:
            return dx, dy
        shape_x, shape_y = array_ops.shape(x), array_ops.shape(y)
        axes_x, axes_y = gen_array_ops.broadcast_gradient_args(shape_x[:-2], shape_y[:-2])
        dx = array_ops.reshape(math_ops.reduce_sum(dx, axes_x), shape_x)
        return dx, array_ops.reshape(math_ops.reduce_sum(dy, axes_y), shape_y)


@patch("parsing of examples")
def parse_with_first_versions() -> None:
    from tensorflow.python.framework import ops, sparse_tensor
    from tensorflow.python.ops import gen_parsing_ops, parsing_ops

    def by_name(plan: Any, indices: Any, values: Any, shapes: Any, dense: Any) -> dict[str, Any]:
        sparse = [sparse_tensor.SparseTensor(*parts) for parts in zip(indices, values, shapes, strict=True)]
        return dict(zip(plan.sparse_keys + plan.dense_keys, sparse + list(dense), strict=True))

    def parse_example(serialized: Any, names: Any, plan: Any, name: str | None) -> dict[str, Any]:
        with ops.name_scope(name, "ParseExample", [serialized, names]):
            outputs = gen_parsing_ops.parse_example(
                serialized=serialized,
                names=[] if names is None else names,
                dense_defaults=plan.dense_defaults_vec,
                sparse_keys=plan.sparse_keys,
                sparse_types=plan.sparse_types,
                dense_keys=plan.dense_keys,
                dense_shapes=plan.dense_shapes_as_proto,
                name=name,
            )
            return by_name(plan, *outputs)

    def common(context: Any, lists: Any) -> dict[str, Any]:
        return {
            "context_dense_defaults": context.dense_defaults_vec,
            "context_sparse_keys": context.sparse_keys,
            "context_sparse_types": context.sparse_types,
            "context_dense_keys": context.dense_keys,
            "context_dense_shapes": context.dense_shapes_as_proto,
            "feature_list_sparse_keys": lists.sparse_keys,
            "feature_list_sparse_types": lists.sparse_types,
            "feature_list_dense_keys": lists.dense_keys,
            "feature_list_dense_types": lists.dense_types,
            "feature_list_dense_shapes": lists.dense_shapes_as_proto,
            "feature_list_dense_missing_assumed_empty": list(lists.dense_defaults),
        }

    def parse_sequence(serialized: Any, debug_name: Any, context: Any, lists: Any, name: str | None = None) -> Any:
        outputs = gen_parsing_ops.parse_sequence_example(
            serialized=serialized,
            debug_name=[] if debug_name is None else debug_name,
            Ncontext_sparse=len(context.sparse_keys),
            Ncontext_dense=len(context.dense_keys),
            Nfeature_list_sparse=len(lists.sparse_keys),
            Nfeature_list_dense=len(lists.dense_keys),
            name=name,
            **common(context, lists),
        )
        lengths = dict(zip(lists.dense_keys, outputs[8], strict=True))
        return by_name(context, *outputs[:4]), by_name(lists, *outputs[4:8]), lengths

    def parse_one_sequence(serialized: Any, context: Any, lists: Any, debug_name: Any, name: str | None = None) -> Any:
        outputs = gen_parsing_ops.parse_single_sequence_example(
            serialized=serialized,
            debug_name="" if debug_name is None else debug_name,
            name=name,
            **common(context, lists),
        )
        return by_name(context, *outputs[:4]), by_name(lists, *outputs[4:])

    def parse_one_example(serialized: Any, features: Any, example_names: Any = None, name: str | None = None) -> Any:
        features = parsing_ops._prepend_none_dimension(features)
        kinds = ["VarLenFeature", "SparseFeature", "FixedLenFeature", "FixedLenSequenceFeature"]
        kinds = [getattr(parsing_ops, kind) for kind in kinds]
        plan = parsing_ops._ParseOpParams.from_features(features, kinds)
        with ops.name_scope(name, "ParseSingleExample", [serialized]):
            serialized = ops.convert_to_tensor(serialized, name="serialized")
            outputs = gen_parsing_ops.parse_single_example(
                serialized=serialized,
                dense_defaults=plan.dense_defaults_vec,
                num_sparse=len(plan.sparse_keys),
                sparse_keys=plan.sparse_keys,
                sparse_types=plan.sparse_types,
                dense_keys=plan.dense_keys,
                dense_shapes=plan.dense_shapes_as_proto,
                name=name,
            )
            tensors = by_name(plan, *outputs)
        return parsing_ops._construct_tensors_for_composite_features(features, tensors)

    parsing_ops.parse_single_example_v2 = parse_one_example
    parsing_ops._assert_scalar = lambda value, name: value
    parsing_ops._parse_example_raw = parse_example
    parsing_ops._parse_sequence_example_raw = parse_sequence
    parsing_ops._parse_single_sequence_example_raw = parse_one_sequence
