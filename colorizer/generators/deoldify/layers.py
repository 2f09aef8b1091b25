"""The layers of DeOldify's generators, for inference alone, quick on processors.

Where activations are large they are made block by block, the last steps of a layer while a block
is still in the cache. Inside, they are (N, H, W, C), which is what PyTorch calls channels-last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from colorizer.generators.kernels import parallel, products, winograd

Half = tuple[Tensor, Tensor]  # a weight, packed, and a bias
Halves = tuple[Half, Half]

BLOCK_ROWS = 14  # A thread enlarges so many rows before it takes others,
BLOCK_PIXELS = 280  # and so many pixels of them at a time: what its cache holds.
ATTENTION_PIXELS = 128  # So many positions attend at a time.


def parameter(*shape: int) -> nn.Parameter:
    """Make room for weights that are yet to be loaded."""
    return nn.Parameter(torch.empty(shape), requires_grad=False)


class Conv(nn.Module):
    """A convolution with a bias; the batch norm behind it is folded in."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = parameter(outputs, inputs, size, size)
        self.bias = parameter(outputs)
        self.stride, self.padding = stride, size // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H / stride, W / stride, O)."""
        x = x.permute(0, 3, 1, 2)
        x = F.conv2d(x, self.weight, self.bias, self.stride, self.padding)
        return x.permute(0, 2, 3, 1)


class ConvRelu(Conv):
    """A 3 × 3 convolution and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O)."""
        return super().forward(x).relu_()


class ConvReluNorm(ConvRelu):
    """A 3 × 3 convolution, ReLU and a batch norm, which behind ReLU can't be folded."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.scale, self.shift = parameter(outputs), parameter(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O)."""
        x = super().forward(x)
        return torch.addcmul(self.shift, x, self.scale, out=x)


class WinogradConvRelu(nn.Module):
    """The same as a `ConvRelu` by Winograd's algorithm, as `Head` does two of them at once.

    In place of the filters it holds their transforms, four or seven times as large.
    """

    def __init__(self, conv: ConvRelu, tile: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.transformed = winograd.transform_weight(conv.weight, tile, dtype)
        self.bias = conv.bias


class WinogradConvReluNorm(WinogradConvRelu):
    """The same as a `ConvReluNorm` by Winograd's algorithm."""

    def __init__(self, conv: ConvReluNorm, tile: int, dtype: torch.dtype) -> None:
        super().__init__(conv, tile, dtype)
        self.scale, self.shift = conv.scale, conv.shift

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O)."""
        result = x.new_empty(*x.shape[:3], len(self.bias))

        def finish(block: Tensor, image: int, rows: slice) -> None:
            torch.addcmul(self.shift, block, self.scale, out=result[image, rows])

        winograd.convolve(x, self.transformed, self.bias, finish)
        return result


class Residual(nn.Module):
    """ResNet's basic block or, if it has more outputs than `width`, its bottleneck."""

    def __init__(self, inputs: int, width: int, outputs: int, stride: int) -> None:
        super().__init__()
        if outputs == width:
            convs = [Conv(inputs, width, 3, stride), Conv(width, width, 3)]
        else:
            convs = [Conv(inputs, width, 1), Conv(width, width, 3, stride), Conv(width, outputs, 1)]
        self.convs = nn.ModuleList(convs)
        self.shortcut = (
            nn.Identity() if (inputs, stride) == (outputs, 1) else Conv(inputs, outputs, 1, stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H / stride, W / stride, O)."""
        shortcut: Tensor = self.shortcut(x)
        *first, last = self.convs
        for conv in first:
            x = conv(x).relu_()
        result: Tensor = last(x)
        return result.add_(shortcut).relu_()


class Enlarge(Conv):
    """A 1 × 1 convolution, ReLU, a pixel shuffle to twice the size, and a blur.

    The blur is the mean of each pixel and those left of it, above it and between the two; the
    pixel above the first row, or left of the first column, is its own.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, 4 * outputs, 1)

    def prepare(self) -> Halves:
        """Weight, packed, and bias of the two upper of the pixels that a pixel becomes, and lower.

        They hold the mean's division by four, which ReLU doesn't mind.
        """
        outputs = len(self.bias) // 4
        weights = (self.weight / 4).view(outputs, 2, 2, -1).permute(1, 3, 2, 0).flatten(2)
        biases = (self.bias / 4).view(outputs, 2, 2).permute(1, 2, 0).flatten(1)
        upper, lower = zip(map(products.pack, weights), biases, strict=True)
        return upper, lower

    def fill(self, result: Tensor, x: Tensor) -> None:
        """Enlarge (N, H, W, C) into `result`, (N, 2 H, 2 W, O) or a row and a column less."""
        images, height = x.shape[:2]
        rows = BLOCK_ROWS if x.device.type == "cpu" else height
        halves = self.prepare()

        def work(blocks: Iterator[tuple[int, int]]) -> None:
            for image, top in blocks:
                bottom = min(top + rows, height)
                part = result[image, 2 * top : 2 * bottom]
                self.fill_rows(part, x[image], top, bottom, halves)

        parallel.run(work, itertools.product(range(images), range(0, height, rows)), x.device)

    @staticmethod
    def fill_rows(result: Tensor, x: Tensor, first: int, last: int, halves: Halves) -> None:
        """Enlarge the rows from `first` to `last` of an image, (H, W, C), a few at a time.

        Parameters
        ----------
        result
            (2 (last - first), 2 W, O), to be filled; or a row and a column less.
        x, first, last
            The image and its rows.
        halves
            From `prepare`.
        """
        width = x.shape[1]
        rows = last - first if x.device.type != "cpu" else max(1, BLOCK_PIXELS // width)

        def shuffle(part: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
            """Make every other row of the shuffled pixels: the upper or the lower ones."""
            pixels = x.new_empty(len(part) * width, len(bias))
            products.multiply(part.flatten(0, 1), weight, pixels)
            return pixels.add_(bias).relu_().view(len(part), 2 * width, -1)

        above = shuffle(x[first - 1 : first], *halves[1])[-1] if first else None
        for y in range(first, last, rows):
            part = x[y : min(y + rows, last)]
            upper, lower = (shuffle(part, *half) for half in halves)
            sums = x.new_empty(2 * len(part), *upper.shape[1:])
            torch.add(upper[0], upper[0] if above is None else above, out=sums[0])
            torch.add(upper[1:], lower[:-1], out=sums[2::2])
            torch.add(upper, lower, out=sums[1::2])
            above = lower[-1]
            target = result[2 * (y - first) :][: len(sums)]
            sums = sums[: len(target), : target.shape[1]]
            torch.add(sums[:, 1:], sums[:, :-1], out=target[:, 1:])
            torch.add(sums[:, 0], sums[:, 0], out=target[:, 0])


class Attention(nn.Module):
    """Self-attention over all positions, as in SAGAN (Zhang et al., 2018): no 1 / √d.

    Attributes
    ----------
    query, key
        (C / 8, C). What they are for is computed in float32: the softmax exaggerates rounding.
    value
        (C, C), times gamma.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = parameter(channels // 8, channels)
        self.key = parameter(channels // 8, channels)
        self.value = parameter(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Add to each position of (N, H, W, C) what it attends to."""
        pixels = x.flatten(1, 2)
        queries = pixels.float() @ self.query.float().t()
        keys = [products.pack(key.t()) for key in pixels.float() @ self.key.float().t()]
        values = [products.pack(value) for value in pixels @ self.value.t()]
        result = torch.empty_like(pixels)

        def work(blocks: Iterator[tuple[int, int]]) -> None:
            scores = queries.new_empty(ATTENTION_PIXELS, pixels.shape[1])
            attended = torch.empty_like(pixels[0, :ATTENTION_PIXELS])
            for i, first in blocks:
                part = slice(first, first + ATTENTION_PIXELS)
                count = len(queries[i, part])
                weights = products.multiply(queries[i, part], keys[i], scores[:count]).softmax(-1)
                products.multiply(weights.to(x.dtype), values[i], attended[:count])
                torch.add(pixels[i, part], attended[:count], out=result[i, part])

        images, count, _ = pixels.shape
        blocks = itertools.product(range(images), range(0, count, ATTENTION_PIXELS))
        parallel.run(work, blocks, x.device)
        return result.view(x.shape)
