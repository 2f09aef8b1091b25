"""Touch-up: a prediction corrected by the colours that a person has said, each for its thing.

At every hint there is a difference between the colour said and the colour guessed. It is
interpolated over the picture by a kernel of three distances: the geodesic one, around edges of
luma and guess; that of luma; and that of guessed chroma. So like things near by follow, as in Li,
Ju and Hu, *Instant Propagation of Sparse Edits on Images and Videos*, 2010. A ridge keeps close
hints from blowing up, and no hint acts beyond a reach of its own, which is the shorter, the
larger its correction: a wrong dress is to be put right alone, a cast may go from everything.
The constants were chosen on photographs clicked where they are most wrong: random clicks would
let every colour flood the picture. `LONGEST` is shorter than figures would have it, so that to
warm a face leaves the wall behind it alone. `benchmarks/touch_up.py` measures them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.coloring.chroma import find_chroma, fit_chroma, join_chroma
from colorizer.coloring.geodesic import measure_distances
from colorizer.coloring.hints import Hint, check_hints
from colorizer.coloring.prediction import Prediction
from colorizer.pictures import profiles as in_this_process
from colorizer.pictures.pixels import LUMA

if TYPE_CHECKING:
    from colorizer.coloring.colorize import Profiles

Plane = NDArray[np.float32]

SIDE = 256  # pixels of the square that corrections are made on, whatever the render factor
PATCH = 3  # pixels from the middle of a hint's patch to its border
BLUR = 2.5  # pixels, standard deviation: grain and halftone would add up to long distances

# How long a way is per unit of luma and of chroma on it; per side of a square photo it is 1.
LUMA_STEP, CHROMA_STEP = 8.0, 20.0

# The kernel: at which geodesic distance, difference of luma and of guessed chroma it is 1 / e.
NEAR, NEAR_LUMA, NEAR_CHROMA = 13.3, 0.667, 0.182
RIDGE = 0.005

# The reach of a correction of this size in U and V; smaller ones reach farther, within bounds.
REACH, REACH_LUMA, REACH_CHROMA = 3.66, 0.442, 0.204
CORRECTION, SHORTEST, LONGEST = 0.1, 0.7, 1.3

# The radius from which on edges hold a hint back less than they would by themselves.
USUAL_RADIUS = 0.3

# How much of what the guess varies around a hint goes with it. A grey thing has no colour left.
EVEN, EVEN_GREY = 0.5, 1.0


@dataclass(frozen=True)
class _Square:
    """A photo's luma, 0 to 1, as it is and blurred, (S, S), and its guess, U and V, (S, S, 2)."""

    luma: Plane
    blurred: Plane
    guess: Plane


@dataclass(frozen=True)
class _Spot:
    """A hint on the square.

    `patch`, (S, S), is the place; `luma`, `blurred` and `guess` are means over it. `change` is
    what U and V are to change there, `even` how much the guess's own variation goes, and `zone`,
    (S, S), how much of the hint is left within its radius.
    """

    patch: NDArray[np.bool_]
    luma: float
    blurred: float
    guess: Plane
    change: Plane
    even: float
    zone: Plane
    radius: float | None


def touch_up(
    prediction: Prediction,
    hints: Sequence[Hint],
    size: tuple[int, int],
    icc_profile: bytes | None = None,
    profiles: Profiles = in_this_process,
) -> Prediction:
    """Correct a prediction by what a person says of the colours.

    Of two hints whose patches touch, the later counts; otherwise their order is of no account.

    Parameters
    ----------
    prediction
        What the generator guessed, not corrected yet.
    hints
        At most 64; none gives the prediction as it is.
    size
        Width and height of the upright photo: their ratio counts, so a smaller copy's will do.
    icc_profile
        The photo's profile: see `pictures.photo.About`.
    profiles
        What converts colours by it.

    Returns
    -------
    Prediction
        Of the same square. Wherever no hint reaches, it is the guess.

    Raises
    ------
    OptionError
        As `hints.check_hints`.
    """
    check_hints(hints)
    if not hints:
        return prediction
    square = _find_square(prediction)
    spots = _find_spots(square, _latest(hints), size, icc_profile, profiles)
    field = _interpolate(square, spots, size)
    side = len(prediction.chroma)
    corrected = prediction.chroma + _resize(field, side)
    said = sum(hint.color is not None for hint in hints)
    return replace(prediction, chroma=corrected, hints=said)


def shown_color(prediction: Prediction, hint: Hint, icc_profile: bytes | None = None) -> str:
    """Tell which colour a place will show for the colour said: see `shown_colors`."""
    return shown_colors(prediction, [hint], icc_profile)[0]


def shown_colors(
    prediction: Prediction,
    hints: Sequence[Hint],
    icc_profile: bytes | None = None,
    profiles: Profiles = in_this_process,
) -> list[str]:
    """Tell which colours places will show for the colours said, at the luma they have.

    Parameters
    ----------
    prediction, icc_profile, profiles
        As for `touch_up`.
    hints
        One whose color is None gives the colour that the prediction has there; one whose color is
        grey gives its luma. None has a say in what another gives.

    Returns
    -------
    list of str
        In sRGB, as ``#7a1f1f``. Where the luma leaves no room for a colour, it is paler.

    Raises
    ------
    OptionError
        As `hints.check_hints`.
    """
    check_hints(hints)
    spots = _find_spots(_find_square(prediction), hints, (1, 1), icc_profile, profiles)
    chroma = np.array([spot.guess + spot.change for spot in spots])
    rgb = join_chroma(np.array([spot.luma for spot in spots]), chroma)
    if icc_profile and not profiles.is_srgb(icc_profile):
        rgb = profiles.convert(rgb[None], icc_profile, to_srgb=True)[0]
    return ["#" + "".join(f"{(int(level) + 128) // 257:02x}" for level in row) for row in rgb]


def encode_guess(prediction: Prediction) -> bytes:
    """Write a prediction for a program that corrects it itself, as the page does in the browser.

    Returns
    -------
    bytes
        The prediction's own S × S pixels, plane by plane: luma as uint8, then U and then V as
        little-endian int16, where 32767 is 1. On a smaller square, rounded luma would choose
        other pixels for a hint's patch than `touch_up` does.
    """
    planes = np.rint(prediction.chroma.transpose(2, 0, 1) * 32767).clip(-32767, 32767)
    return prediction.luma.tobytes() + bytes(planes.astype("<i2").tobytes())


def _find_square(prediction: Prediction) -> _Square:
    luma = _resize(prediction.luma[..., None] / np.float32(255), SIDE)[..., 0]
    away = np.arange(SIDE) - np.arange(SIDE)[:, None]
    weights = np.exp(-0.5 * (away / BLUR) ** 2).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return _Square(luma, weights @ luma @ weights.T, _resize(prediction.chroma, SIDE))


def _resize(planes: Plane, side: int) -> Plane:
    """Resize (S, S, N) planes, by the mean of an area where they become smaller."""
    resized = np.empty((side, side, planes.shape[2]), np.float32)
    for number in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(planes[..., number]))
        resized[..., number] = np.asarray(plane.resize((side, side), Image.Resampling.BILINEAR))
    return resized


def _latest(hints: Sequence[Hint]) -> list[Hint]:
    """Leave out hints that a later one takes the place of."""
    apart = (2 * PATCH + 1) / SIDE
    return [
        hint
        for number, hint in enumerate(hints, 1)
        if all(max(abs(hint.x - o.x), abs(hint.y - o.y)) >= apart for o in hints[number:])
    ]


def _find_spots(
    square: _Square,
    hints: Sequence[Hint],
    size: tuple[int, int],
    icc_profile: bytes | None,
    profiles: Profiles,
) -> list[_Spot]:
    """Find what hints mean on the square."""
    patches = [_find_patch(square.luma, hint) for hint in hints]
    lumas = np.array([square.luma[patch].mean() for patch in patches])
    colors = [hint.color or "#000000" for hint in hints]
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors], np.uint8)
    said = _said_chroma(rgb, lumas, icc_profile, profiles)
    greys = np.ptp(rgb, axis=1) == 0
    spots = []
    for hint, patch, luma, wanted, grey in zip(hints, patches, lumas, said, greys, strict=True):
        guess = square.guess[patch].mean(axis=0)
        pinned = hint.color is None
        even = 0.0 if pinned else EVEN_GREY if grey else EVEN
        spots.append(
            _Spot(
                patch,
                float(luma),
                float(square.blurred[patch].mean()),
                guess,
                np.zeros_like(guess) if pinned else wanted - guess,
                even,
                _find_zone(hint, size),
                hint.radius,
            )
        )
    return spots


def _find_patch(luma: Plane, hint: Hint) -> NDArray[np.bool_]:
    """Find the pixels that a hint speaks of: the half around it that is nearest to it in luma.

    So a thin thing isn't mistaken for what is beside it.
    """
    row, column = (
        min(max(int(fraction * SIDE), PATCH), SIDE - 1 - PATCH) for fraction in (hint.y, hint.x)
    )
    around = slice(row - PATCH, row + PATCH + 1), slice(column - PATCH, column + PATCH + 1)
    middle = luma[row - 1 : row + 2, column - 1 : column + 2].mean()
    difference = np.abs(luma[around] - middle)
    patch = np.zeros(luma.shape, bool)
    patch[around] = difference <= np.median(difference)
    return patch


def _find_zone(hint: Hint, size: tuple[int, int]) -> Plane:
    """Tell how much of a hint its radius leaves, (S, S): half at the radius itself."""
    if hint.radius is None or hint.radius >= 1:
        return np.ones((SIDE, SIDE), np.float32)
    across, down = (
        (place - (np.arange(SIDE) + 0.5) / SIDE) * length / max(size) / hint.radius
        for place, length in zip((hint.x, hint.y), size, strict=True)
    )
    return np.asarray(0.5 ** (across**2 + down[:, None] ** 2) ** 3, np.float32)


def _said_chroma(
    colors: NDArray[np.uint8],
    lumas: NDArray[np.float32],
    icc_profile: bytes | None,
    profiles: Profiles,
) -> Plane:
    """Find U and V, (N, 2), that sRGB colours, (N, 3), have in a photo's space at these lumas.

    A colour that its luma leaves no room for is made paler, so that the correction is no larger
    than what can be seen of it: elsewhere there may be room.
    """
    chroma = find_chroma(colors)
    if icc_profile and not profiles.is_srgb(icc_profile):
        grey = join_chroma(lumas, np.zeros_like(chroma))
        in_srgb = profiles.convert(grey[None], icc_profile, to_srgb=True)[0] @ LUMA / 65535
        coloured = join_chroma(in_srgb, chroma)[None]
        chroma = find_chroma(profiles.convert(coloured, icc_profile, to_srgb=False)[0])
    return np.asarray(fit_chroma(lumas, chroma), np.float32)


def _interpolate(square: _Square, spots: Sequence[_Spot], size: tuple[int, int]) -> Plane:
    """Spread the spots' changes over the square: what is to be added to the guess, (S, S, 2)."""
    shape = np.sqrt(size[0] / size[1])
    features = np.dstack([LUMA_STEP * square.blurred, CHROMA_STEP * square.guess])
    patches = np.stack([spot.patch for spot in spots])
    distances = measure_distances(features, patches, (shape / SIDE, 1 / shape / SIDE))
    influences = np.empty_like(distances)
    least = np.zeros_like(square.guess)
    greatest = np.zeros_like(square.guess)
    for spot, distance, influence in zip(spots, distances, influences, strict=True):
        from_guess = spot.guess - square.guess
        apart = (
            np.square(distance),
            np.square(square.blurred - spot.blurred),
            np.square(from_guess[..., 0]) + np.square(from_guess[..., 1]),
        )
        scaled = _weigh(apart, (NEAR, NEAR_LUMA, NEAR_CHROMA))
        np.multiply(np.exp(-np.sqrt(scaled)), spot.zone, out=influence)
        scaled = _weigh(apart, (REACH, REACH_LUMA, REACH_CHROMA)) / _find_reach(spot) ** 2
        reached = np.exp(-scaled * np.sqrt(scaled)) * spot.zone
        most = reached[..., None] * (spot.change + spot.even * from_guess)
        np.minimum(least, most, out=least)
        np.maximum(greatest, most, out=greatest)
    at_patches = np.array([influences[:, patch].mean(axis=1) for patch in patches], np.float64)
    even = np.array([[spot.even] for spot in spots])
    wanted = np.array([spot.change for spot in spots]) + even * [spot.guess for spot in spots]
    factors = np.float32(_solve(at_patches, np.hstack([wanted, even])))
    spread = np.tensordot(influences, factors, axes=(0, 0))
    return np.clip(spread[..., :2] - spread[..., 2:] * square.guess, least, greatest)


def _weigh(squares: tuple[Plane, Plane, Plane], units: tuple[float, float, float]) -> Plane:
    """Sum up squared distances, each in a unit of its own."""
    way, luma, chroma = (
        square * (1 / unit**2) for square, unit in zip(squares, units, strict=True)
    )
    return np.asarray(way + luma + chroma)


def _find_reach(spot: _Spot) -> float:
    """Tell how far a spot reaches."""
    size = max(float(np.hypot(*spot.change)), 1e-6)
    reach = min(max(CORRECTION / size, SHORTEST), LONGEST)
    if spot.radius is None:
        return reach
    return np.inf if spot.radius >= 1 else reach * max(1, spot.radius / USUAL_RADIUS)


def _solve(matrix: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for the spots' factors, with a ridge on the singular values, none of them negative."""
    left, values, right = np.linalg.svd(matrix)
    return np.asarray(right.T @ ((left.T @ wanted) / (values + RIDGE)[:, None]))
