"""Chroma of a few key frames carried along the optical flow to all frames of a shot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

# Frames on each side of a segment that its colours are worked out with, as far as the shot goes:
# from there on its borders can't be seen.
MARGIN = 40


def carry(
    lumas: Iterable[NDArray[np.uint8]], keys: Mapping[int, NDArray[np.float16]], first: int = 0
) -> NDArray[np.float16]:
    """Carry the chroma of key frames to all frames of a shot, or of a part of it.

    Between two keys the chroma comes from both, the nearer and the more trusted one counting
    more; before the first key and after the last it comes from that one. Then it is filtered
    along the flow, forwards and backwards.

    Parameters
    ----------
    lumas
        One for each frame in order, (h, w) uint8, as `squares.working_luma` makes it; all of one
        shot.
    keys
        (2, h, w) float16 by the number of the frame, as `squares.key_chroma` makes it. At least
        one is of a frame in `lumas`; others are left alone.
    first
        The number of the first frame in `lumas`.

    Returns
    -------
    numpy.ndarray
        (N, 2, h, w) float16, the chroma of each frame.

    Raises
    ------
    ValueError
        If no frame is a key.
    """
    raise NotImplementedError
