"""Arguments of layers with windows (filters, pools): sizes for each axis, paddings, layouts, sizes of the output."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.keras import config


def normalize_tuple(value: Any, n: int, name: str) -> tuple[int, ...]:
    """One number for each of n axes, from one number for all or a sequence of n."""
    problem = f"The `{name}` argument must be a tuple of {n} integers. Received: {value}"
    if isinstance(value, int):
        return (value,) * n
    try:
        numbers = tuple(value)
    except TypeError:
        raise ValueError(problem) from None
    if len(numbers) != n:
        raise add_notes(ValueError(problem), fix=f"one number for all axes, or {n} numbers")
    for single in numbers:
        try:
            int(single)
        except (ValueError, TypeError):
            raise ValueError(f"{problem} including element {single} of type {type(single)}") from None
    return numbers


def normalize_data_format(value: Any) -> str:
    """'channels_last' or 'channels_first'; None is what Keras is set to."""
    value = config.image_data_format() if value is None else value
    data_format = value.lower() if isinstance(value, str) else value
    if not isinstance(data_format, str) or data_format not in ("channels_first", "channels_last"):
        raise add_notes(
            ValueError(
                f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {value}'
            ),
            fix='"channels_last" is NHWC, "channels_first" is NCHW',
        )
    return data_format


def normalize_padding(value: Any) -> Any:
    """'valid', 'same' or 'causal'; lists of paddings are left alone."""
    if isinstance(value, (list, tuple)):
        return value
    padding = value.lower() if isinstance(value, str) else value
    if not isinstance(padding, str) or padding not in ("valid", "same", "causal"):
        raise ValueError(
            'The `padding` argument must be a list/tuple or one of "valid", "same" (or "causal", only for `Conv1D). '
            f"Received: {padding}"
        )
    return padding


LAYOUTS = {
    ("channels_last", 3): "NWC", ("channels_last", 4): "NHWC", ("channels_last", 5): "NDHWC",
    ("channels_first", 3): "NCW", ("channels_first", 4): "NCHW", ("channels_first", 5): "NCDHW",
}  # fmt: skip


def convert_data_format(data_format: str, ndim: int) -> str:
    """The layout as operations name it: channels_last is NHWC for images."""
    if (data_format, ndim) not in LAYOUTS:
        raise ValueError(f"Input rank not supported: {ndim}")
    return LAYOUTS[data_format, ndim]


def conv_output_length(size: int | None, window: int, padding: str, stride: int, dilation: int = 1) -> int | None:
    """Size of an axis after a filter or pool."""
    if size is None:
        return None
    reach = window + (window - 1) * (dilation - 1)
    length = size if padding in ("same", "causal") else size - reach + 1
    return (length + stride - 1) // stride


def deconv_output_length(
    size: Any, window: int, padding: str, output_padding: int | None = None, stride: int = 0, dilation: int = 1
) -> Any:
    """Size of an axis after a transposed convolution; of a tensor, the tensor that computes it."""
    if size is None:
        return None
    window = window + (window - 1) * (dilation - 1)
    if output_padding is None:
        if padding == "valid":
            return size * stride + max(window - stride, 0)
        return size * stride
    pad = {"same": window // 2, "valid": 0, "full": window - 1}[padding]
    return ((size - 1) * stride + window - 2 * pad) + output_padding
