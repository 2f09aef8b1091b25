"""What became of each photo of an upload of several: a small file beside the photos."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from colorizer.errors import N_, NotFoundError
from colorizer.files import written_whole
from colorizer.library.records import Record, RecordError, parse_time
from colorizer.library.store import ID, Store

log = logging.getLogger(__name__)

State = Literal["waiting", "coloring", "done", "failed", "interrupted"]
ENDED = ("done", "failed", "interrupted")


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
    """The batches of a store, kept as long as its photos."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / ".batches"
        self._folder.mkdir(exist_ok=True)
        self._running: set[str] = set()

    @contextlib.contextmanager
    def running(self, id: str) -> Iterator[None]:
        """Take a batch for running for the length of the block.

        Any of its photos that has no end then was interrupted.
        """
        self._running.add(id)
        try:
            yield
        finally:
            self._running.discard(id)

    def write(self, batch: Batch) -> None:
        """Keep a batch as it stands, in place of what was kept of it."""
        with written_whole(self._path(batch.id)) as part:
            text = json.dumps(asdict(batch), ensure_ascii=False, default=str)
            part.write_text(text, encoding="utf-8")

    def get(self, id: str) -> Batch:
        """Return a batch as it stands.

        Raises
        ------
        NotFoundError
            If there is no such batch, it has been deleted, or it can't be read, which is logged.
        """
        running = id in self._running  # asked first: it may end while it is read
        try:
            batch = _read(self._path(id))
        except FileNotFoundError as error:
            raise _no_such_upload() from error
        except RecordError as error:
            log.warning("%s can't be read: %s", self._path(id), error)
            raise _no_such_upload() from error
        if running:
            return batch
        entries = [
            entry if entry.state in ENDED else replace(entry, state="interrupted")
            for entry in batch.entries
        ]
        return replace(batch, entries=entries)

    def is_new(self, id: str) -> bool:
        """Tell whether `id` may name a batch that is to be."""
        return bool(ID.fullmatch(id)) and not self._path(id).exists()

    def records(self, batch: Batch) -> list[Record]:
        """Return the photos of a batch that are done and still there."""
        ids = [entry.photo for entry in batch.entries if entry.photo]
        return [record for id in ids if (record := self._store.find(id))]

    def delete(self, batch: Batch) -> None:
        """Remove a batch with its photos, at once and wholly."""
        for record in self.records(batch):
            self._store.delete(record)
        self._path(batch.id).unlink(missing_ok=True)

    def delete_expired(self) -> None:
        """Remove the batches whose time is over; their photos go by themselves.

        What can't be read, or was left half written by a kill, is as old as its file. What can't
        be removed is logged, and stops nothing.
        """
        if self._store.keep is None:
            return
        for path in self._folder.iterdir():
            try:
                if self._store.is_over(_created(path)):
                    path.unlink()
            except FileNotFoundError:
                pass  # It has been deleted meanwhile.
            except OSError as error:
                log.warning("%s can't be removed, its time being over: %s", path, error)

    def _path(self, id: str) -> Path:
        # What is no id names a file that can't be there.
        return self._folder / f"{id if ID.fullmatch(id) else ''}.json"


def _no_such_upload() -> NotFoundError:
    return NotFoundError(
        N_("There is no such upload. It may have been deleted, or its time may be over.")
    )


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
        data = json.loads(path.read_bytes())
        entries = [Entry(**entry) for entry in data.pop("entries")]
        batch = Batch(**data, entries=entries)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise RecordError(str(error)) from error
    parse_time(batch.created)
    return batch
