"""The published network into the state dict of the one that infers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from colorizer.generators.deoldify.unet import ALIGNMENT


def fold(generator: nn.Module) -> dict[str, torch.Tensor]:
    """Fold a loaded generator into the state dict of `unet.UNet`, which computes the same.

    A batch norm right behind a convolution becomes part of it. DeOldify's own convolutions have
    ReLU in between; there, the norm remains as a scale and a shift.
    """
    state: dict[str, torch.Tensor] = {}
    layers: list[Any] = list(generator.get_submodule("layers").children())
    encoder, norm, _, middle, *ups, enlarge, _, residual, output, _ = layers

    def put_conv(name: str, conv: Any, norm: Any = None) -> None:
        weight = conv.weight.detach().double()
        bias = weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach().double()
        if norm is not None:
            scale, shift = _scale_and_shift(norm)
            weight, bias = weight * scale[:, None, None, None], bias * scale + shift
        state[f"{name}.weight"], state[f"{name}.bias"] = weight.float(), bias.float()

    def put_norm(prefix: str, norm: Any) -> None:
        scale, shift = _scale_and_shift(norm)
        state[f"{prefix}scale"], state[f"{prefix}shift"] = scale.float(), shift.float()

    stem, stem_norm, _, _, *stages = encoder
    put_conv("stem", stem, stem_norm)
    for i, stage in enumerate(stages):
        for j, block in enumerate(stage):
            convs = [name for name, _ in block.named_children() if name.startswith("conv")]
            for k, conv in enumerate(convs):
                folded_norm = getattr(block, conv.replace("conv", "bn"))
                put_conv(f"stages.{i}.{j}.convs.{k}", getattr(block, conv), folded_norm)
            if block.downsample is not None:
                put_conv(f"stages.{i}.{j}.shortcut", *block.downsample)
    put_norm("", norm)
    for i, (conv, _, norm) in enumerate(middle):
        put_conv(f"middle.{i}", conv)
        put_norm(f"middle.{i}.", norm)
    for i, up in enumerate(ups):
        put_conv(f"ups.{i}.enlarge", *up.shuf.conv)
        put_norm(f"ups.{i}.", up.bn)
        convs = [layer for name, layer in up.named_children() if name.startswith("conv")]
        for j, (conv, _, norm, *attention) in enumerate(convs):
            put_conv(f"ups.{i}.convs.{j}", conv)
            put_norm(f"ups.{i}.convs.{j}.", norm)
            for layer in attention:
                # DeOldify takes the softmax over what it calls the queries.
                state[f"ups.{i}.attention.query"] = layer.key.weight.detach()[..., 0]
                state[f"ups.{i}.attention.key"] = layer.query.weight.detach()[..., 0]
                value = layer.gamma.detach() * layer.value.weight.detach()
                state[f"ups.{i}.attention.value"] = value[..., 0]
    put_conv("head.enlarge", enlarge.conv[0])
    put_conv("head.first", residual.layers[0][0])
    put_conv("head.second", residual.layers[1][0])
    put_conv("head.output", output[0])
    # The last convolutions' channels, 303 or 259, are filled up with zeros.
    for name in ("head.first", "head.second", "head.output"):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        outputs, inputs = (-size % ALIGNMENT for size in weight.shape[:2])
        if name == "head.output":
            outputs = 0
        state[f"{name}.weight"] = F.pad(weight, (0, 0, 0, 0, 0, inputs, 0, outputs))
        state[f"{name}.bias"] = F.pad(bias, (0, outputs))
    return state


def _scale_and_shift(norm: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Express a batch norm in eval mode as x · scale + shift, float64."""
    scale = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
    return scale, norm.bias.detach().double() - norm.running_mean.double() * scale
