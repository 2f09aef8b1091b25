"""What is known of a film once it has been looked through: its shots, its keys, its segments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from colorizer.files import read_plain, written_whole
from colorizer.video.carry import MARGIN
from colorizer.video.frame import Format
from colorizer.video.shots import Shot, key_numbers

# Of what is done by a plan. One more whenever another release would make other frames of it.
VERSION = 1
# Of a segment: whichever is shorter. The small pictures of so many frames are in memory at a time.
SECONDS, FRAMES = 10.0, 300
# A segment ends with a shot whose end is at most this part of its length away.
NEAR = 1 / 4
LONGEST = 16 << 20  # bytes of a plan's file, far beyond any


@dataclass(frozen=True)
class Segment:
    """A run of frames that becomes one part of the result: numbers of its first and last frame."""

    first: int
    last: int


@dataclass(frozen=True)
class Stretch:
    """What a segment has of one shot.

    Attributes
    ----------
    first, last
        Numbers of its first and last frame.
    keys
        The keys that its colours come from, in order: those in it, and those around it, as far as
        they can be told in its colours. Empty: the shot is in colour, and left as it is.
    """

    first: int
    last: int
    keys: list[int]


@dataclass(frozen=True)
class Plan:
    """What is known of a film.

    Attributes
    ----------
    frames
        How many it has.
    seconds
        How long it is.
    form
        How its frames are stored.
    shots
        Its shots, in order; together they are all frames.
    in_color
        Of each shot, whether it is in colour already and therefore left as it is.
    every
        The generator sees every so manieth frame of the other shots.
    segments
        Its parts, in order; together they are all frames.
    notes
        What there is to say of the film, as that it is cut off: sentences, untranslated.
    """

    frames: int
    seconds: float
    form: Format
    shots: list[Shot]
    in_color: list[bool]
    every: int
    segments: list[Segment]
    notes: list[str]

    def stretches(self, segment: Segment) -> list[Stretch]:
        """Return what a segment has of each shot."""
        return [
            Stretch(
                max(shot.first, segment.first),
                min(shot.last, segment.last),
                [] if colored else _keys_around(shot, segment, self.every),
            )
            for shot, colored in zip(self.shots, self.in_color, strict=True)
            if shot.first <= segment.last and segment.first <= shot.last
        ]

    def keys(self, segments: Sequence[Segment]) -> set[int]:
        """Return the frames that the generator sees for some segments."""
        return {
            key
            for segment in segments
            for stretch in self.stretches(segment)
            for key in stretch.keys
        }


def make_plan(
    frames: int,
    seconds: float,
    form: Format,
    shots: list[Shot],
    in_color: list[bool],
    every: int,
    notes: list[str],
) -> Plan:
    """Divide a film into segments; for the parameters see `Plan`."""
    length = FRAMES
    if seconds > 0:
        length = min(max(1, round(frames * SECONDS / seconds)), FRAMES)
    segments = list[Segment]()
    first = 0
    while first < frames:
        last = first + length - 1
        ends = [shot.last for shot in shots if abs(shot.last - last) <= length * NEAR]
        last = min(ends, key=lambda end: abs(end - last)) if ends else last
        if last >= frames - 1 - length * NEAR:
            last = frames - 1
        segments.append(Segment(first, last))
        first = last + 1
    return Plan(frames, seconds, form, shots, in_color, every, segments, notes)


def write_plan(plan: Plan, method: dict[str, Any], path: Path) -> None:
    """Keep a plan, with what else its parts depend on: film, generator and options."""
    data = {"version": VERSION, "method": method, **asdict(plan)}
    with written_whole(path) as part:
        part.write_text(json.dumps(data, default=str), encoding="utf-8")


def read_plan(method: dict[str, Any], path: Path) -> Plan | None:
    """Read what `write_plan` wrote; None if there is none, or it was made in another way."""
    try:
        data = json.loads(read_plain(path, LONGEST))
        if data.pop("version") != VERSION or data.pop("method") != method:
            return None
        return Plan(
            **data
            | {
                "form": form_of(data["form"]),
                "shots": [Shot(**shot) for shot in data["shots"]],
                "segments": [Segment(**segment) for segment in data["segments"]],
            }
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def form_of(data: dict[str, Any]) -> Format:
    """Read a `Format` that JSON has held."""
    return Format(**data | {"sample_aspect": Fraction(data["sample_aspect"])})


def _keys_around(shot: Shot, segment: Segment, every: int) -> list[int]:
    """Return the keys of a shot between which a segment's frames and their margins lie."""
    keys = key_numbers(shot, every)
    first = max(shot.first, segment.first - MARGIN)
    last = min(shot.last, segment.last + MARGIN)
    before = max(key for key in keys if key <= first)
    after = min(key for key in keys if key >= last)
    return [key for key in keys if before <= key <= after]
