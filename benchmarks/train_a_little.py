"""Train DeOldify's Artistic architecture a little: ``python -m benchmarks.train_a_little``.

Random weights exaggerate rounding, so precision is judged on a checkpoint that has begun to
colour: an hour on a few processor cores, from a random start. What it writes is no better than
that, and is for measuring alone.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from torch import Tensor, nn

from colorizer.files import written_whole
from colorizer.generators.deoldify import IMAGENET_MEAN, IMAGENET_STD
from colorizer.generators.deoldify import compat as fastai_compat
from colorizer.pictures.pixels import LUMA
from training.data import Photos, build_cache, crop

from .published import make_checkpoint

SAVE_SECONDS = 300


def batch(photos: Photos, step: int, size: int, side: int) -> Tensor:
    """Cut (size, 3, side, side) RGB squares, 0 to 1, out of the photographs for training."""
    rng = np.random.default_rng((1, step))
    rows = rng.choice(photos.train, size)
    squares = [crop(photos.squares[row], side, 0.6, rng) for row in rows]
    rgb = [cv2.cvtColor(square, cv2.COLOR_YCrCb2RGB) for square in squares]
    return torch.from_numpy(np.stack(rgb)).permute(0, 3, 1, 2).float() / 255


@click.command()
@click.argument("archives", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--cache", required=True, type=click.Path(path_type=Path))
@click.option("--target", required=True, type=click.Path(path_type=Path), help="A .pth file.")
@click.option("--minutes", default=60.0)
@click.option("--side", default=64, help="Of the squares, in pixels.")
@click.option("--size", default=8, help="Of a batch.")
def main(
    archives: tuple[Path, ...], cache: Path, target: Path, minutes: float, side: int, size: int
) -> None:
    """Train on zips of colour photographs; write a checkpoint as DeOldify publishes them."""
    build_cache(list(archives), cache)
    photos = Photos(cache)
    if not target.exists():
        make_checkpoint(target, "deep")
    with target.open("rb") as file:
        state = fastai_compat.read_state_dict(file, target.name)
    model = fastai_compat.build_generator("deep")
    model.load_state_dict(state, assign=True)
    model.to(memory_format=torch.channels_last)
    model.train()

    mean = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
    weights = torch.from_numpy(LUMA).view(1, 3, 1, 1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-3)
    started = saved = time.monotonic()
    step, running = 0, 0.0
    while (now := time.monotonic()) - started < 60 * minutes:
        progress = (now - started) / (60 * minutes)
        for group in optimiser.param_groups:  # warm up, then down to nothing along a cosine
            group["lr"] = 3e-4 * min(1, step / 50) * (1 + np.cos(np.pi * progress)) / 2
        rgb = batch(photos, step, size, side)
        luma = (rgb * weights).sum(1, keepdim=True)
        with torch.autocast("cpu", torch.bfloat16):
            output = model(((luma - mean) / std).to(memory_format=torch.channels_last))
        coloured = output.float() * std + mean
        chroma = coloured - (coloured * weights).sum(1, keepdim=True)
        loss = (coloured - rgb).abs().mean() + 4 * (chroma - (rgb - luma)).abs().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        running += (loss.item() - running) / min(step, 50)
        if step % 10 == 0:
            click.echo(f"step {step}, {(now - started) / 60:.1f} min, loss {running:.4f}")
        if now - saved > SAVE_SECONDS:
            save(model, target)
            saved = now
    save(model, target)


def save(model: nn.Module, target: Path) -> None:
    """Write the model in the official, legacy format, complete or not at all."""
    with written_whole(target) as part:
        torch.save(
            {"model": model.state_dict(), "opt": {"state": {}, "param_groups": []}},
            part,
            _use_new_zipfile_serialization=False,
        )


if __name__ == "__main__":
    main()
