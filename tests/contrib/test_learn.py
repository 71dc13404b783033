"""`tf.contrib.learn`: data sets, Experiment, learn_runner."""

import importlib
from typing import Any

import pytest

import flowlab as tf

learn = tf.contrib.learn


class Recorder:
    """Stands for an estimator: notes what it is asked to do."""

    model_dir = "model"

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def train(self, input_fn: Any, hooks: Any = None, steps: Any = None, max_steps: Any = None) -> None:
        self.calls.append(("train", max_steps, hooks))

    def evaluate(self, input_fn: Any, steps: Any = None, hooks: Any = None, name: Any = None) -> dict[str, int]:
        self.calls.append(("evaluate", steps))
        return {"calls": len(self.calls)}


def test_the_mnist_reader_has_several_paths() -> None:
    paths = (
        "examples.tutorials.mnist.input_data",
        "contrib.learn.datasets.mnist",
        "contrib.learn.python.learn.datasets.mnist",
    )
    readers = {importlib.import_module(f"flowlab.{path}").read_data_sets for path in paths}
    assert len(readers) == 1
    with pytest.raises(ValueError, match=r"Name of dataset is not found: minst; flowlab brings 'mnist'. Did you mean"):
        learn.datasets.load_dataset("minst")


def test_training_and_evaluation_in_turns() -> None:
    estimator = Recorder()
    experiment = learn.Experiment(estimator, dict, dict, train_steps=25, eval_steps=3, min_eval_frequency=10)
    experiment.extend_train_hooks(["hook"])
    assert experiment.train_and_evaluate() == ({"calls": 6}, [])
    assert [call[:2] for call in estimator.calls] == [
        ("train", 10),
        ("evaluate", 3),
        ("train", 20),
        ("evaluate", 3),
        ("train", 25),
        ("evaluate", 3),
    ]
    assert estimator.calls[0][2] == ["hook"]


def test_a_runner_names_the_method() -> None:
    estimator = Recorder()
    learn.learn_runner.run(lambda folder: learn.Experiment(estimator, dict, dict), "out", schedule="test")
    assert estimator.calls == [("train", 1, []), ("evaluate", 1)]
    with pytest.raises(ValueError, match=r"Schedule references non-existent task evalate. Did you mean 'evaluate'"):
        learn.learn_runner.run(lambda folder: learn.Experiment(estimator, dict, dict), "out", schedule="evalate")
    with pytest.raises(TypeError, match="did not return an Experiment instance"):
        learn.learn_runner.run(lambda folder: None, "out")


def test_what_an_experiment_refuses() -> None:
    with pytest.raises(ValueError, match="it has no method train"):
        learn.Experiment(object(), dict, dict)
    with pytest.raises(ValueError, match="Must specify eval_steps > 0 or None"):
        learn.Experiment(Recorder(), dict, dict, eval_steps=0)
    with pytest.raises(AttributeError) as caught:
        learn.DNNClassifier
    assert "is left out" in caught.value.__notes__[0]


def test_the_file_of_the_projector(tmp_path: Any) -> None:
    projector = tf.contrib.tensorboard.plugins.projector
    config = projector.ProjectorConfig()
    config.embeddings.add(tensor_name="w", metadata_path="labels.tsv")

    class Writer:
        def get_logdir(self) -> bytes:
            return str(tmp_path / "new").encode()

    projector.visualize_embeddings(Writer(), config)
    text = (tmp_path / "new" / "projector_config.pbtxt").read_text("utf-8")
    assert text == 'embeddings {\n  tensor_name: "w"\n  metadata_path: "labels.tsv"\n}\n'
    Writer.get_logdir = lambda self: ""  # type: ignore[method-assign, assignment]
    with pytest.raises(ValueError, match="Expected writer to have a logdir"):
        projector.visualize_embeddings(Writer(), config)
