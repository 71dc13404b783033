"""Sums, products and comparisons of sparse tensors: add, maximum, minimum, and the operators * and /."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Index, Number, Op, RealNumber, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, unknown_shape
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse, is_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.ops.array_shape import shape_of, size
from flowlab._src.ops.broadcast_to import broadcast_static_shape
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import ones, zeros_like
from flowlab._src.ops.gather import gather_nd
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.ops.slicing import slice_
from flowlab._src.util.export import export


def _refuse(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def _check_pair(a: tuple[Any, Any, Any], b: tuple[Any, Any, Any]) -> None:
    """InvalidArgumentError unless two sparse tensors have one shape."""
    sparse.check_parts(*a)
    sparse.check_parts(*b)
    if len(a[2]) != len(b[2]):
        raise _refuse(f"Operands do not have the same ranks; got shapes: {sparse.text(a[2])} and {sparse.text(b[2])}")
    if (a[2] != b[2]).any():
        i = int(np.argmax(a[2] != b[2]))
        raise _refuse(f"Operands' shapes do not match: got {a[2][i]} and {b[2][i]} for dimension {i}")


# ---- sums ----------------------------------------------------------------------------------------------------------


class SparseAdd(Op):
    """The sum of two sparse tensors; where both have an element, sums smaller than a threshold are left out."""

    def kernel(
        self,
        a_indices: Array[np.int64],
        a_values: Array[Number],
        a_shape: Array[np.int64],
        b_indices: Array[np.int64],
        b_values: Array[Number],
        b_shape: Array[np.int64],
        thresh: Array[RealNumber],
    ) -> tuple[Array[np.int64], Array[Number], Array[np.int64]]:
        a = (np.asarray(a_indices), np.asarray(a_values), np.asarray(a_shape))
        b = (np.asarray(b_indices), np.asarray(b_values), np.asarray(b_shape))
        _check_pair(a, b)
        if np.ndim(thresh):
            raise _refuse(f"The magnitude threshold must be a scalar: got shape {sparse.text(np.shape(thresh))}")
        places, row_a, row_b = _merged_places(a[0], b[0])
        total = _values_at(a[1], row_a) + _values_at(b[1], row_b)
        # Only where both have an element, as in TensorFlow: what just one of them has stays, however small.
        kept = (np.abs(total) >= thresh) | (row_a < 0) | (row_b < 0)
        return places[kept], total[kept], a[2].copy()

    def shape(
        self,
        a_indices: Spec,
        a_values: Spec,
        a_shape: Spec,
        b_indices: Spec,
        b_values: Spec,
        b_shape: Spec,
        thresh: Spec,
    ) -> list[TensorShape]:
        (rank,) = a_shape.ranked(1)
        return [TensorShape.of((None, rank)), TensorShape.of((None,)), TensorShape.of((rank,))]

    def grad(self, node: Any, _: Any, dy: Tensor, __: Any) -> Any:
        """Each element of a summand gets the gradient of the sum at its place."""
        a_indices, a_values, _, b_indices, b_values, _, _ = node.inputs
        da, db = raw.SparseAddGrad(dy, a_indices, b_indices, node.outputs[0])
        da.set_shape(a_values.shape)
        db.set_shape(b_values.shape)
        return [None, da, None, None, db, None, None]


def _merged_places(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of two sparse tensors together, in order, and for each its row in either, or -1."""
    keys_a, keys_b = sparse.row_keys(a, b)
    _, row_a, row_b = sparse.merge(keys_a, keys_b)
    if not len(a) or not len(b):
        return (a[row_a] if len(a) else b[row_b]), row_a, row_b
    return np.where((row_a >= 0)[:, None], a[row_a], b[row_b]), row_a, row_b


def _values_at(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The values in given rows; 0 for row -1."""
    if not len(values):
        return np.zeros(len(rows), values.dtype)
    result: np.ndarray = np.where(rows >= 0, values[rows], values.dtype.type(0))
    return result


class SparseAddGrad(Op):
    """The gradient of SparseAdd: for each element of a summand that of the sum at its place."""

    grad = None

    def kernel(
        self,
        backprop_val_grad: Array[Number],
        a_indices: Array[np.int64],
        b_indices: Array[np.int64],
        sum_indices: Array[np.int64],
    ) -> tuple[Array[Number], Array[Number]]:
        dy, of_sum = np.asarray(backprop_val_grad), np.asarray(sum_indices)
        if dy.ndim != 1 or len(dy) != len(of_sum):
            raise _refuse(
                f"# elements in backprop_val_grad and rows in sum_indices should match (#nnz of sum): got {dy.size} "
                f"and {len(of_sum)}"
            )
        keys_a, keys_b, keys = sparse.row_keys(np.asarray(a_indices), np.asarray(b_indices), of_sum)
        result = []
        for own in (keys_a, keys_b):
            found = np.searchsorted(keys, own).clip(0, max(len(keys) - 1, 0))
            there = keys[found] == own if len(keys) else np.zeros(len(own), bool)
            result.append(np.where(there, dy[found] if len(keys) else 0, 0).astype(dy.dtype))
        return result[0], result[1]

    def shape(self, backprop_val_grad: Spec, a_indices: Spec, b_indices: Spec, sum_indices: Spec) -> list[TensorShape]:
        return [TensorShape.of((a_indices.ranked(2)[0],)), TensorShape.of((b_indices.ranked(2)[0],))]


class SparseTensorDenseAdd(Op):
    """A dense tensor with the elements of a sparse one added."""

    def kernel(
        self, a_indices: Array[Index], a_values: Array[Number], a_shape: Array[Index], b: Array[Number]
    ) -> Array[Number]:
        places, values, sizes, dense = (np.asarray(x) for x in (a_indices, a_values, a_shape, b))
        sparse.check_parts(places, values, sizes)
        if len(sizes) != dense.ndim:
            raise _refuse(f"Two operands have different ranks: sparse side {len(sizes)} vs. dense side {dense.ndim}")
        for i, (x, y) in enumerate(zip(sizes.tolist(), dense.shape, strict=True)):
            if x != y:
                raise _refuse(
                    f"Dimension {i} does not equal (no broadcasting is supported): sparse side {x} vs dense side {y}"
                )
        sparse.check_places(places, dense.shape, ordered=False)
        result = dense.copy()
        np.add.at(result, tuple(places.T), values)
        return result

    def shape(self, a_indices: Spec, a_values: Spec, a_shape: Spec, b: Spec) -> TensorShape:
        return b.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The sparse elements get the gradient at their places, the dense tensor all of it."""
        return [None, gather_nd(dy, node.inputs[0]), None, dy]


@export("sparse.add", "sparse_add")
def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """Add a sparse tensor to a sparse or a dense one.

    Parameters
    ----------
    a, b : SparseTensor or Tensor
        Same shape and dtype; at least one is sparse.
    threshold : scalar, optional
        With two sparse tensors: where both have an element, sums nearer to zero than this are left out. With 0, a sum
        of zero stays an element.
    thresh : optional
        An older name of `threshold`.

    Returns
    -------
    SparseTensor or Tensor
        Sparse, if both are.

    Raises
    ------
    TypeError
        If none is sparse.

    Examples
    --------
    >>> a = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> b = tf.SparseTensor([[1, 0], [1, 1]], [10, 20], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sparse.add(a, b)))
    array([[ 0,  0,  1],
           [12, 20,  0]], dtype=int32)
    """
    threshold = old_argument("threshold", threshold, "thresh", thresh)
    if threshold is None:
        threshold = 0
    if not is_sparse(a) and not is_sparse(b):
        raise misuse(TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?"))
    if is_sparse(a) and is_sparse(b):
        a, b = as_sparse(a), as_sparse(b)
        limit = convert(threshold, a.values.dtype.real_dtype.base_dtype, "threshold")
        indices, values, dense_shape = SparseAdd()(
            a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape, limit
        )
        if not a.get_shape().is_compatible_with(b.get_shape()):
            raise misuse(ValueError(f"Shapes {a.get_shape()} and {b.get_shape()} are incompatible"))
        static = broadcast_static_shape(a.get_shape(), b.get_shape())
        if static.is_fully_defined():
            dense_shape = static.as_list()
        return SparseTensor(indices, values, dense_shape)
    if is_sparse(b):
        a, b = b, a
    return SparseTensorDenseAdd()(a.indices, a.values, a.dense_shape, b)


# ---- sparse with dense, element by element ---------------------------------------------------------------------------


class SparseDenseCwise(Op, abstract=True):
    """The elements of a sparse tensor combined with those of a dense one at their places; only the dense one is stretched."""

    def shape(self, sp_indices: Spec, sp_values: Spec, sp_shape: Spec, dense: Spec) -> TensorShape:
        return TensorShape.of((sp_indices.ranked(2)[0],))

    @staticmethod
    def partners(sp_indices: Any, sp_values: Any, sp_shape: Any, dense: Any) -> tuple[np.ndarray, np.ndarray]:
        """The sparse elements and the dense ones they meet."""
        places, values, sizes, dense = (np.asarray(x) for x in (sp_indices, sp_values, sp_shape, dense))
        sparse.check_parts(places, values, sizes)
        offset = len(sizes) - dense.ndim
        own = sizes[max(offset, 0) :].tolist()
        if offset < 0 or any(d not in (1, s) for s, d in zip(own, dense.shape, strict=True)):
            raise _refuse(
                "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
                f"[{','.join(str(s) for s in sizes)}] vs. [{','.join(str(d) for d in dense.shape)}]"
            )
        sparse.check_places(places, sizes, ordered=False)
        where = tuple(places[:, offset + i] if d != 1 else 0 for i, d in enumerate(dense.shape))
        return values, np.broadcast_to(dense[where], values.shape)


class SparseDenseCwiseAdd(SparseDenseCwise):
    """The elements of a sparse tensor plus those of a dense one at their places."""

    def kernel(
        self, sp_indices: Array[np.int64], sp_values: Array[Number], sp_shape: Array[np.int64], dense: Array[Number]
    ) -> Array[Number]:
        x, y = self.partners(sp_indices, sp_values, sp_shape, dense)
        return x + y

    def grad(self, node: Any, dy: Tensor) -> NoReturn:
        """TensorFlow has none either."""
        raise NotImplementedError("Gradient for SparseDenseCwiseAdd is not implemented.")


class SparseDenseCwiseMul(SparseDenseCwise):
    """The elements of a sparse tensor times those of a dense one at their places."""

    def kernel(
        self, sp_indices: Array[np.int64], sp_values: Array[Number], sp_shape: Array[np.int64], dense: Array[Number]
    ) -> Array[Number]:
        x, y = self.partners(sp_indices, sp_values, sp_shape, dense)
        return x * y

    def grad(self, node: Any, dy: Tensor) -> Any:
        """As for a product, the dense factor gathered at the sparse elements' places."""
        x, met, back = _dense_at_places(node)
        return [None, dy * met, None, back(dy * x)]


class SparseDenseCwiseDiv(SparseDenseCwise):
    """The elements of a sparse tensor divided by those of a dense one at their places."""

    def kernel(
        self, sp_indices: Array[np.int64], sp_values: Array[Number], sp_shape: Array[np.int64], dense: Array[Number]
    ) -> Array[Number]:
        x, y = self.partners(sp_indices, sp_values, sp_shape, dense)
        if x.dtype.kind in "iu":
            if (y == 0).any():
                raise _refuse("Integer division by zero")
            # As C divides: toward zero. Python's rounds down, so signs are treated apart.
            quotient = np.abs(x) // np.abs(y) if x.dtype.kind == "i" else x // y
            return (
                np.where((x < 0) != (y < 0), -quotient, quotient).astype(x.dtype) if x.dtype.kind == "i" else quotient
            )
        with np.errstate(all="ignore"):
            return x / y

    def grad(self, node: Any, dy: Tensor) -> Any:
        """As for a quotient, the dense divisor gathered at the sparse elements' places."""
        x, met, back = _dense_at_places(node)
        return [None, dy / met, None, back(dy * (-x / raw.Square(met)))]


def _dense_at_places(node: Any) -> tuple[Tensor, Tensor, Any]:
    """The sparse values, the dense elements they met, and how gradients of these become one of the dense tensor."""
    indices, values, sp_shape, dense = node.inputs
    dense_shape = cast(shape_of(dense), dtypes.int64)
    added = expand_dims(size(sp_shape) - size(dense_shape), 0)
    stretched_shape = concat([ones(added, dtypes.int64), dense_shape], 0)
    scaling = sp_shape // stretched_shape
    places = indices // scaling
    places = slice_(places, concat([[0], added], 0), [-1, -1])

    def back(gradients: Tensor) -> Any:
        # Places repeat where the dense tensor was stretched: they add up.
        return sparse_add(zeros_like(dense), SparseTensor(places, gradients, dense_shape))

    return values, gather_nd(dense, places), back


def sparse_dense_cwise_add(sp_t: SparseTensor, dense_t: Tensor) -> SparseTensor:
    """Add to each element of a sparse tensor that of a dense one at its place."""
    result = SparseDenseCwiseAdd()(sp_t.indices, sp_t.values, sp_t.dense_shape, dense_t)
    return SparseTensor(sp_t.indices, result, sp_t.dense_shape)


# ---- the larger and the smaller one ----------------------------------------------------------------------------------


class SparseSparseExtreme(Op, abstract=True):
    """Two sparse tensors combined element by element, zeros standing where one of them has no element."""

    def shape(
        self, a_indices: Spec, a_values: Spec, a_shape: Spec, b_indices: Spec, b_values: Spec, b_shape: Spec
    ) -> list[TensorShape]:
        return [unknown_shape(2), unknown_shape(1)]

    @staticmethod
    def pairs(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The places that either has, and the values of both there."""
        a_indices, a_values, a_shape = (np.asarray(x) for x in a)
        b_indices, b_values, b_shape = (np.asarray(x) for x in b)
        _check_pair((a_indices, a_values, a_shape), (b_indices, b_values, b_shape))
        places, row_a, row_b = _merged_places(a_indices, b_indices)
        return places, _values_at(a_values, row_a), _values_at(b_values, row_b)


class SparseSparseMaximum(SparseSparseExtreme):
    """The larger of two sparse tensors, element by element."""

    def kernel(
        self,
        a_indices: Array[np.int64],
        a_values: Array[RealNumber],
        a_shape: Array[np.int64],
        b_indices: Array[np.int64],
        b_values: Array[RealNumber],
        b_shape: Array[np.int64],
    ) -> tuple[Array[np.int64], Array[RealNumber]]:
        places, x, y = self.pairs((a_indices, a_values, a_shape), (b_indices, b_values, b_shape))
        return places, np.maximum(x, y)

    def grad(self, node: Any, *dy: Any) -> NoReturn:
        """TensorFlow has none either."""
        raise NotImplementedError("Gradient for SparseSparseMaximum is not implemented.")


class SparseSparseMinimum(SparseSparseExtreme):
    """The smaller of two sparse tensors, element by element."""

    def kernel(
        self,
        a_indices: Array[np.int64],
        a_values: Array[Number],
        a_shape: Array[np.int64],
        b_indices: Array[np.int64],
        b_values: Array[Number],
        b_shape: Array[np.int64],
    ) -> tuple[Array[np.int64], Array[Number]]:
        places, x, y = self.pairs((a_indices, a_values, a_shape), (b_indices, b_values, b_shape))
        return places, np.minimum(x, y)

    def grad(self, node: Any, *dy: Any) -> NoReturn:
        """TensorFlow has none either."""
        raise NotImplementedError("Gradient for SparseSparseMinimum is not implemented.")


@export("sparse.maximum", "sparse_maximum")
def sparse_maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """Return the larger of two sparse tensors, element by element; what one of them does not have counts as 0.

    Parameters
    ----------
    sp_a, sp_b : SparseTensor
        Same shape and dtype.
    name : str, optional

    Examples
    --------
    >>> a = tf.SparseTensor([[0], [1]], [3, -1], [4])
    >>> b = tf.SparseTensor([[0], [3]], [5, -2], [4])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.maximum(a, b)).values
    array([5, 0, 0], dtype=int32)
    """
    return _extreme(SparseSparseMaximum(), sp_a, sp_b, name)


@export("sparse.minimum", "sparse_minimum")
def sparse_minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """Return the smaller of two sparse tensors, element by element; what one of them does not have counts as 0.

    Parameters
    ----------
    sp_a, sp_b : SparseTensor
        Same shape and dtype.
    name : str, optional

    Examples
    --------
    >>> a = tf.SparseTensor([[0], [1]], [3, -1], [4])
    >>> b = tf.SparseTensor([[0], [3]], [5, -2], [4])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.minimum(a, b)).values
    array([ 3, -1, -2], dtype=int32)
    """
    return _extreme(SparseSparseMinimum(), sp_a, sp_b, name)


def _extreme(op: Op, sp_a: Any, sp_b: Any, name: str | None) -> SparseTensor:
    sp_a, sp_b = as_sparse(sp_a), as_sparse(sp_b)
    with name_scope(name, op.type, [sp_a.indices, sp_a.values, sp_b.indices, sp_b.values]) as name:
        indices, values = op(
            sp_a.indices, sp_a.values, sp_a.dense_shape, sp_b.indices, sp_b.values, sp_b.dense_shape, name=name
        )
    return SparseTensor(indices, values, sp_a.dense_shape)
