"""The message classes: their fields are TensorFlow's, and they live in a pool of their own."""

import json
import subprocess
import sys
from typing import Any

import pytest

import flowlab as tf
from flowlab._src.dev.protos import SOURCES
from flowlab._src.formats import messages
from tests.formats.make_messages import GOLDEN, describe


def test_fields_and_numbers_are_those_of_tensorflow() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = describe(messages.POOL, sorted(path.name for path in SOURCES.glob("*.proto")))
    assert len(golden) > 100
    for name, entries in golden.items():
        assert found[name].keys() == entries.keys(), name
        for field, facts in entries.items():
            mine = found[name][field]
            if isinstance(facts, list):  # Python's implementation of protobuf differs in what it tells of packing
                facts, mine = [*facts[:3], *facts[4:]], [*mine[:3], *mine[4:]]
            assert mine == facts, f"{name}.{field}"


def test_an_example_survives_its_bytes() -> None:
    feature = {
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[3, -1])),
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\0\xff", b""])),
        "weight": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    again = tf.train.Example.FromString(example.SerializeToString())
    assert again == example
    assert list(again.features.feature["label"].int64_list.value) == [3, -1]
    assert again.features.feature["image"].WhichOneof("kind") == "bytes_list"


def test_bytes_of_an_example_are_those_that_tensorflow_writes() -> None:
    example = tf.train.Example()
    example.features.feature["x"].int64_list.value.extend([1, 300])
    assert example.SerializeToString().hex() == "0a0e0a0c0a01781207 1a050a0301ac02".replace(" ", "")


def test_unknown_fields_are_kept() -> None:
    later = messages.message("tensorflow.SequenceExample")()
    later.feature_lists.feature_list["a"].feature.add()
    read = tf.train.Example.FromString(later.SerializeToString())  # field 2 is unknown to Example
    assert read.SerializeToString() == later.SerializeToString()


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05abc", bytes(range(256)) * 3])
def test_malformed_bytes_are_refused_with_a_name(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"model\.pb is no GraphDef"):
        messages.parse(messages.GraphDef, data, "model.pb")


def test_messages_nested_too_deep_are_refused() -> None:
    data = b""
    for _ in range(150):  # AttrValue.func.attr["a"] = AttrValue.func ...
        entry = b"\x0a\x01a\x12" + varint(len(data)) + data
        inner = b"\x12" + varint(len(entry)) + entry
        data = b"\x52" + varint(len(inner)) + inner
    with pytest.raises(ValueError, match="is no AttrValue"):
        messages.parse(messages.AttrValue, data, "an attribute")


def varint(number: int) -> bytes:
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def test_text_format() -> None:
    graph = tf.GraphDef(node=[tf.NodeDef(name="a", op="NoOp")])
    text = messages.to_text(graph)
    assert text == 'node {\n  name: "a"\n  op: "NoOp"\n}\n'
    assert messages.parse_text(messages.GraphDef, text, "text") == graph
    with pytest.raises(ValueError, match=r"x\.pbtxt is no GraphDef in text format: .*nodes"):
        messages.parse_text(messages.GraphDef, "nodes { }", "x.pbtxt")


def test_public_names_load_on_first_use() -> None:
    code = "import sys, flowlab as tf; a = 'google.protobuf' in sys.modules; tf.GraphDef(); print(a, 'google.protobuf' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


NAMES = [
    "GraphDef",
    "NodeDef",
    "AttrValue",
    "NameAttrList",
    "MetaGraphDef",
    "TensorInfo",
    "Summary",
    "SummaryMetadata",
    "HistogramProto",
    "Event",
    "LogMessage",
    "SessionLog",
    "train.Example",
    "train.SequenceExample",
    "train.Features",
    "train.Feature",
    "train.FeatureLists",
    "train.FeatureList",
    "train.BytesList",
    "train.FloatList",
    "train.Int64List",
    "train.ClusterDef",
    "train.JobDef",
    "train.ServerDef",
    "train.SaverDef",
    "summary.Summary",
    "summary.Event",
    "summary.SessionLog",
    "summary.TaggedRunMetadata",
    "summary.SummaryDescription",
]


@pytest.mark.parametrize("name", NAMES)
def test_public_names(name: str) -> None:
    value: Any = tf
    for part in name.split("."):
        value = getattr(value, part)
    assert value.DESCRIPTOR.full_name == f"tensorflow.{name.rsplit('.', maxsplit=1)[-1]}"
    assert isinstance(value().SerializeToString(), bytes)
