"""What a live plot adds to the time of a training step: `python -m tests.bench.live_plot`.

The goal: at most 5 %. Measured in turn with and without a plot, for a small and a larger model, with a page that is
pretended (a real widget that sends to nobody), so that pictures are drawn as they would be. Times are of the processor.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

import flowlab as tf
from flowlab._src.lab import live_view

GOAL = 0.05
ROUNDS = 7
CASES = ((64, 3000), (512, 600))  # width of the hidden layer, steps


def training(width: int, steps: int) -> Callable[[Any], float]:
    """A net of two layers on 100 rows; the function trains it and returns the seconds it took."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        rows = np.random.RandomState(0).rand(100, 784).astype(np.float32)
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
        hidden = tf.nn.relu(tf.matmul(x, tf.Variable(tf.random_normal([784, width], stddev=0.05))))
        logits = tf.matmul(hidden, tf.Variable(tf.random_normal([width, 10], stddev=0.05)))
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
        init = tf.global_variables_initializer()
        session = tf.Session()
    feed = {x: rows, y: np.arange(100) % 10}

    def run(plot: Any) -> float:
        session.run(init)
        start = time.process_time()
        for _ in range(steps):
            _, value = session.run([train, loss], feed)
            if plot is not None:
                plot.update(loss=value, accuracy=0.5)
        return time.process_time() - start

    return run


def watched_plot() -> Any:
    """A plot that believes a page watches it."""
    from flowlab._src.lab.widgets import LivePicture

    plot = tf.lab.plot("loss", "accuracy", smooth=0.9)
    plot._is_waiting = True
    plot._page = LivePicture(svg="", words="")
    return plot


def main() -> None:
    """Print one line per case."""
    with mock.patch.object(live_view, "in_kernel", return_value=True):
        for width, steps in CASES:
            run, shares, pictures = training(width, steps), [], 0
            run(None)
            for _ in range(ROUNDS):
                plot, plain = watched_plot(), run(None)
                count = SimpleNamespace(pictures=0)
                plot._page.observe(lambda _, count=count: setattr(count, "pictures", count.pictures + 1), "svg")
                shares.append(run(plot) / plain - 1)
                pictures += count.pictures
                plot._page.close()
            share = statistics.median(shares)
            words = f"784-{width}-10, {steps:,} steps of {1000 * plain / steps:.2f} ms"
            print(f"{words:40} live plot adds {share:6.1%} (goal {GOAL:.0%}), {pictures / ROUNDS:.0f} pictures a run")


if __name__ == "__main__":
    main()
