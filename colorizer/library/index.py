"""Which photos are whose, and since when: a SQLite file that can always be made anew."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Listed(Protocol):
    """What is entered of a record."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def owner(self) -> str:
        """Whose it is."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""


PATIENCE = 10  # seconds to wait for another process that is writing to the file
LAYOUT = """
CREATE TABLE IF NOT EXISTS photos (id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_owner ON photos (owner, created);
CREATE INDEX IF NOT EXISTS by_time ON photos (created);
"""


class Index:
    """The id, owner and time of each photo; for several threads and processes.

    It says nothing that the photos' records don't: a file that is damaged is replaced, and one
    that was deleted or replaced by somebody else is opened anew. Where there can't be a file, or
    it fails again, the index is kept in memory until the next start.

    Parameters
    ----------
    path
        The file.
    list_ids
        Lists the photos that are there.
    read
        Reads a photo's record; None if it can't be read, or is gone.
    """

    def __init__(
        self, path: Path, list_ids: Callable[[], set[str]], read: Callable[[str], Listed | None]
    ) -> None:
        self._path = path
        self._list_ids = list_ids
        self._read = read
        self._lock = threading.RLock()
        self._reopened = self._in_memory = False
        self._connection = self._open()
        self.reconcile()

    def reconcile(self) -> set[str]:
        """Enter the photos that aren't entered and strike out those that are gone.

        Returns
        -------
        set of str
            The photos that are there and can't be read. They are not entered.
        """
        # Asked for first: a photo that is added after that is at worst entered twice.
        entered = {id for (id,) in self._execute("SELECT id FROM photos")}
        there = self._list_ids()
        records = [record for id in there - entered if (record := self._read(id))]
        self.add(records)
        self.remove(entered - there)
        return there - entered - {record.id for record in records}

    def add(self, records: Iterable[Listed]) -> None:
        """Enter photos; it does no harm if they are."""
        self._change(
            "INSERT OR REPLACE INTO photos VALUES (?, ?, ?)",
            [(record.id, record.owner, record.created_at.timestamp()) for record in records],
        )

    def remove(self, ids: Iterable[str]) -> None:
        """Strike photos out; it does no harm if they aren't entered."""
        self._change("DELETE FROM photos WHERE id = ?", [(id,) for id in ids])

    def newest(self, count: int) -> list[str]:
        """Return the ids of the newest photos of all owners, newest first."""
        rows = self._execute("SELECT id FROM photos ORDER BY created DESC LIMIT ?", count)
        return [id for (id,) in rows]

    def of_owner(
        self, owner: str, since: datetime | None, first: int, count: int | None
    ) -> list[str]:
        """Return the ids of one owner's photos, newest first.

        Parameters
        ----------
        owner
            Whose.
        since
            Only those made later; None: all.
        first, count
            How many of the newest to leave out; how many to return at most, None: all the rest.
        """
        rows = self._execute(
            "SELECT id FROM photos WHERE owner = ? AND created > ?"
            " ORDER BY created DESC, id LIMIT ? OFFSET ?",
            owner,
            since.timestamp() if since else 0,
            -1 if count is None else count,
            first,
        )
        return [id for (id,) in rows]

    def count(self, owner: str, since: datetime | None) -> int:
        """Return how many photos an owner has; `since` as of `of_owner`."""
        ((count,),) = self._execute(
            "SELECT count(*) FROM photos WHERE owner = ? AND created > ?",
            owner,
            since.timestamp() if since else 0,
        )
        return int(count)

    def until(self, time: datetime) -> list[str]:
        """Return the ids of the photos of all owners that were made at a time or before."""
        rows = self._execute("SELECT id FROM photos WHERE created <= ?", time.timestamp())
        return [id for (id,) in rows]

    def after(self, time: datetime) -> list[str]:
        """Return the ids of the photos of all owners that were made after a time."""
        rows = self._execute("SELECT id FROM photos WHERE created > ?", time.timestamp())
        return [id for (id,) in rows]

    def _execute(self, statement: str, *values: str | float) -> list[Any]:
        return self._use(lambda connection: connection.execute(statement, values).fetchall())

    def _change(self, statement: str, rows: list[tuple[str | float, ...]]) -> None:
        self._use(lambda connection: connection.executemany(statement, rows))

    def _use(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the index, in a transaction; if it fails, try it anew."""
        with self._lock:
            try:
                with self._connection:
                    return action(self._connection)
            except sqlite3.Error as error:
                if self._in_memory:
                    raise
                self._connection.close()
                self._connection = self._open_in_memory(error) if self._reopened else self._open()
                self._reopened = True
            self.reconcile()
            return self._use(action)

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.touch(0o600)
            return _connect(self._path)
        except (sqlite3.Error, OSError) as error:
            log.warning("%s is made anew: %s", self._path, error)
        try:
            self._delete()
            return _connect(self._path)
        except (sqlite3.Error, OSError) as error:
            return self._open_in_memory(error)

    def _open_in_memory(self, error: Exception) -> sqlite3.Connection:
        log.warning("%s can't be used, so photos are listed without it: %s", self._path, error)
        self._in_memory = True
        return _connect(":memory:")

    def _delete(self) -> None:
        # The journal goes first: it would be played back into whatever is at the path.
        self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


def _connect(path: Path | str) -> sqlite3.Connection:
    """Open an index.

    Raises
    ------
    sqlite3.Error
        If it can't be opened or written to, or is damaged.
    """
    connection = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False)
    try:
        # What a power cut spoils is noticed at the next start, and made anew.
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(LAYOUT)
        (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
