"""A photo's way from grey to colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import N_, MemoryShortError
from .generator import Generator
from .photo import Photo, read_photo, write_photo
from .settings import RENDER_FACTORS

# Pixels that are merged at a time: bounds the float32 buffers to about 30 MB.
STRIP_PIXELS = 1 << 20


@dataclass(frozen=True)
class Colorized:
    """A coloured photo, and the render factor that memory allowed for it."""

    photo: Photo
    render_factor: int


def colorize(
    photo: Photo, generator: Generator, render_factor: int = 35, strength: int = 100
) -> Colorized:
    """Colour a photo: small luma to the generator, its chroma under the original luma.

    Parameters
    ----------
    photo
        The photo; colours it has are replaced.
    generator
        What colours it.
    render_factor
        7 to 45: the generator sees a square of 16 × this many pixels.
    strength
        0 to 100, in percent: 0 gives the photo's own pixels, 100 the generator's full colour.

    Returns
    -------
    Colorized
        A photo of the same size, and the render factor used: smaller than asked for if memory
        was short.

    Raises
    ------
    MemoryShortError
        If memory is short even at the smallest render factor.
    """
    if strength == 0:
        return Colorized(photo, render_factor)
    while True:
        try:
            luma = squeeze_luma(photo.rgb, 16 * render_factor)
            chroma = generator.predict_chroma(luma)
            rgb = replace_chroma(photo.rgb, chroma, strength / 100)
            return Colorized(replace(photo, rgb=rgb), render_factor)
        except MemoryError as error:
            if render_factor == RENDER_FACTORS[0]:
                raise MemoryShortError(
                    N_("There is not enough memory for this picture. Try a smaller one.")
                ) from error
            render_factor = max(RENDER_FACTORS[0], render_factor * 3 // 4)


def colorize_file(
    source: str | Path,
    target: str | Path,
    generator: Generator,
    render_factor: int = 35,
    strength: int = 100,
) -> Colorized:
    """Colour one file into another, of the same kind; see `colorize` and `photo.read_photo`."""
    colorized = colorize(read_photo(Path(source)), generator, render_factor, strength)
    write_photo(colorized.photo, Path(target))
    return colorized


def squeeze_luma(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Stretch a photo to a square and take its luma, as DeOldify does.

    Parameters
    ----------
    rgb
        (H, W, 3) uint8.
    side
        Pixels of the square.

    Returns
    -------
    numpy.ndarray
        (side, side) uint8, BT.601 luma.
    """
    square = Image.fromarray(rgb).resize((side, side), Image.Resampling.BILINEAR)
    return np.array(square.convert("L"))


def replace_chroma(
    rgb: NDArray[np.uint8], chroma: NDArray[np.float32], strength: float
) -> NDArray[np.uint8]:
    """Put enlarged chroma under the luma of a photo.

    Parameters
    ----------
    rgb
        (H, W, 3) uint8, the photo.
    chroma
        (S, S, 2) float32, U and V of the photo squeezed to a square; 0 is grey.
    strength
        0 to 1: how far to go from the photo's own chroma to the new one.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8.
    """
    height, width = rgb.shape[:2]
    side = chroma.shape[0]
    planes = [Image.fromarray(np.ascontiguousarray(chroma[..., i])) for i in range(2)]
    result = np.empty_like(rgb)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        box = (0, top * side / height, side, bottom * side / height)
        yuv = cv2.cvtColor(rgb[top:bottom].astype(np.float32) / 255, cv2.COLOR_RGB2YUV)
        for channel, plane in enumerate(planes, start=1):
            enlarged = plane.resize((width, bottom - top), Image.Resampling.BILINEAR, box)
            # OpenCV's float U and V stand around 0.5.
            own = yuv[..., channel]
            yuv[..., channel] = own + strength * (np.asarray(enlarged) + 0.5 - own)
        strip = cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB)
        result[top:bottom] = np.clip(strip * 255 + 0.5, 0, 255)
    return result
