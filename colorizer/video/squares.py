"""What the generator and the optical flow see of a frame, and what the generator answers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.coloring.chroma import squeeze
from colorizer.video.frame import Format, Frame
from colorizer.video.levels import full_luma

LONGEST = 320  # pixels of the working size's longer side


def working_size(form: Format) -> tuple[int, int]:
    """Return height and width of the small picture that chroma is carried on: turned as stored."""
    scale = min(1, LONGEST / max(form.width, form.height))
    height, width = (max(1, round(side * scale)) for side in (form.height, form.width))
    return height, width


def square_of(frame: Frame, form: Format, side: int) -> NDArray[np.uint8]:
    """Return the luma of a frame for the generator, upright and squeezed to a square.

    Parameters
    ----------
    frame
        The frame, of any depth and range.
    form
        How the film stores it.
    side
        Pixels of the square: 16 × render factor.

    Returns
    -------
    numpy.ndarray
        (side, side) uint8, black 0 and white 255: what `Generator.predict_chroma` takes. Repeated
        three times along a last axis, it is the `rgb` of a Photo that `coloring.colorize.predict`
        takes.
    """
    upright = np.rot90(full_luma(frame.luma, form), form.rotation // 90)
    grey = np.broadcast_to(upright[..., None], (*upright.shape, 3))
    return np.ascontiguousarray(squeeze(grey, side)[..., 0])


def key_chroma(chroma: NDArray[np.float32], form: Format) -> NDArray[np.float16]:
    """Bring a generator's answer to the working size and back to how frames are stored.

    Parameters
    ----------
    chroma
        (S, S, 2) float32, as `Generator.predict_chroma` and `Prediction.chroma` have it.
    form
        How the film stores its frames.

    Returns
    -------
    numpy.ndarray
        (2, h, w) float16, U and V of BT.601 for R, G, B in 0..1, of `working_size`.
    """
    height, width = working_size(form)
    turned = np.rot90(chroma, -(form.rotation // 90)).astype(np.float32)
    planes = [
        Image.fromarray(np.ascontiguousarray(turned[..., number])).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        for number in range(2)
    ]
    return np.stack([np.asarray(plane) for plane in planes]).astype(np.float16)


def working_luma(frame: Frame, form: Format) -> NDArray[np.uint8]:
    """Return a frame's luma at `working_size`, (h, w) uint8, black 0 and white 255."""
    height, width = working_size(form)
    small = cv2.resize(frame.luma, (width, height), interpolation=cv2.INTER_AREA)
    return full_luma(small, form)
