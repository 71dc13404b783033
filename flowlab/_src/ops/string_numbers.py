"""Numbers and strings: as_string, string_to_number, format; base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ResourceExhaustedError
from flowlab._src.graph.arguments import as_int, as_list, as_text
from flowlab._src.graph.dtypes import DType, as_dtype, float32, float64, int32, int64
from flowlab._src.graph.op import Array, Op, Unary
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import string_numbers as kernels
from flowlab._src.kernels.strings import collect, each
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util.export import export

Writable = TypeVar(
    "Writable", np.float32, np.float64, np.int32, np.uint8, np.int16, np.int8, np.int64, np.uint16, np.float16,
    np.uint32, np.uint64, np.complex64, np.complex128, np.bool_, np.object_,
)  # fmt: skip

WIDEST = 1 << 20  # characters of one number
TRUTHS = np.array([b"false", b"true"], object)
WEB_SAFE = re.compile(rb"[A-Za-z0-9_-]*")


# ---- numbers to strings --------------------------------------------------------------------------------------------


class AsString(Unary):
    """Each element written as text, by the rules of C's printf."""

    precision: int = -1
    scientific: bool = False
    shortest: bool = False
    width: int = -1
    fill: str = ""
    grad = None

    def kernel(self, input: Array[Writable]) -> Array[np.object_]:
        kind = input.dtype.kind
        form = self.form(as_dtype(input.dtype))
        if kind == "b":
            return TRUTHS[input.ravel().astype(np.intp)].reshape(input.shape)
        if kind == "O":
            width = max(self.width, 0)
            return each(lambda v: v.ljust(width) if self.fill == "-" else v.rjust(width), input)
        if kind == "c":
            return each(lambda v: kernels.complex_text(v, form).encode(), input)
        return collect(kernels.write_numbers(input.ravel(), form), input.shape)

    def form(self, dtype: DType) -> str:
        """The format of one number; InvalidArgumentError for wishes that do not fit the type."""
        if not (dtype.is_floating or dtype.is_complex):
            if self.scientific or self.shortest:
                message = f"scientific and shortest format not supported for datatype {dtype.name}"
                raise InvalidArgumentError(None, None, message)
            if self.precision >= 0 and dtype.name != "string":
                raise InvalidArgumentError(None, None, f"precision not supported for datatype {dtype.name}")
        if self.scientific and self.shortest:
            raise InvalidArgumentError(None, None, "Cannot select both scientific and shortest notation")
        if len(self.fill) > 1:
            raise InvalidArgumentError(None, None, "Fill string must be one or fewer characters")
        if self.fill not in ("", " ", "+", "-", "0", "#"):
            raise InvalidArgumentError(None, None, f'Fill argument not supported: "{self.fill}"')
        if max(self.width, self.precision) > WIDEST:
            raise ResourceExhaustedError(
                None, None, f"numbers of {max(self.width, self.precision)} characters are too long"
            )
        form = "%" + ("" if dtype.is_unsigned and self.fill in ("+", " ") else self.fill)
        if self.width > -1:
            form += str(self.width)
        if self.precision > -1:
            form += f".{self.precision}"
        if dtype.is_floating or dtype.is_complex:
            return form + ("e" if self.scientific else "g" if self.shortest else "f")
        return form + "d"


@export("strings.as_string", "as_string", "dtypes.as_string")
def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Write numbers and truth values as strings.

    Parameters
    ----------
    input : Tensor
    precision : int
        Digits behind the decimal point of floats; -1: six.
    scientific : bool
        Write floats with an exponent.
    shortest : bool
        Write floats with or without an exponent, whichever is shorter.
    width : int
        Least number of characters; what is shorter is filled up on the left.
    fill : {"", " ", "0", "+", "-"}
        What to fill up with: spaces or zeros; a sign before each number; "-": spaces on the right.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        If a wish does not fit the type, such as a precision for integers.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.as_string([3.14159, 2.0], precision=2)), sess.run(tf.as_string(7, width=3, fill="0")))
    [b'3.14' b'2.00'] b'007'
    """
    op: Op = AsString(precision, scientific, shortest, width, fill)
    result: Tensor = op(input, name=name)
    return result


# ---- strings to numbers --------------------------------------------------------------------------------------------


class StringToNumber(Unary):
    """Each string read as a number."""

    out_type: DType = float32
    grad = None

    def kernel(self, string_tensor: Array[np.object_]) -> Array:
        dtype = np.dtype(self.out_type.as_numpy_dtype)
        texts = string_tensor.ravel().tolist()
        numbers, wrong = kernels.read_numbers(texts, dtype)
        if wrong is not None:
            shown = texts[wrong].decode("utf-8", "replace")
            message = f"StringToNumberOp could not correctly convert string: {shown}"
            raise InvalidArgumentError(None, None, message)
        return numbers.reshape(string_tensor.shape)

    def dtypes(self, string_tensor: Any) -> DType:
        return self.out_type


def allowed_type(value: Any, name: str, allowed: Sequence[DType]) -> DType:
    """The dtype that an argument names; TypeError when it is not one of those allowed."""
    dtype = as_dtype(value)
    if dtype not in allowed:
        listed = ", ".join(d.name for d in allowed)
        message = (
            f"Value passed to parameter '{name}' has DataType {dtype.name} not in list of allowed values: {listed}"
        )
        raise misuse(TypeError(message))
    return dtype


@export("strings.to_number", "string_to_number")
def string_to_number(
    string_tensor: Any = None, out_type: Any = float32, name: str | None = None, input: Any = None
) -> Tensor:
    """Read numbers written as strings.

    Parameters
    ----------
    string_tensor, input : string Tensor
        Two names of one argument. White space around a number is allowed.
    out_type : {tf.float32, tf.float64, tf.int32, tf.int64}
    name : str, optional

    Returns
    -------
    Tensor of `out_type`, shape of `string_tensor`

    Raises
    ------
    InvalidArgumentError
        If a string is no number, or an integer does not fit. Floats that are too large become infinite.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.string_to_number(["1.5", "-2e3"]))
    array([ 1.5e+00, -2.0e+03], dtype=float32)
    """
    string_tensor = old_argument("input", input, "string_tensor", string_tensor)
    dtype = allowed_type(out_type, "out_type", (float32, float64, int32, int64))
    result: Tensor = StringToNumber(out_type=dtype)(string_tensor, name=name)
    return result


# ---- templates -----------------------------------------------------------------------------------------------------


class StringFormat(Op):
    """A text with tensors written into it."""

    template: str = "%s"
    placeholder: str = "%s"
    summarize: int = 3
    grad = None

    def kernel(self, inputs: Sequence[Array]) -> Array[np.object_]:
        pieces = self.template.encode().split(self.placeholder.encode())
        values = [kernels.summary(np.asarray(value), self.summarize) for value in inputs]
        text = b"".join(part for pair in zip(pieces, [*values, b""], strict=True) for part in pair)
        return collect([text], ())

    def shape(self, inputs: Any) -> TensorShape:
        return TensorShape.of(())

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The attributes and the list of the inputs' types."""
        own = {name: self.__dict__[name] for name in self.fields}
        return own if node is None else {**own, "T": [t._dtype._base for t in node._inputs]}


@export("strings.format")
def string_format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Tensor:
    """Write tensors into a text.

    Parameters
    ----------
    template : str
    inputs : Tensor or list of Tensor
        As many as there are placeholders in the template.
    placeholder : str
        What is replaced by the tensors, one after the other.
    summarize : int
        Show so many elements at the begin and end of each axis; -1: all.
    name : str, optional

    Returns
    -------
    string scalar Tensor

    Raises
    ------
    ValueError
        If there are not as many tensors as placeholders.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.format("range: {}, half: {}", (tf.range(9), 0.5)))
    b'range: [0 1 2 ... 6 7 8], half: 0.5'
    """
    template, placeholder = as_text(template, "template"), as_text(placeholder, "placeholder")
    inputs = [inputs] if isinstance(inputs, Tensor) else as_list(inputs, "inputs")
    if not placeholder:
        raise misuse(ValueError("The placeholder must not be empty."), fix='the usual placeholder is "{}"')
    count = template.count(placeholder)
    if count != len(inputs):
        error = ValueError(
            f"The template expects {count} tensors, but the inputs only has {len(inputs)}. "
            "Please ensure the number of placeholders in template matches inputs length."
        )
        raise misuse(error, fix=f"write {placeholder!r} into the template once for each tensor")
    op: Op = StringFormat(template, placeholder, as_int(summarize, "summarize"))
    result: Tensor = op(inputs, name=name)
    return result


# ---- base64 --------------------------------------------------------------------------------------------------------


class EncodeBase64(Unary):
    """Bytes written with 64 letters, digits, - and _ (the alphabet for file names and addresses)."""

    pad: bool = False
    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        end = b"" if self.pad else b"="
        return each(lambda data: base64.urlsafe_b64encode(data).rstrip(end), input)


class DecodeBase64(Unary):
    """The bytes that were written in base64."""

    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        return each(decode_base64_text, input)


def decode_base64_text(text: bytes) -> bytes:
    """Read base64 with or without padding; InvalidArgumentError for anything else."""
    body = text.rstrip(b"=") if len(text) % 4 == 0 else text
    whole = len(body) // 4 * 4
    if len(text) - len(body) > 2 or not WEB_SAFE.fullmatch(body[:whole]):
        raise InvalidArgumentError(None, None, "Invalid character found in base64.")
    if len(body) % 4 == 1:
        raise InvalidArgumentError(None, None, "Base64 string length cannot be 1 modulo 4.")
    if not WEB_SAFE.fullmatch(body[whole:]):
        raise InvalidArgumentError(None, None, "Invalid character found in base64.")
    return base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))


@export("io.encode_base64", "encode_base64")
def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Write bytes with letters, digits, "-" and "_" only: web-safe base64.

    Parameters
    ----------
    input : string Tensor
    pad : bool
        Fill up with "=" to a multiple of four characters.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.encode_base64("hello")), sess.run(tf.encode_base64("hello", pad=True)))
    b'aGVsbG8' b'aGVsbG8='
    """
    result: Tensor = EncodeBase64(pad=pad)(input, name=name)
    return result


@export("io.decode_base64", "decode_base64")
def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """Read what `encode_base64` has written.

    Parameters
    ----------
    input : string Tensor
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        If there are other characters, or the length is impossible.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.decode_base64("aGVsbG8"))
    b'hello'
    """
    result: Tensor = DecodeBase64()(input, name=name)
    return result
