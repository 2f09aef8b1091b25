"""The way of a film: received, checked, coloured when it is its turn, one at a time."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import IO

from colorizer.coloring.options import CODECS, Options
from colorizer.errors import N_, BusyError, ColorizerError, NotFoundError, NotReadyError
from colorizer.files import is_plain, make_private
from colorizer.jobs.models import Models
from colorizer.jobs.turns import Turns
from colorizer.library.film_records import FilmRecord
from colorizer.library.films import OPEN, Films, FilmState, Status
from colorizer.library.incoming import receive
from colorizer.library.room import check_room
from colorizer.library.store import Store, new_id
from colorizer.settings import Settings
from colorizer.video.child import StoppedError
from colorizer.video.color import check_film, color_film
from colorizer.video.method import method_of
from colorizer.video.plan import Plan
from colorizer.video.progress import Progress

log = logging.getLogger(__name__)

# What is written of a film is so many times its size: its parts, and the result made of them.
TIMES = 12
AGAIN = 30.0  # seconds until what a film waits for is looked at again
FAULT = N_("Something went wrong here. The log says what happened.")
PATIENCE = 60.0  # seconds that a film may take to stop: a call of the generator is waited for


@dataclass
class _Running:
    """The film in hand."""

    record: FilmRecord
    stop: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    progress: Progress = field(default_factory=lambda: Progress("reading"))


class FilmQueue:
    """Films that are coloured one at a time, visitor by visitor, in a thread of their own.

    What was being coloured when the app ended, however it did, goes on when it is back.

    Parameters
    ----------
    settings, store, films, models
        The app's.
    turns
        The queue of photos, with whom films share the generators.
    """

    def __init__(
        self, settings: Settings, store: Store, films: Films, models: Models, turns: Turns
    ) -> None:
        self._settings, self._store, self._films = settings, store, films
        self._models, self._turns = models, turns
        self._waiting: list[FilmRecord] = []
        self._running: _Running | None = None
        self._served: dict[str, float] = {}  # when each owner's last film was taken in hand
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what earlier runs have left, and with what comes; once is enough."""
        with self._changed:
            if self._thread or self._closed:
                return
            known = {record.id for record in self._waiting}
            left = [record for record in self._films.unfinished() if record.id not in known]
            self._waiting = sorted(left + self._waiting, key=lambda record: record.created)
            self._store.spared.update(record.id for record in self._waiting)
            self._thread = threading.Thread(target=self._work, name="films", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Let the film in hand stop where it is; it goes on when the app is back."""
        with self._changed:
            self._closed = True
            if self._running:
                self._running.stop.set()
            self._changed.notify_all()
        if self._thread:
            self._thread.join(PATIENCE)

    def add(self, upload: IO[bytes], name: str, owner: str, options: Options) -> FilmRecord:
        """Take in a film, which then waits for its turn.

        Parameters
        ----------
        upload, name, owner, options
            As for `photo.color_upload`.

        Raises
        ------
        ColorizerError
            If the file, the options or the moment don't allow it; then nothing is left behind.
        """
        with self._changed:
            if len(self._waiting) >= max(1, self._settings.max_waiting):
                raise BusyError(N_("Many films are waiting just now. Try again later."))
        generator = self._models.ready(options.model)
        codec = options.codec or CODECS[0]
        with self._store.incoming() as folder:
            original = folder / "original"
            receive(upload, original, self._settings.max_video_mb)
            check_room(folder, original.stat().st_size * TIMES)
            suffix, result = check_film(
                original,
                codec,
                options.strength,
                name=name,
                max_minutes=self._settings.max_video_minutes,
            )
            original = original.rename(original.with_suffix(suffix))
            record = FilmRecord(
                id=new_id(),
                owner=owner,
                created=_now(),
                name=name,
                original=original.name,
                result=f"result{result}",
                model=generator.weights.name,
                requested_model=options.model,
                render_factor=options.render_factor,
                strength=options.strength,
                codec=codec,
                keep_gps=options.keep_gps,
            )
            Films.begin(folder)
            self._store.add(folder, record)
        self._enqueue(record)
        return record

    def progress(self, record: FilmRecord) -> Progress | None:
        """Tell how far the film in hand is; None of any other."""
        running = self._running
        return running.progress if running and running.record.id == record.id else None

    def cancel(self, record: FilmRecord) -> None:
        """Stop a film; what is done of it stays, and `go_on` goes on with it."""
        self._take_out(record)
        state = self._films.state(record)
        if state.status in OPEN:  # It may just have been finished.
            self._films.write(record, replace(state, status="cancelled"))
            self._store.spared.discard(record.id)

    def go_on(self, record: FilmRecord) -> None:
        """Have a film wait for its turn that was cancelled or has failed."""
        state = self._films.state(record)
        if state.status in ("cancelled", "failed"):
            self._films.write(record, replace(state, status="queued", message="", params={}))
            self._enqueue(record)

    def delete(self, record: FilmRecord) -> None:
        """Remove a film, at once and wholly.

        Raises
        ------
        StorageError
            If it can't be removed.
        """
        self._take_out(record)
        self._store.delete(record)
        self._store.spared.discard(record.id)

    def _enqueue(self, record: FilmRecord) -> None:
        self._store.spared.add(record.id)
        self.start()
        with self._changed:
            in_hand = [self._running.record] if self._running else []
            if all(other.id != record.id for other in self._waiting + in_hand):
                self._waiting.append(record)
            self._changed.notify_all()

    def _take_out(self, record: FilmRecord) -> None:
        """Take a film out of the queue, or stop it and wait until it has stopped."""
        with self._changed:
            self._waiting = [other for other in self._waiting if other.id != record.id]
            running = self._running
            if running and running.record.id == record.id:
                running.cancelled = True
                running.stop.set()
                self._changed.wait_for(lambda: self._running is not running, PATIENCE)

    def _work(self) -> None:
        while running := self._next():
            try:
                waits = self._color(running)
            except Exception:  # Whatever is wrong with one, the others are to go.
                log.exception("The film %s was left as it is", running.record.id)
                waits = False
            with self._changed:
                self._running = None
                if waits and not running.stop.is_set():
                    self._waiting.append(running.record)
                self._changed.notify_all()
                if waits:
                    self._changed.wait_for(lambda: self._closed, AGAIN)

    def _next(self) -> _Running | None:
        """Wait for the next film and take it in hand; None if the app is about to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return None
            record = min(self._waiting, key=lambda film: self._served.get(film.owner, 0.0))
            self._waiting.remove(record)
            self._served[record.owner] = time.monotonic()
            self._running = _Running(record)
            return self._running

    def _color(self, running: _Running) -> bool:
        """Colour the film in hand; tell whether it has to wait for something first."""
        record = running.record
        state = replace(self._films.state(record), status="running", message="", params={})
        try:
            self._films.write(record, state)
            if not is_plain(self._films.result(record)):
                plan = self._make(running)
                state = replace(state, notes=plan.notes, frames=plan.frames)
                make_private(self._films.result(record))
            record = replace(record, created=_now())
            self._store.renew(record)
            state = replace(state, status="done")
        except StoppedError:
            state = replace(state, status="cancelled" if running.cancelled else "queued")
        except NotFoundError:
            return False  # It has been deleted.
        except NotReadyError as error:
            state = _told(state, "queued", error)
        except ColorizerError as error:
            state = _told(state, "failed", error)
        except Exception as error:
            if self._store.find_film(record.id) is None:
                return False
            refusal = self._store.refusal(error) if isinstance(error, OSError) else None
            if refusal:
                state = _told(state, "queued", refusal)
            else:
                log.exception("The film %s could not be coloured", record.id)
                state = _told(state, "failed", ColorizerError(FAULT))
        with contextlib.suppress(NotFoundError):
            self._films.write(record, state)
        if state.status != "queued":
            self._store.spared.discard(record.id)
        return state.status == "queued"

    def _make(self, running: _Running) -> Plan:
        """Make the coloured film in hand."""
        record = running.record
        generator = self._models.ready(record.model)

        def tell(progress: Progress) -> None:
            running.progress = progress

        return color_film(
            self._films.original(record),
            self._films.result(record),
            self._films.work(record),
            generator,
            method_of(
                generator,
                record.render_factor,
                record.strength,
                codec=record.codec,
                keep_gps=record.keep_gps,
            ),
            latest=self._films.latest(record),
            tell=tell,
            stop=running.stop,
            generating=self._turns.between,
        )


def _told(state: FilmState, status: Status, error: ColorizerError) -> FilmState:
    """Give the state of a film that something has stopped."""
    params = {name: str(value) for name, value in error.params.items()}
    return replace(state, status=status, message=error.message, params=params)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")
