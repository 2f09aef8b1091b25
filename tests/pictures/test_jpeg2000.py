"""JPEG 2000: what stands around the pixels."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from support.formats import FILES, RGB8, profile
from support.pictures import decode_photo

from colorizer.errors import TooLargeError
from colorizer.pictures.exif import Tags


def test_jpeg_2000_with_a_profile_and_words_and_a_lie_about_its_size():
    stream = FILES["JPEG 2000"][0]
    stream = stream[stream.index(b"\xff\x4f\xff\x51") :]

    def box(name, body):
        return (len(body) + 8).to_bytes(4, "big") + name + body

    wide = profile("wide")
    header = box(b"ihdr", struct.pack(">IIHBBBB", 40, 61, 3, 7, 7, 0, 0))
    header += box(b"colr", b"\x02\0\0" + wide)
    data = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", header)
    data += box(b"uuid", b"JpgTiffExif->JP2" + Tags().to_bytes()) + box(b"jp2c", stream)
    photo = decode_photo(data)
    np.testing.assert_array_equal(photo.rgb, RGB8)
    assert photo.about.icc_profile == wide
    assert photo.about.exif == Tags().to_bytes()
    # The decoder believes the codestream, so the limit must too.
    size, lie = b"\xff\x51\0\x2f\0\0\0\0\0\x3d", b"\xff\x51\0\x2f\0\0\xff\xff\0\x3d"
    with pytest.raises(TooLargeError):
        decode_photo(data.replace(size, lie))
