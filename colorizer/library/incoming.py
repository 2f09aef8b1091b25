"""A process's own folder in the store: photos that are being written, and deleted ones."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from filelock import FileLock

from colorizer.errors import N_, TooLargeError
from colorizer.files import flush, make_private

log = logging.getLogger(__name__)

DELETED = ".deleted"  # how the name of a photo's folder ends until it is off the disk
DAY = 24 * 3600  # seconds after which a folder that has lost its lock is nobody's


class Incoming:
    """A folder under ``.incoming`` that is this process's alone, by a lock beside it.

    The system lets go of the lock however the process ends. What a process left behind that lives
    no more is removed by the next start, or by others that tidy.

    Parameters
    ----------
    store
        The folder of stored photos.

    Attributes
    ----------
    folder
        The process's own. A cleaning program may have removed it.
    """

    def __init__(self, store: Path) -> None:
        self._all = store / ".incoming"
        self._all.mkdir(mode=0o700, exist_ok=True)
        make_private(self._all)
        self._remove_left_over()
        self.folder = self._all / secrets.token_hex(8)
        self._lock = FileLock(self.folder.with_suffix(".lock"), mode=0o600)
        self._lock.acquire()
        self.folder.mkdir(mode=0o700)
        self._removing = threading.Lock()

    @contextlib.contextmanager
    def lend(self) -> Iterator[Path]:
        """Lend an empty folder; what has not been moved out of it by the end is removed."""
        folder = self.folder / secrets.token_urlsafe(16)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def take_away(self, path: Path) -> None:
        """Take a photo's folder out of sight in one step, and then off the disk.

        Where files of it can't be removed yet, as on Windows while they are being sent, `tidy`
        tries again.

        Raises
        ------
        OSError
            If it is still where it was.
        """
        away = self.folder / f"{path.name}{DELETED}"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            path.rename(away)
        except FileNotFoundError:
            if os.path.lexists(path):
                raise  # It is our own folder that is gone again.
            return  # Somebody else was quicker.
        flush(path.parent)
        self._remove(away)

    def tidy(self) -> None:
        """Remove what could not be removed before, and what dead processes left behind."""
        self._remove_left_over()
        for away in list(self.folder.glob(f"*{DELETED}")):
            self._remove(away)

    def _remove(self, away: Path) -> None:
        with self._removing:
            try:
                if os.path.lexists(away):
                    shutil.rmtree(away)
            except OSError as error:
                log.warning("%s is deleted, but not yet off the disk: %s", away.stem, error)

    def _remove_left_over(self) -> None:
        """Remove what processes left behind that live no more."""
        for lock in self._all.glob("*.lock"):
            _remove_if_dead(lock)
        for folder in self._all.iterdir():
            with contextlib.suppress(FileNotFoundError):
                is_old = folder.stat().st_mtime < time.time() - DAY
                if folder.suffix != ".lock" and is_old and not folder.with_suffix(".lock").exists():
                    shutil.rmtree(folder, ignore_errors=True)


def receive(upload: IO[bytes], target: Path, max_megabytes: int) -> None:
    """Copy an upload to the disk, as far as it is allowed to go.

    Raises
    ------
    TooLargeError
        If it goes further.
    """
    with target.open("wb") as file:
        while chunk := upload.read(1 << 20):
            file.write(chunk)
            if file.tell() > max_megabytes * 1_000_000:
                raise TooLargeError(
                    N_("The file is larger than %(limit)d MB. Save it smaller and try again."),
                    limit=max_megabytes,
                )


def _remove_if_dead(lock: Path) -> None:
    """Remove what a process left behind, if its lock shows that it lives no more."""
    try:
        with FileLock(lock, blocking=False):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    except OSError:  # It is held, or it is something that we have not made.
        return
    if not lock.with_suffix("").exists():  # or else the next start tries again
        lock.unlink(missing_ok=True)
