"""Objects by name: `"relu"` finds the function, `{"class_name": "L1L2", "config": {...}}` makes the object."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.util.text import did_you_mean

CUSTOM_OBJECTS: dict[str, Any] = {}


def get_custom_objects() -> dict[str, Any]:
    """Return the table of names that the user has added."""
    return CUSTOM_OBJECTS


class CustomObjectScope:
    """Add names for a while: `with CustomObjectScope({"MyLayer": MyLayer}):`."""

    def __init__(self, *tables: Mapping[str, Any]) -> None:
        self._tables = tables
        self._saved: list[dict[str, Any]] = []

    def __enter__(self) -> CustomObjectScope:
        self._saved.append(dict(CUSTOM_OBJECTS))
        for table in self._tables:
            CUSTOM_OBJECTS.update(table)
        return self

    def __exit__(self, *exc: object) -> None:
        CUSTOM_OBJECTS.clear()
        CUSTOM_OBJECTS.update(self._saved.pop())


def custom_object_scope(*tables: Mapping[str, Any]) -> CustomObjectScope:
    """Add names for the length of a `with` block."""
    return CustomObjectScope(*tables)


def serialize_keras_object(instance: Any) -> Any:
    """Return what names an object: its class and arguments, or the name of a function."""
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        config = instance.get_config()
        plain = {key: serialize_keras_object(v) if hasattr(v, "get_config") else v for key, v in config.items()}
        return {"class_name": type(instance).__name__, "config": plain}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError("Cannot serialize", instance)


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """Find or make the object that `serialize_keras_object` named."""
    known = {**(module_objects or {}), **CUSTOM_OBJECTS, **(custom_objects or {})}
    if isinstance(identifier, dict):
        if "class_name" not in identifier or "config" not in identifier:
            raise ValueError(f"Improper config format: {identifier}")
        kind = _look_up(identifier["class_name"], known, printable_module_name)
        config = identifier["config"]
        if hasattr(kind, "from_config"):
            if "custom_objects" in inspect.signature(kind.from_config).parameters:
                return kind.from_config(config, custom_objects={**CUSTOM_OBJECTS, **(custom_objects or {})})
            with CustomObjectScope(custom_objects or {}):
                return kind.from_config(config)
        with CustomObjectScope(custom_objects or {}):
            return kind(**config)
    if isinstance(identifier, str):
        found = _look_up(identifier, known, printable_module_name)
        return found() if inspect.isclass(found) else found
    if inspect.isfunction(identifier):
        return identifier  # a function that was given as itself
    raise ValueError(f"Could not interpret serialized {printable_module_name}: {identifier}")


def _look_up(name: str, known: Mapping[str, Any], what: str) -> Any:
    found = known.get(name)
    if found is None:
        raise add_notes(ValueError(f"Unknown {what}: {name}"), fix=did_you_mean(name, known))
    return found
