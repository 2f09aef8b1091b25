"""A TIFF's directories and their tags, for whatever the pixels depend on.

The numbers of tags and types are those of TIFF 6.0 and of libtiff's list of what others have added.
What words a file has is read elsewhere, byte for byte, in `exif`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

SUBFILE, OLD_SUBFILE, SUB_IFDS, DNG_VERSION = 254, 255, 330, 50706
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT = 282, 283, 284, 296
T4_OPTIONS, T6_OPTIONS, PREDICTOR, COLOR_MAP = 292, 293, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 332, 338, 339, 347
JPEG_STREAM, JPEG_LENGTH, LUMA_SHARES, SUBSAMPLING, BLACK_AND_WHITE = 513, 514, 529, 530, 532
ICC_PROFILE = 34675

# NumPy's codes of the types; fractions have two numbers.
_TYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4"}
_TYPES |= {10: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_FRACTIONS = (5, 10)
# What a sound file stays far below: tags of a directory, and of all of them.
_MOST_TAGS, _MOST_TAGS_OF_ALL = 4096, 200_000


class Directories:
    """The directories of a TIFF file.

    Raises
    ------
    ValueError
        If the file has no TIFF header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.count = 0  # of the tags that have been read
        self.length = file.seek(0, 2)
        file.seek(0)
        head = file.read(16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self.order or len(head) < 16:
            raise ValueError("no TIFF header")
        self.big = struct.unpack(self.order + "H", head[2:4])[0] == 43
        place = head[8:16] if self.big else head[4:8]
        self.first = self.integers("u8" if self.big else "u4", place)[0]

    def integers(self, code: str, data: bytes) -> list[int]:
        """Read numbers in the file's byte order."""
        numbers: list[int] = np.frombuffer(data, self.order + code).tolist()
        return numbers

    def at(self, place: int, length: int) -> bytes:
        """Read bytes; raises ValueError where they reach over the end of the file."""
        if place < 0 or place + length > self.length:
            raise ValueError("outside of the file")
        self.file.seek(place)
        return self.file.read(length)

    def read(self, place: int) -> tuple[Directory, int]:
        """Read a directory, and where the next of its chain stands; 0 behind the last."""
        word, size, inline = ("u8", 20, 8) if self.big else ("u4", 12, 4)
        width = 8 if self.big else 2
        (count,) = self.integers("u8" if self.big else "u2", self.at(place, width))
        self.count += count
        if not 0 < count <= _MOST_TAGS or self.count > _MOST_TAGS_OF_ALL:
            raise ValueError("no directory")
        rows = self.at(place + width, count * size)
        kind = np.dtype(
            [
                ("tag", self.order + "u2"),
                ("type", self.order + "u2"),
                ("count", self.order + word),
                ("value", f"V{inline}"),
            ]
        )
        entries: dict[int, tuple[int, int, bytes]] = {}
        for tag, type_, items, value in np.frombuffer(rows, kind).tolist():
            entries.setdefault(tag, (type_, items, value))
        end = place + width + count * size
        following = (
            self.integers(word, self.at(end, inline)) if end + inline <= self.length else [0]
        )
        return Directory(self, place, entries), following[0]

    def chain(self) -> Iterator[Directory]:
        """Walk through the chain of directories, as far as it is sound."""
        place, seen = self.first, set[int]()
        while place and place not in seen:
            seen.add(place)
            try:
                directory, place = self.read(place)
            except ValueError:
                if len(seen) == 1:
                    raise
                return
            yield directory


@dataclass(frozen=True)
class Directory:
    """One directory: type, count and the field itself by tag."""

    file: Directories
    place: int
    entries: dict[int, tuple[int, int, bytes]]

    def data(self, tag: int) -> bytes | None:
        """Read a tag's bytes; None where there is no such tag or they reach over the end."""
        if tag not in self.entries:
            return None
        type_, count, field = self.entries[tag]
        unit = int(_TYPES.get(type_, "u0")[1]) * (2 if type_ in _FRACTIONS else 1)
        length = unit * count
        if length <= len(field):
            return field[:length] or None
        (place,) = self.file.integers(f"u{len(field)}", field)
        try:
            return self.file.at(place, length)
        except ValueError:
            return None

    def numbers(self, tag: int) -> NDArray[Any] | None:
        """Read a tag's numbers, fractions as quotients; None as `data`."""
        data = self.data(tag)
        if data is None:
            return None
        type_ = self.entries[tag][0]
        numbers = np.frombuffer(data, self.file.order + _TYPES[type_])
        if type_ not in _FRACTIONS:
            return numbers
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients: NDArray[Any] = numbers[::2] / numbers[1::2]
        return quotients

    def number(self, tag: int, default: int) -> int:
        """Read a tag's first number."""
        numbers = self.numbers(tag)
        return default if numbers is None else int(numbers[0])

    @cached_property
    def is_picture(self) -> bool:
        """Whether it is a picture of full resolution, neither a smaller copy nor a mask."""
        if SUBFILE in self.entries:
            return not self.number(SUBFILE, 0) & 0b101
        return self.number(OLD_SUBFILE, 1) != 2

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return self.number(WIDTH, 0) * self.number(HEIGHT, 0)

    @property
    def has_pixels(self) -> bool:
        """Whether it says where pixels stand."""
        places = {STRIP_OFFSETS, TILE_OFFSETS, JPEG_STREAM} & self.entries.keys()
        return bool(places) and {WIDTH, HEIGHT} <= self.entries.keys()
