"""Bytes on their way in or out: a few in memory, many in a file without a name."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import BinaryIO, cast


class Spool:
    """Bytes that are put in at the end and taken out at the front, as waitress' buffers are.

    Parameters
    ----------
    folder
        Where the file is made: it has no name there, so nothing of it outlives the process.
    in_memory
        How many bytes are kept in memory before they all go to the file.
    """

    def __init__(self, folder: Path, in_memory: int) -> None:
        self._folder, self._in_memory = folder, in_memory
        self._start_anew()

    def __len__(self) -> int:
        """How many bytes have not been taken out."""
        return self._end - self._place

    def append(self, data: bytes) -> None:
        """Put bytes in at the end.

        Raises
        ------
        OSError
            If the file can't be made or written; then none of `data` is in, and all else still is.
        """
        if not self._on_disk and self._end + len(data) > self._in_memory:
            self._move_to_disk()
        self._file.seek(self._end)
        _write_all(self._file, data)
        self._end += len(data)

    def get(self, count: int) -> bytes:
        """Return up to `count` bytes from the front, which stay in."""
        self._file.seek(self._place)
        return self._file.read(min(count, len(self)))

    def skip(self, count: int, prune: bool = True) -> None:
        """Take `count` bytes out at the front; an emptied file goes off the disk."""
        self._place += count
        if not len(self):
            self.close()
            self._start_anew()

    def getfile(self) -> BinaryIO:
        """Return all that has been put in, as an open file at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Let go of what is in."""
        self._file.close()
        self._end = self._place = 0

    def _start_anew(self) -> None:
        self._file: BinaryIO = io.BytesIO()
        self._on_disk = False
        self._end = self._place = 0

    def _move_to_disk(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)  # a cleaning program may have removed it
        # Without a buffer, so that a full disk is noticed where it is met.
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder, buffering=0))
        try:
            _write_all(file, cast(io.BytesIO, self._file).getvalue())
        except OSError:
            file.close()
            raise
        self._file, self._on_disk = file, True


def _write_all(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
