"""`tf.switch_case`: one of several branches, chosen by a number; `tf.vectorized_map`: a function of one row, for all rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.constant import constant
from flowlab._src.ops.functional import map_fn
from flowlab._src.ops.gather import gather
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.placeholder import placeholder_with_default
from flowlab._src.util import nest
from flowlab._src.util.export import export


@export("switch_case")
def switch_case(
    branch_index: Any, branch_fns: Any, default: Callable[[], Any] | None = None, name: str = "switch_case"
) -> Any:
    """Return the result of the function that has the number `branch_index` when the graph runs.

    Parameters
    ----------
    branch_index : int scalar Tensor
    branch_fns : list of callable, or dict or list of pairs of (int, callable)
        The numbers are 0, 1, 2 ..., none left out. All functions return the same structure with the same dtypes.
    default : callable, optional
        For all other numbers; the function with the largest number if not given.
    name : str, optional

    Returns
    -------
    Tensor, or the structure that the functions return

    Raises
    ------
    TypeError
        If `branch_index` is no integer tensor, or a branch no function.
    ValueError
        If there is no branch, or a number is left out.

    Examples
    --------
    >>> which = tf.placeholder(tf.int32, [])
    >>> word = tf.switch_case(which, [lambda: tf.constant("none"), lambda: tf.constant("one")],
    ...                       default=lambda: tf.constant("many"))
    >>> with tf.Session() as sess:
    ...     [sess.run(word, {which: n}) for n in (0, 1, 7)]
    [b'none', b'one', b'many']

    Notes
    -----
    TensorFlow makes one `Case` node, flowlab a `tf.cond` for each branch but the last.
    """
    if not isinstance(branch_index, Tensor) and not (get_default_graph().eager and hasattr(branch_index, "dtype")):
        raise misuse(TypeError(f"'branch_index' must be a Tensor, got {type(branch_index)}"), "tf.constant(index)")
    if not branch_index.dtype.is_integer:
        raise misuse(TypeError(f"'branch_index' must be an integer Tensor, got {branch_index.dtype!r}"))
    if branch_index.dtype.base_dtype is not dtypes.int32:
        raise misuse(
            TypeError(
                f"Input 'branch_index' of 'Case' Op has type {branch_index.dtype.base_dtype.name} that does not match "
                "expected type of int32."
            ),
            "tf.cast(index, tf.int32)",
        )
    functions = _ordered(branch_fns)
    if default is not None:
        if not callable(default):
            raise misuse(TypeError("default must be callable."))
        functions.append(default)
    with name_scope(name, "switch_case", [branch_index]):
        if branch_index.shape.ndims not in (0, None):
            raise misuse(ValueError(f"branch_index must be a scalar, its shape is {branch_index.shape}"))
        return _choose(branch_index, 0, functions)


def _choose(index: Tensor, first: int, functions: list[Callable[[], Any]]) -> Any:
    """One of the functions, the first of which has the number `first`; the last one is for all other numbers."""
    if len(functions) == 1:
        return functions[0]()
    return cond(equal(index, first), functions[0], lambda: _choose(index, first + 1, functions[1:]), strict=True)


def _ordered(branch_fns: Any) -> list[Callable[[], Any]]:
    """The functions in the order of their numbers."""
    if not isinstance(branch_fns, (list, tuple, dict)):
        raise misuse(TypeError("'branch_fns' must be a list, tuple, or dict"))
    if not branch_fns:
        raise misuse(ValueError("Must provide at least one item in 'branch_fns'"))
    if isinstance(branch_fns, dict):
        branch_fns = list(branch_fns.items())
    if all(callable(fn) for fn in branch_fns):
        return list(branch_fns)
    for pair in branch_fns:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise misuse(TypeError(f"Each entry in 'branch_fns' must be a 2-tuple. Received {pair}."))
        key, fn = pair
        if isinstance(key, bool) or not isinstance(key, (int, np.integer)):
            raise misuse(TypeError(f"key must be a Python `int`, got {type(key)}"))
        if not callable(fn):
            raise misuse(TypeError(f"fn for key {key} must be callable."))
    pairs = sorted(branch_fns, key=lambda pair: pair[0])
    keys = [int(key) for key, _ in pairs]
    if keys != list(range(len(keys))):
        found = ",".join(str(key) for key in keys)
        text = f"branch indices (keys) must form contiguous range of [0 to {len(keys)}) but found {{{found}}}"
        raise misuse(ValueError(text))
    return [fn for _, fn in pairs]


@export("vectorized_map")
def vectorized_map(fn: Callable[[Any], Any], elems: Any) -> Any:
    """Apply `fn` to each row of `elems` and stack the results, whatever their dtypes and structure.

    TensorFlow rewrites the function so that all rows are computed at once. flowlab computes them one after the other,
    as `tf.map_fn` does: the values are the same, the speed is that of a loop.

    Parameters
    ----------
    fn : callable
        Takes one row (or a structure of rows like `elems`), returns a tensor or a structure of tensors. All rows give
        results of one shape. The function is called twice while the graph is built.
    elems : Tensor of rank 1 or more, or a structure of them with the same number of rows

    Returns
    -------
    Tensor or structure of Tensor, with the rows' results along the first axis

    Raises
    ------
    ValueError
        If `elems` is empty or a scalar.

    Examples
    --------
    >>> lengths = tf.vectorized_map(lambda v: tf.sqrt(tf.reduce_sum(v * v)), tf.constant([[3.0, 4.0], [6.0, 8.0]]))
    >>> with tf.Session() as sess:
    ...     sess.run(lengths)
    array([ 5., 10.], dtype=float32)
    """
    if not callable(fn):
        raise misuse(TypeError("fn must be callable."))
    elems = nest.map_structure(lambda e: convert(e, name="elem"), elems)
    flat = nest.flatten(elems)
    if not flat:
        raise misuse(ValueError("elems must be a Tensor or a structure of Tensors. Got nothing."))
    if any(t.shape.ndims == 0 for t in flat):
        raise misuse(
            ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars"), "tf.expand_dims(t, 0)"
        )
    if get_default_graph().eager:
        rows = int(flat[0].shape[0])
        dtype = nest.map_structure(lambda t: t.dtype, fn(nest.map_structure(lambda t: t[0], elems))) if rows else None
        return map_fn(fn, elems, dtype=dtype)
    with name_scope("loop_body"):  # nobody runs these nodes: they tell the dtypes and shapes of the results
        index = placeholder_with_default(constant(0, name="PlaceholderWithDefault/input"), [])
        one = nest.map_structure(convert, fn(nest.map_structure(lambda t: gather(t, index), elems)))
    results = map_fn(
        lambda row: nest.map_structure(convert, fn(row)), elems, dtype=nest.map_structure(lambda t: t.dtype, one),
        name="pfor",
    )  # fmt: skip
    count = TensorShape([next((t.shape[0].value for t in flat if t.shape.ndims), None)])
    for result, row in zip(nest.flatten(results), nest.flatten(one), strict=True):
        result.set_shape(count.concatenate(row.shape))
    return results
