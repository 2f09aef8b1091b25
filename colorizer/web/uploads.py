"""Who may send photos now: a place in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from colorizer.jobs.turns import Guest
from colorizer.web import services
from colorizer.web.access import visitor


@contextmanager
def admitted(photos: int) -> Iterator[Guest]:
    """Have a place in the queue for the photos of this request.

    Raises
    ------
    BusyError
        If as many are waiting as may wait.
    """
    runtime = services()
    with ExitStack() as stack:
        with runtime.metrics.refusals_counted():
            guest = stack.enter_context(runtime.queue.admitted(visitor(), photos))
        yield guest
