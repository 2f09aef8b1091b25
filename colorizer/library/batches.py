"""What became of each photo of an upload of several: a small file beside the photos."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from colorizer.errors import N_, ColorizerError, NotFoundError, StorageError
from colorizer.files import flush, make_private, put_in_place, read_plain
from colorizer.library.records import Record, RecordError, is_text, parse_time
from colorizer.library.store import ID, Store

log = logging.getLogger(__name__)

State = Literal["waiting", "coloring", "done", "failed", "interrupted"]
ENDED = ("done", "failed", "interrupted")
LONGEST = 16 << 20  # bytes of a batch's file, far beyond any


@dataclass(frozen=True)
class Entry:
    """One photo of a batch.

    Attributes
    ----------
    name
        What the visitor's file was called.
    state
        How far it is; ``interrupted`` is what a process left undone that has ended.
    photo
        The stored photo's id, once it is done.
    message, params
        Why it failed, as `errors.ColorizerError` has it.
    """

    name: str
    state: State = "waiting"
    photo: str | None = None
    message: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """The photos of one upload, in their order.

    Attributes
    ----------
    id, owner, created
        As of `records.Record`.
    entries
        Its photos.
    """

    id: str
    owner: str
    created: str
    entries: list[Entry]

    @property
    def running(self) -> bool:
        """Whether any photo is still to be coloured."""
        return any(entry.state not in ENDED for entry in self.entries)


class Batches:
    """The batches of a store, kept as long as its photos.

    A batch that is running has a lock beside its file, by which other processes on the same folder
    know; the system lets go of it however the process ends.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / ".batches"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        make_private(self._folder)
        self._changing = threading.RLock()
        # Those that this process runs, as they stand; None: not begun yet.
        self._running: dict[str, Batch | None] = {}
        self._unwritten: dict[str, Batch] = {}  # those that the disk did not take
        self._unreadable: set[str] = set()  # what the log has been told of

    @contextlib.contextmanager
    def running(self, id: str) -> Iterator[None]:
        """Take a batch for running for the length of the block.

        Any of its photos that has no end then was interrupted.
        """
        lock = FileLock(self._lock(id), mode=0o600, timeout=1)
        with self._changing:
            self._running[id] = None
        try:
            # Where there can be no lock, as on a full disk, other processes don't know.
            with contextlib.suppress(OSError):
                lock.acquire()
            yield
        finally:
            with self._changing:
                del self._running[id]
            lock.release()
            with contextlib.suppress(OSError):
                self._lock(id).unlink()

    def note(self, batch: Batch) -> bool:
        """Show a running batch as it stands, without keeping it on the disk.

        Returns
        -------
        bool
            Whether it is still wanted: it isn't once it has been deleted.
        """
        with self._changing:
            if self._running.get(batch.id) and not self._is_kept(batch.id):
                return False
            if batch.id in self._running:
                self._running[batch.id] = replace(batch, entries=list(batch.entries))
            return True

    def write(self, batch: Batch) -> bool:
        """Keep a batch as it stands, in place of what was kept of it; for the result see `note`.

        What the disk doesn't take is kept in memory, and tried again by `delete_expired`.
        """
        with self._changing:
            if not self.note(batch):
                return False
            try:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                # Not beside its place: what a kill leaves there goes with the next start.
                with self._store.incoming() as folder:
                    part = folder / self._path(batch.id).name
                    text = json.dumps(asdict(batch), ensure_ascii=False, default=str)
                    part.write_text(text, encoding="utf-8")
                    make_private(part)
                    put_in_place(part, self._path(batch.id))
                self._unwritten.pop(batch.id, None)
            except (OSError, StorageError) as error:
                log.error("%s can't be written: %s", self._path(batch.id), error)
                self._unwritten[batch.id] = replace(batch, entries=list(batch.entries))
            return True

    def get(self, id: str) -> Batch:
        """Return a batch as it stands.

        Raises
        ------
        NotFoundError
            If there is no such batch, it has been deleted, or it can't be read, which is logged.
        """
        # Asked first: it may end while it is read.
        running = id in self._running or self._runs_elsewhere(id)
        batch = self._find(id)
        if batch is None:
            raise NotFoundError(
                N_("There is no such upload. It may have been deleted, or its time may be over.")
            )
        if running:
            return batch
        entries = [
            entry if entry.state in ENDED else replace(entry, state="interrupted")
            for entry in batch.entries
        ]
        return replace(batch, entries=entries)

    def is_new(self, id: str) -> bool:
        """Tell whether `id` may name a batch that is to be."""
        return bool(ID.fullmatch(id)) and id not in self._running and not self._is_kept(id)

    def records(self, batch: Batch) -> list[Record]:
        """Return the photos of a batch that are done and still there."""
        ids = [entry.photo for entry in batch.entries if entry.photo]
        return [record for id in ids if (record := self._store.find(id))]

    def delete(self, batch: Batch) -> None:
        """Remove a batch with its photos, at once and wholly.

        Raises
        ------
        StorageError
            If something can't be removed; the batch and what is left of it can be deleted again.
        """
        with self._changing:  # so that no photo is done meanwhile
            for record in self.records(self._find(batch.id) or batch):
                self._store.delete(record)
            with self._store.told(), contextlib.suppress(FileNotFoundError):
                self._path(batch.id).unlink()
                flush(self._folder)
            self._unwritten.pop(batch.id, None)

    def drop(self, photo: str) -> None:
        """Remove a photo that was done when its batch had been deleted."""
        if record := self._store.find(photo):
            self._store.delete(record)

    def delete_expired(self) -> None:
        """Remove the batches whose time is over; their photos go by themselves.

        What can't be read, or was left half written by a kill, is as old as its file. What can't
        be removed is logged, and stops nothing.
        """
        for batch in list(self._unwritten.values()):
            if self._store.is_over(batch.created):
                self._unwritten.pop(batch.id, None)
            elif batch.id not in self._running:
                self.write(batch)
        if self._store.keep is None:
            return
        for path in list(self._folder.iterdir()) if self._folder.is_dir() else ():
            try:
                id = path.stem
                running = id in self._running or self._runs_elsewhere(id)
                if running:
                    continue
                if path.suffix == ".lock" or self._store.is_over(_created(path)):
                    path.unlink()
            except FileNotFoundError:
                pass  # It has been deleted meanwhile.
            except Exception as error:  # Whatever is wrong with one, the others are to go.
                log.warning("%s can't be removed, its time being over: %s", path, error)

    def _find(self, id: str) -> Batch | None:
        """Return what is kept of a batch; None if there is nothing that can be read."""
        with self._changing:
            if kept := self._unwritten.get(id) or self._running.get(id):
                return kept if self._is_kept(id) else None
        try:
            return _read(self._path(id))
        except FileNotFoundError:
            return None
        except RecordError as error:
            if id not in self._unreadable:
                self._unreadable.add(id)
                log.warning("%s is left out, it can't be read: %s", self._path(id), error)
            return None

    def _is_kept(self, id: str) -> bool:
        return id in self._unwritten or self._path(id).exists()

    def _runs_elsewhere(self, id: str) -> bool:
        """Tell whether another process runs a batch, by its lock."""
        path = self._lock(id)
        if not path.exists():
            return False
        try:
            with FileLock(path, blocking=False):
                return False
        except Timeout:
            return True
        except OSError:  # It is no lock of ours, or nothing can be written here.
            return False

    def _path(self, id: str) -> Path:
        # What is no id names a file that can't be there.
        return self._folder / f"{id if ID.fullmatch(id) else ''}.json"

    def _lock(self, id: str) -> Path:
        return self._path(id).with_suffix(".lock")


def _created(path: Path) -> str:
    """When a batch was made, by its file's word or else by the file's time (ISO 8601, UTC)."""
    try:
        return _read(path).created
    except RecordError:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).isoformat()


def _read(path: Path) -> Batch:
    """Read what `Batches.write` wrote, or release 0.1.0, whose photos may be “colouring”.

    Raises
    ------
    FileNotFoundError
        If there is none.
    RecordError
        If it is not as it should be.
    """
    try:
        data = json.loads(read_plain(path, LONGEST))
        entries = [Entry(**entry) for entry in data.pop("entries")]
        batch = Batch(**data, entries=entries)
    except FileNotFoundError:
        raise
    except (
        *(ValueError, TypeError, LookupError, AttributeError, RecursionError, OSError),
    ) as error:
        raise RecordError(str(error)) from error
    parse_time(batch.created)
    if batch.id != path.stem or not is_text(batch.owner):
        raise RecordError("its name or its owner is not as it should be")
    for entry in entries:
        _check(entry)
    return batch


def _check(entry: Entry) -> None:
    """Refuse an entry that no release writes."""
    fine = (
        is_text(entry.name)
        and entry.state in (*ENDED, "waiting", "coloring", "colouring")
        and (entry.photo is None or (is_text(entry.photo) and ID.fullmatch(entry.photo)))
        and is_text(entry.message)
        and isinstance(entry.params, dict)
    )
    if not fine:
        raise RecordError(f"an entry is {entry!r:.200}")
    try:
        str(ColorizerError(entry.message, **entry.params))
    except (TypeError, LookupError, ValueError) as error:
        raise RecordError(f"a message can't be said: {error}") from error
