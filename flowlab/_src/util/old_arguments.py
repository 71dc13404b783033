"""Names of arguments that changed in TensorFlow 1.0: a call with the old name works, with one note that says the new one."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flowlab._src.util import lazy, source
from flowlab._src.util.notes import attach

F = TypeVar("F", bound=Callable[..., Any])


def taking_old_arguments(public: str, **renamed: str) -> Callable[[F], F]:
    """Let a function take arguments under the names that they had before TensorFlow 1.0.

    Parameters
    ----------
    public : str
        The function's name below `tf`, for the note.
    renamed : str
        Old name = new name. What stands for several arguments of old is written as an assignment ("size=[h, w]"): such a
        call is refused, and told what to type.
    """

    def decorate(function: F) -> F:
        places = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for old in [name for name in kwargs if name in renamed]:  # in the order of the call
                new = renamed[old]
                if "=" in new:
                    raise refusal(f"{public}() got an unexpected keyword argument '{old}'", f"tf.{public}(..., {new})")
                if new in kwargs or len(args) > places.index(new):
                    if old in places:  # the function knows what to say itself
                        continue
                    raise refusal(f"{public}() got '{new}' twice: '{old}' is its old name", f"leave {old} away")
                kwargs[new] = kwargs.pop(old)
                note(public, old, new)
            return function(*args, **kwargs)

        return cast(F, wrapper)

    return decorate


def refusal(message: str, fix: str) -> BaseException:
    """The TypeError for a call that cannot be translated."""
    site = source.caller(3)
    return attach(TypeError(message), where=site.quote() if site else "", fix=fix)


def note(public: str, old: str, new: str) -> None:
    """Say the new name, once for each old one."""
    key = f"{public}({old})"
    if key not in lazy.noted:
        lazy.noted.add(key)
        text = f"The argument {old} of tf.{public} has been called {new} since TensorFlow 1.0; the old name still works here."
        warnings.warn(text, lazy.FlowlabNote, stacklevel=3)  # 3: the line that wrote the old name
