"""`tf.train.batch` and its relatives: single examples become batches, by way of a queue that threads fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.sparse_tensor import SparseTensor, SparseTensorValue
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import sparse_maps
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.cond import cond
from flowlab._src.ops.constant import constant
from flowlab._src.ops.control import no_op, with_dependencies
from flowlab._src.ops.fill import ones
from flowlab._src.ops.gather import gather
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.partition import dynamic_partition
from flowlab._src.ops.queues import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.sparse_parts import sparse_retain
from flowlab._src.ops.summary_scalar import summarize_fullness
from flowlab._src.train.input_producers import share_of
from flowlab._src.train.queue_runner import QueueRunner, add_queue_runner


class Stored(NamedTuple):
    """How a tensor goes through the queue: itself, or as the number that the node `keeper` gives for it."""

    keeper: Operation | None = None
    rank: int | None = None


class Batching(NamedTuple):
    """What the eight public functions have in common."""

    scope: str
    batch_size: Any
    keep_input: Any
    enqueue_many: bool
    shapes: Any
    smaller_final_batch: bool
    name: str | None


def build(
    originals: Sequence[Any],
    task: Batching,
    threads: int,
    make_queue: Callable[[list[Any], list[Any]], QueueBase],
    summarize: Callable[[QueueBase], Any],
) -> Any:
    """Add the queue, the enqueue operations with their runner, the summary of its fullness, and the dequeue."""
    originals = as_list(originals, "tensors_list")
    if not originals:
        raise misuse(ValueError("Expected at least one set of tensors"))
    lists = [as_tensor_list(tensors, originals[0]) for tensors in originals]
    with name_scope(task.name, task.scope, [t for part in lists for t in part] + [task.keep_input]) as name:
        lists = [[as_tensor(t) for t in part] for part in lists]
        if not lists[0]:
            raise misuse(ValueError(f"Expected at least one tensor in {task.scope}()."))
        keep_input = check_keep_input(task.keep_input, task.enqueue_many)
        lists, stored = store_sparse(lists, task.enqueue_many, keep_input)
        kinds = common_types(lists)
        queue = make_queue(kinds, element_shapes(lists, task.shapes, task.enqueue_many))
        runs = []
        for part in lists:
            runs += [enqueue(queue, part, task.enqueue_many, keep_input)] * as_int(threads, "num_threads")
        add_queue_runner(QueueRunner(queue, runs))
        summarize(queue)
        dequeue = queue.dequeue_up_to if task.smaller_final_batch else queue.dequeue_many
        batch = restore_sparse(dequeue(task.batch_size, name=name), stored)
        if isinstance(originals[0], dict):
            batch = batch if isinstance(batch, list) else [batch]
            return dict(zip(sorted(originals[0], key=str), batch, strict=True))
        return batch


# ---- what comes in ---------------------------------------------------------------------------------------------------


def as_tensor_list(tensors: Any, first: Any) -> list[Any]:
    """The tensors of one example in a list; those of a dictionary in the order of its keys."""
    if isinstance(tensors, dict):
        if set(tensors) != set(first):
            raise misuse(ValueError("All dictionaries in tensors_list must have the same keys"))
        return [tensors[key] for key in sorted(tensors, key=str)]
    if isinstance(tensors, (str, bytes)) or not isinstance(tensors, (list, tuple)):
        raise misuse(
            TypeError(f"Expected a list or dictionary of tensors, got {type(tensors).__name__}."),
            "tf.train.batch([x, y], batch_size): the tensors of one example in a list",
        )
    return list(tensors)


def as_tensor(value: Any) -> Any:
    """A tensor, dense or sparse."""
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    return value if isinstance(value, SparseTensor) else convert(value)


def check_keep_input(keep_input: Any, enqueue_many: bool) -> Tensor:
    """The choice whether an example goes in, as a tensor: one for all, or one for each row."""
    keep_input = convert(keep_input)
    rank = keep_input.shape.ndims
    if rank is None:
        raise misuse(ValueError("`keep_input` dimensions must be known at graph construction."))
    if not enqueue_many and rank == 1:
        raise misuse(ValueError("`keep_input` cannot be a vector when `enqueue_many=False`."))
    if rank > 1:
        raise misuse(ValueError("`keep_input` must be 0 or 1 dimensions."))
    return keep_input


def common_types(lists: Sequence[Sequence[Tensor]]) -> list[dtypes.DType]:
    """The types of the tensors, which must be the same in each list."""
    kinds = [[t.dtype for t in part] for part in lists]
    for other in kinds[1:]:
        if other != kinds[0]:
            first, second = (", ".join(d.name for d in part) for part in (kinds[0], other))
            raise misuse(TypeError(f"Expected types to be consistent: {first} vs. {second}."))
    return [d.base_dtype for d in kinds[0]]


def element_shapes(lists: Sequence[Sequence[Tensor]], shapes: Any, enqueue_many: bool) -> Any:
    """The shapes of the components of the queue: those asked for, or what the tensors have in common."""
    if shapes is not None:
        return shapes
    result = []
    for column in zip(*lists, strict=True):
        for tensor in column:
            if tensor.shape.ndims is None:
                raise misuse(
                    ValueError(f"Cannot infer Tensor's rank: {tensor}"),
                    "give shapes=[...], or tensor.set_shape([...]) before",
                )
        found = [as_shape(t.shape).with_rank_at_least(1)[1:] if enqueue_many else t.shape for t in column]
        for shape in found[1:]:
            found[0].merge_with(shape)  # ValueError where they differ
        result.append(found[0].as_list())
    return result


# ---- putting in --------------------------------------------------------------------------------------------------------


def smart_cond(pred: Tensor, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """The branch that a known condition chooses, else a `cond`."""
    known = constant_value(pred)
    if known is None:
        return cond(pred, true_fn, false_fn)
    return true_fn() if known else false_fn()


def enqueue(queue: QueueBase, tensors: Sequence[Tensor], many: bool, keep_input: Tensor) -> Any:
    """The operation that puts an example in, or those rows of it that are chosen."""
    put = queue.enqueue_many if many else queue.enqueue
    if keep_input.shape.ndims == 1:
        choice = cast(keep_input, dtypes.int32)
        return put([dynamic_partition(t, choice, num_partitions=2)[1] for t in tensors])
    return smart_cond(keep_input, lambda: put(list(tensors)), no_op)


# ---- sparse tensors ------------------------------------------------------------------------------------------------------


def store_sparse(
    lists: Sequence[Sequence[Any]], many: bool, keep_input: Tensor
) -> tuple[list[list[Tensor]], list[Stored]]:
    """Let a map keep the sparse tensors; the queue gets their numbers, in a vector of one element."""
    stored: list[Stored] = [Stored()] * len(lists[0])
    results = []
    for row, part in enumerate(lists):
        numbers, seen = [], []
        for tensor, first in zip(part, stored, strict=True):
            if not isinstance(tensor, SparseTensor):
                numbers.append(tensor)
                seen.append(Stored())
                continue
            number = store_one(tensor, many, keep_input, first.keeper.name if row and first.keeper else None)
            rank = tensor.dense_shape.shape.with_rank(1).as_list()[0]
            rank = rank - 1 if many and rank is not None else rank
            seen.append(Stored(first.keeper if row else keeper_of(number), rank))
            numbers.append(expand_dims(number, [-1]))
        if row and [s.keeper for s in seen] != [s.keeper for s in stored]:
            raise misuse(ValueError(f"Inconsistent SparseTensors list: {lists[0]} vs. {part}"))
        stored = stored if row else seen
        results.append(numbers)
    return results, stored


def keeper_of(number: Tensor) -> Operation:
    """The node that keeps a sparse tensor, also where a `cond` stands before it."""
    stack = [number.op]
    while stack:
        node = stack.pop()
        if node.type in ("AddSparseToTensorsMap", "AddManySparseToTensorsMap"):
            return node
        branches = [getattr(node.definition, key, None) for key in ("then_branch", "else_branch")]
        stack += [t.op for body in branches if body is not None for t in body.outputs]
        stack += [t.op for t in node.inputs]
    return number.op


def store_one(sparse: SparseTensor, many: bool, keep_input: Tensor, shared_name: str | None) -> Tensor:
    """The numbers of one sparse tensor, or of its rows; -1 for those that do not go in."""
    if keep_input.shape.ndims == 1:
        sparse = sparse_retain(sparse, gather(keep_input, sparse.indices[:, 0]))
        return sparse_maps.store(sparse, True, shared_name)
    if many:
        number = smart_cond(
            keep_input,
            lambda: sparse_maps.store(sparse, True, shared_name),
            lambda: -1 * ones(shape_of(sparse)[0:1], dtypes.int64),
        )
        number.set_shape([None])
        return number
    return smart_cond(
        keep_input, lambda: sparse_maps.store(sparse, False, shared_name), lambda: constant(-1, dtypes.int64)
    )


def restore_sparse(batch: Any, stored: Sequence[Stored]) -> Any:
    """Put the sparse tensors in the place of their numbers; whoever uses one part of the batch waits for all."""
    if not any(s.keeper for s in stored):
        return batch
    single = not isinstance(batch, (list, tuple))
    tensors: list[Any] = []
    for tensor, how in zip([batch] if single else batch, stored, strict=True):
        if how.keeper is None:
            tensors.append(tensor)
        else:
            rank = None if how.rank is None else how.rank + 1
            tensors.append(sparse_maps.restore(how.keeper, squeeze(tensor, [1]), rank))
    values = [t.values if isinstance(t, SparseTensor) else t for t in tensors]

    def together(tensor: Any) -> Any:
        return with_dependencies(values, tensor)

    result = [
        SparseTensor(together(t.indices), together(t.values), together(t.dense_shape))
        if isinstance(t, SparseTensor)
        else together(t)
        for t in tensors
    ]
    return result[0] if single else result


# ---- the two kinds of queues ---------------------------------------------------------------------------------------------


def build_in_order(
    originals: Sequence[Any], task: Batching, threads: int, capacity: int, dynamic_pad: bool, shared_name: str | None
) -> Any:
    """Batches in the order in which the examples come."""

    def make_queue(kinds: list[Any], shapes: list[Any]) -> QueueBase:
        kind = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        return kind(capacity=capacity, dtypes=kinds, shapes=shapes, shared_name=shared_name)

    def summarize(queue: QueueBase) -> None:
        summarize_fullness(f"fraction_of_{capacity}_full", share_of(queue, capacity))

    return build(originals, task, threads, make_queue, summarize)


def build_shuffled(
    originals: Sequence[Any],
    task: Batching,
    threads: int,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None,
    shared_name: str | None,
) -> Any:
    """Batches of examples drawn by chance from those in the queue."""
    capacity, least = as_int(capacity, "capacity"), as_int(min_after_dequeue, "min_after_dequeue")
    if capacity <= least:
        raise misuse(
            ValueError(f"capacity {capacity} must be bigger than min_after_dequeue {least}."),
            "capacity = min_after_dequeue + 3 * batch_size is the usual choice",
        )

    def make_queue(kinds: list[Any], shapes: list[Any]) -> QueueBase:
        return RandomShuffleQueue(
            capacity=capacity, min_after_dequeue=least, seed=seed, dtypes=kinds, shapes=shapes, shared_name=shared_name
        )

    def summarize(queue: QueueBase) -> None:
        share = cast(maximum(0, queue.size() - least), dtypes.float32) * (1.0 / (capacity - least))
        summarize_fullness(f"fraction_over_{least}_of_{capacity - least}_full", share)

    return build(originals, task, threads, make_queue, summarize)
