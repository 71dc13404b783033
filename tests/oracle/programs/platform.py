"""Templates, device names, constants known while building, switches, the checker of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


@program("graph", "values")
def template_shares_its_variables(tf: Any) -> Any:
    def layer(x: Any, units: int) -> Any:
        w = tf.get_variable("w", [x.shape[1], units], initializer=tf.ones_initializer())
        return tf.matmul(x, w, name="product")

    dense = tf.make_template("dense", layer, units=2)
    a, b = dense(tf.constant([[1.0, 2.0]])), dense(tf.constant([[3.0, 4.0]]))
    return {"a": a, "b": b, "names": [v.name for v in dense.variables], "scope": dense.variable_scope.name}


@program("graph", "values")
def templates_in_scopes_and_of_one_name(tf: Any) -> Any:
    def scaled(x: Any) -> Any:
        return x * tf.get_variable("w", [], initializer=tf.constant_initializer(2.0))

    first = tf.make_template("scale", scaled)
    second = tf.make_template("scale", scaled, create_scope_now_=True)
    with tf.variable_scope("outer"):
        third = tf.make_template("scale", scaled)
        inside = third(5.0)
    values = [first(1.0), second(2.0), first(3.0), second(4.0), inside, third(6.0)]
    return {"values": values, "names": [v.name for v in tf.global_variables()]}


@program("graph", "values")
def template_refuses_new_variables(tf: Any) -> Any:
    template = tf.make_template("h", lambda x: x * tf.Variable(1.0, name="v"))
    template(1.0)
    try:
        template(1.0)
    except ValueError as error:
        return {"error": str(error).split(", perhaps")[0]}


@program("graph", "values")
def devices_by_their_parts(tf: Any) -> Any:
    spec = tf.DeviceSpec(job="localhost", device_type="cpu", device_index=0)
    with tf.device(spec):
        a = tf.constant(1, name="a")
        with tf.device("/replica:0/task:0"):
            b = tf.constant(2, name="b")
    merged = tf.DeviceSpec.from_string("/job:a/cpu:1")
    merged.merge_from(tf.DeviceSpec(task=3, device_type="GPU"))
    return {"a": a.device, "b": b.device, "merged": merged.to_string(), "spec": spec.to_string()}


@program("graph", "values")
def old_way_to_open_a_scope(tf: Any) -> Any:
    x = tf.constant(1.0)
    with tf.op_scope([x], None, "default") as scope:
        y = x + 1.0
    with tf.op_scope([x], "named", "default"):
        z = x + 2.0
    return {"scope": scope, "y": y, "z": z}


@program("graph", "values")
def what_is_known_while_building(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    known = tf.get_static_value
    return {
        "constant": known(tf.constant([1, 2])).tolist(),
        "rank": int(known(tf.rank(x))),
        "fed": known(x),
        "shape": known(tf.shape(x)),
        "part": [None if v is None else int(v) for v in known(tf.stack([tf.shape(x)[0], 7]), partial=True)],
        "range": known(tf.range(3)).tolist(),
        "sum": known(tf.constant(1) + 2),
        "cast": known(tf.cast(tf.constant([1.7]), tf.int32)).tolist(),
        "fill": known(tf.fill([2], 5)).tolist(),
        "tensor": [tf.is_tensor(x), tf.is_tensor(np.ones(2)), tf.is_tensor(tf.Variable(1.0))],
    }


@program("values")
def gradients_checked(tf: Any) -> Any:
    x = tf.constant([0.5, 1.5], name="x")
    y = tf.sin(x) * x[0]
    with tf.Session():
        exact, approximate = tf.test.compute_gradient(x, [2], y, [2], x_init_value=np.float32([0.5, 1.5]))
    return {"exact": exact, "approximate": np.round(approximate, 2)}
