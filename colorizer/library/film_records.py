"""What is known of a stored film, and what its files are called."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from colorizer.library.records import (
    MODEL,
    RecordError,
    check_fields,
    parse_object,
    parse_time,
)

VERSION = 1  # of the JSON. One more whenever another release could not read it any more.
MEDIA = "film"  # what tells a film's ``meta.json`` from a photo's

_FILE = re.compile(r"(original|result)\.[a-z0-9]{1,5}")


@dataclass(frozen=True)
class FilmRecord:
    """What is known of a stored film: its ``meta.json``. What becomes of it is a file of its own.

    Attributes
    ----------
    id, owner, created, name
        As of `records.Record`. Once a film is finished, `created` is when it was.
    original, result
        The files' names in the folder; `result` is there once the film is finished.
    model, requested_model
        The generator that colours it; the one asked for, None if none was named.
    render_factor, strength, codec, keep_gps
        As of `coloring.options.Options`.
    """

    id: str
    owner: str
    created: str
    name: str
    original: str
    result: str
    model: str
    requested_model: str | None
    render_factor: int
    strength: int
    codec: str
    keep_gps: bool = False

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.created)

    def to_json(self) -> str:
        """Write the record as JSON that `from_json` reads."""
        data = {"media": MEDIA, "version": VERSION} | asdict(self)
        return json.dumps(data, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> FilmRecord:
        """Read what `to_json` wrote.

        Raises
        ------
        RecordError
            If it is no JSON, of something else or of another version, or a field is missing,
            unknown or not as it should be.
        """
        return cls.from_object(parse_object(text))

    @classmethod
    def from_object(cls, data: dict[str, Any]) -> FilmRecord:
        """Read the object that the JSON holds, and use it up; for errors see `from_json`."""
        if (data.pop("media", None), data.pop("version", None)) != (MEDIA, VERSION):
            raise RecordError("it is no film's of this release")
        check_fields(data, cls)
        record = cls(**data)
        parse_time(record.created)
        if not (_FILE.fullmatch(record.original) and _FILE.fullmatch(record.result)):
            raise RecordError("its files have names that lead elsewhere")
        if not (MODEL.fullmatch(record.model) and 0 <= record.strength <= 100):
            raise RecordError("a value is out of its range")
        return record
