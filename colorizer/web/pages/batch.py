"""The page of a batch: what came of the photos of one upload."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from colorizer.errors import N_, NotFoundError
from colorizer.web import services
from colorizer.web.access import is_mine, require_mine
from colorizer.web.responses import see, send_zip
from colorizer.web.views import batch_view

pages = Blueprint("batch", __name__, url_prefix="/batches/<id>")


@pages.get("")
def show(id: str) -> str:
    """Show what became of the photos of one upload."""
    batch = services().batches.get(id)
    # The script of the page asks for the list alone, again and again while something changes.
    template = "parts/batch.html" if "part" in request.args else "batch.html"
    return render_template(template, batch=batch_view(batch), mine=is_mine(batch.owner))


@pages.get("/zip")
def download(id: str) -> Response:
    """Send the results of one upload in one file."""
    batches = services().batches
    records = batches.records(batches.get(id))
    if not records:
        raise NotFoundError(N_("None of these photos is here any more."))
    return send_zip(records, f"{gettext('photos')}.zip")


@pages.post("/delete")
def delete(id: str) -> Response:
    """Remove all the photos of one upload."""
    batches = services().batches
    batch = batches.get(id)
    require_mine(batch.owner)
    batches.delete(batch)
    return see(url_for("gallery.index"))
