"""The rest of `tf.test`: the command, folders for files, graphs compared, time measured."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile
import time
import unittest
import unittest.mock
from typing import Any

import numpy as np

from flowlab._src.formats.files import as_path
from flowlab._src.graph.arguments import as_int
from flowlab._src.train.cluster import Server
from flowlab._src.util.export import export
from flowlab._src.util.flag_values import argv_of_program, in_notebook

mock = export("test.mock")(unittest.mock)


@functools.cache
def folder_for_tests() -> str:
    """A folder of this process for files of tests, removed at its end."""
    folder = tempfile.mkdtemp(prefix="flowlab_test_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@export("test.get_temp_dir")
def get_temp_dir() -> str:
    """Return a folder for files of tests; it is removed when the program ends.

    Examples
    --------
    >>> import os
    >>> os.path.isdir(tf.test.get_temp_dir())
    True
    """
    return folder_for_tests()


@export("test.test_src_dir_path")
def test_src_dir_path(relative_path: str) -> str:
    """Return the full path of a file given relative to the folder in which the program runs."""
    return os.path.abspath(os.path.join(os.environ.get("TEST_SRCDIR", ""), as_path(relative_path, "relative_path")))


test_src_dir_path.__test__ = False  # type: ignore[attr-defined]  # it is no test, whatever its name


@export("test.main")
def main(argv: list[str] | None = None) -> None:
    """Run all tests of the program; in a notebook, those of the classes defined there.

    Raises
    ------
    SystemExit
        At the end, as with `unittest.main`; not in a notebook.
    """
    line = argv_of_program(sys.argv) if argv is None else list(argv)
    unittest.main(argv=line, exit=not in_notebook())


@export("test.create_local_cluster")
def create_local_cluster(
    num_workers: int, num_ps: int, protocol: str = "grpc", worker_config: Any = None, ps_config: Any = None
) -> tuple[list[Server], list[Server]]:
    """Make the servers of a cluster in this process: (workers, parameter servers).

    Examples
    --------
    >>> workers, parameter_servers = tf.test.create_local_cluster(num_workers=1, num_ps=1)
    >>> len(workers), len(parameter_servers)
    (1, 1)
    """
    jobs = {"worker": as_int(num_workers, "num_workers"), "ps": as_int(num_ps, "num_ps")}
    cluster = {
        job: [f"localhost:{2222 + 100 * at + i}" for i in range(n)] for at, (job, n) in enumerate(jobs.items()) if n
    }
    workers = [Server(cluster, "worker", i, protocol, worker_config, start=True) for i in range(jobs["worker"])]
    return workers, [Server(cluster, "ps", i, protocol, ps_config, start=True) for i in range(jobs["ps"])]


@export("test.assert_equal_graph_def")
def assert_equal_graph_def(
    actual: Any, expected: Any, checkpoint_v2: bool = False, hash_table_shared_name: bool = False
) -> None:
    """Check that two GraphDef messages hold the same nodes, in any order.

    Raises
    ------
    AssertionError
        Names the first node that differs.
    TypeError
        If they are no GraphDefs.

    Examples
    --------
    >>> with tf.Graph().as_default() as graph:
    ...     c = tf.constant(1.0)
    >>> tf.test.assert_equal_graph_def(graph.as_graph_def(), graph.as_graph_def())
    """
    for name, message in (("actual", actual), ("expected", expected)):
        if not hasattr(message, "node"):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(message).__name__}")
    left, right = ({node.name: node for node in message.node} for message in (actual, expected))
    for name in right:
        if name not in left:
            raise AssertionError(f"Expected node {name!r} is missing: the graph has {sorted(left)}.")
    for name, node in left.items():
        if name not in right:
            raise AssertionError(f"Found unexpected node {name!r} of type {node.op!r}.")
        for part in ("op", "device"):
            if getattr(node, part) != getattr(right[name], part):
                raise AssertionError(
                    f"Node named {name!r} has {part} {getattr(node, part)!r} that does not match expected: "
                    f"{getattr(right[name], part)!r}"
                )
        if sorted_inputs(node) != sorted_inputs(right[name]):
            raise AssertionError(
                f"Node named {name!r} has inputs {list(node.input)} that do not match expected: {list(right[name].input)}"
            )
        for key in sorted({*node.attr, *right[name].attr} - left_aside(checkpoint_v2, hash_table_shared_name, node.op)):
            one, other = node.attr.get(key), right[name].attr.get(key)
            if one != other:
                raise AssertionError(
                    f"Node named {name!r} has attr {key!r} with value: {one} that does not match expected: {other}"
                )


def sorted_inputs(node: Any) -> list[str]:
    """The inputs of a node; control inputs, whose order means nothing, sorted behind them."""
    return [i for i in node.input if i[0] != "^"] + sorted(i for i in node.input if i[0] == "^")


def left_aside(checkpoint_v2: bool, hash_table_shared_name: bool, op: str) -> set[str]:
    """Attributes that are not compared: names made afresh for each graph."""
    aside = {"_output_shapes"}
    if checkpoint_v2 and op.startswith(("Save", "Restore")):
        aside |= {"value"}
    return aside | ({"shared_name"} if hash_table_shared_name and "HashTable" in op else set())


@export("test.Benchmark")
class Benchmark:
    """Base class for measuring how long operations take.

    Examples
    --------
    >>> class Addition(tf.test.Benchmark):
    ...     def benchmark_add(self):
    ...         with tf.Session() as sess:
    ...             return self.run_op_benchmark(sess, tf.add(1, 2), min_iters=3)
    >>> sorted(Addition().benchmark_add())
    ['extras', 'iters', 'name', 'throughput', 'wall_time']
    """

    def run_op_benchmark(
        self,
        sess: Any,
        op_or_tensor: Any,
        feed_dict: dict[Any, Any] | None = None,
        burn_iters: int = 2,
        min_iters: int = 10,
        store_trace: bool = False,
        store_memory_usage: bool = True,
        name: str | None = None,
        extras: dict[str, Any] | None = None,
        mbs: float = 0,
    ) -> dict[str, Any]:
        """Run something several times and return the median time in seconds, with what `report_benchmark` keeps.

        Parameters
        ----------
        burn_iters : int, optional
            Runs before the clock starts.
        min_iters : int, optional
            Runs that are measured.
        mbs : float, optional
            Megabytes a run works on, for the throughput.
        """
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict)
        times = []
        for _ in range(min_iters):
            start = time.perf_counter()
            sess.run(op_or_tensor, feed_dict)
            times.append(time.perf_counter() - start)
        median = float(np.median(times)) if times else -1.0
        throughput = mbs / median if median > 0 else -1.0
        return self.report_benchmark(min_iters, wall_time=median, throughput=throughput, name=name, extras=extras)

    def report_benchmark(
        self,
        iters: int | None = None,
        cpu_time: float | None = None,
        wall_time: float | None = None,
        throughput: float | None = None,
        extras: dict[str, Any] | None = None,
        name: str | None = None,
        metrics: Any = None,
    ) -> dict[str, Any]:
        """Return what was measured as a dict."""
        return {
            "name": name or type(self).__name__,
            "iters": iters,
            "wall_time": wall_time,
            "throughput": throughput,
            "extras": dict(extras or {}),
        }

    def evaluate(self, tensors: Any) -> Any:
        """Return the values of tensors, from the default session."""
        from flowlab._src.graph.stacks import default_session

        session = default_session()
        if session is None:
            raise RuntimeError("evaluate runs in the default session: write `with tf.Session():` around it.")
        return session.run(tensors)


@export("test.benchmark_config")
def benchmark_config() -> Any:
    """Return the options of a session for measuring."""
    from flowlab._src.runtime.config import ConfigProto

    return ConfigProto()


@export("test.StubOutForTesting")
class StubOutForTesting:
    """Replaces attributes for the time of a test.

    Examples
    --------
    >>> import os
    >>> with tf.test.StubOutForTesting() as stubs:
    ...     stubs.Set(os.path, "exists", lambda path: True)
    ...     os.path.exists("no/such/file")
    True
    >>> os.path.exists("no/such/file")
    False
    """

    def __init__(self) -> None:
        self._kept: list[tuple[Any, str, Any]] = []

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Replace an attribute."""
        self._kept.append((parent, child_name, getattr(parent, child_name)))
        setattr(parent, child_name, new_child)

    SmartSet = Set

    def UnsetAll(self) -> None:
        """Put everything back."""
        while self._kept:
            parent, name, value = self._kept.pop()
            setattr(parent, name, value)

    SmartUnsetAll = UnsetAll
    CleanUp = UnsetAll

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(self, *error: object) -> None:
        self.UnsetAll()
