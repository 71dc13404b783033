"""What happens on ``tf.name`` when the facade has no such name yet: load it, translate it, or say what was meant."""

import difflib
import functools
import importlib
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowlab._src.util import left_out, source
from flowlab._src.util.notes import attach

ROOT = "flowlab"
left_out.watch_imports()


class FlowlabNote(UserWarning):
    """A remark about a program that works but could be written better; shown once."""


def module_getattr(
    module_name: str, lazy: Mapping[str, str] | None = None, renamed: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of one facade module.

    Parameters
    ----------
    module_name : str
        The module it is for, ``"flowlab"`` or ``"flowlab.nn"``.
    lazy : mapping of str to str, optional
        Names to load on first use: ``"flowlab.keras"`` stands for a module, ``"flowlab._src.lab.magics:magic"`` for a
        name inside one.
    renamed : mapping of str to str, optional
        Old public names and their present ones, as dotted paths below ``flowlab``; ``old_names.OLD_NAMES`` by default.

    Returns
    -------
    Callable
        Takes the missing name; returns its value, or raises AttributeError in TensorFlow's words with a hint.
    """
    lazy = lazy or {}

    def __getattr__(name: str) -> Any:
        if name in lazy:
            value = load(lazy[name])
            setattr(sys.modules[module_name], name, value)  # found at once from now on
            return value
        if name.startswith("_"):  # Python and Jupyter probe for these; nobody wants a hint
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        return renamed_value(module_name, name, renamed)

    return __getattr__


def module_dir(module_name: str, lazy: Mapping[str, str]) -> Callable[[], list[str]]:
    """Make the ``__dir__`` of one facade module: its public names, loaded or not, and Python's own."""

    def __dir__() -> list[str]:
        module = sys.modules[module_name]
        return sorted({*module.__all__, *lazy, *(name for name in vars(module) if name.startswith("__"))})

    return __dir__


def load(target: str) -> Any:
    """Import ``module`` or ``module:name``."""
    module, _, name = target.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, name) if name else loaded


noted: set[str] = set()  # old names already remarked upon in this process


def renamed_value(module_name: str, name: str, renamed: Mapping[str, str] | None) -> Any:
    """Give the value an old name stands for, with one note; raise when the name is not an old one."""
    from flowlab._src.util.old_names import OLD_NAMES, OLD_SIGNATURES

    old = public_path(module_name, name)
    new = (OLD_NAMES if renamed is None else renamed).get(old)
    if new is None:
        raise missing_attribute(module_name, name)
    try:
        value = value_of(new)
    except AttributeError:
        error = missing_attribute(module_name, name, hints=())
        attach(error, why=f"tf.{old} became tf.{new} in TensorFlow 1.0, which flowlab does not have yet")
        raise error from None
    if old not in noted:
        noted.add(old)
        text = f"tf.{old} has been called tf.{new} since TensorFlow 1.0; the old name still works here."
        warnings.warn(text, FlowlabNote, stacklevel=3)  # 3: the line that wrote the old name
    return with_old_arguments(value, OLD_SIGNATURES[old]) if old in OLD_SIGNATURES else value


def with_old_arguments(function: Callable[..., Any], names: Mapping[str, str]) -> Callable[..., Any]:
    """Let a function take its arguments in the order and under the names they had: old name -> present name."""

    @functools.wraps(function)
    def old(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names.values(), args))
        return function(
            *args[len(names) :], **given, **{names.get(name, name): value for name, value in kwargs.items()}
        )

    return old


def value_of(path: str) -> Any:
    """Look up a dotted path below ``flowlab``; the empty one is flowlab itself."""
    value: Any = sys.modules[ROOT]
    for part in path.split(".") if path else ():
        value = getattr(value, part)
    return value


def missing_attribute(module_name: str, name: str, hints: Iterable[str] | None = None) -> AttributeError:
    """Make the error for a name that does not exist; its note gives the nearest names that do."""
    # obj=None keeps Python from adding a guess of its own to ours when it prints the traceback.
    error = AttributeError(f"module {module_name!r} has no attribute {name!r}", name=name, obj=None)
    why, instead = left_out.explain(public_path(module_name, name))
    if why:
        attach(error, why=why, fix=instead)
        return error
    found = [f"tf.{hint}" for hint in (nearest_names(module_name, name) if hints is None else hints)]
    if found:
        site = source.caller(2)
        attach(
            error,
            why=f"there is no {written_name(module_name, name)} in TensorFlow 1.15: did you mean {' or '.join(found)}?",
            where=site.quote() if site is not None else "",
            fix=mended(site, name, found[0]),
        )
    return error


def written_name(module_name: str, name: str) -> str:
    return f"tf.{public_path(module_name, name)}"


def mended(site: source.Site | None, name: str, instead: str) -> str:
    """The program's line with the right name in the place of the wrong one."""
    wrong = re.compile(rf"\b[\w.]+\.{re.escape(name)}\b")
    text = site.text if site is not None else ""
    short = instead.removeprefix("tf.")
    mine = wrong.search(text)
    if mine is None:
        return instead
    package = mine[0].partition(".")[0]
    line = wrong.sub(f"{package}.{short}" if package in ("tf", "tensorflow", "flowlab") else mine[0], text, count=1)
    return line if line != text and len(line) <= 100 else instead


def nearest_names(module_name: str, name: str) -> list[str]:
    """Public names, as dotted paths, that someone who wrote ``name`` may have meant, the likeliest first."""
    from flowlab._src.util.old_names import NEVER_NAMES, OLD_NAMES

    known = NEVER_NAMES.get(public_path(module_name, name))
    if known is not None:
        return [known]
    # Spellings to compare with: old names too, so that a misspelt old name leads to today's.
    prefix = public_path(module_name, "")
    olds = {old.removeprefix(prefix): new for old, new in OLD_NAMES.items() if old.startswith(prefix)}
    spellings = {old: new for old, new in olds.items() if "." not in old}
    spellings |= {here: public_path(module_name, here) for here in dir(sys.modules[module_name]) if here[0] != "_"}

    same_letters = [path for spelling, path in spellings.items() if spelling.lower() == name.lower()]
    elsewhere = [path for path in public_paths() if path.split(".")[-1] == name]  # tf.relu is tf.nn.relu
    alike = difflib.get_close_matches(name, spellings, n=2, cutoff=0.7)
    found = same_letters + sorted(elsewhere, key=lambda path: (path.count("."), path))[:2]
    return list(dict.fromkeys(found + [spellings[spelling] for spelling in alike]))[:3]


def public_paths() -> list[str]:
    """Every public name of flowlab, as dotted paths."""
    modules, paths = [ROOT], []
    for module in modules:
        lazy = getattr(importlib.import_module(module), "_lazy", {})
        paths += [public_path(module, name) for name in lazy]
        modules += [target for name, target in lazy.items() if target == f"{module}.{name}"]
    return paths


def public_path(module_name: str, name: str) -> str:
    """Join a facade module and a name into the path below ``tf``: ``("flowlab.nn", "relu")`` is ``"nn.relu"``."""
    return f"{module_name}.{name}".removeprefix(ROOT + ".")
