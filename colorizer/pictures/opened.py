"""A picture file of which only the header has been read, and what its decoders share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from colorizer.pictures.photo import About, Pixels
from colorizer.pictures.pixels import Box, crop_pixels


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


def part_of(decode: Callable[[], Pixels]) -> Callable[[Box | None], Pixels]:
    """Make a decoder of parts out of one that can only decode all."""

    def decode_part(box: Box | None) -> Pixels:
        pixels = decode()
        return np.array(crop_pixels(pixels, box)) if box else pixels  # a copy, so that all can go

    return decode_part


def image_array(image: Any) -> Pixels:
    """Give the pixels of a libvips image of 8 or 16 bits: (H, W) of one band, or (H, W, bands)."""
    # `image.numpy()` gives a picture of a single grey pixel no width and height.
    pixels: Pixels = image.numpy().reshape(image.height, image.width, image.bands)
    return pixels[..., 0] if image.bands == 1 else pixels


def image_pixels(image: Image.Image) -> Pixels:
    """Give the pixels of any Pillow image, at 16 bits where it has more than 8."""
    if image.mode.startswith("I"):
        return np.asarray(image).clip(0, 65535).astype(np.uint16)
    if image.mode == "F":
        raise ValueError("floating-point")
    if image.has_transparency_data:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
