"""Pixels into each kind of picture file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips

from colorizer.errors import N_, TooLargeError
from colorizer.pictures.exif import IPTC, add_to_tiff
from colorizer.pictures.metadata import Metadata, wrap_iptc
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import eight_bit_image, lend
from colorizer.pictures.profiles import srgb_profile

# What each kind is written with. JPEG and AVIF keep chroma whole; WebP can't without being
# lossless. PNG and TIFF take half the time of the default, for a few percent more bytes.
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


def encode(photo: Photo, target: Path | BinaryIO, kind: str, metadata: Metadata) -> None:
    """Encode a photo, a strip at a time where the kind allows.

    Parameters
    ----------
    photo
        The photo, of whose `about` the profile and the resolution are written.
    target
        A path, or a file open for writing (for TIFF: and for reading).
    kind
        One of `formats.WRITABLE`.
    metadata
        What is to be written beside the pixels.

    Raises
    ------
    TooLargeError, OSError
        As `writing.write_photo`.
    """
    longest = max(photo.width, photo.height)
    if longest > _LONGEST.get(kind, longest):
        raise TooLargeError(
            N_("A %(format)s file can't be longer than %(limit)d pixels. Choose another format."),
            format=kind,
            limit=_LONGEST[kind],
        )
    image, wide = lend(photo), photo.rgb.dtype == np.uint16
    options = dict(_OPTIONS[kind])
    if kind == "JPEG" and photo.alpha is not None:
        image = image.flatten(background=65535 if wide else 255)
    if kind in ("JPEG", "WEBP"):
        image = eight_bit_image(image)
    if kind == "AVIF":
        options["bitdepth"] = 10 if wide else 8
    if kind == "TIFF":
        options["bigtiff"] = photo.rgb.nbytes * 4 / 3 > 3.9e9
    dpi = photo.about.dpi
    if dpi and all(1 <= value <= 100_000 for value in dpi):  # Damaged files say anything.
        image = image.copy(xres=dpi[0] / 25.4, yres=dpi[1] / 25.4)
        options |= {"resunit": "inch"} if kind == "TIFF" else {}
    profile = photo.about.icc_profile or srgb_profile()
    blobs = {"xmp-data": metadata.xmp, "icc-profile-data": profile}
    if kind != "TIFF":  # EXIF and IPTC are tags in a TIFF file, added at the end.
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
    except pyvips.Error as error:  # The disk may be full.
        raise OSError(str(error).strip()) from error
    if kind == "TIFF":
        _complete_tiff(target, metadata)


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
