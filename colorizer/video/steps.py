"""The steps of a film's way that read or write films: what a child process does of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizer.errors import N_
from colorizer.files import read_plain, written_whole
from colorizer.video.arrays import load_array, save_array
from colorizer.video.carry import carry
from colorizer.video.containers import EXTENSIONS, SUFFIXES
from colorizer.video.encoding import write_segment
from colorizer.video.facts import Survey
from colorizer.video.film import Film, open_film
from colorizer.video.frame import Frame, Plane
from colorizer.video.joining import join_parts, remux, remux_suffix
from colorizer.video.plan import Stretch
from colorizer.video.planes import color_planes
from colorizer.video.shots import ShotFinder, color_spread, is_in_color
from colorizer.video.squares import square_of, working_luma, working_size
from colorizer.video.still import draw_still

Progress = Callable[[int], None]

LEFT_OUT = N_(
    "Some tracks of the film, such as subtitles that are pictures, don’t fit the result and are "
    "left out."
)
# Bytes that a step may take: of addresses, which libraries and threads reserve by the gigabyte,
# and of each pixel of a frame, of which encoders hold some fifty.
MEMORY, MEMORY_OF_A_PIXEL = 1536 << 20, 300
SAMPLE = 12  # frames; one of so many tells whether a shot is in colour
LONGEST = 256 << 20  # bytes of a survey's file: some months of film


def check(
    *,
    source: str,
    name: str,
    max_minutes: float,
    codec: Any,
    strength: int,
    progress: Progress,
) -> dict[str, Any]:
    """Open a film; tell how the names of its file and of its result end."""
    progress(0)
    with _opened(source, max_minutes=max_minutes) as film:
        result = SUFFIXES[codec] if strength else remux_suffix(film)
        suffix = Path(name).suffix.lower()
        if EXTENSIONS.get(suffix) != film.kind:
            suffix = next(known for known, kind in EXTENSIONS.items() if kind == film.kind)
    return {"original": suffix, "result": result}


def survey(*, source: str, work: str, progress: Progress) -> dict[str, Any]:
    """Read a film once; keep what is found of its frames, and tell what `plan.make_plan` takes."""
    finder = ShotFinder()
    spreads = list[float]()

    def look(frame: Frame, small: Plane) -> None:
        finder.add(small)
        if frame.number % SAMPLE == 0:
            spreads.append(color_spread(frame, film.format))
        progress(frame.number)

    with _opened(source) as film:
        found = film.survey(look)
        with written_whole(Path(work) / "survey.json") as part:
            part.write_text(json.dumps(asdict(found)), encoding="utf-8")
        shots = finder.shots()
        return {
            "frames": len(found.pts),
            "seconds": float((found.end - found.pts[0]) * film.time_base),
            "form": asdict(film.format) | {"sample_aspect": str(film.format.sample_aspect)},
            "shots": [asdict(shot) for shot in shots],
            "in_color": [
                is_in_color(spreads[-(-shot.first // SAMPLE) : shot.last // SAMPLE + 1])
                for shot in shots
            ],
            "notes": _notes(found),
        }


def squares(
    *,
    source: str,
    work: str,
    numbers: list[int],
    side: int,
    folder: str,
    progress: Progress,
) -> dict[str, Any]:
    """Write what the generator is to see of some frames, (side, side) uint8, each into a file."""
    wanted = set(numbers)
    with _surveyed(source, work) as film:
        for frame in film.frames(min(wanted), max(wanted)):
            if frame.number in wanted:
                save_array(
                    Path(folder) / f"{frame.number}.npy", square_of(frame, film.format, side)
                )
                progress(frame.number)
    return {}


def render(
    *,
    source: str,
    work: str,
    stretches: list[dict[str, Any]],
    keys: str,
    strength: int,
    codec: Any,
    target: str,
    latest: str | None,
    progress: Progress,
) -> dict[str, Any]:
    """Make the part of the result that a segment becomes, given the chroma of its keys."""
    with _surveyed(source, work) as film:
        last: tuple[Frame, tuple[Plane, Plane]] | None = None

        def coloured() -> Iterator[tuple[Frame, tuple[Plane, Plane]]]:
            nonlocal last
            for row in stretches:
                stretch = Stretch(**row)
                chroma = _chroma(film, stretch, Path(keys))
                # A shot that is in colour already stays as it is.
                percent = strength if stretch.keys else 0
                for frame in film.frames(stretch.first, stretch.last):
                    its = chroma[frame.number - stretch.first]
                    last = frame, color_planes(frame, film.format, its, percent)
                    yield last
                    progress(frame.number + 1)

        write_segment(Path(target), coloured(), film.track, codec)
        if last and latest:
            with written_whole(Path(latest)) as part:
                draw_still(last[0].luma, last[1], film.format).save(part, quality=85)
    return {}


def join(
    *,
    source: str,
    work: str,
    parts: list[str] | None,
    target: str,
    generator: str,
    keep_gps: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Put the parts of the result together; where there are none, copy the film's own picture."""
    how: dict[str, Any] = {"keep_gps": keep_gps, "progress": progress}
    with _surveyed(source, work) as film:
        if parts is None:
            left_out = remux(film, Path(target), **how)
        else:
            paths = [Path(part) for part in parts]
            left_out = join_parts(paths, film, Path(target), generator=generator, **how)
    return {"notes": [LEFT_OUT] if left_out else []}


STEPS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "check": check,
    "survey": survey,
    "squares": squares,
    "render": render,
    "join": join,
}


@contextmanager
def _surveyed(source: str, work: str) -> Iterator[Film]:
    """Open a film of which `survey` has kept what it found."""
    data = json.loads(read_plain(Path(work) / "survey.json", LONGEST))
    with _opened(source, survey=Survey.from_json(data)) as film:
        yield film


@contextmanager
def _opened(source: str, **options: Any) -> Iterator[Film]:
    """Open a film, within the memory that a sound one takes."""
    _limit(0)
    with open_film(Path(source), **options) as film:
        _limit(film.format.width * film.format.height)
        yield film


def _limit(pixels: int) -> None:
    if sys.platform != "win32":
        from colorizer.pictures.limits import limit_memory

        limit_memory(MEMORY + pixels * MEMORY_OF_A_PIXEL)


def _chroma(film: Film, stretch: Stretch, folder: Path) -> NDArray[np.float16]:
    """Carry the keys' chroma to the frames of a stretch, (N, 2, h, w)."""
    if not stretch.keys:
        count = stretch.last + 1 - stretch.first
        return np.zeros((count, 2, *working_size(film.format)), np.float16)
    shape = (2, *working_size(film.format))
    keys = {
        number: load_array(folder / f"{number}.npy", shape, np.float16) for number in stretch.keys
    }
    first, last = stretch.keys[0], stretch.keys[-1]
    lumas = (working_luma(frame, film.format) for frame in film.frames(first, last))
    chroma = carry(lumas, keys, first)
    return chroma[stretch.first - first : stretch.last + 1 - first]


def _notes(found: Survey) -> list[str]:
    """Say what there is to say of a film, as messages to be translated."""
    notes = []
    if found.cut_off:
        notes.append(N_("The file ends before the film does. What is there of it is coloured."))
    if found.damaged:
        notes.append(N_("Parts of the film are damaged and can’t be shown."))
    return notes
