"""The shape of pixels written into a Matroska file, which PyAV has no way to hand to FFmpeg."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

# Elements of RFC 9559, by their ids.
_SEGMENT, _TRACKS, _ENTRY, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_WIDTH, _HEIGHT, _UNIT = 0x54B0, 0x54BA, 0x54B2
_CHECKSUM, _VOID = 0xBF, 0xEC
_HEAD = 1 << 20  # bytes in which the tracks are
# The unit in which the sizes are a ratio. They take as much room as the unit and a void do that
# FFmpeg writes: 4 and 11 bytes.
_RATIO, _UNIT_LENGTH, _VOID_LENGTH = 3, 4, 11


@dataclass(frozen=True)
class _Element:
    """An element: its id, where it begins, where its content begins and ends."""

    id: int
    start: int
    body: int
    end: int


def set_pixel_shape(path: Path, width: int, height: int, shape: Fraction) -> bool:
    """Write the shape of pixels into the first track of a Matroska file made by FFmpeg.

    Parameters
    ----------
    path
        The file, just written.
    width, height
        Of its frames, in pixels.
    shape
        Width of a pixel over its height.

    Returns
    -------
    bool
        Whether it could be written: not if the ratio is of numbers beyond 65535, nor if the file
        doesn't have the form that FFmpeg gives it.

    Raises
    ------
    OSError
        If the file can't be read or written.
    """
    ratio = (Fraction(width, height) * shape).limit_denominator(0xFFFF)
    if ratio.numerator > 0xFFFF:
        return False
    with path.open("r+b") as file:
        data = bytearray(file.read(_HEAD))
        tracks = _find(data, 0, len(data), _SEGMENT, _TRACKS)
        entry = tracks and _find(data, tracks.body, tracks.end, _ENTRY)
        video = entry and _find(data, entry.body, entry.end, _VIDEO)
        if not tracks or not entry or not video or video.body - video.start != 2:
            return False
        unit = _find(data, video.body, video.end, _UNIT)
        void = _find(data, video.end, entry.end, _VOID)
        length = video.end - video.body + _VOID_LENGTH
        if (
            unit is None
            or unit.end - unit.start != _UNIT_LENGTH
            or void is None
            or void.end - void.start != _VOID_LENGTH
            or length > 126  # what a size of one byte can say
        ):
            return False
        sizes = struct.pack(">HBB", _UNIT, 0x81, _RATIO)
        sizes += struct.pack(">HBBH", _WIDTH, 0x83, 0, ratio.numerator)
        sizes += struct.pack(">HBH", _HEIGHT, 0x82, ratio.denominator)
        others = data[video.body : unit.start] + data[unit.end : video.end]
        between = data[video.end : void.start]
        grown = bytes([_VIDEO, 0x80 | length]) + others + sizes
        data[video.start : void.end] = grown + between
        checksum = next(_elements(data, tracks.body, tracks.end))
        if checksum.id == _CHECKSUM:
            value = zlib.crc32(data[checksum.end : tracks.end])
            data[checksum.body : checksum.end] = struct.pack("<I", value)
        file.seek(0)
        file.write(data)
    return True


def _find(data: bytearray, start: int, end: int, *ids: int) -> _Element | None:
    """Return the first element of an id, in the first one of the id before, and so on."""
    element = None
    for wanted in ids:
        found = (each for each in _elements(data, start, end) if each.id == wanted)
        element = next(found, None)
        if element is None:
            return None
        start, end = element.body, element.end
    return element


def _elements(data: bytearray, start: int, end: int) -> Iterator[_Element]:
    """Give the elements between two places, as far as the data goes."""
    while start + 2 < min(end, len(data)):
        name_length = _length(data[start])
        size_place = start + name_length
        if size_place + 8 > len(data):
            return
        size_length = _length(data[size_place])
        name = int.from_bytes(data[start:size_place], "big")
        body = size_place + size_length
        size = int.from_bytes(data[size_place:body], "big") & ((1 << (7 * size_length)) - 1)
        yield _Element(name, start, body, body + size)
        start = body + size


def _length(first: int) -> int:
    """Return how many bytes a number has, by its first one."""
    return max(1, 9 - first.bit_length())
