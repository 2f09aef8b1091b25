"""The home page: choosing photos, sending them, and how the generators stand."""

from __future__ import annotations

from functools import partial
from typing import IO

from flask import Blueprint, Response, make_response, render_template, request, url_for

from colorizer.coloring.options import Options
from colorizer.errors import ColorizerError
from colorizer.jobs.batch import run_batch
from colorizer.jobs.photo import color_upload
from colorizer.library.film_records import FilmRecord
from colorizer.library.store import new_id
from colorizer.pictures.formats import SUFFIXES
from colorizer.video.containers import EXTENSIONS
from colorizer.web import access, errors, services
from colorizer.web.forms import UploadForm
from colorizer.web.requests import is_film, sent_files, sent_options
from colorizer.web.responses import see
from colorizer.web.uploads import admitted, count
from colorizer.web.views import limits_view

pages = Blueprint("home", __name__)


@pages.get("/")
def index() -> str:
    """Show the upload form."""
    # The browser needs its cookie now: the script of this page leaves for a batch's page before
    # the upload is answered.
    access.name_visitor()
    return _page()


@pages.post("/")
def upload() -> Response:
    """Colour the uploaded photos, have films wait for their turn, and go to where they are."""
    try:
        files, options = sent_files(), sent_options()
        films = [file for file in files if is_film(file[0])]
        photos = [file for file in files if file not in films]
        if films:
            added = _add_films(films, options)
            if len(files) == 1:
                return see(url_for("film.show", id=added[0].id))
        if not photos:
            return see(url_for("gallery.index"))
        if len(files) > 1:
            return see(url_for("batch.show", id=_color_batch(photos, options)))
        with admitted(1) as guest:
            record = color_upload(*photos[0], access.owner(), options, services(), guest)
    except ColorizerError as error:
        response = make_response(_page(errors.translate(error)), errors.status_of(error))
        errors.add_headers(response, error)
        return response
    return see(url_for("photo.show", id=record.id))


@pages.get("/engine")
def engine() -> str:
    """Show how the generators stand: the part of a page that its script renews."""
    return render_template("parts/engine.html")


def _page(error: str | None = None) -> str:
    accept = ",".join(
        ["image/*", "video/*", *SUFFIXES, *EXTENSIONS]
    )  # some systems know TIFF by its name alone
    return render_template(
        "home.html",
        form=UploadForm(),
        error=error,
        limits=limits_view(),
        accept=accept,
        batch=new_id(),
    )


def _add_films(files: list[tuple[IO[bytes], str]], options: Options) -> list[FilmRecord]:
    """Have films wait for their turn."""
    count(len(files))
    queue, owner = services().film_queue, access.owner()
    return [queue.add(file, name, owner, options) for file, name in files]


def _color_batch(files: list[tuple[IO[bytes], str]], options: Options) -> str:
    """Colour several photos as one batch; return its id.

    The form names the batch, so that its script can show it while it is being coloured.
    """
    runtime, owner, id = services(), access.owner(), request.form.get("batch", "")
    if not runtime.batches.is_new(id):
        id = new_id()
    runtime.models.ready(options.model)
    with admitted(len(files)) as guest:
        color = partial(color_upload, owner=owner, options=options, runtime=runtime, guest=guest)
        run_batch(runtime.batches, id, owner, files, color, runtime.queue.at_once)
    return id
