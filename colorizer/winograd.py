"""3 × 3 convolutions by Winograd's minimal filtering, out of matrix products.

Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 2015: in F(m × m, 3 × 3), a
patch of (m + 2)² input pixels d and a filter g give a tile of m² output pixels ::

    Y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A

with (m + 2)² multiplications instead of 9 m² for each pair of channels: a quarter for m = 4, a
fifth for m = 6. Summed over the input channels, ⊙ becomes (m + 2)² matrix products. The
transforms are matrix products too, first down the columns and then along the rows, of all
patches and channels at once.

The tiles are worked off in blocks that stay in the cache.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from . import parallel, products

Weight = Tensor | list[Tensor]  # filters, transformed and packed

BLOCK_TILES = 200  # at most, unless a single row of tiles has more: what the caches hold
BLOCK_COST = 16  # what a block costs besides its tiles, in tiles

# Where the polynomials are evaluated, besides infinity, for tiles of 4 and of 6. The usual 0, ±1,
# ±2 lose twice as much to rounding as those for 4, which make every number in its A and B exact
# in bfloat16.
POINTS = {
    4: (0.0, 0.75, -0.75, 1.5, -1.5),
    6: (0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0),
}


@functools.cache
def matrices(tile: int) -> tuple[Tensor, Tensor, Tensor]:
    """Construct the transforms Aᵀ (m, m + 2), G (m + 2, 3) and Bᵀ (m + 2, m + 2), float64.

    They are those of Toom and Cook: Aᵀ and G evaluate polynomials at `POINTS` and at infinity,
    Bᵀ is their transposed interpolation. Powers of two are moved from Bᵀ to G, so that the
    transformed pixels are about as large as the pixels.
    """
    points, patch = POINTS[tile], tile + 2
    at = torch.zeros(tile, patch, dtype=torch.float64)
    g = torch.zeros(patch, 3, dtype=torch.float64)
    bt = torch.zeros(patch, patch, dtype=torch.float64)
    for i, point in enumerate(points):
        others = [other for other in points if other != point]
        at[:, i] = torch.tensor([point**k for k in range(tile)])
        g[i] = torch.tensor([point**k for k in range(3)])
        g[i] /= math.prod(point - other for other in others)
        bt[i, :-1] = _expand(others)
    at[-1, -1] = g[-1, -1] = 1
    bt[-1] = _expand(points)
    scale = 2 ** bt.abs().amax(1, keepdim=True).log2().round()
    return at, g * scale, bt / scale


def _expand(roots: Iterable[float]) -> Tensor:
    """Coefficients, lowest first, of the product of all (x - root)."""
    coefficients = [1.0]
    for root in roots:
        shifted = [0.0, *coefficients]
        coefficients = [a - root * b for a, b in zip(shifted, [*coefficients, 0.0], strict=True)]
    return torch.tensor(coefficients, dtype=torch.float64)


def transform_weight(weight: Tensor, tile: int, dtype: torch.dtype) -> Weight:
    """Transform filters, (O, C, 3, 3), once and for all: to G g Gᵀ as ((tile + 2)², C, O).

    Its first dimension goes along the rows of a patch last. The result, in `dtype`, is packed.
    """
    outputs, inputs = weight.shape[:2]
    g = matrices(tile)[1].to(weight.dtype)
    columns = weight.permute(3, 2, 1, 0).reshape(9, -1)
    transformed = (torch.kron(g, g) @ columns).to(dtype)
    return products.pack_all(transformed.view(-1, inputs, outputs))


def convolve(
    x: Tensor, weight: Weight, bias: Tensor, finish: Callable[[Tensor, int, slice], object]
) -> None:
    """Convolve with padding 1, add the bias and apply ReLU; hand over the result in blocks.

    Parameters
    ----------
    x
        (N, H, W, C), float32 or bfloat16, on the CPU.
    weight
        From `transform_weight`.
    bias
        (O,).
    finish
        Is called with each block of the result, (rows, W, O), which it may change but not keep,
        the image's number in the batch and the rows of the image; from several threads.
    """
    images, height, width, inputs = x.shape
    positions, outputs = len(weight), len(bias)
    patch = math.isqrt(positions)
    tile = patch - 2
    down, across = -(-height // tile), -(-width // tile)
    rows = _rows(down, across)
    tiles = rows * across
    at, _, bt = (matrix.to(x.dtype) for matrix in matrices(tile))

    def work(blocks: Iterator[tuple[int, int]]) -> None:
        # What lies outside the image stays zero: that is the padding.
        strip = x.new_zeros(tile * rows + 2, tile * across + 2, inputs)
        # Two buffers take turns: each step reads the one and fills the other.
        size = positions * tiles * max(inputs, outputs)
        one, two = x.new_empty(max(size, patch * rows * strip[0].numel())), x.new_empty(size)

        def view(buffer: Tensor, *shape: int) -> Tensor:
            return buffer[: math.prod(shape)].view(shape)

        columns = view(one, patch, rows, *strip.shape[1:])
        patches = view(two, patch, patch, rows, across, inputs)
        transformed = view(one, patch, patch * tiles * inputs)
        multiplied = view(two, positions, tiles, outputs)
        halves = view(one, tile, patch * tiles * outputs)
        results = view(two, tile, tile, tiles * outputs)
        result = results.view(tile, tile, rows, across, outputs).permute(2, 1, 3, 0, 4)
        block = x.new_empty(tile * rows, tile * across, outputs)
        # The columns of each patch, which overlap: one dimension more over the same numbers.
        shape = (patch, patch, rows, across, inputs)
        by_column, by_row, by_pixel, _ = columns.stride()
        strides = (by_pixel, by_column, by_row, tile * by_pixel, 1)
        overlapping = columns.as_strided(shape, strides)

        for image, top in blocks:
            bottom = min(top + tile * rows, height)
            first, last = max(top - 1, 0), min(bottom + 1, height)
            strip[: first - top + 1].zero_()
            strip[first - top + 1 : last - top + 1, 1 : width + 1] = x[image, first:last]
            strip[last - top + 1 :].zero_()
            for row in range(rows):
                lines = strip[tile * row : tile * row + patch]
                torch.mm(bt, lines.flatten(1), out=columns[:, row].flatten(1))
            patches.copy_(overlapping)
            torch.mm(bt, patches.view(patch, -1), out=transformed)
            products.multiply_all(transformed.view(positions, tiles, inputs), weight, multiplied)
            torch.mm(at, multiplied.view(patch, -1), out=halves)
            torch.matmul(at, halves.view(tile, patch, -1), out=results)
            torch.add(result, bias, out=block.view(result.shape)).relu_()
            finish(block[: bottom - top, :width], image, slice(top, bottom))

    tops = range(0, height, tile * rows)
    parallel.run(work, itertools.product(range(images), tops), x.device)


def _rows(down: int, across: int) -> int:
    """How many rows of tiles make a block, so that all threads end at about the same time."""
    threads = torch.get_num_threads()

    def duration(rows: int) -> int:
        turns = math.ceil(math.ceil(down / rows) / threads)
        return turns * (rows * across + BLOCK_COST)

    return min(range(1, max(1, BLOCK_TILES // across) + 1), key=duration)
