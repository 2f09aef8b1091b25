"""A generator, loaded once: luma of a small square in, its chroma out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from colorizer.errors import N_, DeviceError
from colorizer.generators.builtin import load_builtin
from colorizer.generators.deoldify import compat as fastai_compat
from colorizer.generators.deoldify.cache import build_unet, read_folded, write_folded
from colorizer.generators.deoldify.unet import Architecture, UNet
from colorizer.generators.kernels.products import multiply_seconds
from colorizer.generators.table import Weights, find_weights, open_verified
from colorizer.process import keep_memory, release_memory
from colorizer.settings import ROOT

log = logging.getLogger(__name__)

# ImageNet's mean and standard deviation, with which DeOldify's input and output are normalised.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


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
        normalised = ((luma - self.mean) / self.std).to(self.dtype)
        normalised = normalised.contiguous(memory_format=torch.channels_last)
        rgb = self.unet(normalised).float() * self.std + self.mean
        red, green, blue = rgb.clamp(0, 1).unbind(1)
        y = 0.299 * red + 0.587 * green + 0.114 * blue
        return torch.stack([0.492 * (blue - y), 0.877 * (red - y)], 1)


class Generator:
    """A network with its weights on a device, for one photo at a time.

    The activations of a photo fill much memory, so a lock lets one in at a time; any thread may
    call.

    Parameters
    ----------
    weights
        The row of the table it was loaded from.
    network
        Takes (N, 1, S, S) luma, float32, gives (N, 2, S, S) chroma; on `device`, in `dtype`.

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
        self._network = network.eval()
        self._lock = threading.Lock()

    @property
    def title(self) -> str:
        """What people call the generator."""
        return self.weights.title

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
                chroma = self._network(square)
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
    keep_memory()
    weights = find_weights(name)
    target = pick_device(device)
    with open_verified(weights.path(models), weights, trusted) as (file, digest):
        if weights.architecture == "builtin":
            dtype = torch.float32 if precision == "auto" else getattr(torch, precision)
            network: nn.Module = load_builtin(file.read()).to(target, dtype)
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            return Generator(weights, network, target, dtype)
        dtype = pick_precision(precision, target)
        unet = _load_unet(weights, weights.architecture, weights.path(models), file, digest)
    if isinstance(unet, UNet):
        unet.for_inference(target, dtype)
    else:
        dtype = torch.float32
    release_memory()  # of what the network was made from: as much as a small photo takes
    return Generator(weights, DeOldifyNetwork(unet, dtype).to(target), target, dtype)


def set_threads(count: int) -> None:
    """Have PyTorch compute with so many threads of the processor, in this process."""
    torch.set_num_threads(count)


def _load_unet(
    weights: Weights, architecture: Architecture, path: Path, file: BinaryIO, digest: str
) -> nn.Module:
    """Load DeOldify's generator as a `UNet`, from what an earlier start kept of it if possible.

    If folding changes what it computes, which it never should, it remains DeOldify's own.
    """
    folded = read_folded(path, digest, architecture)
    if folded is not None:
        return folded
    plain = load_plain(architecture, file, weights.file)
    state = fastai_compat.fold(plain)
    folded = build_unet(architecture, state)
    if not _agree(folded, plain):
        log.warning("%s can't be folded; it runs as published, slowly", weights.file)
        return plain
    write_folded(path, digest, state)
    return folded


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
    state = fastai_compat.read_state_dict(file, name)
    unet = fastai_compat.build_generator(architecture)
    fastai_compat.load_state_dict(unet, state, name)
    return unet


def _agree(folded: nn.Module, plain: nn.Module) -> bool:
    """Tell whether two generators give the same on a small square, to 60 dB of their range."""
    ramp = torch.linspace(-2, 2, 112)
    square = (ramp[:, None] * (9 * ramp).cos()).expand(1, 3, -1, -1)
    with torch.inference_mode():
        error = (folded(square) - plain(square)).square().mean()
    return bool(error <= 6**2 * 10 ** (-60 / 10))


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the arithmetic that a setting names for DeOldify's generators.

    ``auto`` is bfloat16 where the device has it natively and is quicker in it, which gives the
    same picture to the eye; elsewhere it is float32.
    """
    if name != "auto":
        dtype: torch.dtype = getattr(torch, name)
        return dtype
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        features = torch.cpu.get_capabilities()
        native = device.type == "cpu" and any(
            features.get(feature) for feature in ("avx512_bf16", "amx_bf16")
        )
        # Zen 4 multiplies twice as fast in bfloat16, Sapphire Rapids without AMX half as fast.
        native = native and multiply_seconds(torch.bfloat16) < multiply_seconds(torch.float32)
    return torch.bfloat16 if native else torch.float32


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
