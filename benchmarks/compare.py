"""Compare this project's speed with DeOldify's as published: ``python -m benchmarks``.

All sides load the same checkpoint and colour the same photo in turns, so that a busy machine
slows all of them.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import click

from colorizer.generators.table import WEIGHTS
from colorizer.places import root

from .folder import time_folder
from .report import Case, write_page, write_plot
from .server import time_start, time_uploads
from .sides import SIDES, Side, paint_photo

QUICK = [(1.0, 35)]
FULL = [(1.0, 15), (1.0, 25), (1.0, 35), (1.0, 45), (12.0, 35), (48.0, 35)]


@click.command()
@click.option("--full", is_flag=True, help="All render factors and sizes; about twenty minutes.")
@click.option("--runs", type=click.IntRange(1), help="Counted runs of each side, after one more.")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, path_type=Path),
    help="Artistic's weights. Random ones otherwise.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=root() / "docs", show_default="docs"
)
def main(full: bool, runs: int | None, checkpoint: Path | None, output: Path) -> None:
    """Write speed.md and speed.png: seconds, ratio, peak memory, agreement of the pictures."""
    runs = runs or (5 if full else 3)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / WEIGHTS["artistic"].file
        if checkpoint is None:
            from .published import make_checkpoint

            make_checkpoint(weights, "deep")
        else:
            weights.symlink_to(checkpoint.resolve())
        click.echo("the app's start …")
        start = time_start(weights)
        photo = io.BytesIO()
        paint_photo(12).save(photo, "JPEG", quality=90)
        click.echo("uploads …")
        uploads = time_uploads(weights, photo.getvalue(), together=4)
        click.echo("a folder …")
        many = time_folder(weights, photo.getvalue(), count=20)
        cases = _compare(weights, FULL if full else QUICK, runs)
    output.mkdir(parents=True, exist_ok=True)
    write_page(cases, start, uploads, many, output / "speed.md")
    write_plot(cases, output / "speed.png")
    click.echo((output / "speed.md").read_text())


def _compare(checkpoint: Path, sizes: list[tuple[float, int]], runs: int) -> list[Case]:
    sides = {name: Side(name, checkpoint) for name in SIDES}
    cases = []
    for megapixels, render_factor in sizes:
        click.echo(f"{megapixels:g} megapixels, render factor {render_factor} …")
        case = Case(megapixels, render_factor, {name: [] for name in sides})
        photo = paint_photo(megapixels)
        for run in range(runs + 1):
            for name, side in sides.items():
                answer = side.colorize(photo, render_factor)
                if run > 0:
                    case.answers[name].append(answer)
        cases.append(case)
    for side in sides.values():
        side.close()
    return cases
