"""TIFFs in YCbCr and Lab: the colours of their definitions."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from support.formats import RGB8, RGB16
from support.pictures import decode_photo
from support.tiffs import LONG, RATIONAL, SHORT, Page, page_of, tiff_file


def ycbcr(rgb, shares=(0.299, 0.587, 0.114), limits=(0, 255, 128, 255, 128, 255)):
    """Convert RGB by TIFF 6.0, section 21, without rounding."""
    white = 255 if rgb.dtype == np.uint8 else 65535
    red, green, blue = (rgb[..., i].astype(float) for i in range(3))
    luma = shares[0] * red + shares[1] * green + shares[2] * blue
    cb, cr = (blue - luma) / (2 - 2 * shares[2]), (red - luma) / (2 - 2 * shares[0])
    scaled = [luma * (limits[1] - limits[0]) / white + limits[0]]
    half = (white + 1) // 2 - 1
    for chroma, zero, full in ((cb, *limits[2:4]), (cr, *limits[4:6])):
        scaled.append(chroma * (full - zero) / half + zero)
    return np.stack(scaled, -1)


YCBCR_TAGS = {
    "plain": {},
    "ITU-R BT.709": {529: (RATIONAL, [2126, 10000, 7152, 10000, 722, 10000])},
    "16 to 235": {532: (RATIONAL, [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1])},
}


@pytest.mark.parametrize("layout", [{}, {"tile": 16}, {"planes": True}])
@pytest.mark.parametrize("name", YCBCR_TAGS)
def test_ycbcr(name, layout):
    further = YCBCR_TAGS[name]
    numbers = {tag: np.array(row[1])[::2] / np.array(row[1])[1::2] for tag, row in further.items()}
    shares = numbers.get(529, (0.299, 0.587, 0.114))
    limits = numbers.get(532, (0, 255, 128, 255, 128, 255))
    stored = np.rint(ycbcr(RGB8, shares, limits)).astype(np.uint8)
    tags = {262: (SHORT, 6), 530: (SHORT, [1, 1]), **further}
    photo = decode_photo(tiff_file(page_of(stored, tags=tags, **layout)))
    assert np.abs(photo.rgb.astype(int) - RGB8).max() <= 2


def test_ycbcr_of_16_bits():
    stored = np.rint(ycbcr(RGB16, limits=(0, 65535, 32768, 65535, 32768, 65535)))
    tags = {262: (SHORT, 6), 530: (SHORT, [1, 1])}
    photo = decode_photo(tiff_file(page_of(stored.clip(0, 65535).astype(np.uint16), tags=tags)))
    assert np.abs(photo.rgb.astype(int) - RGB16).max() <= 2


@pytest.mark.parametrize("size", [(64, 48), (61, 47)])
@pytest.mark.parametrize(("across", "down"), [(2, 2), (2, 1), (1, 2), (4, 2), (4, 4)])
def test_ycbcr_that_shares_chroma(across, down, size):
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    luma = ((x * 3 + y * 2) % 200 + 20).astype(np.uint8)
    rows, columns = -(-height // down), -(-width // across)
    chroma = np.stack(
        [np.arange(rows * columns) % 90 + 80, np.arange(rows * columns) % 70 + 90], -1
    )
    chroma = chroma.reshape(rows, columns, 2).astype(np.uint8)
    full = np.pad(luma, ((0, -height % down), (0, -width % across)), mode="edge")
    blocks = full.reshape(rows, down, columns, across).swapaxes(1, 2).reshape(rows, columns, -1)
    stored = np.dstack([blocks, chroma])
    step = 4  # rows of blocks a strip
    parts = [zlib.compress(stored[row : row + step].tobytes()) for row in range(0, rows, step)]
    tags = {256: (LONG, width), 257: (LONG, height), 258: (SHORT, [8, 8, 8]), 259: (SHORT, 8)}
    tags |= {262: (SHORT, 6), 277: (SHORT, 3), 278: (LONG, step * down)}
    tags[530] = (SHORT, [across, down])
    photo = decode_photo(tiff_file(Page(parts, tags)))
    cb, cr = chroma.repeat(down, 0).repeat(across, 1)[:height, :width].astype(float).T - 128
    cb, cr = cb.T, cr.T
    red, blue = luma + 1.402 * cr, luma + 1.772 * cb
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    right = np.rint(np.stack([red, green, blue], -1)).clip(0, 255)
    assert np.abs(photo.rgb - right).max() <= 1


def srgb_from_lab(lab):
    """Convert CIE Lab under D50 to sRGB: CIE 15, Bradford's adaptation, IEC 61966-2-1."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    xyz *= np.array([0.9642, 1, 0.8249])
    # From D50 to linear sRGB, as B. Lindbloom gives it.
    matrix = np.array(
        [
            [3.1338561, -1.6168667, -0.4906146],
            [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
    )
    light = (xyz @ matrix.T).clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", [8, 9])
@pytest.mark.parametrize("bits", [8, 16])
def test_lab(kind, bits):
    y, x = np.mgrid[0:20, 0:24]
    lab = np.stack([10 + y * 4.2, (x - 12) * 1.5, (12 - x) * 1.3 + y - 10], -1)
    lab[0, 0] = 100, 0, 0
    unit = 1 if bits == 8 else 256
    luma = lab[..., :1] * (652.8 if kind == 9 and bits == 16 else 655.35 if bits == 16 else 2.55)
    chroma = lab[..., 1:] * unit + (128 * unit if kind == 9 else 0)
    stored = np.rint(np.dstack([luma, chroma])).astype(np.int64)
    array = stored.astype(np.uint8 if bits == 8 else np.uint16)  # negative ones wrap round
    photo = decode_photo(tiff_file(page_of(array, tags={262: (SHORT, kind)})))
    assert photo.rgb.dtype == array.dtype
    exact = stored / unit
    exact[..., 1:] -= 128 if kind == 9 else 0
    exact[..., 0] = stored[..., 0] / (
        652.8 if kind == 9 and bits == 16 else 655.35 if bits == 16 else 2.55
    )
    white = np.iinfo(array.dtype).max
    assert np.abs(photo.rgb / white - srgb_from_lab(exact)).max() * 255 < 1.6
    assert photo.about.icc_profile is None
