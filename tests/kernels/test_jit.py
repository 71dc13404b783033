"""Compiling in the background: NumPy answers first, nobody waits, nothing breaks at the end."""

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import apart, compiling, jit, machine_code, threads
from flowlab._src.kernels.jit import In1, Int, Out1, Turn, claim, loop, span

FLOAT = np.dtype("float32")
ROOT = Path(jit.__file__).parents[3]


def new_loop():
    """Return a loop that no other test has compiled."""

    @loop(least=10)
    def double_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
        begin, end = span(piece, pieces, x.size)
        for i in range(begin, end):
            y[i] = 2 * x[i]

    return double_loop


def new_loop_that_claims():
    """Return the same with working memory that it keeps from piece to piece."""

    @loop(least=10)
    def double_loop(turn: Turn, pieces: Int, x: In1, y: Out1) -> None:
        factor = np.full(1, 2, x.dtype)
        while True:
            piece = claim(turn)
            if piece >= pieces:
                break
            begin, end = span(piece, pieces, x.size)
            for i in range(begin, end):
                y[i] = factor[0] * x[i]

    return double_loop


@pytest.fixture
def policy(monkeypatch):
    """Return a function that sets the policy; loops made by the test are forgotten afterwards."""
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    monkeypatch.setattr(jit, "loops", list(jit.loops))
    return lambda word: monkeypatch.setattr(compiling.compiler, "policy", word)


def run(source, **environment):
    """Run a program in a new process that must end well and silently; return what it printed."""
    source = (
        "import sys, numpy as np\nfrom flowlab._src.kernels import compiling, conv, jit, machine_code, threads\n"
        + textwrap.dedent(source)
    )
    keep = {name: value for name, value in os.environ.items() if not name.startswith("FLOWLAB_")}
    paths = os.pathsep.join([str(ROOT), *filter(None, [keep.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        env={**keep, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


CONVOLVE = """
x, w = np.ones((50, 28, 28, 8), "f"), np.ones((5, 5, 8, 32), "f")
def convolve():
    return float(conv.conv2d(x, w, (1, 1), ((2, 2), (2, 2))).sum())
"""


RECTIFY = """
from flowlab._src.kernels import elementwise
x = np.arange(-300000, 300000, dtype="f").reshape(-1, 10)
def rectify():
    y = elementwise.relu(elementwise.bias_add(x, x[0]))
    return float(elementwise.relu_grad(x, y).sum()), sorted(
        {word for name, word in jit.status().items() if name.startswith("elementwise.")}
    )
"""


def test_the_policy_is_read_from_the_environment(monkeypatch):
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    for text, word in {
        "0": compiling.NEVER,
        "1": compiling.BACKGROUND,
        " Wait ": compiling.WAIT,
        "maybe": compiling.BACKGROUND,
    }.items():
        monkeypatch.setenv("FLOWLAB_NUMBA", text)
        assert compiling.policy() == word
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert compiling.policy() == compiling.NEVER


def test_the_second_large_call_has_the_loop_compiled(policy):
    policy(compiling.BACKGROUND)
    double = new_loop()
    assert double.ready(FLOAT, 9) is None
    assert double.ready(FLOAT, 10) is None
    assert not double.state
    assert double.ready(FLOAT, 10) is None
    assert double.state[FLOAT] in ("queued", "compiled")
    compiling.wait()
    x, y = np.arange(10, dtype="f"), np.empty(10, "f")
    threads.share(double.ready(FLOAT, 10), 3, x, y)
    np.testing.assert_array_equal(y, 2 * x)
    assert jit.status()["test_jit.double_loop float32"] == "compiled"
    assert double.ready(FLOAT, 9) is None


def test_waiting_compiles_at_once(policy):
    policy(compiling.WAIT)
    assert new_loop().ready(FLOAT, 10) is not None


def test_never_means_never(policy):
    policy(compiling.NEVER)
    double = new_loop()
    assert [double.ready(FLOAT, 10**9) for _ in range(5)] == [None] * 5
    assert not double.state


def test_only_float32_and_float64_are_compiled(policy):
    policy(compiling.WAIT)
    double = new_loop()
    for dtype in ("float16", "int32", "complex64", ">f4"):
        assert double.ready(np.dtype(dtype), 10**9) is None


def test_a_loop_that_does_not_compile_is_reported_and_left_to_numpy(policy, monkeypatch):
    policy(compiling.BACKGROUND)
    double = new_loop()
    monkeypatch.setattr(double, "make", lambda dtype: 1 / 0)
    for _ in range(3):
        assert double.ready(FLOAT, 10) is None
        compiling.wait()
    assert jit.status()["test_jit.double_loop float32"] == "failed: ZeroDivisionError: division by zero"


@pytest.mark.parametrize("make", [new_loop, new_loop_that_claims])
def test_a_loop_is_for_a_piece_or_claims_pieces_itself(make, policy):
    policy(compiling.WAIT)
    x, y = np.arange(10, dtype="f"), np.empty(10, "f")
    for pieces in (1, 3, 12):
        y.fill(-1)
        threads.share(make().ready(FLOAT, 10), pieces, x, y)
        np.testing.assert_array_equal(y, 2 * x)


@pytest.mark.parametrize("make", [new_loop, new_loop_that_claims])
def test_loops_run_as_plain_python_too(make):
    x, y = np.arange(5.0), np.zeros(5)
    make()(np.zeros(1, np.int64), 2, x, y)
    np.testing.assert_array_equal(y, 2 * x)


def test_small_programs_never_load_numba():
    assert (
        run(
            "conv.conv2d(np.ones((2, 9, 9, 3)), np.ones((3, 3, 3, 4)), (1, 1), ((0, 0), (0, 0)))\n" * 3
            + "print('numba' in sys.modules)"
        )
        == "False"
    )


def test_with_numba_off_large_programs_do_not_load_it_either():
    program = CONVOLVE + "print([convolve() for _ in range(3)][0] > 0, 'numba' in sys.modules)"
    assert run(program, FLOWLAB_NUMBA="0") == "True False"


@pytest.mark.slow
def test_a_program_may_end_while_its_loops_are_being_compiled(tmp_path):
    program = CONVOLVE + "print(convolve() == convolve())"
    assert run(program, NUMBA_CACHE_DIR=str(tmp_path)) == "True"


@pytest.mark.slow
def test_compiled_code_is_kept_on_disk_and_gives_the_same(tmp_path):
    program = CONVOLVE + "print(convolve(), sorted(jit.status().values())[0])"
    first = run(program, NUMBA_CACHE_DIR=str(tmp_path), FLOWLAB_NUMBA="wait")
    assert first.endswith("compiled")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.loop")}
    assert kept
    assert run(program, NUMBA_CACHE_DIR=str(tmp_path), FLOWLAB_NUMBA="wait") == first
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.slow
def test_code_that_was_harmed_or_cannot_be_understood_is_compiled_anew(tmp_path):
    program = RECTIFY + "print(rectify())"
    # With more threads, the loops for waiting may be compiled too, or not.
    settings = {"NUMBA_CACHE_DIR": str(tmp_path), "FLOWLAB_NUMBA": "wait", "FLOWLAB_THREADS": "1"}
    first = run(program, **settings)
    files = sorted(tmp_path.rglob("*.loop"))
    sizes = [path.stat().st_size for path in files]
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[:1000])
    strange = b"cos\nno_such_name\n."  # well kept, but of no use
    name = files[1].name.removesuffix(machine_code.SUFFIX)
    files[1].write_bytes(machine_code.MARK + machine_code.checksum(name, strange) + strange)
    files[2].write_bytes(whole)  # another loop's
    assert run(program, **settings) == first
    assert [path.stat().st_size for path in files] == pytest.approx(sizes, rel=0.05)


@pytest.mark.slow
def test_processes_that_compile_the_same_at_once_do_not_disturb_each_other(tmp_path):
    program = RECTIFY + "print(rectify())"
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: run(program, NUMBA_CACHE_DIR=str(tmp_path), FLOWLAB_NUMBA="wait"), range(3)))
    assert len(set(answers)) == 1
    assert {path.suffix for path in tmp_path.rglob("*.*") if path.is_file()} == {machine_code.SUFFIX}
    assert run(program, NUMBA_CACHE_DIR=str(tmp_path), FLOWLAB_NUMBA="wait") == answers[0]


@pytest.mark.slow
def test_machine_code_is_for_one_machine(tmp_path):
    program = "jit.kept.machine = lambda: sys.argv[1]\n" + RECTIFY + "rectify()\nprint(len(machine_code.store.files()))"
    counts = [
        run(
            program.replace("sys.argv[1]", repr(name)),
            NUMBA_CACHE_DIR=str(tmp_path),
            FLOWLAB_NUMBA="wait",
            FLOWLAB_THREADS="1",  # with more, loops for waiting may be compiled too, or not
        )
        for name in ("one", "two", "two")
    ]
    assert [int(count) / int(counts[0]) for count in counts] == [1, 2, 2]


def test_what_lies_on_disk_is_loaded_after_the_first_large_call(policy, monkeypatch):
    policy(compiling.BACKGROUND)
    monkeypatch.setattr(
        machine_code.store, "has_some", lambda beginning: beginning.startswith("test_jit.double_loop.float32.")
    )
    double = new_loop()
    assert double.ready(FLOAT, 10) is None
    compiling.wait()
    assert double.ready(FLOAT, 10) is not None


TAKE_OVER = (
    RECTIFY
    + """
for _ in range(3):
    rectify()
    compiling.wait()
loops = elementwise.bias_add_loop, elementwise.relu_loop, elementwise.relu_grad_loop
print([sum(loop.versions[x.dtype]._cache_hits.values()) for loop in loops], rectify()[1])
"""
)


@pytest.mark.slow
def test_another_process_compiles_and_this_one_loads(tmp_path):
    assert run(TAKE_OVER, NUMBA_CACHE_DIR=str(tmp_path)) == "[1, 1, 1] ['compiled']"


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        "compiling.apart.possible = lambda: False",  # a program that contains a Python
        "machine_code.store.writable = lambda: None",  # no place for its code
        "sys.executable = '/nowhere/python'",
        "compiling.apart.PROGRAM = 'raise SystemExit'",  # it ends at once
    ],
)
def test_where_another_process_is_of_no_use_this_one_compiles(trouble, tmp_path):
    assert run(trouble + "\n" + TAKE_OVER, NUMBA_CACHE_DIR=str(tmp_path)) == "[0, 0, 0] ['compiled']"


@pytest.mark.slow
def test_the_other_process_goes_on_when_the_program_has_ended(policy, monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    other = apart.Apart()
    assert other.send("elementwise.relu_loop float32")
    assert other.send("no such loop")
    assert other.send("elementwise.relu_loop float64")
    process = other._process
    process.stdin.close()
    assert process.stdout.read() == b"\n\n\n"
    assert not other.wait()
    other.close()
    assert sorted(path.name.split(".")[2] for path in tmp_path.rglob("*.loop")) == ["float32", "float64"]


def test_a_loop_takes_over_in_the_middle_of_a_run(policy, monkeypatch):
    """A loop of a graph that runs long begins with NumPy and goes on with the compiled loop once it is there."""
    policy(compiling.BACKGROUND)
    double = new_loop()
    ways = []

    def kernel(x):
        compiled = double.ready(x.dtype, x.size)
        ways.append("numpy" if compiled is None else "compiled")
        if len(ways) == 4:
            compiling.wait()
        return x * 2 if compiled is None else x + x

    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph) as sess:
        x = tf.ones([10])

        def body(i, y):
            return i + 1, tf.ensure_shape(tf.py_func(kernel, [y], tf.float32), [10])

        _, y = tf.while_loop(lambda i, y: i < 8, body, [0, x])
        np.testing.assert_array_equal(sess.run(y), np.full(10, 256, "f"))
    assert ways[0] == "numpy"  # asked for, not yet there
    assert ways[4:] == ["compiled"] * 4  # there at the latest
    assert ways == sorted(ways, reverse=True), "back to NumPy"


def test_a_program_may_end_while_numba_is_being_loaded():
    program = """
        import threading, types
        loading, ending = threading.Event(), threading.Event()
        class Slow:
            def find_spec(self, name, *rest):
                if name == "numba":
                    loading.set()
                    ending.wait()  # for ever
        sys.meta_path.insert(0, Slow())
        compiling.compiler.policy = compiling.BACKGROUND
        compiling.compiler.enqueue(jit.loops[0], np.dtype("f"))
        loading.wait()
        print("the end")
    """
    assert run(program) == "the end"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_helpers_of_its_own():
    program = """
        import os, warnings
        warnings.simplefilter("ignore")
        threads.set_threads(2)
        def touch(turn, pieces, seen):
            while turn[0] < pieces:
                seen[turn[0]] += 1
                turn[0] += 1
        threads.share(touch, 5, np.zeros(9))
        child = os.fork()
        if not child:
            threads.share(touch, 5, np.zeros(9))
            os._exit(threads.pool.helpers)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == min(1, threads.cores() - 1))
    """
    assert run(program, FLOWLAB_NUMBA="0") == "True"


def test_plain_arrays_are_not_copied_and_others_are():
    x = np.zeros((4, 6), "f")
    assert jit.plain(x) is x
    for odd in (x.T, x[:, ::2], x.astype(">f4"), np.frombuffer(b"12345678x", "u1")[1:].view("f")):
        assert jit.plain(odd) is not odd
        assert jit.plain(odd).dtype.isnative
        np.testing.assert_array_equal(jit.plain(odd), odd)
