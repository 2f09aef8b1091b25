"""Photos into picture files, with what they say of themselves; and small pictures for pages."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pyvips

from colorizer.pictures.encoding import encode
from colorizer.pictures.formats import FORMATS
from colorizer.pictures.metadata import make_metadata
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import PREVIEW, eight_bit_image, lend
from colorizer.pictures.profiles import srgb_profile


def write_photo(
    photo: Photo, target: Path | BinaryIO, kind: str | None = None, *, keep_gps: bool = False
) -> None:
    """Encode a photo, and write what its file said of itself.

    Where `photo.generator` coloured it, the result says so.

    Parameters
    ----------
    photo
        The photo.
    target
        A path, or a file open for writing.
    kind
        ``JPEG`` (quality 95, no chroma subsampling), ``PNG``, ``TIFF``, ``WEBP`` or ``AVIF``; by
        default the kind it came in or the one that `formats.FORMATS` has for it. JPEG has no
        transparency: what is transparent becomes white. JPEG and WebP have 8 bits, AVIF has 10.
    keep_gps
        Whether the place where it was taken may stay.

    Raises
    ------
    TooLargeError
        If it has more pixels in a row than the kind allows.
    OSError
        If it can't be written, as onto a full disk.
    """
    kind = kind or FORMATS[photo.kind].result
    encode(photo, target, kind, make_metadata(photo, kind, keep_gps=keep_gps))


def preview_photo(photo: Photo, longest: int = PREVIEW) -> bytes:
    """Encode a small picture of a photo, for pages: few browsers show TIFF, none 150 megapixels.

    Returns
    -------
    bytes
        A WebP in sRGB, which every browser shows, of at most `longest` pixels a side.
    """
    image = lend(photo)
    profile = photo.about.icc_profile or srgb_profile()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    small = image.thumbnail_image(
        longest, height=longest, size="down", no_rotate=True, output_profile="srgb"
    )
    # The quickest way there is: at 12 megapixels finer ones take as long as the colouring itself.
    data: bytes = eight_bit_image(small).webpsave_buffer(Q=88, effort=0, keep="none")
    return data
