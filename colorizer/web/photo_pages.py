"""The pages of one photo, and its pictures."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from colorizer.coloring.options import Options
from colorizer.generators.table import find_weights
from colorizer.jobs.results import preview_region, preview_result, preview_try
from colorizer.library.records import Record
from colorizer.web import services
from colorizer.web.forms import FORMAT_TITLES, OptionsForm
from colorizer.web.pages import model_view, pages, see
from colorizer.web.photos import (
    process_again,
    send_original,
    send_picture,
    send_result,
    send_thumbnail,
    wanted_result,
)

SHEET_FACTORS = (10, 20, 30, 40)


@pages.get("/photos/<id>")
def photo(id: str) -> str:
    """Show a photo before and after, at the strength asked for."""
    record = services().store.get(id)
    strength = wanted_result(record, request.args).strength
    default = services().runtime.models.default
    better = default.state == "ready" and record.model != default.name
    return render_template(
        "photo.html",
        photo=photo_view(record),
        strength=strength,
        formats=FORMAT_TITLES,
        again=OptionsForm(
            formdata=None,
            model=record.requested_model or "",
            render_factor=record.requested_render_factor,
            strength=strength,
            keep_gps=record.keep_gps,
        ),
        offer=model_view(default) if better and not record.requested_model else None,
    )


@pages.post("/photos/<id>/again")
def again(id: str) -> Response:
    """Colour the same photo once more, with other options; the first result stays."""
    record = process_again(services().store.get(id))
    return see(url_for(".photo", id=record.id))


@pages.get("/photos/<id>/sheet")
def sheet(id: str) -> str:
    """Show a photo at several settings, to choose from."""
    record = services().store.get(id)
    ready = [row for row in services().runtime.models if row.state == "ready"]
    return render_template(
        "sheet.html",
        photo=photo_view(record),
        factors=sorted({*SHEET_FACTORS, record.requested_render_factor}),
        ready=[model_view(row) for row in ready],
    )


@pages.post("/photos/<id>/delete")
def delete(id: str) -> Response:
    """Remove a photo."""
    services().store.delete(services().store.get(id))
    return see(url_for(".photos"))


@pages.get("/photos/<id>/original")
def original(id: str) -> Response:
    """Send the file as it came."""
    return send_original(services().store.get(id))


@pages.get("/photos/<id>/result")
def result(id: str) -> Response:
    """Send the coloured file."""
    return send_result(services().store.get(id), request.args)


@pages.get("/photos/<id>/thumbnail")
def thumbnail(id: str) -> Response:
    """Send the smallest picture of the result."""
    return send_thumbnail(services().store.get(id))


@pages.get("/photos/<id>/<any(original, result):of>/preview")
def preview(id: str, of: str) -> Response:
    """Send a small picture that every browser shows."""
    record = services().store.get(id)
    strength = 0 if of == "original" else wanted_result(record, request.args).strength
    return send_picture(preview_result(record, services().runtime, strength))


@pages.get("/photos/<id>/<any(original, result):of>/region")
def region(id: str, of: str) -> Response:
    """Send a part of a photo at full size."""
    record = services().store.get(id)
    left, top, width, height = (
        request.args.get(name, -1, int) for name in ("left", "top", "width", "height")
    )
    strength = wanted_result(record, request.args).strength
    box = (left, top, width, height)
    return send_picture(preview_region(record, services().runtime, of, box, strength))


@pages.get("/photos/<id>/sheet/<model>-<int:render_factor>")
def trial(id: str, model: str, render_factor: int) -> Response:
    """Send a small picture of a photo at other settings."""
    record = services().store.get(id)
    options = Options(model, render_factor, record.strength)
    return send_picture(preview_try(record, services().runtime, options))


def photo_view(record: Record) -> SimpleNamespace:
    """Return what templates show of a photo."""
    fields = dataclasses.asdict(record) | {
        "model_title": gettext(find_weights(record.model).title),
        "created": record.created_at,
        "format": record.result_kind.lower(),
        "expires": services().store.expires(record.created),
    }
    return SimpleNamespace(**fields)
