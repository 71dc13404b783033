"""Checks that a tensor is an image: made in Python where the shape is known, by nodes of the graph where it is not.

The nodes are those of TensorFlow 1.15: `control_dependency` is an Identity that waits for the assertions.
"""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_float
from flowlab._src.graph.convert import convert
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.checks import assert_equal, assert_greater_equal, assert_positive
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.joining import unstack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims


def is_tensor(x: Any) -> bool:
    """True for tensors and variables, False for numbers."""
    return hasattr(x, "_as_graph_element") or isinstance(x, Tensor)


def image_dimensions(image: Tensor, rank: int) -> list[Any]:
    """The sizes of an image: numbers where they are known, scalar tensors where they are not."""
    if image.shape.is_fully_defined():
        return list(image.shape._dims or ())
    static = image.shape.with_rank(rank)._dims or (None,) * rank
    dynamic = unstack(shape_of(image), rank)
    return [d if s is None else s for s, d in zip(static, dynamic, strict=True)]


def check(condition: Any, message: str) -> list[Operation]:
    """Refuse a false condition, or make the node that will when the condition is a tensor."""
    if is_tensor(condition):
        return [assert_(condition, [message])]
    if not condition:
        raise misuse(ValueError(message))
    return []


def positive(size: Any, name: str) -> Any:
    """Whether a size, a number or a tensor, is positive."""
    return size > 0 if is_tensor(size) else as_float(size, name) > 0


def check_at_least_3d(image: Tensor) -> list[Operation]:
    """Refuse what has fewer than three axes or an empty one; nodes for what is not known."""
    dims = image.shape._dims
    if dims is not None and len(dims) < 3:
        raise misuse(
            ValueError("'image' must be at least three-dimensional."),
            inputs=f"image = '{image.name}' {image.dtype.name} {image.shape}",
            fix="an image has the axes height, width, channels: tf.expand_dims(t, -1) adds the channels",
        )
    if dims is not None and 0 in dims:
        raise misuse(ValueError(f"all dims of 'image.shape' must be > 0: {image.shape}"))
    if image.shape.is_fully_defined():
        return []
    message = "'image' must be at least three-dimensional."
    return [
        assert_positive(shape_of(image), ["all dims of 'image.shape' must be > 0."]),
        assert_greater_equal(rank(image), 3, message=message),
    ]


def at_least_3d(image: Tensor) -> Tensor:
    """The image, available only when it has been checked."""
    return with_dependencies(check_at_least_3d(image), image)


def as_grayscale(image: Any) -> Tensor:
    """The image, available only when its last axis has been found to have one channel."""
    dims = image.shape._dims
    if dims is not None and len(dims) < 2:
        raise misuse(ValueError("A grayscale image must be at least two-dimensional."))
    checks: list[Operation] = []
    if image.shape.is_fully_defined():
        if dims is None or dims[-1] != 1:
            raise misuse(
                ValueError("Last dimension of a grayscale image should be size 1."),
                inputs=f"images = '{image.name}' {image.dtype.name} {image.shape}",
            )
    else:
        one_channel = "Last dimension of a grayscale image should be size 1."
        two_axes = "A grayscale image must be at least two-dimensional."
        checks = [
            assert_equal(shape_of(image)[-1], 1, message=one_channel),
            assert_greater_equal(rank(image), 3, message=two_axes),
        ]
    return with_dependencies(checks, image)


def as_batch(image: Any) -> tuple[Tensor, bool]:
    """An image or a batch of them as a batch, and whether it was one."""
    image = convert(image, None, "image")
    dims = image.shape._dims
    if dims is None:
        image = expand_dims(image, 0)
        image.set_shape([None] * 4)
        return image, False
    if len(dims) == 3:
        return expand_dims(image, 0), False
    if len(dims) != 4:
        raise wrong_rank(image)
    return image, True


def wrong_rank(image: Tensor) -> BaseException:
    """The error for something that is neither an image nor a batch of them."""
    return misuse(
        ValueError("'image' must have either 3 or 4 dimensions."),
        inputs=f"image = '{image.name}' {image.dtype.name} {image.shape}",
        fix="(height, width, channels), or (batch, height, width, channels)",
    )
