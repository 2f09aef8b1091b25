"""Picture files into pixels: one open file of any kind, its header read, its pixels not yet.

libvips reads most kinds, a strip at a time where the kind allows. It lacks decoders for HEIC
(HEVC's patents), JPEG 2000 and the small old formats: pi-heif, OpenCV and Pillow have them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

from colorizer.errors import N_, NotAPictureError

Pixels = NDArray[Any]  # of uint8 or uint16

_LOADERS = {
    "JPEG": "jpegload",
    "PNG": "pngload",
    "TIFF": "tiffload",
    "WEBP": "webpload",
    "AVIF": "heifload",
    "GIF": "gifload",
}

pyvips.cache_set_max(0)  # or a file would be answered from memory after it has changed
# Each thread has buffers of its own: some 8 MB for a wide scan.
pyvips.concurrency_set(min(4, os.cpu_count() or 1))
# `photo.py` enforces our own limit on pixels; Pillow's would warn from 89 megapixels on.
Image.MAX_IMAGE_PIXELS = None


@dataclass
class OpenPicture:
    """A picture file of which only the header has been read.

    Attributes
    ----------
    width, height
        In pixels, as stored.
    decode
        Reads the pixels: (H, W) or (H, W, bands) of 8 or 16 bits, CMYK and the like made RGB.
    orientation
        1 to 8, as EXIF counts.
    pages
        How many pictures the file has; the first is read.
    icc_profile
        The colour profile that the decoded pixels are in; None: the file names none.
    dpi, exif, xmp, iptc
        What else the file says of itself: resolution, EXIF (a TIFF structure), XMP (XML) and IPTC
        as the file wraps it.
    """

    width: int
    height: int
    decode: Callable[[], Pixels]
    orientation: int = 1
    pages: int = 1
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    close: Callable[[], None] = field(default=lambda: None)


def open_picture(source: Path | bytes, kind: str) -> OpenPicture:
    """Read the header of a picture file of a known kind; fails in any way if it is damaged."""
    if kind in _LOADERS:
        return _open_with_vips(source, kind)
    if kind == "HEIC":
        return _open_heic(source)
    if kind == "JPEG2000":
        return _open_jpeg2000(source)
    return _open_with_pillow(source, kind)


def _open_with_vips(source: Path | bytes, kind: str) -> OpenPicture:
    loader = _LOADERS[kind] + ("_buffer" if isinstance(source, bytes) else "")
    image: Any = pyvips.Operation.call(
        loader,
        source if isinstance(source, bytes) else os.fsencode(source),
        access="sequential",
        fail_on="error",
    )
    fields = set(image.get_fields())

    def get(name: str) -> Any:
        return image.get(name) if name in fields else None

    profile = get("icc-profile-data")
    converted = _is_converted(image)
    # libheif has turned the picture already, whatever its EXIF says.
    orientation = 1 if kind == "AVIF" else get("orientation")
    return OpenPicture(
        image.width,
        image.height,
        decode=lambda: _decode_with_vips(image, profile),
        orientation=orientation if orientation in range(1, 9) else 1,
        pages=get("n-pages") or 1,
        icc_profile=None if converted else profile,
        # libvips says 1 pixel a millimetre where the file says nothing.
        dpi=(image.xres * 25.4, image.yres * 25.4) if image.xres not in (0, 1) else None,
        exif=_without_prefix(get("exif-data")),
        xmp=get("xmp-data"),
        iptc=get("iptc-data"),
    )


def _decode_with_vips(image: Any, profile: bytes | None) -> Pixels:
    if image.format not in ("uchar", "ushort"):
        raise NotAPictureError(
            N_(
                "The picture has floating-point or 32-bit pixels, which are not coloured here. "
                "Save it with 8 or 16 bits."
            )
        )
    if _is_converted(image):
        image = _to_srgb(image, profile)
    bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    if image.format == "ushort" and 8 < bits < 16:
        image = image | (image >> bits)  # so that white is white
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
    # As browsers do where no profile says which inks these are.
    white = 65535 if depth == 16 else 255
    light = (white - image[:3]) * (white - image[3]) / white
    light = light.rint().cast(image.format)
    return light.copy(interpretation="rgb16" if depth == 16 else "srgb")


def _open_heic(source: Path | bytes) -> OpenPicture:
    import pi_heif

    file = pi_heif.open_heif(source, convert_hdr_to_8bit=False)
    picture = file[file.primary_index]
    info = picture.info

    def decode() -> Pixels:
        pixels: Pixels = np.array(picture)  # a copy: the file's own memory goes with the file
        bits = info.get("bit_depth", 8)
        if pixels.dtype == np.uint16 and bits < 16:
            pixels = pixels | (pixels >> bits)  # so that white is white
        return pixels

    return OpenPicture(
        picture.size[0],
        picture.size[1],
        decode,
        pages=len(file),
        icc_profile=info.get("icc_profile"),
        exif=_without_prefix(info.get("exif")),
        xmp=info.get("xmp"),
    )


def _open_jpeg2000(source: Path | bytes) -> OpenPicture:
    from colorizer.pictures import jpeg2000  # with OpenCV: 27 MB of memory that no other kind needs

    data = source if isinstance(source, bytes) else source.read_bytes()
    header = jpeg2000.read_header(data)
    return OpenPicture(
        header.width,
        header.height,
        decode=lambda: jpeg2000.decode_pixels(data, header.bits),
        icc_profile=header.icc_profile,
        exif=_without_prefix(header.exif),
        xmp=header.xmp,
        iptc=header.iptc,
    )


def _open_with_pillow(source: Path | bytes, kind: str) -> OpenPicture:
    """Open BMP and PNM."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    image = Image.open(file, formats=["BMP"] if kind == "BMP" else ["PPM"])
    dpi = image.info.get("dpi")
    return OpenPicture(
        image.width,
        image.height,
        decode=lambda: image_pixels(image),
        dpi=dpi if dpi and min(dpi) > 0 else None,
        close=image.close,
    )


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
