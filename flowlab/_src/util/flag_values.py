"""`tf.app.flags.FLAGS`: the flags of a program, with the values that the command line gives them.

Written after the description of absl's flags, which TensorFlow 1.15 hands on under its own name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from flowlab._src.util.arguments import as_list, as_text, refused
from flowlab._src.util.export import export
from flowlab._src.util.flag_parsers import ArgumentParser, ArgumentSerializer, Error, IllegalFlagValueError, parsed
from flowlab._src.util.source import user_frame
from flowlab._src.util.text import did_you_mean, nearest


@export("app.flags.CantOpenFlagFileError", "flags.CantOpenFlagFileError")
class CantOpenFlagFileError(Error):
    """The file of ``--flagfile`` cannot be read."""


@export("app.flags.DuplicateFlagError", "flags.DuplicateFlagError")
class DuplicateFlagError(Error):
    """Two flags have the same name."""


@export("app.flags.FlagNameConflictsWithMethodError", "flags.FlagNameConflictsWithMethodError")
class FlagNameConflictsWithMethodError(Error):
    """A flag has the name of a method of FLAGS."""


@export("app.flags.UnparsedFlagAccessError", "flags.UnparsedFlagAccessError")
class UnparsedFlagAccessError(Error):
    """A flag was asked for before the command line was read."""


@export("app.flags.ValidationError", "flags.ValidationError")
class ValidationError(Error):
    """A value was refused by a validator."""


@export("app.flags.UnrecognizedFlagError", "flags.UnrecognizedFlagError")
class UnrecognizedFlagError(Error):
    """The command line has a flag that the program does not know."""

    def __init__(self, flagname: str, flagvalue: str = "", suggestions: Sequence[str] | None = None) -> None:
        self.flagname, self.flagvalue = flagname, flagvalue
        named = [] if suggestions is None else as_list(suggestions, "suggestions")
        tip = f". Did you mean: {', '.join(map(str, named))} ?" if named else ""
        super().__init__(f"Unknown command line flag '{flagname}'{tip}")


def help_text(help: Any) -> str:
    """What a flag is for, in words."""
    return ("" if help is None else str(help)) or "(no help available)"


@export("app.flags.Flag", "flags.Flag")
class Flag:
    """One flag: its name, present value, default and help text."""

    boolean = False

    def __init__(
        self,
        parser: ArgumentParser,
        serializer: ArgumentSerializer | None,
        name: str,
        default: Any,
        help_string: str | None,
        short_name: str | None = None,
        boolean: bool = False,
        allow_override: bool = False,
        allow_override_cpp: bool = False,
        allow_hide_cpp: bool = False,
        allow_overwrite: bool = True,
    ) -> None:
        if not hasattr(parser, "parse"):
            raise refused("ArgumentParser", "parser", parser)
        self.name, self.short_name = name, None if short_name is None else as_text(short_name, "short_name")
        self.help = help_text(help_string)
        self.parser, self.serializer = parser, serializer
        self.boolean = boolean
        self.allow_override = allow_override
        self.allow_overwrite = allow_overwrite
        self.present = 0  # how often the command line names it
        self.using_default_value = True
        self.validators: list[Validator] = []
        self.module = ""
        self.default: Any = None
        self.default_unparsed: Any = None
        self.value: Any = None
        self._set_default(default)

    def _set_default(self, value: Any) -> None:
        self.default_unparsed = value
        self.default = None if value is None else self.convert(value)
        if self.using_default_value:
            self.value = self.default

    def convert(self, argument: Any) -> Any:
        """Return the value that a text of the command line stands for."""
        return parsed(self.parser.parse, self.name, argument)

    def parse(self, argument: Any) -> None:
        """Take the value that the command line gives."""
        if self.present and not self.allow_overwrite:
            raise IllegalFlagValueError(f"flag --{self.name}={argument}: already defined as {self.value}")
        self.value = self.convert(argument)
        self.present += 1
        self.using_default_value = False

    def unparse(self) -> None:
        """Forget what the command line gave."""
        self.value, self.using_default_value, self.present = self.default, True, 0

    def flag_type(self) -> str:
        """Return the name of the type."""
        return self.parser.flag_type()

    @property
    def default_as_str(self) -> str | None:
        """The default as it would be written in Python, None if there is none."""
        if self.default is None:
            return None
        if self.boolean:
            return "'true'" if self.default else "'false'"
        return repr(self.serializer.serialize(self.default) if self.serializer else str(self.default))

    def serialize(self) -> str:
        """Return the flag as it would stand in a command line; empty if it has no value."""
        if self.value is None:
            return ""
        if self.boolean:
            return f"--{self.name}" if self.value else f"--no{self.name}"
        return f"--{self.name}={self.serializer.serialize(self.value) if self.serializer else self.value}"


class Validator(NamedTuple):
    """A condition on flags; `check` returns False or raises ValidationError when it does not hold."""

    names: tuple[str, ...]
    check: Callable[[Any], Any]
    message: str
    single: bool  # gets the value of the flag; otherwise a dict of several

    def verify(self, values: FlagValues) -> None:
        """Raise IllegalFlagValueError if the condition does not hold."""
        found = {name: values._flags[name].value for name in self.names}
        label = ", ".join(f"{name}={value}" for name, value in found.items())
        what = f"flag --{label}" if self.single else f"flags {label}"
        try:
            good = self.check(found[self.names[0]] if self.single else found)
        except ValidationError as error:
            raise IllegalFlagValueError(f"{what}: {error}") from None
        if not good:
            raise IllegalFlagValueError(f"{what}: {self.message}")


def argv_of_program(argv: Sequence[str]) -> list[str]:
    """The command line of the user's program: in a notebook it is the kernel's, and none of the program's business."""
    launcher = argv[0].replace("\\", "/") if argv else ""
    name = os.path.basename(launcher)
    if "ipykernel" in launcher or name.startswith(("colab_kernel_launcher", "ipython", "jupyter")):
        return list(argv[:1])
    return list(argv) or [""]


def in_notebook() -> bool:
    """Whether IPython runs the program."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell, "get_ipython", lambda: None)() is not None


@export("app.flags.FlagValues", "flags.FlagValues")
class FlagValues:
    """A set of flags. Each is an attribute with its value; called with a command line, it reads the values from there.

    Examples
    --------
    >>> flags = tf.app.flags.FlagValues()
    >>> _ = tf.app.flags.DEFINE_integer("steps", 100, "How many.", flag_values=flags)
    >>> flags(["train.py", "--steps=20", "data.csv"])
    ['train.py', 'data.csv']
    >>> flags.steps
    20
    """

    _flags: dict[str, Flag]
    _parsed: bool
    _gnu_getopt: bool
    _validators: list[Validator]

    def __init__(self) -> None:
        self.__dict__.update(_flags={}, _parsed=False, _gnu_getopt=True, _validators=[])

    # ---- the values -----------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name == "__flags":  # what programs of 2017 read to print all of them
            return self._flags
        if name.startswith("__") or name == "_flags":
            raise AttributeError(name)
        if name not in self._flags:
            error = AttributeError(f"no flag --{name} is defined. {did_you_mean(name, self._flags)}".rstrip())
            raise error
        self._prepare(name)
        return self._flags[name].value

    def _prepare(self, name: str) -> None:
        if not self._parsed:
            raise UnparsedFlagAccessError(f"Trying to access flag --{name} before flags were parsed.")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise UnrecognizedFlagError(name, value, nearest(name, self._flags))
        flag = self._flags[name]
        flag.value, flag.using_default_value = value, False
        self._verify([name])

    def __delattr__(self, name: str) -> None:
        if name not in self._flags:
            raise AttributeError(name)
        flag = self._flags[name]
        for key in [key for key, value in self._flags.items() if value is flag]:
            del self._flags[key]

    def __getitem__(self, name: str) -> Flag:
        return self._flags[name]

    def __setitem__(self, name: str, flag: Flag) -> None:
        if not isinstance(flag, Flag):
            raise IllegalFlagValueError(
                f"Expect Flag instances, found type {type(flag)}. Maybe you didn't mean to use FlagValue.__setitem__?"
            )
        if not isinstance(name, str):
            raise Error("Flag name must be a string")
        if not name or " " in name:
            raise Error("Flag name cannot be empty or contain spaces." if name else "Flag name cannot be empty")
        if hasattr(type(self), name):
            raise FlagNameConflictsWithMethodError(
                f"Cannot name flag '{name}' as it conflicts with a method on FlagValues."
            )
        frame = user_frame(2)
        flag.module = flag.module or (frame.f_globals.get("__name__", "") if frame else "")
        for key in filter(None, (name, flag.short_name)):
            before = self._flags.get(key)
            if before is not None and before is not flag and not (flag.allow_override or before.allow_override):
                # A cell that runs again defines its flags again; elsewhere two flags of one name are a mistake.
                if not (in_notebook() and flag.module == before.module == "__main__"):
                    raise DuplicateFlagError(
                        f"The flag '{key}' is defined twice. First from {before.module}, Second from {flag.module}.  "
                        f"Description from first occurrence: {before.help}"
                    )
                self.__delattr__(key)
            self._flags[key] = flag

    def __contains__(self, name: object) -> bool:
        return name in self._flags

    def __len__(self) -> int:
        return len(self._flags)

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self._flags])

    # ---- reading a command line -----------------------------------------------------------------------------------

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Read a command line, the name of the program first; return what is no flag of this program.

        Raises
        ------
        tf.flags.UnrecognizedFlagError
            For flags that the program does not know, unless `known_only`.
        tf.flags.IllegalFlagValueError
            If a value does not fit its flag.
        """
        if isinstance(argv, (str, bytes)) or not argv:
            raise TypeError(
                "argv should be a tuple/list of strings, not bytes or string."
                if argv
                else "argv cannot be empty: its first entry is the name of the program"
            )
        rest = self._read(self.read_flags_from_files(argv[1:], force_gnu=False), known_only)
        self.__dict__["_parsed"] = True
        self.validate_all_flags()
        return [argv[0], *rest]

    def _parse_flags(self, args: Sequence[str] | None = None) -> None:
        """Read the command line, as programs for TensorFlow before 1.5 ask for it."""
        self([sys.argv[0], *args] if args is not None else argv_of_program(sys.argv))

    def _read(self, args: Sequence[str], known_only: bool) -> list[str]:
        rest: list[str] = []
        unknown: list[tuple[str, str]] = []
        allowed: set[str] = set()
        todo = iter(args)
        for argument in todo:
            name, equals, value = (
                argument.lstrip("-").partition("=") if argument[:2] == "--" else argument[1:].partition("=")
            )
            if argument == "--":
                rest += ([argument] if known_only else []) + list(todo)
            elif not argument.startswith("-") or not name:
                rest.append(argument)
                if not self._gnu_getopt:
                    rest += list(todo)
            elif name == "undefok":
                words = (value if equals else next(todo, "")).split(",")
                allowed |= {form for word in words for form in (word.strip(), f"no{word.strip()}")}
            elif (flag := self._flags.get(name)) is not None:
                if flag.boolean:
                    flag.parse(value if equals else "true")
                elif equals:
                    flag.parse(value)
                else:
                    flag.parse(self._next_value(todo, name))
            elif name.startswith("no") and (negated := self._flags.get(name[2:])) is not None and negated.boolean:
                if equals:
                    raise IllegalFlagValueError(f"{argument} does not take an argument")
                negated.parse("false")
            elif known_only:
                rest.append(argument)
            else:
                unknown.append((name, argument))
        for name, argument in unknown:
            if name not in allowed:
                raise UnrecognizedFlagError(name, argument, nearest(name, self._flags))
        return rest

    def _next_value(self, todo: Iterator[str], name: str) -> str:
        for value in todo:
            return value
        raise Error(f"Missing value for flag --{name}")

    def read_flags_from_files(self, argv: Sequence[str], force_gnu: bool = True) -> list[str]:
        """Replace ``--flagfile=path`` by the lines of that file, one flag each; lines with # are remarks."""
        result: list[str] = []
        todo = iter(argv)
        for argument in todo:
            name, equals, value = argument.partition("=")
            if argument == "--":
                result += [argument, *todo]
            elif name in ("--flagfile", "-flagfile"):
                path = value if equals else next(todo, None)
                if path is None:
                    raise IllegalFlagValueError("--flagfile with no argument")
                result += flag_file(path.strip(), ())
            else:
                result.append(argument)
        return result

    def is_parsed(self) -> bool:
        """Tell whether the command line was read."""
        return self._parsed

    def mark_as_parsed(self) -> None:
        """Let the flags be asked for, though no command line was read."""
        self.__dict__["_parsed"] = True

    def unparse_flags(self) -> None:
        """Forget the command line."""
        for flag in self._flags.values():
            flag.unparse()
        self.__dict__["_parsed"] = False

    def is_gnu_getopt(self) -> bool:
        """Tell whether flags may follow arguments that are no flags."""
        return self._gnu_getopt

    def set_gnu_getopt(self, gnu_getopt: bool = True) -> None:
        """Let flags follow arguments that are no flags, or not."""
        self.__dict__["_gnu_getopt"] = bool(gnu_getopt)

    # ---- all of them ----------------------------------------------------------------------------------------------

    def flag_values_dict(self) -> dict[str, Any]:
        """Return all values by name."""
        return {name: flag.value for name, flag in self._flags.items()}

    def get_flag_value(self, name: str, default: Any) -> Any:
        """Return a value, or `default` if it is None."""
        value = getattr(self, name)
        return default if value is None else value

    def set_default(self, name: str, value: Any) -> None:
        """Change the default of a flag."""
        if name not in self._flags:
            raise UnrecognizedFlagError(name, value, nearest(name, self._flags))
        self._flags[name]._set_default(value)
        self._verify([name])

    def append_flag_values(self, flag_values: FlagValues) -> None:
        """Add the flags of another set."""
        for name, flag in flag_values._flags.items():
            if name == flag.name:
                self[name] = flag

    def remove_flag_values(self, flag_values: Iterable[str]) -> None:
        """Take out the flags of another set."""
        for name in list(flag_values):
            if name in self._flags:
                self.__delattr__(name)

    def flags_by_module_dict(self) -> dict[str, list[Flag]]:
        """Return the flags by the module that defines them."""
        result: dict[str, list[Flag]] = {}
        for name, flag in self._flags.items():
            if name == flag.name:
                result.setdefault(flag.module, []).append(flag)
        return result

    key_flags_by_module_dict = flags_by_module_dict

    def find_module_defining_flag(self, flagname: str, default: Any = None) -> Any:
        """Return the name of the module that defines a flag."""
        return self._flags[flagname].module if flagname in self._flags else default

    def flags_into_string(self) -> str:
        """Return all flags with their values, one a line, as a flag file holds them."""
        lines = [flag.serialize() for name, flag in self._flags.items() if name == flag.name]
        return "".join(f"{line}\n" for line in lines if line)

    def append_flags_into_file(self, filename: str) -> None:
        """Write all flags with their values to the end of a file."""
        with open(filename, "a", encoding="utf-8") as out:
            out.write(self.flags_into_string())

    def get_help(self, prefix: str = "", include_special_flags: bool = True) -> str:
        """Return the description of all flags."""
        parts = []
        for module, flags in sorted(self.flags_by_module_dict().items()):
            rows = [row for flag in sorted(flags, key=lambda flag: flag.name) for row in help_rows(flag)]
            parts.append("\n".join([f"{prefix}{module}:", *(prefix + row for row in rows)]))
        return "\n\n".join(parts)

    def module_help(self, module: Any) -> str:
        """Return the description of the flags of one module."""
        name = module if isinstance(module, str) else module.__name__
        flags = self.flags_by_module_dict().get(name, [])
        return "\n".join([f"{name}:", *(row for flag in flags for row in help_rows(flag))])

    def main_module_help(self) -> str:
        """Return the description of the program's own flags."""
        return self.module_help("__main__")

    def validate_all_flags(self) -> None:
        """Raise IllegalFlagValueError if a validator refuses the values."""
        self._verify(None)

    def _verify(self, names: Sequence[str] | None) -> None:
        for validator in self._validators:
            if all(name in self._flags for name in validator.names) and (
                names is None or not set(names).isdisjoint(validator.names)
            ):
                validator.verify(self)


def help_rows(flag: Flag) -> list[str]:
    """The lines of a help text about one flag."""
    short = f"-{flag.short_name}," if flag.short_name else ""
    rows = [f"  {short}--{'[no]' * flag.boolean}{flag.name}: {flag.help}"]
    if flag.default_as_str:
        rows.append(f"    (default: {flag.default_as_str})")
    if flag.parser.syntactic_help:
        rows.append(f"    ({flag.parser.syntactic_help})")
    return rows


def flag_file(path: str, opened: tuple[str, ...]) -> list[str]:
    """The flags that a file holds, with those of the files that it names."""
    if path in opened:
        return []  # a file that names itself
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CantOpenFlagFileError(f"ERROR:: Unable to open flagfile: {error}") from None
    found: list[str] = []
    for line in lines:
        if line.startswith(("--flagfile=", "-flagfile=")):
            found += flag_file(line.partition("=")[2].strip(), (*opened, path))
        elif line and not line.startswith(("#", "//")):
            found.append(line)
    return found


class ProgramFlags(FlagValues):
    """The flags of the program; the command line is read when the first value is asked for."""

    def _prepare(self, name: str) -> None:
        if not self._parsed:
            self(argv_of_program(sys.argv))


FLAGS = export("app.flags.FLAGS", "flags.FLAGS")(ProgramFlags())
