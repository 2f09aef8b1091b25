"""A frame's new U and V planes: small chroma enlarged under the frame's own luma."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizer.coloring.chroma import find_room, fit_slope
from colorizer.video.frame import Format, Frame, Plane
from colorizer.video.levels import SHARES, black_and_white, to_film, zero_and_span
from colorizer.video.squares import working_luma

Float = NDArray[np.float32]


def color_planes(
    frame: Frame, form: Format, chroma: NDArray[np.float16], strength: int = 100
) -> tuple[Plane, Plane]:
    """Make the U and V planes of a frame of 4:2:0, in the film's own matrix, range and depth.

    The Y plane that belongs to them is the frame's own, as it is: where it leaves no room for a
    colour, the colour is made paler.

    Parameters
    ----------
    frame
        The frame; a film of 4:2:2 or 4:4:4 gets planes of 4:2:0 all the same.
    form
        How the film stores it.
    chroma
        (2, h, w) float16: what `carry.carry` gives for the frame.
    strength
        0 to 100, in percent, from the frame's own chroma (grey where it has none) to the new one.

    Returns
    -------
    tuple of two numpy.ndarray
        U and V, half as wide and half as high as the luma, rounded up, of the luma's dtype;
        columns are sited as MPEG-2 and H.264 have it by default, on every other one of the luma.
    """
    zero, span = zero_and_span(form)
    height, width = frame.luma.shape
    size = -(-width // 2), -(-height // 2)
    own = [_own_plane(frame, number, size, zero) for number in range(2)]
    if strength == 0:
        return own[0], own[1]
    luma = _luma_at_chroma(frame.luma, form)
    colors = _enlarge(chroma, working_luma(frame, form), luma, form)
    paleness = _paleness(colors, luma, form)
    planes = []
    for color, plane in zip(colors, own, strict=True):
        color *= paleness
        color *= span * strength / 100
        color += zero + 0.5
        if strength < 100:
            color += (plane.astype(np.float32) - zero) * (1 - strength / 100)
        planes.append(color.clip(0, (1 << form.depth) - 1).astype(frame.luma.dtype))
    return planes[0], planes[1]


def _own_plane(frame: Frame, number: int, size: tuple[int, int], zero: int) -> Plane:
    """Return a frame's own U (0) or V (1) as 4:2:0 has it; grey where there is none."""
    width, height = size
    if frame.chroma is None:
        return np.full((height, width), zero, frame.luma.dtype)
    plane = frame.chroma[number]
    if plane.shape[1] > width:
        plane = plane[:, ::2]
    if plane.shape[0] > height:
        upper = plane[::2].astype(np.uint32)
        lower = plane[1::2]
        upper[: len(lower)] += lower
        upper[len(lower) :] *= 2
        plane = ((upper + 1) // 2).astype(frame.luma.dtype)
    return np.ascontiguousarray(plane)


def _luma_at_chroma(luma: Plane, form: Format) -> Float:
    """Find the luma, 0 to 1, where the samples of 4:2:0 are: on even columns, between rows."""
    height, width = luma.shape
    if height % 2 or width % 2:
        luma = np.pad(luma, ((0, height % 2), (0, width % 2)), mode="edge")
    rows = luma[::2].astype(np.uint32) + luma[1::2]
    total = 2 * rows[:, ::2] + rows[:, 1::2]
    total[:, 1:] += rows[:, 1:-2:2]
    total[:, 0] += rows[:, 0]
    black, white = black_and_white(form)
    scaled = (total.astype(np.float32) - 8 * black) / np.float32(8 * (white - black))
    return np.asarray(scaled.clip(0, 1))


def _enlarge(
    chroma: NDArray[np.float16], small: NDArray[np.uint8], luma: Float, form: Format
) -> list[Float]:
    """Enlarge chroma to the size of `luma`, as `coloring.chroma` does; the film's U and V."""
    level = small / np.float32(255)
    colors = np.tensordot(chroma.astype(np.float32), to_film(form), axes=([0], [1]))
    slope = fit_slope(colors, level)
    maps = np.dstack([colors - slope * level[..., None], slope])
    height, width = luma.shape
    # Samples of 4:2:0 are half a pixel of the luma further left than the middle of their own area.
    further = np.float32(small.shape[1] / width / 4)
    maps[:, 1:] += further * (maps[:, :-1] - maps[:, 1:])
    kind = cv2.INTER_CUBIC if width > small.shape[1] else cv2.INTER_AREA
    large: Any = cv2.resize(maps, (width, height), interpolation=kind)
    return [large[..., number] + large[..., 2 + number] * luma for number in range(2)]


def _paleness(colors: list[Float], luma: Float, form: Format) -> Float:
    """Tell by how much U and V must be multiplied to leave the luma as it is."""
    of_red, of_green, of_blue = SHARES[form.matrix]
    blue, red = colors[0] * (2 - 2 * of_blue), colors[1] * (2 - 2 * of_red)
    green = (of_red * red + of_blue * blue) / -of_green
    return np.asarray(find_room(red, green, blue, luma, 1), np.float32)
