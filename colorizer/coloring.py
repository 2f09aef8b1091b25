"""A photo's way from grey to colour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .decoding import Pixels
from .errors import N_, MemoryShortError
from .formats import named_kind
from .generator import Generator
from .photo import Photo, read_photo, write_photo
from .profiles import convert, is_srgb
from .settings import RENDER_FACTORS

# Pixels that are merged at a time: bounds the float32 buffers to about 10 MB.
STRIP_PIXELS = 1 << 18

# BT.601: luma of red, green and blue; what U and V are of blue's and red's difference from it.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
U_SCALE, V_SCALE = 0.492, 0.877


@dataclass(frozen=True)
class Colorized:
    """A coloured photo, and the render factor that memory allowed for it."""

    photo: Photo
    render_factor: int


def colorize(
    photo: Photo,
    generator: Generator,
    render_factor: int = 35,
    strength: int = 100,
    *,
    faithful: bool = False,
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
    faithful
        Clip colours that the luma leaves no room for, as DeOldify does, which changes the luma.

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
            chroma = _predict(photo, generator, 16 * render_factor)
            rgb = replace_chroma(photo.rgb, chroma, strength / 100, clip=faithful)
            coloured = replace(photo, rgb=rgb, generator=generator.weights.title)
            return Colorized(coloured, render_factor)
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
    """Colour one file into another; the suffix of `target` says its kind.

    See `colorize`, `photo.read_photo` and `photo.write_photo`.
    """
    colorized = colorize(read_photo(Path(source)), generator, render_factor, strength)
    write_photo(colorized.photo, Path(target), named_kind(Path(target)))
    return colorized


def _predict(photo: Photo, generator: Generator, side: int) -> NDArray[np.float32]:
    """Let the generator see the photo in sRGB; return its chroma in the photo's own space."""
    square = squeeze(photo.rgb, side)
    profile = None if is_srgb(photo.icc_profile) else photo.icc_profile
    if profile:
        square = _eight_bits(
            convert(square.astype(np.uint16) * np.uint16(257), profile, to_srgb=True)
        )
    luma = np.array(Image.fromarray(square).convert("L"))
    chroma = generator.predict_chroma(luma)
    return _chroma_in(profile, luma, chroma) if profile else chroma


def squeeze(rgb: Pixels, side: int) -> NDArray[np.uint8]:
    """Stretch a photo to a square, as DeOldify does.

    Parameters
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits.
    side
        Pixels of the square.

    Returns
    -------
    numpy.ndarray
        (side, side, 3) uint8.
    """
    height, width = rgb.shape[:2]
    scale = height / side
    square = np.empty((side, side, 3), np.uint8)
    rows = max(1, int(STRIP_PIXELS / width / scale))
    for top in range(0, side, rows):
        bottom = min(top + rows, side)
        # The filter reaches one row of the square beyond the strip.
        first = max(0, math.floor((top - 1) * scale) - 1)
        last = min(height, math.ceil((bottom + 1) * scale) + 1)
        strip = np.ascontiguousarray(_eight_bits(rgb[first:last]))
        box = (0, top * scale - first, width, min(bottom * scale, height) - first)
        size = (side, bottom - top)
        square[top:bottom] = np.asarray(
            Image.fromarray(strip).resize(size, Image.Resampling.BILINEAR, box)
        )
    return square


def replace_chroma(
    rgb: Pixels, chroma: NDArray[np.float32], strength: float, *, clip: bool = False
) -> Pixels:
    """Put enlarged chroma under the luma of a photo.

    The luma stays as it is: where it leaves no room for a colour, the colour is made paler.

    Parameters
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits, the photo.
    chroma
        (S, S, 2) float32, U and V of the photo squeezed to a square; 0 is grey.
    strength
        0 to 1: how far to go from the photo's own chroma to the new one.
    clip
        Clip such colours instead, at the luma's cost.

    Returns
    -------
    numpy.ndarray
        (H, W, 3), of as many bits as `rgb`.
    """
    height, width = rgb.shape[:2]
    side = chroma.shape[0]
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in _differences(chroma)]
    result = np.empty(rgb.shape, rgb.dtype)
    white = np.iinfo(rgb.dtype).max
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        box = (0, top * side / height, side, bottom * side / height)
        strip = rgb[top:bottom].astype(np.float32, order="C") / white
        luma = strip @ LUMA
        room = np.ones_like(luma)  # how much of its colour a pixel has room for
        for channel, plane in enumerate(planes):
            enlarged = plane.resize((width, bottom - top), Image.Resampling.BILINEAR, box)
            difference = strip[..., channel]  # from here on: how far from grey, not how bright
            difference -= luma
            difference += strength * (np.asarray(enlarged) - difference)
            if not clip:
                space = np.where(difference > 0, 1 - luma, luma)
                np.minimum(room, space / np.maximum(np.abs(difference), 1e-9), out=room)
        strip *= room[..., None]
        strip += luma[..., None]
        result[top:bottom] = np.clip(strip * white + 0.5, 0, white)
    return result


def _differences(chroma: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Turn U and V into how far red, green and blue are from grey; their luma is 0."""
    blue, red = chroma[..., 0] / U_SCALE, chroma[..., 1] / V_SCALE
    return [red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue]


def _chroma_in(
    profile: bytes, luma: NDArray[np.uint8], chroma: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Convert the square's colours from sRGB to a photo's own space; return their U and V."""
    grey = np.repeat(luma[..., None], 3, axis=2)
    coloured = replace_chroma(grey.astype(np.uint16) * 257, chroma, 1)
    own = convert(coloured.astype(np.uint16), profile, to_srgb=False) / np.float32(65535)
    own_luma = own @ LUMA
    blue, red = own[..., 2] - own_luma, own[..., 0] - own_luma
    return np.stack([blue * U_SCALE, red * V_SCALE], -1)


def _eight_bits(rgb: Pixels) -> NDArray[np.uint8]:
    if rgb.dtype == np.uint8:
        return rgb.astype(np.uint8, copy=False)
    return ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)
