"""How the text behind ``--flag=`` becomes a value, and how a value is written as text again."""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Callable, Iterable
from typing import Any

from flowlab._src.util.arguments import as_list, as_text, refused
from flowlab._src.util.export import export


@export("app.flags.Error", "flags.Error")
class Error(Exception):
    """Something about flags of the command line is wrong."""


@export("app.flags.IllegalFlagValueError", "flags.IllegalFlagValueError")
class IllegalFlagValueError(Error):
    """A flag got a value that it cannot take."""


@export("app.flags.ArgumentParser", "flags.ArgumentParser")
class ArgumentParser:
    """Turns the text of a flag into its value; this one keeps the text as it is."""

    syntactic_help = ""

    def parse(self, argument: Any) -> Any:
        """Return the value of the text `argument`; ValueError if there is none."""
        if not isinstance(argument, str):
            raise TypeError(f"flag value must be a string, found {type(argument)}")
        return argument

    def flag_type(self) -> str:
        """Return the name of the type, for help texts."""
        return "string"


@export("app.flags.ArgumentSerializer", "flags.ArgumentSerializer")
class ArgumentSerializer:
    """Writes the value of a flag as text."""

    def serialize(self, value: Any) -> str:
        """Return `value` as it would be written behind ``--flag=``."""
        return str(value)


class NumberParser(ArgumentParser):
    """A number, perhaps with bounds."""

    article, kind = "a", "number"

    def __init__(self, lower_bound: float | None = None, upper_bound: float | None = None) -> None:
        for side, bound in (("lower_bound", lower_bound), ("upper_bound", upper_bound)):
            if bound is not None and not isinstance(bound, (int, float)):
                raise refused(self.kind, side, bound)
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        name = f"{self.article} {self.kind}"
        self.syntactic_help = {
            (False, False): name,
            (True, True): f"{name} in the range [{lower_bound}, {upper_bound}]",
            (True, False): self.sign_help(name, lower_bound, "non-negative", "positive", ">="),
            (False, True): self.sign_help(name, upper_bound, "non-positive", "negative", "<="),
        }[lower_bound is not None, upper_bound is not None]

    def sign_help(self, name: str, bound: float | None, zero: str, one: str, relation: str) -> str:
        """Say in words what one bound asks for."""
        if bound == 0:
            return f"a {zero} {self.kind}"
        if bound == (1 if relation == ">=" else -1) and self.kind == "integer":
            return f"a {one} {self.kind}"
        return f"{name} {relation} {bound}"

    def convert(self, argument: Any) -> Any:
        raise NotImplementedError

    def is_outside_bounds(self, value: Any) -> bool:
        """Tell whether a number is out of bounds."""
        low = self.lower_bound is not None and value < self.lower_bound
        return low or (self.upper_bound is not None and value > self.upper_bound)

    def parse(self, argument: Any) -> Any:
        value = self.convert(argument)
        if self.is_outside_bounds(value):
            raise ValueError(f"{value} is not {self.syntactic_help}")
        return value


@export("app.flags.IntegerParser", "flags.IntegerParser")
class IntegerParser(NumberParser):
    """A whole number; ``0x1f`` and ``0o17`` are understood."""

    article, kind = "an", "integer"

    def convert(self, argument: Any) -> int:
        """Return the whole number that a text stands for."""
        if isinstance(argument, str):
            base = {"0x": 16, "0o": 8}.get(argument[:2], 10)
            return int(argument, base)
        if isinstance(argument, int) and not isinstance(argument, bool):
            return argument
        raise TypeError(f"Expect argument to be a string or int, found {type(argument)}")

    def flag_type(self) -> str:
        return "int"


@export("app.flags.FloatParser", "flags.FloatParser")
class FloatParser(NumberParser):
    """A number with a point."""

    def convert(self, argument: Any) -> float:
        """Return the number that a text stands for."""
        if isinstance(argument, (str, int, float)) and not isinstance(argument, bool):
            return float(argument)
        raise TypeError(f"Expect argument to be a string, int, or float, found {type(argument)}")

    def flag_type(self) -> str:
        return "float"


@export("app.flags.BooleanParser", "flags.BooleanParser")
class BooleanParser(ArgumentParser):
    """True or False."""

    def parse(self, argument: Any) -> bool:
        if isinstance(argument, str):
            if argument.lower() in ("true", "t", "1"):
                return True
            if argument.lower() in ("false", "f", "0"):
                return False
            raise ValueError("Non-boolean argument to boolean flag", argument)
        if isinstance(argument, (bool, int)) and argument in (0, 1):
            return bool(argument)
        raise TypeError("Non-boolean argument to boolean flag", argument)

    def flag_type(self) -> str:
        return "bool"


@export("app.flags.EnumParser", "flags.EnumParser")
class EnumParser(ArgumentParser):
    """One of several words."""

    def __init__(self, enum_values: Iterable[str], case_sensitive: bool = True) -> None:
        self.enum_values = [as_text(word, "enum_values") for word in as_list(enum_values, "enum_values")]
        if not self.enum_values:
            raise ValueError(f"enum_values cannot be empty, found {self.enum_values!r}")
        self.case_sensitive = case_sensitive

    def parse(self, argument: Any) -> Any:
        for word in self.enum_values:
            if argument == word or (not self.case_sensitive and str(argument).upper() == word.upper()):
                return word
        raise ValueError(f"value should be one of <{'|'.join(self.enum_values)}>")

    def flag_type(self) -> str:
        return "string enum"


@export("app.flags.EnumClassParser", "flags.EnumClassParser")
class EnumClassParser(ArgumentParser):
    """A member of a Python enumeration, by its name."""

    def __init__(self, enum_class: type[enum.Enum], case_sensitive: bool = True) -> None:
        if not (isinstance(enum_class, type) and issubclass(enum_class, enum.Enum)):
            raise TypeError(f"{enum_class} is not a subclass of Enum.")
        if not enum_class.__members__:
            raise ValueError(f"enum_class cannot be empty, but {enum_class!r} is empty.")
        self.enum_class, self.case_sensitive = enum_class, case_sensitive

    def parse(self, argument: Any) -> enum.Enum:
        if isinstance(argument, self.enum_class):
            return argument
        for name, member in self.enum_class.__members__.items():
            if argument == name or (not self.case_sensitive and str(argument).lower() == name.lower()):
                return member
        raise ValueError(f"value should be one of <{'|'.join(self.enum_class.__members__)}>")

    def flag_type(self) -> str:
        return "enum class"


@export("app.flags.EnumClassSerializer", "flags.EnumClassSerializer")
class EnumClassSerializer(ArgumentSerializer):
    """Writes the name of a member."""

    def __init__(self, lowercase: bool = False) -> None:
        self.lowercase = lowercase

    def serialize(self, value: Any) -> str:
        text = str(value.name)
        return text.lower() if self.lowercase else text


@export("app.flags.BaseListParser", "flags.BaseListParser")
class BaseListParser(ArgumentParser):
    """Several texts in one."""

    name = "list"

    def __init__(self, token: str | None = None, name: str = "list") -> None:
        self.token, self.name = token, name
        self.syntactic_help = f"a {name}"

    def split(self, argument: str) -> list[str]:
        return [part.strip() for part in argument.split(self.token)]

    def parse(self, argument: Any) -> list[str]:
        if isinstance(argument, (list, tuple)):
            return list(argument)
        if argument is None:
            return []
        text = as_text(argument, "argument")
        return self.split(text) if text else []

    def flag_type(self) -> str:
        return f"{self.name} of strings"


@export("app.flags.ListParser", "flags.ListParser")
class ListParser(BaseListParser):
    """Texts with commas between them; quotation marks keep a comma."""

    def __init__(self) -> None:
        super().__init__(",", "comma separated list")

    def split(self, argument: str) -> list[str]:
        try:
            return [part.strip() for part in next(csv.reader([argument], strict=True))]
        except (csv.Error, StopIteration) as error:
            raise ValueError(f"Unable to parse the value {argument!r} as a {self.flag_type()}: {error}") from None


@export("app.flags.WhitespaceSeparatedListParser", "flags.WhitespaceSeparatedListParser")
class WhitespaceSeparatedListParser(BaseListParser):
    """Texts with spaces between them."""

    def __init__(self, comma_compat: bool = False) -> None:
        super().__init__(None, "whitespace separated list")
        self.comma_compat = comma_compat

    def split(self, argument: str) -> list[str]:
        return (argument.replace(",", " ") if self.comma_compat else argument).split()


@export("app.flags.ListSerializer", "flags.ListSerializer")
class ListSerializer(ArgumentSerializer):
    """Writes the parts of a list with a separator."""

    def __init__(self, list_sep: str) -> None:
        self.list_sep = as_text(list_sep, "list_sep")

    def serialize(self, value: Any) -> str:
        return self.list_sep.join(str(part) for part in value)


@export("app.flags.CsvListSerializer", "flags.CsvListSerializer")
class CsvListSerializer(ListSerializer):
    """Writes the parts of a list as a line of comma separated values."""

    def serialize(self, value: Any) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.list_sep, lineterminator="").writerow([str(part) for part in value])
        return text.getvalue()


@export("app.flags.EnumClassListSerializer", "flags.EnumClassListSerializer")
class EnumClassListSerializer(ListSerializer):
    """Writes the names of members with a separator."""

    def __init__(self, list_sep: str, lowercase: bool = False) -> None:
        super().__init__(list_sep)
        self.one = EnumClassSerializer(lowercase)

    def serialize(self, value: Any) -> str:
        members = value if isinstance(value, list) else [value]
        return self.list_sep.join(self.one.serialize(member) for member in members)


def parsed(parse: Callable[[Any], Any], name: str, argument: Any) -> Any:
    """The value of a flag; the parser's refusal as the error of flags, which names the flag."""
    try:
        return parse(argument)
    except (TypeError, ValueError, OverflowError) as error:
        raise IllegalFlagValueError(f"flag --{name}={argument}: {error}") from None
