"""A frame's new U and V planes: small chroma enlarged under the frame's own luma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from colorizer.video.frame import Format, Frame, Plane


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
    raise NotImplementedError
