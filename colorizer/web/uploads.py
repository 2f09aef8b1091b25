"""Who may send photos now: the limit of a visitor, and a place in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import current_app, request

from colorizer.jobs.turns import Guest
from colorizer.web import services
from colorizer.web.access import address, owner, visitor
from colorizer.web.limits import UploadLimit

# What makes a new photo, and is counted. What is only shown of a photo is not, nor is a try.
ENDPOINTS = {"home.upload", "api.post_photo", "api.post_video", "photo.again"}


def check_limit() -> None:
    """Turn an upload away, before it is read, from who may send none at all now.

    Raises
    ------
    RateLimitError
        If this visitor, or the address, has sent as many photos as may be.
    """
    if request.endpoint in ENDPOINTS and (limit := _limit()):
        limit.check(1, visitor(), address())


def count(photos: int) -> None:
    """Count photos that this request brings.

    Raises
    ------
    RateLimitError
        If they are more than may be sent; then none is counted.
    """
    if limit := _limit():
        limit.count(photos, visitor(), address(), named=owner())


@contextmanager
def admitted(photos: int) -> Iterator[Guest]:
    """Have a place in the queue for the photos of this request, and count them.

    Raises
    ------
    BusyError
        If as many are waiting as may wait; then none is counted.
    RateLimitError
        If they are more than this visitor may send.
    """
    runtime = services()
    with ExitStack() as stack:
        with runtime.metrics.refusals_counted():
            guest = stack.enter_context(runtime.queue.admitted(visitor(), photos))
            count(photos)
        yield guest


def _limit() -> UploadLimit | None:
    limit: UploadLimit | None = current_app.extensions["colorizer-upload-limit"]
    return limit
