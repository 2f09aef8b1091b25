"""What an app works with: settings, stored photos, generators, queues, what has been learnt."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from colorizer.jobs.estimate import Estimate
from colorizer.jobs.films import FilmQueue
from colorizer.jobs.metrics import Metrics
from colorizer.jobs.models import Models
from colorizer.jobs.previews import SmallPhotos
from colorizer.jobs.tidy import SECONDS, Tidy
from colorizer.jobs.turns import Turns
from colorizer.library.batches import Batches
from colorizer.library.films import Films
from colorizer.library.store import Store
from colorizer.pictures.pool import PicturePool
from colorizer.process import release_memory
from colorizer.settings import Settings

if TYPE_CHECKING:
    from colorizer.generators import Generator

log = logging.getLogger(__name__)

LEARN_PHOTOS = 50  # of earlier runs, from which is learnt how long photos take


class Runtime:
    """Makes the parts of one app, starts what runs beside its requests, and ends it.

    Parameters
    ----------
    settings
        The settings.
    generators
        Generators that are loaded already, by name. Where there are some, nothing is loaded, and
        no expired photo is looked for, in the background.

    Attributes
    ----------
    store, batches, films
        The photos and films on the disk, what became of uploads of several, how far films are.
    models
        How far each generator is.
    pictures
        Reads and writes picture files, each in a process of its own.
    queue
        Of the photos that want a generator.
    film_queue
        Of the films, which are coloured beside the photos.
    renders
        Of those that only want their pixels again, which need not wait for a generator.
    small_photos
        Those that were looked at last, shrunk, for what is tried out on them.
    estimate, metrics
        How long photos take here; figures for Prometheus.
    """

    def __init__(self, settings: Settings, generators: Mapping[str, Generator] | None = None):
        self.settings = settings
        self.store = Store(settings.uploads, settings.keep_hours, settings.room)
        self.batches = Batches(self.store)
        self.films = Films(self.store)
        self.models = Models(settings, generators)
        self.pictures = PicturePool()
        self.small_photos = SmallPhotos()
        self.estimate = Estimate()
        self.queue = Turns(settings.max_waiting, self.estimate.pace)
        # Their pace is a colouring's, though they are quicker: nobody comes back too early for it.
        self.renders = Turns(settings.max_waiting, self.estimate.pace, at_once=1)
        self.film_queue = FilmQueue(settings, self.store, self.films, self.models, self.queue)
        self.metrics = Metrics(self.models, self.queue)
        self._background = generators is None
        self._started = threading.Lock()

    def start(self) -> None:
        """Begin to load generators and to tidy; a second call does nothing."""
        if self._background and self._started.acquire(blocking=False):
            self.models.start()
            self.pictures.start()
            self.film_queue.start()
            threading.Thread(target=self._keep_tidy, name="tidy", daemon=True).start()

    def close(self) -> None:
        """Let nothing in any more; wait until photos in hand are done, and a film has stopped."""
        self.film_queue.close()
        self.queue.close()
        self.renders.close()
        self.pictures.close()

    def _keep_tidy(self) -> None:
        """Delete photos whose time is over; while none is in hand, give their memory back."""
        tidy = Tidy(self.store, self.batches)
        try:
            self.estimate.learn(reversed(self.store.newest(LEARN_PHOTOS)))
        except Exception:  # The photos whose time is over go all the same.
            log.exception("How long photos take could not be learnt from earlier ones")
        while True:
            self.small_photos.clear()
            if not (self.queue or self.renders):
                self.pictures.shrink()
                release_memory()
            tidy.run()
            time.sleep(SECONDS)
