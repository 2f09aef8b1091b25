"""A TIFF's tiles and strips, decompressed: from bytes to samples, a few at a time.

libvips and Pillow, which both have libtiff, only decompress what Python can't. They get the parts
as strips of a picture of their own, whose directory says no more than how bytes are packed. So no
other tag can make a damage pass for a harmless oddity, nor samples for what they aren't; and what
is damaged in a tile fails as it does in a strip.
"""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from colorizer.pictures import tiff_tags as tags
from colorizer.pictures.opened import image_array
from colorizer.pictures.photo import Pixels
from colorizer.pictures.pixels import Box
from colorizer.pictures.tiff_pages import (
    BYTEWISE,
    JPEG,
    LZMA,
    UNCOMPRESSED,
    ZSTANDARD,
    Page,
    find_parts,
)
from colorizer.pictures.tiff_samples import unpack
from colorizer.pictures.tiff_tags import Directory

_AT_ONCE = 8 << 20  # bytes, decompressed
# Each byte with its bits the other way round.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_CODES = {"u1": 7, "u2": 3, "u4": 4, "u8": 16}
# Tags of the method that are taken over as they are.
_OF_THE_METHOD = {
    **{tags.FILL_ORDER: "u2", tags.T4_OPTIONS: "u4", tags.T6_OPTIONS: "u4"},
    **{tags.SUBSAMPLING: "u2", tags.JPEG_TABLES: "u1"},
}


@dataclass(frozen=True)
class Parts:
    """The tiles or strips of a picture.

    Attributes
    ----------
    directory, page
        The picture's directory, and how it is stored.
    offsets, sizes
        Where each part stands, in bytes, and how many it has: plane by plane, row by row.
    """

    directory: Directory
    page: Page
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def read(self, box: Box) -> Pixels:
        """Read a part of the picture, and nothing of tiles and strips that it doesn't touch.

        Returns
        -------
        numpy.ndarray
            (height, width, samples) uint8 or uint16.
        """
        left, top, width, height = box
        tall, wide = self.page.part_height, self.page.part_width
        columns = range(left // wide, -(-(left + width) // wide))
        last = -(-(top + height) // tall)
        row_bytes = len(columns) * tall * wide * self.page.samples * self.page.bits // 8
        step = max(1, _AT_ONCE // max(1, row_bytes))
        samples = np.empty((0, 0, 0), np.uint8)
        for first in range(top // tall, last, step):
            band = self._band(range(first, min(first + step, last)), columns)
            start = first * tall
            above, begin = max(0, top - start), max(0, start - top)
            aside = left - columns[0] * wide
            band = band[above:, aside : aside + width][: height - begin]
            if len(band) == height:
                return band
            if not begin:
                samples = np.empty((height, width, band.shape[2]), band.dtype)
            samples[begin : begin + len(band)] = band
        return samples

    def _band(self, rows: range, columns: range) -> Pixels:
        """Decompress some rows of parts."""
        page = self.page
        across, down = -(-page.width // page.part_width), -(-page.height // page.part_height)
        planes = []
        for plane in range(page.planes):
            numbers = [(plane * down + y) * across + x for y in rows for x in columns]
            height = page.part_height * len(numbers)
            if not page.tiled:
                height = min(height, page.height - rows[0] * page.part_height)
            planes.append(self._decompress(np.array(numbers), height))
        band = planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)
        if len(columns) > 1:  # Tiles stand one below the other and belong beside each other.
            shape = (len(rows), len(columns), page.part_height, page.part_width, band.shape[2])
            band = band.reshape(shape).swapaxes(1, 2)
            band = band.reshape(len(rows) * page.part_height, -1, band.shape[4])
        return band

    def _decompress(self, numbers: NDArray[np.int64], height: int) -> Pixels:
        """Decompress parts of one plane: (height, width of a part, samples)."""
        page, method, width = self.page, self.page.compression, self.page.part_width
        places, sizes = self.offsets[numbers], self.sizes[numbers]
        if method != UNCOMPRESSED and sizes.sum() > 2 * self.directory.file.length + _AT_ONCE:
            raise ValueError("parts overlap")
        parts = list(map(self.directory.file.at, places.tolist(), sizes.tolist()))
        if method in BYTEWISE:
            rows, row_bytes = page.rows(height), page.row_bytes(width)
            layout = (row_bytes, rows, 8, 1, page.rows(page.part_height))
            if self.directory.number(tags.FILL_ORDER, 1) == 2:
                parts = [part.translate(_REVERSED) for part in parts]
            if method == UNCOMPRESSED:
                data = b"".join(parts)
            elif method in _UNPACKERS:
                most = layout[4] * row_bytes
                data = b"".join([_UNPACKERS[method](part, most) for part in parts])
            else:
                file = self._head(layout, sizes, photometric=1) + b"".join(parts)
                if method == ZSTANDARD:
                    data = TiffImageFile(io.BytesIO(file)).tobytes()
                else:
                    data = image_array(_load(file, "error")).tobytes()
            packed = np.frombuffer(data, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
            return unpack(packed, page, width, height)
        samples = page.samples // page.planes
        photometric = 2 if samples >= 3 else 1
        if method == JPEG and page.photometric == 6 and samples == 3:
            photometric = 6  # libjpeg then makes it RGB.
        layout = (width, height, page.bits, samples, page.part_height)
        head = self._head(layout, sizes, photometric)
        # Damage in these is no more than a warning to libtiff, which makes up what is lost.
        pixels = image_array(_load(head + b"".join(parts), "warning"))
        return pixels[..., None] if pixels.ndim == 2 else pixels

    def _head(
        self,
        layout: tuple[int, int, int, int, int],
        sizes: NDArray[np.int64],
        photometric: int,
    ) -> bytes:
        """Write a BigTIFF's header and directory, for strips that stand behind it.

        Parameters
        ----------
        layout
            Width, height, bits of a sample, samples, and rows of a strip.
        sizes
            Bytes of each strip.
        photometric
            As TIFF numbers it.
        """
        width, height, bits, samples, rows = layout
        fields: dict[int, tuple[str, Any]] = {
            tags.WIDTH: ("u4", width),
            tags.HEIGHT: ("u4", height),
            tags.BITS: ("u2", [bits] * samples),
            tags.COMPRESSION: ("u2", self.page.compression),
            tags.PHOTOMETRIC: ("u2", photometric),
            tags.SAMPLES: ("u2", samples),
            tags.ROWS_PER_STRIP: ("u4", rows),
            tags.STRIP_COUNTS: ("u8", sizes),
            tags.STRIP_OFFSETS: ("u8", np.cumsum(sizes) - sizes),
        }
        if more := samples - (1 if photometric == 1 else 3):
            fields[tags.EXTRA_SAMPLES] = ("u2", [0] * more)
        for tag, code in () if self.page.compression in BYTEWISE else _OF_THE_METHOD.items():
            numbers = self.directory.numbers(tag)
            if numbers is not None and (tag != tags.SUBSAMPLING or photometric == 6):
                fields[tag] = (code, numbers)
        # Of single bytes the order makes no difference, and Pillow doesn't read every kind of
        # BigTIFF of the other one.
        return write_directory("<" if bits == 8 else self.page.order, fields)


def open_parts(directory: Directory, page: Page) -> Parts:
    """Find the tiles or strips of a picture; see `tiff_pages.find_parts`."""
    offsets, sizes = find_parts(directory, page)
    # Of a large strip that isn't compressed, a few rows can be read alone.
    step = page.subsampling[1]
    row_bytes = page.row_bytes(page.width)
    rows = max(1, _AT_ONCE // (row_bytes * step)) * step
    alone = page.compression == UNCOMPRESSED and page.parts == page.planes
    if alone and not page.tiled and rows < page.height:
        page = replace(page, part_height=rows)
        sizes = page.stored_bytes()
        down = page.parts // page.planes
        offsets = (offsets[:, None] + np.arange(down) * page.rows(rows) * row_bytes).ravel()
    return Parts(directory, page, offsets, sizes)


def write_directory(order: str, fields: dict[int, tuple[str, Any]]) -> bytes:
    """Write a BigTIFF's header and one directory.

    Parameters
    ----------
    order
        ``<`` or ``>``.
    fields
        By tag, the NumPy code of a type and the numbers. Those that say where strips stand count
        from the end of what is written.
    """
    start = 16 + 8 + 20 * len(fields) + 8
    values = {tag: np.atleast_1d(np.asarray(numbers)) for tag, (_, numbers) in fields.items()}
    lengths = {tag: len(values[tag]) * int(code[1]) for tag, (code, _) in fields.items()}
    end = start + sum(-(-length // 8) * 8 for length in lengths.values() if length > 8)
    values[tags.STRIP_OFFSETS] = values[tags.STRIP_OFFSETS] + end
    head = (b"II" if order == "<" else b"MM") + struct.pack(
        order + "HHHQQ", 43, 8, 0, 16, len(fields)
    )
    tail = b""
    for tag, (code, _) in sorted(fields.items()):
        data = values[tag].astype(order + code).tobytes()
        head += struct.pack(order + "HHQ", tag, _CODES[code], len(values[tag]))
        if len(data) > 8:
            head += struct.pack(order + "Q", start + len(tail))
            tail += data + bytes(-len(data) % 8)
        else:
            head += data.ljust(8, b"\0")
    return head + bytes(8) + tail


def _inflate(data: bytes, most: int) -> bytes:
    """Decompress deflate up to its end, where a sum of all bytes stands: libtiff stops before."""
    inflater = zlib.decompressobj()
    result = inflater.decompress(data, most + 1)
    if not inflater.eof or len(result) > most:
        raise ValueError("no end")
    return result


def _decompress_lzma(data: bytes, most: int) -> bytes:
    """Decompress LZMA up to its end, likewise, in the memory that its highest level takes."""
    decompressor = lzma.LZMADecompressor(memlimit=256 << 20)
    result = decompressor.decompress(data, most + 1)
    if not decompressor.eof or len(result) > most:
        raise ValueError("no end")
    return result


_UNPACKERS = {8: _inflate, 32946: _inflate, LZMA: _decompress_lzma}


def _load(data: bytes, fail_on: str) -> Any:
    return pyvips.Image.tiffload_buffer(data, access="sequential", fail_on=fail_on)
