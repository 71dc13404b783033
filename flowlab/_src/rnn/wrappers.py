"""Cells around a cell: with dropout, with a way past it, on another device."""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable
from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.joining import concat
from flowlab._src.ops.nn_dropout import dropout
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.random import random_uniform
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.transcendental import floor
from flowlab._src.rnn.cell import RNNCell, assert_like_rnncell
from flowlab._src.rnn.cells import LSTMStateTuple
from flowlab._src.rnn.sizes import known_sizes
from flowlab._src.util import nest
from flowlab._src.util.export import export


class Wrapper(RNNCell):
    """What cells around a cell share: sizes and states are those of the cell inside."""

    def __init__(self, cell: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert_like_rnncell("cell", cell)
        self.cell = cell

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable[..., Any], **kwargs: Any) -> Any:
        raise NotImplementedError

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Build one time step: `output, new_state = cell(inputs, state)`."""
        return self._call_wrapped_cell(inputs, state, cell_call_fn=self.cell.__call__, scope=scope)

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.output_size

    def build(self, input_shape: Any) -> None:
        """Make the weights of the cell inside."""
        self.cell.build(input_shape)
        self.built = True

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros in the form of the state."""
        with name_scope(type(self).__name__ + "ZeroState"):
            return self.cell.zero_state(batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        inside = {"class_name": type(self.cell).__name__, "config": self.cell.get_config()}
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype, "cell": inside}


def drop_all_but_memory(substate: Any) -> Any:
    """Which parts of a state dropout is for: not for the memory of an LSTM cell, which must last."""
    if isinstance(substate, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(substate, TensorArray)


@export("nn.rnn_cell.DropoutWrapper", "contrib.rnn.DropoutWrapper")
class DropoutWrapper(Wrapper):
    """A cell with dropout on its inputs, outputs and states. Feed keep probabilities of 1.0 when you are not training.

    Parameters
    ----------
    cell : RNNCell
    input_keep_prob, output_keep_prob, state_keep_prob : float or scalar Tensor
        Shares that are KEPT.
    variational_recurrent : bool
        Drop the same numbers in all time steps.
    input_size : TensorShape or int, optional
        Needed for `variational_recurrent` with dropout of inputs.
    dtype : DType, optional
        Needed for `variational_recurrent`.
    seed : int, optional
    dropout_state_filter_visitor : callable, optional
        Tells for each part of the state whether dropout is for it; by default, not for the memory of LSTM cells.

    Examples
    --------
    >>> keep = tf.placeholder_with_default(1.0, [])
    >>> cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(5), output_keep_prob=keep)
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 7, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list()
    [2, 7, 5]

    References
    ----------
    Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks" (2015).
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._dropout_state_filter = dropout_state_filter_visitor or drop_all_but_memory
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _known(input_keep_prob, "input_keep_prob")
            self._state_keep_prob = _known(state_keep_prob, "state_keep_prob")
            self._output_keep_prob = _known(output_keep_prob, "output_keep_prob")
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._recurrent_input_noise = self._recurrent_state_noise = self._recurrent_output_noise = None
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            if not isinstance(self._input_keep_prob, numbers.Real) or self._input_keep_prob < 1.0:
                if input_size is None:
                    raise ValueError(
                        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided"
                    )
                self._recurrent_input_noise = self._noise(input_size, "input", dtype)
            self._recurrent_state_noise = self._noise(cell.state_size, "state", dtype)
            self._recurrent_output_noise = self._noise(cell.output_size, "output", dtype)

    def _noise(self, sizes: Any, salt: str, dtype: Any) -> Any:
        """Random numbers for all time steps, the same for all examples."""

        def noise(i: int, size: Any) -> Tensor:
            shape = concat(([1], known_sizes(size, "size").as_list()), 0)
            return random_uniform(shape, seed=self._gen_seed(salt, i), dtype=dtype)

        flat = nest.flatten(sizes)
        return nest.pack_sequence_as(sizes, [noise(i, size) for i, size in enumerate(flat)])

    def _gen_seed(self, salt_prefix: str, index: int) -> int | None:
        """A seed of its own for each part, made of the one given."""
        if self._seed is None:
            return None
        text = f"{self._seed}{salt_prefix}_{index}".encode()
        return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _dropout(self, values: Any, salt: str, noise: Any, keep_prob: Any, wanted: Any = None) -> Any:
        """Values with dropout, as far as `wanted`, which has their form or is coarser, says so."""
        if wanted is not None:
            parts = flatten_up_to(wanted, values)
            noises = flatten_up_to(wanted, noise) if noise is not None else [None] * len(parts)
            new = [
                part if choice is False else self._drop_part(i, part, own, salt, keep_prob)
                for i, (part, choice, own) in enumerate(zip(parts, nest.flatten(wanted), noises, strict=True))
            ]
            return nest.pack_sequence_as(wanted, new)
        flat = nest.flatten(values)
        own_noise = nest.flatten(noise) if noise is not None else [None] * len(flat)
        new = [self._drop_part(i, v, n, salt, keep_prob) for i, (v, n) in enumerate(zip(flat, own_noise, strict=True))]
        return nest.pack_sequence_as(values, new)

    def _drop_part(self, index: int, value: Any, noise: Any, salt: str, keep_prob: Any) -> Tensor:
        if not self._variational_recurrent:
            return dropout(value, rate=1.0 - keep_prob, seed=self._gen_seed(salt, index))
        is_kept = floor(keep_prob + noise)
        result = divide(value, keep_prob) * is_kept
        result.set_shape(value.shape)
        return result

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable[..., Any], **kwargs: Any) -> Any:
        def drops(keep_prob: Any) -> bool:
            return not isinstance(keep_prob, float) or keep_prob < 1

        if drops(self._input_keep_prob):
            inputs = self._dropout(inputs, "input", self._recurrent_input_noise, self._input_keep_prob)
        output, new_state = cell_call_fn(inputs, state, **kwargs)
        if drops(self._state_keep_prob):
            wanted = traversed(self._dropout_state_filter, new_state)
            new_state = self._dropout(new_state, "state", self._recurrent_state_noise, self._state_keep_prob, wanted)
        if drops(self._output_keep_prob):
            output = self._dropout(output, "output", self._recurrent_output_noise, self._output_keep_prob)
        return output, new_state

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_keep_prob": self._input_keep_prob,
            "output_keep_prob": self._output_keep_prob,
            "state_keep_prob": self._state_keep_prob,
            "variational_recurrent": self._variational_recurrent,
            "input_size": self._input_size,
            "seed": self._seed,
        }


def _known(keep_prob: Any, argument: str) -> Any:
    """A probability as a number if it is known while building, else as a tensor."""
    tensor = convert(keep_prob)
    value = constant_value(tensor)
    if value is None:
        return tensor
    if value < 0 or value > 1:
        raise ValueError(f"Parameter {argument} must be between 0 and 1: {float(value):g}")
    return float(value)


def traversed(choose: Callable[[Any], Any], structure: Any) -> Any:
    """Ask `choose` about a structure from the top; where it says only True, ask about the parts below.

    The result has bools as leaves, and may be coarser than the structure.
    """
    answer = choose(structure)
    if not nest.is_sequence(structure):
        if not isinstance(answer, bool):
            raise TypeError(f"traverse_fn should return a bool for the leaf {structure}, returned {answer}")
        return answer
    if isinstance(answer, bool):
        if not answer:
            return False
        return _rebuilt(structure, [traversed(choose, part) for part in _parts_of(structure)])
    return _rebuilt(
        structure,
        [
            traversed(choose, part) if choice is True and nest.is_sequence(part) else choice
            for part, choice in zip(_parts_of(structure), _parts_of(answer), strict=True)
        ],
    )


def _parts_of(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def _rebuilt(like: Any, parts: list[Any]) -> Any:
    if isinstance(like, dict):
        return type(like)(zip(sorted(like), parts, strict=True))
    return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)


def flatten_up_to(shallow: Any, deep: Any) -> list[Any]:
    """The parts of `deep` where `shallow` has leaves."""
    if not nest.is_sequence(shallow):
        return [deep]
    return [leaf for a, b in zip(_parts_of(shallow), _parts_of(deep), strict=True) for leaf in flatten_up_to(a, b)]


@export("nn.rnn_cell.ResidualWrapper", "contrib.rnn.ResidualWrapper")
class ResidualWrapper(Wrapper):
    """A cell whose input is added to its output.

    Parameters
    ----------
    cell : RNNCell
    residual_fn : callable, optional
        `f(inputs, outputs)` gives the output; their sum if not given.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.GRUCell(3))
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 7, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list()
    [2, 7, 3]
    """

    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable[..., Any], **kwargs: Any) -> Any:
        outputs, new_state = cell_call_fn(inputs, state, **kwargs)
        return (self._residual_fn or _sum)(inputs, outputs), new_state


def _sum(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)
    nest.map_structure(lambda a, b: a.shape.assert_is_compatible_with(b.shape), inputs, outputs)
    return nest.map_structure(lambda a, b: a + b, inputs, outputs)


@export("nn.rnn_cell.DeviceWrapper", "contrib.rnn.DeviceWrapper")
class DeviceWrapper(Wrapper):
    """A cell whose operations are on a device.

    Parameters
    ----------
    cell : RNNCell
    device : str or callable

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.DeviceWrapper(tf.nn.rnn_cell.GRUCell(3), "/cpu:0")
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> output.device
    '/device:CPU:0'
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros in the form of the state."""
        with name_scope(type(self).__name__ + "ZeroState"), get_default_graph().device(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def _call_wrapped_cell(self, inputs: Any, state: Any, cell_call_fn: Callable[..., Any], **kwargs: Any) -> Any:
        with get_default_graph().device(self._device):
            return cell_call_fn(inputs, state, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "device": self._device}
