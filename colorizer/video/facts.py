"""What is known of a film: how its picture track is stored, and what a pass over it has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from colorizer.video.frame import Format

_FINEST = 10_000_000


@dataclass(frozen=True)
class Track:
    """How a film's picture track is stored: what a segment of it is encoded by.

    Attributes
    ----------
    form
        How its frames are stored.
    time_base
        Seconds of a tick of its time stamps.
    rate
        Frames a second, on average, as its header says or guesses: for the encoder's settings
        alone. The frames have time stamps of their own.
    primaries, transfer, matrix
        Codes of ITU-T H.273 (https://www.itu.int/rec/T-REC-H.273) that the file states, 2 where it
        doesn't; the matrix is always the one that is worked with.
    display_matrix
        The nine numbers by which players turn or mirror frames, as the file has them.
    """

    form: Format
    time_base: Fraction
    rate: Fraction
    primaries: int = 2
    transfer: int = 2
    matrix: int = 6
    display_matrix: tuple[int, ...] | None = None

    @property
    def ticks(self) -> Fraction:
        """The time base of segments and results: the film's own, unless that is too fine for MP4.

        There, a frame of some seconds would have more ticks than fit; these are 1.4 µs.
        """
        return self.time_base if self.time_base.denominator <= _FINEST else Fraction(1, 720_000)


@dataclass(frozen=True)
class Survey:
    """What a pass over all frames of a film has found. All of it goes through JSON.

    Attributes
    ----------
    pts
        When each frame is shown, rising, in the time base of the picture track.
    end
        When the last frame goes.
    interlaced
        Whether frames say that they hold two fields: those are made whole ones.
    exact
        Whether all time stamps are the file's own; if not, some were counted.
    cut_off
        Whether the file ends, or can't be read on, before what its header says.
    damaged
        How many packets of the picture track couldn't be decoded.
    keys
        For each key frame which of the decoded frames it is, and a sum of its luma: where time
        stamps depend on where one begins to read, frames are counted from these.
    left_out
        Which of the decoded frames have no number, as their time stamp doesn't rise.
    """

    pts: tuple[int, ...]
    end: int
    interlaced: bool = False
    exact: bool = True
    cut_off: bool = False
    damaged: int = 0
    keys: tuple[tuple[int, int], ...] = ()
    left_out: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Survey:
        """Make a survey of what `dataclasses.asdict` made of one, once through JSON.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is none.
        """
        lists = {
            "pts": tuple(int(pts) for pts in values["pts"]),
            "keys": tuple((int(which), int(total)) for which, total in values["keys"]),
            "left_out": tuple(int(which) for which in values["left_out"]),
        }
        survey = cls(**{**values, **lists})
        if any(b <= a for a, b in zip(survey.pts, survey.pts[1:], strict=False)):
            raise ValueError("time stamps that don't rise")
        return survey
