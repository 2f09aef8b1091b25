"""What goes back: stored files, ZIPs, pictures for pages, and what every answer says."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePath

from flask import Response, make_response, redirect, request, send_file
from zipstream import ZipStream

from colorizer.coloring.options import Options
from colorizer.jobs.results import original_path, result_path, thumbnail_path
from colorizer.library.records import THUMBNAIL, Record
from colorizer.names import distinct_names, fit_name, safe_name
from colorizer.pictures.formats import FORMATS, SUFFIXES
from colorizer.web import services

KEEP_SECONDS = 3600  # that browsers may keep previews; their addresses never give others

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def send_original(record: Record) -> Response:
    """Send the file as it came."""
    name = PurePath(record.name)
    stem, suffix = (name.stem, name.suffix) if name.suffix.lower() in SUFFIXES else (name.name, "")
    return _send(original_path(record, services()), _file_name(stem, suffix))


def send_result(record: Record, wanted: Options, download: bool) -> Response:
    """Send the coloured file at a strength and of a kind, as an attachment for a `download`."""
    path = result_path(record, services(), wanted.strength, wanted.format)
    return _send(path, _result_name(record, path), download)


def send_thumbnail(record: Record) -> Response:
    """Send the smallest picture of the result."""
    return _send(thumbnail_path(record, services()), THUMBNAIL)


def send_preview(data: bytes) -> Response:
    """Send a WebP that was encoded for a page; the browser needn't ask again for a while."""
    response = Response(data, mimetype="image/webp")
    response.add_etag()
    response.make_conditional(request)
    response.cache_control.private = True
    response.cache_control.max_age = KEEP_SECONDS
    return response


def send_zip(records: list[Record], name: str) -> Response:
    """Send the results of photos in one file, which is made while it is sent."""
    archive = ZipStream(sized=True)
    paths = [result_path(record, services(), record.strength) for record in records]
    names = [[_result_name(*pair)] for pair in zip(records, paths, strict=True)]
    for path, file in zip(paths, distinct_names(names), strict=True):
        archive.add_path(path, file)
    response = Response(archive, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.content_length = len(archive)
    return response


def see(address: str) -> Response:
    """Answer a POST: go there (303), so that reloading posts nothing twice."""
    return make_response(redirect(address, 303))


def add_security_headers(response: Response) -> Response:
    """Add to any answer what browsers may do with it; `web.sessions` says what caches may."""
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # addresses of photos are secrets
    return response


def _send(path: Path, name: str, download: bool = False) -> Response:
    """Send a picture file, or the part of it that is asked for.

    A browser that has it asks by its ETag whether it has changed; a download that broke off goes
    on where it was.
    """
    mime_type = FORMATS[SUFFIXES[path.suffix]].mime_type
    try:
        response = send_file(
            path, mime_type, as_attachment=download, download_name=name, conditional=True
        )
    except FileNotFoundError:
        services().store.get(path.parent.name)  # It says so if the photo was deleted just now.
        raise
    response.cache_control.private = True
    return response


def _result_name(record: Record, result: Path) -> str:
    """Name a downloaded result after the visitor's file."""
    return _file_name(PurePath(record.name).stem, f"-colorized{result.suffix}")


def _file_name(stem: str, ending: str) -> str:
    """Name a file after the visitor's, as every disk takes it."""
    # Accents and Korean become whole letters; half a letter, which no name has room for, goes.
    stem = unicodedata.normalize("NFC", stem).encode("utf-8", "replace").decode()
    return safe_name(fit_name(stem or "photo", ending))
