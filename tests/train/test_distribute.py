"""`tf.distribute` on one device. What holds where is as TensorFlow's default and one-device strategies have it."""

from typing import Any

import pytest

import flowlab as tf

distribute = tf.distribute


@pytest.fixture(params=[distribute.MirroredStrategy, lambda: distribute.OneDeviceStrategy("/cpu:0")])
def strategy(request: pytest.FixtureRequest) -> Any:
    with tf.Graph().as_default():
        yield request.param()


def view() -> tuple[bool, bool, bool]:
    return distribute.has_strategy(), distribute.in_cross_replica_context(), distribute.get_replica_context() is None


def test_a_program_stands_outside_in_a_scope_or_in_a_replica(strategy: Any) -> None:
    seen = []
    assert view() == (False, False, False)
    with strategy.scope():
        assert view() == (True, True, True)
        assert distribute.get_strategy() is strategy
        strategy.experimental_run_v2(lambda: seen.append(view()))
        with strategy.scope():
            assert view() == (True, True, True)
    assert seen == [(True, False, False)]
    assert view() == (False, False, False)


def test_a_training_step_of_one_replica(strategy: Any) -> None:
    with strategy.scope():
        w = tf.get_variable("w", initializer=1.0)
        optimizer = tf.train.GradientDescentOptimizer(0.1)

        def step(x: Any) -> Any:
            loss = tf.square(w * x - 1.0)
            with tf.control_dependencies([optimizer.minimize(loss)]):
                return tf.identity(loss)

        loss = strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.experimental_run_v2(step, args=(tf.constant(3.0),)))
    assert w.op.type == "VarHandleOp"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(loss) == pytest.approx(4.0)
        assert sess.run(w) == pytest.approx(-0.2)


def test_reducing_along_an_axis(strategy: Any) -> None:
    with strategy.scope(), tf.Session() as sess:
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        assert sess.run(strategy.reduce("MEAN", x, axis=0)).tolist() == [2.0, 3.0]
        assert sess.run(strategy.reduce(distribute.ReduceOp.SUM, x, axis=1)).tolist() == [3.0, 7.0]
        assert strategy.reduce("sum", x) is x
        with pytest.raises(ValueError, match="reduce_op must be"):
            strategy.reduce("max", x)


def test_inside_a_replica(strategy: Any) -> None:
    def replica() -> Any:
        context = distribute.get_replica_context()
        with pytest.raises(RuntimeError, match="Method requires being in cross-replica context"):
            strategy.experimental_run_v2(lambda: None)
        seen = context.merge_call(lambda s, x: (s is strategy, distribute.in_cross_replica_context(), x), args=(5,))
        return context.replica_id_in_sync_group, context.all_reduce("SUM", {"a": tf.constant(2.0)}), seen

    number, total, seen = strategy.experimental_run_v2(replica)
    assert seen == (True, True, 5)
    with tf.Session() as sess:
        assert sess.run([number, total]) == [0, {"a": 2.0}]


def test_scopes_of_two_strategies_do_not_nest(strategy: Any) -> None:
    with strategy.scope(), pytest.raises(RuntimeError, match=r"Must not nest tf\.distribute\.Strategy scopes"):
        distribute.OneDeviceStrategy("/cpu:0").scope().__enter__()


def test_a_strategy_for_the_whole_program(strategy: Any) -> None:
    distribute.experimental_set_strategy(strategy)
    try:
        assert view() == (True, True, True)
        assert distribute.get_strategy() is strategy
    finally:
        distribute.experimental_set_strategy(None)
    assert not distribute.has_strategy()


def test_what_cannot_be() -> None:
    with pytest.raises(TypeError, match="device must be the name of a device"):
        distribute.OneDeviceStrategy(0)
    with pytest.raises(ValueError, match="at least one device"):
        distribute.MirroredStrategy(devices=[])
    with pytest.raises(ValueError, match="The `global_batch_size` 5 is not divisible"):
        distribute.InputContext(num_replicas_in_sync=2).get_per_replica_batch_size(5)
    with pytest.raises(AttributeError) as caught:
        distribute.experimental
    assert "tf.distribute.experimental is left out" in caught.value.__notes__[0]
