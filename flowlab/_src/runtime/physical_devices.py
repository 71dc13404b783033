"""`tf.config`: the devices there are (the processor, and no other) and the numbers of threads."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowlab._src.graph.arguments import as_flag, as_list, as_text
from flowlab._src.kernels import threads
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean


@export("config.PhysicalDevice")
class PhysicalDevice(NamedTuple):
    """A device of this computer."""

    name: str
    device_type: str


@export("config.LogicalDevice")
class LogicalDevice(NamedTuple):
    """A device as programs name it."""

    name: str
    device_type: str


@export("config.experimental.VirtualDeviceConfiguration")
class VirtualDeviceConfiguration(NamedTuple):
    """How much memory (in MB) a part of a device may use."""

    memory_limit: int | None = None


CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")
LOGICAL_CPU = LogicalDevice("/device:CPU:0", "CPU")

_visible: list[PhysicalDevice] = [CPU]
_virtual: dict[PhysicalDevice, Any] = {}
_options: dict[str, Any] = {
    "device_policy": "silent",
    "synchronous": True,
    "soft_placement": False,
    "placement_log": False,
}
_threads = {"inter": 0, "intra": 0}
_optimizer: dict[str, Any] = {"jit": False}


def wanted_type(device_type: Any, device: Any) -> bool:
    """True for a device of the type that was asked for; None asks for all."""
    return device_type is None or as_text(device_type, "device_type") == device.device_type


@export("config.list_physical_devices", "config.experimental.list_physical_devices")
def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the devices of this computer that flowlab can use: the processor.

    Parameters
    ----------
    device_type : str, optional
        Only those of this type, "CPU" or "GPU".

    Examples
    --------
    >>> tf.config.experimental.list_physical_devices()
    [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    >>> tf.config.experimental.list_physical_devices("GPU")
    []
    """
    return [CPU] if wanted_type(device_type, CPU) else []


@export("config.list_logical_devices", "config.experimental.list_logical_devices")
def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """Return the devices under the names that `tf.device` takes."""
    return [LOGICAL_CPU] if wanted_type(device_type, CPU) and CPU in _visible else []


@export("config.get_visible_devices", "config.experimental.get_visible_devices")
def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the devices that programs may use."""
    return [device for device in _visible if wanted_type(device_type, device)]


@export("config.set_visible_devices", "config.experimental.set_visible_devices")
def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Say which devices programs may use. ``set_visible_devices([], "GPU")`` works on every computer.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    wanted = [devices] if isinstance(devices, PhysicalDevice) else as_list(devices, "devices")
    for device in wanted:
        known_device(device)
        if not wanted_type(device_type, device):
            raise ValueError(f"Unrecognized device: {device!r}: it is no {device_type}")
    if device_type is None:
        _visible[:] = wanted
    else:
        _visible[:] = [device for device in _visible if device.device_type != device_type] + wanted


def known_device(device: Any) -> PhysicalDevice:
    """A device of this computer; ValueError for others."""
    if not isinstance(device, PhysicalDevice) or device != CPU:
        raise ValueError(f"Unrecognized device: {device!r}. flowlab has {CPU!r} and no other.")
    return CPU


@export("config.experimental.get_memory_growth")
def get_memory_growth(device: Any) -> bool:
    """Tell whether a graphics card takes its memory bit by bit; ValueError, as there is none."""
    raise not_a_gpu("memory growth", known_device(device))


@export("config.experimental.set_memory_growth")
def set_memory_growth(device: Any, enable: bool) -> None:
    """Let a graphics card take its memory bit by bit; ValueError, as there is none."""
    raise not_a_gpu("memory growth", known_device(device))


def not_a_gpu(what: str, device: PhysicalDevice) -> ValueError:
    """The error for options that only graphics cards have."""
    return ValueError(f"Cannot set {what} on device {device!r}: only graphics cards have it, and flowlab uses none.")


@export("config.experimental.get_virtual_device_configuration")
def get_virtual_device_configuration(device: Any) -> Any:
    """Return the parts that a device was divided into, None if it is one."""
    return _virtual.get(known_device(device))


@export("config.experimental.set_virtual_device_configuration")
def set_virtual_device_configuration(device: Any, virtual_devices: Any) -> None:
    """Divide a device into parts; operations run on the one processor all the same."""
    if any(part.memory_limit is not None for part in virtual_devices):
        raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
    _virtual[known_device(device)] = list(virtual_devices)


@export("config.experimental.get_device_policy")
def get_device_policy() -> str:
    """Return what happens to a tensor on the wrong device: "silent" (it is copied), "warn" or "explicit"."""
    return str(_options["device_policy"])


@export("config.experimental.set_device_policy")
def set_device_policy(device_policy: str | None) -> None:
    """Say what happens to a tensor on the wrong device; with one device there is none."""
    policies = ("silent", "silent_for_int32", "warn", "explicit")
    policy = device_policy or "silent"
    if policy not in policies:
        raise ValueError(f"{policy} is not a valid device policy. {did_you_mean(policy, policies)}".rstrip())
    _options["device_policy"] = policy


@export("config.experimental.get_synchronous_execution")
def get_synchronous_execution() -> bool:
    """Tell whether an operation has ended when its call returns, in eager mode: always."""
    return True


@export("config.experimental.set_synchronous_execution")
def set_synchronous_execution(enable: bool | None) -> None:
    """Accepted: operations of eager mode end before their call returns."""


@export("config.get_soft_device_placement")
def get_soft_device_placement() -> bool:
    """Tell whether an operation may run elsewhere than `tf.device` says."""
    return bool(_options["soft_placement"])


@export("config.set_soft_device_placement")
def set_soft_device_placement(enabled: bool) -> None:
    """Accepted; sessions take it from `tf.ConfigProto(allow_soft_placement=...)`."""
    _options["soft_placement"] = as_flag(enabled, "enabled")


@export("debugging.get_log_device_placement")
def get_log_device_placement() -> bool:
    """Tell whether the devices of operations are written down."""
    return bool(_options["placement_log"])


@export("debugging.set_log_device_placement")
def set_log_device_placement(enabled: bool) -> None:
    """Accepted; sessions take it from `tf.ConfigProto(log_device_placement=...)`."""
    _options["placement_log"] = as_flag(enabled, "enabled")


@export("config.threading.get_inter_op_parallelism_threads")
def get_inter_op_parallelism_threads() -> int:
    """Return the number of operations that may run at the same time; 0 leaves it to flowlab, which runs one."""
    return _threads["inter"]


@export("config.threading.set_inter_op_parallelism_threads")
def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Accepted: flowlab runs one operation after the other, which makes runs repeatable."""
    _threads["inter"] = count(num_threads)


@export("config.threading.get_intra_op_parallelism_threads")
def get_intra_op_parallelism_threads() -> int:
    """Return the number of threads that share the work of one operation; 0 leaves it to flowlab."""
    return _threads["intra"]


@export("config.threading.set_intra_op_parallelism_threads")
def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Let this many threads share the work of one operation; 0 leaves it to flowlab.

    Examples
    --------
    >>> tf.config.threading.set_intra_op_parallelism_threads(0)
    >>> tf.config.threading.get_intra_op_parallelism_threads()
    0
    """
    _threads["intra"] = count(num_threads)
    threads.set_threads(_threads["intra"] or threads.wanted())


def count(number: Any) -> int:
    """A number of threads; ValueError for one below 0."""
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"The number of threads must be 0 or more, not {number!r}.")
    return number


@export("config.optimizer.get_jit")
def get_jit() -> bool:
    """Tell whether graphs are compiled; XLA is left out, so nothing depends on it."""
    return bool(_optimizer["jit"])


@export("config.optimizer.set_jit")
def set_jit(enabled: bool) -> None:
    """Accepted: flowlab has no XLA."""
    _optimizer["jit"] = bool(enabled)


@export("config.optimizer.get_experimental_options")
def get_experimental_options() -> dict[str, Any]:
    """Return the options set for the optimizer of graphs."""
    return {name: value for name, value in _optimizer.items() if name != "jit"}


@export("config.optimizer.set_experimental_options")
def set_experimental_options(options: dict[str, Any]) -> None:
    """Accepted: plans of flowlab compute the same with any of them."""
    _optimizer.update(options)


# tf.test, tensorflow.python.client.device_lib


class DeviceAttributes(NamedTuple):
    """What `device_lib.list_local_devices()` tells of a device."""

    name: str
    device_type: str
    memory_limit: int
    incarnation: int = 1
    physical_device_desc: str = ""


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """Return the devices of this computer, as `tensorflow.python.client.device_lib` does."""
    return [DeviceAttributes("/device:CPU:0", "CPU", 268435456)]


@export("test.is_gpu_available")
def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Tell whether operations can run on a graphics card: no.

    Examples
    --------
    >>> tf.test.is_gpu_available()
    False
    """
    return False


@export("test.gpu_device_name")
def gpu_device_name() -> str:
    """Return the name of the graphics card, empty as there is none."""
    return ""


@export(
    "test.is_built_with_cuda", "test.is_built_with_gpu_support", "test.is_built_with_rocm", "test.is_built_with_xla"
)
def is_built_with_cuda() -> bool:
    """Tell whether this was compiled for graphics cards: no."""
    return False
