"""Queues as nodes: one that stands for the queue itself, and those that put in, take out, close and ask.

The queue is a Python object that the session keeps (`ops/queue_store.py`). The handle, a tensor of type resource, carries
that object to the operations.
"""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.dtypes import DType, int64, resource
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op import Array, Op, Resource, Spec
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.ops import queue_store
from flowlab._src.ops.queue_store import Element, Queue, Request, brackets
from flowlab._src.util import source
from flowlab._src.util.lazy import FlowlabNote

PATIENCE = 2.0  # seconds: who has waited so long for a queue that nobody fills is told so
_numbers = itertools.count()

SCALAR = TensorShape.of(())


def resource_name(op: Any, node: Any) -> str:
    """What a session keeps a queue, reader or accumulator under."""
    return op.container + "/" + (op.shared_name or node.name)


def unpack(handle: Any) -> Any:
    """The object behind a handle, also where it comes out of an array of handles (`QueueBase.from_list`)."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


# ---- the queues themselves -----------------------------------------------------------------------------------------


class QueueHandle(Op, abstract=True):
    """A queue that the session makes when it is used for the first time."""

    component_types: list[DType]
    shapes: list[TensorShape] = []
    capacity: int = -1
    container: str = ""
    shared_name: str = ""
    stateful = True
    reads_only = True
    grad = None

    def shape(self) -> TensorShape:
        return SCALAR

    def get_queue(self, run: Any) -> Queue:
        """The session's queue; one that is shared under this name must be like this one."""
        node = run.node
        name = resource_name(self, node)
        queue: Any = run.state.resource(
            ("resource", name), lambda: self.make(self.shared_name or f"_{next(_numbers)}_{node.name}")
        )
        if not isinstance(queue, Queue) or queue.op_type != self.type:
            found = getattr(queue, "op_type", type(queue).__name__)
            raise InvalidArgumentError(None, None, f"Expected {self.type}, found {found}")
        if self.shared_name:
            self.compare(queue, self.make(queue.name))
        return queue

    def make(self, name: str) -> Queue:
        """A new queue."""
        raise NotImplementedError

    def compare(self, queue: Queue, wanted: Queue) -> None:
        """InvalidArgumentError when the queue found under a shared name is another than the one asked for."""
        rows = [
            ("capacity", str(queue.capacity), str(wanted.capacity)),
            ("component types", type_names(queue.dtypes), type_names(wanted.dtypes)),
            ("component shapes", shape_names(queue.shapes), shape_names(wanted.shapes)),
        ]
        for what, found, asked in rows:
            if found != asked:
                verb = "was" if what == "capacity" else "were"
                raise InvalidArgumentError(
                    None, None, f"Shared queue '{queue.name}' has {what} {found} but requested {what} {verb} {asked}"
                )


def type_names(dtypes: Sequence[DType]) -> str:
    """Types as the runtime's messages list them."""
    return ", ".join(d.runtime_name for d in dtypes)


def shape_names(shapes: Sequence[TensorShape]) -> str:
    """Shapes as the runtime's messages list them."""
    return "[" + ", ".join(brackets(s) for s in shapes) + "]"


class FIFOQueueV2(QueueHandle):
    """A queue whose elements leave in the order of their coming."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_queue(run)

    def make(self, name: str) -> Queue:
        return Queue(name, self.capacity, self.component_types, self.shapes)


class PaddingFIFOQueueV2(QueueHandle):
    """A queue whose elements may differ in size; taken together they are filled up with zeros."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_queue(run)

    def make(self, name: str) -> Queue:
        return queue_store.PaddingFIFOQueue(name, self.capacity, self.component_types, self.shapes)


class PriorityQueueV2(QueueHandle):
    """A queue whose element with the smallest number leaves first; that number is one more component, the first."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_queue(run)

    def make(self, name: str) -> Queue:
        types, shapes = [int64, *self.component_types], [SCALAR, *self.shapes]
        return queue_store.PriorityQueue(name, self.capacity, types, shapes)


class RandomShuffleQueueV2(QueueHandle):
    """A queue whose elements leave in random order."""

    min_after_dequeue: int = 0
    seed: int = 0
    seed2: int = 0

    def kernel(self, run: Any) -> Array[Resource]:
        if self.min_after_dequeue < 0:
            raise InvalidArgumentError(None, None, f"min_after_dequeue {self.min_after_dequeue} must be >= 0")
        if 0 <= self.capacity <= self.min_after_dequeue:
            raise InvalidArgumentError(
                None, None, f"min_after_dequeue {self.min_after_dequeue} must be < capacity {self.capacity}"
            )
        return self.get_queue(run)

    def make(self, name: str) -> Queue:
        return queue_store.RandomShuffleQueue(
            name, self.capacity, self.component_types, self.shapes, self.min_after_dequeue, self.seed, self.seed2
        )

    def compare(self, queue: Any, wanted: Any) -> None:
        if queue.min_after_dequeue != wanted.min_after_dequeue:
            raise InvalidArgumentError(
                None,
                None,
                f"Shared queue '{queue.name}' has min_after_dequeue {queue.min_after_dequeue} but requested "
                f"min_after_dequeue was {wanted.min_after_dequeue}.",
            )
        super().compare(queue, wanted)


# ---- waiting -------------------------------------------------------------------------------------------------------


def waiter(run: Any, entering: bool) -> Callable[[Queue, Request], None]:
    """How a request of the running node waits: until it is done, the session is closed, or the time is over."""

    def wait(queue: Queue, request: Request) -> None:
        cancelled = ("Enqueue" if entering else "Dequeue") + " operation was cancelled"

        def remark() -> None:
            others = (queue.takers if entering else queue.fillers) - {threading.get_ident()}
            served = not entering and any(t.op.name in run.state.served for t in run.node._inputs)
            if not others and not served and not queue.closed:
                remark_on_wait(run.node, queue, entering)

        run.state.wait(queue.changed, lambda: request.done, cancelled, PATIENCE, remark)

    return wait


def remark_on_wait(node: Any, queue: Queue, entering: bool) -> None:
    """Say that a run waits for a queue which no other thread uses."""
    state = "is full" if entering else f"holds {len(queue)} elements"
    text = (
        f"{node.name!r} has been waiting for {PATIENCE:g} seconds: {queue.kind} '{queue.name}' {state}, and no other "
    )
    text += "thread takes anything out of it." if entering else "thread puts anything into it."
    if not entering and any(filled_by(runner, node) for runner in node.graph.get_collection(GraphKeys.QUEUE_RUNNERS)):
        text += " Its QueueRunner has not been started: call tf.train.start_queue_runners(sess) before this run."
    elif entering:
        text += " Take elements out in another thread, or give the queue more capacity."
    else:
        text += " Run an enqueue first, or start a tf.train.QueueRunner for it with tf.train.start_queue_runners(sess)."
    if (made := handle_of(node).site) is not None:
        text += f" The queue was made in {made.describe()}."
    text += " [FL135]"
    here = source.caller(2) or node.site
    if here is None:
        warnings.warn(text, FlowlabNote, stacklevel=2)
    else:
        warnings.warn_explicit(text, FlowlabNote, here.filename, here.line)


def handle_of(node: Any) -> Any:
    """The node that stands for the queue which `node` works on: the last of its inputs that is a resource."""
    return [t.op for t in node._inputs if t.dtype.base_dtype is resource][-1]


def filled_by(runner: Any, node: Any) -> bool:
    """True when a QueueRunner fills one of the queues that `node` reads."""
    handles = {t.op.name for t in node._inputs}
    return getattr(runner, "name", None) in handles


def take(run: Any, queue: Queue, count: int, small: bool = False) -> list[Element]:
    """Take elements out of a queue; the run waits for them."""
    queue.takers.add(threading.get_ident())
    return queue.dequeue(waiter(run, entering=False), count, small)


# ---- what is done with queues --------------------------------------------------------------------------------------


class QueueOp(Op, abstract=True):
    """An operation on a queue that gives nothing."""

    stateful = True
    grad: ClassVar[Any] = None

    def shape(self, *inputs: Any) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[DType]:
        return []


def enter(run: Any, queue: Queue, elements: Sequence[Element]) -> None:
    """Put elements into a queue; the run waits for room."""
    queue.fillers.add(threading.get_ident())
    queue.enqueue(waiter(run, entering=True), elements)


def check_types(queue: Queue, dtypes: Sequence[DType]) -> None:
    """InvalidArgumentError when the values are not as many, or not of the types, that the queue takes."""
    if list(dtypes) != queue.dtypes:
        have, expected = (",".join(d.runtime_name for d in part) for part in (dtypes, queue.dtypes))
        raise InvalidArgumentError(
            None, None, f"Signature mismatch, have: resource,{have}-> expected: resource,{expected}->"
        )


def kept(value: Any) -> Any:
    """A value that nobody else can change: views are copied, results are taken over."""
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim == 0:
        return value[()]
    if not value.flags.owndata:
        value = value.copy()
    value.flags.writeable = False
    return value


def as_array(value: Any) -> Any:
    """A component as other kernels expect it: strings in arrays, too."""
    return np.array(value, object) if isinstance(value, bytes) else value


class QueueEnqueueV2(QueueOp):
    """Put one element into a queue."""

    Tcomponents: list[DType]
    timeout_ms: int = -1

    def kernel(self, run: Any, handle: Array[Resource], components: Sequence[Array]) -> None:
        queue = unpack(handle)
        check_types(queue, self.Tcomponents)
        queue.check_element(components)
        enter(run, queue, [tuple(kept(v) for v in components)])


class QueueEnqueueManyV2(QueueOp):
    """Put several elements into a queue: the rows of the values."""

    Tcomponents: list[DType]
    timeout_ms: int = -1

    def kernel(self, run: Any, handle: Array[Resource], components: Sequence[Array]) -> None:
        queue = unpack(handle)
        check_types(queue, self.Tcomponents)
        if queue.check_elements(components):
            enter(run, queue, list(zip(*map(kept, components), strict=True)))


class Dequeue(Op, abstract=True):
    """Takes elements out of a queue."""

    component_types: list[DType]
    timeout_ms: int = -1
    stateful = True

    def shape(self, *inputs: Any) -> list[TensorShape]:
        return [UNKNOWN] * len(self.component_types)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return list(self.component_types)

    def check(self, queue: Queue) -> None:
        """InvalidArgumentError when the queue holds other types."""
        if queue.dtypes != list(self.component_types):
            have, expected = (",".join(d.runtime_name for d in p) for p in (queue.dtypes, self.component_types))
            raise InvalidArgumentError(
                None, None, f"Signature mismatch, have: resource->{have} expected: resource->{expected}"
            )


class QueueDequeueV2(Dequeue):
    """Take one element out of a queue."""

    def kernel(self, run: Any, handle: Array[Resource]) -> tuple[Array, ...]:
        queue = unpack(handle)
        self.check(queue)
        return tuple(as_array(v) for v in take(run, queue, 1)[0])


class DequeueSeveral(Dequeue, abstract=True):
    """Takes several elements out of a queue, each component stacked to one tensor."""

    small: ClassVar[bool] = False

    def shape(self, handle: Spec, n: Spec) -> list[TensorShape]:
        n.ranked(0)
        if n.value is not None and n.value < 0:
            raise ShapeError(f"Input 'n' must be >= 0, but is {n.value}")
        return [UNKNOWN] * len(self.component_types)

    def take_several(self, run: Any, queue: Queue, count: int) -> tuple[Any, ...]:
        """So many elements, or with `small` as many as there are left."""
        self.check(queue)
        if count < 0:
            raise InvalidArgumentError(None, None, f"DequeueManyOp requested {count} < 0 elements")
        if not queue.shapes:
            raise InvalidArgumentError(
                None,
                None,
                f"{queue.kind}'s DequeueMany and DequeueUpTo require the components to have specified shapes.",
            )
        return tuple(queue.stacked(take(run, queue, count, self.small) if count else []))


class QueueDequeueManyV2(DequeueSeveral):
    """Take so many elements out of a queue."""

    def kernel(self, run: Any, handle: Array[Resource], n: Array[np.int32]) -> tuple[Array, ...]:
        return self.take_several(run, unpack(handle), int(n))


class QueueDequeueUpToV2(DequeueSeveral):
    """Take so many elements out of a queue, fewer when it is closed and has no more."""

    small = True

    def kernel(self, run: Any, handle: Array[Resource], n: Array[np.int32]) -> tuple[Array, ...]:
        return self.take_several(run, unpack(handle), int(n))


class QueueCloseV2(QueueOp):
    """Let nothing more into a queue."""

    cancel_pending_enqueues: bool = False

    def kernel(self, run: Any, handle: Array[Resource]) -> None:
        unpack(handle).close(waiter(run, entering=True), self.cancel_pending_enqueues)


class QueueIsClosedV2(Op):
    """Whether a queue takes nothing more."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Array[Resource]) -> Array[np.bool_]:
        return np.bool_(unpack(handle).closed)

    def shape(self, handle: Spec) -> TensorShape:
        return SCALAR


class QueueSizeV2(Op):
    """How many elements a queue holds."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Array[Resource]) -> Array[np.int32]:
        return np.int32(len(unpack(handle)))

    def shape(self, handle: Spec) -> TensorShape:
        return SCALAR
