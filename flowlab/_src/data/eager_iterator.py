"""`tf.contrib.eager.Iterator`: the elements of a dataset, one after the other, in eager mode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowlab._src.errors import OutOfRangeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import nest
from flowlab._src.util.export import export


@export("contrib.eager.Iterator")
class Iterator:
    """Gives the elements of a dataset: `for element in tf.contrib.eager.Iterator(dataset)`.

    Parameters
    ----------
    dataset : Dataset, or anything that Python can iterate over
        Its elements are tensors, arrays or numbers, or structures of them.

    Raises
    ------
    RuntimeError
        In graph mode.
    TypeError
        If the dataset cannot be iterated over.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     [int(x) for x in tf.contrib.eager.Iterator([1, 2, 3])]
    [1, 2, 3]
    """

    def __init__(self, dataset: Any) -> None:
        if not get_default_graph().eager:
            raise misuse(
                RuntimeError(
                    "Iterator objects can only be used when eager execution is enabled, use "
                    "tf.data.Dataset.make_initializable_iterator or tf.data.Dataset.make_one_shot_iterator for graph construction"
                )
            )
        if not isinstance(dataset, Iterable) or isinstance(dataset, (str, bytes)):
            raise misuse(TypeError(f"`dataset` must be a dataset, not {dataset!r}."))
        self._elements = iter(dataset)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return nest.map_structure(_as_tensor, next(self._elements))

    def next(self) -> Any:
        """Return the next element; StopIteration after the last."""
        return self.__next__()

    def get_next(self, name: str | None = None) -> Any:
        """Return the next element; OutOfRangeError after the last."""
        try:
            return self.__next__()
        except StopIteration:
            raise misuse(OutOfRangeError(None, None, "End of sequence")) from None


def _as_tensor(value: Any) -> Any:
    return value if isinstance(value, (Tensor, SparseTensor)) else convert(value)
