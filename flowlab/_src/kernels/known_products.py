"""Matrix products of known sizes, for plans that are run again and again.

What `gemm.py` decides for each product, whether its loop is for these arrays and how to cut them, is decided once: of
128x128 by 128x64, the loop takes 20 us on one thread and finding it took another 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import gemm
from flowlab._src.kernels.jit import plain
from flowlab._src.kernels.threads import blas, share, threads

Array = NDArray[Any]
Sizes = tuple[int, int]


def product(a: Sizes, b: Sizes, flips: tuple[bool, bool], dtype: np.dtype[Any]) -> Callable[[Array, Array], Array]:
    """Return `gemm.matmul` for matrices of these sizes, which fit, each transposed first if `flips` says so.

    The function takes others too, in the ordinary way.

    >>> multiply = product((2, 3), (2, 3), (False, True), np.dtype(np.float32))
    >>> multiply(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32))
    array([[3., 3.],
           [3., 3.]], dtype=float32)
    """
    rows, depth, columns = a[flips[0]], a[1 - flips[0]], b[1 - flips[1]]
    shape, no_bias, empty, cut = (rows, columns), np.empty(0, dtype), np.empty, gemm.cut
    ready: tuple[Any, Any] | None = None

    def multiply(x: Array, y: Array) -> Array:
        nonlocal ready
        if x.shape != a or y.shape != b:
            return gemm.matmul(x, y, *flips)
        if ready is None:
            ready = gemm.loops_for(gemm.multiply_loop, x, y, *flips)
            if ready is None:
                return gemm.matmul(x, y, *flips)
            blas.step_aside()
        run, tile = ready
        result = empty(shape, dtype)
        pieces, geometry = cut(rows, depth, columns, *flips, dtype, threads())
        try:
            share(run, pieces, x, y, result, no_bias, geometry, tile)
        except TypeError:  # a part of an array, or a transposed one
            share(run, pieces, plain(x), plain(y), result, no_bias, geometry, tile)
        return result

    return multiply
