"""A segment of a film encoded: its own luma byte for byte, new chroma, its own time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from colorizer.video.facts import Track
from colorizer.video.frame import Frame, Plane

Codec = Literal["h264", "av1", "ffv1"]

# How the names of a film's result end, by codec. Segments are MP4 files whatever the codec.
SUFFIXES: dict[Codec, str] = {"h264": ".mp4", "av1": ".mp4", "ffv1": ".mkv"}


def write_segment(
    path: Path,
    frames: Iterable[tuple[Frame, tuple[Plane, Plane]]],
    track: Track,
    codec: Codec = "h264",
) -> int:
    """Encode frames into a file of their own, which is written whole or not at all.

    The same frames give the same bytes.

    Parameters
    ----------
    path
        The file, which ends with ``.mp4``.
    frames
        Frames in their order, each with its new U and V planes: half as wide and high as the luma,
        rounded up, of the luma's dtype. Of the frame, its luma and time stamp are taken.
    track
        How the film's picture track is stored.
    codec
        ``h264``: x264 at a rate factor of 16, 49 dB of luma and better. ``av1``: SVT-AV1.
        ``ffv1``: luma to the bit.

    Returns
    -------
    int
        How many frames it has.

    Raises
    ------
    ValueError
        If there are no frames, or their planes don't fit each other.
    OSError
        If the file can't be written.
    """
    raise NotImplementedError
