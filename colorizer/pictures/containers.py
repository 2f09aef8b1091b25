"""What a result says of itself, put into each kind of file beside the pixels.

libvips writes none of it: it would pass EXIF through a library that rewrites it and adds a
resolution where none is known.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from colorizer.pictures.iptc import wrap_datasets
from colorizer.pictures.metadata import Metadata
from colorizer.pictures.xmp import extension_id

_MOST_IN_SEGMENT = 65_533  # bytes of a JPEG's segment, without its marker and its length
_XMP_HEAD, _MORE_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_EXIF_HEAD, _PHOTOSHOP_HEAD = b"Exif\0\0", b"Photoshop 3.0\0"
_APP0, _APP1, _APP13, _COM = 0xE0, 0xE1, 0xED, 0xFE
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04  # flags


class Inserting:
    """A file that puts more into the beginning of what an encoder writes into it."""

    def __init__(self, file: BinaryIO, insert: Callable[[bytes], bytes | None]) -> None:
        """Begin.

        Parameters
        ----------
        file
            Where all goes.
        insert
            Gives the beginning as it is to be, of the beginning as the encoder writes it; None
            while that isn't long enough.
        """
        self.file, self.insert = file, insert
        self.head: bytes | None = b""
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Take what the encoder writes; an error is kept, since the encoder can't pass it on."""
        try:
            if self.head is None:
                self.file.write(data)
            elif beginning := self.insert(head := self.head + data):
                self.file.write(beginning)
                self.head = None
            else:
                self.head = head
        except OSError as error:
            self.error = error
            return -1
        return len(data)


def insert_in_jpeg(metadata: Metadata) -> Callable[[bytes], bytes | None]:
    """Return what puts metadata into the beginning of a JPEG: for `Inserting`."""
    segments = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data
        for marker, data in _segments(metadata)
    )
    return lambda head: head[:2] + segments + head[2:] if len(head) > 2 else None


def insert_in_png(metadata: Metadata) -> Callable[[bytes], bytes | None]:
    """Return what puts metadata into the beginning of a PNG: for `Inserting`."""
    chunks = b"".join(_chunk(name, data) for name, data in _chunks(metadata))

    def insert(head: bytes) -> bytes | None:
        kept, place = head[:8], 8
        while place + 8 <= len(head):
            length, name = struct.unpack(">I4s", head[place : place + 8])
            if name == b"IDAT":
                return kept + chunks + head[place:]
            if name != b"pHYs":
                kept += head[place : place + length + 12]
            place += length + 12
        return None

    return insert


def add_to_webp(data: bytes, metadata: Metadata) -> bytes:
    """Put metadata at the end of a WebP, which has a profile and with it the extended form."""
    file = bytearray(data)
    for name, flag, body in (
        (b"EXIF", _WEBP_EXIF, metadata.exif.to_bytes()),
        (b"XMP ", _WEBP_XMP, metadata.xmp or b""),
    ):
        if body:
            file += name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
            file[20] |= flag
    file[4:8] = struct.pack("<I", len(file) - 8)
    return bytes(file)


def set_avif_exif(data: bytes, exif: bytes) -> bytes:
    """Give an AVIF, which has some EXIF, another one: at the end, where its table then points.

    Raises
    ------
    ValueError
        If the file has no item of EXIF.
    """
    file = bytearray(data)
    start, end = _box(file, b"meta", 0, len(file))
    start += 4  # its version and flags
    item = _exif_item(file, *_box(file, b"iinf", start, end))
    body = struct.pack(">I", len(_EXIF_HEAD)) + _EXIF_HEAD + exif
    place = len(file) + 8
    _point(file, _box(file, b"iloc", start, end)[0], item, place, len(body))
    return bytes(file) + struct.pack(">I4s", len(body) + 8, b"mdat") + body


def _segments(metadata: Metadata) -> Iterator[tuple[int, bytes]]:
    unit, x, y = (1, *map(round, metadata.dpi)) if metadata.dpi else (0, 1, 1)
    yield _APP0, b"JFIF\0" + struct.pack(">BBBHHBB", 1, 2, unit, min(x, 65535), min(y, 65535), 0, 0)
    yield _APP1, _EXIF_HEAD + metadata.exif.to_bytes()
    if metadata.xmp:
        yield _APP1, _XMP_HEAD + metadata.xmp
    if more := metadata.xmp_extension:
        name = extension_id(more).encode()
        for place, part in _parts(more, 65_000):
            yield _APP1, _MORE_XMP + name + struct.pack(">II", len(more), place) + part
    for _, part in _parts(wrap_datasets(metadata.iptc) if metadata.iptc else b"", 65_000):
        yield _APP13, _PHOTOSHOP_HEAD + part
    for _, text in metadata.texts:
        for _, part in _parts(text.encode(), _MOST_IN_SEGMENT):
            yield _COM, part


def _parts(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """Cut bytes into parts: where each begins, and its bytes."""
    return ((place, data[place : place + size]) for place in range(0, len(data), size))


def _chunks(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    if metadata.dpi:
        yield b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in metadata.dpi), 1)
    yield b"eXIf", metadata.exif.to_bytes()
    if metadata.xmp:
        yield b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp
    for keyword, text in metadata.texts:
        if text.isascii():
            yield b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode()
        else:
            yield b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _box(file: bytearray, name: bytes, start: int, end: int) -> tuple[int, int]:
    """Find a box: where its content begins and ends."""
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", file[start : start + 8])
        if kind == name:
            return start + 8, start + size
        start += max(size, 8)
    raise ValueError(f"no {name!r}")


def _exif_item(file: bytearray, start: int, end: int) -> int:
    """Find the number of the item that is EXIF, in a table of items (``iinf``)."""
    start += 6 if file[start] == 0 else 8
    while start + 8 <= end:
        size, version = struct.unpack(">I4xB", file[start : start + 9])
        width = 2 if version < 3 else 4
        place = start + 12 + width + 2  # behind the item's number and its protection
        if file[place : place + 4] == b"Exif":
            return int.from_bytes(file[start + 12 : start + 12 + width], "big")
        start += max(size, 8)
    raise ValueError("no EXIF")


def _point(file: bytearray, start: int, item: int, offset: int, length: int) -> None:
    """Point an item to other bytes of the file, in the table of places (``iloc``)."""
    version = file[start]
    sizes = (file[start + 4] >> 4, file[start + 4] & 15, file[start + 5] >> 4, file[start + 5] & 15)
    offset_size, length_size, base_size = sizes[:3]
    index_size = sizes[3] if version else 0
    width = 2 if version < 2 else 4
    count = int.from_bytes(file[start + 6 : start + 6 + width], "big")
    place = start + 6 + width
    for _ in range(count):
        number = int.from_bytes(file[place : place + width], "big")
        place += width + (2 if version else 0) + 2  # number, way of construction, data reference
        base = place
        place += base_size
        extents = int.from_bytes(file[place : place + 2], "big")
        place += 2
        if number == item:
            if extents != 1 or (version and file[base - 3] & 15):
                raise ValueError("EXIF isn't in one piece")
            file[base : base + base_size] = bytes(base_size)
            place += index_size
            file[place : place + offset_size] = offset.to_bytes(offset_size, "big")
            place += offset_size
            file[place : place + length_size] = length.to_bytes(length_size, "big")
            return
        place += extents * (index_size + offset_size + length_size)
    raise ValueError("EXIF is nowhere")
