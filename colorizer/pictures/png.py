"""What stands in front of a PNG's pixels: its resolution, and colours that aren't a profile."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from colorizer.pictures.profiles import make_profile
from colorizer.pictures.resolution import METER, dots_per_inch

# The chunks that are read here, and how many bytes each has.
_SIZES = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"pHYs": 9}
# Of ITU-T H.273: primaries, white first, and the gammas of curves that are plain powers.
_PRIMARIES = {
    1: (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
    9: (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    12: (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 13: None}  # None: the curve of sRGB


def walk_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Walk through the chunks of a PNG file: the name and the length of each.

    The file stands at the chunk's body then, and may be read from.
    """
    place = 8
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        place += 12 + length


def read_png_chunks(file: BinaryIO) -> dict[bytes, bytes]:
    """Read the short chunks in front of a PNG's pixels, by their names; damaged ones are left out.

    Raises ValueError where there are no pixels behind them.
    """
    chunks: dict[bytes, bytes] = {}
    for name, size in walk_chunks(file):
        if name == b"IDAT":
            return chunks
        if _SIZES.get(name) == size:
            body, sum_ = file.read(size), file.read(4)
            if zlib.crc32(name + body).to_bytes(4, "big") == sum_:
                chunks.setdefault(name, body)
    raise ValueError("no pixels")


def png_dpi(chunks: dict[bytes, bytes]) -> tuple[float, float] | None:
    """Read pixels an inch; None where only the shape of pixels is said, or nothing."""
    if b"pHYs" not in chunks:
        return None
    across, down, unit = struct.unpack(">IIB", chunks[b"pHYs"])
    return dots_per_inch(across, down, METER) if unit == 1 else None


def png_profile(chunks: dict[bytes, bytes], profile: bytes | None) -> bytes | None:
    """Find the profile that a PNG's pixels are in.

    Pixels stay as they are, so that luma stays exactly; a profile says what they look like. Of what
    a file says the first that is understood counts, in the order of the PNG specification, third
    edition, section 4.3: cICP, the embedded profile, sRGB, then gAMA and cHRM.

    Parameters
    ----------
    chunks
        From `read_png_chunks`.
    profile
        The embedded profile, or None.
    """
    if b"cICP" in chunks:
        primaries, transfer, matrix, whole_range = chunks[b"cICP"]
        if primaries in _PRIMARIES and transfer in _GAMMAS and (matrix, whole_range) == (0, 1):
            return make_profile(_GAMMAS[transfer], _PRIMARIES[primaries])
    if profile or b"sRGB" in chunks or not {b"gAMA", b"cHRM"} & chunks.keys():
        return profile
    gamma = None
    if b"gAMA" in chunks:
        stored = int.from_bytes(chunks[b"gAMA"], "big")
        # Gammas of 0.1 to 10 are all that pictures have; what is next to 2.2 stands for sRGB.
        if 10_000 <= stored <= 1_000_000 and not 45_000 <= stored <= 46_000:
            gamma = 100_000 / stored
    chromaticities = [n / 100_000 for n in struct.unpack(">8I", chunks.get(b"cHRM", bytes(32)))]
    return make_profile(gamma, tuple(chromaticities))
