"""`tf.distribute`: strategies on the one device there is. Programs written for several cards run as on one of them.

A strategy has two views: inside its `scope()` a program sees all replicas at once ("cross-replica"), inside a function run
by `experimental_run_v2` it is one of them. With one replica there is nothing to add up, but the rules are the same.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.ops.constant import constant
from flowlab._src.ops.reduce import reduce_mean, reduce_sum
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.util.lazy import value_of
from flowlab._src.variables.variable import variable_creator_scope

CPU = "/device:CPU:0"


@export("distribute.ReduceOp")
class ReduceOp(enum.Enum):
    """How the values of the replicas are put together.

    Examples
    --------
    >>> tf.distribute.ReduceOp.SUM.value
    'SUM'
    """

    SUM = "SUM"
    MEAN = "MEAN"


@export("distribute.InputReplicationMode")
class InputReplicationMode(enum.Enum):
    """How an input function is called for several workers."""

    PER_WORKER = "PER_WORKER"


@export("distribute.InputContext")
class InputContext(NamedTuple):
    """What an input function is told about the workers."""

    num_input_pipelines: int = 1
    input_pipeline_id: int = 0
    num_replicas_in_sync: int = 1

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """Return the share of a batch that one replica gets; ValueError if it cannot be divided so."""
        if global_batch_size % self.num_replicas_in_sync:
            raise ValueError(
                f"The `global_batch_size` {global_batch_size!r} is not divisible by `num_replicas_in_sync` "
                f"{self.num_replicas_in_sync!r} "
            )
        return global_batch_size // self.num_replicas_in_sync


@export("distribute.CrossDeviceOps")
class CrossDeviceOps:
    """How values travel between devices; with one device they stay where they are."""

    def reduce(self, reduce_op: Any, per_replica_value: Any, destinations: Any = None) -> Any:
        """Return the one value."""
        checked_reduction(reduce_op)
        return per_replica_value

    def broadcast(self, tensor: Any, destinations: Any = None) -> Any:
        """Return the tensor."""
        return tensor


@export("distribute.ReductionToOneDevice")
class ReductionToOneDevice(CrossDeviceOps):
    """Values are put together on one device."""

    def __init__(self, reduce_to_device: Any = None, accumulation_fn: Any = None) -> None:
        super().__init__()


def checked_reduction(reduce_op: Any) -> ReduceOp:
    """A way to put values together, given as a member or as its name."""
    if isinstance(reduce_op, str):
        reduce_op = reduce_op.upper()
    try:
        return ReduceOp(reduce_op)
    except ValueError:
        raise ValueError(f"reduce_op must be tf.distribute.ReduceOp.SUM or MEAN, not {reduce_op!r}.") from None


class _View(NamedTuple):
    """Where a program stands: the strategy, and the replica it is (None: it sees all of them)."""

    strategy: Strategy
    replica: ReplicaContext | None


@export("distribute.ReplicaContext")
class ReplicaContext:
    """What a function run on each replica may ask, by `tf.distribute.get_replica_context()`."""

    def __init__(self, strategy: Strategy, replica_id_in_sync_group: int = 0) -> None:
        self._strategy = strategy
        self._id = replica_id_in_sync_group

    @property
    def strategy(self) -> Strategy:
        """The strategy that runs the function."""
        return self._strategy

    @property
    def num_replicas_in_sync(self) -> int:
        """How many replicas there are: 1."""
        return self._strategy.num_replicas_in_sync

    @property
    def replica_id_in_sync_group(self) -> Any:
        """The number of this replica, as a tensor: 0."""
        return constant(self._id, name="replica_id_in_sync_group")

    @property
    def devices(self) -> tuple[str, ...]:
        """The device of this replica."""
        return (CPU,)

    def merge_call(self, merge_fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """Call a function that sees all replicas: it gets the strategy, then the arguments."""
        with entered(_View(self._strategy, None)):
            return merge_fn(self._strategy, *args, **(kwargs or {}))

    def all_reduce(self, reduce_op: Any, value: Any) -> Any:
        """Return what the values of all replicas make together: of one replica its own."""
        checked_reduction(reduce_op)
        return nest.map_structure(identity_of, value)

    def __enter__(self) -> ReplicaContext:
        self._entered = entered(_View(self._strategy, self))
        self._entered.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.__exit__(*error)


def identity_of(value: Any) -> Any:
    """A node of its own for a value."""
    return raw.Identity(convert(value))


@export("distribute.StrategyExtended")
class StrategyExtended:
    """The inner parts of a strategy, as libraries use them."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self.worker_devices: tuple[str, ...] = (CPU,)
        self.parameter_devices: tuple[str, ...] = (CPU,)
        self.experimental_between_graph = False
        self.experimental_require_static_shapes = False
        self.experimental_should_init = True
        self.should_checkpoint = self.should_save_summary = True

    def call_for_each_replica(self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """Call a function on the replica."""
        return self._strategy.experimental_run_v2(fn, args, kwargs)

    def broadcast_to(self, tensor: Any, destinations: Any) -> Any:
        """Return the tensor."""
        return tensor

    def reduce_to(self, reduce_op: Any, value: Any, destinations: Any) -> Any:
        """Return the value."""
        checked_reduction(reduce_op)
        return value

    def batch_reduce_to(self, reduce_op: Any, value_destination_pairs: Any) -> list[Any]:
        """Return the values."""
        return [self.reduce_to(reduce_op, value, where) for value, where in value_destination_pairs]

    def update(self, var: Any, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, group: bool = True) -> Any:
        """Call a function with a variable."""
        return fn(var, *args, **(kwargs or {}))

    def update_non_slot(
        self, colocate_with: Any, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, group: bool = True
    ) -> Any:
        """Call a function."""
        return fn(*args, **(kwargs or {}))

    def colocate_vars_with(self, colocate_with_variable: Any) -> Any:
        """Return a block without effect: there is one device."""
        return contextlib.nullcontext()

    def variable_created_in_scope(self, v: Any) -> bool:
        """Tell whether a variable belongs to this strategy: they all do."""
        return True

    def value_container(self, value: Any) -> Any:
        """Return the value."""
        return value

    def non_slot_devices(self, var_list: Any) -> tuple[str, ...]:
        """Return the one device."""
        return self.parameter_devices

    def read_var(self, v: Any) -> Any:
        """Return the value of a variable."""
        return v.read_value()


@export("distribute.Strategy")
class Strategy:
    """How a program is spread over devices. In flowlab there is one device, so there is one replica."""

    def __init__(self, extended: Any = None) -> None:
        self._extended = StrategyExtended(self) if extended is None else extended

    @property
    def extended(self) -> Any:
        """The inner parts, for libraries."""
        return self._extended

    @property
    def num_replicas_in_sync(self) -> int:
        """How many replicas there are: 1."""
        return 1

    @contextlib.contextmanager
    def scope(self) -> Iterator[Strategy]:
        """Make this the strategy of a block; variables made there are resource variables, as in TensorFlow.

        Raises
        ------
        RuntimeError
            If the block of another strategy is open.
        """
        if has_strategy() and get_strategy() is not self:
            raise RuntimeError("Must not nest tf.distribute.Strategy scopes.")

        def as_resource(create: Callable[..., Any], **arguments: Any) -> Any:
            return create(**{**arguments, "use_resource": True})

        with entered(_View(self, None)), variable_creator_scope(as_resource):
            yield self

    def experimental_run_v2(self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """Call a function once for each replica.

        Parameters
        ----------
        fn : function
        args : tuple, optional
        kwargs : dict, optional

        Raises
        ------
        RuntimeError
            If called within such a function.

        Examples
        --------
        >>> strategy = tf.distribute.MirroredStrategy()
        >>> with strategy.scope():
        ...     strategy.experimental_run_v2(lambda x: 2 * x, args=(21,))
        42
        """
        if _views and _views[-1].replica is not None:
            raise RuntimeError("Method requires being in cross-replica context, use get_replica_context().merge_call()")
        with self.scope(), entered(_View(self, ReplicaContext(self))):
            return fn(*args, **(kwargs or {}))

    def experimental_run(self, fn: Callable[..., Any], input_iterator: Any = None) -> Any:
        """Call a function with the next element of an iterator, or without an argument."""
        return self.experimental_run_v2(fn, () if input_iterator is None else (input_iterator.get_next(),))

    def reduce(self, reduce_op: Any, value: Any, axis: int | None = None) -> Any:
        """Put the values of the replicas together, and add up or average along an axis if one is given."""
        operation = checked_reduction(reduce_op)
        if axis is None:
            return value
        reduce_axis = reduce_sum if operation is ReduceOp.SUM else reduce_mean
        return nest.map_structure(lambda part: reduce_axis(part, axis=axis), value)

    def unwrap(self, value: Any) -> tuple[Any, ...]:
        """Return the values of the replicas of this computer."""
        return (value,)

    experimental_local_results = unwrap

    def group(self, value: Any, name: str | None = None) -> Any:
        """Return one operation that runs a value's operations."""
        from flowlab._src.ops.control import group

        return group(*nest.flatten(value), name=name)

    def experimental_distribute_dataset(self, dataset: Any) -> Any:
        """Return the data set: one replica gets all of it."""
        return dataset

    def experimental_distribute_datasets_from_function(self, dataset_fn: Callable[[InputContext], Any]) -> Any:
        """Return the data set that a function makes."""
        return dataset_fn(InputContext())

    def make_dataset_iterator(self, dataset: Any) -> Any:
        """Return an iterator over a data set; its `initialize()` gives the operation that starts it."""
        return _Iterator(dataset)

    def make_input_fn_iterator(self, input_fn: Callable[[InputContext], Any], replication_mode: Any = None) -> Any:
        """Return an iterator over the data set that a function makes."""
        return _Iterator(input_fn(InputContext()))

    def experimental_make_numpy_dataset(self, numpy_input: Any, session: Any = None) -> Any:
        """Return the rows of arrays as a data set."""
        return value_of("data.Dataset").from_tensor_slices(numpy_input)

    def update_config_proto(self, config_proto: Any) -> Any:
        """Return the options of a session as they are."""
        return config_proto


class _Iterator:
    """An iterator over a data set, in the form that strategies give it."""

    def __init__(self, dataset: Any) -> None:
        self._iterator = dataset.make_initializable_iterator()

    def get_next(self) -> Any:
        """Return the tensors of the next element."""
        return self._iterator.get_next()

    def initialize(self) -> Any:
        """Return the operation that starts from the beginning."""
        return self._iterator.initializer


@export("distribute.MirroredStrategy")
class MirroredStrategy(Strategy):
    """The model on each device of one computer, kept alike. On flowlab's one device it is simply the model.

    Parameters
    ----------
    devices : list of str, optional
        Names such as "/gpu:0". Whatever they are, there is one replica on the processor.
    cross_device_ops : CrossDeviceOps, optional
        Accepted: nothing has to travel.

    Examples
    --------
    >>> strategy = tf.distribute.MirroredStrategy()
    >>> strategy.num_replicas_in_sync
    1
    >>> with strategy.scope():
    ...     w = tf.get_variable("w", [2])
    >>> w.op.type
    'VarHandleOp'
    """

    def __init__(self, devices: Any = None, cross_device_ops: Any = None) -> None:
        super().__init__()
        if cross_device_ops is not None and not isinstance(cross_device_ops, CrossDeviceOps):
            raise TypeError(f"cross_device_ops must be a tf.distribute.CrossDeviceOps, not {cross_device_ops!r}.")
        if devices is not None and not isinstance(devices, str) and not as_list(devices, "devices"):
            raise ValueError("Must specify at least one device.")


@export("distribute.OneDeviceStrategy")
class OneDeviceStrategy(Strategy):
    """The model on one device.

    Parameters
    ----------
    device : str
        For example "/cpu:0".

    Examples
    --------
    >>> with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
    ...     tf.distribute.has_strategy(), tf.distribute.in_cross_replica_context()
    (True, True)
    """

    def __init__(self, device: str) -> None:
        super().__init__()
        if not isinstance(device, str):
            raise TypeError(f"device must be the name of a device, not {device!r}.")


DEFAULT = Strategy()
_views: list[_View] = []
_chosen: list[Strategy] = []  # by experimental_set_strategy


@contextlib.contextmanager
def entered(view: _View) -> Iterator[None]:
    """Stand at a place for a block."""
    _views.append(view)
    try:
        yield
    finally:
        _views.pop()


@export("distribute.get_strategy")
def get_strategy() -> Strategy:
    """Return the strategy whose block is open; a default one outside of any.

    Examples
    --------
    >>> tf.distribute.get_strategy().num_replicas_in_sync
    1
    """
    if _views:
        return _views[-1].strategy
    return _chosen[-1] if _chosen else DEFAULT


@export("distribute.has_strategy")
def has_strategy() -> bool:
    """Tell whether the block of a strategy is open."""
    return get_strategy() is not DEFAULT


@export("distribute.in_cross_replica_context")
def in_cross_replica_context() -> bool:
    """Tell whether the program sees all replicas: inside `scope()`, outside of functions that the strategy runs."""
    return _views[-1].replica is None if _views else bool(_chosen)


@export("distribute.get_replica_context")
def get_replica_context() -> ReplicaContext | None:
    """Return what the program may ask as one replica; None where it sees all of them."""
    if _views:
        return _views[-1].replica
    return None if _chosen else ReplicaContext(DEFAULT)


@export("distribute.get_loss_reduction")
def get_loss_reduction() -> ReduceOp:
    """Return how the losses of the replicas are put together: by their mean."""
    return ReduceOp.MEAN


@export("distribute.experimental_set_strategy")
def experimental_set_strategy(strategy: Strategy | None) -> None:
    """Make a strategy the one outside of any block; None takes it back.

    Raises
    ------
    RuntimeError
        Within the block of a strategy.
    """
    if _views:
        raise RuntimeError("Must not be called inside a `tf.distribute.Strategy` scope.")
    _chosen[:] = [] if strategy is None else [strategy]
