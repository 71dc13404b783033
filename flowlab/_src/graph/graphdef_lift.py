"""Branches and loops as TensorFlow 1 writes them, `Switch`, `Merge`, `Enter` ..., lifted to `If` and `While`.

`tf.cond` of TensorFlow 1 sends each tensor that a branch uses through a Switch, which hands it to one side only, and
joins what the branches give in Merges. `tf.while_loop` sends the loop variables in a circle: Enter, Merge, Switch, the
body, NextIteration and back to the Merge, or out through Exit. All nodes lie side by side; to which branch or loop a
node belongs follows from its inputs. That is its *context* here, a tuple of sides and frames from the outside in.

The innermost branches and loops are lifted first, each into functions that an `If` or a `While` calls, until none are
left. The Merges and Exits keep their names, as nodes that hand on what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from flowlab._src.errors import UnimplementedError
from flowlab._src.graph import registry
from flowlab._src.graph.graphdef import attr_value
from flowlab._src.graph.graphdef_attributes import attribute, expected_inputs, read_attributes
from flowlab._src.graph.graphdef_functions import OWN_NAMES
from flowlab._src.graph.graphdef_import import Input, parse_input
from flowlab._src.graph.op_table import declared, definition_of

SWITCHES = frozenset(["Switch", "RefSwitch"])
MERGES = frozenset(["Merge", "RefMerge"])
ENTERS = frozenset(["Enter", "RefEnter"])
EXITS = frozenset(["Exit", "RefExit"])
NEXT = frozenset(["NextIteration", "RefNextIteration"])
V1_OPS = SWITCHES | MERGES | ENTERS | EXITS | NEXT | {"LoopCond"}


class Side(NamedTuple):
    """One side of a cond."""

    predicate: Input
    taken: bool


class Frame(NamedTuple):
    """A loop."""

    name: str


Context = tuple[Side | Frame, ...]


def lift(graph_def: Any) -> Any:
    """A GraphDef with `If` and `While` in place of Switch, Merge, Enter, Exit and the like.

    Raises
    ------
    UnimplementedError
        If nodes are joined in ways that tf.cond and tf.while_loop do not write; it names one of them.
    """
    return Lifter(graph_def).run()


class Lifter:
    """The nodes of a GraphDef, and their contexts."""

    def __init__(self, graph_def: Any) -> None:
        from flowlab._src.formats import messages

        self.result = messages.GraphDef()
        self.result.CopyFrom(graph_def)
        self.nodes = {node.name: node for node in self.result.node}
        self.inputs = {name: [parse_input(text) for text in node.input] for name, node in self.nodes.items()}
        self.contexts: dict[str, Context] = {}
        self.frames: dict[Frame, Context] = {}  # what is around each loop
        self.replaced: set[str] = set()  # what is in a function already

    def run(self) -> Any:
        """Lift all, the innermost first."""
        self._find_all_contexts()
        units: dict[tuple[Context, Any], list[str]] = {}
        for name, node in self.nodes.items():
            if node.op in MERGES and not self._is_loop_merge(name):
                units.setdefault((self.contexts[name], self._side(name, 0).predicate), []).append(name)
            elif node.op in ENTERS:
                units.setdefault((self.contexts[name][:-1], self.contexts[name][-1]), []).append(name)
        for (around, unit), names in sorted(units.items(), key=lambda item: -len(item[0][0])):
            if isinstance(unit, Frame):
                self._lift_loop(around, unit, names)
            else:
                for level in self._levels(names):
                    self._lift_cond(around, unit, level)
                self._remove_cond(around, unit)
        self._write()
        return self.result

    # ---- where each node belongs --------------------------------------------------------------------------------

    def _find_all_contexts(self) -> None:
        """Find the contexts, again if it turns out late what is around a loop: not all that enters it tells."""
        while True:
            known = dict(self.frames)
            try:
                self._find_contexts()
            except UnimplementedError:
                if self.frames == known:
                    raise
            if self.frames == known:
                return

    def _find_contexts(self) -> None:
        alive: dict[Input, Input] = {}  # what Switches hand on whose side is known, by their outputs
        for name in self._order():
            node = self.nodes[name]
            self.inputs[name] = [alive.get(source, source) for source in self.inputs[name]]
            found = [self._context_of(source) for source in self.inputs[name] if not self._is_back_edge(name, source)]
            deepest: Context = max(found, key=len, default=())
            if node.op in MERGES and not self._is_loop_merge(name):
                self.contexts[name] = self._merged(name, found)
                continue
            if node.op == "ControlTrigger":  # waits for whichever side of a cond runs
                self.contexts[name] = tuple(
                    a for a, *others in zip(*found, strict=False) if all(a == b for b in others)
                )
                continue
            for other in found:
                if other != deepest[: len(other)]:
                    raise refuse(name, "takes inputs of different branches or loops")
            if node.op in SWITCHES:
                alive |= self._known_side(name, deepest)
            if node.op in ENTERS:
                frame = Frame(attribute(node, "frame_name").s.decode("utf-8", "replace"))
                if frame in deepest:
                    raise refuse(name, "enters a loop that it is in")
                around = self.frames.get(frame, ())
                if deepest == around[: len(deepest)]:
                    deepest = around
                self.frames[frame] = max(around, deepest, key=len)
                deepest = (*deepest, frame)
            elif node.op in EXITS:
                if not deepest or not isinstance(deepest[-1], Frame):
                    raise refuse(name, "leaves a loop that was not entered")
                deepest = deepest[:-1]
            self.contexts[name] = deepest

    def _known_side(self, switch: str, context: Context) -> dict[Input, Input]:
        """Of a Switch in a loop that goes by the predicate of a cond around the loop, the output that is used."""
        predicate = self.inputs[switch][1]
        while self.nodes[predicate.name].op in ENTERS:
            predicate = self.inputs[predicate.name][0]
        for side in context:
            if isinstance(side, Side) and side.predicate == predicate and predicate != self.inputs[switch][1]:
                return {Input(switch, int(side.taken)): self.inputs[switch][0]}
        return {}

    def _order(self) -> list[str]:
        """The nodes, each after its inputs; the way back from NextIteration to Merge does not count."""
        order: list[str] = []
        state: dict[str, bool] = {}  # False: its inputs are being looked at
        for start in self.nodes:
            waiting = [start]
            while waiting:
                name = waiting[-1]
                if name in state:
                    waiting.pop()
                    if not state[name]:
                        state[name] = True
                        order.append(name)
                    continue
                state[name] = False
                for source in self.inputs[name]:
                    if source.name not in self.nodes:
                        raise ValueError(f"Node '{name}': Unknown input node '{source.name}'")
                    if source.name not in state and not self._is_back_edge(name, source):
                        waiting.append(source.name)
        return order

    def _is_back_edge(self, name: str, source: Input) -> bool:
        return self.nodes[name].op in MERGES and source.name in self.nodes and self.nodes[source.name].op in NEXT

    def _is_loop_merge(self, name: str) -> bool:
        return any(self._is_back_edge(name, source) for source in self.inputs[name])

    def _context_of(self, source: Input) -> Context:
        """The context in which a tensor can be used."""
        context = self.contexts.get(source.name)
        if context is None:
            raise refuse(source.name, "is part of a circle that is no loop")
        if self.nodes[source.name].op in SWITCHES and source.output >= 0:
            predicate = self.predicate(source.name)
            if self.nodes[predicate.name].op != "LoopCond":
                return (*context, Side(predicate, bool(source.output)))
        return context

    def predicate(self, switch: str) -> Input:
        """The tensor that a Switch goes by: the node pred_id, of which each cond has its own.

        The first Switch of a cond sends the predicate itself, for what has no inputs to wait for.
        """
        data, predicate = self.inputs[switch][:2]
        if data == predicate:
            own = f"{switch.rpartition('/')[0]}/pred_id".lstrip("/")
            if own in self.nodes and self.nodes[own].op == "Identity" and self.inputs[own][0] == predicate:
                return Input(own, 0)
        return predicate

    def _merged(self, name: str, found: list[Context]) -> Context:
        """The context around a Merge: its inputs come from the two sides of one cond."""
        data = [c for c, source in zip(found, self.inputs[name], strict=True) if source.output >= 0]
        around = data[0][:-1] if data else ()
        ends = [c[-1] for c in data if c]
        if (
            len(ends) != 2
            or any(c[:-1] != around for c in data)
            or not all(isinstance(end, Side) for end in ends)
            or {end.taken for end in ends if isinstance(end, Side)} != {False, True}
            or ends[0].predicate != ends[1].predicate  # type: ignore[union-attr]
        ):
            raise refuse(name, "does not join the two sides of one tf.cond")
        return around

    def _side(self, merge: str, i: int) -> Side:
        side = self._context_of(self.inputs[merge][i])[-1]
        assert isinstance(side, Side)
        return side

    # ---- conds --------------------------------------------------------------------------------------------------

    def _levels(self, merges: list[str]) -> list[list[str]]:
        """Merges of one cond in groups: a group may need what earlier ones gave, as gradients do."""
        levels: dict[str, int] = {}
        wanted = set(merges)

        def level(merge: str) -> int:
            if merge not in levels:
                levels[merge] = 0
                before = self._ancestors([source.name for source in self.inputs[merge]]) & wanted
                levels[merge] = 1 + max((level(other) for other in before if other != merge), default=0)
            return levels[merge]

        grouped: dict[int, list[str]] = {}
        for merge in merges:
            grouped.setdefault(level(merge), []).append(merge)
        return [grouped[key] for key in sorted(grouped)]

    def _ancestors(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            waiting += [s.name for s in self.inputs[name] if not self._is_back_edge(name, s)]
        return found

    def _lift_cond(self, around: Context, predicate: Input, merges: list[str]) -> None:
        node_name = self._free(f"{predicate.name.rpartition('/')[0]}/If".lstrip("/"))
        sides = {}
        for taken in (True, False):
            ends = []
            for merge in merges:
                i = next(i for i in (0, 1) if self._side(merge, i).taken == taken)
                ends.append(self.inputs[merge][i])
            context = (*around, Side(predicate, taken))
            pushes = [
                Input(name, -1)
                for name, node in self.nodes.items()
                if node.op == "StackPushV2" and self.contexts[name] == context and name not in self.replaced
            ]
            sides[taken] = Part(self, context, ends, {}, pushes)
        for part in sides.values():
            self._refuse_twice(part)
        captured = list(dict.fromkeys([*sides[True].captured, *sides[False].captured]))
        control = dict.fromkeys([*sides[True].control, *sides[False].control])
        for name, taken in (("then_branch", True), ("else_branch", False)):
            self.result.library.function.append(sides[taken].function(f"{node_name}_{name}", captured))
        self._wait_for_instead(node_name, [*sides[True].members, *sides[False].members])
        outputs = [self.dtype(self.inputs[merge][0]) for merge in merges]
        node = self._add(node_name, "If", [predicate, *captured], list(control), around)
        node.attr["Tcond"].CopyFrom(attr_value("type", "bool"))
        node.attr["Tin"].CopyFrom(attr_value("list(type)", [self.dtype(source) for source in captured]))
        node.attr["Tout"].CopyFrom(attr_value("list(type)", outputs))
        for name in ("then_branch", "else_branch"):
            node.attr[name].func.name = f"{node_name}_{name}"
        for i, (merge, dtype) in enumerate(zip(merges, outputs, strict=True)):
            if any(Input(merge, 1) in sources for sources in self.inputs.values()):
                raise refuse(merge, "tells which side was taken, and that is used")
            self._become_identity(merge, Input(node_name, i), dtype)

    def _wait_for_instead(self, name: str, members: Sequence[str]) -> None:
        """Let triggers that wait for nodes of a branch wait for the whole `If`."""
        for node_name, node in self.nodes.items():
            if node.op == "ControlTrigger":
                sources = [Input(name, -1) if s.name in members else s for s in self.inputs[node_name]]
                self.inputs[node_name] = list(dict.fromkeys(sources))

    def _refuse_twice(self, part: Part) -> None:
        """What two parts of a cond need, a branch and its gradient, is computed by both: it must be the same twice."""
        for name in part.members:
            kind = registry.OPS.get(self.nodes[name].op)
            if name in self.replaced and kind is not None and kind.stateful and not kind.reads_only:
                raise refuse(name, "has an effect, or gives random numbers, and a gradient of the branch needs it too")
        self.replaced.update(part.members)

    def _remove_cond(self, around: Context, predicate: Input) -> None:
        """Forget the nodes of the two sides."""
        sides = ((*around, Side(predicate, True)), (*around, Side(predicate, False)))
        gone = {name for name, context in self.contexts.items() if context[: len(around) + 1] in sides}
        for name, node in self.nodes.items():
            if node.op in SWITCHES and self.contexts[name] == around and self.predicate(name) == predicate:
                gone.add(name)
        self._remove(gone)

    # ---- loops --------------------------------------------------------------------------------------------------

    def _lift_loop(self, around: Context, frame: Frame, enters: list[str]) -> None:
        context = (*around, frame)
        constants = [name for name in enters if attribute(self.nodes[name], "is_constant").b]
        merges = [
            n
            for n in self.nodes
            if self.contexts[n] == context and self.nodes[n].op in MERGES and self._is_loop_merge(n)
        ]
        conditions = [n for n in self.nodes if self.contexts[n] == context and self.nodes[n].op == "LoopCond"]
        if len(conditions) != 1:
            raise refuse(enters[0], f"enters a loop with {len(conditions)} conditions")
        starts, ends, effects = [], [], []
        for merge in merges:
            back = next(source for source in self.inputs[merge] if self._is_back_edge(merge, source))
            start = next((source for source in self.inputs[merge] if source != back), None)
            if start is None or start.name not in enters:
                raise refuse(merge, "is no loop variable")
            starts.append(start.name)
            ends.append(self.inputs[back.name][0])
            effects += self.inputs[back.name][1:]  # what an iteration does besides
        loose = set(enters) - set(constants) - set(starts)
        if loose:
            raise refuse(min(loose), "enters a loop without becoming a loop variable")
        names = {Input(merge, 0): f"$arg_{i}" for i, merge in enumerate(merges)}
        exits = {}
        for name, node in self.nodes.items():
            if self.contexts[name] == context and node.op in SWITCHES:
                variable = self.inputs[name][0]
                if variable in names:
                    names[Input(name, 1)] = names[variable]
                    exits[Input(name, 0)] = merges.index(variable.name)
        names |= {Input(name, 0): f"$arg_{len(merges) + i}" for i, name in enumerate(constants)}
        condition = Part(self, context, [self.inputs[conditions[0]][0]], names)
        body = Part(self, context, ends, names, effects)
        captured = list(dict.fromkeys([*condition.captured, *body.captured]))
        node_name = self._free(f"{merges[0].rpartition('/')[0] if merges else frame.name}/While".lstrip("/"))
        variables = [Input(name, 0) for name in (*starts, *constants)]
        kinds = [self.dtype(source) for source in (*variables, *captured)]
        for part, suffix in ((condition, "cond"), (body, "body")):
            function = part.function(f"{node_name}_{suffix}", captured, kinds[: len(variables)], merges)
            if suffix == "body":
                for i in range(len(merges), len(kinds)):
                    function.signature.output_arg.add(name=f"output_{i}", type=kinds[i].as_datatype_enum)
                    function.ret[f"output_{i}"] = f"$arg_{i}"
            self.result.library.function.append(function)
        for name in enters:  # outside of the loop now
            self.contexts[name] = around
            self._become_identity(name, self.inputs[name][0], self.dtype(Input(name, 0)))
        control = dict.fromkeys([*condition.control, *body.control])
        node = self._add(node_name, "While", [*variables, *captured], list(control), around)
        node.attr["T"].CopyFrom(attr_value("list(type)", kinds))
        node.attr["cond"].func.name = f"{node_name}_cond"
        node.attr["body"].func.name = f"{node_name}_body"
        self._copy_shapes(node, merges, len(kinds))
        for name in [n for n, node in self.nodes.items() if node.op in EXITS]:
            source = self._behind_identities(self.inputs[name][0], exits)
            if source in exits:
                self._become_identity(name, Input(node_name, exits[source]), kinds[exits[source]])
        self._remove({name for name, inside in self.contexts.items() if inside[: len(context)] == context})

    def _behind_identities(self, source: Input, exits: Iterable[Input]) -> Input:
        """The tensor that an Exit lets out: gradients have Identities before it, which only wait for others."""
        while source not in exits and self.nodes[source.name].op == "Identity":
            source = self.inputs[source.name][0]
        return source

    def _copy_shapes(self, node: Any, merges: list[str], count: int) -> None:
        """What the file says of the shapes of loop variables."""
        shapes = []
        for merge in merges:
            known = attribute(self.nodes[merge], "_output_shapes").list.shape
            shapes.append(known[0] if known else None)
        if merges and all(shape is not None for shape in shapes):
            node.attr["output_shapes"].list.shape.extend(shapes)
            for _ in range(count - len(shapes)):
                node.attr["output_shapes"].list.shape.add(unknown_rank=True)

    # ---- changing the graph -------------------------------------------------------------------------------------

    def dtype(self, source: Input) -> Any:
        """The type of a tensor."""
        node = self.nodes[source.name]
        if node.op in ("If", "While", "StatelessIf", "StatelessWhile"):
            from flowlab._src.graph.dtypes import as_dtype

            return as_dtype(attribute(node, "Tout" if node.op.endswith("If") else "T").list.type[source.output])
        definition = declared(node.op)
        if definition is None:
            if node.op not in registry.OPS:
                raise refuse(source.name, f"is a {node.op}, whose types are not known")
            definition = definition_of(registry.OPS[node.op])
        types = expected_inputs(definition.outputs, read_attributes(node, definition))
        if source.output >= len(types):
            raise ValueError(f"Connecting to invalid output {source.output} of source node {source.name}")
        return types[source.output][0]

    def _free(self, name: str) -> str:
        count, candidate = 0, name
        while candidate in self.nodes:
            count += 1
            candidate = f"{name}_{count}"
        return candidate

    def _add(self, name: str, op: str, inputs: Sequence[Input], control: Sequence[str], context: Context) -> Any:
        node = self.result.node.add(name=name, op=op)
        self.nodes[name] = node
        self.inputs[name] = [*inputs, *(Input(other, -1) for other in control)]
        self.contexts[name] = context
        return node

    def _become_identity(self, name: str, source: Input, dtype: Any) -> None:
        node = self.nodes[name]
        node.op = "Identity"
        for key in [key for key in node.attr if key not in ("_output_shapes", "_class")]:
            del node.attr[key]
        if "_output_shapes" in node.attr:
            del node.attr["_output_shapes"].list.shape[1:]
        node.attr["T"].CopyFrom(attr_value("type", dtype))
        control = [other for other in self.inputs[name] if other.output < 0]
        self.inputs[name] = [source, *control]

    def _remove(self, gone: set[str]) -> None:
        """Take nodes out, and see that nobody needs them any more."""
        for name in gone:
            del self.nodes[name], self.inputs[name], self.contexts[name]
        for name, sources in self.inputs.items():
            for source in sources:
                if source.name in gone:
                    raise refuse(name, f"uses '{source.name}', which is in a branch or loop")

    def _write(self) -> None:
        del self.result.node[:]
        for name, node in self.nodes.items():
            del node.input[:]
            node.input.extend(write_input(source) for source in self.inputs[name])
            groups = attribute(node, "_class").list.s
            groups = [text for text in groups if text.decode().removeprefix("loc:@") in self.nodes]
            node.attr.pop("_class", None)
            if groups:
                node.attr["_class"].list.s.extend(groups)
            self.result.node.append(node)


def write_input(source: Input) -> str:
    """An input as a message writes it."""
    if source.output < 0:
        return f"^{source.name}"
    return f"{source.name}:{source.output}" if source.output else source.name


def refuse(name: str, why: str) -> UnimplementedError:
    """The error for a node that cannot be lifted."""
    return UnimplementedError(
        None,
        None,
        f"The node '{name}' {why}: Switch, Merge, Enter and the like are read only as tf.cond and tf.while_loop write them.",
    )


class Part:
    """The nodes of one branch, loop condition or loop body: those that its results need.

    `names` are the tensors that are arguments already; what comes from outside is `captured`.
    """

    def __init__(
        self,
        lifter: Lifter,
        context: Context,
        results: list[Input],
        names: dict[Input, str],
        effects: Sequence[Input] = (),
    ) -> None:
        self.lifter = lifter
        self.context = context
        self.results = results
        self.names = names
        self.captured: dict[Input, None] = {}
        self.control: dict[str, None] = {}  # what the whole must wait for
        self.members: dict[str, None] = {}
        self.effects = [effect.name for effect in effects]
        waiting = [*results, *effects]
        while waiting:
            source = waiting.pop()
            if source in names or source.name in self.members:
                continue
            outer = self.outer(source)
            if outer is not None:
                if outer.output < 0:
                    self.control[outer.name] = None
                else:
                    self.captured[outer] = None
                continue
            if self.dropped(source):
                continue
            self.members[source.name] = None
            waiting += lifter.inputs[source.name]

    def outer(self, source: Input) -> Input | None:
        """The tensor or operation outside that an input stands for; None for those inside."""
        lifter = self.lifter
        node = lifter.nodes[source.name]
        side = self.context[-1]
        inside = lifter.contexts[source.name]
        is_switch = node.op in SWITCHES and inside == self.context[:-1] and source.output >= 0
        if isinstance(side, Side) and is_switch and lifter.predicate(source.name) == side.predicate:
            return lifter.inputs[source.name][0]
        return None if inside[: len(self.context)] == self.context else source

    def dropped(self, source: Input) -> bool:
        """Whether a control input is one of the circle's nodes, which an argument stands for."""
        return source.output < 0 and self.lifter.nodes[source.name].op in V1_OPS

    def function(
        self, name: str, captured: list[Input], kinds: Sequence[Any] = (), variables: Sequence[str] = ()
    ) -> Any:
        """The function; `captured` become arguments after those of types `kinds`, the first of which are called `variables`."""
        from flowlab._src.formats import messages

        lifter = self.lifter
        result = messages.FunctionDef()
        result.signature.name = name
        result.attr[OWN_NAMES].b = True
        for i, dtype in enumerate([*kinds, *(lifter.dtype(source) for source in captured)]):
            result.signature.input_arg.add(name=f"$arg_{i}", type=dtype.as_datatype_enum)
            if i < len(variables):
                result.arg_attr[i].attr[OWN_NAMES].s = variables[i].encode()
        names = {**self.names, **{source: f"$arg_{len(kinds) + i}" for i, source in enumerate(captured)}}

        def written(source: Input) -> str | None:
            if source in names:
                return names[source]
            outer = self.outer(source)
            if outer is not None:
                return names.get(outer)
            if self.dropped(source) or (source.output < 0 and Input(source.name, 0) in names):
                return None
            node = lifter.nodes[source.name]
            if node.op in V1_OPS:
                raise refuse(source.name, f"is a {node.op} in an unusual place")
            return write_input(source) if source.output <= 0 else f"{source.name}:{source.output}"

        for member in [n for n in lifter.nodes if n in self.members]:
            node = result.node_def.add()
            node.CopyFrom(lifter.nodes[member])
            if node.op in V1_OPS:
                raise refuse(member, f"is a {node.op} in an unusual place")
            del node.input[:]
            node.input.extend(text for source in lifter.inputs[member] if (text := written(source)) is not None)
            if "_class" in node.attr:
                del node.attr["_class"]
        for i, source in enumerate(self.results):
            text = written(source)
            assert text is not None
            result.signature.output_arg.add(name=f"output_{i}", type=lifter.dtype(source).as_datatype_enum)
            result.ret[f"output_{i}"] = text
        for effect in self.effects:
            if effect in self.members:
                result.signature.control_output.append(effect)
                result.control_ret[effect] = effect
        return result
