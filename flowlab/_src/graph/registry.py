"""All kinds of operations by name, and `raw`, the way gradient rules reach them.

`raw.MatMul(a, b, transpose_b=True)` makes a node without any conversion or naming beyond the op's own type.
Families need no imports of each other: a rule in `ops/division.py` may call an op of `ops/transposing.py` through here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowlab._src.util.text import did_you_mean

if TYPE_CHECKING:
    from flowlab._src.graph.op import Op


class Kinds(Mapping[str, "type[Op]"]):
    """All kinds of operations by name. A kind's module is imported when it is first asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, type[Op]] = {}
        self._homes: dict[str, str] = {}

    def announce(self, homes: Mapping[str, str]) -> None:
        """Say in which modules kinds will be found: name of the kind to name of the module."""
        self._homes.update(homes)

    def add(self, cls: type[Op]) -> None:
        """Add a kind; its name must be new."""
        if cls.type in self._loaded:
            raise KeyError(
                f"There are two ops called {cls.type!r}: {self._loaded[cls.type].__module__} and {cls.__module__}."
            )
        self._loaded[cls.type] = cls

    def __getitem__(self, name: str) -> type[Op]:
        if name not in self._loaded and name in self._homes:
            importlib.import_module(self._homes[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter({**self._homes, **self._loaded})

    def __len__(self) -> int:
        return len({**self._homes, **self._loaded})


OPS = Kinds()

GradientFunction = Callable[..., Any]
_gradients: dict[str, GradientFunction | None] = {}
_shared: dict[type[Op], Op] = {}


def register(cls: type[Op]) -> None:
    """Add a kind of operation; its name must be new."""
    OPS.add(cls)


def lookup(name: str) -> type[Op]:
    """Return the class of an operation type; KeyError with the nearest names when there is none."""
    try:
        return OPS[name]
    except KeyError:
        raise KeyError(f"Op type not registered {name!r} in flowlab. {did_you_mean(name, OPS)}".rstrip()) from None


def register_gradient(name: str, function: GradientFunction | None) -> None:
    """Store a gradient function under a name that `gradient_override_map` may use."""
    if name in _gradients:
        raise KeyError(f"Registering two gradient with name '{name}'!")
    _gradients[name] = function


def gradient_function(node: Any) -> GradientFunction | None:
    """Return the function (node, *output gradients) -> input gradients; LookupError when none was declared."""
    override = node._gradient_name
    if override is not None:
        if override in _gradients:
            return _gradients[override]
        if override in OPS:  # that of another kind of operation, with its usual attributes
            other = OPS[override]()
            return None if other.gradient() is None else other.grad
        raise LookupError(f"gradient registry has no entry for: {override}")
    definition = node.definition
    if definition.type in _gradients:
        return _gradients[definition.type]
    declared: GradientFunction | None = definition.gradient()
    return declared


class _Raw:
    """Attribute access makes nodes: `raw.Exp(x)`."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)  # Python's own questions, such as those of doctest
        cls = lookup(name)

        def make(*inputs: Any, name: str | None = None, **attrs: Any) -> Any:
            if not attrs:
                op = _shared.get(cls)
                if op is None:
                    op = _shared[cls] = cls()
            else:
                op = cls(**attrs)
            return op(*inputs, name=name)

        setattr(self, name, make)
        return make


raw: Any = _Raw()
