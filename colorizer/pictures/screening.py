"""Text, profiles and the like of a size that no sound file has, kept from the decoders.

Decoders read all of it when they open a file, and a few bytes may stand for gigabytes: compressed
text, or pieces of no length at all. The pixels have limits of their own.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from colorizer.pictures.boxes import walk_boxes
from colorizer.pictures.photo import About
from colorizer.pictures.png import walk_chunks

# Bytes of all that a file says of itself, as `exif` allows them of tags. A profile or a maker's
# note takes a megabyte or two.
MOST_BYTES = 8 << 20
# What a piece costs a decoder besides its bytes, in round numbers.
_PIECE = 256
# Chunks of a PNG file: of 8 KB each, as libpng writes them, these are 8 GB.
_MOST_CHUNKS = 1_000_000
# Segments of a JPEG file; those of a long profile and of long XMP are some hundred.
_MOST_SEGMENTS = 50_000
# Bytes in which the numbers of a PNM file's header stand, comments and blanks included.
_PNM_HEADER = 64 << 10

_PNG_COMPRESSED = {b"zTXt", b"iTXt", b"iCCP"}
_PNG_WORDS = {b"tEXt", b"eXIf", b"sPLT", *_PNG_COMPRESSED}
# Markers of JPEG: words of applications, a comment; pixels follow, the picture ends.
_APP, _COM, _SOS, _EOI = range(0xE0, 0xF0), 0xFE, 0xDA, 0xD9
_NO_SEGMENTS = {0, 1, 0xFF, *range(0xD0, 0xD9)}

Piece = tuple[int, int, bool]  # where it begins and ends, and whether it stays


class _Room:
    """How much of what a file says of itself may still come; a profile has room of its own."""

    def __init__(self) -> None:
        self.left = MOST_BYTES

    def takes(self, size: int) -> bool:
        """Tell whether a piece fits; once one doesn't, none does."""
        self.left -= min(self.left, size + _PIECE)
        return self.left > 0


def screen(file: BinaryIO, kind: str) -> BinaryIO | None:
    """Look for more metadata than a sound file has, before a decoder opens the file.

    Parameters
    ----------
    file
        The open file.
    kind
        Its kind: a key of `formats.FORMATS`.

    Returns
    -------
    file or None
        A copy in memory without what is too much; None where all may stay.

    Raises
    ------
    ValueError
        If the file is damaged so that it is not worth opening.
    """
    if kind in ("PNG", "JPEG"):
        return _slimmed(file, _png_pieces(file) if kind == "PNG" else _jpeg_pieces(file))
    if kind in ("HEIC", "AVIF"):
        _check_items(file)
    elif kind == "PNM":
        _check_numbers(file)
    return None


def bounded(about: About) -> About:
    """Leave out what doesn't fit into what a file may say of itself; the profile comes first."""
    room = _Room()
    for name in ("icc_profile", "exif", "iptc", "xmp", "xmp_extension"):
        data: bytes | None = getattr(about, name)
        if data and not room.takes(len(data)):
            about = replace(about, **{name: None})  # type: ignore[arg-type]
    texts = tuple(pair for pair in about.texts if room.takes(len(pair[1])))
    return replace(about, texts=texts)


def _slimmed(file: BinaryIO, pieces: Iterator[Piece]) -> BinaryIO | None:
    """Copy a file without the pieces that don't stay; None if all do."""
    kept, dropped, last = [(0, 0)], False, 0
    for start, end, stays in pieces:
        last = end
        if not stays:
            dropped = True
        elif kept[-1][1] == start:
            kept[-1] = kept[-1][0], end
        else:
            kept.append((start, end))
    if not dropped:
        return None
    file.seek(0)
    data = file.read()
    return io.BytesIO(b"".join([*(data[start:end] for start, end in kept), data[last:]]))


def _png_pieces(file: BinaryIO) -> Iterator[Piece]:
    """Walk through the chunks of a PNG file, inflating no more text than there is room for."""
    words, profile, place = _Room(), _Room(), 8
    yield 0, place, True
    for number, (name, length) in enumerate(walk_chunks(file), 1):
        end = place + 12 + length
        stays = True
        if name in _PNG_WORDS:
            room = profile if name == b"iCCP" else words
            stays = room.takes(length)
            if stays and name in _PNG_COMPRESSED:
                stays = room.takes(_inflated(file.read(length), room.left, name))
        yield place, end, stays
        place = end
        if number == _MOST_CHUNKS:
            raise ValueError("more chunks than a file has")


def _inflated(chunk: bytes, most: int, name: bytes) -> int:
    """Return how long a chunk's compressed text or profile is; where it is too long, `most`."""
    _, _, rest = chunk.partition(b"\0")  # the keyword
    if name == b"iTXt":
        if rest[:1] != b"\1":
            return 0
        # Behind the flag and the method stand two texts, the language and the keyword in it.
        rest = b"\0" + rest[2:].split(b"\0", 2)[-1]
    try:
        return len(zlib.decompressobj().decompress(rest[1:], most))
    except zlib.error:
        return 0  # The decoder can't inflate it either.


def _jpeg_pieces(file: BinaryIO) -> Iterator[Piece]:
    """Walk through the segments of a JPEG file in front of its pixels."""
    words, profile, place = _Room(), _Room(), 2
    yield 0, place, True
    for _ in range(_MOST_SEGMENTS):
        file.seek(place)
        head = file.read(4)
        if len(head) < 4:
            return
        marker = head[1]
        if head[0] != 0xFF or marker in _NO_SEGMENTS:
            # Decoders skip what is between segments, fill bytes, and markers without a segment.
            end = place + (1 if head[0] != 0xFF or marker in (0, 0xFF) else 2)
            yield place, end, True
            place = end
            continue
        if marker in (_SOS, _EOI):
            return
        length = int.from_bytes(head[2:], "big")
        end = place + 2 + length
        room = profile if marker == _APP[2] else words
        yield place, end, not (marker == _COM or marker in _APP) or room.takes(length)
        place = end
    raise ValueError("more segments than a file has")


def _check_items(file: BinaryIO) -> None:
    """Refuse an HEIC or AVIF file whose items share bytes, each of which a decoder reads anew."""
    file.seek(0)
    data = memoryview(file.read())
    for name, meta in walk_boxes(data):
        if name != b"meta":
            continue
        for inner, body in walk_boxes(meta[4:]):
            if inner == b"iloc" and sum(_item_sizes(body, len(data))) > 2 * len(data):
                raise ValueError("items that share bytes")


def _item_sizes(iloc: memoryview, whole: int) -> Iterator[int]:
    """Read how long items are, as ISO 14496-12 has them in the box "iloc"."""
    version, sizes = iloc[0], iloc[4:6]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in (1, 2) else 0
    wide = 2 if version < 2 else 4  # of numbers of items
    place = 6

    def number(size: int) -> int:
        nonlocal place
        place += size
        if place > len(iloc):
            raise ValueError("cut off")
        return int.from_bytes(iloc[place - size : place], "big")

    for _ in range(number(wide)):
        number(wide + (2 if version in (1, 2) else 0) + 2 + base_size)
        for _ in range(number(2)):
            number(index_size + offset_size)
            yield number(length_size) or whole


def _check_numbers(file: BinaryIO) -> None:
    """Refuse a PNM file whose header is long, which Pillow reads letter by letter."""
    file.seek(0)
    head = file.read(_PNM_HEADER)
    wanted = 2 if head[1:2] in b"14" else 3  # width and height, and what is white
    if not re.match(rb"P[1-6]((\s|#[^\r\n]*[\r\n])+\d+){%d}\s" % wanted, head):
        raise ValueError("no header")
