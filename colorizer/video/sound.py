"""Sound tracks of a film into its result: packets copied, or AAC of the same channels and start."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from colorizer.video.ffmpeg import av

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container.output import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

# What browsers play in MP4. Others can be put into it, and then play silently without an error.
_PLAYED = {"aac", "mp3", "mp3float", "opus", "libopus", "flac"}
_BIT_RATE = 96_000  # a channel
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_USUAL_RATE = 48_000
# The same loudspeakers by the names that AAC has for them.
_LAYOUTS = {"5.1(side)": "5.1", "5.0(side)": "5.0", "quad(side)": "quad"}
_BLOCK = 1024  # samples of a packet of AAC
# Time stamps are in milliseconds in many files: a jump is what is longer than that inaccuracy. More
# silence than two hours is damage: there, the sound ends. In seconds.
_JUMP, _MOST_SILENCE = Fraction(25, 1000), 7200


class OtherTrack(Protocol):
    """A track of the film on its way into the result.

    Attributes
    ----------
    beginning
        How long it is, in seconds, what a decoder needs before a sound that begins late; else 0.
        What is before 0 isn't played.
    """

    @property
    def beginning(self) -> Fraction: ...  # noqa: D102

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Make packets of the result of one of the film."""

    def end(self) -> Iterator[Packet[Any]]:
        """Make the last packets."""


class CopiedTrack:
    """A track whose packets are copied.

    Parameters
    ----------
    stream
        The result's.
    shift
        What is taken from time stamps, in seconds.
    rate
        Samples a second, if it is a sound.
    """

    def __init__(self, stream: Stream, shift: Fraction, rate: int = 0) -> None:
        self._stream, self._shift, self._rate = stream, shift, rate
        self._last: int | None = None
        self.beginning = Fraction(0)

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Give the packet; none that goes back in time, which no container holds."""
        away = round(self._shift / packet.time_base)
        dts = packet.dts if packet.dts is not None else packet.pts
        if dts is None or (self._last is not None and dts <= self._last):
            return
        if self._last is None and self._rate and packet.has_sidedata("skip_samples"):
            # Samples to be left out at the beginning come first, as FFmpeg's packet.h has it.
            skipped = int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[:4], "little")
            if dts >= away:
                self.beginning = Fraction(skipped, self._rate)
        self._last = dts
        packet.pts = (packet.pts if packet.pts is not None else dts) - away
        packet.dts = dts - away
        packet.stream = self._stream
        yield packet

    def end(self) -> Iterator[Packet[Any]]:
        """Give nothing more."""
        return iter(())


class EncodedSound:
    """A sound track that is decoded and encoded as AAC.

    It begins when the film's does. Where that one has a gap, there is silence.

    Parameters
    ----------
    output
        The result.
    source
        The film's track.
    shift
        What is taken from time stamps, in seconds.
    """

    def __init__(self, output: OutputContainer, source: AudioStream, shift: Fraction) -> None:
        context = source.codec_context
        rate = context.sample_rate
        self._source, self._shift = source, shift
        self._rate = rate if rate in _RATES else _USUAL_RATE
        self._layout = _aac_layout(context.layout.name, context.layout.nb_channels, self._rate)
        self._resampler = self._make_resampler()
        self.stream = output.add_stream("aac", rate=self._rate)
        self.stream.codec_context.layout = self._layout
        channels = self.stream.codec_context.layout.nb_channels
        self.stream.codec_context.bit_rate = _BIT_RATE * channels
        self.stream.codec_context.time_base = Fraction(1, self._rate)
        self._waiting: NDArray[np.float32] = np.zeros((channels, 0), np.float32)
        self._start: int | None = None
        self._position: int | None = None  # of the first sample that waits
        self._silence, self._over = 0, False

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Decode a packet, and encode what makes a block; what can't be decoded becomes silence."""
        try:
            frames = self._source.decode(packet)
        except (av.FFmpegError, MemoryError):
            return
        yield from self._encode_frames(frames)

    def end(self) -> Iterator[Packet[Any]]:
        """Encode the rest."""
        try:
            frames = self._source.decode(None)
        except (av.FFmpegError, MemoryError):
            frames = []
        yield from self._encode_frames(frames)
        self._add(_samples(self._resampler.resample(None)))
        yield from self._encode(1)
        if self._position is not None:
            yield from self.stream.encode(None)

    @property
    def beginning(self) -> Fraction:
        """What the encoder puts before a sound that begins late."""
        late = self._start is not None and self._start >= _BLOCK
        return Fraction(_BLOCK, self._rate) if late else Fraction(0)

    def _make_resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate)

    def _encode_frames(self, frames: list[AudioFrame]) -> Iterator[Packet[Any]]:
        """Encode what makes blocks of frames, with silence where there is nothing."""
        for frame in frames:
            if not frame.samples:
                continue
            gap = self._gap(frame)
            while gap > 0 and not self._over:
                piece = min(gap, self._rate)
                self._add(np.zeros((self._waiting.shape[0], piece), np.float32))
                yield from self._encode(_BLOCK)
                gap -= piece
            if self._over:
                return
            self._add(_samples(self._resample(frame))[:, max(0, -gap) :])
            yield from self._encode(_BLOCK)

    def _gap(self, frame: AudioFrame) -> int:
        """Tell how many samples are missing before a frame; below 0, how many were there before."""
        if frame.pts is None or not frame.time_base:
            return 0
        start = round((frame.pts * frame.time_base - self._shift) * self._rate)
        if self._position is None:
            self._start = self._position = start
        gap = int(start - self._position - self._waiting.shape[1])
        if abs(gap) <= _JUMP * self._rate:
            return 0
        self._silence += max(0, gap)
        self._over = self._silence > _MOST_SILENCE * self._rate
        return gap

    def _resample(self, frame: AudioFrame) -> list[AudioFrame]:
        frame.pts = None
        try:
            return self._resampler.resample(frame)
        except ValueError:  # The track changes its rate or channels.
            self._resampler = self._make_resampler()
            return self._resampler.resample(frame)

    def _add(self, samples: NDArray[np.float32]) -> None:
        if self._position is None:
            self._position = 0
        if samples.size:
            self._waiting = np.concatenate((self._waiting, samples), axis=1)

    def _encode(self, least: int) -> Iterator[Packet[Any]]:
        """Encode blocks while there are at least so many samples."""
        done, length = 0, self._waiting.shape[1]
        while self._position is not None and length - done >= least:
            block = np.ascontiguousarray(self._waiting[:, done : done + _BLOCK])
            frame = av.AudioFrame.from_ndarray(block, "fltp", self._layout)
            frame.sample_rate, frame.time_base = self._rate, Fraction(1, self._rate)
            frame.pts = self._position
            self._position += block.shape[1]
            done += block.shape[1]
            yield from self.stream.encode(frame)
        self._waiting = self._waiting[:, done:]


def add_sound(output: OutputContainer, source: AudioStream, shift: Fraction) -> OtherTrack | None:
    """Add a sound track of a film to its result.

    Parameters
    ----------
    output
        The result: MP4 takes what browsers play, Matroska all that it can hold.
    source
        The film's track.
    shift
        What is taken from time stamps, in seconds.

    Returns
    -------
    OtherTrack or None
        What makes its packets; None if it can't be decoded.
    """
    if source.codec_context is None or not source.codec_context.sample_rate:
        return None
    name = source.codec_context.name
    plays = name in _PLAYED if output.format.name == "mp4" else name in output.supported_codecs
    if plays:
        copy = output.add_stream_from_template(source, opaque=True)
        name_track(copy, source)
        return CopiedTrack(copy, shift, source.codec_context.sample_rate)
    track = EncodedSound(output, source, shift)
    name_track(track.stream, source)
    return track


def name_track(stream: Stream, source: Stream) -> None:
    """Give a track the language, the title and the role that the film's has."""
    lower = {key.lower(): value for key, value in source.metadata.items()}
    kept = ("language", "title", "handler_name")
    stream.metadata.update({key: lower[key] for key in kept if key in lower})
    if "title" not in lower and "name" in lower:  # as FFmpeg reads a title from MP4
        stream.metadata["title"] = lower["name"]
    stream.disposition = source.disposition


def _samples(frames: list[AudioFrame]) -> NDArray[np.float32]:
    """Return the samples of frames, (channels, samples)."""
    parts = [cast("NDArray[np.float32]", frame.to_ndarray()) for frame in frames]
    return np.concatenate(parts, axis=1) if parts else np.zeros((1, 0), np.float32)


def _aac_layout(name: str, channels: int, rate: int) -> str:
    """Return the layout of loudspeakers that AAC has for a film's."""
    for layout in (_LAYOUTS.get(name, name), "mono" if channels == 1 else "stereo"):
        try:
            context = av.CodecContext.create("aac", "w")
            context.sample_rate, context.layout, context.format = rate, layout, "fltp"
            context.time_base = Fraction(1, rate)
            context.open()
        except (av.FFmpegError, ValueError):
            continue
        return layout
    return "stereo"
