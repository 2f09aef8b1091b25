"""Train the built-in network: `python -m training.train ARCHIVES... --work FOLDER`."""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor, nn

from colorizer.files import written_whole
from colorizer.generators.builtin import BuiltinNetwork, ResidualBlock
from training.colours import Palette, load_palette
from training.data import CB_SCALE, CR_SCALE, Photos, build_cache, training_batch


@dataclass(frozen=True)
class Settings:
    """What a run is made of; a resumed run may change the number of steps."""

    steps: int = 6000
    batch: int = 48
    sides: tuple[int, int] = (96, 128)  # of the squares, first and later
    switch: float = 0.67  # share of the steps made with the first
    rate: float = 2e-3
    warmup: int = 300
    decay: float = 0.02
    average: float = 0.998  # of the weights, per step
    error_weight: float = 0.3
    every: int = 250  # steps between checkpoints
    watched: int = 300  # validation photographs looked at then
    seed: int = 0


def fresh_network(palette: Palette, seed: int) -> BuiltinNetwork:
    """Make an untrained network whose first guess is how common each colour is."""
    torch.manual_seed(seed)
    network = BuiltinNetwork(len(palette.colours))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, ResidualBlock):
            nn.init.zeros_(module.second.get_parameter("1.weight"))  # starts as the identity
    nn.init.normal_(network.head.weight, std=0.01)
    assert network.head.bias is not None
    network.head.bias.data = torch.log(palette.share * palette.weight)
    network.colours.copy_(palette.colours)
    network.rarity.copy_(palette.weight.log())
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def square_error(difference: Tensor) -> Tensor:
    """Mean square error of R, G and B at equal luma, from that of B - Y and R - Y (last axis)."""
    b, r = difference.unbind(-1)
    return (b**2 + r**2 + (0.1942 * b + 0.5094 * r) ** 2) / 3


def loss_terms(scores: Tensor, chroma: Tensor, palette: Palette) -> tuple[Tensor, Tensor]:
    """Compute the rebalanced cross-entropy, and the log error of the expected colour.

    The second is the logarithm of each photograph's square error, averaged over photographs:
    PSNR but for a factor, with a floor so that easy photographs don't dominate.
    """
    scores = scores.float().permute(0, 2, 3, 1)
    indices, parts = palette.encode(chroma)
    log_chances = F.log_softmax(scores, -1).gather(-1, indices)
    weights = (parts * palette.weight[indices]).sum(-1)
    entropy = -(weights * (parts * log_chances).sum(-1)).mean()

    expected = F.softmax(scores - palette.weight.log(), -1) @ palette.colours
    error = square_error(expected - chroma.permute(0, 2, 3, 1)).mean((1, 2))
    return entropy, torch.log(error + 4e-4).mean()


class Run:
    """A training run: network, averaged network and optimiser, saved and resumed together.

    Parameters
    ----------
    photos : Photos
        The cache.
    folder : Path
        Holds `checkpoint.pt` and `log.jsonl`; an existing checkpoint is resumed.
    settings : Settings
        Of the run.
    """

    def __init__(self, photos: Photos, folder: Path, settings: Settings) -> None:
        self.photos, self.folder, self.settings = photos, folder, settings
        folder.mkdir(parents=True, exist_ok=True)
        self.palette = load_palette(photos, settings.seed)
        self.network = fresh_network(self.palette, settings.seed)
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        vectors = [p for p in self.network.parameters() if p.ndim == 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": settings.decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.rate, fused=True)
        self.step = 0
        if (folder / "checkpoint.pt").exists():
            state = torch.load(folder / "checkpoint.pt", weights_only=True)
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def save(self) -> None:
        """Write the checkpoint; a crash leaves the former one."""
        with written_whole(self.folder / "checkpoint.pt") as part:
            torch.save(self.state(), part)

    def rate(self) -> float:
        """Learning rate of the current step: a short rise, then half a cosine."""
        settings = self.settings
        rise = min(1.0, (self.step + 1) / settings.warmup)
        return settings.rate * rise * (1 + math.cos(math.pi * self.step / settings.steps)) / 2

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Make the batch of a step."""
        settings = self.settings
        side = settings.sides[step >= settings.switch * settings.steps]
        luma, chroma = training_batch(self.photos, step, settings.batch, side, seed=settings.seed)
        return torch.from_numpy(luma), torch.from_numpy(chroma)

    def advance(self, luma: Tensor, chroma: Tensor) -> tuple[float, float]:
        """Make one step; returns the two terms of the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.network.scores(luma.contiguous(memory_format=torch.channels_last))
        entropy, error = loss_terms(scores, chroma, self.palette)
        torch.autograd.backward(entropy + self.settings.error_weight * error)
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self._average()
        return entropy.item(), error.item()

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        new = self.network.state_dict()
        for name, tensor in self.averaged.state_dict().items():
            if tensor.is_floating_point():
                tensor.lerp_(new[name], 1 - keep)
            else:
                tensor.copy_(new[name])  # BatchNorm's counters

    @torch.inference_mode()
    def watch(self) -> dict[str, float]:
        """Measure the averaged network on small squares of validation photographs.

        Quick figures to follow a run by, at a quarter of the size; `training.evaluate` has
        those of whole photographs.
        """
        rows = self.photos.validation[: self.settings.watched]
        squares = self.photos.squares[rows].astype(np.float32)
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2)
        side = self.settings.sides[1]
        pixels = F.interpolate(pixels, (side, side), mode="bilinear", antialias=True)
        truth = F.avg_pool2d((pixels[:, [2, 1]] - 128), 4)
        truth = truth / torch.tensor([CB_SCALE, CR_SCALE])[:, None, None]
        sums = {"grey": 0.0, "mean": 0.0, "annealed": 0.0, "saturation": 0.0}
        for luma, chroma in zip(
            torch.split(pixels[:, :1], 50), torch.split(truth, 50), strict=True
        ):
            with torch.autocast("cpu", torch.bfloat16):
                scores = self.averaged.scores(luma / 255)
            guesses = {
                "grey": torch.zeros_like(chroma),
                "mean": self.averaged.decode(scores.float(), 1.0, 1.0),
                "annealed": self.averaged.decode(scores.float(), 0.0, 0.5),
            }
            for name, guess in guesses.items():
                error = square_error((guess - chroma).permute(0, 2, 3, 1)).mean((1, 2))
                sums[name] += float((-10 * torch.log10(error + 1e-5)).sum())
            lengths = [x.norm(dim=1).mean((1, 2)) for x in (guesses["annealed"], chroma)]
            sums["saturation"] += float(lengths[0].sum() / lengths[1].sum()) * len(chroma)
        return {name: round(total / len(rows), 3) for name, total in sums.items()}

    def train(self, until: int | None = None) -> list[float]:
        """Train to the end, or to a step; returns the loss of each step made."""
        until = self.settings.steps if until is None else until
        losses: list[float] = []
        terms: list[tuple[float, float]] = []
        started = time.monotonic()
        with ThreadPoolExecutor(1) as worker:
            coming = worker.submit(self.batch, self.step)
            while self.step < until:
                luma, chroma = coming.result()
                coming = worker.submit(self.batch, self.step + 1)
                terms.append(self.advance(luma, chroma))
                losses.append(terms[-1][0] + self.settings.error_weight * terms[-1][1])
                if self.step % self.settings.every == 0 or self.step == until:
                    self.save()
                    entropy, error = np.mean(terms, axis=0).round(4).tolist()
                    pace = round((time.monotonic() - started) / len(terms), 3)
                    line = {"step": self.step, "entropy": entropy, "error": error, "pace": pace}
                    line |= self.watch()
                    with (self.folder / "log.jsonl").open("a") as log:
                        print(json.dumps(line), file=log)
                    print(json.dumps(line), flush=True)
                    terms, started = [], time.monotonic()
        return losses


def export(network: nn.Module, path: Path) -> None:
    """Write a network as float16 safetensors; a crash leaves the former file."""
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    with written_whole(path) as part:
        save_file(tensors, part)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("archives", type=Path, nargs="+", help="zip files of photographs")
    parser.add_argument("--work", type=Path, required=True, help="folder for cache and checkpoint")
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--export", type=Path, help="where to write the weights at the end")
    arguments = parser.parse_args()

    build_cache(arguments.archives, arguments.work / "cache")
    photos = Photos(arguments.work / "cache")
    run = Run(photos, arguments.work, Settings(steps=arguments.steps))
    run.train()
    if arguments.export:
        export(run.averaged, arguments.export)


if __name__ == "__main__":
    main()
