"""Kinds of JPEG that few programs write: read right, or named."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image
from support.formats import GREY8, RGB8, as_rgb
from support.pictures import decode_photo, encoded

from colorizer.errors import NotAPictureError
from colorizer.pictures.reading import check_photo

PLAIN = encoded(Image.fromarray(RGB8), "JPEG", quality=98, subsampling=0)


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def lossless(array):
    """Encode losslessly by ITU-T T.81, annex H: differences to the sample on the left."""
    array = array[..., None] if array.ndim == 2 else array
    height, width, channels = array.shape
    values, code = array.astype(int), ""
    for y, x, channel in np.ndindex(array.shape):
        before = values[y, x - 1, channel] if x else values[y - 1, 0, channel] if y else 128
        difference = values[y, x, channel] - before
        size = int(abs(difference)).bit_length()
        code += f"{size:04b}"
        if size:
            code += f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}"
    code += "1" * (-len(code) % 8)
    data = int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\0")
    names = range(1, channels + 1)
    frame = struct.pack(">BHHB", 8, height, width, channels)
    frame += b"".join(bytes([name, 0x11, 0]) for name in names)
    scan = bytes([channels]) + b"".join(bytes([name, 0]) for name in names) + bytes([1, 0, 0])
    table = bytes([0, 0, 0, 0, 9, *[0] * 12, *range(9)])  # nine codes of four bits
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") if channels == 3 else b""
    head = b"\xff\xd8" + adobe + segment(0xC3, frame) + segment(0xC4, table)
    return head + segment(0xDA, scan) + data + b"\xff\xd9"


@pytest.mark.parametrize("array", [GREY8, RGB8], ids=["grey", "RGB"])
def test_lossless_jpeg(array):
    np.testing.assert_array_equal(decode_photo(lossless(array)).rgb, as_rgb(array))


def test_rgb_that_was_never_made_ycbcr():
    data = encoded(Image.fromarray(RGB8), "JPEG", quality=98, keep_rgb=True, subsampling=0)
    assert np.abs(decode_photo(data).rgb.astype(int) - RGB8).mean() < 3


def test_the_second_of_two_channels_is_no_alpha():
    # A frame and two scans, of a channel each.
    grey, other = (
        encoded(Image.fromarray(each), "JPEG", quality=98)
        for each in (GREY8, GREY8.T.copy().reshape(GREY8.shape))
    )

    start = grey.index(b"\xff\xc0")
    height, width = GREY8.shape
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 2) + b"\1\x11\0\2\x11\0")
    size = 2 + int.from_bytes(grey[start + 2 : start + 4], "big")
    second = other[other.index(b"\xff\xda") : -2].replace(
        b"\xff\xda\0\x08\1\1", b"\xff\xda\0\x08\1\2", 1
    )
    data = grey[:start] + frame + grey[start + size : -2] + second + b"\xff\xd9"
    photo = decode_photo(data)
    assert photo.alpha is None
    assert np.abs(photo.rgb.astype(int) - as_rgb(GREY8)).mean() < 2


def changed(place, *numbers):
    """Change bytes of the frame."""
    at = PLAIN.index(b"\xff\xc0") + place
    return PLAIN[:at] + bytes(numbers) + PLAIN[at + len(numbers) :]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (changed(4, 12), "JPEG of 12 bits"),
        (changed(1, 0xC3, 0, 17, 16), "JPEG of 16 bits"),
        (changed(1, 0xC5), "hierarchical JPEG"),
        (changed(1, 0xCB), "lossless JPEG with arithmetic coding"),
        (changed(5, 0, 0), "JPEG that says its height at the end"),
    ],
)
def test_a_kind_that_is_not_read_is_named(data, name):
    with pytest.raises(NotAPictureError, match=f"holds {name}, which can't be read"):
        check_photo(io.BytesIO(data))


def test_what_stands_in_front_of_the_frame_may_be_odd():
    for odd in (b"\xff\xff\xff", segment(0xFE, b"\xff\xc1 in a comment"), segment(0xE5, b"")):
        data = PLAIN[:2] + odd + PLAIN[2:]
        np.testing.assert_array_equal(decode_photo(data).rgb, decode_photo(PLAIN).rgb)
