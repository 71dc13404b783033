"""`tf.map_fn`, `tf.foldl`, `tf.foldr` and `tf.scan`: a function applied along the first axis, by a loop in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import Dimension, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.constant import constant
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.while_loop import while_loop
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


def _check_callable(fn: Any, message: str = "fn must be callable.") -> None:
    if not callable(fn):
        raise TypeError(message)


def _rows(elems: Any) -> tuple[list[Tensor], Any, Dimension]:
    """The elements as tensors, the number of rows for the loop, and what is known of it while building."""
    flat = [convert(e, name="elem") for e in nest.flatten(elems)]
    if not flat:
        raise ValueError("elems must be a Tensor or (possibly nested) sequence of Tensors. Got nothing.")
    known = Dimension(None)
    for tensor in flat:
        if tensor.shape.ndims == 0:
            site = source.caller(3)
            raise add_notes(
                ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars"),
                where=site.quote() if site else "",
                fix="the function is called for each row: elems needs a first axis",
            )
        if tensor.shape.ndims is not None:
            known = known.merge_with(tensor.shape[0])
    count = known.value or shape(flat[0])[0]
    return flat, count, known


def _unstacked(tensor: Tensor, count: Any, **options: Any) -> TensorArray:
    return TensorArray(dtype=tensor.dtype, size=count, dynamic_size=False, infer_shape=True, **options).unstack(tensor)


@export("map_fn")
def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """Apply `fn` to each row of `elems` and stack the results.

    Parameters
    ----------
    fn : callable
        Takes one row (or a structure of rows like `elems`), returns a tensor or a structure like `dtype`.
    elems : Tensor of rank 1 or more, or a structure of them with the same number of rows
    dtype : DType or structure of DType, optional
        Of what `fn` returns, when it differs from `elems`.
    parallel_iterations : int, optional
        Accepted; rows are worked on one after the other.
    back_prop : bool
        If False, no gradient can be taken through the result.
    swap_memory : bool
        Accepted for compatibility.
    infer_shape : bool
        All results have one shape.
    name : str, optional

    Returns
    -------
    Tensor or structure of Tensor, with the rows' results along the first axis

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.map_fn(lambda x: x * x, [1.0, 2.0, 3.0]))
    array([1., 4., 9.], dtype=float32)
    """
    _check_callable(fn)
    flat = nest.flatten(elems)
    if not flat:
        raise ValueError("elems must be a Tensor or (possibly nested) sequence of Tensors. Got nothing.")
    if not nest.is_nested(elems) or all(isinstance(e, Tensor) or hasattr(e, "_as_graph_element") for e in flat):
        structure: Any = elems
    else:
        structure = convert(elems, name="elems") if dtype is None or not nest.is_nested(dtype) else elems
        flat = nest.flatten(structure)
    like = structure if dtype is None else dtype
    with name_scope(name, "map", flat):
        tensors, count, known = _rows(structure)
        arrays = [TensorArray(dtype=t.dtype, size=count, dynamic_size=False, infer_shape=True) for t in tensors]
        arrays = [array.unstack(t) for array, t in zip(arrays, tensors, strict=True)]
        i = constant(0)
        wanted = [t.dtype for t in tensors] if dtype is None else [as_dtype(d) for d in nest.flatten(dtype)]
        results = [TensorArray(dtype=d, size=count, dynamic_size=False, infer_shape=infer_shape) for d in wanted]

        def compute(i: Any, arrays_so_far: Any) -> Any:
            row = nest.pack_sequence_as(structure, [array.read(i) for array in arrays])
            value = fn(row)
            nest.assert_same_structure(like, value)
            values = nest.flatten(value)
            written = [a.write(i, v) for a, v in zip(arrays_so_far, values, strict=True)]
            return i + 1, written

        _, finished = while_loop(
            lambda i, _: i < count, compute, (i, results), parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop, swap_memory=swap_memory, maximum_iterations=count,
        )  # fmt: skip
        return nest.pack_sequence_as(like, [_stacked(array, known) for array in finished])


def _stacked(array: TensorArray, known: Dimension) -> Tensor:
    result = array.stack()
    result.set_shape(TensorShape([known]).concatenate(result.shape[1:]))
    return result


def _fold(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, options: dict[str, Any], from_right: bool
) -> Any:
    flat, count, _ = _rows(elems)
    tensors = nest.pack_sequence_as(elems, flat) if nest.is_nested(elems) and len(flat) > 1 else flat[0]
    arrays = nest.map_structure(lambda t: _unstacked(t, count), tensors)

    def row(i: Any) -> Any:
        return nest.map_structure(lambda array: array.read(i), arrays)

    if from_right:
        i = count - 1 if initializer is None else count
        value = row(i) if initializer is None else initializer

        def compute(i: Any, value: Any) -> Any:
            i -= 1
            return [i, fn(value, row(i))]

        _, result = while_loop(lambda i, _: i > 0, compute, [i, value], maximum_iterations=count, **options)
    else:
        value = row(0) if initializer is None else initializer
        i = constant(1 if initializer is None else 0)

        def compute(i: Any, value: Any) -> Any:
            new = fn(value, row(i))
            return [i + 1, new]

        _, result = while_loop(lambda i, _: i < count, compute, [i, value], maximum_iterations=count, **options)
    return result


def _as_elems(elems: Any) -> Any:
    """A list of numbers is one tensor; a structure of tensors stays."""
    if nest.is_nested(elems) and not all(
        isinstance(e, Tensor) or hasattr(e, "_as_graph_element") for e in nest.flatten(elems)
    ):
        return convert(elems, name="elem")
    return elems


@export("foldl")
def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of `elems` from the first to the last: fn(fn(fn(start, row0), row1), row2) ...

    Parameters
    ----------
    fn : callable
        Takes the value so far and a row, returns the new value.
    elems : Tensor of rank 1 or more, or a structure of them
    initializer : Tensor or structure, optional
        The value to start with; without it the first row.
    parallel_iterations, back_prop, swap_memory, name
        As in `tf.while_loop`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.foldl(lambda a, x: a * 10 + x, [1, 2, 3])))
    123
    """
    _check_callable(fn)
    options = {"parallel_iterations": parallel_iterations, "back_prop": back_prop, "swap_memory": swap_memory}
    with name_scope(name, "foldl", [elems]):
        return _fold(fn, _as_elems(elems), initializer, options, from_right=False)


@export("foldr")
def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of `elems` from the last to the first.

    Parameters
    ----------
    fn, elems, initializer, parallel_iterations, back_prop, swap_memory, name
        As in `tf.foldl`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.foldr(lambda a, x: a * 10 + x, [1, 2, 3])))
    321
    """
    _check_callable(fn)
    options = {"parallel_iterations": parallel_iterations, "back_prop": back_prop, "swap_memory": swap_memory}
    with name_scope(name, "foldr", [elems]):
        return _fold(fn, _as_elems(elems), initializer, options, from_right=True)


@export("scan")
def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of `elems` one after the other and return all values on the way.

    Parameters
    ----------
    fn : callable
        Takes the value so far and a row, returns the new value, of the same structure.
    elems : Tensor of rank 1 or more, or a structure of them
    initializer : Tensor or structure, optional
        The value to start with; without it the first row, which is then the first result.
    parallel_iterations, back_prop, swap_memory, name
        As in `tf.while_loop`.
    infer_shape : bool
        All values have one shape.
    reverse : bool
        Begin with the last row.

    Returns
    -------
    Tensor or structure of Tensor, one row for each row of `elems`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.scan(lambda a, x: a + x, [1, 2, 3, 4]))
    array([ 1,  3,  6, 10], dtype=int32)
    """
    _check_callable(fn)
    elems = _as_elems(elems)
    like = elems if initializer is None else initializer
    with name_scope(name, "scan", nest.flatten(elems)):
        flat, _, known = _rows_of_scan(elems)
        count: Any = known
        inputs = [
            TensorArray(dtype=t.dtype, size=count, dynamic_size=False, element_shape=t.shape[1:], infer_shape=True)
            for t in flat
        ]
        inputs = [array.unstack(t) for array, t in zip(inputs, flat, strict=True)]
        if initializer is None:
            values, i = [array.read(count - 1 if reverse else 0) for array in inputs], 1
        else:
            values, i = [convert(v) for v in nest.flatten(initializer)], 0
        results = [
            TensorArray(dtype=v.dtype, size=count, element_shape=v.shape if infer_shape else None, dynamic_size=False, infer_shape=infer_shape)
            for v in values
        ]  # fmt: skip
        if initializer is None:
            results = [array.write(count - 1 if reverse else 0, v) for array, v in zip(results, values, strict=True)]

        def compute(i: Any, values: Any, arrays: Any) -> Any:
            row = nest.pack_sequence_as(elems, [array.read(i) for array in inputs])
            new = fn(nest.pack_sequence_as(like, values), row)
            nest.assert_same_structure(like, new)
            flat_new = nest.flatten(new)
            arrays = [array.write(i, v) for array, v in zip(arrays, flat_new, strict=True)]
            return (i - 1 if reverse else i + 1), flat_new, arrays

        start = count - 1 - i if reverse else i
        _, _, finished = while_loop(
            (lambda i, _v, _a: i >= 0) if reverse else (lambda i, _v, _a: i < count), compute, (start, values, results),
            parallel_iterations=parallel_iterations, back_prop=back_prop, swap_memory=swap_memory,
            maximum_iterations=count,
        )  # fmt: skip
        stacks = [array.stack() for array in finished]
        static = Dimension(None)
        for tensor in flat:
            if tensor.shape.ndims is not None:
                static = static.merge_with(tensor.shape[0])
        for stack in stacks:
            stack.set_shape(TensorShape([static]).concatenate(stack.shape[1:]))
        return nest.pack_sequence_as(like, stacks)


def _rows_of_scan(elems: Any) -> tuple[list[Tensor], Any, Any]:
    """Like `_rows`, but a known number of rows counts even when it is zero."""
    flat = [convert(e, name="elem") for e in nest.flatten(elems)]
    if flat[0].shape.ndims == 0:
        raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars")
    known = flat[0].shape[0].value if flat[0].shape.ndims is not None else None
    return flat, None, shape(flat[0])[0] if known is None else known
