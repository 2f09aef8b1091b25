"""Guesses at the token of a private server: slowed down, and told to the log."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from limits import RateLimitItemPerMinute

from colorizer.errors import N_, RateLimitError
from colorizer.web.limits import Limiter

log = logging.getLogger(__name__)

OF_AN_ADDRESS = RateLimitItemPerMinute(10)
# From then on each address has one: many addresses don't help, and the right token still does.
OF_ALL = RateLimitItemPerMinute(60)


class Guesses:
    """Counts the wrong tokens of the last minute, by address and altogether."""

    def __init__(self) -> None:
        self._of_an_address, self._of_all = Limiter(OF_AN_ADDRESS), Limiter(OF_ALL)
        self._lock = threading.Lock()

    def judge(self, right: bool, address: str) -> bool:
        """Let a token count, unless its sender has to wait.

        Parameters
        ----------
        right
            Whether it is the right one.
        address
            Who sends it: an address, or a network that is one home's.

        Returns
        -------
        bool
            `right`.

        Raises
        ------
        RateLimitError
            If too many wrong ones have come; it doesn't tell whether this one is right.
        """
        with self._lock:
            if wait := self.wait(address):
                raise RateLimitError(
                    N_("Too many wrong tokens have come. Try again in %(wait)s."),
                    wait=timedelta(seconds=wait),
                )
            if not right:
                self._of_an_address.hit(address)
                self._of_all.hit("")
                last = not self._of_an_address.left(address)
                more = "; it has to wait for a minute now" if last else ""
                log.warning("A wrong token came from %s%s", address, more)
        return right

    def wait(self, address: str) -> int | None:
        """Tell for how many seconds an address has to wait; None: it may send a token."""
        # Once too many have come from all, whoever has sent one waits until it is forgotten.
        flooded = self._of_all.left("") <= 0
        return self._of_an_address.wait(address, OF_AN_ADDRESS.amount if flooded else 1)
