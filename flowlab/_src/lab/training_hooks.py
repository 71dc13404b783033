"""What lets one object watch any training: a `SessionRunHook` for monitored sessions, a callback for `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.train.global_step import get_global_step_read
from flowlab._src.train.hooks import element_of_graph
from flowlab._src.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues

STEP = "global step"


class TrainingWatcher(SessionRunHook):
    """Takes values along from training, and hands them to `update(step, values)` of the class that it is mixed into."""

    def __init__(self, tensors: Any, every: int) -> None:
        self._tensors = labelled(tensors)
        self._every = as_int(every, "every")
        if self._every < 1:
            raise ValueError(f"every is a number of steps, 1 or more; got {every!r}.")
        self._runs = 0
        self._watched: dict[str, Any] = {}

    def update(self, step: float | None = None, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        raise NotImplementedError

    def _training_begins(self) -> None:
        """A training begins; there may have been others."""

    # ---- of a monitored session -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Look the tensors up in the graph, and the step counter if there is one."""
        self._watched = {label: element_of_graph(tensor) for label, tensor in self._tensors.items()}
        if not self._watched:
            raise ValueError(
                "As a hook the object has to know what to fetch. "
                "Name tensors of the graph, or give tensors={'loss': loss}."
            )
        counter = get_global_step_read()
        if counter is not None:
            self._watched[STEP] = counter
        self._runs = 0
        self._training_begins()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Ask for the values when it is time."""
        return SessionRunArgs(self._watched) if self._runs % self._every == 0 else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Take the values."""
        if run_values.results is not None:
            values = dict(run_values.results)
            step = values.pop(STEP, self._runs)
            self.update(float(step), values)
        self._runs += 1

    # ---- of `fit` -------------------------------------------------------------------------------------------------

    def set_params(self, params: Any) -> None:
        """`fit` tells its settings; nothing of them is needed."""

    def set_model(self, model: Any) -> None:
        """`fit` tells the model; nothing of it is needed."""

    def on_train_begin(self, logs: Any = None) -> None:
        """A training begins: what is there already becomes an earlier run."""
        self._training_begins()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take the losses and metrics of an epoch; those of the validation share a panel with those of training."""
        self.update(float(epoch), epoch_values(logs or {}))

    def _nothing(self, *_: Any, **__: Any) -> None:
        """A moment of `fit` that is of no interest here."""

    on_train_end = on_epoch_begin = on_batch_begin = on_batch_end = _nothing
    on_train_batch_begin = on_train_batch_end = on_test_begin = on_test_end = _nothing
    on_test_batch_begin = on_test_batch_end = on_predict_begin = on_predict_end = _nothing
    on_predict_batch_begin = on_predict_batch_end = _nothing


def labelled(tensors: Any) -> dict[str, Any]:
    """Tensors with their labels: as given in a mapping, otherwise the names of their operations."""
    if tensors is None:
        return {}
    if isinstance(tensors, Mapping):
        return dict(tensors)
    items = [tensors] if isinstance(tensors, str) or hasattr(tensors, "op") else as_list(tensors, "tensors")
    for item in items:
        if not isinstance(item, str) and not hasattr(item, "op"):
            raise TypeError(f"tensors are tensors, variables or names of them; got {item!r}.")
    return {item if isinstance(item, str) else item.op.name: item for item in items}


def epoch_values(logs: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an epoch under the names of curves: "loss" and "val_loss" become two curves of one panel."""
    values = {}
    for name, value in logs.items():
        if name.startswith("val_"):
            values[f"{name.removeprefix('val_')}/validation"] = value
        elif f"val_{name}" in logs:
            values[f"{name}/training"] = value
        else:
            values[name] = value
    return values
