"""`tf.Module`: an object that finds the variables in its attributes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from flowlab._src.graph.scopes import name_scope
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.variables.partitioned import PartitionedVariable
from flowlab._src.variables.variable import Variable


def snake_case(name: str) -> str:
    """`MyModule` as `my_module`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@export("Module")
class Module:
    """Base class for parts of a model: knows the variables, and the modules, that its attributes hold.

    Parameters
    ----------
    name : str, optional
        That of the class in snake case if not given. A Python identifier.

    Raises
    ------
    ValueError
        If the name is no identifier.

    Examples
    --------
    >>> class Dense(tf.Module):
    ...     def __init__(self, inputs, outputs, name=None):
    ...         super().__init__(name=name)
    ...         with self.name_scope:
    ...             self.w = tf.Variable(tf.random_normal([inputs, outputs]), name="w")
    ...             self.b = tf.Variable(tf.zeros([outputs]), name="b")
    ...
    ...     @tf.Module.with_name_scope
    ...     def __call__(self, x):
    ...         return tf.matmul(x, self.w) + self.b
    >>> layer = Dense(3, 2)
    >>> y = layer(tf.ones([1, 3]))
    >>> [v.name for v in layer.trainable_variables], y.name
    (['dense/b:0', 'dense/w:0'], 'dense/add:0')
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = snake_case(type(self).__name__)
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(
                f"{name!r} is not a valid module name. Module names must be valid Python identifiers (e.g. a valid class "
                "name)."
            )
        self._name = name
        with name_scope(name) as scope:
            self._name_scope = name_scope(scope)

    @property
    def name(self) -> str:
        """The name it was given."""
        return self._name

    @property
    def name_scope(self) -> name_scope:
        """The name scope of this module: `with self.name_scope:`."""
        return self._name_scope

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of this module, then those of the modules in it; attributes in the order of their names."""
        return tuple(self._flatten(predicate=is_variable))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of the variables that optimizers change."""
        return tuple(self._flatten(predicate=lambda value: is_variable(value) and getattr(value, "trainable", True)))

    @property
    def submodules(self) -> tuple[Any, ...]:
        """All modules in this one, and in those."""
        return tuple(self._flatten(predicate=lambda value: isinstance(value, Module)))

    def _flatten(self, predicate: Callable[[Any], bool]) -> Iterator[Any]:
        """Each object in the attributes, and in lists and dictionaries there, that fits; none twice."""
        seen, waiting = {id(self)}, [self]
        while waiting:
            inside: list[Module] = []
            module = waiting.pop(0)
            for _, attribute in sorted(vars(module).items()):
                for leaf in nest.flatten(attribute):
                    if id(leaf) in seen:
                        continue
                    seen.add(id(leaf))
                    if predicate(leaf):
                        yield leaf
                    if isinstance(leaf, Module):
                        inside.append(leaf)
            waiting = inside + waiting  # the modules in this one come before its neighbours

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: what the method adds to the graph is named after the module."""

        @functools.wraps(method)
        def in_scope(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return in_scope


def is_variable(value: Any) -> bool:
    """Whether a value is a variable, whole or cut into parts."""
    return isinstance(value, (Variable, PartitionedVariable))
