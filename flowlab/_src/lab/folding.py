"""Which boxes a picture shows: the name scopes as a tree, opened here and folded there.

A box is a string: the name of an operation, or the name of a scope with a slash behind it ("conv1/"). Many operations
are also the prefix of others: a variable `w` comes with `w/Assign` and `w/read`, a `Mean` with
`Mean/reduction_indices`. Such a family folds into one box that looks like its operation.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from flowlab._src.lab.roles import FORWARD, INITIAL, VARIABLE_TYPES, box_role, operation_roles
from flowlab._src.lab.stacks import find_stacks, with_stacks
from flowlab._src.lab.views import GraphView
from flowlab._src.util.text import did_you_mean

MAIN, SIDE = "main|", "side|"  # the two fields of a picture; no operation can have such a name
INITIAL_VALUES = "initial values/"
SIDE_FROM = 8  # up to this many boxes everything stays in one drawing
GROUP_FROM = 3  # so many boxes that only make initial values are drawn as one


@dataclass(frozen=True)
class Folding:
    """The visible boxes of a graph.

    Attributes
    ----------
    view : GraphView
    roles : dict
        Role of each operation.
    chains : dict
        For each operation the boxes it lies in, outermost first: a field (`MAIN` or `SIDE`), the open scopes, and last
        the box that stands for it.
    paths : dict
        The same for each box: the boxes it lies in, itself last.
    children : dict
        Boxes directly inside a field or an open scope, in order of creation.
    members : dict
        Names of the operations that a box stands for or holds.
    opened : frozenset of str
        The scopes that are open, in sight or not.
    stacks : frozenset of str
        The boxes that are a series of alike ones.
    """

    view: GraphView
    roles: dict[str, str]
    chains: dict[str, tuple[str, ...]]
    paths: dict[str, tuple[str, ...]]
    children: dict[str, list[str]]
    members: dict[str, list[str]]
    opened: frozenset[str] = frozenset()
    stacks: frozenset[str] = frozenset()

    def is_family(self, box: str) -> bool:
        """Whether a folded scope is one operation with its helpers: a variable, or a `Mean` with its constant axes."""
        node = self.view.by_name.get(box[:-1])
        if node is None:
            return False
        others = [self.view.by_name[name] for name in self.members[box] if name != node.name]
        return node.type in VARIABLE_TYPES or all(other.type == "Const" for other in others)

    def is_open(self, box: str) -> bool:
        return box in self.children

    def role(self, box: str) -> str:
        return box_role(self.roles[name] for name in self.members[box])


def scope_chain(name: str, prefixes: set[str]) -> tuple[str, ...]:
    """The scopes around an operation, outermost first: its own family included if it has one."""
    ends = [k + 1 for k, char in enumerate(name) if char == "/"]
    chain = tuple(name[:end] for end in ends)
    return (*chain, name + "/") if name + "/" in prefixes else chain


def fold(
    view: GraphView,
    depth: int | None = None,
    expand: Sequence[str] = (),
    side: bool | None = None,
    *,
    opened: Collection[str] | None = None,
    put_aside: Sequence[str] = (),
    keep: Sequence[str] = (),
    stack: bool | None = None,
) -> Folding:
    """Decide which scopes of `view` are open, which boxes stand in the side column, and list the boxes.

    Parameters
    ----------
    view : GraphView
    depth : int, optional
        Levels of name scopes to open in the model's part; None opens them only while hardly anything is seen.
    expand : sequence of str
        Scopes to open in addition, by name or pattern ("conv*"). This also opens variables, gradients and optimizers.
    side : bool, optional
        Whether gradients, optimizer and initial values go to the side column; None means: if the graph is not tiny.
    opened : collection of str, optional
        Exactly the scopes to open, instead of `depth` and `expand`.
    put_aside, keep : sequence of str
        Names or patterns of boxes that go to the side column, or stay out of it, whatever they are.
    stack : bool, optional
        Whether series of five and more alike boxes are drawn as one; None means: in scopes with many boxes.
    """
    roles = operation_roles(view)
    prefixes = {node.name[: k + 1] for node in view.nodes for k, char in enumerate(node.name) if char == "/"}
    chains = {node.name: scope_chain(node.name, prefixes) for node in view.nodes}
    members: dict[str, list[str]] = {}
    for name, chain in chains.items():
        for scope in chain:
            members.setdefault(scope, []).append(name)

    stack_of = {} if stack is False else find_stacks(view, chains, roles, always=bool(stack))
    full = {name: with_stacks((*chain, name), stack_of)[:-1] for name, chain in chains.items()}
    held: dict[str, dict[str, None]] = {}  # stack -> the boxes in it
    for box, series in stack_of.items():
        held.setdefault(series, {})[box] = None
    for name, chain in full.items():
        for scope in chain:
            if scope in held:
                members.setdefault(scope, []).append(name)
    if opened is None:
        by_name = opened_by_name(members, expand)
        opened = opened_by_depth(view, roles, chains, members, depth) | by_name
        opened |= {series for series, inside in held.items() if not by_name.isdisjoint(inside)}
        if any(fnmatchcase(INITIAL_VALUES[:-1], pattern.rstrip("/")) for pattern in expand):
            opened.add(INITIAL_VALUES)
    shown = {}  # operation -> boxes around it as far as they are open, then the box that stands for it
    for name, chain in full.items():
        folded = next((k for k, scope in enumerate(chain) if scope not in opened), None)
        shown[name] = (*chain, name) if folded is None else chain[: folded + 1]
        if folded is None:
            members[name] = [name]
    boxes = {box for chain in shown.values() for box in chain}

    beside: set[str] = set()
    automatic = side or (side is None and len({chain[0] for chain in shown.values()}) > SIDE_FROM)
    for chain in shown.values():
        for k, box in enumerate(chain):
            if fits(box, keep):
                break
            inside_family = k > 0 and chain[k - 1][:-1] in view.by_name
            serves = automatic and box_role(roles[name] for name in members[box]) != FORWARD
            if (serves and not inside_family) or fits(box, put_aside):
                beside.add(box)
                break
    starts = {box for box in boxes & beside if is_initial_value(box, view, roles, members)}
    group = len(starts) >= GROUP_FROM
    placed: dict[str, tuple[str, ...]] = {}
    for name, chain in shown.items():
        first = next((k for k, box in enumerate(chain) if box in beside), None)
        if first is None:
            placed[name] = (MAIN, *chain)
        elif group and chain[first] in starts:
            placed[name] = (SIDE, INITIAL_VALUES, *(chain[first:] if INITIAL_VALUES in opened else ()))
            members.setdefault(INITIAL_VALUES, []).append(name)
        else:
            placed[name] = (SIDE, *chain[first:])
    paths: dict[str, tuple[str, ...]] = {}
    children: dict[str, list[str]] = {}
    for chain in placed.values():
        for k in range(1, len(chain)):
            if chain[k] not in paths:
                paths[chain[k]] = chain[: k + 1]
                children.setdefault(chain[k - 1], []).append(chain[k])
    return Folding(view, roles, placed, paths, children, members, frozenset(opened), frozenset(held))


def fits(box: str, patterns: Sequence[str]) -> bool:
    """Whether the name of a box fits one of the patterns."""
    return any(fnmatchcase(box.rstrip("/"), pattern.rstrip("/")) for pattern in patterns)


def is_initial_value(box: str, view: GraphView, roles: dict[str, str], members: dict[str, list[str]]) -> bool:
    """Whether a box only computes initial values (the `init` operation that stores them does not count)."""
    node = view.by_name.get(box)
    return all(roles[name] == INITIAL for name in members[box]) and (node is None or node.type != "NoOp")


def opened_by_depth(
    view: GraphView,
    roles: dict[str, str],
    chains: dict[str, tuple[str, ...]],
    members: dict[str, list[str]],
    depth: int | None,
) -> set[str]:
    """Scopes of the model's part, `depth` levels deep; families of one operation stay folded."""

    def opens(scope: str) -> bool:
        return scope[:-1] not in view.by_name and box_role(roles[name] for name in members[scope]) == FORWARD

    if depth is not None:
        opened: set[str] = set()
        for chain in chains.values():
            for scope in chain[:depth]:
                if not opens(scope):
                    break
                opened.add(scope)
        return opened
    opened = set()
    while True:
        visible: dict[str, None] = {}
        for name, chain in chains.items():
            box = next((scope for scope in chain if scope not in opened), name)
            visible[box] = None
        model = [box for box in visible if box_role(roles[name] for name in members.get(box, [box])) == FORWARD]
        scopes = [box for box in model if box in members and opens(box)]
        if len(model) > 2 or not scopes:
            return opened
        opened.add(max(scopes, key=lambda scope: len(members[scope])))


def opened_by_name(members: dict[str, list[str]], expand: Iterable[str]) -> set[str]:
    """Scopes that fit one of the patterns, and those around them."""
    opened: set[str] = set()
    names = [box[:-1] for box in members if box.endswith("/")]
    for pattern in expand:
        wanted = pattern.rstrip("/")
        found = [name for name in names if fnmatchcase(name, wanted) or name == wanted]
        if not found and wanted not in ("*", INITIAL_VALUES[:-1]):
            hint = did_you_mean(wanted, names) or f"The graph has {', '.join(sorted(names)[:8]) or 'no name scopes'}."
            raise ValueError(f"No name scope to open fits {pattern!r}. {hint}")
        for name in found:
            opened.update(scope_chain(name + "/", set()))
    return opened
