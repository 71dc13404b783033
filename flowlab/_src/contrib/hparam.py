"""`tf.contrib.training.HParams`: the settings of an experiment under names, read from text or from a dict."""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

# name=value, name[3]=value or name=[value, value], up to the next comma
_PART = re.compile(
    r"\s*(?P<name>[A-Za-z][\w.]*)(\[\s*(?P<index>\d+)\s*\])?\s*=\s*((?P<one>[^,\[]*)|\[(?P<many>[^\]]*)\])(,\s*|$)"
)
_WORDS = {"true": True, "1": True, "false": False, "0": False}


def cast(name: str, kind: type, value: Any) -> Any:
    """A value of the type that a setting has; ValueError for one that would lose something."""
    refused = ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    if value is None or kind is type(None):
        return value
    if issubclass(kind, str) is not isinstance(value, (str, bytes)):
        raise refused
    if issubclass(kind, bool) is not isinstance(value, bool):
        raise refused
    if issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral):
        raise refused
    if issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number):
        raise refused
    convert: Any = kind
    return value.decode() if isinstance(value, bytes) else convert(value)


def read(name: str, kind: type, text: str) -> Any:
    """A value of a type from text."""
    text = text.strip()
    try:
        if kind is bool:
            return _WORDS[text.lower()]
        make: Any = kind
        return text if issubclass(kind, str) else make(text)
    except (ValueError, KeyError):
        raise ValueError(f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}'") from None


@export("contrib.training.parse_values")
def parse_values(values: str, type_map: Mapping[str, type], ignore_unknown: bool = False) -> dict[str, Any]:
    """Read settings from text such as ``"rate=0.1,units=[10,20],units[0]=5"``.

    Parameters
    ----------
    values : str
    type_map : dict
        The type of each setting.
    ignore_unknown : bool, optional
        Pass over settings without a type.

    Returns
    -------
    dict
        Of values, of lists, and of dicts by position where single elements were given.

    Raises
    ------
    ValueError
        If the text cannot be read, a setting is unknown or given twice.
    """
    found: dict[str, Any] = {}
    place = 0
    while place < len(values):
        part = _PART.match(values, place)
        if part is None:
            raise ValueError(f"Malformed hyperparameter value: {values[place:]}")
        place = part.end()
        name, index = part["name"], part["index"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(f"Unknown hyperparameter type for {name}. {did_you_mean(name, type_map)}".rstrip())
        kind = type_map[name]
        if part["many"] is not None:
            if index is not None:
                raise ValueError(f"Assignment of a list to a list index: {part.group().strip()}")
            value: Any = [read(name, kind, text) for text in part["many"].split(",") if text.strip()]
        else:
            value = read(name, kind, part["one"])
        if index is None:
            if name in found:
                raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
            found[name] = value
        else:
            places = found.setdefault(name, {})
            if not isinstance(places, dict) or int(index) in places:
                raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
            places[int(index)] = value
    return found


@export("contrib.training.HParams")
class HParams:
    """Settings of an experiment: each is an attribute of a fixed type.

    Parameters
    ----------
    hparam_def, model_structure : object, optional
        Accepted for the sake of old programs.
    **kwargs
        The settings: numbers, texts, truth values, or lists of them.

    Examples
    --------
    >>> hparams = tf.contrib.training.HParams(rate=0.1, units=[10, 20], activation="relu")
    >>> hparams.parse("rate=0.01,units=[30]").rate
    0.01
    >>> hparams
    HParams([('activation', 'relu'), ('rate', 0.01), ('units', [30])])
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add a setting; its type is that of the value.

        Raises
        ------
        ValueError
            If the name is taken, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        several = isinstance(value, (list, tuple))
        if several and not value:
            raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
        self._hparam_types[name] = (type(value[0]) if several else type(value), several)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Change a setting.

        Raises
        ------
        KeyError
            If there is none of this name.
        ValueError
            If the value is of another type.
        """
        if name not in self._hparam_types:
            raise KeyError(f"{name}. {did_you_mean(name, self._hparam_types)}".rstrip(". "))
        kind, several = self._hparam_types[name]
        if isinstance(value, list) is not several:
            raise ValueError(
                f"Must pass a list for multi-valued parameter: {name}."
                if several
                else f"Must not pass a list for single-valued parameter: {name}"
            )
        setattr(self, name, [cast(name, kind, item) for item in value] if several else cast(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Take a setting out."""
        if hasattr(self, name) and name in self._hparam_types:
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> HParams:
        """Change settings by text such as ``"rate=0.01,units=[30,40]"``."""
        kinds = {name: kind for name, (kind, _) in self._hparam_types.items()}
        changed = parse_values(values, kinds)
        for name, value in changed.items():
            if isinstance(value, dict):
                whole = list(getattr(self, name))
                for index, item in value.items():
                    if index >= len(whole):
                        raise ValueError(f"{name} has {len(whole)} values; there is no {name}[{index}]")
                    whole[index] = item
                changed[name] = whole
        return self.override_from_dict(changed)

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> HParams:
        """Change the settings that a dict names."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def parse_json(self, values_json: str) -> HParams:
        """Change the settings that a JSON object names."""
        return self.override_from_dict(json.loads(values_json))

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """Return the settings as JSON; functions are left out."""
        plain = {name: value for name, value in self.values().items() if not callable(value)}
        return json.dumps(plain, indent=indent, separators=separators, sort_keys=sort_keys)

    def values(self) -> dict[str, Any]:
        """Return all settings as a dict."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or a default of the same type if there is none."""
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, several = self._hparam_types[key]
            for item in default if several else [default]:
                try:
                    cast(key, kind, item)
                except ValueError as error:
                    raise ValueError(f"{error}; the default is of another type") from None
        return getattr(self, key)

    def get_model_structure(self) -> Any:
        """Return what was given as `model_structure`."""
        return self._model_structure

    def set_model_structure(self, model_structure: Any) -> None:
        """Keep a structure beside the settings."""
        self._model_structure = model_structure

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __iter__(self) -> Iterator[str]:
        return iter(self._hparam_types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HParams) and self.values() == other.values()

    __hash__ = None  # type: ignore[assignment]  # settings change

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"
