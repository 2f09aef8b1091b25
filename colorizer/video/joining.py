"""Segments joined into the result, with all the sound, subtitles, chapters and tags of the film."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from colorizer.errors import N_, NotAPictureError
from colorizer.files import written_whole
from colorizer.video.clock import Clock
from colorizer.video.containers import RUNNING_CLOCKS
from colorizer.video.edits import leave_out_beginnings
from colorizer.video.ffmpeg import av
from colorizer.video.film import Film
from colorizer.video.matroska import set_pixel_shape
from colorizer.video.order import Order
from colorizer.video.others import Others
from colorizer.video.sound import name_track
from colorizer.video.tags import append_mark, kept_tags, mark_tags

if TYPE_CHECKING:
    from av.container.output import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

# The movie's own clock in ticks a second, as for segments; and the index in front, so that players
# on the web begin before they have all of the file.
_MP4 = {"movie_timescale": "90000", "movflags": "+faststart"}
# Sound begins before 0 by what its decoder needs, and Matroska says so: nothing has to be moved.
_MATROSKA = {"avoid_negative_ts": "disabled"}
_MOST_CHAPTERS = 1000
# What players expect in MP4, by FFmpeg's names of codecs.
_MP4_CODECS = {"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"}

NO_COPY = N_(
    "The pictures of this film can't be copied as they are. Choose a strength above 0, or convert "
    "the film to MP4 first."
)


def join_parts(
    parts: Sequence[Path],
    film: Film,
    target: Path,
    *,
    generator: str,
    keep_gps: bool = False,
    progress: Callable[[int], None] = lambda packets: None,
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
        The result; its name ends as `containers.SUFFIXES` has it for the codec.
    generator
        The name of the generator that coloured it, for the mark that says so.
    keep_gps
        Whether the place where it was taken may stay.
    progress
        Called with how many packets of pictures are in the result.

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
    survey = film.found or film.survey()
    ticks = film.track.ticks
    order = Order(
        [stamp for part in parts for stamp in _stamps(part, ticks)],
        end=round(survey.end * film.time_base / ticks),
    )
    tags = mark_tags(kept_tags(film.container.metadata, keep_gps=keep_gps), generator)
    with av.open(str(parts[0])) as first, written_whole(target) as part:
        with _open_result(part, tags, film) as output:
            stream = _add_pictures(output, first.streams.video[0], film)
            others = Others(output, film)
            others.mux_with(order.apply(_counted(_packets(parts), progress), stream, ticks))
        _finish(part, others, film)
        if target.suffix == ".mp4":
            append_mark(part, generator)
    return others.left_out


def remux(
    film: Film,
    target: Path,
    *,
    keep_gps: bool = False,
    progress: Callable[[int], None] = lambda packets: None,
) -> list[str]:
    """Copy a film's own pictures, packet by packet, with all else as `join_parts` does it.

    This is strength 0. It carries no mark, since nothing was coloured.

    Parameters
    ----------
    film, keep_gps, progress
        As for `join_parts`.
    target
        The result; its name ends as `remux_suffix` says.

    Returns
    -------
    list of str
        As `join_parts`.

    Raises
    ------
    NotAPictureError
        If its pictures have no time stamps to copy, or are stored in a way that neither MP4 nor
        Matroska holds.
    OSError
        If the result can't be written.
    """
    tags = kept_tags(film.container.metadata, keep_gps=keep_gps)
    survey = film.found or film.survey()
    ticks = film.track.ticks
    stamps = [
        None if packet.pts is None else round(packet.pts * packet.time_base / ticks)
        for packet in _own_packets(film)
    ]
    order = Order(
        [stamp for stamp in stamps if stamp is not None],
        end=round(survey.end * film.time_base / ticks),
    )
    if len(order) < len(stamps):
        raise NotAPictureError(NO_COPY)
    with written_whole(target) as part:
        with _open_result(part, tags, film) as output:
            stream = _add_pictures(output, film.picture, film)
            others = Others(output, film)
            others.mux_with(order.apply(_counted(_own_packets(film), progress), stream, ticks))
        _finish(part, others, film)
    return others.left_out


def remux_suffix(film: Film) -> str:
    """Return how the name of a film's copy ends: ``.mp4``, or ``.mkv`` where MP4 can't hold it."""
    return ".mp4" if film.codec in _MP4_CODECS else ".mkv"


def _open_result(part: Path, tags: dict[str, str], film: Film) -> OutputContainer:
    """Begin a result, with its tags and chapters."""
    is_mp4 = part.suffix == ".mp4"
    output = av.open(
        str(part),
        "w",
        format="mp4" if is_mp4 else "matroska",
        container_options=dict(_MP4 if is_mp4 else _MATROSKA),
    )
    output.metadata.update(tags)
    chapters = film.container.chapters()
    if chapters:
        shift = film.shift * film.time_base
        for chapter in chapters:
            base = chapter["time_base"] or Fraction(1, 1000)
            chapter["start"] = max(0, chapter["start"] - round(shift / base))
            chapter["end"] = max(chapter["start"], chapter["end"] - round(shift / base))
        output.set_chapters(chapters[:_MOST_CHAPTERS])
    return output


def _add_pictures(output: OutputContainer, template: VideoStream, film: Film) -> VideoStream:
    """Add the picture track, first, with all that the film's says of itself."""
    try:
        stream = output.add_stream_from_template(template, opaque=True)
    except ValueError as error:
        raise NotAPictureError(NO_COPY) from error
    stream.time_base = film.track.ticks
    context, track = stream.codec_context, film.track
    context.sample_aspect_ratio = track.form.sample_aspect
    context.color_range = 2 if track.form.full_range else 1
    context.color_primaries, context.color_trc = track.primaries, track.transfer
    context.colorspace = track.matrix
    if output.format.name == "mp4" and template.codec.canonical_name == "hevc":
        context.codec_tag = "hvc1"  # Apple's players take no “hev1”, which is FFmpeg's own choice.
    if track.display_matrix is not None:
        stream.set_display_matrix(track.display_matrix)
    name_track(stream, film.picture)
    return stream


def _finish(part: Path, others: Others, film: Film) -> None:
    """Write what FFmpeg leaves out."""
    if part.suffix == ".mp4":
        leave_out_beginnings(part, others.beginnings)
    elif film.format.sample_aspect != 1:
        with av.open(str(part)) as result:
            context = result.streams.video[0].codec_context
            size = context.width, context.height
        set_pixel_shape(part, *size, film.format.sample_aspect)


def _stamps(part: Path, ticks: Fraction) -> Iterator[int]:
    """Give the time stamps of a segment's packets, in their order."""
    for packet in _packets([part]):
        yield round(cast(int, packet.pts) * packet.time_base / ticks)


def _packets(parts: Sequence[Path]) -> Iterator[Packet[Any]]:
    """Give the packets of segments, one after another."""
    extradata: bytes | None = None
    for part in parts:
        with av.open(str(part)) as container:
            stream = container.streams.video[0]
            extradata = extradata or stream.codec_context.extradata
            if stream.codec_context.extradata != extradata:
                raise ValueError("segments of another codec or size")
            yield from (packet for packet in container.demux(stream) if packet.size)


def _counted(
    packets: Iterable[Packet[Any]], progress: Callable[[int], None]
) -> Iterator[Packet[Any]]:
    for number, packet in enumerate(packets):
        progress(number)
        yield packet


def _own_packets(film: Film) -> Iterator[Packet[Any]]:
    """Give the packets of a film's picture track, with its time stamps shifted."""
    with film.reopened() as source, contextlib.suppress(av.FFmpegError):
        stream = source.streams[film.picture.index]
        has_order = stream.codec_context.has_b_frames
        clock = Clock() if film.kind in RUNNING_CLOCKS else None
        for packet in source.demux(stream):
            if packet.size:
                if clock is not None:
                    clock.set_picture(packet)
                if packet.pts is None and not has_order:
                    packet.pts = packet.dts
                if packet.pts is not None:
                    packet.pts -= film.shift
                yield packet
