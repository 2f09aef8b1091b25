"""How far a film is, and how long it is likely to take from there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Stage = Literal["reading", "coloring", "joining"]

LAST = 40  # keys, and stretches of frames, by whose pace the rest is told


@dataclass(frozen=True)
class Progress:
    """How far a film is.

    Attributes
    ----------
    stage
        Its frames are looked through, coloured, or put together with the sound.
    frames_done, frames_total
        Finished frames, and all; while they are looked through, those that were, and 0.
    share
        How much of the work is done, 0 to 1. It never falls.
    fps
        Finished frames a second; None before there are any.
    eta_seconds
        How long it is likely to take from now on; None while that isn't known.
    """

    stage: Stage
    frames_done: int = 0
    frames_total: int = 0
    share: float = 0.0
    fps: float | None = None
    eta_seconds: float | None = None


class Meter:
    """Counts keys and frames, and tells how far the film is with each.

    Parameters
    ----------
    frames, keys
        How many there are, of the whole film.
    frames_done, keys_done
        How many of them there were before.
    tell
        Called with each `Progress`.
    """

    def __init__(
        self,
        frames: int,
        keys: int,
        frames_done: int,
        keys_done: int,
        tell: Callable[[Progress], None],
    ) -> None:
        self._frames, self._keys = frames, keys
        self._frames_done, self._keys_done = frames_done, keys_done
        self._tell = tell
        self._share = 0.0
        self._frames_before, self._begun = frames_done, time.monotonic()
        self._since = self._begun
        self._key_seconds = deque[float](maxlen=LAST)
        # Of a frame: its share of the time before a segment's first one is finished, in which the
        # keys' chroma is carried to all of them; and what it takes from there.
        self._carry_seconds = deque[float](maxlen=LAST)
        self._frame_seconds = deque[float](maxlen=LAST)
        self._segment: range | None = None  # the frames of the one that is being made
        self.say()

    def begin_keys(self) -> None:
        """Time the keys that come next from here on."""
        self._since = time.monotonic()

    def begin_frames(self, first: int, last: int) -> None:
        """Time the frames of a segment, `first` to `last`, from here on."""
        self._since, self._segment = time.monotonic(), range(first, last + 1)

    def key_done(self) -> None:
        """Count a key."""
        self._key_seconds.append(self._lap())
        self._keys_done += 1
        self.say()

    def frames_at(self, done: int) -> None:
        """Note that so many frames of the film are finished."""
        if (more := done - self._frames_done) <= 0:
            return
        if self._segment and self._frames_done == self._segment[0]:
            self._carry_seconds.append(self._lap() / len(self._segment))
        else:
            self._frame_seconds.append(self._lap() / more)
        self._frames_done = done
        self.say()

    def say(self, stage: Stage = "coloring") -> None:
        """Tell how far the film is."""
        keys_left = max(0, self._keys - self._keys_done)
        frames_left = max(0, self._frames - self._frames_done)
        per_key = fmean(self._key_seconds or [0.0])
        per_frame = fmean(self._frame_seconds or [0.0]) + fmean(self._carry_seconds or [0.0])
        eta = None
        if (per_key or not keys_left) and (self._frame_seconds or not frames_left):
            eta = keys_left * per_key + frames_left * per_frame
            if self._segment and self._frames_done > self._segment[0]:
                # What is being made has been carried already.
                eta -= (self._segment[-1] + 1 - self._frames_done) * fmean(self._carry_seconds)
        if not (per_key and self._frame_seconds):
            # A key is taken for as long as the frames between two.
            per_key, per_frame = self._frames / max(1, self._keys), 1.0
        whole = self._keys * per_key + self._frames * per_frame
        left = keys_left * per_key + frames_left * per_frame
        self._share = max(self._share, 1 - left / whole)
        finished = self._frames_done - self._frames_before
        fps = finished / (time.monotonic() - self._begun) if finished else None
        eta = None if eta is None else max(0.0, eta)
        self._tell(Progress(stage, self._frames_done, self._frames, self._share, fps, eta))

    def _lap(self) -> float:
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        return max(seconds, 1e-6)
