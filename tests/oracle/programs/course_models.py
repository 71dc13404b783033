"""Models of the usual first weeks of a course, each trained for a few steps: regression, neighbours, clusters, nets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


def points(rows: int, columns: int, shift: int = 0) -> np.ndarray:
    """A fixed cloud of points without structure, between -1 and 1."""
    values = (np.arange(rows * columns) + shift) * 7919 % 1009 / 504.5 - 1
    return values.reshape(rows, columns).astype(np.float32)


def classes(rows: int, count: int) -> np.ndarray:
    return (np.arange(rows) * 7 % count).astype(np.int64)


def one_hot(rows: int, count: int) -> np.ndarray:
    return np.eye(count, dtype=np.float32)[classes(rows, count)]


def train(tf: Any, step: Any, wanted: Any, feed: dict[Any, Any] | None = None, steps: int = 5) -> list[Any]:
    """Initialize, then run the training step and fetch what is wanted with it, several times."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        history = []
        for _ in range(steps):
            sess.run(step, feed)
            history.append(sess.run(wanted, feed))
    return history


@program("graph", "values")
def line_through_points_one_at_a_time(tf: Any) -> Any:
    train_x = np.array([3.3, 4.4, 5.5, 6.71, 6.93, 4.168, 9.779, 6.182], np.float32)
    train_y = np.array([1.7, 2.76, 2.09, 3.19, 1.694, 1.573, 3.366, 2.596], np.float32)
    x = tf.placeholder("float")
    y = tf.placeholder("float")
    w = tf.Variable(0.3, name="weight")
    b = tf.Variable(-0.6, name="bias")
    predicted = tf.add(tf.multiply(x, w), b)
    cost = tf.reduce_sum(tf.pow(predicted - y, 2)) / (2 * train_x.shape[0])
    optimizer = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    init = tf.global_variables_initializer()
    costs = []
    with tf.Session() as sess:
        sess.run(init)
        for _ in range(3):
            for one_x, one_y in zip(train_x, train_y, strict=True):
                sess.run(optimizer, feed_dict={x: one_x, y: one_y})
            costs.append(sess.run(cost, feed_dict={x: train_x, y: train_y}))
        return {"costs": costs, "w": sess.run(w), "b": sess.run(b)}


@program("graph", "values")
def softmax_regression_in_batches(tf: Any) -> Any:
    data, labels = points(40, 6), one_hot(40, 3)
    x = tf.placeholder(tf.float32, [None, 6])
    y = tf.placeholder(tf.float32, [None, 3])
    w = tf.Variable(tf.zeros([6, 3]))
    b = tf.Variable(tf.zeros([3]))
    pred = tf.nn.softmax(tf.matmul(x, w) + b)
    cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(pred), reduction_indices=1))
    optimizer = tf.train.GradientDescentOptimizer(0.5).minimize(cost)
    correct = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    averages = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            average = 0.0
            for batch in range(4):
                rows = slice(10 * batch, 10 * batch + 10)
                _, c = sess.run([optimizer, cost], feed_dict={x: data[rows], y: labels[rows]})
                average += c / 4
            averages.append(np.float32(average))
        return {"averages": averages, "accuracy": accuracy.eval({x: data, y: labels})}


@program("graph", "values")
def nearest_neighbour_by_absolute_distance(tf: Any) -> Any:
    train_x, test_x = points(12, 5), points(3, 5, shift=100)
    train_input = tf.placeholder("float", [None, 5])
    test_input = tf.placeholder("float", [5])
    distance = tf.reduce_sum(tf.abs(tf.add(train_input, tf.negative(test_input))), reduction_indices=1)
    pred = tf.arg_min(distance, 0)
    with tf.Session() as sess:
        return [sess.run([pred, distance], {train_input: train_x, test_input: row}) for row in test_x]


@program("graph", "values")
def k_nearest_neighbours_by_vote(tf: Any) -> Any:
    train_x = tf.constant(points(12, 4), name="train_x")
    train_y = tf.constant(one_hot(12, 3), name="train_y")
    queries = tf.placeholder(tf.float32, [None, 4], name="queries")
    distance = tf.sqrt(tf.reduce_sum(tf.square(tf.subtract(train_x, tf.expand_dims(queries, 1))), axis=2))
    top_distances, top_indices = tf.nn.top_k(tf.negative(distance), k=3)
    totals = tf.expand_dims(tf.reduce_sum(1.0 / top_distances, 1), 1)
    weights = tf.expand_dims(tf.div(1.0 / top_distances, totals * tf.ones([1, 3], tf.float32)), 1)
    votes = tf.squeeze(tf.matmul(weights, tf.gather(train_y, top_indices)), axis=[1])
    answer = tf.argmax(votes, 1)
    with tf.Session() as sess:
        return sess.run([top_indices, votes, answer], {queries: points(4, 4, shift=50)})


@program("skeleton", "values")
def k_means_until_nothing_moves(tf: Any) -> Any:
    clusters, count = 3, 18
    cloud = tf.Variable(
        points(count, 2) + np.repeat([[0, 0], [4, 0], [0, 4]], 6, 0).astype(np.float32), trainable=False
    )
    assigned = tf.Variable(tf.zeros([count], dtype=tf.int64), trainable=False)
    centroids = tf.Variable(tf.slice(cloud.initialized_value(), [0, 0], [clusters, 2]), trainable=False)
    repeated_centroids = tf.reshape(tf.tile(centroids, [count, 1]), [count, clusters, 2])
    repeated_points = tf.reshape(tf.tile(cloud, [1, clusters]), [count, clusters, 2])
    distances = tf.reduce_sum(tf.square(repeated_centroids - repeated_points), reduction_indices=2)
    best = tf.argmin(distances, 1)
    changed = tf.reduce_any(tf.not_equal(best, assigned))

    def bucket_mean(data: Any, bucket_ids: Any, number: int) -> Any:
        total = tf.unsorted_segment_sum(data, bucket_ids, number)
        size = tf.unsorted_segment_sum(tf.ones_like(data), bucket_ids, number)
        return total / size

    means = bucket_mean(cloud, best, clusters)
    with tf.control_dependencies([changed]):
        update = tf.group(centroids.assign(means), assigned.assign(best))
    rounds, moved = 0, True
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        while moved and rounds < 20:
            rounds += 1
            moved, _ = sess.run([changed, update])
        return {"rounds": rounds, "centroids": sess.run(centroids), "assigned": sess.run(assigned)}


@program("graph", "values")
def multilayer_perceptron_from_dictionaries(tf: Any) -> Any:
    tf.set_random_seed(7)
    x = tf.placeholder("float", [None, 6])
    y = tf.placeholder("float", [None, 3])
    weights = {
        "h1": tf.Variable(tf.random_normal([6, 8])),
        "h2": tf.Variable(tf.random_normal([8, 8])),
        "out": tf.Variable(tf.random_normal([8, 3])),
    }
    biases = {
        "b1": tf.Variable(tf.random_normal([8])),
        "b2": tf.Variable(tf.random_normal([8])),
        "out": tf.Variable(tf.random_normal([3])),
    }
    layer_1 = tf.nn.relu(tf.add(tf.matmul(x, weights["h1"]), biases["b1"]))
    layer_2 = tf.nn.relu(tf.add(tf.matmul(layer_1, weights["h2"]), biases["b2"]))
    logits = tf.matmul(layer_2, weights["out"]) + biases["out"]
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    step = tf.train.AdamOptimizer(learning_rate=0.01).minimize(loss)
    return train(tf, step, [loss, tf.nn.softmax(logits)[0]], {x: points(20, 6), y: one_hot(20, 3)})


@program("graph", "values")
def convolutional_net_from_wrappers(tf: Any) -> Any:
    tf.set_random_seed(3)

    def conv2d(x: Any, w: Any, b: Any, strides: int = 1) -> Any:
        x = tf.nn.conv2d(x, w, strides=[1, strides, strides, 1], padding="SAME")
        x = tf.nn.bias_add(x, b)
        return tf.nn.relu(x)

    def maxpool2d(x: Any, k: int = 2) -> Any:
        return tf.nn.max_pool(x, ksize=[1, k, k, 1], strides=[1, k, k, 1], padding="SAME")

    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.float32, [None, 3])
    weights = {
        "wc1": tf.Variable(tf.random_normal([3, 3, 1, 4], stddev=0.3)),
        "wd1": tf.Variable(tf.random_normal([4 * 4 * 4, 8], stddev=0.3)),
        "out": tf.Variable(tf.random_normal([8, 3], stddev=0.3)),
    }
    biases = {name: tf.Variable(tf.random_normal([size])) for name, size in (("bc1", 4), ("bd1", 8), ("out", 3))}
    conv1 = maxpool2d(conv2d(tf.reshape(x, shape=[-1, 8, 8, 1]), weights["wc1"], biases["bc1"]))
    fc1 = tf.reshape(conv1, [-1, weights["wd1"].get_shape().as_list()[0]])
    fc1 = tf.nn.relu(tf.add(tf.matmul(fc1, weights["wd1"]), biases["bd1"]))
    logits = tf.add(tf.matmul(fc1, weights["out"]), biases["out"])
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    step = tf.train.RMSPropOptimizer(0.005, momentum=0.5).minimize(loss)
    return train(tf, step, loss, {x: points(9, 64), y: one_hot(9, 3)}, steps=4)


@program("graph", "values")
def autoencoder_with_sigmoids(tf: Any) -> Any:
    tf.set_random_seed(11)
    x = tf.placeholder("float", [None, 8])
    weights = {
        "encoder_h1": tf.Variable(tf.random_normal([8, 5])),
        "encoder_h2": tf.Variable(tf.random_normal([5, 2])),
        "decoder_h1": tf.Variable(tf.random_normal([2, 5])),
        "decoder_h2": tf.Variable(tf.random_normal([5, 8])),
    }
    code = tf.nn.sigmoid(tf.matmul(tf.nn.sigmoid(tf.matmul(x, weights["encoder_h1"])), weights["encoder_h2"]))
    y_pred = tf.nn.sigmoid(tf.matmul(tf.nn.sigmoid(tf.matmul(code, weights["decoder_h1"])), weights["decoder_h2"]))
    loss = tf.reduce_mean(tf.pow(x - y_pred, 2))
    step = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    return train(tf, step, [loss, code], {x: np.abs(points(6, 8))})


@program("graph", "values")
def denoising_autoencoder_with_tied_weights(tf: Any) -> Any:
    tf.set_random_seed(21)
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    corrupted = x * tf.cast(tf.random_uniform(tf.shape(x), 0, 1, seed=4) > 0.3, tf.float32)
    with tf.variable_scope("autoencoder"):
        w = tf.get_variable("w", [8, 4], initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=1))
        b = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
        b_prime = tf.get_variable("b_prime", [8], initializer=tf.zeros_initializer())
        hidden = tf.nn.sigmoid(tf.matmul(corrupted, w) + b)
        output = tf.nn.sigmoid(tf.matmul(hidden, w, transpose_b=True) + b_prime)
    sparsity = tf.reduce_mean(hidden, 0)
    penalty = tf.reduce_sum(0.2 * tf.log(0.2 / sparsity) + 0.8 * tf.log(0.8 / (1 - sparsity)))
    cost = tf.reduce_sum(tf.pow(x - output, 2)) + 0.1 * penalty
    step = tf.train.GradientDescentOptimizer(0.02).minimize(cost)
    feed = {x: np.abs(points(6, 8))}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run([cost, sparsity, step], feed)[:2] for _ in range(4)]


@program("graph", "values")
def variational_autoencoder(tf: Any) -> Any:
    tf.set_random_seed(5)

    def glorot_init(shape: list[int]) -> Any:
        return tf.random_normal(shape=shape, stddev=1.0 / tf.sqrt(shape[0] / 2.0))

    weights = {
        "encoder_h1": tf.Variable(glorot_init([8, 6])),
        "z_mean": tf.Variable(glorot_init([6, 2])),
        "z_std": tf.Variable(glorot_init([6, 2])),
        "decoder_h1": tf.Variable(glorot_init([2, 6])),
        "decoder_out": tf.Variable(glorot_init([6, 8])),
    }
    biases = {name: tf.Variable(tf.zeros([size])) for name, size in (("e", 6), ("m", 2), ("s", 2), ("d", 6), ("o", 8))}
    x = tf.placeholder(tf.float32, shape=[None, 8])
    encoder = tf.nn.tanh(tf.matmul(x, weights["encoder_h1"]) + biases["e"])
    z_mean = tf.matmul(encoder, weights["z_mean"]) + biases["m"]
    z_std = tf.matmul(encoder, weights["z_std"]) + biases["s"]
    eps = tf.random_normal(tf.shape(z_std), dtype=tf.float32, mean=0.0, stddev=1.0, name="epsilon")
    z = z_mean + tf.exp(z_std / 2) * eps
    decoder = tf.nn.tanh(tf.matmul(z, weights["decoder_h1"]) + biases["d"])
    decoder = tf.nn.sigmoid(tf.matmul(decoder, weights["decoder_out"]) + biases["o"])
    decode_loss = x * tf.log(1e-10 + decoder) + (1 - x) * tf.log(1e-10 + 1 - decoder)
    kl = 1 + z_std - tf.square(z_mean) - tf.exp(z_std)
    loss = tf.reduce_mean(-tf.reduce_sum(decode_loss, 1) - 0.5 * tf.reduce_sum(kl, 1))
    step = tf.train.RMSPropOptimizer(learning_rate=0.01).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run([step, loss, z], {x: np.abs(points(5, 8))})[1:] for _ in range(4)]


@program("graph", "values")
def two_players_of_a_gan(tf: Any) -> Any:
    tf.set_random_seed(9)

    def generator(z: Any) -> Any:
        with tf.variable_scope("G", reuse=False):
            h = tf.layers.dense(z, 6, activation=tf.nn.relu, kernel_initializer=tf.glorot_uniform_initializer(seed=1))
            return tf.layers.dense(h, 4, activation=tf.nn.sigmoid, name="out")

    def discriminator(x: Any, reuse: bool) -> Any:
        with tf.variable_scope("D", reuse=reuse):
            h = tf.layers.dense(x, 6, activation=tf.nn.leaky_relu, name="h")
            return tf.layers.dense(h, 1, name="logit")

    noise = tf.placeholder(tf.float32, [None, 3], name="noise")
    real = tf.placeholder(tf.float32, [None, 4], name="real")
    fake = generator(noise)
    d_real, d_fake = discriminator(real, False), discriminator(fake, True)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits
    d_loss = tf.reduce_mean(entropy(logits=d_real, labels=tf.ones_like(d_real) * 0.9))
    d_loss += tf.reduce_mean(entropy(logits=d_fake, labels=tf.zeros_like(d_fake)))
    g_loss = tf.reduce_mean(entropy(logits=d_fake, labels=tf.ones_like(d_fake)))
    d_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="D")
    g_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="G")
    d_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(d_loss, var_list=d_vars)
    g_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(g_loss, var_list=g_vars)
    feed = {noise: points(5, 3), real: np.abs(points(5, 4, shift=9))}
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run(d_step, feed)
            sess.run(g_step, feed)
            losses.append(sess.run([d_loss, g_loss], feed))
        return {"losses": losses, "names": [v.name for v in g_vars + d_vars], "fake": sess.run(fake, feed)}


@program("graph", "values")
def wasserstein_critic_with_a_gradient_penalty(tf: Any) -> Any:
    real = tf.placeholder(tf.float32, [4, 3], name="real")
    fake = tf.placeholder(tf.float32, [4, 3], name="fake")
    w1 = tf.get_variable("w1", initializer=tf.constant(points(3, 5)))
    w2 = tf.get_variable("w2", initializer=tf.constant(points(5, 1, shift=30)))

    def critic(x: Any) -> Any:
        return tf.matmul(tf.tanh(tf.matmul(x, w1)), w2)

    epsilon = tf.random_uniform([4, 1], 0.0, 1.0, seed=12)
    mixed = epsilon * real + (1 - epsilon) * fake
    slope = tf.gradients(critic(mixed), [mixed])[0]
    norm = tf.sqrt(tf.reduce_sum(tf.square(slope), reduction_indices=[1]))
    loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real)) + 10 * tf.reduce_mean((norm - 1.0) ** 2)
    step = tf.train.AdamOptimizer(1e-2, beta1=0.0, beta2=0.9).minimize(loss)
    feed = {real: points(4, 3, shift=3), fake: points(4, 3, shift=77)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run([loss, norm, step], feed)[:2] for _ in range(4)]


@program("graph", "values")
def support_vector_machine_by_hinge_loss(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, shape=[None, 2])
    y = tf.placeholder(tf.float32, shape=[None, 1])
    a = tf.Variable(tf.constant([[0.5], [-0.25]]))
    b = tf.Variable(tf.constant([[0.1]]))
    output = tf.subtract(tf.matmul(x, a), b)
    l2_norm = tf.reduce_sum(tf.square(a))
    alpha = tf.constant([0.01])
    classification = tf.reduce_mean(tf.maximum(0.0, tf.subtract(1.0, tf.multiply(output, y))))
    loss = tf.add(classification, tf.multiply(alpha, l2_norm))
    prediction = tf.sign(output)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, y), tf.float32))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    cloud = points(15, 2)
    target = np.where(cloud[:, :1] > cloud[:, 1:], 1, -1)
    return train(tf, step, [loss, accuracy, a, b], {x: cloud, y: target})


@program("graph", "values")
def kernel_machine_with_a_gaussian_kernel(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    grid = tf.placeholder(tf.float32, [None, 2])
    b = tf.Variable(tf.constant(points(1, 10)))
    gamma = tf.constant(-10.0)
    dist = tf.reshape(tf.reduce_sum(tf.square(x), 1), [-1, 1])
    sq_dists = tf.add(tf.subtract(dist, tf.multiply(2.0, tf.matmul(x, tf.transpose(x)))), tf.transpose(dist))
    kernel = tf.exp(tf.multiply(gamma, tf.abs(sq_dists)))
    first_term = tf.reduce_sum(b)
    b_cross, y_cross = tf.matmul(tf.transpose(b), b), tf.matmul(y, tf.transpose(y))
    second_term = tf.reduce_sum(tf.multiply(kernel, tf.multiply(b_cross, y_cross)))
    loss = tf.negative(tf.subtract(first_term, second_term))
    r_a = tf.reshape(tf.reduce_sum(tf.square(x), 1), [-1, 1])
    r_b = tf.reshape(tf.reduce_sum(tf.square(grid), 1), [-1, 1])
    pred_sq = tf.add(tf.subtract(r_a, 2.0 * tf.matmul(x, tf.transpose(grid))), tf.transpose(r_b))
    pred_kernel = tf.exp(tf.multiply(gamma, tf.abs(pred_sq)))
    output = tf.matmul(tf.multiply(tf.transpose(y), b), pred_kernel)
    prediction = tf.sign(output - tf.reduce_mean(output))
    step = tf.train.GradientDescentOptimizer(0.002).minimize(loss)
    cloud = points(10, 2)
    feed = {x: cloud, y: np.sign(cloud[:, :1] * cloud[:, 1:]), grid: points(4, 2, shift=41)}
    return train(tf, step, [loss, prediction], feed)


@program("graph", "values")
def ridge_and_lasso_and_the_normal_equation(tf: Any) -> Any:
    a = tf.constant(points(8, 3).astype(np.float64), name="a")
    b = tf.constant(points(8, 1, shift=5).astype(np.float64), name="b")
    product = tf.matmul(tf.transpose(a), a)
    by_inverse = tf.matmul(tf.matmul(tf.matrix_inverse(product), tf.transpose(a)), b)
    l = tf.cholesky(product)  # noqa: E741
    by_cholesky = tf.matrix_triangular_solve(
        tf.transpose(l), tf.matrix_triangular_solve(l, tf.matmul(a, b, transpose_a=True)), lower=False
    )
    ridge = tf.matrix_solve(product + 0.1 * tf.eye(3, dtype=tf.float64), tf.matmul(a, b, transpose_a=True))
    slope = tf.Variable([[0.5]], dtype=tf.float64)
    heavyside = tf.truediv(
        tf.cast(1.0, tf.float64),
        tf.add(tf.cast(1.0, tf.float64), tf.exp(tf.multiply(tf.constant(-50.0, tf.float64), slope - 0.9))),
    )
    loss = tf.reduce_mean(tf.square(b - tf.matmul(a[:, :1], slope))) + tf.reduce_sum(heavyside * 99.0)
    return {
        "inverse": by_inverse,
        "cholesky": by_cholesky,
        "ridge": ridge,
        "least squares": tf.matrix_solve_ls(a, b, l2_regularizer=0.1),
        "lasso": loss,
        "slope": tf.gradients(loss, slope)[0],
    }


@program("values")
def random_forest_of_stumps_by_where(tf: Any) -> Any:
    x = tf.constant(points(10, 3), name="x")
    y = tf.constant(classes(10, 2), name="y")
    thresholds = tf.linspace(-0.75, 0.75, 4)
    below = tf.less(tf.expand_dims(x, 2), thresholds)
    right = tf.equal(tf.cast(below, tf.int64), tf.reshape(y, [-1, 1, 1]))
    score = tf.reduce_mean(tf.to_float(right), 0)
    score = tf.maximum(score, 1 - score)
    flat = tf.argmax(tf.reshape(score, [-1]))
    chosen = tf.stack([flat // 4, flat % 4])
    feature, cut = tf.unstack(chosen)
    column = tf.gather(x, feature, axis=1)
    answer = tf.where(column < tf.gather(thresholds, cut), tf.ones_like(y), tf.zeros_like(y))
    counted = tf.confusion_matrix(y, answer, num_classes=2)
    return {"score": score, "chosen": chosen, "answer": answer, "confusion": counted, "best": tf.reduce_max(score)}


@program("values")
def naive_bayes_by_segments(tf: Any) -> Any:
    x = tf.constant(points(12, 2), name="x")
    labels = tf.constant(np.sort(classes(12, 3)).astype(np.int32), name="labels")
    mean = tf.segment_mean(x, labels)
    variance = tf.segment_mean(tf.square(x), labels) - tf.square(mean)
    sizes = tf.to_float(tf.bincount(labels))
    prior = tf.log(sizes / tf.reduce_sum(sizes))
    new = tf.constant(points(4, 2, shift=60), name="new")
    difference = tf.expand_dims(new, 1) - mean
    log_density = -0.5 * tf.reduce_sum(tf.log(2 * np.pi * variance) + tf.square(difference) / variance, axis=-1)
    joint = prior + log_density
    evidence = tf.reduce_logsumexp(joint, axis=1, keepdims=True)
    return {
        "mean": mean,
        "posterior": tf.exp(joint - evidence),
        "class": tf.argmax(joint, axis=1, output_type=tf.int32),
    }
