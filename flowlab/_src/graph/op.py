"""`Op`, the base class of every kind of operation: one frozen class says all there is to say about it.

The annotated fields are the attributes. The signature of `kernel` is the list of inputs and the dtype rule.
`shape` is the rule for static shapes, `grad` the gradient. See `ops/linalg.py` for a small example.
"""

from __future__ import annotations

import inspect
import math
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

import numpy as np

from flowlab._src.errors import ShapeError
from flowlab._src.graph import dtypes, registry
from flowlab._src.graph.arguments import as_flag, as_float, as_int, as_ints, as_text
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.shape import UNKNOWN, Dims, TensorShape, broadcast_shapes, require_rank
from flowlab._src.graph.tensor import NOT_COMPUTED, Tensor
from flowlab._src.util.text import did_you_mean

T = TypeVar("T")
Elem = TypeVar("Elem")


if TYPE_CHECKING:  # mypy takes kernels' arrays for Any: NumPy's own annotations do not know our TypeVars
    from typing_extensions import TypeAliasType

    Array = TypeAliasType("Array", Any, type_params=(Elem,))
    Ref = TypeAliasType("Ref", Any, type_params=(Elem,))
else:

    class Array(Generic[Elem]):
        """In a kernel's signature: an array whose elements are of type `Elem` (a TypeVar, or a NumPy scalar type)."""

    class Ref(Generic[Elem]):
        """In a kernel's signature: a variable, handed over by reference (the kernel gets its current value)."""


class Resource:
    """In `Array[Resource]`: an input of dtype resource. What flows is the Python object itself (a queue, a table)."""


class Variant:
    """In `Array[Variant]`: an input of dtype variant, any Python object."""


# The sets of element types that kernels accept: one name used twice in a signature means "the same type".
Number = TypeVar(
    "Number", np.float32, np.float64, np.float16, np.int32, np.int64, np.int16, np.int8, np.uint8, np.uint16,
    np.uint32, np.uint64, np.complex64, np.complex128,
)  # fmt: skip
RealNumber = TypeVar(
    "RealNumber", np.float32, np.float64, np.int32, np.uint8, np.int16, np.int8, np.int64, np.uint16, np.float16,
    np.uint32, np.uint64,
)  # fmt: skip
Floating = TypeVar("Floating", np.float16, np.float32, np.float64)
FloatingOrComplex = TypeVar("FloatingOrComplex", np.float16, np.float32, np.float64, np.complex64, np.complex128)
SignedNumber = TypeVar(
    "SignedNumber", np.float16, np.float32, np.float64, np.int32, np.int64, np.int16, np.int8, np.complex64,
    np.complex128,
)  # fmt: skip
Integer = TypeVar("Integer", np.int32, np.int64, np.int16, np.int8, np.uint8, np.uint16, np.uint32, np.uint64)
Index = TypeVar("Index", np.int32, np.int64)
Complex = TypeVar("Complex", np.complex64, np.complex128)


class Argument(typing.NamedTuple):
    """One input or output of a kind of operation, read off the kernel's signature."""

    name: str
    dtype: DType | TypeVar | None  # None: given by the op's `dtypes` method
    is_list: bool
    is_ref: bool


class Schema(typing.NamedTuple):
    """Inputs and outputs of a kind of operation."""

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    has_list: bool  # one of the inputs is a list
    solved: dict[tuple[int, ...], Sequence[DType] | None]  # what `build.solve_dtypes` has found for dtypes of inputs


class Spec:
    """What a shape rule may know of an input: shape, dtype and, where it can be told while building, the value."""

    __slots__ = ("asked", "blind", "dtype", "shape", "tensor")
    elements: TensorShape = UNKNOWN  # the shape of each tensor of the array behind a handle, when a plan knows it

    def __init__(self, tensor: Tensor, blind: bool = False) -> None:
        self.asked = ""  # "value" or "shape" once the rule has read the value: error messages then show it
        self.blind = blind  # treat the value as unknown
        self.tensor = tensor
        self.shape = tensor._shape
        self.dtype = tensor._dtype

    @property
    def dims(self) -> Dims | None:
        """The sizes as a tuple with None for unknown, or None when even the rank is unknown."""
        return self.shape._dims

    @property
    def rank(self) -> int | None:
        """Number of axes, None when unknown."""
        return None if self.shape._dims is None else len(self.shape._dims)

    @property
    def value(self) -> np.ndarray | None:
        """The value, when it does not depend on feeds, variables or chance; else None."""
        self.asked = self.asked or "value"
        return None if self.blind else constant_value(self.tensor)

    @property
    def as_shape(self) -> TensorShape:
        """The value read as a shape, -1 and unknown elements as None."""
        self.asked = "shape"
        if self.blind:
            return TensorShape.of((None,) * self.dims[0]) if self.dims and self.dims[0] is not None else UNKNOWN
        return constant_value_as_shape(self.tensor)

    def ranked(self, rank: int) -> Dims:
        """The sizes of an input that must have `rank` axes."""
        return require_rank(self.shape, rank)


MOST_OUTPUTS = 1_000_000

# How attributes are checked that are not of their declared type already.
_CHECKS: dict[Any, tuple[type | None, Callable[[Any, str], Any]]] = {
    "int": (int, as_int),
    "float": (float, as_float),
    "bool": (bool, as_flag),
    "str": (str, as_text),
    "list[int]": (None, as_ints),  # no list is taken unseen
    "tuple[int, ...]": (None, lambda value, name: tuple(as_ints(value, name))),
}


@dataclass_transform(frozen_default=True)
class Op:
    """A kind of operation together with its attributes; calling it adds a node to the graph.

    Subclasses declare attributes as annotated class fields and define

    `kernel(self, *arrays)`
        The computation, in NumPy. Returns new arrays and leaves its inputs alone. With `stateful = True` the
        running frame comes first: `kernel(self, run, *arrays)`.
    `shape(self, *specs)`
        TensorShape (or tuple, or list of them for several outputs) from the inputs' specs.
    `grad(self, node, *dys)`
        Gradients with respect to the inputs, in graph ops. Not defined: a gap, asking for it is an error.
        `grad = None`: no gradient flows through this operation.
    """

    type: ClassVar[str] = "Op"
    fields: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()  # the fields, to compare at once
    defaults: ClassVar[dict[str, Any]] = {}
    stateful: ClassVar[bool] = False  # the kernel gets the running frame first, and is never folded or shared
    reads_only: ClassVar[bool] = False  # stateful, but running it changes nothing
    checks: ClassVar[bool] = False  # runs for the error it may raise, even when nobody uses its output
    nested: ClassVar[bool] = False  # the kernel is a generator that runs sub-graphs in frames of its own
    is_variable: ClassVar[bool] = False  # output 0 is the current value of a session's variable
    forwards_ref: ClassVar[int] = 0  # how many variables, its first inputs, it changes; output 0 is the first of them
    is_identity: ClassVar[bool] = False  # output 0 is input 0 itself
    formula: ClassVar[str] = ""  # what the kernel computes for each element, see kernels/formula.py
    loop_from: ClassVar[float] = math.inf  # so many elements from which on the kernel beats NumPy at the formula
    apart: ClassVar[bool] = False  # nothing keeps the inputs, and the outputs share no memory with them
    of_shapes: ClassVar[bool] = False  # the outputs depend on the shapes of the inputs alone
    same_if_same_shape: ClassVar[bool] = False  # when the output has the shape of input 0, it is input 0
    is_constant: ClassVar[bool] = False  # the value is the attribute `value`
    must_be_fed: ClassVar[bool] = False
    like_elements: ClassVar[bool] = False  # output 0 is a handle to an array with elements like those behind input 0
    gives_handle: ClassVar[str] = ""  # fetched, output 0 is a handle to a value kept under this key of the session
    grad: ClassVar[Any] = NotImplemented
    _schema: ClassVar[Schema | None] = None
    _only: ClassVar[Any]  # the one object of a kind without attributes
    _checks: ClassVar[tuple[tuple[str, Any, Callable[[Any, str], Any]], ...]] = ()  # attribute, its type, converter

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = [f for f, hint in inspect.get_annotations(cls).items() if "ClassVar" not in str(hint)]
        cls.fields = tuple(dict.fromkeys(cls.fields + tuple(own)))
        cls.defaults = {**cls.defaults, **{f: cls.__dict__[f] for f in own if f in cls.__dict__}}
        cls._names = frozenset(cls.fields)
        checks = {f: _CHECKS[hint] for f, hint in inspect.get_annotations(cls).items() if hint in _CHECKS}
        cls._checks = (*[c for c in cls._checks if c[0] not in checks], *[(f, *check) for f, check in checks.items()])
        cls._schema = None
        if "type" not in cls.__dict__:
            cls.type = cls.__name__
        if not abstract:
            registry.register(cls)

    def __new__(cls, *args: Any, **attrs: Any) -> Self:
        """An operation without attributes is the same for all nodes."""
        if cls.fields:
            return object.__new__(cls)
        if "_only" not in cls.__dict__:
            cls._only = object.__new__(cls)
        only: Self = cls._only
        return only

    def __init__(self, *args: Any, **attrs: Any) -> None:
        fields = self.fields
        if not fields and not args and not attrs:
            return
        if len(args) > len(fields):
            raise TypeError(f"{self.type} takes {len(fields)} attributes, got {len(args)}.")
        values = {**self.defaults, **attrs}
        if args:
            values = {**self.defaults, **dict(zip(fields, args, strict=False)), **attrs}
        if values.keys() != self._names:
            for name in values:
                if name not in fields:
                    raise TypeError(f"{self.type} has no attribute {name!r}. {did_you_mean(name, fields)}".rstrip())
            missing = [f for f in fields if f not in values]
            raise TypeError(f"{self.type} needs the attribute {missing[0]!r}.")
        for name, kind, check in self._checks:
            value = values[name]
            if value.__class__ is not kind:
                values[name] = check(value, name.rstrip("_"))
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"operations never change: cannot set {name!r} of {self!r}")

    def _key(self) -> tuple[Any, ...]:
        return tuple(_hashable(self.__dict__[f]) for f in self.fields)

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.__class__, self._key()))

    def __repr__(self) -> str:
        return f"{self.type}({', '.join(f'{f}={self.__dict__[f]!r}' for f in self.fields)})"

    def __call__(self, *inputs: Any, name: str | None = None) -> Any:
        """Add a node; returns its output, a list of outputs, or the operation when it has none."""
        return build.apply_op(self, inputs, name)

    # ---- rules a subclass gives ---------------------------------------------------------------------------------

    if TYPE_CHECKING:  # each op has its own inputs: mypy is told not to compare the signatures with these
        kernel: ClassVar[Callable[..., Any]]
        shape: ClassVar[Callable[..., Any]]
        dtypes: ClassVar[Callable[..., Any]]
        formula_for: ClassVar[Callable[..., str]]
        bound: ClassVar[Callable[..., Any]]
        small_form: ClassVar[Callable[..., Any]]
        elements_put: ClassVar[Callable[..., TensorShape | None]]
    else:

        def kernel(self, *arrays: Any) -> Any:
            """Compute the outputs."""
            raise NotImplementedError(f"{self.type} has no kernel.")

        def shape(self, *specs: Spec) -> Any:
            """Give the static shapes of the outputs; by default nothing is known."""
            return UNKNOWN

        def dtypes(self, *specs: Any) -> Sequence[DType] | DType:
            """Give the dtypes of the outputs where the signature leaves them open."""
            raise NotImplementedError(f"{self.type} leaves a dtype open and has no `dtypes` rule.")

        def formula_for(self, *specs: Spec) -> str:
            """The formula for inputs of these sizes; "" where the kernel knows a faster way, or does more than a formula."""
            return self.formula

        def small_form(self, node: Any, *specs: Spec) -> Any:
            """What the kernel does on small inputs of these sizes, a form of `kernels/small_forms.py`; None: something else."""

        def bound(self, node: Any, *specs: Spec) -> Callable[..., Any] | None:
            """A kernel for inputs of just these sizes and values, without the checks that are settled; None: no better one.

            It is called as `kernel` is, a list one by one, and gives the same numbers. Where a spec has a value, that is
            what will come.
            """
            return None

        def elements_put(self, *specs: Spec) -> TensorShape | None:
            """The shape of the tensors that are put into the array behind the first input; None when there are none."""
            return None

    def partial_value(self, node: Any) -> Any:
        """Elements of an integer vector output as far as they are known while building; None: nothing is known.

        A list of int and None; a tuple of such lists for several outputs.
        """
        return None

    # ---- what follows from them ---------------------------------------------------------------------------------

    @classmethod
    def signature(cls) -> Schema:
        """The inputs and outputs, read off the kernel's annotations on first use."""
        if cls._schema is None:  # each class has its own, see __init_subclass__
            cls._schema = _read_schema(cls)
        return cls._schema

    @property
    def schema(self) -> Schema:
        """The inputs and outputs of this kind of operation."""
        return self._schema or self.signature()

    def gradient(self) -> Callable[..., Any] | None:
        """Return the gradient rule, None where no gradient flows; LookupError where it is missing."""
        rule = type(self).grad
        if rule is NotImplemented:
            raise LookupError(f"No gradient defined for operation type: {self.type}")
        return None if rule is None else self.grad

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """Attributes under TensorFlow's names: the fields; for a node those too that tell the types of its tensors."""
        if node is not None:
            from flowlab._src.graph.op_table import attributes_of

            return attributes_of(node)
        return {f.rstrip("_"): self.__dict__[f] for f in self.fields}


def _hashable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes() if value.dtype != object else tuple(value.ravel()))
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(v) for v in value)
    return value


def _read_schema(cls: type[Op]) -> Schema:
    kernel = cls.kernel
    module = sys.modules[kernel.__module__]
    hints = typing.get_type_hints(kernel, vars(module))
    code = kernel.__code__
    names = list(code.co_varnames[1 : code.co_argcount])
    if cls.stateful or cls.nested:
        names = names[1:]
    if code.co_flags & 0x04:  # *arrays: a list input of that name
        names.append(code.co_varnames[code.co_argcount])
    inputs = tuple(_read_argument(name, hints.get(name, Array)) for name in names)
    returns = hints.get("return", Array)
    if returns is type(None):
        outputs: tuple[Argument, ...] = ()
    elif typing.get_origin(returns) is tuple:
        parts = typing.get_args(returns)
        if len(parts) == 2 and parts[1] is Ellipsis:
            outputs = (Argument("output", _element(parts[0]), True, False),)
        else:
            outputs = tuple(_read_argument(f"output_{i}", part) for i, part in enumerate(parts))
    else:
        outputs = (_read_argument("output", returns),)
    return Schema(cls.type, inputs, outputs, any(a.is_list for a in inputs), {})


def _read_argument(name: str, hint: Any) -> Argument:
    origin = typing.get_origin(hint)
    if origin is not None and issubclass(origin, Sequence) and origin not in (Array, Ref):
        inner = typing.get_args(hint)[0]
        return Argument(name, _element(inner), True, typing.get_origin(inner) is Ref or inner is Ref)
    return Argument(name, _element(hint), False, origin is Ref or hint is Ref)


def _element(hint: Any) -> DType | TypeVar | None:
    args = typing.get_args(hint)
    if not args:
        return None
    if isinstance(args[0], TypeVar):
        return args[0]
    if args[0] is Resource or args[0] is Variant:
        return dtypes.resource if args[0] is Resource else dtypes.variant
    return as_dtype(args[0])


_allowed: dict[TypeVar, tuple[DType, ...] | None] = {}


def allowed_dtypes(variable: TypeVar) -> tuple[DType, ...] | None:
    """The dtypes a type variable may stand for; None means all."""
    if variable not in _allowed:
        constraints = variable.__constraints__
        _allowed[variable] = tuple(as_dtype(c) for c in constraints) if constraints else None
    return _allowed[variable]


def repeated(kind: Any, count: int) -> list[Any]:
    """The dtypes or shapes of an operation with `count` outputs that are alike."""
    if not 0 <= count <= MOST_OUTPUTS:
        raise ValueError(f"An operation can have from 0 to {MOST_OUTPUTS} outputs, {count} were asked for.")
    return [kind] * count


# ---- values known while building -----------------------------------------------------------------------------------

_FOLD_LIMIT = 1 << 16  # elements; larger constants are not worth computing just to learn a shape


def constant_value(tensor: Tensor) -> Any:
    """The value of a tensor that depends on constants alone, or None.

    Found by running the kernels while building and remembered on the tensor, so a chain costs linear time.
    """
    if tensor._constant is not NOT_COMPUTED:
        return tensor._constant
    stack = [tensor]
    while stack:
        current = stack[-1]
        if current._constant is not NOT_COMPUTED:
            stack.pop()
            continue
        node = current._op
        definition = node.definition
        if definition.is_constant:
            current._constant = definition.value  # type: ignore[attr-defined]  # a constant has one
        elif definition.stateful or definition.nested or definition.must_be_fed or _too_large(node):
            current._constant = None
        else:
            known = definition.known_value(node) if hasattr(definition, "known_value") else None
            if isinstance(known, tuple):  # one for each output
                for t, value in zip(node._outputs, known, strict=True):
                    if value is not None:
                        t._constant = value
                known = known[current._value_index]
            if known is not None:
                current._constant = known
            else:
                waiting = [t for t in node._inputs if t._constant is NOT_COMPUTED]
                if waiting:
                    stack.extend(waiting)
                    continue
                _fold(node)
        if current._constant is NOT_COMPUTED:
            current._constant = None
        stack.pop()
    return tensor._constant


def _too_large(node: Any) -> bool:
    for t in node._outputs:
        count = t._shape.num_elements()
        if count is not None and count > _FOLD_LIMIT:
            return True
    return not node._outputs


def _fold(node: Any) -> None:
    values = [t._constant for t in node._inputs]
    results: Any = None
    if all(v is not None for v in values) and values:
        try:
            with np.errstate(all="ignore"):
                results = node.definition.kernel(*group_inputs(node.definition, values))
        except Exception:
            results = None
    if results is None:
        outputs: Sequence[Any] = [None] * len(node._outputs)
    elif len(node._outputs) == 1 and not isinstance(results, (tuple, list)):
        outputs = [results]
    else:
        outputs = results
    for t, value in zip(node._outputs, outputs, strict=True):
        if t._constant is NOT_COMPUTED:
            t._constant = None if value is None else np.asarray(value)


def group_inputs(definition: Op, values: Sequence[Any]) -> Iterator[Any]:
    """Hand flat input values to a kernel: list inputs are packed into lists."""
    arguments = definition.schema.inputs
    lists = sum(a.is_list for a in arguments)
    if not lists:
        return iter(values)
    # One list takes what the single inputs leave; several lists share it equally, unless the op says how long each is.
    equal = (len(values) - (len(arguments) - lists)) // lists
    sizes = iter(getattr(definition, "list_sizes", None) or [equal] * lists)
    result, position = [], 0
    for argument in arguments:
        if argument.is_list:
            size = next(sizes)
            result.append(list(values[position : position + size]))
            position += size
        else:
            result.append(values[position])
            position += 1
    return iter(result)


def constant_value_as_shape(tensor: Tensor) -> TensorShape:
    """Read an integer vector as a shape: known elements as sizes, -1 and the rest as unknown."""
    node = tensor._op
    # What is said of shapes comes first, even where the value could be computed: TensorFlow's rules do the same.
    partial = None if node.definition.is_constant else node.definition.partial_value(node)
    if isinstance(partial, tuple):  # one for each output
        partial = partial[tensor._value_index]
    if partial is not None:
        return TensorShape.of(tuple([None if d is None or d < 0 else int(d) for d in partial]))
    value = constant_value(tensor)
    if value is not None:
        value = np.asarray(value)
        if value.ndim == 0:
            if int(value) == -1:
                return UNKNOWN
            raise ShapeError("Received a scalar with value different from -1 as shape")
        if value.ndim > 1:
            raise ShapeError(f"Shape must be rank 1 but is rank {value.ndim}")
        if (value < -1).any():
            raise ShapeError(f"Invalid value in tensor used for shape: {value[value < -1][0]}")
        return TensorShape.of(tuple([None if d < 0 else int(d) for d in value.tolist()]))
    length = tensor._shape._dims
    if length is not None and len(length) == 1 and length[0] is not None:
        return TensorShape.of((None,) * length[0])
    return UNKNOWN


# ---- families ------------------------------------------------------------------------------------------------------


class Unary(Op, abstract=True):
    """One input, one output of the same shape."""

    def shape(self, x: Spec) -> TensorShape:
        """The shape of the input."""
        return x.shape


class Binary(Op, abstract=True):
    """Two inputs combined element by element, stretched to a common shape."""

    def shape(self, x: Spec, y: Spec) -> TensorShape:
        """The broadcast shape."""
        return broadcast_shapes((x.shape, y.shape))


class Comparison(Binary, abstract=True):
    """Two inputs compared element by element; gives truth values, so no gradient flows."""

    grad = None


class Scalar(Op, abstract=True):
    """Gives a single number."""

    def shape(self, *specs: Spec) -> TensorShape:
        """No axes."""
        return TensorShape.of(())


from flowlab._src.graph import build  # noqa: E402 - `build` needs the classes above; `Op.__call__` needs `build`

__all__ = ["Array", "Op", "Ref", "Resource", "Spec", "Variant", "build", "dtypes"]
