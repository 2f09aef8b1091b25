"""TIFF files made by hand, byte for byte, so that they can be odd in any way."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BYTE, ASCII, SHORT, LONG, RATIONAL, LONG8 = 1, 2, 3, 4, 5, 16
_CODES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 16: "u8"}


@dataclass
class Page:
    """A picture: its strips or tiles, and what its directory says beside where they stand."""

    parts: list[bytes]
    tags: dict[int, tuple[int, Any]]
    inner: list[Page] = field(default_factory=list)


def tiff_file(*pages: Page, order: str = "<", big: bool = False) -> bytes:
    """Put pages one behind the other: parts first, then directories."""
    word, inline = ("Q", 8) if big else ("I", 4)
    mark = b"II" if order == "<" else b"MM"
    data = bytearray(mark + struct.pack(order + "H", 43 if big else 42))
    data += struct.pack(order + "HHQ", 8, 0, 0) if big else struct.pack(order + "I", 0)

    def put(page: Page, pointer: int | None) -> int:
        """Write a page, point at it from `pointer`, and say where its own pointer stands."""
        inner = [put(child, None) for child in page.inner]
        places = []
        for part in page.parts:
            places.append(len(data))
            data.extend(part + bytes(len(part) % 2))
        tiled = 322 in page.tags
        offset_type = LONG8 if big else LONG
        tags = {
            324 if tiled else 273: (offset_type, places),
            325 if tiled else 279: (LONG, [len(part) for part in page.parts]),
            **({330: (offset_type, inner)} if inner else {}),
            **page.tags,
        }
        tags = {tag: row for tag, row in tags.items() if row is not None}
        rows = b""
        for tag, (type_, values) in sorted(tags.items()):
            numbers = np.atleast_1d(np.asarray(values))
            raw = numbers.astype(order + _CODES[type_]).tobytes()
            count = len(numbers) // (2 if type_ == RATIONAL else 1)
            if len(raw) > inline:
                at = len(data)
                data.extend(raw + bytes(len(raw) % 2))
                raw = struct.pack(order + word, at)
            rows += struct.pack(order + "HH" + word, tag, type_, count) + raw.ljust(inline, b"\0")
        at = len(data)
        data.extend(struct.pack(order + ("Q" if big else "H"), len(tags)) + rows + bytes(inline))
        if pointer is None:
            return at
        data[pointer : pointer + inline] = struct.pack(order + word, at)
        return len(data) - inline

    pointer = 8 if big else 4
    for page in pages:
        pointer = put(page, pointer)
    return bytes(data)


def page_of(array: np.ndarray[Any, Any], order: str = "<", **options: Any) -> Page:
    """Make a page of whole samples, uncompressed: in strips of 7 rows, in tiles, or in planes.

    `options`: `tile`, its side; `planes`; `compress`, a function; `tags`, which go before others.
    """
    array = array[..., None] if array.ndim == 2 else array
    height, width, samples = array.shape
    tile, planes = options.get("tile"), options.get("planes", False)
    compress = options.get("compress", bytes)
    raw = array.astype(array.dtype.newbyteorder(order))
    parts = []
    for plane in [raw[..., i : i + 1] for i in range(samples)] if planes else [raw]:
        if tile:
            down, across = -height % tile, -width % tile
            full = np.pad(plane, ((0, down), (0, across), (0, 0)))
            parts += [
                full[y : y + tile, x : x + tile]
                for y in range(0, height, tile)
                for x in range(0, width, tile)
            ]
        else:
            parts += [plane[y : y + 7] for y in range(0, height, 7)]
    base = 3 if samples >= 3 else 1
    tags: dict[int, tuple[int, Any]] = {
        256: (LONG, width),
        257: (LONG, height),
        258: (SHORT, [array.dtype.itemsize * 8] * samples),
        259: (SHORT, 1),
        262: (SHORT, 2 if base == 3 else 1),
        277: (SHORT, samples),
        284: (SHORT, 2 if planes else 1),
        **({322: (LONG, tile), 323: (LONG, tile)} if tile else {278: (LONG, 7)}),
        **({338: (SHORT, [0] * (samples - base))} if samples > base else {}),
        **options.get("tags", {}),
    }
    return Page([compress(part.tobytes()) for part in parts], tags)
