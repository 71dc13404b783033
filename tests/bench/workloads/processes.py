"""Whole processes, from the start of Python to its end: what one waits for after typing the command.

They run with the libraries' own settings of threads, and flowlab's kernels compile in the background, as in any program.
"""

from __future__ import annotations

from typing import Any

from tests.bench.registry import twin, workload
from tests.bench.workloads.images import cnn, cnn_step_torch, cnn_torch, digits
from tests.bench.workloads.small_models import linear_regression, linear_regression_torch


@workload("installed, with what it needs to compute", unit="MB", over=(3.4, 1.7), whole=True)
def installed(tf: Any) -> None:
    """Not run: the sizes of the files of the packages are added up."""


@workload("import", unit="s", over=(12, 5), whole=True)
def importing(tf: Any) -> None:
    """Nothing but the import."""


@twin
def importing_torch(torch: Any) -> None:
    pass


@workload("process that runs `hello`", unit="s", over=(10, 5), whole=True)
def cold_hello(tf: Any) -> None:
    """A constant and a session."""
    with tf.Session() as sess:
        print(sess.run(tf.constant("hello")))


@twin
def cold_hello_torch(torch: Any) -> None:
    print(torch.tensor(1) + torch.tensor(2))


@workload("process that fits a line in 100 steps", unit="s", over=(8, 8), whole=True)
def cold_linear_regression(tf: Any) -> None:
    """Linear regression."""
    step = linear_regression(tf)
    for _ in range(100):
        step.call()


@twin
def cold_linear_regression_torch(torch: Any) -> None:
    step = linear_regression_torch(torch)
    for _ in range(100):
        step.call()


def _train(tf: Any, steps: int, evaluated: int = 0) -> None:
    images, labels = digits(50)
    net = cnn(tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(steps):
            sess.run(net.train, {net.x: images, net.y: labels, net.keep: 0.5})
        if evaluated:
            images, labels = digits(evaluated)
            print(sess.run(net.accuracy, {net.x: images, net.y: labels, net.keep: 1.0}))


@workload("process that trains the MNIST CNN for 5 steps", unit="s", over=(1, 1), whole=True)
def cold_cnn(tf: Any) -> None:
    """Batches of 50; flowlab's kernels come from its cache, as every time but the first."""
    _train(tf, 5)


@twin
def cold_cnn_torch(torch: Any) -> None:
    step = cnn_step_torch(torch, 50)
    for _ in range(5):
        step.call()


@workload("the same with no compiled kernel in flowlab's cache", unit="s", over=(1, 1), whole=True)
def cold_cnn_empty_cache(tf: Any) -> None:
    """The first time on a machine."""
    _train(tf, 5)


@twin
def cold_cnn_empty_cache_torch(torch: Any) -> None:
    cold_cnn_torch(torch)


@workload("peak memory of a process that trains the CNN", unit="MB", over=(2.5, 1.3), at_most=400, whole=True)
def memory_cnn(tf: Any) -> None:
    """30 steps on batches of 50, then the accuracy on 1,000 images."""
    _train(tf, 30, evaluated=1000)


@twin
def memory_cnn_torch(torch: Any) -> None:
    step = cnn_step_torch(torch, 50)
    for _ in range(30):
        step.call()
    images, labels = digits(1000)
    with torch.no_grad():
        model = cnn_torch(torch).eval()
        right = model(torch.from_numpy(images).reshape(-1, 1, 28, 28)).argmax(1).numpy() == labels.argmax(1)
    print(right.mean())
