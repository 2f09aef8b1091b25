"""What can be asked for with a photo, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from colorizer.errors import N_, OptionError
from colorizer.pictures.formats import WRITABLE
from colorizer.settings import RENDER_FACTORS


@dataclass(frozen=True)
class Options:
    """The wishes that come with one photo.

    Attributes
    ----------
    model
        A generator's name; None takes the default one.
    render_factor
        7 to 45.
    strength
        0 to 100, in percent.
    format
        ``jpeg``, ``png``, ``tiff``, ``webp`` or ``avif``, in any case; None keeps the kind of the
        input where that is one of them.
    keep_gps
        Whether the result may say where the photo was taken.

    Raises
    ------
    OptionError
        If a number is out of range or the format unknown.
    """

    model: str | None = None
    render_factor: int = 35
    strength: int = 100
    format: str | None = None
    keep_gps: bool = False

    def __post_init__(self) -> None:
        if self.render_factor not in RENDER_FACTORS:
            raise OptionError(
                N_("The render factor is a whole number from %(low)d to %(high)d."),
                low=RENDER_FACTORS[0],
                high=RENDER_FACTORS[-1],
            )
        if not 0 <= self.strength <= 100:
            raise OptionError(N_("The strength is a whole number from 0 to 100."))
        if self.format is not None and self.format.upper() not in WRITABLE:
            formats = ", ".join(kind.lower() for kind in WRITABLE)
            raise OptionError(N_("The format is one of %(formats)s."), formats=formats)

    @classmethod
    def parse(cls, texts: Mapping[str, str], default_render_factor: int = 35) -> Options:
        """Read options as forms and queries give them: texts, of which an empty one is none.

        Raises
        ------
        OptionError
            If one can't have its value.
        """
        given = {name: text.strip() for name, text in texts.items() if text.strip()}
        return cls(
            model=given.get("model"),
            render_factor=_whole(given.get("render_factor", str(default_render_factor))),
            strength=_whole(given.get("strength", "100")),
            format=given.get("format"),
            keep_gps=given.get("keep_gps", "0").lower() not in ("0", "false", "no", "off"),
        )

    @property
    def kind(self) -> str | None:
        """The format as `photo.write_photo` takes it."""
        return self.format.upper() if self.format else None


def _whole(text: str) -> int:
    """Read a number; what is none is out of every range."""
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else -1
