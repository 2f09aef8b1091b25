"""DeOldify's two generators: folded for inference where they can be, else as published."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import BinaryIO

import torch
from torch import Tensor, nn

from colorizer.generators.deoldify import compat
from colorizer.generators.deoldify.cache import (
    build_unet,
    delete_folded,
    read_folded,
    write_folded,
)
from colorizer.generators.deoldify.folding import fold
from colorizer.generators.deoldify.unet import Architecture, UNet
from colorizer.generators.devices import pick_precision
from colorizer.generators.verify import VerifiedFile
from colorizer.pictures.pixels import LUMA, UV_SCALE

log = logging.getLogger(__name__)

# ImageNet's mean and standard deviation, with which DeOldify's input and output are normalised.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# BT.601, as PyTorch takes numbers.
RED, GREEN, BLUE = map(float, LUMA)
U_SCALE, V_SCALE = map(float, UV_SCALE)


class DeOldifyNetwork(nn.Module):
    """DeOldify's RGB-to-RGB generator as a network that takes luma and gives chroma.

    Parameters
    ----------
    unet
        The generator.
    dtype
        What it takes; luma and chroma themselves are float32.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, unet: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.unet = unet
        self.dtype = dtype
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, luma: Tensor) -> Tensor:
        """Colour a batch: (N, 1, S, S) luma in 0..1 to (N, 2, S, S) U and V of BT.601."""
        red, green, blue = self.paint(luma).unbind(1)
        y = RED * red + GREEN * green + BLUE * blue
        return torch.stack([U_SCALE * (blue - y), V_SCALE * (red - y)], 1)

    def paint(self, luma: Tensor) -> Tensor:
        """Map (N, 1, S, S) luma in 0..1 to the generator's own picture, (N, 3, S, S) in 0..1."""
        normalised = ((luma - self.mean) / self.std).to(self.dtype)
        if isinstance(self.unet, UNet):
            normalised = normalised.contiguous(memory_format=torch.channels_last)
        rgb: Tensor = self.unet(normalised).float() * self.std + self.mean
        return rgb.clamp(0, 1)


def load(
    architecture: Architecture, weights: VerifiedFile, device: torch.device, precision: str
) -> tuple[nn.Module, torch.dtype]:
    """Load a generator as a network that takes luma and gives chroma.

    What can't be folded runs as published, slowly and in float32.

    Parameters
    ----------
    architecture
        ``deep`` or ``wide``.
    weights
        Its checkpoint.
    device, precision
        Where and in which arithmetic it is to run; see `devices.pick_precision`.

    Returns
    -------
    tuple of torch.nn.Module and torch.dtype
        The network, on the device, and the arithmetic it runs in.

    Raises
    ------
    WeightsError
        If the file is no checkpoint of this architecture.
    """
    dtype = pick_precision(precision, device)
    unet = _load_unet(architecture, weights)
    if isinstance(unet, UNet):
        unet.for_inference(device, dtype)
    else:
        dtype = torch.float32
    return DeOldifyNetwork(unet, dtype).to(device), dtype


def _load_unet(architecture: Architecture, weights: VerifiedFile) -> nn.Module:
    """Load DeOldify's generator as a `UNet`, from what an earlier start kept of it if possible.

    If folding changes what it computes, which it never should, it remains DeOldify's own.
    """
    folded = read_folded(weights.path, weights.sha256, architecture)
    if folded is not None:
        return folded
    plain = load_plain(architecture, weights.file, weights.path.name)
    state = fold(plain)
    folded = build_unet(architecture, state)
    if not _agree(folded, plain):
        log.warning("%s can't be folded; it runs as published, slowly", weights.path.name)
        return plain
    write_folded(weights.path, weights.sha256, state)
    return folded


def check_folded(architecture: Architecture, weights: VerifiedFile) -> bool:
    """Compare what an earlier start kept of a generator with what its weights give.

    A copy that differs is deleted, and so is one of other weights: the next start makes it anew.

    Parameters
    ----------
    architecture
        ``deep`` or ``wide``.
    weights
        Its checkpoint.

    Returns
    -------
    bool
        Whether nothing is kept that these weights don't give.

    Raises
    ------
    WeightsError
        If the file is no checkpoint of this architecture.
    """
    kept = read_folded(weights.path, weights.sha256, architecture)
    if kept is None:
        return True
    state = kept.state_dict()
    given = fold(load_plain(architecture, weights.file, weights.path.name))
    # Another processor or release of PyTorch may round otherwise.
    right = state.keys() == given.keys() and all(
        torch.allclose(state[name].float(), given[name], rtol=1e-3, atol=1e-5) for name in given
    )
    if not right:
        delete_folded(weights.path)
    return right


def load_published(
    architecture: Architecture, weights: VerifiedFile, device: torch.device
) -> Callable[[Tensor], Tensor]:
    """Load a generator as it was published: what paints its own picture, in float32.

    Returns
    -------
    Callable
        Maps (N, 1, S, S) luma to (N, 3, S, S) RGB, on the device, both 0 to 1.

    Raises
    ------
    WeightsError
        If the file is no checkpoint of this architecture.
    """
    plain = load_plain(architecture, weights.file, weights.path.name)
    return DeOldifyNetwork(plain).to(device).paint


def load_plain(architecture: Architecture, file: BinaryIO, name: str) -> nn.Module:
    """Load DeOldify's generator as it was published, slow and in float32: the reference.

    Parameters
    ----------
    architecture
        ``deep`` or ``wide``.
    file
        A checkpoint.
    name
        What to call it in errors.

    Raises
    ------
    WeightsError
        If the file is no checkpoint of this architecture.
    """
    state = compat.read_state_dict(file, name)
    unet = compat.build_generator(architecture)
    compat.load_state_dict(unet, state, name)
    return unet


def _agree(folded: nn.Module, plain: nn.Module) -> bool:
    """Tell whether two generators give the same on a small square, to 60 dB of their range."""
    ramp = torch.linspace(-2, 2, 112)
    square = (ramp[:, None] * (9 * ramp).cos()).expand(1, 3, -1, -1)
    with torch.inference_mode():
        error = (folded(square) - plain(square)).square().mean()
    return bool(error <= 6**2 * 10 ** (-60 / 10))
