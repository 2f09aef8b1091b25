"""A photo's way from grey to colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from colorizer.coloring.chroma import (
    THREADS,
    find_chroma,
    find_luma,
    replace_chroma,
    squeeze,
)
from colorizer.coloring.faithful import published_rgb
from colorizer.coloring.hints import Hint, check_hints
from colorizer.coloring.options import RENDER_FACTORS
from colorizer.coloring.prediction import Prediction
from colorizer.coloring.touch_up import touch_up
from colorizer.errors import N_, MemoryShortError, OptionError
from colorizer.pictures import profiles as in_this_process
from colorizer.pictures.formats import named_kind
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import eight_bits, side_of, sixteen_bits
from colorizer.pictures.reading import read_photo
from colorizer.pictures.writing import write_photo
from colorizer.process import LARGE, release_memory


class Generator(Protocol):
    """What guesses the colours of a photo."""

    @property
    def title(self) -> str:
        """What people call it."""

    def predict_chroma(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map the luma of a square, (S, S), to its U and V, (S, S, 2); 0 is grey."""

    def predict_rgb(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map it to the generator's own picture, (S, S, 3) in 0..1; OptionError if it has none."""


class Profiles(Protocol):
    """What converts colours by a profile: `pictures.profiles`, or a pool of child processes."""

    def is_srgb(self, profile: bytes | None) -> bool:
        """See `profiles.is_srgb`."""

    def convert(
        self, rgb: NDArray[np.uint16], profile: bytes, *, to_srgb: bool
    ) -> NDArray[np.uint16]:
        """See `profiles.convert`."""


@dataclass(frozen=True)
class Colorized:
    """A coloured photo, and the render factor that memory allowed for it."""

    photo: Photo
    render_factor: int


def colorize(
    photo: Photo,
    generator: Generator,
    render_factor: int = 35,
    strength: int = 100,
    *,
    faithful: bool = False,
    hints: Sequence[Hint] = (),
) -> Colorized:
    """Colour a photo: small luma to the generator, its chroma under the original luma.

    Parameters
    ----------
    photo
        The photo; colours it has are replaced.
    generator
        What colours it.
    render_factor
        7 to 45: the generator sees a square of 16 × this many pixels.
    strength
        0 to 100, in percent: 0 gives the photo's own pixels, 100 the generator's full colour.
    faithful
        Give DeOldify's published pixels (see `faithful.published_rgb`), never at another render
        factor. Like DeOldify, this takes a photo's numbers for sRGB, whatever its profile says.
    hints
        Colours said by a person, at most 64: see `touch_up.touch_up`. The strength acts on them
        as on the rest.

    Returns
    -------
    Colorized
        A photo of the same size, and the render factor used: smaller than asked for if memory
        was short.

    Raises
    ------
    MemoryShortError
        If memory is short even at the smallest render factor; if `faithful`, at the one asked for.
    OptionError
        If `faithful` is asked of a generator that isn't DeOldify's, or together with hints; if a
        hint has a value it can't have.
    """
    check_hints(hints)
    if faithful and hints:
        raise OptionError(N_("DeOldify’s own pixels (faithful) take no hints."))
    if strength == 0:
        return Colorized(photo, render_factor)
    if faithful:
        return Colorized(_paint(photo, generator, render_factor, strength), render_factor)
    prediction = predict(photo, generator, render_factor)
    size = photo.width, photo.height
    prediction = touch_up(prediction, hints, size, photo.about.icc_profile)
    return Colorized(apply_prediction(photo, prediction, strength), prediction.render_factor)


def predict(
    photo: Photo,
    generator: Generator,
    render_factor: int = 35,
    square: NDArray[np.uint8] | None = None,
    profiles: Profiles = in_this_process,
) -> Prediction:
    """Let a generator guess the colours of a photo: the slow half of `colorize`.

    Parameters
    ----------
    photo, generator, render_factor
        As for `colorize`.
    square
        What `squeeze` makes of the photo at this render factor, if it is at hand.
    profiles
        What converts colours by the photo's profile.

    Raises
    ------
    MemoryShortError
        If memory is short even at the smallest render factor.
    """
    while True:
        try:
            if square is None:
                square = squeeze(photo.rgb, side_of(render_factor))
            chroma = _predict(square, photo.about.icc_profile, generator, profiles)
            if photo.rgb.nbytes > LARGE:  # the result, as large, is made next
                release_memory()
            return Prediction(chroma, find_luma(square), render_factor, generator.title)
        except MemoryError as error:
            if render_factor == RENDER_FACTORS[0]:
                raise _memory_short() from error
            render_factor, square = max(RENDER_FACTORS[0], render_factor * 3 // 4), None


def apply_prediction(
    photo: Photo,
    prediction: Prediction,
    strength: int = 100,
    *,
    part_of: tuple[int, int, int, int] | None = None,
    threads: int = THREADS,
) -> Photo:
    """Put predicted chroma under a photo's luma: the quick half of `colorize`.

    Parameters
    ----------
    photo
        The photo that the prediction is of, a smaller copy of it, or a part.
    prediction, strength
        As for `colorize`.
    part_of, threads
        As for `chroma.replace_chroma`.
    """
    if strength == 0:
        return photo
    rgb = replace_chroma(
        photo.rgb,
        prediction.chroma,
        strength / 100,
        prediction.luma,
        part_of=part_of,
        threads=threads,
    )
    return replace(photo, rgb=rgb, generator=prediction.generator, hints=prediction.hints)


def colorize_file(
    source: str | Path,
    target: str | Path,
    generator: Generator,
    render_factor: int = 35,
    strength: int = 100,
    *,
    hints: Sequence[Hint] = (),
) -> Colorized:
    """Colour one file into another; the suffix of `target` says its kind.

    See `colorize`, `reading.read_photo` and `writing.write_photo`.
    """
    photo = read_photo(Path(source))
    colorized = colorize(photo, generator, render_factor, strength, hints=hints)
    write_photo(colorized.photo, Path(target), named_kind(Path(target)))
    return colorized


def _paint(photo: Photo, generator: Generator, render_factor: int, strength: int) -> Photo:
    """Give a photo the colours of DeOldify's own picture of it."""
    try:
        painted = generator.predict_rgb(find_luma(squeeze(photo.rgb, side_of(render_factor))))
        rgb = published_rgb(photo.rgb, painted, strength / 100)
    except MemoryError as error:
        raise _memory_short() from error
    return replace(photo, rgb=rgb, generator=generator.title)


def _memory_short() -> MemoryShortError:
    return MemoryShortError(N_("There is not enough memory for this picture. Try a smaller one."))


def _predict(
    square: NDArray[np.uint8], profile: bytes | None, generator: Generator, profiles: Profiles
) -> NDArray[np.float32]:
    """Let the generator see the square in sRGB; return its chroma in the photo's own space."""
    if profiles.is_srgb(profile):
        profile = None
    if profile:
        square = eight_bits(profiles.convert(sixteen_bits(square), profile, to_srgb=True))
    luma = find_luma(square)
    chroma = generator.predict_chroma(luma)
    return _chroma_in(profile, luma, chroma, profiles) if profile else chroma


def _chroma_in(
    profile: bytes, luma: NDArray[np.uint8], chroma: NDArray[np.float32], profiles: Profiles
) -> NDArray[np.float32]:
    """Convert the square's colours from sRGB to a photo's own space; return their U and V."""
    grey = np.repeat(luma[..., None], 3, axis=2)
    coloured = replace_chroma(sixteen_bits(grey), chroma, 1, luma)
    return find_chroma(profiles.convert(coloured, profile, to_srgb=False))
