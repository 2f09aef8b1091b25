"""What is known of a stored photo, and what its files are called."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, get_type_hints

from colorizer.pictures.formats import FORMATS, SUFFIXES, WRITABLE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION = 1  # of the JSON. One more whenever another release could not read it any more.
LONGEST = 1 << 20  # bytes of a record's file, far beyond any
# What a file's name can't have in the line of a header.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Between them, and not near the ends of Python's dates, lies when anything can have been made.
YEARS = range(1970, 9000)
# What pages show in place of a photo's files: small, and of a kind that every browser knows.
BEFORE, AFTER, THUMBNAIL = "before.webp", "after.webp", "thumbnail.webp"
# The colours that a person has said. Their file is no part of the record: the record never changes.
HINTS = "hints.json"


class RecordError(Exception):
    """A record can't be read: it is damaged, or another release wrote it."""


@dataclass(frozen=True)
class Record:
    """What is known of a stored photo: its ``meta.json``.

    Attributes
    ----------
    id, owner, created
        Its unguessable name; whose it is; when it was made (ISO 8601, UTC).
    name
        What the visitor's file was called.
    original, result, kind
        The files' names in the folder; the kind of the input's bytes.
    model, requested_model
        The generator that coloured it; the one asked for, None if none was named.
    render_factor, requested_render_factor
        The render factor used; the one asked for. Less was used if memory was short.
    strength
        0 to 100.
    width, height, seconds
        Size in pixels; how long the colouring took.
    pages
        How many pictures the input has; the first was coloured.
    keep_gps
        Whether a result may say where the photo was taken.
    """

    id: str
    owner: str
    created: str
    name: str
    original: str
    result: str
    kind: str
    model: str
    requested_model: str | None
    render_factor: int
    requested_render_factor: int
    strength: int
    width: int
    height: int
    seconds: float
    pages: int = 1
    keep_gps: bool = False

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.created)

    @property
    def result_kind(self) -> str:
        """The kind of the result's file: a key of `formats.FORMATS`."""
        return SUFFIXES[PurePath(self.result).suffix]

    @property
    def prediction(self) -> str:
        """The name of the file with the prediction that the result was made of."""
        return prediction_name(self.model, self.requested_render_factor)

    def to_json(self) -> str:
        """Write the record as JSON that `from_json` reads."""
        return json.dumps({"version": VERSION} | asdict(self), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Read what `to_json` wrote, or release 0.1.0, which wrote no version.

        Raises
        ------
        RecordError
            If it is no JSON, of another version, or a field is missing, unknown or not as it
            should be.
        """
        return cls.from_object(parse_object(text))

    @classmethod
    def from_object(cls, data: dict[str, Any]) -> Record:
        """Read the object that the JSON holds, and use it up; for errors see `from_json`."""
        version = data.pop("version", 1)
        if version != VERSION:
            raise RecordError(f"it is of version {version!r}, and this release reads {VERSION}")
        check_fields(data, cls)
        # The first releases let such letters into names.
        data["name"] = CONTROLS.sub("", data["name"])
        record = cls(**data)
        parse_time(record.created)
        record._check_values()
        return record

    def _check_values(self) -> None:
        """Refuse what no release writes: numbers out of their range, names that lead elsewhere."""
        sizes = (self.width, self.height, self.pages)
        factors = (self.render_factor, self.requested_render_factor)
        if not (
            all(1 <= number <= _MOST for number in (*sizes, *factors))
            and 0 <= self.strength <= 100
            and 0 <= self.seconds <= _MOST
        ):
            raise RecordError("a number is out of its range")
        # It is a part of files' names.
        if not MODEL.fullmatch(self.model):
            raise RecordError(f"{self.model!r} is no generator's name")
        for file, stem, kinds in (
            (self.original, "original", FORMATS),
            (self.result, "result", WRITABLE),
        ):
            path = PurePath(file)
            if file != stem + path.suffix or SUFFIXES.get(path.suffix) not in kinds:
                raise RecordError(f"{file!r} is no name of its {stem}")


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    RecordError
        If it is none.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"it is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise RecordError("it is no JSON object")
    return data


def parse_time(text: str) -> datetime:
    """Read a time that was kept.

    Raises
    ------
    RecordError
        If it is no time (ISO 8601) with a time zone, or not in `YEARS`.
    """
    try:
        time = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise RecordError(f"{text!r} is no time") from error
    if time.tzinfo is None:
        raise RecordError(f"{text!r} has no time zone")
    if time.year not in YEARS:
        raise RecordError(f"{text!r} is no time of a photo")
    return time


def prediction_name(model: str, render_factor: int) -> str:
    """Name the file of a prediction by a generator at the render factor asked for."""
    return f"{model}-{render_factor}.npz"


def preview_name(model: str, render_factor: int) -> str:
    """Name the file of the small picture in full colour that goes with a prediction."""
    return f"{prediction_name(model, render_factor)}.webp"


_MOST = 1 << 32  # pixels, seconds
MODEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # a generator's name: a part of files' names


def check_fields(data: dict[str, Any], kind: type[DataclassInstance]) -> None:
    """Check that values read from JSON are those of a data class: none too many, none missing.

    Raises
    ------
    RecordError
        If they aren't, or one is of another type.
    """
    types = _types(kind)
    if unknown := data.keys() - types.keys():
        raise RecordError(f"unknown: {sorted(unknown)!r:.200}")
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if missing := needed - data.keys():
        raise RecordError(f"missing: {', '.join(sorted(missing))}")
    for name, value in data.items():
        if not _is_of(value, types[name]):
            raise RecordError(f"“{name}” is {value!r:.200}")


@cache
def _types(kind: type[DataclassInstance]) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_of(value: object, type_: Any) -> bool:
    """Tell whether a value read from JSON is of a field's type."""
    if type_ is float:
        type_ = int | float
    if isinstance(value, str) and not is_text(value):
        return False
    # To Python, True is an integer.
    return isinstance(value, type_) and isinstance(value, bool) == (type_ is bool)


def is_text(value: object) -> bool:
    """Tell whether a value read from JSON is a text that can be written as UTF-8."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:  # JSON may have halves of letters.
        return False
