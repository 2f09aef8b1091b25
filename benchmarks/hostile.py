"""Small files that want much: each is a picture's kind made to crash, fill or hold its reader."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF></x:xmpmeta>'
)


def _picture(kind: str, size: tuple[int, int] = (64, 64), **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, 128).save(file, kind, **options)
    return file.getvalue()


def nested_entities(count: int = 30_000) -> bytes:
    """Make a WebP whose XMP, in UTF-16, has entities in one another (CVE-2024-8176)."""
    entities = '<!ENTITY a0 "x">' + "".join(f'<!ENTITY a{i} "&a{i - 1};">' for i in range(1, count))
    text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [{entities}]>'
    text += _PACKET.format(f"<a>&a{count - 1};</a>")
    return _picture("WEBP", xmp=b"\xfe\xff" + text.encode("utf-16-be"))


def deep_xmp(depth: int = 1500) -> bytes:
    """Make a WebP with elements in one another."""
    return _picture("WEBP", xmp=_PACKET.format("<a>" * depth + "</a>" * depth).encode())


def many_elements(megabytes: int = 18) -> bytes:
    """Make a PNG of few bytes whose XMP has millions of elements."""
    xmp = _PACKET.format('<a b=""/>' * (megabytes * 1_000_000 // 9)).encode()
    return _with_chunks(_itxt(b"XML:com.adobe.xmp", xmp))


def much_text(chunks: int = 20, megabytes: int = 50) -> bytes:
    """Make a PNG of few bytes with a gigabyte of comments."""
    one = _itxt(b"Comment", b"A" * (megabytes * 1_000_000))
    return _with_chunks(*[one] * chunks)


def much_profile(megabytes: int = 200) -> bytes:
    """Make a PNG of few bytes whose colour profile is large."""
    return _with_chunks(_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9)))


def shared_values(tags: int = 200, length: int = 1_000_000) -> bytes:
    """Make a TIFF whose EXIF tags have all of them the same bytes."""
    picture = bytearray(_picture("TIFF"))
    (directory,) = struct.unpack_from("<I", picture, 4)
    (count,) = struct.unpack_from("<H", picture, directory)
    entries = bytes(picture[directory + 2 : directory + 2 + 12 * count])
    values = len(picture)
    picture += b"a" * length
    exif = len(picture)
    picture += struct.pack("<H", tags)
    for tag in range(tags):
        picture += struct.pack("<HHII", 0x1000 + tag, 1, length, values)
    picture += bytes(4)
    struct.pack_into("<I", picture, 4, len(picture))
    picture += struct.pack("<H", count + 1) + entries
    return bytes(picture + struct.pack("<HHII", 0x8769, 4, 1, exif) + bytes(4))


def many_boxes(megabytes: int = 16) -> bytes:
    """Make a JPEG 2000 of boxes that hold nothing."""
    head = bytes.fromhex("0000000c6a5020200d0a870a0000001466747970") + b"jp2 \0\0\0\0jp2 "
    return head + b"\0\0\0\4" * (megabytes * 250_000)


def wide_picture(width: int = 9_999_999, height: int = 15) -> bytes:
    """Make a PNG of few bytes and 150 megapixels in a few rows."""
    rows = zlib.compress(bytes((width + 1) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (_chunk(b"IHDR", header), _chunk(b"IDAT", rows), _chunk(b"IEND", b""))
    )


def cut_off() -> bytes:
    """Make half of a JPEG."""
    data = _picture("JPEG", (2000, 2000))
    return data[: len(data) // 2]


FILES: dict[str, Callable[[], bytes]] = {
    "nested entities": nested_entities,
    "deep XMP": deep_xmp,
    "many elements": many_elements,
    "much text": much_text,
    "much profile": much_profile,
    "shared values": shared_values,
    "many boxes": many_boxes,
    "wide picture": wide_picture,
    "cut off": cut_off,
}


def _with_chunks(*chunks: bytes) -> bytes:
    """Put chunks after a PNG's header."""
    data = _picture("PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def _itxt(keyword: bytes, text: bytes) -> bytes:
    return _chunk(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(text, 9))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
