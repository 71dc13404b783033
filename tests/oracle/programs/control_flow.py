"""Branches and loops: the nodes inside them, how many nodes they count for, and the numbers they give."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


@program("skeleton", "values")
def cond_of_two_expressions(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.float32(-2.0), [], name="x")
    w = tf.Variable(3.0, name="w")
    y = tf.cond(x < 0, lambda: -x * w, lambda: tf.exp(x) * w)
    return {"y": y, "name": y.name, "dx": tf.gradients(y, [x, w])}


@program("skeleton", "values")
def cond_returns_what_is_outside(tf: Any) -> Any:
    a, b = tf.constant(1), tf.constant(2)
    return {"r": tf.cond(a < b, lambda: a, lambda: b), "same": tf.cond(a > b, lambda: [a, b], lambda: [b, b])}


@program("skeleton", "values")
def cond_of_constants_and_lists(tf: Any) -> Any:
    p = tf.placeholder_with_default(True, [], name="p")
    one = tf.cond(p, lambda: [tf.constant(1.0)], lambda: [tf.constant(2.0)])
    kept = tf.cond(p, lambda: [tf.constant(1.0)], lambda: [tf.constant(2.0)], strict=True)
    pair = tf.cond(p, lambda: (tf.constant(1), tf.constant([2.0])), lambda: (tf.constant(3), tf.constant([4.0])))
    named = tf.cond(p, lambda: {"a": 1, "b": 2.0}, lambda: {"a": 3, "b": 4.0})
    return {"one": one, "kept": kept, "pair": pair, "named": [named["a"], named["b"]]}


@program("skeleton", "values")
def cond_assigns(tf: Any) -> Any:
    v = tf.Variable(10.0, name="v")
    p = tf.placeholder_with_default(True, [], name="p")
    changed = tf.cond(p, lambda: tf.assign_add(v, 1.0), lambda: tf.identity(v))
    with tf.control_dependencies([changed]):
        after = tf.identity(v)
    return {"changed": changed, "after": after}


@program("skeleton", "values")
def cond_of_operations(tf: Any) -> Any:
    v = tf.Variable(1.0, name="v")
    p = tf.placeholder_with_default(False, [], name="p")
    done = tf.cond(p, lambda: tf.group(v.assign(5.0)), lambda: tf.no_op())
    return {"done": done}


@program("skeleton", "values")
def cond_in_cond(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.float32(0.5), [], name="x")
    y = tf.cond(x < 0, lambda: x, lambda: tf.cond(x < 1, lambda: x * x, lambda: x * x * x))
    return {"y": y, "dx": tf.gradients(y, x)}


@program("skeleton", "values")
def random_after_a_cond(tf: Any) -> Any:
    tf.set_random_seed(7)
    p = tf.placeholder_with_default(True, [], name="p")
    a = tf.cond(p, lambda: tf.random_normal([2]), lambda: tf.zeros([2]))
    return {"a": a, "b": tf.random_uniform([3])}


@program("skeleton", "values")
def case_with_default(tf: Any) -> Any:
    x = tf.placeholder_with_default(3.0, [], name="x")
    pairs = [(x < 1, lambda: tf.constant(1)), (x < 5, lambda: tf.constant(2))]
    return {"r": tf.case(pairs, default=lambda: tf.constant(0))}


@program("skeleton", "values")
def case_exclusive(tf: Any) -> Any:
    x = tf.placeholder_with_default(0.5, [], name="x")
    pairs = [(x < 1, lambda: x * 2), (x > 5, lambda: x * 3)]
    return {"r": tf.case(pairs, default=lambda: x, exclusive=True)}


@program("skeleton", "values")
def loop_counts(tf: Any) -> Any:
    i = tf.constant(0)
    last = tf.while_loop(lambda i: i < 10, lambda i: i + 1, [i])
    return {"last": last, "name": last.name}


@program("skeleton", "values")
def loop_of_two_variables(tf: Any) -> Any:
    i, x = tf.constant(0), tf.placeholder_with_default(np.float32(0.3), [], name="x")
    w = tf.Variable(1.1, name="w")
    _, y = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * w + tf.sin(y)), (i, x))
    return {"y": y, "dy": tf.gradients(y, [x, w])}


@program("skeleton", "values")
def loop_with_maximum(tf: Any) -> Any:
    a = tf.while_loop(lambda i: True, lambda i: i + 2, [tf.constant(0)], maximum_iterations=3)
    b = tf.while_loop(lambda i, s: i < 9, lambda i, s: [i + 1, s + i], [0, 0], maximum_iterations=4)
    return {"a": a, "b": b}


@program("skeleton", "values")
def loop_with_shape_invariants(tf: Any) -> Any:
    i, m = tf.constant(0), tf.ones([2, 2])
    r = tf.while_loop(
        lambda i, m: i < 3, lambda i, m: [i + 1, tf.concat([m, m], axis=0)], [i, m],
        shape_invariants=[i.get_shape(), tf.TensorShape([None, 2])],
    )  # fmt: skip
    return {"r": r[1], "shape": str(r[1].shape)}


@program("skeleton", "values")
def loop_in_a_loop(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.array([1.0, 2.0], np.float32), [2], name="x")

    def outer(i: Any, acc: Any) -> Any:
        inner = tf.while_loop(lambda j, v: j < i, lambda j, v: (j + 1, v * x), (tf.constant(0), acc))
        return i + 1, inner[1] + 1.0

    _, r = tf.while_loop(lambda i, acc: i < 4, outer, (tf.constant(0), tf.ones([2])))
    return {"r": r, "dx": tf.gradients(r, x)}


@program("skeleton", "values")
def cond_in_a_loop(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.float32(1.5), [], name="x")

    def body(i: Any, acc: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: acc * x, lambda: acc + x)

    _, r = tf.while_loop(lambda i, acc: i < 5, body, (tf.constant(0), tf.constant(1.0)))
    return {"r": r, "dx": tf.gradients(r, x)}


@program("skeleton", "values")
def loop_in_a_cond(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.float32(2.0), [], name="x")

    def power() -> Any:
        return tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * x), (tf.constant(0), x))[1]

    y = tf.cond(x > 1, power, lambda: x)
    return {"y": y, "dx": tf.gradients(y, x)}


@program("skeleton", "values")
def loop_with_a_structure(tf: Any) -> Any:
    start = (tf.constant(0), {"a": tf.constant([1.0]), "b": (tf.constant(2.0), tf.constant(3))})

    def body(i: Any, s: Any) -> Any:
        return i + 1, {"a": s["a"] * 2.0, "b": (s["b"][0] + 1.0, s["b"][1] + i)}

    i, s = tf.while_loop(lambda i, s: i < 3, body, start)
    return {"i": i, "a": s["a"], "b": s["b"]}


@program("skeleton", "values")
def loop_assigns(tf: Any) -> Any:
    v = tf.Variable(0, name="v")

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, i)]):
            return i + 1

    last = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.control_dependencies([last]):
        after = tf.identity(v)
    return {"last": last, "after": after}


@program("values")
def random_after_a_loop(tf: Any) -> Any:
    tf.set_random_seed(3)
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.random_uniform([2])), (0, tf.zeros([2])))
    return {"y": y, "z": tf.random_uniform([2])}


@program("skeleton", "values")
def map_rows(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.arange(6, dtype=np.float32).reshape(3, 2), [3, 2], name="x")
    w = tf.Variable(2.0, name="w")
    y = tf.map_fn(lambda r: r * r * w, x)
    return {"y": y, "name": y.name, "d": tf.gradients(y, [x, w])}


@program("skeleton", "values")
def map_to_another_dtype(tf: Any) -> Any:
    x = tf.constant([[1, 2, 3], [4, 5, 6]])
    y = tf.map_fn(lambda r: (tf.reduce_sum(r), tf.cast(r, tf.float32) / 2.0), x, dtype=(tf.int32, tf.float32))
    return {"y": y}


@program("skeleton", "values")
def fold(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.arange(4, dtype=np.float32), [4], name="x")
    left = tf.foldl(lambda a, r: a * 2.0 + r, x)
    right = tf.foldr(lambda a, r: a * 2.0 + r, x, initializer=1.0)
    return {"left": left, "right": right, "d": tf.gradients(left + right, x)}


@program("skeleton", "values")
def scan_sums(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.arange(6, dtype=np.float32).reshape(3, 2), [None, 2], name="x")
    y = tf.scan(lambda a, r: a + r * r, x, initializer=tf.zeros([2]))
    z = tf.scan(lambda a, r: a * r, x, reverse=True)
    return {"y": y, "z": z, "d": tf.gradients(y, x), "dz": tf.gradients(z, x)}


@program("skeleton", "values")
def arrays_in_a_loop(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.array([3.0, 1.0, 2.0], np.float32), [3], name="x")
    read = tf.TensorArray(tf.float32, size=3, clear_after_read=False).unstack(x)
    write = tf.TensorArray(tf.float32, size=3)

    def body(i: Any, total: Any, out: Any) -> Any:
        total = total + read.read(i)
        return i + 1, total, out.write(i, total * total)

    _, total, out = tf.while_loop(lambda i, t, a: i < 3, body, (0, 0.0, write))
    y = out.stack()
    return {"total": total, "y": y, "d": tf.gradients(y, x), "size": out.size()}


@program("values")
def arrays_joined_and_split(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.arange(6, dtype=np.float32).reshape(6, 1), [6, 1], name="x")
    cut = tf.TensorArray(tf.float32, size=3, infer_shape=False).split(x, [1, 3, 2])
    part = cut.read(1)
    new = tf.TensorArray(tf.float32, size=2, infer_shape=False).write(0, x[:2]).write(1, part * 2.0)
    y = new.concat()
    picked = tf.TensorArray(tf.float32, size=6).unstack(x).gather([4, 1])
    return {"y": y, "part": part, "picked": picked, "d": tf.gradients(y, x), "dp": tf.gradients(picked, x)}


@program("values")
def gradients_through_what_loops_take(tf: Any) -> Any:
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="table")

    def body(i: Any, acc: Any) -> Any:
        return i + 1, acc + tf.reduce_sum(tf.nn.embedding_lookup(table, [i, 0]) ** 2)

    _, r = tf.while_loop(lambda i, acc: i < 3, body, (0, 0.0))
    return {"r": r, "d": tf.convert_to_tensor(tf.gradients(r, table)[0])}


@program("values")
def second_derivative_through_a_cond(tf: Any) -> Any:
    x = tf.placeholder_with_default(np.float32(1.5), [], name="x")
    y = tf.cond(x > 0, lambda: x**3 * tf.sin(x), lambda: x)
    (dx,) = tf.gradients(y, x)
    return {"dx": dx, "dxx": tf.gradients(dx, x)}


@program(error="ValueError", says="must have a return value")
def branch_without_result(tf: Any) -> Any:
    tf.cond(tf.constant(True), lambda: None, lambda: tf.constant(1))


@program(error="TypeError", says="bool")
def predicate_of_python(tf: Any) -> Any:
    tf.cond(True, lambda: tf.constant(1), lambda: tf.constant(2))


@program(error="ValueError", says="must have the same type")
def branches_of_two_dtypes(tf: Any) -> Any:
    tf.cond(tf.constant(True), lambda: tf.constant(1), lambda: tf.constant(2.0))


@program(error="ValueError", says="same nested structure")
def branches_of_two_lengths(tf: Any) -> Any:
    tf.cond(tf.constant(True), lambda: [tf.constant(1), tf.constant(1)], lambda: [tf.constant(2)] * 3)


@program(error="ValueError", says="enters the loop with shape (1,), but has shape (2,) after one iteration")
def loop_changes_shape(tf: Any) -> Any:
    tf.while_loop(lambda m: tf.shape(m)[0] < 9, lambda m: tf.concat([m, m], 0), [tf.ones([1])])


@program(error="ValueError", says="No loop variables")
def loop_without_variables(tf: Any) -> Any:
    tf.while_loop(lambda: True, list, [])


@program(error="TypeError", says="callable")
def loop_without_a_function(tf: Any) -> Any:
    tf.while_loop(tf.constant(True), lambda i: i, [1])


@program(error="ValueError", says="same nested structure")
def body_returns_too_few(tf: Any) -> Any:
    tf.while_loop(lambda i, j: i < 3, lambda i, j: [i + 1], [0, 0])


@program(error="ValueError", says="because")
def tensor_of_a_loop_used_outside(tf: Any) -> Any:
    kept = []

    def body(i: Any) -> Any:
        kept.append(i + 1)
        return kept[0]

    tf.while_loop(lambda i: i < 3, body, [0])
    tf.constant(1) + kept[0]


@program(error="ValueError", says="fetchable")
def tensor_of_a_loop_fetched(tf: Any) -> Any:
    kept = []

    def body(i: Any) -> Any:
        kept.append(i + 1)
        return kept[0]

    tf.while_loop(lambda i: i < 3, body, [0])
    with tf.Session() as sess:
        sess.run(kept[0])
