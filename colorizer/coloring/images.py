"""Pictures that Python programs have at hand: PIL images and arrays in, the same out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from colorizer.coloring.colorize import Colorized, Generator, colorize
from colorizer.coloring.hints import Hint
from colorizer.pictures.opened import image_pixels
from colorizer.pictures.photo import About, Photo, Pixels
from colorizer.pictures.pixels import eight_bits, split_planes
from colorizer.pictures.profiles import usable_profile

Picture = TypeVar("Picture", Image.Image, np.ndarray[Any, Any])
Color = Callable[[Photo], Colorized]


def colorize_image(
    image: Picture,
    generator: Generator,
    render_factor: int = 35,
    strength: int = 100,
    *,
    faithful: bool = False,
    hints: Sequence[Hint] = (),
) -> Picture:
    """Colour a PIL image or an array.

    Parameters
    ----------
    image
        A PIL image of any mode, or an array of shape (H, W) or (H, W, 1 to 4): grey or RGB, with
        alpha or without; uint8, uint16, or floating-point from 0 to 1.
    generator
        What colours it: see `generator.load_generator`.
    render_factor, strength, faithful, hints
        As for `coloring.colorize`: `faithful` gives DeOldify's published pixels. The places of
        hints are those in the picture as it is handed in, which nothing turns upright.

    Returns
    -------
    PIL.Image.Image or numpy.ndarray
        What `image` is: an RGB or RGBA image of the same size, or such an array of the same type.

    Raises
    ------
    TypeError, ValueError
        If `image` is something else.
    OptionError
        If `faithful` is asked of a generator that isn't DeOldify's, or together with hints; if a
        hint has a value it can't have.
    """
    color = partial(
        colorize,
        generator=generator,
        render_factor=render_factor,
        strength=strength,
        faithful=faithful,
        hints=hints,
    )
    if isinstance(image, Image.Image):
        return _colorize_pil(image, color)
    if not isinstance(image, np.ndarray):
        raise TypeError("a PIL image or a NumPy array is coloured, nothing else")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 2, 3, 4)):
        raise ValueError("an array's shape is (H, W) or (H, W, 1 to 4)")
    if image.size == 0:
        raise ValueError("an array without pixels")
    pixels: Pixels = image
    if np.issubdtype(image.dtype, np.floating):
        pixels = (np.nan_to_num(image).clip(0, 1) * 65535 + 0.5).astype(np.uint16)
    elif image.dtype not in (np.uint8, np.uint16):
        raise ValueError("an array is of uint8, of uint16, or floating-point from 0 to 1")
    result = _colorize(pixels, color)
    if pixels is not image:
        result = (result / 65535).astype(image.dtype)
    return result


def _colorize_pil(image: Image.Image, color: Color) -> Image.Image:
    profile = usable_profile(image.info.get("icc_profile"))
    result = _colorize(image_pixels(image), color, profile)
    coloured = Image.fromarray(eight_bits(result))  # Pillow has no RGB of 16 bits
    coloured.info = {**image.info, "icc_profile": profile} if profile else dict(image.info)
    if not profile:
        coloured.info.pop("icc_profile", None)
    coloured.info.pop("transparency", None)  # it is alpha now
    return coloured


def _colorize(pixels: Pixels, color: Color, icc_profile: bytes | None = None) -> Pixels:
    rgb, alpha = split_planes(pixels)
    photo = Photo(rgb, alpha, about=About(icc_profile))
    coloured = color(photo).photo.rgb
    return np.array(coloured) if alpha is None else np.dstack([coloured, alpha])
