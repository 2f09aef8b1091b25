"""Picture files into pixels: one open file of any kind, its header read, its pixels not yet.

libvips reads most kinds, a strip at a time where the kind allows; TIFF, whose pixels may be stored
in any way, has modules of its own. libvips' wheels lack decoders for HEIC (HEVC's patents), JPEG
2000 and the small old formats: pi-heif, OpenCV and Pillow have them.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips
from PIL.BmpImagePlugin import BmpImageFile
from PIL.PpmImagePlugin import PpmImageFile

from colorizer.pictures.jpeg import read_jpeg_header
from colorizer.pictures.opened import OpenPicture, image_array, image_pixels, part_of
from colorizer.pictures.photo import About, Pixels
from colorizer.pictures.pixels import Box, fill_bits
from colorizer.pictures.png import png_dpi, png_profile, read_png_chunks
from colorizer.pictures.profiles import inks_to_srgb
from colorizer.pictures.resolution import exif_dpi
from colorizer.pictures.tiff import open_tiff
from colorizer.pictures.words import read_words

_LOADERS = {
    "JPEG": "jpegload",
    "PNG": "pngload",
    "WEBP": "webpload",
    "AVIF": "heifload",
    "GIF": "gifload",
}
# What libjpeg warns of though no pixel is lost; whatever else it or the decoder of GIF warns of is
# damage. PNG's decoder warns of much that is no damage, and fails at what is.
_HARMLESS = re.compile(
    r"\b\d\d? extraneous bytes|Unknown Adobe color|Inconsistent progression|Invalid SOS parameters"
)
_DAMAGE_WARNS = ("JPEG", "GIF")


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
    if kind == "TIFF":
        return open_tiff(file)
    if kind in _LOADERS:
        return _open_with_vips(file, kind, path)
    if kind == "HEIC":
        return _open_heic(file)
    if kind == "JPEG2000":
        return _open_jpeg2000(file)
    return _open_with_pillow(file, kind)


def _open_with_vips(file: BinaryIO, kind: str, path: Path | None) -> OpenPicture:
    words = read_words(file, kind)
    jfif_dpi = read_jpeg_header(file) if kind == "JPEG" else None
    chunks = read_png_chunks(file) if kind == "PNG" else {}
    file.seek(0)
    source = os.fsencode(path) if path else file.read()

    def load(fail_on: str) -> Any:
        # Revalidated: libvips may have kept what it read of a file of this name, since changed.
        return pyvips.Operation.call(
            _LOADERS[kind] + ("" if path else "_buffer"),
            source,
            access="sequential",
            fail_on=fail_on,
            revalidate=True,
        )

    image = load("error")
    fields = set(image.get_fields())

    def get(name: str) -> Any:
        return image.get(name) if name in fields else None

    if words is None:
        words = About(exif=_without_prefix(get("exif-data")), xmp=get("xmp-data"))
    profile = get("icc-profile-data")
    if kind == "PNG":
        profile = png_profile(chunks, profile)
    # libheif has turned the picture already, whatever its EXIF says.
    orientation = 1 if kind == "AVIF" else get("orientation")
    about = replace(
        words,
        icc_profile=None if image.interpretation == "cmyk" else profile,
        dpi=jfif_dpi or png_dpi(chunks) or exif_dpi(words.exif),
        pages=get("n-pages") or 1,
    )

    def decode(box: Box | None) -> Pixels:
        if kind not in _DAMAGE_WARNS:
            return _decode_with_vips(image, profile, box)
        try:
            pixels = _decode_with_vips(load("warning"), profile, box)
        except pyvips.Error as error:
            if kind != "JPEG" or not _HARMLESS.search(str(error)):
                raise
            pixels = _decode_with_vips(image, profile, box)
        # JPEG has no alpha: the second of two channels may be anything.
        return pixels[..., 0] if kind == "JPEG" and image.bands == 2 else pixels

    return OpenPicture(
        kind,
        image.width,
        image.height,
        decode,
        about,
        orientation if orientation in range(1, 9) else 1,
    )


def _decode_with_vips(image: Any, profile: bytes | None, box: Box | None) -> Pixels:
    if box:
        image = image.crop(*box)
    if image.interpretation == "cmyk":
        image = inks_to_srgb(image, profile)
    bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    if image.format == "ushort" and 8 < bits < 16:
        image = image | (image >> bits)  # as `fill_bits` does
    return image_array(image)


def _open_heic(file: BinaryIO) -> OpenPicture:
    import pi_heif

    heif = pi_heif.open_heif(file, convert_hdr_to_8bit=False)
    picture = heif[heif.primary_index]
    info = picture.info
    exif = _without_prefix(info.get("exif"))
    about = About(
        icc_profile=info.get("icc_profile"),
        exif=exif,
        xmp=info.get("xmp"),
        dpi=exif_dpi(exif),
        pages=len(heif),
    )

    def decode() -> Pixels:
        pixels: Pixels = np.array(picture)  # A copy: the file's own memory goes with the file.
        wide = pixels.dtype == np.uint16
        return fill_bits(pixels, info.get("bit_depth", 8)) if wide else pixels

    return OpenPicture("HEIC", picture.size[0], picture.size[1], part_of(decode), about)


def _open_jpeg2000(file: BinaryIO) -> OpenPicture:
    from colorizer.pictures import jpeg2000  # It brings OpenCV: 27 MB that no other kind needs.

    data = file.read()
    header = jpeg2000.read_header(data)
    exif = _without_prefix(header.about.exif)
    about = replace(header.about, exif=exif, dpi=header.about.dpi or exif_dpi(exif))
    decode = part_of(lambda: jpeg2000.decode_pixels(data, header))
    return OpenPicture("JPEG2000", header.width, header.height, decode, about)


def _open_with_pillow(file: BinaryIO, kind: str) -> OpenPicture:
    """Open BMP and PNM."""
    # The classes themselves: `Image.open` has a limit on pixels that is the whole process's.
    image = BmpImageFile(file) if kind == "BMP" else PpmImageFile(file)
    dpi = image.info.get("dpi")
    about = About(dpi=dpi if dpi and min(dpi) > 0 else None)
    decode = part_of(lambda: image_pixels(image))
    return OpenPicture(kind, image.width, image.height, decode, about)


def _without_prefix(exif: bytes | None) -> bytes | None:
    """Return EXIF as the TIFF structure that it is."""
    return exif.removeprefix(b"Exif\0\0") if exif else None
