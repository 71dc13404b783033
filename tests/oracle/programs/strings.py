"""Text and records: words split and looked up by their hash, CSV lines, serialized examples, raw bytes."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ..record import program

LINES = ["5.1,3.5,setosa", "7.0,,versicolor", "6.3,3.3,virginica"]


def example(**features: Any) -> bytes:
    """A serialized tf.train.Example, written by hand: bytes, whole numbers below 128, or floats by name."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    written = b""
    for key, values in features.items():
        if isinstance(values[0], bytes):
            kind = field(1, b"".join(field(1, value) for value in values))
        elif isinstance(values[0], float):
            kind = field(2, field(1, b"".join(struct.pack("<f", value) for value in values)))
        else:
            kind = field(3, field(1, bytes(values)))
        written += field(1, field(1, key.encode()) + field(2, kind))
    return field(1, written)


@program("graph", "values")
def words_to_buckets(tf: Any) -> Any:
    sentences = tf.placeholder_with_default(["the cat sat", "a dog", ""], [None], name="sentences")
    words = tf.string_split(sentences)
    ids = tf.string_to_hash_bucket_fast(words.values, 1000, name="ids")
    table = tf.constant(np.arange(2000, dtype=np.float32).reshape(1000, 2))
    vectors = tf.gather(table, ids)
    counts = tf.unsorted_segment_sum(tf.ones_like(ids), words.indices[:, 0], tf.size(sentences))
    return {"ids": ids, "vectors": vectors, "rows": words.indices, "shape": words.dense_shape, "counts": counts}


@program("graph", "values")
def iris_from_csv(tf: Any) -> Any:
    with tf.name_scope("input"):
        lines = tf.constant(LINES, name="lines")
        length, width, species = tf.decode_csv(lines, [[0.0], [3.0], [""]], name="columns")
        features = tf.stack([length, width], axis=1, name="features")
        labels = tf.cast(tf.equal(species, "virginica"), tf.int32)
    return {"features": features, "labels": labels, "species": species}


@program("graph", "values")
def columns_of_a_wide_file(tf: Any) -> Any:
    lines = tf.constant(['1;2;"a;b";4', "5;NA;c;8"])
    return tf.io.decode_csv(lines, [[0], ["none"]], field_delim=";", select_cols=[1, 2], na_value="NA")


@program("graph", "values")
def one_example_of_an_image(tf: Any) -> Any:
    serialized = tf.placeholder_with_default(example(image=[bytes(range(6))], label=[3]), [], name="record")
    features = {"image": tf.FixedLenFeature([], tf.string), "label": tf.FixedLenFeature([], tf.int64)}
    parsed = tf.parse_single_example(serialized, features=features)
    image = tf.reshape(tf.decode_raw(parsed["image"], tf.uint8), [2, 3])
    image = tf.cast(image, tf.float32) * (1.0 / 255) - 0.5
    return {"image": image, "label": tf.one_hot(tf.cast(parsed["label"], tf.int32), 5)}


@program("graph", "values")
def a_batch_of_examples(tf: Any) -> Any:
    batch = [example(age=[36], words=[b"to", b"be"], w=[0.5, 1.5]), example(words=[b"or"], w=[2.0])]
    parsed = tf.io.parse_example(
        batch,
        {
            "age": tf.io.FixedLenFeature([], tf.int64, default_value=-1),
            "words": tf.io.VarLenFeature(tf.string),
            "w": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
        },
        name="parse",
    )
    words = tf.sparse_tensor_to_dense(parsed["words"], default_value="")
    return {"age": parsed["age"], "words": words, "mean": tf.reduce_mean(parsed["w"])}


@program("graph", "values")
def an_example_in_a_scope_with_a_name(tf: Any) -> Any:
    with tf.variable_scope("reader"):
        parsed = tf.parse_single_example(example(x=[1.0, 2.0]), {"x": tf.FixedLenFeature([2], tf.float32)}, name="one")
        again = tf.parse_single_example(example(x=[3.0]), {"x": tf.VarLenFeature(tf.float32)})
    return [parsed["x"], again["x"].values, again["x"].dense_shape]


@program("graph", "values")
def cleaning_text(tf: Any) -> Any:
    text = tf.placeholder_with_default(["  Hello, World!  ", "It's 9:30 <b>now</b>"], None, name="text")
    clean = tf.strings.lower(tf.strings.strip(text))
    clean = tf.regex_replace(clean, "<[^>]+>", "")
    clean = tf.strings.regex_replace(clean, r"[[:punct:]]", " ")
    has_digits = tf.strings.regex_full_match(clean, r".*\d.*")
    return {"clean": clean, "digits": has_digits, "length": tf.strings.length(clean), "start": tf.substr(clean, 0, 4)}


@program("graph", "values")
def labels_for_a_report(tf: Any) -> Any:
    step, loss = tf.constant(7), tf.constant([0.125, 2.5])
    line = tf.string_join(
        [
            "step ",
            tf.as_string(step, width=4, fill="0"),
            ": ",
            tf.reduce_join(tf.as_string(loss, precision=3), 0, separator=", "),
        ]
    )
    return {"line": line, "shown": tf.strings.format("loss {} at {}", (loss, step))}


@program("graph", "values")
def numbers_from_text(tf: Any) -> Any:
    parts = tf.strings.split(["1.5,2.5", "3"], sep=",")
    numbers = tf.string_to_number(parts.values)
    sums = tf.segment_sum(numbers, parts.indices[:, 0])
    return {"numbers": numbers, "sums": sums, "whole": tf.string_to_number(["7", " -8 "], tf.int32)}


@program("graph", "values")
def joined_along_axes(tf: Any) -> Any:
    letters = tf.constant([["a", "b"], ["c", "d"]])
    unknown = tf.placeholder_with_default(letters, None)
    return [tf.reduce_join(letters), tf.reduce_join(letters, [0], name="down"), tf.reduce_join(unknown, separator="-")]


@program("graph", "values")
def web_safe_bytes(tf: Any) -> Any:
    coded = tf.encode_base64(tf.constant([b"\xfb\xff", b"plain"]), pad=True)
    return [coded, tf.decode_base64(coded), tf.io.parse_tensor(tf.io.serialize_tensor([[1, 2]]), tf.int32)]


@program("graph", "values")
def a_sequence_of_words(tf: Any) -> Any:
    def step(value: int) -> bytes:
        return b"\n\x05\x1a\x03\n\x01" + bytes([value])

    lists = b"".join(step(value) for value in (4, 5))
    serialized = (
        b"\x12"
        + bytes([len(lists) + 11])
        + b"\n"
        + bytes([len(lists) + 9])
        + b"\n\x05words\x12"
        + bytes([len(lists)])
        + lists
    )
    context, sequences = tf.parse_single_sequence_example(
        serialized,
        context_features={"size": tf.FixedLenFeature([], tf.int64, default_value=0)},
        sequence_features={"words": tf.FixedLenSequenceFeature([], tf.int64)},
    )
    return [context["size"], sequences["words"], tf.shape(sequences["words"])]


@program(error="InvalidArgumentError", says="StringToNumberOp could not correctly convert string: seven")
def a_word_that_is_no_number(tf: Any) -> None:
    with tf.Session() as sess:
        sess.run(tf.string_to_number(["1", "seven"]))


@program(error="InvalidArgumentError", says="Expect 2 fields but have 3 in record 1")
def a_line_with_too_many_fields(tf: Any) -> None:
    with tf.Session() as sess:
        sess.run(tf.decode_csv(["1,2", "1,2,3"], [[0], [0]]))


@program(error="ValueError", says="Missing type for feature age.")
def a_feature_without_a_type(tf: Any) -> None:
    tf.parse_example(["x"], {"age": tf.VarLenFeature(None)})
