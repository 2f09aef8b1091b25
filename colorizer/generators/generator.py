"""A generator, loaded once: luma of a small square in, its chroma out."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from colorizer.errors import N_, OptionError
from colorizer.generators.table import Weights

Network = Callable[[Tensor], Tensor]


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
    device, dtype
        As in the attributes.
    load_published
        Loads what paints DeOldify's published picture: (N, 1, S, S) luma, (N, 3, S, S) RGB, both
        0 to 1. None: the generator is none of DeOldify's.

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
        self,
        weights: Weights,
        network: nn.Module,
        device: torch.device,
        dtype: torch.dtype,
        load_published: Callable[[], Network] | None = None,
    ) -> None:
        self.weights = weights
        self.device = device
        self.dtype = dtype
        self._network = network.eval()
        self._load_published = load_published
        self._published: Network | None = None
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
        return self._run(self._network, luma)

    def predict_rgb(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the picture that DeOldify's published network paints, luma and all.

        The quick network agrees with it to rounding, but where levels are cut off, rounding can
        make one of a few thousand differ. So the published network itself is loaded, at the first
        call, and runs: some four times as long, in float32.

        Parameters
        ----------
        luma
            As for `predict_chroma`.

        Returns
        -------
        numpy.ndarray
            (S, S, 3) float32: R, G and B, 0 to 1.

        Raises
        ------
        OptionError
            If the generator is none of DeOldify's.
        WeightsError
            If the weight file isn't there any more or has changed.
        MemoryError
            If the device's memory doesn't hold the activations.
        """
        if self._load_published is None:
            raise OptionError(
                N_("%(title)s is none of DeOldify's generators: it has no published pixels."),
                title=self.title,
            )
        with self._lock:
            if self._published is None:
                self._published = self._load_published()
        return self._run(self._published, luma)

    def _run(self, network: Network, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give the luma of a square to a network; return what it makes, channels last."""
        square = torch.from_numpy(luma)[None, None].to(self.device, torch.float32) / 255
        try:
            with self._lock, torch.inference_mode():
                result = network(square)[0].permute(1, 2, 0).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU's and Apple's allocators have no exception class of their own.
            if "memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return np.ascontiguousarray(result)
