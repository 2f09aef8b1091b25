"""DeOldify's two generators in the form that only infers: small, quick, on PyTorch alone.

The networks are those of `fastai_compat.build_generator`, with every norm that can be folded into
a convolution folded, and skip connections handed on instead of kept on the model, so that any
number of threads can call them. Where activations are large they are made block by block, the
last steps of a layer while a block is still in the cache, and freed when they are used up.

Inside, activations are (N, H, W, C), which is what PyTorch calls channels-last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from colorizer.generators.kernels import parallel, products, winograd

Architecture = Literal["deep", "wide"]
Half = tuple[Tensor, Tensor]  # a weight, packed, and a bias
Halves = tuple[Half, Half]

BLOCK_ROWS = 14  # that a thread enlarges before it takes others
BLOCK_PIXELS = 280  # of them that are in the cache at a time
ATTENTION_PIXELS = 128  # that attend at a time
ALIGNMENT = 16  # channels at full size are filled up to a multiple of this, for wide registers


def _parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape), requires_grad=False)


class Conv(nn.Module):
    """A convolution with a bias; the batch norm behind it is folded in."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = _parameter(outputs, inputs, size, size)
        self.bias = _parameter(outputs)
        self.stride, self.padding = stride, size // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H / stride, W / stride, O)."""
        x = x.permute(0, 3, 1, 2)
        x = F.conv2d(x, self.weight, self.bias, self.stride, self.padding)
        return x.permute(0, 2, 3, 1)


class ConvRelu(Conv):
    """A 3 × 3 convolution and ReLU, at a size where Winograd's algorithm can pay."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)
        self.transformed: winograd.Weight | None = None

    def use_winograd(self, tile: int, dtype: torch.dtype) -> None:
        """Trade the filters for their Winograd transforms, four or seven times as large."""
        self.transformed = winograd.transform_weight(self.weight, tile, dtype)
        self.weight = _parameter(0)  # let go of

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O), at once and without Winograd's algorithm."""
        return super().forward(x).relu_()


class ConvReluNorm(ConvRelu):
    """A 3 × 3 convolution, ReLU and a batch norm, which behind ReLU can't be folded."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.scale, self.shift = _parameter(outputs), _parameter(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O)."""
        if self.transformed is None:
            x = super().forward(x)
            return torch.addcmul(self.shift, x, self.scale, out=x)
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
        self.query = _parameter(channels // 8, channels)
        self.key = _parameter(channels // 8, channels)
        self.value = _parameter(channels, channels)

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


class Up(nn.Module):
    """A step of the decoder: doubles the size and takes in what the encoder had there."""

    def __init__(
        self, inputs: int, doubled: int, skipped: int, outputs: list[int], attention: bool
    ) -> None:
        super().__init__()
        self.doubled = doubled
        self.enlarge = Enlarge(inputs, doubled)
        self.scale, self.shift = _parameter(skipped), _parameter(skipped)
        widths = zip([doubled + skipped, *outputs], outputs, strict=False)
        self.convs = nn.Sequential(*(ConvReluNorm(*width) for width in widths))
        self.attention = Attention(outputs[-1]) if attention else nn.Identity()

    def join(self, x: Tensor, skip: Tensor) -> Tensor:
        """Enlarge (N, H, W, C) and join it with the skip connection, (N, 2 H, 2 W, D)."""
        result = x.new_empty(*skip.shape[:3], self.doubled + skip.shape[-1])
        self.enlarge.fill(result[..., : self.doubled], x)
        torch.addcmul(self.shift, skip, self.scale, out=result[..., self.doubled :]).relu_()
        return result

    def forward(self, joined: Tensor) -> Tensor:
        """Map (N, H, W, C) to (N, H, W, O)."""
        result: Tensor = self.attention(self.convs(joined))
        return result


class Head(nn.Module):
    """The last step, at full size: joins the input; a residual block; three channels."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.enlarge = Enlarge(inputs, inputs)
        self.channels = -(-(inputs + 3) // ALIGNMENT) * ALIGNMENT
        self.first = ConvRelu(self.channels, self.channels)
        self.second = ConvRelu(self.channels, self.channels)
        self.output = Conv(self.channels, 3, 1)

    def forward(self, x: Tensor, rgb: Tensor) -> Tensor:
        """Map (N, H, W, C) and the network's input, (N, 2 H, 2 W, 3), to the latter's shape.

        The result is float32.
        """
        result = torch.empty(rgb.shape, device=rgb.device)
        halves = self.enlarge.prepare()
        output, output_bias = self.output.weight.flatten(1).t().float(), self.output.bias.float()

        def join(target: Tensor, image: int, rows: slice) -> None:
            enlarged = target[..., : self.inputs]
            first, last = rows.start // 2, rows.stop // 2
            self.enlarge.fill_rows(enlarged, x[image], first, last, halves)
            target[..., self.inputs : self.inputs + 3] = rgb[image, rows]

        def finish(colored: Tensor, joined: Tensor, image: int, rows: slice) -> None:
            colored += joined
            torch.add(colored.float() @ output, output_bias, out=result[image, rows])

        first, second = self.first, self.second
        if first.transformed is not None and second.transformed is not None:
            winograd.convolve_twice(
                (*rgb.shape[:3], self.channels),
                x.dtype,
                join,
                (first.transformed, first.bias),
                (second.transformed, second.bias),
                finish,
            )
            return result
        everything = slice(0, rgb.shape[1])
        for image in range(len(rgb)):
            joined = x.new_zeros(*rgb.shape[1:3], self.channels)
            join(joined, image, everything)
            finish(second(first(joined[None]))[0], joined, image, everything)
        return result


class UNet(nn.Module):
    """The generator, with weights that are yet to be loaded (`fastai_compat.fold` makes them).

    Parameters
    ----------
    architecture
        ``deep`` is Artistic's, ``wide`` that of Stable and Video.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        deep = architecture == "deep"
        self.stem = Conv(3, 64, 7, 2)
        self.stages = nn.ModuleList()
        channels, skipped = 64, [64]
        for depth, width in zip((3, 4, 6 if deep else 23, 3), (64, 128, 256, 512), strict=True):
            outputs = width if deep else 4 * width
            stage = nn.Sequential()
            for i in range(depth):
                stride = 2 if i == 0 and width > 64 else 1
                stage.append(Residual(channels, width, outputs, stride))
                channels = outputs
            self.stages.append(stage)
            skipped.append(channels)
        skipped.pop()
        self.scale, self.shift = _parameter(channels), _parameter(channels)
        self.middle = nn.Sequential(
            ConvReluNorm(channels, 2 * channels), ConvReluNorm(2 * channels, channels)
        )
        self.ups = nn.ModuleList()
        for i, across in enumerate(reversed(skipped)):
            last = i == len(skipped) - 1
            if deep:
                doubled = channels // 2
                width = (doubled + across) // (2 if last else 1) * 3 // 2
                outputs_ = [width, width]
            else:
                doubled = width = 256 if last else 512
                outputs_ = [width]
            self.ups.append(Up(channels, doubled, across, outputs_, attention=i == 1))
            channels = width
        self.head = Head(channels)

    @torch.inference_mode()
    def forward(self, rgb: Tensor) -> Tensor:
        """Colour a batch.

        Parameters
        ----------
        rgb
            (N, 3, S, S), normalised with ImageNet's mean and standard deviation, S a multiple
            of 16.

        Returns
        -------
        torch.Tensor
            (N, 3, S, S) float32, likewise, between -3 and 3.
        """
        pixels = rgb.permute(0, 2, 3, 1)
        x = self.stem(pixels).relu_()
        skips = [x]
        x = F.max_pool2d(x.permute(0, 3, 1, 2), 3, 2, 1).permute(0, 2, 3, 1)
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
        x = self.middle(torch.addcmul(self.shift, skips.pop(), self.scale).relu_())
        for up in cast("Iterator[Up]", self.ups):
            x = up.join(x, skips.pop())
            x = up(x)
        x = self.head(x, pixels)
        return (torch.sigmoid(x) * 6 - 3).permute(0, 3, 1, 2)

    def for_inference(self, device: torch.device, dtype: torch.dtype) -> UNet:
        """Move the network, in place, and choose the convolutions that are quickest there."""
        self.to(device)
        if device.type == "cpu" and dtype in (torch.float32, torch.bfloat16):
            # In the first step there are few pixels: the transforms' memory doesn't pay.
            # Larger tiles multiply less, but round more, which bfloat16 can't afford, and need
            # larger weights, which at small sizes, with many channels, don't pay.
            tiles = (4, 6, 8, 8) if dtype == torch.float32 else (4, 4, 4, 4)
            for tile, part in zip(tiles, [*self.ups[1:], self.head], strict=True):
                for module in part.modules():
                    if isinstance(module, ConvRelu):
                        module.use_winograd(tile, dtype)
        self.to(dtype)
        for module in self.modules():
            if isinstance(module, Conv) and module.weight.dim() == 4:
                module.weight.data = module.weight.contiguous(memory_format=torch.channels_last)
        return self.eval()
