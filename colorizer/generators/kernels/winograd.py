"""3 × 3 convolutions by Winograd's minimal filtering, out of matrix products.

Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 2015: in F(m × m, 3 × 3), a
patch of (m + 2)² input pixels d and a filter g give a tile of m² output pixels ::

    Y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A

with (m + 2)² multiplications instead of 9 m² for each pair of channels: a quarter for m = 4, a
fifth for m = 6, a sixth for m = 8. Summed over the input channels, ⊙ becomes (m + 2)² matrix
products. The transforms are matrix products too, of all patches and channels at once.

A block of tiles goes through these steps in pieces that stay in the cache: B takes a few lines at
a time along the rows; then, for one column of the transformed patches after the other, come B down
the column, the products and A up the column; at last A along the rows, a line of each tile at a
time. Between the three, the whole block waits in the memory of a thread.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from colorizer.generators.kernels import parallel, products

Weight = Tensor | list[Tensor]  # filters, transformed and packed

BLOCK_TILES = 200  # at most, unless a single row of tiles has more: what the caches hold
STEP_TILES = 75  # likewise, where two convolutions are done at once and need twice the memory
LINE_PIXELS = 560  # transformed at a time
BLOCK_COST = 16  # what a block costs besides its tiles, in tiles

# Where the polynomials are evaluated, besides infinity, for each size of tile. The usual 0, ±1, ±2
# lose twice as much to rounding as those for 4, which make every number in its A and B exact in
# bfloat16. Those for 6 and 8 rounded least, in float32, of all combinations of 15 fractions.
POINTS = {
    4: (0.0, 0.75, -0.75, 1.5, -1.5),
    6: (0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0),
    8: (0.0, 0.375, -0.375, 0.875, -0.875, 1.25, -1.25, 2.5, -2.5),
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
    outputs, tile = len(bias), tile_size(weight)
    rows = block_rows(height, width, tile)

    def work(blocks: Iterator[tuple[int, int]]) -> None:
        convolver = Convolver(tile, rows, width, inputs, outputs, x.dtype)
        strip = convolver.new_strip()
        for image, top in blocks:
            bottom = min(top + rows * tile, height)
            first, last = max(top - 1, 0), min(bottom + 1, height)
            strip[: first - top + 1].zero_()
            strip[first - top + 1 : last - top + 1, 1 : width + 1] = x[image, first:last]
            strip[last - top + 1 :].zero_()

            def hand_over(block: Tensor, part: slice, image: int = image, top: int = top) -> None:
                finish(block, image, slice(top + part.start, top + part.stop, part.step))

            convolver(strip, bottom - top, weight, bias, hand_over)

    tops = range(0, height, rows * tile)
    parallel.run(work, itertools.product(range(images), tops), x.device)


def convolve_twice(
    shape: tuple[int, int, int, int],
    dtype: torch.dtype,
    begin: Callable[[Tensor, int, slice], object],
    first: tuple[Weight, Tensor],
    second: tuple[Weight, Tensor],
    finish: Callable[[Tensor, Tensor, int, slice], object],
) -> None:
    """Do two convolutions, each with ReLU, where an image with all its channels would be large.

    Each thread goes down the image some rows at a time. A convolution takes a row more above and
    below than it makes, so two rows of what each takes are kept for the next step.

    Parameters
    ----------
    shape
        (N, H, W, C) of what both take and make.
    dtype
        float32 or bfloat16.
    begin
        Is called to fill some rows, (rows, W, C), zeros where it hasn't been before, with what the
        first convolution takes; with the image's number in the batch and which of its rows these
        are, an even number of them from an even one on if H is even; from several threads. It may
        be asked for a row twice.
    first, second
        A weight from `transform_weight` and a bias, (C,).
    finish
        Is called with rows of the result, (rows, W, C), which it may change but not keep, and the
        same rows of what `begin` made, the image's number and the rows; from several threads.
    """
    images, height, width, channels = shape
    tile = tile_size(first[0])
    rows = max(1, STEP_TILES // -(-width // tile))
    step = rows * tile
    steps = -(-height // step)
    stretches = parallel.Stretches(images * steps)
    within = slice(1, width + 1)

    def work(_: object) -> None:
        convolver = Convolver(tile, rows, width, channels, channels, dtype)
        one, two = convolver.new_strip(), convolver.new_strip()

        def fill(image: int, y: int) -> None:
            """Fill `one` with the rows from y on, `two` with those from y - 1 on."""
            one[:2], two[:2] = one[-2:], two[-2:]
            fresh = slice(max(y + 2, 0), min(y + step + 2, height))
            if fresh.stop - fresh.start < step:  # outside the image there are zeros
                one[2:] = 0
            if fresh.start < fresh.stop:
                begin(one[fresh.start - y : fresh.stop - y, within], image, fresh)
            convolver(one, step, *first, lambda block, part: two[2:][part, within].copy_(block))
            two[: max(1 - y, 0)] = 0
            two[max(height + 1 - y, 0) :] = 0

        last = None
        while (number := stretches.take(last)) is not None:
            image, y = number // steps, number % steps * step
            if y == 0 or last != number - 1:
                fill(image, y - step)  # whose last two rows are the first of the next
            fill(image, y)

            def hand_over(block: Tensor, part: slice, image: int = image, y: int = y) -> None:
                finish(block, one[part, within], image, slice(y + part.start, y + part.stop, tile))

            convolver(two, min(step, height - y), *second, hand_over)
            last = number

    parallel.run(work, [], torch.device("cpu"))  # what to do, they take from the stretches


class Convolver:
    """The memory that one thread needs to convolve one block of rows after the other.

    Parameters
    ----------
    tile
        Pixels at each side of a tile.
    rows
        Rows of tiles in a block.
    width
        Of the image, in pixels.
    inputs, outputs
        Channels.
    dtype
        float32 or bfloat16.
    """

    def __init__(
        self, tile: int, rows: int, width: int, inputs: int, outputs: int, dtype: torch.dtype
    ) -> None:
        self.tile, self.rows, self.across = tile, rows, -(-width // tile)
        self.width, self.inputs, self.dtype = width, inputs, dtype
        self.at, _, self.bt = (matrix.to(dtype) for matrix in matrices(tile))
        patch, some, across = tile + 2, max(1, LINE_PIXELS // width), self.across
        self.columns = torch.empty(patch, some, across, inputs, dtype=dtype)
        self.halves_in = torch.empty(patch, rows * tile + 2, across * inputs, dtype=dtype)
        self.transformed = torch.empty(patch, rows, across * inputs, dtype=dtype)
        self.multiplied = torch.empty(patch, rows * across, outputs, dtype=dtype)
        self.halves_out = torch.empty(patch, tile, rows * across * outputs, dtype=dtype)
        self.results = torch.empty(tile, rows, across, outputs, dtype=dtype)
        self.block = torch.empty(rows, across, tile, outputs, dtype=dtype)

    def new_strip(self) -> Tensor:
        """Make room for a block and the pixels next to it: (H, W, C), its pixels from 1 to `width`.

        Those on its left and right are outside the image and stay zero: that is the padding.
        """
        shape = self.tile * self.rows + 2, self.tile * self.across + 2, self.inputs
        return torch.zeros(shape, dtype=self.dtype)

    def __call__(
        self,
        strip: Tensor,
        count: int,
        weight: Weight,
        bias: Tensor,
        finish: Callable[[Tensor, slice], object],
    ) -> None:
        """Convolve the rows of a block.

        Parameters
        ----------
        strip
            From `new_strip`, filled.
        count
            How many rows of the result are wanted.
        weight, bias
            As for `convolve`.
        finish
            Is called with rows of the result, (rows, W, O), and which of the block's they are.
        """
        patch = self.tile + 2
        self._transform_columns(strip)
        for k in range(patch):
            for row in range(self.rows):
                patches = self.halves_in[k, self.tile * row : self.tile * row + patch]
                torch.mm(self.bt, patches, out=self.transformed[:, row])
            transformed = self.transformed.view(patch, self.rows * self.across, -1)
            part = weight[k * patch : (k + 1) * patch]
            products.multiply_all(transformed, part, self.multiplied)
            torch.mm(self.at, self.multiplied.flatten(1), out=self.halves_out[k])
        for y in range(min(self.tile, count)):
            torch.mm(self.at, self.halves_out[:, y], out=self.results.flatten(1))
            torch.add(self.results.permute(1, 2, 0, 3), bias, out=self.block).relu_()
            rows = slice(y, count, self.tile)
            block = self.block.flatten(1, 2)[: len(range(count)[rows]), : self.width]
            finish(block, rows)

    def _transform_columns(self, strip: Tensor) -> None:
        """Fill `halves_in`: cut a strip into the columns of its patches; transform them."""
        by_line, by_pixel, _ = strip.stride()
        for first in range(0, len(strip), self.columns.shape[1]):
            columns = self.columns[:, : len(strip) - first]
            # They overlap: one dimension more over the same numbers.
            strides = by_pixel, by_line, self.tile * by_pixel, 1
            columns.copy_(strip[first:].as_strided(columns.shape, strides))
            out = self.halves_in[:, first : first + columns.shape[1]].flatten(1)
            torch.mm(self.bt, columns.flatten(1), out=out)


def tile_size(weight: Weight) -> int:
    """Pixels at each side of the tiles that filters were transformed for."""
    return math.isqrt(len(weight)) - 2


def block_rows(height: int, width: int, tile: int) -> int:
    """How many rows of tiles make a block, so that all threads end at about the same time."""
    down, across = -(-height // tile), -(-width // tile)
    threads = torch.get_num_threads()

    def duration(rows: int) -> int:
        turns = math.ceil(math.ceil(down / rows) / threads)
        return turns * (rows * across + BLOCK_COST)

    return min(range(1, max(1, BLOCK_TILES // across) + 1), key=duration)
