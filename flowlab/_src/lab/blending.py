"""Colours between two colours, and the colour of words that can be read on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def rgb(color: str) -> tuple[int, int, int]:
    """The three bytes of "#rrggbb"."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def blend(low: str, high: str, share: float) -> str:
    """The colour that lies `share` of the way from one to the other."""
    mixed = [round(a + (b - a) * share) for a, b in zip(rgb(low), rgb(high), strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def blend_pixels(low: str, high: str, shares: npt.NDArray[np.float64]) -> Bytes:
    """The same for a table of shares: an RGB image."""
    start, end = np.array(rgb(low), np.float64), np.array(rgb(high), np.float64)
    mixed = start + (end - start) * shares[..., None]
    return np.asarray(np.rint(mixed), np.uint8)


def luminance(color: str) -> float:
    """Relative luminance, as the Web Content Accessibility Guidelines define it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in rgb(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio of contrast between two colours, 1 to 21."""
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def ink_on(ground: str) -> str:
    """Black or white, whichever can be read better; the contrast is never below 4.5."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, ground))
