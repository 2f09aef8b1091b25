"""JPEG 2000: OpenCV decodes its pixels with all bits; what stands around them is read here."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from colorizer.pictures.boxes import walk_boxes
from colorizer.pictures.opened import image_pixels
from colorizer.pictures.photo import About, Pixels
from colorizer.pictures.pixels import fill_bits
from colorizer.pictures.resolution import METER, dots_per_inch

_CODESTREAM = b"\xff\x4f\xff\x51"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


@dataclass(frozen=True)
class Header:
    """A file's size in pixels, its channels, the bits of a sample, and what it says of itself."""

    width: int
    height: int
    channels: int
    bits: int
    about: About


def read_header(data: bytes) -> Header:
    """Read the header of a JP2 file or of a bare codestream; fails in any way if it is damaged."""
    view = memoryview(data)
    if data.startswith(_CODESTREAM):
        return _read_stream(view, {})
    told: dict[str, Any] = {}
    stream = None
    for name, body in walk_boxes(view):
        if name == b"jp2c" and stream is None:
            stream = body
        elif name == b"jp2h":
            colours = (bytes(inner) for kind, inner in walk_boxes(body) if kind == b"colr")
            told["icc_profile"] = next((c[3:] for c in colours if c[:1] in b"\x02\x03"), None)
            told["dpi"] = _resolution(body)
        elif name == b"uuid":
            field = {_XMP: "xmp", _EXIF: "exif", _IPTC: "iptc"}.get(bytes(body[:16]))
            if field:
                told[field] = bytes(body[16:])
    if stream is None:
        raise ValueError("no codestream")
    return _read_stream(stream, told)


def _read_stream(stream: memoryview, told: dict[str, Any]) -> Header:
    """Read a codestream's size, by which the decoder goes, whatever other boxes say."""
    if stream[:4] != _CODESTREAM:
        raise ValueError("no codestream")
    right, lower, left, upper = (int.from_bytes(stream[i : i + 4], "big") for i in (8, 12, 16, 20))
    channels = int.from_bytes(stream[40:42], "big")
    return Header(right - left, lower - upper, channels, (stream[42] & 127) + 1, About(**told))


def _resolution(header: memoryview) -> tuple[float, float] | None:
    """Read pixels an inch in a header box, as captured or else as meant to be displayed.

    ISO/IEC 15444-1, I.5.3.7: pixels a metre are a fraction times a power of ten, downwards first.
    """
    inner = [body for name, body in walk_boxes(header) if name == b"res "]
    values: dict[bytes, Any] = dict(walk_boxes(inner[0])) if inner else {}
    value = values.get(b"resc", values.get(b"resd", b""))
    if len(value) < 10:
        return None
    y, y_divisor, x, x_divisor, y_power, x_power = struct.unpack(">4H2b", value[:10])
    if not y_divisor or not x_divisor:
        return None
    return dots_per_inch(x / x_divisor * 10.0**x_power, y / y_divisor * 10.0**y_power, METER)


def decode_pixels(data: bytes, header: Header) -> Pixels:
    """Decode the pixels: (H, W) or (H, W, bands) of 8 or 16 bits."""
    pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    bits = header.bits
    if pixels is None and header.channels in (2, 4):
        # OpenCV reads neither grey with alpha nor inks. Pillow does, with 8 bits; the size that it
        # goes by is that of another box.
        image = Jpeg2KImageFile(io.BytesIO(data))
        if image.size == (header.width, header.height):
            return image_pixels(image)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError("not decoded")
    if pixels.ndim == 3:
        order = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[pixels.shape[2]]
        pixels = cv2.cvtColor(pixels, order)
    if pixels.dtype == np.uint16 and 8 < bits < 16:
        pixels = fill_bits(pixels << (16 - bits), bits)
    result: Pixels = pixels
    return result
