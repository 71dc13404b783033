"""`tf.FIFOQueue` and its relatives: the Python objects that build queue nodes."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

from flowlab._src.graph.arguments import as_int, as_list, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype, int64
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.queue_ops import (
    FIFOQueueV2,
    PaddingFIFOQueueV2,
    PriorityQueueV2,
    QueueCloseV2,
    QueueDequeueManyV2,
    QueueDequeueUpToV2,
    QueueDequeueV2,
    QueueEnqueueManyV2,
    QueueEnqueueV2,
    QueueIsClosedV2,
    QueueSizeV2,
    RandomShuffleQueueV2,
)
from flowlab._src.ops.random import get_seed
from flowlab._src.util.export import export


def as_types(value: Any) -> list[DType]:
    """One type or several as a list."""
    return [as_dtype(v) for v in (value if isinstance(value, (list, tuple)) else [value])]


def as_shapes(value: Any, partial: bool = False) -> list[TensorShape] | None:
    """The shapes of the components, None when none are given; they must be known, or with `partial` their rank."""
    several = isinstance(value, (list, tuple))
    if partial and (not several or not value or any(v is None or isinstance(v, int) for v in value)):
        raise misuse(ValueError("When providing partial shapes, a list of shapes must be provided."))
    if value is None:
        return None
    if isinstance(value, TensorShape):
        value = [value]
    elif not several:
        raise misuse(
            TypeError(f"Shapes must be a TensorShape or a list or tuple of TensorShapes, got {type(value)} instead.")
        )
    elif all(v is None or isinstance(v, int) for v in value):
        value = [value]  # the shape of a single component
    shapes = [as_shape(v) for v in value]
    if partial and any(s.ndims is None for s in shapes):
        raise misuse(ValueError(f"All shapes must have a defined rank: {shapes}"))
    if not partial and not all(s.is_fully_defined() for s in shapes):
        raise misuse(
            ValueError(f"All shapes must be fully defined: {shapes}"),
            "give every size, or use a tf.PaddingFIFOQueue, which takes elements of different sizes",
        )
    return shapes


def as_names(value: Any, count: int) -> list[str] | None:
    """The names of the components, or None."""
    if value is None:
        return None
    names = [as_text(v, "names") for v in (value if isinstance(value, (list, tuple)) else [value])]
    if len(names) != count:
        raise misuse(
            ValueError(
                "List of names must have the same length as the list of dtypes, "
                f"received len(names)={len(names)},len(dtypes)={count}"
            )
        )
    return names


def common_shape(a: TensorShape, b: TensorShape) -> TensorShape:
    """What two shapes agree in."""
    if a._dims is None or b._dims is None or len(a._dims) != len(b._dims):
        return UNKNOWN
    return TensorShape.of(tuple(x if x == y else None for x, y in zip(a._dims, b._dims, strict=True)))


@export("QueueBase", "queue.QueueBase", "io.QueueBase")
class QueueBase:
    """A queue: a node that keeps elements from run to run, between those who put in and those who take out.

    An element is one tensor or several (its components). Enqueueing into a full queue and dequeueing from an empty one
    wait until another thread makes that possible. Use one of the subclasses.

    Parameters
    ----------
    dtypes : list of DType
    shapes : list of TensorShape, or None
    names : list of str, or None
        With names, elements are dictionaries.
    queue_ref : Tensor, resource
        The output of the queue's node.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Tensor) -> None:
        dtypes = as_list(dtypes, "dtypes")
        shapes = None if shapes is None else as_list(shapes, "shapes")
        names = None if names is None else as_list(names, "names")
        if not isinstance(queue_ref, Tensor):
            raise misuse(TypeError(f"queue_ref must be a Tensor, but got {type(queue_ref)}"))
        self._dtypes = dtypes
        if shapes is not None and len(shapes) != len(dtypes):
            raise misuse(
                ValueError(
                    "Queue shapes must have the same length as dtypes, "
                    f"received len(shapes)={len(shapes)}, len(dtypes)={len(dtypes)}"
                )
            )
        self._shapes = [UNKNOWN] * len(dtypes) if shapes is None else [TensorShape(s) for s in shapes]
        if names is not None and len(names) != len(dtypes):
            raise misuse(
                ValueError(
                    "Queue names must have the same length as dtypes,"
                    f"received len(names)={len(names)},len {len(dtypes)}"
                )
            )
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: list[QueueBase]) -> QueueBase:
        """Return the queue with this number among `queues`; the number is known only when the graph runs.

        Parameters
        ----------
        index : Tensor, int32 scalar
        queues : list of QueueBase
            All with the same dtypes and names.
        """
        if not isinstance(queues, list) or not queues or not all(isinstance(q, QueueBase) for q in queues):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(q.dtypes != first.dtypes for q in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(q.names != first.names for q in queues):
            raise TypeError("Queues do not have matching component names.")
        shapes = [functools.reduce(common_shape, parts) for parts in zip(*(q.shapes for q in queues), strict=True)]
        from flowlab._src.ops.gather import gather
        from flowlab._src.ops.joining import stack

        return QueueBase(first.dtypes, shapes, first.names, gather(stack([q.queue_ref for q in queues]), index))

    @property
    def queue_ref(self) -> Tensor:
        """The tensor that stands for the queue."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the queue's node."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[DType]:
        """The types of the components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The shapes of the components."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """The names of the components, or None."""
        return self._names

    # ---- putting in -----------------------------------------------------------------------------------------------

    def _components(self, vals: Any) -> list[Tensor]:
        """The values as tensors of the right types, in the order of the components."""
        if isinstance(vals, dict):
            if not self._names:
                raise misuse(ValueError("Queue must have names to enqueue a dictionary"))
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise misuse(
                    ValueError(
                        "Keys in dictionary to enqueue do not match names of Queue.  "
                        f"Dictionary: {sorted(vals, key=str)},Queue: {sorted(self._names, key=str)}"
                    )
                )
            vals = [vals[name] for name in self._names]
        else:
            if self._names:
                raise misuse(ValueError("You must enqueue a dictionary in a Queue with names"))
            if not isinstance(vals, (list, tuple)):
                vals = [vals]
        return [
            convert(value, dtype, f"component_{i}")
            for i, (value, dtype) in enumerate(zip(vals, self._dtypes, strict=False))
        ]

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """Return an operation that puts one element in; while the queue is full it waits.

        Parameters
        ----------
        vals : Tensor, list or tuple of Tensor, or dict by name
            One value for each component.
        name : str, optional

        Raises
        ------
        tf.errors.CancelledError
            When it runs and the queue is closed.
        """
        with name_scope(name, f"{self._name}_enqueue", scope_values(vals)) as scope:
            tensors = self._components(vals)
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                check_fits(tensor, tensor.shape, shape)
            return QueueEnqueueV2([t.dtype.base_dtype for t in tensors])(self._queue_ref, tensors, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """Return an operation that puts several elements in: the rows of `vals`.

        Parameters
        ----------
        vals : Tensor, list or tuple of Tensor, or dict by name
            All of the same first size, which is the number of elements.
        name : str, optional

        Examples
        --------
        >>> q = tf.FIFOQueue(10, [tf.int32])
        >>> fill, take = q.enqueue_many([[1, 2, 3]]), q.dequeue()
        >>> with tf.Session() as sess:
        ...     sess.run(fill)
        ...     [int(sess.run(take)) for _ in range(3)]
        [1, 2, 3]
        """
        with name_scope(name, f"{self._name}_EnqueueMany", scope_values(vals)) as scope:
            tensors = self._components(vals)
            batch = as_shape([None])
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                batch = batch.merge_with(tensor.shape.with_rank_at_least(1)[:1])
                check_fits(tensor, tensor.shape[1:], shape)
            return QueueEnqueueManyV2([t.dtype.base_dtype for t in tensors])(self._queue_ref, tensors, name=scope)

    # ---- taking out -----------------------------------------------------------------------------------------------

    def _result(self, tensors: list[Tensor], batch: TensorShape | None) -> Any:
        for tensor, shape in zip(tensors, self._shapes, strict=True):
            tensor.set_shape(shape if batch is None else batch.concatenate(shape))
        if self._names:
            return dict(zip(self._names, tensors, strict=True))
        return tensors[0] if len(tensors) == 1 else tensors

    def dequeue(self, name: str | None = None) -> Any:
        """Return the components of one element, which is taken out whenever they are computed.

        Returns
        -------
        Tensor, list of Tensor, or dict by name

        Raises
        ------
        tf.errors.OutOfRangeError
            When it runs and the queue is empty and closed.
        """
        name = name or f"{self._name}_Dequeue"
        return self._result(QueueDequeueV2(self._dtypes)(self._queue_ref, name=name), None)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """Return `n` elements, each component stacked to one tensor; waits until there are so many.

        The shapes of the components must be known.

        Returns
        -------
        Tensor, list of Tensor, or dict by name; shapes (n, ...)
        """
        tensors = QueueDequeueManyV2(self._dtypes)(self._queue_ref, n, name=name or f"{self._name}_DequeueMany")
        in_graph = tensors and not get_default_graph().eager
        count = constant_value(tensors[0].op.inputs[1]) if in_graph else None
        return self._result(tensors, TensorShape.of((None if count is None else int(count),)))

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """Return `n` elements, or as many as are left once the queue is closed.

        Returns
        -------
        Tensor, list of Tensor, or dict by name; shapes (?, ...)
        """
        tensors = QueueDequeueUpToV2(self._dtypes)(self._queue_ref, n, name=name or f"{self._name}_DequeueUpTo")
        return self._result(tensors, TensorShape.of((None,)))

    # ---- the queue as a whole -------------------------------------------------------------------------------------

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """Return an operation that closes the queue: nothing more goes in, what is in it can be taken out.

        Parameters
        ----------
        cancel_pending_enqueues : bool
            End enqueues that are waiting for room with CancelledError, instead of letting them in first.
        name : str, optional
        """
        op = QueueCloseV2(cancel_pending_enqueues=cancel_pending_enqueues)
        return op(self._queue_ref, name=f"{self._name}_Close" if name is None else name)

    def is_closed(self, name: str | None = None) -> Tensor:
        """Return a tensor that tells whether the queue is closed."""
        return QueueIsClosedV2()(self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Tensor:
        """Return the number of elements in the queue, an int32 scalar tensor."""
        return QueueSizeV2()(self._queue_ref, name=name or f"{self._name}_Size")


def scope_values(vals: Any) -> list[Any]:
    """The values of an element as a list."""
    if isinstance(vals, dict):
        return list(vals.values())
    return list(vals) if isinstance(vals, (list, tuple)) else [vals]


def check_fits(tensor: Tensor, found: TensorShape, wanted: TensorShape) -> None:
    """ValueError when a tensor cannot be of the shape that the queue takes."""
    if not found.is_compatible_with(wanted):
        raise misuse(
            ValueError(f"Shapes {found} and {wanted} are incompatible"),
            f"the queue takes elements of shape {wanted}, '{tensor.name}' would give some of shape {found}",
        )


@export("FIFOQueue", "queue.FIFOQueue")
class FIFOQueue(QueueBase):
    """A queue whose elements leave in the order of their coming (first in, first out).

    Parameters
    ----------
    capacity : int
        So many elements it holds; enqueues into a full queue wait. Negative: no limit.
    dtypes : DType or list of DType
        Of the components of an element.
    shapes : list of TensorShape, optional
        Of the components. Needed for `dequeue_many`; without them elements may differ.
    names : list of str, optional
        Then elements are dictionaries.
    shared_name : str, optional
        Queues of one shared name are one queue.
    name : str, optional

    Examples
    --------
    >>> q = tf.FIFOQueue(3, [tf.float32], shapes=[[]])
    >>> init = q.enqueue_many([[0.0, 10.0, 20.0]])
    >>> x = q.dequeue()
    >>> again = q.enqueue([x + 1])
    >>> with tf.Session() as sess:
    ...     sess.run(init)
    ...     for _ in range(3):
    ...         sess.run(again)
    ...     sess.run(q.dequeue_many(3))
    array([ 1., 11., 21.], dtype=float32)
    """

    def __init__(
        self, capacity: int, dtypes: Any, shapes: Any = None, names: Any = None, shared_name: str | None = None,
        name: str = "fifo_queue",
    ) -> None:  # fmt: skip
        kinds = as_types(dtypes)
        parts, names = as_shapes(shapes), as_names(names, len(kinds))
        check_components(kinds, parts, FIFOQueueV2)
        graph = get_default_graph()
        with graph.control_dependencies(None), graph.device("/device:CPU:*"):
            ref = FIFOQueueV2(kinds, parts or [], as_int(capacity, "capacity"), shared_name=shared_name or "")(
                name=name
            )
        super().__init__(kinds, parts, names, ref)


@export("PaddingFIFOQueue", "queue.PaddingFIFOQueue", "io.PaddingFIFOQueue")
class PaddingFIFOQueue(QueueBase):
    """A queue whose elements may differ in size; `dequeue_many` fills them up with zeros to the size of the largest.

    Parameters
    ----------
    capacity : int
    dtypes : DType or list of DType
    shapes : list of TensorShape
        Of the components; None for sizes that may differ.
    names : list of str, optional
    shared_name : str, optional
    name : str, optional

    Examples
    --------
    >>> q = tf.PaddingFIFOQueue(10, [tf.int32], shapes=[[None]])
    >>> first, second, batch = q.enqueue([[1, 2, 3]]), q.enqueue([[4]]), q.dequeue_many(2)
    >>> with tf.Session() as sess:
    ...     sess.run(first)
    ...     sess.run(second)
    ...     sess.run(batch)
    array([[1, 2, 3],
           [4, 0, 0]], dtype=int32)
    """

    def __init__(
        self, capacity: int, dtypes: Any, shapes: Any, names: Any = None, shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:  # fmt: skip
        kinds = as_types(dtypes)
        parts, names = as_shapes(shapes, partial=True) or [], as_names(names, len(kinds))
        if len(kinds) != len(parts):
            raise misuse(
                ValueError(
                    f"Shapes must be provided for all components, but received {len(kinds)} dtypes and "
                    f"{len(parts)} shapes."
                )
            )
        ref = PaddingFIFOQueueV2(kinds, parts, as_int(capacity, "capacity"), shared_name=shared_name or "")(name=name)
        super().__init__(kinds, parts, names, ref)


@export("RandomShuffleQueue", "queue.RandomShuffleQueue", "io.RandomShuffleQueue")
class RandomShuffleQueue(QueueBase):
    """A queue whose elements leave in random order.

    Parameters
    ----------
    capacity : int
    min_after_dequeue : int
        So many elements stay behind while the queue is open, so that there is always something to choose from.
    dtypes : DType or list of DType
    shapes : list of TensorShape, optional
    names : list of str, optional
    seed : int, optional
    shared_name : str, optional
    name : str, optional

    Examples
    --------
    >>> q = tf.RandomShuffleQueue(100, 0, [tf.int32], shapes=[[]], seed=5)
    >>> fill, batch = q.enqueue_many([list(range(8))]), q.dequeue_many(8)
    >>> with tf.Session() as sess:
    ...     sess.run(fill)
    ...     sorted(sess.run(batch).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7]
    """

    def __init__(
        self, capacity: int, min_after_dequeue: int, dtypes: Any, shapes: Any = None, names: Any = None,
        seed: int | None = None, shared_name: str | None = None, name: str = "random_shuffle_queue",
    ) -> None:  # fmt: skip
        kinds = as_types(dtypes)
        parts, names = as_shapes(shapes), as_names(names, len(kinds))
        check_components(kinds, parts, RandomShuffleQueueV2)
        first, second = get_seed(seed)
        if first is not None and seed is None and shared_name is not None:
            # Queues that are shared must agree in their seeds, wherever in the graph they are made.
            digest = hashlib.md5((str(first) + shared_name).encode("utf-8"), usedforsecurity=False).hexdigest()
            second = int(digest[:8], 16) & 0x7FFFFFFF
        op = RandomShuffleQueueV2(
            kinds, parts or [], as_int(capacity, "capacity"), "", shared_name or "",
            as_int(min_after_dequeue, "min_after_dequeue"), first or 0, second or 0,
        )  # fmt: skip
        super().__init__(kinds, parts, names, op(name=name))


@export("PriorityQueue", "queue.PriorityQueue", "io.PriorityQueue")
class PriorityQueue(QueueBase):
    """A queue whose elements have a number: the one with the smallest leaves first.

    Parameters
    ----------
    capacity : int
    types : DType or list of DType
        Of the components after the number, which is the first one, an int64 scalar.
    shapes : list of TensorShape, optional
    names : list of str, optional
        The number needs a name, too.
    shared_name : str, optional
    name : str, optional

    Examples
    --------
    >>> q = tf.PriorityQueue(10, [tf.string], shapes=[[]])
    >>> later, now = q.enqueue((2, "dinner")), q.enqueue((1, "lunch"))
    >>> with tf.Session() as sess:
    ...     sess.run(later)
    ...     sess.run(now)
    ...     sess.run(q.dequeue())
    [np.int64(1), b'lunch']
    """

    def __init__(
        self, capacity: int, types: Any, shapes: Any = None, names: Any = None, shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:  # fmt: skip
        kinds = as_types(types)
        parts = as_shapes(shapes)
        if parts is None:
            raise misuse(TypeError("Expected list for 'shapes' argument to 'priority_queue_v2' Op, not None."))
        check_components(kinds, parts, PriorityQueueV2, least=0)
        ref = PriorityQueueV2(kinds, parts, as_int(capacity, "capacity"), shared_name=shared_name or "")(name=name)
        names = as_names(names, len(kinds) + 1)
        super().__init__([int64, *kinds], [TensorShape.of(()), *parts] if parts else None, names, ref)


def check_components(kinds: Sequence[DType], shapes: Sequence[TensorShape] | None, op: Any, least: int = 1) -> None:
    """ValueError when there are too few components, or shapes for some of them only."""
    if len(kinds) < least:
        raise misuse(
            ValueError(f"Attr 'component_types' of '{op.type}' Op passed list of length 0 less than minimum {least}.")
        )
    if shapes is not None and len(shapes) != len(kinds):
        raise misuse(
            ValueError(
                "Queue shapes must have the same length as dtypes, "
                f"received len(shapes)={len(shapes)}, len(dtypes)={len(kinds)}"
            )
        )
