"""What lies between Numba and the files of `machine_code.py`: compiled loops as bytes, and loops from bytes."""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.kernels.machine_code import digest_of, store, words_of

if TYPE_CHECKING:
    from flowlab._src.kernels.jit import Loop


class Kept:
    """What Numba asks for the machine code of a loop, and hands it to: the files of `machine_code`.

    Numba has files of its own for this, but an index that was cut short makes it fail, the code is not checked before it
    runs, and folders that can only be read are passed over.
    """

    def __init__(self, loop: Loop, dtype: np.dtype[Any]) -> None:
        content = digest_of(words_of(loop.function.__code__), loop.reorder, loop.separate)
        self.name = f"{loop.name}.{dtype}.{machine()}.{content}"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return the loop as it was compiled before, or None."""
        context.refresh()
        content = store.read(self.name)
        if content is None:
            return None
        try:
            return restored(content, signature, context)
        except Exception:  # whatever is wrong with it, it can be compiled anew
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a loop that was compiled now, unless it contains addresses of this process."""
        if not result.library.has_dynamic_globals and not result.lifted:
            content = stored(result)
            if content is not None:
                store.write(self.name, content)


DESCRIBED = ("modname", "qualname", "unique_name", "doc", "args", "mangled_name", "env_name", "abi_tags", "uid")


def stored(result: Any) -> bytes | None:
    """Return a compiled loop as bytes: a line of JSON, then LLVM's object code and its bitcode.

    None for a function that gives a value or needs Python objects, which no loop of ours does.
    """
    (name, kind, codes), described, own, _, _, _, _, at_start, environments = result._reduce()
    returns = str(described.restype)
    if kind != "object" or returns != "none" or at_start or any(each.consts for each in (own, *environments)):
        return None
    head = {
        "library": name,
        "function": {field: getattr(described, field) for field in DESCRIBED},
        "environments": [[each.globals["__name__"], each.env_name] for each in environments],
        "sizes": [len(code) for code in codes],
    }
    return b"\n".join([json.dumps(head).encode(), b"".join(codes)])


def restored(content: bytes, signature: Any, context: Any) -> Any:
    """Return the loop that `stored` wrote, ready to be called."""
    from numba.core import sigutils, types
    from numba.core.compiler import CompileResult
    from numba.core.environment import Environment, _rebuild_env
    from numba.core.funcdesc import PythonFunctionDescriptor
    from numba.core.typing.templates import signature as signature_of

    line, _, codes = content.partition(b"\n")
    head = json.loads(line)
    fields = head["function"]
    first, second = head["sizes"]
    if len(codes) != first + second:
        raise ValueError("cut short")
    mangled, arguments = fields.pop("mangled_name"), sigutils.normalize_signature(signature)[0]
    fields["args"] = tuple(fields["args"])
    described = PythonFunctionDescriptor(
        native=True, typemap=None, restype=types.none, calltypes=None, kws=(), argtypes=arguments,
        mangler=lambda *_, **__: mangled, **fields,
    )  # fmt: skip
    for module, name in head["environments"]:
        if module not in sys.modules and module.partition(".")[0] != "numba":
            raise ValueError(f"of a module that is not loaded: {module}")
        _rebuild_env(module, [], name)
    library = (head["library"], "object", (codes[:first], codes[first:]))
    own = Environment.from_fndesc(described)
    typed = signature_of(types.none, *arguments)
    return CompileResult._rebuild(context, library, described, own, typed, False, (), "", [], ())


@cache
def machine() -> str:
    """Return a name for what machine code depends on besides the sources: processor, versions, settings."""
    import llvmlite
    import numba
    from numba.core.registry import cpu_target

    versions = (sys.version_info[:2], numba.__version__, llvmlite.__version__, np.__version__)
    processor = cpu_target.target_context.codegen().magic_tuple()
    settings = [os.environ.get(name) for name in SETTINGS]
    return digest_of(versions, processor, settings)


SETTINGS = (
    "NUMBA_BOUNDSCHECK", "NUMBA_OPT", "NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE", "FLOWLAB_VECTOR_BITS",
)  # fmt: skip
