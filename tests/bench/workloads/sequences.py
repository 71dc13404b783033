"""Words and sequences: word2vec with noise-contrastive estimation, and an LSTM that reads images row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.registry import Step, twin, workload
from tests.bench.workloads.images import digits, train_torch

WORDS, SIZE, PAIRS, NOISE = 50_000, 128, 128, 64  # vocabulary, length of a vector, pairs in a batch, noise words


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    """Words with the frequencies of a text: the k-th most frequent about 1/k as often as the first."""
    random = np.random.RandomState(0)
    words = np.exp(random.rand(2, PAIRS) * np.log(WORDS + 1)).astype(np.int32) - 1
    return words[0], words[1].reshape(-1, 1)


@workload("word2vec with NCE, a step on 128 pairs (50,000 words)", over=(3, 5))
def word2vec(tf: Any) -> Step:
    """Skip-grams, 64 noise words for the batch; gradients touch a few hundred rows of the tables."""
    inputs, labels = _pairs()
    x, y = tf.placeholder(tf.int32, [PAIRS]), tf.placeholder(tf.int32, [PAIRS, 1])
    vectors = tf.Variable(tf.random_uniform([WORDS, SIZE], -1.0, 1.0))
    weights = tf.Variable(tf.truncated_normal([WORDS, SIZE], stddev=SIZE**-0.5))
    biases = tf.Variable(tf.zeros([WORDS]))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=weights, biases=biases, labels=y, inputs=tf.nn.embedding_lookup(vectors, x),
            num_sampled=NOISE, num_classes=WORDS,
        )
    )  # fmt: skip
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: inputs, y: labels}
    return Step(lambda: sess.run([train, loss], feed))


@twin
def word2vec_torch(torch: Any) -> Step:
    nn = torch.nn
    inputs, labels = (torch.from_numpy(v).long().flatten() for v in _pairs())
    vectors, weights = nn.Embedding(WORDS, SIZE, sparse=True), nn.Embedding(WORDS, SIZE, sparse=True)
    biases = nn.Embedding(WORDS, 1, sparse=True)
    optimizer = torch.optim.SGD([*vectors.parameters(), *weights.parameters(), *biases.parameters()], 1.0)
    scale = float(np.log(WORDS + 1))

    def log_expected(words: Any) -> Any:
        """How often a word is expected among the noise."""
        return (torch.log((words + 2.0) / (words + 1.0)) / scale * NOISE).log()

    def step() -> Any:
        optimizer.zero_grad()
        noise = ((torch.rand(NOISE) * scale).exp().long() - 1).clamp_(0, WORDS - 1)
        h = vectors(inputs)
        true = (h * weights(labels)).sum(1) + biases(labels).flatten() - log_expected(labels)
        false = h @ weights(noise).T + biases(noise).flatten() - log_expected(noise)
        loss = (nn.functional.softplus(-true) + nn.functional.softplus(false).sum(1)).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return Step(step)


ROWS, COLUMNS, UNITS, BATCH = 28, 28, 128, 128


def _lstm(tf: Any, last_output: Any) -> Step:
    images, labels = digits(BATCH)
    x, y = tf.placeholder(tf.float32, [None, ROWS, COLUMNS]), tf.placeholder(tf.float32, [None, 10])
    w, b = tf.Variable(tf.random_normal([UNITS, 10])), tf.Variable(tf.random_normal([10]))
    logits = tf.matmul(last_output(tf.nn.rnn_cell.BasicLSTMCell(UNITS, forget_bias=1.0), x), w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.001).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: images.reshape(BATCH, ROWS, COLUMNS), y: labels}
    return Step(lambda: sess.run([train, loss], feed))


@workload("LSTM of 128 units on the rows of 128 images, dynamic_rnn", unit="ms", over=(2.5, 1.3))
def lstm(tf: Any) -> Step:
    """A loop over the 28 rows."""
    return _lstm(tf, lambda cell, x: tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0][:, -1])


@workload("LSTM of 128 units on the rows of 128 images, static_rnn", unit="ms", over=(2.5, 1.3))
def lstm_unrolled(tf: Any) -> Step:
    """The 28 rows one after the other in the graph."""
    return _lstm(tf, lambda cell, x: tf.nn.static_rnn(cell, tf.unstack(x, ROWS, 1), dtype=tf.float32)[0][-1])


@twin
def lstm_torch(torch: Any) -> Step:
    images, labels = digits(BATCH)
    nn = torch.nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(COLUMNS, UNITS, batch_first=True), nn.Linear(UNITS, 10)

        def forward(self, x: Any) -> Any:
            return self.out(self.lstm(x)[0][:, -1])

    model = Reader()
    x, y = torch.from_numpy(images).reshape(BATCH, ROWS, COLUMNS), torch.from_numpy(labels.argmax(1))
    return train_torch(torch, model, torch.optim.SGD(model.parameters(), 0.001), x, y)


@twin
def lstm_unrolled_torch(torch: Any) -> Step:
    return lstm_torch(torch)
