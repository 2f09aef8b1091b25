"""Colours said by a person: what a hint is, and lists of hints out of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from colorizer.errors import N_, OptionError

MOST_HINTS = 64  # for one photo


@dataclass(frozen=True)
class Hint:
    """A colour that a person says a place in a photo has.

    Attributes
    ----------
    x, y
        The place: 0 to 1, fractions of the upright photo's width and height.
    color
        The colour in sRGB, as ``#7a1f1f``. Its hue and saturation count, its luma is the photo's.
        One without any, as ``#808080``, says that the thing is grey. None leaves the place as the
        generator guessed it, whatever other hints do around it.
    radius
        How far the hint reaches, above 0 and at most 1: the distance, as a fraction of the photo's
        longer side, where half of it is gone. None lets the thing at the place bound it.
    """

    x: float
    y: float
    color: str | None
    radius: float | None = None


def read_hints(text: str | bytes) -> list[Hint]:
    """Read hints from JSON text; see `parse_hints`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(N_("The hints are not JSON, as they must be.")) from error
    return parse_hints(data)


def parse_hints(data: object) -> list[Hint]:
    """Take hints out of decoded JSON: ``{"hints": [{"x": 0.3, "y": 0.4, "color": "#7a1f1f"}]}``.

    Raises
    ------
    OptionError
        If it is of another form, or as `check_hints` says.
    """
    rows = data.get("hints") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise OptionError(N_("Hints are sent as an object with a list named “hints”."))
    _check_count(rows)
    hints = []
    for number, row in enumerate(rows, 1):
        known = isinstance(row, dict) and row.keys() <= {"x", "y", "color", "radius"}
        if not known or not row.keys() >= {"x", "y", "color"}:
            message = N_("Hint %(number)d has x, y, color and perhaps radius, and nothing else.")
            raise OptionError(message, number=number)
        hints.append(Hint(row["x"], row["y"], row["color"], row.get("radius")))
    check_hints(hints)
    return hints


def check_hints(hints: Sequence[Hint]) -> None:
    """Check the hints of one photo.

    Raises
    ------
    OptionError
        If they are too many, or a value is out of range or of another type; it names the hint by
        its number, from 1 on, and what the value can be.
    """
    _check_count(hints)
    for number, hint in enumerate(hints, 1):
        if not (_is_fraction(hint.x) and _is_fraction(hint.y)):
            message = N_(
                "Hint %(number)d: x and y are numbers from 0 to 1, fractions of the picture’s "
                "width and height."
            )
            raise OptionError(message, number=number)
        color: Any = hint.color
        if color is not None and not (
            isinstance(color, str) and re.fullmatch("#[0-9a-fA-F]{6}", color)
        ):
            message = N_(
                "Hint %(number)d: color is a colour like #7a1f1f, or null for the guessed one."
            )
            raise OptionError(message, number=number)
        if hint.radius is not None and not (_is_fraction(hint.radius) and hint.radius > 0):
            message = N_(
                "Hint %(number)d: radius is a number above 0 and at most 1, a fraction of the "
                "picture’s longer side."
            )
            raise OptionError(message, number=number)


def _check_count(hints: Sequence[object]) -> None:
    if len(hints) > MOST_HINTS:
        raise OptionError(N_("A photo takes at most %(most)d hints."), most=MOST_HINTS)


def _is_fraction(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
