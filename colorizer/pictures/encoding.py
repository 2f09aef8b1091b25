"""Pixels into picture files, with what they say of themselves; and small pictures for pages."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorizer.errors import N_, TooLargeError
from colorizer.pictures.exif import IPTC, add_to_tiff
from colorizer.pictures.metadata import Metadata, wrap_iptc
from colorizer.pictures.profiles import srgb_profile

# What each kind is written with. JPEG and AVIF keep chroma whole; WebP can't without being
# lossless. PNG and TIFF: half the time of the default for a few percent more bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"Q": 95, "subsample_mode": "off"},
    "PNG": {"compression": 3, "filter": "sub"},
    "TIFF": {"compression": "deflate", "predictor": "horizontal", "level": 3},
    "WEBP": {"Q": 95, "smart_subsample": True, "effort": 4},
    "AVIF": {"compression": "av1", "Q": 88, "subsample_mode": "off", "effort": 3},
}
_SAVERS = {
    "JPEG": "jpegsave",
    "PNG": "pngsave",
    "TIFF": "tiffsave",
    "WEBP": "webpsave",
    "AVIF": "heifsave",
}
_LONGEST = {"JPEG": 65_535, "WEBP": 16_383, "AVIF": 65_535}


def write_picture(
    rgb: NDArray[Any],
    alpha: NDArray[Any] | None,
    target: Path | BinaryIO,
    kind: str,
    metadata: Metadata,
    icc_profile: bytes | None,
    dpi: tuple[float, float] | None,
) -> None:
    """Encode pixels, a strip at a time where the kind allows; see `photo.write_photo`."""
    longest = max(rgb.shape[:2])
    if longest > _LONGEST.get(kind, longest):
        raise TooLargeError(
            N_("A %(format)s file can't be longer than %(limit)d pixels. Choose another format."),
            format=kind,
            limit=_LONGEST[kind],
        )
    image = _image(rgb, alpha)
    options = dict(_OPTIONS[kind])
    if kind == "JPEG" and alpha is not None:
        image = image.flatten(background=255 if rgb.dtype == np.uint8 else 65535)
    if rgb.dtype == np.uint16 and kind in ("JPEG", "WEBP"):
        image = (image / 257).rint().cast("uchar").copy(interpretation="srgb")
    if kind == "AVIF":
        options["bitdepth"] = 8 if rgb.dtype == np.uint8 else 10
    if kind == "TIFF":
        options["bigtiff"] = rgb.nbytes * 4 / 3 > 3.9e9
    if dpi and all(1 <= value <= 100_000 for value in dpi):  # damaged files say anything
        image = image.copy(xres=dpi[0] / 25.4, yres=dpi[1] / 25.4)
        options |= {"resunit": "inch"} if kind == "TIFF" else {}
    blobs = {"xmp-data": metadata.xmp, "icc-profile-data": icc_profile or srgb_profile()}
    if kind != "TIFF":  # there, EXIF and IPTC are tags
        blobs["exif-data"] = b"Exif\0\0" + metadata.exif.to_bytes()
        blobs["iptc-data"] = wrap_iptc(metadata.iptc) if metadata.iptc else None
    for name, blob in blobs.items():
        if blob and (kind != "JPEG" or len(blob) < 65_000 or name == "icc-profile-data"):
            image.set_type(pyvips.GValue.blob_type, name, blob)
    try:
        if isinstance(target, Path):
            getattr(image, _SAVERS[kind])(os.fsencode(target), **options)
        else:
            target.write(getattr(image, _SAVERS[kind] + "_buffer")(**options))
    except pyvips.Error as error:  # the disk is full, say
        raise OSError(str(error).strip()) from error
    if kind == "TIFF":
        _complete_tiff(target, metadata)


def encode_preview(
    rgb: NDArray[Any], alpha: NDArray[Any] | None, longest: int, icc_profile: bytes | None
) -> bytes:
    """Encode a WebP in sRGB, which every browser shows, of at most `longest` pixels a side."""
    image = _image(rgb, alpha)
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc_profile or srgb_profile())
    small = image.thumbnail_image(
        longest, height=longest, size="down", no_rotate=True, output_profile="srgb"
    )
    if small.format != "uchar":
        small = (small / 257).rint().cast("uchar").copy(interpretation="srgb")
    # The quickest way there is: at 12 megapixels finer ones take as long as the colouring itself.
    data: bytes = small.webpsave_buffer(Q=88, effort=0, keep="none")
    return data


def shrink_pixels(
    rgb: NDArray[Any], alpha: NDArray[Any] | None, longest: int
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Shrink pixels to at most `longest` a side, in the colour space and depth that they have."""
    if max(rgb.shape[:2]) <= longest:
        return rgb, alpha
    small = _image(rgb, alpha).thumbnail_image(longest, height=longest, no_rotate=True).numpy()
    small = small.astype(rgb.dtype, copy=False)
    return small[..., :3], None if alpha is None else small[..., 3]


def _image(rgb: NDArray[Any], alpha: NDArray[Any] | None) -> Any:
    """Lend an array to libvips."""
    wide = rgb.dtype == np.uint16
    space = "rgb16" if wide else "srgb"
    image = _lend(rgb).copy(interpretation=space)
    if alpha is not None:
        image = image.bandjoin(_lend(alpha)).copy(interpretation=space)
    return image


def _lend(array: NDArray[Any]) -> Any:
    if array.ndim == 3 and array.strides[2] == 0:  # a grey plane, seen as RGB
        plane = _lend(array[..., 0])
        return plane.bandjoin([plane, plane])
    bands = array.shape[2] if array.ndim == 3 else 1
    format_ = "ushort" if array.dtype == np.uint16 else "uchar"
    return pyvips.Image.new_from_memory(
        np.ascontiguousarray(array), array.shape[1], array.shape[0], bands, format_
    )


def _complete_tiff(target: Path | BinaryIO, metadata: Metadata) -> None:
    """Add the tags that libvips doesn't write."""
    further = {IPTC: metadata.iptc} if metadata.iptc else {}
    if isinstance(target, Path):
        with target.open("r+b") as file:
            add_to_tiff(file, metadata.exif, further)
    else:
        data = io.BytesIO()
        target.seek(0)
        data.write(target.read())
        add_to_tiff(data, metadata.exif, further)
        target.seek(0)
        target.write(data.getvalue())
