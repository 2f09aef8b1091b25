"""The JSON API."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from flask import (
    Response,
    jsonify,
    make_response,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from werkzeug.exceptions import PreconditionFailed

from colorizer.coloring.hints import MOST_HINTS
from colorizer.coloring.options import OPTIONS, RESULT_OPTIONS, Number, Option, Switch
from colorizer.errors import ChangedError
from colorizer.jobs.hints import CHANGED, KeptHints, keep_hints, kept_hints
from colorizer.jobs.models import ModelStatus
from colorizer.jobs.photo import color_upload
from colorizer.library.records import Record
from colorizer.settings import MODELS
from colorizer.web import access, services
from colorizer.web.errors import translate
from colorizer.web.requests import (
    parsed_hints,
    sent_file,
    sent_hints,
    sent_options,
    wanted_result,
    wants_download,
)
from colorizer.web.responses import send_result
from colorizer.web.uploads import admitted

api = Blueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    description="Errors are problem details (RFC 9457). Who has the address of a photo "
    "may see it. It is listed to who made it, and changed or deleted by nobody else: send the "
    "session cookie back that the first answer sets, or the token.",
)


class Links(Schema):
    """Where the parts of a photo are."""

    self = fields.Url(relative=True)
    page = fields.Url(relative=True)
    original = fields.Url(relative=True)
    result = fields.Url(relative=True)
    hints = fields.Url(relative=True)


class Photo(Schema):
    """A coloured photo."""

    id = fields.String()
    name = fields.String(metadata={"description": "what the file was called"})
    model = fields.String(metadata={"description": "the generator that coloured it"})
    requested_model = fields.String(allow_none=True)
    render_factor = fields.Integer(metadata={"description": "less if memory is short"})
    requested_render_factor = fields.Integer()
    strength = fields.Integer()
    width = fields.Integer()
    height = fields.Integer()
    seconds = fields.Float()
    pages = fields.Integer(metadata={"description": "in the file; the first is coloured"})
    created = fields.String(metadata={"format": "date-time"})
    hints = fields.Integer(metadata={"description": "how many colours a person has said of it"})
    links = fields.Nested(Links)


class Hint(Schema):
    """A colour that a person says a place in a photo has."""

    x = fields.Float(required=True, metadata={"description": "0 to 1, of the upright width"})
    y = fields.Float(required=True, metadata={"description": "0 to 1, of the upright height"})
    color = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "example": "#7a1f1f",
            "description": "sRGB; a grey takes the colour away, null leaves it as guessed",
        },
    )
    radius = fields.Float(
        allow_none=True,
        metadata={
            "description": "how far it reaches, above 0 and at most 1, a fraction of the longer "
            "side; without one, as far as the thing"
        },
    )


class Hints(Schema):
    """The colours that a person says a photo has."""

    hints = fields.List(fields.Nested(Hint), required=True, metadata={"maxItems": MOST_HINTS})
    version = fields.Integer(
        dump_only=True, metadata={"description": "how often they have been changed"}
    )


class Photos(Schema):
    """A list of photos, newest first."""

    photos = fields.List(fields.Nested(Photo))


class Model(Schema):
    """A generator and how far it is."""

    name = fields.String()
    state = fields.String(
        metadata={"enum": ["absent", "downloading", "loading", "ready", "failed"]}
    )
    bytes_done = fields.Integer(allow_none=True)
    bytes_total = fields.Integer(allow_none=True)
    device = fields.String(allow_none=True)
    precision = fields.String(allow_none=True)


class Models(Schema):
    """All generators."""

    models = fields.List(fields.Nested(Model))


class Problem(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()


def _schema(option: Option) -> dict[str, Any]:
    """Describe an option in the words of the specification, from its row of the table."""
    takes: dict[str, Any]
    if isinstance(option, Switch):
        takes = {"type": "boolean", "default": option.default}
    elif isinstance(option, Number):
        takes = {"type": "integer", "minimum": option.low, "maximum": option.high}
    else:
        takes = {"type": "string", "enum": list(option.choices or MODELS)}
    return {**takes, "description": option.help}


PICTURE = {"type": "string", "format": "binary"}
OPTIONS_OF_PHOTOS = ("model", "render_factor", "strength", "format", "keep_gps")
SCHEMAS = {name: _schema(option) for name, option in OPTIONS.items()}
OF_HINTS = {
    "type": "string",
    "description": "colours that a person says the photo has, as JSON: see PUT /photos/{id}/hints",
}


def upload_of(options: Iterable[str], **more: dict[str, Any]) -> dict[str, Any]:
    """Describe a form with a file, some options and more."""
    properties = {"file": PICTURE, **{name: SCHEMAS[name] for name in options}, **more}
    schema = {"type": "object", "required": ["file"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


HINTS = {"required": True, "content": {"application/json": {"schema": Hints}}}
RESULT_PARAMETERS = [
    *({"name": name, "in": "query", "schema": SCHEMAS[name]} for name in RESULT_OPTIONS),
    {"name": "download", "in": "query", "schema": {"type": "integer", "enum": [1]}},
]
SWAGGER_UI = str(files("flask_swagger_ui") / "dist")


@api.post("/photos")
@api.doc(requestBody=upload_of(OPTIONS_OF_PHOTOS, hints=OF_HINTS), summary="Colour a photo")
@api.response(201, Photo)
@api.alt_response(400, schema=Problem, description="a bad option")
@api.alt_response(413, schema=Problem, description="too large")
@api.alt_response(415, schema=Problem, description="not a picture")
@api.alt_response(422, schema=Problem, description="a broken picture")
@api.alt_response(
    429, schema=Problem, description="more than one visitor may send: see Retry-After"
)
@api.alt_response(503, schema=Problem, description="not ready or busy: see Retry-After")
@api.alt_response(507, schema=Problem, description="the disk is full")
def post_photo() -> tuple[dict[str, Any], int, dict[str, str]]:
    file, name = sent_file()
    options, hints = sent_options(), sent_hints()
    with admitted(1) as guest:
        record = color_upload(file, name, access.owner(), options, services(), guest, hints)
    return _photo(record), 201, {"Location": url_for("api.get_photo", id=record.id)}


@api.get("/photos")
@api.doc(summary="List your photos, newest first")
@api.response(200, Photos)
def list_photos() -> dict[str, Any]:
    mine = services().store.list(access.owner())
    return {"photos": [_photo(record) for record in mine if isinstance(record, Record)]}


@api.get("/photos/<id>")
@api.doc(summary="Describe a photo")
@api.response(200, Photo)
@api.alt_response(404, schema=Problem)
def get_photo(id: str) -> dict[str, Any]:
    return _photo(services().store.get(id))


@api.get("/photos/<id>/result")
@api.doc(
    summary="Fetch the coloured file, at another strength or in another format if asked to",
    parameters=RESULT_PARAMETERS,
)
@api.alt_response(400, schema=Problem, description="a bad option")
@api.response(200, PICTURE, content_type="image/*")
@api.alt_response(206, schema=PICTURE, content_type="image/*", description="the part asked for")
@api.alt_response(416, schema=Problem, description="a part that isn't there")
@api.alt_response(404, schema=Problem)
@api.alt_response(410, schema=Problem, description="it can't be made: the original is gone")
def get_result(id: str) -> Response:
    record = services().store.get(id)
    return send_result(record, wanted_result(record), wants_download())


@api.get("/photos/<id>/hints")
@api.doc(summary="Tell the colours that were said of a photo; the ETag is for If-Match")
@api.response(200, Hints)
@api.alt_response(404, schema=Problem)
def get_hints(id: str) -> Response:
    kept = kept_hints(services().store.get(id), services())
    response = _tagged(jsonify(version=kept.version, hints=kept.rows()), kept)
    response.make_conditional(request)
    return response


@api.put("/photos/<id>/hints")
@api.doc(
    summary="Put colours right: the result and all other pictures follow; an empty list takes "
    "all back",
    requestBody=HINTS,
    parameters=[{"name": "If-Match", "in": "header", "schema": {"type": "string"}}],
)
@api.response(200, Photo)
@api.alt_response(400, schema=Problem, description="not as hints must be")
@api.alt_response(403, schema=Problem)
@api.alt_response(404, schema=Problem)
@api.alt_response(412, schema=Problem, description="changed since: see If-Match")
@api.alt_response(413, schema=Problem, description="too long")
def put_hints(id: str) -> Response:
    record = access.own_photo(id)
    hints = parsed_hints(request.get_data())
    version = None
    if "If-Match" in request.headers:
        kept = kept_hints(record, services())
        if not request.if_match.contains_weak(str(kept.version)):
            raise PreconditionFailed(str(gettext(CHANGED)))
        version = kept.version
    try:
        kept = keep_hints(record, services(), hints, version)
    except ChangedError as error:
        raise PreconditionFailed(translate(error)) from error
    return _tagged(jsonify(_photo(record)), kept)


@api.delete("/photos/<id>")
@api.doc(summary="Delete a photo, at once and wholly")
@api.response(204)
@api.alt_response(403, schema=Problem)
@api.alt_response(404, schema=Problem)
def delete_photo(id: str) -> Response:
    services().store.delete(access.own_photo(id))
    return make_response("", 204)


@api.get("/models")
@api.doc(summary="Tell how far each generator is")
@api.response(200, Models)
def list_models() -> dict[str, list[ModelStatus]]:
    return {"models": list(services().models)}


@api.get("/docs")
@api.doc(summary="A page to try all this")
def docs() -> str:
    return render_template("docs.html")


@api.get("/docs/<name>")
@api.doc(summary="A part of that page")
def docs_asset(name: str) -> Response:
    return send_from_directory(SWAGGER_UI, name, max_age=86400)


def _photo(record: Record) -> dict[str, Any]:
    links = {
        "self": url_for("api.get_photo", id=record.id),
        "page": url_for("photo.show", id=record.id),
        "original": url_for("photo.original", id=record.id),
        "result": url_for("api.get_result", id=record.id),
        "hints": url_for("api.get_hints", id=record.id),
    }
    more = {"hints": len(kept_hints(record, services()).hints), "links": links}
    return {name: getattr(record, name) for name in Photo().fields if name not in more} | more


def _tagged(response: Response, kept: KeptHints) -> Response:
    """Say in an answer which change of the hints it is of."""
    response.set_etag(str(kept.version))
    response.cache_control.no_cache = True
    return response
