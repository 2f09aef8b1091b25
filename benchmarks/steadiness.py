"""How steady and how true the colours of a film are: the measures of `benchmarks.video`.

Chroma is (2, h, w), as a generator has it; figures are in levels of 255 of Cb and Cr.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizer.coloring.chroma import join_chroma
from colorizer.pictures.pixels import UV_SCALE

Chroma = NDArray[np.floating[Any]]
Lumas = Sequence[NDArray[np.uint8]]

LEVELS = (255 / (UV_SCALE * [1.772, 1.402]))[:, None, None]  # of Cb and Cr in one of U and V
ROUND_TRIP, DIFFERENCE = 0.5, 8  # pixels and levels, at most, where the judge's flow is believed
MOVING = 2.5  # pixels from a frame to the next


@dataclass(frozen=True)
class Motion:
    """The judge's flow from a frame to the next: places there, where it is believed, its length."""

    places: NDArray[np.float32]
    believed: NDArray[np.bool_]
    length: NDArray[np.float32]


def find_motion(lumas: Lumas) -> list[Motion]:
    """Find the way from each frame to the next by Farnebäck's flow, which the product doesn't use.

    It is believed where the way back leads to within half a pixel and the luma is the same within
    8 levels: what is hidden and uncovered isn't judged.
    """
    motions = []
    for here, there in pairwise(lumas):
        way, back = _farneback(here, there), _farneback(there, here)
        height, width = here.shape
        places = way + np.dstack(np.meshgrid(np.arange(width), np.arange(height)))
        places = places.astype(np.float32)
        missed = way + cv2.remap(back, places, None, cv2.INTER_LINEAR)
        luma = cv2.remap(there, places, None, cv2.INTER_LINEAR)
        believed = np.hypot(*np.moveaxis(missed, -1, 0)) < ROUND_TRIP
        believed &= np.abs(here.astype(np.float32) - luma) < DIFFERENCE
        believed &= ((places >= 0) & (places <= [width - 1, height - 1])).all(axis=2)
        motions.append(Motion(places, believed, np.hypot(*np.moveaxis(way, -1, 0))))
    return motions


def _farneback(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Any:
    return cv2.calcOpticalFlowFarneback(here, there, None, 0.5, 4, 21, 5, 7, 1.5, 0)


def warp_error(chroma: Sequence[Chroma], motions: Sequence[Motion], cuts: Collection[int]) -> float:
    """Root of the mean squared change of chroma along the judge's flow: flicker.

    The warping error of Lai and others, *Learning Blind Video Temporal Consistency*, 2018.
    """
    total = pixels = 0.0
    for number, motion in enumerate(motions):
        if number + 1 not in cuts:
            there = np.moveaxis(chroma[number + 1] * LEVELS, 0, -1).astype(np.float32)
            came = cv2.remap(there, motion.places, None, cv2.INTER_LINEAR)
            change = came - np.moveaxis(chroma[number] * LEVELS, 0, -1)
            total += float(np.square(change[motion.believed]).sum()) / 2
            pixels += motion.believed.sum()
    return float(np.sqrt(total / pixels))


def consistency(lumas: Lumas, chroma: Sequence[Chroma], cuts: Collection[int]) -> float:
    """Colour distribution consistency, CDC, times 1000: lower is steadier, the truth has some.

    The mean divergence, Jensen's and Shannon's, of the histograms of red, green and blue of frames
    1, 2 and 4 apart: Liu and others, *Temporally Consistent Video Colorization*, 2021.
    """
    histograms = []
    for luma, planes in zip(lumas, chroma, strict=True):
        rgb = join_chroma(luma / np.float32(255), np.moveaxis(planes, 0, -1)) >> 8
        rows = [np.bincount(rgb[..., band].ravel(), minlength=256) for band in range(3)]
        histograms.append(np.array(rows) / luma.size)
    means = []
    for apart in (1, 2, 4):
        pairs = [
            _divergence(histograms[number], histograms[number + apart])
            for number in range(len(histograms) - apart)
            if not any(number < cut <= number + apart for cut in cuts)
        ]
        means.append(np.mean(pairs))
    return 1000 * float(np.mean(means))


def _divergence(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    middle = np.maximum((one + other) / 2, 1e-12)
    halves = [part * np.log(np.maximum(part, 1e-12) / middle) for part in (one, other)]
    return float(np.sum(halves) / 2 / 3)


def truth_of(
    chroma: Sequence[Chroma], truth: Sequence[Chroma], masks: Sequence[NDArray[np.bool_]] = ()
) -> float:
    """PSNR of chroma against the film's own, in dB, of all pixels or those of masks."""
    total = pixels = 0.0
    for number, (found, true) in enumerate(zip(chroma, truth, strict=True)):
        error = np.square((found - true) * LEVELS).mean(axis=0)
        if masks:
            error = error[masks[number]]
        total += float(error.sum())
        pixels += error.size
    return 10 * float(np.log10(255**2 * pixels / max(total, 1e-9))) if pixels else float("nan")


def saturation(chroma: Sequence[Chroma]) -> float:
    """Return the mean length of chroma."""
    return float(np.mean([np.hypot(*(planes * LEVELS)).mean() for planes in chroma]))
