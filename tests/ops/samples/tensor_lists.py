"""Samples of lists, stacks and optional values: what files of TensorFlow keep the history of loops in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

M = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
V = np.array([0.5, -1.0], np.float32)
N = np.array([7, -2, 0], np.int64)
WORDS = np.array([b"d", b"", b"\xff"], object)


def empty(tf: Any, dtype: Any, shape: Any = -1) -> Any:
    return tf.raw_ops.EmptyTensorList(element_shape=shape, max_num_elements=-1, element_dtype=dtype)


def pushed(tf: Any, *values: Any, shape: Any = -1) -> Any:
    """A list of the values."""
    result = empty(tf, values[0].dtype, shape)
    for value in values:
        result = tf.raw_ops.TensorListPushBack(input_handle=result, tensor=value)
    return result


def stacked(tf: Any, values: Any, dtype: Any, shape: Any = -1, **options: Any) -> Any:
    return tf.raw_ops.TensorListStack(input_handle=values, element_shape=shape, element_dtype=dtype, **options)


def item(tf: Any, values: Any, index: int, dtype: Any, shape: Any = -1) -> Any:
    return tf.raw_ops.TensorListGetItem(input_handle=values, index=index, element_shape=shape, element_dtype=dtype)


def reserved(tf: Any, dtype: Any, size: int, shape: Any) -> Any:
    return tf.raw_ops.TensorListReserve(element_shape=shape, num_elements=size, element_dtype=dtype)


def set_item(tf: Any, values: Any, index: int, value: Any) -> Any:
    return tf.raw_ops.TensorListSetItem(input_handle=values, index=index, item=value)


def rows(tf: Any, x: Any, shape: Any = -1) -> Any:
    return tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=shape)


def popped(tf: Any, x: Any) -> list[Any]:
    """The last row, and how many are left."""
    rest, last = tf.raw_ops.TensorListPopBack(input_handle=rows(tf, x), element_shape=-1, element_dtype=x.dtype)
    return [last, tf.raw_ops.TensorListLength(input_handle=rest)]


def replaced_after_pop(tf: Any, x: Any, y: Any) -> Any:
    """Both what a list was and what became of it can be used."""
    whole = rows(tf, x)
    rest, _ = tf.raw_ops.TensorListPopBack(input_handle=whole, element_shape=-1, element_dtype=x.dtype)
    other = tf.raw_ops.TensorListPushBack(input_handle=rest, tensor=y)
    return [stacked(tf, whole, x.dtype), stacked(tf, other, x.dtype)]


def lists_in_lists(tf: Any, x: Any) -> Any:
    outer = tf.raw_ops.TensorListPushBack(input_handle=empty(tf, tf.variant), tensor=rows(tf, x))
    return stacked(tf, item(tf, outer, 0, tf.variant), x.dtype)


def through_stack(count: int, pops: int, **options: Any) -> Callable[..., Any]:
    """Push some multiples of a tensor and pop some of them."""

    def call(tf: Any, x: Any) -> list[Any]:
        stack = tf.raw_ops.StackV2(max_size=options.get("max_size", -1), elem_type=x.dtype, stack_name="s")
        done, results = [x], []
        for i in range(count):
            with tf.control_dependencies(done):
                done = [tf.raw_ops.StackPushV2(handle=stack, elem=x * (i + 1))]
        results += done
        for _ in range(pops):
            with tf.control_dependencies(done):
                done = [tf.raw_ops.StackPopV2(handle=stack, elem_type=x.dtype)]
            results += done
        return results

    return call


def closed_stack(tf: Any, x: Any, use: bool = False) -> Any:
    stack = tf.raw_ops.StackV2(max_size=-1, elem_type=x.dtype, stack_name="s")
    with tf.control_dependencies([tf.raw_ops.StackPushV2(handle=stack, elem=x)]):
        close = tf.raw_ops.StackCloseV2(handle=stack)
    with tf.control_dependencies([close]):
        return tf.raw_ops.StackPopV2(handle=stack, elem_type=x.dtype) if use else tf.identity(x)


def optional(tf: Any, *values: Any) -> list[Any]:
    wrapped = tf.raw_ops.OptionalFromValue(components=list(values))
    types, shapes = [v.dtype for v in values], [v.shape for v in values]
    found = tf.raw_ops.OptionalGetValue(optional=wrapped, output_types=types, output_shapes=shapes)
    return [*found, tf.raw_ops.OptionalHasValue(optional=wrapped)]


def absent(tf: Any) -> Any:
    return tf.raw_ops.OptionalGetValue(optional=tf.raw_ops.OptionalNone(), output_types=[tf.int32], output_shapes=[[]])


def triggered(tf: Any, x: Any) -> Any:
    with tf.control_dependencies([x]):
        trigger = tf.raw_ops.ControlTrigger()
    with tf.control_dependencies([trigger]):
        return tf.identity(x)


def plain(op: str, call: Callable[..., Any], inputs: tuple[Any, ...] = ()) -> Sample:
    """A sample without gradients: those of loops in files have been taken already."""
    return Sample(op, call, inputs, grad=False, exact=True)


SAMPLES = [
    plain("EmptyTensorList", lambda tf: tf.raw_ops.TensorListLength(input_handle=empty(tf, tf.int32))),
    plain("EmptyTensorList", lambda tf: stacked(tf, empty(tf, tf.float32, [2, 3]), tf.float32, [2, 3])),
    plain("TensorListPushBack", lambda tf, x, y: stacked(tf, pushed(tf, x, y, x), x.dtype), (V, V * 2)),
    plain("TensorListPushBack", lambda tf, x: stacked(tf, pushed(tf, x, x, shape=[-1]), x.dtype, [3]), (WORDS,)),
    plain("TensorListPushBack", lists_in_lists, (M,)),
    plain("TensorListPopBack", popped, (M,)),
    plain("TensorListPopBack", popped, (WORDS,)),
    plain("TensorListPopBack", replaced_after_pop, (M, V)),
    plain("TensorListGetItem", lambda tf, x: item(tf, rows(tf, x), 1, x.dtype, [2]), (M,)),
    plain("TensorListGetItem", lambda tf, x: item(tf, pushed(tf, x, x[0]), 1, x.dtype), (M,)),
    plain("TensorListGetItem", lambda tf: item(tf, reserved(tf, tf.float32, 2, [2, 2]), 1, tf.float32, [2, 2])),
    plain("TensorListSetItem", lambda tf, x, y: stacked(tf, set_item(tf, rows(tf, x), 1, y), x.dtype), (M, V)),
    plain(
        "TensorListSetItem",
        lambda tf, x: stacked(tf, set_item(tf, reserved(tf, x.dtype, 3, [3]), 2, x), x.dtype, [3]),
        (N,),
    ),
    plain("TensorListReserve", lambda tf: stacked(tf, reserved(tf, tf.int64, 3, [2]), tf.int64, [2])),
    plain("TensorListReserve", lambda tf: tf.raw_ops.TensorListLength(input_handle=reserved(tf, tf.string, 4, -1))),
    plain("TensorListFromTensor", lambda tf, x: stacked(tf, rows(tf, x, [2]), x.dtype, [2], num_elements=3), (M,)),
    plain("TensorListFromTensor", lambda tf, x: stacked(tf, rows(tf, x), x.dtype), (N,)),
    plain("TensorListStack", lambda tf, x: stacked(tf, rows(tf, x), x.dtype, [2]), (M,)),
    plain("TensorListStack", lambda tf, x: stacked(tf, rows(tf, x), x.dtype), (WORDS,)),
    plain("TensorListLength", lambda tf, x: tf.raw_ops.TensorListLength(input_handle=rows(tf, x)), (M,)),
    plain("TensorListLength", lambda tf, x: tf.raw_ops.TensorListLength(input_handle=pushed(tf, x, x)), (M,)),
    plain("StackV2", through_stack(1, 1), (V,)),
    plain("StackV2", through_stack(2, 2, max_size=2), (N,)),
    plain("StackPushV2", through_stack(3, 0), (M,)),
    plain("StackPushV2", through_stack(2, 1), (V,)),
    plain("StackPopV2", through_stack(3, 3), (M,)),
    plain("StackPopV2", through_stack(4, 2), (N,)),
    plain("StackCloseV2", closed_stack, (V,)),
    plain("OptionalFromValue", optional, (V, N)),
    plain("OptionalFromValue", optional, (WORDS,)),
    plain("OptionalGetValue", optional, (M,)),
    plain("OptionalGetValue", optional, (N, M, V)),
    plain("OptionalHasValue", optional, (N,)),
    plain("OptionalNone", lambda tf: tf.raw_ops.OptionalHasValue(optional=tf.raw_ops.OptionalNone())),
    plain("ControlTrigger", triggered, (V,)),
]

FAILURES = [
    Failure(
        "TensorListPopBack", lambda tf: tf.raw_ops.TensorListPopBack(
            input_handle=empty(tf, tf.int32), element_shape=-1, element_dtype=tf.int32)[1], (),
        "InvalidArgumentError", "Trying to pop from an empty list", run=True,
    ),
    Failure(
        "TensorListGetItem", lambda tf, x: item(tf, rows(tf, x), 3, x.dtype), (M,),
        "InvalidArgumentError", "Trying to access element 3 in a list with 3 elements", run=True,
    ),
    Failure(
        "TensorListSetItem", lambda tf, x, y: stacked(tf, set_item(tf, rows(tf, x), 3, y), x.dtype), (M, V),
        "InvalidArgumentError", "Trying to modify element 3 in a list with 3 elements", run=True,
    ),
    Failure(
        "TensorListPushBack", lambda tf, x, y: stacked(tf, pushed(tf, x, y, shape=[2]), x.dtype), (V, M),
        "InvalidArgumentError", "Tried to append a tensor with incompatible shape to a list", run=True,
    ),
    Failure(
        "TensorListStack", lambda tf, x: stacked(tf, rows(tf, x), x.dtype, num_elements=2), (M,),
        "InvalidArgumentError", "Operation expected a list with 2 elements but got a list with 3 elements", run=True,
    ),
    Failure(
        "TensorListStack", lambda tf: stacked(tf, empty(tf, tf.float32), tf.float32), (),
        "InvalidArgumentError", "non-fully-defined element_shape", run=True,
    ),
    Failure(
        "TensorListReserve", lambda tf: stacked(tf, reserved(tf, tf.float32, -1, [2]), tf.float32), (),
        "InvalidArgumentError", "num_elements", run=True,
    ),
    Failure("StackPopV2", through_stack(1, 2), (V,), "InvalidArgumentError", r"is empty when calling Pop\(\)", run=True),
    Failure(
        "StackPushV2", through_stack(2, 1, max_size=1), (V,), "InvalidArgumentError", "overflowed its max_size", run=True
    ),
    Failure(
        "StackCloseV2", lambda tf, x: closed_stack(tf, x, use=True), (V,),
        "InvalidArgumentError", "has already been closed", run=True,
    ),
    Failure("OptionalGetValue", absent, (), "InvalidArgumentError", "does not have a value", run=True),
]  # fmt: skip
