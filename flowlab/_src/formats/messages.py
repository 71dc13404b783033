"""The protocol buffer messages of graphs, examples, summaries and checkpoints: `tf.GraphDef`, `tf.train.Example` ...

They are defined in `protos/*.proto` and compiled into `messages.binpb` by `dev/protos.py`. The classes are made from
that file in a pool of their own, so they live beside an imported TensorFlow, whose messages have the same full names.
Loading takes some thirty milliseconds: import this module where it is used, the public names do so by themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError, Message

from flowlab._src.util.export import export


def load_pool() -> descriptor_pool.DescriptorPool:
    """Read the compiled definitions into a pool of their own."""
    path = Path(__file__).with_name("messages.binpb")
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = load_pool()


def message(name: str) -> Any:
    """Make the class of a message by its full name; its annotations tell the names of the fields."""
    cls: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))
    cls.__module__ = __name__
    cls.__annotations__ = {field.name: Any for field in cls.DESCRIPTOR.fields}
    return cls


def enum(name: str) -> dict[str, int]:
    """Names and numbers of an enumeration."""
    return {value.name: value.number for value in POOL.FindEnumTypeByName(name).values}


def parse(kind: Any, data: bytes, what: str) -> Any:
    """Read a message from bytes; ValueError says what could not be read.

    A message may not be larger than 2 GiB, nor nested more than 100 deep: the parser refuses both.
    """
    try:
        return kind.FromString(data)
    except (DecodeError, ValueError) as error:
        raise ValueError(f"{what} is no {kind.DESCRIPTOR.name}: {error}") from None


def to_text(value: Message) -> str:
    """The text format of a message, as in .pbtxt files."""
    return text_format.MessageToString(value)


def parse_text(kind: Any, text: str, what: str) -> Any:
    """Read a message from its text format; ValueError says what could not be read."""
    try:
        return text_format.Parse(text, kind(), descriptor_pool=POOL)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{what} is no {kind.DESCRIPTOR.name} in text format: {error}") from None


# Graphs
GraphDef = export("GraphDef")(message("tensorflow.GraphDef"))
NodeDef = export("NodeDef")(message("tensorflow.NodeDef"))
AttrValue = export("AttrValue")(message("tensorflow.AttrValue"))
NameAttrList = export("NameAttrList")(message("tensorflow.NameAttrList"))
TensorProto = message("tensorflow.TensorProto")
TensorShapeProto = message("tensorflow.TensorShapeProto")
VersionDef = message("tensorflow.VersionDef")
OpDef = message("tensorflow.OpDef")
OpList = message("tensorflow.OpList")
FunctionDef = message("tensorflow.FunctionDef")
FunctionDefLibrary = message("tensorflow.FunctionDefLibrary")
DataType = enum("tensorflow.DataType")

# What stands beside a graph
MetaGraphDef = export("MetaGraphDef")(message("tensorflow.MetaGraphDef"))
CollectionDef = message("tensorflow.CollectionDef")
TensorInfo = export("TensorInfo")(message("tensorflow.TensorInfo"))
SignatureDef = message("tensorflow.SignatureDef")
AssetFileDef = message("tensorflow.AssetFileDef")
SavedModel = message("tensorflow.SavedModel")
SaverDef = export("train.SaverDef")(message("tensorflow.SaverDef"))
VariableDef = message("tensorflow.VariableDef")
SaveSliceInfoDef = message("tensorflow.SaveSliceInfoDef")
QueueRunnerDef = message("tensorflow.QueueRunnerDef")
ValuesDef = message("tensorflow.ValuesDef")
ControlFlowContextDef = message("tensorflow.ControlFlowContextDef")
CondContextDef = message("tensorflow.CondContextDef")
WhileContextDef = message("tensorflow.WhileContextDef")

# Training examples
Example = export("train.Example")(message("tensorflow.Example"))
SequenceExample = export("train.SequenceExample")(message("tensorflow.SequenceExample"))
Features = export("train.Features")(message("tensorflow.Features"))
Feature = export("train.Feature")(message("tensorflow.Feature"))
FeatureLists = export("train.FeatureLists")(message("tensorflow.FeatureLists"))
FeatureList = export("train.FeatureList")(message("tensorflow.FeatureList"))
BytesList = export("train.BytesList")(message("tensorflow.BytesList"))
FloatList = export("train.FloatList")(message("tensorflow.FloatList"))
Int64List = export("train.Int64List")(message("tensorflow.Int64List"))

# Event files
Summary = export("Summary", "summary.Summary")(message("tensorflow.Summary"))
SummaryMetadata = export("SummaryMetadata")(message("tensorflow.SummaryMetadata"))
SummaryDescription = export("summary.SummaryDescription")(message("tensorflow.SummaryDescription"))
HistogramProto = export("HistogramProto")(message("tensorflow.HistogramProto"))
Event = export("Event", "summary.Event")(message("tensorflow.Event"))
LogMessage = export("LogMessage")(message("tensorflow.LogMessage"))
SessionLog = export("SessionLog", "summary.SessionLog")(message("tensorflow.SessionLog"))
TaggedRunMetadata = export("summary.TaggedRunMetadata")(message("tensorflow.TaggedRunMetadata"))

# Sessions and servers; the public ConfigProto, RunOptions and RunMetadata are classes of runtime/config.py
ClusterDef = export("train.ClusterDef")(message("tensorflow.ClusterDef"))
JobDef = export("train.JobDef")(message("tensorflow.JobDef"))
ServerDef = export("train.ServerDef")(message("tensorflow.ServerDef"))
ConfigProto = message("tensorflow.ConfigProto")
RunOptions = message("tensorflow.RunOptions")
RunMetadata = message("tensorflow.RunMetadata")
StepStats = message("tensorflow.StepStats")
DeviceStepStats = message("tensorflow.DeviceStepStats")
NodeExecStats = message("tensorflow.NodeExecStats")
CostGraphDef = message("tensorflow.CostGraphDef")

# Checkpoints
BundleHeaderProto = message("tensorflow.BundleHeaderProto")
BundleEntryProto = message("tensorflow.BundleEntryProto")
TensorSliceProto = message("tensorflow.TensorSliceProto")
CheckpointState = message("tensorflow.CheckpointState")

# TensorBoard's embedding projector
ProjectorConfig = export("contrib.tensorboard.plugins.projector.ProjectorConfig")(
    message("tensorboard.projector.ProjectorConfig")
)
EmbeddingInfo = export("contrib.tensorboard.plugins.projector.EmbeddingInfo")(
    message("tensorboard.projector.EmbeddingInfo")
)
SpriteMetadata = export("contrib.tensorboard.plugins.projector.SpriteMetadata")(
    message("tensorboard.projector.SpriteMetadata")
)
