"""Write ``graph/op_table.txt``: how TensorFlow declares the kinds of operations, inputs, outputs and attributes.

Run it where TensorFlow is installed, from the root of the project, after adding kinds of operations::

    PYTHONPATH=. python -m flowlab._src.dev.op_table

The file has a line for each kind that flowlab has, and for some older forms that files of TensorFlow 1 hold.
`graph/op_table.py` reads it and says how to read a line.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

TABLE = Path(__file__).parents[1] / "graph" / "op_table.txt"

# Kinds that flowlab writes as others, or that it should at least know by name: old forms, parts of cond and while_loop.
ALSO = """
Add BatchMatMul BiasAddV1 Concat ControlTrigger Enter Exit If LoopCond Merge NextIteration PartitionedCall Placeholder
PlaceholderV2 PyFunc PyFuncStateless EagerPyFunc RefEnter RefExit RefMerge RefNextIteration RefSelect RefSwitch Restore
RestoreSlice RestoreV2 Save SaveSlices SaveV2 MergeV2Checkpoints ShardedFilename StatefulPartitionedCall StatelessIf
StatelessWhile Switch SymbolicGradient Variable While Gather Unique TopK Reverse TensorArrayV3 TensorArrayReadV3
TensorArrayWriteV3 TensorArrayGatherV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArrayCloseV3 TensorArrayConcatV3
TensorArraySplitV3 TensorArrayGradV3 TensorListReserve TensorListFromTensor TensorListStack TensorListGetItem
TensorListSetItem TensorListLength ScalarSummary HistogramSummary ImageSummary ImageSummaryV2 AudioSummary AudioSummaryV2
TensorSummary TensorSummaryV2 MergeSummary EmptyTensorList TensorListPushBack TensorListPopBack StackV2 StackPushV2 StackPopV2 StackCloseV2 FakeParam Fill Batch RemoteCall
""".split()  # noqa: SIM905 - one name after the other is easier to read and to extend

_NAMES = {"float": "float32", "double": "float64", "half": "float16"}


def type_name(number: int) -> str:
    """The name of an element type by its number in files."""
    from tensorflow.core.framework import types_pb2

    name: str = types_pb2.DataType.Name(number).removeprefix("DT_").lower()
    return _NAMES.get(name, name)


def argument(arg: Any) -> str:
    """One input or output: ``x: T``, ``values: N * T``, ``args: list(Targs)``, ``ref: Ref(T)``."""
    kind = arg.type_attr or (type_name(arg.type) if arg.type else "")
    if arg.number_attr:
        kind = f"{arg.number_attr} * {kind}"
    if arg.type_list_attr:
        kind = f"list({arg.type_list_attr})"
    return f"{arg.name}: Ref({kind})" if arg.is_ref else f"{arg.name}: {kind}"


def value(attr_value: Any) -> Any:
    """The value of an attribute as plain data; None where it has no plain form."""
    kind = attr_value.WhichOneof("value")
    if kind == "list":
        parts = attr_value.list
        found = [list(parts.s), list(parts.i), list(parts.f), list(parts.b), list(parts.type), list(parts.shape)]
        items = next((part for part in found if part), [])
        if items is found[4]:
            return [type_name(each) for each in items]
        return [plain(each) for each in items]
    if kind == "type":
        return type_name(attr_value.type)
    return plain(getattr(attr_value, kind)) if kind else None


def plain(item: Any) -> Any:
    """Bytes, shapes and floats as JSON has them."""
    if isinstance(item, bytes):
        return item.decode()
    if hasattr(item, "unknown_rank"):
        return None if item.unknown_rank else [dim.size for dim in item.dim]
    if isinstance(item, float):
        return float(str(np.float32(item)))  # the shortest text that stands for the same 32 bits
    return item if isinstance(item, (bool, int, str)) else None


def attribute(attr: Any) -> str:
    """One attribute: ``N: int >= 1``, ``T: type in [...]``, ``padding: string in ["SAME", "VALID"] = "SAME"``."""
    text = f"{attr.name}: {attr.type}"
    if attr.has_minimum:
        text += f" >= {attr.minimum}"
    if attr.HasField("allowed_values"):
        text += f" in {json.dumps(value(attr.allowed_values))}"
    if attr.HasField("default_value") and attr.type not in ("func", "tensor", "list(func)", "list(tensor)"):
        text += f" = {json.dumps(value(attr.default_value))}"
    return text


def line(op: Any) -> str:
    """One kind of operation."""
    inputs = ", ".join(argument(arg) for arg in op.input_arg)
    outputs = ", ".join(argument(arg) for arg in op.output_arg)
    flags = ["commutative"] * op.is_commutative + ["aggregate"] * op.is_aggregate + ["stateful"] * op.is_stateful
    flags += ["uninitialized"] * op.allows_uninitialized_input
    return " | ".join([f"{op.name}({inputs}) -> ({outputs})", *[attribute(attr) for attr in op.attr], *flags])


def main() -> None:
    """Write the table."""
    import tensorflow  # noqa: F401 - registers its operations
    from tensorflow.python.framework import op_def_registry

    from flowlab._src import ops  # noqa: F401 - registers ours
    from flowlab._src.graph.registry import OPS

    known = {name: op_def_registry.get(name) for name in sorted({*OPS, *ALSO})}
    TABLE.write_text(
        "".join(f"{line(op)}\n" for op in known.values() if op is not None), encoding="utf-8", newline="\n"
    )
    print("Not TensorFlow's:", *(name for name, op in known.items() if op is None))


if __name__ == "__main__":
    main()
