"""`tf.DeviceSpec`: the name of a device in its parts."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_int, as_text, refused
from flowlab._src.graph.devices import format_device, parse_device
from flowlab._src.util.export import export


@export("DeviceSpec")
class DeviceSpec:
    """The name of a device, perhaps of a part of it only; `tf.device` takes it.

    Parameters
    ----------
    job : str, optional
    replica, task : int, optional
    device_type : str, optional
        "CPU" or "GPU".
    device_index : int, optional

    Examples
    --------
    >>> spec = tf.DeviceSpec(job="ps", task=1, device_type="CPU", device_index=0)
    >>> spec.to_string()
    '/job:ps/task:1/device:CPU:0'
    >>> tf.DeviceSpec.from_string("/job:a/cpu:1")
    <DeviceSpec(job=a, replica=None, task=None, device_type=CPU, device_index=1)>
    """

    FIELDS = ("job", "replica", "task", "device_type", "device_index")

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self.job = None if job is None else as_text(job, "job")
        self.replica = None if replica is None else as_int(replica, "replica")
        self.task = None if task is None else as_int(task, "task")
        self.device_type = None if device_type is None else as_text(device_type, "device_type").upper()
        self.device_index = None if device_index is None else as_int(device_index, "device_index")

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Take all parts from a text; ValueError if it names no device."""
        spec = as_text(spec, "spec")
        try:
            parts = parse_device(spec)
        except ValueError:
            unknown = next((p.split(":")[0] for p in spec.split("/") if p and not readable(p)), spec)
            raise ValueError(
                f"Unknown attribute '{unknown}' is encountered while parsing the device spec: '{spec}'."
            ) from None
        kind, _, index = parts.get("device", "").partition(":")
        self.job = parts.get("job")
        self.replica = int(parts["replica"]) if "replica" in parts else None
        self.task = int(parts["task"]) if "task" in parts else None
        self.device_type = kind or None
        self.device_index = int(index) if index not in ("", "*") else None
        return self

    @staticmethod
    def from_string(spec: str) -> DeviceSpec:
        """Make one from a text such as "/job:ps/task:1/device:CPU:0"."""
        return DeviceSpec().parse_from_string(spec)

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take the parts that another one has."""
        if not isinstance(dev, DeviceSpec):
            raise refused("DeviceSpec", "dev", dev)
        for field in self.FIELDS:
            value = getattr(dev, field)
            if value is not None:
                setattr(self, field, value)

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """Return one with the parts of both; those of `dev` win."""
        merged = self.replace()
        merged.merge_from(dev)
        return merged

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """Return one with some parts changed."""
        return DeviceSpec(**{**{field: getattr(self, field) for field in self.FIELDS}, **kwargs})

    def to_string(self) -> str:
        """Return the name as text."""
        parts = {name: str(value) for name in ("job", "replica", "task") if (value := getattr(self, name)) is not None}
        if self.device_type is not None:
            parts["device"] = f"{self.device_type}:{'*' if self.device_index is None else self.device_index}"
        return format_device(parts)

    def __str__(self) -> str:
        return self.to_string()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"<DeviceSpec({', '.join(f'{field}={getattr(self, field)}' for field in self.FIELDS)})>"


def readable(piece: str) -> bool:
    """Whether a piece of a name is a part of a device."""
    try:
        parse_device(piece)
    except ValueError:
        return False
    return True
