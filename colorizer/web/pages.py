"""The pages."""

from __future__ import annotations

import dataclasses
from datetime import datetime
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
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from .. import __version__
from ..errors import ColorizerError
from ..formats import SUFFIXES
from ..runtime import ModelStatus
from ..store import Record
from ..weights import find_weights
from . import access, errors, services
from .forms import LoginForm, OptionsForm, UploadForm
from .photos import (
    process_again,
    process_request,
    send_original,
    send_preview,
    send_result,
)

LANGUAGES = {"en": "English", "ko": "한국어"}

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def context() -> dict[str, Any]:
    """Lend every template what it may show anywhere."""
    settings, runtime = services().settings, services().runtime
    now = runtime.default_generator()
    return {
        "languages": list(LANGUAGES.items()),
        "locale": str(get_locale()),
        "models": [_model_view(status) for status in runtime.models.values()],
        "default_model": _model_view(runtime.models[settings.model]),
        "engine": _model_view(now) if now else None,
        "token_required": bool(settings.token),
        "logged_in": access.logged_in(),
        "version": __version__,
    }


@pages.get("/")
def home() -> str:
    """Show the upload form."""
    return _home()


@pages.post("/")
def upload() -> Response:
    """Colour the uploaded photo and go to its page."""
    try:
        record = process_request()
    except ColorizerError as error:
        response = make_response(_home(errors.translate(error)), errors.status_of(error))
        errors.add_headers(response, error)
        return response
    return _see(url_for(".photo", id=record.id))


@pages.get("/photos")
def photos() -> str:
    """Show what this browser has made."""
    mine = services().store.list(access.owner())
    return render_template("photos.html", photos=[_photo_view(record) for record in mine])


@pages.get("/photos/<id>")
def photo(id: str) -> str:
    """Show a photo before and after."""
    record = services().store.get(id)
    default = services().runtime.models[services().settings.model]
    better = default.state == "ready" and record.model != default.name
    return render_template(
        "photo.html",
        photo=_photo_view(record),
        again=OptionsForm(
            formdata=None,
            model=record.requested_model or "",
            render_factor=record.requested_render_factor,
            strength=record.strength,
        ),
        offer=_model_view(default) if better and not record.requested_model else None,
    )


@pages.post("/photos/<id>/again")
def again(id: str) -> Response:
    """Colour the same photo once more, with other options; the first result stays."""
    record = process_again(services().store.get(id))
    return _see(url_for(".photo", id=record.id))


@pages.post("/photos/<id>/delete")
def delete(id: str) -> Response:
    """Remove a photo."""
    services().store.delete(services().store.get(id))
    return _see(url_for(".photos"))


@pages.get("/photos/<id>/original")
def original(id: str) -> Response:
    """Send the file as it came."""
    return send_original(services().store.get(id))


@pages.get("/photos/<id>/result")
def result(id: str) -> Response:
    """Send the coloured file."""
    return send_result(services().store.get(id), download=request.args.get("download") == "1")


@pages.get("/photos/<id>/<any(original, result):of>/preview")
def preview(id: str, of: str) -> Response:
    """Send a small picture that every browser shows."""
    return send_preview(services().store.get(id), of)


@pages.get("/engine")
def engine() -> str:
    """Show the state of the generators: the part of a page that its script renews."""
    return render_template("_engine.html")


@pages.post("/language")
def language() -> Response:
    """Remember the visitor's language."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
        session.permanent = True
    return _see(_own_address(request.form.get("next", "")))


@pages.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Let a browser in that knows the token."""
    error = None
    if request.method == "POST":
        if access.log_in(request.form.get("token", "")):
            return _see(_own_address(request.args.get("next", "")))
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
    ready = services().runtime.default_generator() is not None
    text, status = ("ready\n", 200) if ready else ("not ready\n", 503)
    return Response(text, status, mimetype="text/plain")


@pages.get("/metrics")
def metrics() -> Response:
    """Tell Prometheus what has been going on."""
    return Response(generate_latest(services().metrics.registry), mimetype=CONTENT_TYPE_LATEST)


def choose_language() -> str:
    """Return the language of this visitor: the one chosen, else the browser's preference."""
    preferred = request.accept_languages.best_match(LANGUAGES, "en")
    return str(session.get("language", preferred))


def _home(error: str | None = None) -> str:
    settings = services().settings
    limits = {"megabytes": settings.max_upload_mb, "megapixels": settings.max_megapixels}
    accept = ",".join(["image/*", *SUFFIXES])  # some systems know TIFF by its name alone
    return render_template(
        "home.html", form=UploadForm(), error=error, limits=limits, accept=accept
    )


def _see(address: str) -> Response:
    """Answer a POST: go there (303), so that reloading posts nothing twice."""
    return make_response(redirect(address, 303))


def _own_address(address: str) -> str:
    """Return `address` if it is a page of this app, else home: never another host."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/")
    return address if inside and not address.startswith(("//", "/\\")) else url_for("pages.home")


def _model_view(status: ModelStatus) -> SimpleNamespace:
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


def _photo_view(record: Record) -> SimpleNamespace:
    fields = dataclasses.asdict(record) | {
        "model_title": gettext(find_weights(record.model).title),
        "created": datetime.fromisoformat(record.created),
        "expires": services().store.expires(record),
    }
    return SimpleNamespace(**fields)
