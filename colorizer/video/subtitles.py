"""Subtitles of a film into its result: text without styling where the container has no more."""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from colorizer.video.ffmpeg import av
from colorizer.video.sound import CopiedTrack, OtherTrack, name_track

if TYPE_CHECKING:
    from av.container.output import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

_TEXTS = {"subrip", "srt", "text", "ass", "ssa", "webvtt", "mov_text"}
_ASS_FIELDS = 8  # in front of the text, as Matroska has a line of it
_MOST_AT_ONCE = 20  # texts
_MOST_BYTES = 0xFFFF  # The length of a text has two bytes in MP4.
_TAGS = re.compile(r"</?(?:[a-z]+\d*|\d[\d:.]*)(?:[\s.][^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
# A header that the encoder for MP4 reads its own one from: one plain style.
_HEADER = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class PlainSubtitles:
    """A track of subtitles that are made plain text.

    MP4 shows one text at a time: where several overlap, there is one of all of them.

    Parameters
    ----------
    stream
        The result's.
    codec
        FFmpeg's name of what the film has.
    shift
        What is taken from time stamps, in seconds.
    has_length
        Whether the length of a text stands in front of it, as in MP4.
    """

    beginning = Fraction(0)

    def __init__(self, stream: Stream, codec: str, shift: Fraction, *, has_length: bool) -> None:
        self._stream, self._codec = stream, codec
        self._shift, self._has_length = shift, has_length
        self._ticks = Fraction(1, 1000)
        self._since = 0
        self._shown: list[tuple[int, str]] = []  # when it goes, and what

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Make packets of those texts whose time has come when the packet's comes."""
        text = plain_text(bytes(packet), self._codec)
        if packet.pts is None or not text:
            return
        start = packet.pts - round(self._shift / packet.time_base)
        end = start + max(0, packet.duration or 0)
        self._ticks = packet.time_base
        if not self._has_length:  # Matroska has room for several texts at a time.
            yield self._packet(start, end, text)
            return
        yield from self._until(start)
        self._since = start
        self._shown = [*self._shown[1 - _MOST_AT_ONCE :], (end, text)]

    def end(self) -> Iterator[Packet[Any]]:
        """Make packets of what is left."""
        yield from self._until(max((end for end, _ in self._shown), default=0))

    def _until(self, time: int) -> Iterator[Packet[Any]]:
        """Make packets of what is shown up to a time, each with all texts that are shown then."""
        while self._shown and self._since < time:
            stop = min(time, *(end for end, _ in self._shown))
            if stop > self._since:
                text = "\n".join(text for _, text in self._shown)
                yield self._packet(self._since, stop, text)
            self._since = max(self._since, stop)
            self._shown = [(end, text) for end, text in self._shown if end > self._since]

    def _packet(self, start: int, end: int, text: str) -> Packet[Any]:
        data = text.encode()[:_MOST_BYTES].decode(errors="ignore").encode()
        packet = av.Packet(struct.pack(">H", len(data)) + data if self._has_length else data)
        packet.time_base = self._ticks
        packet.pts = packet.dts = start
        packet.duration = end - start
        packet.is_keyframe = True
        packet.stream = self._stream
        return packet


def add_subtitles(
    output: OutputContainer, source: SubtitleStream, shift: Fraction
) -> OtherTrack | None:
    """Add a track of subtitles to a result.

    Parameters
    ----------
    output
        The result: Matroska takes them as they are, MP4 text alone.
    source
        The film's track.
    shift
        What is taken from time stamps, in seconds.

    Returns
    -------
    OtherTrack or None
        What makes its packets; None if they don't fit, as pictures in MP4.
    """
    if source.codec_context is None:
        return None
    name, is_mp4 = source.codec_context.name, output.format.name == "mp4"
    if name == "mov_text" if is_mp4 else name in output.supported_codecs and name != "mov_text":
        copy = output.add_stream_from_template(source, opaque=True)
        name_track(copy, source)
        return CopiedTrack(copy, shift)
    if name not in _TEXTS:
        return None
    stream = output.add_stream("mov_text" if is_mp4 else "subrip")
    stream.codec_context.subtitle_header = _HEADER
    name_track(stream, source)
    return PlainSubtitles(stream, name, shift, has_length=is_mp4)


def plain_text(data: bytes, codec: str) -> str:
    """Return the text of a packet of subtitles, without styling.

    Parameters
    ----------
    data
        The packet.
    codec
        FFmpeg's name of what it is.
    """
    if codec == "mov_text":
        length = int.from_bytes(data[:2], "big")
        return data[2 : 2 + length].decode("utf-8", "replace")
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").strip("\0\n ")
    if codec in ("ass", "ssa"):
        text = text.split(",", _ASS_FIELDS)[-1]
        text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
    text = _TAGS.sub("", text)
    return html.unescape(text) if codec == "webvtt" else text
