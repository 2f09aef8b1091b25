"""Connections: waitress' own, but none of them holds up the others, whatever its client does."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.utilities import BadRequest

from colorizer.web.exchange import CHUNK, FailedTask, Parser, RequestTimeoutError, SentFile, Task
from colorizer.web.reception import HEALTH, Plan
from colorizer.web.spool import Spool

log = logging.getLogger(__name__)

ANSWER_IN_MEMORY = 1 << 20  # bytes of an answer
TURN = 1 << 20  # bytes that one connection may send before the others have their turn

THROWN_AWAY = 1 << 30  # bytes of a body that wasn't wanted, so that the client sees our answer
YOUNG = 5  # seconds after which it can be told how slow a client is

# What a connection waits for.
HEADER, BODY, READER, FAREWELL, WORK = "header", "body", "reader", "farewell", "work"


@dataclass(frozen=True)
class Patience:
    """How long clients are waited for, and how long some of them wait, in seconds.

    Attributes
    ----------
    header
        For a whole header, from the connection or from the last answer on.
    body, reader
        For the next bytes of a body; for anything to be taken of an answer.
    minute, bytes_a_minute
        How much a body brings, or a reader takes, at least in which time.
    farewell, silence
        For a client to end its sending after the last answer: in all, and for its next bytes.
    later
        Until an answer is sent that says to come again later: a script that does so at once would
        come hundreds of times a second, and take the processor from those who wait their turn.
    """

    header: float = 15
    body: float = 30
    reader: float = 60
    minute: float = 60
    bytes_a_minute: int = 60_000
    farewell: float = 30
    silence: float = 5
    later: float = 0.5


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection.

    It is read and written by the server's thread alone. Threads that answer requests only put
    answers aside, so none of them ever waits for a client.
    """

    task_class = Task
    error_task_class = FailedTask
    parser_class = Parser

    request: Parser | None  # that is arriving
    will_close: bool

    def __init__(self, server: Any, *args: Any, **kwargs: Any) -> None:
        self.patience: Patience = server.patience
        self._folder: Path = server.folder
        self._plan: Callable[..., Plan] = server.plan
        self._ahead = b""  # of the next request, until the last answer is out
        self._saying_farewell = False
        self._allowance = TURN
        self._held_until = 0.0
        self._moved = self._moved_before = self._answered = 0
        self._stage = (HEADER, 0)
        self._since = self._moved_at = self._minute_at = time.monotonic()
        super().__init__(server, *args, **kwargs)
        self.outbufs = [Spool(self._folder, ANSWER_IN_MEMORY)]
        # Where the system has it: what a slow reader has not taken stays here, not in the system,
        # so that it is seen whether it takes anything.
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, CHUNK)
        self.sendbuf_len = CHUNK

    # In the server's thread.

    def readable(self) -> bool:
        """Whether it reads; a request that came along with the last one begins here."""
        if self._ahead and self._is_free() and not self._saying_farewell:
            data, self._ahead = self._ahead, b""
            try:
                self._receive(data)
            except Exception:  # the loop asks this outside of its own care for errors
                self.handle_error()
        return self._saying_farewell or self._is_free()

    def writable(self) -> bool:
        """Whether there is something to send, or the connection is to end."""
        return bool(super().writable()) and time.monotonic() >= self._held_until

    def received(self, data: bytes) -> None:
        """Take in what has arrived."""
        self._moved += len(data)
        self._moved_at = time.monotonic()
        if not self._saying_farewell:
            self._receive(data)
        elif self._moved - self._moved_before > THROWN_AWAY:
            self.handle_close()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send some bytes, as far as the client takes them and it is this connection's turn."""
        sent = super().send(data[: self._allowance], do_close) if self._allowance else 0
        if sent:
            self._allowance -= sent
            self._moved += sent
            self._moved_at = time.monotonic()
        return int(sent)

    def handle_write(self) -> None:
        """Send what may be sent, and end the connection where that was all."""
        self._allowance = TURN
        self._flush_exception(self._flush_some_if_lockable)
        if self.close_when_flushed and not self.total_outbufs_len and not self.will_close:
            self._say_farewell()
        if self.will_close:
            self.handle_close()

    def handle_close(self) -> None:
        """Let go of everything."""
        if self.request:
            self.request.close()
        super().handle_close()

    def tend(self, now: float) -> None:
        """End what has waited for its client for too long; called about once a second."""
        stage = (self._wait(), self._answered)
        if stage != self._stage:
            self._stage = stage
            self._since = self._minute_at = now
            self._moved_before = self._moved
        idle, patience = now - max(self._since, self._moved_at), self.patience
        too_slow = False
        if now - self._minute_at > patience.minute:
            too_slow = self._moved - self._moved_before < patience.bytes_a_minute
            self._minute_at, self._moved_before = now, self._moved
        wait = stage[0]
        if wait == HEADER and now - self._since > patience.header:
            self._time_out()
        elif wait == BODY and (too_slow or idle > patience.body):
            self._time_out()
        elif wait == READER and (too_slow or idle > patience.reader):
            self.handle_close()
        elif (
            wait == FAREWELL
            and max(now - self._since - patience.farewell, idle - patience.silence) > 0
        ):
            self.handle_close()

    def claim(self, now: float) -> tuple[int, float] | None:
        """Rank what is closed in favour of a new connection, the least first; None: never this.

        Who brings no header comes first, in the order of their coming; then the slowest of those
        that bring a body or take an answer; last, those that have only begun to.
        """
        if self.requests:
            return None
        if self._wait() in (HEADER, FAREWELL):
            return 0, self._since
        if now - self._since < YOUNG:
            return 2, self._since
        return 1, (self._moved - self._moved_before) / (now - self._minute_at + 1)

    def is_sending(self, seconds: float) -> bool:
        """Whether there is an answer to send of which something was taken in the last `seconds`."""
        return self.total_outbufs_len > 0 and time.monotonic() - self._moved_at < seconds

    def _is_free(self) -> bool:
        """Whether the next request may begin."""
        return not (
            self.requests or self.total_outbufs_len or self.will_close or self.close_when_flushed
        )

    def _wait(self) -> str:
        if self._saying_farewell:
            return FAREWELL
        if self.total_outbufs_len:
            return READER
        if self.requests or self.will_close or self.close_when_flushed:
            return WORK
        return BODY if self.request is not None and self.request.headers_finished else HEADER

    def _receive(self, data: bytes) -> None:
        with self.requests_lock:
            while data and not (self.requests or self.will_close or self.close_when_flushed):
                if self.request is None:
                    self.request = Parser(self.adj)
                request: Parser = self.request
                data = data[self._feed(request, data) :]
                if request.completed:
                    self._hand_over(request)
            self._ahead = data

    def _feed(self, request: Parser, data: bytes) -> int:
        """Give a request what has arrived; return how much of it was its own."""
        planned = request.headers_finished
        try:
            count = request.received(data)
            if request.headers_finished and not planned and not request.error:
                self._receive_header(request)
            elif request.has_strange_chunks():
                request.fail(BadRequest("The chunks of the body are malformed"))
            elif request.body_length > request.plan.most_bytes:
                request.refuse(request.plan.refusal)
        except OSError as error:
            request.refuse(error)
            return len(data)
        return count

    def _receive_header(self, request: Parser) -> None:
        if request.empty:
            request.fail(BadRequest("There is nothing in this request"))
            return
        with_body = request.body_rcv is not None
        request.plan = self._plan(Task(self, request).get_environment(), with_body=with_body)
        most = request.plan.most_bytes
        if not with_body:
            return
        if request.content_length > most or (request.chunked and not most):
            request.refuse(request.plan.refusal)
            return
        request.keep_body_in(self._folder)
        if request.expect_continue:
            self.send_continue()

    def _hand_over(self, request: Parser) -> None:
        """Have a request answered by a thread; what came after it waits."""
        self.request = None
        self.sent_continue = False
        self._answered += 1
        if request.error:
            request.plan = Plan(HEALTH)  # a word or two, which takes no time
        self.requests.append(request)
        self.server.add_task(self)

    def _time_out(self) -> None:
        if self.request is None or not self.request.has_begun:
            self.will_close = True
            return
        with self.requests_lock:
            self.request.close()
            self.request.fail(RequestTimeoutError("The request took too long to arrive"))
            self._hand_over(self.request)

    def _say_farewell(self) -> None:
        """End our half; what the client still sends is thrown away, or it might lose the answer."""
        self.close_when_flushed = False
        self._saying_farewell = True
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.will_close = True

    # In the threads that answer.

    def hold_back(self) -> None:
        """Have the answer that comes now wait a little before it is sent; no thread waits."""
        self._held_until = time.monotonic() + self.patience.later

    def write_soon(self, data: bytes | SentFile) -> int:
        """Put a piece of an answer aside for the server's thread to send."""
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            if not data:
                return 0
            if not self.total_outbufs_len:
                self._moved_at = time.monotonic()  # from now on the reader is waited for
            if isinstance(data, SentFile):
                self.outbufs += [data, Spool(self._folder, ANSWER_IN_MEMORY)]
            else:
                self._put_aside(data)
            self.total_outbufs_len += len(data)
        self.server.pull_trigger()
        return len(data)

    def _put_aside(self, data: bytes) -> None:
        try:
            self.outbufs[-1].append(data)
        except OSError as error:
            log.warning("An answer is kept in memory, since it can't be on the disk: %s", error)
            self.outbufs.append(Spool(self._folder, 1 << 62))
            self.outbufs[-1].append(data)
