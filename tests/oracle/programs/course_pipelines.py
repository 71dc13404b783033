"""Data that comes from files and queues, sessions that look after themselves, runs in parts, and other plumbing."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from ..record import program
from .course_models import classes, points


@program("values")
def rows_of_csv_files_through_queues(tf: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, f"file{i}.csv") for i in range(2)]
        for i, name in enumerate(names):
            with open(name, "w", encoding="utf-8", newline="\n") as file:
                file.write("length,width,kind\n")
                file.writelines(f"{r + i}.5,{r},{'ab'[r % 2]}\n" for r in range(3))
        filename_queue = tf.train.string_input_producer(names, num_epochs=1, shuffle=False)
        reader = tf.TextLineReader(skip_header_lines=1)
        key, value = reader.read(filename_queue)
        defaults = [[1.0], [0], [""]]
        length, width, kind = tf.decode_csv(value, record_defaults=defaults)
        features = tf.stack([length, tf.to_float(width)])
        batch = tf.train.batch([features, kind, key], batch_size=4, allow_smaller_final_batch=True)
        results = []
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess=sess, coord=coord)
            try:
                while not coord.should_stop():
                    rows, kinds, keys = sess.run(batch)
                    results.append([rows, kinds, [os.path.basename(one).decode() for one in keys]])
            except tf.errors.OutOfRangeError:
                coord.request_stop()
            coord.join(threads)
        return {"shapes": [t.shape.as_list() for t in batch], "results": results}


@program("values")
def records_of_fixed_length_as_images(tf: Any) -> Any:
    """The binary version of CIFAR-10: a label byte, then the picture by channels."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "data_batch.bin")
        with open(name, "wb") as file:
            file.write(bytes((np.arange(5 * 49) * 31 % 256).tolist()))
        queue = tf.train.string_input_producer([name], shuffle=False)
        reader = tf.FixedLengthRecordReader(record_bytes=49)
        _, value = reader.read(queue)
        record = tf.decode_raw(value, tf.uint8)
        label = tf.cast(tf.strided_slice(record, [0], [1]), tf.int32)
        depth_major = tf.reshape(tf.strided_slice(record, [1], [49]), [3, 4, 4])
        image = tf.cast(tf.transpose(depth_major, [1, 2, 0]), tf.float32)
        image = tf.image.per_image_standardization(tf.image.resize_image_with_crop_or_pad(image, 3, 6))
        image.set_shape([3, 6, 3])
        label.set_shape([1])
        images, labels = tf.train.batch([image, label], batch_size=2, capacity=10)
        labels = tf.reshape(labels, [2])
        with tf.Session() as sess:
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess, coord)
            results = [sess.run([images, labels]) for _ in range(3)]
            coord.request_stop()
            coord.join(threads)
        return {"results": results, "shape": images.shape.as_list()}


@program("values")
def examples_written_and_parsed(tf: Any) -> Any:
    def feature(value: Any) -> Any:
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))

    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "out.tfrecord")
        with tf.python_io.TFRecordWriter(name) as writer:
            for i in range(3):
                picture = points(2, 2, shift=i)
                shape = np.array(picture.shape, np.int32).tobytes()
                parts = {"label": feature(i), "shape": feature(shape), "image": feature(picture.tobytes())}
                parts["more"] = feature([0.5] * i)
                writer.write(tf.train.Example(features=tf.train.Features(feature=parts)).SerializeToString())
        read_back = [
            tf.train.Example.FromString(record).features.feature["label"].int64_list.value[0]
            for record in tf.python_io.tf_record_iterator(name)
        ]
        queue = tf.train.string_input_producer([name], shuffle=False, num_epochs=1)
        _, serialized = tf.TFRecordReader().read(queue)
        parsed = tf.parse_single_example(
            serialized,
            features={
                "label": tf.FixedLenFeature([], tf.int64),
                "shape": tf.FixedLenFeature([], tf.string),
                "image": tf.FixedLenFeature([], tf.string),
                "more": tf.VarLenFeature(tf.float32),
                "weight": tf.FixedLenFeature([1], tf.float32, default_value=[7.0]),
            },
        )
        shape = tf.decode_raw(parsed["shape"], tf.int32)
        image = tf.reshape(tf.decode_raw(parsed["image"], tf.float32), shape)
        wanted = [image, parsed["label"], tf.sparse_tensor_to_dense(parsed["more"]), parsed["weight"]]
        results = []
        with tf.Session() as sess:
            sess.run([tf.local_variables_initializer(), tf.global_variables_initializer()])
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess, coord)
            try:
                while True:
                    results.append(sess.run(wanted))
            except tf.errors.OutOfRangeError as error:
                message = "is closed and has insufficient elements" in str(error)
            finally:
                coord.request_stop()
                coord.join(threads)
        return {"read back": read_back, "results": results, "message": message}


@program("values")
def own_queue_with_a_runner(tf: Any) -> Any:
    data = tf.constant(points(6, 2))
    labels = tf.constant(classes(6, 3))
    queue = tf.FIFOQueue(capacity=8, dtypes=[tf.float32, tf.int64], shapes=[[2], []])
    enqueue = queue.enqueue_many([data, labels])
    one, label = queue.dequeue()
    three, three_labels = queue.dequeue_many(3)
    runner = tf.train.QueueRunner(queue, [enqueue])
    logits = tf.matmul(three, tf.constant(points(2, 3)))
    loss = tf.losses.sparse_softmax_cross_entropy(three_labels, logits)
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = runner.create_threads(sess, coord=coord, start=True)
        results = [sess.run([one, label]), sess.run([loss, three]), sess.run([loss, three_labels])]
        coord.request_stop()
        sess.run(queue.close(cancel_pending_enqueues=True))
        coord.join(threads)
        return {"results": results, "stopped": coord.should_stop()}


@program("values")
def monitored_training_with_hooks_and_decay(tf: Any) -> Any:
    x = tf.constant(points(8, 3), name="x")
    y = tf.constant(points(8, 1, shift=5), name="y")
    w = tf.get_variable("w", [3, 1], initializer=tf.zeros_initializer())
    loss = tf.losses.mean_squared_error(y, tf.matmul(x, w))
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.inverse_time_decay(0.5, global_step, 2, 0.3)
    step = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step)
    events = []

    class Recorder(tf.train.SessionRunHook):
        def begin(self) -> None:
            events.append("begin")

        def before_run(self, run_context: Any) -> Any:
            return tf.train.SessionRunArgs({"loss": loss, "rate": rate})

        def after_run(self, run_context: Any, run_values: Any) -> None:
            events.append(run_values.results["loss"])

        def end(self, session: Any) -> None:
            events.append(session.run(global_step))

    hooks = [tf.train.StopAtStepHook(last_step=5), tf.train.NanTensorHook(loss), Recorder()]
    with tf.train.MonitoredTrainingSession(hooks=hooks) as sess:
        while not sess.should_stop():
            sess.run(step)
    return {"events": events, "finalized": tf.get_default_graph().finalized}


@program("values")
def steps_of_a_run_in_parts(tf: Any) -> Any:
    state = tf.placeholder(tf.float32, [3], name="state")
    action = tf.placeholder(tf.int32, [], name="action")
    reward = tf.placeholder(tf.float32, [], name="reward")
    w = tf.Variable(points(3, 2), name="w")
    values = tf.reshape(tf.matmul(tf.expand_dims(state, 0), w), [-1])
    best = tf.argmax(values)
    loss = tf.square(values[action] - reward)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.control_dependencies([step]):
        done = tf.identity(loss)
    trace = []
    with tf.Session() as sess:
        sess.run(w.initializer)
        for i in range(3):
            handle = sess.partial_run_setup([values, best, done], [state, action, reward])
            seen, chosen = sess.partial_run(handle, [values, best], {state: points(1, 3, shift=i)[0]})
            trace.append([seen, chosen, sess.partial_run(handle, done, {action: chosen, reward: 1.0})])
        trace.append(sess.run(w))
    return trace


@program("values")
def pictures_distorted_with_seeds(tf: Any) -> Any:
    tf.set_random_seed(87654)
    picture = tf.constant((np.arange(8 * 9 * 3) * 37 % 256).reshape(8, 9, 3).astype(np.uint8))
    image = tf.image.convert_image_dtype(picture, tf.float32)
    cropped = tf.random_crop(image, [5, 6, 3])
    flipped = tf.image.random_flip_left_right(cropped)
    bright = tf.image.random_brightness(flipped, max_delta=0.25)
    contrast = tf.image.random_contrast(bright, lower=0.2, upper=1.8)
    saturated = tf.clip_by_value(tf.image.random_saturation(image, 0.5, 1.5, seed=2), 0.0, 1.0)
    resized = tf.image.resize_images(image, [4, 4], method=tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    boxed = tf.image.crop_to_bounding_box(image, 1, 2, 3, 4)
    shown = tf.image.convert_image_dtype(boxed, tf.uint8, saturate=True)
    gray = tf.image.rgb_to_grayscale(boxed)
    with tf.Session() as sess:
        return sess.run([cropped, contrast, saturated, resized, shown, gray, tf.image.rot90(gray)])


@program("values")
def control_dependencies_decide_what_is_seen(tf: Any) -> Any:
    counter = tf.Variable(0, name="counter")
    limit = tf.constant(3)
    add = tf.assign_add(counter, 1)
    outside = counter + 0
    with tf.control_dependencies([add]):
        read = tf.identity(counter)
        times = counter * 10
        late = tf.no_op(name="late")
    check = tf.Assert(tf.less(counter, limit), [counter, "too many"], summarize=1)
    with tf.control_dependencies([check]):
        guarded = tf.identity(counter)
    printed = tf.Print(guarded, [guarded], message="", first_n=0)
    trace = []
    with tf.Session() as sess:
        sess.run(counter.initializer)
        trace.append(sess.run([read, times]))
        trace.append([sess.run(late), sess.run(outside), sess.run(printed)])
        sess.run(add.op)
        try:
            sess.run(guarded)
        except tf.errors.InvalidArgumentError as error:
            trace.append("assertion failed" in str(error))
    return trace


@program("values")
def vocabulary_and_buckets(tf: Any) -> Any:
    words = tf.constant(["the", "cat", "sat", "the", "mat", "zebra"])
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(["the", "cat", "mat"], tf.constant([0, 1, 2], tf.int64)), 2
    )
    ids = table.lookup(words)
    unique, index, count = tf.unique_with_counts(words)
    split = tf.string_split(["the cat sat", "on the mat"])
    padded = tf.sparse_tensor_to_dense(split, default_value="<pad>")
    joined = tf.reduce_join(padded, 1, separator="_")
    buckets = tf.string_to_hash_bucket_fast(words, 7)
    lengths = tf.strings.length(words)
    pairs = tf.string_join([words[:-1], words[1:]], separator=" ")
    numbers = tf.string_to_number(["1.5", "-2"])
    with tf.Session() as sess:
        sess.run(tf.tables_initializer())
        return sess.run(
            [
                ids,
                unique,
                index,
                count,
                padded,
                joined,
                buckets,
                lengths,
                pairs,
                numbers,
                tf.substr(words, 0, 1),
                tf.as_string(count),
                tf.regex_replace(words, "a", "o"),
            ]
        )


@program("values")
def session_options_and_several_graphs(tf: Any) -> Any:
    graphs = []
    for factor in (2.0, 3.0):
        graph = tf.Graph()
        with graph.as_default():
            x = tf.placeholder(tf.float32, [None], name="x")
            v = tf.Variable(factor, name="v")
            tf.multiply(x, v, name="y")
            graphs.append((graph, tf.global_variables_initializer()))
    config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    config.gpu_options.allow_growth = True
    results = []
    for graph, init in graphs:
        with tf.Session(graph=graph, config=config) as sess:
            sess.run(init)
            results.append(sess.run("y:0", {"x:0": [1.0, 2.0]}))
            y = graph.get_tensor_by_name("y:0")
            run = sess.make_callable(y, [graph.get_operation_by_name("x").outputs[0]])
            results.append(run([4.0]))
            results.append([y.op.type, [t.op.name for t in y.op.inputs], y.consumers() == []])
    sess = tf.InteractiveSession()
    a = tf.constant([[1.0, 2.0]])
    results.append([tf.matmul(a, a, transpose_b=True).eval(), tf.get_default_session() is sess])
    sess.close()
    return results


@program("values")
def one_graph_described_and_imported(tf: Any) -> Any:
    with tf.Graph().as_default() as first:
        x = tf.placeholder(tf.float32, [None, 3], name="input")
        w = tf.constant(points(3, 2), name="w")
        tf.nn.softmax(tf.matmul(x, w), name="output")
        definition = first.as_graph_def()
    text = [node.name for node in definition.node]
    replaced = tf.constant(points(2, 3, shift=9), name="new_input")
    (output,) = tf.import_graph_def(
        definition, input_map={"input:0": replaced}, return_elements=["output:0"], name="net"
    )
    twice = tf.import_graph_def(definition, return_elements=["output:0", "input:0"], name="again")
    frozen = tf.graph_util.extract_sub_graph(definition, ["w"])
    with tf.Session() as sess:
        values = sess.run([output, twice[0]], {twice[1]: points(2, 3)})
    return {"nodes": text, "names": [output.name, twice[0].name], "values": values, "sub": len(frozen.node)}


@program("values")
def accumulators_wait_for_gradients(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    x = tf.placeholder(tf.float32, [2], name="x")
    gradient = tf.gradients(tf.reduce_sum(tf.square(w * x)), w)[0]
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[2], shared_name="acc")
    apply_op = accumulator.apply_grad(gradient, local_step=0)
    average = accumulator.take_grad(2)
    update = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(average, w)])
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(apply_op, {x: [1.0, 0.0]})
        sess.run(apply_op, {x: [0.0, 2.0]})
        held = sess.run(accumulator.num_accumulated())
        sess.run(update)
        return [held, sess.run(w)]
