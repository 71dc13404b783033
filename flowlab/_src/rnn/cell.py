"""`RNNCell`: what happens to an input and a state in one time step."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.layers.base import Layer
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.rnn.sizes import zero_tensors
from flowlab._src.util import source
from flowlab._src.util.export import export
from flowlab._src.variables.partitioned import PartitionedVariable
from flowlab._src.variables.scope import get_variable_scope, variable_scope
from flowlab._src.variables.variable import trainable_variables


@export("nn.rnn_cell.RNNCell", "contrib.rnn.RNNCell")
class RNNCell(Layer):
    """Base class of recurrent cells: `output, new_state = cell(input, state)`.

    A subclass says how large its state and its output are, and writes `call(inputs, state)`. Weights are made with
    `tf.get_variable` in `call`, or with `add_variable` in `build` (then derive from `tf.contrib.rnn.LayerRNNCell`).

    Examples
    --------
    >>> class Counter(tf.nn.rnn_cell.RNNCell):
    ...     state_size = output_size = 1
    ...
    ...     def call(self, inputs, state):
    ...         return state, state + 1.0
    >>> cell = Counter()
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([1, 4, 1]), dtype=tf.float32)
    >>> with tf.Session() as sess:
    ...     sess.run([tf.squeeze(outputs), state])
    [array([0., 1., 2., 3.], dtype=float32), array([[4.]], dtype=float32)]
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._is_tf_rnn_cell = True

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Build one time step.

        Parameters
        ----------
        inputs : Tensor, shape (batch, input size)
        state : Tensor, shape (batch, state size), or a structure of them
        scope : str or VariableScope, optional
            Scope of the variables.

        Returns
        -------
        output : Tensor, shape (batch, output size)
        new_state
            Like `state`.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._rnn_get_variable) as opened:
                return super().__call__(inputs, state, scope=opened)
        # The scope of the first call stays that of all calls.
        own = getattr(self, "rnncell_scope", None)
        if own is None:
            own = variable_scope(get_variable_scope(), custom_getter=self._rnn_get_variable)
            self.rnncell_scope = own
        with own:
            return super().__call__(inputs, state)

    def _rnn_get_variable(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """Variables that `call` asks for with `tf.get_variable` are weights of the cell."""
        variable = getter(*args, **kwargs)
        first = variable[0] if isinstance(variable, PartitionedVariable) else variable
        weights = (
            self._trainable_weights if any(first is v for v in trainable_variables()) else self._non_trainable_weights
        )
        if not any(variable is v for v in weights):
            weights.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """Sizes of the state: int, TensorShape, or a structure of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """Size of the output: int or TensorShape."""
        raise NotImplementedError("Abstract method")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Return the state to begin with: zeros for the batch of `inputs`, or of a given size and dtype."""
        if inputs is not None:
            inputs = convert(inputs, name="inputs")
            known = inputs.shape.with_rank_at_least(1).as_list()[0]
            if batch_size is not None:
                given = constant_value(batch_size) if isinstance(batch_size, Tensor) else batch_size
                if known != given:
                    raise ValueError(
                        f"batch size from input tensor is different from the input param. Input tensor batch: {known}, "
                        f"batch_size: {batch_size}"
                    )
            if dtype is not None and inputs.dtype != dtype:
                raise ValueError(
                    "dtype from input tensor is different from the input param. Input tensor dtype: "
                    f"{inputs.dtype}, dtype: {dtype}"
                )
            batch_size = known or shape_of(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros in the form of the state.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Examples
        --------
        >>> cell = tf.nn.rnn_cell.LSTMCell(3)
        >>> cell.zero_state(2, tf.float32).h.shape.as_list()
        [2, 3]
        """
        with name_scope(type(self).__name__ + "ZeroState"):
            return zero_tensors(self.state_size, batch_size, dtype)


@export("contrib.rnn.LayerRNNCell")
class LayerRNNCell(RNNCell):
    """Base class of cells that make their weights in `build`, with `add_variable`, as layers do."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Build one time step: `output, new_state = cell(inputs, state)`."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)


def known_depth(input_shape: Any) -> int:
    """The size of the input of a cell, which must be known when the weights are made."""
    dims = as_shape(input_shape).with_rank_at_least(1)._dims
    if dims is None or dims[-1] is None:
        site = source.caller(3)
        raise add_notes(
            ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {input_shape}"),
            where=site.quote() if site else "",
            fix="tf.placeholder(tf.float32, [None, steps, size]) with a number for size, or x.set_shape(...)",
        )
    return dims[-1]


def assert_like_rnncell(argument: str, cell: Any) -> None:
    """TypeError unless an object has what a recurrent cell has."""
    problems = [
        (_has(cell, "output_size"), "'output_size' property is missing"),
        (_has(cell, "state_size"), "'state_size' property is missing"),
        (
            _has(cell, "zero_state") or _has(cell, "get_initial_state"),
            "either 'zero_state' or 'get_initial_state' method is required",
        ),
        (callable(cell), "is not callable"),
    ]
    missing = [words for fine, words in problems if not fine]
    if missing:
        site = source.caller(3)
        raise add_notes(
            TypeError(f"The argument {argument!r} ({cell}) is not an RNNCell: {', '.join(missing)}."),
            where=site.quote() if site else "",
            fix="tf.nn.rnn_cell.LSTMCell(128), or another cell; the inputs come after it",
        )


def _has(cell: Any, name: str) -> bool:
    try:
        getattr(cell, name)
    except AttributeError:
        return False
    except NotImplementedError:
        return True
    return True
