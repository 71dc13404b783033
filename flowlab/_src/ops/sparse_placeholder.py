"""A placeholder for sparse tensors: three placeholders in one."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.placeholder import placeholder, refuse_eagerly
from flowlab._src.util.export import export


@export("sparse_placeholder", "sparse.placeholder")
def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """Make a sparse tensor whose value is given with each run, in `feed_dict`.

    Parameters
    ----------
    dtype : DType
        Type of the elements.
    shape : list of int or None, or Tensor, optional
        The shape of the whole. Unless it is complete, it is fed, too.
    name : str, optional

    Returns
    -------
    SparseTensor
        Fed with a `tf.SparseTensorValue` or a tuple (indices, values, dense_shape).

    Examples
    --------
    >>> x = tf.sparse_placeholder(tf.float32)
    >>> total = tf.sparse_reduce_sum(x)
    >>> with tf.Session() as sess:
    ...     float(sess.run(total, {x: tf.SparseTensorValue([[3, 2], [4, 5]], [1.0, 2.0], [7, 9])}))
    3.0
    """
    refuse_eagerly()
    prefix = "" if name is None else as_text(name, "name") + "/"

    def named(part: str) -> str | None:
        return prefix + part if prefix else None

    rank: Any = None
    dense_shape: Any = None
    if isinstance(shape, Tensor):
        rank, dense_shape = shape.shape[0], convert(shape, dtypes.int64)
    elif shape is not None:
        sizes = TensorShape(shape)
        rank = sizes.ndims
        if sizes.is_fully_defined():
            dense_shape = convert(sizes.as_list(), dtypes.int64, named("shape"))
    if dense_shape is None:
        dense_shape = placeholder(dtypes.int64, [rank], named("shape"))
    values = placeholder(dtype, [None], named("values"))
    indices = placeholder(dtypes.int64, [None, rank], named("indices"))
    return SparseTensor(indices, values, dense_shape)
