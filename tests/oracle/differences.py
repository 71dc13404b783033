"""Where TensorFlow 2.21's 1.x mode differs from TensorFlow 1.15, and what the suite does about it.

flowlab follows 1.15. TensorFlow 2.21 is the one that can be installed today, so it is the oracle, except in the points
of this module. What 1.15 did was read in its public sources of August 2019, when its branch was cut.

`PATCHED` lists what `as_1_15` puts back before the golden files are made: the stored answers are then those of 1.15.
`OTHER_WORDS` and `NOT_RAISED` list the error programs whose text or exception 2.21 no longer has: 1.15's is asked for.
`SAME_TYPE` lists op types that stand for each other in a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """What 1.15 did, what 2.21 does, and whether the golden files follow 1.15 in it."""

    then: str
    now: str
    follow_1_15: bool = True


# The rule: forward graphs are 1.15's, because the number of nodes decides default seeds and old notebooks print their
# names; gradient graphs are those of 2.21, which stands beside the project and can be asked.
#
# By name of the patch. Change a flag, run `make_golden`, and the stored graphs follow the other version in that point.
PATCHED: dict[str, Difference] = {
    "default operation seeds": Difference(
        "an operation without a seed takes the number of operations already in the graph",
        "it takes the number of random operations so far: 0, 1, 2 ...",
    ),
    "random_uniform": Difference(
        "always seven nodes: shape, min, max, RandomUniform, sub, mul, and the sum that carries the name",
        "for the range [0, 1) the two nodes shape and RandomUniform; for [0, m) four",
    ),
    "conversion of inputs": Difference(
        "an input whose dtype has a default is converted to that default first: [] as axes or shape is int32",
        "it is converted freely first, then again if the dtype is not allowed: [] makes a float32 constant, too",
    ),
    "where gradients start": Difference(
        "a Fill of the constant grad_ys_0: Shape, grad_ys_0, Fill",
        "tf.ones named grad_ys_0: Shape, grad_ys_0/Const, grad_ys_0",
        follow_1_15=False,
    ),
    "makers of constants": Difference(
        "the known shape of ones_like is the constant Shape; linspace is one LinSpace node; one_hot converts given "
        "values twice, first to two constants that nothing reads",
        "the shape is Shape/shape_as_tensor; linspace is a composite of a hundred nodes; one_hot converts once",
    ),
    "slices by tensors": Difference(
        "bounds and steps that are left out are plain numbers, stacked with the tensors",
        "they are constants of the tensors' dtype, made one by one",
    ),
    "diagonals": Difference(
        "MatrixDiag, MatrixDiagPart, MatrixSetDiag (eye, trace)",
        "the third versions of these operations, with more inputs",
    ),
    "transpose of unknown rank": Difference(
        "Rank, sub, Range, sub_1",
        "Rank, sub, Range",
    ),
    "gradients of operators that broadcast": Difference(
        "Add, Sub, Mul, Pow and SquaredDifference: with both shapes known, the axes are worked out once per pair "
        "of shapes in a graph (one BroadcastGradientArgs node with its constants s0 and s1) and an operand is "
        "reduced only if its shape is not that of the gradient; else Shape, Shape_1, BroadcastGradientArgs and, "
        "for both operands, Sum and Reshape. RealDiv, Div, DivNoNan, FloorMod, Maximum and Minimum always take "
        "the second way. Maximum and Minimum choose with Select from a Fill of zeros",
        "the axes are worked out in Python where ranks allow; Sum keeps dimensions; Shape nodes become constants; "
        "Maximum and Minimum use SelectV2 and ZerosLike",
        follow_1_15=False,
    ),
    "gradients of reductions": Difference(
        "the kept shape is always built by nodes (Size, add, mod, range, Fill, DynamicStitch), for known shapes "
        "once per shape and axes in a graph; the gradient is repeated by Tile (Maximum, floordiv); Mean divides "
        "by the quotient of two Prod nodes; Max, Min and Prod reshape even when dimensions are kept; Sign gives a "
        "Fill of zeros",
        "kept shapes are worked out in Python where possible; BroadcastTo in place of Tile; Mean gathers the "
        "sizes of the reduced axes; Sign gives ZerosLike",
        follow_1_15=False,
    ),
    "gradients of shapes and slices": Difference(
        "Reshape, ExpandDims and Squeeze reshape to the Shape of the input; StridedSliceGrad takes the begin, end "
        "and strides nodes of the slice; GatherV2 takes the shape of the table as int64 and casts it",
        "a wildcard -1 where one size is unknown; new constants for begin, end and strides; the shape as int32",
        follow_1_15=False,
    ),
    "gradients of networks": Difference(
        "the sparse cross entropy's gradient goes through PreventGradient; that of ReluGrad and Relu6Grad has a "
        "Fill of zeros",
        "no PreventGradient, a second derivative instead; ZerosLike",
        follow_1_15=False,
    ),
    "Ftrl": Difference(
        "the accumulator starts from a constant; the second penalty is the constant l2_regularization_strength",
        "it starts from ones times a number; beta is worked into the penalty by nodes",
    ),
    "batched matrix products": Difference(
        "batch dimensions are reduced unless both whole shapes are known and equal",
        "they are reduced unless the batch dimensions alone are known and equal",
        follow_1_15=False,
    ),
    "dropout": Difference(
        "rate, Shape, random_uniform, sub, truediv, GreaterEqual, mul, Cast, mul_1",
        "scales by a constant and chooses with SelectV2",
    ),
    "split": Difference(
        "the number of parts becomes a constant, too, which nothing reads",
        "a list of sizes becomes a constant, a number does not",
    ),
    "reduce_logsumexp": Difference(
        "infinite maxima are replaced by Select and ZerosLike; the result is named Add",
        "SelectV2 with the scalar 0; the result is named by the scope",
    ),
    "parsing of examples": Difference(
        "ParseExample, ParseSingleSequenceExample and ParseSequenceExample take the first versions of their inputs; "
        "whether one example is a scalar is left to the operation",
        "their second versions, with ragged features; one sequence is parsed as a batch; assertions check for scalars",
    ),
    "clip_by_global_norm": Difference(
        "a norm that is not finite is replaced by nan with IsFinite and Select",
        "the scale is added to the difference of the norm with itself",
    ),
    "layers: convolutions": Difference(
        "the rate of dilation is a constant made with the weights; the nodes of a dilated convolution stand in the scope of "
        "the layer; that of sequences is in a scope conv1d",
        "no constant without dilation; all in a scope of the name of the operation",
    ),
    "layers: transposed convolutions": Difference(
        "the size of the output is computed by nodes",
        "known sizes are worked out in Python",
    ),
    "layers: dropout": Difference(
        "dropout is that of tf.nn",
        "dropout is that of a generator of random numbers of Keras",
    ),
    "recurrent cells": Difference(
        "built with the split, the dropout and the random_uniform of that time",
        "those of version 2",
    ),
    "layers: flatten": Difference(
        "always a Reshape, to a shape that is converted with it",
        "vectors go through ExpandDims; the shape is a constant of its own",
    ),
    "layers: batch normalization": Difference(
        "while training, the fused operation gets empty constants as moving averages; the momentum is a constant in any "
        "case; constants stand for a missing gamma and beta from the start",
        "it gets the moving averages; there is no momentum if not training; the constants are made at each call",
    ),
    "saturate_cast": Difference(
        "Maximum with the constant min, Minimum with the constant max, each where needed",
        "one ClipByValue between two constants",
    ),
    "checks of images": Difference(
        "all sizes of an image are checked to be positive",
        "only the last three",
    ),
    "sizes in proportion": Difference(
        "preserve_aspect_ratio takes the new height and width as known numbers",
        "it takes them out of the tensor of the new size",
    ),
}

# Op types that stand for each other: nodes are compared as if the left one were the right one.
SAME_TYPE = {
    # 1.15 writes Add for `tf.add` and AddV2 for `+`; 2.21 writes AddV2 for both. The two compute the same.
    "Add": "AddV2",
}

# Programs whose exception is the same in both, with other words in 2.21.
OTHER_WORDS: dict[str, str] = {
    "control_flow.loop_without_variables": "2.21: 'loop_vars' must be provided.",
    "errors.scope_name_with_a_space": "2.21 speaks of a root scope name and quotes the pattern",
    "errors.scope_name_with_a_leading_underscore": "2.21 speaks of a root scope name and quotes the pattern",
    "errors.tensor_as_a_bool": "2.21: Using a symbolic `tf.Tensor`",
    "errors.run_with_the_second_fetch_as_feed": "2.21: Using a symbolic `tf.Tensor`",
    "errors.variable_in_a_for_loop": "2.21 iterates over the variable's tensor and complains of that",
    "errors.fetch_of_none": "2.21: Argument `fetch` = None",
    "errors.fetch_of_a_number": "2.21: Argument `fetch` = 0.5",
    "errors.fraction_into_integers": "2.21 converts by hint in `tf.add`, too, and finds the dtypes different later",
    "errors.matrices_that_do_not_fit": "2.21 quotes the whole node where 1.15 says (op: 'MatMul')",
    "errors.matrix_times_vector": "2.21 quotes the whole node",
    "errors.shapes_that_do_not_broadcast": "2.21 quotes the whole node",
    "errors.reshape_that_does_not_fit": "2.21 quotes the whole node",
    "errors.window_larger_than_the_image": "2.21 quotes the whole node",
    "errors.sigmoid_cross_entropy_of_other_shapes": "2.21 puts the names in backquotes and says received",
    "errors.sparse_cross_entropy_of_one_hot_labels": "2.21 writes the rule as an equation",
    "errors.constant_of_ragged_rows": "2.21 lets NumPy complain of an array element",
    "errors.constant_of_a_list_of_arrays": "2.21: Expected values to be a dense tensor with shape",
    "errors.zeros_of_a_partly_known_shape": "2.21 puts the shape in the middle of the sentence",
    "resource.assigning_another_shape": "2.21: Cannot assign value to variable",
    "errors.unstack_of_unknown_length": "2.21: Cannot infer argument `num`",
    "layers.dense_of_an_unknown_size": "2.21: inputs to a Dense layer",
    "layers.dense_of_unknown_rank": "2.21 looks at the last dimension first",
    "layers.convolution_without_channels": "2.21: expected min_ndim=4",
    "layers.layer_called_on_another_size": "2.21 puts a comma before but",
    "layers.dense_of_integers": "2.21: A Dense layer can only be built with",
    "layers.convolution_of_unknown_channels": "2.21 writes a full stop after defined",
}

# Programs that raise in 1.15 and no longer raise in 2.21.
NOT_RAISED: dict[str, str] = {
    "errors.cross_entropy_by_position": "1.15 has a first parameter that must stay empty",
    "errors.sigmoid_cross_entropy_by_position": "1.15 has a first parameter that must stay empty",
    "errors.sparse_cross_entropy_by_position": "1.15 has a first parameter that must stay empty",
}


def canonical_node(node: list[str]) -> tuple[str, str, str, str]:
    """The node with its op type replaced by the one that stands for it."""
    name, op_type, inputs, outputs = node
    return name, SAME_TYPE.get(op_type, op_type), inputs, outputs
