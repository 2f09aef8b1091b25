"""Photographs as files: told by their bytes, checked, decoded, encoded."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from colorizer.errors import (
    N_,
    BrokenPictureError,
    ColorizerError,
    MemoryShortError,
    NotAPictureError,
    TooLargeError,
)
from colorizer.pictures.decoding import OpenPicture, Pixels, open_picture
from colorizer.pictures.encoding import encode_preview, shrink_pixels, write_picture
from colorizer.pictures.formats import FORMATS, HEAD, find_kind
from colorizer.pictures.metadata import make_metadata, read_tiff_exif
from colorizer.pictures.profiles import usable_profile
from colorizer.process import LARGE, release_memory

MEGAPIXELS = 150
PREVIEW = 2000  # pixels of a preview's longer side, at most

# How pixels are turned upright, by EXIF's number for how they are stored.
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: np.rot90(pixels),
}


@dataclass(frozen=True)
class Photo:
    """A decoded photograph, upright.

    Attributes
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits. May be a read-only view: a grey picture takes one plane.
    alpha
        (H, W) of as many bits, or None where the file has no transparency.
    kind
        The kind of file it came from: a key of `formats.FORMATS`.
    icc_profile
        The RGB profile that its pixels are in; None: sRGB, for all that is known.
    exif, xmp, iptc, dpi
        What else the file says of itself; None where it says nothing.
    pages
        How many pictures the file has. This is the first.
    generator
        What coloured it; None: nothing did.
    """

    rgb: Pixels
    alpha: Pixels | None = None
    kind: str = "PNG"
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    pages: int = 1
    generator: str | None = None

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])


def check_photo(source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS) -> str:
    """Check a file by its first bytes and its header, before anything is decoded.

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
        If it has more than `max_megapixels` million pixels.
    """
    with _opened(source, max_megapixels) as (kind, _):
        return kind


def read_photo(source: Path | BinaryIO, max_megapixels: float = MEGAPIXELS) -> Photo:
    """Decode a photo and turn it upright; of several in one file, the first.

    Sixteen bits stay sixteen, grey and RGB pixels stay as they are and keep their profile; CMYK
    becomes sRGB.

    Raises
    ------
    NotAPictureError, BrokenPictureError, TooLargeError
        As `check_photo`; `NotAPictureError` also if the pixels are floating-point or have 32 bits,
        `BrokenPictureError` if they are cut off or damaged.
    """
    with _opened(source, max_megapixels) as (kind, picture):
        pixels = picture.decode()
        if turn := _TURNS.get(picture.orientation):
            pixels = np.ascontiguousarray(turn(pixels))
        rgb, alpha = split_planes(pixels)
        if rgb.nbytes > LARGE:
            release_memory()
        exif = picture.exif
        if kind == "TIFF":
            with source.open("rb") if isinstance(source, Path) else _rewound(source) as file:
                exif = read_tiff_exif(file)
        return Photo(
            rgb,
            alpha,
            kind=kind,
            icc_profile=usable_profile(picture.icc_profile),
            exif=exif,
            xmp=picture.xmp,
            iptc=picture.iptc,
            dpi=picture.dpi[::-1] if picture.dpi and picture.orientation > 4 else picture.dpi,
            pages=picture.pages,
        )


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
    metadata = make_metadata(
        photo.exif,
        photo.xmp,
        photo.iptc,
        generator=photo.generator,
        keep_gps=keep_gps,
        captions_in_xmp=kind not in ("JPEG", "TIFF"),
    )
    write_picture(photo.rgb, photo.alpha, target, kind, metadata, photo.icc_profile, photo.dpi)


def encode_photo(photo: Photo, kind: str | None = None, *, keep_gps: bool = False) -> bytes:
    """Encode a photo to bytes; see `write_photo`."""
    buffer = io.BytesIO()
    write_photo(photo, buffer, kind, keep_gps=keep_gps)
    return buffer.getvalue()


def preview_photo(photo: Photo, longest: int = PREVIEW) -> bytes:
    """Encode a small WebP of a photo, for pages: few browsers show TIFF, none 150 megapixels."""
    return encode_preview(photo.rgb, photo.alpha, longest, photo.icc_profile)


def shrink_photo(photo: Photo, longest: int = PREVIEW) -> Photo:
    """Shrink a photo to at most `longest` pixels a side; it keeps its colour space and depth."""
    rgb, alpha = shrink_pixels(photo.rgb, photo.alpha, longest)
    return replace(photo, rgb=rgb, alpha=alpha)


def crop_photo(photo: Photo, left: int, top: int, width: int, height: int) -> Photo:
    """Cut a part out of a photo, as far as there is one; it may be empty."""
    part = (slice(top, top + height), slice(left, left + width))
    return replace(
        photo, rgb=photo.rgb[part], alpha=None if photo.alpha is None else photo.alpha[part]
    )


@contextmanager
def _opened(source: Path | BinaryIO, max_megapixels: float) -> Iterator[tuple[str, OpenPicture]]:
    """Open a file far enough to know its kind and size; whatever decoders raise means damage."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(HEAD)
    else:
        head = source.read(HEAD)
        source.seek(0)
    if not head:
        raise NotAPictureError(N_("The file is empty."))
    kind = find_kind(head)
    if kind is None:
        raise NotAPictureError(
            N_(
                "This is not a picture that can be read: use JPEG, PNG, TIFF, WebP, AVIF, HEIC, "
                "JPEG 2000, BMP, PGM or GIF."
            )
        )
    try:
        picture = open_picture(source if isinstance(source, Path) else source.read(), kind)
        try:
            if picture.width * picture.height > max_megapixels * 1e6:
                raise _too_large(picture, max_megapixels)
            yield kind, picture
        finally:
            picture.close()
    except ColorizerError:
        raise
    except Exception as error:  # decoders fail on damaged files in any way
        if isinstance(error, MemoryError) or "out of memory" in str(error):
            raise MemoryShortError(
                N_("There is not enough memory for this picture. Try a smaller one.")
            ) from error
        raise BrokenPictureError(
            N_(
                "The picture is cut off or damaged and can't be opened. Try to save or scan it "
                "again."
            )
        ) from error


def _too_large(picture: OpenPicture, max_megapixels: float) -> ColorizerError:
    return TooLargeError(
        N_(
            "The picture has %(pixels)d megapixels; at most %(limit)d are coloured here. "
            "Scan or save it smaller."
        ),
        pixels=math.ceil(picture.width * picture.height / 1e6),
        limit=max_megapixels,
    )


@contextmanager
def _rewound(source: BinaryIO) -> Iterator[BinaryIO]:
    """Lend a file from its beginning, and don't close it."""
    source.seek(0)
    yield source


def split_planes(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Split pixels of one to four bands into RGB and alpha; neither is a copy."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    bands = pixels.shape[2]
    alpha = pixels[..., -1] if bands in (2, 4) else None
    if bands < 3:
        return np.broadcast_to(pixels[..., :1], (*pixels.shape[:2], 3)), alpha
    return pixels[..., :3], alpha
