"""What each operation is there for: the model itself, its gradients, the optimizer, initial values, saving, summaries.

A training graph is mostly not the model: of the 354 operations of a small convolutional net, 250 serve to train it. The
pictures keep the model in the middle and put the rest beside it; this module finds out which is which, by following the
edges rather than by trusting names (only gradients are known by their scope).
"""

import re
from collections.abc import Iterable

from flowlab._src.lab.views import GraphView, NodeRecord

FORWARD, GRADIENT, UPDATE, INITIAL, SAVE, SUMMARY = "forward", "gradient", "update", "initial", "save", "summary"

VARIABLE_TYPES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
SUMMARY_TYPE = re.compile(r"(Scalar|Histogram|Image|Audio|Tensor|Merge)Summary(V2)?")
UPDATE_TYPE = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]\w*")
GRADIENT_SCOPE = re.compile(r"gradients(_\d+)?")


def operation_roles(view: GraphView) -> dict[str, str]:
    """The role of every operation, by name."""
    roles: dict[str, str] = {}
    consumers: dict[str, list[str]] = {node.name: [] for node in view.nodes}
    for node in view.nodes:
        for source in dict.fromkeys([name for name, _ in node.inputs] + list(node.controls)):
            consumers[source].append(node.name)

    save_scopes = {node.name.rpartition("/")[0] + "/" for node in view.nodes if node.type in ("SaveV2", "RestoreV2")}
    save_scopes.discard("/")
    for node in view.nodes:  # downwards: what an operation is by itself, or because of what it follows
        role = own_role(node, view, roles)
        if role is None and any(node.name.startswith(scope) for scope in save_scopes):
            role = SAVE
        if role is not None:
            roles[node.name] = role
    for node in reversed(view.nodes):  # upwards: what serves only one purpose has that purpose
        if node.name not in roles:
            roles[node.name] = role_of_consumers(node, view, roles, consumers)
    for node in view.nodes:
        if is_plain_read(node, view) and not consumers[node.name]:
            roles[node.name] = roles[node.inputs[0][0]]
    return roles


def own_role(node: NodeRecord, view: GraphView, roles: dict[str, str]) -> str | None:
    """The role an operation shows by itself, given the roles of what it depends on."""
    if any(GRADIENT_SCOPE.fullmatch(part) for part in node.name.split("/")[:-1]):
        return GRADIENT
    if UPDATE_TYPE.fullmatch(node.type):
        return UPDATE
    if SUMMARY_TYPE.fullmatch(node.type):
        return SUMMARY
    if node.type in ("Assign", "AssignVariableOp") and node.name == node.inputs[0][0] + "/Assign":
        return INITIAL
    before = [name for name, _ in node.inputs] + list(node.controls)
    if any(roles.get(name) == UPDATE for name in before):
        return UPDATE
    if node.type == "NoOp" and before and all(roles.get(name) == INITIAL for name in before):
        return INITIAL
    return None


def role_of_consumers(node: NodeRecord, view: GraphView, roles: dict[str, str], consumers: dict[str, list[str]]) -> str:
    """The role of an operation that has none of its own: that of all its consumers, if they agree.

    What is only looked at (by a summary, by the gradients, by a saver) does not become part of the looking, unless it
    is a mere constant.
    """
    names = consumers[node.name]
    if node.type in VARIABLE_TYPES:
        # every variable has an initializer and a read, used or not: they say nothing about it
        names = [n for n in names if roles[n] != INITIAL and (consumers[n] or not is_plain_read(view.by_name[n], view))]
    found = {roles[name] for name in names}
    if len(found) > 1:
        found.discard(SAVE)
    if found == {UPDATE, INITIAL}:
        return UPDATE
    if len(found) == 1 and (found <= {UPDATE, INITIAL} or not node.inputs):
        return found.pop() if node.type not in VARIABLE_TYPES or found == {UPDATE} else FORWARD
    return FORWARD


def is_plain_read(node: NodeRecord, view: GraphView) -> bool:
    """Whether a node is the `w/read` that comes with a variable `w`."""
    return (
        node.type == "Identity"
        and node.name.endswith("/read")
        and bool(node.inputs)
        and view.by_name[node.inputs[0][0]].type in VARIABLE_TYPES
    )


def box_role(roles: Iterable[str]) -> str:
    """The role of a box that stands for several operations: the model wins, then the most telling of the others."""
    present = set(roles)
    return next((role for role in (FORWARD, UPDATE, GRADIENT, SAVE, SUMMARY) if role in present), INITIAL)
