"""A frame as a small picture for people to see."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from colorizer.video.frame import Format, Plane
from colorizer.video.levels import SHARES, black_and_white, zero_and_span

LONGEST = 640  # pixels of the longer side


def draw_still(luma: Plane, chroma: tuple[Plane, Plane], form: Format) -> Image.Image:
    """Draw a frame upright, in the shape that it is shown in.

    Parameters
    ----------
    luma, chroma
        Its Y plane; its U and V planes, of any subsampling.
    form
        How the film stores it.
    """
    height, shown = form.height, form.width * float(form.sample_aspect)
    scale = min(1.0, LONGEST / max(height, shown))
    size = max(1, round(shown * scale)), max(1, round(height * scale))
    planes = [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        for plane in (luma, *chroma)
    ]
    black, white = black_and_white(form)
    zero, span = zero_and_span(form)
    of_red, of_green, of_blue = SHARES[form.matrix]
    grey = (planes[0] - black) / (white - black)
    blue = grey + (planes[1] - zero) / span * (2 - 2 * of_blue)
    red = grey + (planes[2] - zero) / span * (2 - 2 * of_red)
    green = (grey - of_red * red - of_blue * blue) / of_green
    rgb = (np.dstack([red, green, blue]) * 255 + 0.5).clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.rot90(rgb, form.rotation // 90)))
