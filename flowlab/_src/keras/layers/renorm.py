"""Batch renormalization: the statistics of a batch, corrected towards the moving averages while training."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.scopes import control_dependencies
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.smart_cond import smart_cond
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.ops.identity import identity
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.nn_activation import relu
from flowlab._src.ops.powers import sqrt


class Renorm:
    """The part of batch normalization that `renorm=True` adds.

    References
    ----------
    Ioffe, "Batch renormalization: towards reducing minibatch dependence in batch-normalized models" (2017).
    """

    epsilon: float
    renorm_clipping: Any
    renorm_momentum: float
    moving_mean: Any
    moving_variance: Any
    moving_mean_initializer: Any
    moving_variance_initializer: Any
    _average: Any
    _assign_moving_average: Any

    def _build_renorm(self, shape: Any) -> None:
        """Averages of the standard deviation, and those that correct the batches."""

        def stddev(*args: Any, **kwargs: Any) -> Tensor:
            return sqrt(self.moving_variance_initializer(*args, **kwargs))

        graph = get_default_graph()
        with graph.colocate_with(self.moving_variance):
            self.moving_stddev = self._average("moving_stddev", shape, stddev)
        with graph.colocate_with(self.moving_mean):
            self.renorm_mean = self._average("renorm_mean", shape, self.moving_mean_initializer)
        with graph.colocate_with(self.moving_stddev):
            self.renorm_stddev = self._average("renorm_stddev", shape, stddev)

    def _variance_of(self, stddev: Any) -> Tensor:
        """The variance that an average of standard deviations stands for; rounding must not make it negative."""
        return relu(stddev * stddev - self.epsilon)

    def _corrections(self, mean: Any, variance: Any, training: Any) -> tuple[Any, Any, Any, Any]:
        """Scale and offset that correct the statistics of this batch, and the statistics for the averages."""
        stddev = sqrt(variance + self.epsilon)
        renorm_mean = self.renorm_mean
        renorm_stddev = maximum(self.renorm_stddev, sqrt(self.epsilon))
        r = stddev / renorm_stddev
        d = (mean - renorm_mean) / renorm_stddev
        with control_dependencies([r, d]):  # the corrections read the averages before they move
            mean, stddev = identity(mean), identity(stddev)
        rmin, rmax, dmax = [self.renorm_clipping.get(key) for key in ("rmin", "rmax", "dmax")]
        if rmin is not None:
            r = maximum(r, rmin)
        if rmax is not None:
            r = minimum(r, rmax)
        if dmax is not None:
            d = maximum(d, -dmax)
            d = minimum(d, dmax)
        used_r, used_d = r, d
        r = smart_cond(training, lambda: used_r, lambda: ones_like(used_r))
        d = smart_cond(training, lambda: used_d, lambda: zeros_like(used_d))

        def moved(average: Any, value: Any) -> Any:
            value = identity(value)
            return smart_cond(
                training,
                lambda: self._assign_moving_average(average, value, self.renorm_momentum),
                lambda: identity(average),
            )

        new_mean, new_stddev = moved(self.renorm_mean, mean), moved(self.renorm_stddev, stddev)
        with control_dependencies([new_mean, new_stddev]):
            return r, d, identity(mean), identity(variance)
