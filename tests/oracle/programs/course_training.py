"""What training takes besides a loss: rates that decay, averages, clipping, scopes, losses, metrics, odd gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program
from .course_models import classes, one_hot, points, train


@program("skeleton", "values")
def decaying_rate_and_moving_averages(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    w = tf.get_variable("w", initializer=tf.constant(points(4, 1)))
    global_step = tf.Variable(0, trainable=False, name="global_step")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - y))
    rate = tf.train.exponential_decay(0.1, global_step, 2, 0.5, staircase=True)
    apply_gradient = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=global_step)
    averages = tf.train.ExponentialMovingAverage(0.9, global_step)
    maintain = averages.apply(tf.trainable_variables())
    with tf.control_dependencies([apply_gradient, maintain]):
        train_op = tf.no_op(name="train")
    shadow = averages.average(w)
    restored = sorted(averages.variables_to_restore())
    feed = {x: points(8, 4, shift=20), y: points(8, 1, shift=8)}
    return {"steps": train(tf, train_op, [rate, global_step, loss, w], feed), "shadow": shadow, "names": restored}


@program("skeleton", "values")
def averages_applied_after_the_update(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    averages = tf.train.ExponentialMovingAverage(decay=0.5, zero_debias=False)
    with tf.control_dependencies([w.assign_add([1.0, -1.0])]):
        update = averages.apply([w])
    return train(tf, update, [w, averages.average(w)], steps=3)


@program("skeleton", "values")
def losses_averaged_for_display(tf: Any) -> Any:
    """As the tutorial on CIFAR-10 did: total loss from a collection, with averages of each part."""
    x = tf.constant(points(6, 4), name="x")
    labels = tf.constant(classes(6, 3), name="labels")

    def variable_with_weight_decay(name: str, value: np.ndarray, wd: float | None) -> Any:
        var = tf.get_variable(name, initializer=tf.constant(value))
        if wd is not None:
            tf.add_to_collection("losses", tf.multiply(tf.nn.l2_loss(var), wd, name="weight_loss"))
        return var

    with tf.variable_scope("local3") as scope:
        w = variable_with_weight_decay("weights", points(4, 5), 0.004)
        b = tf.get_variable("biases", [5], initializer=tf.constant_initializer(0.1))
        local3 = tf.nn.relu(tf.matmul(x, w) + b, name=scope.name)
    with tf.variable_scope("softmax_linear") as scope:
        w = variable_with_weight_decay("weights", points(5, 3, shift=4), None)
        logits = tf.add(tf.matmul(local3, w), 0.5, name=scope.name)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="per_example")
    tf.add_to_collection("losses", tf.reduce_mean(entropy, name="cross_entropy"))
    total = tf.add_n(tf.get_collection("losses"), name="total_loss")
    loss_averages = tf.train.ExponentialMovingAverage(0.9, name="avg")
    losses = tf.get_collection("losses")
    loss_averages_op = loss_averages.apply([*losses, total])
    step = tf.train.get_or_create_global_step()
    with tf.control_dependencies([loss_averages_op]):
        optimizer = tf.train.GradientDescentOptimizer(0.1)
        grads = optimizer.compute_gradients(total)
    apply_gradient_op = optimizer.apply_gradients(grads, global_step=step)
    variables_averages = tf.train.ExponentialMovingAverage(0.999, step)
    with tf.control_dependencies([apply_gradient_op]):
        train_op = variables_averages.apply(tf.trainable_variables())
    shown = [total, loss_averages.average(total)]
    return {"steps": train(tf, train_op, shown), "variables": [v.name for v in tf.global_variables()]}


@program("graph", "values")
def gradients_clipped_by_their_global_norm(tf: Any) -> Any:
    w = tf.get_variable("w", initializer=tf.constant(points(4, 3)))
    b = tf.get_variable("b", initializer=tf.zeros([3]))
    logits = tf.matmul(tf.constant(points(6, 4, shift=9) * 10), w) + b
    loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes(6, 3), logits=logits))
    tvars = tf.trainable_variables()
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, tvars), 5.0)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True)
    step = optimizer.apply_gradients(zip(grads, tvars, strict=True))
    return train(tf, step, [loss, norm])


@program("graph", "values")
def each_gradient_clipped(tf: Any) -> Any:
    a = tf.Variable([5.0, -3.0], name="a")
    b = tf.Variable(2.0, name="b")
    unused = tf.Variable(1.0, name="unused")
    loss = tf.reduce_sum(a * a * b)
    optimizer = tf.train.AdagradOptimizer(0.5)
    pairs = optimizer.compute_gradients(loss)
    capped = [(tf.clip_by_value(g, -4.0, 4.0), v) for g, v in pairs if g is not None]
    by_norm = [(tf.clip_by_norm(g, 1.0), v) for g, v in pairs if g is not None]
    missing = [v.op.name for g, v in pairs if g is None]
    both = tf.group(optimizer.apply_gradients(capped), name="both")
    return {"steps": train(tf, both, [a, b, unused, [g for g, _ in by_norm]]), "missing": missing}


@program("skeleton", "values")
def gradients_gathered_over_small_batches(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None], name="y")
    w = tf.Variable(tf.ones([3, 1]), name="w")
    loss = tf.losses.mean_squared_error(y, tf.squeeze(tf.matmul(x, w), 1))
    optimizer = tf.train.GradientDescentOptimizer(0.2)
    tvs = tf.trainable_variables()
    accumulated = [tf.Variable(tf.zeros_like(tv.initialized_value()), trainable=False) for tv in tvs]
    zero_ops = [tv.assign(tf.zeros_like(tv)) for tv in accumulated]
    pairs = optimizer.compute_gradients(loss, tvs)
    gather_ops = [accumulated[i].assign_add(pair[0]) for i, pair in enumerate(pairs)]
    step = optimizer.apply_gradients([(accumulated[i], pair[1]) for i, pair in enumerate(pairs)])
    history = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2):
            sess.run(zero_ops)
            for part in range(3):
                sess.run(gather_ops, {x: points(4, 3, shift=part), y: points(4, 1, shift=part)[:, 0]})
            sess.run(step)
            history.append(sess.run([w, accumulated]))
    return history


@program("skeleton", "values")
def batch_normalization_by_hand(tf: Any) -> Any:
    """The lesson's own layer: averages kept by an ExponentialMovingAverage and chosen by `tf.cond`."""
    x = tf.constant(points(6, 4) * 3 + 1, name="x")
    phase = tf.placeholder(tf.bool, [], name="phase")
    with tf.variable_scope("bn"):
        beta = tf.Variable(tf.constant(0.0, shape=[4]), name="beta", trainable=True)
        gamma = tf.Variable(tf.constant(1.0, shape=[4]), name="gamma", trainable=True)
        batch_mean, batch_var = tf.nn.moments(x, [0], name="moments")
        ema = tf.train.ExponentialMovingAverage(decay=0.5)

        def mean_var_with_update() -> Any:
            ema_apply_op = ema.apply([batch_mean, batch_var])
            with tf.control_dependencies([ema_apply_op]):
                return tf.identity(batch_mean), tf.identity(batch_var)

        mean, var = tf.cond(phase, mean_var_with_update, lambda: (ema.average(batch_mean), ema.average(batch_var)))
        normed = tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(normed, {phase: False})
        trained = [sess.run(normed, {phase: True}) for _ in range(2)]
        return {"before": before, "trained": trained, "after": sess.run([normed, mean, var], {phase: False})}


@program("skeleton", "values")
def batch_normalization_with_update_ops(tf: Any) -> Any:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    training = tf.placeholder_with_default(False, shape=(), name="training")
    h = tf.layers.dense(x, 5, name="hidden", use_bias=False)
    h = tf.nn.elu(tf.layers.batch_normalization(h, training=training, momentum=0.6, name="bn"))
    logits = tf.layers.dense(h, 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(classes(7, 3), logits)
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(update_ops):
        step = tf.train.MomentumOptimizer(0.1, momentum=0.9).minimize(loss)
    feed = {x: points(7, 4)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, step], {**feed, training: True})[0] for _ in range(4)]
        moving = [v for v in tf.global_variables() if "moving" in v.name]
        return {"losses": losses, "moving": sess.run(moving), "test": sess.run(loss, feed), "updates": len(update_ops)}


@program("skeleton", "values")
def layers_losses_and_regularizers(tf: Any) -> Any:
    tf.set_random_seed(8)
    images = tf.placeholder(tf.float32, [None, 8, 8, 2], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")

    def regularizer(kernel: Any) -> Any:
        return 0.01 * tf.nn.l2_loss(kernel)

    net = tf.layers.conv2d(images, 4, 3, padding="same", activation=tf.nn.relu, kernel_regularizer=regularizer)
    net = tf.layers.max_pooling2d(net, 2, 2)
    net = tf.layers.conv2d(net, filters=3, kernel_size=[3, 3], strides=2, name="second")
    net = tf.layers.dropout(tf.layers.flatten(net), rate=0.4, training=True, seed=2)
    logits = tf.layers.dense(net, 3, kernel_initializer=tf.truncated_normal_initializer(stddev=0.1, seed=6))
    tf.losses.softmax_cross_entropy(tf.one_hot(labels, 3), logits, label_smoothing=0.1)
    tf.losses.add_loss(tf.nn.l2_loss(logits) * 1e-3)
    total = tf.losses.get_total_loss()
    step = tf.train.AdamOptimizer(0.01).minimize(total, tf.train.get_or_create_global_step())
    feed = {images: points(5, 128).reshape(5, 8, 8, 2), labels: classes(5, 3)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        history = [sess.run([total, step], feed)[0] for _ in range(3)]
        return {"total": history, "parts": sess.run(tf.losses.get_losses(), feed)}


@program("values")
def metrics_over_several_batches(tf: Any) -> Any:
    labels = tf.placeholder(tf.int64, [None], name="labels")
    scores = tf.placeholder(tf.float32, [None], name="scores")
    guesses = tf.cast(tf.round(scores), tf.int64)
    with tf.name_scope("evaluation"):
        made = {
            "accuracy": tf.metrics.accuracy(labels, guesses),
            "precision": tf.metrics.precision(labels, guesses),
            "recall": tf.metrics.recall(labels, guesses),
            "auc": tf.metrics.auc(labels, scores, num_thresholds=20),
            "mean": tf.metrics.mean(scores, weights=tf.to_float(labels)),
            "rmse": tf.metrics.root_mean_squared_error(tf.to_float(labels), scores),
            "iou": tf.metrics.mean_iou(labels, guesses, num_classes=2),
        }
    values = {name: value for name, (value, _) in made.items()}
    updates = {name: update for name, (_, update) in made.items()}
    reset = tf.variables_initializer(tf.get_collection(tf.GraphKeys.LOCAL_VARIABLES, scope="evaluation"))
    results = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        for epoch in range(2):
            sess.run(reset)
            for batch in range(3):
                shift = 5 * batch + epoch
                score = np.abs(points(6, 1, shift=shift))[:, 0]
                last = sess.run(updates, {labels: classes(6 + shift, 2)[shift:], scores: score})
            results.append([sess.run(values), last["accuracy"]])
    return results


@program("values")
def straight_through_estimators(tf: Any) -> Any:
    x = tf.constant([-1.5, -0.2, 0.3, 0.9, 2.0], name="x")
    rounded = x + tf.stop_gradient(tf.round(x) - x)
    with tf.get_default_graph().gradient_override_map({"Sign": "Identity", "Round": "Identity"}):
        overridden = tf.sign(tf.clip_by_value(x, -1, 1))

    @tf.custom_gradient
    def heaviside(v: Any) -> Any:
        return tf.cast(v > 0, tf.float32), lambda dy: dy * tf.exp(-tf.square(v))

    @tf.custom_gradient
    def reverse_gradient(v: Any) -> Any:
        return tf.identity(v), lambda dy: -0.5 * dy

    step = heaviside(x)
    made = {"round": rounded, "sign": overridden, "heaviside": step, "reversed": tf.square(reverse_gradient(x))}
    return {name: [y, tf.gradients(y, x)[0]] for name, y in made.items()}


@program("graph", "values")
def gradient_of_a_python_function(tf: Any) -> Any:
    @tf.RegisterGradient("SquareInPython")
    def square_grad(op: Any, dy: Any) -> Any:
        return dy * 2.0 * op.inputs[0]

    x = tf.constant([1.0, -2.0, 3.0], name="x")
    with tf.get_default_graph().gradient_override_map({"PyFunc": "SquareInPython"}):
        y = tf.py_func(lambda v: np.square(v).astype(np.float32), [x], tf.float32, name="square")
    unknown = y.shape.ndims
    y.set_shape(x.shape)
    calls = []

    def count(v: np.ndarray) -> tuple[np.ndarray, bytes]:
        calls.append(v.sum())
        return v[::-1].copy(), b"reversed"

    back, note = tf.py_func(count, [x], [tf.float32, tf.string], stateful=False)
    with tf.Session() as sess:
        fetched = sess.run([y, tf.gradients(tf.reduce_sum(y), x)[0], back, note])
    return {"rank": unknown, "fetched": fetched, "calls": len(calls)}


@program("graph", "values")
def towers_share_variables_and_average_gradients(tf: Any) -> Any:
    data, labels = points(8, 4), one_hot(8, 3)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    tower_grads, losses = [], []
    with tf.variable_scope(tf.get_variable_scope()):
        for i in range(2):
            with tf.device("/cpu:0"), tf.name_scope(f"tower_{i}"):
                part = slice(4 * i, 4 * i + 4)
                w = tf.get_variable("w", [4, 3], initializer=tf.constant_initializer(points(4, 3)))
                logits = tf.matmul(tf.constant(data[part], name="x"), w)
                loss = tf.losses.softmax_cross_entropy(labels[part], logits)
                tf.get_variable_scope().reuse_variables()
                tower_grads.append(optimizer.compute_gradients(loss))
                losses.append(loss)
    average_grads = []
    for grad_and_vars in zip(*tower_grads, strict=True):
        grads = [tf.expand_dims(g, 0) for g, _ in grad_and_vars]
        grad = tf.reduce_mean(tf.concat(axis=0, values=grads), 0)
        average_grads.append((grad, grad_and_vars[0][1]))
    step = optimizer.apply_gradients(average_grads)
    return {"steps": train(tf, step, [losses, w]), "variables": [v.name for v in tf.trainable_variables()]}


@program("graph", "values")
def second_derivatives_for_newton_s_method(tf: Any) -> Any:
    w = tf.Variable(np.array([1.5, -0.5]), name="w")
    loss = tf.reduce_sum(tf.exp(w) - 2.0 * w) + 0.5 * tf.square(w[0] * w[1])
    gradient = tf.gradients(loss, w)[0]
    hessian = tf.stack([tf.gradients(gradient[i], w)[0] for i in range(2)])
    direction = tf.matrix_solve(hessian, tf.expand_dims(gradient, 1))
    step = w.assign_sub(tf.squeeze(direction, 1))
    return train(tf, step, [w, loss, gradient], steps=4)


@program("graph", "values")
def optimizers_side_by_side(tf: Any) -> Any:
    results = {}
    steps, reads = [], {}
    for name, optimizer in {
        "descent": tf.train.GradientDescentOptimizer(0.1),
        "momentum": tf.train.MomentumOptimizer(0.1, 0.9),
        "adagrad": tf.train.AdagradOptimizer(0.1),
        "adadelta": tf.train.AdadeltaOptimizer(1.0, 0.9, 1e-6),
        "rmsprop": tf.train.RMSPropOptimizer(0.05, centered=True),
        "adam": tf.train.AdamOptimizer(0.1),
        "ftrl": tf.train.FtrlOptimizer(0.2, l1_regularization_strength=0.01),
        "proximal": tf.train.ProximalGradientDescentOptimizer(0.1, l2_regularization_strength=0.1),
    }.items():
        with tf.variable_scope(name):
            v = tf.get_variable("v", initializer=tf.constant([2.0, -1.0]))
            beale = tf.square(1.5 - v[0] + v[0] * v[1]) + tf.square(2.25 - v[0] + v[0] * v[1] ** 2)
            steps.append(optimizer.minimize(beale, var_list=[v]))
            reads[name] = v
            results[name] = sorted(optimizer.get_slot_names())
    return {"steps": train(tf, steps, reads), "slots": results}


@program("graph", "values")
def a_template_and_an_arg_free_scope(tf: Any) -> Any:
    def my_model(x: Any, scale: float = 1.0) -> Any:
        w = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(0.5))
        return tf.matmul(x, w) * scale

    model = tf.make_template("model", my_model)
    one = model(tf.constant(points(2, 3)))
    two = model(tf.constant(points(2, 3, shift=8)), scale=2.0)
    with tf.variable_scope("outer", initializer=tf.ones_initializer(), dtype=tf.float64):
        with tf.variable_scope("inner", reuse=tf.AUTO_REUSE) as inner:
            a = tf.get_variable("a", [2])
            inner_name = inner.name
        with tf.variable_scope(inner, reuse=True):
            again = tf.get_variable("a", [2])
        with tf.variable_scope("", reuse=False):
            b = tf.get_variable("b", [], trainable=False)
    return {
        "values": [one, two, a, b],
        "same": again is a,
        "names": [v.name for v in tf.global_variables()],
        "scope": inner_name,
        "trainable": len(tf.trainable_variables()),
    }


@program("graph", "values")
def target_network_copied_by_assignments(tf: Any) -> Any:
    def network(x: Any, scope: str) -> Any:
        with tf.variable_scope(scope):
            w = tf.get_variable("w", [3, 2], initializer=tf.random_normal_initializer(seed=4))
            b = tf.get_variable("b", [2], initializer=tf.constant_initializer(0.1))
            return tf.nn.xw_plus_b(x, w, b)

    x = tf.constant(points(2, 3), name="x")
    online, target = network(x, "online"), network(x, "target")
    online_vars = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="online")
    target_vars = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="target")
    tau = 0.25
    soft = [t.assign(tau * o + (1 - tau) * t) for t, o in zip(target_vars, online_vars, strict=True)]
    hard = tf.group(*[t.assign(o) for t, o in zip(target_vars, online_vars, strict=True)], name="hard_update")
    bump = [v.assign_add(tf.ones_like(v)) for v in online_vars]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(bump)
        far = sess.run(online - target)
        sess.run(soft)
        near = sess.run(online - target)
        sess.run(hard)
        return [far, near, sess.run(online - target)]


@program("skeleton", "values")
def early_stopping_keeps_the_best_weights(tf: Any) -> Any:
    x = tf.placeholder(tf.float64, [None, 2], name="x")
    y = tf.placeholder(tf.float64, [None], name="y")
    w = tf.Variable(np.zeros([2, 1]), name="w")
    best = tf.Variable(w.initial_value, trainable=False, name="best")
    keep = tf.assign(best, w)
    back = tf.assign(w, best)
    loss = tf.reduce_mean(tf.squared_difference(tf.reshape(tf.matmul(x, w), [-1]), y))
    step = tf.train.GradientDescentOptimizer(
        tf.train.piecewise_constant(tf.train.get_or_create_global_step(), [3, 6], [0.9, 4.0, 0.1])
    ).minimize(loss, tf.train.get_global_step())
    train_feed = {x: points(10, 2), y: points(10, 1, shift=3)[:, 0]}
    test_feed = {x: points(6, 2, shift=50), y: points(6, 1, shift=1)[:, 0]}
    lowest, losses = np.inf, []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step, train_feed)
            losses.append(sess.run(loss, test_feed))
            if losses[-1] < lowest:
                lowest = losses[-1]
                sess.run(keep)
        sess.run(back.op)
        return {"losses": losses, "back": sess.run(loss, test_feed)}
