"""`tf.GradientTape`: records what is computed in a `with` block, to take gradients of it afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.gradients import (
    UnconnectedGradients,
    gradients,
    is_trainable,
    reached_from,
    zeros_for_source,
)
from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.autodiff.tape import Tape, tapes
from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import log, nest, source
from flowlab._src.util.export import export


def _misuse(error: Exception, fix: str = "") -> BaseException:
    site = source.caller(3)
    return add_notes(error, where=site.quote() if site else "", fix=fix)


def watched_tensor(value: Any) -> Any:
    """The tensor that a tape knows a value by: the handle of a variable, any other tensor itself."""
    return getattr(value, "handle", value)


@export("GradientTape", "contrib.eager.GradientTape")
class GradientTape:
    """Records the operations of a `with` block on watched tensors, for automatic differentiation.

    Trainable variables are watched as soon as they are read; other tensors by `watch`. Tapes can be nested: an outer
    tape records how an inner one computes gradients, which gives second derivatives.

    Parameters
    ----------
    persistent : bool
        Gradients can be taken more than once.
    watch_accessed_variables : bool
        If False, variables are watched only if `watch` says so.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     x = tf.constant(3.0)
    ...     with tf.GradientTape() as outer:
    ...         outer.watch(x)
    ...         with tf.GradientTape() as inner:
    ...             inner.watch(x)
    ...             y = x * x * x
    ...         dx = inner.gradient(y, x)
    ...     float(dx), float(outer.gradient(dx, x))
    (27.0, 18.0)

    References
    ----------
    Baydin et al., "Automatic differentiation in machine learning: a survey" (2018), section 3.2: reverse mode.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_accessed_variables = watch_accessed_variables
        self._tape: Tape | None = None
        self._recording = False
        self._variables: list[Any] = []

    def __enter__(self) -> GradientTape:
        self._push()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._recording:
            self._pop()

    def _push(self) -> None:
        if self._recording:
            raise _misuse(ValueError("Tape is already recording."))
        if self._tape is None:
            self._tape = Tape(self._persistent, self._watch_accessed_variables)
        tapes.active.append(self._tape)
        self._recording = True

    def _pop(self) -> None:
        if not self._recording:
            raise _misuse(ValueError("Tape is not recording."))
        tapes.active.remove(self._tape)  # type: ignore[arg-type]  # it is there while it records
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Record what is computed of a tensor, or of several in a structure."""
        if self._tape is None:
            raise _misuse(RuntimeError("Tape is not recording: watch tensors inside the `with` block."))
        for t in nest.flatten(tensor):
            seen = watched_tensor(t)
            if not isinstance(seen, Tensor):
                raise _misuse(ValueError(f"Passed in object of type {type(t)}, not tf.Tensor"), "tf.constant(x)")
            if not t.dtype.is_floating:
                log.warning(f"The dtype of the watched tensor must be floating (e.g. tf.float32), got {t.dtype!r}")
            if seen is t:
                self._tape.watch(t)
            else:
                self._tape.watch_variable(t)

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Record nothing in a `with` block.

        Examples
        --------
        >>> from flowlab._src.runtime.eager import eager_mode
        >>> with eager_mode(), tf.GradientTape(persistent=True) as tape:
        ...     x = tf.Variable(4.0)
        ...     loss = x * x
        ...     with tape.stop_recording():
        ...         step = tape.gradient(loss, x) * 0.1
        >>> round(float(step), 3)
        0.8
        """
        if self._tape is None:
            raise _misuse(RuntimeError("Trying to stop recording a tape which is not recording."))
        self._pop()
        try:
            yield
        finally:
            self._push()

    def reset(self) -> None:
        """Forget all that was recorded and watched, and go on recording."""
        self._pop()
        self._tape = None
        self._push()

    def watched_variables(self) -> tuple[Any, ...]:
        """Return the variables that are watched, in the order of their first use."""
        if self._tape is not None:
            self._variables = self._tape.watched_variables()
        return tuple(self._variables)

    # ---- gradients ----------------------------------------------------------------------------------------------

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """Return the derivatives of `target` with respect to `sources`.

        Parameters
        ----------
        target : Tensor, or structure of them
            What was computed; the elements are added up.
        sources : Tensor or Variable, or structure of them
        output_gradients : structure like `target`, optional
            Gradients to start with; ones if not given.
        unconnected_gradients : UnconnectedGradients
            What to return for a source that the target does not depend on: None or zeros.

        Returns
        -------
        structure like `sources`
            Tensor, IndexedSlices or None for each.

        Raises
        ------
        RuntimeError
            If the tape is not persistent and has given gradients already.
        """
        tape = self._ready("gradient")
        targets = [_as_target(t) for t in nest.flatten(target)]
        starts: list[Any] = [None] * len(targets)
        if output_gradients is not None:
            starts = [None if g is None else convert(g) for g in nest.flatten(output_gradients)]
            if len(starts) != len(targets):
                raise _misuse(
                    ValueError(f"{len(starts)} output_gradients for {len(targets)} targets: give one for each.")
                )
        flat = nest.flatten(sources)
        results = self._gradients(tape, targets, flat, starts, _checked(unconnected_gradients))
        self._spent()
        return nest.pack_sequence_as(sources, results)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the derivatives of each element of `target` with respect to each element of `sources`.

        Parameters
        ----------
        target : Tensor
        sources : Tensor or Variable, or structure of them
        unconnected_gradients : UnconnectedGradients
        parallel_iterations : int, optional
            Accepted for compatibility.
        experimental_use_pfor : bool
            Accepted for compatibility: the elements of `target` are gone through one by one.

        Returns
        -------
        structure like `sources`
            For a source of shape S a tensor of shape target.shape + S.

        Examples
        --------
        >>> from flowlab._src.runtime.eager import eager_mode
        >>> with eager_mode(), tf.GradientTape() as tape:
        ...     x = tf.constant([1.0, 2.0])
        ...     tape.watch(x)
        ...     y = x * x
        >>> with eager_mode():
        ...     tape.jacobian(y, x).numpy()
        array([[2., 0.],
               [0., 4.]], dtype=float32)
        """
        tape = self._ready("jacobian")
        flat = nest.flatten(sources)
        unconnected = _checked(unconnected_gradients)
        rows = [
            self._gradients(tape, [target], flat, [start], unconnected)
            for start in _unit_gradients(target, batched=False)
        ]
        self._spent()
        shape = _sizes(target)
        results = [
            None
            if any(g is None for g in column)
            else raw.Reshape(raw.Pack(column, axis=0), [*shape, *_sizes(column[0])])
            for column in ([convert(g) if g is not None else None for g in c] for c in zip(*rows, strict=True))
        ]
        return nest.pack_sequence_as(sources, results)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the derivatives of each element of `target` with respect to `source`, batch entry by batch entry.

        Parameters
        ----------
        target : Tensor, shape (batch, ...)
            Entry i must depend on entry i of `source` alone.
        source : Tensor, shape (batch, ...)
        unconnected_gradients : UnconnectedGradients
        parallel_iterations : int, optional
            Accepted for compatibility.
        experimental_use_pfor : bool
            Accepted for compatibility.

        Returns
        -------
        Tensor, shape (batch,) + target.shape[1:] + source.shape[1:]
        """
        shape, own = _sizes(target), _sizes(source)
        if not shape or not own or shape[0] != own[0]:
            raise _misuse(
                ValueError(
                    f"Need first dimension of target shape ({target.shape}) and source shape ({source.shape}) to match."
                )
            )
        tape = self._ready("batch_jacobian")
        unconnected = _checked(unconnected_gradients)
        columns = [
            self._gradients(tape, [target], [source], [start], unconnected)[0]
            for start in _unit_gradients(target, batched=True)
        ]
        self._spent()
        if not columns or any(c is None for c in columns):
            return None
        return raw.Reshape(raw.Pack([convert(c) for c in columns], axis=1), [*shape, *own[1:]])

    def _ready(self, what: str) -> Tape:
        """The tape, after the checks that all ways to take gradients share."""
        if self._tape is None:
            raise _misuse(
                RuntimeError(f"GradientTape.{what} can only be called once on non-persistent tapes."),
                "tf.GradientTape(persistent=True)",
            )
        if self._recording and not self._persistent:
            self._pop()
        return self._tape

    def _spent(self) -> None:
        """Let go of what was recorded, unless the tape is persistent."""
        if not self._persistent:
            self.watched_variables()
            self._tape = None

    def _gradients(
        self, tape: Tape, targets: Sequence[Any], sources: Sequence[Any], starts: Sequence[Any], unconnected: Any
    ) -> list[Any]:
        tensors = [watched_tensor(s) for s in sources]
        if get_default_graph().eager:
            results = tape.gradient(targets, tensors, starts)
        else:
            results = _symbolic(tape, targets, tensors, starts)
        if unconnected is UnconnectedGradients.ZERO:
            results = [zeros_for_source(t) if g is None else g for g, t in zip(results, tensors, strict=True)]
        return results


def _symbolic(tape: Tape, targets: Sequence[Any], sources: Sequence[Any], starts: Sequence[Any]) -> list[Any]:
    """In graph mode the graph is the record: gradients are nodes, for what depends on something watched."""
    reached = reached_from([t.op for t in tape.watched()])
    relevant = [s for s in sources if s.op in reached]
    grads = iter(gradients(list(targets), relevant, grad_ys=list(starts)) if relevant else ())
    return [next(grads) if s.op in reached else None for s in sources]


def _as_target(value: Any) -> Any:
    if isinstance(value, IndexedSlices):
        return value.values
    tensor = convert(value)
    if not is_trainable(tensor):
        log.warning(
            f"The dtype of the target tensor must be floating (e.g. tf.float32) when calling GradientTape.gradient, got {tensor.dtype!r}"
        )
    return tensor


def _checked(choice: Any) -> UnconnectedGradients:
    try:
        return UnconnectedGradients(choice)
    except ValueError:
        raise _misuse(ValueError(f"Unknown value for unconnected_gradients: {choice!r}")) from None


def _sizes(tensor: Any) -> list[int]:
    if not hasattr(tensor, "shape") or not hasattr(tensor.shape, "_sizes"):
        raise _misuse(TypeError(f"Expected a tensor, got {tensor!r}."))
    sizes = tensor.shape._sizes()
    if sizes is None:
        raise _misuse(ValueError(f"The shape must be known while building, but it is {tensor.shape}."))
    return list(sizes)


def _unit_gradients(target: Any, batched: bool) -> Iterator[Tensor]:
    """For each element of the target (of each of its batch entries) a gradient that is one there and zero elsewhere."""
    shape = _sizes(target)
    dtype = target.dtype.base_dtype.as_numpy_dtype
    rows = np.zeros(shape, dtype).reshape(shape[0], -1) if batched else np.zeros((1, *shape), dtype).reshape(1, -1)
    for i in range(rows.shape[1]):
        start = rows.copy()
        start[:, i] = 1
        yield convert(start.reshape(shape))
