"""How a film is coloured: what its frames depend on besides itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from colorizer.coloring.options import CODECS
from colorizer.errors import N_, OptionError


@dataclass(frozen=True)
class Method:
    """How a film is coloured: what its frames depend on besides itself.

    Attributes
    ----------
    model, precision, title
        The generator's name and arithmetic, and what people call it.
    render_factor
        7 to 45.
    strength
        0 to 100, in percent; 0 leaves the frames as they are.
    every
        The generator sees every so manieth frame of a shot, and its last one.
    codec
        ``h264``, ``av1`` or ``ffv1``.
    keep_gps
        Whether the result may say where the film was taken.
    """

    model: str
    precision: str
    title: str
    render_factor: int
    strength: int
    every: int
    codec: str
    keep_gps: bool


def method_of(
    generator: Any,
    render_factor: int,
    strength: int,
    *,
    every: int | None = None,
    codec: str = CODECS[0],
    keep_gps: bool = False,
) -> Method:
    """Say how a film is coloured by a generator; `every` is its own by default.

    Raises
    ------
    OptionError
        If `every` is no number from 1 on.
    """
    weights = generator.weights
    if every is not None and every < 1:
        raise OptionError(N_("The generator can see every frame, or every second, and so on."))
    return Method(
        weights.name,
        generator.precision,
        generator.title,
        render_factor,
        strength,
        every or weights.every,
        codec,
        keep_gps,
    )
