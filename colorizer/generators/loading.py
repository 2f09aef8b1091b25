"""A generator by its name: its row, its verified file, its architecture's way to load it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import torch
from torch import nn

from colorizer.generators import builtin, deoldify
from colorizer.generators.devices import pick_device
from colorizer.generators.generator import Generator, Network
from colorizer.generators.table import find_weights
from colorizer.generators.verify import VerifiedFile, open_verified
from colorizer.places import root
from colorizer.process import release_memory

Load = Callable[[VerifiedFile, torch.device, str], tuple[nn.Module, torch.dtype]]

# Each loads a network that maps luma, (N, 1, S, S) from 0 to 1, to chroma, (N, 2, S, S).
ARCHITECTURES: dict[str, Load] = {
    "deep": partial(deoldify.load, "deep"),
    "wide": partial(deoldify.load, "wide"),
    "builtin": builtin.load,
}
# These load what paints DeOldify's published picture: see `Generator.predict_rgb`.
PUBLISHED = {
    "deep": partial(deoldify.load_published, "deep"),
    "wide": partial(deoldify.load_published, "wide"),
}


def load_generator(
    name: str = "artistic",
    *,
    models: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    trusted: Collection[str] = (),
) -> Generator:
    """Load a generator from its verified weight file.

    Parameters
    ----------
    name
        ``artistic``, ``stable``, ``video`` or ``builtin``.
    models
        The folder with downloaded weights; by default ``models`` in the checkout of the project
        or, where the library is installed, in the working directory.
    device
        ``auto`` (CUDA, else MPS, else CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    precision
        ``auto``, ``float32``, ``bfloat16`` or ``float16``; see `pick_precision`.
    trusted
        SHA-256 sums of further weight files to accept.

    Raises
    ------
    OptionError
        If there is no generator of that name.
    DeviceError
        If the device is named and missing.
    WeightsError
        If the weight file is missing or is not what it should be.
    """
    weights = find_weights(name)
    target = pick_device(device)
    path = weights.path(Path(models) if models else root() / "models")
    with open_verified(path, weights, trusted) as file:
        network, dtype = ARCHITECTURES[weights.architecture](file, target, precision)
    release_memory()  # of what the network was made from: as much as a small photo takes

    def load_published() -> Network:
        with open_verified(path, weights, trusted) as file:
            return PUBLISHED[weights.architecture](file, target)

    published = load_published if weights.architecture in PUBLISHED else None
    return Generator(weights, network, target, dtype, published)
