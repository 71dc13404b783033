"""The optimizers of `tf.train`. Each says what it keeps beside a variable and which update it applies."""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.graph.arguments import as_float
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import state
from flowlab._src.ops.constant import constant
from flowlab._src.ops.control import group
from flowlab._src.train.optimizer import Optimizer, like, update
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant, Ones
from flowlab._src.variables.resource import ResourceVariable


@export("train.GradientDescentOptimizer")
class GradientDescentOptimizer(Optimizer):
    """w -= learning_rate * gradient.

    Parameters
    ----------
    learning_rate : float or Tensor
    use_locking : bool
    name : str

    Examples
    --------
    >>> tf.train.GradientDescentOptimizer(0.5).get_name()
    'GradientDescent'
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return update("ApplyGradientDescent", [var], like(self._lr, var), grad, use_locking=self._use_locking)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        delta = IndexedSlices(grad.values * like(self._lr, var), grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        return raw.ResourceScatterAdd(handle.handle, indices, -grad * self._lr)


@export("train.MomentumOptimizer")
class MomentumOptimizer(Optimizer):
    """v = momentum * v + gradient; w -= learning_rate * v.

    Parameters
    ----------
    learning_rate, momentum : float or Tensor
    use_locking : bool
    name : str
    use_nesterov : bool
        Take the gradient as if the step had been made already.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013).
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "learning_rate")
        self._momentum_t = self._tensor(self._momentum, "momentum")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        slot = self.get_slot(var, "momentum")
        return update("ApplyMomentum", [var, slot], like(self._lr, var), grad, like(self._momentum_t, var),
            use_locking=self._use_locking, use_nesterov=self._use_nesterov,
        )  # fmt: skip

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        slot = self.get_slot(var, "momentum")
        return update("SparseApplyMomentum", [var, slot], like(self._lr, var), grad.values, grad.indices, like(self._momentum_t, var),
            use_locking=self._use_locking, use_nesterov=self._use_nesterov,
        )  # fmt: skip


@export("train.AdamOptimizer")
class AdamOptimizer(Optimizer):
    """Running averages of the gradient (m) and of its square (v); w -= lr_t * m / (sqrt(v) + epsilon).

    lr_t = learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) makes up for the averages starting at zero.

    Parameters
    ----------
    learning_rate : float or Tensor
    beta1, beta2 : float
        Decay of the two averages.
    epsilon : float
    use_locking : bool
    name : str

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), the form just before section 2.1.
    """

    def __init__(
        self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8, use_locking: bool = False,
        name: str = "Adam", use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(use_locking, name, use_own_namescope_for_non_slot_vars)
        self._learning_rate = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _powers(self) -> tuple[Any, Any]:
        graph = get_default_graph()
        return self._get_non_slot_variable("beta1_power", graph), self._get_non_slot_variable("beta2_power", graph)

    def _create_slots(self, var_list: Any) -> None:
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(self._beta1, "beta1_power", first)
        self._create_non_slot_variable(self._beta2, "beta2_power", first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "learning_rate")
        self._beta1_t = self._tensor(self._beta1, "beta1")
        self._beta2_t = self._tensor(self._beta2, "beta2")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        beta1_power, beta2_power = self._powers()
        return update("ApplyAdam", [var, m, v], like(beta1_power, var), like(beta2_power, var), like(self._lr, var),
            like(self._beta1_t, var), like(self._beta2_t, var), like(self._epsilon_t, var), grad, use_locking=self._use_locking,
        )  # fmt: skip

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """All rows of m and v decay, as in the dense form; only the gradient is sparse."""
        graph = get_default_graph()
        beta1_power, beta2_power = (like(p, var) for p in self._powers())
        lr_t, beta1_t, beta2_t, epsilon_t = (
            like(t, var) for t in (self._lr, self._beta1_t, self._beta2_t, self._epsilon_t)
        )
        lr = lr_t * raw.Sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(var, "m")
        scaled = grad.values * (1 - beta1_t)
        m_t = state.assign(m, m * beta1_t, use_locking=self._use_locking)
        with graph.control_dependencies([m_t]):
            m_t = self._scatter_add(m, grad.indices, scaled)
        v = self.get_slot(var, "v")
        squared = grad.values * grad.values * (1 - beta2_t)
        v_t = state.assign(v, v * beta2_t, use_locking=self._use_locking)
        with graph.control_dependencies([v_t]):
            v_t = self._scatter_add(v, grad.indices, squared)
        root = raw.Sqrt(v_t)
        change = state.assign_sub(var, lr * m_t / (root + epsilon_t), use_locking=self._use_locking)
        return group(change, m_t, v_t)

    def _scatter_add(self, slot: Any, indices: Tensor, values: Tensor) -> Any:
        """Add to rows of a slot; gives the slot after it."""
        if not isinstance(slot, ResourceVariable):
            return state.scatter_add(slot, indices, values, use_locking=self._use_locking)
        with get_default_graph().control_dependencies([raw.ResourceScatterAdd(slot.handle, indices, values)]):
            return slot.value()

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(update_ops):
            beta1_power, beta2_power = self._powers()
            with graph.colocate_with(beta1_power.op):
                update_1 = beta1_power.assign(beta1_power * self._beta1_t, use_locking=self._use_locking)
                update_2 = beta2_power.assign(beta2_power * self._beta2_t, use_locking=self._use_locking)
        return group(*update_ops, update_1, update_2, name=name_scope)


@export("train.AdagradOptimizer")
class AdagradOptimizer(Optimizer):
    """accum += gradient²; w -= learning_rate * gradient / sqrt(accum).

    Parameters
    ----------
    learning_rate : float or Tensor
    initial_accumulator_value : float, positive
    use_locking : bool
    name : str

    References
    ----------
    Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization" (2011).
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if as_float(initial_accumulator_value, "initial_accumulator_value") <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            start = Constant(self._initial_accumulator_value, dtype=dtype)
            self._get_or_make_slot_with_initializer(var, start, var.shape, dtype, "accumulator", self._name)

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        slot = self.get_slot(var, "accumulator")
        return update("ApplyAdagrad", [var, slot], like(self._lr, var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        slot = self.get_slot(var, "accumulator")
        return update(
            "SparseApplyAdagrad",
            [var, slot],
            like(self._lr, var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )


@export("train.AdagradDAOptimizer")
class AdagradDAOptimizer(Optimizer):
    """Adagrad by dual averaging: rows that were not touched for long are regularized as if they had been.

    Parameters
    ----------
    learning_rate : float or Tensor
    global_step : Tensor or Variable, int64
        The current step.
    initial_gradient_squared_accumulator_value : float, positive
    l1_regularization_strength, l2_regularization_strength : float, not negative
    use_locking : bool
    name : str
    """

    def __init__(
        self, learning_rate: Any, global_step: Any, initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0, use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:  # fmt: skip
        initial = as_float(initial_gradient_squared_accumulator_value, "initial_gradient_squared_accumulator_value")
        if initial <= 0.0:
            raise ValueError(
                f"initial_gradient_squared_accumulator_value must be positive: {initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial = initial_gradient_squared_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._global_step = global_step

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            zeros = constant(0.0, shape=var.shape, dtype=dtype)
            start = constant(self._initial, shape=var.shape, dtype=dtype)
            self._get_or_make_slot(var, zeros, "gradient_accumulator", self._name)
            self._get_or_make_slot(var, start, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._lr = convert(self._learning_rate, name="learning_rate")
        self._next_step = raw.Identity(self._global_step) + 1

    def _inputs(self, var: Any) -> tuple[Any, ...]:
        with get_default_graph().device(var.device or None):
            step = raw.Identity(self._next_step)
        return like(self._lr, var), like(self._l1, var), like(self._l2, var), step

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        total, squares = self.get_slot(var, "gradient_accumulator"), self.get_slot(var, "gradient_squared_accumulator")
        lr, l1, l2, step = self._inputs(var)
        return update("ApplyAdagradDA", [var, total, squares], grad, lr, l1, l2, step, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        total, squares = self.get_slot(var, "gradient_accumulator"), self.get_slot(var, "gradient_squared_accumulator")
        lr, l1, l2, step = self._inputs(var)
        return update(
            "SparseApplyAdagradDA",
            [var, total, squares],
            grad.values,
            grad.indices,
            lr,
            l1,
            l2,
            step,
            use_locking=self._use_locking,
        )


@export("train.AdadeltaOptimizer")
class AdadeltaOptimizer(Optimizer):
    """Steps as large as past steps were, in proportion to the gradient: no learning rate to choose.

    Parameters
    ----------
    learning_rate : float or Tensor
        Factor on the step; 1.0 in the paper.
    rho : float
        Decay of the running averages.
    epsilon : float
    use_locking : bool
    name : str

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method" (2012).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "lr")
        self._rho_t = self._tensor(self._rho, "rho")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        accum, steps = self.get_slot(var, "accum"), self.get_slot(var, "accum_update")
        return update("ApplyAdadelta", [var, accum, steps], like(self._lr, var), like(self._rho_t, var), like(self._epsilon_t, var), grad,
            use_locking=self._use_locking,
        )  # fmt: skip

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        accum, steps = self.get_slot(var, "accum"), self.get_slot(var, "accum_update")
        return update("SparseApplyAdadelta", [var, accum, steps], like(self._lr, var), like(self._rho_t, var), like(self._epsilon_t, var),
            grad.values, grad.indices, use_locking=self._use_locking,
        )  # fmt: skip


@export("train.RMSPropOptimizer")
class RMSPropOptimizer(Optimizer):
    """Divide the gradient by a running average of its size.

    Parameters
    ----------
    learning_rate : float or Tensor
    decay : float
        Decay of the running average.
    momentum : float
    epsilon : float
    use_locking : bool
    centered : bool
        Divide by the standard deviation of the gradient instead of its root mean square.
    name : str

    References
    ----------
    Hinton, "Neural networks for machine learning", lecture 6 (2012).
    """

    def __init__(
        self, learning_rate: Any, decay: Any = 0.9, momentum: Any = 0.0, epsilon: Any = 1e-10, use_locking: bool = False,
        centered: bool = False, name: str = "RMSProp",
    ) -> None:  # fmt: skip
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            self._get_or_make_slot_with_initializer(var, Ones(dtype=dtype), var.shape, dtype, "rms", self._name)
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._lr = self._tensor(self._learning_rate, "learning_rate")
        self._decay_t = self._tensor(self._decay, "decay")
        self._momentum_t = self._tensor(self._momentum, "momentum")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _slots_of(self, var: Any) -> list[Any]:
        names = ["mg", "rms", "momentum"] if self._centered else ["rms", "momentum"]
        return [var, *[self.get_slot(var, name) for name in names]]

    def _hyper(self, var: Any) -> list[Any]:
        return [like(t, var) for t in (self._lr, self._decay_t, self._momentum_t, self._epsilon_t)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        kind = "ApplyCenteredRMSProp" if self._centered else "ApplyRMSProp"
        return update(kind, self._slots_of(var), *self._hyper(var), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        kind = "SparseApplyCenteredRMSProp" if self._centered else "SparseApplyRMSProp"
        return update(
            kind, self._slots_of(var), *self._hyper(var), grad.values, grad.indices, use_locking=self._use_locking
        )


@export("train.FtrlOptimizer")
class FtrlOptimizer(Optimizer):
    """Follow the regularized leader: with l1, weights that matter little become exactly zero.

    Parameters
    ----------
    learning_rate : float or Tensor
    learning_rate_power : float, at most zero
        How the rate falls: -0.5 as in Adagrad, 0 constant.
    initial_accumulator_value : float, not negative
    l1_regularization_strength, l2_regularization_strength : float, not negative
    use_locking : bool
    name : str
    accum_name, linear_name : str, optional
        Names of the slots.
    l2_shrinkage_regularization_strength : float, not negative
        Penalty on the size of the weights in each step.

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches" (2013).
    """

    def __init__(
        self, learning_rate: Any, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0, use_locking: bool = False,
        name: str = "Ftrl", accum_name: str | None = None, linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(use_locking, name)
        if as_float(learning_rate_power, "learning_rate_power") > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero")
        for text, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if as_float(value, text) < 0.0:
                raise ValueError(f"{text} {value:f} needs to be positive or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._l2_shrinkage = l2_shrinkage_regularization_strength
        self._accum_name = accum_name
        self._linear_name = linear_name

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            start = constant(self._initial_accumulator_value, dtype=dtype, shape=var.shape)
            self._get_or_make_slot(var, start, "accum", self._accum_name or self._name)
            self._zeros_slot(var, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        self._lr = convert(self._learning_rate, name="learning_rate")
        self._l1_t = convert(self._l1, name="l1_regularization_strength")
        self._l2_t = convert(self._l2, name="l2_regularization_strength")
        self._l2_shrinkage_t = convert(self._l2_shrinkage, name="l2_shrinkage_regularization_strength")
        self._power_t = convert(self._learning_rate_power, name="learning_rate_power")

    def _slots_of(self, var: Any) -> list[Any]:
        return [var, self.get_slot(var, "accum"), self.get_slot(var, "linear")]

    def _hyper(self, var: Any) -> list[Any]:
        shrinkage = [self._l2_shrinkage_t] if self._l2_shrinkage > 0.0 else []
        return [like(t, var) for t in (self._lr, self._l1_t, self._l2_t, *shrinkage, self._power_t)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        kind = "ApplyFtrlV2" if self._l2_shrinkage > 0.0 else "ApplyFtrl"
        return update(kind, self._slots_of(var), grad, *self._hyper(var), use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        kind = "SparseApplyFtrlV2" if self._l2_shrinkage > 0.0 else "SparseApplyFtrl"
        return update(
            kind, self._slots_of(var), grad.values, grad.indices, *self._hyper(var), use_locking=self._use_locking
        )


class _Proximal(Optimizer):
    """Optimizers that shrink the weights after each step."""

    def __init__(self, learning_rate: Any, l1: float, l2: float, use_locking: bool, name: str) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1 = l1
        self._l2 = l2

    def _prepare(self) -> None:
        self._hyper = [
            convert(self._learning_rate, name="learning_rate"),
            convert(self._l1, name="l1_regularization_strength"),
            convert(self._l2, name="l2_regularization_strength"),
        ]


@export("train.ProximalGradientDescentOptimizer")
class ProximalGradientDescentOptimizer(_Proximal):
    """Gradient descent, then shrink the weights: by l1 towards exactly zero, by l2 in proportion.

    Parameters
    ----------
    learning_rate : float or Tensor
    l1_regularization_strength, l2_regularization_strength : float, not negative
    use_locking : bool
    name : str
    """

    def __init__(
        self, learning_rate: Any, l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
        use_locking: bool = False, name: str = "ProximalGradientDescent",
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return update("ApplyProximalGradientDescent", [var], *self._hyper, grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return update(
            "SparseApplyProximalGradientDescent",
            [var],
            *self._hyper,
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )


@export("train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(_Proximal):
    """Adagrad, then shrink the weights.

    Parameters
    ----------
    learning_rate : float or Tensor
    initial_accumulator_value : float, positive
    l1_regularization_strength, l2_regularization_strength : float, not negative
    use_locking : bool
    name : str
    """

    def __init__(
        self, learning_rate: Any, initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0, use_locking: bool = False, name: str = "ProximalAdagrad",
    ) -> None:  # fmt: skip
        if as_float(initial_accumulator_value, "initial_accumulator_value") <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name)
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            start = constant(self._initial_accumulator_value, shape=var.shape, dtype=var.dtype.base_dtype)
            self._get_or_make_slot(var, start, "accumulator", self._name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        slot = self.get_slot(var, "accumulator")
        return update("ApplyProximalAdagrad", [var, slot], *self._hyper, grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        slot = self.get_slot(var, "accumulator")
        return update(
            "SparseApplyProximalAdagrad",
            [var, slot],
            *self._hyper,
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )
