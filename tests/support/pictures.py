"""Pictures that the tests make themselves."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from colorizer.pictures.photo import Photo
from colorizer.pictures.reading import read_photo
from colorizer.pictures.writing import write_photo


def scene(width: int = 96, height: int = 64, seed: int = 0, colour: bool = False) -> Image.Image:
    """Paint something like a photo: smooth shades with edges and grain; grey unless `colour`."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    shades = [
        np.sin(2 * np.pi * (random.uniform(0.5, 2) * x + random.uniform(0.5, 2) * y)) for _ in "rgb"
    ]
    picture = (
        np.stack(shades, -1) * 70 + 128 + 40 * ((x - 0.4) ** 2 + (y - 0.3) ** 2 < 0.05)[..., None]
    )
    picture += random.normal(0, 4, (height, width, 1))
    if not colour:
        picture = np.repeat(picture[..., :1], 3, -1)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def encode_photo(photo: Photo, kind: str | None = None, *, keep_gps: bool = False) -> bytes:
    """Encode a photo to bytes; see `write_photo`."""
    buffer = io.BytesIO()
    write_photo(photo, buffer, kind, keep_gps=keep_gps)
    return buffer.getvalue()


def decode_photo(data: bytes) -> Photo:
    """Decode a photo from bytes; see `read_photo`."""
    return read_photo(io.BytesIO(data))
