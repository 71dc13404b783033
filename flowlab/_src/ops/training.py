"""The update operations of optimizers: they take a variable and its slots by reference and store new values.

The formulas are in `kernels/update.py`. The sparse forms apply the same formulas to the rows named by `indices`. The
forms for resource variables, in `resource_training.py`, are made of these.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, Floating, Index, Op, Ref, Spec
from flowlab._src.graph.operation import variable_behind
from flowlab._src.graph.shape import TensorShape, merge_shapes
from flowlab._src.kernels import update, update_rows
from flowlab._src.kernels.small_forms import Update
from flowlab._src.kernels.update_loops import gradient_descent_loop
from flowlab._src.ops.gather import check_range
from flowlab._src.ops.holders import held_by_nobody_else
from flowlab._src.ops.state import initialized_value

Arrays = tuple[Any, ...]


class Apply(Op, abstract=True):
    """Change a variable and its slots (the first inputs) by a gradient of the variable's shape."""

    use_locking: bool = False
    stateful = True
    by_rows = False

    known: ClassVar[list[str] | None] = None  # the names, where a plan has found them out

    def bound(self, node: Any, *specs: Any, **unused: Any) -> Any:
        """The same kernel, of an operation that knows what its variables are called."""
        return self.knowing(node).kernel if self.forwards_ref else None  # handles say it

    def knowing(self, node: Any) -> Any:
        """This operation, with the names of the variables of its node."""
        operation = copy.copy(self)
        vars(operation)["known"] = [variable_behind(t).name for t in node._inputs[: self.forwards_ref]]
        return operation

    def names(self, run: Any, targets: Arrays) -> list[str]:
        """Under which names the session keeps the variable and its slots."""
        return self.known or [variable_behind(t).name for t in run.node._inputs[: len(targets)]]

    def value(self, run: Any, name: str) -> Any:
        """The value of one of them."""
        return initialized_value(run, run.state.read(name))

    def apply(self, run: Any, targets: Arrays, rule: Callable[..., Any], *hyper: Any) -> Any:
        """Read the variable and its slots, let `rule` give their new values, and store them."""
        names = self.names(run, targets)
        state = run.state
        with state.lock:
            values = [state.variables.get(name) for name in names]
            if run.unseen and (self.by_rows or rule in IN_PLACE) and held_by_nobody_else(values, targets):
                results = rule(*values, *hyper, in_place=True)
                if (results if len(names) == 1 else results[0]) is values[0]:  # they are where they were
                    for value in values:
                        value.setflags(write=False)
                    return results
            else:
                results = rule(*[self.value(run, name) for name in names], *hyper)
            if len(names) == 1:
                return state.write(names[0], results)
            return tuple([state.write(name, value) for name, value in zip(names, results, strict=True)])

    def shape(self, var: Spec, *rest: Spec) -> TensorShape:
        """The variable's shape; slots must have it too."""
        shape = var.shape
        for slot in rest[: self.forwards_ref - 1]:
            shape = merge_shapes(shape, slot.shape)
        return shape


IN_PLACE = (  # rules that can change arrays
    update.gradient_descent, update.momentum, update.adam, update.rmsprop, update.adagrad, update.adadelta, update.ftrl,
)  # fmt: skip


class SparseApply(Apply, abstract=True):
    """Change some rows of a variable and its slots."""

    by_rows = True

    def apply_rows(
        self, run: Any, targets: Arrays, rule: Callable[..., Any], indices: np.ndarray, grad: np.ndarray,
        where_they_lie: Callable[..., bool] | None = None,
    ) -> Any:  # fmt: skip
        """Apply `rule(*rows, grad)` to the rows `indices`, which are all different.

        `where_they_lie(*values)` does it without taking the rows out, if it can; else it gives False, as it does where
        an index is none of a row.
        """

        def on_rows(*values: np.ndarray, in_place: bool = False) -> Any:
            results = update.targets(values, in_place)
            if where_they_lie is None or not where_they_lie(*results):
                try:
                    check_range(indices, values[0].shape[0])
                except InvalidArgumentError:
                    for result in results:
                        result.setflags(write=False)
                    raise
                changed = rule(*[v[indices] for v in values], grad)
                for result, rows in zip(results, changed if isinstance(changed, tuple) else (changed,), strict=True):
                    result[indices] = rows
            return results[0] if len(results) == 1 else results

        return self.apply(run, targets, on_rows)


class ApplyGradientDescent(Apply):
    """var -= alpha delta."""

    apart = True
    forwards_ref = 1

    def small_form(self, node: Any, var: Spec, alpha: Spec, delta: Spec) -> Any:
        """One formula."""
        return Update((("var", "var - alpha * delta"),)) if var.dims == delta.dims else None

    def bound(self, node: Any, var: Spec, alpha: Spec, delta: Spec) -> Any:
        """For small variables and a step size that never changes: two NumPy functions, one new array."""
        name, variable = variable_behind(node._inputs[0]).name, var.dtype.base_dtype
        if alpha.value is None or not var.dims or var.dims != delta.dims or variable.size not in (4, 8):
            return None
        if math.prod(var.dims) >= gradient_descent_loop.least:  # type: ignore[arg-type]  # no None
            return None  # changed in place, by a compiled loop
        rate, dims = np.array(alpha.value, variable.as_numpy_dtype), var.dims
        multiply, subtract = np.multiply, np.subtract

        def step(run: Any, var: Any, alpha: Any, delta: Any) -> Any:
            state = run.state
            with state.lock:
                value = state.variables.get(name)
                if value is None or value.shape != dims:
                    return self.kernel(run, var, alpha, delta)
                change = multiply(delta, rate)
                subtract(value, change, change)
                change.setflags(write=False)
                state.variables[name] = change
                return change

        return step

    def kernel(self, run: Any, var: Ref[Floating], alpha: Array[Floating], delta: Array[Floating]) -> Ref[Floating]:
        return self.apply(run, (var,), update.gradient_descent, alpha, delta)


class ApplyMomentum(Apply):
    """accum = momentum accum + grad; var -= lr accum."""

    use_nesterov: bool = False
    apart = True
    forwards_ref = 2

    def small_form(self, node: Any, var: Spec, accum: Spec, lr: Spec, grad: Spec, momentum: Spec) -> Any:
        """Two formulas, as in the kernel."""
        step = "grad * lr + accum * momentum * lr" if self.use_nesterov else "accum * lr"
        rules = (("accum", "accum * momentum + grad"), ("var", f"var - ({step})"))
        return Update(rules) if var.dims == accum.dims == grad.dims else None

    def kernel(
        self,
        run: Any,
        var: Ref[Floating],
        accum: Ref[Floating],
        lr: Array[Floating],
        grad: Array[Floating],
        momentum: Array[Floating],
    ) -> Ref[Floating]:
        return self.apply(run, (var, accum), update.momentum, lr, grad, momentum, self.use_nesterov)


class SparseApplyMomentum(SparseApply):
    """The rule of ApplyMomentum on some rows."""

    use_nesterov: bool = False
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], grad: Array[Floating], indices: Array[Index],
        momentum: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        nesterov = self.use_nesterov
        return self.apply_rows(
            run, (var, accum), lambda v, a, g: update.momentum(v, a, lr, g, momentum, nesterov), indices, grad,
            lambda v, a: update_rows.momentum_rows(v, a, indices, lr, grad, momentum, nesterov),
        )  # fmt: skip


SMALL = 16384  # numbers of a variable that one thread changes alone


class ApplyAdam(Apply):
    """Adam: averages of the gradient and of its square give each weight its own step."""

    use_nesterov: bool = False
    apart = True
    forwards_ref = 3

    def small_form(self, node: Any, var: Spec, m: Spec, v: Spec, *hyper: Spec) -> Any:
        """Three formulas, as in the kernel."""
        mean = "(grad * (1 - beta1) + beta1 * m)" if self.use_nesterov else "m"
        alpha = "(lr * sqrt(1 - beta2_power) / (1 - beta1_power))"
        rules = (
            ("m", "m + (grad - m) * (1 - beta1)"),
            ("v", "v + (grad * grad - v) * (1 - beta2)"),
            ("var", f"var - {mean} * {alpha} / (sqrt(v) + epsilon)"),
        )
        return Update(rules) if var.dims == m.dims == v.dims == hyper[-1].dims else None

    def bound(self, node: Any, var: Spec, m: Spec, v: Spec, *hyper: Spec) -> Any:
        """For small variables with hyperparameters that never change: one loop, where they lie, and little around it.

        The step of 100 biases takes 4 us; with the checks of the kernel 9.
        """
        if not self.forwards_ref:
            return None
        knowing = self.knowing(node)
        sizes, dtype = [spec.dims for spec in (var, m, v, hyper[-1])], var.dtype.base_dtype.as_numpy_dtype
        fixed, count = [spec.value for spec in hyper[2:6]], var.shape.num_elements()
        kernel, names, shape = knowing.kernel, knowing.known, tuple(var.dims or ())
        if (
            count is None
            or count > SMALL
            or sizes != 4 * sizes[:1]
            or dtype not in (np.float32, np.float64)
            or None in fixed
        ):
            return kernel
        constants, nesterov = [dtype(number) for number in fixed], int(self.use_nesterov)
        step_along: Any = update.adam_within

        def step(
            run: Any, var: Any, m: Any, v: Any, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any,
            epsilon: Any, grad: Any,
        ) -> Any:  # fmt: skip
            state = run.state
            with state.lock:
                values = [state.variables.get(name) for name in names]
                if (
                    run.unseen
                    and held_by_nobody_else(values, (var, m, v))
                    and step_along(values, shape, dtype(beta1_power), dtype(beta2_power), *constants, grad, nesterov)
                ):
                    return values
            return kernel(run, var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad)

        return step

    def kernel(
        self, run: Any, var: Ref[Floating], m: Ref[Floating], v: Ref[Floating], beta1_power: Array[Floating],
        beta2_power: Array[Floating], lr: Array[Floating], beta1: Array[Floating], beta2: Array[Floating],
        epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(
            run, (var, m, v), update.adam, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, self.use_nesterov
        )


class ApplyAdagrad(Apply):
    """accum += grad²; var -= lr grad / sqrt(accum)."""

    update_slots: bool = True
    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], grad: Array[Floating]
    ) -> Ref[Floating]:
        return self.apply(run, (var, accum), update.adagrad, lr, grad, self.update_slots)


class SparseApplyAdagrad(SparseApply):
    """The rule of ApplyAdagrad on some rows."""

    update_slots: bool = True
    forwards_ref = 2

    def kernel(
        self,
        run: Any,
        var: Ref[Floating],
        accum: Ref[Floating],
        lr: Array[Floating],
        grad: Array[Floating],
        indices: Array[Index],
    ) -> Ref[Floating]:
        slots = self.update_slots
        return self.apply_rows(
            run, (var, accum), lambda v, a, g: update.adagrad(v, a, lr, g, slots), indices, grad,
            lambda v, a: update_rows.adagrad_rows(v, a, indices, lr, grad, slots),
        )  # fmt: skip


class ApplyAdagradDA(Apply):
    """Adagrad by dual averaging: the sum of all gradients decides, shrunk by l1 and l2."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], gradient_accumulator: Ref[Floating], gradient_squared_accumulator: Ref[Floating],
        grad: Array[Floating], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating], global_step: Array[np.int64],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(
            run,
            (var, gradient_accumulator, gradient_squared_accumulator),
            update.adagrad_da,
            grad,
            lr,
            l1,
            l2,
            global_step,
        )


class SparseApplyAdagradDA(SparseApply):
    """The rule of ApplyAdagradDA on some rows."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], gradient_accumulator: Ref[Floating], gradient_squared_accumulator: Ref[Floating],
        grad: Array[Floating], indices: Array[Index], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating],
        global_step: Array[np.int64],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run,
            (var, gradient_accumulator, gradient_squared_accumulator),
            lambda v, a, s, g: update.adagrad_da(v, a, s, g, lr, l1, l2, global_step),
            indices,
            grad,
        )


class ApplyAdadelta(Apply):
    """Steps scaled by the ratio of the running sizes of past steps and gradients."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], accum_update: Ref[Floating], lr: Array[Floating],
        rho: Array[Floating], epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, accum, accum_update), update.adadelta, lr, rho, epsilon, grad)


class SparseApplyAdadelta(SparseApply):
    """The rule of ApplyAdadelta on some rows."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], accum_update: Ref[Floating], lr: Array[Floating],
        rho: Array[Floating], epsilon: Array[Floating], grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run,
            (var, accum, accum_update),
            lambda v, a, u, g: update.adadelta(v, a, u, lr, rho, epsilon, g),
            indices,
            grad,
        )


class ApplyRMSProp(Apply):
    """Steps divided by the running root mean square of the gradient."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], ms: Ref[Floating], mom: Ref[Floating], lr: Array[Floating], rho: Array[Floating],
        momentum: Array[Floating], epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, ms, mom), update.rmsprop, lr, rho, momentum, epsilon, grad)


class SparseApplyRMSProp(SparseApply):
    """The rule of ApplyRMSProp on some rows."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], ms: Ref[Floating], mom: Ref[Floating], lr: Array[Floating], rho: Array[Floating],
        momentum: Array[Floating], epsilon: Array[Floating], grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run,
            (var, ms, mom),
            lambda v, s, m, g: update.rmsprop(v, s, m, lr, rho, momentum, epsilon, g),
            indices,
            grad,
        )


class ApplyCenteredRMSProp(Apply):
    """RMSProp with the variance of the gradient instead of its mean square."""

    forwards_ref = 4

    def kernel(
        self, run: Any, var: Ref[Floating], mg: Ref[Floating], ms: Ref[Floating], mom: Ref[Floating], lr: Array[Floating],
        rho: Array[Floating], momentum: Array[Floating], epsilon: Array[Floating], grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, mg, ms, mom), update.centered_rmsprop, lr, rho, momentum, epsilon, grad)


class SparseApplyCenteredRMSProp(SparseApply):
    """The rule of ApplyCenteredRMSProp on some rows."""

    forwards_ref = 4

    def kernel(
        self, run: Any, var: Ref[Floating], mg: Ref[Floating], ms: Ref[Floating], mom: Ref[Floating], lr: Array[Floating],
        rho: Array[Floating], momentum: Array[Floating], epsilon: Array[Floating], grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run,
            (var, mg, ms, mom),
            lambda v, a, s, m, g: update.centered_rmsprop(v, a, s, m, lr, rho, momentum, epsilon, g),
            indices,
            grad,
        )


class ApplyFtrl(Apply):
    """Follow the regularized leader: many weights become exactly zero."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], linear: Ref[Floating], grad: Array[Floating], lr: Array[Floating],
        l1: Array[Floating], l2: Array[Floating], lr_power: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, accum, linear), update.ftrl, grad, lr, l1, l2, lr_power)


class SparseApplyFtrl(SparseApply):
    """The rule of ApplyFtrl on some rows."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], linear: Ref[Floating], grad: Array[Floating],
        indices: Array[Index], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating], lr_power: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run, (var, accum, linear), lambda v, a, b, g: update.ftrl(v, a, b, g, lr, l1, l2, lr_power), indices, grad
        )


class ApplyFtrlV2(Apply):
    """ApplyFtrl with a shrinkage penalty on the step."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], linear: Ref[Floating], grad: Array[Floating], lr: Array[Floating],
        l1: Array[Floating], l2: Array[Floating], l2_shrinkage: Array[Floating], lr_power: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, accum, linear), update.ftrl, grad, lr, l1, l2, lr_power, l2_shrinkage)


class SparseApplyFtrlV2(SparseApply):
    """The rule of ApplyFtrlV2 on some rows."""

    forwards_ref = 3

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], linear: Ref[Floating], grad: Array[Floating],
        indices: Array[Index], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating], l2_shrinkage: Array[Floating],
        lr_power: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run,
            (var, accum, linear),
            lambda v, a, b, g: update.ftrl(v, a, b, g, lr, l1, l2, lr_power, l2_shrinkage),
            indices,
            grad,
        )


class ApplyProximalGradientDescent(Apply):
    """Gradient descent followed by shrinking the weights towards zero."""

    forwards_ref = 1

    def kernel(
        self,
        run: Any,
        var: Ref[Floating],
        alpha: Array[Floating],
        l1: Array[Floating],
        l2: Array[Floating],
        delta: Array[Floating],
    ) -> Ref[Floating]:
        return self.apply(run, (var,), update.proximal_gradient_descent, alpha, l1, l2, delta)


class SparseApplyProximalGradientDescent(SparseApply):
    """The rule of ApplyProximalGradientDescent on some rows."""

    forwards_ref = 1

    def kernel(
        self, run: Any, var: Ref[Floating], alpha: Array[Floating], l1: Array[Floating], l2: Array[Floating],
        grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run, (var,), lambda v, g: update.proximal_gradient_descent(v, alpha, l1, l2, g), indices, grad
        )


class ApplyProximalAdagrad(Apply):
    """Adagrad followed by shrinking the weights towards zero."""

    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating],
        grad: Array[Floating],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply(run, (var, accum), update.proximal_adagrad, lr, l1, l2, grad)


class SparseApplyProximalAdagrad(SparseApply):
    """The rule of ApplyProximalAdagrad on some rows."""

    forwards_ref = 2

    def kernel(
        self, run: Any, var: Ref[Floating], accum: Ref[Floating], lr: Array[Floating], l1: Array[Floating], l2: Array[Floating],
        grad: Array[Floating], indices: Array[Index],
    ) -> Ref[Floating]:  # fmt: skip
        return self.apply_rows(
            run, (var, accum), lambda v, a, g: update.proximal_adagrad(v, a, lr, l1, l2, g), indices, grad
        )
