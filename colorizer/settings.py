"""The settings: one frozen, validated table, read from the environment once at start."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from colorizer.coloring.options import RENDER_FACTORS
from colorizer.errors import SettingsError
from colorizer.generators.table import WEIGHTS
from colorizer.places import root

PREFIX = "COLORIZER_"

MODELS = tuple(WEIGHTS)
MOST_HOURS = 1_000_000  # a century; Python's dates end in the year 9999
LONGEST_RATE = 366 * 86400  # seconds
PRECISIONS = ("auto", "float32", "bfloat16", "float16")

T = TypeVar("T")


def _setting(default: str, parse: Callable[[str], T], takes: str, help: str) -> Any:
    metadata = {"default": default, "parse": parse, "takes": takes, "help": help}
    return dataclasses.field(default_factory=lambda: parse(default), metadata=metadata)


def _text(pattern: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return parse


def _one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    return _text("|".join(values))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return parse


def _hours(value: str) -> float:
    number = float(value)
    if not 0 <= number <= MOST_HOURS:  # nor is “nan” in any range
        raise ValueError(value)
    return number


def _folder(value: str) -> Path:
    if not value:
        raise ValueError(value)
    try:
        return root() / Path(value).expanduser()
    except RuntimeError as error:  # nobody here has that name
        raise ValueError(value) from error


def _rate(value: str) -> str:
    if value:
        from limits import parse_many  # here, since it takes a quarter of a second

        (limit,) = parse_many(value)
        if limit.amount < 1 or limit.get_expiry() > LONGEST_RATE:
            raise ValueError(value)
    return value


def _switch(value: str) -> bool:
    return {"0": False, "1": True}[value]


def _sums(value: str) -> frozenset[str]:
    sums = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    if not all(re.fullmatch("[0-9a-f]{64}", part) for part in sums):
        raise ValueError(value)
    return sums


@dataclass(frozen=True)
class Settings:
    """Every setting, with its default; each field's metadata holds its ``help`` and ``takes``."""

    host: str = _setting("127.0.0.1", _text(r"\S+"), "a host name or address", "where it listens")
    port: int = _setting("5000", _whole(1, 65535), "a number from 1 to 65535", "where it listens")
    uploads: Path = _setting(
        "uploads", _folder, "a folder", "folder for photos, relative to the project root"
    )
    models: Path = _setting(
        "models", _folder, "a folder", "folder for weight files, relative to the project root"
    )
    model: str = _setting(
        "artistic",
        _one_of(MODELS),
        ", ".join(MODELS),
        "generator for an upload that names none",
    )
    device: str = _setting(
        "auto",
        _text(r"auto|cpu|cuda|cuda:\d+|mps"),
        "auto, cpu, cuda, cuda:N or mps",
        "a device that is named and missing is an error at start",
    )
    precision: str = _setting(
        "auto", _one_of(PRECISIONS), ", ".join(PRECISIONS), "arithmetic of the generator"
    )
    threads: int = _setting(
        "0",
        _whole(0, 1024),
        "a number from 0 to 1024",
        "CPU threads for inference; 0 lets the app choose",
    )
    render_factor: int = _setting(
        "35",
        _whole(RENDER_FACTORS[0], RENDER_FACTORS[-1]),
        f"a number from {RENDER_FACTORS[0]} to {RENDER_FACTORS[-1]}",
        "the generator sees a square of 16 × this many pixels",
    )
    download: bool = _setting("1", _switch, "0 or 1", "0: never download weights")
    weights_url: str = _setting(
        "",
        _text(r"(https?://\S+)?"),
        "an http or https address",
        "base address of a mirror: <base>/<file name> is tried first",
    )
    trust_sha256: frozenset[str] = _setting(
        "",
        _sums,
        "SHA-256 sums in hexadecimal, separated by commas",
        "SHA-256 sums of further weight files to accept",
    )
    max_upload_mb: int = _setting(
        "64", _whole(1, 4096), "a number from 1 to 4096", "largest photo file, in MB"
    )
    max_megapixels: int = _setting(
        "150", _whole(1, 1000), "a number from 1 to 1000", "largest photo, in megapixels"
    )
    max_video_mb: int = _setting(
        "2048", _whole(1, 1_000_000), "a number from 1 to 1000000", "largest film file, in MB"
    )
    max_video_minutes: float = _setting(
        "0", _hours, "a number of minutes", "longest film; 0: no limit"
    )
    max_waiting: int = _setting(
        "8",
        _whole(0, 1000),
        "a number from 0 to 1000",
        "photos, or batches of them, that may wait for the generator; one more gets 503",
    )
    rate_limit: str = _setting(
        "",
        _rate,
        "a number of photos and a time of at most a year, as 60/hour or 500/7 days",
        "uploads that one visitor may send; above it 429",
    )
    keep_hours: float = _setting(
        "24",
        _hours,
        f"a number of hours, at most {MOST_HOURS}",
        "photos older than this are deleted; 0 keeps them",
    )
    token: str = _setting(
        "",
        _text(r"(\S{16,})?"),
        "16 characters or more, without spaces",
        "where set, every page and call needs it",
    )
    secret_key: str = _setting(
        "",
        _text(r"(.{16,})?"),
        "16 characters or more",
        "signs the session cookie; made once and kept in a private file",
    )

    trusted_proxy: str = _setting(
        "127.0.0.1",
        _text(r"[0-9a-fA-F.:]+|\*"),
        "an address, or * for any",
        "whose word on visitors' address, scheme and host is taken: the reverse proxy",
    )

    @property
    def max_request_mb(self) -> int:
        """How much one upload may bring: many photos, some of the largest, or a film."""
        return max(16 * self.max_upload_mb, self.max_video_mb + 1)

    @property
    def room(self) -> int:
        """Bytes that should be free where photos are stored: for one, its result and another."""
        return 3 * self.max_upload_mb * 1_000_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the ``COLORIZER_`` variables.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is bad: one line that names it and what it takes.
        """
        fields = {PREFIX + field.name.upper(): field for field in dataclasses.fields(cls)}
        values = {}
        for name, value in environment.items():
            if not name.startswith(PREFIX):
                continue
            if name not in fields:
                known = ", ".join(fields)
                raise SettingsError(f"{name} is not a setting; the settings are {known}.")
            field = fields[name]
            try:
                values[field.name] = field.metadata["parse"](value.strip())
            except (ValueError, LookupError):
                takes = field.metadata["takes"]
                raise SettingsError(f"{name} has a bad value: it takes {takes}.") from None
        return cls(**values)
