"""How often something may be done within a time: counted in a moving window, by key."""

from __future__ import annotations

import bisect
import threading
from datetime import timedelta

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from colorizer.errors import N_, RateLimitError

# So many visitors' uploads may come from one address: a school has one for all, and who throws
# the cookie away to be a new visitor keeps it.
VISITORS_OF_AN_ADDRESS = 10


class Limiter:
    """Counts something by key, and tells when it has been often enough.

    Parameters
    ----------
    limit
        How often within what time.
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self.limit = limit
        self.seconds = limit.get_expiry()
        # The counts are this process' own. Processes that are to share them need a storage that
        # they share, in the place of this one; `limits` has one for Redis.
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)

    def hit(self, key: str, cost: int = 1) -> int | None:
        """Count something as done `cost` times, if it may be done so often.

        Returns
        -------
        int or None
            None if it may, and was counted; else the seconds until it may. What costs more than
            the whole limit may never be done: then it is the limit's own time.
        """
        if self._window.hit(self.limit, key, cost=cost):
            return None
        return self.wait(key, cost) or 1

    def wait(self, key: str, cost: int = 1) -> int | None:
        """Tell what `hit` would return, and count nothing."""
        if self.left(key) >= cost:
            return None
        # What was counted drops out of the window as it moves, the oldest first.
        shorter = range(self.seconds - 1, 0, -1)
        dropped = bisect.bisect_left(
            shorter, True, key=lambda last: self._count(key, last) + cost <= self.limit.amount
        )
        return dropped + 1

    def left(self, key: str) -> int:
        """Tell how often it may be done just now."""
        return self.limit.amount - self._count(key, self.seconds)

    def _count(self, key: str, last: int) -> int:
        """Tell how often it was done in the last seconds."""
        name = self.limit.key_for(key)
        return self._storage.get_moving_window(name, self.limit.amount, last)[1]


class UploadLimit:
    """The limit of photos that one visitor may send, and that one address may.

    Parameters
    ----------
    limit
        As `COLORIZER_RATE_LIMIT` has it: ``60/hour``.
    """

    def __init__(self, limit: str) -> None:
        item = parse(limit)
        self._visitors = Limiter(item)
        self._addresses = Limiter(type(item)(VISITORS_OF_AN_ADDRESS * item.amount, item.multiples))
        self._lock = threading.Lock()

    def count(self, photos: int, visitor: str, address: str, named: str) -> None:
        """Count photos that a visitor sends, all or none of them.

        Parameters
        ----------
        photos
            How many.
        visitor, address
            Who sends them, and from where.
        named
            As whom this visitor is going to be known: another name for who has none yet.

        Raises
        ------
        RateLimitError
            If they are more than may be sent.
        """
        with self._lock:
            self.check(photos, visitor, address)
            for name in {visitor, named}:
                self._visitors.hit(name, photos)
            self._addresses.hit(address, photos)

    def check(self, photos: int, visitor: str, address: str) -> None:
        """Raise what `count` would, and count nothing."""
        if wait := self._visitors.wait(visitor, photos):
            left = self._visitors.left(visitor)
            if left > 0:
                raise RateLimitError(
                    N_(
                        "These are %(count)d photos, but you can send only %(left)d just now, "
                        "and more in about %(wait)s."
                    ),
                    count=photos,
                    left=left,
                    wait=timedelta(seconds=wait),
                )
            raise RateLimitError(
                N_(
                    "These are too many photos for now: one visitor can send %(most)d within "
                    "%(window)s. Try again in about %(wait)s."
                ),
                most=self._visitors.limit.amount,
                window=timedelta(seconds=self._visitors.seconds),
                wait=timedelta(seconds=wait),
            )
        if wait := self._addresses.wait(address, photos):
            raise RateLimitError(
                N_("Too many photos come from your network just now. Try again in about %(wait)s."),
                wait=timedelta(seconds=wait),
            )
