"""A generator, loaded once: luma of a small square in, its chroma out."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .builtin import load_builtin
from .errors import N_, DeviceError
from .settings import ROOT
from .weights import Weights, find_weights, open_verified

# ImageNet's mean and standard deviation, with which DeOldify's input and output are normalised.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class DeOldifyNetwork(nn.Module):
    """DeOldify's RGB-to-RGB generator as a network that takes luma and gives chroma."""

    mean: Tensor
    std: Tensor

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, luma: Tensor) -> Tensor:
        """Colour a batch: (N, 1, S, S) luma in 0..1 to (N, 2, S, S) U and V of BT.601."""
        rgb = self.unet((luma - self.mean) / self.std) * self.std + self.mean
        red, green, blue = rgb.clamp(0, 1).unbind(1)
        y = 0.299 * red + 0.587 * green + 0.114 * blue
        return torch.stack([0.492 * (blue - y), 0.877 * (red - y)], 1)


class Generator:
    """A network with its weights on a device, for one photo at a time.

    DeOldify keeps activations of its skip connections on the model, so a lock lets one photo in
    at a time; any thread may call.

    Attributes
    ----------
    weights
        The row of the table it was loaded from.
    device
        Where it runs.
    dtype
        The arithmetic it runs in.
    """

    def __init__(
        self, weights: Weights, network: nn.Module, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.weights = weights
        self.device = device
        self.dtype = dtype
        network = network.eval().to(device, dtype)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._lock = threading.Lock()

    @property
    def precision(self) -> str:
        """The arithmetic's name: ``float32``, ``bfloat16`` or ``float16``."""
        return str(self.dtype).removeprefix("torch.")

    def predict_chroma(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Predict the colour differences of a photo squeezed to a square.

        Parameters
        ----------
        luma
            (S, S) uint8, S = 16 × render factor.

        Returns
        -------
        numpy.ndarray
            (S, S, 2) float32: U and V of BT.601 for R, G, B in 0..1; 0 is grey.

        Raises
        ------
        MemoryError
            If the device's memory doesn't hold the activations.
        """
        square = torch.from_numpy(luma)[None, None].to(self.device, torch.float32) / 255
        try:
            with self._lock, torch.inference_mode():
                chroma = self._network(square.to(self.dtype))
                result = chroma[0].permute(1, 2, 0).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU's and Apple's allocators have no exception class of their own.
            if "memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return np.ascontiguousarray(result)


def load_generator(
    name: str = "artistic",
    *,
    models: Path = ROOT / "models",
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
        The folder with downloaded weights.
    device
        ``auto`` (CUDA, else MPS, else CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    precision
        ``auto``, ``float32``, ``bfloat16`` or ``float16``; ``auto`` is float32.
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
    dtype = torch.float32 if precision == "auto" else getattr(torch, precision)
    target = pick_device(device)
    with open_verified(weights.path(models), weights, trusted) as file:
        network = _load_network(weights, file)
    return Generator(weights, network, target, dtype)


def _load_network(weights: Weights, file: BinaryIO) -> nn.Module:
    if weights.architecture == "builtin":
        return load_builtin(file.read())
    # Loaded here alone: its imports take seconds.
    from . import fastai_compat

    state = fastai_compat.read_state_dict(file, weights.file)
    unet = fastai_compat.build_generator(weights.architecture)
    fastai_compat.load_state_dict(unet, state, weights.file)
    return DeOldifyNetwork(unet)


def pick_device(name: str) -> torch.device:
    """Return the device that a setting names.

    Raises
    ------
    DeviceError
        If the device is named and not in this machine.
    """
    cuda, mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    missing = (device.type == "cuda" and (device.index or 0) >= cuda) or (
        device.type == "mps" and not mps
    )
    if missing:
        raise DeviceError(
            N_("The device %(name)s is not in this machine; set COLORIZER_DEVICE to auto or cpu."),
            name=name,
        )
    return device
