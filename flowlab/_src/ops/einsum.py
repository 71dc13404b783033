"""`tf.einsum`: sums of products in index notation, composed of transpose, reshape and matmul."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.arithmetic import multiply
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.linalg import matmul, trace
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.util.export import export


@export("einsum", "linalg.einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """Multiply tensors and sum over indices, as the equation says.

    Each letter is an axis. Letters that are missing after the arrow are summed over: "ij,jk->ik" is the matrix
    product. Without an arrow the letters that occur once stay, in alphabetical order. "..." stands for any number of
    axes in front, which are broadcast.

    Parameters
    ----------
    equation : str
    *inputs : Tensor
        One for each term of the left side.
    name : str, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the equation is malformed or does not fit the inputs.
    TypeError
        For any other keyword argument.

    Examples
    --------
    >>> a, b = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[1.0, 0.0], [0.0, 10.0]])
    >>> with tf.Session() as sess:
    ...     sess.run([tf.einsum("ij,jk->ik", a, b), tf.einsum("ij->j", a), tf.einsum("ij,ij->", a, b)])
    [array([[ 1., 20.],
           [ 3., 40.]], dtype=float32), array([4., 6.], dtype=float32), np.float32(41.0)]
    """
    name = kwargs.pop("name", None)
    if kwargs:
        names = ", ".join(format(key) for key in sorted(kwargs))
        raise misuse(TypeError(f"invalid keyword arguments for this function: {names}"))
    equation = as_text(equation, "equation")
    with name_scope(name, "einsum", list(inputs)):
        tensors = [convert(x) for x in inputs]
        terms, output = parse(equation, tensors)
        if len(terms) == 1 and "->" not in equation and len(terms[0]) == 2 and terms[0][0] == terms[0][1]:
            return trace(tensors[0])
        for term in terms:
            if len(set(term)) < len(term):
                raise misuse(ValueError(f"Subscript not supported: an axis appears more than once: {term}"))
        total, labels = tensors[0], terms[0]
        for i in range(1, len(tensors)):
            needed = set(output).union(*terms[i + 1 :])
            summed = [a for a in labels if a in terms[i] and a not in needed]
            total, labels = multiply_and_sum(total, labels, tensors[i], terms[i], summed)
        missing = [i for i, a in enumerate(labels) if a not in output]
        if missing:
            total = reduce_sum(total, axis=missing)
            labels = "".join(a for a in labels if a in output)
        if sorted(labels) != sorted(output):
            raise misuse(ValueError(f"Invalid equation: {equation}"))
        return reorder(total, labels, output)


def parse(equation: str, inputs: Sequence[Tensor]) -> tuple[list[str], str]:
    """The labels of each input and of the output; the axes of an ellipsis get labels of their own."""
    text = equation.replace(" ", "")
    match = re.match(r"^([a-zA-Z,.]+)(->[a-zA-Z.]*)?$", text)
    if not match:
        raise misuse(ValueError(f"Indices have incorrect format: {equation}"))
    terms = match.group(1).split(",")
    output = match.group(2)[2:] if match.group(2) else None
    if len(terms) != len(inputs):
        raise ValueError(
            f'Incorrect number of arguments for equation "{equation}": got {len(inputs)}, expected {len(terms)}'
        )
    names = iter("".join(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text))
    front = ""  # labels for the axes of the longest ellipsis; a shorter one takes the last of them
    counts = []
    for term, x in zip(terms, inputs, strict=True):
        ndims = x.shape.ndims
        if term.count(".") not in (0, 3) or ("." in term and "..." not in term):
            raise misuse(ValueError(f"Period '.' found outside of ellipsis: {term}"))
        letters = len(term.replace("...", ""))
        if ndims is None:
            if "..." in term:
                raise misuse(ValueError("an ellipsis needs an input of known rank"))
            counts.append(0)
            continue
        if (ndims != letters and "..." not in term) or ndims < letters:
            raise ValueError(
                f"Incorrect number of indices for equation {equation}: {term} names {letters} axes of {ndims}"
            )
        counts.append(ndims - letters)
    while len(front) < max(counts):
        front += next(names)
    terms = [t.replace("...", front[len(front) - n :]) for t, n in zip(terms, counts, strict=True)]
    if output is None:
        named = "".join(terms)
        single = sorted(a for a in set(named) if named.count(a) == 1 and a not in front)
        return terms, front + "".join(single)
    return terms, output.replace("...", front)


def reorder(x: Tensor, labels: str, wanted: str) -> Tensor:
    """Transpose, unless the axes are in order already."""
    from flowlab._src.ops.transposing import transpose

    return x if labels == wanted else transpose(x, [labels.index(a) for a in wanted])


def multiply_and_sum(x: Tensor, x_labels: str, y: Tensor, y_labels: str, summed: Sequence[str]) -> tuple[Tensor, str]:
    """The product of two tensors, summed over the given common axes; as one batched matrix product where it can be."""
    common = [a for a in x_labels if a in y_labels and a not in summed]
    only_x = [a for a in x_labels if a not in y_labels]
    only_y = [a for a in y_labels if a not in x_labels]
    if not summed:
        x = reorder(x, x_labels, "".join(common + only_x))
        y = reorder(y, y_labels, "".join(common + only_y))
        for _ in only_y:
            x = expand_dims(x, -1)
        for _ in only_x:
            y = expand_dims(y, len(common))
        return multiply(x, y), "".join(common + only_x + only_y)
    inner = list(summed)
    x = reorder(x, x_labels, "".join(common + only_x + inner))
    y = reorder(y, y_labels, "".join(common + inner + only_y))
    x_sizes, y_sizes = sizes_of(x), sizes_of(y)
    n, p, q = len(common), len(only_x), len(inner)
    batch = x_sizes[:n]
    left, right = x_sizes[n : n + p], y_sizes[n + q :]
    if (p, q) != (1, 1):
        x = reshape(x, pack([*batch, product(left), product(x_sizes[n + p :])]))
    if (len(only_y), q) != (1, 1):
        y = reshape(y, pack([*batch, product(y_sizes[n : n + q]), product(right)]))
    result = matmul(x, y)
    if p != 1 or len(only_y) != 1:
        result = reshape(result, pack([*batch, *left, *right]))
    return result, "".join(common + only_x + only_y)


def sizes_of(x: Tensor) -> list[Any]:
    """The size of each axis: a number where it is known, else a tensor."""
    known = x.shape.as_list()
    if None not in known:
        return known
    sizes = shape_of(x)
    return [sizes[i] if d is None else d for i, d in enumerate(known)]


def product(sizes: Sequence[Any]) -> Any:
    """The product of sizes, some of which may be tensors."""
    if all(isinstance(d, int) for d in sizes):
        result = 1
        for d in sizes:
            result *= d
        return result
    return sizes[0] if len(sizes) == 1 else reduce_prod(pack(sizes))


def pack(sizes: Sequence[Any]) -> Any:
    """Sizes as one shape."""
    from flowlab._src.ops.joining import stack

    return list(sizes) if all(isinstance(d, int) for d in sizes) else stack(list(sizes))
