"""Compiled loops: Numba, loaded late and in the background. Only this module and `kept.py` name it.

A kernel is a NumPy function. Where a number shows that it pays, it has a loop beside it, written for the compiler and
marked `@loop`. Nobody ever waits for the compiler: the first calls on large inputs are answered by NumPy while a
background thread imports Numba and finds the machine code of an earlier process on disk, or has another process compile
it (`apart.py`); later calls use the loop. Small inputs always stay with NumPy, so small programs never load Numba at all.

    @loop(least=100_000)                # below that much work, NumPy is as fast
    def square_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
        begin, end = span(piece, pieces, x.size)
        xs, ys = x[begin:end], y[begin:end]
        for i in range(xs.size):        # from 0: then the compiler sees that it may take 16 at once
            ys[i] = xs[i] * xs[i]

    def square(x):
        run = square_loop.ready(x.dtype, x.size)
        if run is None:
            return x * x                # the NumPy sibling
        y = np.empty(x.shape, x.dtype)
        share(run, pieces(x.size), plain(x).reshape(-1), y.reshape(-1))
        return y

It is written for one piece of the work; the threads claim one piece after the other until none is left. A loop that keeps
something from piece to piece, such as memory to work in, takes `turn` for `piece` and claims its pieces itself.

The environment variable FLOWLAB_NUMBA sets the policy: "0" never compiles, "1" (the default) is described above,
"wait" compiles at the first large call (for tests and benchmarks).

Where machine code lies on disk, and for which machine it is valid, says `machine_code.py`; `flowlab warm` (`warm.py`)
compiles everything beforehand.
"""

from __future__ import annotations

import importlib
import json
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Annotated, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowlab._src.kernels import kept, machine_code
from flowlab._src.kernels.compiling import NEVER, WAIT, compiler
from flowlab._src.kernels.machine_code import digest_of

COMPILED = (np.dtype(np.float32), np.dtype(np.float64))  # other dtypes stay with NumPy
SINGLE = COMPILED[:1]
CALLS = 2  # large calls after which a loop is compiled


# ---------------------------------------------------------------- what a loop may take: words for its signature


@dataclass(frozen=True)
class Parameter:
    """The type of one parameter of a loop; `dtype` None stands for the dtype the loop is compiled for."""

    rank: int = 0
    writable: bool = False
    dtype: str | None = None

    def numba_type(self, dtype: np.dtype[Any]) -> Any:
        """Return Numba's name for this type. Arrays are contiguous; inputs may be read-only."""
        from numba import from_dtype, types

        scalar = from_dtype(np.dtype(self.dtype or dtype))
        return types.Array(scalar, self.rank, "C", readonly=not self.writable) if self.rank else scalar


Turn = Annotated[NDArray[np.int64], Parameter(1, True, "int64")]  # the counter of `threads.share`
Int = Annotated[int, Parameter(0, False, "int64")]
Number = Annotated[float, Parameter()]
Ints1 = Annotated[NDArray[np.int64], Parameter(1, False, "int64")]
Ints2 = Annotated[NDArray[np.int64], Parameter(2, False, "int64")]
In1 = Annotated[NDArray[Any], Parameter(1)]
In2 = Annotated[NDArray[Any], Parameter(2)]
In3 = Annotated[NDArray[Any], Parameter(3)]
Out1 = Annotated[NDArray[Any], Parameter(1, True)]
Out2 = Annotated[NDArray[Any], Parameter(2, True)]
Out3 = Annotated[NDArray[Any], Parameter(3, True)]


def plain(x: Any, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Return `x` as loops need it: C-contiguous, aligned, native byte order; itself where it is so already."""
    array = np.asarray(x, dtype)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy("C")


# ---------------------------------------------------------------- loops and their parts


class Part:
    """A function that loops call; it becomes a part of their machine code."""

    def __init__(self, function: Callable[..., Any], reorder: tuple[str, ...] = ()) -> None:
        self.function = function
        self.reorder = reorder
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        self.built: dict[np.dtype[Any], Any] = {}

    def build(self, dtype: np.dtype[Any]) -> Any:
        """Return Numba's object for this part."""
        if dtype not in self.built:
            self.built[dtype] = self.make(dtype)
        return self.built[dtype]

    def make(self, dtype: np.dtype[Any]) -> Any:
        import numba

        return numba.njit(nogil=True, error_model="numpy", fastmath=set(self.reorder))(linked(self.function, dtype))

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


class Separate(Part):
    """A part that is told, like a loop with `separate`, that its arrays share no memory."""

    def make(self, dtype: np.dtype[Any]) -> Any:
        import numba

        how: dict[str, Any] = {"pipeline_class": for_separate_arrays()}
        return numba.njit(nogil=True, error_model="numpy", **how)(linked(self.function, dtype))


class ByType(Part):
    """A part that is one function for single precision, another for double."""

    def __init__(self, single: Part, double: Part) -> None:
        super().__init__(single.function)
        self.single, self.double = single, double

    def make(self, dtype: np.dtype[Any]) -> Any:
        """Build the one for this dtype."""
        return (self.single if dtype == np.float32 else self.double).build(dtype)


def in_loops_only(*arguments: Any) -> None:
    """Refuse to be called by Python."""
    raise TypeError("this exists in compiled loops only")


class Instruction(Part):
    """A part made of machine instructions instead of Python.

    Loops call it with one tuple of whole numbers; `function` gets LLVM's language (`ir`), the builder that puts
    instructions one behind the other, the dtype, and the numbers as they will stand in registers.
    """

    def make(self, dtype: np.dtype[Any]) -> Any:
        from numba import types
        from numba.core import cgutils
        from numba.extending import intrinsic

        cgutils_names: Any = cgutils

        @intrinsic
        def instruction(context: Any, numbers: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                values = cgutils_names.unpack_tuple(builder, arguments[0])
                self.function(cgutils_names.ir, builder, dtype, *values)
                return context.get_dummy_value()

            return types.void(types.UniTuple(types.int64, len(numbers))), generate

        return instruction

    def __call__(self, *arguments: Any) -> Any:
        in_loops_only()


class OfNumbers(Instruction):
    """A part made of machine instructions that takes numbers of one type and gives one.

    `function` gets LLVM's language (`ir`), the builder, and the numbers.
    """

    def make(self, dtype: np.dtype[Any]) -> Any:
        from numba.core import cgutils
        from numba.extending import intrinsic

        cgutils_names: Any = cgutils

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return self.function(cgutils_names.ir, builder, *arguments)

        if self.function.__code__.co_argcount == 3:
            return intrinsic(lambda context, x: (x(x), generate))
        return intrinsic(lambda context, x, y, z: (x(x, y, z), generate))


class Loop(Part):
    """A function for the compiler, one version for each dtype; `ready` says whether it can be used yet.

    A version is called with a counter of pieces (`turn`), their number, and the arguments; see `threads.share`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        least: int,
        reorder: tuple[str, ...],
        calls: int = CALLS,
        separate: bool = False,
        dtypes: tuple[np.dtype[Any], ...] = COMPILED,
    ) -> None:
        super().__init__(function, reorder)
        self.separate = separate
        self.dtypes = dtypes
        self.least = least
        self.calls = calls
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self.versions: dict[np.dtype[Any], Callable[..., Any]] = {}
        self.asked: dict[np.dtype[Any], int] = {}
        self.state: dict[np.dtype[Any], str] = {}
        self.source: dict[str, Any] | None = None  # of a loop that the program wrote, see `written`
        self.claims = parameters_of(function)[:1] != ("piece",)  # its pieces itself
        loops.append(self)

    def order(self, dtype: np.dtype[Any]) -> str | None:
        """What to tell another process, in a line, so that it compiles a version; None if it would not find the loop."""
        if self.source is not None:
            return json.dumps({**self.source, "dtype": str(dtype)})
        ours = Path(self.function.__code__.co_filename).parent == machine_code.SOURCES
        return f"{self.name} {dtype}" if ours else None

    def ready(self, dtype: np.dtype[Any], work: int) -> Callable[..., Any] | None:
        """Return the compiled loop if there is enough work for it; or None, and perhaps have it compiled."""
        if work < self.least:
            return None
        return self.versions.get(dtype) or self.missed(dtype)

    def missed(self, dtype: np.dtype[Any]) -> Callable[..., Any] | None:
        """Decide what to do about a version that does not exist."""
        if dtype not in self.dtypes or compiler.policy == NEVER:
            return None
        if compiler.policy == WAIT:  # also for what the background has not come to yet
            return compiler.compile(self, dtype)
        if dtype in self.state:
            return None
        # One large call may be the only one; the second announces a third. Loading Numba costs as much as thousands
        # of small calls, so for them alone it is not loaded soon. What lies ready on disk is loaded at once.
        self.asked[dtype] = asked = self.asked.get(dtype, 0) + 1
        enough = CALLS if "numba" in sys.modules else self.calls
        if asked == 1 and enough <= CALLS:
            compiler.enqueue(self, dtype, only_kept=True)
        elif asked >= enough:
            compiler.enqueue(self, dtype)
        return None

    def make(self, dtype: np.dtype[Any]) -> Any:
        """Compile now, or load from disk; Numba and its locks do not mind which thread asks."""
        import numba

        how = {"pipeline_class": for_separate_arrays()} if self.separate else {}
        make = numba.njit(nogil=True, error_model="numpy", fastmath=set(self.reorder), **how)
        whole = linked(self.function, dtype)
        dispatcher: Any = make(whole if self.claims else claiming(whole, dtype))
        dispatcher._cache = kept.Kept(self, dtype)
        dispatcher.compile(self.signature(dtype))
        dispatcher.disable_compile()
        return dispatcher

    def signature(self, dtype: np.dtype[Any]) -> Any:
        """Return the Numba signature that the annotations spell."""
        from numba import types

        hints = typing.get_type_hints(self.function, include_extras=True)
        hints.pop("return", None)
        if not self.claims:
            hints["piece"] = Turn
        return types.void(*(hint.__metadata__[0].numba_type(dtype) for hint in hints.values()))

    def __call__(self, *arguments: Any) -> Any:
        """Run as plain Python."""
        if self.claims:
            return self.function(*arguments)
        turn, pieces = arguments[:2]
        while (piece := claim(turn)) < pieces:
            self.function(piece, *arguments[1:])


def parameters_of(function: Any) -> tuple[str, ...]:
    """Return the names of the parameters of a function."""
    names: tuple[str, ...] = function.__code__.co_varnames
    return names[: function.__code__.co_argcount]


CLAIMING = """
def run(turn, {arguments}):
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        step(piece, {arguments})
"""


def claiming(function: FunctionType, dtype: np.dtype[Any]) -> FunctionType:
    """Return the loop that claims pieces as long as there are any, and calls a function for each of them.

    Numba puts the lines of the function in the place of the call before it finds out types: machine code is the same as
    if both were written as one.
    """
    import numba

    arguments = ", ".join(parameters_of(function)[1:])
    namespace = {
        "__name__": function.__module__,
        "claim": claim.build(dtype),
        "step": numba.njit(inline="always")(function),
    }
    exec(CLAIMING.format(arguments=arguments), namespace)
    run: Any = namespace["run"]
    run.__name__ = run.__qualname__ = function.__name__
    return run


@cache
def for_separate_arrays() -> Any:
    """Numba's compiler, told that no array of a loop shares memory with another that is written to.

    LLVM would otherwise compare all pairs of addresses before it dares to take 16 elements at once, and with more than
    a handful of arrays it does not: a loop with 14 arrays of 16,384 numbers takes 11 us instead of 26.
    """
    from numba.core.compiler import Compiler as NumbaCompiler

    class Separate(NumbaCompiler):
        def define_pipelines(self) -> Any:
            self.state.flags.noalias = True
            return super().define_pipelines()

    return Separate


class Address(Loop):
    """A function that other loops call by its machine address, so that it is compiled once and not in each of them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, 0, ())

    def make(self, dtype: np.dtype[Any]) -> Any:
        """Compile now, or load from disk; the address is valid as long as the process."""
        from numba.core.ccallback import CFunc
        from numba.core.sigutils import normalize_signature

        signature = normalize_signature(self.signature(dtype))
        self.built[dtype] = CFunc(linked(self.function, dtype), signature, locals={}, options={})
        self.built[dtype]._cache = kept.Kept(self, dtype)
        self.built[dtype].compile()
        return self.built[dtype].address


loops: list[Loop] = []


def loop(
    least: int,
    reorder: tuple[str, ...] = (),
    calls: int = CALLS,
    separate: bool = False,
    dtypes: tuple[np.dtype[Any], ...] = COMPILED,
) -> Callable[[Callable[..., Any]], Loop]:
    """Mark a function as a compiled loop for at least so much work, in whatever unit its callers count.

    After `calls` calls it is compiled; more than `CALLS` say that its calls are small, and not worth loading Numba for.

    Arithmetic is NumPy's to the last bit, unless LLVM's fast-math flags in `reorder` permit more: "reassoc", "contract"
    and "nsz" let it add 16 numbers at a time, and keep the meaning of NaN and infinity. With `separate` the arrays that
    the loop writes to share no memory with others. `dtypes` are those it has versions for: one with whole numbers only
    needs but one.
    """
    return lambda function: Loop(function, least, reorder, calls, separate, dtypes)


_written: dict[str, Loop] = {}  # by what is said of them


def written(
    module: str,
    text: str,
    parameters: Mapping[str, tuple[int, bool, str | None]],
    separate: bool = False,
    address: bool = False,
) -> Loop:
    """Return the loop of a text that defines `run`: the same object for the same text.

    `module` is one of this folder, whose functions and parts the text may name; `parameters` gives rank, writable and
    dtype of each. With `address` other loops call it by its address, see `Address`. The library writes such texts for
    what a graph computes, and tells them to the process that compiles.
    """
    source = {"module": module, "text": text, "parameters": dict(parameters), "separate": separate, "address": address}
    key = json.dumps(source)
    if key not in _written:
        name = f"run_{digest_of(key)}"
        namespace = dict(vars(importlib.import_module(f"flowlab._src.kernels.{module}")))
        exec(compile(text, f"<{name}>", "exec"), namespace)  # text made of formulas of the library and numbers
        function = namespace["run"]
        function.__name__ = function.__qualname__ = name
        hints: dict[str, Any] = {each: Annotated[Any, Parameter(*words)] for each, words in parameters.items()}
        function.__annotations__ = {**hints, "return": None}
        _written[key] = Address(function) if address else Loop(function, 0, (), separate=separate)
        _written[key].source = source
    return _written[key]


def part(function: Callable[..., Any]) -> Part:
    """Mark a function that compiled loops call."""
    return Part(function)


def instruction(function: Callable[..., Any]) -> Instruction:
    """Mark a function that writes machine instructions; see `Instruction`."""
    return Instruction(function)


def of_numbers(function: Callable[..., Any]) -> OfNumbers:
    """Mark a function that writes machine instructions for one or three numbers; see `OfNumbers`."""
    return OfNumbers(function)


def processor_features() -> list[str]:
    """Return what the processor that Numba compiles for can do, in LLVM's words, such as "+avx2"."""
    from numba.core import codegen, config

    settings: Any = config
    return (settings.CPU_FEATURES or codegen.get_host_cpu_features()).split(",")


def linked(function: Callable[..., Any], dtype: np.dtype[Any]) -> FunctionType:
    """Return a copy of `function` in which names from around it mean the built parts instead of the marks."""
    assert isinstance(function, FunctionType)
    names = dict(function.__globals__)
    for name in names_in(function.__code__):
        value = names.get(name)
        if isinstance(value, Part):
            names[name] = value.build(dtype)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    closure = tuple([CellType(each.build(dtype) if isinstance(each, Part) else each) for each in cells])
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, closure)
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    return copy


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the global names a function uses, those of nested functions included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


# ---------------------------------------------------------------- parts for every loop


class Claim(Part):
    """Counts one up, atomically: threads that claim at the same time get different numbers."""

    def make(self, dtype: np.dtype[Any]) -> Any:
        from numba import types
        from numba.extending import intrinsic

        @intrinsic
        def claim(context: Any, turn: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                counter = context.make_array(signature.args[0])(context, builder, arguments[0]).data
                return builder.atomic_rmw("add", counter, counter.type.pointee(1), "monotonic")

            return types.int64(turn), generate

        return claim


@Claim
def claim(turn: NDArray[np.int64]) -> int:
    """Return the number of the next piece that no thread has claimed."""
    turn[0] += 1
    return int(turn[0]) - 1


class At(Part):
    """Makes an array of the memory at an address: of a dtype, or of that of the loop; with one axis or two."""

    def __init__(self, dtype: DTypeLike | None, rank: int) -> None:
        super().__init__(in_loops_only)
        self.dtype, self.rank = dtype, rank

    def make(self, dtype: np.dtype[Any]) -> Any:
        import numba
        from numba import types
        from numba.extending import intrinsic

        library: Any = numba
        kind, carray = library.from_dtype(np.dtype(self.dtype or dtype)), library.carray

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

        pointer: Any = intrinsic(lambda context, address: (types.voidptr(types.int64), generate))
        if self.rank == 1:
            return numba.njit(nogil=True)(lambda address, size: carray(pointer(address), (size,), kind))
        return numba.njit(nogil=True)(lambda address, rows, columns: carray(pointer(address), (rows, columns), kind))


matrix_at, truths_at, numbers_at = At(None, 2), At(np.bool_, 2), At(np.int64, 1)


class Peek(Part):
    """Reads a number that other threads change; the processor is told that this is done again and again."""

    def make(self, dtype: np.dtype[Any]) -> Any:
        from numba import types
        from numba.core import cgutils
        from numba.extending import intrinsic

        cgutils_names: Any = cgutils
        features = processor_features()

        @intrinsic
        def peek(context: Any, numbers: Any, place: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                ir = cgutils_names.ir
                if any(feature in ("+sse2", "-sse2") for feature in features):
                    nothing = ir.FunctionType(ir.VoidType(), [])
                    builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), [])
                data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
                return builder.load_atomic(builder.gep(data, [arguments[1]]), "acquire", 8)

            return types.int64(numbers, types.int64), generate

        return peek


@Peek
def peek(numbers: NDArray[np.int64], place: int) -> int:
    """Return a number that other threads change."""
    return int(numbers[place])


@part
def span(piece: int, pieces: int, size: int) -> tuple[int, int]:
    """Return first and last + 1 of a piece, when `size` things are cut into `pieces` equal ones."""
    return piece * size // pieces, (piece + 1) * size // pieces


@part
def clear(numbers: Any) -> None:
    """Set all numbers of a contiguous array to zero."""
    for i in range(numbers.size):
        numbers[i] = 0


def pieces(size: int) -> int:
    """Return into how many pieces to cut `size` elements: small enough for the cache, large enough to be worth a turn.

    The number does not depend on the threads, so results do not either.
    """
    return min(-(-size // 16384), 256)


# ---------------------------------------------------------------- all of them


def all_loops() -> list[Loop]:
    """Return every loop there is: they are where they are marked, in any module of this folder."""
    for module in sorted(machine_code.SOURCES.glob("*.py")):
        importlib.import_module(f"flowlab._src.kernels.{module.stem}")
    return loops


def status() -> dict[str, str]:
    """Return for each loop and dtype that was asked for: "queued", "compiled" or "failed: why".

    >>> all(word == "compiled" or word.startswith(("queued", "failed")) for word in status().values())
    True
    """
    return {f"{each.name} {dtype}": word for each in loops for dtype, word in each.state.items()}
