"""`tf.contrib.learn`: the data sets, and Experiment, which trains and evaluates an estimator in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.data.mnist import DataSet, Datasets, read_data_sets
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

# The module has its own path in TensorFlow's source, which programs import.
export("contrib.learn.datasets.mnist.DataSet", "contrib.learn.python.learn.datasets.mnist.DataSet")(DataSet)
export("contrib.learn.datasets.mnist.read_data_sets", "contrib.learn.python.learn.datasets.mnist.read_data_sets")(
    read_data_sets
)
export("contrib.learn.datasets.base.Datasets", "contrib.learn.python.learn.datasets.base.Datasets")(Datasets)


@export("contrib.learn.datasets.mnist.load_mnist", "contrib.learn.python.learn.datasets.mnist.load_mnist")
def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """Read the MNIST digits, as `read_data_sets` does."""
    return read_data_sets(train_dir)


@export("contrib.learn.datasets.load_dataset")
def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Any:
    """Return a data set by its name: "mnist" is the one that comes with flowlab.

    Examples
    --------
    >>> mnist = tf.contrib.learn.datasets.load_dataset("mnist")
    MNIST: read from the copy that comes with flowlab (no MNIST files in 'MNIST-data').
    >>> mnist.test.num_examples
    10000
    """
    if name != "mnist":
        hint = did_you_mean(name, ["mnist"])
        raise ValueError(f"Name of dataset is not found: {name}; flowlab brings 'mnist'. {hint}".rstrip())
    return load_mnist()


@export("contrib.learn.ModeKeys")
class ModeKeys:
    """What a model function is called for."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"


@export("contrib.learn.Experiment")
class Experiment:
    """An estimator with what it needs for training and evaluation.

    Parameters
    ----------
    estimator : object with `train` and `evaluate`, such as a tf.estimator.Estimator
    train_input_fn, eval_input_fn : function
        Give the tensors of a batch: (features, labels).
    eval_metrics : dict, optional
        Accepted; the estimator's own are computed.
    train_steps : int, optional
        Number of training steps in all; None trains until the data ends.
    eval_steps : int, optional
        Number of batches for one evaluation; None takes all data.
    train_monitors : list of hooks, optional
    eval_hooks : list of hooks, optional
    min_eval_frequency : int, optional
        Train so many steps between evaluations; None or 0 evaluates once, at the end.
    train_steps_per_iteration : int, optional
        The same for `continuous_train_and_eval`.
    export_strategies, local_eval_frequency, eval_delay_secs, continuous_eval_throttle_secs, delay_workers_by_global_step, \
checkpoint_and_export, saving_listeners, check_interval_secs
        Accepted for compatibility; nothing waits.

    Examples
    --------
    >>> class Counter:
    ...     steps = 0
    ...     def train(self, input_fn, hooks=None, steps=None, max_steps=None, saving_listeners=None):
    ...         self.steps = max_steps
    ...     def evaluate(self, input_fn, steps=None, hooks=None, name=None):
    ...         return {"steps": self.steps}
    >>> experiment = tf.contrib.learn.Experiment(Counter(), train_input_fn=dict, eval_input_fn=dict, train_steps=30)
    >>> experiment.train_and_evaluate()
    ({'steps': 30}, [])
    """

    def __init__(
        self,
        estimator: Any,
        train_input_fn: Callable[[], Any],
        eval_input_fn: Callable[[], Any],
        eval_metrics: Any = None,
        train_steps: int | None = None,
        eval_steps: int | None = 100,
        train_monitors: Any = None,
        eval_hooks: Any = None,
        local_eval_frequency: int | None = None,
        eval_delay_secs: float = 120,
        continuous_eval_throttle_secs: float = 60,
        min_eval_frequency: int | None = None,
        delay_workers_by_global_step: bool = False,
        export_strategies: Any = None,
        train_steps_per_iteration: int | None = None,
        checkpoint_and_export: bool = False,
        saving_listeners: Any = None,
        check_interval_secs: float = 5,
    ) -> None:
        for method in ("train", "evaluate"):
            if not callable(getattr(estimator, method, None)):
                raise ValueError(f"`estimator` must implement `tf.contrib.learn.Trainable`: it has no method {method}.")
        if eval_steps is not None and eval_steps <= 0:
            raise ValueError("Must specify eval_steps > 0 or None.")
        if train_steps is not None and train_steps <= 0:
            raise ValueError(f"Must specify train_steps > 0 or None, given: {train_steps}")
        self._estimator = estimator
        self._train_input_fn, self._eval_input_fn = train_input_fn, eval_input_fn
        self._train_steps, self._eval_steps = train_steps, eval_steps
        self._train_hooks = list(train_monitors or [])
        self._eval_hooks = list(eval_hooks or [])
        self._saving_listeners = saving_listeners
        self._between = min_eval_frequency or 0
        self._iteration = train_steps_per_iteration
        self._export_strategies = list(export_strategies or [])

    @property
    def estimator(self) -> Any:
        """The estimator."""
        return self._estimator

    @property
    def train_steps(self) -> int | None:
        """Number of training steps in all."""
        return self._train_steps

    @property
    def eval_steps(self) -> int | None:
        """Number of batches for one evaluation."""
        return self._eval_steps

    def extend_train_hooks(self, additional_hooks: Any) -> None:
        """Add hooks to the training."""
        self._train_hooks.extend(additional_hooks)

    def reset_export_strategies(self, new_export_strategies: Any = None) -> Any:
        """Replace what is exported after training; return what it was."""
        before, self._export_strategies = self._export_strategies, list(new_export_strategies or [])
        return before

    def train(self, delay_secs: float | None = None) -> Any:
        """Train up to `train_steps`."""
        return self._train_until(self._train_steps)

    def _train_until(self, steps: int | None) -> Any:
        given = {"saving_listeners": self._saving_listeners} if self._saving_listeners else {}
        return self._estimator.train(
            input_fn=self._train_input_fn, max_steps=steps, hooks=list(self._train_hooks), **given
        )

    def evaluate(self, delay_secs: float | None = None, name: str | None = None) -> Any:
        """Evaluate once; return a dict of numbers."""
        return self._estimator.evaluate(
            input_fn=self._eval_input_fn, steps=self._eval_steps, hooks=list(self._eval_hooks), name=name
        )

    def train_and_evaluate(self) -> tuple[Any, list[Any]]:
        """Train and evaluate in turns; return the numbers of the last evaluation, and what was exported.

        With `min_eval_frequency` there is an evaluation after each such number of steps, otherwise one at the end.
        """
        if self._train_steps is not None and self._between:
            for done in range(self._between, self._train_steps, self._between):
                self._train_until(done)
                self.evaluate()
        self.train()
        return self.evaluate(), self._export()

    local_run = train_and_evaluate

    def continuous_train_and_eval(self, continuous_eval_predicate_fn: Any = None) -> tuple[Any, list[Any]]:
        """Train `train_steps_per_iteration` steps at a time, with an evaluation after each."""
        self._between = self._iteration or self._between
        return self.train_and_evaluate()

    def continuous_eval(self, delay_secs: Any = None, throttle_delay_secs: Any = None, **options: Any) -> Any:
        """Evaluate once: another process that trains is left out."""
        return self.evaluate()

    def test(self) -> Any:
        """Train one step and evaluate one batch."""
        self._train_until(1)
        result = self._estimator.evaluate(input_fn=self._eval_input_fn, steps=1, name="one_pass")
        return result, self._export()

    def _export(self) -> list[Any]:
        folder = getattr(self._estimator, "model_dir", None)
        exported = [strategy.export(self._estimator, folder) for strategy in self._export_strategies]
        return [path for path in exported if path]


@export("contrib.learn.learn_runner.run")
def run(
    experiment_fn: Callable[..., Any],
    output_dir: str | None = None,
    schedule: str | None = None,
    run_config: Any = None,
    hparams: Any = None,
) -> Any:
    """Make an experiment and run one of its methods, `train_and_evaluate` if none is named.

    Parameters
    ----------
    experiment_fn : function
        Gets `output_dir`; or, if a `run_config` is given, that and `hparams`.
    schedule : str, optional
        The name of a method of the experiment.
    """
    if output_dir is not None and run_config is not None:
        raise ValueError("Cannot provide both `output_dir` and `run_config`")
    if output_dir is None and run_config is None:
        raise ValueError("Must specify either output_dir or run_config")
    experiment = (
        experiment_fn(output_dir) if run_config is None else experiment_fn(run_config=run_config, hparams=hparams)
    )
    if not isinstance(experiment, Experiment):
        raise TypeError(f"Experiment builder did not return an Experiment instance, got {type(experiment)} instead.")
    name = schedule or "train_and_evaluate"
    method = getattr(experiment, name, None)
    if not callable(method):
        known = [word for word in dir(Experiment) if word[0] != "_"]
        raise ValueError(f"Schedule references non-existent task {name}. {did_you_mean(name, known)}".rstrip())
    return method()
