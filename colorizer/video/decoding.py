"""Decoded frames as planes of luma and chroma, of one size and format, whatever the codec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from colorizer.errors import N_, NotAPictureError
from colorizer.video.facts import Track
from colorizer.video.ffmpeg import av
from colorizer.video.frame import Format, Matrix, Plane

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideData
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Codes of ITU-T H.273: matrices by whose shares the luma of which standard is made, and those
# transfer characteristics that are of high dynamic range.
_MATRICES: dict[int, Matrix] = {
    **{1: "bt709", 7: "bt709"},
    **{4: "bt601", 5: "bt601", 6: "bt601"},
    **{9: "bt2020", 10: "bt2020"},
}
UNKNOWN, _BT709, _BT601 = 2, 1, 6
_PQ, _HLG = 16, 18
_FULL = 2  # FFmpeg's AVCOL_RANGE_JPEG
# Players take films of fewer lines for BT.601 where nothing is stated, and others for BT.709.
_HD_LINES = 720
# Codecs of films, whose grey has the range of films unless they say otherwise; that of pictures,
# as in Motion JPEG or FFV1, has all levels.
_FILM_CODECS = {"h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4"}

_PACKED = {"yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "uyyvyy411": "yuv411p"}
_SEMIPLANAR = {
    **{"nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p"},
    **{"p010le": "yuv420p10le", "p210le": "yuv422p10le", "p410le": "yuv444p10le"},
    **{"p012le": "yuv420p12le", "p016le": "yuv420p16le", "y210le": "yuv422p10le"},
}

HDR = N_(
    "This film is in high dynamic range (%(name)s), which is not read here. Convert it to standard "
    "range first."
)


def plain_format(frame: VideoFrame) -> str:
    """Return FFmpeg's name of the planar format that a frame is, or is brought to."""
    name = frame.format.name
    if name.endswith("be"):
        name = name.removesuffix("be") + "le"
    if name in _PACKED or name in _SEMIPLANAR:
        return (_PACKED | _SEMIPLANAR)[name]
    if name.startswith(("yuv", "yuva", "gray")) and not name.startswith("grayf"):
        return name
    bits = max(component.bits for component in frame.format.components)
    return "yuv444p10le" if bits > 8 else "yuv444p"


def describe(frame: VideoFrame, stream: VideoStream) -> Track:
    """Tell by its first frame how a picture track is stored.

    Raises
    ------
    NotAPictureError
        If it is of high dynamic range.
    """
    if frame.color_trc in (_PQ, _HLG):
        raise NotAPictureError(HDR, name="PQ" if frame.color_trc == _PQ else "HLG")
    is_rgb = not _is_yuv(frame)
    matrix = UNKNOWN if is_rgb else frame.colorspace
    if matrix not in _MATRICES:
        matrix = _BT709 if frame.height >= _HD_LINES else _BT601
    aspect = stream.sample_aspect_ratio or Fraction(1)
    form = Format(
        width=frame.width,
        height=frame.height,
        depth=_depth(frame),
        full_range=not is_rgb and _is_full(frame, stream.codec.name),
        matrix=_MATRICES[matrix],
        rotation=round(frame.rotation / 90) % 4 * 90,
        sample_aspect=aspect if Fraction(1, 20) < aspect < 20 else Fraction(1),
    )
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return Track(
        form=form,
        time_base=cast(Fraction, stream.time_base),
        rate=min(max(Fraction(rate), Fraction(1)), Fraction(1000)).limit_denominator(1001),
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
        matrix=matrix,
        display_matrix=display_matrix(frame),
    )


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """Return the nine numbers by which players turn a frame; None if they don't."""
    sides = cast("dict[str, SideData]", frame.side_data)
    if "DISPLAYMATRIX" not in sides:
        return None
    return tuple(int(number) for number in np.frombuffer(bytes(sides["DISPLAYMATRIX"]), np.int32))


class Evener:
    """Brings frames to the size and format of the first one, where a film changes them."""

    def __init__(self, format_name: str, form: Format) -> None:
        self.name = format_name
        self.form = form
        self.size = (form.width, form.height)

    def even(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame of the size and format wanted: the frame itself, if it has them."""
        if (frame.width, frame.height) == self.size and frame.format.name == self.name:
            return frame
        colorspace = "itu709" if self.form.matrix == "bt709" else "itu601"
        even = frame.reformat(
            *self.size,
            format=self.name,
            dst_colorspace=None if _is_yuv(frame) else colorspace,
            dst_color_range=2 if self.form.full_range else 1,
        )
        even.pts = frame.pts
        return even


class Deinterlacer:
    """Makes whole frames of those that say they are two fields, as many as there are frames."""

    # The frames on each side of one that it is made of.
    REACH = 2

    def __init__(self, name: str, form: Format, time_base: Fraction) -> None:
        self._graph = av.filter.Graph()
        source = self._graph.add_buffer(
            width=form.width, height=form.height, format=av.VideoFormat(name), time_base=time_base
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        sink = self._graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        self._graph.configure()

    def run(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Give the frames, with their time stamps."""
        for frame in frames:
            self._graph.push(frame)
            yield from self._pull()
        self._graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[VideoFrame]:
        while True:
            try:
                frame = cast("VideoFrame", self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if frame.pts is not None:  # The filter counts in half ticks.
                frame.pts //= 2
            yield frame


def planes_of(frame: VideoFrame) -> tuple[Plane, tuple[Plane, Plane] | None]:
    """Return the luma of a frame of a planar format, and its chroma if it has any, uncopied."""
    dtype = np.uint16 if _depth(frame) > 8 else np.uint8
    planes = []
    for plane in frame.planes[:3]:
        rows: Plane = np.frombuffer(cast(bytes, plane), dtype)
        stride = plane.line_size // rows.itemsize
        planes.append(rows.reshape(-1, stride)[: plane.height, : plane.width])
    if len(planes) < 3:
        return planes[0], None
    return planes[0], (planes[1], planes[2])


def _is_yuv(frame: VideoFrame) -> bool:
    name = frame.format.name
    return name.startswith(("yuv", "gray")) or name in _PACKED or name in _SEMIPLANAR


def _depth(frame: VideoFrame) -> int:
    return max(8, frame.format.components[0].bits) if _is_yuv(frame) else 8


def _is_full(frame: VideoFrame, codec: str) -> bool:
    if frame.color_range in (1, _FULL):
        return bool(frame.color_range == _FULL)
    name = frame.format.name
    return name.startswith("yuvj") or (name.startswith("gray") and codec not in _FILM_CODECS)
