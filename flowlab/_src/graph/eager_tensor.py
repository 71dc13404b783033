"""`EagerTensor`: a tensor that has its value at once, as operations give it in eager mode."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.graph.dtypes import DType, resource, variant
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source

_ids = itertools.count()
_SCALAR = TensorShape.of(())


class Origin:
    """Stands where a tensor of a graph has its operation; rules that look there see a constant."""

    __slots__ = ("_value", "dtype")

    def __init__(self, value: Any, dtype: DType) -> None:
        self._value = value
        self.dtype = dtype

    name = "EagerTensor"
    type = "Const"
    is_constant = True
    is_variable = is_identity = stateful = nested = must_be_fed = False
    forwards_ref = 0
    _body = None
    _inputs: tuple[Any, ...] = ()
    _control_inputs: tuple[Any, ...] = ()

    @property
    def definition(self) -> Origin:
        """The constant itself."""
        return self

    @property
    def value(self) -> Any:
        """The value of the constant."""
        return np.asarray(self._value)

    @property
    def inputs(self) -> list[Any]:
        """None."""
        return []

    @property
    def control_inputs(self) -> list[Any]:
        """None."""
        return []

    @property
    def device(self) -> str:
        """The one device there is."""
        return CPU

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError("Tensor.op is meaningless when eager execution is enabled.")


CPU = "/job:localhost/replica:0/task:0/device:CPU:0"
_MEANINGLESS = frozenset(["op", "graph", "name", "value_index"])


class EagerTensor(Tensor):
    """A tensor with a value.

    It can be used wherever NumPy wants an array, and Python a number.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     t = tf.constant([1.0, 2.0]) * 3.0
    ...     t.numpy(), float(t[0] + 1)
    (array([3., 6.], dtype=float32), 4.0)
    """

    __slots__ = ("_id", "_value")

    def __init__(self, value: Any, dtype: DType) -> None:
        self._value = value
        self._dtype = dtype
        self._id = next(_ids)
        self._constant = value
        if dtype is resource or dtype is variant:
            self._shape = _SCALAR
        else:
            shape = np.shape(value)
            self._shape = TensorShape.of(shape) if shape else _SCALAR

    # ---- the value ----------------------------------------------------------------------------------------------

    def numpy(self) -> Any:
        """Return the value as a NumPy array, or as a number where there are no axes."""
        value = self._value
        if self._dtype is resource or self._dtype is variant:
            raise _misuse(TypeError(f"Tensors of type {self._dtype.name} have no NumPy value."))
        if isinstance(value, np.ndarray):
            return value.copy() if value.ndim else value[()]
        return value

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = np.asarray(self.numpy(), object if self._dtype.name == "string" else None)
        return array if dtype is None else array.astype(dtype)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __float__(self) -> float:
        return float(self.numpy())

    def __complex__(self) -> complex:
        return complex(self.numpy())

    def __index__(self) -> int:
        value = self.numpy()
        if not isinstance(value, np.generic):
            raise _misuse(TypeError("only integer scalar arrays can be converted to a scalar index"))
        index: int = operator.index(value)  # type: ignore[arg-type]  # NumPy's integers are; others say so
        return index

    def __len__(self) -> int:
        if not self._shape._dims:
            raise _misuse(TypeError("Scalar tensor has no `len()`"))
        length = self._shape._dims[0]
        assert length is not None
        return length

    def __iter__(self) -> Iterator[Tensor]:
        if not self._shape._dims:
            raise _misuse(TypeError("Cannot iterate over a scalar tensor."))
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self.numpy(), spec) if spec else str(self)

    def __copy__(self) -> EagerTensor:
        return self

    def __deepcopy__(self, memo: Any) -> EagerTensor:
        return self

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def op(self) -> Any:
        """Without meaning here: there is no graph. The library itself sees a constant."""
        if not source.asked_by_library():
            self._meaningless()
        return Origin(self._value, self._dtype)

    @property
    def name(self) -> str:
        """Without meaning here: there is no graph. The library itself gets a word for its messages."""
        if not source.asked_by_library():
            self._meaningless()
        return "EagerTensor"

    @property
    def _op(self) -> Any:  # type: ignore[override]  # tensors of a graph keep it
        return Origin(self._value, self._dtype)

    @property
    def _value_index(self) -> int:  # type: ignore[override]  # tensors of a graph keep it
        return 0

    @property
    def _consumers(self) -> list[Any]:  # type: ignore[override]  # tensors of a graph keep it
        return []

    def consumers(self) -> list[Any]:
        """Without meaning here: there is no graph. For the library itself there are none."""
        if not source.asked_by_library():
            self._refuse_consumers()
        return []

    def _refuse_consumers(self) -> NoReturn:
        raise _misuse(AttributeError("Tensor.consumers is meaningless when eager execution is enabled."))

    @property
    def device(self) -> str:
        """The device that holds the value."""
        return CPU

    @property
    def backing_device(self) -> str:
        """The device that holds the value."""
        return CPU

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self._shape._dims or ())

    def _meaningless(self) -> NoReturn:
        raise AttributeError  # `__getattr__` says more

    graph = property(_meaningless)
    value_index = property(_meaningless)

    def __getattr__(self, name: str) -> Any:
        if name in _MEANINGLESS:
            raise AttributeError(f"Tensor.{name} is meaningless when eager execution is enabled.")
        raise AttributeError(f"'EagerTensor' object has no attribute '{name}'", name=name, obj=self)

    def set_shape(self, shape: Any) -> None:
        """Compare with a shape; ValueError when the tensor has another."""
        if not as_shape(shape).is_compatible_with(self._shape):
            raise _misuse(ValueError(f"Tensor's shape {self._shape} is not compatible with supplied shape {shape}"))

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Not in eager mode, where the value is there: `numpy()`."""
        raise _misuse(
            NotImplementedError(
                "eval is not supported when eager execution is enabled, is .numpy() what you're looking for?"
            ),
            "t.numpy()",
        )

    def cpu(self) -> EagerTensor:
        """Return a copy on the CPU: the tensor itself."""
        return self

    def gpu(self, gpu_index: int = 0) -> EagerTensor:
        """Refused: there is no GPU."""
        raise _misuse(
            RuntimeError(f"Error copying tensor to device: /GPU:{gpu_index}. /GPU:{gpu_index} unknown device.")
        )

    def _written(self, exact: bool) -> str:
        if self._dtype is resource or self._dtype is variant:
            return "<unprintable>"
        value = self.numpy()
        text = repr(value) if exact and isinstance(value, (np.ndarray, bytes)) else str(value)
        return f"\n{text}" if "\n" in text else text

    def __repr__(self) -> str:
        return f"<tf.Tensor: id={self._id}, shape={self._shape}, dtype={self._dtype.name}, numpy={self._written(True)}>"

    def __str__(self) -> str:
        return f"tf.Tensor({self._written(False)}, shape={self._shape}, dtype={self._dtype.name})"

    __hash__ = Tensor.__hash__


def _misuse(error: Exception, fix: str = "") -> Any:
    site = source.caller(3)
    return add_notes(error, where=site.quote() if site else "", fix=fix)
