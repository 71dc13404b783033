"""Strings taken apart into rows of different lengths: characters, bytes, words, n-grams, as ragged tensors."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag, as_int, as_ints, as_text
from flowlab._src.graph.op import Op
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.unicode import OUTPUT_ENCODINGS
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.ops.ragged_tensor import RaggedTensor, as_ragged_or_tensor
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.string_ngrams import StringNGrams
from flowlab._src.ops.string_splitting import StringSplit
from flowlab._src.ops.string_unicode import UnicodeDecode, UnicodeDecodeWithOffsets, UnicodeEncode, check_errors
from flowlab._src.util.export import export

# ---- bytes ---------------------------------------------------------------------------------------------------------


@export("strings.bytes_split")
def bytes_split(input: Any, name: str | None = None) -> Any:
    """Split strings into single bytes.

    Parameters
    ----------
    input : string Tensor or RaggedTensor
        Of a rank that is known.
    name : str, optional

    Returns
    -------
    RaggedTensor, one axis more than `input`; of a scalar a Tensor

    Raises
    ------
    ValueError
        If the rank is unknown.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.bytes_split(["hi", "you"])).to_list()
    [[b'h', b'i'], [b'y', b'o', b'u']]
    """
    with name_scope(name, "StringsByteSplit", [input]):
        text = as_ragged_or_tensor(input, name="input")
        if isinstance(text, RaggedTensor):
            return text.with_flat_values(bytes_split(text.flat_values))
        rank = text.shape.ndims
        if rank is None:
            raise misuse(ValueError("input must have a statically-known rank."), fix="set_shape tells the rank")
        if rank == 0:
            return bytes_split(stack([text]))[0]
        if rank > 1:
            return bytes_split(RaggedTensor.from_tensor(text))
        indices, values, shape = StringSplit(skip_empty=False)(text, "")
        return RaggedTensor.from_value_rowids(values, indices[:, 0], nrows=shape[0], validate=False)


# ---- code points to strings ----------------------------------------------------------------------------------------


@export("strings.unicode_encode")
def unicode_encode(
    input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Any:
    """Write rows of code points as strings.

    Parameters
    ----------
    input : int32 Tensor or RaggedTensor, at least one axis
        The last axis counts the characters of a string.
    output_encoding : {"UTF-8", "UTF-16-BE", "UTF-32-BE"}
    errors : {"replace", "ignore", "strict"}
        What to do about numbers that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    name : str, optional

    Returns
    -------
    string Tensor, without the last axis of `input`

    Raises
    ------
    ValueError
        If the rank is 0 or unknown, or for another encoding.
    InvalidArgumentError
        If a number is no character and `errors` is "strict".

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.unicode_encode([71, 246, 246, 100], "UTF-8")).decode()
    'Gööd'
    """
    check_choice("UnicodeEncode", "output_encoding", output_encoding, OUTPUT_ENCODINGS)
    check_errors("UnicodeEncode", errors)
    op: Op = UnicodeEncode(output_encoding, errors, as_int(replacement_char, "replacement_char"))

    def encode(codes: Any) -> Any:
        return unicode_encode(codes, output_encoding, errors, replacement_char)

    with name_scope(name, "UnicodeEncode", [input]):
        codes = as_ragged_or_tensor(input)
        rank = codes.shape.ndims
        if rank is None:
            raise misuse(ValueError("Rank of input_tensor must be statically known."), fix="set_shape tells the rank")
        if isinstance(codes, RaggedTensor):
            if (codes.flat_values.shape.ndims or 0) > 1:
                return codes.with_flat_values(encode(codes.flat_values))
            if codes.ragged_rank > 1:
                return codes.with_values(encode(codes.values))
            return op(codes.values, codes.row_splits)
        if rank == 0:
            raise misuse(ValueError("input_tensor's rank must be at least 1."), fix="put the number into a list")
        if rank == 1:  # one string
            splits = stack([0, shape_of(codes)[0]])
            row = RaggedTensor.from_row_splits(codes, splits, validate=False)
            return reshape(encode(row), [])
        if rank == 2:
            return encode(RaggedTensor.from_tensor(codes))
        flat = reshape(codes, stack([-1, shape_of(codes)[-1]]))
        return reshape(encode(flat), codes.shape[:-1])


# ---- strings to code points ----------------------------------------------------------------------------------------


def decode(input: Any, op: Op) -> list[Any]:
    """The outputs of a decoding operation behind its row splits, in the form of the input."""
    text = as_ragged_or_tensor(input, name="input")
    rank = text.shape.ndims
    if rank is None:
        raise misuse(ValueError("Rank of `input` must be statically known."), fix="set_shape tells the rank")
    if rank > 1:
        if not isinstance(text, RaggedTensor):
            text = RaggedTensor.from_tensor(text, ragged_rank=rank - 1)
        elif text.ragged_rank < rank - 1:
            inner = RaggedTensor.from_tensor(text.flat_values, ragged_rank=rank - text.ragged_rank - 1)
            text = text.with_flat_values(inner)
    flat = reshape(text.flat_values if isinstance(text, RaggedTensor) else text, [-1])
    splits, *values = op(flat)
    if rank == 0:
        return values
    rows = [RaggedTensor.from_row_splits(value, splits, validate=False) for value in values]
    return rows if rank == 1 else [text.with_flat_values(row) for row in rows]


@export("strings.unicode_decode")
def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """Read the characters of strings as code points.

    Parameters
    ----------
    input : string Tensor or RaggedTensor
        Of a rank that is known.
    input_encoding : str
        Such as "UTF-8", "UTF-16-BE", "ISO-8859-1".
    errors : {"replace", "ignore", "strict"}
        What to do about bytes that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    replace_control_characters : bool
        Treat the control characters U+0000 to U+001F as if they were wrong.
    name : str, optional

    Returns
    -------
    int32 RaggedTensor, one axis more than `input`; of a scalar a Tensor

    Raises
    ------
    ValueError
        If the rank is unknown.
    InvalidArgumentError
        If there is no such encoding, or bytes are wrong and `errors` is "strict".

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.unicode_decode(["Gööd", "😊"], "UTF-8")).to_list()
    [[71, 246, 246, 100], [128522]]
    """
    check_errors("UnicodeDecode", errors)
    replacement = as_int(replacement_char, "replacement_char")
    op: Op = UnicodeDecode(input_encoding, errors, replacement, replace_control_characters)
    with name_scope(name, "UnicodeDecode", [input]):
        return decode(input, op)[0]


@export("strings.unicode_decode_with_offsets")
def unicode_decode_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 0xFFFD,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Read the characters of strings as code points, and tell at which byte each begins.

    Parameters
    ----------
    input : string Tensor or RaggedTensor
        Of a rank that is known.
    input_encoding : str
        Such as "UTF-8", "UTF-16-BE", "ISO-8859-1".
    errors : {"replace", "ignore", "strict"}
        What to do about bytes that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    replace_control_characters : bool
        Treat the control characters U+0000 to U+001F as if they were wrong.
    name : str, optional

    Returns
    -------
    (code points, offsets)
        int32 and int64 RaggedTensors, one axis more than `input`; of a scalar Tensors.

    Raises
    ------
    ValueError
        If the rank is unknown.
    InvalidArgumentError
        If there is no such encoding, or bytes are wrong and `errors` is "strict".

    Examples
    --------
    >>> codes, begins = tf.strings.unicode_decode_with_offsets("Gööd", "UTF-8")
    >>> with tf.Session() as sess:
    ...     print(*sess.run([codes, begins]))
    [ 71 246 246 100] [0 1 3 5]
    """
    check_errors("UnicodeDecodeWithOffsets", errors)
    replacement = as_int(replacement_char, "replacement_char")
    op: Op = UnicodeDecodeWithOffsets(input_encoding, errors, replacement, replace_control_characters)
    with name_scope(name, "UnicodeDecodeWithOffsets", [input]):
        codes, begins = decode(input, op)
        return codes, begins


# ---- characters as strings -----------------------------------------------------------------------------------------


def add_last_axis(codes: Any) -> Any:
    """Each code point as a row of one."""
    with name_scope(None, "RaggedExpandDims", [codes]):
        if not isinstance(codes, RaggedTensor):
            return expand_dims(codes, -1)
        if isinstance(codes.values, RaggedTensor):
            return codes.with_values(add_last_axis(codes.values))
        return codes.with_values(expand_dims(codes.values, 1))


@export("strings.unicode_split")
def unicode_split(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 0xFFFD, name: str | None = None
) -> Any:
    """Split strings into their characters, each a string of its own.

    Parameters
    ----------
    input : string Tensor or RaggedTensor
        Of a rank that is known.
    input_encoding : {"UTF-8", "UTF-16-BE", "UTF-32-BE"}
    errors : {"replace", "ignore", "strict"}
        What to do about bytes that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    name : str, optional

    Returns
    -------
    string RaggedTensor, one axis more than `input`; of a scalar a Tensor

    Raises
    ------
    ValueError
        If the rank is unknown.
    InvalidArgumentError
        If bytes are wrong and `errors` is "strict".

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     [c.decode() for c in sess.run(tf.strings.unicode_split("Gööd", "UTF-8"))]
    ['G', 'ö', 'ö', 'd']
    """
    check_errors("UnicodeDecode", errors)
    op: Op = UnicodeDecode(input_encoding, errors, as_int(replacement_char, "replacement_char"))
    with name_scope(name, "UnicodeSplit", [input]):
        return unicode_encode(add_last_axis(decode(input, op)[0]), input_encoding, errors, replacement_char)


@export("strings.unicode_split_with_offsets")
def unicode_split_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 0xFFFD, name: str | None = None
) -> tuple[Any, Any]:
    """Split strings into their characters, and tell at which byte each begins.

    Parameters
    ----------
    input : string Tensor or RaggedTensor
        Of a rank that is known.
    input_encoding : {"UTF-8", "UTF-16-BE", "UTF-32-BE"}
    errors : {"replace", "ignore", "strict"}
        What to do about bytes that are no character: replace them, leave them out, or stop.
    replacement_char : int
        The code point that takes their place.
    name : str, optional

    Returns
    -------
    (characters, offsets)
        string and int64 RaggedTensors, one axis more than `input`; of a scalar Tensors.

    Raises
    ------
    ValueError
        If the rank is unknown.
    InvalidArgumentError
        If bytes are wrong and `errors` is "strict".

    Examples
    --------
    >>> characters, begins = tf.strings.unicode_split_with_offsets("Gööd", "UTF-8")
    >>> with tf.Session() as sess:
    ...     sess.run(begins)
    array([0, 1, 3, 5])
    """
    check_errors("UnicodeDecodeWithOffsets", errors)
    op: Op = UnicodeDecodeWithOffsets(input_encoding, errors, as_int(replacement_char, "replacement_char"))
    with name_scope(name, "UnicodeSplitWithOffsets", [input]):
        codes, begins = decode(input, op)
        return unicode_encode(add_last_axis(codes), input_encoding, errors, replacement_char), begins


# ---- n-grams -------------------------------------------------------------------------------------------------------


@export("strings.ngrams")
def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Any:
    """Join each word with the words that follow it.

    Parameters
    ----------
    data : string Tensor or RaggedTensor, at least one axis
        Rows of words.
    ngram_width : int or list of int
        How many words to join; with several, all of them one after the other.
    separator : str
        What to put between the words.
    pad_values : str or (str, str), optional
        Words to add before and behind each row.
    padding_width : int, optional
        How many to add, at most one less than the width; default: that many.
    preserve_short_sequences : bool
        Join a row that is too short as a whole.
    name : str, optional

    Returns
    -------
    string RaggedTensor, or Tensor where `data` is one

    Raises
    ------
    ValueError
        If a width is not positive, or the rank is unknown or 0.
    TypeError
        If `pad_values` are no words.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.ngrams(["to", "be", "or", "not"], 2)).tolist()
    [b'to be', b'be or', b'or not']
    """
    with name_scope(name, "StringNGrams", [data]):
        both = pad_values if isinstance(pad_values, (list, tuple)) else (pad_values, pad_values)
        if pad_values is not None and (len(both) != 2 or not all(isinstance(p, (str, bytes)) for p in both)):
            raise misuse(TypeError("pad_values must be a string, tuple of strings, or None."))
        if padding_width is not None and as_int(padding_width, "padding_width") < 1:
            raise misuse(ValueError("padding_width must be greater than 0."))
        if padding_width is not None and pad_values is None:
            raise misuse(ValueError("pad_values must be provided if padding_width is set."))
        words = as_ragged_or_tensor(data, dtypes.string, "data")
        dense_shape = None
        if isinstance(words, Tensor):
            dense_shape = concat([shape_of(words)[:-1], [-1]], axis=0)
            rank = words.shape.ndims
            if rank is None:
                raise misuse(ValueError("Rank of data must be known."), fix="set_shape tells the rank")
            if rank == 0:
                raise misuse(ValueError("Data must have rank>0"), fix="split the text into words first")
            if rank == 1:
                row = RaggedTensor.from_row_starts(words, [0], validate=False)
                arguments = (ngram_width, separator, pad_values, padding_width, preserve_short_sequences, name)
                return ngrams(row, *arguments)[0]
            words = RaggedTensor.from_tensor(words, ragged_rank=rank - 1)
        if words.ragged_rank > 1:
            arguments = (ngram_width, separator, pad_values, padding_width, preserve_short_sequences, name)
            result = words.with_values(ngrams(words.values, *arguments))
        else:
            widths = as_ints(ngram_width if isinstance(ngram_width, (list, tuple)) else [ngram_width], "ngram_width")
            if any(width < 1 for width in widths):
                raise misuse(ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}"))
            op: Op = StringNGrams(
                separator=as_text(separator, "separator"),
                ngram_widths=widths,
                left_pad="" if pad_values is None else as_text(both[0], "pad_values"),
                right_pad="" if pad_values is None else as_text(both[1], "pad_values"),
                pad_width=0 if pad_values is None else -1 if padding_width is None else padding_width,
                preserve_short_sequences=as_flag(preserve_short_sequences, "preserve_short_sequences"),
            )
            grams, splits = op(words.flat_values, words.row_splits)
            result = RaggedTensor.from_row_splits(grams, splits, validate=False)
        return result if dense_shape is None else reshape(result.flat_values, dense_shape)
