"""A generator, loaded once: luma of a small square in, its chroma out."""

from __future__ import annotations

import threading

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from colorizer.generators.table import Weights


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
