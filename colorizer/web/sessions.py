"""The session cookie, and which answers caches may keep, since they are the same for everybody."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

# What is the same for everybody, and is no page.
PUBLIC_ENDPOINTS = {"static", "api.docs_asset"}


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether browsers may send it over TLS alone: where this request came over it."""
        return request.is_secure

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer brings it. What caches may share never does."""
        return super().should_set_cookie(app, session) and not _is_public()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Add the cookie to an answer, and what caches may do with it.

        What doesn't say otherwise is kept by none, not even the browser's own: who comes after
        somebody on the same machine doesn't leaf back.
        """
        super().save_session(app, session, response)
        cache = response.cache_control
        if _is_public() and not session.accessed:
            cache.public = True
            return
        cache.pop("public", None)
        cache.private = True
        if cache.max_age is None and not cache.no_cache:
            cache.no_store = True


def _is_public() -> bool:
    return request.endpoint in PUBLIC_ENDPOINTS
