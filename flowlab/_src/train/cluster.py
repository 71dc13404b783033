"""`tf.train.ClusterSpec`, `tf.train.Server` and `replica_device_setter`: the language of distributed training.

flowlab runs in one process. A server here is a place whose variables several sessions share; the parameter servers and
workers of a cluster are names that operations carry.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from flowlab._src.errors import InvalidArgumentError, UnavailableError, add_notes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.devices import format_device, parse_device
from flowlab._src.ops.misuse import misuse
from flowlab._src.runtime.state import SessionState
from flowlab._src.runtime.targets import add_target
from flowlab._src.util import log, source
from flowlab._src.util.compat import as_text
from flowlab._src.util.export import export


@export("train.ClusterSpec")
class ClusterSpec:
    """The machines of a cluster: jobs by name, each with tasks, each with an address.

    Parameters
    ----------
    cluster : dict, ClusterSpec or ClusterDef message
        `{"ps": ["host:port", ...], "worker": {0: "host:port", ...}}`

    Examples
    --------
    >>> cluster = tf.train.ClusterSpec({"ps": ["ps0:2222"], "worker": ["worker0:2222", "worker1:2222"]})
    >>> cluster.jobs, cluster.num_tasks("worker"), cluster.task_address("worker", 1)
    (['ps', 'worker'], 2, 'worker1:2222')
    """

    def __init__(self, cluster: Any) -> None:
        self._tasks: dict[str, dict[int, str]] = {}
        if isinstance(cluster, ClusterSpec):
            self._tasks = {job: dict(tasks) for job, tasks in cluster._tasks.items()}
        elif isinstance(cluster, dict):
            for job, tasks in cluster.items():
                if isinstance(tasks, (list, tuple)):
                    numbered = dict(enumerate(tasks))
                elif isinstance(tasks, dict):
                    numbered = {int(i): task for i, task in tasks.items()}
                else:
                    raise misuse(
                        TypeError(f"The tasks for job {job!r} must be a list or a dictionary from integers to strings.")
                    )
                if not isinstance(job, (str, bytes)):
                    raise misuse(TypeError(f"Job name {job!r} must be bytes or unicode"))
                for address in numbered.values():
                    if not isinstance(address, (str, bytes)):
                        raise misuse(TypeError(f"Task address {address!r} must be bytes or unicode"))
                self._tasks[as_text(job)] = {i: as_text(address) for i, address in numbered.items()}
        elif hasattr(cluster, "job") and hasattr(cluster, "SerializeToString"):
            self._tasks = {job.name: dict(job.tasks) for job in cluster.job}
        else:
            raise misuse(
                TypeError(
                    "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a "
                    "`ClusterDef` protocol buffer"
                )
            )

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def __eq__(self, other: object) -> bool:
        return self._tasks == (other._tasks if isinstance(other, ClusterSpec) else other)

    def __hash__(self) -> int:
        return hash(tuple(sorted((job, tuple(sorted(tasks.items()))) for job, tasks in self._tasks.items())))

    def __repr__(self) -> str:
        known = self.as_dict()
        return "ClusterSpec({" + ", ".join(f"{job!r}: {known[job]!r}" for job in sorted(known)) + "})"

    def as_dict(self) -> dict[str, Any]:
        """Return the addresses of each job: a list, or a dictionary where task numbers are missing."""
        return {
            job: [tasks[i] for i in range(len(tasks))]
            if set(tasks) == set(range(len(tasks))) and tasks
            else dict(tasks)
            for job, tasks in self._tasks.items()
        }

    def as_cluster_def(self) -> Any:
        """Return the cluster as a ClusterDef message."""
        from flowlab._src.formats.messages import ClusterDef

        message = ClusterDef()
        for name, tasks in sorted(self._tasks.items()):
            job = message.job.add(name=name)
            for number, address in sorted(tasks.items()):
                job.tasks[number] = address
        return message

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._tasks)

    def _job(self, job_name: str) -> dict[int, str]:
        try:
            return self._tasks[as_text(job_name, "job_name")]
        except KeyError:
            raise misuse(
                ValueError(f"No such job in cluster: {job_name!r}"), f"the jobs are {', '.join(self._tasks)}"
            ) from None

    def num_tasks(self, job_name: str) -> int:
        """Return how many tasks a job has."""
        return len(self._job(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """Return the numbers of the tasks of a job."""
        return sorted(self._job(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """Return the address of a task."""
        job = self._job(job_name)
        if task_index not in job:
            raise misuse(ValueError(f"No task with index {task_index!r} in job {job_name!r}"))
        return job[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """Return the addresses of a job by number, None where a number is missing."""
        job = self._job(job_name)
        return [job.get(i) for i in range(max(job, default=-1) + 1)]


# ---- servers -------------------------------------------------------------------------------------------------------

_ports = itertools.count(40000)


@export("train.Server", "distribute.Server")
class Server:
    """A server of this process: sessions whose target it is share their variables and queues.

    A cluster of several machines cannot be made: flowlab runs in one process. A server for one task of such a cluster
    works for programs that keep to this process; the other tasks are then not there.

    Parameters
    ----------
    server_or_cluster_def : dict, ClusterSpec, ClusterDef or ServerDef message
    job_name : str, optional
    task_index : int, optional
        Which task this server is; may be left out when there is only one.
    protocol : str, optional
    config : ConfigProto, optional
    start : bool

    Examples
    --------
    >>> server = tf.train.Server.create_local_server()
    >>> w = tf.Variable(1.0)
    >>> with tf.Session(server.target) as sess:
    ...     sess.run(w.initializer)
    >>> with tf.Session(server.target) as another:
    ...     float(another.run(w))
    1.0
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ) -> None:
        definition = server_or_cluster_def
        if hasattr(definition, "cluster") and hasattr(definition, "SerializeToString"):
            cluster = ClusterSpec(definition.cluster)
            job_name = definition.job_name if job_name is None else job_name
            task_index = definition.task_index if task_index is None else task_index
            protocol = protocol or definition.protocol
        else:
            try:
                cluster = ClusterSpec(definition)
            except TypeError:
                raise misuse(
                    TypeError(
                        "Could not convert `server_or_cluster_def` to a `tf.train.ServerDef` or `tf.train.ClusterSpec`."
                    )
                ) from None
        if job_name is None:
            if len(cluster.jobs) != 1:
                raise misuse(ValueError("Must specify an explicit `job_name`."))
            job_name = cluster.jobs[0]
        if task_index is None:
            indices = cluster.task_indices(job_name)
            if len(indices) != 1:
                raise misuse(ValueError("Must specify an explicit `task_index`."))
            task_index = indices[0]
        if job_name not in cluster.jobs:
            raise misuse(InvalidArgumentError(None, None, f'Job "{job_name}" was not defined in cluster'))
        if task_index not in cluster.task_indices(job_name):
            message = f'Task {task_index} was not defined in job "{job_name}"'
            raise misuse(InvalidArgumentError(None, None, message))
        self._cluster, self._job, self._task = cluster, job_name, task_index
        self._protocol = protocol or "grpc"
        address = cluster.task_address(job_name, task_index)
        port = address.rpartition(":")[2]
        self._port = next(_ports) if port in ("0", "") or not port.isdigit() else int(port)
        self._state = SessionState()
        self._stopped = threading.Event()
        self._started = False
        if start:
            self.start()

    def start(self) -> None:
        """Let sessions find this server."""
        if not self._started:
            self._started = True
            add_target(self.target, self._state)
            log.info("Started server with target: %s", self.target)

    def join(self) -> None:
        """Wait for ever, as a parameter server does; refused where nobody could ever need it.

        Raises
        ------
        tf.errors.UnavailableError
            In a cluster of several tasks: the others are not there, so the wait would be in vain.
        """
        others = sum(self._cluster.num_tasks(job) for job in self._cluster.jobs) - 1
        if others and threading.current_thread() is threading.main_thread():
            site = source.caller()
            raise add_notes(
                UnavailableError(
                    None, None, f"server.join() would wait for {others} other tasks of the cluster, which cannot come."
                ),
                why="flowlab runs in one process: the other tasks of a cluster are not there",
                where=site.quote() if site else "",
                fix="run the worker's part in this process: tf.Session(server.target), devices are names only",
            )
        while not self._stopped.wait(0.5):  # in pieces, so that Ctrl-C gets through
            pass

    @property
    def server_def(self) -> Any:
        """The server as a ServerDef message."""
        from flowlab._src.formats.messages import ServerDef

        return ServerDef(
            cluster=self._cluster.as_cluster_def(),
            job_name=self._job,
            task_index=self._task,
            protocol=self._protocol,
        )

    @property
    def target(self) -> str:
        """What `tf.Session` takes to work on this server."""
        return f"{self._protocol}://localhost:{self._port}"

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """Return a server of its own, a cluster of one task."""
        return Server({"localhost": ["localhost:0"]}, protocol="grpc", config=config, start=start)


# ---- placing variables on parameter servers ------------------------------------------------------------------------

STANDARD_PS_OPS = (
    "Variable", "VariableV2", "AutoReloadVariable", "MutableHashTable", "MutableHashTableV2",
    "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2", "MutableDenseHashTable", "MutableDenseHashTableV2",
    "VarHandleOp", "BoostedTreesEnsembleResourceHandleOp", "BoostedTreesQuantileStreamResourceHandleOp",
    "ResourceConditionalAccumulator", "DecisionTreeResource",
)  # fmt: skip


@export("train.replica_device_setter")
def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Any = None,
    ps_strategy: Callable[[Any], int] | None = None,
) -> Callable[[Any], str] | None:
    """Return a function for `tf.device` that places variables on parameter servers in turn, the rest on a worker.

    Parameters
    ----------
    ps_tasks : int
        How many parameter servers there are; 0: no function is needed, None is returned.
    ps_device, worker_device : str
    merge_devices : bool
        Combine with the devices of inner blocks.
    cluster : ClusterSpec or dict, optional
        Tells the number of parameter servers.
    ps_ops : list of str, optional
        The op types that go to parameter servers.
    ps_strategy : callable, optional
        Takes the operation, returns the number of the task; default: in turn.

    Examples
    --------
    >>> with tf.device(tf.train.replica_device_setter(ps_tasks=2)):
    ...     a, b, c = (tf.Variable(0.0) for _ in range(3))
    >>> a.device, b.device, c.device, (a + b).device
    ('/job:ps/task:0', '/job:ps/task:1', '/job:ps/task:0', '')
    """
    if cluster is not None:
        known = ClusterSpec(cluster).as_dict()
        job = parse_device(ps_device).get("job")
        if job not in known:
            return None
        ps_tasks = len(known[job])
    ps_tasks = as_int(ps_tasks, "ps_tasks")
    if ps_tasks == 0:
        return None
    kinds = frozenset(STANDARD_PS_OPS if ps_ops is None else ps_ops)
    if not merge_devices:
        log.warning("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter")
    if ps_strategy is None:
        turns = itertools.cycle(range(ps_tasks))
        ps_strategy = lambda op: next(turns)  # noqa: E731 - a strategy is a function of the operation
    if not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")
    strategy = ps_strategy

    def choose(op: Any) -> str:
        here = getattr(op, "device", "") or ""
        if here and not merge_devices:
            return str(here)
        current = parse_device(here)
        kind = op.op if isinstance(getattr(op, "op", None), str) else op.type  # a NodeDef message, or an operation
        if ps_device and kind in kinds:
            parts = parse_device(ps_device)
            if parts.get("job") and current.get("job") in (None, parts["job"]):
                parts["task"] = str(strategy(op))
        else:
            parts = parse_device(worker_device or "")
        return format_device({**parts, **current})

    return choose
