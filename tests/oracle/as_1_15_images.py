"""Put TensorFlow 1.15's ways with images back into TensorFlow 2.21; a part of `as_1_15.py`."""

from __future__ import annotations

from typing import Any

from .as_1_15 import patch


@patch("saturate_cast")
def cast_within_a_range() -> None:
    from tensorflow.python.framework import dtypes, ops
    from tensorflow.python.ops import gen_math_ops, image_ops_impl, math_ops

    def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
        with ops.name_scope(name, "saturate_cast", [value]) as name:
            value = ops.convert_to_tensor(value, name="value")
            dtype = dtypes.as_dtype(dtype).base_dtype
            if value.dtype.min < dtype.min:
                value = gen_math_ops.maximum(value, ops.convert_to_tensor(dtype.min, value.dtype, name="min"))
            if value.dtype.max > dtype.max:
                value = gen_math_ops.minimum(value, ops.convert_to_tensor(dtype.max, value.dtype, name="max"))
            return math_ops.cast(value, dtype, name=name)

    math_ops.saturate_cast = saturate_cast
    assert image_ops_impl.math_ops is math_ops


@patch("checks of images")
def check_all_sizes_of_images() -> None:
    from tensorflow.python.ops import array_ops, check_ops, image_ops_impl

    present = image_ops_impl._CheckAtLeast3DImage

    def check_at_least_3d(image: Any, require_static: bool = True) -> list[Any]:
        if image.shape.is_fully_defined() or require_static or image.shape.rank in (0, 1, 2):
            return present(image, require_static)
        if image.shape.rank is not None and 0 in image.shape.as_list():
            return present(image, require_static)
        return [
            check_ops.assert_positive(array_ops.shape(image), ["all dims of 'image.shape' must be > 0."]),
            check_ops.assert_greater_equal(
                array_ops.rank(image), 3, message="'image' must be at least three-dimensional."
            ),
        ]

    image_ops_impl._CheckAtLeast3DImage = check_at_least_3d


@patch("sizes in proportion")
def sizes_known_while_building() -> None:
    from tensorflow.python.framework import dtypes, ops, tensor_util
    from tensorflow.python.ops import array_ops, image_ops_impl, math_ops

    present = image_ops_impl._resize_images_common

    def resize_images_common(
        images: Any, resizer: Any, size: Any, preserve_aspect_ratio: bool, name: Any, skip_resize_if_same: bool
    ) -> Any:
        if not preserve_aspect_ratio:
            return present(images, resizer, size, preserve_aspect_ratio, name, skip_resize_if_same)
        with ops.name_scope(name, "resize", [images, size]):
            images = ops.convert_to_tensor(images, name="images")
            if images.shape.rank not in (3, 4):
                return present(images, resizer, size, False, None, skip_resize_if_same)
            is_batch = images.shape.rank == 4
            if not is_batch:
                images = array_ops.expand_dims(images, 0)
            size = ops.convert_to_tensor(size, dtypes.int32, name="size")
            wanted = tensor_util.constant_value_as_shape(size).as_list()
            sides = image_ops_impl._ImageDimensions(images, rank=4)[1:3]
            scales = []
            for new, old in zip(wanted, sides, strict=True):
                scales.append(math_ops.cast(new, dtypes.float32) / math_ops.cast(old, dtypes.float32))
            scale = math_ops.minimum(*scales)
            scaled = [
                math_ops.cast(math_ops.round(scale * math_ops.cast(old, dtypes.float32)), dtypes.int32) for old in sides
            ]
            size = ops.convert_to_tensor(scaled, dtypes.int32, name="size")
            new_sides = tensor_util.constant_value_as_shape(size).as_list()
            images = resizer(images, size)
            images.set_shape([None, *new_sides, None])
            return images if is_batch else array_ops.squeeze(images, axis=[0])

    image_ops_impl._resize_images_common = resize_images_common
