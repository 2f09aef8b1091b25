"""Errors on their way between processes: as JSON, of which nothing is believed."""

from __future__ import annotations

import re
from typing import Any

from colorizer.errors import (
    BrokenPictureError,
    ColorizerError,
    MemoryShortError,
    NotAPictureError,
    NotReadyError,
    OptionError,
    TooLargeError,
)

# The errors that plain functions raise of a picture or film; no other class comes from elsewhere.
_ERRORS: dict[str, type[ColorizerError]] = {
    error.__name__: error
    for error in (
        BrokenPictureError,
        MemoryShortError,
        NotAPictureError,
        NotReadyError,
        OptionError,
        TooLargeError,
    )
}
# A sentence with places for words and whole numbers, and no width in them that could take memory.
_TEMPLATE = re.compile(r"(?:[^%]|%%|%\(\w+\)[ds])*")


def pack_error(error: ColorizerError | OSError) -> dict[str, Any]:
    """Give an error as what JSON can hold."""
    if isinstance(error, OSError):
        message, file = error.strerror or str(error), error.filename
        return {"error": "OSError", "number": error.errno, "message": message[:1000], "file": file}
    params = {name: _simple(value) for name, value in error.params.items()}
    return {"error": type(error).__name__, "message": error.message, "params": params}


def unpack_error(header: dict[str, Any]) -> ColorizerError | OSError:
    """Make an error of what `pack_error` gave.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If it is none of those that plain functions raise.
    """
    message = header["message"]
    if not isinstance(message, str):
        raise ValueError("no message")
    if header["error"] == "OSError":
        number, file = header["number"], header["file"]
        if not isinstance(number, int | None) or not isinstance(file, str | None):
            raise ValueError("no error of the system")
        return OSError(number, message, file) if number else OSError(message)
    params = {name: _simple(value) for name, value in header["params"].items()}
    error = _ERRORS[header["error"]](message, **params)
    if not _TEMPLATE.fullmatch(message):
        raise ValueError("no sentence")
    str(error)  # fails where a place has no word, or no number
    return error


def _simple(value: object) -> str | int | float:
    return value if isinstance(value, int | float) else str(value)
