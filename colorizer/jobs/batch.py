"""The way of several photos of one upload: coloured in their order, each's end kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TypeVar

from colorizer.errors import N_, ColorizerError
from colorizer.jobs.turns import AT_ONCE
from colorizer.library.batches import ENDED, Batch, Batches, Entry
from colorizer.library.records import Record

log = logging.getLogger(__name__)

File = TypeVar("File")


def run_batch(
    batches: Batches,
    id: str,
    owner: str,
    files: Sequence[tuple[File, str]],
    color: Callable[[File, str], Record],
    at_once: int = AT_ONCE,
) -> None:
    """Colour photos in their order; one that fails doesn't stop the rest.

    A batch that is deleted meanwhile ends, and nothing of it is kept.

    Parameters
    ----------
    batches
        Where it is kept what became of each.
    id
        The batch's name, a new one.
    owner
        Whose it is.
    files
        What `color` takes: each file and its name.
    color
        Colours one photo and stores it, or raises a `ColorizerError`; called in threads.
    at_once
        How many photos are in hand at a time.
    """
    entries = [Entry(name) for _, name in files]
    batch = Batch(id, owner, datetime.now(timezone.utc).isoformat(), entries)
    writing = threading.Lock()

    def is_wanted(number: int, entry: Entry) -> bool:
        with writing:
            entries[number] = entry
            # What is on the disk says the same of a photo in hand as of one that waits.
            return (batches.write if entry.state in ENDED else batches.note)(batch)

    def run_one(number: int) -> None:
        file, name = files[number]
        if not is_wanted(number, Entry(name, "coloring")):
            return
        end = _color(file, name, color)
        if not is_wanted(number, end) and end.photo:
            batches.drop(end.photo)

    with batches.running(id):
        batches.write(batch)
        with ThreadPoolExecutor(at_once) as pool:
            for _ in pool.map(run_one, range(len(files))):
                pass


def _color(file: File, name: str, color: Callable[[File, str], Record]) -> Entry:
    """Colour one photo; tell how it ended."""
    try:
        return Entry(name, "done", color(file, name).id)
    except ColorizerError as error:
        return Entry(name, "failed", message=error.message, params=error.params)
    except Exception:
        log.exception("%s could not be coloured", name)
        message = N_("Something went wrong here. The log says what happened.")
        return Entry(name, "failed", message=message)
