"""Second derivatives by `tf.hessians`."""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.gradients import gradients
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape, size
from flowlab._src.ops.constant import constant
from flowlab._src.ops.joining import concat
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.while_loop import while_loop
from flowlab._src.util.export import export


@export("hessians")
def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """Return the second derivatives of the sum of `ys` with respect to each x.

    Parameters
    ----------
    ys : Tensor or list of Tensor
    xs : Tensor, Variable or list of them

    Returns
    -------
    list of Tensor
        For an x of shape S a tensor of shape S + S.

    Examples
    --------
    >>> x = tf.constant([1.0, 2.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.hessians(tf.reduce_sum(x ** 3), x)[0])
    array([[ 6.,  0.],
           [ 0., 12.]], dtype=float32)
    """
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    options: dict[str, Any] = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops, "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }  # fmt: skip
    results = []
    for gradient, x in zip(gradients(ys, xs, **options), xs, strict=True):
        if gradient is None:
            raise ValueError(
                f"The sum of ys does not depend on {getattr(x, 'name', x)!r}: it has no second derivative."
            )
        flat = raw.Reshape(gradient, [-1])
        count = size(x)

        def row(j: Any, result: Any, flat: Any = flat, x: Any = x) -> Any:
            """The gradient of one element of the gradient."""
            following = j + 1
            second = gradients(flat[j], x)[0]
            return following, result.write(j, raw.ZerosLike(x) if second is None else convert(second))

        start = [constant(0, dtypes.int32), TensorArray(x.dtype, count)]
        _, rows = while_loop(lambda j, _, count=count: j < count, row, start)
        sizes = shape(x)
        results.append(raw.Reshape(rows.stack(), concat((sizes, sizes), 0)))
    return results
