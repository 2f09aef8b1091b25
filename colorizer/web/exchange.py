"""One request as it arrives, and its answer as it goes: waitress' own, with limits and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

from colorizer.web.errors import server_error
from colorizer.web.reception import HEALTH, REFUSAL, Plan
from colorizer.web.spool import Spool

BODY_IN_MEMORY = 64_000  # bytes of a request's body
CHUNK = 1 << 18  # bytes that are read of an answer to be sent
MOST_FRAMING = 4096  # bytes that may stand between the chunks of a body, besides a quarter of it


class RequestTimeoutError(Error):  # type: ignore[misc]
    """The client has taken too long."""

    code = 408
    reason = "Request Timeout"


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """One request as it arrives.

    Attributes
    ----------
    plan
        What it needs; known once its header is here.
    refusal
        Why its body isn't kept, which the app says.
    """

    path = ""
    body_rcv: Any = None
    plan = Plan(HEALTH)
    refusal: Exception | None = None
    _beginning = b""

    def received(self, data: bytes) -> int:
        """Take in some bytes; return how many belong to this request."""
        if not self.headers_finished:
            self._beginning = (self._beginning + data[:2048]).lstrip()[:2048]
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header; what Python can't parse of it is an error of the client's, too."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from error

    @property
    def has_begun(self) -> bool:
        """Whether any of it is here."""
        return bool(self._beginning)

    @property
    def is_for_api(self) -> bool:
        """Whether a program sends it, as far as can be told from what is here."""
        words = self._beginning.split(b" ", 2)
        return len(words) > 1 and words[1].startswith(b"/api/")

    @property
    def body_length(self) -> int:
        """How many bytes of the body are here."""
        return 0 if self.body_rcv is None else len(self.body_rcv)

    def keep_body_in(self, folder: Path) -> None:
        """Write the body down in a folder, from some size on."""
        self.body_rcv.buf = Spool(folder, BODY_IN_MEMORY)

    def has_strange_chunks(self) -> bool:
        """Whether a body in chunks is more framing than body, which costs time or memory."""
        if not self.chunked or self.body_rcv is None:
            return False
        receiver = self.body_rcv
        held = len(receiver.control_line) + len(receiver.trailer)
        framing = self.body_bytes_received - self.body_length
        return held > MOST_FRAMING or framing > MOST_FRAMING + self.body_length // 4

    def refuse(self, refusal: Exception | None) -> None:
        """Keep nothing of the body; the app answers at once, and the connection ends."""
        self.refusal = refusal
        if self.chunked:
            self.headers["CONTENT_LENGTH"] = str(self.body_length)
        self.close()
        self.body_rcv = None
        self.end()

    def fail(self, error: Error) -> None:
        """Answer with an error of the server's own; then the connection ends."""
        self.error = error
        self.end()

    def end(self) -> None:
        """Take nothing more in."""
        self.headers["CONNECTION"] = "close"
        self.expect_continue = False
        self.completed = True


class SentFile(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """An open file as an answer, read forwards while it is sent; it need not be able to seek."""

    _chunk = memoryview(b"")

    def prepare(self, size: int | None = None) -> int:
        """Tell how long the answer is; `size` is what its header says."""
        if self.file.seekable():
            return int(super().prepare(size))
        self.remain = size or 0
        return self.remain

    def get(self, count: int = -1, skip: bool = False) -> memoryview:
        """Return the next bytes, which stay in."""
        if not self._chunk:
            self._chunk = memoryview(self.file.read(min(CHUNK, self.remain)))
            if not self._chunk:
                raise OSError("a file is shorter than it was")
        return self._chunk[:count]

    def skip(self, count: int, prune: bool = True) -> None:
        """Take out what has been sent."""
        self._chunk = self._chunk[count:]
        self.remain -= count


class Task(WSGITask):  # type: ignore[misc]
    """A request that the app answers."""

    def get_environment(self) -> dict[str, Any]:
        """Return the environ, with the reason why the body was not kept."""
        environ: dict[str, Any] = super().get_environment()
        environ["wsgi.file_wrapper"] = SentFile
        environ[REFUSAL] = self.request.refusal
        return environ

    def build_response_header(self) -> bytes:
        """Return the header; an answer that says to come again later isn't sent at once."""
        if any(name.lower() == "retry-after" for name, _ in self.response_headers):
            self.channel.hold_back()
        return bytes(super().build_response_header())


class FailedTask(ErrorTask):  # type: ignore[misc]
    """A request that never gets to the app."""

    def execute(self) -> None:
        """Say what is wrong with it."""
        error = self.request.error
        headers, body = server_error(error.code, for_api=self.request.is_for_api)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(headers.items())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
