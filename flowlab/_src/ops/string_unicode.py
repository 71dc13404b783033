"""Strings as sequences of characters: decode, encode, change the encoding, find the script."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, Unary
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import unicode as kernels, unicode_scripts
from flowlab._src.kernels.strings import collect, each
from flowlab._src.ops.misuse import check_choice
from flowlab._src.util.export import export

Splits = TypeVar("Splits", np.int32, np.int64)


def policy_of(op: Any) -> kernels.Policy:
    """What an operation does about wrong characters; InvalidArgumentError for a replacement that is none."""
    if not 0 <= op.replacement_char <= kernels.LARGEST:
        raise InvalidArgumentError(None, None, "replacement_char out of unicode codepoint range")
    return kernels.Policy(op.errors, op.replacement_char, getattr(op, "replace_control_characters", False))


# ---- scripts -------------------------------------------------------------------------------------------------------


class UnicodeScript(Unary):
    """The number of the script of each character."""

    def kernel(self, input: Array[np.int32]) -> Array[np.int32]:
        return unicode_scripts.script_numbers(np.asarray(input))


@export("strings.unicode_script")
def unicode_script(input: Any, name: str | None = None) -> Tensor:
    """Tell the script of characters: Latin, Greek, Han ...

    Parameters
    ----------
    input : int32 Tensor
        Code points.
    name : str, optional

    Returns
    -------
    int32 Tensor, shape of `input`
        Numbers of scripts as ICU counts them (25 Latin, 14 Greek, 8 Cyrillic, 0 common to all); -1 for what is no code
        point.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.unicode_script([ord("a"), ord("я"), ord("1")]))
    array([25,  8,  0], dtype=int32)
    """
    result: Tensor = UnicodeScript()(input, name=name)
    return result


# ---- to code points ------------------------------------------------------------------------------------------------


class Decoder(Op, abstract=True):
    """The code points of strings, all behind each other, and where each string begins among them."""

    input_encoding: str
    errors: str = "replace"
    replacement_char: int = 65533
    replace_control_characters: bool = False
    Tsplits: DType = dtypes.int64

    def decoded(self, input: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row splits, code points, and where they begin in their string."""
        policy = policy_of(self)
        try:
            splits, codes, begins = kernels.decode_all(np.ravel(input).tolist(), self.input_encoding, policy)
        except kernels.EncodingError as error:
            raise InvalidArgumentError(None, None, str(error)) from None
        return splits.astype(self.Tsplits.as_numpy_dtype), codes.astype(np.int32), begins.astype(np.int64)

    def split_shape(self, input: Spec) -> TensorShape:
        """One more than there are strings."""
        count = input.shape.num_elements()
        return TensorShape.of((None if count is None else count + 1,))


class UnicodeDecode(Decoder):
    """The code points of strings."""

    def kernel(self, input: Array[np.object_]) -> tuple[Array, Array[np.int32]]:
        splits, codes, _ = self.decoded(input)
        return splits, codes

    def dtypes(self, input: Any) -> list[DType]:
        return [self.Tsplits, dtypes.int32]

    def shape(self, input: Spec) -> list[TensorShape]:
        return [self.split_shape(input), TensorShape.of((None,))]


class UnicodeDecodeWithOffsets(Decoder):
    """The code points of strings, and the byte at which each begins in its string."""

    def kernel(self, input: Array[np.object_]) -> tuple[Array, Array[np.int32], Array[np.int64]]:
        return self.decoded(input)

    def dtypes(self, input: Any) -> list[DType]:
        return [self.Tsplits, dtypes.int32, dtypes.int64]

    def shape(self, input: Spec) -> list[TensorShape]:
        return [self.split_shape(input), TensorShape.of((None,)), TensorShape.of((None,))]


def check_errors(op: str, errors: Any) -> None:
    """ValueError for a word that is no way to treat errors."""
    check_choice(op, "errors", errors, kernels.ERRORS)


# ---- from code points ----------------------------------------------------------------------------------------------


class UnicodeEncode(Op):
    """Strings of code points that lie behind each other."""

    output_encoding: str
    errors: str = "replace"
    replacement_char: int = 65533

    def kernel(self, input_values: Array[np.int32], input_splits: Array[Splits]) -> Array[np.object_]:
        codes, splits = np.ravel(input_values), np.ravel(input_splits)
        if not splits.size:
            message = "Input_splits should contain elements, but given input_values has 0 elements"
            raise InvalidArgumentError(None, None, message)
        if splits[0] != 0:
            raise InvalidArgumentError(None, None, "First value in input_splits must be zero.")
        if (np.diff(splits) < 0).any():
            raise InvalidArgumentError(None, None, "Values in input_splits must be equal or in ascending order.")
        if splits[-1] != codes.size:
            message = "Last value in input_splits must be equal to length of input_tensor."
            raise InvalidArgumentError(None, None, message)
        policy, values, borders = policy_of(self), codes.tolist(), splits.tolist()
        try:
            rows = [
                kernels.encode(values[begin:end], self.output_encoding, policy)
                for begin, end in itertools.pairwise(borders)
            ]
        except kernels.EncodingError as error:
            raise InvalidArgumentError(None, None, str(error)) from None
        return collect(rows, (len(rows),))

    def shape(self, input_values: Spec, input_splits: Spec) -> TensorShape:
        input_values.ranked(1)
        (count,) = input_splits.ranked(1)
        return TensorShape.of((None if count is None else max(count - 1, 0),))


# ---- from one encoding to another ----------------------------------------------------------------------------------


class UnicodeTranscode(Unary):
    """Each string in another encoding."""

    input_encoding: str
    output_encoding: str
    errors: str = "replace"
    replacement_char: int = 65533
    replace_control_characters: bool = False

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        policy = policy_of(self)
        try:
            kernels.codec_for(self.input_encoding)
            return each(lambda text: kernels.transcode(text, self.input_encoding, self.output_encoding, policy), input)
        except kernels.EncodingError as error:
            raise InvalidArgumentError(None, None, str(error)) from None


@export("strings.unicode_transcode")
def unicode_transcode(
    input: Any,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """Change the encoding of strings, or mend them: from UTF-8 to UTF-8, what is wrong is replaced.

    Parameters
    ----------
    input : string Tensor
    input_encoding : str
        The encoding of the strings, such as "UTF-8", "UTF-16-BE", "ISO-8859-1".
    output_encoding : {"UTF-8", "UTF-16-BE", "UTF-32-BE"}
    errors : {"replace", "ignore", "strict"}
        What to do about bytes that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    replace_control_characters : bool
        Treat the control characters U+0000 to U+001F as if they were wrong.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    ValueError
        For another output encoding or another way to treat errors.
    InvalidArgumentError
        If there is no such input encoding, or bytes are wrong and `errors` is "strict".

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.unicode_transcode(["Hello", "你好"], "UTF-8", "UTF-16-BE")).tolist()
    [b'\\x00H\\x00e\\x00l\\x00l\\x00o', b'O`Y}']
    """
    check_choice("UnicodeTranscode", "output_encoding", output_encoding, kernels.OUTPUT_ENCODINGS)
    check_errors("UnicodeTranscode", errors)
    op: Op = UnicodeTranscode(
        input_encoding,
        output_encoding,
        errors,
        as_int(replacement_char, "replacement_char"),
        replace_control_characters,
    )
    result: Tensor = op(input, name=name)
    return result
