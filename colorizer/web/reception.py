"""What is taken in of a request, which is decided as soon as its header is here."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from flask import Flask, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from colorizer.errors import N_, BusyError
from colorizer.web import access, services

log = logging.getLogger(__name__)

# Lanes: threads for one kind of request each, so that no kind waits for another one's threads.
HEALTH, PAGES, PHOTOS = "health", "pages", "photos"

# Where photos are brought, in a form with files.
UPLOADS = {"home.upload", "api.post_photo"}
# What may wait for a photo's turn, or read a large file.
SLOW = {
    *UPLOADS,
    "photo.again",
    "photo.sheet_picture",
    "photo.result",
    "photo.region",
    "api.get_result",
}
QUICK = {"health.healthz", "health.readyz"}

FORM_BYTES = 1_000_000  # of a form without files
OPEN_FORM_BYTES = 64_000  # of a form that strangers may send, as the one that logs in

# Where the environ of a request says why its body was not kept.
REFUSAL = "colorizer.refusal"


class Plan(NamedTuple):
    """What a request needs: threads of which lane, and room for how large a body."""

    lane: str
    most_bytes: int


class Reception:
    """Plans requests for the server, by the environs of their headers."""

    def __init__(self, app: Flask) -> None:
        self._app, self._addresses = app, app.url_map.bind("")

    def plan(self, environ: dict[str, Any], *, with_body: bool) -> Plan:
        """Plan a request, of which nothing but the header is read."""
        try:
            path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            endpoint, _ = self._addresses.match(path, environ["REQUEST_METHOD"])
        except HTTPException:
            endpoint = ""
        lane = HEALTH if endpoint in QUICK else PHOTOS if endpoint in SLOW else PAGES
        return Plan(lane, self._most_bytes(environ, endpoint) if with_body else 0)

    def _most_bytes(self, environ: dict[str, Any], endpoint: str) -> int:
        """Tell how large a body is kept: none of a stranger's."""
        if endpoint in access.OPEN_ENDPOINTS:
            return OPEN_FORM_BYTES
        with self._app.request_context(environ):
            if not access.logged_in():
                return 0
            if endpoint in UPLOADS and request.mimetype == "multipart/form-data":
                return int(self._app.config["MAX_CONTENT_LENGTH"])
        return FORM_BYTES


def refuse() -> None:
    """Turn away, in words, a request whose body the server has not kept.

    Raises
    ------
    RequestEntityTooLarge
        If it was too large.
    ColorizerError
        If it could not be written down.
    """
    refusal = request.environ.get(REFUSAL)
    if isinstance(refusal, OSError):
        log.error("What a visitor sends can't be written down: %s", refusal)
        raise services().store.refusal(refusal) or BusyError(
            N_("The server can take in nothing more just now. Try again in a minute.")
        ) from refusal
    if refusal:
        raise refusal


def too_large() -> Exception:
    """Say that a body is larger than it may be."""
    return RequestEntityTooLarge()
