"""Confusion matrix and wall of mistakes."""

import base64
import io
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import flowlab as tf
from flowlab._src.lab.blending import contrast, ink_on
from flowlab._src.lab.confusion import confusion_matrix
from flowlab._src.lab.drawing import Text
from flowlab._src.lab.mistakes import mistakes
from flowlab._src.lab.svg import stored_png

many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLORS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLORS)
@many
def test_words_can_be_read_on_any_ground(ground):
    assert contrast(ink_on(ground), ground) >= 4.5


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
@many
def test_the_counts_are_those_of_tensorflow(pairs):
    true, said = map(list, zip(*pairs, strict=True))
    with tf.Graph().as_default(), tf.Session() as sess:
        wanted = sess.run(tf.math.confusion_matrix(true, said, num_classes=5))
    found = confusion_matrix(true, said, num_classes=5)
    assert (found.matrix == wanted).all()
    assert found.accuracy == pytest.approx(np.mean(np.equal(true, said)))


def test_labels_come_as_numbers_as_rows_and_as_logits():
    one = confusion_matrix([0, 2, 1], [0, 1, 1])
    two = confusion_matrix(np.eye(3)[[0, 2, 1]], np.array([[9, 1, -3], [0, 2.0, 1], [0, 1, 0]]))
    three = confusion_matrix([[0], [2], [1]], np.array([0.0, 1.0, 1.0]))
    assert (one.matrix == two.matrix).all()
    assert (one.matrix == three.matrix).all()
    assert one.recall.tolist() == [1, 1, 0]
    assert one.precision[:2].tolist() == [1, 0.5]
    assert np.isnan(one.precision[2])


@pytest.mark.parametrize(
    ("labels", "predictions", "options", "words"),
    [
        ([0, 1], [0], {}, "same number; got 2 and 1"),
        ([0, -1], [0, 0], {}, "counted from 0"),
        ([0, 1], [0.2, 1], {}, "got 0.2"),
        ([0, 5], [0, 0], {"num_classes": 3}, "Class 5 occurs"),
        ([0, 1], [0, 0], {"names": ["a"]}, "1 classes|Class 1 occurs"),
        ([0, 1], [0, 0], {"names": ["a"], "num_classes": 2}, "2 classes need 2 names"),
        (np.zeros((2, 2, 2)), [0, 0], {}, "got shape"),
        ([0, 99], [0, 99], {}, "60 is the most"),
    ],
)
def test_what_does_not_fit_is_refused(labels, predictions, options, words):
    with pytest.raises(ValueError, match=words):
        confusion_matrix(labels, predictions, **options)


def test_a_tensor_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match=r"predictions = sess.run"):
        confusion_matrix([0], tf.constant([0]))


def test_names_of_classes_are_text():
    name = "<img src=x onerror=a()>"
    for picture in (
        confusion_matrix([0, 1], [1, 1], names=[name, "b"]),
        mistakes(np.zeros((2, 4, 4)), [0, 1], [1, 1], names=[name, "b"]),
    ):
        assert not [element for element in ET.fromstring(picture.svg()).iter() if element.tag.endswith("img")]


@pytest.mark.parametrize("number", [1, 2, 10, 20, 21, 60])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_words_are_within_the_picture(number, theme):
    from flowlab._src.lab.fonts import text_width

    drawing = confusion_matrix(np.arange(number), np.arange(number), theme=theme, title="digits").drawing()
    for group in drawing.groups:
        for item in group.items:
            if isinstance(item, Text):
                width = text_width(item.text, 13, item.bold)
                left = item.at[0] - {"start": 0, "middle": width / 2, "end": width}[item.anchor]
                assert left >= 0, item
                assert left + width <= drawing.width, item


def test_an_empty_matrix_has_a_picture():
    assert repr(confusion_matrix([], [], num_classes=2)).startswith("confusion matrix, nothing counted")
    ET.fromstring(confusion_matrix([], [], num_classes=2).svg())


def test_the_surest_mistakes_come_first():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [1.0, 0.0]])
    wall = mistakes(np.zeros((4, 784)), [0, 0, 0, 1], p)
    assert wall.indices.tolist() == [3, 1, 2]
    assert mistakes(np.zeros((4, 784)), [0, 0, 0, 1], np.log(p + 1e-9)).indices.tolist() == [3, 1, 2]
    assert mistakes(np.zeros((4, 784)), [0, 0, 0, 1], p.argmax(axis=1)).indices.tolist() == [1, 2, 3]


@pytest.mark.parametrize("shape", [(9, 784), (9, 28, 28), (9, 28, 28, 1), (9, 12, 20, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_in_all_forms(shape, dtype):
    images = (np.random.RandomState(0).rand(*shape) * (255 if dtype == np.uint8 else 1)).astype(dtype)
    wall = mistakes(images, np.zeros(9, int), np.ones(9, int), most=4)
    root = ET.fromstring(wall.svg())
    assert len([element for element in root.iter() if element.tag.endswith("image")]) == 4
    assert "9 of 9 wrong; the first 4 of them" in repr(wall)
    assert wall.png().startswith(b"\x89PNG")


def test_images_of_another_form_are_refused():
    with pytest.raises(ValueError, match=r"got \(2, 5\)"):
        mistakes(np.zeros((2, 5)), [0, 1], [1, 1])
    with pytest.raises(ValueError, match="got 3, 2 and 2"):
        mistakes(np.zeros((3, 4, 4)), [0, 1], [1, 1])
    with pytest.raises(ValueError, match="from 1 to"):
        mistakes(np.zeros((2, 4, 4)), [0, 1], [1, 1], most=0)


def test_no_mistakes_is_a_picture_too():
    assert repr(mistakes(np.zeros((2, 4, 4)), [0, 1], [0, 1])) == "mistakes: 0 of 2 wrong"
    ET.fromstring(mistakes(np.zeros((2, 4, 4)), [0, 1], [0, 1]).svg())


@pytest.mark.parametrize("is_grey", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (300, 400)])
def test_the_stored_png_is_one(shape, is_grey):
    from PIL import Image

    pixels = np.random.RandomState(0).randint(0, 256, (*shape, 1 if is_grey else 3)).astype(np.uint8)
    pixels = np.broadcast_to(pixels, (*shape, 3))
    decoded = np.asarray(Image.open(io.BytesIO(stored_png(pixels))).convert("RGB"))
    assert (decoded == pixels).all()


def test_pictures_in_pictures_fetch_nothing():
    root = ET.fromstring(mistakes(np.zeros((2, 4, 4)), [0, 1], [1, 1]).svg())
    (image,) = [element for element in root.iter() if element.tag.endswith("image")]
    kind, data = image.get("href").split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")
