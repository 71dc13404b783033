"""Devices of a session: there is one CPU; asking for anything else is an error, or soft placement moves it there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import InvalidArgumentError, add_notes
from flowlab._src.graph.devices import parse_device
from flowlab._src.graph.operation import Operation

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


class Device:
    """The CPU, as `sess.list_devices()` shows it."""

    name = CPU
    device_type = "CPU"
    memory_limit_bytes = 0

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self.name}, {self.device_type})"


def check_placement(operations: Sequence[Operation], config: Any, log: Any) -> None:
    """Refuse operations on devices that do not exist, and print the placement when the config asks for it."""
    for node in operations:
        if node._device:
            device = parse_device(node._device).get("device", "CPU:0")
            kind, _, number = device.partition(":")
            if (kind != "CPU" or number not in ("0", "*")) and not config.allow_soft_placement:
                raise add_notes(
                    InvalidArgumentError(
                        None,
                        node,
                        f"Cannot assign a device for operation {node.name}: {{{{node {node.name}}}}} was explicitly assigned to "
                        f"{node._device} but available devices are [ {CPU} ]. Make sure the device specification refers to a "
                        "valid device.",
                    ),
                    why=f"there is no {kind} here: flowlab computes on the CPU",
                    where=node.site.quote() if node.site else "",
                    fix="tf.Session(config=tf.ConfigProto(allow_soft_placement=True))  # then it runs on the CPU",
                )
        if config.log_device_placement:
            print(f"{node.name}: ({node.type}): {CPU}", file=log)
