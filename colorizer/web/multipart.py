"""Forms with files: where each file lies in the request's body, without a copy of it."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import threading
from typing import IO, TYPE_CHECKING, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from colorizer.errors import N_, TooLargeError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

IN_MEMORY = 1 << 20  # bytes of a body that has to be copied, before they go to the disk
CHUNK = 1 << 20  # bytes that are parsed at a time

Form = tuple[IO[bytes], "MultiDict[str, str]", "MultiDict[str, FileStorage]"]


class FormParser(FormDataParser):
    """Werkzeug's parser, but for forms with files, whose files stay where they lie in the body.

    Attributes
    ----------
    body
        The whole body as a file that can seek, where the server has it so; None: it is copied
        into one first.
    """

    body: IO[bytes] | None = None

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Form:
        """Parse a body of any kind; for parameters see `FormDataParser.parse`.

        Raises
        ------
        BadRequest
            If it isn't what it says it is.
        RequestEntityTooLarge
            If there is more text in it than `max_form_memory_size`, or more of its fields than
            `max_form_parts`.
        TooLargeError
            If its files are more than that.
        """
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary", "")
        form = _Form(
            self.body or _copied(stream), self.max_form_memory_size, self.max_form_parts or 0
        )
        try:
            form.read(boundary.encode("latin-1"))
        except (FormParserError, UnicodeEncodeError) as error:
            raise BadRequest from error
        return stream, MultiDict(form.fields), MultiDict(form.files)


class _Form:
    """What is in a body, as python-multipart's parser tells it piece by piece."""

    def __init__(self, body: IO[bytes], most_text: int | None, most_parts: int) -> None:
        self._body, self._most_text, self._most_parts = body, most_text, most_parts
        self._lock = threading.Lock()
        self._chunk = b""
        self._chunk_start = 0  # where the chunk that is being parsed lies in the body
        self._text_length = self._parts = 0
        self._ended = False
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []

    def read(self, boundary: bytes) -> None:
        """Find the fields and files of the body."""
        if not boundary:
            raise BadRequest
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_begin": self._begin_header,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end,
                "on_end": self._end_all,
            },
        )
        self._body.seek(0)
        while not self._ended:
            self._chunk = self._body.read(CHUNK)
            if not self._chunk:
                raise BadRequest  # cut short
            parser.write(self._chunk)
            self._chunk_start += len(self._chunk)

    def _begin(self) -> None:
        self._parts += 1
        self._headers = Headers()
        self._start: int | None = None
        self._length = 0
        self._text: list[bytes] = []

    def _begin_header(self) -> None:
        self._name = self._value = b""

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers.add(self._name.decode("ascii"), decoded(self._value).strip())

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("Content-Disposition"))
        if "name" not in options:
            raise BadRequest
        self._field, self._file_name = options["name"], options.get("filename")
        if self._parts > self._most_parts and self._file_name is None:
            raise RequestEntityTooLarge
        if self._parts > self._most_parts:
            raise TooLargeError(
                N_("These are more than %(count)d photos at once. Send some of them first."),
                count=self._most_parts,
            )

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._start is None:
            # What looked like a boundary at the end of the last chunk, and wasn't one, comes from
            # the parser's own copy of the boundary: it ends where this chunk starts.
            self._start = self._chunk_start + (start if data is self._chunk else -end)
        self._length += end - start
        if self._file_name is None:
            self._text_length += end - start
            if self._most_text is not None and self._text_length > self._most_text:
                raise RequestEntityTooLarge
            self._text.append(data[start:end])

    def _end(self) -> None:
        if self._file_name is None:
            self.fields.append((self._field, b"".join(self._text).decode(errors="replace")))
            return
        part = Part(self._body, self._lock, self._start or 0, self._length)
        storage = FileStorage(
            cast(IO[bytes], part), self._file_name, self._field, headers=self._headers
        )
        self.files.append((self._field, storage))

    def _end_all(self) -> None:
        self._ended = True


class Part(io.RawIOBase):
    """One file of a form: a stretch of the body.

    The photos of a batch are read in several threads, from one file, so each part keeps its own
    place in it.
    """

    def __init__(self, body: IO[bytes], lock: threading.Lock, start: int, length: int) -> None:
        self._body, self._lock = body, lock
        self._start, self._length, self._place = start, length, 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in it."""
        self._place = offset + (0, self._place, self._length)[whence]
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read as much as there is, up to what `buffer` takes."""
        view = memoryview(buffer).cast("B")
        with self._lock:
            self._body.seek(self._start + self._place)
            data = self._body.read(max(0, min(len(view), self._length - self._place)))
        view[: len(data)] = data
        self._place += len(data)
        return len(data)


def decoded(text: bytes) -> str:
    """Decode a file's name: UTF-8 but for some programs on Windows, as curl on a Korean one."""
    for encoding in ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeDecodeError):
            return text.decode(encoding)
    return text.decode("latin-1")


def _copied(stream: IO[bytes]) -> IO[bytes]:
    """Copy a body, as of Flask's own server, which can't seek in it."""
    copy = tempfile.SpooledTemporaryFile(IN_MEMORY)
    shutil.copyfileobj(stream, copy, CHUNK)
    return cast(IO[bytes], copy)
