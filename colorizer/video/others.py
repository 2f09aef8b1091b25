"""All tracks of a film but its pictures on their way into the result."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from colorizer.errors import BrokenPictureError
from colorizer.video.clock import Clock
from colorizer.video.containers import RUNNING_CLOCKS
from colorizer.video.ffmpeg import av
from colorizer.video.film import Film
from colorizer.video.reading import BROKEN
from colorizer.video.sound import OtherTrack, add_sound
from colorizer.video.subtitles import add_subtitles

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container.output import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream


class Others:
    """The sound and subtitles of a film, added to a result after its pictures.

    Parameters
    ----------
    output
        The result.
    film
        The film, whose file is read once more.

    Attributes
    ----------
    left_out
        FFmpeg's names of what doesn't fit the result. Data and covers are not among them.
    """

    def __init__(self, output: OutputContainer, film: Film) -> None:
        self._output, self._film = output, film
        self._source = film.reopened()
        self._tracks: dict[int, OtherTrack] = {}
        self._numbers: dict[int, int] = {}
        self.left_out: list[str] = []
        shift = film.shift * film.time_base
        for stream in self._source.streams:
            is_picture = stream.index == film.picture.index
            if is_picture or stream.type not in ("video", "audio", "subtitle"):
                continue
            track = self._add(stream, shift)
            if track is not None:
                self._numbers[stream.index] = len(output.streams) - 1
                self._tracks[stream.index] = track
            elif not stream.disposition & av.stream.Disposition.attached_pic:
                self.left_out.append(_name(stream))

    @property
    def beginnings(self) -> dict[int, Fraction]:
        """What is before a sound that begins late, in seconds, by the number of its track."""
        return {
            self._numbers[index]: track.beginning
            for index, track in self._tracks.items()
            if track.beginning
        }

    def mux_with(self, pictures: Iterator[Packet[Any]]) -> None:
        """Write the pictures and the tracks, whichever packet is to be decoded first.

        Raises
        ------
        BrokenPictureError
            If most packets are so damaged that the result can't hold them. Others are left out.
        OSError
            If the result can't be written.
        """
        written = refused = 0
        with contextlib.closing(self._source):
            for packet in _by_time(pictures, self._packets()):
                try:
                    self._output.mux(packet)
                    written += 1
                except (av.error.InvalidDataError, av.ArgumentError):
                    refused += 1
        if refused > written:
            raise BrokenPictureError(BROKEN)

    def _add(self, stream: Stream, shift: Fraction) -> OtherTrack | None:
        if stream.type == "audio":
            return add_sound(self._output, cast("AudioStream", stream), shift)
        if stream.type == "subtitle":
            return add_subtitles(self._output, cast("SubtitleStream", stream), shift)
        return None

    def _packets(self) -> Iterator[Packet[Any]]:
        """Give the packets of all tracks, as far as the file can be read."""
        if not self._tracks:
            return
        wanted = [*self._tracks]
        clock = Clock() if self._film.kind in RUNNING_CLOCKS else None
        if clock is not None:
            wanted.append(self._film.picture.index)
        with contextlib.suppress(av.FFmpegError):
            for packet in self._source.demux([self._source.streams[index] for index in wanted]):
                if packet.size and packet.stream_index not in self._tracks:
                    if clock is not None:
                        clock.set_picture(packet)
                elif packet.size:
                    if clock is not None:
                        clock.set_other(packet)
                    yield from self._tracks[packet.stream_index].take(packet)
        for track in self._tracks.values():
            yield from track.end()


def _name(stream: Stream) -> str:
    return stream.codec_context.name if stream.codec_context else stream.type


def _by_time(one: Iterator[Packet[Any]], other: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Give the packets of two runs, whichever is to be decoded first."""
    runs = [one, other]
    heads = [next(run, None) for run in runs]
    while True:
        waiting = [number for number, head in enumerate(heads) if head is not None]
        if not waiting:
            return
        number = min(waiting, key=lambda number: _time(heads[number]))
        yield cast("Packet[Any]", heads[number])
        heads[number] = next(runs[number], None)


def _time(packet: Packet[Any] | None) -> Fraction:
    if packet is None or packet.dts is None:
        return Fraction(0)
    return packet.dts * packet.time_base
