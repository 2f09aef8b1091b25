"""Who is connected: the listening socket, and what happens when it is one too many."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from colorizer.web.channel import Channel, Patience
from colorizer.web.reception import Plan

log = logging.getLogger(__name__)

TICK = 1  # seconds between two looks at who is too slow
TELL = 60  # seconds between two lines of the log about connections
REST = 1  # seconds in which nobody is let in, where there is no room and none can be made


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """Waitress' server with threads for each kind of request, and deadlines for each client.

    Parameters
    ----------
    app
        The app.
    lanes
        Threads, by the names of `reception.Plan`.
    plan
        Tells what a request needs: `reception.Reception.plan`.
    patience
        How long clients are waited for.
    folder
        Where bodies and answers are put that are too large for the memory.
    waitress
        What waitress' own server takes.
    """

    channel_class = Channel

    def __init__(
        self,
        app: Any,
        *,
        lanes: Mapping[str, ThreadedTaskDispatcher],
        plan: Callable[..., Plan],
        patience: Patience,
        folder: Path,
        **waitress: Any,
    ) -> None:
        self.lanes, self.plan, self.patience, self.folder = lanes, plan, patience, folder
        self._tend_at = self._open_at = self._tell_at = 0.0
        super().__init__(app, dispatcher=next(iter(lanes.values())), **waitress)

    def add_task(self, channel: Channel) -> None:
        """Have a connection's request answered by a thread for requests of its kind."""
        self.lanes[channel.requests[0].plan.lane].add_task(channel)

    def readable(self) -> bool:
        """Whether anybody is let in; called at each round of the loop."""
        now = time.monotonic()
        if now >= self._tend_at:
            self._tend_at = now + TICK
            for channel in self._channels():
                try:
                    channel.tend(now)
                except Exception:
                    channel.handle_error()
        return bool(self.accepting) and now >= self._open_at

    def accept(self) -> tuple[Any, Any] | None:
        """Let somebody in, for whom somebody else may have to go."""
        full = len(self._channels()) >= self.adj.connection_limit
        if full and not self._make_room():
            self._rest()
            return None
        try:
            pair: tuple[Any, Any] | None = super().accept()
            return pair
        except OSError as error:
            self._tell(error)
            if not self._make_room():
                self._rest()
            return None

    def _rest(self) -> None:
        """Let nobody in for a moment, instead of trying again and again."""
        self._open_at = time.monotonic() + REST

    def _tell(self, error: OSError) -> None:
        """Log why nobody could be let in; a flood of those who want to come doesn't flood it."""
        if time.monotonic() >= self._tell_at:
            self._tell_at = time.monotonic() + TELL
            log.warning("A connection can't be accepted, and another one is closed: %s", error)

    def _make_room(self) -> bool:
        """Close the connection that matters least; none whose request is being worked on."""
        now = time.monotonic()
        claims = [(claim, channel) for channel in self._channels() if (claim := channel.claim(now))]
        if not claims:
            return False
        _, channel = min(claims, key=lambda entry: entry[0])
        channel.handle_close()
        return True

    def _channels(self) -> list[Channel]:
        return [channel for channel in self._map.values() if isinstance(channel, Channel)]
