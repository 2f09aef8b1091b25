"""A film file that is open: how it is stored, its frames one after another, a pass over them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from colorizer.errors import N_, BrokenPictureError, NotAPictureError, TooLargeError
from colorizer.video.containers import HEAD, RUNNING_CLOCKS, film_kind
from colorizer.video.counting import Counter, total
from colorizer.video.decoding import Deinterlacer, Evener, describe, plain_format, planes_of
from colorizer.video.facts import Survey
from colorizer.video.ffmpeg import need_av
from colorizer.video.frame import Format, Frame, Plane
from colorizer.video.reading import BROKEN, Run, open_container, picture_track

if TYPE_CHECKING:
    from av.container.input import InputContainer
    from av.video.frame import VideoFrame

_MOST_MINUTES = 6000
_MOST_RATE = 1000  # frames a second; cameras for slow motion write no more into a film
_SMALL = 96
# How far before a frame a key frame is looked for, in seconds, one after another: the files of
# some kinds have no index, and what is looked for by guessing may come too late.
_STEPS_BACK = (0, 2, 12, 60)


def open_film(
    path: Path,
    *,
    max_side: int = 4096,
    max_minutes: float = 0,
    survey: Survey | None = None,
) -> Film:
    """Open a film file, whoever it is from, and look at its first frame.

    Its bytes tell what it is, never its name, and nothing but this file is opened.

    Parameters
    ----------
    path
        The file.
    max_side
        The most pixels that a frame may have in a row or column.
    max_minutes
        The longest that it may be; 0 for a hundred hours.
    survey
        What `Film.survey` has found in this file before; with it, frames are found at once.

    Returns
    -------
    Film
        To be closed, or used in a ``with``.

    Raises
    ------
    NotAPictureError
        If it is no film, of a kind that is not read here, or has no pictures.
    BrokenPictureError
        If no frame of it can be decoded.
    TooLargeError
        If it is over a limit.
    NotReadyError
        If PyAV is not installed.
    OSError
        If the file can't be read.
    """
    need_av()
    with path.open("rb") as file:
        kind = film_kind(file.read(HEAD))
    if kind is None:
        raise NotAPictureError(
            N_("This is no film of a kind that is read here, such as MP4, MOV, MKV, AVI or MPEG.")
        )
    container = open_container(path, kind, max_side**2)
    with contextlib.ExitStack() as stack:
        stack.callback(container.close)
        film = Film(path, kind, container, max_side, max_minutes or _MOST_MINUTES, survey)
        stack.pop_all()
    return film


class Film(AbstractContextManager["Film"]):
    """A film file that is open. One thread at a time may use it.

    Attributes
    ----------
    path
        The file.
    kind
        Its container, one of `containers.FORMATS`.
    track
        How its picture track is stored.
    stated_seconds
        How long it is by its header, 0 where that says nothing.
    shift
        What is taken from the file's own time stamps, in ticks of the picture track, so that no
        frame is before 0 and that films off the air begin there. All tracks are shifted alike.
    container, picture
        PyAV's container and picture track, for what they say of themselves.
    found
        What a survey has found, once there was one.
    """

    def __init__(
        self,
        path: Path,
        kind: str,
        container: InputContainer,
        max_side: int,
        max_minutes: float,
        survey: Survey | None,
    ) -> None:
        self.path, self.kind = path, kind
        self.container = container
        self.picture = picture_track(container)
        self._max_side, self._max_minutes = max_side, max_minutes
        self.found = survey
        context = self.picture.codec_context
        self._check_size(context.width, context.height)
        self.stated_seconds = max(0.0, (container.duration or 0) / 1e6)
        self._check_length(self.stated_seconds)
        run = self._run()
        with contextlib.closing(run):
            frame = next(run.frames(), None)
            if frame is None:
                raise BrokenPictureError(BROKEN)
            self._check_size(frame.width, frame.height)
            self._name = plain_format(frame)
            self.track = describe(frame, run.stream)
            self.shift = self._find_shift(run.stamp(frame) or 0)

    @property
    def format(self) -> Format:
        """How its frames are stored."""
        return self.track.form

    @property
    def time_base(self) -> Fraction:
        """Seconds of a tick of its frames' time stamps."""
        return self.track.time_base

    @property
    def codec(self) -> str:
        """FFmpeg's name of how its pictures are stored."""
        return self.picture.codec.canonical_name

    def reopened(self) -> InputContainer:
        """Open the file once more, to read its packets from the beginning."""
        return open_container(self.path, self.kind, self._max_side**2)

    def survey(self, callback: Callable[[Frame, Plane], None] | None = None) -> Survey:
        """Decode the film once, as quickly as it goes, to know all of its frames.

        Parameters
        ----------
        callback
            Called with each frame, in order, and with its luma made small: (h, w) uint8, of 96
            pixels at the most, in the film's own range. An exception of it ends the pass.

        Returns
        -------
        Survey
            What was found. Frames whose time stamp doesn't rise above the one before are left out
            and have no number, here and in `frames`.

        Raises
        ------
        BrokenPictureError, TooLargeError
            If no frame can be decoded, or the film is longer than it may be.
        """
        run = self._run()
        even = Evener(self._name, self.format)
        found: list[int] = []
        keys: list[tuple[int, int]] = []
        left_out: list[int] = []
        end, interlaced, longest = 0, False, self._max_minutes * 60 / self.time_base
        with contextlib.closing(run):
            for which, frame in enumerate(run.frames(everything=True)):
                pts = run.stamp(frame)
                picture = self._frame(len(found), (pts or 0) - self.shift, even.even(frame))
                if frame.key_frame:
                    keys.append((which, total(picture.luma)))
                if pts is None:
                    left_out.append(which)
                    continue
                interlaced = interlaced or frame.interlaced_frame
                if callback is not None:
                    callback(picture, self._shrink(picture.luma))
                found.append(picture.pts)
                end = picture.pts + run.duration(frame)
                if end - found[0] > longest:
                    self._check_length(math.inf)
            if not found:
                raise BrokenPictureError(BROKEN)
            self._check_rate(len(found), (end - found[0]) * self.time_base)
            cut_off = run.broken or self._is_short(run.furthest)
        self.found = Survey(
            pts=tuple(found),
            end=end,
            interlaced=interlaced,
            exact=not run.counted,
            cut_off=cut_off,
            damaged=run.damaged,
            keys=tuple(keys),
            left_out=tuple(left_out),
        )
        return self.found

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[Frame]:
        """Decode a run of frames.

        Decoding begins at the key frame before. The frames of a film are always the same, wherever
        the run begins. A film that wasn't surveyed is surveyed first.

        Parameters
        ----------
        first, last
            Numbers of the first and last frame, both included; None is the film's last.

        Raises
        ------
        BrokenPictureError
            If a frame can't be decoded that the survey has found.
        """
        survey = self.found or self.survey()
        wanted = survey.pts[first : None if last is None else last + 1]
        if not wanted:
            return
        done = 0
        for steps in (*_STEPS_BACK, None):
            for pts, picture in self._shown_from(first, steps):
                if pts == wanted[done]:
                    yield self._frame(first + done, pts, picture)
                    done += 1
                    if done == len(wanted):
                        return
                elif pts > wanted[done]:
                    break
            if done:
                break
        raise BrokenPictureError(
            N_("Frame %(number)d of this film can't be decoded. Copy the film once more."),
            number=first + done,
        )

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> Run:
        damaged = self.found is not None and self.found.damaged > 0
        return Run(self.path, self.kind, self.picture.index, self._max_side**2, careful=damaged)

    def _shown_from(self, first: int, seconds_back: int | None) -> Iterator[tuple[int, VideoFrame]]:
        """Decode from a key frame before a frame on; from the beginning if `seconds_back` is None.

        What there is comes in pairs of time stamp and frame, evened and without fields.
        """
        survey = self.found
        assert survey is not None  # noqa: S101 - `frames` has made one
        start = max(0, first - (Deinterlacer.REACH if survey.interlaced else 0))
        with contextlib.closing(self._run()) as run:
            is_counted = self.kind in RUNNING_CLOCKS or not survey.exact
            decoded: Iterator[VideoFrame] | None
            if start == 0 or seconds_back is None:
                decoded = run.frames()
            else:
                back = round(seconds_back / self.time_base)
                pts = survey.pts[start] + self.shift - back
                decoded = run.begin_at(pts, strict=not is_counted)
            if decoded is None:
                return
            even = Evener(self._name, self.format)
            if is_counted:
                counter = Counter(survey, from_key=start > 0 and seconds_back is not None)
                stamped = counter.number(map(even.even, decoded), start)
            else:
                stamped = self._stamped(run, decoded, even, survey.pts[start])
            if survey.interlaced:
                stamped = Deinterlacer(self._name, self.format, self.time_base).run(stamped)
            for frame in stamped:
                yield (frame.pts or 0), frame

    def _stamped(
        self, run: Run, decoded: Iterator[VideoFrame], even: Evener, start: int
    ) -> Iterator[VideoFrame]:
        """Give frames that have a number, from a time stamp on."""
        for frame in decoded:
            pts = run.stamp(frame)
            if pts is not None and pts - self.shift >= start:
                frame.pts = pts - self.shift
                yield even.even(frame)

    def _frame(self, number: int, pts: int, picture: VideoFrame) -> Frame:
        luma, chroma = planes_of(picture)
        return Frame(number, pts, luma, chroma)

    def _shrink(self, luma: Plane) -> Plane:
        scale = min(1.0, _SMALL / max(luma.shape))
        size = (max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale)))
        small: Plane = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        return small if luma.itemsize == 1 else (small >> (self.format.depth - 8)).astype("uint8")

    def _find_shift(self, first: int) -> int:
        """Tell what is to be taken from the file's time stamps, of which the first is given."""
        starts = [first]
        if self.kind not in RUNNING_CLOCKS:
            return min(0, first)
        for stream in self.container.streams.audio:
            if stream.start_time is not None and stream.time_base:
                starts.append(math.floor(stream.start_time * stream.time_base / self.time_base))
        return min(starts)

    def _is_short(self, furthest: Fraction) -> bool:
        """Tell whether tracks end before what the header says, by more than its inaccuracy."""
        start = (self.container.start_time or 0) / 1e6
        lacking = self.stated_seconds - (float(furthest) - start)
        return lacking > max(0.5, 0.01 * self.stated_seconds)

    def _check_size(self, width: int, height: int) -> None:
        if max(width, height) > self._max_side:
            raise TooLargeError(
                N_(
                    "The frames of this film have %(width)d × %(height)d pixels. At most "
                    "%(limit)d are allowed in a row or column."
                ),
                width=width,
                height=height,
                limit=self._max_side,
            )

    def _check_length(self, seconds: float) -> None:
        if seconds > self._max_minutes * 60:
            raise TooLargeError(
                N_("This film is longer than %(limit)d minutes. Cut it into parts and try again."),
                limit=self._max_minutes,
            )

    def _check_rate(self, frames: int, seconds: Fraction) -> None:
        if frames > _MOST_RATE and frames > _MOST_RATE * seconds:
            raise TooLargeError(
                N_("This film has more than %(limit)d frames a second."), limit=_MOST_RATE
            )
