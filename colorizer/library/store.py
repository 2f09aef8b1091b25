"""The folder of stored photos: one folder a photo, complete or absent."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from colorizer.errors import N_, NotFoundError
from colorizer.files import flush, put_in_place
from colorizer.library.records import Record

ID = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits


class Store:
    """Photos under `folder`, each in a folder of its own, kept for `keep_hours` (0: for ever).

    A photo is written into this process's own folder under ``.incoming`` and then renamed, so a
    kill at any instant leaves it complete or absent. What a killed process left there is removed
    by the next start.
    """

    def __init__(self, folder: Path, keep_hours: float = 0) -> None:
        self.folder = folder
        self.keep = timedelta(hours=keep_hours) if keep_hours else None
        incoming = folder / ".incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        for left_over in incoming.glob("*.lock"):
            _remove_if_dead(left_over)
        self._incoming = incoming / secrets.token_hex(8)
        # Held as long as this process lives; the system lets go of it however the process ends.
        self._lock = FileLock(self._incoming.with_suffix(".lock"))
        self._lock.acquire()
        self._incoming.mkdir()

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """Lend an empty folder to write a photo into; what isn't kept by `add` is removed."""
        folder = self._incoming / secrets.token_urlsafe(16)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, folder: Path, record: Record) -> None:
        """Keep what was written into `folder`: it appears as a whole under ``record.id``."""
        (folder / "meta.json").write_text(record.to_json(), encoding="utf-8")
        for path in [*folder.iterdir(), folder]:
            flush(path)
        folder.rename(self.folder / record.id)
        flush(self.folder)

    def get(self, id: str) -> Record:
        """Return a photo's record.

        Raises
        ------
        NotFoundError
            If there is no such photo, or its time is over.
        """
        record = self.find(id)
        if record is None:
            raise _no_such_photo()
        return record

    def find(self, id: str) -> Record | None:
        """Return a photo's record; None if there is no such photo, or its time is over."""
        record = self._read(id) if ID.fullmatch(id) else None
        return record if record and not self.is_over(record.created) else None

    @contextmanager
    def attach(self, record: Record, file: str) -> Iterator[Path]:
        """Lend a path to write a further file of a stored photo to: it appears whole or not at all.

        Raises
        ------
        NotFoundError
            If the photo has been deleted meanwhile.
        """
        with self.incoming() as folder:
            yield folder / file
            try:
                put_in_place(folder / file, self.path(record, file))
            except FileNotFoundError as error:
                raise _no_such_photo() from error

    def path(self, record: Record, file: str) -> Path:
        """Where a file of a photo stands."""
        return self.folder / record.id / file

    def newest(self, count: int) -> list[Record]:
        """Return the newest photos of all owners, newest first."""
        return sorted(self._all(), key=lambda record: record.created, reverse=True)[:count]

    def list(self, owner: str) -> list[Record]:
        """Return the photos of one owner, newest first."""
        mine = [r for r in self._all() if r.owner == owner and not self.is_over(r.created)]
        return sorted(mine, key=lambda record: record.created, reverse=True)

    def delete(self, record: Record) -> None:
        """Remove a photo, at once and wholly."""
        try:
            (self.folder / record.id).rename(self._incoming / record.id)
        except FileNotFoundError:
            return  # somebody else was quicker
        shutil.rmtree(self._incoming / record.id)

    def delete_expired(self) -> int:
        """Remove the photos whose time is over; return how many."""
        over = [record for record in self._all() if self.is_over(record.created)]
        for record in over:
            self.delete(record)
        return len(over)

    def expires(self, created: str) -> datetime | None:
        """When what was made at a time (ISO 8601) will be deleted by itself; None: never."""
        return datetime.fromisoformat(created) + self.keep if self.keep else None

    def is_over(self, created: str) -> bool:
        """Whether the time is over of what was made at a time (ISO 8601)."""
        expires = self.expires(created)
        return expires is not None and expires <= datetime.now(timezone.utc)

    def _all(self) -> Iterator[Record]:
        for folder in self.folder.iterdir():
            if ID.fullmatch(folder.name) and (record := self._read(folder.name)):
                yield record

    def _read(self, id: str) -> Record | None:
        try:
            meta = (self.folder / id / "meta.json").read_bytes()
        except FileNotFoundError:
            return None
        return Record.from_json(meta)


def new_id() -> str:
    """Make an id that nobody guesses."""
    return secrets.token_urlsafe(16)


def _no_such_photo() -> NotFoundError:
    return NotFoundError(
        N_("There is no such photo. It may have been deleted, or its time may be over.")
    )


def _remove_if_dead(lock: Path) -> None:
    """Remove what a process left behind, if its lock shows that it lives no more."""
    try:
        with FileLock(lock, blocking=False):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    except Timeout:
        return
    lock.unlink(missing_ok=True)
