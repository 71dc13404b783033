"""Products of which only some columns are asked for.

A recurrent cell multiplies [x, h] with its weights. On the way back the gradient of both is one product with the
transposed weights; that of x is thrown away where x is data. So only the columns of h are computed.

    MatMul -> Slice         the product with the rows of the transposed matrix that make these columns
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.kernels import gemm
from flowlab._src.runtime.plan import Instruction
from flowlab._src.runtime.sequences import Sequences

TYPES = ("Slice",)


def fuse_products(lines: Sequences) -> None:
    """Replace products that are cut, where they are large."""
    for number, line in enumerate(lines.plan.instructions):
        if line.node.type == "Slice" and len(line.inputs) == 3 and lines.lines[number] is line:
            fuse_cut(lines, number, line)


def fuse_cut(lines: Sequences, number: int, line: Instruction) -> None:
    """Compute no columns that are cut off: 128x512 by 512x156 in 220 us, the last 128 columns of it in 165."""
    product, sizes = lines.before(line.inputs[0], "MatMul"), lines.plan.sizes
    begin, size = [lines.initial[slot] for slot in line.inputs[1:]]
    if product is None or sizes is None or begin is None or size is None or lines.reads[line.inputs[0]] != 1:
        return
    made = lines.lines[product]
    assert made is not None
    definition: Any = made.node.definition
    whole, part = sizes[made.node._outputs[0]], sizes[line.node._outputs[0]]
    a = sizes[made.node._inputs[0]]
    if whole is None or part is None or a is None or whole[0] != part[0] or not definition.transpose_b or made.refs:
        return
    # Small products are left to BLAS, which might add up in another order for another number of columns.
    if a[0] * a[1] * part[1] < gemm.LEAST or not lines.steady(made.inputs, product, number):  # type: ignore[operator]
        return
    cut = Cut(made.kernel, int(begin[1]), int(begin[1]) + int(part[1] or 0))
    lines.replace([product, number], number, cut, made.inputs, line.outputs)


class Cut:
    """The product with some lines of a matrix that is transposed."""

    def __init__(self, multiply: Callable[..., Any], first: int, last: int) -> None:
        self._multiply, self.first, self.last = multiply, first, last

    def __call__(self, a: Any, b: Any) -> Any:
        return self._multiply(a, b[self.first : self.last])
