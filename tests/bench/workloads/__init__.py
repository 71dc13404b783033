"""The workloads, a module for each kind; the modules here are in the order of the table."""

from tests.bench import registry
from tests.bench.workloads import building, dispatch, images, loops, processes, sequences, small_models

MODULES = (processes, dispatch, building, loops, small_models, images, sequences)
WORKLOADS = {
    name: registry.WORKLOADS[name]
    for module in MODULES
    for name in registry.WORKLOADS
    if registry.WORKLOADS[name].graph.__module__ == module.__name__
}

__all__ = ["WORKLOADS"]
