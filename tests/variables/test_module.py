"""`tf.Module`."""

from __future__ import annotations

from typing import Any

import pytest

import flowlab as tf


class Inner(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.z = tf.Variable(2.0)


class Outer(tf.Module):
    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        with self.name_scope:
            self.w = tf.Variable(1.0, name="w")
            self.b = tf.Variable([1.0], trainable=False)
        self.parts = [Inner(), {"a": Inner()}]

    @tf.Module.with_name_scope
    def __call__(self, x: Any) -> Any:
        return x * self.w


def test_variables_come_by_the_names_of_attributes_and_own_ones_first() -> None:
    module = Outer()
    assert [v.name for v in module.variables] == ["outer/Variable:0", "outer/w:0", "Variable:0", "Variable_1:0"]
    assert [v.name for v in module.trainable_variables] == ["outer/w:0", "Variable:0", "Variable_1:0"]
    assert [m.name for m in module.submodules] == ["inner", "inner"]


def test_the_name_scope_is_entered_again() -> None:
    module = Outer("foo")
    assert module.name_scope.name == "foo/"
    assert module(tf.constant(1.0)).name == "foo/mul:0"


@pytest.mark.parametrize("value", [1, "again"])
def test_shared_values_are_found_once(value: Any) -> None:
    module = Outer()
    module.same, module.other = module.w, value
    module.circle = module
    assert len(module.variables) == 4
    assert len(module.submodules) == 2


@pytest.mark.parametrize(("kind", "name"), [("MyModule", "my_module"), ("MyMod3D", "my_mod3_d"), ("RNN", "rnn")])
def test_names_of_classes_in_snake_case(kind: str, name: str) -> None:
    assert type(kind, (tf.Module,), {})().name == name


def test_names_are_identifiers() -> None:
    with pytest.raises(ValueError, match="'1a' is not a valid module name"):
        Outer("1a")
