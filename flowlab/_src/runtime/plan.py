"""From fetches and feeds to a plan: which nodes run, in which order, and where each value is kept.

Prune: walk back from the fetches over inputs and control inputs, stopping at fed tensors.
Order: the order of creation, which is topological because graphs only grow; so a run is deterministic.
Slots: each tensor gets a place in a list. All references to one variable share a place, so whoever reads the
variable sees the latest write of this run, as in TensorFlow, where they share the variable's buffer.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.graph.body import Body
from flowlab._src.graph.op import group_inputs
from flowlab._src.graph.operation import Operation, variable_behind
from flowlab._src.graph.shape import Dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.sizes import Sizes
from flowlab._src.runtime.state import owned
from flowlab._src.util.collector import resting

# How an instruction's kernel is called.
PLAIN, STATEFUL, NESTED = 0, 1, 2


class Instruction(NamedTuple):
    """One entry of a plan: call `kernel` on the values of `inputs`, keep the results in `outputs`."""

    node: Operation
    kernel: Callable[..., Any]
    mode: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    single: bool  # one result, kept as it is; else a sequence with one value for each output
    refs: tuple[int, ...]  # positions of inputs that read a variable directly: it must have a value
    free: tuple[int, ...]  # slots nobody reads later


class Plan(NamedTuple):
    """The instructions for one combination of fetches and feeds."""

    instructions: tuple[Instruction, ...]
    initial: tuple[Any, ...]  # slot contents at the start: constants filled in, the rest None
    feeds: tuple[int, ...]  # slots of the fed tensors
    fetches: tuple[int, ...]  # slots of the fetched tensors
    slots: dict[Tensor, int]
    checked: tuple[Tensor, ...]  # fetched references: the variable must have a value
    written: frozenset[str]  # names of the variables that this plan may change
    sizes: Sizes | None = None  # for plans that are for feeds of certain shapes alone


class Part(NamedTuple):
    """A body, compiled for one place in a plan: its own plan, and which slots to fill before it runs.

    The numbers on the right of `captured` and in `reads` are positions among the inputs of the control-flow node.
    """

    plan: Plan
    parameters: tuple[int | None, ...]  # slot of each loop variable; None: nobody looks at it
    captured: tuple[tuple[int, int], ...]  # (slot, position of the input that goes there)
    reads: tuple[tuple[int, int, int], ...]  # (slot, position of the tape, place in the recorded tuple)
    variables: tuple[tuple[int, str], ...]  # slots that hold a session variable: read anew for each frame
    outputs: tuple[int, ...]
    recorded: tuple[int | None, ...]  # slots of the values that the tape keeps; None: nobody reads it
    straight: list[Any]  # the body as a function, made when it first runs unwatched


def prune(
    targets: Iterable[Operation], fed: frozenset[Tensor] | set[Tensor], skip_idle: bool = False
) -> list[Operation]:
    """Return the operations that must run, in the order of their creation.

    With `skip_idle` a node that is only a control input of others, whose outputs nobody uses and whose run changes
    nothing, is left out; what lies behind it is followed. (The gradient of a loss with respect to the input images
    is such a node: the optimizer waits for it and throws it away.)
    """
    needed: set[Operation] = set()
    idle: set[Operation] = set()
    replaced = {t._op for t in fed}  # a feed also stands in for the producer where others only wait for it
    stack = [(node, True) for node in targets]
    while stack:
        node, used = stack.pop()
        if node in needed or (not used and node in idle):
            continue
        used = used or has_effect(node)
        (needed if used else idle).add(node)
        stack.extend([(t._op, used) for t in node._inputs if t not in fed])
        stack.extend([(other, used and not skip_idle) for other in node._control_inputs if other not in replaced])
    return sorted(needed, key=lambda node: node._id)


def has_effect(node: Operation) -> bool:
    """True when running a node does something besides computing its outputs."""
    definition = node.definition
    return (
        (definition.stateful and not definition.reads_only)
        or definition.nested
        or definition.must_be_fed
        or definition.checks
    )


@resting()
def compile_plan(
    fetches: Sequence[Tensor],
    targets: Sequence[Operation],
    feeds: Sequence[Tensor],
    fold: bool = True,
    keep: bool = False,
    aliases: Mapping[Tensor, str] | None = None,
    sizes: Sizes | None = None,
) -> Plan:
    """Compile a plan.

    Parameters
    ----------
    fetches : tensors whose values are wanted
    targets : operations that must run
    feeds : tensors that the caller gives values for; their producers do not run
    fold : compute what depends on constants alone beforehand, and leave out nodes whose run nobody can notice
    keep : keep every value to the end (the stepper shows them)
    aliases : fed tensors that stand for a session variable of that name (in the plan of a body)
    sizes : the shapes of the feeds, when the plan is for feeds of these shapes alone
    """
    fed = set(feeds)
    roots = [t._op for t in fetches if t not in fed] + list(targets)
    nodes = prune(roots, fed, skip_idle=fold)
    wanted = {t for node in nodes for t in node._inputs}.union(fetches)
    draft = _Draft(fetches, feeds, wanted, fold, keep, aliases or {}, sizes)
    for node in nodes:
        draft.visit(node)
    return draft.plan()


class _Entry(NamedTuple):
    """A node that has to run, and the slots for it; most become instructions."""

    node: Operation
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    refs: tuple[int, ...]
    nested_kernel: Callable[..., Any] | None


class _Draft:
    """A plan in the making: node after node gets slots for its outputs, and an entry where it has to run."""

    def __init__(
        self, fetches: Sequence[Tensor], feeds: Sequence[Tensor], wanted: set[Tensor], fold: bool, keep: bool,
        aliases: Mapping[Tensor, str], sizes: Sizes | None,
    ) -> None:  # fmt: skip
        self._fetches, self._feeds, self._wanted = fetches, feeds, wanted
        self._fold, self._keep, self._sizes = fold, keep, sizes
        self._fed = set(feeds)
        self._outside = self._fed.union(fetches)  # somebody outside the plan knows them
        self._slots: dict[Tensor, int] = {}
        self._initial: list[Any] = []
        self._entries: list[_Entry] = []
        self._variables: dict[int, str] = {}  # slots of variables, with the variable's name
        self._written: set[str] = set()
        self._changes = Counter[int]()  # how often a variable has been written to so far, by its slot
        self._constants: dict[Tensor, Any] = {}
        self._alike: dict[Any, Tensor] = {}  # small constants by their content
        self._computed: dict[Any, Operation] = {}  # what computes what, to find the same computation again
        shared: dict[str, int] = {}
        for tensor in feeds:
            name = aliases.get(tensor)
            if name is None:
                self._new_slot(tensor)
            elif name in shared:
                self._slots[tensor] = shared[name]
            else:
                shared[name] = self._new_slot(tensor)
                self._variables[shared[name]] = name

    def _new_slot(self, tensor: Tensor, value: Any = None) -> int:
        slot = self._slots[tensor] = len(self._initial)
        self._initial.append(value)
        return slot

    def visit(self, node: Operation) -> None:
        """Take the next node in."""
        if self._sizes is not None:
            self._sizes.visit(node, self._constants)
        if self._fold and self._is_known(node):
            return
        slots = self._slots
        inputs = tuple([slots[t] for t in node._inputs])
        if not self._is_there(node, inputs):
            self._add(node, inputs)

    def _is_known(self, node: Operation) -> bool:
        """Whether the outputs are constants, which are in their slots from the start."""
        values = fold_node(node, self._constants, self._sizes)
        if values is None:
            return False
        for tensor, value in zip(node._outputs, values, strict=True):
            if tensor not in self._fed:
                self._constants[tensor] = value
                same = None if self._sizes is None else self._alike.setdefault(_content(tensor, value), tensor)
                if same is None or same is tensor:
                    self._new_slot(tensor, value)
                else:
                    self._slots[tensor] = self._slots[same]
        return True

    def _is_there(self, node: Operation, inputs: tuple[int, ...]) -> bool:
        """Whether the outputs are in slots already: those of the input that is passed on, or of another node."""
        definition = node.definition
        passes_on = definition.is_identity or (
            definition.same_if_same_shape and self._sizes is not None and self._sizes.keeps_shape(node)
        )
        if self._fold and passes_on and inputs[0] not in self._variables and node._outputs[0] not in self._fed:
            self._slots[node._outputs[0]] = inputs[0]  # another name for the same value
            return True
        if self._sizes is None or self._outside.intersection(node._outputs):
            return False
        twin = self._twin(node, inputs)
        if twin is None:
            return False
        for tensor, same in zip(node._outputs, twin._outputs, strict=True):
            self._slots[tensor] = self._slots[same]
        return True

    def _twin(self, node: Operation, inputs: tuple[int, ...]) -> Operation | None:
        """The node before this one that computes the same from the same values; None where there is none.

        Nodes that do more than compute have no twins. Readings of a variable are the same while nothing writes to it.
        """
        definition = node.definition
        if definition.stateful or definition.is_variable or has_effect(node) or not inputs:
            return None
        written = tuple([self._changes[slot] for slot in inputs if slot in self._variables])
        try:
            first = self._computed.setdefault((definition, inputs, written), node)
        except TypeError:  # an attribute without a hash
            return None
        return None if first is node else first

    def _add(self, node: Operation, inputs: tuple[int, ...]) -> None:
        """Add an entry for a node."""
        definition, variables = node.definition, self._variables
        outputs = self._slots_for_outputs(node, inputs)
        if definition.is_variable and node._outputs[0] not in self._fed:
            variables[outputs[0]] = node.name
        kernel = self._bind_nested(node, inputs, outputs) if definition.nested else None
        if definition.forwards_ref:
            changed = range(definition.forwards_ref)
            self._written.update([variable_behind(node._inputs[i]).name for i in changed])
            outputs += [inputs[i] for i in changed[1:]]  # the kernel gives the new value of each
        for slot in outputs:
            if slot in variables:
                self._changes[slot] += 1
        refs: tuple[int, ...] = ()
        if not (
            definition.nested or variables.keys().isdisjoint(inputs)
        ):  # of what is nested, each operation is checked
            reads = enumerate(node._inputs)
            refs = tuple(
                [i for i, t in reads if inputs[i] in variables and t._dtype._is_ref_dtype and not _takes_ref(node, i)]
            )
        self._entries.append(_Entry(node, inputs, tuple(outputs), refs, kernel))

    def _slots_for_outputs(self, node: Operation, inputs: tuple[int, ...]) -> list[int]:
        """New slots, but for a reference to a variable that is handed on."""
        definition, outputs = node.definition, []
        for position, tensor in enumerate(node._outputs):
            if tensor in self._fed:
                self._initial.append(None)  # the kernel's own result is not wanted
                outputs.append(len(self._initial) - 1)
            elif (
                position == 0
                and inputs
                and inputs[0] in self._variables
                and (definition.forwards_ref or definition.is_identity)
            ):
                self._slots[tensor] = inputs[0]
                outputs.append(inputs[0])
            else:
                outputs.append(self._new_slot(tensor))
        return outputs

    def _bind_nested(self, node: Operation, inputs: tuple[int, ...], outputs: list[int]) -> Callable[..., Any]:
        """Compile the bodies of a control-flow node; variables that they write to are outputs too."""
        bodies = _Nested(node, inputs, self._variables, self._wanted, self._fold, self._keep, self._sizes)
        kernel: Callable[..., Any] = node.definition.bind(node, bodies)  # type: ignore[attr-defined]  # nested ops have it
        bodies.note_outputs()
        self._written |= bodies.written
        changed = {slot: name for slot, name in self._variables.items() if name in bodies.written}
        outputs += changed
        return _with_variables(kernel, list(changed.values())) if changed else kernel

    def plan(self) -> Plan:
        """The plan, when all nodes are in."""
        slots, fetches, sizes = self._slots, tuple([self._slots[t] for t in self._fetches]), self._sizes
        entries = self._entries if sizes is None else _needed(self._entries, fetches, self._variables)
        free = _last_uses(entries, fetches, self._variables, self._keep)
        instructions = []
        valued: set[int] = set()  # variables that are known to have a value
        for (node, inputs, outputs, refs, nested_kernel), emptied in zip(entries, free, strict=True):
            kernel, mode = bind_kernel(node) if nested_kernel is None else (nested_kernel, NESTED)
            single = len(outputs) == 1 and not node.definition.schema.outputs[0].is_list
            unsure = tuple([i for i in refs if inputs[i] not in valued])
            if sizes is not None:
                valued.update([inputs[i] for i in refs], outputs if node.definition.forwards_ref else ())
            instructions.append(Instruction(node, kernel, mode, inputs, outputs, single, unsure, emptied))
        return Plan(
            instructions=tuple(instructions),
            initial=tuple(self._initial),
            feeds=tuple([slots[t] for t in self._feeds]),
            fetches=fetches,
            slots=slots,
            checked=tuple(t for t in self._fetches if slots[t] in self._variables and t._dtype._is_ref_dtype),
            written=frozenset(self._written),
            sizes=sizes,
        )


def _content(tensor: Tensor, value: Any) -> Any:
    """What makes small constants equal; the tensor itself stands for large ones."""
    if isinstance(value, (np.ndarray, np.generic)) and value.size <= 16 and value.dtype != object:
        return tensor._dtype, value.dtype, value.shape, value.tobytes()
    return tensor


class _Nested:
    """Compiles the bodies of one control-flow node, for `definition.bind`."""

    def __init__(
        self, node: Operation, inputs: tuple[int, ...], variable_slots: dict[int, str], wanted: set[Tensor], fold: bool,
        keep: bool, sizes: Sizes | None,
    ) -> None:  # fmt: skip
        self._node = node
        self._positions = {tensor: i for i, tensor in enumerate(node._inputs)}
        self._names = {
            t: variable_slots[slot] for t, slot in zip(node._inputs, inputs, strict=True) if slot in variable_slots
        }
        self._fold, self._keep = fold, keep
        self.records = node._outputs[-1] in wanted  # somebody reads the tape
        self.written: set[str] = set()
        self._sizes = sizes
        self._results: list[list[Dims | None]] = []  # the sizes of what each body leaves behind

    def __call__(self, body: Body) -> Part:
        """Compile a branch."""
        part, sizes = self._compile(body, self.records, ())
        if self._sizes is not None and sizes is not None:
            self._sizes.take_over(sizes)
            self._results.append([sizes[t] for t in body.outputs])
        return part

    def loop(self, body: Body, first: int) -> Part:
        """Compile the body of a loop, whose variables start with the inputs from number `first` on.

        A variable has the size it starts with if the body gives it back with that size, where only such variables have
        sizes; found by trying, and given up after a few trials.
        """
        starts = self._node._inputs[first : first + len(body.parameters)]
        entering = [None if self._sizes is None else self._sizes[t] for t in starts]
        for trials_left in (3, 2, 1, 0):
            part, sizes = self._compile(body, self.records, entering)
            if self._sizes is None or sizes is None:
                return part
            left = [dims if sizes[t] == dims else None for t, dims in zip(body.outputs, entering, strict=True)]
            if left == entering:
                self._sizes.take_over(sizes)
                self._results = [left]
                break
            entering = left if trials_left > 1 else [None] * len(left)
        return part

    def condition(self, condition: Body) -> Part:
        """Compile the condition of the loop that was compiled last."""
        return self._compile(condition, False, self._results[-1] if self._results else ())[0]

    def note_outputs(self) -> None:
        """Keep the sizes of the node's outputs: those that all bodies give."""
        if self._sizes is not None:
            for tensor, found in zip(self._node._outputs, zip(*self._results, strict=False), strict=False):
                if len(set(found)) == 1:
                    self._sizes.note(tensor, found[0])

    def _compile(self, body: Body, records: bool, entering: Sequence[Dims | None]) -> tuple[Part, Sizes | None]:
        """Compile a body, for loop variables of these sizes."""
        outer, sizes = self._sizes, None
        if outer is not None:
            inside = {t: outer[there] for there, t in (*body.captured.items(), *body.reads.items())}
            sizes = outer.within({**inside, **dict(zip(body.parameters, entering, strict=False))})
        feeds = [
            *body.parameters,
            *body.captured.values(),
            *[t for t in body.reads.values() if t._op.definition.must_be_fed],
        ]
        aliases = {inner: self._names[outer] for outer, inner in body.captured.items() if outer in self._names}
        recorded = list(body.recorded) if records else []
        kept = [t for t in recorded if sizes is None or sizes.kept is None or t in sizes.kept]
        plan = compile_plan([*body.outputs, *kept], [], feeds, self._fold, self._keep, aliases, sizes)
        self.written |= plan.written
        used = {slot for i in plan.instructions for slot in i.inputs}.union(plan.fetches)
        slots = plan.slots
        reads = {recorded: t for recorded, t in body.reads.items() if slots.get(t) in used and t in feeds}
        if outer is not None and sizes is not None:
            outer.read.update(reads)
        part = Part(
            plan,
            tuple([slots[t] if slots[t] in used else None for t in body.parameters]),
            tuple(
                [
                    (slots[t], self._positions[outer])
                    for outer, t in body.captured.items()
                    if slots[t] in used and t not in aliases
                ]
            ),
            tuple([self._read(body, recorded, slots[t]) for recorded, t in reads.items()]),
            tuple(dict.fromkeys([(slots[t], name) for t, name in aliases.items()])),
            plan.fetches[: len(body.outputs)],
            tuple([slots[t] if t in kept else None for t in recorded]),
            [],
        )
        return part, sizes

    def _read(self, body: Body, recorded: Tensor, slot: int) -> tuple[int, int, int]:
        owner = recorded._op._body
        assert owner is not None
        assert owner.tape is not None
        return slot, self._positions[body.outside(owner.tape)], owner.recorded[recorded]


def _with_variables(kernel: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Let a nested kernel also give the values of variables that its bodies write to."""

    def call(frame: Any, *values: Any) -> Any:
        result = yield from kernel(frame, *values)
        return [*result, *[frame.state.read(name) for name in names]]

    return call


_FOLD_LIMIT = 1 << 16  # elements: larger results are not worth keeping with every plan


def fold_node(node: Operation, constants: dict[Tensor, Any], sizes: Sizes | None = None) -> Sequence[Any] | None:
    """Return the outputs of a node that depends on constants (or known sizes) alone, or None when it has to run.

    A kernel that fails is left to the run, where the failure is reported with its node.
    """
    definition = node.definition
    if definition.is_constant:
        return [definition.value]  # type: ignore[attr-defined]  # a constant has one
    if definition.stateful or not node._inputs or has_effect(node):
        return None
    inputs: list[Any] | None = None
    if constants.keys() >= set(node._inputs):
        inputs = [constants[t] for t in node._inputs]
    elif definition.of_shapes and sizes is not None:
        inputs = sizes.stand_ins(node)
    if inputs is None:
        return None
    for t in node._outputs:
        count = t._shape.num_elements() if sizes is None else sizes.count(t)
        if count is None or count > _FOLD_LIMIT:
            return None
    kernel, _ = bind_kernel(node)
    try:
        with np.errstate(all="ignore"):
            result = kernel(*inputs)
    except Exception:
        return None
    single = len(node._outputs) == 1 and not definition.schema.outputs[0].is_list
    return [owned(value) for value in ([result] if single else result)]


def _takes_ref(node: Operation, position: int) -> bool:
    arguments = node.definition.schema.inputs
    return position < len(arguments) and arguments[position].is_ref


def bind_kernel(node: Operation) -> tuple[Callable[..., Any], int]:
    """Return the function that computes a node and the way it is called."""
    definition = node.definition
    kernel: Callable[..., Any] = definition.kernel
    mode = NESTED if definition.nested else STATEFUL if definition.stateful else PLAIN
    if definition.schema.has_list and not kernel.__code__.co_flags & 0x04:
        kernel = _grouped(definition, kernel, mode)
    return kernel, mode


def _grouped(definition: Any, kernel: Callable[..., Any], mode: int) -> Callable[..., Any]:
    """Wrap a kernel with list inputs: the flat values of an instruction are packed into lists."""
    if mode == PLAIN:

        @functools.wraps(kernel)
        def call(*values: Any) -> Any:
            return kernel(*group_inputs(definition, values))

    else:

        @functools.wraps(kernel)
        def call(frame: Any, *values: Any) -> Any:
            return kernel(frame, *group_inputs(definition, values))

    return call


def _needed(entries: Sequence[_Entry], fetched: Iterable[int], variable_slots: Iterable[int]) -> list[_Entry]:
    """The entries without those whose results nobody reads now that sizes are known."""
    read = {*fetched, *variable_slots}
    result = []
    for entry in reversed(entries):
        node, inputs, outputs, *_ = entry
        if has_effect(node) or not read.isdisjoint(outputs):
            read.update(inputs)
            result.append(entry)
    return result[::-1]


def _last_uses(
    entries: Sequence[_Entry], fetched: tuple[int, ...], variable_slots: Iterable[int], keep: bool
) -> list[tuple[int, ...]]:
    """For each instruction the slots that may be emptied after it."""
    result: list[tuple[int, ...]] = [()] * len(entries)
    if keep:
        return result
    protected = {*fetched, *variable_slots}
    seen: set[int] = set(protected)
    for i in range(len(entries) - 1, -1, -1):
        _, inputs, outputs, *_ = entries[i]
        free = []
        for slot in (*inputs, *outputs):
            if slot not in seen:
                seen.add(slot)
                free.append(slot)
        result[i] = tuple(free)
    return result
