"""Whether a picture file written here is there to its end, at little cost."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from colorizer.files import is_plain
from colorizer.pictures.exif import Tag, read_tags
from colorizer.pictures.formats import HEAD, SUFFIXES, find_kind

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_MOST_BOXES = 100  # of AVIF, at the top; libheif writes three
# Where the strips or tiles of a TIFF's pixels begin, and of how many bytes each is.
_STRIPS, _TILES = (0x0111, 0x0117), (0x0144, 0x0145)
_NUMBERS = {3: "H", 4: "I", 16: "Q"}


def is_whole(path: Path) -> bool:
    """Tell whether a file written by `writing.write_photo` is there, and not cut off.

    What the kinds say of their own length is looked at, and no pixel is decoded.
    """
    if not is_plain(path):
        return False
    try:
        with path.open("rb") as file:
            kind = find_kind(file.read(HEAD))
            if kind != SUFFIXES.get(path.suffix):
                return False
            length = os.fstat(file.fileno()).st_size
            if kind == "TIFF":
                return _has_strips(file, length)
            if kind == "AVIF":
                return _has_boxes(file, length)
            file.seek(0)
            head = file.read(8)
            file.seek(max(0, length - len(_PNG_END)))
            end = file.read()
    except (OSError, ValueError, LookupError, struct.error):
        return False
    if kind == "WEBP":
        return is_whole_webp(head, length)
    return end.endswith(_JPEG_END if kind == "JPEG" else _PNG_END)


def is_whole_webp(data: bytes, length: int) -> bool:
    """Tell by its first bytes whether a WebP of a length is whole."""
    return len(data) >= 8 and struct.unpack("<I", data[4:8])[0] + 8 == length


def _has_boxes(file: BinaryIO, length: int) -> bool:
    """Tell whether the boxes of an AVIF end where it ends."""
    place = 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        size, _, large = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        place += large if size == 1 else size
        if (size < 8 and size != 1) or place >= length:
            break
    return place == length


def _has_strips(file: BinaryIO, length: int) -> bool:
    """Tell whether all pixels of a TIFF lie in it, and all that it says besides."""
    file.seek(0)
    tags = read_tags(file)
    starts, counts = _STRIPS if _STRIPS[0] in tags.main else _TILES
    ends = [
        start + count
        for start, count in zip(
            _numbers(tags.main[starts], tags.order),
            _numbers(tags.main[counts], tags.order),
            strict=True,
        )
    ]
    return not tags.is_cut and 0 < max(ends) <= length


def _numbers(tag: Tag, order: str) -> tuple[int, ...]:
    return struct.unpack(f"{order}{tag.count}{_NUMBERS[tag.type]}", tag.data)
