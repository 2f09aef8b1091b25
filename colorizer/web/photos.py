"""What pages and API do alike: take photos out of a request, and send their files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import IO

from flask import Response, request, send_file
from zipstream import ZipStream

from colorizer.coloring.options import RESULT_OPTIONS, Options
from colorizer.errors import N_, OptionError
from colorizer.jobs.batch import run_batch
from colorizer.jobs.photo import color_again, color_upload
from colorizer.jobs.results import result_path
from colorizer.library.records import THUMBNAIL, Record
from colorizer.pictures.formats import EXTENSIONS, FORMATS, SUFFIXES
from colorizer.web import services
from colorizer.web.access import owner

KEEP_SECONDS = 3600  # that browsers may keep pictures; their addresses never give others


def sent_files() -> list[tuple[IO[bytes], str]]:
    """Return the files that the request brings in its field ``file``, each with its name.

    Raises
    ------
    OptionError
        If there is none.
    """
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise OptionError(N_("No photo was sent: choose one first (form field “file”)."))
    # Some browsers send a path; only the name is the visitor's business to see again.
    return [
        (file.stream, PurePath(str(file.filename).replace("\\", "/")).name[:200]) for file in files
    ]


def sent_options() -> Options:
    """Return the options of the request."""
    return Options.parse(request.form, render_factor=services().settings.render_factor)


def process_request() -> Record:
    """Colour the one photo that the request brings."""
    files = sent_files()
    if len(files) > 1:
        raise OptionError(N_("One photo at a time, please."))
    return color_upload(*files[0], owner(), sent_options(), services().runtime)


def process_batch(id: str) -> None:
    """Colour the several photos that the request brings, as the batch `id`."""
    runtime, options = services().runtime, sent_options()
    runtime.models.ready(options.model)
    runtime.queue.admit()
    color = partial(color_upload, owner=owner(), options=options, runtime=runtime, admitted=True)
    at_once = runtime.queue.at_once
    run_batch(runtime.batches, id, owner(), sent_files(), color, at_once)


def process_again(record: Record) -> Record:
    """Colour a stored photo once more with the options of the request."""
    return color_again(record, owner(), sent_options(), services().runtime)


def result_name(record: Record, kind: str | None = None) -> str:
    """Name a downloaded result after the visitor's file."""
    suffix = EXTENSIONS[kind] if kind else PurePath(record.result).suffix
    return f"{PurePath(record.name).stem or 'photo'}-colorized{suffix}"


def send_original(record: Record) -> Response:
    """Send the file as it came."""
    path = services().store.path(record, record.original)
    return _send(path, FORMATS[SUFFIXES[path.suffix]].mime_type, record.name)


def send_result(record: Record, query: Mapping[str, str]) -> Response:
    """Send the coloured file, at the strength and in the format that a query may ask for."""
    wanted = wanted_result(record, query)
    path = result_path(record, services().runtime, wanted.strength, wanted.format)
    kind = SUFFIXES[path.suffix]
    download = query.get("download") == "1"
    return _send(path, FORMATS[kind].mime_type, result_name(record, kind), download)


def send_thumbnail(record: Record) -> Response:
    """Send the smallest picture of the result."""
    return _send(services().store.path(record, THUMBNAIL), "image/webp", THUMBNAIL)


def send_picture(data: bytes) -> Response:
    """Send a picture that was encoded for a page."""
    return _cached(Response(data, mimetype="image/webp"))


def wanted_result(record: Record, query: Mapping[str, str]) -> Options:
    """Read the strength and the format of a query; by default the strength is the stored one's."""
    texts = {name: query.get(name, "") for name in RESULT_OPTIONS}
    return Options.parse(texts, strength=record.strength)


def send_zip(records: list[Record], name: str) -> Response:
    """Send the results of photos in one file, which is made while it is sent."""
    archive, store = ZipStream(sized=True), services().store
    names: dict[str, int] = {}
    for record in records:
        file = result_name(record)
        names[file] = count = names.get(file, 0) + 1
        if count > 1:
            file = f"{PurePath(file).stem} ({count}){PurePath(file).suffix}"
        archive.add_path(store.path(record, record.result), file)
    response = Response(archive, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.content_length = len(archive)
    return response


def _send(path: Path, mime_type: str, name: str, download: bool = False) -> Response:
    response = send_file(path, mime_type, as_attachment=download, download_name=name)
    return _cached(response)


def _cached(response: Response) -> Response:
    response.cache_control.private = True
    response.cache_control.max_age = KEEP_SECONDS
    return response
