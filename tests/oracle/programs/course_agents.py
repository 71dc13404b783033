"""Agents that learn from rewards: bandits, value tables, deep Q-nets, policy gradients, actors with critics."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program
from .course_models import points, train


@program("graph", "values")
def policy_of_a_bandit(tf: Any) -> Any:
    weights = tf.Variable(tf.ones([4]))
    chosen = tf.argmax(weights, 0)
    reward_holder = tf.placeholder(shape=[1], dtype=tf.float32)
    action_holder = tf.placeholder(shape=[1], dtype=tf.int32)
    responsible = tf.slice(weights, action_holder, [1])
    loss = -(tf.log(responsible) * reward_holder)
    update = tf.train.GradientDescentOptimizer(learning_rate=0.1).minimize(loss)
    rewards = [0.2, -1.0, 1.0, 0.5]
    trace = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for episode in range(6):
            action = episode * 3 % 4
            _, seen = sess.run([update, responsible], {reward_holder: [rewards[action]], action_holder: [action]})
            trace.append([seen, sess.run(chosen), sess.run(weights)])
    return trace


@program("graph", "values")
def table_of_values_as_a_net(tf: Any) -> Any:
    inputs1 = tf.placeholder(shape=[1, 6], dtype=tf.float32)
    w = tf.Variable(tf.constant(points(6, 3) * 0.01))
    q_out = tf.matmul(inputs1, w)
    predict = tf.argmax(q_out, 1)
    next_q = tf.placeholder(shape=[1, 3], dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(next_q - q_out))
    update = tf.train.GradientDescentOptimizer(learning_rate=0.1).minimize(loss)
    state, trace = 0, []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            action, all_q = sess.run([predict, q_out], feed_dict={inputs1: np.identity(6)[state : state + 1]})
            following = (state + 1 + int(action[0])) % 6
            reward = 1.0 if following == 5 else 0.0
            best = np.max(sess.run(q_out, feed_dict={inputs1: np.identity(6)[following : following + 1]}))
            target = all_q
            target[0, action[0]] = reward + 0.9 * best
            sess.run(update, feed_dict={inputs1: np.identity(6)[state : state + 1], next_q: target})
            trace.append(following)
            state = following
        return {"trace": trace, "w": sess.run(w)}


@program("skeleton", "values")
def deep_q_net_with_a_double_target(tf: Any) -> Any:
    tf.set_random_seed(8)

    def q_network(state: Any, name: str) -> Any:
        initializer = tf.variance_scaling_initializer(seed=3)
        with tf.variable_scope(name) as scope:
            net = tf.layers.conv2d(state, 3, 3, 2, "same", activation=tf.nn.relu, kernel_initializer=initializer)
            flat = tf.reshape(net, shape=[-1, 27])
            hidden = tf.layers.dense(flat, 6, activation=tf.nn.relu, kernel_initializer=initializer)
            advantage, value = tf.split(hidden, 2, axis=1)
            advantage = tf.layers.dense(advantage, 4, kernel_initializer=initializer)
            value = tf.layers.dense(value, 1, kernel_initializer=initializer)
            outputs = value + (advantage - tf.reduce_mean(advantage, axis=1, keepdims=True))
        variables = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope.name)
        return outputs, {var.name[len(scope.name) :]: var for var in variables}

    x_state = tf.placeholder(tf.float32, shape=[None, 6, 6, 2])
    online_q, online_vars = q_network(x_state, name="q_networks/online")
    target_q, target_vars = q_network(x_state, name="q_networks/target")
    copy_ops = [target_var.assign(online_vars[var_name]) for var_name, target_var in target_vars.items()]
    copy_online_to_target = tf.group(*copy_ops)
    with tf.variable_scope("train"):
        x_action = tf.placeholder(tf.int32, shape=[None])
        y = tf.placeholder(tf.float32, shape=[None, 1])
        q_value = tf.reduce_sum(online_q * tf.one_hot(x_action, 4), axis=1, keepdims=True)
        error = tf.abs(y - q_value)
        clipped_error = tf.clip_by_value(error, 0.0, 1.0)
        linear_error = 2 * (error - clipped_error)
        loss = tf.reduce_mean(tf.square(clipped_error) + linear_error)
        global_step = tf.Variable(0, trainable=False, name="global_step")
        optimizer = tf.train.MomentumOptimizer(0.01, 0.95, use_nesterov=True)
        training_op = optimizer.minimize(loss, global_step=global_step)
    states = points(4, 72).reshape(4, 6, 6, 2)
    losses = []
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        copy_online_to_target.run()
        for step in range(4):
            next_q = target_q.eval(feed_dict={x_state: states[::-1]})
            best = np.argmax(online_q.eval(feed_dict={x_state: states[::-1]}), axis=1)
            wanted = np.array([[1.0], [0.0], [2.5], [-1.0]]) + 0.9 * next_q[np.arange(4), best][:, None]
            _, value = sess.run([training_op, loss], {x_state: states, x_action: [0, 1, 3, 2], y: wanted})
            losses.append(value)
            if step == 1:
                copy_online_to_target.run()
        return {"losses": losses, "step": global_step.eval(), "names": sorted(online_vars)}


@program("skeleton", "values")
def policy_gradients_applied_by_feeding(tf: Any) -> Any:
    """Gradients are fetched for each step of a game, weighted with the rewards, averaged, and fed back."""
    tf.set_random_seed(6)
    x = tf.placeholder(tf.float32, shape=[None, 4])
    hidden = tf.layers.dense(x, 4, activation=tf.nn.elu, kernel_initializer=tf.variance_scaling_initializer(seed=1))
    logits = tf.layers.dense(hidden, 1)
    outputs = tf.nn.sigmoid(logits)
    p_left_and_right = tf.concat(axis=1, values=[outputs, 1 - outputs])
    action = tf.multinomial(tf.log(p_left_and_right), num_samples=1)
    y = 1.0 - tf.to_float(action)
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
    optimizer = tf.train.AdamOptimizer(0.05)
    grads_and_vars = optimizer.compute_gradients(cross_entropy)
    gradients = [grad for grad, _ in grads_and_vars]
    placeholders, to_feed = [], []
    for grad, variable in grads_and_vars:
        placeholder = tf.placeholder(tf.float32, shape=grad.get_shape())
        placeholders.append(placeholder)
        to_feed.append((placeholder, variable))
    training_op = optimizer.apply_gradients(to_feed)
    actions, probabilities = [], []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for iteration in range(2):
            collected, rewards = [], []
            for step in range(4):
                taken, values, p = sess.run([action, gradients, outputs], {x: points(1, 4, shift=7 * step + iteration)})
                actions.append(int(taken[0, 0]))
                probabilities.append(p)
                collected.append(values)
                rewards.append(1.0 if taken[0, 0] == step % 2 else -0.5)
            discounted = np.cumsum(np.array(rewards)[::-1] * 0.95)[::-1]
            feed = {
                placeholder: np.mean([d * g[i] for d, g in zip(discounted, collected, strict=True)], axis=0)
                for i, placeholder in enumerate(placeholders)
            }
            sess.run(training_op, feed_dict=feed)
    return {"actions": actions, "probabilities": probabilities}


@program("graph", "values")
def actor_and_critic_with_entropy(tf: Any) -> Any:
    state = tf.placeholder(tf.float32, [None, 5], name="state")
    action = tf.placeholder(tf.int32, [None], name="action")
    returns = tf.placeholder(tf.float32, [None], name="returns")
    w = tf.get_variable("w", initializer=tf.constant(points(5, 4)))
    w_policy = tf.get_variable("w_policy", initializer=tf.constant(points(4, 3, shift=8)))
    w_value = tf.get_variable("w_value", initializer=tf.constant(points(4, 1, shift=19)))
    features = tf.nn.selu(tf.matmul(state, w))
    policy = tf.nn.softmax(tf.matmul(features, w_policy))
    value = tf.squeeze(tf.matmul(features, w_value), axis=1)
    rows = tf.range(tf.shape(action)[0])
    taken = tf.gather_nd(policy, tf.stack([rows, action], axis=1))
    advantage = returns - value
    policy_loss = -tf.reduce_mean(tf.log(taken) * tf.stop_gradient(advantage))
    value_loss = 0.5 * tf.reduce_mean(tf.square(advantage))
    entropy = -tf.reduce_mean(tf.reduce_sum(policy * tf.log(tf.maximum(policy, 1e-8)), axis=1))
    loss = policy_loss + 0.5 * value_loss - 0.01 * entropy
    params = tf.trainable_variables()
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, params), 0.5)
    step = tf.train.RMSPropOptimizer(7e-3, decay=0.99, epsilon=1e-5).apply_gradients(zip(grads, params, strict=True))
    feed = {state: points(6, 5), action: [0, 2, 1, 1, 0, 2], returns: [1.0, 0.5, -1.0, 0.0, 2.0, 0.3]}
    return train(tf, step, [loss, policy_loss, value_loss, entropy, norm], feed)


@program("graph", "values")
def clipped_surrogate_of_old_and_new_policy(tf: Any) -> Any:
    state = tf.constant(points(6, 3), name="state")
    action = tf.constant(points(6, 2, shift=9), name="action")
    advantage = tf.constant(points(6, 1, shift=40)[:, 0], name="advantage")

    def gaussian(scope: str, trainable: bool) -> Any:
        with tf.variable_scope(scope):
            w = tf.get_variable("w", initializer=tf.constant(points(3, 2)), trainable=trainable)
            log_std = tf.get_variable("log_std", [2], initializer=tf.constant_initializer(-0.5), trainable=trainable)
            mean = 2 * tf.tanh(tf.matmul(state, w))
        z = (action - mean) / tf.exp(log_std)
        log_p = -0.5 * tf.reduce_sum(tf.square(z), 1) - tf.reduce_sum(log_std) - np.float32(np.log(2 * np.pi))
        return log_p, tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope=scope)

    new, new_params = gaussian("pi", True)
    old, old_params = gaussian("oldpi", False)
    update_old = [tf.assign(o, n) for o, n in zip(old_params, new_params, strict=True)]
    ratio = tf.exp(new - old)
    surrogate = tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 0.8, 1.2) * advantage)
    kl = tf.reduce_mean(old - new)
    step = tf.train.AdamOptimizer(0.02).minimize(-tf.reduce_mean(surrogate))
    history = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(update_old)
            for _ in range(2):
                sess.run(step)
            history.append(sess.run([kl, ratio]))
    return history


@program("graph", "values")
def deterministic_policy_with_fed_slopes(tf: Any) -> Any:
    """As in DDPG: the critic's slope by the action becomes `grad_ys` of the actor."""
    state = tf.placeholder(tf.float32, [None, 3], name="state")
    action_in = tf.placeholder(tf.float32, [None, 1], name="action_in")
    w_actor = tf.Variable(points(3, 1), name="actor")
    w_critic = tf.Variable(points(4, 4, shift=2), name="critic")
    w_out = tf.Variable(points(4, 1, shift=6), name="out")
    action = tf.tanh(tf.matmul(state, w_actor))

    def critic(a: Any) -> Any:
        return tf.matmul(tf.nn.relu(tf.matmul(tf.concat([state, a], 1), w_critic)), w_out)

    q = critic(action_in)
    slope = tf.gradients(q, action_in)[0]
    policy_gradient = tf.gradients(action, [w_actor], grad_ys=-slope)
    step = tf.train.AdamOptimizer(0.01).apply_gradients([(policy_gradient[0], w_actor)])
    td = tf.losses.huber_loss(tf.ones_like(q), q, delta=0.5, reduction=tf.losses.Reduction.MEAN)
    critic_step = tf.train.AdamOptimizer(0.01).minimize(td, var_list=[w_critic, w_out])
    trace = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            taken = sess.run(action, {state: points(5, 3)})
            feed = {state: points(5, 3), action_in: taken}
            trace.append(sess.run([td, slope], feed))
            sess.run(critic_step, feed)
            sess.run(step, feed)
    return trace


@program("skeleton", "values")
def discounted_returns_inside_the_graph(tf: Any) -> Any:
    rewards = tf.placeholder(tf.float32, [None], name="rewards")
    returns = tf.reverse(tf.scan(lambda total, r: r + 0.5 * total, tf.reverse(rewards, [0])), axis=[0])
    same = tf.scan(lambda total, r: r + 0.5 * total, rewards, reverse=True)
    steps = tf.range(tf.shape(rewards)[0])
    powers = tf.pow(0.5, tf.to_float(tf.nn.relu(tf.expand_dims(steps, 0) - tf.expand_dims(steps, 1))))
    matrix = tf.matrix_band_part(powers, 0, -1)
    by_matrix = tf.squeeze(tf.matmul(matrix, tf.expand_dims(rewards, 1)), 1)
    normed = (returns - tf.reduce_mean(returns)) / tf.sqrt(tf.nn.moments(returns, [0])[1])
    with tf.Session() as sess:
        return sess.run([returns, same, by_matrix, normed], {rewards: [1.0, 0.0, 2.0, -1.0]})


@program("values")
def value_iteration_on_a_grid(tf: Any) -> Any:
    reward = tf.constant([[0.0, 0.0, 0.0, 1.0], [0.0, -5.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0]])
    value = tf.Variable(tf.zeros_like(reward))
    padded = tf.pad(value, [[1, 1], [1, 1]], mode="SYMMETRIC")
    moves = tf.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    q = reward + 0.9 * moves
    change = tf.reduce_max(tf.abs(tf.reduce_max(q, 0) - value))
    update = value.assign(tf.reduce_max(q, 0))
    changes = []
    with tf.Session() as sess:
        sess.run(value.initializer)
        for _ in range(5):
            changes.append(sess.run(change))
            sess.run(update)
        return {"changes": changes, "value": sess.run(value), "policy": sess.run(tf.argmax(q, 0))}


@program("skeleton", "values")
def choosing_at_random_or_the_best(tf: Any) -> Any:
    tf.set_random_seed(19)
    q = tf.placeholder(tf.float32, [None, 3], name="q")
    epsilon = tf.train.polynomial_decay(1.0, tf.train.get_or_create_global_step(), 4, 0.1)
    advance = tf.assign_add(tf.train.get_global_step(), 1)
    random = tf.random_uniform([tf.shape(q)[0]], 0, 3, dtype=tf.int64)
    explore = tf.random_uniform([tf.shape(q)[0]]) < epsilon
    action = tf.where(explore, random, tf.argmax(q, 1))
    whole = tf.cond(epsilon > 0.5, lambda: random, lambda: tf.argmax(q, axis=1))
    trace = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            trace.append(sess.run([epsilon, explore, action, whole], {q: points(4, 3)}))
            sess.run(advance)
    return trace
