"""Who is next: visitors in turns, with room for so many, and the one lock of the generators."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from colorizer.errors import N_, BusyError

# Photos in hand at a time: one's file is read or written while the other's colours are predicted.
AT_ONCE = 2
LONGEST_WAIT = 600  # seconds that a visitor is told to stay away, at most


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


class Guest:
    """What takes one place in a queue: a photo, or a batch however many photos it has.

    Attributes
    ----------
    visitor
        Whose it is.
    photos
        How many of its photos have not had their turn yet.
    """

    def __init__(self, visitor: str, photos: int) -> None:
        self.visitor, self.photos = visitor, photos


class Turns:
    """A few photos at a time, visitor by visitor, and no more waiting than may wait.

    The visitors who wait stand in a row: the next photo is the first one's, who then goes to the
    row's end. Who has nothing in hand and nothing waiting is a newcomer, and overtakes the row: the
    batches of five others keep nobody waiting for five photos. After that the row goes on by one,
    so that newcomers never stop it. A visitor's own photos have their turns as they came.

    Parameters
    ----------
    max_waiting
        How many guests may wait besides the photos in hand. Where one visitor has filled the room,
        others still get in with one guest each, until as many visitors wait.
    pace
        Tells the seconds that a photo takes.
    at_once
        How many photos are in hand at a time.

    Attributes
    ----------
    wanting
        How many photos wait for the generators alone.
    """

    def __init__(self, max_waiting: int, pace: Callable[[], float], at_once: int = AT_ONCE) -> None:
        self.max_waiting = max_waiting
        self.at_once = at_once
        self._pace = pace
        self._guests: list[Guest] = []
        # The photos that wait, by their visitors, who are in the order of their turns.
        self._waiting: dict[str, deque[object]] = {}
        self._newcomers: dict[str, None] = {}  # those of them that overtake the others
        self._overtaken = False  # whether one just has
        self._in_hand: Counter[str] = Counter()  # photos, by their visitors
        self._closed = False
        self._changed = threading.Condition()
        self._generating = threading.Lock()
        self.wanting = 0
        self._generated = 0  # photos that have had it

    def __len__(self) -> int:
        """How many photos have their turn or wait for it."""
        with self._changed:
            return self._in_hand.total() + sum(map(len, self._waiting.values()))

    @property
    def most_guests(self) -> int:
        """How many guests there can be at a time; each is waited for by a thread of the server."""
        return self.at_once + 2 * self.max_waiting

    @contextmanager
    def admitted(self, visitor: str, photos: int = 1) -> Iterator[Guest]:
        """Have a place for the length of the block, to `turn` with.

        Parameters
        ----------
        visitor
            Who takes turns with others.
        photos
            How many photos come together, as a batch.

        Raises
        ------
        BusyError
            If as many are waiting as may wait; it says when there is likely to be a place.
        """
        guest = Guest(visitor, photos)
        with self._changed:
            if not self._has_room(visitor):
                raise BusyError(
                    N_("Many photos are waiting just now. Try again in about %(wait)s."),
                    wait=self._wait(),
                )
            self._guests.append(guest)
        try:
            yield guest
        finally:
            with self._changed:
                self._guests.remove(guest)

    @contextmanager
    def turn(self, guest: Guest | str) -> Iterator[Stopwatch]:
        """Wait for a photo's turn and hold it for the length of the block.

        Parameters
        ----------
        guest
            What `admitted` gave; or a visitor, who is admitted with this one photo.

        Yields
        ------
        Stopwatch
            Started when the turn came.

        Raises
        ------
        BusyError
            If too many are waiting, or the app is about to stop.
        """
        if isinstance(guest, str):
            with self.admitted(guest) as admitted, self.turn(admitted) as watch:
                yield watch
            return
        self._wait_for_turn(guest)
        try:
            yield Stopwatch()
        finally:
            with self._changed:
                self._in_hand -= Counter([guest.visitor])
                self._changed.notify_all()

    def _wait_for_turn(self, guest: Guest) -> None:
        """Wait until a photo of a guest's may be taken in hand, and take it."""
        photo = object()
        with self._changed:
            if guest.visitor not in self._waiting and guest.visitor not in self._in_hand:
                self._newcomers[guest.visitor] = None
            self._waiting.setdefault(guest.visitor, deque()).append(photo)
            try:
                self._changed.wait_for(lambda: self._closed or self._is_next(photo))
                if self._closed:
                    raise BusyError(N_("The app is about to stop. Try again when it is back."))
                self._overtaken = (
                    guest.visitor in self._newcomers and self._first_of_row() is not None
                )
                self._in_hand[guest.visitor] += 1
                guest.photos -= 1
            finally:
                self._newcomers.pop(guest.visitor, None)
                others = self._waiting.pop(guest.visitor)
                others.remove(photo)
                if others:  # They wait behind those of all other visitors now.
                    self._waiting[guest.visitor] = others
                self._changed.notify_all()

    def _is_next(self, photo: object) -> bool:
        """Tell whether a waiting photo may be taken in hand now."""
        if self._in_hand.total() >= self.at_once:
            return False
        visitor, first = next(iter(self._newcomers), None), self._first_of_row()
        if visitor is None or (self._overtaken and first is not None):
            visitor = first
        return visitor is not None and self._waiting[visitor][0] is photo

    def _first_of_row(self) -> str | None:
        """Return who is next of those who are no newcomers."""
        return next((one for one in self._waiting if one not in self._newcomers), None)

    def _has_room(self, visitor: str) -> bool:
        """Tell whether one more guest of a visitor may wait, or needn't."""
        waiting = [guest.visitor for guest in self._guests if guest.photos > 0]
        if self._in_hand.total() + len(waiting) < self.at_once + self.max_waiting:
            return True
        return visitor not in waiting and len(set(waiting)) < self.max_waiting

    def _wait(self) -> timedelta:
        """Estimate when there is a place again: once the guest with the fewest photos is through.

        Before each of these, every visitor has a turn.
        """
        waiting = [guest for guest in self._guests if guest.photos > 0]
        photos = min((guest.photos for guest in waiting), default=1)
        visitors = len({guest.visitor for guest in waiting}) or 1
        seconds = photos * visitors * self._pace()
        return timedelta(seconds=min(max(1, math.ceil(seconds)), LONGEST_WAIT))

    @contextmanager
    def generating(self, watch: Stopwatch) -> Iterator[None]:
        """Have the generators to oneself: one photo's prediction takes the whole machine.

        The stopwatch stands still until they are free.
        """
        with watch.paused():
            with self._changed:
                self.wanting += 1
            self._generating.acquire()
            with self._changed:
                self.wanting -= 1
                self._generated += 1
                self._changed.notify_all()
        try:
            yield
        finally:
            self._generating.release()

    @contextmanager
    def between(self) -> Iterator[None]:
        """Have the generators to oneself for a key of a film.

        A photo that wants them goes first, and then it is the film's turn again: neither waits for
        more than two calls of a generator.
        """
        with self._changed:
            seen = self._generated
            self._changed.wait_for(lambda: not self.wanting or self._generated > seen)
        with self._generating:
            yield

    def close(self) -> None:
        """Let nobody in any more, and wait until the photos in hand are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._in_hand or self._waiting))
