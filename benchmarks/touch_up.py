"""How much hints give: ``python -m benchmarks.touch_up PICTURE...``.

Colour photographs are made grey, coloured by the built-in generator, and put right by two users who
know the truth. The *random* one says the colours of places anywhere. The *smart* one, who is like
people, says each time the colour of the place that is most wrong; each way of spreading the colours
has a smart user of its own. A hint is the mean colour of 7 × 7 pixels on a square of 256. On that
square the PSNR of red, green and blue of 8 bits is taken, the luma being the photograph's own.

The ways: this project's (`coloring.touch_up`), the optimisation of Levin, Lischinski and Weiss,
*Colorization using Optimization*, 2004, as a Laplacian and on the correction, and the mean of the
corrections weighted by the inverse square of the distance.

Photographs that a generator has seen in training flatter it. Of the built-in one's,
``--work RUN PHOTOS.zip...`` takes those that were held out.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean, median
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

from benchmarks.chroma import pictures
from colorizer.coloring.chroma import find_chroma
from colorizer.coloring.colorize import predict
from colorizer.coloring.hints import Hint
from colorizer.coloring.prediction import Prediction
from colorizer.coloring.touch_up import shown_color, touch_up
from colorizer.generators.loading import load_generator
from colorizer.pictures.photo import Photo
from colorizer.pictures.pixels import LUMA, UV_SCALE
from training.data import Photos
from training.evaluate import validation_photos

SIDE = 256
COUNTS = (1, 2, 5, 10, 20, 50)
PIN_AWAY = 13  # pixels: 5 % of the side
SMART_BLUR = 8  # pixels: a person clicks a place, not a pixel
LEVIN_EDGE, LEVIN_FADE = 200, 1e-5  # chosen on other photographs

Planes = NDArray[np.floating[Any]]
Place = tuple[int, int]  # row and column on the square


@dataclass(frozen=True)
class Case:
    """A photograph on the square, and what the generator thinks of it."""

    rgb: NDArray[np.uint8]
    size: tuple[int, int]
    prediction: Prediction

    @property
    def guess(self) -> Planes:
        """U and V of the prediction on the square."""
        return shrink(self.prediction.chroma)

    @property
    def truth(self) -> Planes:
        """U and V of the photograph."""
        return find_chroma(self.rgb)

    def around(self, place: Place) -> tuple[slice, slice]:
        """Return the patch of a place."""
        row, column = place
        return slice(max(0, row - 3), row + 4), slice(max(0, column - 3), column + 4)

    def hint(self, place: Place) -> Hint:
        """Say the true colour of a place."""
        red, green, blue = self.rgb[self.around(place)].reshape(-1, 3).mean(axis=0) + 0.5
        return hint_at(place, f"#{int(red):02x}{int(green):02x}{int(blue):02x}")

    def score(self, chroma: Planes) -> float:
        """Compare chroma with the photograph's own: PSNR in dB."""
        luma = self.rgb @ LUMA / 255
        blue, red = np.moveaxis(chroma / UV_SCALE, -1, 0) + luma
        green = (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
        rgb = (np.stack([red, green, blue], -1).clip(0, 1) * 255 + 0.5).astype(np.uint8)
        error = np.mean(np.square(rgb.astype(float) - self.rgb))
        return float(10 * np.log10(255**2 / max(error, 1e-3)))


def hint_at(place: Place, color: str | None) -> Hint:
    """Say a colour of the middle of a pixel."""
    return Hint((place[1] + 0.5) / SIDE, (place[0] + 0.5) / SIDE, color)


def shrink(planes: Planes) -> Planes:
    """Reduce planes to the square."""
    size = SIDE, SIDE
    images = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(planes, -1, 0)]
    return np.dstack([image.resize(size, Image.Resampling.BILINEAR) for image in images])


def here(case: Case, places: list[Place]) -> Planes:
    """Put colours right as the app does."""
    hints = [case.hint(place) for place in places]
    return shrink(touch_up(case.prediction, hints, case.size).chroma)


def by_optimisation(case: Case, places: list[Place]) -> Planes:
    """Let neighbours of like luma have like corrections, as Levin and others do."""
    luma = (case.rgb @ LUMA / 255).astype(float)
    number = np.arange(SIDE**2).reshape(SIDE, SIDE)
    pairs = [(number[:, 1:], number[:, :-1]), (number[1:], number[:-1])]
    first, second = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    alike = np.exp(-LEVIN_EDGE * np.square(luma.ravel()[first] - luma.ravel()[second])) + 1e-6
    weights = sparse.coo_matrix((alike, (first, second)), (SIDE**2, SIDE**2))
    weights = weights + weights.T
    said = np.zeros((SIDE, SIDE))
    wanted = np.zeros((SIDE, SIDE, 2))
    for place in places:
        around = case.around(place)
        said[around] = 1
        wanted[around] = (case.truth[around] - case.guess[around]).mean(axis=(0, 1))
    diagonal = np.asarray(weights.sum(axis=1)).ravel() + LEVIN_FADE + said.ravel()
    solver = splu((sparse.diags(diagonal) - weights).tocsc(), permc_spec="MMD_AT_PLUS_A")
    return case.guess + solver.solve(wanted.reshape(-1, 2)).reshape(SIDE, SIDE, 2)


def by_distance(case: Case, places: list[Place]) -> Planes:
    """Take the mean of all corrections, weighted by the inverse square of the distance."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    total, weight = np.zeros((SIDE, SIDE, 2)), np.full((SIDE, SIDE), 1e-12)
    for place in places:
        around = case.around(place)
        near = 1 / (np.square(y - place[0]) + np.square(x - place[1]) + 1)
        total += near[..., None] * (case.truth[around] - case.guess[around]).mean(axis=(0, 1))
        weight += near
    return case.guess + total / weight[..., None]


WAYS: dict[str, Callable[[Case, list[Place]], Planes]] = {
    "here": here,
    "optimisation (Levin)": by_optimisation,
    "inverse distance": by_distance,
}


def measure(case: Case, seed: int, counts: list[int]) -> dict[tuple[str, ...], list[float]]:
    """Measure one photograph: figures by their names."""
    random = np.random.default_rng(seed)
    anywhere = [(int(y), int(x)) for y, x in random.integers(0, SIDE, (max(counts), 2))]
    base = case.score(case.guess)
    figures: dict[tuple[str, ...], list[float]] = defaultdict(list, {("guess",): [base]})
    figures["grey",] = [case.score(np.zeros_like(case.guess))]
    for name, way in WAYS.items():
        for count in counts:
            gain = case.score(way(case, anywhere[:count])) - base
            figures[name, "random", str(count)].append(gain)
        places: list[Place] = []
        chroma = case.guess
        for count in range(1, max(counts) + 1):
            error = gaussian_filter(np.square(chroma - case.truth).sum(axis=-1), SMART_BLUR)
            row, column = np.unravel_index(error.argmax(), error.shape)
            places.append((int(row), int(column)))
            chroma = way(case, places)
            if count in counts:
                figures[name, "smart", str(count)].append(case.score(chroma) - base)
    hints = [case.hint(place) for place in anywhere[:20]]
    corrected = touch_up(case.prediction, hints, case.size)
    for hint in hints:
        there = levels(shown_color(corrected, Hint(hint.x, hint.y, None)))
        away = np.abs(there - levels(shown_color(case.prediction, hint)))
        figures["levels",].extend(away[[0, 2]].tolist())
    for place in anywhere[:5]:
        pin(case, place, figures)
    for count in (1, 20, 64):
        many = [
            hint_at((int(y), int(x)), "#804020") for y, x in random.integers(0, SIDE, (count, 2))
        ]
        started = time.process_time()
        touch_up(case.prediction, many, case.size)
        figures["seconds", str(count)].append(time.process_time() - started)
    return figures


def levels(color: str) -> NDArray[np.int64]:
    """Read a colour's red, green and blue."""
    return np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)])


def pin(case: Case, place: Place, figures: dict[tuple[str, ...], list[float]]) -> None:
    """Pin the likest place `PIN_AWAY` off one whose colour is said, and see what holds."""
    look = np.dstack([case.rgb @ LUMA / 255, 3 * case.guess])
    beside = [
        (place[0] + down, place[1] + across)
        for down, across in ((PIN_AWAY, 0), (-PIN_AWAY, 0), (0, PIN_AWAY), (0, -PIN_AWAY))
        if 0 <= place[0] + down < SIDE and 0 <= place[1] + across < SIDE
    ]
    pinned = min(beside, key=lambda other: float(np.abs(look[other] - look[place]).sum()))
    said = hint_at(place, "#a03020")
    alone = touch_up(case.prediction, [said], case.size).chroma
    held = touch_up(case.prediction, [said, hint_at(pinned, None)], case.size).chroma
    before, after = (np.hypot(*np.moveaxis(shrink(c) - case.guess, -1, 0)) for c in (alone, held))
    if before[pinned] > before[place] / 2:  # else they aren't the same thing
        figures["left at the pin",].append(float(after[pinned] / before[pinned]))
        figures["kept at the hint",].append(float(after[place] / before[place]))


def cases(photos: Iterable[NDArray[np.uint8]]) -> Iterable[Case]:
    """Let the built-in generator colour photographs."""
    generator = load_generator("builtin")
    for rgb in photos:
        grey = np.repeat((rgb @ LUMA + 0.5).astype(np.uint8)[..., None], 3, axis=2)
        prediction = predict(Photo(grey), generator)
        square = Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        yield Case(np.asarray(square), (rgb.shape[1], rgb.shape[0]), prediction)


def report(results: list[dict[tuple[str, ...], list[float]]], counts: list[int]) -> None:
    """Print the figures."""
    figures: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for result in results:
        for key, values in result.items():
            figures[key].extend(values)
    click.echo(
        f"{len(results)} photographs. Grey: {mean(figures['grey',]):.2f} dB; "
        f"guess: {mean(figures['guess',]):.2f} dB. Gained by hints, in dB; in brackets, the share "
        "of photographs that are worse than the guess by more than 0.05 dB.\n"
    )
    click.echo(
        f"| way | user | {' | '.join(map(str, counts))} |\n| --- | ---{' | ---' * len(counts)} |"
    )
    for user in ("random", "smart"):
        for name in WAYS:
            cells = []
            for count in counts:
                gains = np.array(figures[name, user, str(count)])
                cells.append(f"{gains.mean():+.2f} ({np.mean(gains < -0.05):.0%})")
            click.echo(f"| {name} | {user} | {' | '.join(cells)} |")
    off = figures["levels",]
    click.echo(
        f"\nColour at 20 random hints against what can be shown of it, red and blue: "
        f"{mean(off):.1f} levels, at the 90th percentile {np.percentile(off, 90):.1f}.\n"
        f"A pin 5 % away in the same thing: of the change, {mean(figures['left at the pin',]):.0%} "
        f"is left at the pin and {mean(figures['kept at the hint',]):.0%} at the hint.\n"
        + "Seconds of one core: "
        + ", ".join(f"{median(figures['seconds', n]):.2f} for {n}" for n in ("1", "20", "64"))
        + "."
    )


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--work", type=click.Path(exists=True, path_type=Path), help="Of the training.")
@click.option("--most", default=60, help="Photographs.")
@click.option("--most-hints", default=20, help="At most 50.")
def main(paths: tuple[Path, ...], work: Path | None, most: int, most_hints: int) -> None:
    """Print a table of ways to spread colours."""
    photos = (
        validation_photos(list(paths), Photos(work / "cache")) if work else pictures(paths, most)
    )
    counts = [count for count in COUNTS if count <= most_hints]
    with ProcessPoolExecutor() as pool:
        done = [
            pool.submit(measure, case, seed, counts)
            for seed, case in enumerate(islice(cases(photos), most))
        ]
        report([future.result() for future in done], counts)


if __name__ == "__main__":
    main()
