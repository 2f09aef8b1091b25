"""The boxes that JPEG 2000, HEIC and AVIF files are made of."""

from __future__ import annotations

from collections.abc import Iterator

# A sound file stays far below: a camera's has some hundred, most of them within one another.
_MOST_BOXES = 10_000


def walk_boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Walk through the boxes of a file or of a box: the name and the body of each.

    As ISO 14496-12 and 15444-1 have them: four bytes of length and four of name; a length of 1 is
    followed by the true one in eight bytes, and one of 0 reaches to the end.

    Raises
    ------
    ValueError
        If a length is too small for a box, or there are more than a sound file has.
    """
    place = 0
    for _ in range(_MOST_BOXES):
        if place + 8 > len(data):
            return
        size, start = int.from_bytes(data[place : place + 4], "big"), place + 8
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        end = place + size if size else len(data)
        if end < start:
            raise ValueError("a box that is shorter than its head")
        yield bytes(data[place + 4 : place + 8]), data[start:end]
        place = end
    raise ValueError("more boxes than a file has")
