"""Sizes that no machine could hold are refused before memory is asked for; what is no longer needed is given back."""

from __future__ import annotations

import ctypes
import functools
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import ResourceExhaustedError


@functools.cache
def machine_memory() -> int:
    """The bytes of memory that this machine has; a terabyte where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return 2**40


def require_memory(shape: Sequence[int], dtype: Any) -> None:
    """ResourceExhaustedError for an array larger than the whole memory.

    Some systems promise more memory than they have and end the program when it is used.
    """
    dtype = np.dtype(dtype)
    if math.prod(shape) * dtype.itemsize > machine_memory():
        sizes = ",".join(str(size) for size in shape)
        kind = {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)
        raise ResourceExhaustedError(None, None, f"OOM when allocating tensor with shape[{sizes}] and type {kind}")


@functools.cache
def keep_freed() -> None:
    """Let the C library keep up to 32 MB of freed memory, for a program that does the same again and again.

    glibc gives memory back as soon as twice the size of the largest array yet is free, and each page that is asked for
    again costs 1 us: 6 ms of the 30 of a training step of an unrolled LSTM. It learns from large arrays that are freed,
    so one of 16 MB is shown to it. Its pages are never touched; other C libraries do not mind.
    """
    np.empty(2**24, np.uint8)


def give_back() -> None:
    """Return free memory to the system, where its C library can be asked to (glibc).

    NumPy's way of convolving needs larger arrays than the compiled loops that follow it, and loading Numba leaves much
    behind. Of a process that trains the MNIST network, 60 of 310 MB were free memory that the C library kept; it takes
    2 ms to give them back.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows
        return
    trim(0)
