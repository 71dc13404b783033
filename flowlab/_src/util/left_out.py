"""What of TensorFlow 1.15 flowlab leaves out, why, and what to use instead: the one list of it.

Asking for such a name says so: `tf.name` by an AttributeError, an import by an ImportError. The README's section "What is
left out" is this table too (`python -m flowlab._src.util.left_out` prints it; a test compares).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NamedTuple


class LeftOut(NamedTuple):
    """Names with one reason. A name stands for all below it; ``*`` for any letters."""

    title: str
    names: tuple[str, ...]
    reason: str
    instead: str = ""


LEFT_OUT = (
    LeftOut(
        "TPUs",
        ("tpu", "contrib.tpu", "distribute.experimental.TPUStrategy", "contrib.cloud", "contrib.bigtable"),
        "flowlab runs on the processor of one computer",
        "leave the TPU part of the program away; without it the model is the same",
    ),
    LeftOut(
        "Several computers and graphics cards",
        (
            "distribute.experimental",
            "distribute.cluster_resolver",
            "distribute.HierarchicalCopyAllReduce",
            "distribute.NcclAllReduce",
            "config.experimental_connect_to_cluster",
            "config.experimental_connect_to_host",
            "contrib.all_reduce",
            "contrib.cluster_resolver",
            "contrib.distribute",
            "contrib.gdr",
            "contrib.mpi",
            "contrib.mpi_collectives",
            "contrib.nccl",
            "contrib.verbs",
        ),
        "flowlab runs in one process on one computer",
        "tf.distribute.MirroredStrategy() works here with its one device",
    ),
    LeftOut(
        "Recurrent nets of graphics cards",
        ("contrib.cudnn_rnn", "contrib.recurrent"),
        "these cells are programs of one maker's graphics cards",
        "tf.nn.rnn_cell.LSTMCell or GRUCell with tf.nn.dynamic_rnn",
    ),
    LeftOut(
        "Work shared by threads",
        ("CriticalSection", "contrib.framework.CriticalSection", "contrib.batching", "contrib.staging"),
        "a run goes through its nodes one after the other: nothing is gained by staging values or locking parts of a graph",
        "tf.FIFOQueue hands values from thread to thread; assign_add is one step for all threads",
    ),
    LeftOut(
        "Phones, other machines, compilers",
        (
            "lite",
            "xla",
            "mlir",
            "contrib.android",
            "contrib.compiler",
            "contrib.coreml",
            "contrib.lite",
            "contrib.remote_fused_graph",
            "contrib.tensorrt",
        ),
        "these turn a graph into a program for other machines",
        "tf.saved_model and graph.as_graph_def() write files that TensorFlow's own converters read",
    ),
    LeftOut(
        "Operations written in C++",
        (
            "load_op_library",
            "load_library",
            "load_file_system_library",
            "user_ops",
            "contrib.coder",
            "contrib.hadoop",
            "contrib.libsvm",
            "contrib.memory_stats",
            "contrib.nearest_neighbor",
            "contrib.periodic_resample",
            "contrib.reduce_slice_ops",
            "contrib.resampler",
            "contrib.sparsemax",
        ),
        "flowlab's kernels are Python functions on NumPy arrays, and no others can be loaded",
        "tf.py_func, or a class of your own as in CONTRIBUTING.md",
    ),
    LeftOut(
        "Numbers of 8 bits",
        (
            "nn.quantized_avg_pool",
            "nn.quantized_conv2d",
            "nn.quantized_max_pool",
            "nn.quantized_relu_x",
            "train.do_quantize_training_on_graphdef",
            "contrib.quantization",
            "contrib.quantize",
        ),
        "nets on quantized numbers serve phones",
        "tf.quantization.fake_quant_with_min_max_args shows in float what rounding does to a net",
    ),
    LeftOut(
        "Numbers of 16 bits for speed",
        ("mixed_precision", "train.experimental", "contrib.mixed_precision"),
        "they gain nothing without a graphics card",
        "float32",
    ),
    LeftOut(
        "Probability distributions",
        ("distributions", "contrib.distributions", "contrib.bayesflow"),
        "they became a project of their own, TensorFlow Probability",
        "tf.random.normal and its siblings draw; a density is a line of tf functions",
    ),
    LeftOut(
        "Linear operators",
        ("linalg.LinearOperator*", "linalg.experimental", "contrib.linalg", "contrib.solvers"),
        "matrices known by their structure are beyond a course on graphs",
        "tf.linalg works on whole matrices",
    ),
    LeftOut(
        "TensorFlow's profiler and debugger",
        ("profiler", "contrib.tfprof", "python.debug", "debugging.experimental", "contrib.stateless"),
        "flowlab has views of its own",
        "RunMetadata of sess.run(..., options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)); %%flow in a notebook",
    ),
    LeftOut(
        "AutoGraph",
        ("autograph.to_graph", "autograph.to_code", "wrap_function", "contrib.autograph"),
        "flowlab does not turn the source of functions into graphs",
        "tf.cond and tf.while_loop say the same openly; plain Python if and for run while the graph is built",
    ),
    LeftOut(
        "TensorFlow 2",
        ("compat.v2", "optimizers", "numpy", "random.Generator"),
        "flowlab follows TensorFlow 1.15",
        "the name of 1.15: tf.compat.v1 is flowlab itself",
    ),
    LeftOut(
        "slim",
        ("contrib.slim", "contrib.nets"),
        "its layers are those of tf.contrib.layers under other names",
        "tf.layers, or tf.contrib.layers with tf.contrib.framework.arg_scope",
    ),
    LeftOut(
        "Ready-made models and training loops of contrib",
        (
            "train.sdca_*",
            "contrib.boosted_trees",
            "contrib.constrained_optimization",
            "contrib.crf",
            "contrib.decision_trees",
            "contrib.factorization",
            "contrib.fused_conv",
            "contrib.gan",
            "contrib.grid_rnn",
            "contrib.hvx",
            "contrib.input_pipeline",
            "contrib.integrate",
            "contrib.kernel_methods",
            "contrib.labeled_tensor",
            "contrib.ignite",
            "contrib.kafka",
            "contrib.kinesis",
            "contrib.learn.*Classifier",
            "contrib.learn.*Regressor",
            "contrib.learn.Estimator",
            "contrib.learn.preprocessing",
            "contrib.legacy_seq2seq",
            "contrib.linear_optimizer",
            "contrib.model_pruning",
            "contrib.proto",
            "contrib.receptive_field",
            "contrib.rpc",
            "contrib.specs",
            "contrib.tensor_forest",
            "contrib.testing",
            "contrib.timeseries",
            "contrib.text",
        ),
        "contrib was a collection by many hands; flowlab has the parts that courses use",
        "tf.layers, tf.nn and tf.estimator",
    ),
    LeftOut(
        "What contrib had under another name, too, or for graphs as data",
        (
            "contrib.bitwise",
            "contrib.copy_graph",
            "contrib.deprecated",
            "contrib.graph_editor",
            "contrib.hooks",
            "contrib.losses",
            "contrib.nn",
            "contrib.opt",
            "contrib.optimizer_v2",
            "contrib.rate",
            "contrib.session_bundle",
            "contrib.signal",
            "contrib.stat_summarizer",
        ),
        "contrib was the place for what was new or old",
        "tf.bitwise, tf.signal, tf.losses, tf.nn and tf.train; tf.import_graph_def(..., input_map=...) puts graphs together",
    ),
    LeftOut(
        "Sound, protocol buffers of your own, Bigtable",
        ("audio", "contrib.ffmpeg", "io.decode_proto", "io.encode_proto", "contrib.avro"),
        "no course on graphs uses them",
        "tf.signal works on samples, tf.parse_example on tf.train.Example, tf.image on pictures",
    ),
)

# On their way: asking for them says so. Names that exist already are never looked up here.
COMING = (
    "data",
    "estimator",
    "feature_column",
    "keras",
    "saved_model",
    "summary",
    "train.Checkpoint",
    "train.CheckpointManager",
    "train.NewCheckpointReader",
    "train.Saver",
    "train.checkpoint_exists",
    "train.get_checkpoint_state",
    "train.init_from_checkpoint",
    "train.latest_checkpoint",
    "train.list_variables",
    "train.load_checkpoint",
    "train.load_variable",
    "train.warm_start",
    "contrib.checkpoint",
    "contrib.data",
    "contrib.eager",
    "contrib.estimator",
    "contrib.feature_column",
    "contrib.keras",
    "contrib.layers",
    "contrib.metrics",
    "contrib.predictor",
    "contrib.saved_model",
    "contrib.summary",
)


def below(path: str, name: str) -> bool:
    """Whether a dotted path is `name` or lies below it."""
    return path == name or path.startswith(name + ".") or ("*" in name and fnmatchcase(path, name))


def find(path: str) -> LeftOut | None:
    """The row of the table for a dotted path below ``tf``."""
    return next((row for row in LEFT_OUT if any(below(path, name) for name in row.names)), None)


def explain(path: str) -> tuple[str, str]:
    """Why flowlab has no name of this path, and what to do; empty texts if nothing is known about it."""
    row = find(path)
    if row is not None:
        return f"tf.{path} is left out of flowlab: {row.reason}", row.instead
    name = next((name for name in COMING if path == name), "")
    return (f"tf.{name} is still to come in flowlab", "") if name else ("", "")


def sentence(path: str) -> str:
    """Both in one sentence, for errors that have no notes."""
    why, instead = explain(path)
    return f"{why}. Instead: {instead}." if instead else f"{why}." if why else ""


class LeftOutFinder:
    """The last resort of ``import flowlab.x``: a module that is left out says so."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse what is left out; nothing is found here."""
        if fullname.startswith("flowlab."):
            refuse(fullname.removeprefix("flowlab."), fullname)
        return None


def refuse(path: str, module: str) -> None:
    """Raise ImportError if the table knows a reason why there is no such module."""
    text = sentence(path)
    if text:
        raise ImportError(f"No module named {module!r}: {text}", name=module)


def watch_imports() -> None:
    """Ask the table when an import of flowlab has failed everywhere else."""
    if not any(type(finder).__name__ == LeftOutFinder.__name__ for finder in sys.meta_path):
        sys.meta_path.append(LeftOutFinder())


def readme_lines() -> Iterator[str]:
    """The table as the README shows it."""
    yield "| | names | why | instead |"
    yield "| --- | --- | --- | --- |"
    for row in LEFT_OUT:
        names = ", ".join(f"`{name}`" for name in row.names)
        yield f"| {row.title} | {names} | {row.reason} | {row.instead} |"


if __name__ == "__main__":
    print("\n".join(readme_lines()))
