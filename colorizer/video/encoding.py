"""A segment of a film encoded: its own luma byte for byte, new chroma, its own time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from colorizer.files import written_whole
from colorizer.video.facts import Track
from colorizer.video.ffmpeg import av
from colorizer.video.frame import Frame, Plane

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Codec = Literal["h264", "av1", "ffv1"]
# The number of threads is fixed, since it changes the bytes.
_THREADS = 4
# FFmpeg's encoder for each codec, and what it is told. A rate factor alone takes grain for what
# nobody misses: of 4 levels of it, x264 at 16 leaves 37 dB. So its quantiser is bounded, too, which
# gives 49.9 dB there and more elsewhere. SVT-AV1 has no such bound.
_ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "medium", "crf": "16"}),
    "av1": ("libsvtav1", {"preset": "8", "crf": "6"}),
    "ffv1": ("ffv1", {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}),
}
_GREATEST_QUANTISER = 13  # of 8 bits; x264 counts 6 more for each further bit
# Ticks a second of the movie's own clock, in which MP4 states when a track begins: with the usual
# 1000, a beginning moves by up to a millisecond.
_EXACT = {"movie_timescale": "90000"}


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
        ``h264``: x264, 49 dB of luma and better, whatever its grain. ``av1``: SVT-AV1, 46 dB and
        better. ``ffv1``: luma to the bit.

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
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError("a segment without frames")
    name, options = _ENCODERS[codec]
    depth = _depth(track, codec)
    count = 0
    with written_whole(path) as part:
        output = av.open(str(part), "w", format="mp4", container_options=dict(_EXACT))
        with output:
            options = dict(options)
            if codec == "h264":
                options["qmax"] = str(_GREATEST_QUANTISER + 6 * (depth - 8))
            stream = cast("VideoStream", output.add_stream(name, rate=track.rate, options=options))
            _set_up(stream, track, depth)
            for frame, chroma in chain([first], frames):
                output.mux(stream.encode(_picture(frame, chroma, track, depth)))
                count += 1
            output.mux(stream.encode(None))
    return count


def _depth(track: Track, codec: Codec) -> int:
    """Return the bits of a sample that an encoder takes."""
    if track.form.depth == 8 or (codec == "ffv1" and track.form.depth in (9, 10, 12, 14, 16)):
        return track.form.depth
    return 16 if codec == "ffv1" else 10


def _set_up(stream: VideoStream, track: Track, depth: int) -> None:
    """Tell an encoder what the film is like."""
    form, context = track.form, stream.codec_context
    context.width, context.height = _even(form.width), _even(form.height)
    context.pix_fmt = _pixel_format(depth)
    context.time_base = track.ticks
    context.sample_aspect_ratio = form.sample_aspect
    context.color_range = 2 if form.full_range else 1
    context.color_primaries, context.color_trc = track.primaries, track.transfer
    context.colorspace = track.matrix
    context.thread_count = _THREADS


def _picture(frame: Frame, chroma: tuple[Plane, Plane], track: Track, depth: int) -> VideoFrame:
    """Make a frame for an encoder: a fresh one, since those of a decoder differ in their margins.

    Where the film's size is odd, the last row or column is repeated.
    """
    form = track.form
    picture = av.VideoFrame(_even(form.width), _even(form.height), _pixel_format(depth))
    for plane, values in zip(picture.planes, (frame.luma, *chroma), strict=True):
        scaled = _with_depth(values, form.depth, depth)
        rows: Plane = np.frombuffer(cast(bytes, plane), scaled.dtype)
        rows = rows.reshape(-1, plane.line_size // rows.itemsize)[: plane.height, : plane.width]
        height, width = scaled.shape
        if not (plane.height - 1 <= height <= plane.height) or not (
            plane.width - 1 <= width <= plane.width
        ):
            raise ValueError("planes of another size")
        rows[:height, :width] = scaled
        rows[height:, :width] = scaled[-1:]
        rows[:, width:] = rows[:, width - 1 : width]
    picture.pts = round(frame.pts * track.time_base / track.ticks)
    picture.time_base = track.ticks
    return picture


def _with_depth(values: Plane, have: int, wanted: int) -> Plane:
    """Return samples with another number of bits, rounded."""
    if values.dtype != (np.uint8 if have == 8 else np.uint16):
        raise ValueError("planes of another depth")
    if have == wanted:
        return values
    if have < wanted:
        return values << (wanted - have)
    away = have - wanted
    rounded = (values.astype(np.uint32) + (1 << (away - 1))) >> away
    fitting: Plane = np.minimum(rounded, (1 << wanted) - 1).astype(np.uint16)
    return fitting


def _even(length: int) -> int:
    return length + length % 2


def _pixel_format(depth: int) -> str:
    return "yuv420p" if depth == 8 else f"yuv420p{depth}le"
