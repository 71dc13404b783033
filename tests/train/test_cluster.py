"""Clusters, servers of this process, variables on parameter servers, synchronous replicas."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import flowlab as tf

ADDRESSES = {"ps": ["a:1", "b:2"], "worker": {1: "c:3", 4: "d:4"}}


def test_clusters_as_messages() -> None:
    cluster = tf.train.ClusterSpec(ADDRESSES)
    message = cluster.as_cluster_def()
    assert [(job.name, dict(job.tasks)) for job in message.job] == [
        ("ps", {0: "a:1", 1: "b:2"}), ("worker", {1: "c:3", 4: "d:4"}),
    ]  # fmt: skip
    again = tf.train.ClusterSpec(message)
    assert again == cluster
    assert hash(again) == hash(cluster)
    assert tf.train.ClusterSpec({}).as_dict() == {}
    assert not tf.train.ClusterSpec({})
    assert cluster.job_tasks("worker") == [None, "c:3", None, None, "d:4"]


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda: tf.train.ClusterSpec("a:1"), TypeError, "must be a dictionary mapping one or more job names"),
        (lambda: tf.train.ClusterSpec({"ps": "a:1"}), TypeError, "The tasks for job 'ps' must be a list"),
        (lambda: tf.train.ClusterSpec({"ps": [1]}), TypeError, "Task address 1 must be bytes or unicode"),
        (lambda: tf.train.ClusterSpec({1: ["a:1"]}), TypeError, "Job name 1 must be bytes or unicode"),
        (lambda: tf.train.ClusterSpec(ADDRESSES).num_tasks("chief"), ValueError, "No such job in cluster: 'chief'"),
        (lambda: tf.train.ClusterSpec(ADDRESSES).task_address("ps", 2), ValueError, "No task with index 2 in job 'ps'"),
        (lambda: tf.train.Server(ADDRESSES), ValueError, "Must specify an explicit `job_name`"),
        (lambda: tf.train.Server(ADDRESSES, "ps"), ValueError, "Must specify an explicit `task_index`"),
        (lambda: tf.train.Server(ADDRESSES, "ps", 7), tf.errors.InvalidArgumentError, "Task 7 was not defined"),
        (lambda: tf.train.Server(3), TypeError, "Could not convert `server_or_cluster_def`"),
        (lambda: tf.Session("grpc://elsewhere:2222"), tf.errors.UnavailableError, "failed to connect"),
        (lambda: tf.Session("nonsense"), tf.errors.InvalidArgumentError, "No session factory registered"),
    ],
)
def test_wrong_clusters_and_targets_are_refused(use: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        use()


def test_sessions_of_a_server_share_variables_and_queues_until_it_is_reset() -> None:
    server = tf.train.Server(ADDRESSES, job_name="worker", task_index=4)
    assert server.target == "grpc://localhost:4"
    assert (server.server_def.job_name, server.server_def.task_index) == ("worker", 4)
    same = tf.train.Server(server.server_def, start=False)
    assert same.target == server.target
    w, q = tf.Variable(1.0), tf.FIFOQueue(3, tf.float32)
    put, take = q.enqueue(w), q.dequeue()
    with tf.device("/job:ps/task:0"):
        y = w + 1.0
    with tf.Session(server.target) as sess:
        assert sess.sess_str == server.target
        sess.run(w.initializer)
        sess.run(put)
    with tf.Session(server.target) as sess, tf.Session() as other:
        assert sess.run([take, y]) == [1.0, 2.0]
        with pytest.raises(tf.errors.FailedPreconditionError):
            other.run(w)
        tf.Session.reset(server.target)
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(w)


def test_a_closed_session_leaves_the_waits_of_others_alone() -> None:
    server = tf.train.Server.create_local_server()
    q = tf.FIFOQueue(3, tf.float32)
    put, take = q.enqueue(1.0), q.dequeue()
    first, second = tf.Session(server.target), tf.Session(server.target)
    begun, found = threading.Event(), []
    wait = second._state.wait

    def announced(*args: Any, **kwargs: Any) -> None:
        begun.set()
        wait(*args, **kwargs)

    second._state.wait = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: found.append(second.run(take)))
    thread.start()
    assert begun.wait(20)
    first.close()
    with tf.Session(server.target) as third:
        third.run(put)
    thread.join(20)
    assert found == [1.0]
    second.close()


def test_join_of_a_server_whose_others_cannot_come_is_refused() -> None:
    with pytest.raises(tf.errors.UnavailableError, match="would wait for 3 other tasks"):
        tf.train.Server(ADDRESSES, "ps", 0).join()


def test_other_strategies_and_ops() -> None:
    assert tf.train.replica_device_setter() is None
    assert tf.train.replica_device_setter(cluster={"worker": ["a:1"]}) is None
    with pytest.raises(TypeError, match="ps_strategy must be callable"):
        tf.train.replica_device_setter(ps_tasks=1, ps_strategy=3)  # type: ignore[arg-type]
    with tf.device(tf.train.replica_device_setter(ps_tasks=3, ps_strategy=lambda op: 2, ps_ops=["Const"])):
        c, w = tf.constant(1.0), tf.Variable(2.0)
    assert c.device == "/job:ps/task:2"
    assert w.device == "/job:worker"


def test_replicas_apply_the_mean_of_their_gradients_once() -> None:
    step = tf.train.get_or_create_global_step()
    w, x = tf.Variable(0.0), tf.placeholder(tf.float32, [])
    opt = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(1.0), replicas_to_aggregate=2)
    train = opt.minimize(w * x, global_step=step)
    hook = opt.make_session_run_hook(is_chief=True, num_tokens=0)  # a worker's first token comes with the first step
    hook.begin()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        coord = tf.train.Coordinator()
        hook.after_create_session(sess, coord)
        gradients = [[1.0, 3.0], [2.0, 6.0]]
        for pair in gradients:
            workers = [threading.Thread(target=sess.run, args=(train, {x: value})) for value in pair]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(20)
        values = sess.run([w, step])
        coord.request_stop()
        coord.join()
    np.testing.assert_allclose(values, [-6.0, 2.0])


def test_replicas_need_a_step_and_gradients() -> None:
    w = tf.Variable(0.0)
    opt = tf.train.SyncReplicasOptimizer(tf.train.GradientDescentOptimizer(1.0), 2, total_num_replicas=1)
    with pytest.raises(ValueError, match="Global step is required"):
        opt.minimize(w * 2.0)
    with pytest.raises(ValueError, match="Must supply at least one variable"):
        opt.apply_gradients([])
    with pytest.raises(ValueError, match="Should be called after apply_gradients"):
        opt.get_chief_queue_runner()
    opt.minimize(w * 2.0, global_step=tf.train.get_or_create_global_step())
    with pytest.raises(ValueError, match="Too few tokens to finish the first step"):
        opt.get_init_tokens_op(0)
    assert opt.get_slot_names() == []
