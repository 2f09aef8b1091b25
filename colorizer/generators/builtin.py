"""The built-in network: a small U-Net that guesses the colours of a photograph from its luma.

It names, for each 4 x 4 pixels, how likely each of some 200 colours is (a grid over B - Y and
R - Y), as in Zhang et al., *Colorful Image Colorization*, 2016. The answer is their annealed
mean, enlarged along the edges of the luma by a fast guided filter (He and Sun, 2015).
"""

from __future__ import annotations

import safetensors.torch
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from colorizer.generators.verify import VerifiedFile
from colorizer.pictures.pixels import UV_SCALE

WIDTHS = (32, 64, 128, 256, 320)  # channels at strides 2, 4, 8, 16, 32
DEPTHS = (0, 2, 3, 3, 2)  # residual blocks at each stride
DECODER = (256, 128, 96)  # channels on the way back, strides 16, 8, 4

# The shipped setting, chosen on the validation curve (models/BUILTIN.md).
EXPONENT = 0.0  # how far the weights of rare colours are divided out again
TEMPERATURE = 0.7  # below 1: the likelier colours count more in the mean
GAIN = 1.15  # factor on the mean's saturation


def working_side(side: int) -> int:
    """Side of the square that the network works at: 128, as in training, of the usual 560."""
    return max(64, 32 * round(128 / 560 * side / 32))


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = _convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class BuiltinNetwork(nn.Module):
    """Luma to chroma.

    Parameters
    ----------
    colours : int
        How many quantised colours the network chooses from.
    """

    colours: Tensor
    rarity: Tensor

    def __init__(self, colours: int) -> None:
        super().__init__()
        self.register_buffer("colours", torch.zeros(colours, 2))  # B - Y and R - Y
        self.register_buffer("rarity", torch.zeros(colours))  # log of each one's training weight

        self.down = nn.ModuleList()
        channels = 1
        for width, depth in zip(WIDTHS, DEPTHS, strict=True):
            shrink = _convolution(channels, width, stride=2)
            blocks = [ResidualBlock(width) for _ in range(depth)]
            self.down.append(nn.Sequential(shrink, nn.ReLU(), *blocks))
            channels = width

        self.context = nn.Linear(channels, channels)
        self.lift, self.skip, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width, across in zip(DECODER, WIDTHS[-2:0:-1], strict=True):
            self.lift.append(_convolution(channels, width, size=1))
            self.skip.append(_convolution(across, width, size=1))
            self.up.append(ResidualBlock(width))
            channels = width
        self.head = nn.Conv2d(channels, colours, 1)

    def scores(self, luma: Tensor) -> Tensor:
        """Score the colours: (N, 1, S, S) luma to (N, colours, S / 4, S / 4), S divisible by 32."""
        x = luma * 2 - 1
        levels = []
        for stage in self.down:
            x = stage(x)
            levels.append(x)
        x = F.relu(x + self.context(x.mean((2, 3)))[:, :, None, None])
        for lift, skip, up, level in zip(
            self.lift, self.skip, self.up, levels[-2:0:-1], strict=True
        ):
            x = up(F.relu(F.interpolate(lift(x), scale_factor=2.0) + skip(level)))
        scores: Tensor = self.head(x)
        return scores

    def decode(
        self,
        scores: Tensor,
        exponent: float = EXPONENT,
        temperature: float = TEMPERATURE,
        gain: float = GAIN,
    ) -> Tensor:
        """Take the annealed mean of the colours: (N, colours, H, W) to (N, 2, H, W)."""
        tempered = (scores - exponent * self.rarity[:, None, None]) / temperature
        chances = F.softmax(tempered, dim=1)
        return gain * torch.einsum("nchw,cd->ndhw", chances, self.colours.to(chances.dtype))

    def forward(self, luma: Tensor) -> Tensor:
        """Guess the chroma of photographs squeezed to squares.

        Parameters
        ----------
        luma : Tensor
            (N, 1, S, S), BT.601 luma, 0 to 1, S a multiple of 16.

        Returns
        -------
        Tensor
            (N, 2, S, S) float32, U and V as OpenCV's full-range `COLOR_RGB2YUV` defines them.
        """
        luma = luma.float()  # the guided filter takes small differences
        working = working_side(luma.shape[-1])
        small = F.interpolate(luma, (working, working), mode="bilinear", antialias=True)
        pair = torch.cat([small, small.flip(3)]).to(self.head.weight.dtype)
        straight, mirrored = self.scores(pair).float().chunk(2)
        chroma = enlarge(self.decode((straight + mirrored.flip(3)) / 2), small, luma)
        return chroma * chroma.new_tensor(UV_SCALE)[:, None, None]


def _box(x: Tensor, radius: int) -> Tensor:
    size = 2 * radius + 1
    x = F.avg_pool2d(x, (size, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(x, (1, size), 1, (0, radius), count_include_pad=False)


def enlarge(
    chroma: Tensor, small: Tensor, luma: Tensor, radius: int = 4, epsilon: float = 2e-3
) -> Tensor:
    """Enlarge chroma to the size of the luma, keeping to the luma's edges.

    A guided filter explains the chroma as a linear function of the luma around each pixel of
    the working size; the function's two coefficients are enlarged, not the chroma itself.

    Parameters
    ----------
    chroma : Tensor
        (N, 2, h, w).
    small, luma : Tensor
        (N, 1, ...), the luma at the working size and at the size wanted.
    radius : int
        Of the window, in pixels of the working size.
    epsilon : float
        Variance of luma below which a window counts as flat.
    """
    chroma = F.interpolate(chroma, small.shape[-2:], mode="bilinear")
    mean_luma, mean_chroma = _box(small, radius), _box(chroma, radius)
    covariance = _box(small * chroma, radius) - mean_luma * mean_chroma
    variance = _box(small * small, radius) - mean_luma * mean_luma
    slope = covariance / (variance + epsilon)
    offset = mean_chroma - slope * mean_luma
    size = luma.shape[-2:]
    slope = F.interpolate(_box(slope, radius), size, mode="bilinear")
    offset = F.interpolate(_box(offset, radius), size, mode="bilinear")
    return slope * luma + offset


def load_builtin(data: bytes) -> BuiltinNetwork:
    """Load the network for inference from float16 safetensors, every tensor accounted for."""
    tensors = {name: tensor.float() for name, tensor in safetensors.torch.load(data).items()}
    network = BuiltinNetwork(len(tensors["colours"]))
    network.load_state_dict(tensors, strict=True)
    return network.eval().requires_grad_(False)


def load(
    weights: VerifiedFile, device: torch.device, precision: str
) -> tuple[nn.Module, torch.dtype]:
    """Load the network onto a device; ``auto`` is float32, which costs it nothing.

    Returns
    -------
    tuple of torch.nn.Module and torch.dtype
        The network, and the arithmetic it runs in.
    """
    dtype = torch.float32 if precision == "auto" else getattr(torch, precision)
    network: nn.Module = load_builtin(weights.file.read()).to(device, dtype)
    return network.to(memory_format=torch.channels_last), dtype  # type: ignore[call-overload]
