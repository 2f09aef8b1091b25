"""Picture files into photos: told by their bytes, checked, decoded, turned upright."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from colorizer.errors import (
    N_,
    BrokenPictureError,
    ColorizerError,
    MemoryShortError,
    NotAPictureError,
    OptionError,
    TooLargeError,
)
from colorizer.pictures.decoding import open_picture
from colorizer.pictures.formats import HEAD, RAW_FILE, find_kind, is_raw_file
from colorizer.pictures.opened import OpenPicture
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import (
    Box,
    clip_box,
    is_on_its_side,
    split_planes,
    stored_box,
    turn_upright,
)
from colorizer.pictures.profiles import usable_profile
from colorizer.pictures.screening import bounded, screen
from colorizer.process import LARGE, release_memory

MEGAPIXELS = 150
# The longest side that JPEG can have. A picture a few pixels high of 150 megapixels takes memory
# and time by the length of its rows, far beyond a photograph of as many pixels.
LONGEST_SIDE = 65_535

MEMORY_SHORT = N_("There is not enough memory for this picture. Try a smaller one.")


def check_photo(source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS) -> str:
    """Check a file by its first bytes and its header, before anything is decoded.

    Parameters
    ----------
    source
        A path, or a file open for reading, at its beginning.
    max_megapixels
        How many million pixels it may have.

    Returns
    -------
    str
        Its kind, a key of `formats.FORMATS`, whatever its name says.

    Raises
    ------
    NotAPictureError
        If the bytes are of no kind that is read here.
    BrokenPictureError
        If the header is damaged.
    TooLargeError
        If it has more than `max_megapixels` million pixels, or a side of more than `LONGEST_SIDE`.
    """
    with opened(source, max_megapixels) as picture:
        return picture.kind


def read_photo(
    source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS, box: Box | None = None
) -> Photo:
    """Decode a photo and turn it upright; of several in one file, the first.

    Sixteen bits stay sixteen, grey and RGB pixels stay as they are and keep their profile; CMYK
    becomes sRGB.

    Parameters
    ----------
    source
        A path, or a file open for reading, at its beginning.
    max_megapixels
        How many million pixels the file may have, whatever the part.
    box
        Left, top, width and height of the part that is wanted, in pixels of the upright photo;
        None: all of it. Where the kind of file allows, no more is decoded than is needed.

    Returns
    -------
    Photo
        The photo, or as much of the part as lies in it.

    Raises
    ------
    NotAPictureError, BrokenPictureError, TooLargeError
        As `check_photo`; `NotAPictureError` also if the pixels are floating-point or have 32 bits,
        `BrokenPictureError` if they are cut off or damaged.
    MemoryShortError
        If the memory doesn't hold the pixels.
    OptionError
        If nothing of the part lies in the photo.
    """
    with opened(source, max_megapixels) as picture:
        return read_opened(picture, box)


def read_opened(picture: OpenPicture, box: Box | None = None) -> Photo:
    """Decode a picture that is open, inside of the block of `opened`; see `read_photo`."""
    part = _stored(box, picture) if box else None
    rgb, alpha = split_planes(turn_upright(picture.decode(part), picture.orientation))
    if rgb.nbytes > LARGE:
        release_memory()
    about, dpi = picture.about, picture.about.dpi
    if dpi and is_on_its_side(picture.orientation):
        dpi = dpi[::-1]
    profile = usable_profile(about.icc_profile)
    about = replace(about, icc_profile=profile, dpi=dpi, orientation=picture.orientation)
    return Photo(rgb, alpha, picture.kind, about)


@contextmanager
def opened(source: Path | BinaryIO, max_megapixels: float) -> Iterator[OpenPicture]:
    """Open a file far enough to know its kind and size; whatever decoders raise means damage.

    Parameters, and errors that are raised in its block too, as of `read_photo`.
    """
    path = source if isinstance(source, Path) else None
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        kind = _find_kind(file.read(HEAD))
        try:
            if slim := screen(file, kind):
                file, path = slim, None
            file.seek(0)
            picture = open_picture(file, kind, path)
            _check_size(picture, max_megapixels)
            yield replace(picture, about=bounded(picture.about))
        except ColorizerError:
            raise
        except Exception as error:  # decoders fail on damaged files in any way
            if isinstance(error, MemoryError) or "out of memory" in str(error):
                raise MemoryShortError(MEMORY_SHORT) from error
            raise BrokenPictureError(
                N_(
                    "The picture is cut off or damaged and can't be opened. Try to save or scan it "
                    "again."
                )
            ) from error


def _find_kind(head: bytes) -> str:
    if not head:
        raise NotAPictureError(N_("The file is empty."))
    if is_raw_file(head):
        raise NotAPictureError(RAW_FILE)
    kind = find_kind(head)
    if kind is None:
        raise NotAPictureError(
            N_(
                "This is not a picture that can be read: use JPEG, PNG, TIFF, WebP, AVIF, HEIC, "
                "JPEG 2000, BMP, PGM or GIF."
            )
        )
    return kind


def _check_size(picture: OpenPicture, max_megapixels: float) -> None:
    """Refuse a picture that is over the limits, before anything is decoded."""
    width, height = picture.width, picture.height
    if width * height > max_megapixels * 1e6:
        raise TooLargeError(
            N_(
                "The picture has %(pixels)d megapixels; at most %(limit)d are coloured here. "
                "Scan or save it smaller."
            ),
            pixels=math.ceil(width * height / 1e6),
            limit=max_megapixels,
        )
    if max(width, height) > LONGEST_SIDE:
        raise TooLargeError(
            N_(
                "The picture is %(width)d × %(height)d pixels; at most %(limit)d a side are "
                "coloured here. Cut it into parts."
            ),
            width=width,
            height=height,
            limit=LONGEST_SIDE,
        )


def _stored(box: Box, picture: OpenPicture) -> Box:
    """Find where a part of the upright picture is stored, clipped to the picture."""
    width, height = picture.width, picture.height
    upright = (height, width) if is_on_its_side(picture.orientation) else (width, height)
    box = clip_box(box, *upright)
    if not (box[2] and box[3]):
        raise OptionError(N_("There is no such part of this picture."))
    return stored_box(box, picture.orientation, width, height)
