"""The pages of several photos: what a browser has made, and what came of one upload."""

from __future__ import annotations

from types import SimpleNamespace

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from colorizer.errors import N_, ColorizerError, NotFoundError, OptionError
from colorizer.library.batches import Batch, Entry
from colorizer.library.records import Record
from colorizer.web import access, errors, services
from colorizer.web.pages import pages, see
from colorizer.web.photo_pages import photo_view
from colorizer.web.photos import send_zip

PER_PAGE = 24


@pages.get("/photos")
def photos() -> str:
    """Show what this browser has made."""
    store, owner = services().store, access.owner()
    page_count = max(1, -(-store.count(owner) // PER_PAGE))
    page = request.args.get("page", 1, int)
    if not 1 <= page <= page_count:
        raise NotFoundError(N_("There is no such page."))
    shown = store.list(owner, (page - 1) * PER_PAGE, PER_PAGE)
    return render_template(
        "photos.html",
        photos=[photo_view(record) for record in shown],
        page=page,
        page_count=page_count,
        keep_hours=services().settings.keep_hours,
    )


@pages.post("/photos/zip")
def download_selected() -> Response:
    """Send the results of the selected photos in one file."""
    return send_zip(_selected(), f"{gettext('photos')}.zip")


@pages.post("/photos/delete")
def delete_selected() -> Response:
    """Remove the selected photos."""
    for record in _selected():
        services().store.delete(record)
    return see(url_for(".photos"))


@pages.get("/batches/<id>")
def batch(id: str) -> str:
    """Show what became of the photos of one upload."""
    found = services().runtime.batches.get(id)
    # The script of the page asks for the list alone, again and again while something changes.
    template = "_batch.html" if "part" in request.args else "batch.html"
    return render_template(template, batch=_batch_view(found))


@pages.get("/batches/<id>/zip")
def download_batch(id: str) -> Response:
    """Send the results of one upload in one file."""
    batches = services().runtime.batches
    records = batches.records(batches.get(id))
    if not records:
        raise NotFoundError(N_("None of these photos is here any more."))
    return send_zip(records, f"{gettext('photos')}.zip")


@pages.post("/batches/<id>/delete")
def delete_batch(id: str) -> Response:
    """Remove all the photos of one upload."""
    batches = services().runtime.batches
    batches.delete(batches.get(id))
    return see(url_for(".photos"))


def _selected() -> list[Record]:
    """Return the photos that a form has selected; those that are gone meanwhile are left out."""
    found = [services().store.find(id) for id in request.form.getlist("id")]
    records = [record for record in found if record]
    if not records:
        raise OptionError(N_("No photo is selected: tick some first."))
    return records


def _batch_view(batch: Batch) -> SimpleNamespace:
    return SimpleNamespace(
        id=batch.id,
        running=batch.running,
        entries=[_entry_view(entry) for entry in batch.entries],
        done=sum(entry.state == "done" for entry in batch.entries),
        failed=sum(entry.state in ("failed", "interrupted") for entry in batch.entries),
    )


def _entry_view(entry: Entry) -> SimpleNamespace:
    record = services().store.find(entry.photo) if entry.photo else None
    error = errors.translate(ColorizerError(entry.message, **entry.params)) if entry.message else ""
    return SimpleNamespace(
        name=entry.name,
        state="deleted" if entry.photo and not record else entry.state,
        photo=photo_view(record) if record else None,
        error=error,
    )
