"""Frames counted from a key frame that is known by its looks, where time stamps can't be relied on.

An MPEG stream states times for some frames only. Those of the others are worked out from there,
and come out differently where one begins to read in the middle.
"""

from __future__ import annotations

import bisect
import collections
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from colorizer.video.decoding import planes_of
from colorizer.video.facts import Survey
from colorizer.video.frame import Plane

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_PATIENCE = 1000  # frames in which a known key frame has to come


def total(luma: Plane) -> int:
    """Return a sum that tells frames from one another."""
    return zlib.crc32(np.ascontiguousarray(luma).data)


class Counter:
    """Numbers the frames of one run of a decoder.

    Parameters
    ----------
    survey
        What a pass over all frames has found.
    from_key
        Whether the run begins somewhere, not with the film.
    """

    def __init__(self, survey: Survey, *, from_key: bool) -> None:
        self._survey = survey
        self._from_key = from_key
        times = collections.Counter(sum_ for _, sum_ in survey.keys)
        # Black frames, and those of stills, look alike.
        self._known = {sum_: which for which, sum_ in survey.keys if times[sum_] == 1}

    def number(self, decoded: Iterable[VideoFrame], start: int) -> Iterator[VideoFrame]:
        """Give frames with their time stamps, from a number on.

        There are none if the run begins too late, or no key frame is known.
        """
        survey = self._survey
        which = None if self._from_key else 0
        for passed, frame in enumerate(decoded):
            if which is None:
                which = self._known.get(total(planes_of(frame)[0])) if frame.key_frame else None
                if which is None and passed < _PATIENCE:
                    continue
                if which is None or self._number(which) > start:
                    return
            number = self._number(which)
            if start <= number < len(survey.pts) and not self._is_left_out(which):
                frame.pts = survey.pts[number]
                yield frame
            which += 1

    def _number(self, which: int) -> int:
        """Return the number of a decoded frame, or of the next one that has any."""
        return which - bisect.bisect_left(self._survey.left_out, which)

    def _is_left_out(self, which: int) -> bool:
        place = bisect.bisect_left(self._survey.left_out, which)
        return place < len(self._survey.left_out) and self._survey.left_out[place] == which
