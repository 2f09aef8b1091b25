"""Who asks: the browser or program a photo belongs to, and whether it may come in."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets

from flask import g, redirect, request, session, url_for
from werkzeug import Response
from werkzeug.exceptions import Unauthorized

from colorizer.errors import N_, NotYoursError
from colorizer.library.records import Record
from colorizer.web import services

OPEN_ENDPOINTS = {
    "static",
    "visitor.login",
    "visitor.language",
    "visitor.theme",
    "health.healthz",
    "health.readyz",
}


def require_token() -> Response | None:
    """Turn away, before anything else, who doesn't know the token of a private server."""
    if logged_in() or request.endpoint in OPEN_ENDPOINTS:
        return None
    if request.path.startswith("/api/"):
        raise Unauthorized
    return redirect(url_for("visitor.login", next=request.full_path.rstrip("?")), 303)


def logged_in() -> bool:
    """Whether this request may see anything at all."""
    if not services().settings.token or _bearer_is_right():
        return True
    return hmac.compare_digest(str(session.get("token", "")), _fingerprint())


def log_in(token: str) -> bool:
    """Let this browser in from now on if it knows the token."""
    right = hmac.compare_digest(token.encode(), services().settings.token.encode())
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


def _bearer_is_right() -> bool:
    token = services().settings.token
    authorization = request.authorization
    given = authorization.token if authorization and authorization.type == "bearer" else None
    return bool(token) and hmac.compare_digest((given or "").encode(), token.encode())


def _fingerprint() -> str:
    """Return what a logged-in cookie holds: changing the token logs every browser out."""
    return hashlib.sha256(services().settings.token.encode()).hexdigest()
