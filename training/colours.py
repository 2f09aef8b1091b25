"""The quantised colours: a grid over B - Y and R - Y, as far as photographs fill it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorizer.files import written_whole
from training.data import Photos, shrink_chroma

STEP = (0.08, 0.07)  # between neighbours, in B - Y and in R - Y
REACH = (12, 11)  # grid points on each side of grey
SAMPLE = 4000  # photographs counted
LEAST = 1e-5  # share of all pixels that keeps a grid point
SMOOTHING = 0.5  # share of the uniform distribution mixed in before inverting
REBALANCE = 0.5  # power of the inverse frequency; 1 would be Zhang et al.


@dataclass(frozen=True)
class Palette:
    """The colours a network chooses from.

    Attributes
    ----------
    colours : Tensor
        (Q, 2), B - Y and R - Y.
    share : Tensor
        (Q,), of all pixels.
    weight : Tensor
        (Q,), in the loss; the mean over all pixels is 1.
    nearest : Tensor
        Flat grid position to the index of its colour, or of the nearest one kept.
    """

    colours: Tensor
    share: Tensor
    weight: Tensor
    nearest: Tensor

    def encode(self, chroma: Tensor) -> tuple[Tensor, Tensor]:
        """Spread each pixel bilinearly over the four grid points around it.

        Parameters
        ----------
        chroma : Tensor
            (N, 2, H, W), B - Y and R - Y.

        Returns
        -------
        indices, parts : Tensor
            (N, H, W, 4), colours and how much of each; the parts sum to 1.
        """
        corners, parts = _corners(chroma.permute(0, 2, 3, 1))
        return self.nearest[corners], parts


def _corners(chroma: Tensor) -> tuple[Tensor, Tensor]:
    reach = torch.tensor(REACH)
    place = (chroma / torch.tensor(STEP) + reach).clamp(min=0)
    place = torch.minimum(place, 2 * reach - 1e-4)
    low = place.floor()
    b, r = (place - low).unbind(-1)
    column, row = low.long().unbind(-1)
    height = 2 * REACH[1] + 1
    corner = column * height + row
    corners = torch.stack([corner, corner + 1, corner + height, corner + height + 1], -1)
    parts = torch.stack([(1 - b) * (1 - r), (1 - b) * r, b * (1 - r), b * r], -1)
    return corners, parts


def load_palette(photos: Photos, seed: int = 0) -> Palette:
    """Load the cache's palette, made the first time."""
    path = photos.folder / "palette.pt"
    if not path.exists():
        with written_whole(path) as part:
            torch.save(asdict(make_palette(photos, seed)), part)
    return Palette(**torch.load(path, weights_only=True))


def make_palette(photos: Photos, seed: int) -> Palette:
    """Count the colours of the training photographs and choose the grid points to keep."""
    rng = np.random.default_rng((seed, 2))
    rows = rng.permutation(photos.train)[:SAMPLE]
    columns, lines = (torch.arange(2 * reach + 1) - reach for reach in REACH)
    grid = torch.stack(torch.meshgrid(columns * STEP[0], lines * STEP[1], indexing="ij"), -1)
    grid = grid.reshape(-1, 2)
    counts: NDArray[np.float64] = np.zeros(len(grid))
    for row in rows:
        chroma = torch.from_numpy(shrink_chroma(photos.squares[row]))[None]
        corners, parts = _corners(chroma.permute(0, 2, 3, 1))
        counts += np.bincount(corners.flatten(), parts.flatten(), minlength=len(grid))
    share = torch.from_numpy(counts / counts.sum()).float()
    kept = torch.nonzero(share >= LEAST).flatten()
    colours = grid[kept]
    share = share[kept] / share[kept].sum()
    weight = ((1 - SMOOTHING) * share + SMOOTHING / len(kept)) ** -REBALANCE
    weight /= (share * weight).sum()
    nearest = torch.cdist(grid, colours).argmin(1)
    return Palette(colours, share, weight, nearest)
