"""The square that a generator sees of a photo, and its chroma enlarged under the photo's luma."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.pictures.photo import Pixels
from colorizer.pictures.pixels import LUMA, UV_SCALE, eight_bits

# Pixels that a thread merges at a time: bounds its float32 buffers to some 8 MB.
STRIP_PIXELS = 1 << 17
BAND = 64  # columns enlarged by one product
THREADS = min(4, os.cpu_count() or 1)

Planes = NDArray[np.floating[Any]]

# Variance of luma, white being 1, that makes an edge: chosen by `benchmarks/chroma.py`.
EDGE = 0.02


def squeeze(rgb: Pixels, side: int) -> NDArray[np.uint8]:
    """Stretch a photo to a square, as DeOldify does: the same levels, in little memory.

    Parameters
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits; the latter are rounded to 8 first.
    side
        Pixels of the square.

    Returns
    -------
    numpy.ndarray
        (side, side, 3) uint8: what `PIL.Image.Image.resize` makes of the whole photo, bilinear.
    """
    height, width = rgb.shape[:2]
    if height > max(100 * width, side):
        # `Image.resize` squeezes the columns of such a photo first, of all others the rows.
        return squeeze(rgb.swapaxes(0, 1), side).swapaxes(0, 1)
    # Pillow rounds to 8 bits between rows and columns, so that a row doesn't depend on others.
    narrow = np.empty((height, side, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = Image.fromarray(np.ascontiguousarray(eight_bits(rgb[top : top + rows])))
        strip = strip.resize((side, strip.height), Image.Resampling.BILINEAR)
        narrow[top : top + rows] = np.asarray(strip)
    return np.array(Image.fromarray(narrow).resize((side, side), Image.Resampling.BILINEAR))


def replace_chroma(
    rgb: Pixels,
    chroma: NDArray[np.float32],
    strength: float,
    guide: NDArray[np.uint8] | None = None,
    *,
    part_of: tuple[int, int, int, int] | None = None,
    threads: int = THREADS,
) -> Pixels:
    """Put enlarged chroma under the luma of a photo.

    The luma stays as it is: where it leaves no room for a colour, the colour is made paler.

    Parameters
    ----------
    rgb
        (H, W, 3) of 8 or 16 bits, the photo; it may be smaller than the square.
    chroma
        (S, S, 2) float32, U and V of the photo squeezed to a square; 0 is grey.
    strength
        0 to 1: how far to go from the photo's own chroma to the new one.
    guide
        (S, S), luma of the square, if it is at hand.
    part_of
        Where `rgb` is a part of the photo: left and top of the part, width and height of the
        photo, in pixels. The guide is the whole photo's then.
    threads
        Strips merged at a time.

    Returns
    -------
    numpy.ndarray
        (H, W, 3), of as many bits as `rgb`.
    """
    height, width = rgb.shape[:2]
    first_column, first_row, whole_width, whole_height = part_of or (0, 0, width, height)
    side = len(chroma)
    white = np.iinfo(rgb.dtype).max
    # How far red and blue are to be from the luma; green follows, for the three have no luma.
    offset = chroma[..., ::-1] / UV_SCALE[::-1]
    luma = (find_luma(squeeze(rgb, side)) if guide is None else guide) / np.float32(255)
    slope = fit_slope(offset, luma)
    offset -= slope * luma[..., None]
    planes = np.dstack([offset * white, slope]).transpose(2, 0, 1).copy()
    unit = Image.fromarray(np.eye(side, dtype=np.float32))
    bands = [(left, min(left + BAND, width)) for left in range(0, width, BAND)]
    across = [
        (
            slice(left, right),
            *_weights(unit, first_column + left, first_column + right, whole_width),
        )
        for left, right in bands
    ]
    result = np.empty(rgb.shape, rgb.dtype)
    rows = max(1, STRIP_PIXELS // width)

    def merge(top: int) -> None:
        bottom = min(top + rows, height)
        strip = rgb[top:bottom].astype(np.float32, order="C")
        luma = strip @ LUMA
        used, weights = _weights(unit, first_row + top, first_row + bottom, whole_height)
        narrow = (weights @ planes[:, used]).reshape(-1, side)
        enlarged = np.empty((len(narrow), width), np.float32)
        for columns, used, weights in across:
            np.matmul(narrow[:, used], weights.T, out=enlarged[:, columns])
        red, blue, *slopes = enlarged.reshape(-1, *luma.shape)
        for difference, follow in zip((red, blue), slopes, strict=True):
            follow *= luma
            difference += follow
        green = red * (LUMA[0] / -LUMA[1])
        green += blue * (LUMA[2] / -LUMA[1])
        paleness = find_room(red, green, blue, luma, white)
        for channel, colour in enumerate((red, green, blue)):
            colour *= paleness
            colour += luma
            if strength < 1:
                colour -= strip[..., channel]
                colour *= strength
                colour += strip[..., channel]
            colour += 0.5
            result[top:bottom, :, channel] = colour

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(merge, range(0, height, rows)))
    return result


def _weights(unit: Image.Image, first: int, last: int, size: int) -> tuple[slice, Planes]:
    """Find how Pillow would make the pixels from `first` to `last`, of `size`, out of a square's.

    The filter is bicubic. They are what it makes of `unit`, the unit matrix.

    Returns
    -------
    tuple of slice and numpy.ndarray
        Which pixels of the square's side go into them, and their weights.
    """
    side = unit.width
    box = (0, first * side / size, side, last * side / size)
    matrix = np.asarray(unit.resize((side, last - first), Image.Resampling.BICUBIC, box))
    used = np.flatnonzero(matrix.any(axis=0))
    columns = slice(int(used[0]), int(used[-1]) + 1)
    return columns, matrix[:, columns]


def fit_slope(colour: Planes, luma: Planes) -> Planes:
    """Find how colour goes with luma around each pixel, to follow the luma's edges when enlarged.

    The slope *a* of the guided filter: He, Sun and Tang, *Guided Image Filtering*, 2013, equation
    5, on the small picture as in He and Sun, *Fast Guided Filter*, 2015. Their offset smooths the
    colour, by several dB; where ``colour - slope * luma`` is enlarged in its place, the colour
    stays what it is and gains only the detail that the luma has beyond the square.

    Parameters
    ----------
    colour
        (S, S, N) float32.
    luma
        (S, S) float32, 0 to 1.

    Returns
    -------
    numpy.ndarray
        (S, S, N) float32: colour per luma; near 0 where the luma is flat or grainy.
    """
    mean = _mean(luma)
    covariance = _mean(colour * luma[..., None]) - _mean(colour) * mean[..., None]
    variance = _mean(luma * luma) - mean * mean
    return _mean(covariance / (variance + EDGE)[..., None])


def _mean(planes: Planes) -> Planes:
    """Take the mean of each pixel and the eight around it, mirrored at the border."""
    margins = [(1, 1), (1, 1)] + [(0, 0)] * (planes.ndim - 2)
    wide = np.pad(planes, margins, mode="reflect")
    sums = wide[:-2] + wide[1:-1] + wide[2:]
    return np.asarray((sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]) / 9)


def find_room(red: Planes, green: Planes, blue: Planes, luma: Planes, white: int) -> Planes:
    """Tell by how much colour must be multiplied, at most 1, to leave the luma as it is.

    Parameters
    ----------
    red, green, blue
        How far each is to be from the luma.
    luma
        0 to `white`.
    white
        The greatest level.
    """
    room = np.maximum(red, green)
    np.maximum(room, blue, out=room)
    np.maximum(room, 1e-6, out=room)
    np.divide(white - luma, room, out=room)
    below = np.minimum(red, green)
    np.minimum(below, blue, out=below)
    np.minimum(below, -1e-6, out=below)
    np.divide(luma, below, out=below)
    np.negative(below, out=below)
    np.minimum(room, below, out=room)
    return np.asarray(np.minimum(room, 1, out=room))


def find_chroma(rgb: Pixels) -> NDArray[np.float32]:
    """Find U and V, (H, W, 2) float32, of an RGB picture of 8 or 16 bits."""
    scaled = rgb / np.float32(np.iinfo(rgb.dtype).max)
    return np.asarray((scaled[..., [2, 0]] - (scaled @ LUMA)[..., None]) * UV_SCALE, np.float32)


def fit_chroma(luma: Planes, chroma: Planes) -> Planes:
    """Make chroma, (..., 2), paler where luma, (...) from 0 to 1, leaves no room for it in RGB."""
    blue, red = np.moveaxis(chroma / UV_SCALE, -1, 0)
    green = (LUMA[0] * red + LUMA[2] * blue) / -LUMA[1]
    return np.asarray(chroma * find_room(red, green, blue, luma, 1)[..., None])


def join_chroma(luma: Planes, chroma: Planes) -> NDArray[np.uint16]:
    """Put luma, (...) from 0 to 1, and U and V, (..., 2), together to RGB of 16 bits.

    As in `replace_chroma`, the luma stays and the chroma is made paler where it must be.
    """
    blue, red = np.moveaxis(fit_chroma(luma, chroma) / UV_SCALE, -1, 0)
    green = (LUMA[0] * red + LUMA[2] * blue) / -LUMA[1]
    rgb = np.stack([red, green, blue], axis=-1) + luma[..., None]
    return (rgb * 65535 + 0.5).clip(0, 65535).astype(np.uint16)


def find_luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Find the luma, (H, W), of an RGB picture of 8 bits, in whole levels as DeOldify does.

    DeOldify asks Pillow for ``LA``, whose luma is that of ``L``: (19595 R + 38470 G + 7471 B +
    32768) >> 16 (``L24`` in Pillow's src/libImaging/Convert.c).
    """
    return np.array(Image.fromarray(rgb).convert("L"))
