"""`tf.make_template`: a function that makes its variables when it is first called and uses them again afterwards."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowlab._src.graph.arguments import as_flag, refused
from flowlab._src.graph.default import get_collection
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export
from flowlab._src.variables.scope import (
    VariableScope,
    _pure_variable_scope as pure_variable_scope,
    _unique_scope_name as unique_scope_name,
    variable_scope,
)


@export("make_template")
def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """Make a function whose calls share their variables: those that it gets by `tf.get_variable`.

    Parameters
    ----------
    name_ : str
        Name of the variable scope; made unique.
    func_ : function
    create_scope_now_ : bool, optional
        Make the scope here; otherwise where the function is first called.
    unique_name_ : str, optional
        Name of the scope as it is.
    custom_getter_ : function, optional
        For `tf.get_variable` within the function.
    **kwargs
        Arguments for each call of the function.

    Raises
    ------
    ValueError
        If `name_` is None; later, if a call after the first makes new trainable variables.

    Examples
    --------
    >>> def scaled(x):
    ...     return x * tf.get_variable("w", [])
    >>> scale = tf.make_template("scale", scaled)
    >>> scale(1.0).name, scale(2.0).name, [v.name for v in scale.variables]
    ('scale/mul:0', 'scale_1/mul:0', ['scale/w:0'])
    """
    if not callable(func_):
        raise refused("callable", "func_", func_)
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """A function with variables of its own; see `tf.make_template`."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self._func, self._name, self._unique_name = func, name, unique_name
        self._custom_getter = custom_getter
        self._scope: VariableScope | None = None
        self._called = False
        if as_flag(create_scope_now, "create_scope_now_"):
            with pure_variable_scope(unique_name or unique_scope_name(name), custom_getter=custom_getter) as scope:
                self._scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function within its scope."""
        if self._scope is not None:
            with variable_scope(self._scope, reuse=self._called or None):
                return self._call(args, kwargs)
        with variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
            self._scope = scope
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        before = get_collection(GraphKeys.TRAINABLE_VARIABLES)
        result = self._func(*args, **kwargs)
        made = get_collection(GraphKeys.TRAINABLE_VARIABLES)[len(before) :]
        if self._called and made:
            raise misuse(
                ValueError(
                    "Trainable variable created when calling a template after the first time, perhaps you used "
                    f"tf.Variable when you meant tf.get_variable: {made}"
                ),
                fix="tf.get_variable finds the variable of the first call again; tf.Variable makes a new one",
            )
        self._called = True
        return result

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope of the variables; None before it is made."""
        return self._scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the scope, with a slash behind it."""
        return f"{self._scope.name}/" if self._scope is not None else None

    def _collected(self, key: str) -> list[Any]:
        start = self.variable_scope_name
        return [v for v in get_collection(key) if start is not None and v.name.startswith(start)]

    @property
    def global_variables(self) -> list[Any]:
        """The variables of the function that are saved."""
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The variables of the function that are not saved."""
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """All variables of the function."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables of the function that are trained."""
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The variables of the function that are not trained."""
        trained = set(self.trainable_variables)
        return [v for v in self.variables if v not in trained]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables
