"""Which picture of a TIFF file is meant, how it is stored, and where its parts stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from colorizer.errors import N_, BrokenPictureError, NotAPictureError
from colorizer.pictures import tiff_tags as tags
from colorizer.pictures.formats import RAW_FILE
from colorizer.pictures.tiff_tags import Directories, Directory

UNCOMPRESSED, OLD_JPEG, JPEG, WEBP, LZMA, ZSTANDARD = 1, 6, 7, 50001, 34925, 50000
# What compresses bytes, whatever they stand for; also LZW, deflate and PackBits.
BYTEWISE = {UNCOMPRESSED, 5, 8, 32773, 32946, LZMA, ZSTANDARD}
FAX = {2, 3, 4, 32771}
_WITH_PREDICTOR = {5, 8, 32946, LZMA, ZSTANDARD}
# What samples of raw files mean; how Sony, Samsung, Kodak, Nikon and Pentax compress them.
_RAW_SAMPLES = {32803, 34892}
_RAW_METHODS = {32767, 32770, 32867, 34713, 65000, 65535}
# What a sound file stays far below.
_MOST_SUB_IFDS, _MOST_SAMPLES, _MOST_PARTS, _LARGE_TILE = 64, 64, 1 << 21, 64 << 20

STORED_OTHERWISE = N_(
    "This file holds %(name)s, which can't be read here. Save it again as a plain grey or RGB "
    "picture of 8 or 16 bits."
)


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
    first = chosen = None
    place: int | None = None
    pages = 0
    for index, directory in enumerate(Directories(file).chain()):
        first = first or directory
        pages += directory.is_picture and directory.has_pixels
        for each in (directory, *_sub_directories(directory)):
            if _is_raw(each):
                raise NotAPictureError(RAW_FILE)
            if each.has_pixels and (chosen is None or _is_rather_meant(each, chosen)):
                chosen, place = each, index if each is directory else None
    if chosen is None or first is None:
        raise ValueError("no picture")
    return Choice(chosen, first, place, max(1, pages))


def _is_raw(directory: Directory) -> bool:
    return (
        tags.DNG_VERSION in directory.entries
        or directory.number(tags.PHOTOMETRIC, 0) in _RAW_SAMPLES
        or directory.number(tags.COMPRESSION, 0) in _RAW_METHODS
    )


def _is_rather_meant(one: Directory, other: Directory) -> bool:
    """Tell whether a later picture is meant rather than an earlier one."""
    if one.is_picture or other.is_picture:
        return not other.is_picture
    return one.pixels > other.pixels


def _sub_directories(directory: Directory) -> Iterator[Directory]:
    places = directory.numbers(tags.SUB_IFDS)
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
    width, height = directory.number(tags.WIDTH, 0), directory.number(tags.HEIGHT, 0)
    bits = directory.numbers(tags.BITS)
    depths = [1] if bits is None else bits[:_MOST_SAMPLES].tolist()
    samples = directory.number(tags.SAMPLES, len(depths))
    formats = directory.numbers(tags.SAMPLE_FORMAT)
    kinds = (
        {1}
        if formats is None
        else {1 if each == 4 else each for each in formats[:_MOST_SAMPLES].tolist()}
    )
    tiled = tags.TILE_OFFSETS in directory.entries or tags.TILE_WIDTH in directory.entries
    part_width = directory.number(tags.TILE_WIDTH, 0) if tiled else width
    part_height = directory.number(tags.TILE_HEIGHT if tiled else tags.ROWS_PER_STRIP, 0xFFFFFFFF)
    if not tiled:
        part_height = min(part_height, height)
    bytes_ = samples * max(depths) / 8  # of a pixel
    if tiled and part_width * part_height * bytes_ > max(4 * width * height * bytes_, _LARGE_TILE):
        raise ValueError("a tile far larger than its picture")
    if min(width, height, samples, part_width, part_height, *depths) <= 0:
        raise ValueError("no size")
    if samples > _MOST_SAMPLES:
        raise NotAPictureError(STORED_OTHERWISE, name=f"{samples} channels")
    if len(set(depths[:samples])) > 1 or len(kinds) > 1:
        raise NotAPictureError(STORED_OTHERWISE, name="channels of different depths")
    photometric = directory.number(tags.PHOTOMETRIC, 2 if samples >= 3 else 1)
    subsampling = directory.numbers(tags.SUBSAMPLING)
    across, down = (2, 2) if subsampling is None or len(subsampling) < 2 else subsampling[:2]
    compression = directory.number(tags.COMPRESSION, UNCOMPRESSED)
    if photometric != 6 or samples < 3 or compression in (OLD_JPEG, JPEG, WEBP):
        across = down = 1
    if {across, down} - {1, 2, 4}:
        raise ValueError("subsampled oddly")
    extra = directory.numbers(tags.EXTRA_SAMPLES)
    return Page(
        order=directory.file.order,
        width=width,
        height=height,
        bits=depths[0],
        format=kinds.pop(),
        samples=samples,
        photometric=photometric,
        compression=compression,
        predictor=directory.number(tags.PREDICTOR, 1) if compression in _WITH_PREDICTOR else 1,
        separate=samples > 1 and directory.number(tags.PLANAR, 1) == 2,
        tiled=tiled,
        part_width=part_width,
        part_height=part_height,
        subsampling=(int(across), int(down)),
        extra=() if extra is None else tuple(extra[:_MOST_SAMPLES].tolist()),
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
    offsets = directory.numbers(tags.TILE_OFFSETS if page.tiled else tags.STRIP_OFFSETS)
    if offsets is None and page.tiled:  # Some old writers give tiles the tags of strips.
        offsets = directory.numbers(tags.STRIP_OFFSETS)
    if offsets is None or len(offsets) < page.parts or page.parts > _MOST_PARTS:
        raise ValueError("parts are missing")
    places = offsets[: page.parts].astype(np.int64)
    counts = directory.numbers(tags.TILE_COUNTS if page.tiled else tags.STRIP_COUNTS)
    if counts is None and page.tiled:
        counts = directory.numbers(tags.STRIP_COUNTS)
    stored = page.stored_bytes()
    # Of a single strip, and of any that isn't compressed, the size is known without the tag, which
    # some writers leave out or get wrong.
    if page.compression == UNCOMPRESSED and (counts is None or page.parts == 1):
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
    if page.compression == UNCOMPRESSED:
        if (sizes < stored).any():
            raise ValueError("parts are too short")
        sizes = stored
    if sizes.sum() > 16 * directory.file.length + (256 << 20):  # Some may share their bytes.
        raise ValueError("parts overlap")
    return places, sizes
