"""The cells that the tests and the pictures of the README run."""

SETUP = "import flowlab as tf\n%load_ext flowlab"

FIVE = """%%flow --graph --step e
a = tf.constant(5, name="a")
b = tf.constant(3, name="b")
c = tf.multiply(a, b, name="c")
d = tf.add(a, b, name="d")
e = tf.add(c, d, name="e")"""

NET = """%%flow --graph --seed 1
x = tf.placeholder(tf.float32, [None, 784], name="x")
y = tf.placeholder(tf.float32, [None, 10], name="y")
with tf.name_scope("hidden"):
    w = tf.Variable(tf.truncated_normal([784, 32], stddev=0.1), name="w")
    b = tf.Variable(tf.zeros([32]), name="b")
    h = tf.nn.relu(tf.matmul(x, w) + b, name="h")
with tf.name_scope("output"):
    v = tf.Variable(tf.truncated_normal([32, 10], stddev=0.1), name="v")
    logits = tf.matmul(h, v, name="logits")
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits), name="loss")
train = tf.train.AdamOptimizer(0.01).minimize(loss, name="train")"""

LINE = """%%flow --seed 1
import numpy as np
xs = np.linspace(0, 1, 50)
ys = 3 * xs + 1
x, y = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.float32, name="y")
w, b = tf.Variable(0.0, name="w"), tf.Variable(0.0, name="b")
loss = tf.reduce_mean(tf.square(w * x + b - y), name="loss")
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)"""

WRONG = """%%flow
x = tf.placeholder(tf.float32, [None, 784], name="x")
w = tf.Variable(tf.zeros([28, 10]), name="w")
logits = tf.matmul(x, w, name="logits")"""
