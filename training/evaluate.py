"""Measure the built-in network on the validation photographs, as the app would colour them.

Definitions, each a mean over photographs of their own size (no squares), 8-bit RGB:

- *PSNR*: 10 log10(255^2 / mean square error over pixels and channels), in dB.
- *Colourfulness*: Hasler and Suesstrunk's M3 (2003); given as a ratio, the mean over the
  coloured photographs by the mean over the true ones.
- *Distance*: the mean CIE76 difference in Lab.

*Grey* is the photograph with its luma alone.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorizer.generators.builtin import BuiltinNetwork, enlarge, load_builtin, working_side
from colorizer.pictures.pixels import UV_SCALE, side_of
from training.data import Photos, read_photos

RENDER_FACTOR = 35

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Figures:
    """How close a picture is to the truth, and how colourful."""

    psnr: float
    colourfulness: float
    distance: float


def luma_of(rgb: Pixels) -> NDArray[np.float32]:
    """BT.601 luma of a picture, (H, W), 0 to 1."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2GRAY))


def squeeze_luma(luma: NDArray[np.float32], side: int) -> Tensor:
    """Squeeze a luma picture to a square, (1, 1, side, side)."""
    method = cv2.INTER_AREA if min(luma.shape) > side else cv2.INTER_LINEAR
    small = cv2.resize(luma, (side, side), interpolation=method)
    return torch.from_numpy(small)[None, None]


def recombine(luma: NDArray[np.float32], chroma: NDArray[np.float32]) -> Pixels:
    """Put luma (H, W) and U, V (H, W, 2) together to RGB."""
    yuv = np.dstack([luma, chroma + np.float32(0.5)])
    rgb = cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB)
    return np.asarray((np.clip(rgb, 0, 1) * 255).round(), dtype=np.uint8)


@torch.inference_mode()
def colourise(network: BuiltinNetwork, rgb: Pixels, factor: int = RENDER_FACTOR) -> Pixels:
    """Colour a photograph, whose own colours are ignored, at the shipped setting."""
    luma = luma_of(rgb)
    chroma = network(squeeze_luma(luma, side_of(factor)))[0].permute(1, 2, 0).numpy()
    return recombine(luma, cv2.resize(chroma, luma.shape[::-1], interpolation=cv2.INTER_LINEAR))


def colourfulness(rgb: Pixels) -> float:
    """Hasler and Suesstrunk's M3."""
    r, g, b = rgb.astype(np.float32).transpose(2, 0, 1)
    first, second = r - g, (r + g) / 2 - b
    spread = np.hypot(first.std(), second.std())
    return float(spread + 0.3 * np.hypot(first.mean(), second.mean()))


def measure(guess: Pixels, truth: Pixels) -> Figures:
    """Compare one picture with the truth."""
    scaled = [picture.astype(np.float32) / 255 for picture in (guess, truth)]
    error = float(np.square(scaled[0] - scaled[1]).mean())
    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in scaled)
    distance = float(np.linalg.norm(first - second, axis=2).mean())
    return Figures(-10 * np.log10(max(error, 1e-6)), colourfulness(guess), distance)


def average(figures: list[Figures]) -> Figures:
    """Mean over photographs."""
    return Figures(*np.mean([astuple(one) for one in figures], axis=0).tolist())


def validation_photos(archives: list[Path], photos: Photos) -> Iterator[Pixels]:
    """Read the validation photographs, at their own size."""
    wanted = {photos.names[row] for row in photos.validation}
    return (rgb for name, rgb in read_photos(archives) if name in wanted)


def grey(rgb: Pixels) -> Pixels:
    """Leave a photograph its luma alone."""
    luma = luma_of(rgb)
    return recombine(luma, np.zeros((*luma.shape, 2), np.float32))


def report(name: str, own: Figures, truth: Figures, base: Figures) -> str:
    """One line of figures, next to those of grey."""
    return (
        f"{name}: PSNR {own.psnr:.2f} dB ({own.psnr - base.psnr:+.2f}), "
        f"colourfulness {own.colourfulness / truth.colourfulness:.3f}, "
        f"distance {own.distance:.2f} ({own.distance / base.distance:.3f})"
    )


@torch.inference_mode()
def sweep(network: BuiltinNetwork, pictures: list[Pixels], base: Figures, truth: Figures) -> None:
    """Print the figures of many decoder settings; each photograph is scored only once."""
    settings = list(
        itertools.product((-0.5, 0.0, 0.5), (0.5, 0.6, 0.8, 1.0), (0.9, 1.0, 1.1, 1.2, 1.3))
    )
    results: list[list[Figures]] = [[] for _ in settings]
    scale = torch.from_numpy(UV_SCALE)[:, None, None]
    for rgb in pictures:
        luma = luma_of(rgb)
        small = squeeze_luma(luma, working_side(side_of(RENDER_FACTOR)))
        scores = (network.scores(small) + network.scores(small.flip(3)).flip(3)) / 2
        guide = torch.from_numpy(luma)[None, None]
        for setting, result in zip(settings, results, strict=True):
            chroma = enlarge(network.decode(scores, *setting), small, guide) * scale
            guess = recombine(luma, chroma[0].permute(1, 2, 0).numpy())
            result.append(measure(guess, rgb))
    for setting, result in zip(settings, results, strict=True):
        name = "exponent {}, temperature {}, gain {}".format(*setting)
        print(report(name, average(result), truth, base))


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archives", type=Path, nargs="+", help="zip files of photographs")
    parser.add_argument("--work", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--first", type=int, help="only so many photographs")
    parser.add_argument("--sweep", action="store_true", help="try many decoder settings")
    arguments = parser.parse_args()

    photos = Photos(arguments.work / "cache")
    network = load_builtin(arguments.weights.read_bytes())
    found = validation_photos(arguments.archives, photos)
    pictures = list(itertools.islice(found, arguments.first))
    base = average([measure(grey(rgb), rgb) for rgb in pictures])
    truth = average([measure(rgb, rgb) for rgb in pictures])
    print(f"{len(pictures)} photographs, grey: {base.psnr:.2f} dB, distance {base.distance:.2f}")
    if arguments.sweep:
        sweep(network, pictures, base, truth)
    else:
        own = average([measure(colourise(network, rgb), rgb) for rgb in pictures])
        print(report("network", own, truth, base))


if __name__ == "__main__":
    main()
