"""Settings of Keras: the default float type, a small number, and where images have their channels."""

from __future__ import annotations

from typing import Any

import numpy as np

_settings: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def floatx() -> str:
    """Return the name of the default float type."""
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Change the default float type."""
    if value not in {"float16", "float32", "float64"}:
        raise ValueError(f"Unknown floatx type: {value}")
    _settings["floatx"] = str(value)


def epsilon() -> float:
    """Return the small number that is added to divisors."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Change the small number that is added to divisors."""
    _settings["epsilon"] = value


def image_data_format() -> str:
    """Return where images have their channels by default: 'channels_last' or 'channels_first'."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Change where images have their channels by default."""
    if data_format not in {"channels_last", "channels_first"}:
        raise ValueError(f"Unknown data_format: {data_format}")
    _settings["image_data_format"] = str(data_format)


def cast_to_floatx(x: Any) -> Any:
    """Return an array, or a number as an array without axes, in the default float type."""
    return np.asarray(x, dtype=floatx())
