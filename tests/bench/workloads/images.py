"""The nets of every course on MNIST, on random images of its size: softmax regression, one hidden layer, two convolutions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.bench.registry import Step, twin, workload


def digits(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of MNIST's shapes."""
    random = np.random.RandomState(0)
    images = random.rand(batch, 784).astype(np.float32)
    return images, np.eye(10, dtype=np.float32)[random.randint(0, 10, batch)]


def train_torch(torch: Any, model: Any, optimizer: Any, images: Any, labels: Any) -> Step:
    """A training step of a classifier."""

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return Step(step)


@workload("MNIST softmax regression, a step on 100 images", over=(4, 3.5))
def softmax_regression(tf: Any) -> Step:
    """The first MNIST program of every course."""
    images, labels = digits(100)
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    w, b = tf.Variable(tf.zeros([784, 10])), tf.Variable(tf.zeros([10]))
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: images, y: labels}
    return Step(lambda: sess.run([train, loss], feed))


@twin
def softmax_regression_torch(torch: Any) -> Step:
    images, labels = digits(100)
    model = torch.nn.Linear(784, 10)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    return train_torch(torch, model, optimizer, torch.from_numpy(images), torch.from_numpy(labels.argmax(1)))


@workload("MNIST net with a hidden layer of 256, a step on 50 images", over=(1.7, 2))
def mlp(tf: Any) -> Step:
    """784, 256 rectifiers, 10; gradient descent."""
    images, labels = digits(50)
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    w1, b1 = tf.Variable(tf.truncated_normal([784, 256], stddev=0.05)), tf.Variable(tf.zeros([256]))
    w2, b2 = tf.Variable(tf.truncated_normal([256, 10], stddev=0.05)), tf.Variable(tf.zeros([10]))
    hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
    logits = tf.matmul(hidden, w2) + b2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: images, y: labels}
    return Step(lambda: sess.run([train, loss], feed))


@twin
def mlp_torch(torch: Any) -> Step:
    images, labels = digits(50)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    return train_torch(torch, model, optimizer, torch.from_numpy(images), torch.from_numpy(labels.argmax(1)))


class Net(NamedTuple):
    """The parts of the convolutional net that its users run."""

    x: Any
    y: Any
    keep: Any
    train: Any
    accuracy: Any


def cnn(tf: Any) -> Net:
    """5x5x32, pool, 5x5x64, pool, 1024, dropout, 10; Adam."""
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
    right = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    return Net(x, y, keep, tf.train.AdamOptimizer(1e-4).minimize(loss), tf.reduce_mean(tf.cast(right, tf.float32)))


def cnn_torch(torch: Any) -> Any:
    """The same net."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10),
    )  # fmt: skip


def _cnn_step(tf: Any, batch: int) -> Step:
    images, labels = digits(batch)
    net = cnn(tf)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {net.x: images, net.y: labels, net.keep: 0.5}
    return Step(lambda: sess.run(net.train, feed))


def cnn_step_torch(torch: Any, batch: int) -> Step:
    """A training step of the net."""
    images, labels = digits(batch)
    model = cnn_torch(torch)
    x, y = torch.from_numpy(images).reshape(-1, 1, 28, 28), torch.from_numpy(labels.argmax(1))
    return train_torch(torch, model, torch.optim.Adam(model.parameters(), 1e-4), x, y)


@workload("MNIST CNN, a step on 50 images", unit="ms", over=(1.3, 1.9), stretch=(1.8, None))
def cnn_50(tf: Any) -> Step:
    """The batch of TensorFlow's own tutorial."""
    return _cnn_step(tf, 50)


@twin
def cnn_50_torch(torch: Any) -> Step:
    return cnn_step_torch(torch, 50)


@workload("MNIST CNN, a step on 128 images", unit="ms", over=(1.2, 1.8))
def cnn_128(tf: Any) -> Step:
    """A larger batch."""
    return _cnn_step(tf, 128)


@twin
def cnn_128_torch(torch: Any) -> Step:
    return cnn_step_torch(torch, 128)


@workload("MNIST CNN, accuracy on 1,000 images", unit="ms", over=(1.15, 4))
def cnn_evaluation(tf: Any) -> Step:
    """Forward only, dropout off."""
    images, labels = digits(1000)
    net = cnn(tf)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {net.x: images, net.y: labels, net.keep: 1.0}
    return Step(lambda: sess.run(net.accuracy, feed))


@twin
def cnn_evaluation_torch(torch: Any) -> Step:
    images, labels = digits(1000)
    x, y = torch.from_numpy(images).reshape(-1, 1, 28, 28), torch.from_numpy(labels.argmax(1))
    model = cnn_torch(torch).eval()

    def step() -> Any:
        with torch.no_grad():
            return (model(x).argmax(1) == y).float().mean().item()

    return Step(step)
