"""Run a test once with the NumPy siblings and once with compiled loops, whatever the size of the arrays."""

import pytest

from flowlab._src.kernels import compiling, jit


@pytest.fixture(params=["numpy", "compiled"])
def kernels(request, monkeypatch):
    """Choose how kernels compute; yields "numpy" or "compiled"."""
    if request.param == "compiled" and compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    use(monkeypatch, request.param)
    return request.param


@pytest.fixture
def compiled(monkeypatch):
    """Use compiled loops for every size; for what NumPy was tried with already."""
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    use(monkeypatch, "compiled")


def use(monkeypatch, way):
    monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT if way == "compiled" else compiling.NEVER)
    for each in jit.loops:
        monkeypatch.setattr(each, "least", 0)
        if way == "numpy":
            monkeypatch.setattr(each, "versions", {})
