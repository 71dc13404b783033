"""TensorBoard's projector: which variables it shows as points in space, and where their labels are."""

from __future__ import annotations

import os
from typing import Any

from flowlab._src.formats.gfile import GFile, makedirs
from flowlab._src.formats.messages import to_text
from flowlab._src.util.export import export

PROJECTOR_FILENAME = export("contrib.tensorboard.plugins.projector.PROJECTOR_FILENAME")("projector_config.pbtxt")


@export("contrib.tensorboard.plugins.projector.visualize_embeddings")
def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Write a file that tells TensorBoard which variables to show as embeddings.

    Parameters
    ----------
    summary_writer : tf.summary.FileWriter
        The file goes into its folder, as `projector_config.pbtxt`.
    config : tf.contrib.tensorboard.plugins.projector.ProjectorConfig

    Raises
    ------
    ValueError
        If the writer has no folder.

    Examples
    --------
    >>> class Writer:
    ...     def get_logdir(self):
    ...         return tf.test.get_temp_dir()
    >>> projector = tf.contrib.tensorboard.plugins.projector
    >>> config = projector.ProjectorConfig()
    >>> embedding = config.embeddings.add()
    >>> embedding.tensor_name, embedding.metadata_path = "embedding:0", "labels.tsv"
    >>> projector.visualize_embeddings(Writer(), config)
    >>> print(tf.gfile.GFile(tf.test.get_temp_dir() + "/projector_config.pbtxt").read().strip())
    embeddings {
      tensor_name: "embedding:0"
      metadata_path: "labels.tsv"
    }
    """
    logdir = summary_writer.get_logdir()
    if isinstance(logdir, bytes):
        logdir = logdir.decode()
    if not logdir:
        raise ValueError("Expected writer to have a logdir")
    makedirs(logdir)
    with GFile(os.path.join(logdir, PROJECTOR_FILENAME), "w") as file:
        file.write(to_text(config))
