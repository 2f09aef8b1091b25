"""The page of one film: how far it is, and the film itself once it is done."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from colorizer.library.film_records import FilmRecord
from colorizer.web import services
from colorizer.web.access import is_mine, own_film
from colorizer.web.film_views import film_view
from colorizer.web.requests import wants_download
from colorizer.web.responses import see, send_film, send_film_original, send_latest, send_part

pages = Blueprint("film", __name__, url_prefix="/videos/<id>")


@pages.get("")
def show(id: str) -> str:
    """Show how far a film is, or before and after."""
    record = services().films.get(id)
    # The script of the page asks for what changes alone, again and again.
    template = "parts/film.html" if "part" in request.args else "film.html"
    return render_template(
        template,
        film=film_view(record),
        mine=is_mine(record.owner),
        private=bool(services().settings.token),
    )


@pages.post("/cancel")
def cancel(id: str) -> Response:
    """Stop a film; what is done of it stays."""
    record = own_film(id)
    services().film_queue.cancel(record)
    return _back(record)


@pages.post("/go-on")
def go_on(id: str) -> Response:
    """Go on with a film that was cancelled or has failed."""
    record = own_film(id)
    services().film_queue.go_on(record)
    return _back(record)


@pages.post("/delete")
def delete(id: str) -> Response:
    """Remove a film."""
    services().film_queue.delete(own_film(id))
    return see(url_for("gallery.index"))


@pages.get("/original")
def original(id: str) -> Response:
    """Send the film as it came."""
    return send_film_original(services().films.get(id))


@pages.get("/result")
def result(id: str) -> Response:
    """Send the coloured film."""
    return send_film(services().films.get(id), wants_download())


@pages.get("/latest")
def latest(id: str) -> Response:
    """Send the picture of the last frame that has been coloured."""
    return send_latest(services().films.get(id))


@pages.get("/part")
def part(id: str) -> Response:
    """Send the part of the film that was finished last."""
    return send_part(services().films.get(id))


def _back(record: FilmRecord) -> Response:
    return see(url_for("film.show", id=record.id))
