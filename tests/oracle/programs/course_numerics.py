"""Graphs as a machine for numerics: fractals, partial differential equations, matrices, chance, images as variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program
from .course_models import points


@program("graph", "values")
def mandelbrot_set(tf: Any) -> Any:
    y, x = np.mgrid[-1.3:1.3:0.4, -2:1:0.4]
    z = x + 1j * y
    xs = tf.constant(z.astype(np.complex64))
    zs = tf.Variable(xs)
    ns = tf.Variable(tf.zeros_like(xs, tf.float32))
    zs_ = zs * zs + xs
    not_diverged = tf.abs(zs_) < 4
    step = tf.group(zs.assign(zs_), ns.assign_add(tf.cast(not_diverged, tf.float32)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step)
        return sess.run(ns)


@program("graph", "values")
def julia_set_with_where(tf: Any) -> Any:
    y, x = np.mgrid[-1.0:1.0:0.5, -1.0:1.0:0.4]
    zs = tf.Variable((x + 1j * y).astype(np.complex64), name="zs")
    ns = tf.Variable(tf.zeros(zs.shape, tf.float32), name="ns")
    c = tf.complex(-0.8, 0.156)
    inside = tf.abs(zs) < 4
    stepped = tf.where(inside, zs**2 + c, zs)
    step = tf.group(zs.assign(stepped), ns.assign_add(tf.cast(inside, tf.float32)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            step.run()
        return sess.run({"n": ns, "real": tf.real(zs), "angle": tf.angle(zs)})


@program("graph", "values")
def drops_on_a_pond(tf: Any) -> Any:
    def make_kernel(a: Any) -> Any:
        a = np.asarray(a)
        a = a.reshape([*a.shape, 1, 1])
        return tf.constant(a, dtype=1)

    def simple_conv(x: Any, k: Any) -> Any:
        x = tf.expand_dims(tf.expand_dims(x, 0), -1)
        y = tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], padding="SAME")
        return y[0, :, :, 0]

    def laplace(x: Any) -> Any:
        return simple_conv(x, make_kernel([[0.5, 1.0, 0.5], [1.0, -6.0, 1.0], [0.5, 1.0, 0.5]]))

    u_init = np.zeros([7, 7], dtype=np.float32)
    u_init[2, 3], u_init[5, 1] = 0.9, -0.4
    eps = tf.placeholder(tf.float32, shape=())
    damping = tf.placeholder(tf.float32, shape=())
    u = tf.Variable(u_init)
    ut = tf.Variable(np.zeros([7, 7], dtype=np.float32))
    u_ = u + eps * ut
    ut_ = ut + eps * (laplace(u) - damping * ut)
    with tf.control_dependencies([u_, ut_]):  # neither assignment before both are computed
        step = tf.group(u.assign(u_), ut.assign(ut_))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(6):
            step.run({eps: 0.03, damping: 0.04})
        return sess.run([u, ut])


@program("graph", "values")
def game_of_life(tf: Any) -> Any:
    glider = np.zeros([6, 6], np.int32)
    glider[0, 1] = glider[1, 2] = glider[2, 0] = glider[2, 1] = glider[2, 2] = 1
    board = tf.Variable(glider, name="board")
    wrapped = tf.concat([board[-1:], board, board[:1]], 0)
    wrapped = tf.concat([wrapped[:, -1:], wrapped, wrapped[:, :1]], 1)
    neighbours = tf.add_n([wrapped[i : i + 6, j : j + 6] for i in range(3) for j in range(3) if (i, j) != (1, 1)])
    alive = tf.logical_or(tf.equal(neighbours, 3), tf.logical_and(tf.equal(neighbours, 2), tf.cast(board, tf.bool)))
    step = tf.assign(board, tf.cast(alive, tf.int32))
    with tf.Session() as sess:
        sess.run(board.initializer)
        return [sess.run(step) for _ in range(4)]


@program("skeleton", "values")
def collatz_and_fibonacci_in_loops(tf: Any) -> Any:
    n = tf.placeholder(tf.int32, [], name="n")
    _, steps = tf.while_loop(
        lambda n, steps: n > 1,
        lambda n, steps: (tf.cond(tf.equal(n % 2, 0), lambda: n // 2, lambda: 3 * n + 1), steps + 1),
        [n, 0],
    )
    _, fibonacci, _ = tf.while_loop(
        lambda i, a, b: i < n, lambda i, a, b: [i + 1, b, a + b], [0, tf.constant(0), tf.constant(1)], name="fib"
    )
    divisor, _ = tf.while_loop(lambda a, b: tf.not_equal(b, 0), lambda a, b: (b, a % b), [n, 36], parallel_iterations=1)
    with tf.Session() as sess:
        return [sess.run([steps, fibonacci, divisor], {n: value}) for value in (6, 27)]


@program("skeleton", "values")
def newton_s_square_root_until_it_rests(tf: Any) -> Any:
    x = tf.constant([2.0, 9.0, 144.0], name="x")
    loop = tf.while_loop(
        lambda guess, count: tf.logical_and(tf.reduce_max(tf.abs(guess * guess - x)) > 1e-4, count < 50),
        lambda guess, count: (0.5 * (guess + x / guess), count + 1),
        (tf.ones_like(x), tf.constant(0)),
        back_prop=True,
        maximum_iterations=30,
    )
    return {"root": loop[0], "derivative": tf.gradients(loop[0], x)[0], "expected": 0.5 / tf.sqrt(x)}


@program("skeleton", "values")
def differential_equation_by_scan(tf: Any) -> Any:
    times = tf.linspace(0.0, 1.0, 6)
    dt = times[1] - times[0]

    def lorenz(state: Any) -> Any:
        x, y, z = tf.unstack(state)
        return tf.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])

    def runge_kutta(state: Any, _: Any) -> Any:
        h = dt / 10
        k1 = lorenz(state)
        k2 = lorenz(state + h * k1 / 2)
        k3 = lorenz(state + h * k2 / 2)
        k4 = lorenz(state + h * k3)
        return state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    start = tf.constant([1.0, 1.0, 1.0])
    path = tf.scan(runge_kutta, times, initializer=start)
    return {"path": path, "sensitivity": tf.gradients(path[-1, 0], start)[0]}


@program("skeleton", "values")
def power_iteration_and_page_rank(tf: Any) -> Any:
    links = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 0]], np.float32)
    transition = tf.transpose(links / links.sum(1, keepdims=True))
    damped = 0.85 * transition + 0.15 / 4
    rank = tf.foldl(lambda r, _: tf.linalg.matvec(damped, r), tf.range(20), initializer=tf.fill([4], 0.25))
    symmetric = tf.constant(links + links.T + 4 * np.eye(4, dtype=np.float32))

    def body(v: Any, _: Any) -> Any:
        w = tf.matmul(symmetric, v)
        norm = tf.norm(w)
        return w / norm, norm

    v, largest = tf.while_loop(lambda v, n: True, body, (tf.ones([4, 1]), 0.0), maximum_iterations=40)
    return {"rank": rank, "largest": largest, "eigenvalues": tf.self_adjoint_eigvals(symmetric), "v": v / v[0]}


@program("graph", "values")
def principal_components(tf: Any) -> Any:
    x = tf.constant(points(12, 4) @ np.diag([3, 2, 1, 0.1]).astype(np.float32), name="x")
    centered = x - tf.reduce_mean(x, axis=0, keepdims=True)
    covariance = tf.matmul(centered, centered, transpose_a=True) / tf.cast(tf.shape(x)[0] - 1, tf.float32)
    values, vectors = tf.self_adjoint_eig(covariance)
    order = tf.reverse(values, [0])
    singular = tf.svd(centered, compute_uv=False)
    projected = tf.matmul(centered, vectors[:, -2:])
    kept = tf.reduce_sum(order[:2]) / tf.reduce_sum(order)
    restored = tf.matmul(projected, vectors[:, -2:], transpose_b=True)
    return {
        "variances": order,
        "from svd": tf.square(singular) / 11.0,
        "kept": kept,
        "error": tf.norm(centered - restored),
        "whitened": tf.matmul(projected, projected, True),
    }


@program("graph", "values")
def matrix_factorization_of_known_ratings(tf: Any) -> Any:
    ratings = np.where(points(5, 4) > -0.2, np.round(points(5, 4, shift=3) * 2 + 3), np.nan).astype(np.float32)
    mask = tf.constant(~np.isnan(ratings))
    known = tf.boolean_mask(tf.constant(np.nan_to_num(ratings)), mask)
    users = tf.get_variable("users", initializer=tf.constant(points(5, 2)))
    items = tf.get_variable("items", initializer=tf.constant(points(2, 4, shift=11)))
    product = tf.matmul(users, items)
    error = tf.boolean_mask(product, mask) - known
    cost = tf.reduce_sum(tf.square(error)) + 0.1 * (tf.norm(users) ** 2 + tf.nn.l2_loss(items))
    step = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    rmse = tf.sqrt(tf.reduce_mean(tf.square(error)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run([step, cost, rmse])[1:] for _ in range(5)]


@program("graph", "values")
def matrix_factorization_by_embeddings(tf: Any) -> Any:
    user = tf.placeholder(tf.int32, [None], name="id_user")
    item = tf.placeholder(tf.int32, [None], name="id_item")
    rate = tf.placeholder(tf.float32, [None])
    global_bias = tf.get_variable("global_bias", shape=[], initializer=tf.zeros_initializer())
    w_bias_user = tf.get_variable("bias_user", initializer=tf.constant(points(5, 1)[:, 0]))
    w_bias_item = tf.get_variable("bias_item", initializer=tf.constant(points(4, 1)[:, 0]))
    w_user = tf.get_variable("user", initializer=tf.constant(points(5, 3)))
    w_item = tf.get_variable("item", initializer=tf.constant(points(4, 3, shift=2)))
    bias_user = tf.nn.embedding_lookup(w_bias_user, user, name="bias_users")
    bias_item = tf.nn.embedding_lookup(w_bias_item, item, name="bias_items")
    embd_user = tf.nn.embedding_lookup(w_user, user, name="embedding_users")
    embd_item = tf.nn.embedding_lookup(w_item, item, name="embedding_items")
    infer = tf.reduce_sum(tf.multiply(embd_user, embd_item), 1)
    infer = tf.add(tf.add(tf.add(infer, global_bias), bias_user), bias_item, name="svd_inference")
    regularizer = tf.add(tf.nn.l2_loss(embd_user), tf.nn.l2_loss(embd_item), name="svd_regularizer")
    cost = tf.add(tf.nn.l2_loss(tf.subtract(infer, rate)), tf.multiply(regularizer, 0.05))
    steps = [
        optimizer.minimize(cost)
        for optimizer in (tf.train.FtrlOptimizer(0.1), tf.train.AdamOptimizer(0.1), tf.train.AdagradOptimizer(0.1))
    ]
    feed = {user: [0, 1, 1, 4, 2], item: [3, 0, 3, 3, 1], rate: [5.0, 3.0, 1.0, 4.0, 2.0]}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [[sess.run([one, cost], feed)[1] for one in steps] for _ in range(3)]


@program("graph", "values")
def style_and_content_of_an_image(tf: Any) -> Any:
    """The image is the variable; features come from a fixed convolution and its Gram matrix."""
    content = points(6, 18).reshape(1, 6, 6, 3)
    style = points(6, 18, shift=40).reshape(1, 6, 6, 3)
    image = tf.Variable(0.5 * content + 0.5 * style, name="image")
    filters = tf.constant(points(9, 12).reshape(3, 3, 3, 4), name="filters")

    def features(x: Any) -> Any:
        net = tf.nn.relu(tf.nn.conv2d(x, filters, [1, 1, 1, 1], "SAME"))
        return net, tf.nn.avg_pool(net, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")

    def gram_matrix(f: Any) -> Any:
        _, height, width, channels = (int(size) for size in f.get_shape())
        flat = tf.reshape(f, [height * width, channels])
        return tf.matmul(tf.transpose(flat), flat) / (height * width * channels)

    with tf.Session() as sess:
        wanted = sess.run(features(tf.constant(content))[1])
        wanted_gram = sess.run(gram_matrix(features(tf.constant(style))[0]))
    shallow, deep = features(image)
    content_loss = 2 * tf.nn.l2_loss(deep - wanted) / wanted.size
    style_loss = 2 * tf.nn.l2_loss(gram_matrix(shallow) - wanted_gram)
    variation = tf.reduce_sum(tf.abs(image[:, 1:, :, :] - image[:, :-1, :, :])) + tf.reduce_sum(
        tf.abs(image[:, :, 1:] - image[:, :, :-1])
    )
    loss = 5 * content_loss + 100 * style_loss + 1e-3 * variation
    step = tf.train.AdamOptimizer(0.05).minimize(loss, var_list=[image])
    clip = tf.assign(image, tf.clip_by_value(image, -1.0, 1.0))
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run(step)
            sess.run(clip)
            losses.append(sess.run([loss, content_loss, style_loss, variation]))
    return losses


@program("graph", "values")
def deep_dream_in_octaves(tf: Any) -> Any:
    image = tf.placeholder(tf.float32, [None, None, 3], name="image")
    batch = tf.expand_dims(image - 0.1, 0)
    layer = tf.nn.elu(tf.nn.conv2d(batch, points(9, 6).reshape(3, 3, 3, 2), [1, 2, 2, 1], "VALID", name="layer"))
    score = tf.reduce_mean(layer[..., 1])
    gradient = tf.gradients(score, image)[0]
    normed = gradient / (tf.sqrt(tf.reduce_mean(tf.square(gradient))) + 1e-8)
    size = tf.placeholder(tf.int32, [2], name="size")
    resized = tf.image.resize_bilinear(tf.expand_dims(image, 0), size)[0, :, :, :]
    current = points(7, 27).reshape(7, 9, 3)
    with tf.Session() as sess:
        for octave in ([7, 9], [10, 13]):
            current = sess.run(resized, {image: current, size: octave})
            for _ in range(2):
                current = current + 0.5 * sess.run(normed, {image: current})
        return {"image": current, "score": sess.run(score, {image: current})}


@program("graph", "values")
def adversarial_example_and_saliency(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [1, 6], name="x")
    logits = tf.matmul(tf.tanh(tf.matmul(x, points(6, 5))), points(5, 3, shift=13))
    target = tf.one_hot([2], 3)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(target), logits=logits)
    signed = x - 0.1 * tf.sign(tf.gradients(loss, x)[0])
    saliency = tf.reduce_max(tf.abs(tf.gradients(logits[0, tf.argmax(logits[0])], x)[0]), axis=0)
    picture = points(1, 6, shift=77)
    with tf.Session() as sess:
        trace = []
        for _ in range(4):
            trace.append(sess.run([loss, tf.nn.softmax(logits), saliency], {x: picture}))
            picture = sess.run(signed, {x: picture})
    return trace


@program("graph", "values")
def metropolis_steps_with_seeds(tf: Any) -> Any:
    tf.set_random_seed(31)
    state = tf.Variable([0.0, 2.0], name="state")
    accepted = tf.Variable(0, name="accepted")

    def log_density(x: Any) -> Any:
        return -0.5 * tf.reduce_sum(tf.square(x - 1.0) / [1.0, 4.0])

    proposal = state + tf.random_normal([2], stddev=0.7)
    take = tf.log(tf.random_uniform([])) < log_density(proposal) - log_density(state)
    moved = tf.where(tf.fill([2], take), proposal, state)
    step = tf.group(state.assign(moved), accepted.assign_add(tf.to_int32(take)))
    trace = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step)
            trace.append(sess.run([state, accepted]))
    return trace


@program("graph", "values")
def monte_carlo_and_bayes_on_a_grid(tf: Any) -> Any:
    tf.set_random_seed(77)
    darts = tf.random_uniform([500, 2], -1.0, 1.0, dtype=tf.float64)
    pi = 4 * tf.reduce_mean(tf.cast(tf.norm(darts, axis=1) <= 1, tf.float64))
    grid = tf.linspace(0.05, 0.95, 19)
    heads, tails = 7.0, 3.0
    log_posterior = heads * tf.log(grid) + tails * tf.log1p(-grid)
    posterior = tf.exp(log_posterior - tf.reduce_logsumexp(log_posterior))
    beta = tf.exp(tf.lbeta([heads + 1, tails + 1]))
    cumulative = tf.cumsum(posterior)
    interval = [tf.reduce_sum(tf.cast(cumulative < q, tf.int32)) for q in (0.05, 0.95)]
    flips = tf.to_int32(tf.less(tf.random_uniform([10], seed=3), 0.6))
    drawn = tf.multinomial(tf.log([[0.2, 0.3, 0.5]]), 6, seed=9)
    return {
        "pi": pi,
        "mode": grid[tf.argmax(posterior)],
        "mean": tf.reduce_sum(grid * posterior),
        "beta": beta,
        "interval": interval,
        "flips": flips,
        "drawn": drawn,
        "gamma": tf.random_gamma([3], 2.0, seed=4),
        "poisson": tf.random_poisson([4.0, 0.5], [2], seed=8),
    }


@program("graph", "values")
def gaussian_process_regression(tf: Any) -> Any:
    x = tf.constant(np.linspace(-2, 2, 7)[:, None], name="x")
    y = tf.sin(2.0 * x)
    new = tf.constant(np.array([[-1.1], [0.3], [3.0]]), name="new")
    log_length = tf.Variable(np.float64(0.0), name="log_length")

    def kernel(a: Any, b: Any) -> Any:
        return tf.exp(-0.5 * tf.squared_difference(a, tf.transpose(b)) / tf.exp(2 * log_length))

    chol = tf.cholesky(kernel(x, x) + 1e-4 * tf.eye(7, dtype=tf.float64))
    alpha = tf.cholesky_solve(chol, y)
    likelihood = -0.5 * tf.reduce_sum(y * alpha) - tf.reduce_sum(tf.log(tf.diag_part(chol))) - 3.5 * np.log(2 * np.pi)
    step = tf.train.GradientDescentOptimizer(0.01).minimize(-likelihood)
    mean = tf.matmul(kernel(new, x), alpha)
    v = tf.matrix_triangular_solve(chol, kernel(x, new))
    variance = 1.0 - tf.reduce_sum(tf.square(v), 0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(step)
        return sess.run([likelihood, log_length, mean, variance])


@program("graph", "values")
def fourier_filter_and_edges(tf: Any) -> Any:
    signal = tf.constant(np.sin(np.arange(16) * 0.9) + np.cos(np.arange(16) * 2.5), tf.float32)
    spectrum = tf.fft(tf.cast(signal, tf.complex64))
    keep = tf.cast(tf.abs(spectrum) > 3.0, tf.complex64)
    smooth = tf.real(tf.ifft(spectrum * keep))
    half = tf.spectral.rfft(signal)
    picture = tf.constant(points(5, 6).reshape(1, 5, 6, 1))
    sobel = tf.image.sobel_edges(picture)
    blurred = tf.nn.conv2d(
        picture, np.outer([1, 2, 1], [1, 2, 1]).reshape(3, 3, 1, 1) / np.float32(16), [1, 1, 1, 1], "SAME"
    )
    thick = tf.nn.dilation2d(picture, tf.zeros([3, 3, 1]), [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
    return {
        "smooth": smooth,
        "power": tf.square(tf.abs(half)),
        "edges": tf.sqrt(tf.reduce_sum(tf.square(sobel), -1)),
        "blurred": blurred,
        "thick": thick - picture,
        "histogram": tf.histogram_fixed_width(picture, [-1.0, 1.0], nbins=4),
    }
