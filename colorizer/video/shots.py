"""Where a film's shots begin, which of their frames are keys, and which are in colour already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from colorizer.video.frame import Format, Frame, Plane


@dataclass(frozen=True)
class Shot:
    """A run of frames between two cuts: numbers of its first and last frame."""

    first: int
    last: int


class ShotFinder:
    """Finds the shots of a film, in memory for a few small frames, while it is read once."""

    def add(self, luma: Plane) -> None:
        """Take in the next frame's luma, (h, w) uint8, of some 96 × 54 pixels."""
        raise NotImplementedError

    def shots(self) -> list[Shot]:
        """Return the shots, after the last frame; none where there was no frame."""
        raise NotImplementedError


def key_numbers(shot: Shot, every: int) -> list[int]:
    """Tell which frames of a shot the generator sees.

    Parameters
    ----------
    shot
        The shot.
    every
        At least 1: the frames between a key and the next, plus one.

    Returns
    -------
    list of int
        Numbers of frames: the shot's first, every further one from there, and its last.
    """
    raise NotImplementedError


def color_spread(frame: Frame, form: Format) -> float:
    """Measure how much colour a frame has that its luma doesn't explain.

    A tint or a tone (sepia, blue) is a colour for each luma, so there is little left of it.

    Returns
    -------
    float
        Root of the mean square, in levels of 255.
    """
    raise NotImplementedError


def is_in_color(spreads: Sequence[float]) -> bool:
    """Tell by the spreads of some of its frames whether a shot is in colour already."""
    raise NotImplementedError
