"""Variables cut into parts, values kept under handles, branches by number, pooling by rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


@program("graph", "values")
def variables_in_parts_from_a_tensor(tf: Any) -> Any:
    with tf.variable_scope("net"):
        start = tf.constant(np.arange(24.0).reshape(6, 4), tf.float32)
        table = tf.get_variable("table", initializer=start, partitioner=tf.fixed_size_partitioner(4))
        whole = table.as_tensor()
    return {"whole": whole, "names": [v.name for v in table], "shapes": [v.shape.as_list() for v in table]}


@program("graph", "values")
def create_partitioned_variables(tf: Any) -> Any:
    with tf.variable_scope("net"), tf.name_scope("x"):
        named = tf.create_partitioned_variables([6, 4], [1, 3], tf.constant(1.0, shape=[6, 4]), name="part")
        others = tf.create_partitioned_variables([6, 4], [2, 1], tf.zeros_initializer())
        more = tf.create_partitioned_variables([6, 4], [2, 1], tf.ones_initializer(), trainable=False)
    with tf.variable_scope("net", reuse=True):
        again = tf.create_partitioned_variables([6, 4], [1, 3], tf.constant(1.0, shape=[6, 4]), name="part")
    return {
        "names": [v.name for v in named + others + more],
        "same": all(a is b for a, b in zip(named, again)),
        "trained": len(tf.trainable_variables()),
        "joined": tf.concat(more, 0),
    }


@program("graph", "values")
def parts_in_training(tf: Any) -> Any:
    with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(3)):
        w = tf.get_variable("w", [7, 2], initializer=tf.ones_initializer())
        loss = tf.reduce_sum(tf.matmul(tf.ones([1, 7]), w) ** 2)
    step = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    with tf.control_dependencies([step]):
        after = tf.identity(loss)
    return {"after": after, "saved": [v._get_save_slice_info().spec for v in w]}


@program("values")
def parts_that_are_refused(tf: Any) -> Any:
    said = []
    for shape, slicing in (([6, 4], [2, 2]), ([6, 4], [1]), ([6, 4], [0, 1]), ([], []), ([6, 4], [8, 1])):
        try:
            tf.create_partitioned_variables(shape, slicing, tf.zeros_initializer())
        except ValueError as error:
            said.append(str(error).split(": there are")[0])
    return {"said": said}


@program("graph", "values")
def pooling_by_rank(tf: Any) -> Any:
    x = tf.reshape(tf.range(64.0), [1, 4, 4, 4, 1])
    found = {"volume": tf.nn.max_pool_v2(x, 2, 2, "SAME"), "volume_mean": tf.nn.avg_pool_v2(x, 2, 2, "VALID")}
    image = x[:, 0]
    found |= {
        "image": tf.nn.max_pool_v2(image, 3, 1, "SAME"),
        "image_mean": tf.nn.avg_pool_v2(image, [2, 2], 2, "SAME"),
    }
    signal = image[:, 0]
    return found | {"signal": tf.nn.max_pool_v2(signal, 2, 1, "SAME"), "mean": tf.nn.avg_pool_v2(signal, 2, 1, "VALID")}


@program("graph", "values")
def any_operation_with_gaps(tf: Any) -> Any:
    image = tf.reshape(tf.range(64.0), [1, 8, 8, 1])
    kernel = tf.ones([3, 3, 1, 1])

    def convolve(x: Any, num_spatial_dims: int, padding: str) -> Any:
        assert num_spatial_dims == 2
        return tf.nn.conv2d(x, kernel, [1, 1, 1, 1], padding)

    valid = tf.nn.with_space_to_batch(image, [2, 2], "VALID", convolve)
    same = tf.nn.with_space_to_batch(image, dilation_rate=[1, 3], padding="SAME", op=convolve, filter_shape=[3, 3])
    return {"valid": valid, "same": same, "plain": tf.nn.with_space_to_batch(image, [1, 1], "SAME", convolve)}


@program("values")
def branches_by_number(tf: Any) -> Any:
    x = tf.constant(3.0)
    branches = [lambda: x + 1, lambda: x * 10, lambda: -x]
    pairs = {1: branches[1], 0: branches[0]}
    found = {}
    for n in (-1, 0, 1, 2, 7):
        found[f"list {n}"] = tf.switch_case(tf.constant(n), branches)
        found[f"pairs {n}"] = tf.switch_case(tf.constant(n), pairs, default=lambda: x - 1)
        y = tf.switch_case(tf.constant(n), branches)
        found[f"slope {n}"] = tf.gradients(y, x)[0]
    return found


@program("values")
def branches_that_are_refused(tf: Any) -> Any:
    f, g = lambda: tf.constant(1.0), lambda: tf.constant(2.0)
    index = tf.constant(1)
    said = []
    for branches in ([], 3, {0: f, 2: g}, [(0, f), 3], [(0, f), ("a", g)], [(0, f), (1, 2)]):
        try:
            tf.switch_case(index, branches)
        except (TypeError, ValueError) as error:
            said.append(f"{type(error).__name__}: {error}")
    for wrong in (1, tf.constant(1.0)):
        try:
            tf.switch_case(wrong, [f, g])
        except TypeError as error:
            said.append(str(error).replace("<dtype: 'float32'>", "tf.float32"))
    return {"said": said}


@program("values")
def functions_of_rows(tf: Any) -> Any:
    x = tf.constant(np.arange(6.0).reshape(3, 2), tf.float32)
    n = tf.constant([1, 2, 3])
    norms = tf.vectorized_map(lambda row: tf.reduce_sum(row * row), x)
    both = tf.vectorized_map(lambda pair: {"sum": pair[0] * tf.cast(pair[1], tf.float32), "even": pair[1] % 2}, (x, n))
    return {"norms": norms, **both, "slope": tf.gradients(norms, x)[0], "shape": both["sum"].shape.as_list()}


@program("graph", "values")
def handles(tf: Any) -> Any:
    kept = tf.get_session_handle(tf.constant([1.0, 2.0]) * 2.0, name="kept")
    device = "/job:localhost/replica:0/task:0/device:CPU:0"
    holder, value = tf.get_session_tensor(f"kept;0;{device}", tf.float32)
    doubled = value * 2
    other, delete = tf.delete_session_tensor(f"kept;0;{device}")
    with tf.Session() as sess:
        handle = sess.run(kept)
        found = [sess.run(doubled, {holder: handle.handle}).tolist()]
        raw = handle.get_raw_handle()
        sess.run(delete, {other: raw})
        try:
            sess.run(doubled, {holder: raw})
        except tf.errors.InvalidArgumentError as error:
            found.append("is not in the session store" in str(error))
    return {"found": found, "devices": [holder.device, value.device, delete.device]}
