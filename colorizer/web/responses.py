"""What goes back: stored files, ZIPs, pictures for pages, and what every answer says."""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, cast

from flask import Response, make_response, redirect, request, send_file
from werkzeug.wsgi import wrap_file
from zipstream import ZipStream

from colorizer.coloring.options import Options
from colorizer.errors import N_, LostError, NotFoundError
from colorizer.jobs.results import original_path, result_path, thumbnail_path
from colorizer.library.film_records import FilmRecord
from colorizer.library.records import THUMBNAIL, Record
from colorizer.names import distinct_names, fit_name, safe_name
from colorizer.pictures.formats import FORMATS, SUFFIXES
from colorizer.web import services
from colorizer.web.access import visitor

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What browsers play; any other film is downloaded.
FILM_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}

KEEP_SECONDS = 3600  # that browsers may keep previews whose addresses never give others

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # addresses of photos are secrets
}


def send_original(record: Record) -> Response:
    """Send the file as it came."""
    name = PurePath(record.name)
    stem, suffix = (name.stem, name.suffix) if name.suffix.lower() in SUFFIXES else (name.name, "")
    return _send(original_path(record, services()), _file_name(stem, suffix))


def send_result(record: Record, wanted: Options, download: bool) -> Response:
    """Send the coloured file at a strength and of a kind, as an attachment for a `download`."""
    path = result_path(record, services(), wanted.strength, wanted.format, visitor())
    return _send(path, _result_name(record, path), download)


def send_thumbnail(record: Record) -> Response:
    """Send the smallest picture of the result."""
    return _send(thumbnail_path(record, services(), visitor()), THUMBNAIL)


def send_film(record: FilmRecord, download: bool) -> Response:
    """Send a coloured film, as an attachment for a `download`.

    Raises
    ------
    NotFoundError
        If it isn't finished.
    """
    path = services().films.result(record)
    name = _file_name(PurePath(record.name).stem, f"-colorized{path.suffix}")
    try:
        return _send_file(path, FILM_TYPES[path.suffix], name, download)
    except FileNotFoundError as error:
        raise NotFoundError(N_("This film isn’t finished yet.")) from error


def send_film_original(record: FilmRecord) -> Response:
    """Send a film as it came, as an attachment: browsers play few of the kinds there are."""
    path = services().films.original(record)
    mime_type = FILM_TYPES.get(path.suffix, "application/octet-stream")
    name = _file_name(PurePath(record.name).stem, path.suffix)
    try:
        return _send_file(path, mime_type, name, download=True)
    except FileNotFoundError as error:
        services().films.get(record.id)  # It says so if the film was deleted just now.
        raise LostError(
            N_("The file of “%(name)s” is gone from this server. Send the film again."),
            name=record.name,
        ) from error


def send_latest(record: FilmRecord) -> Response:
    """Send the picture of the last frame that has been coloured.

    Raises
    ------
    NotFoundError
        If there is none yet.
    """
    return _send_made(services().films.latest(record), "image/jpeg")


def send_part(record: FilmRecord) -> Response:
    """Send the part of a film that was finished last; for errors see `send_latest`."""
    return _send_made(services().films.part(record), FILM_TYPES[".mp4"])


def _send_made(path: Path | None, mime_type: str) -> Response:
    try:
        if path:
            return _send_file(path, mime_type, path.name)
    except FileNotFoundError:
        pass
    raise NotFoundError(N_("There is nothing to be seen of this film just now."))


def send_preview(data: bytes, lasting: bool = True, mime_type: str = "image/webp") -> Response:
    """Send what was made for a page, as a WebP.

    The browser needn't ask again for a while if what the address gives is `lasting`; else it asks
    each time whether that has changed.
    """
    response = Response(data, mimetype=mime_type)
    response.add_etag()
    response.make_conditional(request)
    response.cache_control.private = True
    if lasting:
        response.cache_control.max_age = KEEP_SECONDS
    else:
        response.cache_control.no_cache = True
    return response


def send_zip(records: list[Record], name: str) -> Response:
    """Send the results of photos in one file, which is made while it is sent.

    A photo that is deleted meanwhile is in it all the same.

    Raises
    ------
    NotFoundError
        If none of the photos is there any more.
    """
    archive, store = ZipStream(sized=True), services().store
    with ExitStack() as held:
        folder = held.enter_context(store.incoming())
        kept = {}  # Each is held as soon as it is made: it may be deleted while others are made.
        for record in records:
            with suppress(NotFoundError):  # It has been deleted just now.
                path = result_path(record, services(), record.strength, visitor=visitor())
                if file := _held(path, folder / record.id):
                    kept[file] = _result_name(record, path)
        names = distinct_names([[name] for name in kept.values()])
        for file, inside in zip(kept, names, strict=True):
            archive.add_path(file, inside)
        if not kept:
            raise NotFoundError(N_("None of these photos is here any more."))
        made = cast(IO[bytes], _Made(archive, held.pop_all()))
    response = Response(
        wrap_file(request.environ, made), mimetype="application/zip", direct_passthrough=True
    )
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.content_length = len(archive)
    return response


class _Made(io.RawIOBase):
    """Pieces that are made while they are read, as a file; what they need is held until then."""

    def __init__(self, pieces: Iterable[bytes], held: ExitStack) -> None:
        self._pieces, self._held, self._rest = iter(pieces), held, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                self._held.close()
                return 0
            self._rest = piece
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._rest))
        view[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def close(self) -> None:
        self._held.close()
        super().close()


def _held(path: Path, link: Path) -> Path | None:
    """Give a file a second name, so that it can be read to its end though it is deleted.

    It returns the file itself where there are no hard links, and None if it is gone already.
    """
    try:
        os.link(path, link)
        return link
    except FileNotFoundError:
        return None
    except OSError:
        return path if path.exists() else None


def see(address: str) -> Response:
    """Answer a POST: go there (303), so that reloading posts nothing twice."""
    return make_response(redirect(address, 303))


def add_security_headers(response: Response) -> Response:
    """Add to any answer what browsers may do with it; `web.sessions` says what caches may."""
    response.headers.update(SECURITY_HEADERS)
    return response


def _send(path: Path, name: str, download: bool = False) -> Response:
    """Send a picture file, or the part of it that is asked for.

    A browser that has it asks by its ETag whether it has changed; a download that broke off goes
    on where it was.
    """
    try:
        return _send_file(path, FORMATS[SUFFIXES[path.suffix]].mime_type, name, download)
    except FileNotFoundError:
        services().store.get(path.parent.name)  # It says so if the photo was deleted just now.
        raise


def _send_file(path: Path, mime_type: str, name: str, download: bool = False) -> Response:
    """Send a file, or the part of it that is asked for; FileNotFoundError if there is none."""
    response = send_file(
        path, mime_type, as_attachment=download, download_name=name, conditional=True
    )
    if response.status_code == 206 and "wsgi.file_wrapper" in request.environ:
        _send_from_file(response, path)
    response.cache_control.private = True
    return response


def _send_from_file(response: Response, path: Path) -> None:
    """Let the server send a part out of its file, as it sends a whole one.

    It goes by the length in the header, and ends where the part ends.
    """
    part = response.content_range
    file = path.open("rb")
    file.seek(part.start or 0)
    response.response.close()  # type: ignore[union-attr]
    response.response = wrap_file(request.environ, file)


def _result_name(record: Record, result: Path) -> str:
    """Name a downloaded result after the visitor's file."""
    return _file_name(PurePath(record.name).stem, f"-colorized{result.suffix}")


def _file_name(stem: str, ending: str) -> str:
    """Name a file after the visitor's, as every disk takes it."""
    # Accents and Korean become whole letters; half a letter, which no name has room for, goes.
    stem = unicodedata.normalize("NFC", stem).encode("utf-8", "replace").decode()
    return safe_name(fit_name(stem or "photo", ending))
