"""`tf.layers`: nets as learners build them, with the names, shapes and order of every node."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


def numbers(*shape: int) -> np.ndarray:
    """Fixed numbers without structure, between -1 and 1."""
    size = int(np.prod(shape))
    return (np.arange(size) * 7919 % 1009 / 504.5 - 1).reshape(shape).astype(np.float32)


def names(variables: Any) -> list[str]:
    return [v.name for v in variables]


@program("graph", "values")
def classifier_of_digits(tf: Any) -> Any:
    tf.set_random_seed(7)
    x = tf.constant(numbers(3, 20), name="x")
    hidden = tf.layers.dense(x, 8, activation=tf.nn.relu)
    hidden = tf.layers.dense(hidden, 6, activation=tf.nn.tanh, name="second")
    return {"logits": tf.layers.dense(hidden, 4), "names": names(tf.trainable_variables())}


@program("graph")
def training_of_a_classifier(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    with tf.name_scope("dnn"):
        hidden = tf.layers.dense(x, 30, name="hidden1", activation=tf.nn.relu)
        logits = tf.layers.dense(hidden, 10, name="outputs")
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)


@program("graph", "values")
def dense_of_sequences(tf: Any) -> Any:
    tf.set_random_seed(1)
    x = tf.placeholder_with_default(numbers(2, 3, 4), [None, None, 4], name="x")
    return {
        "known": tf.layers.dense(tf.constant(numbers(2, 3, 4)), 5),
        "unknown": tf.layers.dense(x, 2, use_bias=False),
        "double": tf.layers.dense(tf.constant(numbers(2, 3).astype(np.float64)), 2),
    }


@program("graph", "values")
def weights_shared_by_name(tf: Any) -> Any:
    tf.set_random_seed(2)
    x = tf.constant(numbers(2, 3), name="x")
    with tf.variable_scope("net"):
        a = tf.layers.dense(x, 2, name="fc")
    with tf.variable_scope("net", reuse=True):
        b = tf.layers.dense(x, 2, name="fc")
    with tf.variable_scope("auto", reuse=tf.AUTO_REUSE):
        c = tf.layers.dense(x, 2, name="fc")
        d = tf.layers.dense(x, 2, name="fc")
    e = tf.layers.dense(x, 2, name="again")
    f = tf.layers.dense(x, 2, name="again", reuse=True)
    return {"outputs": [a, b, c, d, e, f], "names": names(tf.global_variables())}


@program("graph", "values")
def one_layer_object_called_twice(tf: Any) -> Any:
    tf.set_random_seed(3)
    layer = tf.layers.Dense(2, activation=tf.nn.sigmoid)
    with tf.name_scope("first"):
        a = layer(tf.constant(numbers(2, 3)))
    with tf.name_scope("second"):
        b = layer(tf.constant(numbers(4, 3)))
    return {
        "outputs": [a, b],
        "names": names(layer.variables),
        "layer": layer.name,
        "scope": layer.scope_name,
        "count": layer.count_params(),
        "dtype": str(layer.dtype),
    }


def penalty(tf: Any) -> Any:
    return lambda w: 0.01 * tf.reduce_sum(tf.square(w))


@program("graph", "values")
def regularized_weights(tf: Any) -> Any:
    tf.set_random_seed(4)
    x = tf.constant(numbers(2, 3), name="x")
    small = penalty(tf)
    y = tf.layers.dense(x, 2, kernel_regularizer=small, bias_regularizer=small, activity_regularizer=tf.nn.l2_loss)
    tf.layers.dense(y, 3, kernel_regularizer=small, name="out")
    tf.layers.dense(y, 3, kernel_regularizer=small, name="out", reuse=True)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {"names": [t.name for t in losses], "losses": losses, "total": tf.losses.get_regularization_loss()}


@program("values")
def regularizer_of_a_scope(tf: Any) -> Any:
    tf.set_random_seed(4)
    x = tf.constant(numbers(2, 3), name="x")
    with tf.variable_scope("scope", regularizer=penalty(tf), initializer=tf.ones_initializer()):
        y = tf.layers.dense(x, 2)
        tf.layers.dense(y, 2, name="out")
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            tf.layers.dense(y, 2, name="out", kernel_regularizer=penalty(tf))
    return {"total": tf.losses.get_regularization_loss()}


@program("graph", "values")
def frozen_and_limited_weights(tf: Any) -> Any:
    tf.set_random_seed(5)
    x = tf.constant(numbers(2, 3), name="x")
    y = tf.layers.dense(x, 2, trainable=False, name="frozen")
    y = tf.layers.dense(y, 2, kernel_constraint=lambda w: tf.clip_by_norm(w, 1.0), name="limited")
    loss = tf.reduce_sum(tf.square(y - 100.0))
    with tf.control_dependencies([tf.train.GradientDescentOptimizer(0.5).minimize(loss)]):
        after = tf.identity(tf.norm(tf.trainable_variables()[0].read_value()))
    return {
        "trainable": names(tf.trainable_variables()),
        "all": names(tf.global_variables()),
        "after": after.shape.ndims,
    }


@program("graph", "values")
def weights_in_parts(tf: Any) -> Any:
    tf.set_random_seed(6)
    x = tf.constant(numbers(2, 6), name="x")
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
        y = tf.layers.dense(x, 4)
        y = tf.layers.batch_normalization(y, training=True)
    return {"y": y, "names": names(tf.global_variables())}


@program("graph", "values")
def custom_getter_that_freezes(tf: Any) -> Any:
    def getter(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        kwargs["trainable"] = False
        return getter(name, *args, **kwargs)

    tf.set_random_seed(8)
    with tf.variable_scope("frozen", custom_getter=getter):
        layer = tf.layers.Dense(2)
        y = layer(tf.constant(numbers(2, 3)))
    return {"y": y, "trainable": names(layer.trainable_variables), "others": names(layer.non_trainable_variables)}


@program("graph")
def convolutional_net(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    image = tf.reshape(x, [-1, 28, 28, 1])
    net = tf.layers.conv2d(image, filters=32, kernel_size=[5, 5], padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, pool_size=[2, 2], strides=2)
    net = tf.layers.conv2d(net, 64, 5, padding="same", activation=tf.nn.relu)
    net = tf.layers.average_pooling2d(net, [2, 2], 2, padding="same")
    net = tf.layers.flatten(net)
    net = tf.layers.dense(net, 1024, activation=tf.nn.relu)
    net = tf.layers.dropout(net, rate=0.4, training=True)
    tf.layers.dense(net, 10, name="logits")


@program("graph", "values")
def convolutions(tf: Any) -> Any:
    tf.set_random_seed(9)
    x = tf.constant(numbers(2, 7, 6, 2), name="x")
    layer = tf.layers.Conv2D(3, (2, 3), strides=(2, 1), use_bias=False, name="object")
    return {
        "valid": tf.layers.conv2d(x, 3, 3, strides=2),
        "dilated": tf.layers.conv2d(x, 2, 3, dilation_rate=2, padding="valid"),
        "dilated same": tf.layers.conv2d(x, 2, 3, dilation_rate=(1, 2), padding="same", activation=tf.nn.relu),
        "object": [layer(x), layer(x[:, :5])],
    }


@program("graph", "values")
def convolutions_of_sequences(tf: Any) -> Any:
    tf.set_random_seed(10)
    x = tf.constant(numbers(2, 9, 3), name="x")
    return {
        "valid": tf.layers.conv1d(x, 4, 3, activation=tf.nn.relu),
        "same": tf.layers.conv1d(x, 4, 3, strides=2, padding="same"),
        "causal": tf.layers.conv1d(x, 4, 3, padding="causal", dilation_rate=2),
        "max": tf.layers.max_pooling1d(x, 2, 2),
        "average": tf.layers.average_pooling1d(x, 3, 1, padding="same"),
        "separable": tf.layers.separable_conv1d(x, 4, 3),
    }


@program("graph", "values")
def transposed_and_separable(tf: Any) -> Any:
    tf.set_random_seed(11)
    x = tf.constant(numbers(2, 4, 5, 3), name="x")
    unknown = tf.placeholder_with_default(numbers(2, 4, 4, 3), [None, None, None, 3], name="unknown")
    return {
        "transposed": tf.layers.conv2d_transpose(x, 2, 3, strides=2),
        "transposed same": tf.layers.conv2d_transpose(unknown, 2, 3, strides=2, padding="same", activation=tf.nn.relu),
        "separable": tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2, activation=tf.nn.relu),
    }


@program("graph", "values")
def pooling_and_flattening(tf: Any) -> Any:
    x = tf.constant(numbers(2, 5, 4, 3), name="x")
    unknown = tf.placeholder_with_default(numbers(2, 4, 4, 1), [None, None, None, 1], name="unknown")
    return {
        "max": tf.layers.max_pooling2d(x, 2, 2, padding="same"),
        "average": tf.layers.AveragePooling2D((3, 2), (1, 2), name="pool")(x),
        "flat": tf.layers.flatten(x),
        "flat unknown": tf.layers.flatten(unknown),
        "vector": tf.layers.flatten(tf.constant(numbers(3))),
    }


@program("graph", "values", exact=True)
def dropout_in_training(tf: Any) -> Any:
    tf.set_random_seed(12)
    x = tf.constant(np.ones([4, 6], np.float32), name="x")
    return {
        "plain": tf.layers.dropout(x, 0.25, training=True),
        "seeded": tf.layers.dropout(x, 0.5, seed=3, training=True),
        "rows": tf.layers.dropout(x, 0.5, noise_shape=[None, 1], training=True),
        "off": tf.layers.dropout(x, 0.5),
    }


@program("graph", "values")
def batch_normalization_step_by_step(tf: Any) -> Any:
    x = tf.constant(numbers(4, 3), name="x")
    trained = tf.layers.batch_normalization(x, training=True)
    used = tf.layers.batch_normalization(x, training=False, name="used")
    cube = tf.layers.batch_normalization(tf.constant(numbers(2, 3, 4)), axis=1, training=True, scale=False)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        moved = tf.identity(tf.global_variables()[2].read_value())
    return {
        "outputs": [trained, used, cube],
        "updates": [op.name for op in updates],
        "moved": moved.shape.as_list(),
        "trainable": names(tf.trainable_variables()),
        "all": names(tf.global_variables()),
    }


@program("graph", "values")
def batch_normalization_of_images(tf: Any) -> Any:
    x = tf.constant(numbers(2, 3, 3, 2), name="x")
    return {
        "trained": tf.layers.batch_normalization(x, training=True, momentum=0.9),
        "used": tf.layers.batch_normalization(x),
        "without": tf.layers.batch_normalization(x, training=True, center=False, scale=False),
        "step by step": tf.layers.batch_normalization(x, training=True, fused=False),
        "two axes": tf.layers.batch_normalization(x, axis=[1, 3], training=True),
        "updates": [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)],
    }


@program("graph", "values")
def batch_renormalization(tf: Any) -> Any:
    x = tf.constant(numbers(4, 3), name="x")
    clipping = {"rmax": 3.0, "rmin": 0.3, "dmax": 5.0}
    y = tf.layers.batch_normalization(x, training=True, renorm=True, renorm_clipping=clipping)
    return {"y": y, "all": names(tf.global_variables())}


@program("values")
def virtual_batches(tf: Any) -> Any:
    x = tf.constant(numbers(4, 3), name="x")
    y = tf.layers.batch_normalization(x, training=True, virtual_batch_size=2)
    return {"y": y, "updates": [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)]}


@program("graph", "values")
def layer_of_ones_own(tf: Any) -> Any:
    class Scale(tf.layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, input_shape: Any) -> None:
            size = int(input_shape[-1])
            self.factor = self.add_variable("factor", [size], initializer=tf.constant_initializer(2.0))
            self.count = self.add_weight("count", [], tf.int32, trainable=False)
            self.built = True

        def call(self, inputs: Any) -> Any:
            self.add_loss(tf.reduce_sum(inputs), inputs=inputs)
            self.add_update(tf.assign_add(self.count, 1, name="counted"))
            return inputs * self.factor

    x = tf.constant([[1.0, 2.0]], name="x")
    first, second = Scale(), Scale(name="named", dtype=tf.float32)
    y = second(first(first(x)))
    return {
        "y": y,
        "names": [first.name, second.name, *names(first.weights), *names(second.weights)],
        "losses": [t.name for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)],
        "updates": [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)],
    }


@program(error="ValueError", says="The last dimension of the inputs to `Dense` should be defined. Found `None`.")
def dense_of_an_unknown_size(tf: Any) -> None:
    tf.layers.dense(tf.placeholder(tf.float32, [None, None]), 3)


@program(error="ValueError", says=("is incompatible with the layer", "expected min_ndim=2, found ndim=1"))
def dense_of_a_vector(tf: Any) -> None:
    tf.layers.dense(tf.placeholder(tf.float32, [None]), 3)


@program(error="ValueError", says=("is incompatible with the layer", "its rank is undefined"))
def dense_of_unknown_rank(tf: Any) -> None:
    tf.layers.dense(tf.placeholder(tf.float32), 3)


@program(error="ValueError", says="expected ndim=4, found ndim=3. Full shape received: ")
def convolution_without_channels(tf: Any) -> None:
    tf.layers.conv2d(tf.placeholder(tf.float32, [None, 28, 28]), 3, 5)


@program(error="ValueError", says="expected axis -1 of input shape to have value 4 but received input with shape ")
def layer_called_on_another_size(tf: Any) -> None:
    layer = tf.layers.Dense(2)
    layer(tf.zeros([2, 4]))
    layer(tf.zeros([2, 5]))


@program(error="ValueError", says="Variable fc/kernel already exists, disallowed.")
def two_layers_of_one_name(tf: Any) -> None:
    tf.layers.dense(tf.zeros([2, 4]), 3, name="fc")
    tf.layers.dense(tf.zeros([2, 4]), 3, name="fc")


@program(error="ValueError", says="Variable fc/kernel does not exist, or was not created with tf.get_variable()")
def reuse_of_nothing(tf: Any) -> None:
    tf.layers.dense(tf.zeros([2, 4]), 3, name="fc", reuse=True)


@program(error="TypeError", says="Unable to build `Dense` layer with non-floating point dtype")
def dense_of_integers(tf: Any) -> None:
    tf.layers.dense(tf.zeros([2, 4], tf.int32), 3)


@program(error="ValueError", says="The channel dimension of the inputs should be defined. Found `None`.")
def convolution_of_unknown_channels(tf: Any) -> None:
    tf.layers.conv2d(tf.placeholder(tf.float32, [None, 28, 28, None]), 3, 5)


@program(error="ValueError", says="No name available for layer scope because the layer")
def scope_of_a_layer_not_called(tf: Any) -> None:
    _ = tf.layers.Dense(2, name="fc").scope_name


@program(error="ValueError", says="The `kernel_size` argument must be a tuple of 2 integers. Received: (1, 2, 3)")
def kernel_of_three_axes(tf: Any) -> None:
    tf.layers.conv2d(tf.zeros([1, 8, 8, 1]), 3, (1, 2, 3))


@program(error="ValueError", says="A layer's `call` method should return a Tensor or a list of Tensors, not None")
def layer_without_return(tf: Any) -> None:
    class Forgetful(tf.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, inputs: Any) -> Any:
            inputs + 1

    Forgetful()(tf.zeros([2]))


@program("values", exact=True)
def dropout_switched_by_a_tensor(tf: Any) -> Any:
    tf.set_random_seed(13)
    x = tf.constant(np.ones([4, 6], np.float32), name="x")
    on, off = tf.placeholder_with_default(True, [], name="on"), tf.placeholder_with_default(False, [], name="off")
    a = tf.layers.dropout(x, 0.25, training=on, seed=4)
    b = tf.layers.dropout(x, 0.25, training=off)
    known = tf.layers.dropout(x, 0.5, training=tf.constant(False))
    return {"on": a, "off": b, "names": [a.name, b.name], "constant": known}


@program("values", factor=4)
def batch_normalization_switched_by_a_tensor(tf: Any) -> Any:
    x = tf.constant(numbers(4, 3), name="x")
    image = tf.constant(numbers(2, 3, 3, 2), name="image")
    result: dict[str, Any] = {}
    for word in (True, False):
        training = tf.placeholder_with_default(word, [])
        result[f"rows {word}"] = tf.layers.batch_normalization(x, training=training)
        result[f"image {word}"] = tf.layers.batch_normalization(image, training=training, momentum=0.5)
        clipping = {"rmax": 2.0, "dmax": 1.0}
        result[f"renorm {word}"] = tf.layers.batch_normalization(
            x, training=training, renorm=True, renorm_clipping=clipping
        )
    grads = tf.gradients(tf.add_n([tf.reduce_sum(tf.square(y)) for y in result.values()]), [x, image])
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    result["gradients"] = grads
    result["names"] = names(tf.global_variables())
    result["updates"] = len(updates)
    return result


@program("graph", "values")
def volumes(tf: Any) -> Any:
    tf.set_random_seed(15)
    x = tf.constant(numbers(1, 4, 5, 4, 2), name="x")
    turned = tf.constant(numbers(1, 2, 4, 4, 4), name="turned")
    return {
        "convolution": tf.layers.conv3d(x, 3, 2, activation=tf.nn.relu),
        "strides": tf.layers.conv3d(x, 2, (1, 2, 2), strides=2, padding="same", use_bias=False),
        "transposed": tf.layers.conv3d_transpose(x, 2, 3, strides=(1, 2, 1)),
        "max": tf.layers.max_pooling3d(x, 2, 2),
        "average": tf.layers.average_pooling3d(turned, 2, 2, data_format="channels_first"),
    }


@program("graph", "values")
def channels_first(tf: Any) -> Any:
    tf.set_random_seed(16)
    x = tf.constant(numbers(2, 3, 4, 5), name="x")
    rows = tf.constant(numbers(2, 3, 6), name="rows")
    return {
        "transposed": tf.layers.conv2d_transpose(x, 2, 3, strides=2, data_format="channels_first", use_bias=False),
        "flat": tf.layers.flatten(x, data_format="channels_first"),
        "normalized": tf.layers.batch_normalization(x, axis=1, training=True, fused=False),
        "pooled": tf.layers.max_pooling1d(rows, 2, 2, data_format="channels_first"),
    }


@program("graph")
def channels_first_on_other_devices(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3, 8, 8], name="x")
    net = tf.layers.conv2d(x, 4, 3, data_format="channels_first", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, 2, 2, data_format="channels_first")
    net = tf.layers.batch_normalization(net, axis=1, training=True)
    net = tf.layers.separable_conv2d(net, 4, 2, data_format="channels_first")
    tf.layers.conv1d(tf.reshape(net, [-1, 4, 4]), 2, 2, data_format="channels_first")


@program("graph", "values")
def resource_variables(tf: Any) -> Any:
    tf.set_random_seed(17)
    with tf.variable_scope("resources", use_resource=True):
        y = tf.layers.dense(tf.constant(numbers(2, 3)), 4, kernel_regularizer=tf.nn.l2_loss)
        y = tf.layers.batch_normalization(y, training=True)
        image = tf.layers.conv2d(tf.constant(numbers(1, 4, 4, 2)), 3, 2)
        image = tf.layers.batch_normalization(image, training=True)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    return {"y": y, "image": image, "updates": [op.name for op in updates], "kinds": [op.type for op in updates]}
