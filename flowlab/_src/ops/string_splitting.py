"""Strings split into tokens, as sparse matrices: a row for each string."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import string
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.kernels import strings as kernels
from flowlab._src.ops.broadcast import brackets
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.ragged_tensor import RaggedTensor, as_ragged_or_tensor
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.util.export import export


class Split(Op, abstract=True):
    """Tokens of strings: their places (row and number), the tokens, and the shape of the whole."""

    grad = None

    def shape(self, input: Spec, separator: Spec) -> list[TensorShape]:
        input.ranked(1)
        separator.ranked(0)
        return [TensorShape.of((None, 2)), TensorShape.of((None,)), TensorShape.of((2,))]


def check_split(input: Any, separator: Any, name: str) -> bytes:
    """The separator; InvalidArgumentError unless a vector is to be split at one separator."""
    if np.ndim(input) != 1:
        raise InvalidArgumentError(None, None, f"input must be a vector, got shape: {brackets(np.shape(input))}")
    if np.ndim(separator) != 0:
        raise InvalidArgumentError(None, None, f"{name} must be a scalar, got shape: {brackets(np.shape(separator))}")
    result: bytes = np.asarray(separator, object).item()
    return result


class StringSplit(Split):
    """Strings split wherever one of the delimiter characters stands."""

    skip_empty: bool = True

    def kernel(
        self, input: Array[np.object_], delimiter: Array[np.object_]
    ) -> tuple[Array[np.int64], Array[np.object_], Array[np.int64]]:
        delimiters = check_split(input, delimiter, "delimiter")
        return kernels.tokens_as_sparse(kernels.split_at_any(input.tolist(), delimiters, self.skip_empty))


class StringSplitV2(Split):
    """Strings split at a separator of any length, or at white space."""

    maxsplit: int = -1

    def kernel(
        self, input: Array[np.object_], sep: Array[np.object_]
    ) -> tuple[Array[np.int64], Array[np.object_], Array[np.int64]]:
        separator = check_split(input, sep, "sep")
        return kernels.tokens_as_sparse(kernels.split_by_words(input.tolist(), separator, self.maxsplit))


def split_to_sparse(source: Any, sep: Any, skip_empty: bool, delimiter: Any) -> SparseTensor:
    """The node of `tf.string_split`."""
    sep = old_argument("sep", sep, "delimiter", delimiter)
    check_given(source)
    separator = convert(" " if sep is None else sep, string)
    return SparseTensor(*StringSplit(skip_empty=skip_empty)(convert(source, string), separator))


def check_given(source: Any) -> None:
    """ValueError when there is nothing to split."""
    if source is None:
        raise misuse(ValueError("None values not supported."), fix="give the strings to split")


def split_words_to_sparse(source: Any, sep: Any, maxsplit: int) -> SparseTensor:
    """The node of `tf.strings.split`."""
    separator = convert("" if sep is None else sep, string)
    return SparseTensor(*StringSplitV2(maxsplit=maxsplit)(convert(source, string), separator))


@export("string_split")
def string_split(
    source: Any = None,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
) -> Any:
    """Split strings wherever one of several characters stands.

    Parameters
    ----------
    source : string Tensor, shape (n,)
    sep : str
        The characters to split at, each by itself; default: a space. "" splits between all bytes.
    skip_empty : bool
        Leave out tokens without a character.
    delimiter : str
        Older name of `sep`.
    result_type : {"SparseTensor", "RaggedTensor"}
    name : str, optional

    Returns
    -------
    SparseTensor, dense shape (n, most tokens of a string), or RaggedTensor, shape (n, tokens)

    Raises
    ------
    ValueError
        If `source` is not a vector.

    Examples
    --------
    >>> words = tf.string_split(["hello world", "a b c"])
    >>> with tf.Session() as sess:
    ...     print(sess.run(words).values, sess.run(words).dense_shape)
    [b'hello' b'world' b'a' b'b' b'c'] [2 3]
    """
    check_result_type(result_type)
    with name_scope(name, "StringSplit", [source]):
        return as_result(split_to_sparse(source, sep, skip_empty, delimiter), result_type)


def as_result(tokens: SparseTensor, result_type: str) -> Any:
    """The tokens in the form asked for."""
    return as_ragged(tokens) if result_type == "RaggedTensor" else tokens


def as_ragged(tokens: SparseTensor) -> RaggedTensor:
    """The tokens as rows of different lengths."""
    rows, count = tokens.indices[:, 0], tokens.dense_shape[0]
    result: RaggedTensor = RaggedTensor.from_value_rowids(tokens.values, rows, nrows=count, validate=False)
    return result


def check_result_type(result_type: Any) -> None:
    """ValueError for another form of the result."""
    if result_type not in ("SparseTensor", "RaggedTensor"):
        raise misuse(ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'."))


def split_to_ragged(text: Any, sep: Any, maxsplit: int) -> Any:
    """The tokens of strings of any rank, in scopes as TensorFlow opens them; of a scalar a Tensor."""
    with name_scope(None, "StringSplit", [text]):
        if isinstance(text, RaggedTensor):
            return text.with_flat_values(split_to_ragged(text.flat_values, sep, maxsplit))
        rank = text.shape.ndims
        if rank is None or rank == 1:
            return as_ragged(split_words_to_sparse(text, sep, maxsplit))
        return split_to_ragged(RaggedTensor.from_tensor(text), sep, maxsplit)


@export("strings.split")
def strings_split(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> Any:
    """Split strings at a separator, as Python's `str.split` does.

    Parameters
    ----------
    input, source : string Tensor or RaggedTensor
        Two names of one argument.
    sep : str
        The separator, of any length; two of them in a row enclose an empty token. Default: white space of any length.
    maxsplit : int
        If positive, split so often at most; the rest is the last token.
    result_type : {"SparseTensor", "RaggedTensor"}
    name : str, optional

    Returns
    -------
    SparseTensor or RaggedTensor, one axis more than `input`
        A scalar counts as a vector of one.

    Raises
    ------
    ValueError
        If `result_type` is neither of the two.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.split(["1<>2<><>3"], sep="<>")).values.tolist()
    [b'1', b'2', b'', b'3']
    """
    input = old_argument("input", input, "source", source)
    check_given(input)
    check_result_type(result_type)
    with name_scope(name, "StringSplit", [input]):
        text = as_ragged_or_tensor(input, string, "input")
        rank = text.shape.ndims
        if rank == 0:
            text = expand_dims(text, 0)
        if result_type == "SparseTensor" and rank in (0, 1):
            return split_words_to_sparse(text, sep, maxsplit)
        ragged = split_to_ragged(text, sep, maxsplit)
        return ragged.to_sparse() if result_type == "SparseTensor" else ragged
