"""Errors as people and programs see them: a page, or problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
import math
from datetime import timedelta

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask_babel import format_timedelta, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from colorizer.errors import (
    N_,
    BrokenPictureError,
    BusyError,
    ChangedError,
    ColorizerError,
    ForeignError,
    LostError,
    MemoryShortError,
    NotAPictureError,
    NotFoundError,
    NotReadyError,
    NotYoursError,
    OptionError,
    RateLimitError,
    StorageError,
    TooLargeError,
)
from colorizer.web import services
from colorizer.web.responses import SECURITY_HEADERS

log = logging.getLogger(__name__)

STATUSES: dict[type[ColorizerError], int] = {
    OptionError: 400,
    NotYoursError: 403,
    ForeignError: 403,
    NotFoundError: 404,
    ChangedError: 409,
    LostError: 410,
    TooLargeError: 413,
    NotAPictureError: 415,
    BrokenPictureError: 422,
    RateLimitError: 429,
    NotReadyError: 503,
    BusyError: 503,
    MemoryShortError: 503,
    StorageError: 507,
}

TITLES = {
    400: N_("That request can't be understood"),
    401: N_("Please log in"),
    403: N_("Not yours"),
    404: N_("Nothing here"),
    405: N_("Not in this way"),
    408: N_("Too slow"),
    409: N_("Changed meanwhile"),
    410: N_("Gone"),
    412: N_("Changed meanwhile"),
    413: N_("Too large"),
    415: N_("Not a picture"),
    422: N_("A broken picture"),
    429: N_("Too much for now"),
    431: N_("Too large a header"),
    500: N_("Something went wrong here"),
    503: N_("Not just now"),
    507: N_("No room"),
}

SENTENCES = {
    400: N_("Something in the request is missing or malformed. Go back and try once more."),
    401: N_("This server is private: it asks for its token first."),
    404: N_("There is no such page."),
    405: N_("This address can't be used in this way."),
    408: N_("The request took too long to arrive. Try again, over a better connection."),
    431: N_("The header of the request is too large. Delete this site's cookies and try again."),
    500: N_("It is not your fault, and nothing of yours was lost. The log says what happened."),
}

OTHER_TITLE = N_("That did not work")
UPLOAD_TOO_LARGE = N_("This is more than %(limit)d MB at once. Send smaller files, or fewer.")
FORM_TOO_LARGE = N_(
    "There is more text in this form than it can take. Send the photos by themselves."
)
PAGE_TOO_OLD = N_("The page was open too long, or cookies are off. Reload it and try again.")

RETRY_AFTER = 30  # seconds, where an error doesn't say how long to wait


def register(app: Flask) -> None:
    """Let `app` answer every error with a page or with problem details."""
    app.register_error_handler(ColorizerError, handle)
    app.register_error_handler(HTTPException, handle)
    app.register_error_handler(OSError, handle_refusal)


def handle(error: ColorizerError | HTTPException) -> Response:
    """Answer one error."""
    status, sentence = status_of(error), sentence_of(error)
    title = _say(TITLES.get(status, OTHER_TITLE))
    if request.path.startswith("/api/"):
        response = jsonify(_problem(status, title, sentence))
        response.content_type = "application/problem+json"
    else:
        response = make_response(
            render_template("error.html", status=status, title=title, message=sentence)
        )
    response.status_code = status
    add_headers(response, error)
    return response


def handle_refusal(error: OSError) -> Response:
    """Say what the disk refuses; what else goes wrong with a file is a bug, and goes on."""
    told = services().store.refusal(error)
    if told is None:
        raise error
    log.error("The disk refuses to be written to: %s", error)
    return handle(told)


def server_error(status: int, *, for_api: bool) -> tuple[dict[str, str], bytes]:
    """Word an error of a request that never gets to the app, in English.

    Returns
    -------
    tuple
        Headers and body of the answer.
    """
    title, sentence = TITLES.get(status, OTHER_TITLE), SENTENCES.get(status, SENTENCES[400])
    if for_api:
        kind, text = "application/problem+json", json.dumps(_problem(status, title, sentence))
    else:
        kind, text = "text/plain; charset=utf-8", f"{title}. {sentence}\n"
    return {"Content-Type": kind, **SECURITY_HEADERS}, text.encode()


def add_headers(response: Response, error: Exception) -> None:
    """Add what belongs to a status besides its text."""
    if response.status_code in (429, 503):
        wait = error.params.get("wait") if isinstance(error, ColorizerError) else None
        seconds = math.ceil(wait.total_seconds()) if isinstance(wait, timedelta) else RETRY_AFTER
        response.headers["Retry-After"] = str(seconds)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name in ("Allow", "Content-Range"):
                response.headers[name] = value


def status_of(error: ColorizerError | HTTPException) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, ColorizerError):
        return next((s for kind, s in STATUSES.items() if isinstance(error, kind)), 500)
    return error.code or 500


def sentence_of(error: ColorizerError | HTTPException) -> str:
    """Return what to tell the visitor, in the visitor's language."""
    if isinstance(error, ColorizerError):
        return translate(error)
    if isinstance(error, CSRFError):
        return _say(PAGE_TOO_OLD)
    if isinstance(error, RequestEntityTooLarge):
        if (request.content_length or 0) <= current_app.config["MAX_CONTENT_LENGTH"]:
            return _say(FORM_TOO_LARGE)
        return _say(UPLOAD_TOO_LARGE, limit=services().settings.max_request_mb)
    if isinstance(error, InternalServerError):
        return _say(SENTENCES[500])
    known = SENTENCES.get(error.code or 500)
    return _say(known) if known else str(error.description)


def translate(error: ColorizerError) -> str:
    """Return an error's sentence in the visitor's language."""
    params = {name: _in_words(value) for name, value in error.params.items()}
    if "title" in params:  # of a generator: a word of ours, not a name, where it is built in
        params["title"] = _say(str(params["title"]))
    return _say(error.message, **params)


def _in_words(value: object) -> object:
    """Say a length of time in the visitor's language, in whole units, rounded up."""
    if not isinstance(value, timedelta):
        return value
    seconds = math.ceil(value.total_seconds())
    unit = next((unit for unit in (86400, 3600, 60) if seconds >= 2 * unit), 1)
    return format_timedelta(timedelta(seconds=-(-seconds // unit) * unit), threshold=2)


def _problem(status: int, title: str, sentence: str) -> dict[str, object]:
    return {"type": "about:blank", "title": title, "status": status, "detail": sentence}


def _say(message: str, **params: object) -> str:
    return str(gettext(message, **params))
