"""Words and sequences: embeddings with sampled losses, recurrent nets, attention, hidden Markov models."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program
from .course_models import classes, one_hot, points, train


@program("graph", "values")
def skip_gram_with_noise_contrastive_estimation(tf: Any) -> Any:
    tf.set_random_seed(1)
    vocabulary, size, batch = 20, 6, 8
    with tf.name_scope("inputs"):
        train_inputs = tf.placeholder(tf.int32, shape=[batch])
        train_labels = tf.placeholder(tf.int32, shape=[batch, 1])
        valid_dataset = tf.constant([1, 5, 7], dtype=tf.int32)
    with tf.device("/cpu:0"):
        with tf.name_scope("embeddings"):
            embeddings = tf.Variable(tf.random_uniform([vocabulary, size], -1.0, 1.0))
            embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        with tf.name_scope("weights"):
            nce_weights = tf.Variable(tf.truncated_normal([vocabulary, size], stddev=1.0 / np.sqrt(size)))
        with tf.name_scope("biases"):
            nce_biases = tf.Variable(tf.zeros([vocabulary]))
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(
            tf.nn.nce_loss(
                weights=nce_weights,
                biases=nce_biases,
                labels=train_labels,
                inputs=embed,
                num_sampled=5,
                num_classes=vocabulary,
            )
        )
    with tf.name_scope("optimizer"):
        optimizer = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
    normalized_embeddings = embeddings / norm
    valid_embeddings = tf.nn.embedding_lookup(normalized_embeddings, valid_dataset)
    similarity = tf.matmul(valid_embeddings, normalized_embeddings, transpose_b=True)
    feed = {train_inputs: np.arange(batch) * 3 % 20, train_labels: (np.arange(batch)[:, None] * 7 + 1) % 20}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([optimizer, loss], feed)[1] for _ in range(3)]
        return {"losses": losses, "similarity": sess.run(similarity)}


@program("values")
def continuous_bag_of_words_with_sampled_softmax(tf: Any) -> Any:
    tf.set_random_seed(4)
    context = tf.placeholder(tf.int32, [None, 4])
    target = tf.placeholder(tf.int64, [None, 1])
    table = tf.get_variable("table", [15, 5], initializer=tf.random_uniform_initializer(-1, 1, seed=3))
    weights = tf.get_variable("weights", [15, 5], initializer=tf.truncated_normal_initializer(stddev=0.4, seed=5))
    biases = tf.get_variable("biases", [15], initializer=tf.zeros_initializer())
    mean = tf.reduce_mean(tf.nn.embedding_lookup(table, context), axis=1)
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(weights, biases, target, mean, 4, 15, seed=7))
    logits = tf.matmul(mean, weights, transpose_b=True) + biases
    full = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.squeeze(target, [1]), logits=logits))
    step = tf.train.AdagradOptimizer(0.5).minimize(loss)
    ids = np.arange(20).reshape(5, 4) * 7 % 15
    feed = {context: ids, target: ids[:, :1] // 2}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [[sess.run([step, loss], feed)[1], sess.run(full, feed)] for _ in range(3)]


@program("values")
def embeddings_split_over_partitions(tf: Any) -> Any:
    parts = [tf.Variable(points(3, 2, shift=i), name=f"part_{i}") for i in range(2)]
    ids = tf.placeholder(tf.int32, [None], name="ids")
    by_mod = tf.nn.embedding_lookup(parts, ids, name="mod")
    by_div = tf.nn.embedding_lookup(parts, ids, partition_strategy="div", max_norm=1.0)
    sparse = tf.SparseTensor([[0, 0], [0, 2], [1, 1], [2, 0]], [1, 3, 5, 0], [3, 4])
    weights = tf.SparseTensor([[0, 0], [0, 2], [1, 1], [2, 0]], [1.0, 2.0, 0.5, 1.0], [3, 4])
    mean = tf.nn.embedding_lookup_sparse(parts[0], tf.SparseTensor(sparse.indices, sparse.values % 3, [3, 4]), weights)
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(tf.square(by_mod)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run([by_mod, by_div, mean], {ids: [0, 1, 4, 1]})
        sess.run(step, {ids: [0, 1, 4, 1]})
        return [before, sess.run(parts)]


@program("graph", "values")
def language_model_unrolled_with_two_layers(tf: Any) -> Any:
    """The recurrent language model of the tutorials: LSTM cells, state carried from batch to batch, clipped gradients."""
    tf.set_random_seed(6)
    batch, steps, vocabulary, hidden = 2, 3, 12, 4
    inputs_ids = tf.placeholder(tf.int32, [batch, steps])
    targets = tf.placeholder(tf.int32, [batch, steps])
    initializer = tf.random_uniform_initializer(-0.1, 0.1)
    with tf.variable_scope("model", reuse=None, initializer=initializer):

        def make_cell() -> Any:
            cell = tf.nn.rnn_cell.BasicLSTMCell(hidden, forget_bias=0.0, state_is_tuple=True)
            return tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=0.9)

        cell = tf.nn.rnn_cell.MultiRNNCell([make_cell() for _ in range(2)], state_is_tuple=True)
        initial_state = cell.zero_state(batch, tf.float32)
        embedding = tf.get_variable("embedding", [vocabulary, hidden], dtype=tf.float32)
        inputs = tf.nn.dropout(tf.nn.embedding_lookup(embedding, inputs_ids), 0.8)
        outputs = []
        state = initial_state
        with tf.variable_scope("RNN"):
            for time_step in range(steps):
                if time_step > 0:
                    tf.get_variable_scope().reuse_variables()
                cell_output, state = cell(inputs[:, time_step, :], state)
                outputs.append(cell_output)
        output = tf.reshape(tf.concat(axis=1, values=outputs), [-1, hidden])
        softmax_w = tf.get_variable("softmax_w", [hidden, vocabulary])
        softmax_b = tf.get_variable("softmax_b", [vocabulary])
        logits = tf.nn.xw_plus_b(output, softmax_w, softmax_b)
        logits = tf.reshape(logits, [batch, steps, vocabulary])
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        cost = tf.reduce_sum(entropy) / batch
        lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), 5)
        optimizer = tf.train.GradientDescentOptimizer(lr)
        train_op = optimizer.apply_gradients(
            zip(grads, tvars, strict=True), global_step=tf.train.get_or_create_global_step()
        )
        new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        lr_update = tf.assign(lr, new_lr)
    data = np.arange(40) * 5 % 12
    costs = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(lr_update, {new_lr: 0.5})
        current = sess.run(initial_state)
        for i in range(3):
            window = data[i * 6 : i * 6 + 7]
            feed = {inputs_ids: window[:-1].reshape(2, 3), targets: window[1:].reshape(2, 3)}
            for layer, (c, h) in enumerate(initial_state):
                feed[c] = current[layer].c
                feed[h] = current[layer].h
            value, current, _ = sess.run([cost, state, train_op], feed)
            costs.append(value)
    return {"costs": costs, "state": current[1].h, "variables": [v.name for v in tvars]}


@program("skeleton", "values")
def character_net_in_a_loop(tf: Any) -> Any:
    tf.set_random_seed(14)
    chars = sorted(set("hello world"))
    text = np.array([chars.index(c) for c in "hello world"])
    seq = tf.placeholder(tf.int32, [None, None], name="seq")
    onehot = tf.one_hot(seq, len(chars))
    length = tf.reduce_sum(tf.reduce_max(tf.sign(onehot), 2), 1)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(size) for size in (5, 4)])
    batch = tf.shape(onehot)[0]
    zero_states = cell.zero_state(batch, dtype=tf.float32)
    in_state = tuple(tf.placeholder_with_default(state, [None, state.shape[1]]) for state in zero_states)
    output, out_state = tf.nn.dynamic_rnn(cell, onehot, tf.to_int32(length), in_state)
    logits = tf.layers.dense(output, len(chars), activation=None)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=onehot[:, 1:], logits=logits[:, :-1]))
    sample = tf.multinomial(logits[:, -1] / 0.7, 1, seed=5)[:, 0]
    gstep = tf.Variable(0, dtype=tf.int32, trainable=False, name="global_step")
    step = tf.train.AdamOptimizer(0.02).minimize(loss, global_step=gstep)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, step], {seq: text[None]})[0] for _ in range(3)]
        sentence, state = [int(text[0])], None
        for _ in range(4):
            feed = {seq: [sentence[-1:]]}
            if state is not None:
                feed.update(dict(zip(in_state, state, strict=True)))
            index, state = sess.run([sample, out_state], feed)
            sentence.append(int(index[0]))
        return {"losses": losses, "sentence": sentence, "step": sess.run(gstep)}


@program("skeleton", "values")
def both_directions_in_two_layers(tf: Any) -> Any:
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    net = x
    for layer in range(2):
        with tf.variable_scope(f"layer_{layer}"):
            forward = tf.nn.rnn_cell.LSTMCell(3, initializer=tf.orthogonal_initializer(seed=layer))
            backward = tf.nn.rnn_cell.LSTMCell(3, initializer=tf.orthogonal_initializer(seed=9))
            outputs, states = tf.nn.bidirectional_dynamic_rnn(forward, backward, net, lengths, dtype=tf.float32)
            net = tf.concat(outputs, 2)
    last = tf.concat([state.h for state in states], 1)
    mask = tf.sequence_mask(lengths, 4, dtype=tf.float32)
    pooled = tf.reduce_sum(net * tf.expand_dims(mask, -1), 1) / tf.expand_dims(tf.to_float(lengths), 1)
    logits = tf.layers.dense(tf.concat([last, pooled], 1), 2)
    loss = tf.losses.sparse_softmax_cross_entropy(classes(3, 2), logits)
    step = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    return train(tf, step, [loss, net[:, -1]], {x: points(12, 3).reshape(3, 4, 3), lengths: [4, 2, 3]}, steps=3)


@program("graph", "values")
def static_net_over_rows_of_an_image(tf: Any) -> Any:
    tf.set_random_seed(5)
    x = tf.placeholder("float", [None, 4, 3])
    y = tf.placeholder("float", [None, 2])
    weights = {"out": tf.Variable(tf.random_normal([2 * 3, 2]))}
    biases = {"out": tf.Variable(tf.random_normal([2]))}
    rows = tf.unstack(x, 4, 1)
    fw = tf.nn.rnn_cell.BasicLSTMCell(3, forget_bias=1.0)
    bw = tf.nn.rnn_cell.BasicLSTMCell(3, forget_bias=1.0)
    outputs, _, _ = tf.nn.static_bidirectional_rnn(fw, bw, rows, dtype=tf.float32)
    logits = tf.matmul(outputs[-1], weights["out"]) + biases["out"]
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return train(tf, step, loss, {x: points(12, 4).reshape(4, 4, 3), y: one_hot(4, 2)}, steps=3)


@program("skeleton", "values")
def encoder_and_decoder_with_attention_by_hand(tf: Any) -> Any:
    source = tf.placeholder(tf.int32, [2, 4], name="source")
    target = tf.placeholder(tf.int32, [2, 3], name="target")
    initializer = tf.random_uniform_initializer(-0.5, 0.5, seed=3)
    with tf.variable_scope("seq2seq", initializer=initializer):
        table = tf.get_variable("embedding", [9, 5])
        with tf.variable_scope("encoder"):
            memory, state = tf.nn.dynamic_rnn(
                tf.nn.rnn_cell.GRUCell(4), tf.nn.embedding_lookup(table, source), dtype=tf.float32
            )
        with tf.variable_scope("decoder") as scope:
            cell = tf.nn.rnn_cell.GRUCell(4)
            w_memory = tf.get_variable("w_memory", [1, 1, 4, 4])
            w_query = tf.get_variable("w_query", [4, 4])
            v = tf.get_variable("v", [4])
            w_out = tf.get_variable("w_out", [8, 9])
            keys = tf.nn.conv2d(tf.reshape(memory, [-1, 4, 1, 4]), w_memory, [1, 1, 1, 1], "SAME")
            decoder_inputs = tf.unstack(tf.nn.embedding_lookup(table, tf.pad(target, [[0, 0], [1, 0]])[:, :-1]), axis=1)
            logits, alignments = [], []
            context = tf.zeros([2, 4])
            for i, one in enumerate(decoder_inputs):
                if i:
                    scope.reuse_variables()
                output, state = cell(tf.concat([one, context], 1), state)
                query = tf.reshape(tf.matmul(output, w_query), [-1, 1, 1, 4])
                score = tf.reduce_sum(v * tf.tanh(keys + query), [2, 3])
                alignment = tf.nn.softmax(score)
                context = tf.reduce_sum(tf.expand_dims(alignment, 2) * memory, 1)
                logits.append(tf.matmul(tf.concat([output, context], 1), w_out))
                alignments.append(alignment)
    stacked = tf.stack(logits, axis=1)
    weight = tf.to_float(tf.not_equal(target, 0))
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=stacked)
    loss = tf.reduce_sum(entropy * weight) / tf.reduce_sum(weight)
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    feed = {source: [[1, 2, 3, 4], [5, 6, 7, 8]], target: [[4, 3, 2], [8, 7, 0]]}
    return train(tf, step, [loss, tf.stack(alignments), tf.argmax(stacked, 2)], feed, steps=3)


@program("values")
def one_block_of_a_transformer(tf: Any) -> Any:
    batch, steps, size, heads = 2, 4, 6, 2
    x = tf.constant(points(batch * steps, size).reshape(batch, steps, size), name="x")
    position = tf.to_float(tf.range(steps))
    rates = tf.pow(10000.0, -2.0 * tf.to_float(tf.range(size // 2)) / size)
    angles = tf.expand_dims(position, 1) * rates
    x += tf.reshape(tf.stack([tf.sin(angles), tf.cos(angles)], axis=2), [steps, size])

    def projected(name: str) -> Any:
        w = tf.get_variable(name, initializer=tf.constant(points(size, size, shift=len(name))))
        y = tf.tensordot(x, w, axes=[[2], [0]])
        return tf.transpose(tf.reshape(y, [batch, steps, heads, size // heads]), [0, 2, 1, 3])

    q, k, v = projected("q"), projected("key"), projected("value")
    scores = tf.matmul(q, k, transpose_b=True) / np.float32(np.sqrt(size // heads))
    causal = tf.matrix_band_part(tf.ones([steps, steps]), -1, 0)
    attention = tf.nn.softmax(scores + (1.0 - causal) * -1e9)
    merged = tf.reshape(tf.transpose(tf.matmul(attention, v), [0, 2, 1, 3]), [batch, steps, size])
    residual = x + merged
    mean, variance = tf.nn.moments(residual, axes=[-1], keep_dims=True)
    gamma = tf.get_variable("gamma", [size], initializer=tf.ones_initializer())
    normed = gamma * (residual - mean) * tf.rsqrt(variance + 1e-6)
    hidden = tf.einsum("bts,sh->bth", normed, tf.constant(points(size, 3)))
    gelu = 0.5 * hidden * (1.0 + tf.erf(hidden / np.sqrt(2.0).astype(np.float32)))
    loss = tf.reduce_mean(tf.square(gelu))
    grads = tf.gradients(loss, tf.trainable_variables())
    return {"attention": attention, "gelu": gelu, "grads": grads}


@program("skeleton", "values")
def forward_algorithm_of_a_hidden_markov_model(tf: Any) -> Any:
    logits_start = tf.Variable([0.1, -0.2, 0.0], name="start")
    logits_transition = tf.Variable(points(3, 3), name="transition")
    logits_emission = tf.Variable(points(3, 4, shift=4), name="emission")
    observed = tf.constant([0, 2, 3, 1, 1, 0], name="observed")
    log_start = tf.nn.log_softmax(logits_start)
    log_a = tf.nn.log_softmax(logits_transition)
    log_b = tf.transpose(tf.nn.log_softmax(logits_emission))
    emitted = tf.gather(log_b, observed)

    def forward_step(alpha: Any, emission: Any) -> Any:
        return emission + tf.reduce_logsumexp(tf.expand_dims(alpha, 1) + log_a, axis=0)

    alphas = tf.scan(forward_step, emitted[1:], initializer=log_start + emitted[0])
    log_likelihood = tf.reduce_logsumexp(alphas[-1])

    def viterbi_step(state: Any, emission: Any) -> Any:
        scores = tf.expand_dims(state[0], 1) + log_a
        return emission + tf.reduce_max(scores, axis=0), tf.argmax(scores, axis=0, output_type=tf.int32)

    best, pointers = tf.scan(viterbi_step, emitted[1:], initializer=(log_start + emitted[0], tf.zeros([3], tf.int32)))
    last = tf.argmax(best[-1], output_type=tf.int32)
    path = tf.scan(lambda state, pointer: pointer[state], pointers, initializer=last, reverse=True)
    path = tf.concat([path, [last]], 0)
    step = tf.train.GradientDescentOptimizer(0.5).minimize(-log_likelihood)
    return train(tf, step, [log_likelihood, alphas, path], steps=3)


@program("values")
def sentence_classifier_with_filters_of_many_widths(tf: Any) -> Any:
    tf.set_random_seed(10)
    input_x = tf.placeholder(tf.int32, [None, 7], name="input_x")
    input_y = tf.placeholder(tf.float32, [None, 2], name="input_y")
    keep = tf.placeholder(tf.float32, name="dropout_keep_prob")
    l2_loss = tf.constant(0.0)
    with tf.device("/cpu:0"), tf.name_scope("embedding"):
        w = tf.Variable(tf.random_uniform([11, 4], -1.0, 1.0), name="W")
        chars = tf.expand_dims(tf.nn.embedding_lookup(w, input_x), -1)
    pooled = []
    for width in (2, 3):
        with tf.name_scope(f"conv-maxpool-{width}"):
            w = tf.Variable(tf.truncated_normal([width, 4, 1, 3], stddev=0.1), name="W")
            b = tf.Variable(tf.constant(0.1, shape=[3]), name="b")
            conv = tf.nn.conv2d(chars, w, strides=[1, 1, 1, 1], padding="VALID", name="conv")
            h = tf.nn.relu(tf.nn.bias_add(conv, b), name="relu")
            pooled.append(
                tf.nn.max_pool(h, ksize=[1, 7 - width + 1, 1, 1], strides=[1, 1, 1, 1], padding="VALID", name="pool")
            )
    flat = tf.nn.dropout(tf.reshape(tf.concat(pooled, 3), [-1, 6]), keep)
    with tf.name_scope("output"):
        w = tf.get_variable("W", shape=[6, 2], initializer=tf.glorot_uniform_initializer(seed=1))
        b = tf.Variable(tf.constant(0.1, shape=[2]), name="b")
        l2_loss += tf.nn.l2_loss(w) + tf.nn.l2_loss(b)
        scores = tf.nn.xw_plus_b(flat, w, b, name="scores")
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(logits=scores, labels=input_y)
    loss = tf.reduce_mean(losses) + 0.5 * l2_loss
    global_step = tf.Variable(0, name="global_step", trainable=False)
    optimizer = tf.train.AdamOptimizer(1e-2)
    train_op = optimizer.apply_gradients(optimizer.compute_gradients(loss), global_step=global_step)
    feed = {input_x: np.arange(35).reshape(5, 7) * 3 % 11, input_y: one_hot(5, 2), keep: 0.9}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run([train_op, global_step, loss], feed)[1:] for _ in range(3)]


@program("values")
def labels_without_alignment(tf: Any) -> Any:
    """Connectionist temporal classification: loss, greedy and beam decoding, and the error rate."""
    inputs = tf.get_variable("inputs", initializer=tf.constant(points(30, 4).reshape(6, 5, 4)[:, :2]))
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 0], [2, 2])
    lengths = tf.constant([6, 4])
    loss = tf.nn.ctc_loss(labels, inputs, lengths)
    step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_mean(loss))
    greedy, score = tf.nn.ctc_greedy_decoder(inputs, lengths)
    beams, log_probability = tf.nn.ctc_beam_search_decoder(inputs, lengths, beam_width=5)
    rate = tf.reduce_mean(tf.edit_distance(tf.cast(greedy[0], tf.int32), labels))
    wanted = [loss, score, tf.sparse_tensor_to_dense(beams[0], default_value=-1), log_probability, rate]
    return train(tf, step, wanted, steps=3)


@program("skeleton", "values")
def loop_that_writes_what_it_reads(tf: Any) -> Any:
    """`tf.nn.raw_rnn` and a TensorArray: each output becomes the next input."""
    tf.set_random_seed(3)
    x = tf.constant(points(8, 3).reshape(4, 2, 3), name="x")
    array = tf.TensorArray(tf.float32, size=4).unstack(x)
    cell = tf.nn.rnn_cell.BasicRNNCell(3)

    def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> Any:
        finished = time >= 4
        next_state = cell.zero_state(2, tf.float32) if output is None else state
        following = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([2, 3]), lambda: array.read(time))
        return tf.fill([2], finished), following, next_state, output, None

    outputs, final, _ = tf.nn.raw_rnn(cell, loop_fn)
    stacked = outputs.stack()
    loss = tf.reduce_sum(tf.square(stacked))
    step = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    return train(tf, step, [loss, final], steps=3)
