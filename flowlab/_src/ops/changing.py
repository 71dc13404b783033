"""Changing some rows or elements of an array: what the scatter operations do to variables of both kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Spec
from flowlab._src.graph.shape import TensorShape, format_dims, merge_shapes
from flowlab._src.kernels.jit import plain
from flowlab._src.kernels.rows import add_rows, add_rows_loop
from flowlab._src.ops.gather import check_coordinates, check_range

Rule = Callable[[np.ndarray, Any, Any], None]  # changes the first array in place, where the second says


def replace(value: np.ndarray, where: Any, new: Any) -> None:
    """Put `new` there; of a place named twice the last value stays."""
    value[where] = new


def divide(value: np.ndarray, where: Any, divisors: Any) -> None:
    """Divide there, integers as in C: towards zero."""
    if value.dtype.kind not in "iu":
        np.divide.at(value, where, divisors)
        return
    if not np.all(divisors):
        raise InvalidArgumentError(None, None, "Integer division by zero")
    for place, divisor in zip(np.atleast_1d(where), np.reshape(divisors, (-1, *value.shape[1:])), strict=True):
        quotient = np.abs(value[place]) // np.abs(divisor)
        value[place] = np.where((value[place] < 0) != (divisor < 0), -quotient, quotient)


# Places named twice are changed twice.


def add(value: np.ndarray, where: Any, more: Any) -> None:
    """Add there."""
    np.add.at(value, where, more)


def subtract(value: np.ndarray, where: Any, less: Any) -> None:
    """Subtract there."""
    np.subtract.at(value, where, less)


multiply: Rule = np.multiply.at
minimum: Rule = np.minimum.at
maximum: Rule = np.maximum.at


def change_rows(old: Any, indices: Any, updates: Any, rule: Rule, in_place: bool = False) -> np.ndarray:
    """Return a copy of `old`, or `old` itself, in which the rows `indices` are changed."""
    value, where = old if in_place else np.array(old), np.asarray(indices)
    if not value.ndim:
        raise InvalidArgumentError(None, None, "params must be at least 1-D, got shape []")
    shape = where.shape + value.shape[1:]
    sign = 1 if rule is add else -1 if rule is subtract else 0
    if sign and updates.__class__ is np.ndarray and updates.shape == shape and value.flags.owndata:
        value.setflags(write=True)
        if not add_rows(value, where.reshape(-1), updates.reshape(-1, *value.shape[1:]), sign):
            value.setflags(write=False)
            check_range(where, value.shape[0])
        return value
    check_range(where, value.shape[0])
    if np.ndim(updates) and np.shape(updates) != shape:
        raise InvalidArgumentError(
            None, None, f"Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape "
            f"{format_dims(np.shape(updates))}, indices.shape {format_dims(where.shape)}, params.shape {format_dims(value.shape)}",
        )  # fmt: skip
    value.flags.writeable = True
    rule(value, where.reshape(-1), np.broadcast_to(updates, shape).reshape(-1, *value.shape[1:]))
    return value


def adder_of_rows(
    rule: Rule, dims: tuple[Any, ...] | None, kind: Any, indices: Spec, updates: Spec, factor: float
) -> Callable[[np.ndarray, Any, Any], bool] | None:
    """`change_rows` in place for known sizes, the updates being multiplied by `factor` on the way; None: no such way.

    The function says False, and has done nothing, where the compiled loop is not there.
    """
    sign = 1.0 if rule is add else -1.0 if rule is subtract else 0.0
    if not sign or not dims or None in dims or 0 in dims or indices.dims is None or 0 in indices.dims:
        return None
    if updates.dims != (*indices.dims, *dims[1:]) or updates.dtype.as_numpy_dtype is not kind:
        return None
    row = dims[1:]
    dtype, scale, zeros, flat, whole = np.dtype(kind), sign * float(factor), np.zeros, (dims[0], -1), np.dtype(np.int64)
    versions, long = add_rows_loop.versions, indices.dtype.as_numpy_dtype is np.int64
    as_they_are = len(dims) == 2 and len(indices.dims) == 1

    def add_rows_in_place(value: np.ndarray, indices: Any, updates: Any) -> bool:
        run = versions.get(dtype)
        if run is None or value.shape != dims or not value.flags.c_contiguous:
            return False
        count = indices.size
        if not count or updates.shape != (*indices.shape, *row):
            return False
        value.setflags(write=True)
        wrong = zeros(1, whole)
        table, rows, changes = value, indices if long else indices.astype(whole), updates
        if not as_they_are:
            table, rows, changes = value.reshape(flat), rows.reshape(-1), updates.reshape(count, -1)
        try:
            run(wrong, 1, table, rows, changes, scale)
        except TypeError:  # a part of an array
            run(wrong, 1, table, plain(rows), plain(changes), scale)
        value.setflags(write=False)
        if wrong[0]:
            check_range(indices, dims[0])
        return True

    return add_rows_in_place


def row_shapes(ref: TensorShape, indices: Spec, updates: Spec) -> None:
    """ShapeError when the updates are not rows for these indices."""
    if updates.rank != 0 and ref._dims is not None:
        merge_shapes(updates.shape, indices.shape.concatenate(TensorShape.of(ref._dims[1:])))


def change_elements(old: Any, indices: np.ndarray, updates: Any, rule: Rule) -> np.ndarray:
    """Return a copy of `old` in which the elements or slices at the index tuples are changed."""
    value, where = np.array(old), np.asarray(indices)
    depth = where.shape[-1]
    if depth > value.ndim or np.shape(updates) != where.shape[:-1] + value.shape[depth:]:
        raise InvalidArgumentError(
            None, None, f"Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: "
            f"{format_dims(np.shape(updates))}, indices.shape: {format_dims(where.shape)}, params_shape: "
            f"{format_dims(value.shape)}, slice_dim: {depth}, and batch_dim: {where.ndim - 1}",
        )  # fmt: skip
    check_coordinates(where, value.shape, "shape")
    rule(value, tuple(np.moveaxis(where, -1, 0)), updates)
    return value
