"""What a picture file says of itself in words, read from its segments, chunks, tags or blocks.

libvips passes on some of it, with JPEG's second part of XMP, comments and further segments of IPTC
missing, and IPTC in TIFF with swapped bytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from colorizer.pictures.exif import DESCRIPTIVE, IPTC, PHOTOSHOP, XMP, Tags, read_tags
from colorizer.pictures.iptc import decode_text, has_datasets
from colorizer.pictures.photo import About
from colorizer.pictures.png import walk_chunks
from colorizer.pictures.xmp import extension_id

# What a sound file stays far below: bytes of all its words together, once inflated, and parts.
_MOST_BYTES, _MOST_EXTENSION = 8 << 20, 4 << 20
_MOST_PARTS, _MOST_BLOCKS, _MOST_TEXTS = 200_000, 1_000_000, 1_000
_XMP_HEAD, _MORE_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_EXIF_HEAD, _PHOTOSHOP_HEAD = b"Exif\0\0", b"Photoshop 3.0\0"
_APP1, _APP13, _COM, _SCAN, _END = 0xE1, 0xED, 0xFE, 0xDA, 0xD9
_FAILURE = 1 << 20  # bytes that a text takes of the room for all if it can't be inflated
_COMMENT = "Comment"
_RAW_PROFILE = "Raw profile type "  # ImageMagick's, in hexadecimal figures, of times before eXIf


def read_words(file: BinaryIO, kind: str) -> About | None:
    """Read what a file says of itself, apart from its pixels; None if its kind isn't known here.

    Words that are damaged, or more than there can be in a sound file, are left out.

    Parameters
    ----------
    file
        Open for reading, anywhere.
    kind
        A key of `formats.FORMATS`.
    """
    readers = {"JPEG": _read_jpeg, "PNG": _read_png, "TIFF": read_tiff_words, "GIF": _read_gif}
    return readers[kind](file) if kind in readers else None


def _read_jpeg(file: BinaryIO) -> About:
    exif: list[bytes] = []
    photoshop: list[bytes] = []
    xmp = b""
    comments: list[str] = []
    extensions: dict[bytes, dict[int, bytes]] = {}
    lengths: dict[bytes, int] = {}
    for marker, body in _jpeg_segments(file):
        if marker == _COM:
            comments.append(decode_text(body))
        elif marker == _APP13:
            photoshop.append(body.removeprefix(_PHOTOSHOP_HEAD))
        elif body.startswith(_EXIF_HEAD):
            part = body.removeprefix(_EXIF_HEAD)
            if not exif or part[:2] not in (b"II", b"MM"):  # longer EXIF goes on in the next one
                exif.append(part)
        elif body.startswith(_XMP_HEAD):
            xmp = xmp or body.removeprefix(_XMP_HEAD)
        elif body.startswith(_MORE_XMP):
            rest = body.removeprefix(_MORE_XMP)
            name, place = rest[:32], int.from_bytes(rest[36:40], "big")
            lengths[name] = int.from_bytes(rest[32:36], "big")
            extensions.setdefault(name, {}).setdefault(place, rest[40:])
    names = [name for name in extensions if name in xmp]
    return About(
        exif=b"".join(exif) or None,
        xmp=xmp or None,
        xmp_extension=_joined(extensions[names[0]], lengths[names[0]], names[0]) if names else None,
        iptc=b"".join(photoshop) or None,
        texts=_texts((_COMMENT, comment) for comment in comments),
    )


def _joined(parts: dict[int, bytes], length: int, name: bytes) -> bytes | None:
    """Join the parts of extended XMP; None if any is missing or other than its sum says."""
    data = b"".join(parts[place] for place in sorted(parts))
    ends = [place + len(part) for place, part in sorted(parts.items())]
    if [0, *ends[:-1]] != sorted(parts) or not len(data) == length <= _MOST_EXTENSION:
        return None
    return data if extension_id(data).encode() == name else None


def _jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Walk through the segments before the first scan that have words."""
    room = _MOST_BYTES
    file.seek(2)
    for _ in range(_MOST_PARTS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_SCAN, _END):
            return
        if head[1] in (0xFF, 1, *range(0xD0, 0xD8)):  # fill bytes, markers without a segment
            file.seek(-3 if head[1] == 0xFF else -2, 1)
            continue
        size = int.from_bytes(head[2:], "big") - 2
        if head[1] in (_APP1, _APP13, _COM) and 0 < size <= room:
            room -= size
            yield head[1], file.read(size)
        else:
            file.seek(max(size, 0), 1)


def _read_png(file: BinaryIO) -> About:
    found: dict[str, bytes] = {}
    texts: list[tuple[str, str]] = []
    for keyword, text in _png_texts(file):
        if keyword == "XML:com.adobe.xmp":
            found.setdefault("xmp", text)
        elif keyword == "eXIf":
            found["exif"] = text
        elif keyword.startswith(_RAW_PROFILE):
            name = keyword.removeprefix(_RAW_PROFILE).strip().lower()
            data = _from_hex(text)
            if data.startswith(_XMP_HEAD):
                name, data = "xmp", data.removeprefix(_XMP_HEAD)
            name = {"app1": "exif", "8bim": "iptc"}.get(name, name)
            found.setdefault(name, data.removeprefix(_EXIF_HEAD))
        else:
            texts.append((keyword, decode_text(text)))
    return About(
        exif=found.get("exif"),
        xmp=found.get("xmp"),
        iptc=found.get("iptc"),
        texts=_texts(texts),
    )


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Walk through the texts and EXIF of a PNG, inflated as far as there is room."""
    room = _MOST_BYTES
    for name, length in islice(walk_chunks(file), _MOST_PARTS):
        if name == b"IEND":
            return
        if name not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf") or length > room:
            continue
        data = file.read(length)
        if name == b"eXIf":
            keyword, text = b"eXIf", data.removeprefix(_EXIF_HEAD)
        else:
            keyword, _, text = data.partition(b"\0")
            deflated = name == b"zTXt" or text[:1] == b"\1"
            if name == b"iTXt":
                text = (text[2:].split(b"\0", 2) + [b""] * 2)[2]
            else:
                text = text[1:] if name == b"zTXt" else text
            if deflated and name != b"tEXt":
                text = _inflated(text, room)
                room -= 0 if text else _FAILURE
        room -= len(text) + len(keyword)
        if room < 0:
            return
        if text:
            yield keyword.decode("latin-1"), text


def _inflated(data: bytes, room: int) -> bytes:
    """Inflate a text; nothing if it is damaged or longer than there is room."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, room + 1)
    except zlib.error:
        return b""
    return text if inflater.eof and len(text) <= room else b""


def _from_hex(text: bytes) -> bytes:
    """Read a profile as ImageMagick writes it: a name, a length, figures in lines."""
    lines = text.strip().split(b"\n", 2)
    try:
        return bytes.fromhex(lines[2].decode()) if len(lines) == 3 else b""
    except ValueError:
        return b""


def read_tiff_words(file: BinaryIO, place: int | None = None) -> About:
    """Read what a TIFF file says of itself, or of the picture whose directory is at `place`.

    What that directory doesn't say counts as it stands in the first.
    """
    try:
        tags = read_tags(file)
        if place is not None:
            own = read_tags(file, place)
            tags.main |= own.main
            tags.inner |= own.inner
    except (ValueError, struct.error):
        return About()
    main = tags.main
    kept = {number: tag for number, tag in main.items() if number in DESCRIPTIVE}
    exif = Tags(tags.order, kept, tags.inner).to_bytes() if kept or tags.inner else None
    blobs = {n: main[n].data for n in (XMP, IPTC, PHOTOSHOP) if n in main}
    iptc = blobs.get(IPTC)
    if not has_datasets(iptc):
        iptc = blobs.get(PHOTOSHOP)
    return About(exif=exif, xmp=blobs.get(XMP), iptc=iptc)


def _read_gif(file: BinaryIO) -> About:
    file.seek(0)
    data = io.BytesIO(file.read())
    data.seek(10)
    _skip_colors(data, 2)
    xmp: bytes | None = None
    comments: list[str] = []
    budget = iter(range(_MOST_BLOCKS))
    while next(budget, None) is not None and (mark := data.read(1)):
        if mark == b",":  # a picture, with its own colours and the size of its codes
            data.seek(8, 1)
            _skip_colors(data, 1)
            _skip_blocks(data, budget)
        elif mark != b"!":
            break
        elif (label := data.read(1)) == b"\xfe":
            comments.append(decode_text(b"".join(_blocks(data, budget))))
        elif label == b"\xff" and data.read(12) == b"\x0bXMP DataXMP":
            place = data.tell()
            _skip_blocks(data, budget)  # A table behind XMP leads any reader of blocks to its end.
            xmp = xmp or bytes(data.getbuffer()[place : max(data.tell() - 258, place)])
        else:
            _skip_blocks(data, budget)
    return About(xmp=xmp, texts=_texts((_COMMENT, comment) for comment in comments))


def _skip_colors(data: io.BytesIO, more: int) -> None:
    """Skip a table of colours, if the next byte says that there is one, and what is before it."""
    flags = (data.read(1) or b"\0")[0]
    data.seek(more + (3 << (flags & 7) + 1 if flags & 0x80 else 0), 1)


def _blocks(data: io.BytesIO, budget: Iterator[int]) -> Iterator[bytes]:
    """Give the blocks of a GIF up to the empty one; none any more once there were too many."""
    while (size := data.read(1)) and size != b"\0" and next(budget, None) is not None:
        yield data.read(size[0])


def _skip_blocks(data: io.BytesIO, budget: Iterator[int]) -> None:
    for _ in _blocks(data, budget):
        pass


def _texts(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give texts, each once, of keywords that a PNG can have, as many as a sound file has."""
    texts: dict[tuple[str, str], None] = {}
    room = _MOST_BYTES
    for keyword, text in pairs:
        room -= len(text)
        if 0 < len(keyword) < 80 and text.strip() and room >= 0 and len(texts) < _MOST_TEXTS:
            texts[keyword, text] = None
    return tuple(texts)
