"""A program with each mistake of the catalogue, and the same program put right.

The programs are cells of a notebook, separated by lines of `# %%`; `tf` and `np` are there.
"""

from typing import NamedTuple


class Loud(NamedTuple):
    """A mistake with an error: its class, TensorFlow's words, a name of the program that the note must mention."""

    wrong: str
    error: str
    phrase: str
    name: str
    right: str


class Silent(NamedTuple):
    """A mistake that a lint notices."""

    wrong: str
    name: str
    right: str


LOUD = {
    "M01": Loud(
        "start = tf.Variable(1.0)\nsess = tf.Session()\n# %%\nsess.run(start)",
        "FailedPreconditionError", "Attempting to use uninitialized value", "start",
        "start = tf.Variable(1.0)\nsess = tf.Session()\nsess.run(tf.global_variables_initializer())\nsess.run(start)",
    ),
    "M02": Loud(
        "w = tf.get_variable('w', [3])\n# %%\nw = tf.get_variable('w', [3])",
        "ValueError", "Variable w already exists, disallowed. Did you mean to set reuse=True", "w",
        "with tf.variable_scope('s', reuse=tf.AUTO_REUSE):\n    w = tf.get_variable('w', [3])\n    v = tf.get_variable('w', [3])",
    ),
    "M04": Loud(
        "image = tf.placeholder(tf.float32, [3])\nother = tf.placeholder(tf.float32)\ny = image + 1\n# %%\n"
        "tf.Session().run(y, {other: 1.0})",
        "InvalidArgumentError", "You must feed a value for placeholder tensor 'Placeholder' with dtype float and shape [3]",
        "tf.Session().run(y, {other: 1.0, image: np.zeros([3])})",
        "image = tf.placeholder(tf.float32, [3])\ntf.Session().run(image + 1, {image: np.zeros([3])})",
    ),
    "M05": Loud(
        "tf.constant(1.0)\ng = tf.Graph()\nwith g.as_default():\n    mine = tf.constant(2.0)\n# %%\ntf.Session().run(mine)",
        "ValueError", "is not an element of this graph.)", "tf.Session(graph=mine.graph)",
        "g = tf.Graph()\nwith g.as_default():\n    mine = tf.constant(2.0)\ntf.Session(graph=g).run(mine)",
    ),
    "M07": Loud(
        "loss = tf.constant(0.5)\nsess = tf.Session()\n# %%\nfor _ in range(2):\n    loss = sess.run(loss)",
        "TypeError", "has invalid type <class 'numpy.float32'>, must be a string or Tensor", "loss_value = sess.run(loss)",
        "loss = tf.constant(0.5)\nsess = tf.Session()\nfor _ in range(2):\n    loss_value = sess.run(loss)",
    ),
    "M08": Loud(
        "train = tf.constant(1.0)\nmerged = None\n# %%\ntf.Session().run([train, merged])",
        "TypeError", "Fetch argument None has invalid type <class 'NoneType'>", "merged is None (item 2 of 2)",
        "train = tf.constant(1.0)\ntf.Session().run([train])",
    ),
    "M09": Loud(
        "truth = tf.placeholder(tf.float32, [None, 10])\n# %%\ntf.Session().run(truth, {truth: np.zeros(100)})",
        "ValueError", "Cannot feed value of shape (100,) for Tensor 'Placeholder:0', which has shape '(?, 10)'",
        "truth takes (any, 10)",
        "truth = tf.placeholder(tf.float32, [None, 10])\ntf.Session().run(truth, {truth: np.eye(10)[np.zeros(100, int)]})",
    ),
    "M10": Loud(
        "rows = tf.ones([2, 3])\n# %%\ntf.matmul(rows, [1.0, 0.0, 1.0])",
        "ValueError", "Shape must be rank 2 but is rank 1 for 'MatMul'", "tf.matmul(rows, tf.expand_dims([1.0, 0.0, 1.0], 1))",
        "rows = tf.ones([2, 3])\ntf.matmul(rows, tf.expand_dims([1.0, 0.0, 1.0], 1))",
    ),
    "M12": Loud(
        "rate = tf.Variable(0.5)\n# %%\ntf.constant([1, 2]) * rate",
        "TypeError", "Input 'y' of 'Mul' Op has type float32 that does not match type int32 of argument 'x'.", "tf.cast(tf.constant([1, 2]), tf.float32) * rate",
        "rate = tf.Variable(0.5)\ntf.constant([1.0, 2.0]) * rate",
    ),
    "M14": Loud(
        "scores = tf.matmul(tf.ones([2, 3]), tf.ones([3, 4]))\ntruth = tf.one_hot([1, 2], 4)\n# %%\n"
        "tf.nn.softmax_cross_entropy_with_logits(scores, truth)",
        "ValueError", "Only call `softmax_cross_entropy_with_logits` with named arguments", "(labels=truth, logits=scores)",
        "scores = tf.ones([2, 4])\ntf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot([1, 2], 4), logits=scores)",
    ),
    "M16": Loud(
        "w = tf.Variable([[1.0, 2.0]])\nguess = tf.argmax(w, 1)\n# %%\n"
        "tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.cast(guess, tf.float32)))",
        "ValueError", "No gradients provided for any variable, check your graph for ops that do not support gradients",
        "your guess",
        "w = tf.Variable([[1.0, 2.0]])\ntf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(w)))",
    ),
    "M17": Loud(
        "large = tf.reduce_sum(tf.ones([2])) > 3\n# %%\nif large:\n    pass",
        "TypeError", "using a `tf.Tensor` as a Python `bool` is not allowed", "tf.cond(large, ",
        "large = tf.reduce_sum(tf.ones([2])) > 3\ntf.cond(large, lambda: tf.constant(1), lambda: tf.constant(2))",
    ),
    "M23": Loud("tf.mult(2, 3)", "AttributeError", "has no attribute 'mult'", "tf.multiply(2, 3)", "tf.multiply(2, 3)"),
    "M25": Loud(
        "row = tf.placeholder(tf.float32, [1, 4])\nflat = tf.reshape(tf.ones([4]), [1, 4])\n# %%\n"
        "tf.Session().run(row, {row: flat})",
        "TypeError", "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include", "sess.run(flat)",
        "row = tf.placeholder(tf.float32, [1, 4])\ntf.Session().run(row, {row: np.ones([1, 4])})",
    ),
    "M26": Loud(
        "x = tf.placeholder(tf.float32, name='pixels')\ny = x * 2\n# %%\ntf.Session().run(y, {'pixels': 1.0})",
        "TypeError", "Cannot interpret feed_dict key as Tensor: The name 'pixels' refers to an Operation, not a Tensor",
        "{'pixels:0': value}",
        "x = tf.placeholder(tf.float32, name='pixels')\ntf.Session().run(x * 2, {'pixels:0': 1.0})",
    ),
    "M27": Loud(
        "w = tf.Variable(1.0, name='w')\nwith tf.Session() as sess:\n    sess.run(w.initializer)\n# %%\nsess.run(w)",
        "RuntimeError", "Attempted to use a closed Session.", "'w'",
        "w = tf.Variable(1.0, name='w')\nwith tf.Session() as sess:\n    sess.run(w.initializer)\n    sess.run(w)",
    ),
    "M28": Loud(
        "t = tf.constant(1.0)\n# %%\nt.eval()",
        "ValueError", "Cannot evaluate tensor using `eval()`: No default session is registered.", "t.eval(session=sess)",
        "t = tf.constant(1.0)\nwith tf.Session():\n    t.eval()",
    ),
    "M29": Loud(
        "scores = tf.ones([10, 10])\nlabels = tf.placeholder(tf.int32, [None])\n"
        "loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores)\n# %%\n"
        "tf.Session().run(loss, {labels: np.arange(1, 11)})",
        "InvalidArgumentError", "Received a label value of 10 which is outside the valid range of [0, 10)", "labels",
        "scores = tf.ones([10, 10])\n"
        "loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=np.arange(10), logits=scores)\ntf.Session().run(loss)",
    ),
    "M30": Loud(
        "scores = tf.ones([6, 10])\n# %%\n"
        "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=np.ones([6, 10], 'i'), logits=scores)",
        "ValueError", "Rank mismatch: Rank of labels (received 2) should equal rank of logits minus 1 (received 2).",
        "your scores",
        "scores = tf.ones([6, 10])\ntf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1] * 6, logits=scores)",
    ),
    "M31": Loud(
        "acc, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.global_variables_initializer())\n# %%\n"
        "sess.run(acc)",
        "FailedPreconditionError", "Attempting to use uninitialized value accuracy/total", "local_variables_initializer",
        "acc, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.local_variables_initializer())\n"
        "sess.run(up)\nsess.run(acc)",
    ),
    "M36": Loud(
        "files = tf.train.string_input_producer(['a.csv'], num_epochs=1)\nname = files.dequeue()\nsess = tf.Session()\n"
        "coord = tf.train.Coordinator()\nthreads = tf.train.start_queue_runners(sess, coord)\n# %%\nsess.run(name)",
        "OutOfRangeError", "is closed and has insufficient elements (requested 1, current size 0)",
        "tf.local_variables_initializer()",
        "files = tf.train.string_input_producer(['a.csv'], num_epochs=1)\nname = files.dequeue()\nsess = tf.Session()\n"
        "sess.run(tf.local_variables_initializer())\ncoord = tf.train.Coordinator()\n"
        "threads = tf.train.start_queue_runners(sess, coord)\nsess.run(name)\ncoord.request_stop()\ncoord.join(threads)\n"
        "sess.close()",
    ),
    "M40": Loud(
        "with tf.variable_scope('scope'):\n    w = tf.get_variable('w', [3])\n# %%\n"
        "with tf.variable_scope('scope', reuse=True):\n    tf.get_variable('w', [4])",
        "ValueError", "Trying to share variable scope/w, but specified shape (4,) and found shape (3,).", "tf.get_variable('w', [3])",
        "with tf.variable_scope('scope'):\n    w = tf.get_variable('w', [3])\n"
        "with tf.variable_scope('scope', reuse=True):\n    tf.get_variable('w', [3])",
    ),
    "M42": Loud(
        "x = tf.placeholder(tf.float32, [None, 28, 28])\n# %%\ntf.reshape(x, [x.shape[0], 784])",
        "TypeError", "Tried to convert 'shape' to a tensor and failed. Error: None values not supported.", "tf.reshape(x, [-1, 784])",
        "x = tf.placeholder(tf.float32, [None, 28, 28])\ntf.reshape(x, [-1, 784])",
    ),
    "M43": Loud(
        "x = tf.placeholder(tf.float32)\nflat = tf.reshape(x, [784])\n# %%\ntf.Session().run(flat, {x: np.ones(1200)})",
        "InvalidArgumentError", "Input to reshape is a tensor with 1200 values, but the requested shape has 784", "flat",
        "x = tf.placeholder(tf.float32)\nflat = tf.reshape(x, [784])\ntf.Session().run(flat, {x: np.ones(784)})",
    ),
    "M45": Loud(
        "maps = tf.ones([1, 3, 3, 8])\n# %%\ntf.nn.conv2d(maps, tf.zeros([5, 5, 8, 8]), [1, 1, 1, 1], 'VALID')",
        "ValueError", "Negative dimension size caused by subtracting 5 from 3 for 'Conv2D'", "tf.nn.conv2d(maps, tf.zeros([5, 5, 8, 8]), [1, 1, 1, 1], 'SAME')",
        "maps = tf.ones([1, 3, 3, 8])\ntf.nn.conv2d(maps, tf.zeros([5, 5, 8, 8]), [1, 1, 1, 1], 'SAME')",
    ),
    "M46": Loud(
        "images = tf.zeros([1, 28, 28, 1])\n# %%\ntf.nn.conv2d(images, tf.ones([5, 5, 32, 8]), [1, 1, 1, 1], 'SAME')",
        "ValueError", "Dimensions must be equal, but are 1 and 32 for 'Conv2D'", "your images",
        "images = tf.zeros([1, 28, 28, 1])\ntf.nn.conv2d(images, tf.ones([5, 5, 1, 8]), [1, 1, 1, 1], 'SAME')",
    ),
    "M47": Loud(
        "with tf.device('/gpu:0'):\n    a = tf.constant(1.0, name='a')\n# %%\ntf.Session().run(a)",
        "InvalidArgumentError", "Cannot assign a device for operation a", "allow_soft_placement=True",
        "with tf.device('/gpu:0'):\n    a = tf.constant(1.0, name='a')\n"
        "tf.Session(config=tf.ConfigProto(allow_soft_placement=True)).run(a)",
    ),
    "M50": Loud(
        "rows = tf.ones([3])\n# %%\nfor row in rows:\n    pass",
        "TypeError", "iterating over `tf.Tensor` is not allowed in Graph execution", "tf.unstack(rows)",
        "rows = tf.ones([3])\nfor row in tf.unstack(rows):\n    pass",
    ),
    "M51": Loud(
        "numbers = tf.ones([3])\n# %%\nnumbers.numpy()",
        "AttributeError", "'Tensor' object has no attribute 'numpy'", "sess.run(numbers)",
        "numbers = tf.ones([3])\ntf.Session().run(numbers)",
    ),
    "M52": Loud(
        "total = tf.constant(1.0)\ntf.get_default_graph().finalize()\n# %%\nmore = total + total",
        "RuntimeError", "Graph is finalized and cannot be modified.", "more = total + total",
        "total = tf.constant(1.0)\nmore = total + total\ntf.get_default_graph().finalize()",
    ),
    "M61": Loud(
        "residual = tf.ones([100])\n# %%\ntf.cond(residual < 1.0, lambda: residual, lambda: 2 * residual)",
        "ValueError", "Shape must be rank 0 but is rank 1 for 'cond/", "tf.where(residual < 1.0, residual, 2 * residual)",
        "residual = tf.ones([100])\ntf.where(residual < 1.0, residual, 2 * residual)",
    ),
    "M62": Loud(
        "a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))\nr = a + b\nsess = tf.Session()\n"
        "handle = sess.partial_run_setup([r], [a, b])\n# %%\nsess.partial_run(handle, r, {a: 1, b: 2, c: 3})",
        "InvalidArgumentError", "was not specified in partial_run_setup.", "sess.partial_run_setup([r], [a, b, c])",
        "a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))\nr = a + b\nsess = tf.Session()\n"
        "handle = sess.partial_run_setup([r], [a, b])\nsess.partial_run(handle, r, {a: 1, b: 2})",
    ),
}  # fmt: skip

NET = """
x = tf.placeholder(tf.float32, [None, 64])
truth = tf.placeholder(tf.int32, [None])
keep = tf.placeholder(tf.float32)
kept = tf.nn.dropout(tf.nn.relu(tf.matmul(x, tf.Variable(tf.truncated_normal([64, 8])))), keep)
scores = tf.matmul(kept, tf.Variable(tf.truncated_normal([8, 4])))
loss = tf.losses.sparse_softmax_cross_entropy(truth, scores)
right = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(scores, 1, output_type=tf.int32), truth), tf.float32))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
"""
COUNTERS = "n = tf.Variable(0, name='n')\nsess = tf.Session()\nsess.run(n.initializer)\n"
NORM = """
x = tf.placeholder(tf.float32, [None, 3])
y = tf.layers.batch_normalization(x, training=True)
loss = tf.reduce_mean(tf.square(tf.layers.dense(y, 1)))
updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
with tf.control_dependencies({}):
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
for _ in range(6):
    sess.run(train, {{x: np.ones([4, 3])}})
"""
HIDDEN = """
x = tf.placeholder(tf.float32, [None, 64])
hidden_weights = tf.Variable({}([64, 8]))
scores = tf.matmul(tf.nn.relu(tf.matmul(x, hidden_weights)), tf.Variable(tf.truncated_normal([8, 4])))
train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(scores)))
"""
SILENT = {
    "M03": Silent(
        "w = tf.Variable(1.0, name='w')\n# %%\nw = tf.Variable(1.0, name='w')",
        "'w' -> 'w_1'", "%%flow\nw = tf.Variable(1.0, name='w')\n# %%\n%%flow\nw = tf.Variable(1.0, name='w')",
    ),
    "M06": Silent(
        "x = tf.constant(1)\nsess = tf.Session()\n# %%\nfor _ in range(50):\n    total = sess.run(tf.add(x, x))",
        "tf.add(x, x)", "x = tf.constant(1)\nsess = tf.Session()\ny = tf.add(x, x)\nfor _ in range(50):\n    total = sess.run(y)",
    ),
    "M11": Silent(
        "guess = tf.placeholder(tf.float32, [None, 1])\nprice = tf.placeholder(tf.float32, [None])\n"
        "loss = tf.reduce_mean(tf.square(guess - price))",
        "your guess",
        "guess = tf.placeholder(tf.float32, [None, 1])\nprice = tf.placeholder(tf.float32, [None, 1])\n"
        "loss = tf.reduce_mean(tf.square(guess - price))",
    ),
    "M13": Silent(
        "z = tf.ones([2, 3])\nprobable = tf.nn.softmax(z)\n"
        "loss = tf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot([1, 2], 3), logits=probable)",
        "your probable",
        "z = tf.ones([2, 3])\nloss = tf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot([1, 2], 3), logits=z)",
    ),
    "M15": Silent(
        "z = tf.placeholder(tf.float32, [None, 2])\ntruth = tf.one_hot([0], 2)\n"
        "loss = -tf.reduce_sum(truth * tf.log(tf.nn.softmax(z)))\nvalue = tf.Session().run(loss, {z: [[200.0, -200.0]]})",
        "'Log'",
        "z = tf.placeholder(tf.float32, [None, 2])\ntruth = tf.one_hot([0], 2)\n"
        "loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(labels=truth, logits=z))\n"
        "value = tf.Session().run(loss, {z: [[200.0, -200.0]]})",
    ),
    "M18": Silent("print(tf.add(2, 3))", "print(tf.add(2, 3))", "print(tf.Session().run(tf.add(2, 3)))"),
    "M19": Silent(
        COUNTERS + "# %%\nn.assign(100);\n# %%\nvalue = sess.run(n)", "n.assign(100)",
        COUNTERS + "# %%\nsess.run(n.assign(100))\nvalue = sess.run(n)",
    ),
    "M24": Silent(
        "n = tf.Variable(0, name='n')\ncount_up = tf.assign_add(n, 1)\nflag = tf.placeholder(tf.bool)\n"
        "y = tf.cond(flag, lambda: count_up, lambda: tf.constant(5))",
        "your count_up",
        "n = tf.Variable(0, name='n')\nflag = tf.placeholder(tf.bool)\n"
        "y = tf.cond(flag, lambda: tf.assign_add(n, 1), lambda: tf.constant(5))",
    ),
    "M31": Silent(
        "accuracy, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.local_variables_initializer())\n"
        "value = sess.run(accuracy)",
        "sess.run(accuracy)",
        "accuracy, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.local_variables_initializer())\n"
        "sess.run(up)\nvalue = sess.run(accuracy)",
    ),
    "M37": Silent(NORM.format("[]"), "UPDATE_OPS", NORM.format("updates")),
    "M38": Silent(
        NET + "batch = {x: np.ones([2, 64]), truth: [1, 2], keep: 0.5}\nsess.run(train, batch)\nshare = sess.run(right, batch)",
        "{..., keep: 1.0}",
        NET + "batch = {x: np.ones([2, 64]), truth: [1, 2], keep: 0.5}\nsess.run(train, batch)\n"
        "share = sess.run(right, {**batch, keep: 1.0})",
    ),
    "M39": Silent(
        "noise = tf.random_normal([3])\ntf.set_random_seed(1)", "noise = tf.random_normal([3])",
        "tf.set_random_seed(1)\nnoise = tf.random_normal([3])",
    ),
    "M41": Silent(
        "for layer in ['h1', 'h2']:\n    with tf.name_scope(layer), tf.variable_scope('', reuse=tf.AUTO_REUSE):\n"
        "        weights = tf.get_variable('weights', [3])",
        "'weights'",
        "for layer in ['h1', 'h2']:\n    with tf.variable_scope(layer, reuse=tf.AUTO_REUSE):\n"
        "        weights = tf.get_variable('weights', [3])",
    ),
    "M53": Silent(
        COUNTERS + "sess.run(n.assign_add(10))\nother = tf.Session()\nother.run(n.initializer)\nvalue = other.run(n)",
        "'n' is 0 in this session and 10",
        COUNTERS + "sess.run(n.assign_add(10))\nother = tf.Session()\nother.run(n.initializer)\n"
        "other.run(n.assign_add(5))\nvalue = other.run(n)",
    ),
    "M57": Silent(
        "data = tf.constant(np.ones([5_000_000, 2], np.float32))", "your data",
        "data = tf.placeholder(tf.float32, [None, 2])",
    ),
    "M59": Silent(HIDDEN.format("tf.zeros"), "hidden_weights", HIDDEN.format("tf.truncated_normal")),
    "M60": Silent(
        "accuracy, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.local_variables_initializer())\n"
        "values = sess.run([accuracy, up])",
        "sess.run(accuracy)",
        "accuracy, up = tf.metrics.accuracy([1], [1])\nsess = tf.Session()\nsess.run(tf.local_variables_initializer())\n"
        "sess.run(up)\nvalue = sess.run(accuracy)",
    ),
}  # fmt: skip

# Tested in ways of their own, in test_misconceptions.py or beside the code that notices them.
OTHERWISE = {"M35": "tests/train/test_queue_runner.py", "M54": "test_misconceptions.py", "M63": "tests/data"}
