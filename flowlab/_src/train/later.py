"""What sessions of training take from rooms that may not be there yet: savers and event files."""

from __future__ import annotations

import importlib
from typing import Any

from flowlab._src.errors import UnimplementedError
from flowlab._src.ops.misuse import misuse


def find(module: str, name: str) -> Any:
    """A class or function of another module of the library, None when there is no such module."""
    full = f"flowlab._src.{module}"
    try:
        return getattr(importlib.import_module(full), name, None)
    except ModuleNotFoundError as error:
        if error.name is None or not full.startswith(error.name):
            raise
        return None


def need(module: str, name: str, what: str) -> Any:
    """The same, or UnimplementedError."""
    found = find(module, name)
    if found is None:
        raise misuse(
            UnimplementedError(None, None, f"{what}: this part of flowlab is not there yet."),
            "leave checkpoint_dir and summary_dir out; the session itself needs neither",
        )
    return found


def saver_or_default() -> Any:
    """The saver of the graph, made if there is none; None where nothing can be saved."""
    default = find("train.saver", "get_saver_or_default")
    return None if default is None else default()


def summary_writer_for(folder: str) -> Any:
    """The writer of the event file of a folder."""
    return need("summary.writer_cache", "FileWriterCache", "Event files").get(folder)


def write_scalar(writer: Any, tag: str, value: float, step: int) -> None:
    """Write a number to an event file."""
    from flowlab._src.formats.messages import Summary

    writer.add_summary(Summary(value=[Summary.Value(tag=tag, simple_value=value)]), step)
