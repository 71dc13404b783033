"""The graphs that samples build, node for node, and how they compare with TensorFlow's.

The golden files keep a short digest of each graph. To see where two graphs part, run, with a Python that has TensorFlow::

    python -m tests.ops.graphs SAMPLE ...
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import sys
from typing import Any

from tests.oracle.compare import compare_graphs
from tests.oracle.differences import canonical_node
from tests.oracle.record import CONTROL_FLOW, describe_graph, describe_skeleton

Graph = list[list[str]]

# Graphs in which TensorFlow 2.21 differs from 1.15 beyond what `tests/oracle/as_1_15.py` puts back, or for which
# something is still to come here. Patterns of "<sample> <what is told of the shapes>".
OTHERWISE = {
    "control_flow-WhileGrad-* *": "the gradient of a loop is one node",
    "control_flow-If-4 *": "the gradient of a branch is one node",
    "array_gather-GatherNd-[12] *": "2.21 casts the sizes of a batch before it counts up to them",
    "array_matrix-Matrix*Diag* *": "2.21 writes the third versions of these operations",
    "ragged-* *": "2.21 keeps rows in a class of their own, with other nodes around them",
    "embedding_sparse-* *": "2.21 looks rows up once for each word instead of for each different word",
    "linalg-Svd-1 *": "2.21 writes MatrixDiagV3",
    "array_matrix-ExtractImagePatches-* rank gradients": "the gradient needs the rank",
    "array_pad-Tile-3 sizes": "2.21 knows more of repeat's shapes",
    "array_segment-UnsortedSegmentSum-[34] *": "means of segments of unknown rank are new",
    "array_shape-ConjugateTranspose-0 rank": "of unknown rank, before the patch of transpose",
    "cast-Cast-1[01] *": "2.21 clips between constants",
    "image-Mean-* *": "2.21 opens a scope for ssim",
    "image-Pad-* *": "2.21 looks at the sizes in another order",
    "image-Slice-* *": "2.21 looks at the sizes in another order",
    "image-Substr-* *": "decode_image is one operation in 2.21",
    "image_boxes-CombinedNonMaxSuppression-* *": "2.21 makes the constant max_total_size by itself",
    "image_color-Cast-[23] *": "div is floordiv in 2.21",
    "image_color-Cast-3[2-7] *": "div is floordiv in 2.21",
    "image_color-RealDiv-* *": "per_image_standardization gives floats in 2.21, without an Identity",
    "image_resize-Pad-* *": "2.21 calculates the sizes in single precision",
    "linalg-MatMul-1[3-7] *": "einsum is one operation in 2.21",
    "linalg-Mul-0 *": "einsum is one operation in 2.21",
    "linalg-Sum-0 *": "einsum is one operation in 2.21",
    "linalg-Transpose-0 *": "einsum is one operation in 2.21",
    "linalg-Cholesky-2 [sr]*": "least squares of unknown sizes need tf.cond",
    "nn-Sigmoid-0 *": "swish is a custom gradient in 2.21",
    "array_more-ExtractVolumePatches-* [sr]*": "TensorFlow forgets one of the five axes when sizes are unknown",
    "nn_more-Fractional* *": "the edges of n windows are n + 1 numbers; TensorFlow expects n",
    "nn_conv-Conv2DBackpropInput-[02] *": "2.21 merges the given sizes with the gradient's",
    "nn_conv-DepthwiseConv2dNative-2 *": "2.21 wants to know the filter's size",
    "random-Stateless* *": "2.21 has second versions with a key and a counter",
    "reduce-Bincount-2 *": "2.21 counts with DenseBincount",
    "linalg_more-Qr-5 *": "2.21 writes MatrixSetDiagV3",
    "linalg_more-MatMul-0 *": "2.21 writes MatrixSetDiagV3",
    "linalg_more-BatchMatMulV2-* *": "2.21 writes MatrixSetDiagV3",
    "linalg_more-MatrixTriangularSolve-* *": "2.21 writes MatrixSetDiagV3",
    "linalg_more-MatrixSolveLs-[23] *gradients": "the gradient of unknown sizes is an error in 2.21",
    "linalg_more-Tridiagonal*-[24] *": "2.21 takes the diagonals with MatrixDiagPartV3",
    "linalg_more-Svd-* rank*": "the gradient needs the rank, 2.21 fails at it in another way",
    "math_more-FusedBatchNormGradV3-* *": "2.21 takes the second derivative with a tape, 1.15 with tf.gradients",
    "signal-BesselI0e-* *": "2.21 opens a scope",
    "signal-GatherV2-[03] sizes gradients": "the axis is found out while building here",
    "signal-IRFFT-[0-2] sizes gradients": "the axis is found out while building here",
    "signal-RFFT-[0-3] sizes gradients": "the axis is found out while building here",
    "signal-RFFT-[19]* sizes*": "a change of length that is known later needs tf.cond",
    "signal-Pad-* *": "2.21 makes linspace of a hundred nodes",
    "string_ragged-* *": "rows of ragged tensors are partitions, made by other nodes, in 2.21",
    "transcendental-Bessel* *": "2.21 opens a scope",
    "debugging-Assert-1[123] *": "tf.cond guards an Assert of floats",
    "debugging-Assert-2[12] rank": "tf.cond on the rank",
    "debugging-All-* *": "tf.cond on the number of elements",
    "conv3d-Conv2DBackpropInput-* [sr]*": "2.21 merges the given sizes with the gradient's",
}


def graphs_of(tf: Any, sample: Any) -> dict[str, Graph]:
    """The graphs of a sample and of its gradients, with more and with less known of the shapes."""
    from tests.ops.make_golden import TOLD, build

    result: dict[str, Graph] = {}
    for told in TOLD if sample.inputs else ["known"]:
        with tf.Graph().as_default() as graph:
            try:
                holders, outputs = build(tf, sample, told)
            except Exception as error:
                result[told] = [["", type(error).__name__, "", ""]]
                continue
            result[told] = describe_graph(graph)
            if any(node[1] in CONTROL_FLOW for node in result[told]):
                result[told] = [[name, kind, "", outputs] for name, kind, outputs in describe_skeleton(graph)["nodes"]]
                continue  # gradients are made otherwise
            xs, ys = ([t for t in tensors if t.dtype.is_floating] for tensors in (holders, outputs))
            if sample.grad and xs and ys:
                try:
                    tf.gradients(ys, xs)
                except Exception as error:
                    result[f"{told} gradients"] = [["", type(error).__name__, "", ""]]
                else:
                    result[f"{told} gradients"] = describe_graph(graph)[len(result[told]) :]
    return result


def digest(graph: Graph) -> str:
    """A short text that differs when a node, its inputs, dtypes, static shapes or the order of nodes differ."""
    nodes = json.dumps([canonical_node(node) for node in graph])
    return hashlib.sha256(nodes.encode()).hexdigest()[:12]


def is_otherwise(name: str, told: str) -> bool:
    """True if the graph is one that TensorFlow 2.21 builds in another way."""
    return any(fnmatch.fnmatchcase(f"{name} {told}", pattern) for pattern in OTHERWISE)


def main() -> None:
    """Print where the graphs of the samples named on the command line differ."""
    import flowlab
    from tests.ops.registry import all_samples
    from tests.oracle.make_golden import import_tensorflow

    samples, tensorflow = dict(all_samples()), import_tensorflow()
    for name in sys.argv[1:]:
        expected, actual = (graphs_of(tf, samples[name]) for tf in (tensorflow, flowlab))
        for told in expected:
            lines = compare_graphs(expected[told], actual.get(told, []))
            print(f"{name} {told}: " + ("equal" if not lines else "\n    " + "\n    ".join(lines)))


if __name__ == "__main__":
    main()
