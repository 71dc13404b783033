"""Names that changed before TensorFlow 1.0, and names that people expect but never existed.

Books and slides written in 2016 are still read. Their names work here, with one note that gives today's name. A name
that never existed raises, and its row below only makes the hint better than a comparison of spellings could.
"""

# What TensorFlow 0.x called it -> what TensorFlow 1.15 calls it. The arguments agree in order, so the new function can
# stand in for the old one; where they do not, OLD_SIGNATURES says how they were.
OLD_NAMES = {
    # arithmetic and arrays
    "mul": "multiply",
    "neg": "negative",
    "sub": "subtract",
    "inv": "reciprocal",
    "complex_abs": "abs",
    "select": "where",
    "pack": "stack",
    "unpack": "unstack",
    "listdiff": "setdiff1d",
    # variables and their initializers
    "all_variables": "global_variables",
    "initialize_all_variables": "global_variables_initializer",
    "initialize_local_variables": "local_variables_initializer",
    "initialize_variables": "variables_initializer",
    # summaries
    "scalar_summary": "summary.scalar",
    "histogram_summary": "summary.histogram",
    "image_summary": "summary.image",
    "audio_summary": "summary.audio",
    "merge_summary": "summary.merge",
    "merge_all_summaries": "summary.merge_all",
    "train.SummaryWriter": "summary.FileWriter",
    "train.SummaryWriterCache": "summary.FileWriterCache",
    # one function per operation: the ones on matrices took over the ones on batches of matrices
    "batch_matmul": "matmul",
    "batch_cholesky": "cholesky",
    "batch_cholesky_solve": "cholesky_solve",
    "batch_matrix_band_part": "matrix_band_part",
    "batch_matrix_determinant": "matrix_determinant",
    "batch_matrix_diag": "matrix_diag",
    "batch_matrix_diag_part": "matrix_diag_part",
    "batch_matrix_inverse": "matrix_inverse",
    "batch_matrix_set_diag": "matrix_set_diag",
    "batch_matrix_solve": "matrix_solve",
    "batch_matrix_solve_ls": "matrix_solve_ls",
    "batch_matrix_transpose": "matrix_transpose",
    "batch_matrix_triangular_solve": "matrix_triangular_solve",
    "batch_self_adjoint_eig": "self_adjoint_eig",
    "batch_self_adjoint_eigvals": "self_adjoint_eigvals",
    "batch_svd": "svd",
    "batch_fft": "fft",
    "batch_fft2d": "fft2d",
    "batch_fft3d": "fft3d",
    "batch_ifft": "ifft",
    "batch_ifft2d": "ifft2d",
    "batch_ifft3d": "ifft3d",
    # networks
    "nn.deconv2d": "nn.conv2d_transpose",
    "nn.rnn": "nn.static_rnn",
    "nn.state_saving_rnn": "nn.static_state_saving_rnn",
    "nn.bidirectional_rnn": "nn.static_bidirectional_rnn",
    # images
    "image.per_image_whitening": "image.per_image_standardization",
}

# Old name -> its arguments in their order, each with today's name. The call is translated.
OLD_SIGNATURES = {
    "batch_matmul": {"x": "a", "y": "b", "adj_x": "adjoint_a", "adj_y": "adjoint_b", "name": "name"},
    "batch_svd": {"tensor": "tensor", "compute_uv": "compute_uv", "full_matrices": "full_matrices", "name": "name"},
    "scalar_summary": {"tags": "name", "values": "tensor", "collections": "collections"},
    "histogram_summary": {"tag": "name", "values": "values", "collections": "collections"},
    "image_summary": {"tag": "name", "tensor": "tensor", "max_images": "max_outputs", "collections": "collections"},
    "audio_summary": {
        "tag": "name",
        "tensor": "tensor",
        "sample_rate": "sample_rate",
        "max_outputs": "max_outputs",
        "collections": "collections",
    },
    "select": {"condition": "condition", "t": "x", "e": "y", "name": "name"},
}

# Never a name of TensorFlow -> the name people mean.
NEVER_NAMES = {
    "float": "float32",
    "int": "int32",
    "integer": "int32",
    "str": "string",
    "boolean": "bool",
    "array": "constant",
    "var": "Variable",
    "mult": "multiply",
    "mean": "reduce_mean",
    "sum": "reduce_sum",
    "max": "reduce_max",
    "min": "reduce_min",
    "prod": "reduce_prod",
    "dot": "tensordot",
    "power": "pow",
    "cat": "concat",
    "concatenate": "concat",
    "random_gaussian": "random_normal",
    "randn": "random_normal",
    "rand": "random_uniform",
    "matmult": "matmul",
    "relu": "nn.relu",
    "softmax": "nn.softmax",
    "sess": "Session",
    "initialize_global_variables": "global_variables_initializer",
    "train.AdamOptimiser": "train.AdamOptimizer",
    "train.GradientDescent": "train.GradientDescentOptimizer",
    "len": "size",
    "train.SGD": "train.GradientDescentOptimizer",
    "train.Adam": "train.AdamOptimizer",
    "train.SGDOptimizer": "train.GradientDescentOptimizer",
}
