"""My photos: what a browser has made, and what can be done with several of them."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from colorizer.errors import N_, NotFoundError, OptionError
from colorizer.library.records import Record
from colorizer.library.store import AnyRecord
from colorizer.web import services
from colorizer.web.access import owner, require_mine
from colorizer.web.film_views import FilmView, film_view
from colorizer.web.responses import see, send_zip
from colorizer.web.views import PhotoView, photo_view

PER_PAGE = 24

pages = Blueprint("gallery", __name__, url_prefix="/photos")


@pages.get("")
def index() -> str:
    """Show what this browser has made, the newest first."""
    store, mine = services().store, owner()
    page_count = max(1, -(-store.count(mine) // PER_PAGE))
    page = request.args.get("page", 1, int)
    if not 1 <= page <= page_count:
        raise NotFoundError(N_("There is no such page."))
    return render_template(
        "photos.html",
        entries=[_view(record) for record in store.list(mine, (page - 1) * PER_PAGE, PER_PAGE)],
        page=page,
        page_count=page_count,
        keep_hours=services().settings.keep_hours,
    )


@pages.post("/zip")
def download() -> Response:
    """Send the results of the selected photos in one file."""
    return send_zip(_selected(), f"{gettext('photos')}.zip")


@pages.post("/delete")
def delete() -> Response:
    """Remove the selected photos."""
    records = _selected()
    for record in records:
        require_mine(record.owner)
    for record in records:
        services().store.delete(record)
    return see(url_for("gallery.index"))


def _view(record: AnyRecord) -> PhotoView | FilmView:
    return photo_view(record) if isinstance(record, Record) else film_view(record)


def _selected() -> list[Record]:
    """Return the photos that a form has selected; those that are gone meanwhile are left out."""
    ids = dict.fromkeys(request.form.getlist("id"))  # each once, in their order
    found = [services().store.find(id) for id in ids]
    records = [record for record in found if record]
    if not records:
        raise OptionError(N_("No photo is selected: tick some first."))
    return records
