"""What a browser remembers of its visitor: language, light or dark, the token."""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import Blueprint, Response, make_response, render_template, request, session, url_for
from flask_babel import gettext

from colorizer.web import access, services
from colorizer.web.forms import LoginForm
from colorizer.web.responses import see

LANGUAGES = {"en": "English", "ko": "한국어"}
THEMES = ("system", "light", "dark")

pages = Blueprint("visitor", __name__)


@pages.post("/language")
def language() -> Response:
    """Remember the visitor's language."""
    return _remember("language", LANGUAGES)


@pages.post("/theme")
def theme() -> Response:
    """Remember whether this visitor wants the pages light, dark or like the system."""
    return _remember("theme", THEMES)


@pages.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Let a browser in that knows the token."""
    error = None
    if request.method == "POST":
        if access.log_in(request.form.get("token", "")):
            return see(_own_address(request.args.get("next", "")))
        error = gettext("That is not the token of this server.")
    page = render_template("login.html", form=LoginForm(), error=error)
    return make_response(page, 401 if error else 200)


@pages.post("/logout")
def logout() -> Response:
    """Forget this browser: the token, whose photos it has made, how it wants the pages."""
    session.clear()
    return see(url_for("visitor.login") if services().settings.token else url_for("home.index"))


def choose_language() -> str:
    """Return the language of this visitor: the one chosen, else the browser's preference."""
    preferred = request.accept_languages.best_match(LANGUAGES, "en")
    return str(session.get("language", preferred))


def _remember(name: str, choices: Collection[str]) -> Response:
    """Keep the choice that was sent in the session, and go back to the page it was made on."""
    if request.form.get(name) in choices:
        session[name] = request.form[name]
        session.permanent = True
    return see(_own_address(request.form.get("next", "")))


def _own_address(address: str) -> str:
    """Return `address` if it is a page of this app, else home: never another host."""
    # Browsers leave control characters out, and take a backslash for a slash.
    return (
        address if re.fullmatch(r"/(?![/\\])[^\x00-\x20\x7f]*", address) else url_for("home.index")
    )
