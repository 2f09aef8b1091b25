"""Edit lists of MP4 files: when a sound begins whose encoder put something before it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

_MOVIE_TICKS = 90_000  # a second, as segments and results are written
_NOTHING = -1  # the place of an edit in which nothing is played


def leave_out_beginnings(path: Path, tracks: Mapping[int, Fraction]) -> None:
    """Let sounds that begin late begin after what their encoder put before them.

    FFmpeg lets a track that begins after 0 begin with all that is in it (`mov_write_edts_tag` of
    its movenc.c), and leaves out what the encoder needed before only if that is before 0.

    Parameters
    ----------
    path
        An MP4 file that FFmpeg has written with a movie time scale of 90000.
    tracks
        What is to be left out, in seconds, by the number of the track. A track whose edit list
        doesn't have the form that FFmpeg gives late ones stays as it is.

    Raises
    ------
    OSError
        If it can't be read or written.
    """
    with path.open("r+b") as file:
        size = path.stat().st_size
        place = 0
        while place + 8 <= size:
            file.seek(place)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length == 1:
                length = struct.unpack(">Q", file.read(8))[0]
            if kind == b"moov":
                file.seek(place)
                movie = bytearray(file.read(length))
                _edit(movie, tracks)
                file.seek(place)
                file.write(movie)
                return
            if length < 8:
                return
            place += length


def _edit(movie: bytearray, tracks: Mapping[int, Fraction]) -> None:
    found = [body for kind, *body in _boxes(movie, 8, len(movie)) if kind == b"trak"]
    for number, (start, end) in enumerate(found):
        if number not in tracks:
            continue
        scale = _media_ticks(movie, start, end)
        edits = _find(movie, start, end, b"edts", b"elst")
        if not scale or edits is None or movie[edits[0]]:  # version 1 is of films of days
            continue
        count = struct.unpack_from(">I", movie, edits[0] + 4)[0]
        if count != 2:
            continue
        first, second = edits[0] + 8, edits[0] + 20
        wait, nothing = struct.unpack_from(">Ii", movie, first)
        length, begin = struct.unpack_from(">Ii", movie, second)
        away = round(tracks[number] * _MOVIE_TICKS)
        if nothing == _NOTHING and length > away:
            struct.pack_into(">I", movie, first, wait + away)
            more = round(tracks[number] * scale)
            struct.pack_into(">Ii", movie, second, length - away, begin + more)


def _media_ticks(movie: bytearray, start: int, end: int) -> int:
    """Return the time scale of a track."""
    header = _find(movie, start, end, b"mdia", b"mdhd")
    if header is None:
        return 0
    place = header[0] + (20 if movie[header[0]] else 12)
    return int(struct.unpack_from(">I", movie, place)[0])


def _find(movie: bytearray, start: int, end: int, *path: bytes) -> tuple[int, int] | None:
    """Return where the content of a box in boxes is."""
    for name in path:
        inner = next((body for kind, *body in _boxes(movie, start, end) if kind == name), None)
        if inner is None:
            return None
        start, end = inner
    return start, end


def _boxes(movie: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Give the boxes between two places: kind, beginning and end of the content."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", movie, start)
        if length < 8 or start + length > end:
            return
        yield kind, start + 8, start + length
        start += length
