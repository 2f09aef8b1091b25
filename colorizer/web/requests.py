"""What a request brings: photos and options."""

from __future__ import annotations

from pathlib import PurePath
from typing import IO, cast

import flask
from flask import request
from werkzeug.formparser import FormDataParser

from colorizer.coloring.hints import Hint, read_hints
from colorizer.coloring.options import RESULT_OPTIONS, Options
from colorizer.errors import N_, OptionError, TooLargeError
from colorizer.library.records import CONTROLS, Record
from colorizer.video.containers import HEAD, film_kind
from colorizer.web import services
from colorizer.web.multipart import FormParser

MAX_FILES = 1000  # in one upload
HINTS_BYTES = 64_000  # of a list of hints: ten times what 64 take
HINTS_TOO_LONG = TooLargeError(N_("This is more text than hints can take: there can be 64."))


class Request(flask.Request):
    """A request whose files stay where they lie in its body."""

    form_data_parser_class = FormParser
    # Far above `MAX_FILES`, so that a few too many are counted.
    max_form_parts = 10 * MAX_FILES

    def make_form_data_parser(self) -> FormDataParser:
        """Make the parser of the form, and lend it the body where that is a file of its own."""
        parser = cast(FormParser, super().make_form_data_parser())
        body = self.environ["wsgi.input"]
        if "wsgi.input_terminated" in self.environ and body.seekable():
            parser.body = body
        return parser


def sent_files() -> list[tuple[IO[bytes], str]]:
    """Return the files that the request brings in its field ``file``, each with its name.

    Raises
    ------
    OptionError
        If there is none.
    TooLargeError
        If there are more than `MAX_FILES`.
    """
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise OptionError(N_("No photo was sent: choose one first (form field “file”)."))
    if len(files) > MAX_FILES:
        raise TooLargeError(
            N_(
                "These are %(count)d photos; at most %(limit)d can be sent at once. "
                "Send some first."
            ),
            count=len(files),
            limit=MAX_FILES,
        )
    return [(file.stream, _clean_name(str(file.filename))) for file in files]


def is_film(file: IO[bytes]) -> bool:
    """Tell by its first bytes whether a file is a film."""
    head = file.read(HEAD)
    file.seek(0)
    return film_kind(head) is not None


def _clean_name(name: str) -> str:
    """Name a file as its sender does, without its path, or what would end a header's line."""
    name = CONTROLS.sub("", name)
    return PurePath(name.replace("\\", "/")).name[:200] or "photo"


def sent_file() -> tuple[IO[bytes], str]:
    """Return the one file that the request brings, and its name.

    Raises
    ------
    OptionError
        If there is none, or more than one.
    """
    files = sent_files()
    if len(files) > 1:
        raise OptionError(N_("One photo at a time, please."))
    return files[0]


def sent_options() -> Options:
    """Return the options that a form brings with photos.

    Raises
    ------
    OptionError
        If one can't have its value.
    """
    return Options.parse(request.form, render_factor=services().settings.render_factor)


def sent_hints() -> list[Hint]:
    """Return the hints that a form brings with a photo in its field ``hints``, as JSON.

    Raises
    ------
    OptionError, TooLargeError
        As `parsed_hints`.
    """
    text = request.form.get("hints", "")
    return parsed_hints(text) if text else []


def parsed_hints(text: str | bytes) -> list[Hint]:
    """Read hints out of a request; see `hints.read_hints`.

    Raises
    ------
    OptionError
        If they are not as they must be.
    TooLargeError
        If the text is longer than any list can be.
    """
    if len(text) > HINTS_BYTES:
        raise HINTS_TOO_LONG
    return read_hints(text)


def wanted_result(record: Record) -> Options:
    """Return what the query asks of a stored photo; by default its strength is the stored one.

    Raises
    ------
    OptionError
        If one of `RESULT_OPTIONS` can't have its value; further options are left alone.
    """
    texts = {name: request.args.get(name, "") for name in RESULT_OPTIONS}
    return Options.parse(texts, strength=record.strength)


def wants_download() -> bool:
    """Tell whether the query asks for a file to be kept rather than to be shown."""
    return request.args.get("download") == "1"
