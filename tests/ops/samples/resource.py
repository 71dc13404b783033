"""Resource variables: reading, changing and training them.

A sample makes its variables, initializes them, changes them, and returns what they hold then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

TABLE = np.arange(12, dtype=np.float32).reshape(4, 3) / 4
INTEGERS = np.array([[-7, 8, 9], [10, -11, 12]], np.int32)


def variables(tf: Any, *values: Any) -> list[Any]:
    return [tf.Variable(value, use_resource=True) for value in values]


def reading(value: Any, read: Callable[..., Any]) -> Callable[..., Any]:
    """A call that makes a variable and reads it with `read(tf, v, *inputs)`."""

    def call(tf: Any, *inputs: Any) -> Any:
        (v,) = variables(tf, value)
        with tf.control_dependencies([v.initializer]):
            return read(tf, v, *inputs)

    return call


def changing(value: Any, change: Callable[..., Any]) -> Callable[..., Any]:
    """A call that changes a variable with `change(tf, v, *inputs)`, and gives its value before and after."""

    def call(tf: Any, *inputs: Any) -> Any:
        (v,) = variables(tf, value)
        with tf.control_dependencies([v.initializer]):
            before = v.read_value()
        with tf.control_dependencies([before]):
            done = change(tf, v, *inputs)
        with tf.control_dependencies([done]):
            return [before, v.read_value()]

    return call


def training(kind: str, targets: tuple[str, ...], hyper: dict[str, Any], **attrs: Any) -> Callable[..., Any]:
    """A call of an update operation on a variable and its slots; the inputs are the gradient and perhaps indices."""

    def call(tf: Any, grad: Any, *indices: Any) -> Any:
        made = variables(tf, *[TABLE + 0.25 * (i + 1) for i in range(len(targets))])
        handles = {name: v.handle for name, v in zip(targets, made, strict=True)}
        where = {"indices": indices[0]} if indices else {}
        named = {("delta" if kind in DELTA else "grad"): grad}
        with tf.control_dependencies([v.initializer for v in made]):
            scalars = {
                name: tf.constant(x, tf.int64 if name == "global_step" else tf.float32) for name, x in hyper.items()
            }
            done = getattr(tf.raw_ops, kind)(**handles, **named, **where, **scalars, **attrs)
        with tf.control_dependencies([done]):
            return [v.read_value() for v in made]

    return call


DELTA = ("ResourceApplyGradientDescent", "ResourceApplyProximalGradientDescent")
L = {"lr": 0.1, "l1": 0.01, "l2": 0.02}
ADAM = {"beta1_power": 0.81, "beta2_power": 0.998, "lr": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
RMS = {"lr": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-3}
UPDATES: list[tuple[str, tuple[str, ...], dict[str, Any], dict[str, Any]]] = [
    ("GradientDescent", ("var",), {"alpha": 0.1}, {}),
    ("Momentum", ("var", "accum"), {"lr": 0.1, "momentum": 0.9}, {}),
    ("Momentum", ("var", "accum"), {"lr": 0.1, "momentum": 0.9}, {"use_nesterov": True}),
    ("Adam", ("var", "m", "v"), ADAM, {}),
    ("Adam", ("var", "m", "v"), ADAM, {"use_nesterov": True}),
    ("Adagrad", ("var", "accum"), {"lr": 0.1}, {}),
    ("Adagrad", ("var", "accum"), {"lr": 0.1}, {"update_slots": False}),
    ("AdagradDA", ("var", "gradient_accumulator", "gradient_squared_accumulator"), {**L, "global_step": 3}, {}),
    ("Adadelta", ("var", "accum", "accum_update"), {"lr": 0.1, "rho": 0.9, "epsilon": 1e-3}, {}),
    ("RMSProp", ("var", "ms", "mom"), RMS, {}),
    ("CenteredRMSProp", ("var", "mg", "ms", "mom"), {**RMS, "epsilon": 8.0}, {}),
    ("Ftrl", ("var", "accum", "linear"), {**L, "lr_power": -0.5}, {}),
    ("FtrlV2", ("var", "accum", "linear"), {**L, "l2_shrinkage": 0.1, "lr_power": -0.6}, {}),
    ("ProximalGradientDescent", ("var",), {"alpha": 0.1, "l1": 0.01, "l2": 0.02}, {}),
    ("ProximalAdagrad", ("var", "accum"), L, {}),
    ("AdaMax", ("var", "m", "v"), {k: v for k, v in ADAM.items() if k != "beta2_power"}, {}),
    ("AddSign", ("var", "m"), {"lr": 0.1, "alpha": 1.0, "sign_decay": 0.9, "beta": 0.8}, {}),
    ("PowerSign", ("var", "m"), {"lr": 0.1, "logbase": 1.0, "sign_decay": 0.9, "beta": 0.8}, {}),
    ("AdagradV2", ("var", "accum"), {"lr": 0.1, "epsilon": 0.5}, {}),
    ("KerasMomentum", ("var", "accum"), {"lr": 0.1, "momentum": 0.9}, {}),
    ("KerasMomentum", ("var", "accum"), {"lr": 0.1, "momentum": 0.9}, {"use_nesterov": True}),
    ("AdamWithAmsgrad", ("var", "m", "v", "vhat"), ADAM, {}),
]
GRAD = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0], [0.25, 0.5, 1.5], [-2.0, 1.0, 4.0]], np.float32)
NOT_SPARSE = ("GradientDescent", "Adam", "AdaMax", "AddSign", "PowerSign", "AdamWithAmsgrad")

UPDATE_SAMPLES = [
    *[
        Sample(f"ResourceApply{kind}", training(f"ResourceApply{kind}", targets, hyper, **attrs), (GRAD,), grad=False)
        for kind, targets, hyper, attrs in UPDATES
    ],
    *[
        Sample(
            f"ResourceSparseApply{kind}", training(f"ResourceSparseApply{kind}", targets, hyper, **attrs),
            (GRAD[:2], np.array([3, 1], np.int32)), grad=False,
        )
        for kind, targets, hyper, attrs in UPDATES
        if kind not in NOT_SPARSE
    ],
]  # fmt: skip

ROWS = np.array([[1.0, 2.0, 4.0], [0.5, -1.0, 8.0]], np.float32)
WHERE = np.array([2, 0], np.int32)


def scatter(name: str) -> Callable[..., Any]:
    return lambda tf, v, rows, where: getattr(v, name)(tf.IndexedSlices(rows, where))


SCATTERS = ["scatter_add", "scatter_sub", "scatter_mul", "scatter_div", "scatter_min", "scatter_max", "scatter_update"]
OPS = dict(zip(SCATTERS, ["Add", "Sub", "Mul", "Div", "Min", "Max", "Update"], strict=True))

SAMPLES = [
    Sample("ReadVariableOp", reading(TABLE, lambda tf, v: [v.read_value(), v + 1.0])),
    Sample("ReadVariableOp", reading(b"words", lambda tf, v: v.read_value())),
    Sample("ReadVariableOp", reading(TABLE, lambda tf, v, x: [v * x, tf.gradients(tf.reduce_sum(v * v * x), v)[0]]), (TABLE,), grad=False),
    Sample("VarIsInitializedOp", reading(TABLE, lambda tf, v: v.is_initialized())),
    Sample("VariableShape", reading(TABLE, lambda tf, v: tf.raw_ops.VariableShape(input=v.handle, out_type=tf.int64))),
    Sample("VarHandleOp", reading(3, lambda tf, v: tf.raw_ops.ReadVariableOp(resource=v.handle, dtype=tf.int32))),
    Sample("AssignVariableOp", changing(TABLE, lambda tf, v, x: v.assign(x)), (TABLE[::-1],), grad=False),
    Sample("AssignAddVariableOp", changing(TABLE, lambda tf, v, x: v.assign_add(x)), (TABLE,), grad=False),
    Sample("AssignSubVariableOp", changing(INTEGERS, lambda tf, v, x: v.assign_sub(x)), (INTEGERS * 2,)),
    Sample("DestroyResourceOp", reading(TABLE, lambda tf, v: destroyed(tf, v))),
    Sample("ResourceCountUpTo", reading(3, lambda tf, v: [tf.count_up_to(v, 5)])),
    Sample("ResourceGather", reading(TABLE, lambda tf, v, i: tf.gather(v, i)), (np.array([[3, 0], [1, 1]], np.int64),)),
    Sample("ResourceGather", reading(INTEGERS, lambda tf, v, i: v.sparse_read(i)), (np.array(1, np.int32),)),
    Sample("ResourceGather", reading(TABLE, lambda tf, v, i: tf.gradients(tf.gather(v, i), v)[0]), (np.array([1, 1], np.int32),)),
    Sample("ResourceGatherNd", reading(TABLE, lambda tf, v, i: tf.gather_nd(v, i)), (np.array([[3, 0], [1, 1]], np.int64),)),
    Sample("ResourceGatherNd", reading(TABLE, lambda tf, v, i: [v.gather_nd(i), tf.gradients(v.gather_nd(i), v)[0]]), (np.array([[3], [1]], np.int32),)),
    Sample("ResourceGatherNd", reading(TABLE, lambda tf, v, i: tf.gradients(v.gather_nd(i), v)[0]), (np.array([[3, 1], [3, 1]], np.int32),)),
    *[Sample(f"ResourceScatter{OPS[name]}", changing(TABLE, scatter(name)), (ROWS, WHERE), grad=False) for name in SCATTERS],
    Sample("ResourceScatterAdd", changing(TABLE, scatter("scatter_add")), (ROWS, np.array([1, 1], np.int64)), grad=False),
    Sample("ResourceScatterUpdate", changing(TABLE, lambda tf, v, x: tf.scatter_update(v, 2, x)), (ROWS[0],), grad=False),
    Sample("ResourceScatterDiv", changing(INTEGERS, lambda tf, v, x: tf.raw_ops.ResourceScatterDiv(resource=v.handle, indices=[0, 1, 0], updates=x)), (np.array([[2, 3, -4], [3, 4, 5], [-1, 2, 1]], np.int32),)),
    Sample("ResourceScatterMul", changing(TABLE, lambda tf, v, x: tf.raw_ops.ResourceScatterMul(resource=v.handle, indices=[0, 0], updates=x)), (np.float32(3.0),), grad=False),
    Sample("ResourceScatterUpdate", changing([b"a", b"b", b"c"], lambda tf, v: tf.scatter_update(v, [0, 2], [b"x", b"yy"]))),
    Sample("ResourceScatterNdUpdate", changing(TABLE, lambda tf, v, x: tf.scatter_nd_update(v, [[1, 2], [3, 0]], x)), (np.array([7.0, 8.0], np.float32),), grad=False),
    Sample("ResourceScatterNdAdd", changing(TABLE, lambda tf, v, x: tf.scatter_nd_add(v, [[1], [1]], x)), (ROWS,), grad=False),
    Sample("ResourceScatterNdSub", changing(INTEGERS, lambda tf, v, x: tf.scatter_nd_sub(v, [[[1, 2]], [[0, 0]]], x)), (np.array([[5], [6]], np.int32),)),
    Sample("ResourceStridedSliceAssign", changing(TABLE, lambda tf, v, x: v[1:3, ::2].assign(x)), (np.ones((2, 2), np.float32),), grad=False),
    Sample("ResourceStridedSliceAssign", changing(INTEGERS, lambda tf, v, x: v[..., -1].assign(x)), (np.array([1, 2], np.int32),)),
    *UPDATE_SAMPLES,
]  # fmt: skip


def destroyed(tf: Any, v: Any) -> Any:
    """Whether a variable has a value before and after it is destroyed."""
    before = v.is_initialized()
    with tf.control_dependencies([before]):
        done = tf.raw_ops.DestroyResourceOp(resource=v.handle)
    with tf.control_dependencies([done]):
        return [before, v.is_initialized()]


FAILURES = [
    Failure("ReadVariableOp", lambda tf: variables(tf, 1.0)[0] * 2.0, (), "FailedPreconditionError", "uninitialized", run=True),
    Failure("AssignAddVariableOp", lambda tf: variables(tf, 1.0)[0].assign_add(1.0).op, (), "NotFoundError", "does not exist", run=True),
    Failure("ReadVariableOp", lambda tf: tf.raw_ops.ReadVariableOp(resource=variables(tf, 1.0)[0].handle, dtype=tf.int32), (), "ValueError", "Trying to read variable with wrong dtype. Expected float got int32"),
    Failure("AssignVariableOp", lambda tf: tf.raw_ops.AssignVariableOp(resource=variables(tf, 1.0)[0].handle, value=1), (), "ValueError", "variable with wrong dtype. Expected float got int32"),
    Failure("AssignAddVariableOp", lambda tf: variables(tf, [1.0, 2.0])[0].assign_add([1.0, 2.0, 3.0]), (), "ValueError", "Dimension 0 in both shapes must be equal, but are 2 and 3"),
    Failure("AssignAddVariableOp", changing([1.0, 2.0], lambda tf, v, x: v.assign_add(x)), (ROWS,), "InvalidArgumentError", "Cannot update variable with shape", run=True),
    Failure("AssignVariableOp", lambda tf: variables(tf, [1.0, 2.0])[0].assign(["a", "b"]), (), "TypeError", "Expected float32"),
    Failure("ResourceCountUpTo", reading(3, lambda tf, v: tf.count_up_to(v, 3)), (), "OutOfRangeError", "Reached limit of 3", run=True),
    Failure("ResourceCountUpTo", reading(1.0, lambda tf, v: tf.count_up_to(v, 3)), (), "TypeError", "not in list of allowed values: int32, int64"),
    Failure("ResourceGather", reading(TABLE, lambda tf, v: tf.gather(v, [0, 7])), (), "InvalidArgumentError", r"indices\[1\] = 7 is not in \[0, 4\)", run=True),
    Failure("ResourceGather", reading(1.0, lambda tf, v: tf.gather(v, [0])), (), "ValueError", "Shape must be at least rank 1 but is rank 0"),
    Failure("ResourceGather", reading(TABLE, lambda tf, v: tf.gather(v, [0.5])), (), "TypeError", "not in list of allowed values: int32, int64"),
    Failure("ResourceGatherNd", reading(TABLE, lambda tf, v: v.gather_nd([[9, 0]])), (), "InvalidArgumentError", r"indices\[0\] = \[9, 0\] does not index into param shape \[4,3\]", run=True),
    Failure("ResourceScatterAdd", changing(TABLE, lambda tf, v: tf.scatter_add(v, [4], [[1.0, 1.0, 1.0]])), (), "InvalidArgumentError", r"indices\[0\] = 4 is not in \[0, 4\)", run=True),
    Failure("ResourceScatterAdd", changing(TABLE, lambda tf, v: tf.scatter_add(v, [1], [[1.0, 1.0]])), (), "ValueError", "Dimension 1 in both shapes must be equal|Dimensions must be equal"),
    Failure("ResourceScatterNdUpdate", changing(TABLE, lambda tf, v: tf.scatter_nd_update(v, [[9]], [[1.0, 1.0, 1.0]])), (), "InvalidArgumentError", r"indices\[0\] = \[9\] does not index into shape \[4,3\]", run=True),
    Failure("ResourceStridedSliceAssign", changing(TABLE, lambda tf, v: v[1:2, 0].assign([1.0, 2.0])), (), "InvalidArgumentError", r"Cannot broadcast input shape \[2\] into final shape \[1\]", run=True),
    Failure("ResourceApplyGradientDescent", lambda tf: tf.raw_ops.ResourceApplyGradientDescent(var=variables(tf, [1.0, 2.0])[0].handle, alpha=0.1, delta=[1.0]), (), "ValueError", "Dimension 0 in both shapes must be equal, but are 2 and 1"),
    Failure("ResourceApplyGradientDescent", lambda tf: tf.raw_ops.ResourceApplyGradientDescent(var=variables(tf, [1.0])[0].handle, alpha=0.1, delta=[1.0]), (), "InternalError", "Invalid variable reference.", run=True),
]  # fmt: skip
