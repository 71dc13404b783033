"""The queues that a session keeps between runs: who waits, who is served next, and in which order elements leave.

All enqueues stand in one line and all dequeues in another. `Queue.serve` lets the first of each line go on as far as it
can, again and again until neither gets further. So a request for many elements takes them as they come, and whoever asked
first is served first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import CancelledError, InvalidArgumentError, OpError, OutOfRangeError
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.shape import TensorShape
from flowlab._src.kernels.random import Philox

Element = tuple[Any, ...]  # one value for each component
UNLIMITED = 2**31 - 1


class Request:
    """An enqueue, dequeue or close that stands in line."""

    __slots__ = ("done", "error", "left", "needed", "small", "taken")

    def __init__(self, left: deque[Element] | None = None, needed: int = 0, small: bool = False) -> None:
        self.left = left  # elements still to be put in; None for a dequeue or a close
        self.needed = needed  # elements still to be taken out
        self.small = small  # fewer will do once the queue is closed
        self.taken: list[Element] = []
        self.error: OpError | None = None
        self.done = False

    def fail(self, error: OpError) -> None:
        """End the request with an error."""
        self.error = error
        self.done = True


class Queue:
    """Elements in the order of their coming, and those who wait for room or for elements."""

    kind: ClassVar[str] = "FIFOQueue"  # its name in messages
    op_type: ClassVar[str] = "FIFOQueueV2"

    def __init__(self, name: str, capacity: int, dtypes: Sequence[DType], shapes: Sequence[TensorShape]) -> None:
        self.name = name
        self.capacity = UNLIMITED if capacity < 0 else capacity
        self.dtypes = list(dtypes)
        self.shapes = list(shapes)  # of each component; empty when elements may differ
        self.closed = False
        self.changed = threading.Condition()  # its lock guards everything here
        self.fillers: set[int] = set()  # the threads that have put something in
        self.takers: set[int] = set()
        self._entering: deque[Request] = deque()
        self._leaving: deque[Request] = deque()
        self._elements: Any = self.make_store()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<{self.kind} '{self.name}' with {len(self._elements)} elements, {state}>"

    def __len__(self) -> int:
        return len(self._elements)

    def __bool__(self) -> bool:
        return True  # an empty queue is a queue, too

    # ---- the order in which elements leave: what kinds of queues differ in ----------------------------------------

    def make_store(self) -> Any:
        """The container of the elements."""
        return deque()

    def put(self, element: Element) -> None:
        """Add an element."""
        self._elements.append(element)

    def take(self) -> Element:
        """Remove and return the element whose turn it is."""
        element: Element = self._elements.popleft()
        return element

    def put_back(self, elements: list[Element]) -> None:
        """Return elements that were taken for a request which failed."""
        self._elements.extendleft(reversed(elements))

    def available(self) -> int:
        """How many elements may leave now."""
        return len(self._elements)

    # ---- requests -------------------------------------------------------------------------------------------------

    def enqueue(self, wait: Callable[[Queue, Request], None], elements: Sequence[Element]) -> None:
        """Put elements in, waiting for room."""
        self._submit(self._entering, Request(deque(elements)), wait)

    def dequeue(self, wait: Callable[[Queue, Request], None], count: int, small: bool = False) -> list[Element]:
        """Take elements out, waiting for them; with `small` a closed queue gives those that are left."""
        request = Request(needed=count, small=small)
        self._submit(self._leaving, request, wait)
        return request.taken

    def close(self, wait: Callable[[Queue, Request], None], cancel_pending: bool) -> None:
        """Let nothing more in; enqueues that wait already come first, or are cancelled."""
        if not cancel_pending:
            self._submit(self._entering, Request(), wait)
            return
        with self.changed:
            self.closed = True
            for request in self._entering:
                request.fail(CancelledError(None, None, "Enqueue operation was cancelled"))
            self._entering.clear()
            self.serve()
            self.changed.notify_all()

    def _submit(self, line: deque[Request], request: Request, wait: Callable[[Queue, Request], None]) -> None:
        with self.changed:
            line.append(request)
            self.serve()
            if not request.done:
                try:
                    wait(self, request)
                except BaseException:
                    self._withdraw(line, request)
                    raise
            if request.error is not None:
                raise request.error

    def _withdraw(self, line: deque[Request], request: Request) -> None:
        """Forget a request whose run has been ended; what it has taken goes back."""
        if request in line:
            line.remove(request)
        if request.taken:
            self.put_back(request.taken)
        self.serve()

    def serve(self) -> None:
        """Let requests go on as far as they can, and wake those that are done."""
        served = False
        moved = True
        while moved:
            moved = False
            for line, attempt in ((self._entering, self._try_to_enter), (self._leaving, self._try_to_leave)):
                while line:
                    before = len(self._elements)
                    complete = attempt(line[0])
                    moved = moved or complete or len(self._elements) != before
                    if not complete:
                        break
                    line.popleft().done = True
                    served = True
        if served:
            self.changed.notify_all()

    def _try_to_enter(self, request: Request) -> bool:
        """Put in what there is room for; True when the request is done."""
        if request.left is None:
            if self.closed:
                request.fail(CancelledError(None, None, f"Queue '{self.name}' is already closed."))
            self.closed = True
            return True
        if self.closed:
            request.fail(CancelledError(None, None, f"{self.kind} '{self.name}' is closed."))
            return True
        while request.left and len(self._elements) < self.capacity:
            self.put(request.left.popleft())
        return not request.left

    def _try_to_leave(self, request: Request) -> bool:
        """Take what may leave; True when the request is done."""
        size = len(self._elements)
        if self.closed and size < request.needed:
            if request.taken:
                self.put_back(request.taken)
                request.taken = []
            wanted, request.needed = request.needed, len(self._elements)
            if not request.small or not request.needed:
                message = (
                    f"{self.kind} '{self.name}' is closed and has insufficient elements "
                    f"(requested {wanted}, current size {size})"
                )
                request.fail(OutOfRangeError(None, None, message))
                return True
        for _ in range(min(request.needed, self.available())):
            request.taken.append(self.take())
            request.needed -= 1
        return not request.needed

    # ---- what may come in, and how it goes out ----------------------------------------------------------------------

    def check_element(self, values: Sequence[Any]) -> None:
        """Refuse values of shapes that this queue does not take."""
        for i, (value, wanted) in enumerate(zip(values, self.shapes, strict=False)):
            if not wanted.is_compatible_with(np.shape(value)):
                raise mismatch(i, wanted, np.shape(value))

    def check_elements(self, values: Sequence[Any]) -> int:
        """Refuse stacks of values that do not fit; returns how many elements they are."""
        for i, value in enumerate(values):
            if np.ndim(value) == 0:
                raise InvalidArgumentError(
                    None, None, f"Shape mismatch in tuple component {i}. Expected a stack of elements, got []"
                )
        count = len(values[0])
        for i, value in enumerate(values):
            if len(value) != count:
                raise InvalidArgumentError(
                    None,
                    None,
                    "All input tensors must have the same size in the 0th dimension. "
                    f"Component {i} has {len(value)}, and should have {count}",
                )
        for i, (value, wanted) in enumerate(zip(values, self.shapes, strict=False)):
            stack = TensorShape.of((count, *wanted._dims)) if wanted._dims is not None else wanted
            if not stack.is_compatible_with(value.shape):
                raise mismatch(i, stack, value.shape)
        return count

    def stacked(self, elements: list[Element]) -> list[Any]:
        """Components of several elements, each stacked along a new first axis."""
        return [
            self.stack([element[i] for element in elements], shape, dtype)
            for i, (shape, dtype) in enumerate(zip(self.shapes, self.dtypes, strict=True))
        ]

    def stack(self, values: list[Any], shape: TensorShape, dtype: DType) -> Any:
        """Values of one shape as one array."""
        sizes = tuple(d or 0 for d in shape._dims or ())
        result = np.empty((len(values), *sizes), dtype.as_numpy_dtype)
        if sizes or dtype.as_numpy_dtype is object:
            for i, value in enumerate(values):
                result[i] = value
        elif values:
            result[:] = values
        return result


class RandomShuffleQueue(Queue):
    """Elements leave in random order; some stay behind until the queue is closed, so that there is enough to choose from."""

    kind = "RandomShuffleQueue"
    op_type = "RandomShuffleQueueV2"

    def __init__(
        self, name: str, capacity: int, dtypes: Any, shapes: Any, min_after_dequeue: int, seed: int, seed2: int
    ) -> None:
        super().__init__(name, capacity, dtypes, shapes)
        self.min_after_dequeue = min_after_dequeue
        self._generator = Philox(seed, seed2)
        self._words: list[int] = []  # random numbers that have been made and not used yet, the next one last

    def make_store(self) -> list[Element]:
        """A list, whose last element fills the gap."""
        return []

    def take(self) -> Element:
        """A random element; the last one takes its place, as in TensorFlow: the same seeds give the same order."""
        if not self._words:
            blocks = self._generator.blocks(self._generator.reserve(16), np.arange(16))
            self._words = blocks.ravel()[::-1].tolist()
        elements: list[Element] = self._elements
        index = self._words.pop() % len(elements)
        element, elements[index] = elements[index], elements[-1]
        elements.pop()
        return element

    def put_back(self, elements: list[Element]) -> None:
        """Return elements, the last one first."""
        self._elements.extend(reversed(elements))

    def available(self) -> int:
        """All elements of a closed queue; else those above `min_after_dequeue`."""
        size = len(self._elements)
        return size if self.closed else max(0, size - self.min_after_dequeue)


class PaddingFIFOQueue(Queue):
    """Elements of different sizes, filled up with zeros where several leave together."""

    kind = "PaddingFIFOQueue"
    op_type = "PaddingFIFOQueueV2"

    def stack(self, values: list[Any], shape: TensorShape, dtype: DType) -> Any:
        """Values of one rank as one array as large as the largest, the rest zeros or empty strings."""
        dims = shape._dims or ()
        sizes = tuple(
            max((np.shape(v)[axis] for v in values), default=0) if d is None else d for axis, d in enumerate(dims)
        )
        filling: Any = b"" if dtype.as_numpy_dtype is object else 0
        result = np.full((len(values), *sizes), filling, dtype.as_numpy_dtype)
        for i, value in enumerate(values):
            place: Any = (i, *map(slice, np.shape(value)))
            result[place] = value
        return result


class PriorityQueue(Queue):
    """The element with the smallest first component leaves first.

    The heap is worked as C++'s standard library does it: this decides which of several elements of one priority is first.
    """

    kind = "PriorityQueue"
    op_type = "PriorityQueueV2"

    def make_store(self) -> list[Element]:
        """A heap."""
        return []

    def put(self, element: Element) -> None:
        """Add an element at the end and let it rise."""
        self._elements.append(element)
        self._rise(len(self._elements) - 1, 0, element)

    def _rise(self, hole: int, top: int, element: Element) -> None:
        """Move elements of a later turn down until `element` has its place on the way from `hole` to `top`."""
        heap: list[Element] = self._elements
        while hole > top:
            parent = (hole - 1) // 2
            if not heap[parent][0] > element[0]:
                break
            heap[hole] = heap[parent]
            hole = parent
        heap[hole] = element

    def take(self) -> Element:
        """The first element; the gap sinks to the bottom, then the last element rises from there."""
        heap: list[Element] = self._elements
        last = heap.pop()
        if not heap:
            return last
        first = heap[0]
        hole, size = 0, len(heap)
        while (right := 2 * hole + 2) < size:
            child = right - 1 if heap[right][0] > heap[right - 1][0] else right
            heap[hole] = heap[child]
            hole = child
        if right == size:
            heap[hole] = heap[right - 1]
            hole = right - 1
        self._rise(hole, 0, last)
        return first

    def put_back(self, elements: list[Element]) -> None:
        """Return elements; each finds its place."""
        for element in elements:
            self.put(element)


def mismatch(component: int, wanted: TensorShape, found: tuple[int, ...]) -> OpError:
    """The error for a value of another shape than the queue takes."""
    return InvalidArgumentError(
        None,
        None,
        f"Shape mismatch in tuple component {component}. Expected {brackets(wanted)}, got {brackets(TensorShape(found))}",
    )


def brackets(shape: TensorShape) -> str:
    """A shape as the runtime's messages write it: [2,?]."""
    if shape._dims is None:
        return "<unknown>"
    return "[" + ",".join("?" if d is None else str(d) for d in shape._dims) + "]"
