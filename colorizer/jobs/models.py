"""How far each generator is: fetched, loaded in the background, ready."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from colorizer import generators
from colorizer.errors import N_, ColorizerError, NotReadyError
from colorizer.generators.download import download
from colorizer.generators.table import WEIGHTS, Weights, find_weights
from colorizer.generators.verify import missing_weights
from colorizer.settings import Settings

if TYPE_CHECKING:
    from colorizer.generators import Generator

log = logging.getLogger(__name__)

State = Literal["absent", "downloading", "loading", "ready", "failed"]

WATCH_SECONDS = 2  # between two looks for weight files that are put there by hand
RETRY_SECONDS = 600  # between two rounds of downloads that all failed


@dataclass
class ModelStatus:
    """How far one generator is; the loading thread alone writes it, everyone reads it.

    Attributes
    ----------
    weights
        Its row of the table.
    state
        ``absent``, ``downloading``, ``loading``, ``ready`` or ``failed``.
    bytes_done, bytes_total
        Of the download, where there is one.
    error
        Why it is absent or has failed.
    generator
        The generator, once it is ready.
    """

    weights: Weights
    state: State = "absent"
    bytes_done: int | None = None
    bytes_total: int | None = None
    error: ColorizerError | None = None
    generator: Generator | None = None

    @property
    def name(self) -> str:
        """What settings and the API call it."""
        return self.weights.name

    @property
    def title(self) -> str:
        """What pages call it."""
        return self.weights.title

    @property
    def device(self) -> str | None:
        """Where it runs, once it is ready."""
        return str(self.generator.device) if self.generator else None

    @property
    def precision(self) -> str | None:
        """The arithmetic it runs in, once it is ready."""
        return self.generator.precision if self.generator else None


class Models:
    """The generators of one process.

    `start` loads, in the background, every generator whose weights are there, the default one
    first, and downloads the default one if it is not there. A weight file that appears later, or
    takes a wrong one's place, is loaded within seconds.

    Parameters
    ----------
    settings
        Where the weights are, and how they are to run.
    given
        Generators that are loaded already, by name. Where there are some, nothing else is loaded.
    """

    def __init__(self, settings: Settings, given: Mapping[str, Generator] | None = None) -> None:
        self.settings = settings
        self._given = given
        self._statuses = {row.name: self._first_status(row) for row in WEIGHTS.values()}
        for name, generator in (given or {}).items():
            self._statuses[name] = ModelStatus(WEIGHTS[name], "ready", generator=generator)

    def __getitem__(self, name: str) -> ModelStatus:
        return self._statuses[name]

    def __iter__(self) -> Iterator[ModelStatus]:
        return iter(self._statuses.values())

    @property
    def default(self) -> ModelStatus:
        """The generator that the settings name."""
        return self[self.settings.model]

    def in_use(self) -> ModelStatus | None:
        """Return what colours an upload that names no generator; None while there is nothing.

        It is the default generator, or until that is ready the built-in one.
        """
        candidates = (self.default, self["builtin"])
        return next((status for status in candidates if status.state == "ready"), None)

    def ready(self, name: str | None) -> Generator:
        """Return a loaded generator, by name or the one in use.

        Raises
        ------
        OptionError
            If there is no generator of that name.
        NotReadyError
            If it is not loaded; the message says how far it is and what to do.
        """
        status = self[find_weights(name).name] if name else self.in_use() or self.default
        if status.generator is None:
            raise _not_ready(status)
        return status.generator

    def start(self) -> None:
        """Begin to load."""
        if self._given is None:
            threading.Thread(target=self._keep_loading, name="models", daemon=True).start()

    def _first_status(self, weights: Weights) -> ModelStatus:
        """Tell what `start` is going to do with a generator."""
        if weights.path(self.settings.models).exists():
            return ModelStatus(weights, "loading")
        if self._is_fetched(weights):
            return ModelStatus(weights, "downloading")
        return ModelStatus(weights, error=missing_weights(weights, self.settings.models))

    def _is_fetched(self, weights: Weights) -> bool:
        """Tell whether a generator is downloaded unasked: the default one may be."""
        return bool(
            weights.name == self.settings.model
            and weights.urls
            and self.settings.download
            and self._given is None
        )

    def _keep_loading(self) -> None:
        """Load what is there, fetch what may be fetched, and watch for what is put there."""
        # The built-in generator is there in a second and colours until the default one is ready.
        order = dict.fromkeys(["builtin", self.settings.model, *self._statuses])
        waiting = [self[name] for name in order]
        tried: dict[str, float | None] = {}  # when the file that was last loaded was modified
        fetch_at = 0.0
        while waiting:
            for status in waiting:
                modified = self._modified(status.weights)
                if modified is not None and modified != tried.get(status.name):
                    tried[status.name] = modified
                    self._attempt(status, self._load)
            waiting = [status for status in waiting if status.state != "ready"]
            default = self.default.weights
            absent = self._is_fetched(default) and self._modified(default) is None
            if absent and time.monotonic() >= fetch_at:
                self._attempt(self.default, self._download)
                fetch_at = time.monotonic() + RETRY_SECONDS
            else:
                time.sleep(WATCH_SECONDS)

    def _modified(self, weights: Weights) -> float | None:
        """Tell when a weight file was last changed; None if it is not there."""
        try:
            return weights.path(self.settings.models).stat().st_mtime
        except OSError:
            return None

    def _download(self, status: ModelStatus) -> None:
        weights = status.weights
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


def load_configured(name: str, settings: Settings) -> Generator:
    """Load a generator from where, on which device and in which precision the settings say.

    For errors see `generators.load_generator`.
    """
    if settings.threads:
        generators.set_threads(settings.threads)
    return generators.load_generator(
        name,
        models=settings.models,
        device=settings.device,
        precision=settings.precision,
        trusted=settings.trust_sha256,
    )


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
