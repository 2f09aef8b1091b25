"""Picture files into pixels: one open file of any kind, its header read, its pixels not yet.

libvips reads most kinds, a strip at a time where the kind allows. It lacks decoders for HEIC
(HEVC's patents), JPEG 2000 and the small old formats: pi-heif, OpenCV and Pillow have them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.PpmImagePlugin import PpmImageFile

from colorizer.errors import N_, NotAPictureError
from colorizer.pictures.photo import About, Pixels
from colorizer.pictures.pixels import Box, crop_pixels, fill_bits
from colorizer.pictures.words import read_words

_LOADERS = {
    "JPEG": "jpegload",
    "PNG": "pngload",
    "TIFF": "tiffload",
    "WEBP": "webpload",
    "AVIF": "heifload",
    "GIF": "gifload",
}


@dataclass(frozen=True)
class OpenPicture:
    """A picture file of which only the header has been read.

    Attributes
    ----------
    kind
        The kind of file: a key of `formats.FORMATS`.
    width, height
        In pixels, as stored.
    decode
        Reads the pixels while the file is open: (H, W) or (H, W, bands) of 8 or 16 bits, CMYK and
        the like made RGB; all of them, or those of a part that lies in the picture as stored.
    about
        What the file says of itself. The profile is that of the decoded pixels, of any kind.
    orientation
        1 to 8, as EXIF counts.
    """

    kind: str
    width: int
    height: int
    decode: Callable[[Box | None], Pixels]
    about: About
    orientation: int = 1


def open_picture(file: BinaryIO, kind: str, path: Path | None) -> OpenPicture:
    """Read the header of a picture file; fails in any way if it is damaged.

    Parameters
    ----------
    file
        The open file, at its beginning.
    kind
        Its kind: a key of `formats.FORMATS`.
    path
        Where the file is, if it has a place: libvips then reads it by itself, as it needs it.
    """
    if kind in _LOADERS:
        return _open_with_vips(file, kind, path)
    if kind == "HEIC":
        return _open_heic(file)
    if kind == "JPEG2000":
        return _open_jpeg2000(file)
    return _open_with_pillow(file, kind)


def _open_with_vips(file: BinaryIO, kind: str, path: Path | None) -> OpenPicture:
    words = read_words(file, kind)
    file.seek(0)
    # Revalidated: libvips may have kept what it read of a file of this name, since changed.
    image: Any = pyvips.Operation.call(
        _LOADERS[kind] + ("" if path else "_buffer"),
        os.fsencode(path) if path else file.read(),
        access="sequential",
        fail_on="error",
        revalidate=True,
    )
    fields = set(image.get_fields())

    def get(name: str) -> Any:
        return image.get(name) if name in fields else None

    profile = get("icc-profile-data")
    # libheif has turned the picture already, whatever its EXIF says.
    orientation = 1 if kind == "AVIF" else get("orientation")
    if words is None:
        words = About(exif=_without_prefix(get("exif-data")), xmp=get("xmp-data"))
    about = replace(
        words,
        icc_profile=None if _is_converted(image) else profile,
        # libvips says 1 pixel a millimetre where the file says nothing.
        dpi=(image.xres * 25.4, image.yres * 25.4) if image.xres not in (0, 1) else None,
        pages=get("n-pages") or 1,
    )
    return OpenPicture(
        kind,
        image.width,
        image.height,
        lambda box: _decode_with_vips(image, profile, box),
        about,
        orientation if orientation in range(1, 9) else 1,
    )


def _decode_with_vips(image: Any, profile: bytes | None, box: Box | None) -> Pixels:
    if image.format not in ("uchar", "ushort"):
        raise NotAPictureError(
            N_(
                "The picture has floating-point or 32-bit pixels, which are not coloured here. "
                "Save it with 8 or 16 bits."
            )
        )
    if box:
        image = image.crop(*box)
    if _is_converted(image):
        image = _to_srgb(image, profile)
    bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    if image.format == "ushort" and 8 < bits < 16:
        image = image | (image >> bits)  # as `fill_bits` does
    if image.bands > 4 or (image.bands == 4 and not image.hasalpha()):
        image = image[:3]
    pixels: Pixels = image.numpy()
    return pixels


def _is_converted(image: Any) -> bool:
    """Tell whether a picture's colour space is neither grey nor RGB."""
    return image.interpretation in ("cmyk", "lab", "labq", "labs", "xyz")


def _to_srgb(image: Any, profile: bytes | None) -> Any:
    """Convert CMYK and the like to sRGB of the same depth."""
    depth = 16 if image.format == "ushort" else 8
    if image.interpretation != "cmyk":
        return image.colourspace("rgb16" if depth == 16 else "srgb")
    if profile:
        try:
            return image.icc_transform("srgb", embedded=True, depth=depth, intent="relative")
        except pyvips.Error:  # a damaged profile is no reason to refuse a picture
            pass
    # Browsers convert inks like this where no profile says which they are.
    white = 65535 if depth == 16 else 255
    light = (white - image[:3]) * (white - image[3]) / white
    light = light.rint().cast(image.format)
    return light.copy(interpretation="rgb16" if depth == 16 else "srgb")


def _open_heic(file: BinaryIO) -> OpenPicture:
    import pi_heif

    heif = pi_heif.open_heif(file, convert_hdr_to_8bit=False)
    picture = heif[heif.primary_index]
    info = picture.info
    about = About(
        icc_profile=info.get("icc_profile"),
        exif=_without_prefix(info.get("exif")),
        xmp=info.get("xmp"),
        pages=len(heif),
    )

    def decode() -> Pixels:
        pixels: Pixels = np.array(picture)  # A copy: the file's own memory goes with the file.
        wide = pixels.dtype == np.uint16
        return fill_bits(pixels, info.get("bit_depth", 8)) if wide else pixels

    return OpenPicture("HEIC", picture.size[0], picture.size[1], _part_of(decode), about)


def _open_jpeg2000(file: BinaryIO) -> OpenPicture:
    from colorizer.pictures import jpeg2000  # It brings OpenCV: 27 MB that no other kind needs.

    data = file.read()
    header = jpeg2000.read_header(data)
    about = replace(header.about, exif=_without_prefix(header.about.exif))

    decode = _part_of(lambda: jpeg2000.decode_pixels(data, header.bits))
    return OpenPicture("JPEG2000", header.width, header.height, decode, about)


def _open_with_pillow(file: BinaryIO, kind: str) -> OpenPicture:
    """Open BMP and PNM."""
    # The classes themselves: `Image.open` has a limit on pixels that is the whole process's.
    image = BmpImageFile(file) if kind == "BMP" else PpmImageFile(file)
    dpi = image.info.get("dpi")
    about = About(dpi=dpi if dpi and min(dpi) > 0 else None)
    decode = _part_of(lambda: image_pixels(image))
    return OpenPicture(kind, image.width, image.height, decode, about)


def _part_of(decode: Callable[[], Pixels]) -> Callable[[Box | None], Pixels]:
    """Make a decoder of parts out of one that can only decode all."""

    def decode_part(box: Box | None) -> Pixels:
        pixels = decode()
        return np.array(crop_pixels(pixels, box)) if box else pixels  # a copy, so that all can go

    return decode_part


def image_pixels(image: Image.Image) -> Pixels:
    """Give the pixels of any Pillow image, at 16 bits where it has more than 8."""
    if image.mode.startswith("I"):
        return np.asarray(image).clip(0, 65535).astype(np.uint16)
    if image.mode == "F":
        raise ValueError("floating-point")
    if image.has_transparency_data:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def _without_prefix(exif: bytes | None) -> bytes | None:
    """Return EXIF as the TIFF structure that it is."""
    return exif.removeprefix(b"Exif\0\0") if exif else None
