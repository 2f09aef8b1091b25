"""What pages and API do alike: take the photo out of a request, and send its files."""

from __future__ import annotations

from pathlib import PurePath
from typing import IO

from flask import Response, request, send_file

from ..errors import N_, ColorizerError, OptionError
from ..formats import FORMATS, SUFFIXES
from ..options import Options
from ..store import PREVIEWS, Record
from ..uploads import process_upload
from . import services
from .access import owner


def process_request() -> Record:
    """Colour the one photo that the request brings in its field ``file``."""
    files = request.files.getlist("file")
    if not files or not files[0].filename:
        raise OptionError(N_("No photo was sent: choose one first (form field “file”)."))
    if len(files) > 1:
        raise OptionError(N_("One photo at a time, please."))
    # Some browsers send a path; only the name is the visitor's business to see again.
    name = PurePath(files[0].filename.replace("\\", "/")).name[:200]
    return _process(files[0].stream, name)


def process_again(record: Record) -> Record:
    """Colour a stored photo once more with the options of the request."""
    with services().store.path(record, record.original).open("rb") as file:
        return _process(file, record.name)


def _process(file: IO[bytes], name: str) -> Record:
    app = services()
    try:
        record = process_upload(
            file,
            name,
            owner(),
            Options.parse(request.form, app.settings.render_factor),
            settings=app.settings,
            store=app.store,
            runtime=app.runtime,
        )
    except ColorizerError as error:
        app.metrics.refused.labels(type(error).__name__).inc()
        raise
    app.metrics.seconds.labels(record.model).observe(record.seconds)
    return record


def send_original(record: Record) -> Response:
    """Send the file as it came."""
    return _send(record, record.original, record.name)


def send_result(record: Record, *, download: bool) -> Response:
    """Send the coloured file; a download is named after the visitor's file."""
    stem, suffix = PurePath(record.name).stem, PurePath(record.result).suffix
    return _send(record, record.result, f"{stem or 'photo'}-colorized{suffix}", download)


def send_preview(record: Record, of: str) -> Response:
    """Send a small picture of the ``original`` or the ``result`` that every browser shows."""
    name = PREVIEWS[of]
    if not services().store.path(record, name).exists():  # stored before there were previews
        name = record.original if of == "original" else record.result
    return _send(record, name, name)


def _send(record: Record, file: str, name: str, download: bool = False) -> Response:
    path = services().store.path(record, file)
    response = send_file(
        path,
        FORMATS[SUFFIXES[path.suffix]].mime_type,
        as_attachment=download,
        download_name=name,
        max_age=3600,
    )
    response.cache_control.private = True
    response.cache_control.public = False
    return response
