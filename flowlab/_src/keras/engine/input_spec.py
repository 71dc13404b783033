"""`InputSpec`: what a layer asks of its inputs, checked whenever it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.shape import TensorShape
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


def optional_int(value: Any, name: str) -> int | None:
    """A whole number or None."""
    return None if value is None else as_int(value, name)


@export("layers.InputSpec")
class InputSpec:
    """What a layer asks of an input: its rank, its dtype, the size of some axes.

    Parameters
    ----------
    dtype : DType, optional
    shape : sequence of int or None, optional
        The whole shape; None for an axis of any size.
    ndim : int, optional
        The rank. Not needed with `shape`.
    max_ndim, min_ndim : int, optional
        The largest and smallest rank.
    axes : dict of int to int, optional
        Sizes of single axes; -1 is the last one.

    Examples
    --------
    >>> tf.layers.InputSpec(min_ndim=2, axes={-1: 784})
    InputSpec(min_ndim=2, axes={-1: 784})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Any = None,
    ) -> None:
        self.dtype = as_dtype(dtype).name if dtype is not None else None
        self.shape = None if shape is None else tuple(as_list(shape, "shape"))
        self.ndim = len(self.shape) if self.shape is not None else optional_int(ndim, "ndim")
        self.max_ndim = optional_int(max_ndim, "max_ndim")
        self.min_ndim = optional_int(min_ndim, "min_ndim")
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError, AttributeError):
            raise TypeError("The keys in axes must be integers.") from None
        if self.axes and (self.ndim is not None or self.max_ndim is not None):
            last = (self.ndim if self.ndim else self.max_ndim or 0) - 1
            if max(self.axes) > last:
                raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {last}")

    def __repr__(self) -> str:
        parts = {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes or None,
        }
        return f"InputSpec({', '.join(f'{key}={value}' for key, value in parts.items() if value is not None)})"


def assert_input_compatibility(input_spec: Any, inputs: Any, layer_name: str) -> None:
    """ValueError unless the inputs are what the layer asks for."""
    if not input_spec:
        return
    specs = list(input_spec) if isinstance(input_spec, (list, tuple)) else nest.flatten(input_spec)
    tensors = nest.flatten(inputs)
    if len(tensors) != len(specs):
        raise ValueError(
            f"Layer {layer_name} expects {len(specs)} inputs, but it received {len(tensors)} input tensors. "
            f"Inputs received: {tensors}"
        )
    for index, (x, spec) in enumerate(zip(tensors, specs, strict=True)):
        if spec is None:
            continue
        complaint = _complaint(x, spec)
        if complaint:
            site = source.caller(2)
            raise add_notes(
                ValueError(f"Input {index} of layer {layer_name} is incompatible with the layer: {complaint}"),
                where=site.quote() if site else "",
                inputs=f"{x!r}",
                fix=_fix(x, spec),
            )


def _complaint(x: Any, spec: InputSpec) -> str:
    """What is wrong with an input, in Keras's words."""
    if not isinstance(getattr(x, "shape", None), TensorShape):
        return f"expected a tensor, found {type(x).__name__}"
    dims = x.shape._dims
    if dims is None:
        if spec.ndim is None and spec.min_ndim is None and spec.max_ndim is None:
            return ""
        return "its rank is undefined, but the layer requires a defined rank."
    rank, full = len(dims), f". Full shape received: {list(dims)}"
    if spec.ndim is not None and rank != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={rank}{full}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={rank}{full}"
    if spec.dtype is not None and x.dtype.base_dtype.name != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={x.dtype.name}"
    for axis, size in spec.axes.items():
        size = getattr(size, "value", size)
        if size is not None and -rank <= axis < rank and dims[axis] not in (size, None):
            return (
                f"expected axis {axis} of input shape to have value {size} but received input with shape {list(dims)}"
            )
    if spec.shape is not None and any(_differ(a, b) for a, b in zip(spec.shape, dims, strict=False)):
        return f"expected shape={spec.shape}, found shape={list(dims)}"
    return ""


def _differ(wanted: Any, found: int | None) -> bool:
    wanted = getattr(wanted, "value", wanted)
    return wanted is not None and found is not None and wanted != found


def _fix(x: Any, spec: InputSpec) -> str:
    shape = getattr(x, "shape", None)
    if not isinstance(shape, TensorShape):
        return ""
    dims: Sequence[int | None] | None = shape._dims
    if dims is None:
        return "tell the rank: x.set_shape([None, 784]), or tf.reshape(x, [-1, 784])"
    wanted = spec.ndim if spec.ndim is not None else spec.min_ndim
    if wanted == 4 and len(dims) == 3:
        return "an image layer takes (batch, height, width, channels): add an axis with tf.expand_dims(x, -1)"
    if wanted == 4 and len(dims) == 2:
        return "an image layer takes (batch, height, width, channels): tf.reshape(x, [-1, 28, 28, 1])"
    if wanted is not None and len(dims) != wanted:
        return f"give it {wanted} axes with tf.reshape or tf.expand_dims; the first is the batch"
    return ""
