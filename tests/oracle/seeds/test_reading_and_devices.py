"""What several documents name beside their main subject: files, metrics, accumulators, images, strings, logging."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import flowlab as tf


def test_reading_csv_files_through_a_queue_of_names(tmp_path: Path) -> None:
    names = [str(tmp_path / f"file{i}.csv") for i in range(2)]
    for i, name in enumerate(names):
        Path(name).write_text(f"{i}.5,{i}\n{i}.25,{i + 10}\n", encoding="utf-8")
    filename_queue = tf.train.string_input_producer(names, shuffle=False, num_epochs=1)
    reader = tf.TextLineReader()
    key, value = reader.read(filename_queue)
    record_defaults = [tf.constant([], tf.float32), tf.constant([0], tf.int32)]
    first, second = tf.decode_csv(value, record_defaults)
    assert [first.dtype, second.dtype] == [tf.float32, tf.int32]
    batch = tf.train.shuffle_batch([key, first, second], batch_size=4, capacity=20, min_after_dequeue=0)
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess=sess, coord=coord)
        keys, numbers, integers = sess.run(batch)
        coord.request_stop()
        coord.join(threads)
    assert sorted(numbers.tolist()) == [0.25, 0.5, 1.25, 1.5]
    assert sorted(integers.tolist()) == [0, 1, 10, 11]
    assert {name.rpartition(b":")[0].decode() for name in keys} == set(names)


def test_an_example_written_as_a_record_and_parsed(tmp_path: Path) -> None:
    out_file = str(tmp_path / "out.tfrecord")
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    def int64_feature(value: int) -> object:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    def bytes_feature(value: bytes) -> object:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    writer = tf.python_io.TFRecordWriter(out_file)
    shape = np.array(picture.shape, np.int32).tobytes()
    features = {"label": int64_feature(7), "shape": bytes_feature(shape), "image": bytes_feature(picture.tobytes())}
    sample = tf.train.Example(features=tf.train.Features(feature=features))
    writer.write(sample.SerializeToString())
    writer.close()
    (serialized,) = tf.python_io.tf_record_iterator(out_file)
    parsed = tf.parse_single_example(
        serialized,
        {
            "label": tf.FixedLenFeature([], tf.int64),
            "shape": tf.FixedLenFeature([], tf.string),
            "image": tf.FixedLenFeature([], tf.string),
        },
    )
    image = tf.reshape(tf.decode_raw(parsed["image"], tf.uint8), tf.decode_raw(parsed["shape"], tf.int32))
    with tf.Session() as sess:
        label, restored = sess.run([parsed["label"], image])
    assert label == 7
    np.testing.assert_array_equal(restored, picture)


def test_metrics_are_run_before_they_are_read() -> None:
    labels, predictions = tf.constant([1.0, 2.0, 3.0]), tf.constant([1.0, 2.0, 5.0])
    accuracy, update_accuracy = tf.metrics.accuracy(labels, predictions)
    mse, update_mse = tf.metrics.mean_squared_error(labels, predictions)
    rmse, update_rmse = tf.metrics.root_mean_squared_error(labels, predictions)
    iou, update_iou = tf.metrics.mean_iou(tf.to_int64(labels > 2), tf.to_int64(predictions > 4), num_classes=2)
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        assert sess.run(accuracy) == 0.0
        sess.run([update_accuracy, update_mse, update_rmse, update_iou])
        results = sess.run([accuracy, mse, rmse, iou])
    np.testing.assert_allclose(results, [2 / 3, 4 / 3, np.sqrt(4 / 3), 1.0], rtol=1e-6)


def test_gradients_are_applied_to_an_accumulator_and_taken_from_it() -> None:
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=())
    give = [accumulator.apply_grad(value) for value in (1.0, 3.0)]
    with tf.Session() as sess:
        sess.run(give)
        assert sess.run(accumulator.take_grad(2)) == 2.0


def test_resizing_and_recolouring_images() -> None:
    image = tf.constant(np.linspace(0, 1, 27).reshape(1, 3, 3, 3), tf.float32)
    resized = tf.image.resize_images(image, (6, 6))
    assert resized.shape.as_list() == [1, 6, 6, 3]
    with tf.Session() as sess:
        turned, back, bright, png = sess.run(
            [
                tf.image.rot90(image[0]),
                tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(image)),
                tf.image.adjust_gamma(image, gamma=2.0),
                tf.image.encode_png(tf.zeros([2, 2, 3], tf.uint8)),
            ]
        )
        original = sess.run(image)
    np.testing.assert_array_equal(turned, np.rot90(original[0]))
    np.testing.assert_allclose(back, original, atol=1e-6)
    np.testing.assert_allclose(bright, original**2, rtol=1e-5)
    assert png.startswith(b"\x89PNG")


def test_strings_and_transforms_of_the_list_of_families() -> None:
    with tf.Session() as sess:
        assert 0 <= sess.run(tf.string_to_hash_bucket("flow", 10)) < 10
        assert sess.run(tf.reduce_join(["a", "b"], separator="-")) == b"a-b"
        assert sess.run(tf.substr("tensor", 1, 3)) == b"ens"
        assert sess.run(tf.decode_base64(tf.encode_base64("flow"))) == b"flow"
        assert sess.run(tf.fft(tf.constant([1, 0], tf.complex64))).tolist() == [1, 1]
        drawn = sess.run(tf.random_gamma([500], 2.0, seed=1))
        assert 1.5 < drawn.mean() < 2.5
        eroded = sess.run(tf.nn.erosion2d(tf.ones([1, 3, 3, 1]), tf.zeros([2, 2, 1]), [1] * 4, [1] * 4, "SAME"))
        assert eroded.shape == (1, 3, 3, 1)


def test_a_huber_loss_that_chooses_for_one_number() -> None:
    def huber_loss(labels: tf.Tensor, predictions: tf.Tensor, delta: float = 14.0) -> tf.Tensor:
        residual = tf.abs(labels - predictions)

        def f1() -> tf.Tensor:
            return 0.5 * tf.square(residual)

        def f2() -> tf.Tensor:
            return delta * residual - 0.5 * tf.square(delta)

        return tf.cond(residual < delta, f1, f2)

    with tf.Session() as sess:
        assert sess.run(huber_loss(tf.constant(1.0), tf.constant(3.0))) == 2.0
        assert sess.run(huber_loss(tf.constant(50.0), tf.constant(10.0))) == 462.0


def test_a_session_that_logs_where_its_nodes_are(caplog: pytest.LogCaptureFixture) -> None:
    with tf.device("/cpu:0"):
        a = tf.constant([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], name="a")
    with caplog.at_level(logging.INFO), tf.Session(config=tf.ConfigProto(log_device_placement=True)) as sess:
        assert sess.run(tf.multiply(a, a)).tolist() == [1.0, 4.0, 9.0, 16.0, 25.0, 36.0]


def test_a_hook_stops_the_training_loop() -> None:
    class StopSoon(tf.train.SessionRunHook):
        def begin(self) -> None:
            self.runs = 0

        def after_run(self, run_context: object, run_values: object) -> None:
            self.runs += 1
            if self.runs >= 3:
                run_context.request_stop()  # type: ignore[attr-defined]

    hook = StopSoon()
    step = tf.assign_add(tf.train.get_or_create_global_step(), 1)
    with tf.train.MonitoredTrainingSession(hooks=[hook]) as sess:
        while not sess.should_stop():
            last = sess.run(step)
    assert (hook.runs, last) == (3, 3)


def test_weights_kept_within_an_arg_scope() -> None:
    @tf.contrib.framework.add_arg_scope
    def conv2d(
        inputs: object, filters: int, padding: str = "VALID", strides: int = 1, scope: str | None = None
    ) -> list:
        return [filters, padding, strides, scope]

    with tf.contrib.framework.arg_scope([conv2d], padding="SAME", strides=4) as sc:
        assert conv2d(None, 64, padding="VALID", scope="conv1") == [64, "VALID", 4, "conv1"]
    with tf.contrib.framework.arg_scope(sc):
        assert conv2d(None, 256, scope="conv2") == [256, "SAME", 4, "conv2"]


def test_a_picture_of_mnist_in_batches() -> None:
    from flowlab.examples.tutorials.mnist import input_data

    mnist = input_data.read_data_sets("MNIST_data/", one_hot=True)
    batch_xs, batch_ys = mnist.train.next_batch(5)
    assert batch_xs.shape == (5, 784)
    assert batch_ys.shape == (5, 10)
    assert mnist.test.images.shape[1] == 784
