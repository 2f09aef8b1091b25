"""DeOldify's two generators in the form that only infers: small, quick, on PyTorch alone.

The networks are those of `compat.build_generator`, with every norm that can be folded into a
convolution folded, and skip connections handed on instead of kept on the model, so that any
number of threads can call them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from colorizer.generators.deoldify.layers import (
    Attention,
    Conv,
    ConvRelu,
    ConvReluNorm,
    Enlarge,
    Residual,
    WinogradConvRelu,
    WinogradConvReluNorm,
    parameter,
)
from colorizer.generators.kernels import winograd

Architecture = Literal["deep", "wide"]
ALIGNMENT = 16  # Channels at full size are filled up to a multiple of this, for wide registers.


@dataclass(frozen=True)
class Parameters:
    """What the two generators differ in.

    Attributes
    ----------
    depths
        Residual blocks in each stage of the encoder.
    expansion
        Outputs of such a block by its width: 1 is ResNet's basic block, 4 its bottleneck.
    doubled
        Channels that each step of the decoder enlarges to.
    widths
        Channels that each step of the decoder ends with.
    convs
        Convolutions of such a step.
    """

    depths: tuple[int, int, int, int]
    expansion: int
    doubled: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    convs: int


# Artistic's is a ResNet-34, Stable's and Video's a ResNet-101 (deoldify/unet.py: DynamicUnetDeep
# with nf_factor 1.5, DynamicUnetWide with nf_factor 2).
PARAMETERS: dict[Architecture, Parameters] = {
    "deep": Parameters((3, 4, 6, 3), 1, (256, 384, 384, 336), (768, 768, 672, 300), 2),
    "wide": Parameters((3, 4, 23, 3), 4, (512, 512, 512, 256), (512, 512, 512, 256), 1),
}
WIDTHS = (64, 128, 256, 512)  # Of the blocks in each stage of the encoder.


class Up(nn.Module):
    """A step of the decoder: doubles the size and takes in what the encoder had there."""

    def __init__(
        self, inputs: int, doubled: int, skipped: int, outputs: list[int], attention: bool
    ) -> None:
        super().__init__()
        self.doubled = doubled
        self.enlarge = Enlarge(inputs, doubled)
        self.scale, self.shift = parameter(skipped), parameter(skipped)
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
        self.first: nn.Module = ConvRelu(self.channels, self.channels)
        self.second: nn.Module = ConvRelu(self.channels, self.channels)
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
        if isinstance(first, WinogradConvRelu) and isinstance(second, WinogradConvRelu):
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
    """The generator, with weights that are yet to be loaded (`folding.fold` makes them).

    Parameters
    ----------
    architecture
        ``deep`` is Artistic's, ``wide`` that of Stable and Video.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        parameters = PARAMETERS[architecture]
        self.stem = Conv(3, 64, 7, 2)
        self.stages = nn.ModuleList()
        channels, skipped = 64, [64]
        for depth, width in zip(parameters.depths, WIDTHS, strict=True):
            outputs = parameters.expansion * width
            stage = nn.Sequential()
            for i in range(depth):
                stride = 2 if i == 0 and width > 64 else 1
                stage.append(Residual(channels, width, outputs, stride))
                channels = outputs
            self.stages.append(stage)
            skipped.append(channels)
        skipped.pop()
        self.scale, self.shift = parameter(channels), parameter(channels)
        self.middle = nn.Sequential(
            ConvReluNorm(channels, 2 * channels), ConvReluNorm(2 * channels, channels)
        )
        self.ups = nn.ModuleList()
        steps = zip(reversed(skipped), parameters.doubled, parameters.widths, strict=True)
        for i, (across, doubled, width) in enumerate(steps):
            convs = [width] * parameters.convs
            self.ups.append(Up(channels, doubled, across, convs, attention=i == 1))
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
                _use_winograd(part, tile, dtype)
        self.to(dtype)
        for module in self.modules():
            if isinstance(module, Conv):
                module.weight.data = module.weight.contiguous(memory_format=torch.channels_last)
        return self.eval()


def _use_winograd(part: nn.Module, tile: int, dtype: torch.dtype) -> None:
    """Replace the 3 × 3 convolutions of a part of the decoder, whose filters are let go of."""
    for parent in list(part.modules()):
        for name, module in list(parent.named_children()):
            if isinstance(module, ConvReluNorm):
                setattr(parent, name, WinogradConvReluNorm(module, tile, dtype))
            elif isinstance(module, ConvRelu):
                setattr(parent, name, WinogradConvRelu(module, tile, dtype))
