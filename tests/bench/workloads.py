"""The workloads. Each is written once in TensorFlow 1.x style, with a PyTorch twin where there is one.

A function gets the library and returns `(step, units)`: a function to time, and how many units one call does.
Programs for `tf` run unchanged on flowlab and on `tensorflow.compat.v1`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Step = tuple[Callable[[], Any], int]


class Workload(NamedTuple):
    """A workload, its PyTorch twin, and what is aimed at."""

    title: str
    unit: str
    graph: Callable[[Any], Step]
    torch: Callable[[Any], Step] | None = None
    over_tensorflow: float | None = None  # aim: TensorFlow's time / flowlab's
    over_torch: float | None = None


WORKLOADS: dict[str, Workload] = {}


def workload(
    title: str, unit: str = "us", over_tensorflow: float | None = None, over_torch: float | None = None
) -> Any:
    """Register the graph-mode program under its function's name."""

    def register(function: Callable[[Any], Step]) -> Callable[[Any], Step]:
        WORKLOADS[function.__name__] = Workload(title, unit, function, None, over_tensorflow, over_torch)
        return function

    return register


def twin(function: Callable[[Any], Step]) -> Callable[[Any], Step]:
    """Register a PyTorch twin: the function is called like the workload, with `_torch` behind."""
    name = function.__name__.removesuffix("_torch")
    WORKLOADS[name] = WORKLOADS[name]._replace(torch=function)
    return function


# ---- dispatch ------------------------------------------------------------------------------------------------------


def _five_nodes(tf: Any, a: Any, b: Any) -> Any:
    return tf.add(tf.multiply(a, b), tf.add(a, b))


@workload("run of the five-node graph, constants", over_tensorflow=10)
def five_nodes(tf: Any) -> Step:
    """The seeds' first program."""
    e = _five_nodes(tf, tf.constant(5), tf.constant(3))
    sess = tf.Session()
    return lambda: sess.run(e), 1


@twin
def five_nodes_torch(torch: Any) -> Step:
    a, b = torch.tensor(5), torch.tensor(3)
    return lambda: (a * b) + (a + b), 1


@workload("run of the five-node graph, two feeds", over_tensorflow=10)
def five_nodes_fed(tf: Any) -> Step:
    """The same with placeholders."""
    a, b = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    e = _five_nodes(tf, a, b)
    sess = tf.Session()
    five, three = np.int32(5), np.int32(3)
    return lambda: sess.run(e, {a: five, b: three}), 1


@twin
def five_nodes_fed_torch(torch: Any) -> Step:
    def step() -> Any:
        a, b = torch.tensor(5), torch.tensor(3)
        return (a * b) + (a + b)

    return step, 1


@workload("1,000 chained scalar adds (TensorFlow folds them into one), each", unit="us an op")
def scalar_chain(tf: Any) -> Step:
    """A chain that depends on a feed, so that nothing can be folded."""
    x = tf.placeholder(tf.float32, [])
    y = x
    one = tf.constant(1.0)
    for _ in range(1000):
        y = tf.add(y, one)
    sess = tf.Session()
    zero = np.float32(0)
    return lambda: sess.run(y, {x: zero}), 1000


@twin
def scalar_chain_torch(torch: Any) -> Step:
    x, one = torch.tensor(0.0), torch.tensor(1.0)

    def step() -> Any:
        y = x
        for _ in range(1000):
            y = y + one
        return y

    return step, 1000


# ---- control flow --------------------------------------------------------------------------------------------------


def _counting(tf: Any) -> Any:
    x = tf.placeholder_with_default(1.0, [])
    return x, tf.while_loop(lambda i, y: i < 10000, lambda i, y: (i + 1, y * 1.0001), [tf.constant(0), x])[1]


@workload("while_loop of 10,000 iterations with two scalars, each iteration", over_tensorflow=1)
def loop(tf: Any) -> Step:
    """A comparison, an addition and a product in each iteration."""
    _, y = _counting(tf)
    sess = tf.Session()
    return lambda: sess.run(y), 10000


@twin
def loop_torch(torch: Any) -> Step:
    def run() -> Any:
        i, y = torch.tensor(0), torch.tensor(1.0)
        while i < 10000:
            i, y = i + 1, y * 1.0001
        return y

    return run, 10000


@workload("gradient of the same while_loop, each iteration", over_tensorflow=1)
def loop_gradient(tf: Any) -> Step:
    """The loop and its backward loop."""
    x, y = _counting(tf)
    (dx,) = tf.gradients(y, x)
    sess = tf.Session()
    return lambda: sess.run(dx), 10000


# ---- building ------------------------------------------------------------------------------------------------------


def _chain(tf: Any, count: int) -> tuple[Any, Any, Any]:
    graph = tf.Graph()
    with graph.as_default():
        x = y = tf.placeholder(tf.float32, [])
        for _ in range(count - 1):
            y = tf.tanh(y)
    return graph, x, y


@workload("building 2,000 operations, each", unit="us an op")
def build_graph(tf: Any) -> Step:
    """tanh of tanh of ..."""
    return lambda: _chain(tf, 2000), 2000


@workload("building and differentiating 2,000 operations, each", unit="us an op")
def gradients(tf: Any) -> Step:
    """The chain and its gradient."""

    def step() -> Any:
        graph, x, y = _chain(tf, 2000)
        with graph.as_default():
            return tf.gradients(y, x)

    return step, 2000


@workload("building, differentiating and first run of 20,000 operations, each", unit="us an op")
def build_20000(tf: Any) -> Step:
    """Must take no more for each operation than the smaller graphs: linear time."""

    def step() -> Any:
        graph, x, y = _chain(tf, 10000)
        with graph.as_default():
            (dx,) = tf.gradients(y, x)
        with tf.Session(graph=graph) as sess:
            return sess.run(dx, {x: 0.5})

    return step, 20000


# ---- models --------------------------------------------------------------------------------------------------------


def _points(count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    x = random.randn(count, 1).astype(np.float32)
    return x, (3 * x + 2 + 0.1 * random.randn(count, 1)).astype(np.float32)


@workload("linear regression, a step on 100 points", over_tensorflow=5)
def linear_regression(tf: Any) -> Step:
    """w x + b by gradient descent."""
    xs, ys = _points()
    x, y = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable(tf.zeros([1, 1])), tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: xs, y: ys}
    return lambda: sess.run([train, loss], feed), 1


@twin
def linear_regression_torch(torch: Any) -> Step:
    x, y = (torch.from_numpy(v) for v in _points())
    w, b = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], 0.1)

    def step() -> Any:
        optimizer.zero_grad()
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, 1


def _digits(batch: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    images = random.rand(batch, 784).astype(np.float32)
    return images, np.eye(10, dtype=np.float32)[random.randint(0, 10, batch)]


@workload("MNIST softmax regression, a step on 100 images")
def softmax_regression(tf: Any) -> Step:
    """The first MNIST program of every course."""
    images, labels = _digits(100)
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    w, b = tf.Variable(tf.zeros([784, 10])), tf.Variable(tf.zeros([10]))
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: images, y: labels}
    return lambda: sess.run([train, loss], feed), 1


@twin
def softmax_regression_torch(torch: Any) -> Step:
    images, labels = _digits(100)
    x, y = torch.from_numpy(images), torch.from_numpy(labels.argmax(1))
    w, b = torch.zeros(784, 10, requires_grad=True), torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], 0.5)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ w + b, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, 1


def _cnn(tf: Any, batch: int) -> Step:
    images, labels = _digits(batch)
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    keep = tf.placeholder(tf.float32)

    def weights(shape: list[int]) -> Any:
        return tf.Variable(tf.truncated_normal(shape, stddev=0.1))

    def bias(size: int) -> Any:
        return tf.Variable(tf.constant(0.1, shape=[size]))

    def layer(h: Any, shape: list[int]) -> Any:
        h = tf.nn.relu(tf.nn.conv2d(h, weights(shape), strides=[1, 1, 1, 1], padding="SAME") + bias(shape[3]))
        return tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")

    h = layer(layer(tf.reshape(x, [-1, 28, 28, 1]), [5, 5, 1, 32]), [5, 5, 32, 64])
    h = tf.nn.relu(tf.matmul(tf.reshape(h, [-1, 7 * 7 * 64]), weights([7 * 7 * 64, 1024])) + bias(1024))
    logits = tf.matmul(tf.nn.dropout(h, keep_prob=keep), weights([1024, 10])) + bias(10)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-4).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: images, y: labels, keep: 0.5}
    return lambda: sess.run(train, feed), 1


def _cnn_torch(torch: Any, batch: int) -> Step:
    images, labels = _digits(batch)
    x, y = torch.from_numpy(images).reshape(-1, 1, 28, 28), torch.from_numpy(labels.argmax(1))
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def step() -> Any:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, 1


@workload("MNIST CNN, a step on 50 images", unit="ms", over_tensorflow=1 / 1.3)
def cnn_50(tf: Any) -> Step:
    """5x5x32, pool, 5x5x64, pool, 1024, dropout, 10; Adam."""
    return _cnn(tf, 50)


@twin
def cnn_50_torch(torch: Any) -> Step:
    return _cnn_torch(torch, 50)


@workload("MNIST CNN, a step on 128 images", unit="ms")
def cnn_128(tf: Any) -> Step:
    """The same net."""
    return _cnn(tf, 128)


@twin
def cnn_128_torch(torch: Any) -> Step:
    return _cnn_torch(torch, 128)
