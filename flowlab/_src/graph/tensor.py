"""`tf.Tensor`: the name of a value that exists only while a session runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from flowlab._src.errors import OperatorNotAllowedInGraphError, ShapeError, add_notes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.shape import TensorShape, as_shape, merge_shapes
from flowlab._src.graph.stacks import default_session
from flowlab._src.util import source, written
from flowlab._src.util.export import export

if TYPE_CHECKING:
    from flowlab._src.graph.graph import Graph
    from flowlab._src.graph.operation import Operation

# The Python operators a tensor understands; `ops/overloads.py` fills them in, since they make nodes.
OVERLOADABLE = frozenset(
    [
        "__add__",
        "__radd__",
        "__sub__",
        "__rsub__",
        "__mul__",
        "__rmul__",
        "__div__",
        "__rdiv__",
        "__truediv__",
        "__rtruediv__",
        "__floordiv__",
        "__rfloordiv__",
        "__mod__",
        "__rmod__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__and__",
        "__rand__",
        "__or__",
        "__ror__",
        "__xor__",
        "__rxor__",
        "__getitem__",
        "__pow__",
        "__rpow__",
        "__invert__",
        "__neg__",
        "__abs__",
        "__matmul__",
        "__rmatmul__",
    ]
)

NOT_COMPUTED: Any = object()


@export("Tensor")
class Tensor:
    """One output of an operation: a value that will be there when a session runs it.

    A tensor knows its element type and, as far as it can be known while building, its shape. It holds no
    numbers: `sess.run(t)` computes them. Tensors can be added, compared, sliced and so on; each such
    expression adds a node to the graph.

    Examples
    --------
    >>> a = tf.constant([1.0, 2.0], name="a")
    >>> a + 1
    <tf.Tensor 'add:0' shape=(2,) dtype=float32>
    >>> with tf.Session() as sess:
    ...     sess.run(a + 1)
    array([2., 3.], dtype=float32)
    """

    # `assign` is set for parts of variables only, such as v[1:3]; asking others for it is an AttributeError.
    __slots__ = ("__weakref__", "_constant", "_consumers", "_dtype", "_op", "_shape", "_value_index", "assign")
    assign: Callable[..., Any]
    __array_priority__ = 100  # so that numpy_array + tensor asks the tensor
    OVERLOADABLE_OPERATORS = OVERLOADABLE

    def __init__(self, op: Operation, value_index: int, dtype: DType) -> None:
        if not hasattr(op, "definition"):
            raise TypeError(f"op needs to be an Operation: {op!r}")
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._shape: TensorShape = TensorShape.of(None)
        self._consumers: list[Operation] = []
        self._constant: Any = NOT_COMPUTED  # value known while building, see op.constant_value

    @classmethod
    def _make(cls, op: Operation, value_index: int, dtype: DType, shape: TensorShape) -> Tensor:
        """The output of a new node."""
        self = object.__new__(cls)
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._shape = shape
        self._consumers = []
        self._constant = NOT_COMPUTED
        return self

    @property
    def op(self) -> Operation:
        """The operation that produces this tensor."""
        return self._op

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._dtype

    @property
    def graph(self) -> Graph:
        """The graph this tensor belongs to."""
        return self._op.graph

    @property
    def name(self) -> str:
        """Name of the operation, a colon and the number of the output: 'MatMul:0'."""
        return f"{self._op.name}:{self._value_index}"

    @property
    def device(self) -> str:
        """The device the operation was placed on, or ''."""
        return self._op.device

    @property
    def value_index(self) -> int:
        """Which output of the operation this is."""
        return self._value_index

    @property
    def shape(self) -> TensorShape:
        """The static shape: what is known while building. `tf.shape(t)` gives the one at run time."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """Return the static shape."""
        return self._shape

    @property
    def _shape_tuple(self) -> tuple[int | None, ...] | None:
        return self._shape._dims

    def set_shape(self, shape: Any) -> None:
        """Add to what is known of the static shape; ValueError when it contradicts what is known already."""
        try:
            self._shape = merge_shapes(self._shape, as_shape(shape))
        except ShapeError as error:
            raise ValueError(*error.args) from None

    def consumers(self) -> list[Operation]:
        """Return the operations that take this tensor as an input."""
        return list(self._consumers)

    def eval(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> Any:
        """Compute this tensor: a short way to write `session.run(t, feed_dict)`.

        Without `session` the default session is used: the one of the surrounding `with` block, or an
        InteractiveSession.
        """
        return run_in_session(self, feed_dict, session, self.graph, "eval()", "Cannot evaluate tensor using `eval()`")

    def _as_node_def_input(self) -> str:
        return self._op.name if self._value_index == 0 else self.name

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self._shape} dtype={self._dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self._shape._dims is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self._dtype.name}{device})'

    # In TensorFlow 1.x tensors are compared by identity, so that they can be keys of a feed_dict.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def _refuse(self, task: str, fix: str, why: str = "") -> NoReturn:
        error = OperatorNotAllowedInGraphError(
            f"{task} is not allowed in Graph execution. Use Eager execution or decorate this function with @tf.function."
        )
        raise add_notes(
            error,
            why=why or f"while the graph is built, {self.name!r} has no value yet: it gets one in sess.run",
            where=_here(),
            fix=self._told(fix),
        )

    def _told(self, fix: str) -> str:
        """Advice with the program's own name of this tensor."""
        name = source.python_names().get(self.name) or _as_written() or "t"
        return re.sub(r"\bt\b", lambda match: name, fix)

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        self._refuse(
            "using a `tf.Tensor` as a Python `bool`",
            "tf.cond(t, lambda: ..., lambda: ...)  # or in Python: if sess.run(t):",
        )

    def __iter__(self) -> Any:
        self._refuse("iterating over `tf.Tensor`", "tf.unstack(t)  # for a known first size; or loop over sess.run(t)")

    def __len__(self) -> int:
        raise add_notes(
            TypeError("object of type 'Tensor' has no len()"),
            why=f"{self.name!r} has shape {self.shape}, and its size may be known only while running",
            where=_here(),
            fix=self._told("t.shape[0].value  # as known while building; tf.shape(t)[0] in the run"),
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise add_notes(
            NotImplementedError(f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array."),
            why="NumPy needs numbers; this tensor gets them in sess.run",
            where=_here(),
            fix=f"{_of_numpy()}  # or NumPy on the value: {self._told('sess.run(t)')}",
        )

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise add_notes(
            TypeError("'Tensor' object does not support item assignment"),
            why=f"{self.name!r} is a node of the graph: what it gives is computed anew in each run",
            where=_here(),
            fix=self._told("tf.where(mask, new, t)  # a new tensor; a tf.Variable has t[0].assign(...)"),
        )

    def _no_number(self, message: str) -> NoReturn:
        raise add_notes(
            TypeError(message),
            why=f"{self.name!r} has no value before sess.run",
            where=_here(),
            fix=self._told("sess.run(t)  # gives the number"),
        )

    def __float__(self) -> float:
        self._no_number("float() argument must be a string or a real number, not 'Tensor'")

    def __int__(self) -> int:
        self._no_number("int() argument must be a string, a bytes-like object or a real number, not 'Tensor'")

    def __index__(self) -> int:  # noqa: PLE0305 - it never returns
        self._no_number("'Tensor' object cannot be interpreted as an integer")

    def __getattr__(self, name: str) -> Any:
        error = AttributeError(f"'Tensor' object has no attribute '{name}'", name=name, obj=self)
        hint = _ATTRIBUTE_HINTS.get(name)
        why = f"{self.name!r} is a node of the graph, and has no value before sess.run"
        raise add_notes(error, fix=self._told(hint), where=_here(), why=why) if hint else error

    if TYPE_CHECKING:
        # `ops/overloads.py` and `ops/slicing.py` define these; editors and mypy read them here.
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...

    @classmethod
    def _override_operator(cls, operator: str, function: Callable[..., Any]) -> None:
        if operator not in OVERLOADABLE:
            raise ValueError(f"Overriding {operator} is disallowed")
        setattr(cls, operator, function)


_ATTRIBUTE_HINTS = {
    "numpy": "sess.run(t)  # numpy() exists in eager mode only",
    "assign": "w = tf.Variable(...)  # only variables can be assigned to",
    "assign_add": "w = tf.Variable(...)  # only variables can be assigned to",
    "item": "sess.run(t)",
    "astype": "tf.cast(t, dtype)",
    "reshape": "tf.reshape(t, shape)",
    "sum": "tf.reduce_sum(t)",
    "mean": "tf.reduce_mean(t)",
    "T": "tf.transpose(t)",
}


def _as_written() -> str:
    """The tensor that an operator or an attribute was asked of, as the program writes it."""
    asked = written.running()
    if asked is None or isinstance(asked.tree, ast.Call):
        return ""
    if isinstance(asked.tree, ast.Attribute):
        return written.one_line(asked.of(asked.tree.value))
    return written.one_line(asked.text)


def _of_numpy() -> str:
    """`np.log(t)` as the program writes it, with tf in NumPy's place."""
    asked = written.running()
    text = written.one_line(asked.text) if asked is not None and isinstance(asked.tree, ast.Call) else ""
    package, dot, rest = text.partition(".")
    return f"tf.{rest}" if dot and package in ("np", "numpy") else "tf.convert_to_tensor(...)"


def _with_session(fetch: Any, call: str) -> str:
    """`t.eval(session=sess)` with what the program calls t."""
    asked = written.running("eval", "run")
    if asked is not None and (text := asked.changed(session="sess")):
        return text
    name = source.python_names().get(getattr(fetch, "name", ""), "t")
    return f"{name}.{call.partition('(')[0]}(session=sess)"


def _here() -> str:
    site = source.caller(3)
    return site.quote() if site else ""


def run_in_session(fetch: Any, feed_dict: Any, session: Any, graph: Graph, call: str, cannot: str) -> Any:
    """Run `fetch` in the given session or the default one, which must belong to `graph`."""
    given = session is not None
    session = session if given else default_session()
    if session is None:
        raise add_notes(
            ValueError(
                f"{cannot}: No default session is registered. Use `with sess.as_default()` or pass an explicit session to `{call}`"
                if call.startswith("eval")
                else f"{cannot}: No default session is registered. Use `with sess.as_default():` or pass an explicit session to `{call}`"
            ),
            why=f"{getattr(fetch, 'name', fetch)!r} is evaluated by the default session, and there is none",
            where=_here(),
            fix=f"{_with_session(fetch, call)}  # or inside of: with tf.Session() as sess:",
        )
    if not hasattr(session, "graph") or not hasattr(session, "run"):
        raise TypeError(f"session must be a tf.Session, but got {type(session)}")
    if session.graph is not graph:
        which = "the passed session's graph" if given else "the default session's graph"
        kind = "evaluate tensor" if call.startswith("eval") else "execute operation"
        noun = "tensor's" if call.startswith("eval") else "operation's"
        detail = (
            f"Cannot use the given session to {kind}: the {noun} graph is different from the session's graph."
            if given
            else f"Cannot use the default session to {kind}: the {noun} graph is different from the session's graph. "
            f"Pass an explicit session to `{call}`."
        )
        raise add_notes(
            ValueError(detail), why=f"{which} is another one", where=_here(), fix="tf.Session(graph=t.graph)"
        )
    return session.run(fetch, feed_dict)
