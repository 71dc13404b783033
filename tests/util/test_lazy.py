"""``tf.name`` for names that are lazy, old, misspelt or unknown."""

import sys
import traceback
import types
import warnings

import pytest

import flowlab as tf
from flowlab._src.util import lazy, old_names


def hint(error: BaseException) -> str:
    return " ".join(getattr(error, "__notes__", []))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("mult", "multiply"),
        ("float", "float32"),
        ("unit16", "uint16"),
        ("Constant", "constant"),
        ("session", "Session"),
        ("rest_default_graph", "reset_default_graph"),
        ("global_variable_initilalizer", "global_variables_initializer"),
        ("initialize_all_variable", "global_variables_initializer"),
        ("relu", "nn.relu"),
        ("placehoder", "placeholder"),
    ],
)
def test_a_name_that_never_existed_raises_and_says_what_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(tf, wrong)
    assert str(caught.value) == f"module 'flowlab' has no attribute '{wrong}'"
    assert hint(caught.value).startswith(
        f"\n  Why     there is no tf.{wrong} in TensorFlow 1.15: did you mean tf.{meant}"
    )


def test_names_below_flowlab_are_checked_too() -> None:
    with pytest.raises(AttributeError, match=r"^module 'flowlab.nn' has no attribute 'reluu'") as caught:
        tf.nn.reluu
    assert "did you mean tf.nn.relu" in hint(caught.value)


def test_a_name_like_no_other_gets_no_hint() -> None:
    with pytest.raises(AttributeError) as caught:
        tf.xyzzy
    assert hint(caught.value) == ""


def test_python_adds_no_second_guess_to_the_traceback() -> None:
    with pytest.raises(AttributeError) as caught:
        tf.mult
    assert "".join(traceback.format_exception(caught.value)).count("id you mean") == 1


def test_unknown_private_names_raise_without_a_search() -> None:
    with pytest.raises(AttributeError) as caught:
        tf._repr_html_
    assert hint(caught.value) == ""


def test_import_of_an_unknown_name_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="cannot import name 'mult'"):
        from flowlab import mult  # noqa: F401


def test_an_old_name_works_with_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "noted", set())
    with pytest.warns(lazy.FlowlabNote, match=r"^tf\.mul has been called tf\.multiply since TensorFlow 1\.0") as notes:
        assert tf.mul is tf.multiply
    assert notes[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tf.mul is tf.multiply


def test_an_old_name_may_move_to_another_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.nn, "moved", sum, raising=False)
    getter = lazy.module_getattr("flowlab.train", renamed={"train.Old": "nn.moved"})
    with pytest.warns(lazy.FlowlabNote, match="tf.train.Old has been called tf.nn.moved"):
        assert getter("Old") is sum


def test_an_old_name_whose_successor_is_missing_says_so() -> None:
    getter = lazy.module_getattr("flowlab", renamed={"old": "not_written_yet"})
    with pytest.raises(AttributeError, match="no attribute 'old'") as caught:
        getter("old")
    assert "tf.old became tf.not_written_yet" in hint(caught.value)
    assert "does not have yet" in hint(caught.value)


def test_no_old_name_is_a_present_one() -> None:
    names = {name for name in old_names.OLD_NAMES if "." not in name}
    assert not names & set(tf.__all__)
    assert not set(old_names.NEVER_NAMES) & (set(tf.__all__) | set(old_names.OLD_NAMES))


def test_lazy_names_load_once_and_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("flowlab_made_for_a_test")
    module.__all__ = ["eager"]
    table = {"later": "fractions", "half": "fractions:Fraction"}
    module.__getattr__ = lazy.module_getattr(module.__name__, table)
    module.__dir__ = lazy.module_dir(module.__name__, table)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert "half" not in vars(module)
    assert [name for name in dir(module) if not name.startswith("_")] == ["eager", "half", "later"]
    assert module.half(1, 2) == 0.5
    assert module.later.__name__ == "fractions"
    assert "half" in vars(module)


def test_dir_lists_public_names_only() -> None:
    names = [name for name in dir(tf) if not name.startswith("__")]
    assert {"constant", "nn", "Session"} <= set(names)
    assert not [name for name in names if name.startswith("_")]


def test_versions() -> None:
    assert tf.VERSION == tf.version.VERSION == "1.15.0"
    assert tf.__version__ == "1.15.0"  # programs compare it; flowlab's own version is in GIT_VERSION
    assert tf.GIT_VERSION == "flowlab-0.1.0"
