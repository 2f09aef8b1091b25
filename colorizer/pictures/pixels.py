"""Pixels as arrays: 8 and 16 bits, planes, turns, crops, shrinking, and what luma is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorizer.pictures.photo import Photo, Pixels

# ITU-R BT.601: the shares of red, green and blue in the luma, and what U and V are of blue's and
# red's differences from it.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
UV_SCALE = np.array([0.492, 0.877], np.float32)

PREVIEW = 2000  # pixels of a preview's longer side, at most

Box = tuple[int, int, int, int]  # left, top, width and height in pixels

# How a picture is stored, by EXIF's number for it: its rows reversed, their order reversed, and
# then its rows taken for columns. TIFF 6.0, tag 274.
_ROWS_REVERSED = (2, 3, 7, 8)
_ORDER_REVERSED = (3, 4, 6, 7)
_TRANSPOSED = (5, 6, 7, 8)


def side_of(render_factor: int) -> int:
    """Return the side in pixels of the square that a generator sees at a render factor."""
    return 16 * render_factor


def eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    """Give pixels of 8 or 16 bits 8, each rounded to the nearest level."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def sixteen_bits(pixels: Pixels) -> NDArray[np.uint16]:
    """Give pixels of 8 or 16 bits 16."""
    if pixels.dtype == np.uint16:
        return pixels.astype(np.uint16, copy=False)
    wide: NDArray[np.uint16] = pixels.astype(np.uint16) * np.uint16(257)
    return wide


def fill_bits(pixels: Pixels, bits: int) -> Pixels:
    """Repeat the high bits of 16 in the low ones, which a file of fewer bits leaves 0.

    So white is the white of 16 bits.

    Parameters
    ----------
    pixels
        uint16, of which the highest `bits` are used.
    bits
        9 to 16.
    """
    return pixels if bits == 16 else pixels | (pixels >> bits)


def split_planes(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Split (H, W) or (H, W, 1 to 4) pixels into RGB and alpha; neither is a copy."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    bands = pixels.shape[2]
    alpha = pixels[..., -1] if bands in (2, 4) else None
    if bands < 3:
        return np.broadcast_to(pixels[..., :1], (*pixels.shape[:2], 3)), alpha
    return pixels[..., :3], alpha


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels upright.

    Parameters
    ----------
    pixels
        (H, W) or (H, W, bands), as stored.
    orientation
        1 to 8, EXIF's number for how they are stored.

    Returns
    -------
    numpy.ndarray
        (H, W) or (W, H), and the bands: contiguous.
    """
    if orientation in _ROWS_REVERSED:
        pixels = pixels[:, ::-1]
    if orientation in _ORDER_REVERSED:
        pixels = pixels[::-1]
    if orientation in _TRANSPOSED:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels)


def is_on_its_side(orientation: int) -> bool:
    """Tell whether a picture of this orientation is stored with its height for its width."""
    return orientation in _TRANSPOSED


def stored_box(box: Box, orientation: int, width: int, height: int) -> Box:
    """Find where a part of the upright picture is stored.

    Parameters
    ----------
    box
        The part, in pixels of the upright picture.
    orientation
        1 to 8, EXIF's number for how the picture is stored.
    width, height
        Of the picture as it is stored.
    """
    left, top, across, down = box
    if orientation in _TRANSPOSED:
        left, top, across, down = top, left, down, across
    if orientation in _ROWS_REVERSED:
        left = width - left - across
    if orientation in _ORDER_REVERSED:
        top = height - top - down
    return left, top, across, down


def clip_box(box: Box, width: int, height: int) -> Box:
    """Clip a part to a picture of this size; its width or height is 0 where they don't meet."""
    left, top, across, down = box
    right, bottom = min(left + across, width), min(top + down, height)
    left, top = max(left, 0), max(top, 0)
    return left, top, max(0, right - left), max(0, bottom - top)


def crop_pixels(pixels: Pixels, box: Box) -> Pixels:
    """Cut a part out of (H, W) or (H, W, bands) pixels; it is not a copy."""
    left, top, width, height = box
    return pixels[top : top + height, left : left + width]


def shrink_photo(photo: Photo, longest: int = PREVIEW) -> Photo:
    """Shrink a photo to at most `longest` pixels a side; it keeps its colour space and depth."""
    scale = longest / max(photo.width, photo.height)
    if scale >= 1:
        return photo
    across, down = (max(scale, 1 / side) for side in (photo.width, photo.height))
    image = lend(photo)
    if photo.alpha is None:
        return replace(photo, rgb=image.resize(across, vscale=down).numpy())
    # What is transparent has no say in the colours around it.
    white = np.iinfo(photo.rgb.dtype).max
    visible = image.premultiply(max_alpha=white).cast(image.format)
    small = visible.resize(across, vscale=down).unpremultiply(max_alpha=white)
    pixels = small.cast(image.format).numpy()
    return replace(photo, rgb=pixels[..., :3], alpha=pixels[..., 3])


def lend(photo: Photo) -> Any:
    """Lend a photo's pixels to libvips: an image of 3 or 4 bands, in sRGB for all it knows."""
    space = "rgb16" if photo.rgb.dtype == np.uint16 else "srgb"
    image = _lend(photo.rgb).copy(interpretation=space)
    if photo.alpha is not None:
        image = image.bandjoin(_lend(photo.alpha)).copy(interpretation=space)
    return image


def eight_bit_image(image: Any) -> Any:
    """Give a libvips image of 8 or 16 bits 8, each rounded to the nearest level."""
    if image.format == "uchar":
        return image
    return (image / 257).rint().cast("uchar").copy(interpretation="srgb")


def _lend(array: Pixels) -> Any:
    if array.ndim == 3 and array.strides[2] == 0:  # a grey plane, seen as RGB
        plane = _lend(array[..., 0])
        return plane.bandjoin([plane, plane])
    height, width, bands = array.shape if array.ndim == 3 else (*array.shape, 1)
    format_ = "ushort" if array.dtype == np.uint16 else "uchar"
    return pyvips.Image.new_from_memory(np.ascontiguousarray(array), width, height, bands, format_)
