"""What stands in front of a JPEG's pixels: its kind, and its resolution."""

from __future__ import annotations

from typing import BinaryIO

from colorizer.errors import NotAPictureError
from colorizer.pictures.resolution import CENTIMETER, INCH, dots_per_inch
from colorizer.pictures.tiff_pages import STORED_OTHERWISE

# The frames of ITU-T T.81, table B.1, that no library here decodes, by their last four bits.
_LOSSLESS_ARITHMETIC, _HIERARCHICAL = {11}, {5, 6, 7, 13, 14, 15}
_NO_FRAMES = {0xC4, 0xC8, 0xCC}  # tables, and one that is reserved
_ENDS = {0xD9, 0xDA}  # of the picture, of what stands in front of the pixels


def read_jpeg_header(file: BinaryIO) -> tuple[float, float] | None:
    """Read a JPEG as far as its frame, or as far as it is in order: its decoder sees to the rest.

    Returns
    -------
    tuple
        Pixels an inch, across and down, as JFIF has them; None where it doesn't say.

    Raises
    ------
    NotAPictureError
        If it is a kind of JPEG that can't be read here.
    """
    dpi = None
    file.seek(2)
    while True:
        marker = file.read(2)
        while marker == b"\xff\xff":  # Markers may be padded.
            marker = b"\xff" + file.read(1)
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in _ENDS:
            return dpi
        if marker[1] == 1 or 0xD0 <= marker[1] <= 0xD8:  # These stand alone.
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        if length < 0:
            return dpi
        body = file.read(min(length, 14))
        if marker[1] == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 12:
            unit = {1: INCH, 2: CENTIMETER}.get(body[7])
            across, down = (int.from_bytes(body[i : i + 2], "big") for i in (8, 10))
            dpi = dots_per_inch(across, down, unit) if unit else None
        elif 0xC0 <= marker[1] <= 0xCF and marker[1] not in _NO_FRAMES and len(body) >= 6:
            _refuse_what_is_not_read(marker[1] & 15, body)
            return dpi
        file.seek(length - len(body), 1)


def _refuse_what_is_not_read(frame: int, body: bytes) -> None:
    name = None
    if frame in _LOSSLESS_ARITHMETIC:
        name = "lossless JPEG with arithmetic coding"
    elif frame in _HIERARCHICAL:
        name = "hierarchical JPEG"
    elif body[0] != 8:
        name = f"JPEG of {body[0]} bits"
    elif body[1:3] == b"\0\0":
        name = "JPEG that says its height at the end"
    if name:
        raise NotAPictureError(STORED_OTHERWISE, name=name)
