"""Pixels an inch, as each kind of file states them; where one states none, there are none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from support.formats import FILES, RGB8, opencv
from support.pictures import decode_photo, encoded
from support.tiffs import RATIONAL, SHORT, page_of, tiff_file

IMAGE = Image.fromarray(RGB8)


def exif(across, unit=2, down=None):
    tags = Image.Exif()
    tags[0x011A], tags[0x011B] = across, down or across
    if unit:
        tags[0x0128] = unit
    return tags


def tiff(across, unit, down=(300, 1)):
    tags = {282: (RATIONAL, across), 283: (RATIONAL, down)}
    tags |= {296: (SHORT, unit)} if unit else {}
    return tiff_file(page_of(RGB8, tags=tags), order=">")


def jfif(unit, across, down):
    data = encoded(IMAGE, "JPEG")
    at = data.index(b"JFIF\0") + 7
    return data[:at] + struct.pack(">BHH", unit, across, down) + data[at + 5 :]


def png(unit, across, down):
    data = encoded(IMAGE, dpi=(300, 300))
    body = b"pHYs" + struct.pack(">IIB", across, down, unit)
    at = data.index(b"pHYs")
    return data[:at] + body + struct.pack(">I", zlib.crc32(body)) + data[at + 17 :]


def heif(**options):
    buffer = io.BytesIO()
    pillow_heif.from_pillow(IMAGE).save(buffer, **options)
    return buffer.getvalue()


def jp2(*boxes, exif=b""):
    """Put resolution boxes into a JP2 file: name, x, its divisor and power, and the same of y."""
    data = opencv(RGB8, ".jp2")

    def box(name, body):
        return struct.pack(">I", 8 + len(body)) + name + body

    inner = b""
    for name, (x, x_divisor, x_power), (y, y_divisor, y_power) in boxes:
        inner += box(name, struct.pack(">4H2b", y, y_divisor, x, x_divisor, y_power, x_power))
    at = data.index(b"jp2h") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    header = box(b"jp2h", data[at + 8 : at + size] + (box(b"res ", inner) if boxes else b""))
    return (
        data[:at]
        + header
        + (box(b"uuid", b"JpgTiffExif->JP2" + exif) if exif else b"")
        + data[at + size :]
    )


def bmp(across, down):
    data = bytearray(encoded(IMAGE, "BMP"))
    data[38:46] = struct.pack("<II", across, down)
    return bytes(data)


PRINTED = exif(300).tobytes().removeprefix(b"Exif\0\0")
STATED = {
    "JFIF, inches": (jfif(1, 300, 200), (300, 200)),
    "JFIF, centimetres": (jfif(2, 118, 59), (299.72, 149.86)),
    "JFIF, 1 a millimetre": (jfif(2, 10, 10), (25.4, 25.4)),
    "JFIF, 72": (jfif(1, 72, 72), (72, 72)),
    "JPEG, EXIF": (encoded(IMAGE, "JPEG", exif=exif(300)), (300, 300)),
    "JPEG, EXIF in centimetres": (encoded(IMAGE, "JPEG", exif=exif(100, 3)), (254, 254)),
    "JPEG, EXIF without a unit": (encoded(IMAGE, "JPEG", exif=exif(300, None)), (300, 300)),
    "PNG": (png(1, 11811, 5906), (299.9994, 150.0124)),
    "PNG, 1 a millimetre": (png(1, 1000, 1000), (25.4, 25.4)),
    "PNG, EXIF": (encoded(IMAGE, exif=exif(300)), (300, 300)),
    "TIFF": (tiff((600, 1), 2), (600, 300)),
    "TIFF, no unit is inches": (tiff((6000, 10), None), (600, 300)),
    "TIFF, centimetres": (tiff((10, 1), 3, (20, 1)), (25.4, 50.8)),
    "TIFF, 1 a millimetre": (tiff((254, 10), 2, (254, 10)), (25.4, 25.4)),
    "WebP": (encoded(IMAGE, "WEBP", exif=exif(300)), (300, 300)),
    "AVIF": (encoded(IMAGE, "AVIF", exif=exif(300).tobytes()), (300, 300)),
    "HEIC": (heif(exif=exif(300).tobytes()), (300, 300)),
    "JPEG 2000, captured": (
        jp2((b"resc", (11811, 1, 0), (23622, 4, 0))),
        (299.9994, 149.9997),
    ),
    "JPEG 2000, displayed": (jp2((b"resd", (11811, 100, 2), (11811, 1, 0))), (299.9994, 299.9994)),
    "JPEG 2000, both": (
        jp2((b"resd", (2835, 1, 0), (2835, 1, 0)), (b"resc", (11811, 1, 0), (11811, 1, 0))),
        (299.9994, 299.9994),
    ),
    "JPEG 2000, powers": (jp2((b"resc", (1, 10, 4), (1, 1, 3))), (25.4, 25.4)),
    "JPEG 2000, EXIF": (jp2(exif=PRINTED), (300, 300)),
    "BMP": (bmp(11811, 1000), (299.9994, 25.4)),
}


@pytest.mark.parametrize("name", STATED)
def test_stated_resolution(name):
    data, dpi = STATED[name]
    np.testing.assert_allclose(decode_photo(data).about.dpi, dpi, rtol=2e-6)


UNSTATED = {
    **{name: FILES[name][0] for name in ("JPEG", "PNG RGB", "TIFF", "WebP", "AVIF", "HEIC", "GIF")},
    **{name: FILES[name][0] for name in ("JPEG 2000", "PGM")},
    "JFIF, shape alone": jfif(0, 300, 300),
    "JFIF, none": jfif(1, 0, 0),
    "EXIF, shape alone": encoded(IMAGE, "JPEG", exif=exif(300, 1)),
    "PNG, shape alone": png(0, 300, 300),
    "PNG, none": png(1, 0, 300),
    "TIFF, shape alone": tiff((300, 1), 1),
    "TIFF, an odd unit": tiff((300, 1), 7),
    "TIFF, no number": tiff((300, 0), 2),
    "TIFF, nothing by nothing": tiff((0, 0), 2),
    "TIFF, none": tiff((0, 1), 2),
    "JPEG 2000, no number": jp2((b"resc", (300, 0, 0), (300, 1, 0))),
    "JPEG 2000, a codestream": opencv(RGB8, ".jp2")[
        opencv(RGB8, ".jp2").index(b"\xff\x4f\xff\x51") :
    ],
    "BMP, none": bmp(0, 11811),
}


@pytest.mark.parametrize("name", UNSTATED)
def test_no_resolution_where_none_is_stated(name):
    assert decode_photo(UNSTATED[name]).about.dpi is None
