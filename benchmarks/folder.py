"""How near a folder of photos comes to the generator's own rate."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from colorizer.coloring.colorize import colorize_file
from colorizer.coloring.options import Options
from colorizer.commands.colorize import color_in_stages
from colorizer.commands.pipeline import run_pipeline
from colorizer.commands.targets import Task
from colorizer.generators.loading import load_generator
from colorizer.pictures.pixels import side_of
from colorizer.pictures.pool import PicturePool
from colorizer.settings import Settings

RENDER_FACTOR = 35


def time_folder(checkpoint: Path, photo: bytes, count: int) -> dict[str, float]:
    """Measure the seconds a photo takes, in ``auto``, when `count` of them are in a folder.

    Returns
    -------
    dict of str to float
        ``generator``, the network by itself, before and after the folder; ``one by one``, each
        photo from file to file; ``folder``, as the command line takes them.
    """
    trusted = {sha256(checkpoint.read_bytes()).hexdigest()}
    generator = load_generator("artistic", models=checkpoint.parent, trusted=trusted)
    side = side_of(RENDER_FACTOR)
    luma = np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)
    options = Options("artistic", RENDER_FACTOR, 100, None, False)
    settings = Settings.from_environment()

    with tempfile.TemporaryDirectory() as name:
        files = [(Path(name, f"{i}.jpg"), Path(name, f"{i}-colorized.jpg")) for i in range(count)]
        for source, _ in files:
            source.write_bytes(photo)

        def network() -> None:
            for _ in files:
                generator.predict_chroma(luma)

        def one_by_one() -> None:
            for source, target in files:
                colorize_file(source, target, generator, RENDER_FACTOR)

        def folder() -> None:
            tasks = [Task(source, target) for source, target in files]
            with PicturePool() as pictures:
                photos = [
                    color_in_stages(task, generator, options, settings, pictures) for task in tasks
                ]
                for outcome in run_pipeline(photos):
                    if isinstance(outcome, Exception):
                        raise outcome

        generator.predict_chroma(luma)  # to warm up
        runs = {"one by one": one_by_one, "before": network, "folder": folder, "after": network}
        seconds = {name: _time(run) / count for name, run in runs.items()}
    own = (seconds.pop("before") + seconds.pop("after")) / 2
    return {"generator": own, **seconds}


def _time(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
