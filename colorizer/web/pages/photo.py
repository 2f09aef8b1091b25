"""The page of one photo, its sheet, and its pictures."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from colorizer.coloring.options import Options
from colorizer.jobs.hints import KeptHints, kept_hints
from colorizer.jobs.photo import color_again
from colorizer.jobs.results import preview_region, preview_result, preview_try
from colorizer.library.records import Record
from colorizer.web import services, uploads
from colorizer.web.access import is_mine, own_photo, owner, visitor
from colorizer.web.forms import FORMAT_TITLES, OptionsForm
from colorizer.web.requests import sent_options, wanted_result, wants_download
from colorizer.web.responses import see, send_original, send_preview, send_result, send_thumbnail
from colorizer.web.views import ModelView, model_view, photo_view

SHEET_FACTORS = (10, 20, 30, 40)

pages = Blueprint("photo", __name__, url_prefix="/photos/<id>")


@pages.get("")
def show(id: str) -> str:
    """Show a photo before and after, at the strength asked for."""
    record = services().store.get(id)
    strength = wanted_result(record).strength
    return render_template(
        "photo.html",
        photo=photo_view(record),
        mine=is_mine(record.owner),
        private=bool(services().settings.token),
        strength=strength,
        formats=FORMAT_TITLES,
        again=OptionsForm(
            formdata=None,
            model=record.requested_model or "",
            render_factor=record.requested_render_factor,
            strength=strength,
            keep_gps=record.keep_gps,
        ),
        offer=_offer(record),
    )


@pages.post("/again")
def again(id: str) -> Response:
    """Colour the same photo once more, with other options; the first result stays."""
    record, options = own_photo(id), sent_options()
    uploads.count(1)
    record = color_again(record, owner(), options, services(), visitor())
    return see(url_for("photo.show", id=record.id))


@pages.get("/sheet")
def sheet(id: str) -> str:
    """Show a photo at several settings, to choose from."""
    record = own_photo(id)
    return render_template(
        "sheet.html",
        photo=photo_view(record),
        factors=sorted({*SHEET_FACTORS, record.requested_render_factor}),
    )


@pages.get("/sheet/<model>-<int:render_factor>")
def sheet_picture(id: str, model: str, render_factor: int) -> Response:
    """Send a small picture of a photo at other settings."""
    record = own_photo(id)
    options = Options(model, render_factor, record.strength)
    lasting = _is_lasting(kept_hints(record, services()))
    return send_preview(preview_try(record, services(), options, visitor()), lasting)


@pages.post("/delete")
def delete(id: str) -> Response:
    """Remove a photo."""
    services().store.delete(own_photo(id))
    return see(url_for("gallery.index"))


@pages.get("/original")
def original(id: str) -> Response:
    """Send the file as it came."""
    return send_original(services().store.get(id))


@pages.get("/result")
def result(id: str) -> Response:
    """Send the coloured file."""
    record = services().store.get(id)
    return send_result(record, wanted_result(record), wants_download())


@pages.get("/thumbnail")
def thumbnail(id: str) -> Response:
    """Send the smallest picture of the result."""
    return send_thumbnail(services().store.get(id))


@pages.get("/<any(original, result):of>/preview")
def preview(id: str, of: str) -> Response:
    """Send a small picture that every browser shows; with ``hints=0`` none of the hints is in it.

    ``version`` in the address is that of the hints.
    """
    record = services().store.get(id)
    strength = 0 if of == "original" else wanted_result(record).strength
    kept = kept_hints(record, services())
    lasting = of == "original" or request.args.get("hints") == "0" or _is_lasting(kept)
    if request.args.get("hints") == "0":
        kept = KeptHints()
    return send_preview(preview_result(record, services(), strength, visitor(), kept), lasting)


@pages.get("/<any(original, result):of>/region")
def region(id: str, of: str) -> Response:
    """Send a part of a photo at full size; ``version`` as in `preview`."""
    record = services().store.get(id)
    left, top, width, height = (
        request.args.get(name, -1, int) for name in ("left", "top", "width", "height")
    )
    box = (left, top, width, height)
    strength = wanted_result(record).strength
    lasting = of == "original" or _is_lasting(kept_hints(record, services()))
    data = preview_region(record, services(), of, box, strength, visitor())
    return send_preview(data, lasting)


def _is_lasting(kept: KeptHints) -> bool:
    """Tell whether the address names the hints as they are, so that it gives no others later."""
    return request.args.get("version") == str(kept.version)


def _offer(record: Record) -> ModelView | None:
    """Return the default generator if another stood in for it and it is ready now."""
    default = services().models.default
    stood_in = record.requested_model is None and record.model != default.name
    return model_view(default) if stood_in and default.state == "ready" else None
