"""What a request brings: photos and options."""

from __future__ import annotations

import io
import tempfile
import threading
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

import flask
from flask import request

from colorizer.coloring.options import RESULT_OPTIONS, Options
from colorizer.errors import N_, OptionError, TooLargeError
from colorizer.library.records import CONTROLS, Record
from colorizer.web import services

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_FILES = 1000  # in one upload
IN_MEMORY = 1 << 20  # bytes of an upload's files before they go to the disk


class Request(flask.Request):
    """A request whose files take one open file together, however many they are."""

    # Far above `MAX_FILES`, so that a few too many are told as such.
    max_form_parts = 10 * MAX_FILES

    def _get_file_stream(self, *args: object, **kwargs: object) -> IO[bytes]:
        """Give werkzeug what it writes the next file of the form to, and reads it from."""
        if not hasattr(self, "_spool"):
            self._spool = tempfile.SpooledTemporaryFile(IN_MEMORY)
            self._spool_lock = threading.Lock()
        return _Part(self._spool, self._spool_lock)  # type: ignore[return-value]


class _Part(io.RawIOBase):
    """One file of a form: a stretch at the end of a file, which is written once and then read.

    The photos of a batch are read in several threads, from one file, so each part keeps its own
    place in it.
    """

    def __init__(self, spool: tempfile.SpooledTemporaryFile[bytes], lock: threading.Lock) -> None:
        self._file, self._lock = spool, lock
        self._start = spool.seek(0, io.SEEK_END)
        self._length = self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._length += len(data)
        return self._file.write(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + (0, self._place, self._length)[whence]
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        with self._lock:
            self._file.seek(self._start + self._place)
            data = self._file.read(max(0, min(len(view), self._length - self._place)))
        view[: len(data)] = data
        self._place += len(data)
        return len(data)


def sent_files() -> list[tuple[IO[bytes], str]]:
    """Return the files that the request brings in its field ``file``, each with its name.

    Raises
    ------
    OptionError
        If there is none.
    TooLargeError
        If there are more than `MAX_FILES`.
    """
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise OptionError(N_("No photo was sent: choose one first (form field “file”)."))
    if len(files) > MAX_FILES:
        raise TooLargeError(
            N_(
                "These are %(count)d photos; at most %(limit)d can be sent at once. "
                "Send some first."
            ),
            count=len(files),
            limit=MAX_FILES,
        )
    return [(file.stream, _clean_name(str(file.filename))) for file in files]


def _clean_name(name: str) -> str:
    """Name a file as its sender does, without its path, or what would end a header's line."""
    name = CONTROLS.sub("", name)
    return PurePath(name.replace("\\", "/")).name[:200] or "photo"


def sent_file() -> tuple[IO[bytes], str]:
    """Return the one file that the request brings, and its name.

    Raises
    ------
    OptionError
        If there is none, or more than one.
    """
    files = sent_files()
    if len(files) > 1:
        raise OptionError(N_("One photo at a time, please."))
    return files[0]


def sent_options() -> Options:
    """Return the options that a form brings with photos.

    Raises
    ------
    OptionError
        If one can't have its value.
    """
    return Options.parse(request.form, render_factor=services().settings.render_factor)


def wanted_result(record: Record) -> Options:
    """Return what the query asks of a stored photo; by default its strength is the stored one.

    Raises
    ------
    OptionError
        If one of `RESULT_OPTIONS` can't have its value; further options are left alone.
    """
    texts = {name: request.args.get(name, "") for name in RESULT_OPTIONS}
    return Options.parse(texts, strength=record.strength)


def wants_download() -> bool:
    """Tell whether the query asks for a file to be kept rather than to be shown."""
    return request.args.get("download") == "1"
