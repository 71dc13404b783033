"""`tf.make_template`, `tf.DeviceSpec`, `tf.op_scope`: names and messages as TensorFlow 2.21's compat.v1 gives them."""

from typing import Any

import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


def scaled(x: Any, units: int = 2) -> Any:
    return x * tf.get_variable("w", [units], initializer=tf.zeros_initializer())


def names(variables: Any) -> list[str]:
    return [v.name for v in variables]


def test_calls_share_their_variables() -> None:
    template = tf.make_template("scale", scaled, units=3)
    assert (template.variable_scope_name, template.variables) == (None, [])
    assert [template(1.0).name, template(2.0).name] == ["scale/mul:0", "scale_1/mul:0"]
    assert names(template.variables) == names(tf.global_variables()) == ["scale/w:0"]
    assert (template.name, template.variable_scope_name) == ("scale", "scale/")


def test_a_second_template_of_a_name_has_its_own_variables() -> None:
    tf.make_template("scale", scaled)(1.0)
    template = tf.make_template("scale", scaled, create_scope_now_=True)
    assert template.variable_scope.name == "scale_1"
    template(1.0), template(1.0)
    assert names(template.trainable_variables) == ["scale_1/w:0"]


def test_the_scope_is_made_where_the_function_is_first_called() -> None:
    with tf.variable_scope("outer"):
        template = tf.make_template("inner", scaled)
        assert template(1.0).name == "outer/inner/mul:0"
    template(1.0)
    assert names(template.variables) == ["outer/inner/w:0"]


def test_a_unique_name_is_used_as_it_is() -> None:
    assert tf.make_template("q", scaled, unique_name_="qq")(1.0).name == "qq/mul:0"
    with pytest.raises(ValueError, match="Variable qq/w already exists, disallowed"):
        tf.make_template("q", scaled, unique_name_="qq")(1.0)


def test_new_variables_in_a_later_call_are_refused() -> None:
    template = tf.make_template("h", lambda x: x * tf.Variable(1.0, name="v"))
    template(1.0)
    with pytest.raises(ValueError, match="Trainable variable created when calling a template after the first time"):
        template(1.0)
    with pytest.raises(ValueError, match=r"name cannot be None\."):
        tf.make_template(None, scaled)


def test_names_of_devices_in_parts() -> None:
    spec = tf.DeviceSpec(job="ps", task=1, device_type="gpu", device_index=0)
    assert spec.to_string() == "/job:ps/task:1/device:GPU:0"
    assert repr(spec) == "<DeviceSpec(job=ps, replica=None, task=1, device_type=GPU, device_index=0)>"
    merged = tf.DeviceSpec.from_string("/job:a/cpu:1")
    merged.merge_from(spec)
    assert merged == spec
    assert spec.replace(task=2).task == 2
    with tf.device(spec):
        assert tf.constant(1).device == "/job:ps/task:1/device:GPU:0"
    with pytest.raises(
        ValueError, match="Unknown attribute 'foo' is encountered while parsing the device spec: '/foo:1'"
    ):
        tf.DeviceSpec.from_string("/foo:1")


def test_the_old_way_to_open_a_name_scope() -> None:
    with tf.op_scope([tf.constant(1.0)], "name", "default") as scope:
        assert (scope, tf.constant(1).name) == ("name/", "name/Const:0")
    with tf.op_scope([], None, "default") as scope:
        assert scope == "default/"
