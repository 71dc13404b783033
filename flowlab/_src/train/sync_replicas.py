"""`tf.train.SyncReplicasOptimizer`: several workers compute gradients, one step is made of their mean.

Each gradient goes into an accumulator, which drops those that were computed with old variables. When enough have come,
the chief's queue runner applies their mean, and puts a token for each worker into a queue; a worker begins its next step
with a token, on which the number of the step is written.
"""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.accumulators import ConditionalAccumulator, SparseConditionalAccumulator
from flowlab._src.ops.control import group, no_op
from flowlab._src.ops.fill import fill
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.queues import FIFOQueue
from flowlab._src.ops.state import assign
from flowlab._src.train.optimizer import Optimizer
from flowlab._src.train.queue_runner import QueueRunner
from flowlab._src.train.session_manager import is_ready
from flowlab._src.train.session_run_hook import SessionRunHook
from flowlab._src.util import log
from flowlab._src.util.export import export
from flowlab._src.variables.variable import Variable, global_variables, report_uninitialized_variables


@export("train.SyncReplicasOptimizer")
class SyncReplicasOptimizer(Optimizer):
    """Applies the mean of the gradients of several workers, once for all of them.

    Parameters
    ----------
    opt : Optimizer
        Applies the mean.
    replicas_to_aggregate : int
        So many gradients make a step.
    total_num_replicas : int, optional
        How many workers there are; as many as gradients if not given.
    variable_averages : ExponentialMovingAverage, optional
        Applied after each step to `variables_to_average`.
    variables_to_average : list of Variable, optional
    use_locking : bool
    name : str

    Examples
    --------
    >>> w = tf.Variable(4.0)
    >>> opt = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(0.25), replicas_to_aggregate=1)
    >>> train = opt.minimize(w * w, global_step=tf.train.get_or_create_global_step())
    >>> hooks = [opt.make_session_run_hook(is_chief=True), tf.train.StopAtStepHook(last_step=2)]
    >>> with tf.train.MonitoredTrainingSession(hooks=hooks) as sess:
    ...     while not sess.should_stop():
    ...         _ = sess.run(train)
    ...     value = float(sess._tf_sess().run(w))
    >>> value <= 1.0
    True
    """

    def __init__(
        self,
        opt: Optimizer,
        replicas_to_aggregate: int,
        total_num_replicas: int | None = None,
        variable_averages: Any = None,
        variables_to_average: Any = None,
        use_locking: bool = False,
        name: str = "sync_replicas",
    ) -> None:
        if not isinstance(opt, Optimizer):
            raise misuse(TypeError(f"opt must be a tf.train.Optimizer, but got {type(opt)}"))
        replicas_to_aggregate = as_int(replicas_to_aggregate, "replicas_to_aggregate")
        total_num_replicas = (
            replicas_to_aggregate if total_num_replicas is None else as_int(total_num_replicas, "total_num_replicas")
        )
        super().__init__(use_locking, name)
        log.info(
            "SyncReplicasV2: replicas_to_aggregate=%s; total_num_replicas=%s", replicas_to_aggregate, total_num_replicas
        )
        self._opt = opt
        self._replicas_to_aggregate = replicas_to_aggregate
        self._total_num_replicas = total_num_replicas
        self._tokens_per_step = max(total_num_replicas, replicas_to_aggregate)
        self._variable_averages = variable_averages
        self._variables_to_average = variables_to_average
        self._gradients_applied = False
        self._global_step: Any = None
        self._sync_token_queue: Any = None
        self._chief_queue_runner: QueueRunner | None = None
        self._accumulators: list[tuple[Any, str]] = []

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the inner optimizer computes."""
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """Return an operation that hands the gradients in and waits for the token of the next step.

        Raises
        ------
        ValueError
            If there is no gradient, or no `global_step`.
        """
        grads_and_vars = list(grads_and_vars)
        if not grads_and_vars:
            raise ValueError("Must supply at least one variable")
        if global_step is None:
            raise ValueError("Global step is required to check staleness")
        self._global_step = global_step
        graph = get_default_graph()
        kind = global_step.dtype.base_dtype
        anchor = no_op()
        with graph.colocate_with(anchor):  # not on a parameter server
            self._local_step = Variable(
                initial_value=0,
                trainable=False,
                collections=[GraphKeys.LOCAL_VARIABLES],
                dtype=kind,
                name="sync_rep_local_step",
            )
        self.local_step_init_op = assign(self._local_step, global_step)
        chief_init_ops = [self.local_step_init_op]
        self.ready_for_local_init_op = report_uninitialized_variables(global_variables())
        with name_scope(None, self._name):
            handed_in, means = [], []
            for grad, var in grads_and_vars:
                with graph.device(var.device):
                    if grad is None:
                        means.append((None, var))
                        continue
                    accumulator: Any
                    shared_name = var.name + "/grad_accum"
                    if isinstance(grad, Tensor):
                        accumulator = ConditionalAccumulator(grad.dtype, var.get_shape(), shared_name)
                        handed_in.append(accumulator.apply_grad(grad, local_step=self._local_step))
                        means.append((accumulator.take_grad(self._replicas_to_aggregate), var))
                    elif isinstance(grad, IndexedSlices):
                        accumulator = SparseConditionalAccumulator(grad.dtype, (), shared_name)
                        handed_in.append(accumulator.apply_indexed_slices_grad(grad, local_step=self._local_step))
                        means.append((accumulator.take_indexed_slices_grad(self._replicas_to_aggregate), var))
                    else:
                        raise ValueError("Unknown grad type!")
                    self._accumulators.append((accumulator, var.device))
            with graph.device(global_step.device), graph.name_scope(None):
                update = self._opt.apply_gradients(means, global_step)
                queue = FIFOQueue(-1, kind, shapes=(), name="sync_token_q", shared_name="sync_token_q")
                self._sync_token_queue = queue
                with control_dependencies(handed_in):
                    token = queue.dequeue()
                train_op = assign(self._local_step, token)
                with control_dependencies([update]):
                    sync = queue.enqueue_many((fill([self._tokens_per_step], global_step),))
                if self._variable_averages is not None:
                    with control_dependencies([sync]):
                        sync = self._variable_averages.apply(self._variables_to_average)
                self._chief_queue_runner = QueueRunner(queue, [sync])
            for accumulator, device in self._accumulators:
                with graph.device(device):
                    chief_init_ops.append(accumulator.set_global_step(global_step, name="SetGlobalStep"))
            self.chief_init_op = group(*chief_init_ops)
            self._gradients_applied = True
            return train_op

    def get_chief_queue_runner(self) -> QueueRunner:
        """Return the runner that applies the means; the chief's session must start it."""
        if self._chief_queue_runner is None:
            raise ValueError("Should be called after apply_gradients().")
        return self._chief_queue_runner

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """Return a slot of the inner optimizer."""
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the names of the slots of the inner optimizer."""
        return self._opt.get_slot_names(*args, **kwargs)

    def variables(self) -> list[Any]:
        """Return the variables of the inner optimizer."""
        return self._opt.variables()

    def get_init_tokens_op(self, num_tokens: int = -1) -> Any:
        """Return an operation that puts in the tokens with which the workers begin.

        Raises
        ------
        ValueError
            If there are too few to begin with.
        """
        if not self._gradients_applied:
            raise ValueError("get_init_tokens_op() should be called after apply_gradients().")
        needed = self._replicas_to_aggregate - self._total_num_replicas
        if num_tokens == -1:
            num_tokens = self._replicas_to_aggregate
        elif num_tokens < needed:
            raise ValueError(f"Too few tokens to finish the first step: {num_tokens} (given) vs {needed} (needed)")
        if num_tokens <= 0:
            return no_op(name="no_init_tokens")
        graph = get_default_graph()
        with graph.device(self._global_step.device), graph.name_scope(None):
            return self._sync_token_queue.enqueue_many((fill([num_tokens], self._global_step),))

    def make_session_run_hook(self, is_chief: bool, num_tokens: int = -1) -> SessionRunHook:
        """Return the hook that initializes all this in a MonitoredSession."""
        return _SyncReplicasHook(self, is_chief, num_tokens)


class _SyncReplicasHook(SessionRunHook):
    """Initializes the steps and tokens; the chief's also starts the runner."""

    def __init__(self, optimizer: SyncReplicasOptimizer, is_chief: bool, num_tokens: int) -> None:
        self._optimizer = optimizer
        self._is_chief = is_chief
        self._num_tokens = num_tokens

    def begin(self) -> None:
        """Make the operations."""
        optimizer = self._optimizer
        if not optimizer._gradients_applied:
            raise ValueError("SyncReplicasOptimizer.apply_gradient should be called before using the hook.")
        self._local_init_op = optimizer.chief_init_op if self._is_chief else optimizer.local_step_init_op
        self._runner = optimizer.get_chief_queue_runner() if self._is_chief else None
        self._init_tokens_op = optimizer.get_init_tokens_op(self._num_tokens) if self._is_chief else None

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Run them."""
        ready, message = is_ready(
            self._optimizer.ready_for_local_init_op,
            session,
            "Model is not ready for SyncReplicasOptimizer local init.",
        )
        if not ready:
            raise RuntimeError(
                "Init operations did not make model ready for SyncReplicasOptimizer local_init. "
                f"Init op: {self._local_init_op.name}, error: {message}"
            )
        session.run(self._local_init_op)
        if self._init_tokens_op is not None:
            session.run(self._init_tokens_op)
        if self._runner is not None:
            self._runner.create_threads(session, coord=coord, daemon=True, start=True)
