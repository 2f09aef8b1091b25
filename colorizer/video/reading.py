"""A film's container opened, its picture track chosen, and packets decoded from any key frame."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from colorizer.errors import N_, BrokenPictureError, NotAPictureError, TooLargeError
from colorizer.video.clock import Clock
from colorizer.video.containers import FORMATS, RUNNING_CLOCKS
from colorizer.video.ffmpeg import av

if TYPE_CHECKING:
    from av.container.input import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MOST_TRACKS = 64
_THREADS = min(4, os.cpu_count() or 1)

BROKEN = N_(
    "This film can't be read: it is damaged, or cut off before what players need. Copy it once "
    "more from where it comes from."
)
NO_PICTURES = N_("This file has sound alone, and no pictures that could be coloured.")
UNKNOWN_CODEC = N_(
    "The pictures of this film are stored in a way that is not read here. Convert it to MP4 first."
)


def open_container(path: Path, kind: str, most_pixels: int) -> InputContainer:
    """Open a file as the container that its bytes say it is, and nothing else.

    Parameters
    ----------
    path
        The file.
    kind
        One of `containers.FORMATS`.
    most_pixels
        The most that decoders may make a frame of.

    Raises
    ------
    BrokenPictureError, TooLargeError
        If it can't be opened, or has too many tracks.
    """
    names = FORMATS[kind]
    options = {
        "format_whitelist": names,
        "protocol_whitelist": "file",
        "enable_drefs": "0",
        "max_streams": str(MOST_TRACKS + 1),
        "max_pixels": str(most_pixels),
    }
    try:
        container = av.open(
            f"file:{path}",
            format=names.split(",")[0],
            options=options,
            metadata_errors="replace",
        )
    except (av.FFmpegError, MemoryError, ValueError) as error:
        raise BrokenPictureError(BROKEN) from error
    if len(container.streams) > MOST_TRACKS:
        container.close()
        raise TooLargeError(
            N_("This film has more than %(limit)d tracks. Leave some out and try again."),
            limit=MOST_TRACKS,
        )
    return container


def picture_track(container: InputContainer) -> VideoStream:
    """Return the track with the film's pictures: the default one, else the largest, else the first.

    Raises
    ------
    NotAPictureError
        If there is none but covers, or none that can be decoded.
    """
    apart = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    tracks = [track for track in container.streams.video if not track.disposition & apart]
    if not tracks:
        raise NotAPictureError(NO_PICTURES)
    known = [track for track in tracks if track.codec_context is not None]
    if not known:
        raise NotAPictureError(UNKNOWN_CODEC)
    default = av.stream.Disposition.default
    return max(
        known,
        key=lambda t: (
            bool(t.disposition & default),
            t.codec_context.width * t.codec_context.height,
            -t.index,
        ),
    )


class Run:
    """One run of a decoder over a film, from a key frame on.

    Attributes
    ----------
    damaged
        How many packets couldn't be decoded so far.
    broken
        Whether the file couldn't be read on before its end.
    counted
        Whether a frame had no time stamp, and got one by counting.
    furthest
        How far the packets of any track reach, in seconds.
    """

    def __init__(
        self, path: Path, kind: str, track: int, most_pixels: int, *, careful: bool
    ) -> None:
        self._kind = kind
        self.container = open_container(path, kind, most_pixels)
        self.stream = cast("VideoStream", self.container.streams[track])
        self.stream.codec_context.options = {"max_pixels": str(most_pixels)}
        # Frames that are made up for damaged ones depend on the threads.
        self.stream.thread_type = "SLICE" if careful else "AUTO"
        self.stream.codec_context.thread_count = 1 if careful else _THREADS
        self.damaged = 0
        self.broken = self.counted = False
        self.furthest = Fraction(0)
        self._last: int | None = None
        # AVI has no time stamps but those of decoding, and FFmpeg guesses wrongly what they mean
        # for these: frames are shown in their order, so the times are those of decoding, sorted.
        self._are_sorted = kind == "avi" and self.stream.codec.canonical_name in ("h264", "hevc")
        self._times: list[int] = []

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def begin_at(self, pts: int, *, strict: bool) -> Iterator[VideoFrame] | None:
        """Decode from the last key frame that is not after a time stamp; None if it isn't found.

        If not `strict`, it may be after it: for containers whose own time stamps are guesses.
        """
        try:
            self.container.seek(max(pts, -(1 << 62)), stream=self.stream)
        except av.FFmpegError:
            return None
        packets = self._packets(everything=False)
        for packet in packets:
            if packet.is_keyframe and packet.size:
                start = packet.pts if packet.pts is not None else packet.dts
                if strict and (start is None or start > pts):
                    return None
                return self._decode(packets, packet)
        return None

    def frames(self, *, everything: bool = False) -> Iterator[VideoFrame]:
        """Decode from the beginning; with `everything`, other tracks are looked at, too."""
        return self._decode(self._packets(everything=everything))

    def stamp(self, frame: VideoFrame) -> int | None:
        """Return when a frame is shown; None if that isn't after the one before."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if self._are_sorted:
            self.counted = True
            pts = heapq.heappop(self._times) if self._times else None
        if pts is None:
            self.counted = True
            pts = 0 if self._last is None else self._last + self.duration(frame)
        if self._last is not None and pts <= self._last:
            return None
        self._last = pts
        return pts

    def duration(self, frame: VideoFrame) -> int:
        """Return how long a frame is shown, in ticks, as far as that is known; at least 1."""
        rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        return frame.duration or max(1, round(1 / (rate * cast(Fraction, self.stream.time_base))))

    def _packets(self, *, everything: bool) -> Iterator[Packet[VideoStream]]:
        """Read packets of the picture track until the end, or where the file can't be read on."""
        streams = [
            stream
            for stream in self.container.streams
            if stream is self.stream or (everything and stream.type in ("audio", "video"))
        ]
        clock = Clock() if self._kind in RUNNING_CLOCKS else None
        try:
            for packet in self.container.demux(streams):
                if clock is not None and packet.size:
                    is_picture = packet.stream is self.stream
                    (clock.set_picture if is_picture else clock.set_other)(packet)
                end = packet.pts if packet.pts is not None else packet.dts
                if end is not None:
                    end += packet.duration or 0
                    self.furthest = max(self.furthest, end * packet.time_base)
                if packet.stream is self.stream and packet.size:
                    if self._are_sorted and packet.dts is not None:
                        heapq.heappush(self._times, packet.dts)
                    yield cast("Packet[VideoStream]", packet)
        except (av.FFmpegError, MemoryError):
            self.broken = True

    def _decode(
        self, packets: Iterator[Packet[VideoStream]], first: Packet[VideoStream] | None = None
    ) -> Iterator[VideoFrame]:
        if first is not None:
            yield from self._try(first)
        for packet in packets:
            yield from self._try(packet)
        yield from self._try(None)

    def _try(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self.stream.decode(packet)
        except (av.FFmpegError, MemoryError):
            self.damaged += 1
            return []
