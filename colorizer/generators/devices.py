"""Where a generator runs, in which arithmetic, on how many threads."""

from __future__ import annotations

import torch

from colorizer.errors import N_, DeviceError
from colorizer.generators.kernels.products import multiply_seconds


def set_threads(count: int) -> None:
    """Have PyTorch compute with so many threads of the processor, in this process."""
    torch.set_num_threads(count)


def count_threads() -> int:
    """Return how many threads of the processor PyTorch computes with, in this process."""
    return torch.get_num_threads()


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
