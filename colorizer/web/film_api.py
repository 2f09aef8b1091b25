"""The JSON API of films."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, url_for
from marshmallow import Schema, fields

from colorizer.library.film_records import FilmRecord
from colorizer.web import access, services
from colorizer.web.api import Links, Problem, api, upload_of
from colorizer.web.film_views import film_view
from colorizer.web.requests import sent_file, sent_options, wants_download
from colorizer.web.responses import send_film
from colorizer.web.uploads import count

OPTIONS_OF_FILMS = ("model", "render_factor", "strength", "codec", "keep_gps")
DOWNLOAD = [{"name": "download", "in": "query", "schema": {"type": "integer", "enum": [1]}}]


class Film(Schema):
    """A film and how far it is."""

    id = fields.String()
    name = fields.String(metadata={"description": "what the file was called"})
    status = fields.String(metadata={"enum": ["queued", "running", "done", "failed", "cancelled"]})
    stage = fields.String(
        allow_none=True, metadata={"enum": ["reading", "coloring", "joining", None]}
    )
    frames_done = fields.Integer()
    frames_total = fields.Integer(metadata={"description": "0 until they have been counted"})
    fps = fields.Float(allow_none=True, metadata={"description": "finished frames a second"})
    eta_seconds = fields.Float(allow_none=True)
    error = fields.String(
        allow_none=True, metadata={"description": "why it failed, or what it waits for"}
    )
    model = fields.String(metadata={"description": "the generator that colours it"})
    render_factor = fields.Integer()
    strength = fields.Integer()
    codec = fields.String()
    created = fields.String(metadata={"format": "date-time"})
    links = fields.Nested(Links)


@api.post("/videos")
@api.doc(requestBody=upload_of(OPTIONS_OF_FILMS), summary="Colour a film, in its turn")
@api.response(202, Film)
@api.alt_response(400, schema=Problem, description="a bad option")
@api.alt_response(413, schema=Problem, description="too large, or too long")
@api.alt_response(415, schema=Problem, description="not a film")
@api.alt_response(422, schema=Problem, description="a broken film")
@api.alt_response(429, schema=Problem, description="more than one visitor may send")
@api.alt_response(503, schema=Problem, description="not ready or busy: see Retry-After")
@api.alt_response(507, schema=Problem, description="the disk is full")
def post_video() -> tuple[dict[str, Any], int, dict[str, str]]:
    file, name = sent_file()
    options = sent_options()
    count(1)
    record = services().film_queue.add(file, name, access.owner(), options)
    return _film(record), 202, {"Location": url_for("api.get_video", id=record.id)}


@api.get("/videos/<id>")
@api.doc(summary="Tell how far a film is")
@api.response(200, Film)
@api.alt_response(404, schema=Problem)
def get_video(id: str) -> dict[str, Any]:
    return _film(services().films.get(id))


@api.get("/videos/<id>/result")
@api.doc(summary="Fetch the coloured film", parameters=DOWNLOAD)
@api.response(200, {"type": "string", "format": "binary"}, content_type="video/*")
@api.alt_response(404, schema=Problem, description="there is none, or it isn't done yet")
def get_video_result(id: str) -> Response:
    return send_film(services().films.get(id), wants_download())


@api.post("/videos/<id>/cancel")
@api.doc(summary="Stop a film")
@api.response(202, Film)
@api.alt_response(403, schema=Problem)
@api.alt_response(404, schema=Problem)
def cancel_video(id: str) -> tuple[dict[str, Any], int]:
    record = access.own_film(id)
    services().film_queue.cancel(record)
    return _film(record), 202


@api.delete("/videos/<id>")
@api.doc(summary="Delete a film, at once and wholly")
@api.response(204)
@api.alt_response(403, schema=Problem)
@api.alt_response(404, schema=Problem)
def delete_video(id: str) -> Response:
    services().film_queue.delete(access.own_film(id))
    return make_response("", 204)


def _film(record: FilmRecord) -> dict[str, Any]:
    view = film_view(record)
    links = {
        "self": url_for("api.get_video", id=record.id),
        "page": url_for("film.show", id=record.id),
        "original": url_for("film.original", id=record.id),
        "result": url_for("api.get_video_result", id=record.id),
    }
    told = {name: getattr(view, name) for name in Film().fields if name != "links"}
    return told | {"links": links, "error": view.error or None, "created": record.created}
