"""What a request brings: photos and options."""

from __future__ import annotations

from pathlib import PurePath
from typing import IO

from flask import request

from colorizer.coloring.options import RESULT_OPTIONS, Options
from colorizer.errors import N_, OptionError
from colorizer.library.records import Record
from colorizer.web import services


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
