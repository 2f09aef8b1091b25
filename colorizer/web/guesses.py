"""Guesses at the token of a private server: slowed down, and told to the log."""

from __future__ import annotations

import ipaddress
import logging
import math
import threading
import time
from datetime import timedelta

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from colorizer.errors import N_, RateLimitError

log = logging.getLogger(__name__)

OF_AN_ADDRESS = RateLimitItemPerMinute(10)
# From then on each address has one: many addresses don't help, and the right token still does.
OF_ALL = RateLimitItemPerMinute(60)
IPV6_NETWORK = 64  # bits; who has an address there has them all


class Guesses:
    """Counts the wrong tokens of the last minute, by address and altogether."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()

    def judge(self, right: bool, address: str) -> bool:
        """Let a token count, unless its sender has to wait.

        Parameters
        ----------
        right
            Whether it is the right one.
        address
            Who sends it.

        Returns
        -------
        bool
            `right`.

        Raises
        ------
        RateLimitError
            If too many wrong ones have come; it doesn't tell whether this one is right.
        """
        sender = _sender(address)
        with self._lock:
            failed = self._count(OF_AN_ADDRESS, sender)
            flooded = self._count(OF_ALL, "") >= OF_ALL.amount
            if failed >= (1 if flooded else OF_AN_ADDRESS.amount):
                raise RateLimitError(
                    N_("Too many wrong tokens have come. Try again in %(wait)s."),
                    wait=timedelta(seconds=self._wait(sender)),
                )
            if not right:
                self._window.hit(OF_AN_ADDRESS, sender)
                self._window.hit(OF_ALL, "")
                last = failed + 1 == OF_AN_ADDRESS.amount
                more = "; it has to wait for a minute now" if last else ""
                log.warning("A wrong token came from %s%s", address, more)
        return right

    def _count(self, limit: RateLimitItem, key: str) -> int:
        return limit.amount - int(self._window.get_window_stats(limit, key).remaining)

    def _wait(self, sender: str) -> int:
        """Tell for how many seconds an address has to wait, at least."""
        oldest_goes = self._window.get_window_stats(OF_AN_ADDRESS, sender).reset_time
        return max(1, math.ceil(oldest_goes - time.time()))


def _sender(address: str) -> str:
    """Return whom an address stands for."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, IPV6_NETWORK), strict=False))
    return str(getattr(known, "ipv4_mapped", None) or known)
