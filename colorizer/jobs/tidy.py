"""Deletes what is over, round after round, whatever happens in one of them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

from colorizer.library.batches import Batches
from colorizer.library.store import Store

log = logging.getLogger(__name__)

SECONDS = 300  # between two rounds
JUMP = 600  # seconds by which no clock gets ahead between two rounds, unless it is set
# Seconds for which a clock that was put forward is not believed. A wrong one is noticed by people
# or put right by its time server meanwhile; one that was set right deletes an hour later.
DOUBT = 3600


def uptime() -> float:
    """Return seconds by a clock that nobody sets; where the system can, sleep counts."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Tidy:
    """Deletes the photos and batches whose time is over.

    Parameters
    ----------
    store, batches
        What is tidied.
    wall, steady
        The clock that photos are dated by, and one that nobody sets, in seconds.
    """

    def __init__(
        self,
        store: Store,
        batches: Batches,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = uptime,
    ) -> None:
        self._store, self._batches = store, batches
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()
        self._doubt_until = steady()

    def run(self) -> None:
        """Go once through what is kept; what fails is logged."""
        if self._is_in_doubt():
            return
        for delete in (self._delete_photos, self._batches.delete_expired):
            try:
                delete()
            except Exception:  # A fault in one round is no reason to keep photos for ever.
                log.exception("What is over could not be deleted")

    def _delete_photos(self) -> None:
        if count := self._store.delete_expired():
            log.info("%d photos were deleted, their time being over", count)

    def _is_in_doubt(self) -> bool:
        """Tell whether the clock has been put forward just now, by which all photos were over.

        Where `uptime` leaves sleep out, a machine that has slept seems to have done that.
        """
        apart = self._wall() - self._steady()
        if apart > self._apart + JUMP:
            log.warning("The clock has jumped ahead: for an hour nothing is deleted by itself")
            self._doubt_until = self._steady() + DOUBT
        self._apart = apart
        return self._steady() < self._doubt_until
