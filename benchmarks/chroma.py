"""How true enlarged chroma is: ``python -m benchmarks.chroma --side 64 PICTURE...``.

Colour photographs are made grey and coloured with their own chroma, reduced to the square that a
generator sees. The figure is the PSNR of U and V, for red, green and blue from 0 to 1, against the
photograph's own, in dB: its mean over the photographs, the mean of what is gained over DeOldify's
bilinear way, and for how many photographs it is worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
from PIL import Image

from colorizer.coloring import chroma
from colorizer.pictures.photo import Pixels
from colorizer.pictures.pixels import LUMA, UV_SCALE
from training.data import read_photos

EDGES = (0.005, 0.01, 0.02, 0.04, 0.08)


def pictures(paths: tuple[Path, ...], most: int) -> Iterator[Pixels]:
    """Read pictures, and the first `most` of each zip of them."""
    for path in paths:
        if path.suffix == ".zip":
            for _, (_, rgb) in zip(range(most), read_photos([path]), strict=False):
                yield rgb
        else:
            yield np.asarray(Image.open(path).convert("RGB"))


def guided(edge: float) -> Callable[[Pixels, Pixels], Pixels]:
    """Enlarge as the app does, but for the variance that makes an edge."""

    def enlarge(grey: Pixels, square: Pixels) -> Pixels:
        chroma.EDGE = edge
        return chroma.replace_chroma(grey, square, 1)

    return enlarge


def bilinear(grey: Pixels, square: Pixels) -> Pixels:
    """Enlarge as DeOldify does, with no regard to the luma's edges, and clip."""
    height, width = grey.shape[:2]
    u, v = (
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
                (width, height), Image.Resampling.BILINEAR
            )
        )
        for plane in (square[..., 0], square[..., 1])
    )
    blue, red = u / UV_SCALE[0], v / UV_SCALE[1]
    green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    rgb = grey + 65535 * np.stack([red, green, blue], -1)
    return (rgb + 0.5).clip(0, 65535).astype(np.uint16)


WAYS = {
    "bilinear": bilinear,
    "bicubic": guided(1e9),  # no luma has such edges
    **{f"guided, edge {edge}": guided(edge) for edge in EDGES},
}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--side", default=64, help="Pixels of the square.")
@click.option("--most", default=200, help="Photographs of each zip.")
def main(paths: tuple[Path, ...], side: int, most: int) -> None:
    """Print a table of ways to enlarge."""
    rows: dict[str, list[float]] = {name: [] for name in WAYS}
    for rgb in pictures(paths, most):
        own = chroma.find_chroma(rgb)
        square = chroma.find_chroma(chroma.squeeze(rgb, side))
        # Of 16 bits, so that rounding takes no part.
        grey = np.repeat((rgb @ LUMA * 257).astype(np.uint16)[..., None], 3, 2)
        for name, way in WAYS.items():
            error = np.mean((chroma.find_chroma(way(grey, square)) - own) ** 2)
            rows[name].append(-10 * np.log10(max(error, 1e-9)))
    click.echo(f"{len(rows['bilinear'])} photographs, chroma reduced to {side} x {side}\n")
    click.echo("| way | PSNR, dB | gained | worse |\n| --- | --- | --- | --- |")
    for name, figures in rows.items():
        gained = np.subtract(figures, rows["bilinear"])
        worse = np.mean(gained < -0.01)
        click.echo(f"| {name} | {np.mean(figures):.1f} | {gained.mean():+.2f} | {worse:.0%} |")


if __name__ == "__main__":
    main()
