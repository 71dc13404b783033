"""Arrays and shapes as messages: the form is the one TensorFlow 2.21 writes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

import flowlab as tf
from flowlab._src.formats import messages


def text(proto: Any) -> str:
    return " ".join(str(proto).split())


FORMS = [
    ((1,), {}, "dtype: DT_INT32 tensor_shape { } int_val: 1"),
    (([1.0, 2.0],), {}, 'dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: "\\000\\000\\200?\\000\\000\\000@"'),
    (([True, False],), {}, "dtype: DT_BOOL tensor_shape { dim { size: 2 } } bool_val: true bool_val: false"),
    ((["a", b"bc"],), {}, 'dtype: DT_STRING tensor_shape { dim { size: 2 } } string_val: "a" string_val: "bc"'),
    (([1j, 2],), {}, "dtype: DT_COMPLEX128 tensor_shape { dim { size: 2 } } dcomplex_val: 0 dcomplex_val: 1 dcomplex_val: 2 dcomplex_val: 0"),
    ((np.float16(1.5),), {}, "dtype: DT_HALF tensor_shape { } half_val: 15872"),
    ((np.arange(3, dtype=np.uint16),), {}, "dtype: DT_UINT16 tensor_shape { dim { size: 3 } } int_val: 0 int_val: 1 int_val: 2"),
    ((np.uint64(2**63),), {}, "dtype: DT_UINT64 tensor_shape { } uint64_val: 9223372036854775808"),
    (([],), {}, "dtype: DT_FLOAT tensor_shape { dim { } }"),
    ((5,), {"shape": [2, 3]}, "dtype: DT_INT32 tensor_shape { dim { size: 2 } dim { size: 3 } } int_val: 5"),
    (([1, 2],), {"shape": [2, 2]}, "dtype: DT_INT32 tensor_shape { dim { size: 2 } dim { size: 2 } } int_val: 1 int_val: 2"),
    ((1,), {"dtype": tf.float32}, "dtype: DT_FLOAT tensor_shape { } float_val: 1"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "options", "form"), FORMS)
def test_forms(args: Any, options: Any, form: str) -> None:
    assert text(tf.make_tensor_proto(*args, **options)) == form


def test_a_message_is_returned_as_it_is() -> None:
    proto = tf.make_tensor_proto([1, 2])
    assert tf.make_tensor_proto(proto) is proto
    assert tf.contrib.util.make_tensor_proto is tf.make_tensor_proto
    assert tf.contrib.util.make_ndarray is tf.make_ndarray


def test_values_that_do_not_fit() -> None:
    with pytest.raises(TypeError, match=r"Expected Tensor's shape: \(2, 2\), but got \(2,\)"):
        tf.make_tensor_proto([1, 2], shape=[2, 2], verify_shape=True)
    with pytest.raises(ValueError, match=r"Too many elements provided\. Takes at most 2, but got 3"):
        tf.make_tensor_proto([1, 2, 3], shape=[2])
    with pytest.raises(TypeError, match=r"Expected int32, got 1\.5"):
        tf.make_tensor_proto(1.5, dtype=tf.int32)
    with pytest.raises(ValueError, match="None values not supported"):
        tf.make_tensor_proto(None)


def proto(dims: list[int], **fields: Any) -> Any:
    result = messages.TensorProto(**fields)
    for size in dims:
        result.tensor_shape.dim.add(size=size)
    return result


def test_short_lists_go_on_with_their_last_element() -> None:
    assert tf.make_ndarray(proto([5], dtype=1, float_val=[1, 2])).tolist() == [1, 2, 2, 2, 2]
    assert tf.make_ndarray(proto([2], dtype=1)).tolist() == [0, 0]
    assert tf.make_ndarray(proto([2], dtype=7, string_val=[b"a"])).tolist() == [b"a", b"a"]
    assert tf.make_ndarray(proto([2], dtype=19, half_val=[15360])).tolist() == [1, 1]
    assert tf.make_ndarray(proto([3], dtype=8, scomplex_val=[1, 2])).tolist() == [1 + 2j] * 3
    tf.make_ndarray(proto([2], dtype=1))[:] = 7  # the array is the caller's own


BAD = [
    (proto([2], dtype=3, int_val=[1, 2, 3]), ValueError, "3 values, more than the shape has room for"),
    (proto([1], dtype=1, tensor_content=b"abc"), ValueError, "cannot be read from 3 bytes"),
    (proto([1], dtype=1, tensor_content=b"abcdefgh"), ValueError, "cannot be read from 8 bytes"),
    (proto([-1], dtype=1, tensor_content=b"abcd"), ValueError, "needs a known shape"),
    (proto([2**62, 2**62], dtype=1), ValueError, "more elements than memory can hold"),
    (proto([2**40], dtype=1, float_val=[1, 2]), ValueError, "larger than 2GB"),
    (proto([1], dtype=4, int_val=[300]), ValueError, "holds 300, which is no uint8"),
    (proto([], dtype=20), TypeError, "a tensor of resource cannot be read"),
    (proto([1]), TypeError, "0 is the number of no element type"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "error", "phrase"), BAD)
def test_messages_that_hold_no_array(message: Any, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        tf.make_ndarray(message)


KINDS = [
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
    "complex64", "complex128",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_arrays_survive(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    array = data.draw(arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_side=4)))
    again = tf.make_ndarray(messages.TensorProto.FromString(tf.make_tensor_proto(array).SerializeToString()))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


def test_transposed_arrays_are_written_in_order() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3).T
    assert tf.make_ndarray(tf.make_tensor_proto(array)).tolist() == array.tolist()


@pytest.mark.parametrize("dims", [None, [], [2, None], [0, 3]])
def test_shapes_survive(dims: Any) -> None:
    shape = tf.TensorShape(dims)
    assert str(tf.TensorShape(shape.as_proto())) == str(shape)
    assert shape.as_proto().unknown_rank == (dims is None)


def test_types_have_numbers() -> None:
    assert tf.float32.as_datatype_enum == messages.DataType["DT_FLOAT"]
    assert tf.Variable(1.0).dtype.as_datatype_enum == messages.DataType["DT_FLOAT_REF"]
