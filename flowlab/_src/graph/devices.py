"""Device names: '/cpu:0', '/job:worker/task:1/device:GPU:2'."""

from __future__ import annotations

import re
from typing import Any

_PART = re.compile(r"^(?:(job|replica|task):(.+)|(device:[a-z_]+|cpu|gpu|tpu):(\*|\d+)|(cpu|gpu))$", re.IGNORECASE)
_ORDER = ("job", "replica", "task", "device")


def parse_device(text: str) -> dict[str, str]:
    """Split a device name into its parts; ValueError when it is none."""
    parts: dict[str, str] = {}
    for piece in text.split("/"):
        if not piece:
            continue
        match = _PART.match(piece)
        if match is None:
            raise ValueError(f"Unknown attribute: '{piece.split(':')[0]}' in '{text}'")
        if match.group(1):
            parts[match.group(1).lower()] = match.group(2)
        else:
            kind = (match.group(3) or match.group(5)).upper().removeprefix("DEVICE:")
            parts["device"] = f"{kind}:{match.group(4) or 0}"
    return parts


def format_device(parts: dict[str, str]) -> str:
    """Join the parts of a device name in TensorFlow's order."""
    return "".join(f"/{key}:{parts[key]}" for key in _ORDER if parts.get(key))


def merge_devices(stack: list[Any], definition: Any) -> str:
    """Return the device that nested `tf.device` blocks ask for: the inner ones win, part by part."""
    parts: dict[str, str] = {}
    for item in stack:
        if item is None:
            parts = {}
            continue
        if callable(item):
            item = item(definition) or ""
        parts.update(parse_device(str(item)))
    return format_device(parts)
