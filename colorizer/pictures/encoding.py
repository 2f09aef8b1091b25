"""Pixels into each kind of picture file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips

from colorizer.errors import N_, TooLargeError
from colorizer.pictures.containers import (
    Inserting,
    add_to_webp,
    insert_in_jpeg,
    insert_in_png,
    set_avif_exif,
)
from colorizer.pictures.exif import IPTC, XMP, add_to_tiff
from colorizer.pictures.metadata import Metadata
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
_LONGEST = {"JPEG": 65_535, "WEBP": 16_383, "AVIF": 65_535}


def encode(photo: Photo, target: Path | BinaryIO, kind: str, metadata: Metadata) -> None:
    """Encode a photo, a strip at a time where the kind allows.

    Parameters
    ----------
    photo
        The photo, of whose `about` the profile and the resolution are written.
    target
        A path, or a file open for writing.
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
    profile = photo.about.icc_profile or srgb_profile()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    if kind == "AVIF" and metadata.xmp:
        image.set_type(pyvips.GValue.blob_type, "xmp-data", metadata.xmp)
    elif kind != "AVIF":
        options["keep"] = "icc"
    try:
        if kind == "TIFF":
            _save_tiff(image, target, options, metadata)
        elif isinstance(target, Path):
            with target.open("wb") as file:
                _save(image, file, kind, options, metadata)
        else:
            _save(image, target, kind, options, metadata)
    except pyvips.Error as error:  # The disk may be full.
        raise OSError(str(error).strip()) from error


def _save(
    image: Any, file: BinaryIO, kind: str, options: dict[str, Any], metadata: Metadata
) -> None:
    """Save any kind but TIFF."""
    if kind == "WEBP":
        file.write(add_to_webp(image.webpsave_buffer(**options), metadata))
    elif kind == "AVIF":
        data = image.heifsave_buffer(**options)
        file.write(set_avif_exif(data, metadata.exif.to_bytes()))
    else:
        insert = insert_in_jpeg if kind == "JPEG" else insert_in_png
        inserting = Inserting(file, insert(metadata))
        target = pyvips.TargetCustom()
        target.on_write(inserting.write)
        try:
            getattr(image, "jpegsave_target" if kind == "JPEG" else "pngsave_target")(
                target, **options
            )
        except pyvips.Error:
            if inserting.error:
                raise inserting.error from None
            raise


def _save_tiff(
    image: Any, target: Path | BinaryIO, options: dict[str, Any], metadata: Metadata
) -> None:
    """Save a TIFF, and add the tags that libvips doesn't write."""
    further = {
        number: data for number, data in ((IPTC, metadata.iptc), (XMP, metadata.xmp)) if data
    }
    if isinstance(target, Path):
        image.tiffsave(os.fsencode(target), **options)
        with target.open("r+b") as file:
            add_to_tiff(file, metadata.exif, further)
    else:
        data = io.BytesIO(image.tiffsave_buffer(**options))
        add_to_tiff(data, metadata.exif, further)
        target.write(data.getbuffer())
