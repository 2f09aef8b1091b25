"""A TIFF's samples into pixels: unpacked from bits and blocks, and made grey or RGB.

What samples mean stands in TIFF 6.0: sections 3 to 6 and 8 for grey, palettes and RGB, 16 for inks,
18 for alpha, 21 for YCbCr, 23 for Lab.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorizer.pictures.opened import image_array
from colorizer.pictures.photo import Pixels
from colorizer.pictures.profiles import inks_to_srgb, lab_to_srgb
from colorizer.pictures.tiff_pages import Page

WHITE_IS_ZERO, GREY, RGB, PALETTE, INKS, YCBCR, CIE_LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
# How many samples of a pixel are its colour, by the number of what they mean; what comes behind
# them is alpha or anything.
COLOR_SAMPLES = {
    **{WHITE_IS_ZERO: 1, GREY: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3, CIE_LAB: 3, ICC_LAB: 3}
}
_MULTIPLIED_ALPHA, _ALPHA = 1, 2
_AT_ONCE = 1 << 20  # samples, of which each bit is unpacked


@dataclass(frozen=True)
class Colors:
    """What a directory says of its picture's colours; None where it says nothing.

    Attributes
    ----------
    table
        The palette: all reds, all greens, all blues, of 16 bits.
    luma_shares
        The shares of red, green and blue in Y.
    black_and_white
        Of Y, Cb and Cr, the samples that stand for black (or no chroma) and white (or full chroma).
    profile
        An ICC profile, as of inks.
    """

    table: NDArray[Any] | None
    luma_shares: NDArray[Any] | None
    black_and_white: NDArray[Any] | None
    profile: bytes | None


def unpack(rows: NDArray[np.uint8], page: Page, width: int, height: int) -> Pixels:
    """Unpack rows of bytes.

    Parameters
    ----------
    rows
        (rows or rows of blocks, bytes) as they stand in a strip or tile, decompressed.
    page
        How they are packed.
    width, height
        In pixels, of what they hold.

    Returns
    -------
    numpy.ndarray
        (height, width, samples of a plane) uint8 or uint16, which fewer bits fill; the entries of a
        palette stay as they are.
    """
    if page.subsampling != (1, 1):
        return _unpack_blocks(_as_numbers(rows, page), page)[:height, :width]
    samples = page.samples // page.planes
    if page.bits in (8, 16):
        numbers = _as_numbers(rows, page).reshape(height, width, samples)
        if page.predictor == 2:  # Each sample is stored as the difference to the one before it.
            numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype)
        return numbers
    bits = page.bits
    type_: Any = np.uint8 if bits < 8 else np.uint16
    levels = np.arange(1 << bits)
    if page.photometric != PALETTE:
        levels = np.rint(levels * (np.iinfo(type_).max / levels[-1]))
    places = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint16)
    result = np.empty((height, width * samples), type_)
    step = max(1, _AT_ONCE // (width * samples))
    for row in range(0, height, step):
        single = np.unpackbits(rows[row : row + step], axis=1, count=width * samples * bits)
        numbers = single.reshape(len(single), -1, bits) @ places
        result[row : row + step] = levels.astype(type_)[numbers]
    return result.reshape(height, width, samples)


def _as_numbers(rows: NDArray[np.uint8], page: Page) -> Pixels:
    """See bytes as numbers of 8 or 16 bits, in this machine's byte order."""
    if page.bits == 8:
        return rows
    numbers: Pixels = np.ascontiguousarray(rows).view(page.order + "u2").astype(np.uint16)
    return numbers


def _unpack_blocks(numbers: Pixels, page: Page) -> Pixels:
    """Unpack YCbCr's blocks: the luma of some pixels, then the chroma that they share."""
    across, down = page.subsampling
    rows, size = len(numbers), across * down + 2
    blocks = numbers.reshape(rows, -1, size)
    luma = blocks[..., :-2].reshape(rows, -1, down, across).transpose(0, 2, 1, 3)
    chroma = blocks[..., -2:].repeat(across, axis=1).repeat(down, axis=0)
    return np.dstack([luma.reshape(rows * down, -1), chroma])


def interpret(samples: Pixels, page: Page, colors: Colors) -> Pixels:
    """Make samples grey or RGB, with alpha if they have that.

    Parameters
    ----------
    samples
        (H, W, samples) uint8 or uint16.
    page
        What they mean.
    colors
        What else the directory says.

    Returns
    -------
    numpy.ndarray
        (H, W), or (H, W, 2 to 4), with alpha for the last of 2 or 4.
    """
    count = COLOR_SAMPLES[page.photometric]
    extra = page.extra[: samples.shape[2] - count]
    alphas = [i for i, meaning in enumerate(extra) if meaning in (_MULTIPLIED_ALPHA, _ALPHA)]
    alpha = count + alphas[0] if alphas else None
    multiplied = bool(alphas) and extra[alphas[0]] == _MULTIPLIED_ALPHA
    kept = [*range(count), *([] if alpha is None else [alpha])]
    if kept != list(range(samples.shape[2])):
        samples = np.ascontiguousarray(samples[..., kept])
    if page.photometric in (GREY, RGB) and not multiplied:
        return samples[..., 0] if samples.shape[2] == 1 else samples
    image = _lend(samples)
    white = 65535 if samples.dtype == np.uint16 else 255
    if multiplied and page.photometric != PALETTE:
        image = image.unpremultiply(max_alpha=white, alpha_band=count).rint().cast(image.format)
    color, rest = image[:count], image[count:] if alpha is not None else None
    if page.photometric == WHITE_IS_ZERO:
        color = color.invert()
    elif page.photometric == PALETTE:
        color = color.maplut(_palette(colors.table, page.bits))
        if rest is not None and color.format != rest.format:
            rest = (rest * 257).cast("ushort")
    elif page.photometric == YCBCR:
        color = _ycbcr_to_rgb(color, colors, white)
    elif page.photometric in (CIE_LAB, ICC_LAB):
        color = lab_to_srgb(_lab(color, page.photometric), 16 if white == 65535 else 8)
    elif page.photometric == INKS:
        color = inks_to_srgb(color.copy(interpretation="cmyk"), colors.profile)
    return image_array(color if rest is None else color.bandjoin(rest))


def _lend(samples: Pixels) -> Any:
    height, width, bands = samples.shape
    format_ = "ushort" if samples.dtype == np.uint16 else "uchar"
    data = np.ascontiguousarray(samples)
    return pyvips.Image.new_from_memory(data, width, height, bands, format_)


def _palette(table: NDArray[Any] | None, bits: int) -> Any:
    """Make a palette a table of libvips: of 8 bits where its 16 say no more than 8."""
    size = 1 << bits
    if table is None or len(table) < 3 * size:
        raise ValueError("no palette")
    entries = table[: 3 * size].reshape(3, size).T.astype(np.uint16)
    if entries.max() < 256:  # Old writers put 8 bits there.
        entries = entries.astype(np.uint8)
    elif not ((entries & 255 != 0) & (entries % 257 != 0)).any():
        entries = (entries >> 8).astype(np.uint8)
    return _lend(entries.reshape(1, size, 3))


def _ycbcr_to_rgb(image: Any, colors: Colors, white: int) -> Any:
    """Convert YCbCr by the coefficients and the range that the file names, or those of TIFF 6.0."""
    shares = colors.luma_shares
    if shares is None or len(shares) < 3 or not np.isfinite(shares).all() or min(shares) <= 0:
        shares = np.array([0.299, 0.587, 0.114])
    red, green, blue = (float(share) for share in shares[:3])
    half = (white + 1) // 2
    limits = colors.black_and_white
    default = np.array([0, white, half, white, half, white], np.float64)
    if limits is None or len(limits) < 6 or not np.isfinite(limits).all():
        limits = default
    zero, full = limits[:6:2].astype(np.float64), limits[1:6:2].astype(np.float64)
    if (full <= zero).any():
        zero, full = default[::2], default[1::2]
    scale = np.array([white, half - 1, half - 1]) / (full - zero)
    matrix = np.array(
        [
            [1, 0, 2 - 2 * red],
            [1, -blue * (2 - 2 * blue) / green, -red * (2 - 2 * red) / green],
            [1, 2 - 2 * blue, 0],
        ]
    )
    matrix *= scale
    rgb = image.recomb(pyvips.Image.new_from_array(matrix.tolist()))
    return (rgb - (matrix @ zero).tolist()).rint().cast(image.format)


def _lab(image: Any, kind: int) -> Any:
    """Scale L, a and b to their usual numbers: 0 to 100, and about -128 to 127."""
    wide = image.format == "ushort"
    luma, chroma = image[0], image[1:]
    if kind == CIE_LAB:
        chroma = chroma.copy(format="short" if wide else "char") / (256 if wide else 1)
        luma = luma / (655.35 if wide else 2.55)
    else:  # ICC's own: 0 stands for -128, and white of 16 bits is 0xff00.
        chroma = chroma / (256 if wide else 1) - 128
        luma = luma / (652.8 if wide else 2.55)
    return luma.bandjoin(chroma)
