"""Pictures as training data: decoded, cut, turned, coloured at random, compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.image_files import FULL_JPEG, JPEG, PNG

from ..record import program

PICTURE = (np.arange(12 * 10 * 3) * 53 % 256).reshape(12, 10, 3).astype(np.uint8)
BATCH = np.stack([PICTURE, PICTURE[::-1], PICTURE // 2]).astype(np.float32) / 255


@program("graph", "values")
def decoded_and_brought_to_one_size(tf: Any) -> Any:
    pictures = []
    for contents in (JPEG, FULL_JPEG):
        image = tf.image.decode_jpeg(tf.constant(contents), channels=3)
        image = tf.image.resize_images(image, [16, 16])
        image.set_shape([16, 16, 3])
        pictures.append(image / 255.0)
    return tf.stack(pictures)


@program("values")
def encoded_and_decoded_again(tf: Any) -> Any:
    lossless = tf.image.decode_png(tf.image.encode_png(PICTURE))
    lossy = tf.image.decode_jpeg(tf.image.encode_jpeg(PICTURE, quality=90, chroma_downsampling=False))
    difference = tf.abs(tf.cast(lossy, tf.int32) - tf.cast(lossless, tf.int32))
    return {"same": tf.reduce_all(tf.equal(lossless, PICTURE)), "lost": tf.reduce_max(difference), "lossy": lossy}


@program("values")
def the_sizes_of_a_file(tf: Any) -> Any:
    contents = tf.constant(JPEG)
    return {
        "is a jpeg": [tf.image.is_jpeg(contents), tf.image.is_jpeg(PNG)],
        "shape": tf.image.extract_jpeg_shape(contents),
    }


def distorted(tf: Any, image: Any) -> Any:
    """The distortions of the old CIFAR-10 tutorial."""
    image = tf.cast(image, tf.float32)
    image = tf.random_crop(image, [8, 8, 3])
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, max_delta=63)
    return tf.image.random_contrast(image, lower=0.2, upper=1.8)


@program("values", factor=5)
def distorted_for_training(tf: Any) -> Any:
    tf.set_random_seed(4)
    image = tf.image.per_image_standardization(distorted(tf, tf.constant(PICTURE)))
    with tf.Session() as sess:
        return np.stack([sess.run(image) for _ in range(4)])


@program("skeleton")
def graph_of_distortions(tf: Any) -> None:
    distorted(tf, tf.placeholder(tf.uint8, [12, 10, 3]))


@program("values", factor=5)
def colours_at_random(tf: Any) -> Any:
    tf.set_random_seed(11)
    image = tf.image.convert_image_dtype(PICTURE, tf.float32)
    image = tf.image.random_brightness(image, max_delta=32.0 / 255)
    image = tf.image.random_saturation(image, lower=0.5, upper=1.5)
    image = tf.image.random_hue(image, max_delta=0.2)
    image = tf.image.random_contrast(image, lower=0.5, upper=1.5)
    image = tf.clip_by_value(image, 0.0, 1.0)
    with tf.Session() as sess:
        return np.stack([sess.run(image) for _ in range(3)])


@program("values", factor=5)
def whole_numbers_at_random(tf: Any) -> Any:
    tf.set_random_seed(3)
    image = tf.placeholder(tf.uint8, [None, None, 3])
    image_2 = tf.image.random_flip_up_down(tf.image.random_saturation(image, 0.4, 1.6))
    image_3 = tf.image.random_jpeg_quality(image_2, 40, 90)
    with tf.Session() as sess:
        return [sess.run([image_2, image_3], {image: PICTURE}) for _ in range(3)]


@program("graph", "values")
def evaluated_in_the_middle(tf: Any) -> Any:
    image = tf.placeholder(tf.float32, [12, 10, 3])
    central = tf.image.central_crop(image, central_fraction=0.875)
    central = tf.expand_dims(central, 0)
    resized = tf.image.resize_bilinear(central, [6, 6], align_corners=False)
    result = (tf.squeeze(resized, [0]) - 0.5) * 2.0
    with tf.Session() as sess:
        return sess.run(result, {image: BATCH[0]})


@program("graph", "values")
def a_random_box_cut_out(tf: Any) -> Any:
    image = tf.constant(BATCH[0])
    boxes = tf.constant([[[0.2, 0.1, 0.8, 0.9]]])
    begin, size, box = tf.image.sample_distorted_bounding_box(
        tf.shape(image), boxes, seed=5, min_object_covered=0.3, area_range=(0.2, 1.0), max_attempts=50
    )
    drawn = tf.image.draw_bounding_boxes(tf.expand_dims(image, 0), box)
    cut = tf.slice(image, begin, size)
    cut.set_shape([None, None, 3])
    return {"box": box, "drawn": drawn, "resized": tf.image.resize_images(cut, [4, 4], method=1)}


@program("graph", "values")
def boxes_chosen_and_cut_out(tf: Any) -> Any:
    boxes = tf.constant([[0.1, 0.1, 0.6, 0.6], [0.15, 0.1, 0.6, 0.65], [0.4, 0.5, 1.0, 0.9], [0.0, 0.0, 0.2, 0.3]])
    scores = tf.constant([0.6, 0.9, 0.75, 0.2])
    chosen = tf.image.non_max_suppression(boxes, scores, max_output_size=3, iou_threshold=0.5, score_threshold=0.3)
    kept = tf.gather(boxes, chosen)
    which = tf.zeros_like(chosen)
    crops = tf.image.crop_and_resize(tf.constant(BATCH[:1]), kept, which, [3, 3])
    return {"chosen": chosen, "crops": crops}


@program("graph", "values")
def a_smooth_image_by_descent(tf: Any) -> Any:
    noisy = tf.constant(BATCH[:1, :6, :6])
    image = tf.Variable(noisy, name="image")
    loss = tf.reduce_sum(tf.square(image - noisy)) + 0.1 * tf.reduce_sum(tf.image.total_variation(image))
    train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return np.array([sess.run([loss, train])[0] for _ in range(5)])


@program("graph", "values")
def gradients_through_resizing(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [3, 12, 10, 3])
    small = tf.image.resize_bilinear(x, [5, 7], align_corners=True)
    large = tf.image.resize_nearest_neighbor(small, [9, 8])
    smooth = tf.image.resize_bicubic(large, [6, 6])
    loss = tf.reduce_sum(tf.square(smooth))
    grad = tf.gradients(loss, x)[0]
    with tf.Session() as sess:
        return sess.run([loss, grad], {x: BATCH})


@program("values", factor=5)
def how_much_was_lost(tf: Any) -> Any:
    waves = np.tile(np.stack([127 + 90 * np.sin(np.arange(24) / 3 + k) for k in range(3)], -1), (24, 1, 1))
    original = tf.constant(waves.astype(np.uint8))
    results = {}
    for quality in (10, 50, 90):
        lossy = tf.image.decode_jpeg(tf.image.encode_jpeg(original, quality=quality))
        results[f"psnr {quality}"] = tf.image.psnr(original, lossy, max_val=255)
        results[f"ssim {quality}"] = tf.image.ssim(original, tf.ensure_shape(lossy, [24, 24, 3]), max_val=255)
    return results


@program("graph", "values")
def colour_spaces(tf: Any) -> Any:
    x = tf.constant(BATCH[0, :3, :4])
    return {
        "grey": tf.image.rgb_to_grayscale(x),
        "grey again": tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(x)),
        "hsv": tf.image.rgb_to_hsv(x),
        "back": tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(x)),
        "yuv": tf.image.rgb_to_yuv(x),
        "back from yiq": tf.image.yiq_to_rgb(tf.image.rgb_to_yiq(x)),
    }


@program("graph", "values")
def edges(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 12, 10, 3])
    dy, dx = tf.image.image_gradients(x)
    found = {"sobel": tf.image.sobel_edges(x), "dy": dy, "dx": dx, "mirrored": tf.image.flip_left_right(x)}
    with tf.Session() as sess:
        return sess.run(found, {x: BATCH})
