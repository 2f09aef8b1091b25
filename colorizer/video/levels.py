"""Levels of a film's samples, and its U and V: ranges, depths and matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from colorizer.pictures.pixels import LUMA, UV_SCALE
from colorizer.video.frame import Format, Plane

# The shares of red, green and blue in the luma: ITU-R BT.601, BT.709 and BT.2020.
SHARES = {
    "bt601": (0.299, 0.587, 0.114),
    "bt709": (0.2126, 0.7152, 0.0722),
    "bt2020": (0.2627, 0.6780, 0.0593),
}


def black_and_white(form: Format) -> tuple[int, int]:
    """Return the levels that black and white have in the Y plane."""
    if form.full_range:
        return 0, (1 << form.depth) - 1
    return 16 << (form.depth - 8), 235 << (form.depth - 8)


def zero_and_span(form: Format) -> tuple[int, int]:
    """Return the level that means no colour in U and V, and how many levels they span."""
    span = (1 << form.depth) - 1 if form.full_range else 224 << (form.depth - 8)
    return 1 << (form.depth - 1), span


def full_luma(luma: Plane, form: Format) -> NDArray[np.uint8]:
    """Give the luma of a film 8 bits and full range: black 0, white 255."""
    black, white = black_and_white(form)
    levels = np.arange(1 << form.depth, dtype=np.float64)
    table = ((levels - black) * (255 / (white - black)) + 0.5).clip(0, 255).astype(np.uint8)
    # A damaged frame of 10 bits can have samples beyond them.
    return np.asarray(table.take(luma, mode="clip"))


def to_film(form: Format) -> NDArray[np.float32]:
    """Return the matrix, (2, 2), that makes a film's U and V out of a generator's.

    The generator's are those of `pixels.UV_SCALE`; the film's go from -0.5 to 0.5. Colours keep
    their hue: red, green and blue keep their differences from each other, while the luma, which
    another matrix would see differently in them, stays the film's.
    """
    blue, red = np.diag(1 / UV_SCALE.astype(np.float64))
    green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    of_red, of_green, of_blue = SHARES[form.matrix]
    brighter = of_red * red + of_green * green + of_blue * blue
    rows = [(blue - brighter) / (2 - 2 * of_blue), (red - brighter) / (2 - 2 * of_red)]
    return np.array(rows, np.float32)
