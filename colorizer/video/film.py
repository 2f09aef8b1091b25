"""A film file that is open: how it is stored, its frames one after another, a pass over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

from colorizer.video.facts import Survey, Track
from colorizer.video.frame import Format, Frame, Plane


def open_film(
    path: Path,
    *,
    max_side: int = 4096,
    max_minutes: float = 0,
    survey: Survey | None = None,
) -> Film:
    """Open a film file, whoever it is from, and look at its first frame.

    Its bytes tell what it is, never its name, and nothing but this file is opened.

    Parameters
    ----------
    path
        The file.
    max_side
        The most pixels that a frame may have in a row or column.
    max_minutes
        The longest that it may be; 0 for a hundred hours.
    survey
        What `Film.survey` has found in this file before; with it, frames are found at once.

    Returns
    -------
    Film
        To be closed, or used in a ``with``.

    Raises
    ------
    NotAPictureError
        If it is no film, of a kind that is not read here, or has no pictures.
    BrokenPictureError
        If no frame of it can be decoded.
    TooLargeError
        If it is over a limit.
    NotReadyError
        If PyAV is not installed.
    OSError
        If the file can't be read.
    """
    raise NotImplementedError


class Film(AbstractContextManager["Film"]):
    """A film file that is open. One thread at a time may use it.

    Attributes
    ----------
    path
        The file.
    kind
        Its container, one of `containers.FORMATS`.
    track
        How its picture track is stored.
    stated_seconds
        How long it is by its header, 0 where that says nothing.
    """

    path: Path
    kind: str
    track: Track
    stated_seconds: float

    @property
    def format(self) -> Format:
        """How its frames are stored."""
        return self.track.form

    @property
    def time_base(self) -> Fraction:
        """Seconds of a tick of its frames' time stamps."""
        return self.track.time_base

    def survey(self, callback: Callable[[Frame, Plane], None] | None = None) -> Survey:
        """Decode the film once, as quickly as it goes, to know all of its frames.

        Parameters
        ----------
        callback
            Called with each frame, in order, and with its luma made small: (h, w) uint8, of 96
            pixels at the most, in the film's own range. An exception of it ends the pass.

        Returns
        -------
        Survey
            What was found. Frames whose time stamp doesn't rise above the one before are left out
            and have no number, here and in `frames`.

        Raises
        ------
        BrokenPictureError, TooLargeError
            If no frame can be decoded, or the film is longer than it may be.
        """
        raise NotImplementedError

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[Frame]:
        """Decode a run of frames.

        Decoding begins at the key frame before. The frames of a film are always the same, wherever
        the run begins. A film that wasn't surveyed is surveyed first.

        Parameters
        ----------
        first, last
            Numbers of the first and last frame, both included; None is the film's last.

        Raises
        ------
        BrokenPictureError
            If a frame can't be decoded that the survey has found.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        self.close()
