"""Who is next: a queue of photos with room for so many, and the one lock of the generators."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from colorizer.errors import N_, BusyError

# Photos in hand at a time: one's file is read or written while the other's colours are predicted.
AT_ONCE = 2


class Stopwatch:
    """The seconds that a photo takes; those it waits for others are left out."""

    def __init__(self) -> None:
        self._earlier = 0.0  # seconds up to the last pause
        self._since: float | None = time.monotonic()  # None: it is paused

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return self._earlier + (0 if self._since is None else time.monotonic() - self._since)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still for the length of the block."""
        self._earlier, self._since = self.seconds, None
        try:
            yield
        finally:
            self._since = time.monotonic()


class Turns:
    """A few photos at a time, first come first served, and no more waiting than may wait."""

    def __init__(self, max_waiting: int, at_once: int = AT_ONCE) -> None:
        self.max_waiting = max_waiting
        self.at_once = at_once
        self._queue: deque[object] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._generating = threading.Lock()

    def __len__(self) -> int:
        """How many have their turn or wait for it."""
        return len(self._queue)

    def admit(self) -> None:
        """Let somebody into the queue.

        Raises
        ------
        BusyError
            If as many are waiting as may wait.
        """
        if len(self._queue) > self.max_waiting:
            raise BusyError(N_("Many photos are waiting just now. Try again in a minute."))

    @contextmanager
    def turn(self, *, admitted: bool = False) -> Iterator[Stopwatch]:
        """Wait for one's turn and hold it for the length of the block.

        Parameters
        ----------
        admitted
            Whether `admit` has let this photo in before: then it may queue however many wait.

        Yields
        ------
        Stopwatch
            Started when the turn came.

        Raises
        ------
        BusyError
            If too many are waiting, or the app is about to stop.
        """
        ticket = object()
        with self._changed:
            if not admitted:
                self.admit()
            self._queue.append(ticket)
        try:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._queue.index(ticket) < self.at_once
                )
                if self._closed:
                    raise BusyError(N_("The app is about to stop. Try again when it is back."))
            yield Stopwatch()
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    @contextmanager
    def generating(self, watch: Stopwatch) -> Iterator[None]:
        """Have the generators to oneself: one photo's prediction takes the whole machine.

        The stopwatch stands still until they are free.
        """
        with watch.paused():
            self._generating.acquire()
        try:
            yield
        finally:
            self._generating.release()

    def close(self) -> None:
        """Let nobody in any more, and wait until the photos in hand are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._queue)
