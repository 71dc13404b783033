"""`tf.app.flags` and `tf.app.run`: how command lines are read."""

import enum
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import flowlab as tf
from flowlab._src.util import flag_values

flags = tf.app.flags


@pytest.fixture
def values() -> Any:
    found = flags.FlagValues()
    flags.DEFINE_string("data_dir", "/tmp/data", "Where the data is.", flag_values=found)
    flags.DEFINE_integer("steps", 100, "How many.", lower_bound=0, flag_values=found)
    flags.DEFINE_float("rate", 0.5, "Step length.", flag_values=found)
    flags.DEFINE_boolean("fake", False, "No data.", flag_values=found)
    flags.DEFINE_enum("kind", "sgd", ["sgd", "adam"], "Which optimizer.", flag_values=found)
    flags.DEFINE_list("layers", ["a", "b"], "Names.", flag_values=found)
    return found


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The flags of a program of its own, in place of tf.app.flags.FLAGS of this process."""
    found = flag_values.ProgramFlags()
    monkeypatch.setattr("flowlab._src.util.app.FLAGS", found)
    flags.DEFINE_integer("steps", 100, "How many.", flag_values=found)
    return found


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--steps=3"], "steps", 3),
        (["--steps", "3"], "steps", 3),
        (["-steps", "3"], "steps", 3),
        (["--steps=0x10"], "steps", 16),
        (["--rate=1e-3"], "rate", 0.001),
        (["--rate", "-2"], "rate", -2.0),
        (["--fake"], "fake", True),
        (["--nofake"], "fake", False),
        (["--fake=true"], "fake", True),
        (["--fake=0"], "fake", False),
        (["--kind=adam"], "kind", "adam"),
        (["--layers=x, y,z"], "layers", ["x", "y", "z"]),
        (["--layers="], "layers", []),
        (["--data_dir="], "data_dir", ""),
        (["--data_dir=a=b"], "data_dir", "a=b"),
        (["--", "--steps=3"], "steps", 100),
        (["word", "--steps=3"], "steps", 3),
        (["--undefok=new", "--new=3", "--steps=4"], "steps", 4),
    ],
)
def test_a_command_line_gives_values(values: Any, arguments: list[str], name: str, value: object) -> None:
    values(["train.py", *arguments])
    assert getattr(values, name) == value
    assert type(getattr(values, name)) is type(value)


def test_what_is_no_flag_is_returned(values: Any) -> None:
    assert values(["train.py", "one", "--steps=3", "two", "--", "--three"]) == ["train.py", "one", "two", "--three"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--stepz=3"], flags.UnrecognizedFlagError, "Unknown command line flag 'stepz'. Did you mean: steps ?"),
        (
            ["--steps=many"],
            flags.IllegalFlagValueError,
            "flag --steps=many: invalid literal for int() with base 10: 'many'",
        ),
        (["--steps=-1"], flags.IllegalFlagValueError, "flag --steps=-1: -1 is not a non-negative integer"),
        (["--fake=maybe"], flags.IllegalFlagValueError, "Non-boolean argument to boolean flag"),
        (["--kind=rms"], flags.IllegalFlagValueError, "flag --kind=rms: value should be one of <sgd|adam>"),
        (["--steps"], flags.Error, "Missing value for flag --steps"),
        (["--flagfile=/no/such/file"], flags.CantOpenFlagFileError, "Unable to open flagfile"),
    ],
)
def test_a_wrong_command_line_is_refused(values: Any, arguments: list[str], error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        values(["train.py", *arguments])
    assert message in str(caught.value)


def test_flags_may_be_set_before_and_after(values: Any) -> None:
    values.steps = 7
    values(["train.py"])
    assert values.steps == 7
    values.steps = 8
    assert values["steps"].value == 8
    with pytest.raises(flags.UnrecognizedFlagError):
        values.stepz = 1


def test_an_unread_command_line(values: Any) -> None:
    with pytest.raises(flags.UnparsedFlagAccessError, match="Trying to access flag --steps before flags were parsed"):
        values.steps
    values.mark_as_parsed()
    assert values.steps == 100


def test_a_flag_that_does_not_exist(values: Any) -> None:
    values(["train.py"])
    with pytest.raises(AttributeError, match=r"no flag --step is defined. Did you mean 'steps'"):
        values.step


def test_a_name_can_be_given_once(values: Any) -> None:
    with pytest.raises(flags.DuplicateFlagError, match="The flag 'steps' is defined twice"):
        flags.DEFINE_string("steps", None, "Again.", flag_values=values)


def test_a_notebook_cell_may_run_again(values: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_values, "in_notebook", lambda: True)
    for flag in (values["steps"],):
        flag.module = "__main__"
    again = flags.Flag(flags.ArgumentParser(), None, "steps", "x", "Again.")
    again.module = "__main__"
    values["steps"] = again
    assert values["steps"] is again


def test_the_argument_names_of_tensorflow_1_0(values: Any) -> None:
    flags.DEFINE_integer(flag_name="size", default_value=3, docstring="How big.", flag_values=values)
    assert values["size"].default == 3


def test_the_way_programs_of_2017_print_all_flags(values: Any) -> None:
    values._parse_flags(["--steps=2"])
    assert sorted(getattr(values, "__flags")) == ["data_dir", "fake", "kind", "layers", "rate", "steps"]
    assert values.flag_values_dict()["steps"] == 2


def test_repeated_flags_make_a_list(values: Any) -> None:
    flags.DEFINE_multi_integer("unit", [5], "Sizes.", flag_values=values)
    assert values["unit"].value == [5]
    values(["train.py", "--unit=1", "--unit=2"])
    assert values.unit == [1, 2]


def test_flags_of_python_enumerations(values: Any) -> None:
    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    flags.DEFINE_enum_class("color", Color.RED, Color, "Which.", flag_values=values)
    flags.DEFINE_multi_enum_class("colors", ["RED"], Color, "Which.", flag_values=values)
    values(["train.py", "--color=blue", "--colors=BLUE", "--colors=red"])
    assert values.color is Color.BLUE
    assert values.colors == [Color.BLUE, Color.RED]


def test_a_file_of_flags(values: Any, tmp_path: Path) -> None:
    values(["train.py", "--steps=5", "--fake", "--layers=q,r"])
    path = tmp_path / "flags.txt"
    values.append_flags_into_file(path)
    path.write_text(f"# remark\n--flagfile={path}\n\n" + path.read_text("utf-8"), "utf-8")
    values.unparse_flags()
    values(["train.py", f"--flagfile={path}"])
    assert (values.steps, values.fake, values.layers) == (5, True, ["q", "r"])


def test_conditions_on_several_flags(values: Any) -> None:
    flags.mark_flags_as_mutual_exclusive(["data_dir", "kind"], flag_values=values)
    with pytest.raises(flags.IllegalFlagValueError, match=r"At most one of .data_dir, kind. must have a value"):
        values(["train.py"])
    values.kind = None
    values(["train.py"])


def test_a_required_flag(values: Any) -> None:
    flags.DEFINE_string("name", None, "Needed.", required=True, flag_values=values)
    with pytest.raises(flags.IllegalFlagValueError, match="flag --name=None: Flag --name must have a value other than"):
        values(["train.py"])
    values(["train.py", "--name=x"])


def test_help_names_every_flag(values: Any) -> None:
    text = values.get_help()
    assert "--steps: How many.\n    (default: '100')\n    (a non-negative integer)" in text
    assert "--[no]fake: No data." in text
    assert "--kind: <sgd|adam>: Which optimizer." in text


@pytest.mark.parametrize(
    "argv",
    [
        ["/env/ipykernel_launcher.py", "-f", "/run/kernel-1.json"],
        ["/env/ipykernel/__main__.py", "--f=/run/kernel-1.json"],
        ["colab_kernel_launcher.py", "-f", "x"],
        ["/usr/bin/ipython", "--pylab"],
        [],
    ],
)
def test_in_a_notebook_the_first_access_reads_no_command_line(
    program: Any, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert program.steps == 100


def test_in_a_program_the_first_access_reads_the_command_line(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--steps=4"])
    assert program.steps == 4


def test_run_hands_over_what_it_does_not_know(program: Any) -> None:
    seen: list[list[str]] = []
    with pytest.raises(SystemExit) as end:
        tf.app.run(seen.append, ["train.py", "--steps=9", "--other=1", "word"])
    assert (end.value.code, seen, program.steps) == (None, [["train.py", "--other=1", "word"]], 9)


def test_run_finds_the_function_called_main(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    main = types.ModuleType("__main__")
    main.main = lambda argv: 3
    monkeypatch.setitem(sys.modules, "__main__", main)
    with pytest.raises(SystemExit) as end:
        tf.app.run(argv=["train.py"])
    assert end.value.code == 3


def test_run_reports_a_wrong_command_line(program: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        tf.app.run(print, ["train.py", "--steps=x"])
    assert end.value.code == 1
    assert "FATAL Flags parsing error: flag --steps=x: invalid literal" in capsys.readouterr().err


def test_run_prints_help(program: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tf.app.run(print, ["train.py", "--help"])
    assert "--steps: How many." in capsys.readouterr().out
