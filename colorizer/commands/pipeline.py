"""A pipeline of three stages: a photo is read and one written while a third is coloured."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest

# The stages of a photo: it is read, coloured and written, with a `yield` after each of the first
# two. The value returned is what there is to say about it.
Stages = Generator[None, None, list[str]]
Outcome = list[str] | Exception  # or why it failed


def run_pipeline(photos: Sequence[Stages]) -> Generator[Outcome, None, None]:
    """Take photos through their stages; the next one is read and the last one written meanwhile.

    At most three are in memory. Whatever one of them raises stops none of the others. The second
    stage stays in this thread, for Ctrl-C to stop it; what is being written then is finished, and
    told, before it is raised.

    Yields
    ------
    list of str or Exception
        Of each photo, in their order: what there is to say about it, or why it failed.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        reading = reader.submit(_advance, photos[0])
        writing: Future[Outcome | None] | None = None
        try:
            for photo, following in zip_longest(photos, photos[1:]):
                outcome = reading.result()
                if following:
                    reading = reader.submit(_advance, following)
                outcome = _advance(photo, outcome)
                if writing:
                    yield writing.result() or []
                writing = writer.submit(_advance, photo, outcome)
        except KeyboardInterrupt:
            if writing:
                yield writing.result() or []
            raise
        if writing:
            yield writing.result() or []


def _advance(photo: Stages, outcome: Outcome | None = None) -> Outcome | None:
    """Take a photo through its next stage, unless it has an outcome already: it has failed."""
    if outcome is not None:
        return outcome
    try:
        next(photo)
    except StopIteration as stop:
        notes: list[str] = stop.value
        return notes
    except Exception as error:
        return error
    return None
