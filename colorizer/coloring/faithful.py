"""DeOldify's own picture, level for level: what `deoldify.filters` does after its network.

The app does better: it keeps the luma, whose edges the colour follows. This is for those who want
the published picture, and for the tests that compare the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.coloring.chroma import STRIP_PIXELS
from colorizer.pictures.photo import Pixels
from colorizer.pictures.pixels import eight_bits

Levels = NDArray[np.int32]

# OpenCV's YUV of 8 bits, in integers: modules/imgproc/src/color_yuv.simd.hpp, the coefficients of
# RGB2YCrCb_i and YCrCb2RGB_i for YUV (BT.601, times 2 ** 14).
SHIFT = 14
R_TO_Y, G_TO_Y, B_TO_Y = 4899, 9617, 1868
B_TO_U, R_TO_V = 8061, 14369
V_TO_R, V_TO_G, U_TO_G, U_TO_B = 18678, -9519, -6472, 33292


def published_rgb(rgb: Pixels, painted: NDArray[np.float32], strength: float) -> Pixels:
    """Give a photo the colours of a generator's picture of it, as the published code does.

    The picture is cut off to 8 bits, enlarged bilinearly, and lends the photo its U and V, all
    rounded to whole levels. Colours that the luma leaves no room for are cut off too, which
    changes the luma.

    Parameters
    ----------
    rgb
        (H, W, 3), the photo; of 16 bits, it is rounded to 8 first, as the published code has no
        more, and the result is scaled to 16.
    painted
        (S, S, 3) float32, 0 to 1: RGB, of the photo squeezed to a square.
    strength
        0 to 1: how far to go from the photo's own pixels to the published ones.

    Returns
    -------
    numpy.ndarray
        (H, W, 3), of as many bits as `rgb`.
    """
    height, width = rgb.shape[:2]
    square = Image.fromarray((painted * 255).astype(np.uint8))
    wide = np.asarray(square.resize((width, len(painted)), Image.Resampling.BILINEAR))
    result = np.empty_like(rgb)
    columns = max(1, STRIP_PIXELS // height)
    for left in range(0, width, columns):
        # Pillow enlarges rows first, rounds, then columns: each column by itself.
        band = Image.fromarray(np.ascontiguousarray(wide[:, left : left + columns]))
        band = band.resize((band.width, height), Image.Resampling.BILINEAR)
        part = rgb[:, left : left + columns]
        colored = exchange_uv(eight_bits(part), np.asarray(band)).astype(rgb.dtype)
        if rgb.dtype == np.uint16:
            colored *= 257
        if strength < 1:
            blended = part + (colored - part.astype(np.float32)) * strength
            colored = (blended + 0.5).astype(rgb.dtype)
        result[:, left : left + columns] = colored
    return result


def exchange_uv(rgb: NDArray[np.uint8], colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put U and V of one RGB picture, (H, W, 3), under Y of another, as OpenCV rounds them.

    What `cv2.cvtColor` gives for COLOR_RGB2YUV of both and COLOR_YUV2RGB of Y, U and V.
    """
    luma = _luma(rgb)
    their_luma = _luma(colors)
    red, _, blue = np.moveaxis(colors.astype(np.int32), -1, 0)
    # U and V are stored from 0 to 255, 128 being grey.
    u = (_scaled((blue - their_luma) * B_TO_U) + 128).clip(0, 255) - 128
    v = (_scaled((red - their_luma) * R_TO_V) + 128).clip(0, 255) - 128
    changes = V_TO_R * v, V_TO_G * v + U_TO_G * u, U_TO_B * u
    channels = [luma + _scaled(change) for change in changes]
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def _luma(rgb: NDArray[np.uint8]) -> Levels:
    red, green, blue = np.moveaxis(rgb.astype(np.int32), -1, 0)
    return _scaled(R_TO_Y * red + G_TO_Y * green + B_TO_Y * blue)


def _scaled(product: Levels) -> Levels:
    """Divide by 2 ** SHIFT and round, halves up."""
    return (product + (1 << (SHIFT - 1))) >> SHIFT
