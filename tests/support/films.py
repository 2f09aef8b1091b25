"""Films of every kind, made with PyAV."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import av
import numpy as np

from colorizer.video.containers import SUFFIXES
from colorizer.video.encoding import write_segment
from colorizer.video.joining import join_parts

RATE = Fraction(24000, 1001)


def noisy(number, height=48, width=64, depth=8, seed=0):
    """Return planes of 4:2:0: a gradient that moves, with grain."""
    rng = np.random.default_rng((seed, number))
    across = np.linspace(30, 200, width)[None] + np.linspace(0, 30, height)[:, None]
    luma = np.roll(across, 3 * number, axis=1) + rng.normal(0, 4, (height, width))
    luma = np.clip(luma, 16, 235)
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 128.0)
    planes = [luma, chroma + 10, chroma - 10]
    scale, dtype = (1, np.uint8) if depth == 8 else (1 << (depth - 8), np.uint16)
    return [(plane * scale).astype(dtype) for plane in planes]


def picture(planes, name="yuv420p"):
    """Make a frame of planes."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, name)
    for plane, values in zip(frame.planes, planes, strict=False):
        rows = np.frombuffer(plane, values.dtype).reshape(plane.height, -1)
        for axis, wanted in ((0, plane.height), (1, plane.width)):
            if values.shape[axis] < wanted:
                values = np.repeat(values, 2, axis)
        rows[:, : plane.width] = values[: plane.height, : plane.width]
    return frame


def tone(samples, channels=2, start=0, rate=48000):
    """Return a sound, (channels, samples) float32."""
    times = (start + np.arange(samples)) / rate
    return np.tile(np.sin(2 * np.pi * 440 * times) / 4, (channels, 1)).astype(np.float32)


class Maker:
    """Writes one film: tracks are added, then `write` interleaves them.

    Parameters
    ----------
    path
        The file, whose name tells the container.
    options
        The container's.
    """

    def __init__(self, path, options=None, **kwargs):
        exact = {"movie_timescale": "90000"} if path.suffix in (".mp4", ".mov") else {}
        self.output = av.open(
            str(path), "w", container_options={**exact, **(options or {})}, **kwargs
        )
        self.packets = []
        self.streams = []

    def pictures(
        self,
        stamps,
        time_base=None,
        codec="libx264",
        rate=RATE,
        name="yuv420p",
        size=(48, 64),
        depth=8,
        options=None,
        before=None,
        change=None,
        seed=0,
    ):
        """Add a picture track with a frame for each time stamp."""
        height, width = size
        stream = self.output.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, name
        stream.codec_context.time_base = time_base or 1 / rate
        if before:
            before(stream)

        def encode():
            for number, pts in enumerate(stamps):
                frame = picture(noisy(number, height, width, depth, seed), name)
                frame.pts, frame.time_base = pts, stream.codec_context.time_base
                if change:
                    change(frame)
                yield from stream.encode(frame)
            yield from stream.encode(None)

        self.streams.append(encode())
        return stream

    def sound(
        self,
        seconds=1.0,
        start=0,
        codec="aac",
        layout="stereo",
        rate=48000,
        sample_format="fltp",
        gap=None,
    ):
        """Add a sound track; `gap` is a pair of seconds in which there is nothing."""
        stream = self.output.add_stream(codec, rate=rate)
        stream.codec_context.layout = layout
        stream.codec_context.format = sample_format
        stream.codec_context.time_base = Fraction(1, rate)
        channels = stream.codec_context.layout.nb_channels

        def encode():
            begin = round(start * rate)
            for offset in range(0, round(seconds * rate), 1024):
                if gap and gap[0] <= offset / rate < gap[1]:
                    continue
                block = tone(1024, channels, offset, rate)
                if sample_format.startswith("s16"):
                    block = (block * 32767).astype(np.int16)
                if not sample_format.endswith("p"):
                    block = block.T.reshape(1, -1)
                block = np.ascontiguousarray(block)
                frame = av.AudioFrame.from_ndarray(block, sample_format, layout)
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = begin + offset
                yield from stream.encode(frame)
            yield from stream.encode(None)

        self.streams.append(encode())
        return stream

    def subtitles(self, lines, codec="srt", header=b""):
        """Add subtitles of (start, end, packet) in seconds."""
        stream = self.output.add_stream(codec)
        stream.codec_context.subtitle_header = header or b"[Script Info]\n"

        def encode():
            for start, end, data in lines:
                packet = av.Packet(data)
                packet.time_base = Fraction(1, 1000)
                packet.pts = packet.dts = round(start * 1000)
                packet.duration = round((end - start) * 1000)
                packet.stream = stream
                packet.is_keyframe = True
                yield packet

        self.streams.append(encode())
        return stream

    def write(self, moved=None):
        """Write the tracks, interleaved; `moved` gives other time stamps to the first one's."""
        packets = [packet for stream in self.streams for packet in stream]
        for packet in packets if moved else ():
            packet.pts = packet.dts = moved.get(packet.pts, packet.pts)
        with self.output:
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                self.output.mux(packet)


def simple(path, count=30, sound=True, **kwargs):
    """Write a film of pictures and sound."""
    maker = Maker(path)
    maker.pictures(range(count), **kwargs)
    if sound:
        maker.sound(count / float(RATE))
    maker.write()
    return path


def colored(film, folder, codec="h264", each=12):
    """Write a film's segments with grey chroma, in its own luma."""
    count = len((film.found or film.survey()).pts)
    parts = []
    for first in range(0, count, each):
        part = folder / f"part-{first:05}.mp4"
        run = film.frames(first, min(first + each, count) - 1)
        write_segment(part, with_grey(run, film.format.depth), film.track, codec)
        parts.append(part)
    return parts


def with_grey(frames, depth):
    """Give frames with chroma that has no colour."""
    for frame in frames:
        height, width = frame.luma.shape
        shape = ((height + 1) // 2, (width + 1) // 2)
        grey = np.full(shape, 1 << (depth - 1), frame.luma.dtype)
        yield frame, (grey, grey)


def whole_way(film, folder, codec="h264", **kwargs):
    """Colour a film grey; return its result."""
    target = folder / f"result{SUFFIXES[codec]}"
    join_parts(colored(film, folder, codec), film, target, generator="artistic", **kwargs)
    return target


def stamps(path, track=0):
    """Return when the frames of a picture track are shown, in seconds, by decoding it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[track]
        return [frame.pts * frame.time_base for frame in container.decode(stream)]


def packets(path, kind, track=0):
    """Return the packets of a track as (seconds, bytes)."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[track]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


@contextlib.contextmanager
def opened(path):
    """Open a file with PyAV."""
    with av.open(str(path), metadata_errors="replace") as container:
        yield container


def lumas(path, depth=8):
    """Return the luma of all frames."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            dtype = np.uint8 if depth == 8 else np.uint16
            plane = frame.planes[0]
            rows = np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width]
            found.append(rows.copy())
    return found
