"""What is taken in of a request, which is decided as soon as its header is here."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, NamedTuple

from flask import Flask, request
from waitress.proxy_headers import MalformedProxyHeader, parse_proxy_headers
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, Unauthorized

from colorizer.errors import N_, BusyError, RateLimitError
from colorizer.web import access, services, uploads
from colorizer.web.requests import HINTS_BYTES, HINTS_TOO_LONG

log = logging.getLogger(__name__)

# Lanes: threads for one kind of request each, so that no kind waits for another one's threads.
HEALTH, PAGES, PHOTOS, ZIPS = "health", "pages", "photos", "zips"

# Where photos are brought, in a form with files.
UPLOADS = {"home.upload", "api.post_photo", "api.post_video"}
# What may wait for a photo's turn, or read a large file.
SLOW = {
    *UPLOADS,
    "photo.again",
    "photo.sheet_picture",
    "photo.result",
    "photo.region",
    *("film.cancel", "film.delete", "api.cancel_video", "api.delete_video"),
    "photo.preview",
    "photo.thumbnail",
    "api.get_result",
    "touch_up.show",
    "touch_up.save",
    "touch_up.guess",
    "touch_up.preview",
    "touch_up.swatches",
}
# By the endpoints that don't belong to pages.
LANES = {
    **dict.fromkeys(SLOW, PHOTOS),
    # Large ones are copied for seconds, which takes the processor from the photos in hand.
    **dict.fromkeys(("batch.download", "gallery.download"), ZIPS),
    **dict.fromkeys(("health.healthz", "health.readyz"), HEALTH),
}
# Where hints are brought, and nothing else.
HINTS = {"api.put_hints", "touch_up.save", "touch_up.preview"}

# What a reverse proxy tells of whom it passes on; who isn't `trusted_proxy` tells it in vain.
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}

FORM_BYTES = 1_000_000  # of a form without files
OPEN_FORM_BYTES = 64_000  # of a form that strangers may send, as the one that logs in

# Where the environ of a request says why its body was not kept.
REFUSAL = "colorizer.refusal"


class Plan(NamedTuple):
    """What a request needs: threads of which lane, and room for how large a body.

    `refusal` is what the app says of a larger body.
    """

    lane: str
    most_bytes: int = 0
    refusal: Exception | None = None


class Reception:
    """Plans requests for the server, by the environs of their headers."""

    def __init__(self, app: Flask) -> None:
        self._app, self._addresses = app, app.url_map.bind("")
        self._proxy = app.extensions["colorizer"].settings.trusted_proxy

    def plan(self, environ: dict[str, Any], *, with_body: bool) -> Plan:
        """Plan a request, of which nothing but the header is read."""
        self._believe_proxy(environ)
        try:
            path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            endpoint, _ = self._addresses.match(path, environ["REQUEST_METHOD"])
        except HTTPException:
            endpoint = ""
        lane = LANES.get(endpoint, PAGES)
        if not with_body:
            return Plan(lane)
        if endpoint in access.OPEN_ENDPOINTS:
            return Plan(lane, OPEN_FORM_BYTES, RequestEntityTooLarge())
        with self._app.request_context(environ):
            return self._plan_body(lane, endpoint)

    def _believe_proxy(self, environ: dict[str, Any]) -> None:
        """Take a trusted proxy's word on whom it passes on, as the server does for the app."""
        if environ.get("REMOTE_ADDR") == self._proxy or self._proxy == "*":
            # What makes no sense is told as such once the request gets to the app.
            with contextlib.suppress(MalformedProxyHeader):
                parse_proxy_headers(environ, 1, PROXY_HEADERS)

    def _plan_body(self, lane: str, endpoint: str) -> Plan:
        """Make room for a body, but for none that is turned away whatever it is."""
        if not access.is_welcome():
            return Plan(lane, 0, Unauthorized())
        try:
            uploads.check_limit()
        except RateLimitError as error:
            return Plan(lane, 0, error)
        if endpoint in HINTS:
            return Plan(lane, 2 * HINTS_BYTES, HINTS_TOO_LONG)  # A form spells signs out.
        with_files = endpoint in UPLOADS and request.mimetype == "multipart/form-data"
        most_bytes = int(self._app.config["MAX_CONTENT_LENGTH"]) if with_files else FORM_BYTES
        return Plan(lane, most_bytes, RequestEntityTooLarge())


def refuse() -> None:
    """Turn away, in words, a request whose body the server has not kept.

    Raises
    ------
    Exception
        What the server's plan says, or that the body could not be written down.
    """
    refusal: Exception | None = request.environ.get(REFUSAL)
    if isinstance(refusal, OSError):
        log.error("What a visitor sends can't be written down: %s", refusal)
        raise services().store.refusal(refusal) or BusyError(
            N_("The server can take in nothing more just now. Try again in a minute.")
        ) from refusal
    if refusal:
        raise refusal
