"""A frame of a film as it was decoded, and how a film stores its frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from numpy.typing import NDArray

Plane = NDArray[Any]  # of uint8, or of uint16 where the film has more than 8 bits
Matrix = Literal["bt601", "bt709", "bt2020"]


@dataclass(frozen=True)
class Frame:
    """A frame of a film.

    Attributes
    ----------
    number
        Which one it is, from 0.
    pts
        When it is shown, in the time base of the film's picture track.
    luma
        (H, W), the film's own Y plane as decoded.
    chroma
        U and V planes as decoded, subsampled as the film has them; None where the film is grey.
    """

    number: int
    pts: int
    luma: Plane
    chroma: tuple[Plane, Plane] | None


@dataclass(frozen=True)
class Format:
    """How a film stores its frames.

    Attributes
    ----------
    width, height
        Of the frames as decoded, in pixels.
    depth
        Bits of a sample.
    full_range
        Whether black is 0 and white the greatest value; else they are 16 and 235 of 8 bits.
    matrix
        Which shares of red, green and blue its luma has.
    rotation
        0, 90, 180 or 270: degrees by which a decoded frame is turned counterclockwise to be
        upright, as FFmpeg's ``av_display_rotation_get`` counts them.
    sample_aspect
        Width of a pixel over its height.
    """

    width: int
    height: int
    depth: int
    full_range: bool
    matrix: Matrix
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
