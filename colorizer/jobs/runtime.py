"""What runs beside the requests: generators being fetched and loaded, and the queue of photos."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from colorizer.errors import N_, BusyError, ColorizerError, NotReadyError
from colorizer.generators.download import download
from colorizer.generators.table import WEIGHTS, Weights, find_weights, missing_weights
from colorizer.jobs.estimate import Pace
from colorizer.library.batches import Batches
from colorizer.library.store import Store
from colorizer.process import release_memory
from colorizer.settings import Settings

if TYPE_CHECKING:
    from colorizer.generators.generator import Generator

log = logging.getLogger(__name__)

State = Literal["absent", "downloading", "loading", "ready", "failed"]

PACE_PHOTOS = 50  # of earlier runs, from which is learnt how long photos take
TIDY_SECONDS = 300  # between two looks for photos whose time is over
WATCH_SECONDS = 2  # between two looks for a weight file that is put there by hand
RETRY_SECONDS = 600  # between two rounds of downloads that all failed


@dataclass
class ModelStatus:
    """How far one generator is."""

    name: str
    title: str
    state: State = "absent"
    bytes_done: int | None = None
    bytes_total: int | None = None
    error: ColorizerError | None = None
    generator: Generator | None = None

    @property
    def device(self) -> str | None:
        """Where it runs, once it is ready."""
        return str(self.generator.device) if self.generator else None

    @property
    def precision(self) -> str | None:
        """The arithmetic it runs in, once it is ready."""
        return self.generator.precision if self.generator else None


class Runtime:
    """The generators of one process and the turns of the photos that want them.

    `start` loads, in the background, every generator whose weights are there, the default one
    first; the default one is downloaded if it is not. It also has expired photos deleted.

    Attributes
    ----------
    models
        How far each generator is.
    turns
        Of the photos that want a generator: two, so that one's file is read or written while the
        other's colours are guessed.
    generating
        Held while colours are guessed: a generator takes the whole machine.
    renders
        Of those that only want their pixels again, which need not wait for a generator.
    batches
        What became of uploads of several photos.
    pace
        How long photos have taken.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.models = {row.name: self._first_status(row) for row in WEIGHTS.values()}
        self.turns = Turns(settings.max_waiting, at_once=2)
        self.generating = threading.Lock()
        self.renders = Turns(settings.max_waiting)
        self.batches = Batches(store)
        self.pace = Pace()
        self._started = threading.Lock()

    def start(self) -> None:
        """Begin to load; a second call does nothing."""
        if self._started.acquire(blocking=False):
            for task in (self._load_all, self._learn_pace, self._tidy):
                threading.Thread(target=task, name=task.__name__, daemon=True).start()

    def default_generator(self) -> ModelStatus | None:
        """Return what colours an upload that names no generator; None while there is nothing.

        It is the default generator, or until that is ready the built-in one.
        """
        for name in (self.settings.model, "builtin"):
            if name in self.models and self.models[name].state == "ready":
                return self.models[name]
        return None

    def generator(self, name: str | None) -> Generator:
        """Return a loaded generator, by name or the default one.

        Raises
        ------
        OptionError
            If there is no generator of that name.
        NotReadyError
            If it is not loaded; the message says how far it is and what to do.
        """
        if name is not None:
            find_weights(name)
        status = self.models[name] if name else self.default_generator()
        if status is None:
            status = self.models[self.settings.model]
        if status.generator is None:
            raise _not_ready(status)
        return status.generator

    def _first_status(self, weights: Weights) -> ModelStatus:
        """Tell what `start` is going to do with a generator."""
        if self._path(weights.name).exists():
            return ModelStatus(weights.name, weights.title, "loading")
        if weights.name == self.settings.model and weights.urls and self.settings.download:
            return ModelStatus(weights.name, weights.title, "downloading")
        error = missing_weights(weights, self.settings.models)
        return ModelStatus(weights.name, weights.title, "absent", error=error)

    def _path(self, name: str) -> Path:
        return find_weights(name).path(self.settings.models)

    def _learn_pace(self) -> None:
        self.pace.learn(reversed(self.store.newest(PACE_PHOTOS)))

    def _tidy(self) -> None:
        """Delete photos whose time is over; while no photo is in hand, let go of their memory."""
        while True:
            if not self.turns:
                release_memory()
            try:
                if count := self.store.delete_expired():
                    log.info("%d photos were deleted, their time being over", count)
                self.batches.delete_expired()
            except OSError:
                log.exception("Expired photos could not be deleted")
            time.sleep(TIDY_SECONDS)

    def _load_all(self) -> None:
        default = self.settings.model
        tried: dict[str, float | None] = {}
        # The built-in generator is there in a second and colours until the default one is ready.
        for name in dict.fromkeys(["builtin", default, *self.models]):
            tried[name] = _modified(self._path(name))
            if tried[name]:
                self._attempt(self.models[name], self._load)
        while self.models[default].state != "ready":
            tried[default] = self._wait_for_weights(default, tried[default])
            self._attempt(self.models[default], self._load)

    def _wait_for_weights(self, name: str, tried: float | None) -> float:
        """Wait for a weight file, downloaded or put there by hand, but not the one `tried`.

        Returns its time of modification, as which `tried` is given too.
        """
        path = self._path(name)
        while True:
            if not path.exists() and find_weights(name).urls and self.settings.download:
                self._attempt(self.models[name], self._download)
            again_at = time.monotonic() + RETRY_SECONDS
            while (found := _modified(path)) == tried and time.monotonic() < again_at:
                time.sleep(WATCH_SECONDS)
            if found and found != tried:
                return found
            tried = found

    def _download(self, status: ModelStatus) -> None:
        weights = find_weights(status.name)
        status.bytes_done, status.bytes_total = 0, weights.size
        status.state = "downloading"
        log.info("Downloading %s, %d MB", weights.file, weights.size // 1_000_000)
        next_report = 0

        def progress(done: int, total: int) -> None:
            nonlocal next_report
            status.bytes_done, status.bytes_total = done, total
            if done >= next_report:
                log.info("%s: %d of %d MB", weights.file, done // 1_000_000, total // 1_000_000)
                next_report = done + total // 20

        download(
            weights,
            self.settings.models,
            mirror=self.settings.weights_url,
            trusted=self.settings.trust_sha256,
            progress=progress,
        )

    def _load(self, status: ModelStatus) -> None:
        from colorizer.generators.generator import load_configured

        status.state = "loading"
        status.generator = load_configured(status.name, self.settings)
        status.state = "ready"
        log.info("%s is ready (%s, %s)", status.title, status.device, status.precision)

    def _attempt(self, status: ModelStatus, action: Callable[[ModelStatus], None]) -> None:
        """Do something to a generator; what goes wrong becomes its state."""
        status.error = None
        try:
            action(status)
        except ColorizerError as error:
            log.error("%s", error)
            status.error, status.state = error, "failed"
        except Exception:
            log.exception("%s can't be made ready", status.title)
            status.error = NotReadyError(
                N_("%(title)s could not be made ready; the log says why."), title=status.title
            )
            status.state = "failed"


def _modified(path: Path) -> float | None:
    return path.stat().st_mtime if path.exists() else None


def _not_ready(status: ModelStatus) -> ColorizerError:
    if status.error is not None:
        return NotReadyError(status.error.message, **status.error.params)
    if status.state == "downloading":
        return NotReadyError(
            N_("%(title)s is still being downloaded. Try again in a few minutes."),
            title=status.title,
        )
    return NotReadyError(
        N_("%(title)s is still being loaded. Try again in a moment."), title=status.title
    )


class Turns:
    """A few photos at a time, first come first served, and no more waiting than may wait."""

    def __init__(self, max_waiting: int, at_once: int = 1) -> None:
        self.max_waiting = max_waiting
        self.at_once = at_once
        self._queue: deque[object] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """How many have their turn or wait for it."""
        return len(self._queue)

    def admit(self) -> None:
        """Let somebody into the queue.

        Raises
        ------
        BusyError
            If as many are waiting as may wait.
        """
        if len(self._queue) > self.max_waiting:
            raise BusyError(N_("Many photos are waiting just now. Try again in a minute."))

    @contextmanager
    def turn(self, *, admitted: bool = False) -> Iterator[None]:
        """Wait for one's turn and hold it for the length of the block.

        Who is `admitted` has been let in before, and may queue however many are waiting.

        Raises
        ------
        BusyError
            If too many are waiting, or the app is about to stop.
        """
        ticket = object()
        with self._changed:
            if not admitted:
                self.admit()
            self._queue.append(ticket)
        try:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._queue.index(ticket) < self.at_once
                )
                if self._closed:
                    raise BusyError(N_("The app is about to stop. Try again when it is back."))
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more, and wait until the photos in hand are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._queue)
