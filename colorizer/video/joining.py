"""Segments joined into the result, with all the sound, subtitles, chapters and tags of the film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from colorizer.video.film import Film


def join_parts(
    parts: Sequence[Path],
    film: Film,
    target: Path,
    *,
    generator: str,
    keep_gps: bool = False,
) -> list[str]:
    """Join the segments of a film into its result, which is written whole or not at all.

    Packets of the segments are copied in order. All sound tracks come from the film: copied where
    browsers play them, else as AAC of the same channels and start. So do subtitles that are text,
    chapters, titles, languages, the rotation and the shape of pixels.

    Parameters
    ----------
    parts
        Files of `encoding.write_segment`, in order, of one codec.
    film
        The film, surveyed.
    target
        The result; its name ends as `encoding.SUFFIXES` has it for the codec.
    generator
        The name of the generator that coloured it, for the mark that says so.
    keep_gps
        Whether the place where it was taken may stay.

    Returns
    -------
    list of str
        FFmpeg's names of what of the film doesn't fit the result (subtitles that are pictures,
        data), for people to be told.

    Raises
    ------
    ValueError
        If the parts are not of one film, codec and size.
    OSError
        If the result can't be written.
    """
    raise NotImplementedError


def remux(film: Film, target: Path, *, keep_gps: bool = False) -> list[str]:
    """Copy a film's own pictures, packet by packet, with all else as `join_parts` does it.

    This is strength 0. It carries no mark, since nothing was coloured.

    Parameters
    ----------
    film, keep_gps
        As for `join_parts`.
    target
        The result; its name ends as `remux_suffix` says.

    Returns
    -------
    list of str
        As `join_parts`.

    Raises
    ------
    OSError
        If the result can't be written.
    """
    raise NotImplementedError


def remux_suffix(film: Film) -> str:
    """Return how the name of a film's copy ends: ``.mp4``, or ``.mkv`` where MP4 can't hold it."""
    raise NotImplementedError
