"""Plans that are run again are written out for the sizes at hand: same numbers, same errors, fewer instructions."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling
from flowlab._src.runtime import prepared, session
from flowlab._src.runtime.straight import StraightRun

WRITTEN = 8  # runs after which any small plan has been written out


def written(sess: tf.Session) -> list[StraightRun]:
    """The plans of a session that have become functions."""
    return [run for p in sess._prepared.values() for run in p.straight.values() if isinstance(run, StraightRun)]


@pytest.fixture
def by_instructions(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Switch the writing of plans off."""
    return lambda: monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", math.inf)


def linear_regression() -> tuple[Any, Any, Any, Any]:
    x, y = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable([[0.5]]), tf.Variable([0.0])
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    return x, y, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def test_a_training_step_asks_for_no_sizes_once_they_are_known() -> None:
    x, y, _, train = linear_regression()
    points = np.arange(6.0, dtype=np.float32).reshape(6, 1)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            sess.run(train, {x: points, y: points})
        (run,) = written(sess)
    types = [i.node.type for i in run.plan.instructions]
    assert not {"Shape", "BroadcastGradientArgs", "Tile", "Prod", "Square", "NoOp"} & set(types)
    assert types.count("ApplyGradientDescent") == 2
    assert types.count("MatMul") == 2


def test_on_much_data_the_first_run_is_a_function_already() -> None:
    x = tf.placeholder(tf.float32, [None, 1000])
    y = tf.nn.relu(x + 1.0)
    with tf.Session() as sess:
        sess.run(y, {x: np.zeros([10, 1000], np.float32)})
        assert not written(sess)
        np.testing.assert_array_equal(sess.run(y, {x: np.zeros([300, 1000], np.float32)}), np.ones([300, 1000]))
        assert len(written(sess)) == 1


def test_training_gives_the_same_numbers_by_instructions_and_as_a_function(by_instructions: Any) -> None:
    x, y, loss, train = linear_regression()
    rng = np.random.default_rng(1)
    batches = [rng.normal(size=(size, 1)).astype(np.float32) for size in [4, 4, 7, 4, 4, 7, 7, 7, 4, 1, 7, 7]]

    def losses() -> list[float]:
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return [sess.run([loss, train], {x: batch, y: 3 * batch})[0] for batch in batches]

    as_function = losses()
    by_instructions()
    assert as_function == losses()


def test_random_streams_go_on_as_before(by_instructions: Any) -> None:
    tf.set_random_seed(7)
    x = tf.placeholder(tf.float32, [None])
    noisy = tf.nn.dropout(x, keep_prob=0.5) + tf.random_normal(tf.shape(x))

    def draws() -> list[list[float]]:
        with tf.Session() as sess:
            return [sess.run(noisy, {x: np.ones(5)}).tolist() for _ in range(WRITTEN)]

    as_function = draws()
    by_instructions()
    assert as_function == draws()


def test_an_error_is_told_in_the_same_words_once_the_plan_is_written() -> None:
    rows = tf.placeholder(tf.int32, [None], name="rows")
    picked = tf.gather(tf.sqrt(tf.constant([1.0, 2.0])), rows, name="picked")
    told = []
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                sess.run(picked, {rows: [5]})
            told.append((str(caught.value), getattr(caught.value, "__notes__", None), caught.value.op))
        assert written(sess)
    assert all(words == told[0] for words in told)
    assert "indices[0] = 5 is not in [0, 2)" in told[0][0]


def test_a_variable_without_a_value_is_refused_once_the_plan_is_written() -> None:
    v = tf.Variable(1.0, name="v")
    doubled = v * 2.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        for _ in range(WRITTEN):
            assert sess.run(doubled) == 2.0
        assert written(sess)
        sess._state.variables.clear()
        with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value v"):
            sess.run(doubled)


def test_a_variable_whose_shape_may_change_is_asked_for_it_each_time() -> None:
    v = tf.Variable([1.0, 2.0])
    longer = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    size = tf.raw_ops.Size(input=v.op.outputs[0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [sess.run(size) for _ in range(WRITTEN)] == [2] * WRITTEN
        sess.run(longer)
        assert sess.run(size) == 3


def test_reads_around_a_change_in_one_run_see_what_they_saw(by_instructions: Any) -> None:
    v = tf.Variable(1.0)
    before = v * 1.0
    with tf.control_dependencies([before]):
        change = tf.assign_add(v, 1.0)
    with tf.control_dependencies([change]):
        after = tf.identity(v.op.outputs[0])

    def pairs() -> list[tuple[float, ...]]:
        with tf.Session() as sess:
            sess.run(v.initializer)
            return [tuple(map(float, sess.run([before, after]))) for _ in range(WRITTEN)]

    assert pairs() == [(i + 1.0, i + 2.0) for i in range(WRITTEN)]
    by_instructions()
    assert pairs() == [(i + 1.0, i + 2.0) for i in range(WRITTEN)]


def test_many_shapes_of_feeds_do_not_fill_the_memory_with_functions() -> None:
    x = tf.placeholder(tf.float32, [None])
    total = tf.reduce_sum(tf.sin(x))
    with tf.Session() as sess:
        for size in range(1, 200):
            for _ in range(4):
                np.testing.assert_allclose(sess.run(total, {x: np.ones(size)}), size * np.sin(1.0), rtol=1e-6)
        assert len(written(sess)) < 50


@pytest.mark.parametrize("make", [
    lambda: tf.train.GradientDescentOptimizer(0.1),
    lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    lambda: tf.train.AdamOptimizer(0.1),
    lambda: tf.train.RMSPropOptimizer(0.1),
])  # fmt: skip
@pytest.mark.parametrize("resource", [False, True])
def test_updates_in_place_are_seen_by_nobody_who_holds_an_older_value(make: Any, resource: bool) -> None:
    w = tf.Variable(tf.ones([300, 200]), use_resource=resource)
    view = tf.reshape(w, [200, 300])
    train = make().minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        arrays, known = [], []
        for _ in range(WRITTEN):
            sess.run(train)
            value, other = sess.run([w, view])
            arrays += [value, other]
            known += [value.copy(), other.copy()]
            kept = next(iter(sess._state.variables.values()))
            known.append(kept.copy())
            arrays.append(kept)
        for array, before in zip(arrays, known, strict=True):
            np.testing.assert_array_equal(array, before)


def test_a_variable_that_nobody_else_holds_is_updated_where_it_lies() -> None:
    w = tf.Variable(tf.ones([300, 200]))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            sess.run(train)
        place = sess._state.variables[w.op.name].__array_interface__["data"][0]
        for _ in range(WRITTEN):
            sess.run(train)
        assert sess._state.variables[w.op.name].__array_interface__["data"][0] == place
        held = sess._state.variables[w.op.name]
        before = held.copy()
        sess.run(train)
        np.testing.assert_array_equal(held, before)
        np.testing.assert_allclose(sess.run(w), before * 0.8, rtol=1e-6)


def test_an_older_reading_of_a_resource_variable_stays_in_the_same_run() -> None:
    w = tf.Variable(tf.ones([300, 200]), use_resource=True)
    before = w.read_value()
    with tf.control_dependencies([before]):
        train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(w))
    with tf.control_dependencies([train]):
        moved = tf.identity(before) - w.read_value()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            assert (sess.run(moved) == 1).all()


CHANGES = {
    "add": lambda w, rows: tf.scatter_add(w, [1, 2, 1], rows),
    "sub": lambda w, rows: tf.scatter_sub(w, [1, 2, 1], rows),
    "update": lambda w, rows: tf.scatter_update(w, [1, 2, 3], rows),
    "mul": lambda w, rows: tf.scatter_mul(w, [1, 2, 1], rows),
    "momentum": lambda w, rows: tf.train.MomentumOptimizer(0.1, 0.9).minimize(
        tf.reduce_sum(tf.gather(w, [1, 2, 1]) * rows)
    ),
    "adagrad": lambda w, rows: tf.train.AdagradOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(w, [1, 2, 1]) * rows)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("resource", [False, True])
def test_rows_changed_in_place_are_seen_by_nobody_who_holds_an_older_value(change: str, resource: bool) -> None:
    first = np.arange(300 * 20, dtype=np.float32).reshape(300, 20)
    start = tf.constant(first)
    w = tf.Variable(start, use_resource=resource)
    view = tf.reshape(w, [200, 30])
    step = CHANGES[change](w, np.full((3, 20), 1.5, np.float32))
    step = getattr(step, "op", step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        arrays, known = [], []
        for k in range(3 * WRITTEN):
            sess.run(step)
            if k % 3 == 2:
                continue  # nobody looks
            value, other = sess.run([w, view])
            kept = next(iter(sess._state.variables.values()))
            arrays += [value, other, kept]
            known += [value.copy(), other.copy(), kept.copy()]
            del kept
        for array, before in zip(arrays, known, strict=True):
            np.testing.assert_array_equal(array, before)
        np.testing.assert_array_equal(sess.run(start), first)


def test_a_large_table_of_which_few_rows_change_is_not_copied() -> None:
    for resource in (False, True):
        w = tf.Variable(tf.zeros([5000, 20]), use_resource=resource)
        train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(tf.nn.embedding_lookup(w, [3, 3, 7])))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            places = []
            for _ in range(2 * WRITTEN):
                sess.run(train)
                places.append(sess._state.variables[w.op.name].__array_interface__["data"][0])
            assert len(set(places[-WRITTEN:])) == 1
            expected = np.zeros([5000, 20], np.float32)
            expected[3], expected[7] = -4 * WRITTEN, -2 * WRITTEN
            np.testing.assert_array_equal(sess.run(w), expected)


def test_a_row_out_of_range_leaves_the_table_as_it_was() -> None:
    w, row = tf.Variable(tf.zeros([50, 20])), tf.placeholder(tf.int32, [2])
    step = tf.scatter_add(w, row, tf.ones([2, 20])).op
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2 * WRITTEN):
            sess.run(step, {row: [0, 1]})
        before = sess.run(w)
        with pytest.raises(tf.errors.InvalidArgumentError, match="50"):
            sess.run(step, {row: [0, 50]})
        np.testing.assert_array_equal(sess.run(w), before)


def text_of(sess: tf.Session) -> str:
    (run,) = written(sess)
    return "\n".join(run._lines.text)


def test_single_numbers_are_added_by_python(by_instructions: Any) -> None:
    x = tf.placeholder(tf.float32, [])
    y = tf.sqrt(tf.abs((x + 1.0) * x - x / 3.0)) + tf.where(x > 0.5, x, -x)

    def results() -> list[Any]:
        with tf.Session() as sess:
            values = [sess.run(y, {x: number}) for number in [0.25, 1e30, -3.0, math.nan, 0.5, 0.0, 7.0, 8.0]]
            if written(sess):
                assert "(v0 > " in text_of(sess)
            return values

    as_function = results()
    by_instructions()
    np.testing.assert_array_equal(as_function, results())
    assert all(isinstance(value, np.float32) for value in as_function)


def test_results_go_into_arrays_of_the_run_and_into_no_others() -> None:
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 2.0, 3.0])
    c = tf.constant([5.0, 6.0, 7.0])
    kept = x + v
    seen = tf.reshape(kept * 2.0, [3, 1])
    passed = tf.identity(kept - c)
    total = (kept * c + v) * x + tf.reduce_sum(seen) + tf.squeeze(seen) * passed
    fed = np.array([1.0, -2.0, 0.5], np.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        results = [sess.run([total, kept, seen, passed], {x: fed}) for _ in range(WRITTEN)]
        assert written(sess)
        for later in results[1:]:
            for first, again in zip(results[0], later, strict=True):
                np.testing.assert_array_equal(first, again)
                assert first is not again
        np.testing.assert_array_equal(fed, np.array([1.0, -2.0, 0.5], np.float32))
        np.testing.assert_array_equal(sess.run(v), [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(sess.run(c), [5.0, 6.0, 7.0])


def test_what_is_computed_twice_is_computed_once() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.exp(x) * 2.0 + tf.exp(x) * 2.0 - tf.exp(-x)
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            np.testing.assert_allclose(sess.run(y, {x: [0.0, 1.0]}), [3.0, 4 * math.e - 1 / math.e], rtol=1e-6)
        (run,) = written(sess)
    types = [i.node.type for i in run.plan.instructions]
    assert types.count("Exp") == 2
    assert types.count("Mul") == 1


def test_random_numbers_and_reads_of_a_changing_variable_are_not_shared() -> None:
    v = tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [])
    first = v.op.outputs[0] * x
    with tf.control_dependencies([first]):
        change = tf.assign_add(v, 1.0)
    with tf.control_dependencies([change]):
        second = v.op.outputs[0] * x
    both = first + 10.0 * second
    pair = tf.random_uniform([]) * x - tf.random_uniform([]) * x
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [float(sess.run(both, {x: 1.0})) for _ in range(WRITTEN)] == [21.0 + 11 * i for i in range(WRITTEN)]
        assert all(sess.run(pair, {x: 1.0}) != 0.0 for _ in range(WRITTEN))


def test_fetching_two_equal_computations_gives_two_arrays() -> None:
    x = tf.placeholder(tf.float32, [None])
    pair = [x * 2.0, x * 2.0]
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            one, other = sess.run(pair, {x: [1.0, 2.0]})
            one += 1.0
            np.testing.assert_array_equal(other, [2.0, 4.0])


def test_feeds_of_other_types_are_converted_once_the_plan_is_written() -> None:
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [])
    y = x * n
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            np.testing.assert_array_equal(sess.run(y, {x: np.array([1, 2], np.float32), n: 3.0}), [3.0, 6.0])
        for values, number in [([1, 2], 3), (np.array([1.0, 2.0]), np.float32(3)), (np.array([1, 2]), np.array(3.0))]:
            result = sess.run(y, {x: values, n: number})
            assert result.dtype == np.float32
            np.testing.assert_array_equal(result, [3.0, 6.0])
        np.testing.assert_array_equal(sess.run(y, {x: [1, 2, 3], n: 3}), [3.0, 6.0, 9.0])
        assert sess.run(y, {x: [1.0, 2.0], n: 1e39}).tolist() == [math.inf, math.inf]
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            sess.run(y, {x: np.ones((2, 2), np.float32), n: 3.0})
        with pytest.raises(ValueError, match="Cannot feed"):
            sess.run(y, {x: [1.0], n: "three"})


@pytest.mark.parametrize("make", [list, tuple, lambda fetches: {"a": fetches[0], "b": fetches[1:]}])
def test_the_structure_of_fetches_comes_back_once_the_plan_is_written(make: Any) -> None:
    x = tf.placeholder(tf.float32, [])
    v = tf.Variable(1.0)
    change = tf.assign_add(v, 1.0)
    fetches = make([x * 2.0, change.op, x * 2.0, v])
    with tf.Session() as sess:
        sess.run(v.initializer)
        results = [sess.run(fetches, {x: 4.0}) for _ in range(WRITTEN)]
    assert results == [make([8.0, None, 8.0, i + 2.0]) for i in range(WRITTEN)]


def test_a_fetched_variable_without_a_value_is_refused_once_the_plan_is_written() -> None:
    v = tf.Variable(1.0, name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        for _ in range(WRITTEN):
            assert sess.run(v) == 1.0
        sess._state.variables.clear()
        with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value v"):
            sess.run(v)


def test_what_is_kept_of_a_feed_is_a_copy() -> None:
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([0.0, 0.0])
    keep, turned = tf.assign(v, x), tf.reshape(x, [1, -1])
    with tf.Session() as sess:
        for i in range(WRITTEN):
            fed = np.array([1.0, i], np.float32)
            kept, view = sess.run([keep, turned], {x: fed})
            fed[:] = -1.0
            np.testing.assert_array_equal(kept, [1.0, i])
            np.testing.assert_array_equal(view, [[1.0, i]])
            np.testing.assert_array_equal(sess.run(v), [1.0, i])


def test_faults_of_floats_warn_nobody_and_leave_the_callers_settings_alone() -> None:
    x = tf.placeholder(tf.float32, [])
    y = tf.log(x) / x + x * 1e30
    with np.errstate(all="raise"), tf.Session() as sess:
        for _ in range(WRITTEN):
            assert np.isnan(sess.run(y, {x: -1e30}))
        assert set(np.geterr().values()) == {"raise"}


def test_threads_run_one_written_plan_at_the_same_time() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.reduce_sum(tf.exp(x) - x * 1e38 * 10.0)
    failures: list[BaseException] = []
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            expected = sess.run(y, {x: np.ones(50, np.float32)})

        def work() -> None:
            try:
                for _ in range(200):
                    assert sess.run(y, {x: np.ones(50, np.float32)}) == expected
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures


def test_kernels_of_the_program_may_run_sessions_of_their_own() -> None:
    x = tf.placeholder(tf.float32, [])
    inner = x * 2.0
    with tf.Session() as sess:
        outer = tf.py_func(lambda value: sess.run(inner, {x: value}), [x + 1.0], tf.float32) + 1.0
        assert [float(sess.run(outer, {x: 1.0})) for _ in range(WRITTEN)] == [5.0] * WRITTEN


def test_nested_fetches_are_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x = tf.placeholder(tf.float32, [2])
    y, z = x * 2, x + 1
    compiled = []
    compile_plan = session.compile_plan
    monkeypatch.setattr(session, "compile_plan", lambda *args: compiled.append(args) or compile_plan(*args))
    changing = [y, [z]]
    with tf.Session() as sess:
        for structure in ({"y": y, "z": [z, (y, z)]}, [y, [z]], (y, [z]), changing):
            before = len(compiled)
            for number in range(9):
                found = sess.run(structure, {x: [number, 1]})
                flat = found if isinstance(structure, (list, tuple)) else (found["y"], found["z"][:1])
                np.testing.assert_array_equal(flat[0], [2 * number, 2])
                np.testing.assert_array_equal(flat[1], [[number + 1, 2]])
                assert type(found) is type(structure)
            assert len(compiled) - before == (0 if structure is changing else 1)  # equal to the second structure
        changing[1][0] = y
        np.testing.assert_array_equal(sess.run(changing, {x: [5, 1]})[1], [[10, 2]])
        assert len(sess.run({"z": y, "y": z}, {x: [5, 1]})) == 2


OPTIMIZERS = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.1),
}


@pytest.mark.parametrize("loops", [compiling.NEVER, compiling.WAIT])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("resource", [False, True])
def test_a_variable_trains_alike_in_any_order_of_memory_and_whoever_holds_it(
    optimizer: str, resource: bool, loops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiling.policy() != compiling.NEVER:
        monkeypatch.setattr(compiling.compiler, "policy", loops)
    first = np.arange(150 * 40, dtype=np.float32).reshape(40, 150) / 1000
    start = tf.placeholder(tf.float32, [150, 40])
    w = tf.Variable(np.zeros([40, 150], np.float32), use_resource=resource)
    turned = tf.assign(w, tf.transpose(start) * 1.0)  # in Fortran's order
    train = OPTIMIZERS[optimizer]().minimize(tf.reduce_sum(w**2))
    ends = []
    for looks in (False, True):
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(turned.op, {start: first.T.copy()})
            arrays, known = [], []
            for _ in range(3 * WRITTEN):
                sess.run(train)
                if looks:
                    arrays += sess._state.variables.values()
                    known += [np.array(value) for value in arrays[len(known) :]]
            ends.append(sess.run(w))
            for array, before in zip(arrays, known, strict=True):
                np.testing.assert_array_equal(array, before)
    assert not np.array_equal(ends[0], first)
    np.testing.assert_array_equal(*ends)
