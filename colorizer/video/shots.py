"""Where a film's shots begin, which of their frames are keys, and which are in colour already."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizer.video.flow import follow, search, steady
from colorizer.video.frame import Format, Frame, Plane
from colorizer.video.levels import zero_and_span
from colorizer.video.squares import working_luma

LONGEST = 96  # pixels of the longer side that frames are compared at

# A cut leaves this share of a frame's contrast unexplained by the frame before it, and is so many
# times as sudden as what is around it.
SUDDEN, OUTSTANDING = 0.5, 2.5
AROUND = 5  # frames on each side that are looked at for that
FLASH = 3  # frames: a picture that is back after as many was never away
EXTREMES = (2, 98)  # percentiles of luma: beyond them are dust and scratches
LEAST_CONTRAST = 6.0  # levels of 255: what has less is grain

BINS = 16  # of luma, each with a tint of its own
COLORED = 3.0  # levels of 255 of colour that no tint explains, at least, in film in colour


@dataclass(frozen=True)
class Shot:
    """A run of frames between two cuts: numbers of its first and last frame."""

    first: int
    last: int


class ShotFinder:
    """Finds the shots of a film while it is read once, in memory for a few small frames.

    A frame is compared with the one before as far as motion leads, in any brightness and
    contrast, so that pans, fades and flicker aren't cuts. Neither is a flash, nor are a few spoilt
    frames after which the picture from before comes back. Dissolves aren't found.
    """

    def __init__(self) -> None:
        self._scores: list[float] = []
        self._lumas: deque[NDArray[np.uint8]] = deque(maxlen=FLASH + 1)

    def add(self, luma: Plane) -> None:
        """Take in the next frame's luma, (h, w) uint8, of some 96 × 54 pixels or more."""
        small = steady(_shrink(luma, LONGEST))
        small = small.clip(*np.percentile(small, EXTREMES).astype(np.uint8))
        self._scores.append(_newness(self._lumas[-1], small) if self._lumas else 0.0)
        for ago in range(1, min(FLASH, len(self._lumas) - 1) + 1):
            # Where a picture from before is back, nothing between has begun a shot.
            sudden = max(self._scores[-1 - ago :]) > SUDDEN
            if sudden and _newness(self._lumas[-1 - ago], small) < SUDDEN:
                self._scores[-1 - ago :] = [0.0] * (ago + 1)
        self._lumas.append(small)

    def shots(self) -> list[Shot]:
        """Return the shots, after the last frame; none where there was no frame."""
        cuts = [number for number in range(1, len(self._scores)) if self._is_cut(number)]
        firsts, ends = [0, *cuts], [*cuts, len(self._scores)]
        return [
            Shot(first, end - 1) for first, end in zip(firsts, ends, strict=True) if end > first
        ]

    def _is_cut(self, number: int) -> bool:
        score = self._scores[number]
        if score <= SUDDEN:
            return False
        before = self._scores[max(1, number - AROUND) : number]
        around = before + self._scores[number + 1 : number + 1 + AROUND]
        return score > OUTSTANDING * median(around or [0.0])


def key_numbers(shot: Shot, every: int) -> list[int]:
    """Tell which frames of a shot the generator sees.

    Parameters
    ----------
    shot
        The shot.
    every
        1 or more: how many frames it is from a key to the next.

    Returns
    -------
    list of int
        Numbers of frames: the shot's first, every further one from there, and its last.
    """
    numbers = list(range(shot.first, shot.last + 1, every))
    return numbers if numbers[-1] == shot.last else [*numbers, shot.last]


def color_spread(frame: Frame, form: Format) -> float:
    """Measure how much colour a frame has that no tint or tone explains.

    Tinted and toned film (sepia, blue) has one colour for each luma; that is taken off.

    Returns
    -------
    float
        Root of the mean square, in levels of 255; 0 where the film is grey.
    """
    if frame.chroma is None:
        return 0.0
    luma = _shrink(working_luma(frame, form), LONGEST)
    bins = luma.ravel() // (256 // BINS)
    counts = np.maximum(np.bincount(bins, minlength=BINS), 1)
    size, (_, span) = luma.shape[::-1], zero_and_span(form)
    total = 0.0
    for plane in frame.chroma:
        small: Any = cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        levels = small.ravel() * (255 / span)
        tints = np.bincount(bins, levels, BINS) / counts
        total += float(np.square(levels - tints[bins]).mean())
    return float(np.sqrt(total))


def is_in_color(spreads: Sequence[float]) -> bool:
    """Tell by the `color_spread` of some of its frames whether a shot is in colour already."""
    return bool(spreads) and median(spreads) > COLORED


def _shrink(luma: Plane, longest: int) -> NDArray[np.uint8]:
    height, width = luma.shape
    scale = min(1, longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _newness(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Tell which share of a frame's contrast another doesn't explain, 0 to about 1."""
    moved = follow(
        before.astype(np.float32), search(after, before, cv2.DISOPTICAL_FLOW_PRESET_FAST)
    )
    moved -= moved.mean()
    here = after - after.mean(dtype=np.float64)
    gain = max(0.0, float((moved * here).mean()) / max(float(np.square(moved).mean()), 1e-3))
    left = np.square(here - gain * moved).mean()
    return float(np.sqrt(left)) / max(float(here.std()), LEAST_CONTRAST)
