"""A drawing as SVG text.

The picture must survive everywhere: as an image in JupyterLab (which forbids scripts and links), inline in a web page
beside other pictures (so no ids and no style sheet that could leak), printed, and on a dark page (so it has a
background of its own). Names of operations are whatever a program chose: they enter only as text and attribute values
of an `xml.etree` tree, which escapes them.
"""

import base64
import re
import struct
import zlib
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np

from flowlab._src.lab.drawing import Drawing, Image, Shape, Text
from flowlab._src.lab.fonts import FAMILY
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.settings import settings
from flowlab._src.lab.shapes import Command

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def drawing_svg(drawing: Drawing, zoom: float = 1.0) -> str:
    """Write a drawing as one `<svg>` element.

    The picture shrinks with a narrow page, but not below a zoom of 1, where letters are 13 pixels high.
    """
    width, height = drawing.width, drawing.height
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "flow-picture",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width * zoom:g}",
            "height": f"{height * zoom:g}",
            "style": f"max-width:100%;min-width:{least_width(width, zoom):g}px;height:auto",
            "role": "img",
            "aria-label": clean(drawing.label),
            "font-family": FAMILY,
            "font-size": f"{FONT:g}",
        },
    )
    paper = {"class": "flow-paper", "width": f"{width:g}", "height": f"{height:g}", "fill": drawing.background}
    ET.SubElement(root, "rect", paper | {"rx": "8"})  # a light picture is a card on a dark page
    for group in drawing.groups:
        attributes = {"class": " ".join(f"flow-{role}" for role in group.role.split())}
        attributes |= {f"data-{key}": clean(value) for key, value in group.data.items()}
        element = ET.SubElement(root, "g", attributes)
        for item in group.items:
            if isinstance(item, Shape):
                ET.SubElement(element, "path", shape_attributes(item))
            elif isinstance(item, Image):
                ET.SubElement(element, "image", image_attributes(item))
            else:
                ET.SubElement(element, "text", text_attributes(item)).text = clean(item.text)
        if group.tip:
            ET.SubElement(element, "title").text = clean(group.tip)
    return ET.tostring(root, encoding="unicode")


def least_width(width: float, zoom: float) -> float:
    """Below this width a page scrolls sideways instead of making the letters smaller."""
    return width * min(zoom, 1.4 if settings.projector else 1.0)


def clean(text: str) -> str:
    """`text` without the few characters that no XML document may hold."""
    return NOT_IN_XML.sub("\ufffd", text)


def number(value: float) -> str:
    return f"{round(value, 2):g}"


def path_data(path: Sequence[Command]) -> str:
    """Drawing commands as the `d` of an SVG path."""
    return "".join(letter + " ".join(f"{number(x)},{number(y)}" for x, y in points) for letter, points in path)


def shape_attributes(shape: Shape) -> dict[str, str]:
    attributes = {"class": f"flow-{shape.role}"} if shape.role else {}
    attributes |= {"d": path_data(shape.path), "fill": shape.fill}
    if shape.fill_opacity != 1:
        attributes["fill-opacity"] = number(shape.fill_opacity)
    if shape.opacity != 1:
        attributes["opacity"] = number(shape.opacity)
    if shape.stroke != "none":
        attributes |= {"stroke": shape.stroke, "stroke-width": number(shape.width * settings.lines)}
    if shape.is_round:
        attributes["stroke-linejoin"] = "round"
    if shape.dash:
        attributes["stroke-dasharray"] = " ".join(map(number, shape.dash))
    return attributes


def text_attributes(text: Text) -> dict[str, str]:
    attributes = {"class": f"flow-{text.role}", "x": number(text.at[0]), "y": number(text.at[1]), "fill": text.color}
    if text.anchor != "start":
        attributes["text-anchor"] = text.anchor
    if text.bold:
        attributes["font-weight"] = "bold"
    return attributes


def image_attributes(image: Image) -> dict[str, str]:
    attributes = {"class": "flow-image", "x": number(image.at[0]), "y": number(image.at[1])}
    attributes |= {"width": number(image.size[0]), "height": number(image.size[1]), "preserveAspectRatio": "none"}
    if image.alt:
        attributes |= {"role": "img", "aria-label": clean(image.alt)}
    encoded = base64.b64encode(stored_png(image.pixels)).decode("ascii")
    return attributes | {"style": "image-rendering:pixelated", "href": f"data:image/png;base64,{encoded}"}


def stored_png(pixels: np.ndarray) -> bytes:
    """An RGB array as PNG that is not compressed.

    Stored notebooks are compared letter by letter, and how well zlib compresses differs from version to version. Grey
    pictures take one byte for each pixel.
    """
    height, width = pixels.shape[:2]
    is_grey = bool((pixels == pixels[..., :1]).all())
    rows = pixels[..., 0] if is_grey else pixels.reshape(height, -1)
    data = np.insert(rows, 0, 0, axis=1).tobytes()  # in front of each row: it is not filtered
    pieces = [data[k : k + 65535] for k in range(0, len(data), 65535)]
    blocks = [struct.pack("<BHH", piece is pieces[-1], len(piece), len(piece) ^ 0xFFFF) + piece for piece in pieces]
    stream = b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(data))
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if is_grey else 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", stream), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
