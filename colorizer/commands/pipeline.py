"""Many photos on their ways at once: one is read and one written while a third is coloured."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest

from colorizer.errors import ColorizerError

# A photo's way: to be read, coloured and written, with a pause after each of the first two. It
# ends with what there is to say about the photo.
Way = Generator[None, None, list[str]]
End = list[str] | Exception  # or why it failed


def overlap(ways: Sequence[Way]) -> Iterator[End]:
    """Take photos their ways; the next one is read and the last one written meanwhile.

    At most three are in memory. The generator stays in this thread, for Ctrl-C to stop it; what
    is being written then is finished.

    Yields
    ------
    list of str or Exception
        Of each photo, in their order: what there is to say about it, or why it failed.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        reading = reader.submit(_step, ways[0])
        writing: Future[End | None] | None = None
        for way, following in zip_longest(ways, ways[1:]):
            end = reading.result()
            if following:
                reading = reader.submit(_step, following)
            end = _step(way, end)
            if writing:
                yield writing.result() or []
            writing = writer.submit(_step, way, end)
        if writing:
            yield writing.result() or []


def _step(way: Way, end: End | None = None) -> End | None:
    """Take a photo to its next pause or its end, unless it has failed before."""
    if end is not None:
        return end
    try:
        next(way)
    except StopIteration as stop:
        words: list[str] = stop.value
        return words
    except (ColorizerError, OSError, MemoryError) as error:
        return error
    return None
