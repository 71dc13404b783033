"""The base layer: weights, losses, updates, calls as nodes of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.keras import learning_phase
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.keras.engine.history import KerasHistory, history_of, mask_of, set_history, set_mask
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.core import Dense, Dropout
from flowlab._src.keras.session import get_session


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


class Twice(Layer):
    """Two layers inside, one of them in a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = Dense(3)
        self.others = [Dense(2)]

    def call(self, inputs: Any) -> Any:
        return self.others[0](self.first(inputs))


def started(x: tf.Tensor) -> tf.Tensor:
    """Let a tensor count as the output of a layer of a model."""
    set_history(x, KerasHistory(Layer(name="input"), 0, 0))
    return x


def test_names_count_layers_of_a_class_in_each_graph() -> None:
    assert [Dense(1).name, Dense(1).name, Twice().name] == ["dense", "dense_1", "twice"]
    with tf.Graph().as_default():
        assert Dense(1).name == "dense"


def test_a_class_with_an_underscore_gets_a_name_that_is_a_scope() -> None:
    class _Hidden(Layer):
        pass

    assert _Hidden().name == "private__hidden"


def test_weights_of_layers_inside_are_weights_of_the_layer() -> None:
    layer = Twice()
    layer(tf.zeros([4, 5]))
    assert [v.shape.as_list() for v in layer.weights] == [[5, 3], [3], [3, 2], [2]]
    layer.others.append(Dense(7))
    layer.others[1](tf.zeros([1, 2]))
    assert len(layer.trainable_weights) == 6


def test_freezing_a_layer_freezes_the_layers_inside() -> None:
    layer = Twice()
    layer(tf.zeros([4, 5]))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4
    assert not layer.first.trainable


def test_variables_that_become_attributes_are_weights() -> None:
    layer = Layer()
    layer.scale = tf.Variable(1.0)
    layer.count = tf.Variable(0, trainable=False)
    assert layer.trainable_weights == [layer.scale]
    assert layer.non_trainable_weights == [layer.count]


def test_weights_are_read_and_written() -> None:
    layer = Dense(2, kernel_initializer="ones")
    layer(tf.zeros([1, 3]))
    kernel, bias = layer.get_weights()
    assert kernel.tolist() == [[1, 1], [1, 1], [1, 1]]
    layer.set_weights([kernel * 2, bias + 1])
    with pytest.raises(ValueError, match="the layer was expecting 2 weights"):
        layer.set_weights([kernel])
    with pytest.raises(ValueError, match="not compatible with provided weight shape"):
        layer.set_weights([kernel[:2], bias])
    assert layer.get_weights()[0].tolist() == [[2, 2], [2, 2], [2, 2]]
    assert layer.count_params() == 8


def test_weights_given_at_construction_are_taken() -> None:
    layer = Dense(1, weights=[np.full((2, 1), 5.0), np.array([1.0])])
    y = layer(tf.ones([1, 2]))
    assert get_session().run(y).tolist() == [[11.0]]


def test_parameters_of_a_layer_that_is_not_built() -> None:
    with pytest.raises(ValueError, match="the layer isn't built"):
        Dense(3).count_params()


def test_an_unknown_argument_is_refused_with_a_suggestion() -> None:
    with pytest.raises(TypeError, match="Keyword argument not understood") as caught:
        Dense(3, activaton="relu")
    assert "activation" in caught.value.__notes__[0]


def test_calls_are_nodes_between_layers_of_a_model() -> None:
    layer = Dense(2)
    x = started(tf.zeros([4, 3]))
    y = layer(x)
    assert layer.input is x
    assert layer.output is y
    assert (layer.input_shape, layer.output_shape) == ((4, 3), (4, 2))
    assert history_of(y) == (layer, 0, 0)
    assert layer.inbound_nodes[0].get_config()["inbound_layers"] == "input"
    layer(started(tf.zeros([5, 3])))
    assert layer.get_output_shape_at(1) == (5, 2)
    with pytest.raises(AttributeError, match="multiple inbound nodes"):
        _ = layer.output_shape
    with pytest.raises(ValueError, match="only 2 inbound nodes"):
        layer.get_output_at(2)


def test_a_layer_that_gives_back_its_input_gets_an_output_of_its_own() -> None:
    x = started(tf.zeros([4, 3]))
    y = Layer()(x)
    assert y is not x
    assert y.op.type == "Identity"


def test_outside_of_a_model_nothing_is_linked() -> None:
    layer = Dense(2)
    layer(tf.zeros([4, 3]))
    with pytest.raises(AttributeError, match="is not connected, no input to return"):
        _ = layer.input


def test_masks_pass_through_layers_that_support_them() -> None:
    x, mask = tf.zeros([4, 3]), tf.ones([4], tf.bool)
    set_mask(x, mask)
    assert mask_of(Dense(2)(x)) is mask
    with pytest.raises(TypeError, match="does not support masking"):
        Layer().compute_mask(x, mask)


def test_losses_and_updates_know_whether_they_depend_on_an_input() -> None:
    class Counting(Layer):
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight("count", shape=[], initializer="zeros", trainable=False)

        def call(self, inputs: Any) -> Any:
            self.add_loss(tf.reduce_sum(inputs), inputs=True)
            self.add_loss(lambda: tf.square(self.count))
            self.add_update([tf.assign_add(self.count, 1.0), tf.assign(self.count, tf.reduce_sum(inputs))])
            return inputs

    layer, x = Counting(), tf.zeros([2])
    layer(x)
    assert len(layer.losses) == 2
    assert len(layer.get_losses_for(None)) == 1
    assert len(layer.get_losses_for(x)) == 1
    assert [op.type for op in layer.get_updates_for(None)] == ["AssignAddVariableOp"]
    assert len(layer.get_updates_for(x)) == 1
    layer.trainable = False
    assert layer.updates == []


def test_the_training_argument_reaches_layers_inside() -> None:
    class Net(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.drop = Dropout(0.5, seed=1)

        def call(self, inputs: Any, training: Any = None) -> Any:
            return self.drop(inputs)

    net = Net()
    with tf.Session() as sess:
        assert sess.run(net(tf.ones([100]), training=True)).min() == 0
        assert sess.run(net(tf.ones([100]), training=False)).min() == 1


def test_the_learning_phase_of_the_graph_decides_where_nothing_else_does() -> None:
    y = Dropout(0.5)(tf.ones([100]))
    phase = learning_phase.learning_phase()
    with tf.Session() as sess:
        assert sess.run(y).min() == 1
        assert sess.run(y, {phase: True}).min() == 0
    learning_phase.set_learning_phase(1)
    assert learning_phase.learning_phase() == 1
    with pytest.raises(ValueError, match="Expected learning phase to be 0 or 1"):
        learning_phase.set_learning_phase(2)


def test_arrays_and_numbers_are_converted() -> None:
    y = Dense(2, kernel_initializer="ones")(np.ones([1, 3], np.float32))
    assert y.shape.as_list() == [1, 2]


def test_dtype_is_that_of_the_first_input() -> None:
    layer = Dense(2)
    assert layer.dtype is None
    layer(tf.zeros([1, 3], tf.float64))
    assert layer.dtype == "float64"
    assert layer.kernel.dtype.base_dtype is tf.float64


def test_config_makes_a_layer_like_it() -> None:
    layer = Dense(3, activation="relu", kernel_regularizer="l2", input_shape=(5,), name="out")
    again = Dense.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.get_config()["batch_input_shape"] == (None, 5)

    class Own(Layer):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    with pytest.raises(NotImplementedError, match="must override `get_config`"):
        Own(3).get_config()


def test_input_specs() -> None:
    layer = Layer()
    layer.input_spec = InputSpec(shape=(None, 3), dtype="float32")
    layer(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match=r"expected shape=\(None, 3\), found shape=\[2, 4\]"):
        layer(tf.zeros([2, 4]))
    with pytest.raises(ValueError, match="expected dtype=float32, found dtype=int32"):
        layer(tf.zeros([2, 3], tf.int32))
    layer.input_spec = [InputSpec(max_ndim=2), InputSpec(ndim=1)]
    with pytest.raises(ValueError, match="expects 2 inputs, but it received 1 input tensors"):
        layer(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match="expected max_ndim=2, found ndim=3"):
        layer([tf.zeros([2, 3, 4]), tf.zeros([2])])
    with pytest.raises(TypeError, match="must be an instance of InputSpec"):
        layer.input_spec = 3
    with pytest.raises(ValueError, match="is greater than the maximum allowed value"):
        InputSpec(ndim=2, axes={2: 5})
