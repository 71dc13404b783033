"""What is written in a box: its name, and a second line that says what the name does not tell."""

import re
from collections import Counter

from flowlab._src.lab.folding import INITIAL_VALUES, Folding
from flowlab._src.lab.fonts import shorten, text_width
from flowlab._src.lab.roles import FORWARD, GRADIENT, INITIAL, UPDATE, UPDATE_TYPE, VARIABLE_TYPES
from flowlab._src.lab.views import NodeRecord, shape_text

FONT = 13.0  # pixels, before any zoom
MAX_TEXT = 215.0  # wider labels are shortened in the middle; the full name is in the tooltip

INPUT_TYPES = re.compile(r"Placeholder\w*|IteratorGetNext|Queue(Dequeue|DequeueMany|DequeueUpTo)V2|\w*Reader(Read)\w*")
STATE_TYPES = re.compile(r"Assign\w*|Scatter(Nd)?(Update|Add|Sub|Mul|Div|Min|Max)|" + UPDATE_TYPE.pattern)
# what does not say what a layer does
PLUMBING = frozenset({
    "Assign", "AssignVariableOp", "Cast", "Concat", "Const", "ExpandDims", "Fill", "Identity", "Mul", "NoOp", "Pack",
    "Placeholder", "Prod", "Range", "Rank", "ReadVariableOp", "RealDiv", "Reshape", "Shape", "Slice", "Squeeze",
    "StridedSlice", "Sub", "VarHandleOp", "VarIsInitializedOp", "Variable",
})  # fmt: skip


class Labels:
    """The words and the kind of each box of a folding."""

    def __init__(self, folding: Folding) -> None:
        self.folding = folding
        self.view = folding.view
        self.kinds: dict[str, str] = {}

    def is_folded(self, box: str) -> bool:
        """Whether a box hides more than one operation with its helpers."""
        return box.endswith("/") and not self.folding.is_open(box) and not self.folding.is_family(box)

    def node_of(self, box: str) -> NodeRecord | None:
        """The operation that a box looks like, None for a scope."""
        return None if self.is_folded(box) else self.view.by_name.get(box.rstrip("/"))

    def kind(self, box: str) -> str:
        if box not in self.kinds:
            self.kinds[box] = self.find_kind(box)
        return self.kinds[box]

    def find_kind(self, box: str) -> str:
        role = self.folding.role(box)
        node = self.node_of(box)
        if node is None:
            changes = role == UPDATE and self.changed_variables(box)
            return "state" if changes else "gradient" if role == GRADIENT else "scope"
        if INPUT_TYPES.fullmatch(node.type):
            return "input"
        if node.type in VARIABLE_TYPES:
            return "var"
        if self.folding.is_open(box):
            return "gradient" if role == GRADIENT else "scope"
        if STATE_TYPES.fullmatch(node.type):
            return "state"
        if node.type == "NoOp":
            return "control"
        if node.type == "Const":
            return "const"
        return "gradient" if role == GRADIENT else "op"

    def changed_variables(self, box: str) -> int:
        """How many variables the operations in a box assign to, initial values apart."""
        nodes = [self.view.by_name[name] for name in self.folding.members[box]]
        targets = [
            node.inputs[0][0]
            for node in nodes
            if STATE_TYPES.fullmatch(node.type) and node.inputs and self.folding.roles[node.name] != INITIAL
        ]
        return len(set(targets))

    def label(self, box: str) -> str:
        """The last part of the name; the whole name where the scope around it is not drawn."""
        if box == INITIAL_VALUES:
            return "initial values"
        name = box.rstrip("/") or box
        path = self.folding.paths[box]
        parent = path[-3] if path[-2] in self.folding.stacks else path[-2]
        if parent == name + "/":
            return name.rpartition("/")[2]
        return name.removeprefix(parent) if parent.endswith("/") else name

    def title(self, box: str) -> str:
        return shorten(self.label(box), MAX_TEXT, FONT, bold=self.is_folded(box))

    def detail(self, box: str) -> str:
        """The second line of a box: what the name alone does not tell."""
        node = self.node_of(box)
        if node is None:
            return shorten(self.summary(box), MAX_TEXT, FONT)
        if node.type == "Const":
            return self.value_text(node)
        if node.type in VARIABLE_TYPES or INPUT_TYPES.fullmatch(node.type):
            return shape_text(node.outputs[0].shape) if node.outputs else ""
        if node.type == "NoOp":
            stored = sum(self.view.by_name[control].type.startswith("Assign") for control in node.controls)
            return f"sets {count(stored, 'variable')}" if stored and self.folding.roles[node.name] == INITIAL else ""
        leaf = node.name.rpartition("/")[2]
        return "" if leaf.lower().startswith(node.type.lower().removesuffix("v2")) else node.type

    def value_text(self, node: NodeRecord) -> str:
        return f"= {node.value}" if node.value else ""

    def summary(self, scope: str) -> str:
        """What a folded scope does, in a few words: its main operation types, in order."""
        names = self.folding.members[scope]
        nodes = [self.view.by_name[name] for name in names]
        role = self.folding.role(scope)
        if scope in self.folding.stacks and all(
            "/" not in name.removeprefix(scope[: scope.rindex("[")]) for name in names
        ):
            return f"{len(nodes)} × {nodes[0].type}"
        if len(nodes) == 1:
            return nodes[0].type
        if role == UPDATE and self.changed_variables(scope):
            return f"changes {count(self.changed_variables(scope), 'variable')}"
        if role not in (FORWARD, UPDATE):
            return count(len(names), "operation")
        types = Counter(node.type.removesuffix("V2") for node in nodes if self.folding.roles[node.name] == role)
        telling = [kind for kind in types if kind not in PLUMBING]
        telling = telling or [kind for kind in types if kind not in ("Const", "Identity", "Placeholder", "Shape")]
        words = ""
        for kind in telling or types:
            longer = f"{words}, {kind}".removeprefix(", ") + (f" ×{types[kind]}" if types[kind] > 1 else "")
            if words and text_width(longer, FONT) > MAX_TEXT - 20:
                return words + (" …" if text_width(words, FONT) < MAX_TEXT - 20 else "")
            words = longer
        return words


def count(number: int, thing: str) -> str:
    """Number and noun: "1 operation", "354 operations", "2 boxes"."""
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing}{'es' if thing.endswith('x') else 's'}"
