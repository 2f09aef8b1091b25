"""What pages and API do alike: take the photo out of a request, and send its files."""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, request, send_file

from ..errors import N_, OptionError
from ..options import Options
from ..photo import EXTENSIONS, MIME_TYPES
from ..store import Record
from ..uploads import process_upload
from . import services
from .access import owner


def process_request() -> Record:
    """Colour the one photo that the request brings in its field ``file``."""
    app = services()
    options = Options.parse(request.form, app.settings.render_factor)
    files = request.files.getlist("file")
    if not files or not files[0].filename:
        raise OptionError(N_("No photo was sent: choose one first (form field “file”)."))
    if len(files) > 1:
        raise OptionError(N_("One photo at a time, please."))
    return process_upload(
        files[0].stream,
        # Some browsers send a path; only the name is the visitor's business to see again.
        PurePath(files[0].filename.replace("\\", "/")).name[:200],
        owner(),
        options,
        settings=app.settings,
        store=app.store,
        runtime=app.runtime,
    )


def process_again(record: Record) -> Record:
    """Colour a stored photo once more with the options of the request."""
    app = services()
    options = Options.parse(request.form, app.settings.render_factor)
    with app.store.path(record, record.original).open("rb") as file:
        return process_upload(
            file,
            record.name,
            owner(),
            options,
            settings=app.settings,
            store=app.store,
            runtime=app.runtime,
        )


def send_original(record: Record) -> Response:
    """Send the file as it came."""
    return _send(record, record.original, record.name)


def send_result(record: Record, *, download: bool) -> Response:
    """Send the coloured file; a download is named after the visitor's file."""
    stem, suffix = PurePath(record.name).stem, PurePath(record.result).suffix
    return _send(record, record.result, f"{stem or 'photo'}-colorized{suffix}", download)


def _send(record: Record, file: str, name: str, download: bool = False) -> Response:
    mime_types = {EXTENSIONS[kind]: mime for kind, mime in MIME_TYPES.items()}
    path = services().store.path(record, file)
    response = send_file(
        path,
        mime_types[path.suffix],
        as_attachment=download,
        download_name=name,
        max_age=3600,
    )
    response.cache_control.private = True
    response.cache_control.public = False
    return response
