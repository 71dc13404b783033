"""`flowlab.install_as_tensorflow()`: programs that say `import tensorflow as tf` get flowlab, as they are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from flowlab._src.util import left_out
from flowlab._src.util.deep_paths import INSIDE_NAMES, deep_spaces
from flowlab._src.util.export import export
from flowlab._src.util.lazy import ROOT, value_of
from flowlab._src.util.notes import attach
from flowlab._src.util.text import did_you_mean

TAKEN = ("tensorflow", "keras")  # the packages that flowlab stands in for


def public_path(fullname: str) -> str:
    """The dotted path below ``tf`` of a module that a program imports: that of tensorflow.nn is nn."""
    package, _, path = fullname.partition(".")
    if package == "keras":
        return f"keras.{path}".rstrip(".")
    for start in ("compat.v1", "_api.v1", "python.keras", "contrib.keras", "contrib.keras.python.keras"):
        if path == start or path.startswith(start + "."):
            rest = path[len(start) :].lstrip(".")
            return f"keras.{rest}".rstrip(".") if start.endswith("keras") else rest
    return path


def facade_module(path: str) -> ModuleType | None:
    """The public module of a path below ``tf``, None if flowlab has none."""
    if not path:
        return sys.modules[ROOT]
    name = f"{ROOT}.{path}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise  # something that flowlab itself needs is missing
    except ImportError as error:
        if error.name != name:
            raise
    return None


class DeepModule(ModuleType):
    """A module from deep inside TensorFlow: its names are looked up where flowlab has them."""

    def __init__(self, name: str, path: str, spaces: tuple[str, ...]) -> None:
        super().__init__(name, f"Stands in for {name}; the names are those of {', '.join(map(spoken, spaces))}.")
        self._path, self._spaces = path.removeprefix("python."), spaces

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        renamed = INSIDE_NAMES.get(f"{self._path}.{name}")
        if renamed:
            return value_of(renamed)
        for space in self._spaces:
            try:
                return getattr(importlib.import_module(space[1:]) if space[:1] == ":" else value_of(space), name)
            except (AttributeError, ModuleNotFoundError):
                continue
        places = " and ".join(map(spoken, self._spaces))
        error = AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=None)
        if places:
            attach(error, why=f"flowlab looks for it in {places}. {did_you_mean(name, dir(self))}".rstrip())
        raise error

    def __dir__(self) -> list[str]:
        names: set[str] = set()
        for space in self._spaces:
            module = sys.modules.get(space[1:]) if space[:1] == ":" else facade_module(space)
            names.update(getattr(module, "__all__", ()))
        return sorted(names)


def spoken(space: str) -> str:
    """How to write a namespace in a message."""
    return f"tf.{space}" if space and space[0] != ":" else "tf" if not space else "flowlab's source"


class Standing(Loader):
    """Puts an existing module of flowlab under the name that was imported."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Let Python make an empty module; it is replaced before anyone sees it, and flowlab's stays untouched."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put flowlab's module in its place."""
        name = module.__name__
        if "__path__" not in vars(self.module):  # so that modules below it can be asked for
            self.module.__path__ = []
            given_paths.append(self.module)
        if self.module.__spec__ is None:
            self.module.__spec__ = module.__spec__
            self.module.__package__ = name
        sys.modules[name] = self.module


given_paths: list[ModuleType] = []


class TensorFlowFinder(MetaPathFinder):
    """Finds tensorflow, keras and what is below them, in flowlab."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module of flowlab that stands for a module of TensorFlow; ImportError says why there is none."""
        if fullname.partition(".")[0] not in TAKEN:
            return None
        return ModuleSpec(fullname, Standing(stand_in(fullname)), is_package=True)


def stand_in(fullname: str) -> ModuleType:
    """The module of flowlab for a module of TensorFlow or Keras."""
    path = public_path(fullname)
    module = facade_module(path)
    if module is not None:
        return module
    spaces = deep_spaces(path)
    parent, _, last = path.rpartition(".")
    if spaces is None and path.startswith("keras.") and (above := facade_module(parent)) is not None:
        if hasattr(above, last) and not isinstance(getattr(above, last), ModuleType):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)  # it is a name, not a module
        spaces = (parent,) if last in KERAS_INSIDE else None  # keras.layers.core is inside keras.layers
    if spaces is not None:
        left_out_spaces = [space for space in spaces if space[:1] != ":" and left_out.explain(space)[0]]
        if spaces and len(left_out_spaces) == len(spaces):
            left_out.refuse(spaces[0], fullname)
        return DeepModule(fullname, path, spaces)
    left_out.refuse(path, fullname)
    first = path.split(".")[0]
    if first == "python":
        text = "flowlab has none of TensorFlow's inner modules but those that courses use: write the public name, tf.<name>"
    else:
        text = f"flowlab has no tf.{path} yet" if first in left_out.COMING else f"flowlab has no module tf.{path}"
    raise ModuleNotFoundError(f"No module named {fullname!r}: {text}.", name=fullname)


# Modules in which Keras 2 keeps the names of the package above them.
KERAS_INSIDE = (
    "advanced_activations", "base_layer", "convolutional", "convolutional_recurrent", "core", "data_utils", "embeddings",
    "generic_utils", "input_layer", "io_utils", "local", "merge", "network", "noise", "normalization", "np_utils", "pooling",
    "recurrent", "sequential", "topology", "training", "wrappers",
)  # fmt: skip


@export("install_as_tensorflow")
def install_as_tensorflow() -> None:
    """Let ``import tensorflow`` and ``import keras`` give flowlab, for the rest of this process.

    Programs and notebooks written for TensorFlow 1.x then run as they are: ``import tensorflow as tf``,
    ``from tensorflow.examples.tutorials.mnist import input_data``, ``import tensorflow.contrib.eager as tfe``, and those
    inner modules that much code imports (``from tensorflow.python.framework import ops``). What flowlab leaves out says so
    when it is imported. Calling it again changes nothing; `uninstall_as_tensorflow` ends it. In a notebook:
    ``%flow as-tensorflow``.

    Raises
    ------
    RuntimeError
        If TensorFlow or Keras itself is imported already.

    Examples
    --------
    >>> tf.install_as_tensorflow()
    >>> import tensorflow
    >>> tensorflow is tf, tensorflow.nn.relu is tf.nn.relu
    (True, True)
    >>> tf.uninstall_as_tensorflow()
    """
    if installed():
        return
    for package in TAKEN:
        module = sys.modules.get(package)
        if module is not None:
            where = getattr(module, "__file__", None) or "somewhere"
            raise RuntimeError(
                f"{package} itself is imported already (from {where}), and a program cannot use both under one name. "
                "Restart Python (in a notebook: the kernel) and call install_as_tensorflow() before anything imports it."
            )
    sys.meta_path.insert(0, TensorFlowFinder())


@export("uninstall_as_tensorflow")
def uninstall_as_tensorflow() -> None:
    """Let ``import tensorflow`` mean TensorFlow again; modules imported until now stay flowlab's where they are in use."""
    if not installed():
        return
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, TensorFlowFinder)]
    for name in [name for name in sys.modules if name.partition(".")[0] in TAKEN]:
        module = sys.modules.pop(name)
        parent, _, last = name.rpartition(".")
        owner = facade_module(public_path(parent)) if parent and isinstance(module, DeepModule) else None
        if owner is not None and vars(owner).get(last) is module:
            delattr(owner, last)
    for module in given_paths:
        if module.__dict__.get("__path__") == []:
            del module.__path__
    given_paths.clear()


def installed() -> bool:
    """Whether flowlab stands in for TensorFlow."""
    return any(isinstance(finder, TensorFlowFinder) for finder in sys.meta_path)
