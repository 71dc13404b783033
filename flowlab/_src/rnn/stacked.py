"""`MultiRNNCell`: cells on top of each other."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.scopes import name_scope
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.ops.joining import concat
from flowlab._src.ops.slicing import slice_
from flowlab._src.rnn.cell import RNNCell
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope


@export("nn.rnn_cell.MultiRNNCell", "contrib.rnn.MultiRNNCell")
class MultiRNNCell(RNNCell):
    """Several cells as one: the output of each is the input of the next.

    Make a new cell for each place: the same object twice shares its weights, which fails when the sizes differ.

    Parameters
    ----------
    cells : list of RNNCell
    state_is_tuple : bool
        The state is a tuple of those of the cells; if False, one tensor with all of them side by side.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(n) for n in (5, 3)])
    >>> cell.state_size, cell.output_size
    ((5, 3), 3)
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_sequence(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(nest.is_sequence(cell.state_size) for cell in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes are: "
                f"{[cell.state_size for cell in cells]}"
            )

    @property
    def state_size(self) -> Any:
        """The sizes of the states of all cells."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of the output of the last cell."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros in the form of the state."""
        with name_scope(type(self).__name__ + "ZeroState"):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def _of_cells(self, attribute: str) -> list[Any]:
        return [w for cell in self._cells if isinstance(cell, Layer) for w in getattr(cell, attribute)]

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights of all cells that optimizers change."""
        return self._of_cells("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights of all cells that optimizers leave alone."""
        others = self._of_cells("non_trainable_weights")
        return others if self.trainable else self._of_cells("trainable_weights") + others

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One time step: through all cells."""
        position, output, new_states = 0, inputs, []
        for i, cell in enumerate(self._cells):
            with variable_scope(f"cell_{i}"):
                if self._state_is_tuple:
                    if not nest.is_sequence(state):
                        raise ValueError(
                            f"Expected state to be a tuple of length {len(self.state_size)}, but received: {state}"
                        )
                    own = state[i]
                else:
                    own = slice_(state, [0, position], [-1, cell.state_size])
                    position += cell.state_size
                output, new_state = cell(output, own)
                new_states.append(new_state)
        return output, tuple(new_states) if self._state_is_tuple else concat(new_states, 1)
