"""Who asks: the browser or program a photo belongs to, and whether it may come in."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, session, url_for
from werkzeug import Response
from werkzeug.exceptions import Unauthorized

from colorizer.errors import N_, ForeignError, NotYoursError
from colorizer.library.film_records import FilmRecord
from colorizer.library.records import Record
from colorizer.web import services
from colorizer.web.guesses import Guesses

OPEN_ENDPOINTS = {
    "static",
    "visitor.login",
    "visitor.language",
    "visitor.theme",
    "health.healthz",
    "health.readyz",
}

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


def refuse_foreign() -> None:
    """Turn away what another site's page makes a browser send, but for looking at something.

    Programs send neither of the headers that tell this. Browsers send ``Sec-Fetch-Site`` to TLS
    and to their own machine, and else ``Origin``.

    Raises
    ------
    ForeignError
        If the browser says so.
    """
    if _is_foreign():
        raise ForeignError(
            N_(
                "A page of another site sent this, so nothing was done. Open a page of this server "
                "and do it there. (A proxy in front of it must pass on the Host header.)"
            )
        )


def require_token() -> Response | None:
    """Turn away, before anything else, who doesn't know the token of a private server."""
    if request.endpoint in OPEN_ENDPOINTS or logged_in():
        return None
    if request.path.startswith("/api/"):
        raise Unauthorized
    return redirect(url_for("visitor.login", next=request.full_path.rstrip("?")), 303)


def logged_in() -> bool:
    """Whether this request may see anything at all."""
    return not services().settings.token or _cookie_is_right() or _bearer_is_right()


def is_welcome() -> bool:
    """Whether what this request brings is worth taking in, before anything is said of it.

    It counts no guess at the token, and helps nobody who has to wait for having guessed.
    """
    if _is_foreign():
        return False
    if not services().settings.token or _cookie_is_right():
        return True
    token = _sent_token()
    return token is not None and _is_token(token) and not _guesses().wait(True, address())


def can_log_out() -> bool:
    """Whether this browser is let in by its cookie."""
    return bool(services().settings.token) and _cookie_is_right()


def log_in(token: str) -> bool:
    """Let this browser in from now on if it knows the token.

    Raises
    ------
    RateLimitError
        If too many wrong ones have come.
    """
    right = _guesses().judge(_is_token(token), address())
    if right:
        session["token"] = _fingerprint()
        session.permanent = True
    return right


def owner() -> str:
    """Return whose photos this request is about: this browser's, or the API token's."""
    if _bearer_is_right():
        return "token"
    name_visitor()
    return str(session["owner"])


def is_mine(maker: str) -> bool:
    """Tell whether this request may change what `maker` has made.

    On a private server, whoever knows the token may.
    """
    return bool(services().settings.token) or maker == owner()


def require_mine(maker: str) -> None:
    """Turn away who may look at a photo, because its address was passed on, but not change it.

    Raises
    ------
    NotYoursError
        If `is_mine` says no.
    """
    if not is_mine(maker):
        raise NotYoursError(
            N_("You may look at this, but only the browser that made it can change or delete it.")
        )


def own_photo(id: str) -> Record:
    """Return a stored photo that this request may change.

    Raises
    ------
    NotFoundError
        If there is no such photo.
    NotYoursError
        If `is_mine` says no.
    """
    record = services().store.get(id)
    require_mine(record.owner)
    return record


def own_film(id: str) -> FilmRecord:
    """Return a stored film that this request may change; for errors see `own_photo`."""
    record = services().films.get(id)
    require_mine(record.owner)
    return record


def name_visitor() -> None:
    """Give a browser that has none a name that nobody guesses, in the session cookie."""
    if "owner" not in session:
        session["owner"] = secrets.token_urlsafe(16)
        session.permanent = True
        g.named_now = True


def visitor() -> str:
    """Return who waits for turns and is counted: a browser by its cookie, a program by its address.

    A name that this very answer is going to bring is no cookie yet: a program that keeps none is
    given one at each call.
    """
    if "owner" not in session or "named_now" in g:
        return address()
    return str(session["owner"])


def address() -> str:
    """Return the address that the request comes from; for IPv6 the network, as a home has it."""
    given = request.remote_addr or ""
    try:
        parsed = ipaddress.ip_address(given)
    except ValueError:  # a socket's, say
        return given
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)


def _cookie_is_right() -> bool:
    return hmac.compare_digest(str(session.get("token", "")).encode(), _fingerprint().encode())


def _bearer_is_right() -> bool:
    """Tell whether the request brings the token; one request is one guess, however often asked."""
    if "bearer_is_right" not in g:
        g.bearer_is_right = False
        token = _sent_token()
        if token is not None and services().settings.token:
            g.bearer_is_right = _guesses().judge(_is_token(token), address())
    return bool(g.bearer_is_right)


def _sent_token() -> str | None:
    authorization = request.authorization
    return authorization.token if authorization and authorization.type == "bearer" else None


def _is_token(given: str) -> bool:
    return hmac.compare_digest(given.encode(), services().settings.token.encode())


def _guesses() -> Guesses:
    guesses: Guesses = current_app.extensions["colorizer-guesses"]
    return guesses


def _is_foreign() -> bool:
    """Tell whether the page of another site makes a browser send this to change something."""
    if request.method in SAFE_METHODS:
        return False
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and _host_of(origin) != request.host.lower()


def _fingerprint() -> str:
    """Return what a logged-in cookie holds: changing the token logs every browser out.

    Who sees a cookie can't try tokens with it, for want of the key.
    """
    key: bytes = current_app.config["SECRET_KEY"]
    return hmac.digest(key, b"token:" + services().settings.token.encode(), "sha256").hex()


def _host_of(origin: str) -> str:
    """Return the host, and the port where it isn't the usual one, of an ``Origin``."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
