"""Sessions beyond what the oracle programs say: state, aliasing, threads, interrupts, plans."""

from __future__ import annotations

import _thread
import threading

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import threads
from flowlab._src.runtime.plan import prune


def test_fetched_arrays_belong_to_the_caller() -> None:
    w = tf.Variable([1.0, 2.0])
    c = tf.constant([5.0, 6.0])
    with tf.Session() as sess:
        sess.run(w.initializer)
        for fetch in (w, w.value(), c, tf.identity(c), tf.reshape(c, [2, 1])):
            before = sess.run(fetch).copy()
            mine = sess.run(fetch)
            mine[...] = 99.0
            np.testing.assert_array_equal(sess.run(fetch), before)


def test_fed_arrays_are_never_kept_or_changed() -> None:
    x = tf.placeholder(tf.float32, [2])
    w = tf.Variable([0.0, 0.0])
    keep = w.assign(x)
    value = np.array([1.0, 2.0], np.float32)
    with tf.Session() as sess:
        sess.run(keep, {x: value})
        value[...] = 99.0
        np.testing.assert_array_equal(sess.run(w), [1.0, 2.0])
        assert value.flags.writeable


def test_an_assignment_leaves_arrays_alone_that_were_fetched_before() -> None:
    w = tf.Variable([1.0, 2.0])
    with tf.Session() as sess:
        sess.run(w.initializer)
        before = sess.run(w)
        sess.run(w.assign_add([10.0, 10.0]))
        np.testing.assert_array_equal(before, [1.0, 2.0])


def test_a_reading_after_a_write_of_the_same_run_sees_the_new_value() -> None:
    w = tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [])
    with tf.control_dependencies([w.assign(5.0)]):
        same = tf.identity(w)
        product = x * w
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([same, product], {x: 2.0}) == [5.0, 10.0]


def test_a_fetched_variable_has_its_value_at_the_end_of_the_run() -> None:
    w = tf.Variable(1.0)
    add = w.assign_add(1.0)
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([w, add]) == [2.0, 2.0]


def test_slots_of_an_optimizer_are_read_after_its_update_in_the_same_run() -> None:
    w = tf.Variable(1.0, name="w")
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    train = optimizer.minimize(w * 3.0)
    slot = optimizer.get_slot(w, "momentum")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        _, value = sess.run([train, slot])
        assert value == 3.0


def test_reading_an_uninitialized_variable_explains_itself() -> None:
    w = tf.Variable(1.0, name="w")
    with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError) as caught:
        sess.run(w + 1.0)
    text = "\n".join([caught.value.message, *caught.value.__notes__])
    assert text == (
        "Attempting to use uninitialized value w\n\n"
        "  Why     'w' has no value in this session yet: tf.Variable only records how to make one\n"
        f'  Where   test_session.py, line {w.op.site.line}:   w = tf.Variable(1.0, name="w")   (run at line {w.op.site.line + 2})\n'
        "  Try     sess.run(tf.global_variables_initializer())\n"
        "  More    tf.explain() tells the story of FL-M01 (lesson 03)"
    )


def test_fetching_an_uninitialized_variable_itself_is_the_same_error() -> None:
    w = tf.Variable(1.0, name="w")
    with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value w"):
        sess.run(w)


def test_kernel_errors_name_node_line_and_what_flowed_in() -> None:
    a = tf.placeholder(tf.float32, name="a")
    b = tf.placeholder(tf.float32, name="b")
    c = tf.add(a, b, name="c")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(c, {a: [1.0, 2.0, 3.0], b: [1.0, 2.0]})
    error = caught.value
    assert error.op is c.op
    assert error.node_def.name == "c"
    assert error.error_code == tf.errors.INVALID_ARGUMENT
    assert error.message.startswith("Incompatible shapes: [3] vs. [2]")
    notes = "\n".join(error.__notes__)
    assert 'c = tf.add(a, b, name="c")' in notes
    assert "'a:0' float32 (3,) = [1.0, 2.0, 3.0]" in notes


def test_an_error_raised_by_a_run_leaves_the_session_usable() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.reshape(x, [2, 2])
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(y, {x: [1.0, 2.0, 3.0]})
        assert sess.run(y, {x: np.ones(4)}).shape == (2, 2)


def interrupt(heard: threading.Event) -> None:
    """Press Ctrl-C, and again after a second should Python have dropped it (it does so inside destructors)."""
    heard.wait(0.002)
    while not heard.is_set():
        _thread.interrupt_main()
        heard.wait(1.0)


@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_an_interrupt_in_a_run_leaves_whole_values_and_a_usable_session() -> None:
    w = tf.Variable(np.zeros(50_000, np.float32))
    change = w.assign_add(np.ones(50_000, np.float32))
    for _ in range(200):
        with tf.control_dependencies([change]):
            change = w.assign_add(np.ones(50_000, np.float32))
    with tf.Session() as sess:
        sess.run(w.initializer)
        interrupted = 0
        for _ in range(20):
            heard = threading.Event()
            sender = threading.Thread(target=interrupt, args=(heard,))
            try:
                sender.start()
                while True:
                    sess.run(change)
            except KeyboardInterrupt:
                heard.set()
                interrupted += 1
            sender.join()
            value = sess.run(w)
            assert (value == value[0]).all(), "half a write"
        assert interrupted == 20


def test_runs_from_several_threads_add_up() -> None:
    w = tf.Variable(0, name="w")
    add = w.assign_add(1)
    with tf.Session() as sess:
        sess.run(w.initializer)
        threads = [threading.Thread(target=lambda: [sess.run(add) for _ in range(200)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sess.run(w) == 1600


def test_each_session_has_its_own_variables() -> None:
    w = tf.Variable(10)
    add, subtract = w.assign_add(10), w.assign_sub(2)
    first, second = tf.Session(), tf.Session()
    first.run(w.initializer)
    second.run(w.initializer)
    assert (first.run(add), second.run(subtract)) == (20, 8)
    first.close()
    second.close()


def test_only_nodes_that_the_fetch_needs_are_run() -> None:
    a = tf.Variable(0)
    b = a.assign_add(1)
    c = tf.exp(tf.constant(3.0))
    with tf.Session() as sess:
        sess.run(a.initializer)
        metadata = tf.RunMetadata()
        sess.run(c, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), run_metadata=metadata)
        seen = [s.node_name for s in metadata.step_stats.dev_stats[0].node_stats]
        assert sess.run(a) == 0
    assert b.op.name not in seen
    assert c.op.name in seen


def test_a_traced_run_gives_the_same_values_as_a_plain_one() -> None:
    x = tf.placeholder(tf.float32, [3])
    y = tf.reduce_sum(tf.exp(x) * 2.0)
    with tf.Session() as sess:
        plain = sess.run(y, {x: [1.0, 2.0, 3.0]})
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        assert sess.run(y, {x: [1.0, 2.0, 3.0]}, options=options, run_metadata=metadata) == plain
    assert all(s.all_end_rel_micros > 0 for s in metadata.step_stats.dev_stats[0].node_stats)


def test_nodes_run_in_the_order_they_were_made() -> None:
    w = tf.Variable([0.0])
    first = w.assign_add([1.0])
    second = w.assign(w * 10.0)
    with tf.Session() as sess:
        sess.run(w.initializer)
        np.testing.assert_array_equal(sess.run([second, first])[0], [10.0])


def test_twenty_thousand_operations_need_no_recursion() -> None:
    x = y = tf.placeholder(tf.float64, [])
    for _ in range(10_000):
        y = y + 0.0
    (dx,) = tf.gradients(y, x)
    with tf.Session() as sess:
        assert sess.run([y, dx], {x: 1.5}) == [1.5, 1.0]


def test_log_device_placement_prints_each_node_once(capfd: pytest.CaptureFixture[str]) -> None:
    c = tf.constant(1.0, name="c") + 1.0
    with tf.Session(config=tf.ConfigProto(log_device_placement=True)) as sess:
        sess.run(c)
        sess.run(c)
    printed = capfd.readouterr().err
    assert printed.count("c: (Const): /job:localhost/replica:0/task:0/device:CPU:0") == 1


def test_a_device_that_does_not_exist_is_refused_or_replaced() -> None:
    with tf.device("/gpu:2"):
        c = tf.constant([1.0, 2.0], name="a") * 2.0
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match="Cannot assign a device for operation") as caught,
    ):
        sess.run(c)
    assert "allow_soft_placement" in "\n".join(caught.value.__notes__)
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
        np.testing.assert_array_equal(sess.run(c), [2.0, 4.0])


def test_a_misspelt_option_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="log_device_placement"):
        tf.ConfigProto(log_device_placment=True)


def test_sessions_must_be_left_in_reverse_order() -> None:
    outer, inner = tf.Session(), tf.Session()
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(RuntimeError):
        outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)


def test_partial_run_computes_each_node_once() -> None:
    a, b = tf.placeholder(tf.float32, name="a"), tf.placeholder(tf.float32, name="b")
    w = tf.Variable(0.0)
    count = w.assign_add(1.0)
    with tf.control_dependencies([count]):
        r1 = a + b
    r2 = r1 * 10.0
    with tf.Session() as sess:
        sess.run(w.initializer)
        handle = sess.partial_run_setup([r1, r2], [a, b])
        assert sess.partial_run(handle, r1, {a: 1.0, b: 2.0}) == 3.0
        assert sess.partial_run(handle, r2) == 30.0
        assert sess.run(w) == 1.0


def test_division_and_logarithm_of_zero_give_inf_and_nan_without_a_warning() -> None:
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(1.0 / x, {x: [0.0, 1.0, -0.0]}), [np.inf, 1.0, -np.inf])
        assert np.isnan(sess.run(tf.log(x), {x: [-1.0, 1.0, 1.0]})[0])


def test_a_users_own_exception_is_not_dressed_up() -> None:
    class Mine(Exception):
        pass

    def fail(shape: object, dtype: object = None, partition_info: object = None) -> None:
        raise Mine

    with pytest.raises(Mine):
        tf.get_variable("w", [2], initializer=fail)


def test_nodes_that_only_others_wait_for_run_only_if_that_can_be_noticed() -> None:
    x = tf.placeholder_with_default([4.0, 9.0], [2])
    root = tf.sqrt(x)  # nobody uses it: nothing is lost when it does not run
    w = tf.Variable(0.0)
    count = w.assign_add(1.0) * 2.0  # the product is idle, but the assignment behind it is not
    checked = tf.check_numerics(x, "must be finite")
    with tf.control_dependencies([root, count, checked]):
        y = tf.constant(1.0) + 1.0
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([y, w]) == [2.0, 1.0]
        ran = [node.name for node in prune([y.op], set(), skip_idle=True)]
        assert root.op.name not in ran
        assert checked.op.name in ran
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be finite"):
            sess.run(y, {x: [np.nan, 1.0]})


def test_the_threads_of_a_kernel_can_be_set_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 4)
    before = threads.threads()
    try:
        for wanted, used in ((3, 3), (0, 3), (1, 1), (99, 4)):
            with tf.Session(graph=tf.Graph(), config=tf.ConfigProto(intra_op_parallelism_threads=wanted)):
                assert threads.threads() == used
        with pytest.raises(TypeError, match="intra_op_parallelism_threads"):
            tf.Session(graph=tf.Graph(), config=tf.ConfigProto(intra_op_parallelism_threads="two"))
    finally:
        monkeypatch.undo()
        threads.set_threads(before)


def test_sessions_train_in_several_threads_at_once() -> None:
    """Each thread has a graph and a session of its own, large enough for the compiled loops where they are used."""

    def train(results: list[np.ndarray]) -> None:
        with tf.Graph().as_default():
            tf.set_random_seed(1)
            x = tf.random_normal([64, 300], seed=2)
            w = tf.Variable(tf.random_normal([300, 300], stddev=0.05, seed=3))
            loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.matmul(x, w)) - 1.0))
            step = tf.train.AdamOptimizer(0.01).minimize(loss)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                for _ in range(6):
                    sess.run(step)
                results.append(sess.run(w))

    alone: list[np.ndarray] = []
    train(alone)
    together: list[np.ndarray] = []
    workers = [threading.Thread(target=train, args=(together,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(together) == 4
    for result in together:
        np.testing.assert_allclose(result, alone[0], rtol=1e-4, atol=1e-5)


def test_one_session_runs_the_same_plan_in_several_threads_at_once() -> None:
    x = tf.placeholder(tf.float32, [None, 200])
    w = tf.constant(np.linspace(-1, 1, 200 * 200, dtype=np.float32).reshape(200, 200))
    y = tf.reduce_sum(tf.nn.relu(tf.matmul(x, w)), axis=1)
    with tf.Session() as sess:

        def compute(number: int, results: dict[int, list[np.ndarray]]) -> None:
            results[number] = [sess.run(y, {x: np.full((100 + n, 200), number, np.float32)}) for n in range(8)]

        together: dict[int, list[np.ndarray]] = {}
        workers = [threading.Thread(target=compute, args=(number, together)) for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        alone: dict[int, list[np.ndarray]] = {}
        for number in range(4):
            compute(number, alone)
    for number, values in alone.items():
        for value, other in zip(values, together[number], strict=True):
            np.testing.assert_allclose(other, value, rtol=1e-5)
