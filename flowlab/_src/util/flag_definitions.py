"""`tf.app.flags.DEFINE_integer` and its siblings, and conditions on the values of flags."""

from __future__ import annotations

import enum
import functools
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from flowlab._src.util.arguments import as_int, as_list, as_text, refused
from flowlab._src.util.export import export
from flowlab._src.util.flag_parsers import (
    ArgumentParser,
    ArgumentSerializer,
    BooleanParser,
    CsvListSerializer,
    EnumClassListSerializer,
    EnumClassParser,
    EnumClassSerializer,
    EnumParser,
    Error,
    FloatParser,
    IntegerParser,
    ListParser,
    ListSerializer,
    WhitespaceSeparatedListParser,
)
from flowlab._src.util.flag_values import (
    FLAGS,
    Flag,
    FlagValues,
    UnrecognizedFlagError,
    ValidationError,
    Validator,
    help_text,
)
from flowlab._src.util.text import nearest

F = TypeVar("F", bound=Callable[..., Any])

# What TensorFlow 1.0 called the arguments.
OLD_ARGUMENTS = {"flag_name": "name", "default_value": "default", "docstring": "help"}


def with_old_arguments(define: F) -> F:
    """Let a function take its arguments under the names of TensorFlow 1.0 too."""

    @functools.wraps(define)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return define(*args, **{OLD_ARGUMENTS.get(name, name): value for name, value in kwargs.items()})

    return cast(F, wrapper)


@export("app.flags.BooleanFlag", "flags.BooleanFlag")
class BooleanFlag(Flag):
    """A flag that is there or not: ``--name`` and ``--noname``."""

    def __init__(self, name: str, default: Any, help: str | None, short_name: str | None = None, **args: Any) -> None:
        super().__init__(BooleanParser(), None, name, default, help, short_name, boolean=True, **args)


@export("app.flags.EnumFlag", "flags.EnumFlag")
class EnumFlag(Flag):
    """A flag whose value is one of several words."""

    def __init__(
        self,
        name: str,
        default: Any,
        help: str | None,
        enum_values: Sequence[str],
        short_name: str | None = None,
        case_sensitive: bool = True,
        **args: Any,
    ) -> None:
        parser = EnumParser(enum_values, case_sensitive)
        help = f"<{'|'.join(parser.enum_values)}>: {help_text(help)}"
        super().__init__(parser, ArgumentSerializer(), name, default, help, short_name, **args)


@export("app.flags.EnumClassFlag", "flags.EnumClassFlag")
class EnumClassFlag(Flag):
    """A flag whose value is a member of a Python enumeration."""

    def __init__(
        self,
        name: str,
        default: Any,
        help: str | None,
        enum_class: type[enum.Enum],
        short_name: str | None = None,
        case_sensitive: bool = False,
        **args: Any,
    ) -> None:
        parser = EnumClassParser(enum_class, case_sensitive)
        words = "|".join(enum_class.__members__)
        help = f"<{words}>: {help_text(help)}"
        super().__init__(parser, EnumClassSerializer(), name, default, help, short_name, **args)


@export("app.flags.MultiFlag", "flags.MultiFlag")
class MultiFlag(Flag):
    """A flag that may be given several times; its value is the list of all."""

    def convert(self, argument: Any) -> list[Any]:
        many = isinstance(argument, Iterable) and not isinstance(argument, (str, bytes))
        items = as_list(argument, "default") if many else [argument]
        return [super(MultiFlag, self).convert(item) for item in items]

    def parse(self, argument: Any) -> None:
        before = self.value if self.present else []
        super().parse(argument)
        self.value = [*(before or []), *self.value]

    def serialize(self) -> str:
        written = self.serializer.serialize if self.serializer else str
        return "\n".join(f"--{self.name}={written(value)}" for value in self.value or [])

    def flag_type(self) -> str:
        return f"multi {super().flag_type()}"


export("app.flags.MultiEnumClassFlag", "flags.MultiEnumClassFlag")(MultiFlag)


@export("app.flags.FlagHolder", "flags.FlagHolder")
class FlagHolder:
    """A flag by itself: `holder.value` is what `FLAGS.name` gives."""

    def __init__(self, flag_values: FlagValues, flag: Flag) -> None:
        self._values, self._flag = flag_values, flag

    @property
    def name(self) -> str:
        """The name of the flag."""
        return self._flag.name

    @property
    def value(self) -> Any:
        """The present value."""
        return getattr(self._values, self._flag.name)

    @property
    def default(self) -> Any:
        """The value without a command line."""
        return self._flag.default

    @property
    def present(self) -> bool:
        """Whether the command line names the flag."""
        return bool(self._flag.present)


@export("app.flags.DEFINE_flag", "flags.DEFINE_flag")
def define_flag(
    flag: Flag, flag_values: FlagValues = FLAGS, module_name: str | None = None, required: bool = False
) -> FlagHolder:
    """Add a flag that was made by hand."""
    if not isinstance(flag, Flag):
        raise refused("Flag", "flag", flag)
    if module_name is not None:
        flag.module = as_text(module_name, "module_name") or flag.module
    flags_in(flag_values)[flag.name] = flag
    if required:
        mark_flag_as_required(flag.name, flag_values)
    return FlagHolder(flag_values, flag)


@export("app.flags.DEFINE", "flags.DEFINE")
@with_old_arguments
def define(
    parser: ArgumentParser,
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    serializer: ArgumentSerializer | None = None,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag whose text a parser of your own turns into a value."""
    return define_flag(Flag(parser, serializer, name, default, help, **args), flag_values, module_name, required)


@export("app.flags.DEFINE_string", "flags.DEFINE_string")
@with_old_arguments
def define_string(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """Add a flag of text.

    Parameters
    ----------
    name : str
    default : str or None
    help : str
        What it is for.
    flag_values : FlagValues, optional
        The set it belongs to, `tf.app.flags.FLAGS` if not given.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> holder = tf.app.flags.DEFINE_string("data_dir", "/tmp/data", "Where the data is.", flag_values=flags)
    >>> flags(["train.py", "--data_dir", "/tmp/other"])
    ['train.py']
    >>> flags.data_dir, holder.value, holder.default
    ('/tmp/other', '/tmp/other', '/tmp/data')
    """
    return define(ArgumentParser(), name, default, help, flag_values, ArgumentSerializer(), required=required, **args)


@export("app.flags.DEFINE_boolean", "app.flags.DEFINE_bool", "flags.DEFINE_boolean", "flags.DEFINE_bool")
@with_old_arguments
def define_boolean(
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of truth: ``--name`` and ``--name=true`` say yes, ``--noname`` and ``--name=false`` say no.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> _ = tf.app.flags.DEFINE_boolean("fake_data", True, "Try it out without data.", flag_values=flags)
    >>> flags(["train.py", "--nofake_data"])
    ['train.py']
    >>> flags.fake_data
    False
    """
    return define_flag(BooleanFlag(name, default, help, **args), flag_values, module_name, required)


@export("app.flags.DEFINE_integer", "flags.DEFINE_integer")
@with_old_arguments
def define_integer(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: int | None = None,
    upper_bound: int | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of a whole number, perhaps with bounds.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> _ = tf.app.flags.DEFINE_integer("batch_size", 100, "Images a step.", lower_bound=1, flag_values=flags)
    >>> flags(["train.py", "--batch_size=0"])
    Traceback (most recent call last):
    flowlab._src.util.flag_parsers.IllegalFlagValueError: flag --batch_size=0: 0 is not a positive integer
    """
    parser = IntegerParser(lower_bound, upper_bound)
    return define(parser, name, default, help, flag_values, ArgumentSerializer(), required=required, **args)


@export("app.flags.DEFINE_float", "flags.DEFINE_float")
@with_old_arguments
def define_float(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of a number, perhaps with bounds.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> _ = tf.app.flags.DEFINE_float("learning_rate", 0.01, "Length of a step.", flag_values=flags)
    >>> _ = flags(["train.py", "--learning_rate=1e-3"])
    >>> flags.learning_rate
    0.001
    """
    parser = FloatParser(lower_bound, upper_bound)
    return define(parser, name, default, help, flag_values, ArgumentSerializer(), required=required, **args)


@export("app.flags.DEFINE_enum", "flags.DEFINE_enum")
@with_old_arguments
def define_enum(
    name: str,
    default: Any,
    enum_values: Sequence[str],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag whose value is one of several words."""
    return define_flag(EnumFlag(name, default, help, enum_values, **args), flag_values, module_name, required)


@export("app.flags.DEFINE_enum_class", "flags.DEFINE_enum_class")
@with_old_arguments
def define_enum_class(
    name: str,
    default: Any,
    enum_class: type[enum.Enum],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    case_sensitive: bool = False,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag whose value is a member of a Python enumeration."""
    flag = EnumClassFlag(name, default, help, enum_class, case_sensitive=case_sensitive, **args)
    return define_flag(flag, flag_values, module_name, required)


@export("app.flags.DEFINE_list", "flags.DEFINE_list")
@with_old_arguments
def define_list(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """Add a flag of texts with commas between them; its value is a list."""
    return define(ListParser(), name, default, help, flag_values, CsvListSerializer(","), required=required, **args)


@export("app.flags.DEFINE_spaceseplist", "flags.DEFINE_spaceseplist")
@with_old_arguments
def define_spaceseplist(
    name: str,
    default: Any,
    help: str | None,
    comma_compat: bool = False,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of texts with spaces between them; its value is a list."""
    parser = WhitespaceSeparatedListParser(comma_compat)
    return define(parser, name, default, help, flag_values, ListSerializer(" "), required=required, **args)


@export("app.flags.DEFINE_multi", "flags.DEFINE_multi")
@with_old_arguments
def define_multi(
    parser: ArgumentParser,
    serializer: ArgumentSerializer,
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag that may be given several times; its value is the list of all that were given."""
    return define_flag(MultiFlag(parser, serializer, name, default, help, **args), flag_values, module_name, required)


@export("app.flags.DEFINE_multi_string", "flags.DEFINE_multi_string")
@with_old_arguments
def define_multi_string(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """Add a flag of text that may be given several times."""
    return define_multi(
        ArgumentParser(), ArgumentSerializer(), name, default, help, flag_values, required=required, **args
    )


@export("app.flags.DEFINE_multi_integer", "flags.DEFINE_multi_integer")
@with_old_arguments
def define_multi_integer(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: int | None = None,
    upper_bound: int | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of a whole number that may be given several times."""
    parser = IntegerParser(lower_bound, upper_bound)
    return define_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


@export("app.flags.DEFINE_multi_float", "flags.DEFINE_multi_float")
@with_old_arguments
def define_multi_float(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of a number that may be given several times."""
    parser = FloatParser(lower_bound, upper_bound)
    return define_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


@export("app.flags.DEFINE_multi_enum", "flags.DEFINE_multi_enum")
@with_old_arguments
def define_multi_enum(
    name: str,
    default: Any,
    enum_values: Sequence[str],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    case_sensitive: bool = True,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of one of several words, which may be given several times."""
    parser = EnumParser(enum_values, case_sensitive)
    help = f"<{'|'.join(parser.enum_values)}>: {help}"
    return define_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


@export("app.flags.DEFINE_multi_enum_class", "flags.DEFINE_multi_enum_class")
@with_old_arguments
def define_multi_enum_class(
    name: str,
    default: Any,
    enum_class: type[enum.Enum],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    case_sensitive: bool = False,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Add a flag of members of a Python enumeration, which may be given several times."""
    parser = EnumClassParser(enum_class, case_sensitive)
    serializer = EnumClassListSerializer(",")
    return define_multi(parser, serializer, name, default, help, flag_values, module_name, required, **args)


@export("app.flags.DEFINE_alias", "flags.DEFINE_alias")
def define_alias(
    name: str, original_name: str, flag_values: FlagValues = FLAGS, module_name: str | None = None
) -> FlagHolder:
    """Give a flag a second name."""
    name, original_name = as_text(name, "name"), as_text(original_name, "original_name")
    flag_values = flags_in(flag_values)
    if original_name not in flag_values:
        raise UnrecognizedFlagError(original_name, "", nearest(original_name, flag_values))
    flag = flag_values[original_name]
    flag_values[name] = flag
    return FlagHolder(flag_values, flag)


# Conditions on values


def flag_name(flag: Any) -> str:
    """The name of a flag given by its name or by what DEFINE returned."""
    return flag.name if isinstance(flag, FlagHolder) else as_text(flag, "flag_name")


def flags_in(flag_values: Any) -> FlagValues:
    """The set that flags are added to, or looked up in."""
    if not isinstance(flag_values, FlagValues):
        raise refused("FlagValues", "flag_values", flag_values)
    return flag_values


@export("app.flags.register_validator", "flags.register_validator")
def register_validator(
    flag_name_: Any,
    checker: Callable[[Any], Any],
    message: str = "Flag validation failed",
    flag_values: FlagValues = FLAGS,
) -> None:
    """Ask for a condition: `checker` gets the value and returns whether it is good.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> _ = tf.app.flags.DEFINE_integer("size", 4, "An even number.", flag_values=flags)
    >>> tf.app.flags.register_validator("size", lambda size: size % 2 == 0, "must be even", flag_values=flags)
    >>> flags(["train.py", "--size=5"])
    Traceback (most recent call last):
    flowlab._src.util.flag_parsers.IllegalFlagValueError: flag --size=5: must be even
    """
    add_validator(Validator((flag_name(flag_name_),), checker, message, single=True), flag_values)


@export("app.flags.validator", "flags.validator")
def validator(
    flag_name: str, message: str = "Flag validation failed", flag_values: FlagValues = FLAGS
) -> Callable[[F], F]:
    """Make the decorated function the condition on a flag."""

    def decorate(function: F) -> F:
        register_validator(flag_name, function, message, flag_values)
        return function

    return decorate


@export("app.flags.register_multi_flags_validator", "flags.register_multi_flags_validator")
def register_multi_flags_validator(
    flag_names: Sequence[Any],
    multi_flags_checker: Callable[[dict[str, Any]], Any],
    message: str = "Flags validation failed",
    flag_values: FlagValues = FLAGS,
) -> None:
    """Ask for a condition on several flags: the checker gets a dict of their values."""
    names = tuple(flag_name(flag) for flag in as_list(flag_names, "flag_names"))
    add_validator(Validator(names, multi_flags_checker, message, single=False), flag_values)


@export("app.flags.multi_flags_validator", "flags.multi_flags_validator")
def multi_flags_validator(
    flag_names: Sequence[Any], message: str = "Flag validation failed", flag_values: FlagValues = FLAGS
) -> Callable[[F], F]:
    """Make the decorated function the condition on several flags."""

    def decorate(function: F) -> F:
        register_multi_flags_validator(flag_names, function, message, flag_values)
        return function

    return decorate


def add_validator(validator: Validator, flag_values: FlagValues) -> None:
    """Add a condition on flags that exist."""
    if not callable(validator.check):
        raise refused("callable", "checker", validator.check)
    for name in validator.names:
        if name not in flags_in(flag_values):
            raise AttributeError(f"Flag {name} is not defined.")
    flags_in(flag_values)._validators.append(validator)


@export("app.flags.mark_flag_as_required", "flags.mark_flag_as_required")
def mark_flag_as_required(flag_name: Any, flag_values: FlagValues = FLAGS) -> None:
    """Refuse to run without a value for a flag."""
    name = as_text(getattr(flag_name, "name", flag_name), "flag_name")
    message = f"Flag --{name} must have a value other than None."
    register_validator(name, lambda value: value is not None, message, flag_values)


@export("app.flags.mark_flags_as_required", "flags.mark_flags_as_required")
def mark_flags_as_required(flag_names: Iterable[Any], flag_values: FlagValues = FLAGS) -> None:
    """Refuse to run without values for flags."""
    for name in as_list(flag_names, "flag_names"):
        mark_flag_as_required(name, flag_values)


@export("app.flags.mark_flags_as_mutual_exclusive", "flags.mark_flags_as_mutual_exclusive")
def mark_flags_as_mutual_exclusive(
    flag_names: Iterable[Any], required: bool = False, flag_values: FlagValues = FLAGS
) -> None:
    """Allow a value for one of the flags only; `required`: ask for one."""
    exclusive(flag_names, required, flag_values, lambda value: value is not None, "have a value other than None")


@export("app.flags.mark_bool_flags_as_mutual_exclusive", "flags.mark_bool_flags_as_mutual_exclusive")
def mark_bool_flags_as_mutual_exclusive(
    flag_names: Iterable[Any], required: bool = False, flag_values: FlagValues = FLAGS
) -> None:
    """Allow one of the flags to be true; `required`: ask for one."""
    names = [flag_name(flag) for flag in as_list(flag_names, "flag_names")]
    for name in names:
        if name in flags_in(flag_values) and not flag_values[name].boolean:
            raise ValidationError(
                f"Flag --{name} is not Boolean, which is required for flags used in mark_bool_flags_as_mutual_exclusive."
            )
    exclusive(names, required, flag_values, bool, "be True")


def exclusive(
    flags: Iterable[Any], required: bool, flag_values: FlagValues, given: Callable[[Any], bool], words: str
) -> None:
    """Let `given` hold for at most one of the flags."""
    names = [flag_name(flag) for flag in as_list(flags, "flag_names")]

    def check(values: dict[str, Any]) -> bool:
        count = sum(given(value) for value in values.values())
        if count == 1 or (not required and not count):
            return True
        amount = "Exactly" if required else "At most"
        raise ValidationError(f"{amount} one of ({', '.join(names)}) must {words}.")

    register_multi_flags_validator(names, check, flag_values=flag_values)


# The rest of absl's module


def a_holder(flag_holder: Any) -> FlagHolder:
    """What DEFINE returned."""
    if not isinstance(flag_holder, FlagHolder):
        raise refused("FlagHolder", "flag_holder", flag_holder)
    return flag_holder


@export("app.flags.set_default", "flags.set_default")
def set_default(flag_holder: FlagHolder, value: Any) -> None:
    """Change the default of a flag."""
    flag_holder = a_holder(flag_holder)
    flag_holder._values.set_default(flag_holder.name, value)


@export("app.flags.override_value", "flags.override_value")
def override_value(flag_holder: FlagHolder, value: Any) -> None:
    """Change the present value of a flag."""
    flag_holder = a_holder(flag_holder)
    setattr(flag_holder._values, flag_holder.name, value)


@export("app.flags.declare_key_flag", "flags.declare_key_flag")
def declare_key_flag(flag_name: str, flag_values: FlagValues = FLAGS) -> None:
    """Say that a flag of another module matters to this one; the help text shows all flags anyway."""
    if as_text(flag_name, "flag_name") not in flags_in(flag_values):
        raise UnrecognizedFlagError(flag_name, "", nearest(flag_name, flag_values))


@export("app.flags.adopt_module_key_flags", "flags.adopt_module_key_flags")
def adopt_module_key_flags(module: Any, flag_values: FlagValues = FLAGS) -> None:
    """Say that the flags of another module matter to this one; the help text shows all flags anyway."""
    if not hasattr(module, "__name__"):
        raise Error(f"Expected a module object, not {module!r}.")


@export("app.flags.disclaim_key_flags", "flags.disclaim_key_flags")
def disclaim_key_flags() -> None:
    """Accepted: say that the flags of this module belong to its callers."""


@export("app.flags.get_help_width", "flags.get_help_width")
def get_help_width() -> int:
    """Return the width of help texts, in characters."""
    return 80


@export("app.flags.text_wrap", "flags.text_wrap")
def text_wrap(text: str, length: int | None = None, indent: str = "", firstline_indent: str | None = None) -> str:
    """Break a text into lines."""
    width = get_help_width() if length is None else as_int(length, "length")
    indent, text = as_text(indent, "indent"), as_text(text, "text")
    first = indent if firstline_indent is None else as_text(firstline_indent, "firstline_indent")
    if width <= max(len(indent), len(first)):
        raise ValueError("Length of indent exceeds length")
    lines = [
        textwrap.fill(line, width, initial_indent=first if not at else indent, subsequent_indent=indent)
        for at, line in enumerate(text.strip().split("\n"))
    ]
    return "\n".join(lines)


@export("app.flags.doc_to_help", "flags.doc_to_help")
def doc_to_help(doc: str) -> str:
    """Turn a docstring into one help text: paragraphs stay, line ends go."""
    paragraphs = textwrap.dedent(as_text(doc, "doc").strip()).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


@export("app.flags.flag_dict_to_args", "flags.flag_dict_to_args")
def flag_dict_to_args(flag_map: dict[str, Any], multi_flags: Iterable[str] | None = None) -> Iterable[str]:
    """Write a dict of values as the arguments of a command line.

    Examples
    --------
    >>> list(tf.app.flags.flag_dict_to_args({"steps": 3, "fast": True, "names": ["a", "b"]}))
    ['--steps=3', '--fast', '--names=a,b']
    """
    if not isinstance(flag_map, dict):
        raise refused("dict", "flag_map", flag_map)
    several = (
        set() if multi_flags is None else {as_text(name, "multi_flags") for name in as_list(multi_flags, "multi_flags")}
    )
    for name, value in flag_map.items():
        if value is None:
            yield f"--{name}"
        elif isinstance(value, bool):
            yield f"--{name}" if value else f"--no{name}"
        elif isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            yield f"--{name}={value if not isinstance(value, bytes) else value.decode()}"
        elif name in several:
            yield from (f"--{name}={item}" for item in value)
        else:
            yield f"--{name}={','.join(str(item) for item in value)}"
