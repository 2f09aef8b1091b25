"""The pages that are of no photo in particular, and what all pages have."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale, gettext
from prometheus_client import CONTENT_TYPE_LATEST

from colorizer.errors import ColorizerError
from colorizer.jobs.models import ModelStatus
from colorizer.library.store import new_id
from colorizer.pictures.formats import SUFFIXES
from colorizer.version import __version__
from colorizer.web import access, errors, services
from colorizer.web.forms import LoginForm, UploadForm
from colorizer.web.photos import process_batch, process_request, sent_files

LANGUAGES = {"en": "English", "ko": "한국어"}
THEMES = ("system", "light", "dark")

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def context() -> dict[str, Any]:
    """Lend every template what it may show anywhere."""
    settings, runtime = services().settings, services().runtime
    now = runtime.models.in_use()
    return {
        "languages": list(LANGUAGES.items()),
        "locale": str(get_locale()),
        "theme": session.get("theme", "system"),
        "models": [model_view(status) for status in runtime.models],
        "default_model": model_view(runtime.models.default),
        "engine": model_view(now) if now else None,
        "token_required": bool(settings.token),
        "logged_in": access.logged_in(),
        "default_factor": settings.render_factor,
        "pace": runtime.estimate.seconds(settings.render_factor),
        "version": __version__,
    }


@pages.get("/")
def home() -> str:
    """Show the upload form."""
    # The browser gets its name now: it may leave for a batch's page before the upload is answered.
    access.owner()
    return _home()


@pages.post("/")
def upload() -> Response:
    """Colour the uploaded photos and go to the page of the one, or of them all."""
    try:
        if len(sent_files()) > 1:
            return _upload_several()
        record = process_request()
    except ColorizerError as error:
        response = make_response(_home(errors.translate(error)), errors.status_of(error))
        errors.add_headers(response, error)
        return response
    return see(url_for(".photo", id=record.id))


def _upload_several() -> Response:
    # The form names the batch, so that its script can show it while it is being coloured.
    id = request.form.get("batch", "")
    if not services().runtime.batches.is_new(id):
        id = new_id()
    process_batch(id)
    return see(url_for(".batch", id=id))


@pages.get("/engine")
def engine() -> str:
    """Show the state of the generators: the part of a page that its script renews."""
    return render_template("_engine.html")


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


@pages.get("/healthz")
def healthz() -> Response:
    """Tell that the app is alive."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
def readyz() -> Response:
    """Tell whether a photo could be coloured now."""
    ready = services().runtime.models.in_use() is not None
    text, status = ("ready\n", 200) if ready else ("not ready\n", 503)
    return Response(text, status, mimetype="text/plain")


@pages.get("/metrics")
def metrics() -> Response:
    """Tell Prometheus what has been going on."""
    return Response(services().runtime.metrics.text(), mimetype=CONTENT_TYPE_LATEST)


def choose_language() -> str:
    """Return the language of this visitor: the one chosen, else the browser's preference."""
    preferred = request.accept_languages.best_match(LANGUAGES, "en")
    return str(session.get("language", preferred))


def _home(error: str | None = None) -> str:
    settings = services().settings
    limits = {
        "megabytes": settings.max_upload_mb,
        "megapixels": settings.max_megapixels,
        "total": settings.max_request_mb,
    }
    accept = ",".join(["image/*", *SUFFIXES])  # some systems know TIFF by its name alone
    return render_template(
        "home.html", form=UploadForm(), error=error, limits=limits, accept=accept, batch=new_id()
    )


def _remember(name: str, choices: Collection[str]) -> Response:
    """Keep the choice that was sent in the session, and go back to the page it was made on."""
    if request.form.get(name) in choices:
        session[name] = request.form[name]
        session.permanent = True
    return see(_own_address(request.form.get("next", "")))


def see(address: str) -> Response:
    """Answer a POST: go there (303), so that reloading posts nothing twice."""
    return make_response(redirect(address, 303))


def _own_address(address: str) -> str:
    """Return `address` if it is a page of this app, else home: never another host."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/")
    return address if inside and not address.startswith(("//", "/\\")) else url_for("pages.home")


def model_view(status: ModelStatus) -> SimpleNamespace:
    """Return what templates show of a generator."""
    error = errors.translate(status.error) if status.error else None
    return SimpleNamespace(
        name=status.name,
        title=gettext(status.title),
        state=status.state,
        bytes_done=status.bytes_done,
        bytes_total=status.bytes_total,
        device=status.device,
        error=error,
    )
