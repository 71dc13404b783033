"""Record the fields of TensorFlow's messages, as far as flowlab defines messages of these names.

Run where TensorFlow is installed: ``PYTHONPATH=. python -m tests.formats.make_messages``.
"""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden" / "messages.json"
COMPILED = Path(__file__).parents[2] / "flowlab" / "_src" / "formats" / "messages.binpb"


def fields(descriptor: Any) -> dict[str, list[Any]]:
    """Number, wire type, whether repeated and packed, message or enumeration, group of alternatives."""
    result = {}
    for field in descriptor.fields:
        kind = field.message_type or field.enum_type
        group = field.containing_oneof
        result[field.name] = [
            field.number,
            field.type,
            bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED),
            bool(field.is_packed) if hasattr(field, "is_packed") else None,
            kind.full_name if kind else "",
            group.name if group else "",
        ]
    return result


def describe(pool: Any, files: Any) -> dict[str, Any]:
    """Every message with its fields, every enumeration with its numbers."""
    result: dict[str, Any] = {}

    def visit(messages: Any, enums: Any) -> None:
        for each in enums:
            result[each.full_name] = {value.name: value.number for value in each.values}
        for each in messages:
            result[each.full_name] = fields(each)
            visit(each.nested_types, each.enum_types)

    for name in files:
        file = pool.FindFileByName(name)
        visit(file.message_types_by_name.values(), file.enum_types_by_name.values())
    return result


def main() -> None:
    """Write the golden file."""
    import tensorflow
    from google.protobuf import descriptor_pb2, descriptor_pool

    for module in pkgutil.walk_packages([str(Path(tensorflow.__file__).parent / "core")], "tensorflow.core."):
        if module.name.endswith("_pb2") and any(
            part in module.name for part in ("framework", "protobuf", "example", "util")
        ):
            try:
                importlib.import_module(module.name)
            except Exception as error:
                print(module.name, error)
    importlib.import_module("tensorflow.python.training.checkpoint_state_pb2")
    ours = descriptor_pool.DescriptorPool()
    names = []
    for file in descriptor_pb2.FileDescriptorSet.FromString(COMPILED.read_bytes()).file:
        ours.AddSerializedFile(file.SerializeToString())
        names += [file.name] if not file.name.startswith("google/") else []
    theirs = descriptor_pool.Default()
    golden = {}
    for name, mine in describe(ours, names).items():
        try:
            found = theirs.FindMessageTypeByName(name)
            golden[name] = {key: value for key, value in fields(found).items() if key in mine}
        except KeyError:
            try:
                found = theirs.FindEnumTypeByName(name)
                golden[name] = {value.name: value.number for value in found.values if value.name in mine}
            except KeyError:
                print("not in TensorFlow:", name)
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden[name])}" for name in sorted(golden))
    GOLDEN.write_text("{\n" + text + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
