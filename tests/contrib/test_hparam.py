"""`tf.contrib.training.HParams`."""

from typing import Any

import pytest

import flowlab as tf


@pytest.fixture
def hparams() -> Any:
    return tf.contrib.training.HParams(rate=0.1, steps=5, units=[10, 20], name="relu", fast=False)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("rate=0.5", "rate", 0.5),
        ("rate = 1 , steps=7", "steps", 7),
        ("units=[1,2,3]", "units", [1, 2, 3]),
        ("units[1]=7", "units", [10, 7]),
        ("units=[]", "units", []),
        ("name=a-b c", "name", "a-b c"),
        ("fast=true", "fast", True),
        ("fast=0", "fast", False),
        ("", "steps", 5),
    ],
)
def test_text_changes_settings(hparams: Any, text: str, name: str, value: object) -> None:
    assert hparams.parse(text) is hparams
    assert getattr(hparams, name) == value
    assert type(getattr(hparams, name)) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rat=1", "Unknown hyperparameter type for rat. Did you mean 'rate'?"),
        ("steps=1.5", "Could not parse hparam 'steps' of type 'int' with value '1.5'"),
        ("fast=maybe", "Could not parse hparam 'fast' of type 'bool' with value 'maybe'"),
        ("steps=1,steps=2", "Multiple assignments to variable 'steps' in steps=1,steps=2"),
        ("units=3", "Must pass a list for multi-valued parameter: units."),
        ("steps=[3]", "Must not pass a list for single-valued parameter: steps"),
        ("units[5]=3", "units has 2 values; there is no units[5]"),
        ("=3", "Malformed hyperparameter value: =3"),
    ],
)
def test_text_that_is_refused(hparams: Any, text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        hparams.parse(text)
    assert str(caught.value) == message


def test_the_type_of_a_setting_stays(hparams: Any) -> None:
    hparams.set_hparam("rate", 1)
    assert type(hparams.rate) is float
    for name, value in (("steps", 1.5), ("steps", "1"), ("name", 1), ("fast", 1), ("steps", True)):
        with pytest.raises(ValueError, match="Could not cast hparam"):
            hparams.set_hparam(name, value)
    with pytest.raises(KeyError, match="Did you mean 'steps'"):
        hparams.set_hparam("step", 1)


def test_settings_as_dict_and_json(hparams: Any) -> None:
    assert hparams.values() == {"rate": 0.1, "steps": 5, "units": [10, 20], "name": "relu", "fast": False}
    assert hparams.parse_json('{"steps": 8}').override_from_dict({"fast": True}).values()["steps"] == 8
    assert tf.contrib.training.HParams(a=1, f=len).to_json() == '{"a": 1}'
    assert hparams.get("steps") == 8
    assert hparams.get("none", 3) == 3
    assert "steps" in hparams
    hparams.del_hparam("steps")
    assert "steps" not in hparams
    assert not hasattr(hparams, "steps")


def test_names_are_given_once() -> None:
    hparams = tf.contrib.training.HParams(a=1)
    for name in ("a", "values", "parse"):
        with pytest.raises(ValueError, match=f"Hyperparameter name is reserved: {name}"):
            hparams.add_hparam(name, 1)
    with pytest.raises(ValueError, match="Multi-valued hyperparameters cannot be empty: b"):
        hparams.add_hparam("b", [])
