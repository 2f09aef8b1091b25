"""The page where wrong colours are put right, and what its script asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext

from colorizer.coloring.hints import MOST_HINTS, Hint
from colorizer.coloring.touch_up import encode_guess, shown_colors
from colorizer.errors import N_, ChangedError, OptionError
from colorizer.jobs.hints import KeptHints, keep_hints, kept_hints
from colorizer.jobs.results import guessed, preview_hints, small_photo
from colorizer.library.records import Record
from colorizer.web import errors, services
from colorizer.web.access import own_photo, visitor
from colorizer.web.requests import parsed_hints
from colorizer.web.responses import see, send_preview
from colorizer.web.views import photo_view

# Colours that things on old photographs have; the luma of the place is what tells them apart.
SWATCHES = (
    (N_("skin, light"), "#e3b598"),
    (N_("skin, medium"), "#b9815e"),
    (N_("skin, dark"), "#7a4f38"),
    (N_("hair, brown"), "#5a3a28"),
    (N_("hair, fair"), "#c6a469"),
    (N_("leaf"), "#47702f"),
    (N_("grass"), "#76984a"),
    (N_("sky"), "#86b0dc"),
    (N_("brick"), "#9c4a36"),
    (N_("wood"), "#8a5d3b"),
    (N_("khaki"), "#958a5c"),
    (N_("navy"), "#1f2f5f"),
    (N_("field grey"), "#56635a"),
    (N_("sepia"), "#8f6f4c"),
)
GREY = "#808080"
# How far a hint reaches, by what the form calls it.
REACHES = {"narrow": 0.1, "thing": None, "wide": 0.5, "everywhere": 1.0}
# The picture of the form is of one size on phones and of another elsewhere, since a browser tells
# in pixels where it was clicked, and not how large it was shown. Pixels of the longer side.
SHOWN = {"small": 280, "large": 640}

pages = Blueprint("touch_up", __name__, url_prefix="/photos/<id>/touch-up")


@dataclass(frozen=True)
class HintView:
    """A hint as the page lists it.

    Attributes
    ----------
    number
        From 1 on.
    color
        As of `hints.Hint`.
    name
        What it says of its place, in the visitor's language.
    x, y
        The place in percent.
    reach
        A key of `REACHES`; None where the radius is none of theirs.
    """

    number: int
    color: str | None
    name: str
    x: int
    y: int
    reach: str | None


@pages.get("")
def show(id: str) -> str:
    """Show a photo, and what has been said of its colours."""
    return _page(own_photo(id))


@pages.post("")
def save(id: str) -> Response:
    """Keep hints: a whole list of them, or what one step of the form makes of the list."""
    record = own_photo(id)
    try:
        version = _sent_version()
        whole = request.form.get("hints")
        if whole is None:
            hints = _step(kept_hints(record, services()).hints, record)
        else:
            hints = parsed_hints(whole)
        kept = keep_hints(record, services(), hints, version)
    except (ChangedError, OptionError) as error:
        if _wants_json():
            raise
        status = errors.status_of(error)
        return make_response(_page(record, errors.translate(error)), status)
    if _wants_json():
        return jsonify(version=kept.version, hints=kept.rows())
    if whole is not None:
        return see(url_for("photo.show", id=id))
    said, color, reach = (request.form.get(name) for name in ("said", "color", "reach"))
    return see(url_for("touch_up.show", id=id, said=said, color=color, reach=reach))


@pages.get("/guess")
def guess(id: str) -> Response:
    """Send what was guessed, before any hint; see `touch_up.encode_guess`."""
    record = own_photo(id)
    data = encode_guess(guessed(record, services(), visitor()))
    return send_preview(data, mime_type="application/octet-stream")


@pages.post("/preview")
def preview(id: str) -> Response:
    """Send the small picture with hints that are only looked at."""
    record = own_photo(id)
    hints = parsed_hints(request.get_data())
    strength = (request.get_json(silent=True) or {}).get("strength", record.strength)
    if type(strength) is not int or not 0 <= strength <= 100:
        raise OptionError(N_("The strength is a whole number from 0 to 100."))
    data = preview_hints(record, services(), hints, strength, visitor())
    return send_preview(data, lasting=False)


@pages.get("/swatches")
def swatches(id: str) -> Response:
    """Tell which colours may be meant for a place, and what they come out as there."""
    record = own_photo(id)
    x, y = (request.args.get(name, -1.0, float) for name in ("x", "y"))
    offered = _swatches()
    hints = [Hint(x, y, swatch["color"]) for swatch in offered]
    profile = small_photo(record, services(), visitor()).about.icc_profile
    prediction = guessed(record, services(), visitor())
    shown = shown_colors(prediction, hints, profile, services().pictures)
    return jsonify(
        [swatch | {"shown": color} for swatch, color in zip(offered, shown, strict=True)]
    )


def _page(record: Record, error: str | None = None) -> str:
    runtime = services()
    kept = kept_hints(record, runtime)
    profile = small_photo(record, runtime, visitor()).about.icc_profile
    chosen = request.values
    return render_template(
        "touch_up.html",
        photo=photo_view(record),
        touch_up=_data(record, kept, runtime.pictures.is_srgb(profile)),
        hints=[_hint_view(number, hint) for number, hint in enumerate(kept.hints, 1)],
        error=error,
        shown={name: _shown_size(record, longest) for name, longest in SHOWN.items()},
        said=chosen.get("said", "own"),
        color=_color(chosen.get("color", "")) or "#7a1f1f",
        reach=chosen.get("reach") if chosen.get("reach") in REACHES else "thing",
    )


def _data(record: Record, kept: KeptHints, srgb: bool) -> dict[str, Any]:
    """Return what the script of the page needs to know."""

    def address(of: str, **query: Any) -> str:
        return url_for("photo.preview", id=record.id, of=of, **query)

    return {
        "version": kept.version,
        "hints": kept.rows(),
        "width": record.width,
        "height": record.height,
        "strength": record.strength,
        "srgb": srgb,
        "most": MOST_HINTS,
        "swatches": _swatches(),
        "guess_preview": address("result", strength=record.strength, hints=0),
        "luma_preview": address("original"),
    }


def _swatches() -> list[dict[str, Any]]:
    """Return the colours that are offered, by their names in the visitor's language."""
    plain = [
        {"name": gettext("as guessed"), "color": None},
        {"name": gettext("grey"), "color": GREY},
    ]
    return plain + [{"name": gettext(name), "color": color} for name, color in SWATCHES]


def _hint_view(number: int, hint: Hint) -> HintView:
    if hint.color is None:
        name = gettext("as guessed")
    elif re.fullmatch(r"#(..)\1\1", hint.color):
        name = gettext("grey")
    else:
        named = {color: gettext(text) for text, color in SWATCHES}
        name = named.get(hint.color.lower(), hint.color.lower())
    reach = next((name for name, radius in REACHES.items() if radius == hint.radius), None)
    return HintView(number, hint.color, name, round(100 * hint.x), round(100 * hint.y), reach)


def _shown_size(record: Record, longest: int) -> tuple[int, int]:
    """Tell how wide and high the picture of the form is shown, in pixels of pages."""
    scale = longest / max(record.width, record.height)
    return max(1, round(record.width * scale)), max(1, round(record.height * scale))


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def _sent_version() -> int:
    """Return of which hints the form was, so that none is changed that was not seen."""
    text = request.form.get("version", "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise OptionError(N_("The form has no version of the hints. Reload the page."))
    return int(text)


def _step(hints: tuple[Hint, ...], record: Record) -> list[Hint]:
    """Return what the list of hints is to be after a step of the form."""
    form = request.form
    if "clear" in form:
        return []
    if "delete" in form:
        number = form.get("delete", 0, int)
        if not 1 <= number <= len(hints):
            raise OptionError(N_("There is no such hint."))
        return [*hints[: number - 1], *hints[number:]]
    return [*hints, _new_hint(record)]


def _new_hint(record: Record) -> Hint:
    """Return the hint that a form says: by a click on its picture, or by numbers."""
    x, y = _place(record)
    said = request.form.get("said", "own")
    color = None
    if said != "guess":
        color = _color(said) or _color(request.form.get("color", ""))
        if color is None:
            raise OptionError(N_("Choose a colour first."))
    reach = request.form.get("reach", "thing")
    return Hint(x, y, color, REACHES.get(reach))


def _place(record: Record) -> tuple[float, float]:
    """Return the place that a form says, as fractions of width and height."""
    for name, longest in SHOWN.items():
        place = [request.form.get(f"{name}.{axis}", type=int) for axis in "xy"]
        if None not in place:
            size = _shown_size(record, longest)
            x, y = (
                min(max(((at or 0) + 0.5) / length, 0.0), 1.0)
                for at, length in zip(place, size, strict=True)
            )
            return x, y
    x, y = (_percent(request.form.get(axis, "")) for axis in "xy")
    return x, y


def _percent(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,3}([.,][0-9]{1,9})?", text.strip()):
        raise OptionError(N_("Say the place in percent: two numbers from 0 to 100."))
    number = float(text.strip().replace(",", "."))
    if number > 100:
        raise OptionError(N_("Say the place in percent: two numbers from 0 to 100."))
    return number / 100


def _color(text: str) -> str | None:
    return text.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else None
