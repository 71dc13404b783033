"""Switches, `tf.autograph`, scopes of arguments, resources beside a program, marks of deprecation."""

from pathlib import Path

import pytest

import flowlab as tf
from flowlab._src.util import lazy


@pytest.mark.parametrize(
    "name", ["disable_v2_behavior", "disable_v2_tensorshape", "disable_control_flow_v2", "disable_tensor_equality"]
)
def test_what_is_off_can_be_switched_off(name: str) -> None:
    assert getattr(tf.compat.v1, name)() is None


@pytest.mark.parametrize("name", ["enable_v2_behavior", "enable_v2_tensorshape", "enable_tensor_equality"])
def test_the_ways_of_tensorflow_2_are_left_out(name: str) -> None:
    with pytest.raises(
        NotImplementedError, match=rf"^tf\.{name}\(\) is left out of flowlab, which follows TensorFlow 1.15"
    ):
        getattr(tf, name)()


def test_autograph_changes_no_function() -> None:
    assert tf.autograph.experimental.do_not_convert(max) is max
    assert tf.autograph.experimental.do_not_convert()(max) is max
    feature = tf.autograph.experimental.Feature
    assert feature.LISTS not in feature.all_but(feature.LISTS)
    with pytest.raises(AttributeError) as caught:
        tf.autograph.to_graph
    assert "tf.autograph.to_graph is left out of flowlab" in caught.value.__notes__[0]


framework = tf.contrib.framework


@framework.add_arg_scope
def conv(x: str, stride: int = 1, padding: str = "SAME") -> tuple[str, int, str]:
    return x, stride, padding


@framework.add_arg_scope
def pool(x: str, stride: int = 2) -> tuple[str, int]:
    return x, stride


def test_inner_scopes_add_to_outer_ones_and_calls_have_the_last_word() -> None:
    with framework.arg_scope([conv, pool], stride=5), framework.arg_scope([conv], padding="VALID") as scope:
        assert conv("x") == ("x", 5, "VALID")
        assert conv("x", stride=3) == ("x", 3, "VALID")
        assert pool("x") == ("x", 5)
    assert conv("x") == ("x", 1, "SAME")
    with framework.arg_scope(scope):
        assert (conv("x"), pool("x")) == (("x", 5, "VALID"), ("x", 5))


def test_a_scope_ends_with_an_error_too() -> None:
    with pytest.raises(KeyError), framework.arg_scope([conv], stride=9):
        raise KeyError
    assert conv("x") == ("x", 1, "SAME")


def test_scopes_of_arguments_refuse() -> None:
    with (
        pytest.raises(ValueError, match=r"'max'. is not decorated with @add_arg_scope"),
        framework.arg_scope([max], a=1),
    ):
        pass
    with pytest.raises(ValueError, match="kwargs must be empty"), framework.arg_scope({}, a=1):
        pass
    with pytest.raises(TypeError, match="must either be a list/tuple or reused scope"), framework.arg_scope(conv, a=1):
        pass
    assert framework.has_arg_scope(conv)
    assert not framework.has_arg_scope(max)
    assert framework.arg_scoped_arguments(conv) == ("stride", "padding")


def test_resources_lie_beside_the_program() -> None:
    assert tf.resource_loader.load_resource(Path(__file__).name).startswith(b'"""Switches')
    assert Path(tf.resource_loader.get_data_files_path()) == Path(__file__).parent


def test_deprecated_things_say_so() -> None:
    @framework.deprecated("2020-01-01", "Use new.")
    def old(x: int) -> int:
        return x

    @framework.deprecated_args(None, "It does nothing.", "y")
    def half_old(x: int, y: int = 0) -> int:
        return x

    with pytest.warns(DeprecationWarning, match="old is deprecated and will be removed after 2020-01-01. Instruc"):
        assert old(1) == 1
    with pytest.warns(DeprecationWarning, match="argument y of half_old is deprecated"):
        assert half_old(1, y=2) == 1
    assert half_old(1) == 1


def test_old_functions_take_their_old_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "noted", set())
    with pytest.warns(Warning, match="tf.batch_matmul has been called tf.matmul"):
        matmul = tf.batch_matmul
    with tf.Session() as sess:
        assert sess.run(matmul([[1.0, 2.0]], [[3.0, 4.0]], adj_y=True)).tolist() == [[11.0]]
        assert sess.run(matmul([[1.0, 2.0]], [[3.0, 4.0]], False, True)).tolist() == [[11.0]]
