"""How steady and how true coloured films are: ``python -m benchmarks.video CLIP...``.

Clips in colour are made grey and coloured again: with the generator on every frame; so, and then
the mean of five frames' chroma, wherever things have moved to, as is usual elsewhere; and as here,
with the generator on every eighth or fourth frame. A last film is spliced together of pieces of
all clips. The colourisers: the built-in generator, and an oracle that gives the true chroma,
reduced to 64 × 64: what is worse than it does harm.

Everything is measured at the size that chroma is carried on. A page and a plot are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import av
import click
import cv2
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from benchmarks.report import machine
from benchmarks.steadiness import (
    MOVING,
    Chroma,
    consistency,
    find_motion,
    saturation,
    truth_of,
    warp_error,
)
from colorizer.generators.loading import load_generator
from colorizer.pictures.pixels import side_of
from colorizer.video.carry import carry
from colorizer.video.frame import Format, Frame
from colorizer.video.levels import to_film, zero_and_span
from colorizer.video.shots import Shot, ShotFinder, key_numbers
from colorizer.video.squares import key_chroma, square_of, working_luma, working_size

PIECE = 30  # frames of a spliced film's pieces
SPLICED = 320, 180  # pixels of its frames
RENDER_FACTOR = 20
BUILT_IN, ORACLE = "built-in generator", "oracle"
PER_FRAME, MEAN = "each frame", "each frame, mean of five"


@dataclass
class Film:
    """A film: its lumas and true chroma at working size, and what colourisers say of each frame."""

    name: str
    lumas: list[NDArray[np.uint8]]
    truth: list[Chroma]
    answers: dict[str, list[Chroma]]
    cuts: list[int] | None = None  # where they are known
    seconds: float = 0.0  # of a processor, for a call of the built-in generator


def read_film(path: Path, most: int, generator: Any) -> Film:
    """Read the first frames of a film of 8 bits and 4:2:0, and have them coloured."""
    film = Film(path.stem, [], [], {BUILT_IN: [], ORACLE: []})
    with av.open(str(path)) as container:
        for decoded, number in zip(container.decode(video=0), range(most), strict=False):
            planes = [
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width]
                for plane in decoded.planes[:3]
            ]
            matrix = "bt709" if decoded.colorspace == 1 else "bt601"
            full = decoded.color_range == 2
            form = Format(decoded.width, decoded.height, 8, full, matrix)  # type: ignore[arg-type]
            frame = Frame(number, number, planes[0], (planes[1], planes[2]))
            film.lumas.append(working_luma(frame, form))
            own = _own_chroma(frame, form)
            film.truth.append(_resize(own, *reversed(working_size(form))))
            begin = time.process_time()
            answer = generator.predict_chroma(square_of(frame, form, side_of(RENDER_FACTOR)))
            film.seconds += (time.process_time() - begin) / most
            film.answers[BUILT_IN].append(key_chroma(answer, form))
            oracle = np.moveaxis(_resize(own, 64, 64), 0, -1).astype(np.float32)
            film.answers[ORACLE].append(key_chroma(oracle, form))
    return film


def _own_chroma(frame: Frame, form: Format) -> Chroma:
    """Return a frame's own chroma as a generator would say it."""
    assert frame.chroma
    zero, span = zero_and_span(form)
    planes = np.stack([(plane.astype(np.float32) - zero) / span for plane in frame.chroma])
    return np.tensordot(np.linalg.inv(to_film(form)), planes, axes=([1], [0]))


def _resize(planes: Sequence[Any] | Chroma, width: int, height: int) -> Chroma:
    kind = cv2.INTER_AREA if width < planes[0].shape[1] else cv2.INTER_LINEAR
    size = width, height
    return np.stack([cv2.resize(p.astype(np.float32), size, interpolation=kind) for p in planes])


def splice(films: Sequence[Film]) -> Film:
    """Splice a film together of pieces of others, in turns."""
    whole = Film("spliced", [], [], {BUILT_IN: [], ORACLE: []}, [], films[0].seconds)
    for start in range(0, min(len(film.lumas) for film in films) - PIECE + 1, PIECE):
        for film in films:
            assert whole.cuts is not None
            whole.cuts.append(len(whole.lumas))
            piece = slice(start, start + PIECE)
            whole.lumas += [
                cv2.resize(luma, SPLICED, interpolation=3) for luma in film.lumas[piece]
            ]
            whole.truth += [_resize(planes, *SPLICED) for planes in film.truth[piece]]
            for name, answers in film.answers.items():
                whole.answers[name] += [
                    _resize(planes, *SPLICED).astype(np.float16) for planes in answers[piece]
                ]
    del whole.cuts[0]
    return whole


@dataclass
class Colored:
    """A coloured film: its chroma, and what a frame took: calls, and seconds beside them."""

    chroma: list[Chroma]
    calls: float = 1.0
    seconds: float = 0.0


def each_frame(film: Film, shots: list[Shot], colorizer: str) -> Colored:
    """Call the generator on each frame."""
    return Colored(list(film.answers[colorizer]))


def mean_of_five(film: Film, shots: list[Shot], colorizer: str) -> Colored:
    """Call the generator on each frame; take the mean of five frames, of whatever shot."""
    answers = np.array(film.answers[colorizer], np.float32)
    means = [answers[max(0, n - 2) : n + 3].mean(axis=0) for n in range(len(answers))]
    return Colored(means)


def here(every: int) -> Callable[[Film, list[Shot], str], Colored]:
    """Call the generator on every so many frames, and carry its chroma to the others."""

    def color(film: Film, shots: list[Shot], colorizer: str) -> Colored:
        chroma: list[Chroma] = []
        calls = 0
        begin = time.process_time()
        for shot in shots:
            numbers = key_numbers(shot, every)
            calls += len(numbers)
            keys: Any = {number: film.answers[colorizer][number] for number in numbers}
            chroma += list(carry(film.lumas[shot.first : shot.last + 1], keys, shot.first))
        count = len(film.lumas)
        return Colored(chroma, calls / count, (time.process_time() - begin) / count)

    return color


METHODS = {
    PER_FRAME: each_frame,
    MEAN: mean_of_five,
    "here, every 8th": here(8),
    "here, every 4th": here(4),
}


def measure(film: Film, shots: list[Shot]) -> dict[tuple[str, str], list[float]]:
    """Colour a film in all ways; return the figures of each, by colouriser and way."""
    cuts = [shot.first for shot in shots[1:]]
    motions = find_motion(film.lumas)
    moving = [motion.length > MOVING for motion in motions]
    moving.append(np.zeros_like(moving[0]))
    near = [
        np.full_like(moving[0], any(-2 <= number - cut < 2 for cut in film.cuts or cuts))
        for number in range(len(film.lumas))
    ]
    figures = {}
    for colorizer in film.answers:
        for name, method in METHODS.items():
            colored = method(film, shots, colorizer)
            figures[colorizer, name] = [
                truth_of(colored.chroma, film.truth),
                truth_of(colored.chroma, film.truth, moving),
                truth_of(colored.chroma, film.truth, near),
                warp_error(colored.chroma, motions, cuts),
                consistency(film.lumas, colored.chroma, cuts),
                saturation(colored.chroma),
                colored.calls,
                film.seconds * colored.calls + colored.seconds,
            ]
    figures["", "truth"] = [
        *[float("nan")] * 3,
        warp_error(film.truth, motions, cuts),
        consistency(film.lumas, film.truth, cuts),
        saturation(film.truth),
    ]
    return figures


COLUMNS = (
    "way",
    "PSNR of chroma, dB",
    "where it moves",
    "at cuts",
    "warp error",
    "CDC",
    "saturation",
    "calls a frame",
    "seconds a frame",
)
PLACES = 2, 2, 2, 3, 2, 1, 3, 3  # decimal ones, of all but the first


def write_page(
    results: dict[str, dict[tuple[str, str], list[float]]], notes: list[str], path: Path
) -> None:
    """Write means over the films, and a plot of them."""
    keys = list(next(iter(results.values())))
    means = {
        key: [
            float(np.mean([value for value in column if np.isfinite(value)] or [np.nan]))
            for column in zip(*(figures[key] for figures in results.values()), strict=True)
        ]
        for key in keys
    }
    page = [
        "# Films\n",
        f"Measured by `python -m benchmarks.video` on {date.today()}: {machine()}.\n",
        f"![Flicker]({path.with_suffix('.png').name})\n",
        "Warp error and saturation are in levels of 255; CDC is times 1000. Both tell flicker: less"
        " is steadier, but the truth has some itself. Seconds are a processor's; calls are at"
        f" render factor {RENDER_FACTOR}. Means over these films:\n",
        *(f"- {note}" for note in notes),
    ]
    for colorizer in (BUILT_IN, ORACLE):
        page.append(f"\n## With the {colorizer}\n")
        page += [f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
        rows = [(name, means[c, name]) for c, name in keys if c == colorizer]
        for name, row in [*rows, ("the film itself", means["", "truth"])]:
            cells = [
                "" if np.isnan(value) else f"{value:.{places}f}"
                for value, places in zip(row, PLACES, strict=False)
            ]
            page.append(f"| {name} | {' | '.join([*cells, '', ''][:8])} |")
    path.write_text("\n".join(page) + "\n", encoding="utf-8")
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.4), sharey=True, layout="constrained")
    names = list(METHODS)[::-1]
    for axis, (title, column) in zip(axes, {"warp error": 3, "CDC": 4}.items(), strict=True):
        axis.barh(names, [means[BUILT_IN, name][column] for name in names], color="#5b7fa6")
        axis.set_title(f"{title} ({BUILT_IN})", fontsize=9)
        axis.tick_params(labelsize=8)
    figure.savefig(path.with_suffix(".png"), dpi=100)


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--frames", default=60, help="Of each clip, at most.")
@click.option("--page", default=Path("docs/video.md"), type=click.Path(path_type=Path))
def main(clips: tuple[Path, ...], frames: int, page: Path) -> None:
    """Colour clips in several ways; write a page and a plot."""
    cv2.setNumThreads(1)
    generator = load_generator("builtin")
    films = [read_film(clip, frames, generator) for clip in clips]
    films.append(splice(films))
    results, notes = {}, []
    for film in films:
        finder = ShotFinder()
        for luma in film.lumas:
            finder.add(luma)
        shots = finder.shots()
        note = f"{film.name}, {len(film.lumas)} frames of {len(shots)} shots"
        if film.cuts is not None:
            found = {shot.first for shot in shots[1:]}
            hits = len(found & set(film.cuts))
            note += f": {hits} of {len(film.cuts)} cuts found, {len(found) - hits} false"
        notes.append(note)
        click.echo(note)
        results[film.name] = measure(film, shots)
        for (colorizer, name), row in results[film.name].items():
            click.echo(f"  {colorizer:20}{name:26}" + "".join(f"{value:9.3f}" for value in row))
    write_page(results, notes, page)


if __name__ == "__main__":
    main()
