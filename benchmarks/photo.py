"""Time one photo here against DeOldify as published: ``python -m benchmarks.photo``.

Both sides load the same random checkpoint of the real architecture, each in a process of its own
(for its peak memory), and colour the same photo in turns, so that a busy machine slows both.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import click
import numpy as np
from PIL import Image

from colorizer.settings import RENDER_FACTORS
from colorizer.weights import WEIGHTS


def paint_photo(width: int, height: int) -> Image.Image:
    """Paint a grey picture with shades and grain."""
    y, x = np.mgrid[0:height, 0:width] / height
    shades = 128 + 60 * np.sin(7 * x) * np.cos(5 * y)
    grain = np.random.default_rng(0).normal(0, 6, (height, width))
    return Image.fromarray((shades + grain).clip(0, 255).astype(np.uint8)).convert("RGB")


def published_side(checkpoint: Path) -> Callable[[Image.Image, int], Image.Image]:
    """Load the published code."""
    from .published import published_colorizer

    return published_colorizer(checkpoint, "deep")


def our_side(checkpoint: Path) -> Callable[[Image.Image, int], Image.Image]:
    """Load this project's code."""
    from colorizer.coloring import colorize
    from colorizer.generator import load_generator
    from colorizer.photo import Photo

    trusted = {sha256(checkpoint.read_bytes()).hexdigest()}
    generator = load_generator("artistic", models=checkpoint.parent, trusted=trusted)

    def run(image: Image.Image, render_factor: int) -> Image.Image:
        photo = colorize(Photo(np.asarray(image)), generator, render_factor).photo
        return Image.fromarray(photo.rgb)

    return run


SIDES = {"published": published_side, "here": our_side}


def work(side: str, checkpoint: Path, photo: Image.Image, factor: int, pipe: Connection) -> None:
    """Colour the photo each time the other end asks; answer seconds, peak memory and pixels."""
    run = SIDES[side](checkpoint)
    while pipe.recv():
        started = time.perf_counter()
        result = run(photo, factor)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send((seconds, peak / (2**30 if sys.platform == "darwin" else 2**20), result))


@click.command()
@click.option("--runs", default=5, help="Counted runs of each side, after one to warm up.")
@click.option(
    "--render-factor", default=35, type=click.IntRange(RENDER_FACTORS[0], RENDER_FACTORS[-1])
)
@click.option("--width", default=1600)
@click.option("--height", default=1200)
def main(runs: int, render_factor: int, width: int, height: int) -> None:
    """Print seconds, ratio, peak memory and how far the two pictures agree."""
    from .published import make_checkpoint

    context = multiprocessing.get_context("spawn")
    photo = paint_photo(width, height)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / WEIGHTS["artistic"].file
        make_checkpoint(checkpoint, "deep")
        pipes = {}
        for side in SIDES:
            pipes[side], end = context.Pipe()
            arguments = (side, checkpoint, photo, render_factor, end)
            context.Process(target=work, args=arguments, daemon=True).start()
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        peak: dict[str, float] = {}
        pictures: dict[str, Image.Image] = {}
        for _ in range(runs + 1):
            for side, pipe in pipes.items():
                pipe.send(True)
                taken, peak[side], pictures[side] = pipe.recv()
                seconds[side].append(taken)
        for pipe in pipes.values():
            pipe.send(False)

    click.echo(f"{width} x {height} pixels, render factor {render_factor}, {runs} runs in turns\n")
    click.echo("| side | median s | min to max s | peak GiB |\n| --- | --- | --- | --- |")
    for side, (_, *counted) in seconds.items():
        spread = f"{min(counted):.2f} to {max(counted):.2f}"
        click.echo(f"| {side} | {statistics.median(counted):.2f} | {spread} | {peak[side]:.2f} |")
    pairs = zip(seconds["published"][1:], seconds["here"][1:], strict=True)
    ratio = statistics.median(theirs / ours for theirs, ours in pairs)
    difference = np.asarray(pictures["published"], float) - np.asarray(pictures["here"], float)
    agreement = 10 * np.log10(255**2 / np.mean(difference**2))
    click.echo(
        f"\n{ratio:.2f} times as fast (median of pairs); pictures agree to {agreement:.1f} dB"
    )


if __name__ == "__main__":
    main()
