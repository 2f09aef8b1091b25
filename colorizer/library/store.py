"""The folder of stored photos and films: one folder for each, complete or absent."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from colorizer.errors import N_, NotFoundError, StorageError
from colorizer.files import flush, make_private, put_in_place, read_plain
from colorizer.library.film_records import MEDIA, FilmRecord
from colorizer.library.incoming import Incoming
from colorizer.library.index import Index
from colorizer.library.records import LONGEST, Record, RecordError, parse_object
from colorizer.library.room import Trouble, find_trouble, refusal, refusals_told

log = logging.getLogger(__name__)

AnyRecord = Record | FilmRecord

ID = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits
SLACK = timedelta(hours=1)  # by which a clock may have been ahead when a photo was made


class Store:
    """Photos and films under `folder`, each in a folder of its own, read by nobody else here.

    A photo is written into this process's own folder under ``.incoming`` and then renamed, so a
    kill at any instant leaves it complete or absent. What a killed process left there is removed
    by the next start.

    Parameters
    ----------
    folder
        The folder.
    keep_hours
        For how many hours photos are kept; 0: for ever.
    room
        How many bytes of its disk should be free.

    Attributes
    ----------
    spared
        Films whose time can't be over yet, since they are not finished.
    """

    def __init__(self, folder: Path, keep_hours: float = 0, room: int = 0) -> None:
        self.folder = folder
        self.spared: set[str] = set()
        self.keep = timedelta(hours=keep_hours) if keep_hours else None
        self._room = room
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(folder)
        self._incoming = Incoming(folder)
        for id in self._ids():
            make_private(folder / id)
        self._unreadable: set[str] = set()  # what the log has been told of
        self._index = Index(folder / ".index.sqlite3", self._ids, self._read)

    @property
    def passing(self) -> Path:
        """The process's own folder, for files without a name in the file system of the photos.

        It may have to be made again, should a cleaning program have removed it.
        """
        return self._incoming.folder

    @property
    def trouble(self) -> Trouble | None:
        """Whether its disk is ``full`` or its folder is ``shut`` to writing; None: neither."""
        return find_trouble(self.folder, self._room)

    def refusal(self, error: OSError) -> StorageError | None:
        """Say in words what the disk refuses; None if the error means something else."""
        return refusal(error, self._room)

    def told(self) -> contextlib.AbstractContextManager[None]:
        """Say in words what the disk refuses in a block: see `room.refusals_told`."""
        return refusals_told(self.folder, self._room)

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """Lend an empty folder to write a photo into; what isn't kept by `add` is removed.

        Raises
        ------
        StorageError
            If the disk is full or can't be written to, in the block as well.
        """
        with self.told(), self._incoming.lend() as folder:
            yield folder

    def add(self, folder: Path, record: AnyRecord) -> None:
        """Keep what was written into `folder`: it appears as a whole under ``record.id``."""
        (folder / "meta.json").write_text(record.to_json(), encoding="utf-8")
        for path in [*folder.iterdir(), folder]:
            make_private(path)
            flush(path)
        folder.rename(self.folder / record.id)
        flush(self.folder)
        self._index.add([record])

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
        record = self._find(id)
        return record if isinstance(record, Record) else None

    def find_film(self, id: str) -> FilmRecord | None:
        """Return a film's record; None if there is no such film, or its time is over."""
        record = self._find(id)
        return record if isinstance(record, FilmRecord) else None

    def renew(self, record: FilmRecord) -> None:
        """Keep a film's record in place of what was known of it.

        Raises
        ------
        NotFoundError
            If the film has been deleted meanwhile.
        """
        with self.attach(record, "meta.json") as part:
            part.write_text(record.to_json(), encoding="utf-8")
        self._index.add([record])

    @contextlib.contextmanager
    def attach(self, record: AnyRecord, file: str) -> Iterator[Path]:
        """Lend a path to write a further file of a stored photo to: it appears whole or not at all.

        Raises
        ------
        NotFoundError
            If the photo has been deleted meanwhile.
        """
        with self.incoming() as folder:
            yield folder / file
            target = self.path(record, file)
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)  # No release makes one; it would be in the way.
            try:
                make_private(folder / file)
                put_in_place(folder / file, target)
            except FileNotFoundError as error:
                raise _no_such_photo() from error

    def path(self, record: AnyRecord, file: str) -> Path:
        """Where a file of a photo or film stands."""
        return self.folder / record.id / file

    def newest(self, count: int) -> list[Record]:
        """Return the newest photos of all owners, newest first."""
        found = (self.find(id) for id in self._index.newest(count))
        return [record for record in found if record]

    def list(self, owner: str, first: int = 0, count: int | None = None) -> list[AnyRecord]:
        """Return the photos and films of one owner, newest first; no other record is read.

        Parameters
        ----------
        owner
            Whose.
        first, count
            How many of the newest to leave out; how many to return at most, None: all the rest.
        """
        ids = self._index.of_owner(owner, self._oldest(), first, count)
        found = (self._find(id) for id in ids)
        return [record for record in found if record and record.owner == owner]

    def count(self, owner: str) -> int:
        """Return how many photos and films one owner has."""
        return self._index.count(owner, self._oldest())

    def delete(self, record: AnyRecord) -> None:
        """Remove a photo or film, at once and wholly.

        Raises
        ------
        StorageError
            If it can't be removed.
        """
        with self.told():
            self._delete(record.id)

    def delete_expired(self) -> int:
        """Remove the photos whose time is over; return how many.

        One whose record can't be read, or says that it is yet to be made, is as old as its folder.
        One that can't be removed is logged, and stops no other.
        """
        self._incoming.tidy()
        untimed = self._index.reconcile()
        oldest = self._oldest()
        if oldest is None:
            return 0
        over = self._index.until(oldest)
        untimed.update(self._index.after(datetime.now(timezone.utc) + SLACK))
        for id in untimed:
            with contextlib.suppress(OSError):
                if (self.folder / id).stat().st_mtime <= oldest.timestamp():
                    over.append(id)
        removed = 0
        for id in set(over) - self.spared:
            try:
                self._delete(id)
                removed += 1
            except Exception as error:  # Whatever is wrong with one, the others are to go.
                log.warning("%s can't be removed, its time being over: %s", id, error)
        return removed

    def expires(self, created: str) -> datetime | None:
        """When what was made at a time (ISO 8601) will be deleted by itself; None: never."""
        return datetime.fromisoformat(created) + self.keep if self.keep else None

    def is_over(self, created: str) -> bool:
        """Whether the time is over of what was made at a time (ISO 8601)."""
        oldest = self._oldest()
        return oldest is not None and datetime.fromisoformat(created) <= oldest

    def _oldest(self) -> datetime | None:
        """Until when that was made whose time is over by now; None: nothing's ever is."""
        return datetime.now(timezone.utc) - self.keep if self.keep else None

    def _ids(self) -> set[str]:
        """List the photos whose folders are there."""
        with os.scandir(self.folder) as entries:
            return {
                entry.name
                for entry in entries
                if ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            }

    def _find(self, id: str) -> AnyRecord | None:
        record = self._read(id) if ID.fullmatch(id) else None
        over = record and self.is_over(record.created) and id not in self.spared
        return None if over else record

    def _read(self, id: str) -> AnyRecord | None:
        """Read a record; None if there is none, or it can't be read, which is logged once."""
        folder = self.folder / id
        try:
            if folder.is_symlink():
                raise RecordError("its folder stands elsewhere")
            data = parse_object(read_plain(folder / "meta.json", LONGEST))
            kind = FilmRecord if data.get("media") == MEDIA else Record
            record = kind.from_object(data)
            if record.id != id:
                raise RecordError(f"it is of {record.id}")
            return record
        except (OSError, RecordError) as error:
            if id not in self._unreadable and folder.exists():
                self._unreadable.add(id)
                log.warning("%s is left out, its meta.json can't be read: %s", folder, error)
            return None

    def _delete(self, id: str) -> None:
        self._incoming.take_away(self.folder / id)
        self._index.remove([id])


def new_id() -> str:
    """Make an id that nobody guesses."""
    return secrets.token_urlsafe(16)


def _no_such_photo() -> NotFoundError:
    return NotFoundError(
        N_("There is no such photo. It may have been deleted, or its time may be over.")
    )
