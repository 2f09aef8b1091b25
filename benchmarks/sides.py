"""The programs that are compared, each in a process of its own, for its peak memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizer.process import ENVIRONMENT, tune

Run = Callable[[Image.Image, int], Image.Image]


def paint_photo(megapixels: float) -> Image.Image:
    """Paint a grey picture, 4 : 3, with shades and grain."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    y, x = np.ogrid[0:height, 0:width]
    y, x = (y / height).astype(np.float32), (x / height).astype(np.float32)
    shades = 128 + 60 * np.sin(7 * x) * np.cos(5 * y)
    shades += np.random.default_rng(0).standard_normal(shades.shape, dtype=np.float32) * 6
    return Image.fromarray(shades.clip(0, 255).astype(np.uint8)).convert("RGB")


def load_published(checkpoint: Path) -> Run:
    """Load the published code."""
    from .published import published_colorizer

    return published_colorizer(checkpoint, "deep")


def load_ours(checkpoint: Path, name: str, precision: str) -> Run:
    """Load this project's code."""
    tune()
    from colorizer.coloring.colorize import colorize
    from colorizer.generators.loading import load_generator
    from colorizer.pictures.photo import Photo

    trusted = {sha256(checkpoint.read_bytes()).hexdigest()}
    generator = load_generator(name, models=checkpoint.parent, precision=precision, trusted=trusted)

    def run(image: Image.Image, render_factor: int) -> Image.Image:
        photo = colorize(Photo(np.asarray(image)), generator, render_factor).photo
        return Image.fromarray(photo.rgb)

    return run


SIDES: dict[str, Callable[[Path], Run]] = {
    "published": load_published,
    "float32": lambda checkpoint: load_ours(checkpoint, "artistic", "float32"),
    "auto": lambda checkpoint: load_ours(checkpoint, "artistic", "auto"),
    "built-in": lambda checkpoint: load_ours(checkpoint, "builtin", "auto"),
}


@dataclass(frozen=True)
class Answer:
    """A photo coloured by one side: seconds, the process's peak memory in GiB, the pixels."""

    seconds: float
    peak: float
    pixels: NDArray[np.uint8]


class Side:
    """One of `SIDES` in its own process."""

    def __init__(self, name: str, checkpoint: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=_work, args=(name, checkpoint, end), daemon=True)
        with mock.patch.dict(os.environ):
            if name == "published":  # which is to find PyTorch as it comes
                for variable in ENVIRONMENT:
                    os.environ.pop(variable, None)
            self._process.start()

    def colorize(self, photo: Image.Image, render_factor: int) -> Answer:
        """Colour a photo and wait for it."""
        self._pipe.send((photo, render_factor))
        answer: Answer = self._pipe.recv()
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()


def _work(name: str, checkpoint: Path, pipe: Connection) -> None:
    run = SIDES[name](checkpoint)
    while True:
        photo, render_factor = pipe.recv()
        _forget_peak()
        started = time.perf_counter()
        result = run(photo, render_factor)
        seconds = time.perf_counter() - started
        pipe.send(Answer(seconds, _peak(), np.asarray(result)))


def _forget_peak() -> None:
    """Have Linux measure the peak anew; elsewhere it is that of all photos so far."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)
