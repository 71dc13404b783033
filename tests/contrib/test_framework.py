"""`tf.contrib.framework`: variables by name, of the model, and values for them."""

from typing import Any

import numpy as np
import pytest

import flowlab as tf

framework = tf.contrib.framework


@pytest.fixture(autouse=True)
def variables() -> Any:
    with tf.Graph().as_default():
        with tf.variable_scope("net"):
            framework.model_variable("w", [2])
            framework.variable("b", [2], initializer=tf.zeros_initializer())
            with tf.variable_scope("deep"):
                framework.model_variable("w", [3], trainable=False)
        framework.local_variable(0.0, name="count")
        framework.global_variable(1.0, name="total")
        yield


def names(found: Any) -> list[str]:
    return [v.op.name for v in found]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: framework.get_variables(), ["net/w", "net/b", "net/deep/w", "total"]),
        (lambda: framework.get_variables("net/d"), ["net/deep/w"]),
        (lambda: framework.get_variables(suffix="w"), ["net/w", "net/deep/w"]),
        (lambda: framework.get_variables_by_suffix("w", "net/deep"), ["net/deep/w"]),
        (lambda: framework.get_variables_by_name("w"), ["net/w", "net/deep/w"]),
        (lambda: framework.get_variables_by_name("total"), ["total"]),
        (lambda: framework.get_local_variables(), ["count"]),
        (lambda: framework.get_model_variables(), ["net/w", "net/deep/w"]),
        (lambda: framework.get_trainable_variables("net"), ["net/w", "net/b"]),
        (lambda: [framework.get_unique_variable("net/w")], ["net/w"]),
        (lambda: framework.get_variables_to_restore(["net"], ["net/deep"]), ["net/w", "net/b"]),
        (lambda: framework.get_variables_to_restore(exclude=["net"]), ["total"]),
        (lambda: framework.filter_variables(framework.get_variables(), ["b$", "w"], ["deep"]), ["net/b", "net/w"]),
        (lambda: framework.filter_variables(framework.get_variables(), ["w"], reg_search=False), []),
    ],
)
def test_variables_found(call: Any, expected: list[str]) -> None:
    assert names(call()) == expected


def test_a_scope_object_is_a_scope_too() -> None:
    with tf.variable_scope("net/deep") as scope:
        assert names(framework.get_variables(scope)) == ["net/deep/w"]


def test_what_cannot_be_found() -> None:
    with pytest.raises(ValueError, match=r"^Couldn't find variable total_. Did you mean 'total'"):
        framework.get_unique_variable("total_")
    with pytest.raises(ValueError, match="Variable net does not uniquely identify a variable"):
        framework.get_unique_variable("net")
    with pytest.raises(TypeError, match="include is provided but is not a list or a tuple"):
        framework.get_variables_to_restore("net")


def test_scopes_of_arguments_reach_variables() -> None:
    with framework.arg_scope([framework.model_variable], device="/cpu:0", trainable=False):
        v = framework.model_variable("v", [1])
    assert v.device == "/device:CPU:0"
    assert v not in tf.trainable_variables()


def test_values_for_variables() -> None:
    assign, feeds = framework.assign_from_values({"net/w": np.array([1.0, 2.0]), "total": 5.0})
    again = framework.assign_from_values_fn({"net/w": [3.0, 4.0]})
    with tf.Session() as sess:
        sess.run(assign, feeds)
        assert sess.run(framework.get_unique_variable("net/w")).tolist() == [1.0, 2.0]
        assert sess.run("total:0") == 5.0
        again(sess)
        assert sess.run("net/w:0").tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match=r"Variable net/w has shape \(2,\), but the value has shape \(3,\)"):
        framework.assign_from_values({"net/w": [1.0, 2.0, 3.0]})


def test_names_that_lead_elsewhere() -> None:
    assert framework.nest.flatten([1, (2, 3)]) == [1, 2, 3]
    step = framework.get_or_create_global_step()
    assert framework.assert_or_get_global_step(global_step_tensor=step) is step
    assert framework.sort is tf.sort
    x = tf.placeholder(tf.int32, [])
    assert framework.get_placeholders() == [x]
    assert framework.get_graph_from_inputs([x]) is x.graph
    assert framework.assert_scalar_int(x) is x
    with pytest.raises(ValueError, match="Expected integer type"):
        framework.assert_scalar_int(tf.constant(1.0))
