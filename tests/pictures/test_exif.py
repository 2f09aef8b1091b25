"""Tags are read and written byte for byte, as far as a sound file goes."""

from __future__ import annotations

import io
import struct

from support.formats import exif_bytes

from colorizer.pictures.exif import read_tags


def test_values_that_are_the_same_bytes_again_and_again_do_not_fill_the_memory():
    size = 1 << 20
    entries = [struct.pack("<HHII", number, 7, size, 8) for number in range(1, 21)]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    file = io.BytesIO(b"II*\0" + struct.pack("<I", 8 + size) + bytes(size) + directory)
    tags = read_tags(file)
    assert 0 < sum(len(tag.data) for tag in tags.main.values()) <= 8 << 20


def test_exif_is_written_as_it_was_read():
    for order in "<>":
        data = exif_bytes(order)
        assert read_tags(io.BytesIO(data)).to_bytes() == data
