"""The class `tf.TensorArray`."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


@export("TensorArray")
class TensorArray:
    """A list of tensors, one after the other written in a loop and read there or stacked after it.

    Every method that writes returns a new TensorArray: use that one from then on.

    Parameters
    ----------
    dtype : DType
        Of the elements.
    size : int or int32 scalar Tensor
        Number of elements.
    dynamic_size : bool
        Grow when a position past the end is written.
    clear_after_read : bool
        Accepted: elements may be read any number of times.
    tensor_array_name : str, optional
    handle, flow : Tensor, optional
        An array that exists, instead of a new one.
    infer_shape : bool
        All elements have one shape, which is learnt from the first that is written.
    element_shape : TensorShape, optional
    colocate_with_first_write_call : bool
        Accepted for compatibility.
    name : str, optional

    Examples
    --------
    >>> squares = tf.TensorArray(tf.int32, size=4)
    >>> _, squares = tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(i, i * i)), [0, squares])
    >>> with tf.Session() as sess:
    ...     sess.run(squares.stack())
    array([0, 1, 4, 9], dtype=int32)
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        for given, argument in (
            (tensor_array_name, "tensor_array_name"), (size, "size"), (element_shape, "element_shape"),
            (dynamic_size, "dynamic_size"), (clear_after_read, "clear_after_read"),
        ):  # fmt: skip
            if handle is not None and given is not None:
                raise ValueError(f"Cannot construct with both handle and {argument}")
        if handle is not None and not isinstance(handle, Tensor):
            raise TypeError("Handle must be a Tensor")
        if handle is None and size is None:
            raise ValueError("Size must be provided if handle is not provided")
        if handle is not None and flow is None:
            raise ValueError("flow must not be None if handle is not None.")
        self._dtype = as_dtype(dtype).base_dtype
        self._size = size
        self._dynamic_size = bool(dynamic_size)
        self._infer_shape = infer_shape
        self._element_shape = [as_shape(element_shape)]  # shared by all versions of this array
        with name_scope(name, "TensorArray", [v for v in (handle, size, flow) if isinstance(v, Tensor)]) as scope:
            if handle is not None:
                self._handle, self._flow = handle, flow
            else:
                self._handle, self._flow = raw.TensorArrayV3(
                    size,
                    dtype=self._dtype,
                    element_shape=as_shape(element_shape),
                    dynamic_size=self._dynamic_size,
                    clear_after_read=clear_after_read is None or clear_after_read,
                    identical_element_shapes=infer_shape,
                    tensor_array_name=tensor_array_name or "",
                    name=scope,
                )

    @property
    def flow(self) -> Tensor:
        """The tensor that carries this version of the list."""
        return self._flow

    @property
    def handle(self) -> Tensor:
        """The tensor that names the array."""
        return self._handle

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self._dtype

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._element_shape[0]

    @property
    def dynamic_size(self) -> bool:
        """True if the array grows when written past its end."""
        return self._dynamic_size

    def _with_flow(self, flow: Tensor) -> TensorArray:
        new = TensorArray.__new__(TensorArray)
        new.__dict__.update(self.__dict__)
        new._flow = flow
        return new

    def _learn_shape(self, shape: TensorShape) -> None:
        if not shape.is_compatible_with(self.element_shape):
            site = source.caller(3)
            raise add_notes(
                ValueError(
                    f"Inconsistent shapes: saw {shape} but expected {self.element_shape} (and infer_shape=True)"
                ),
                where=site.quote() if site else "",
                fix="all elements of a TensorArray have one shape; TensorArray(..., infer_shape=False) allows others",
            )
        if self._infer_shape:
            self._element_shape[0] = self.element_shape.merge_with(shape)

    def _element(self, value: Any) -> Tensor:
        tensor = convert(value, name="value", preferred=self._dtype)
        if tensor.dtype.base_dtype is not self._dtype:
            raise TypeError(
                f"TensorArray dtype is {self._dtype.name}, but Op is trying to write dtype {tensor.dtype.name}"
            )
        return tensor

    def identity(self) -> TensorArray:
        """Return the same array with a flow of its own, for `tf.control_dependencies`."""
        return self._with_flow(raw.Identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """Return the array of the gradients of this one's elements; those of different `source` are kept apart."""
        flow = self._flow if flow is None else flow
        graph = get_default_graph()
        with name_scope(name, "TensorArrayGrad", [self._handle]), graph.colocate_with(self._handle):
            handle, _ = raw.TensorArrayGradV3(self._handle, flow, source_=source, name=name)
            with graph.control_dependencies([handle]):
                flow = raw.Identity(flow, name="gradient_flow")
            gradients = TensorArray(
                self._dtype,
                handle=handle,
                flow=flow,
                infer_shape=self._infer_shape,
                colocate_with_first_write_call=False,
            )
            gradients._element_shape = self._element_shape
            return gradients

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """Return the element at a position.

        Raises
        ------
        tf.errors.InvalidArgumentError
            When run: nothing was written there, or the position is outside.
        """
        value: Tensor = raw.TensorArrayReadV3(self._handle, index, self._flow, dtype=self._dtype, name=name)
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with `value` at a position; each position can be written once."""
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            tensor = self._element(value)
            self._learn_shape(tensor.shape)
            return self._with_flow(raw.TensorArrayWriteV3(self._handle, index, tensor, self._flow, name=name))

    def stack(self, name: str | None = None) -> Tensor:
        """Return all elements stacked along a new first axis."""
        from flowlab._src.ops.sequences import range_

        with get_default_graph().colocate_with(self._handle), name_scope(name, "TensorArrayStack", [self._handle]):
            value = self.gather(range_(0, self.size()), name=name)
            if not self._dynamic_size and self._size is not None and self.element_shape.ndims is not None:
                value.set_shape([known_size(self._size), *self.element_shape.as_list()])
            return value

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """Return the elements at the given positions, stacked."""
        value: Tensor = raw.TensorArrayGatherV3(
            self._handle, indices, self._flow, dtype=self._dtype, element_shape=self.element_shape, name=name
        )
        if self.element_shape.ndims is not None:
            value.set_shape([None, *self.element_shape.as_list()])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """Return all elements joined along their first axis."""
        rest = self.element_shape[1:] if self.element_shape.ndims else as_shape(None)
        value, _ = raw.TensorArrayConcatV3(
            self._handle, self._flow, dtype=self._dtype, element_shape_except0=rest, name=name
        )
        joined: Tensor = value
        if rest.ndims is not None:
            joined.set_shape([None, *rest.as_list()])
        return joined

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the rows of `value` as its elements."""
        from flowlab._src.ops.array_shape import shape
        from flowlab._src.ops.sequences import range_

        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = shape(value)[0]
            return self.scatter(range_(0, count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the rows of `value` at the given positions."""
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            tensor = self._element(value)
            if tensor.shape.ndims is not None:
                self._learn_shape(tensor.shape[1:])
            return self._with_flow(raw.TensorArrayScatterV3(self._handle, indices, tensor, self._flow, name=name))

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Return the array with pieces of `value`, `lengths` rows each, as its elements."""
        from flowlab._src.ops.cast import cast

        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            tensor = convert(value, self._dtype, name="value")
            counts = cast(lengths, dtypes.int64)
            known = constant_value(counts)
            if tensor.shape.ndims and known is not None and known.ndim and known.size and known.max() == known.min():
                self._learn_shape(TensorShape([int(known[0])]).concatenate(tensor.shape[1:]))
            return self._with_flow(raw.TensorArraySplitV3(self._handle, tensor, counts, self._flow, name=name))

    def size(self, name: str | None = None) -> Tensor:
        """Return the number of positions."""
        if not self._dynamic_size and self._size is not None:
            return convert(self._size, dtypes.int32)
        size: Tensor = raw.TensorArraySizeV3(self._handle, self._flow, name=name)
        return size

    def close(self, name: str | None = None) -> Operation:
        """Return an operation that does nothing: the list goes when nobody holds it."""
        closed: Operation = raw.TensorArrayCloseV3(self._handle, name=name)
        return closed


def known_size(size: Any) -> int | None:
    """The size as far as it is known while building."""
    value = constant_value(size) if isinstance(size, Tensor) else size
    return None if value is None else int(value)


nest.register_composite(TensorArray, lambda array: [array.flow], lambda like, parts: like._with_flow(parts[0]))
