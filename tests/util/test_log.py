"""`tf.logging`."""

import logging
from typing import Any

import pytest

import flowlab as tf


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname}:{record.name}:{record.getMessage()}")

    logger = tf.get_logger()
    monkeypatch.setattr(logger, "handlers", [Keep()])
    level = tf.logging.get_verbosity()
    yield lines
    tf.logging.set_verbosity(level)


def test_what_is_below_the_verbosity_is_not_shown(shown: Any) -> None:
    tf.logging.set_verbosity(tf.logging.INFO)
    tf.logging.debug("no")
    tf.logging.info("step %d", 3)
    tf.logging.warn("careful")
    tf.logging.error("wrong")
    tf.logging.fatal("end")
    tf.logging.log(tf.logging.WARN, "level %s", "given")
    assert shown == [
        "INFO:tensorflow:step 3",
        "WARNING:tensorflow:careful",
        "ERROR:tensorflow:wrong",
        "CRITICAL:tensorflow:end",
        "WARNING:tensorflow:level given",
    ]


def test_some_messages_only(shown: Any) -> None:
    tf.logging.set_verbosity(tf.logging.DEBUG)
    for step in range(5):
        tf.logging.log_every_n(tf.logging.INFO, "every %d", 2, step)
        tf.logging.log_first_n(tf.logging.INFO, "first %d", 2, step)
        tf.logging.log_if(tf.logging.INFO, "if %d", step == 3, step)
    assert [line.rpartition(":")[2] for line in shown] == [
        "every 0",
        "first 0",
        "first 1",
        "every 2",
        "if 3",
        "every 4",
    ]


def test_levels_are_pythons() -> None:
    levels = [tf.logging.DEBUG, tf.logging.INFO, tf.logging.WARN, tf.logging.ERROR, tf.logging.FATAL]
    assert levels == [10, 20, 30, 40, 50]
    assert tf.get_logger() is logging.getLogger("tensorflow")
