"""Guesses at the token of a private server: slowed down, and told to the log."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from datetime import timedelta

from limits import RateLimitItemPerMinute

from colorizer.errors import N_, RateLimitError
from colorizer.web.limits import Limiter

log = logging.getLogger(__name__)

OF_AN_ADDRESS = RateLimitItemPerMinute(10)
# From then on each address has one: many addresses don't help, and the right token still does.
OF_ALL = RateLimitItemPerMinute(60)
# Addresses that the right token has come from, the last ones.
MOST_KNOWN = 1000


class Guesses:
    """Counts the wrong tokens of the last minute, by address and altogether.

    An address that has sent the right token is known from then on: it is told of too many wrong
    ones, but the right one always counts, or one guesser would lock out a whole house, school or
    office. There, and nowhere else, somebody may try one token after the other. That gives them
    next to nothing, as a token has 16 characters at least: a thousand a second find one of random
    letters in more than 10^15 years. A browser that has logged in has its cookie, and isn't asked.
    """

    def __init__(self) -> None:
        self._of_an_address, self._of_all = Limiter(OF_AN_ADDRESS), Limiter(OF_ALL)
        self._known: OrderedDict[str, None] = OrderedDict()  # the last one last
        self._lock = threading.Lock()

    def judge(self, right: bool, address: str) -> bool:
        """Let a token count, unless its sender has to wait; the right one makes an address known.

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
            If too many wrong ones have come. Of an address that isn't known it doesn't tell
            whether this one is right.
        """
        with self._lock:
            if wait := self.wait(right, address):
                raise RateLimitError(
                    N_("Too many wrong tokens have come. Try again in %(wait)s."),
                    wait=timedelta(seconds=wait),
                )
            if right:
                self._remember(address)
            else:
                self._of_an_address.hit(address)
                self._of_all.hit("")
                last = not self._of_an_address.left(address)
                more = "; it has to wait for a minute now" if last else ""
                log.warning("A wrong token came from %s%s", address, more)
        return right

    def wait(self, right: bool, address: str) -> int | None:
        """Tell for how many seconds an address has to wait; None: its token counts."""
        if right and address in self._known:
            return None
        # Once too many have come from all, whoever has sent one waits until it is forgotten.
        flooded = self._of_all.left("") <= 0
        return self._of_an_address.wait(address, OF_AN_ADDRESS.amount if flooded else 1)

    def _remember(self, address: str) -> None:
        self._known[address] = None
        self._known.move_to_end(address)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
