"""Lay pictures out on a sheet to look at: grey, coloured and, for colour photographs, the truth."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from colorizer.generators.builtin import load_builtin
from training.data import Photos
from training.evaluate import Pixels, colourise, grey, validation_photos


def fit(rgb: Pixels, height: int) -> Pixels:
    """Resize a picture to a height."""
    width = round(rgb.shape[1] * height / rgb.shape[0])
    shrinks = height < rgb.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=method), dtype=np.uint8)


def lay_out(groups: list[list[Pixels]], height: int, width: int) -> Pixels:
    """Set groups of pictures side by side in lines of at most a width, on white."""
    lines: list[list[Pixels]] = [[]]
    for group in groups:
        strip = np.hstack([fit(picture, height) for picture in group])
        strip = np.pad(strip, ((0, 8), (0, 8), (0, 0)), constant_values=255)
        if lines[-1] and sum(part.shape[1] for part in lines[-1]) + strip.shape[1] > width:
            lines.append([])
        lines[-1].append(strip)
    joined = [np.hstack(line) for line in lines]
    widest = max(line.shape[1] for line in joined)
    padding = [((0, 0), (0, widest - line.shape[1]), (0, 0)) for line in joined]
    return np.vstack(
        [np.pad(line, pad, constant_values=255) for line, pad in zip(joined, padding, strict=True)]
    )


def main() -> None:
    """Write a sheet from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", help="pictures, or archives (--work)")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="show validation photographs of this run")
    parser.add_argument("--count", type=int, default=60, help="of validation photographs")
    parser.add_argument("--height", type=int, default=300)
    parser.add_argument("--width", type=int, default=1600, help="of the sheet, in pixels")
    arguments = parser.parse_args()

    network = load_builtin(arguments.weights.read_bytes())
    groups: list[list[Pixels]] = []
    if arguments.work:
        found = validation_photos(arguments.pictures, Photos(arguments.work / "cache"))
        for rgb in itertools.islice(found, arguments.count):
            groups.append([grey(rgb), colourise(network, rgb), rgb])
    else:
        for path in arguments.pictures:
            with Image.open(path) as image:
                rgb = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
            groups.append([grey(rgb), colourise(network, rgb)])
    Image.fromarray(lay_out(groups, arguments.height, arguments.width)).save(arguments.out)


if __name__ == "__main__":
    main()
