"""Sessions of training: hooks, monitored sessions, the loop of a training."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


def _training(tf: Any) -> Any:
    step = tf.train.get_or_create_global_step()
    w = tf.Variable(4.0, name="w")
    loss = tf.square(w, name="loss")
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss, global_step=step)
    return step, w, loss, train


@program("values")
def monitored_training_stops_at_a_step(tf: Any) -> Any:
    _, _, loss, train = _training(tf)
    losses = []
    with tf.train.MonitoredTrainingSession(hooks=[tf.train.StopAtStepHook(last_step=5)]) as sess:
        while not sess.should_stop():
            losses.append(sess.run([train, loss])[1])
    return {"runs": len(losses), "finalized": tf.get_default_graph().finalized}


@program("values")
def steps_counted_from_the_start_of_the_session(tf: Any) -> Any:
    step, _, _, train = _training(tf)
    hook = tf.train.StopAtStepHook(num_steps=3)
    scaffold = tf.train.Scaffold(init_fn=lambda _, sess: step.load(np.int64(7), sess))
    runs = 0
    with tf.train.SingularMonitoredSession(hooks=[hook], scaffold=scaffold) as sess:
        while not sess.should_stop():
            sess.run(train)
            runs += 1
        last = sess.raw_session().run(step)
    return {"runs": runs, "last": last}


@program("values")
def calls_of_a_hook(tf: Any) -> Any:
    calls = []

    class Recorder(tf.train.SessionRunHook):  # type: ignore[misc, name-defined]
        def begin(self) -> None:
            calls.append("begin")
            self.extra = tf.constant(5.0) * 2.0

        def after_create_session(self, session: Any, coord: Any) -> None:
            calls.append(["after_create_session", type(coord).__name__, tf.get_default_graph().finalized])

        def before_run(self, run_context: Any) -> Any:
            calls.append(["before_run", run_context.original_args.fetches.name, run_context.stop_requested])
            return tf.train.SessionRunArgs(fetches={"ten": self.extra}, feed_dict=None)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            calls.append(["after_run", run_values.results])
            if len(calls) > 5:
                run_context.request_stop()

        def end(self, session: Any) -> None:
            calls.append(["end", session.run(self.extra)])

    x = tf.constant(1.0, name="x")
    with tf.train.MonitoredSession(hooks=[Recorder()]) as sess:
        while not sess.should_stop():
            sess.run(x)
    return calls


@program("values")
def the_step_that_hooks_see(tf: Any) -> Any:
    step, _, _, train = _training(tf)
    seen = []

    class See(tf.train.SessionRunHook):  # type: ignore[misc, name-defined]
        def begin(self) -> None:
            self.stop = tf.train.StopAtStepHook(num_steps=4)
            self.stop.begin()

        def after_create_session(self, session: Any, coord: Any) -> None:
            self.stop.after_create_session(session, coord)

        def before_run(self, run_context: Any) -> Any:
            return self.stop.before_run(run_context)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            seen.append([run_values.results, run_context.session.run(step)])
            self.stop.after_run(run_context, run_values)

    with tf.train.MonitoredSession(hooks=[See()]) as sess:
        while not sess.should_stop():
            sess.run(train)
    return seen


@program("values")
def end_of_data_leaves_the_block(tf: Any) -> Any:
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    final = tf.train.FinalOpsHook(tf.constant("done"))
    seen = []
    with tf.train.MonitoredSession(hooks=[final]) as sess:
        while not sess.should_stop():
            seen.append(sess.run(number))
    return {"seen": seen, "final": final.final_ops_values}


@program("values")
def other_errors_skip_the_end(tf: Any) -> Any:
    ended = []

    class End(tf.train.SessionRunHook):  # type: ignore[misc, name-defined]
        def end(self, session: Any) -> None:
            ended.append(True)

    x = tf.constant(1.0)
    try:
        with tf.train.MonitoredSession(hooks=[End()]) as sess:
            sess.run(x)
            raise KeyError("lost")
    except KeyError as error:
        return {"error": str(error), "ended": len(ended), "stop": sess.should_stop()}


@program("values")
def feeds_of_hooks_and_callers(tf: Any) -> Any:
    a, b = tf.placeholder(tf.float32, [], name="a"), tf.placeholder(tf.float32, [], name="b")
    total = a + b
    numbers = iter([1.0, 2.0])
    with tf.train.MonitoredSession(hooks=[tf.train.FeedFnHook(lambda: {a: next(numbers)})]) as sess:
        first = sess.run(total, {b: 10.0})
        try:
            sess.run(total, {a: 1.0, b: 2.0})
        except RuntimeError as error:
            return {"first": first, "error": str(error).split(" Conflict")[0]}


@program("values")
def steps_as_a_function(tf: Any) -> Any:
    _, w, _, train = _training(tf)

    def one_step(step_context: Any) -> Any:
        before = step_context.session.run(w)
        step_context.run_with_hooks(train)
        if before < 1.0:
            step_context.request_stop()
        return before

    seen = []
    with tf.train.MonitoredSession() as sess:
        while not sess.should_stop():
            seen.append(sess.run_step_fn(one_step))
    return seen


@program("values")
def timers(tf: Any) -> Any:
    timer = tf.train.SecondOrStepTimer(every_steps=3)
    triggered = []
    for step in range(8):
        if timer.should_trigger_for_step(step):
            triggered.append([step, timer.update_last_triggered_step(step)[1]])
    return {"triggered": triggered, "last": timer.last_triggered_step()}


@program(error="NanLossDuringTrainingError", says="NaN loss during training.")
def nan_ends_the_training(tf: Any) -> Any:
    loss = tf.log(tf.constant(-1.0))
    with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(loss)]) as sess:
        while not sess.should_stop():
            sess.run(loss)


@program("values")
def nan_asks_to_stop(tf: Any) -> Any:
    loss = tf.log(tf.constant(-1.0))
    runs = 0
    with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(loss, fail_on_nan_loss=False)]) as sess:
        while not sess.should_stop():
            sess.run(loss)
            runs += 1
    return runs


@program(error="RuntimeError", says="Graph is finalized and cannot be modified.")
def graph_of_a_monitored_session_cannot_grow(tf: Any) -> Any:
    x = tf.constant(1.0)
    with tf.train.MonitoredSession() as sess:
        sess.run(x + 1.0)


@program(error="RuntimeError", says="Run called even after should_stop requested.")
def run_after_the_stop(tf: Any) -> Any:
    _, _, _, train = _training(tf)
    with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(1)]) as sess:
        sess.run(train)
        sess.run(train)


@program(error="RuntimeError", says="Init operations did not make model ready for local_init.")
def a_variable_that_is_not_initialized(tf: Any) -> Any:
    tf.Variable(1.0, name="w")
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(tf.train.Scaffold(init_op=tf.no_op()))):
        pass


@program("graph")
def parameter_servers_take_turns(tf: Any) -> Any:
    cluster = tf.train.ClusterSpec({"ps": ["a:1", "b:2"], "worker": ["c:3", "d:4"]})
    with tf.device(tf.train.replica_device_setter(cluster=cluster)):
        w = tf.get_variable("w", [2, 3])
        b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
        y = tf.matmul(tf.placeholder(tf.float32, [None, 2], name="x"), w) + b
    return y


@program("values")
def devices_of_parameter_servers(tf: Any) -> Any:
    parameter_servers_take_turns(tf)
    return {op.name: op.device for op in tf.get_default_graph().get_operations()}


@program("values")
def clusters(tf: Any) -> Any:
    cluster = tf.train.ClusterSpec({"ps": ["a:1", "b:2"], "worker": {1: "c:3", 4: "d:4"}})
    return {
        "dict": {k: str(v) for k, v in cluster.as_dict().items()},
        "jobs": sorted(cluster.jobs),
        "ps": cluster.num_tasks("ps"),
        "indices": cluster.task_indices("worker"),
        "address": cluster.task_address("worker", 4),
        "tasks": cluster.job_tasks("ps"),
        "text": str(cluster),
        "same": cluster == tf.train.ClusterSpec(cluster),
    }


@program("values")
def sessions_of_one_server_share_variables(tf: Any) -> Any:
    server = tf.train.Server.create_local_server()
    w = tf.Variable(1.0, name="shared_by_sessions_of_one_server")
    add = w.assign_add(1.0)
    with tf.Session(server.target) as sess:
        sess.run(w.initializer)
        sess.run(add)
    with tf.Session(server.target) as sess:
        return sess.run(add)
