"""Resource variables: their nodes, when they are read and changed, training with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


def resource(tf: Any, value: Any, name: str, **options: Any) -> Any:
    return tf.Variable(value, name=name, use_resource=True, **options)


@program("graph", "values")
def resource_variable(tf: Any) -> Any:
    v = tf.get_variable("v", initializer=tf.constant([1.0, 2.0]), use_resource=True)
    y = v * 2.0
    return {"y": y, "again": y + v}


@program("graph")
def a_resource_variable_is_five_nodes(tf: Any) -> None:
    resource(tf, [1.0, 2.0], "v")
    tf.Variable(tf.zeros([784, 10]), use_resource=True)
    tf.Variable(lambda: tf.ones([2]), name="lazy", use_resource=True)
    resource(tf, 3, "fixed", trainable=False, dtype=tf.float32)
    tf.get_variable("w", [3, 4], use_resource=True)
    tf.get_variable("number", initializer=0.5, use_resource=True)


@program("values")
def properties_of_a_resource_variable(tf: Any) -> Any:
    v = resource(tf, [[1.0, 2.0]], "v")
    changed = v.assign([[3.0, 4.0]])
    return {
        "names": [
            v.name,
            v.op.name,
            v.op.type,
            v.initializer.name,
            v.initial_value.name,
            v.handle.name,
            v.value().name,
        ],
        "printed": [str(v), repr(changed)],
        "changed": [changed.name, changed.op.name, changed.op.type],
        "dtype": [v.dtype.name, v.handle.dtype.name, v.value().dtype.name],
        "shape": [v.shape.as_list(), v.handle.shape.as_list(), changed.shape.as_list()],
        "global": [x.name for x in tf.global_variables()],
        "trainable": [x.name for x in tf.trainable_variables()],
    }


@program("values")
def who_decides_the_kind(tf: Any) -> Any:
    def kinds() -> list[str]:
        with tf.variable_scope("s", reuse=tf.AUTO_REUSE), tf.variable_scope(None, default_name="d"):
            made = [tf.get_variable("a", [1]), tf.Variable(1.0), tf.get_variable("b", [1], use_resource=True)]
        return [v.op.type for v in made]

    result = {"default": kinds()}
    with tf.variable_scope("res", use_resource=True):
        result["scope"] = kinds()
        with tf.variable_scope("ref", use_resource=False):
            result["inner scope"] = kinds()
    tf.enable_resource_variables()
    try:
        result["enabled"] = [tf.resource_variables_enabled(), *kinds()]
        result["not this one"] = tf.Variable(1.0, use_resource=False).op.type
    finally:
        tf.disable_resource_variables()
    return result


@program("graph", "values")
def assignments_to_a_resource_variable(tf: Any) -> Any:
    v = resource(tf, [1.0, 2.0], "v")
    w = resource(tf, 7, "w")
    ops = [v.assign([3.0, 4.0]), v.assign_add([1.0, 1.0]), v.assign_sub([0.5, 0.5]), tf.assign(v, v * 2)]
    ops += [tf.assign_add(w, 3, name="up"), tf.assign_sub(w, 1, name="down"), v.assign([0.0, 9.0], read_value=False)]
    with tf.Session() as sess:
        sess.run([v.initializer, w.initializer])
        return [sess.run(op) for op in ops] + sess.run([v, w])


@program("graph", "values")
def reading_is_an_operation(tf: Any) -> Any:
    v = resource(tf, 1.0, "v")
    before = v.read_value()
    with tf.control_dependencies([before]):
        change = v.assign_add(10.0)
    with tf.control_dependencies([change]):
        after = tf.identity(v)
        product = v * 2.0
    return {"before": before, "after": after, "product": product, "change": change.read_value()}


@program("values")
def what_was_read_stays(tf: Any) -> Any:
    results = {}
    for kind in (False, True):
        v = tf.Variable([1.0, 2.0], use_resource=kind)
        seen = v.value() if kind else tf.identity(v)
        with tf.control_dependencies([seen]):
            change = tf.assign(v, [5.0, 6.0])
        with tf.control_dependencies([change.op]):
            late = seen + 0.0
        with tf.Session() as sess:
            sess.run(v.initializer)
            results[str(kind)] = sess.run(late)
    return {"resource": results["True"]}


@program("graph", "values")
def rows_of_a_resource_variable(tf: Any) -> Any:
    table = resource(tf, np.arange(12, dtype=np.float32).reshape(4, 3), "table")
    rows = tf.gather(table, [2, 0, 2])
    looked_up = tf.nn.embedding_lookup(table, [[1], [3]])
    element = tf.gather_nd(table, [[1, 2], [3, 0]])
    columns = tf.gather(table, [1], axis=1)
    ys = tf.reduce_sum(rows * rows) + tf.reduce_sum(looked_up)
    slices = tf.gradients(ys, table)[0]
    at = tf.gradients(tf.reduce_sum(element * 2.0), table)[0]
    return {"rows": rows, "looked up": looked_up, "elements": element, "columns": columns, "slices": slices, "at": at}


@program("graph", "values")
def rows_are_changed(tf: Any) -> Any:
    v = resource(tf, np.arange(6, dtype=np.float32).reshape(3, 2), "v")
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([0, 2]))
    ops = [v.scatter_add(slices), v.scatter_sub(slices), v.scatter_update(slices), v.scatter_mul(slices)]
    ops += [v.scatter_div(slices), v.scatter_min(slices), v.scatter_max(slices)]
    ops += [tf.scatter_add(v, [1, 1], [[1.0, 1.0], [2.0, 2.0]]), tf.scatter_update(v, [0], [[7.0, 8.0]])]
    ops += [
        v.scatter_nd_add([[0, 1]], [5.0]),
        v.scatter_nd_sub([[2]], [[1.0, 1.0]]),
        tf.scatter_nd_update(v, [[1, 0]], [9.0]),
    ]
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [sess.run(op) for op in ops]


@program("graph", "values")
def a_batch_of_rows_is_changed(tf: Any) -> Any:
    results = []
    for kind in (False, True):
        v = tf.Variable(tf.zeros([2, 3, 2]), use_resource=kind)
        change = tf.batch_scatter_update(v, [[0], [2]], [[[1.0, 2.0]], [[3.0, 4.0]]])
        with tf.Session() as sess:
            sess.run(v.initializer)
            results.append(sess.run(change))
    return results


@program("graph", "values")
def parts_are_assigned(tf: Any) -> Any:
    results = []
    for kind in (False, True):
        v = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4), name="v", use_resource=kind)
        ops = [
            v[1:2].assign([[9.0, 8.0, 7.0, 6.0]]),
            v[0, ::2].assign([5.0, 5.0]),
            v[..., 3].assign([1.0, 2.0, 3.0], name="last"),
        ]
        with tf.Session() as sess:
            sess.run(v.initializer)
            results.append([sess.run(op) for op in ops])
    return results


@program("graph", "values")
def which_have_a_value(tf: Any) -> Any:
    v = resource(tf, [1.0], "v")
    w = tf.Variable([2.0], name="w")
    has_value = [tf.is_variable_initialized(v), v.is_initialized(), tf.is_variable_initialized(w)]
    missing = tf.report_uninitialized_variables([v, w])
    ranks = tf.assert_variables_initialized([v, w])
    with tf.Session() as sess:
        result = [sess.run(has_value), sess.run(missing)]
        sess.run(v.initializer)
        result += [sess.run(has_value), sess.run(missing)]
        sess.run(w.initializer)
        return [*result, sess.run(missing), sess.run(ranks)]


@program("graph", "values")
def counting(tf: Any) -> Any:
    v = resource(tf, 0, "v")
    up = tf.count_up_to(v, 2)
    with tf.Session() as sess:
        sess.run(v.initializer)
        result = [sess.run(up), sess.run(up)]
        try:
            sess.run(up)
        except tf.errors.OutOfRangeError:
            result.append("the end")
        v.load(1, sess)
        return [*result, sess.run(up)]


def model(tf: Any, optimizer: Any) -> Any:
    tf.set_random_seed(3)
    x = tf.constant([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])
    with tf.variable_scope("layer", use_resource=True):
        w = tf.get_variable("w", initializer=tf.constant([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]]))
        b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
        step = tf.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - 1.0))
    train = optimizer(step).minimize(loss, global_step=step)
    return trained(tf, train, [w, b, loss])


def trained(tf: Any, train: Any, watched: list[Any], steps: int = 3) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(steps):
            sess.run(train)
        return sess.run(watched) + sess.run(tf.global_variables())


def sparse_model(tf: Any, optimizer: Any) -> Any:
    table = tf.get_variable(
        "table", initializer=tf.constant(np.arange(8, dtype=np.float32).reshape(4, 2) / 4), use_resource=True
    )
    step = tf.train.get_or_create_global_step()
    rows = tf.nn.embedding_lookup(table, [1, 3, 1])
    loss = tf.reduce_sum(tf.square(rows - 1.0))
    return trained(tf, optimizer(step).minimize(loss, global_step=step), [table])


OPTIMIZERS: dict[str, Any] = {
    "gradient_descent": lambda tf, step: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda tf, step: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda tf, step: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda tf, step: tf.train.AdagradOptimizer(0.1),
    "adagrad_da": lambda tf, step: tf.train.AdagradDAOptimizer(0.1, step, l2_regularization_strength=0.1),
    "adadelta": lambda tf, step: tf.train.AdadeltaOptimizer(1.0),
    "rmsprop": lambda tf, step: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
    "centered_rmsprop": lambda tf, step: tf.train.RMSPropOptimizer(0.1, centered=True),
    "ftrl": lambda tf, step: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
    "ftrl_with_shrinkage": lambda tf, step: tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.1),
    "proximal_gradient_descent": lambda tf, step: tf.train.ProximalGradientDescentOptimizer(0.1, 0.01, 0.01),
    "proximal_adagrad": lambda tf, step: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01, 0.01),
}
for key, make in OPTIMIZERS.items():
    program("graph", "values", name=f"train_{key}")(lambda tf, make=make: model(tf, lambda step: make(tf, step)))
    program("graph", "values", name=f"train_rows_{key}")(
        lambda tf, make=make: sparse_model(tf, lambda step: make(tf, step))
    )


@program("graph", "values")
def resource_variables_in_parts(tf: Any) -> Any:
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2), use_resource=True):
        w = tf.get_variable("w", [5, 2], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [1], initializer=tf.ones_initializer())
    y = tf.matmul(tf.ones([1, 5]), w) + b
    grads = tf.gradients(y, list(w))
    rows = tf.nn.embedding_lookup(w, [0, 4], partition_strategy="div")
    return {"y": y, "grads": grads, "rows": rows}


@program("graph", "values")
def a_constraint_after_each_step(tf: Any) -> Any:
    w = resource(tf, [1.0, -2.0], "w", constraint=lambda v: tf.clip_by_value(v, -1.0, 1.0))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(w * w * w))
    return trained(tf, train, [w], 1)


@program("graph", "values")
def the_gradient_of_two_readings(tf: Any) -> Any:
    w = resource(tf, [1.0, -2.0], "w")
    y = tf.reduce_sum(w * w + tf.square(w))
    first = tf.gradients(y, w)[0]
    second = tf.gradients(first, w)[0]
    return {"first": first, "second": second, "by hand": tf.gradients(y, w.handle)[0]}


@program(error="ValueError", says="Shapes (2,) and (3,) are incompatible")
def assigning_another_shape(tf: Any) -> None:
    resource(tf, [1.0, 2.0], "v").assign([1.0, 2.0, 3.0])


@program(error="FailedPreconditionError", says="uninitialized")
def reading_before_the_initializer(tf: Any) -> None:
    v = resource(tf, [1.0, 2.0], "v")
    with tf.Session() as sess:
        sess.run(v * 2.0)


@program(error="ValueError", says="Dimension 0 in both shapes must be equal, but are 2 and 3")
def adding_another_shape(tf: Any) -> None:
    resource(tf, [1.0, 2.0], "v").assign_add([1.0, 2.0, 3.0])


@program(error="InvalidArgumentError", says="indices[1] = 7 is not in [0, 2)")
def a_row_that_is_not_there(tf: Any) -> None:
    v = resource(tf, [1.0, 2.0], "v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(tf.gather(v, [0, 7]))


@program("graph", "values")
def a_loss_that_does_not_depend_on_it(tf: Any) -> Any:
    v, big = resource(tf, [1.0, 2.0], "v"), resource(tf, tf.zeros([40, 50]), "big")
    zero = tf.UnconnectedGradients.ZERO
    return tf.gradients(tf.constant(3.0) * 2.0, [v, big], unconnected_gradients=zero)


@program("values")
def inside_branches_and_loops(tf: Any) -> Any:
    v = resource(tf, [1.0, 2.0], "v")
    chosen = tf.cond(tf.reduce_sum(v) > 2.0, lambda: tf.reduce_sum(v * v * v), lambda: tf.reduce_sum(tf.gather(v, [0])))
    other = tf.cond(tf.reduce_sum(v) > 9.0, lambda: tf.reduce_sum(v * v * v), lambda: tf.reduce_sum(tf.gather(v, [0])))
    _, looped = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + tf.reduce_sum(v * v)), [0, 0.0])
    counter = resource(tf, 0, "counter")

    def count(i: Any) -> Any:
        with tf.control_dependencies([counter.assign_add(i)]):
            return i + 1

    with tf.control_dependencies([tf.while_loop(lambda i: i < 4, count, [0])]):
        total = tf.identity(counter)
    grads = [tf.gradients(y, v)[0] for y in (chosen, looped)]
    return {
        "y": [chosen, other, looped, total],
        "grads": grads,
        "rows": tf.convert_to_tensor(tf.gradients(other, v)[0]),
    }
