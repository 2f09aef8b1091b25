"""Several photos of one upload: coloured in their order, and what became of each is kept."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TypeVar

from colorizer.errors import N_, ColorizerError, NotFoundError
from colorizer.files import written_whole
from colorizer.library.records import Record
from colorizer.library.store import ID, Store

log = logging.getLogger(__name__)

# One photo's file is read or written while the other's colours are guessed.
AT_ONCE = 2

File = TypeVar("File")
State = Literal["waiting", "colouring", "done", "failed", "interrupted"]
PENDING = ("waiting", "colouring")


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
        As of `store.Record`.
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
        return any(entry.state in PENDING for entry in self.entries)


class Batches:
    """The batches of a store: a small file each, beside the photos and kept as long."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / ".batches"
        self._folder.mkdir(exist_ok=True)
        self._running: set[str] = set()

    def run(
        self,
        id: str,
        owner: str,
        files: Sequence[tuple[File, str]],
        colour: Callable[[File, str], Record],
    ) -> None:
        """Colour photos in their order; one that fails doesn't stop the rest.

        Parameters
        ----------
        id
            The batch's name, a new one.
        owner
            Whose it is.
        files
            What `colour` takes: each file and its name.
        colour
            Colours one photo and stores it, or raises a `ColorizerError`; called in threads.
        """
        entries = [Entry(name) for _, name in files]
        batch = Batch(id, owner, datetime.now(timezone.utc).isoformat(), entries)
        writing = threading.Lock()

        def show(number: int, entry: Entry) -> None:
            with writing:
                entries[number] = entry
                self._write(batch)

        def run_one(number: int) -> None:
            file, name = files[number]
            show(number, Entry(name, "colouring"))
            show(number, _run_one(file, name, colour))

        self._running.add(id)
        self._write(batch)
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for _ in pool.map(run_one, range(len(files))):
                    pass
        finally:
            self._running.discard(id)

    def get(self, id: str) -> Batch:
        """Return a batch as it stands.

        Raises
        ------
        NotFoundError
            If there is no such batch, or it has been deleted.
        """
        running = id in self._running  # asked first: it may end while it is read
        try:
            data = json.loads(self._path(id).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotFoundError(
                N_("There is no such upload. It may have been deleted, or its time may be over.")
            ) from error
        entries = [Entry(**entry) for entry in data.pop("entries")]
        if not running:
            entries = [
                replace(entry, state="interrupted") if entry.state in PENDING else entry
                for entry in entries
            ]
        return Batch(**data, entries=entries)

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
        """Remove the batches whose time is over; their photos go by themselves."""
        for path in self._folder.glob("*.json"):
            created = json.loads(path.read_text(encoding="utf-8"))["created"]
            if self._store.is_over(created):
                path.unlink(missing_ok=True)

    def _write(self, batch: Batch) -> None:
        with written_whole(self._path(batch.id)) as part:
            part.write_text(json.dumps(asdict(batch), ensure_ascii=False), encoding="utf-8")

    def _path(self, id: str) -> Path:
        # What is no id names a file that can't be there.
        return self._folder / f"{id if ID.fullmatch(id) else ''}.json"


def _run_one(file: File, name: str, colour: Callable[[File, str], Record]) -> Entry:
    try:
        return Entry(name, "done", colour(file, name).id)
    except ColorizerError as error:
        return Entry(name, "failed", message=error.message, params=error.params)
    except Exception:
        log.exception("%s could not be coloured", name)
        message = N_("Something went wrong here. The log says what happened.")
        return Entry(name, "failed", message=message)
