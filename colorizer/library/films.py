"""How far each stored film is: a small file in its folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from colorizer.errors import N_, ColorizerError, NotFoundError
from colorizer.files import is_plain, read_plain
from colorizer.library.film_records import FilmRecord
from colorizer.library.records import RecordError, parse_object
from colorizer.library.store import Store

Status = Literal["queued", "running", "done", "failed", "cancelled"]
OPEN = ("queued", "running")  # what a film does from which it comes by itself to an end

STATE = "state.json"
LONGEST = 1 << 20  # bytes of a state's file, far beyond any


@dataclass(frozen=True)
class FilmState:
    """What has become of a film.

    Attributes
    ----------
    status
        Whether it waits for its turn, is being coloured, or how it ended.
    message, params
        Why it failed, or what it waits for, as `errors.ColorizerError` has it.
    notes
        What else there is to say of it: messages.
    frames
        How many it has; 0 while that isn't known.
    """

    status: Status = "queued"
    message: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    frames: int = 0


class Films:
    """The films of a store. Which is whose, and since when, its index knows as of photos."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, id: str) -> FilmRecord:
        """Return a film's record.

        Raises
        ------
        NotFoundError
            If there is no such film, or its time is over.
        """
        record = self._store.find_film(id)
        if record is None:
            raise NotFoundError(
                N_("There is no such film. It may have been deleted, or its time may be over.")
            )
        return record

    @staticmethod
    def begin(folder: Path) -> None:
        """Write into the folder of a film that is new that it waits for its turn."""
        (folder / STATE).write_text(json.dumps(asdict(FilmState())), encoding="utf-8")

    def state(self, record: FilmRecord) -> FilmState:
        """Return what has become of a film."""
        try:
            data = parse_object(read_plain(self._store.path(record, STATE), LONGEST))
            state = FilmState(**data)
            str(ColorizerError(state.message, **state.params))
        except (OSError, RecordError, TypeError, LookupError, ValueError):
            return FilmState()  # It waits, as one does that has none yet.
        return state

    def write(self, record: FilmRecord, state: FilmState) -> None:
        """Keep what has become of a film.

        Raises
        ------
        NotFoundError
            If it has been deleted meanwhile.
        """
        with self._store.attach(record, STATE) as part:
            part.write_text(json.dumps(asdict(state), default=str), encoding="utf-8")

    def original(self, record: FilmRecord) -> Path:
        """Where the film stands as it came."""
        return self._store.path(record, record.original)

    def result(self, record: FilmRecord) -> Path:
        """Where the coloured film stands once it is finished."""
        return self._store.path(record, record.result)

    def work(self, record: FilmRecord) -> Path:
        """Where it is kept what has been done so far."""
        return self._store.path(record, "work")

    def latest(self, record: FilmRecord) -> Path:
        """Where the picture of the last frame stands that has been coloured."""
        return self._store.path(record, "latest.jpg")

    def part(self, record: FilmRecord) -> Path | None:
        """Where the part of a film stands that was finished last; None while there is none."""
        return max(self.work(record).glob("part-*.mp4"), default=None)

    def unfinished(self) -> list[FilmRecord]:
        """Return the films that wait or were being coloured, of all owners, the oldest first."""
        with os.scandir(self._store.folder) as entries:
            ids = [entry.name for entry in entries if is_plain(Path(entry.path, STATE))]
        found = [record for id in ids if (record := self._store.find_film(id))]
        open_ones = [record for record in found if self.state(record).status in OPEN]
        return sorted(open_ones, key=lambda record: record.created)
