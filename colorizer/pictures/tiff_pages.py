"""A TIFF's directories: which of its pictures is meant, how that is stored, where its parts stand.

All numbers of tags, types and methods are those of TIFF 6.0, its technical notes, and libtiff's
list of what others have added.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from colorizer.errors import N_, BrokenPictureError, NotAPictureError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = (
    *(266, 273, 274, 277, 278, 279),
)
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT = 282, 283, 284, 296
T4_OPTIONS, T6_OPTIONS, PREDICTOR, COLOR_MAP = 292, 293, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 332, 338, 339, 347
JPEG_STREAM, JPEG_LENGTH = 513, 514
LUMA_SHARES, SUBSAMPLING, BLACK_AND_WHITE = 529, 530, 532
XMP, IPTC, ICC_PROFILE = 700, 33723, 34675
_SUBFILE, _OLD_SUBFILE, _SUB_IFDS, _DNG_VERSION = 254, 255, 330, 50706

_NONE = 1
_WITH_PREDICTOR = {5, 8, 32946, 34925, 50000}  # LZW, deflate, LZMA, Zstandard
_THEIR_OWN_CHROMA = {6, 7, 50001}  # both JPEGs and WebP
_CFA, _LINEAR_RAW = 32803, 34892
_TYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4"}
_TYPES |= {10: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_RATIONAL = (5, 10)
# What a sound file stays far below.
_MOST_TAGS, _MOST_PAGES, _MOST_SUB_IFDS, _MOST_SAMPLES, _MOST_PARTS = 4096, 10_000, 64, 64, 1 << 21

RAW_FILE = N_("This is a camera's raw file. Develop it to TIFF or JPEG first.")


class Directories:
    """The directories of a TIFF file.

    Raises
    ------
    ValueError
        If the file has no TIFF header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
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
        if not 0 < count <= _MOST_TAGS:
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
        while place and place not in seen and len(seen) < _MOST_PAGES:
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
        unit = int(_TYPES.get(type_, "u0")[1]) * (2 if type_ in _RATIONAL else 1)
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
        if type_ not in _RATIONAL:
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
        if _SUBFILE in self.entries:
            return not self.number(_SUBFILE, 0) & 0b101
        return self.number(_OLD_SUBFILE, 1) != 2

    @property
    def has_pixels(self) -> bool:
        """Whether it says where pixels stand."""
        places = {STRIP_OFFSETS, TILE_OFFSETS, JPEG_STREAM} & self.entries.keys()
        return bool(places) and {WIDTH, HEIGHT} <= self.entries.keys()


@dataclass(frozen=True)
class Choice:
    """The picture that is meant.

    Attributes
    ----------
    directory
        Its directory.
    first
        The file's first directory, which may have words for all of its pictures.
    index
        The picture's place in the chain, from 0; None if it isn't in the chain.
    pages
        How many pictures of full resolution the chain has.
    """

    directory: Directory
    first: Directory
    index: int | None
    pages: int


def choose_picture(file: BinaryIO) -> Choice:
    """Find the first picture of full resolution; if there is none, the largest.

    A first page that says of itself that it is a smaller copy is a thumbnail. Its picture stands
    behind it in the chain, or in directories of its own.

    Raises
    ------
    NotAPictureError
        If it is a camera's raw file.
    ValueError
        If the file has no sound directory.
    """
    candidates: list[tuple[Directory, int | None]] = []
    pages, first = 0, None
    for index, directory in enumerate(Directories(file).chain()):
        first = first or directory
        family: list[tuple[Directory, int | None]] = [(directory, index)]
        family += [(inner, None) for inner in _sub_directories(directory)]
        for member, _ in family:
            if _DNG_VERSION in member.entries or (
                member.number(PHOTOMETRIC, 0) in (_CFA, _LINEAR_RAW)
            ):
                raise NotAPictureError(RAW_FILE)
        candidates += [member for member in family if member[0].has_pixels]
        pages += directory.is_picture and directory.has_pixels
    if not candidates or first is None:
        raise ValueError("no picture")
    whole = next((each for each in candidates if each[0].is_picture), None)
    chosen = whole or max(
        candidates, key=lambda each: each[0].number(WIDTH, 0) * each[0].number(HEIGHT, 0)
    )
    return Choice(chosen[0], first, chosen[1], max(1, pages))


def _sub_directories(directory: Directory) -> Iterator[Directory]:
    places = directory.numbers(_SUB_IFDS)
    for place in [] if places is None else places[:_MOST_SUB_IFDS].tolist():
        try:
            yield directory.file.read(place)[0]
        except ValueError:
            continue


@dataclass(frozen=True)
class Page:
    """How a picture is stored.

    Attributes
    ----------
    order
        ``<`` or ``>``: the byte order.
    width, height
        In pixels.
    bits
        Of a sample, each of the same.
    format
        What samples are: 1 for unsigned integers.
    samples
        How many a pixel has.
    photometric, compression, predictor
        By their numbers.
    separate
        Whether each sample has a plane of its own.
    tiled
        Whether its parts are tiles; else they are strips.
    part_width, part_height
        In pixels, of a tile or a strip.
    subsampling
        How many pixels, across and down, share their chroma; (1, 1) but for YCbCr.
    extra
        What the samples beyond colour are: 0 anything, 1 alpha that is multiplied into the
        colours, 2 alpha.
    """

    order: str
    width: int
    height: int
    bits: int
    format: int
    samples: int
    photometric: int
    compression: int
    predictor: int
    separate: bool
    tiled: bool
    part_width: int
    part_height: int
    subsampling: tuple[int, int]
    extra: tuple[int, ...]

    @property
    def planes(self) -> int:
        """How many planes there are, one after the other."""
        return self.samples if self.separate else 1

    @property
    def parts(self) -> int:
        """How many tiles or strips there are."""
        across, down = -(-self.width // self.part_width), -(-self.height // self.part_height)
        return across * down * self.planes

    def row_bytes(self, width: int) -> int:
        """Count the bytes of a row of samples, or of a row of YCbCr's blocks."""
        across, down = self.subsampling
        if (across, down) != (1, 1):
            return -(-width // across) * (across * down + 2) * self.bits // 8
        return -(-width * self.samples // self.planes * self.bits // 8)

    @property
    def is_packed(self) -> bool:
        """Whether samples are packed otherwise than in whole bytes, one after the other."""
        return self.bits not in (8, 16) or self.subsampling != (1, 1)

    def rows(self, height: int) -> int:
        """Count the rows of samples, or of YCbCr's blocks, of so many rows of pixels."""
        return -(-height // self.subsampling[1])

    def stored_bytes(self) -> NDArray[np.int64]:
        """Count the bytes that each part has uncompressed."""
        down = -(-self.height // self.part_height)
        rows = np.full(down, self.rows(self.part_height), np.int64)
        if not self.tiled:
            rows[-1] = self.rows(self.height - (down - 1) * self.part_height)
        across = self.parts // self.planes // down
        return np.tile(np.repeat(rows * self.row_bytes(self.part_width), across), self.planes)


def describe(directory: Directory) -> Page:
    """Read how a picture is stored; raises ValueError where that makes no sense."""
    width, height = directory.number(WIDTH, 0), directory.number(HEIGHT, 0)
    bits = directory.numbers(BITS)
    depths = [1] if bits is None else bits[:_MOST_SAMPLES].tolist()
    samples = directory.number(SAMPLES, len(depths))
    formats = directory.numbers(SAMPLE_FORMAT)
    kinds = (
        {1}
        if formats is None
        else {1 if each == 4 else each for each in formats[:_MOST_SAMPLES].tolist()}
    )
    tiled = TILE_OFFSETS in directory.entries or TILE_WIDTH in directory.entries
    part_width = directory.number(TILE_WIDTH, 0) if tiled else width
    part_height = directory.number(TILE_HEIGHT if tiled else ROWS_PER_STRIP, 0xFFFFFFFF)
    if not tiled:
        part_height = min(part_height, height)
    if min(width, height, samples, part_width, part_height, *depths) <= 0:
        raise ValueError("no size")
    if samples > _MOST_SAMPLES:
        raise NotAPictureError(STORED_OTHERWISE, name=f"{samples} channels")
    if len(set(depths[:samples])) > 1 or len(kinds) > 1:
        raise NotAPictureError(STORED_OTHERWISE, name="channels of different depths")
    photometric = directory.number(PHOTOMETRIC, 2 if samples >= 3 else 1)
    subsampling = directory.numbers(SUBSAMPLING)
    across, down = (2, 2) if subsampling is None or len(subsampling) < 2 else subsampling[:2]
    compression = directory.number(COMPRESSION, _NONE)
    if photometric != 6 or samples < 3 or compression in _THEIR_OWN_CHROMA:
        across = down = 1
    if {across, down} - {1, 2, 4}:
        raise ValueError("subsampled oddly")
    extra = directory.numbers(EXTRA_SAMPLES)
    return Page(
        order=directory.file.order,
        width=width,
        height=height,
        bits=depths[0],
        format=kinds.pop(),
        samples=samples,
        photometric=photometric,
        compression=compression,
        predictor=directory.number(PREDICTOR, 1) if compression in _WITH_PREDICTOR else 1,
        separate=samples > 1 and directory.number(PLANAR, 1) == 2,
        tiled=tiled,
        part_width=part_width,
        part_height=part_height,
        subsampling=(int(across), int(down)),
        extra=() if extra is None else tuple(extra[:_MOST_SAMPLES].tolist()),
    )


STORED_OTHERWISE = N_(
    "This file holds %(name)s, which can't be read here. Save it again as a plain grey or RGB "
    "picture of 8 or 16 bits."
)


def find_parts(directory: Directory, page: Page) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where a picture's tiles or strips stand, and how many bytes each has.

    Raises
    ------
    BrokenPictureError
        If a part is empty by the directory's own account.
    ValueError
        If one reaches over the end of the file, or is missing.
    """
    offsets = directory.numbers(TILE_OFFSETS if page.tiled else STRIP_OFFSETS)
    if offsets is None and page.tiled:  # Some old writers give tiles the tags of strips.
        offsets = directory.numbers(STRIP_OFFSETS)
    if offsets is None or len(offsets) < page.parts or page.parts > _MOST_PARTS:
        raise ValueError("parts are missing")
    places = offsets[: page.parts].astype(np.int64)
    counts = directory.numbers(TILE_COUNTS if page.tiled else STRIP_COUNTS)
    if counts is None and page.tiled:
        counts = directory.numbers(STRIP_COUNTS)
    stored = page.stored_bytes()
    # Of a single strip, and of any that isn't compressed, the size is known without the tag, which
    # some writers leave out or get wrong.
    if page.compression == _NONE and (counts is None or page.parts == 1):
        sizes = stored
    elif counts is None:
        ends = np.append(np.sort(places), directory.file.length)
        sizes = ends[np.searchsorted(ends, places, "right").clip(max=page.parts)] - places
    elif len(counts) < page.parts:
        raise ValueError("parts are missing")
    else:
        sizes = counts[: page.parts].astype(np.int64)
    if (places == 0).any() or (sizes == 0).any():
        raise BrokenPictureError(
            N_(
                "Parts of this picture are missing: the file says itself that they are empty. "
                "Try to save or scan it again."
            )
        )
    if (places < 0).any() or (sizes < 0).any() or (places + sizes > directory.file.length).any():
        raise ValueError("parts are cut off")
    if page.compression == _NONE and (sizes < stored).any():
        raise ValueError("parts are too short")
    return places, sizes
