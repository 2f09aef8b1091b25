"""Frames that tests make themselves: things that move before a ground, in known colours."""

import cv2
import numpy as np

from colorizer.video.frame import Format, Frame

GROUND, THING = (-0.08, 0.05), (0.1, 0.16)  # their U and V, as a generator has them


def form_of(width, height, **kind):
    """Describe a film of 8 bits in limited range and BT.601, but for what `kind` says."""
    return Format(width, height, **{"depth": 8, "full_range": False, "matrix": "bt601", **kind})


def texture(width, height, seed, dark=60, bright=200):
    """Draw luma, (H, W) float from `dark` to `bright`, that the flow can hold on to."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    smooth -= smooth.min()
    return dark + (bright - dark) * smooth / smooth.max()


def moving_film(count, width=128, height=72, step=3.0):
    """Make `count` lumas, (H, W) uint8, with a square that moves right, and their true chroma."""
    ground, thing = texture(width, height, 1, 50, 150), texture(width, height, 2, 130, 230)
    lumas, chromas = [], []
    for number in range(count):
        offset = np.float64([[1, 0, 10 + step * number], [0, 1, height // 4]])
        side = height // 2
        mask = cv2.warpAffine(np.ones((side, side)), offset, (width, height)) > 0.5
        moved = cv2.warpAffine(thing[:side, :side], offset, (width, height))
        lumas.append(np.where(mask, moved, ground).astype(np.uint8))
        chroma = [np.where(mask, *pair) for pair in zip(THING, GROUND, strict=True)]
        chromas.append(np.array(chroma, np.float16))
    return lumas, chromas


def frame_of(luma, chroma=None, number=0):
    """Make a frame of a luma plane and, if it has any, U and V planes."""
    return Frame(number, number, luma, chroma)
