"""The small pictures that pages show in place of a photo's files."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from pathlib import Path

from PIL import Image

from colorizer.coloring.colorize import apply_prediction
from colorizer.coloring.prediction import Prediction
from colorizer.files import read_plain
from colorizer.library.records import AFTER, BEFORE
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import PREVIEW, shrink_photo
from colorizer.pictures.pool import PicturePool
from colorizer.pictures.whole import is_whole_webp

THUMBNAIL_PIXELS = 480  # of the longer side
LONGEST = 64 << 20  # bytes of a small picture's file, far beyond any
REMEMBERED = 4  # small photos in memory, of 12 or 24 MB at most


class SmallPhotos:
    """The photos that were looked at last, shrunk: who tries something out looks again and again.

    Any number of threads may call.
    """

    def __init__(self) -> None:
        self._photos: OrderedDict[str, Photo] = OrderedDict()
        self._changing = threading.Lock()

    def find(self, id: str) -> Photo | None:
        """Return a photo, by its id; None if it isn't among them."""
        with self._changing:
            if id in self._photos:
                self._photos.move_to_end(id)
            return self._photos.get(id)

    def remember(self, id: str, small: Photo) -> None:
        """Remember a photo; the one that was looked at longest ago is forgotten for it."""
        with self._changing:
            self._photos[id] = small
            while len(self._photos) > REMEMBERED:
                self._photos.popitem(last=False)

    def clear(self) -> None:
        """Forget them all: those that were deleted, and those that nobody looks at any more."""
        with self._changing:
            self._photos.clear()


def render_preview(
    file: str,
    small: Photo,
    prediction: Prediction | None,
    strength: int,
    pictures: PicturePool,
) -> bytes:
    """Make one of a photo's small pictures.

    Parameters
    ----------
    file
        `records.BEFORE`, `records.AFTER`, which is in full colour, or `records.THUMBNAIL`.
    small
        The photo, shrunk.
    prediction, strength
        How it was coloured; nothing of it is needed for `records.BEFORE`.
    pictures
        What encodes it.
    """
    if prediction is None or file == BEFORE:
        return pictures.preview_photo(small)
    if file == AFTER:
        return pictures.preview_photo(apply_prediction(small, prediction))
    tiny = shrink_photo(small, THUMBNAIL_PIXELS)
    return pictures.preview_photo(apply_prediction(tiny, prediction, strength))


def read_preview(path: Path) -> bytes | None:
    """Read a small picture; None if it is missing or cut off."""
    try:
        data = read_plain(path, LONGEST)
    except OSError:
        return None
    return data if is_whole_webp(data, len(data)) else None


def blend_previews(before: bytes, after: bytes, strength: int) -> bytes:
    """Blend the small picture of an original with one in full colour.

    Raises
    ------
    OSError, ValueError
        If one of them is damaged.
    """
    with Image.open(io.BytesIO(before)) as grey, Image.open(io.BytesIO(after)) as colour:
        if max(*grey.size, *colour.size) > PREVIEW:
            raise ValueError("no small picture")
        blended = Image.blend(grey.resize(colour.size), colour, strength / 100)
    file = io.BytesIO()
    blended.save(file, "WEBP", quality=88, method=0)
    return file.getvalue()
