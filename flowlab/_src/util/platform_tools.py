"""Small parts of TensorFlow's platform: resources beside a program, how it was compiled, marks of what is deprecated."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from flowlab._src.util.arguments import refused
from flowlab._src.util.export import export
from flowlab._src.util.paths import PACKAGE
from flowlab._src.util.source import user_frame

F = TypeVar("F", bound=Callable[..., Any])


# tf.resource_loader: files that lie beside the program that asks for them


@export("resource_loader.get_data_files_path")
def get_data_files_path() -> str:
    """Return the folder of the program that calls this."""
    frame = user_frame(2)
    return os.path.dirname(os.path.abspath(frame.f_code.co_filename)) if frame else os.getcwd()


@export("resource_loader.get_root_dir_with_all_resources")
def get_root_dir_with_all_resources() -> str:
    """Return the folder of the program that calls this."""
    return get_data_files_path()


@export("resource_loader.get_path_to_datafile")
def get_path_to_datafile(path: str) -> str:
    """Return the full path of a file beside the program that calls this."""
    if not isinstance(path, (str, os.PathLike)):
        raise refused("string", "path", path)
    return os.path.join(get_data_files_path(), path)


@export("resource_loader.readahead_file_path")
def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """Return the path as it is."""
    return path


@export("resource_loader.load_resource")
def load_resource(path: str) -> bytes:
    """Return the bytes of a file beside the program that calls this."""
    full = get_path_to_datafile(path)
    try:
        with open(full, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise OSError(f"Resource {full} not found: {error}") from None


# tf.sysconfig: where a compiler would find TensorFlow


@export("sysconfig.get_include")
def get_include() -> str:
    """Return the folder where TensorFlow keeps its C++ headers; flowlab has none."""
    return str(PACKAGE / "include")


@export("sysconfig.get_lib")
def get_lib() -> str:
    """Return the folder of the package."""
    return str(PACKAGE)


@export("sysconfig.get_compile_flags")
def get_compile_flags() -> list[str]:
    """Return the flags for compiling against TensorFlow's headers."""
    return [f"-I{get_include()}", "-D_GLIBCXX_USE_CXX11_ABI=0"]


@export("sysconfig.get_link_flags")
def get_link_flags() -> list[str]:
    """Return the flags for linking with TensorFlow's library: none, there is no library."""
    return []


# tf.contrib.framework.deprecated and its siblings


def note_deprecated(text: str) -> None:
    """Warn once for each line that uses something deprecated."""
    warnings.warn(text, DeprecationWarning, stacklevel=3)


@export("contrib.framework.deprecated")
def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable[[F], F]:
    """Mark a function as deprecated: a DeprecationWarning tells when it goes and what to use instead."""
    when = f"after {date}" if date else "in a future version"

    def decorate(func: F) -> F:
        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            note_deprecated(f"{func.__name__} is deprecated and will be removed {when}. Instructions: {instructions}")
            return func(*args, **kwargs)

        return wrapper  # type: ignore[return-value]  # it has the same arguments

    return decorate


@export("contrib.framework.deprecated_args")
def deprecated_args(date: str | None, instructions: str, *names: Any, **kwargs: Any) -> Callable[[F], F]:
    """Mark arguments as deprecated; a call that names one gives a DeprecationWarning."""
    known = {name[0] if isinstance(name, tuple) else name for name in names}
    when = f"after {date}" if date else "in a future version"

    def decorate(func: F) -> F:
        @functools.wraps(func)
        def wrapper(*args: Any, **given: Any) -> Any:
            for name in sorted(known & given.keys()):
                text = f"argument {name} of {func.__name__} is deprecated and will be removed {when}. {instructions}"
                note_deprecated(text)
            return func(*args, **given)

        return wrapper  # type: ignore[return-value]  # it has the same arguments

    return decorate


@export("contrib.framework.deprecated_arg_values")
def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable[[F], F]:
    """Mark values of arguments as deprecated; a call that gives one gets a DeprecationWarning."""

    def decorate(func: F) -> F:
        @functools.wraps(func)
        def wrapper(*args: Any, **given: Any) -> Any:
            for name, value in deprecated_kwargs.items():
                if name in given and given[name] == value:
                    note_deprecated(f"{name}={value!r} of {func.__name__} is deprecated. {instructions}")
            return func(*args, **given)

        return wrapper  # type: ignore[return-value]  # it has the same arguments

    return decorate


def tf_export(*names: str, **options: Any) -> Callable[[F], F]:
    """Leave a function as it is: TensorFlow's own mark of public names."""
    return lambda func: func
