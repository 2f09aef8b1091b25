"""What can be asked for with a photo: one table, from which every front door is made."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from colorizer.errors import N_, OptionError
from colorizer.pictures.formats import WRITABLE

RENDER_FACTORS = range(7, 46)
CODECS = ("h264", "av1", "ffv1")  # of films; the first one is the default


@dataclass(frozen=True)
class Number:
    """An option that is a whole number.

    Attributes
    ----------
    default
        What it is where nothing is asked for.
    label
        What forms call it: a message to be translated.
    help
        What the command line and the API say of it, in English.
    low, high
        The least and the greatest it can be.
    error
        What is said of any other value: a message with ``%(low)d`` and ``%(high)d`` in it.
    """

    default: int
    label: str
    help: str
    low: int
    high: int
    error: str

    def parse(self, text: str) -> int:
        """Read a text; raise an `OptionError` if it is no whole number."""
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self._error()
        return int(text)

    def check(self, value: int) -> None:
        """Raise an `OptionError` if `value` is out of range."""
        if not self.low <= value <= self.high:
            raise self._error()

    def _error(self) -> OptionError:
        return OptionError(self.error, low=self.low, high=self.high)


@dataclass(frozen=True)
class Choice:
    """An option that is one of several words, or None.

    Attributes
    ----------
    label, help
        As of `Number`.
    none
        What forms call None: a message to be translated.
    choices
        The words, and the value that each stands for. Empty: the names of the generators, which
        who colours knows and checks.
    error
        What is said of any other word: a message with ``%(choices)s`` in it.
    """

    label: str
    help: str
    none: str
    choices: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    default: None = None

    def parse(self, text: str) -> str:
        """Read a text, in any case; raise an `OptionError` if it is none of the words."""
        if not self.choices:
            return text
        if text.lower() not in self.choices:
            raise self._error()
        return self.choices[text.lower()]

    def check(self, value: str | None) -> None:
        """Raise an `OptionError` if no word stands for `value`."""
        if self.choices and value is not None and value not in self.choices.values():
            raise self._error()

    def _error(self) -> OptionError:
        return OptionError(self.error, choices=", ".join(self.choices))


@dataclass(frozen=True)
class Switch:
    """An option that is on or off, by default off.

    Attributes
    ----------
    label, help
        As of `Number`.
    """

    label: str
    help: str
    default: bool = False

    def parse(self, text: str) -> bool:
        """Read a text: forms, which send nothing for what is off, have their own word for on."""
        return text.lower() not in ("0", "false", "no", "off")

    def check(self, value: bool) -> None:
        """Do nothing: on and off are both allowed."""


Option = Number | Choice | Switch


def _option(option: Option) -> Any:
    return dataclasses.field(default=option.default, metadata={"option": option})


@dataclass(frozen=True)
class Options:
    """The wishes that come with one photo; each field's metadata holds its row of `OPTIONS`.

    Attributes
    ----------
    model
        A generator's name; None takes the default one.
    render_factor
        7 to 45.
    strength
        0 to 100, in percent.
    format
        The kind of the result, one of `formats.WRITABLE`; None keeps the kind of the input where
        that is one of them.
    codec
        How a film's pictures are encoded, one of `CODECS`; None is the first one.
    keep_gps
        Whether the result may say where the photo was taken.

    Raises
    ------
    OptionError
        If a number is out of range or the format unknown.
    """

    model: str | None = _option(Choice(N_("Generator"), "Generator.", none=N_("Choose for me")))
    render_factor: int = _option(
        Number(
            35,
            N_("Detail of the colours"),
            "Detail of the colours: the generator sees a square of 16 times this many pixels.",
            low=RENDER_FACTORS[0],
            high=RENDER_FACTORS[-1],
            error=N_("The render factor is a whole number from %(low)d to %(high)d."),
        )
    )
    strength: int = _option(
        Number(
            100,
            N_("Strength of the colours"),
            "Strength of the colours, in percent.",
            low=0,
            high=100,
            error=N_("The strength is a whole number from 0 to 100."),
        )
    )
    format: str | None = _option(
        Choice(
            N_("File format of the result"),
            "File format of the result; by default the photo's.",
            none=N_("Like the photo’s"),
            choices={kind.lower(): kind for kind in WRITABLE},
            error=N_("The format is one of %(choices)s."),
        )
    )
    codec: str | None = _option(
        Choice(
            N_("Codec of a film"),
            "Codec of a film: h264 plays everywhere, av1 makes smaller files, ffv1 keeps every bit "
            "of the luma.",
            none=N_("H.264, which plays everywhere"),
            choices={codec: codec for codec in CODECS},
            error=N_("The codec is one of %(choices)s."),
        )
    )
    keep_gps: bool = _option(
        Switch(
            N_("Leave in the file where the photo was taken"),
            "Leave in the result where it was taken.",
        )
    )

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            option.check(getattr(self, name))

    @classmethod
    def parse(cls, texts: Mapping[str, str], **defaults: Any) -> Options:
        """Read options as forms and queries give them: texts, of which an empty one is none.

        Parameters
        ----------
        texts
            The texts, by the options' names; others are left alone.
        **defaults
            Values of options that no text is given for, where they aren't the table's.

        Raises
        ------
        OptionError
            If one can't have its value.
        """
        given = {name: texts.get(name, "").strip() for name in OPTIONS}
        values = {name: OPTIONS[name].parse(text) for name, text in given.items() if text}
        return cls(**defaults | values)


OPTIONS: dict[str, Option] = {
    row.name: row.metadata["option"] for row in dataclasses.fields(Options)
}

# What can be chosen anew of a photo that is coloured already.
RESULT_OPTIONS = ("strength", "format")
