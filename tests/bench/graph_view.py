"""How long the picture of a graph takes: `python -m tests.bench.graph_view`.

The goals: 200 operations in 0.5 s, 5,000 operations with folded scopes in 1 s. Times are of the processor, from the
records of the graph to the SVG text and what the arrow keys need.
"""

import time

from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.views import GraphView, NodeRecord, TensorRecord

GOALS = ((200, {"depth": 9}, 0.5), (200, {}, 0.5), (1000, {}, 1.0), (5000, {}, 1.0), (5000, {"depth": 1}, 1.0))


def training_view(operations: int) -> GraphView:
    """A net of dense layers with gradients and updates, of about so many operations."""
    nodes = [record("x", "Placeholder", [], (None, 64))]
    before, layers = "x", max(1, operations // 17)
    for k in range(layers):
        scope = f"block{k // 5}/layer{k}"
        for name in ("w", "b"):
            nodes.append(record(f"{scope}/{name}/initial_value", "TruncatedNormal", [], (64, 64)))
            nodes.append(record(f"{scope}/{name}", "VariableV2", [], (64, 64)))
            nodes.append(
                record(f"{scope}/{name}/Assign", "Assign", [f"{scope}/{name}", f"{scope}/{name}/initial_value"])
            )
            nodes.append(record(f"{scope}/{name}/read", "Identity", [f"{scope}/{name}"], (64, 64)))
        nodes.append(record(f"{scope}/MatMul", "MatMul", [before, f"{scope}/w/read"], (None, 64)))
        nodes.append(record(f"{scope}/add", "Add", [f"{scope}/MatMul", f"{scope}/b/read"], (None, 64)))
        nodes.append(record(f"{scope}/Relu", "Relu", [f"{scope}/add"], (None, 64)))
        before = f"{scope}/Relu"
    gradient = before
    for k in reversed(range(layers)):
        scope = f"block{k // 5}/layer{k}"
        for name, kind, others in (
            ("Relu_grad/ReluGrad", "ReluGrad", [f"{scope}/Relu"]),
            ("add_grad/Sum", "Sum", []),
            ("MatMul_grad/MatMul", "MatMul", [f"{scope}/w/read"]),
            ("MatMul_grad/MatMul_1", "MatMul", [f"{scope}/MatMul"]),
        ):
            nodes.append(record(f"gradients/{scope}/{name}", kind, [gradient, *others], (None, 64)))
            gradient = f"gradients/{scope}/{name}"
        for name in ("w", "b"):
            update = f"Descent/update_{scope}/{name}/ApplyGradientDescent"
            nodes.append(record(update, "ApplyGradientDescent", [f"{scope}/{name}", gradient], (64, 64)))
    return GraphView(tuple(nodes))


def record(name: str, kind: str, inputs: list[str], shape: tuple[int | None, ...] = ()) -> NodeRecord:
    return NodeRecord(name, kind, tuple((source, 0) for source in inputs), (), (TensorRecord("float32", shape),))


def main() -> None:
    """Print one line per case."""
    for operations, options, goal in GOALS:
        view = training_view(operations)
        times = []
        for _ in range(3):
            start = time.process_time()
            explorer = Explorer(view, **options)
            size = len(explorer.svg()) + len(explorer.navigation)
            times.append(time.process_time() - start)
        boxes = len(explorer.scene.boxes)
        shown = f"{len(view.nodes):,} operations, {boxes} boxes, {size / 1000:.0f} kB"
        print(f"{shown:45} {min(times):.3f} s (goal {goal} s)")


if __name__ == "__main__":
    main()
