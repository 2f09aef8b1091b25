"""DeOldify as published, to compare with: `deoldify.filters` on a fastai Learner.

"As published" is with fastai 1.0.51, which DeOldify's environment.yml named when the weights were
published, in 2019. Of what the generator uses, one thing has changed since: see `_blur`.

The weights are random but behave: the real architecture, seeded, with batch norm statistics from
a few forward passes, in the official file format.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import nn

from colorizer.generators.deoldify import compat as fastai_compat

Architecture = Literal["deep", "wide"]
Colorizer = Callable[[Image.Image, int], Image.Image]

PASSES = 3  # that settle the batch norms of a random checkpoint


def published_colorizer(checkpoint: Path, architecture: Architecture) -> Colorizer:
    """Load `checkpoint` by the published code; return what colours an RGB image by it."""
    with _published() as modules:
        generators, filters = modules
        name, generate = {
            "deep": ("resnet34", generators.gen_inference_deep),
            "wide": ("resnet101", generators.gen_inference_wide),
        }[architecture]
        # fastai looks for <root>/models/<name>.pth
        with tempfile.TemporaryDirectory() as root:
            (Path(root) / "models").mkdir()
            (Path(root) / "models" / f"{name}.pth").symlink_to(checkpoint.resolve())
            with fastai_compat.weights_only_load():
                learner = generate(root_folder=Path(root), weights_name=name)
        _blur(learner.model)
        master = filters.MasterFilter([filters.ColorizerFilter(learn=learner)], render_factor=35)

    def colorize(image: Image.Image, render_factor: int) -> Image.Image:
        result: Image.Image = master.filter(image, image, render_factor=render_factor)
        return result

    return colorize


def make_checkpoint(path: Path, architecture: Architecture, seed: int = 0) -> None:
    """Write a random checkpoint as DeOldify publishes them: legacy, ``{'model', 'opt'}``."""
    with _published() as (generators, _), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        build, resnet = {
            "deep": (generators.gen_learner_deep, generators.models.resnet34),
            "wide": (generators.gen_learner_wide, generators.models.resnet101),
        }[architecture]
        learner = build(generators.get_dummy_databunch(), generators.F.l1_loss, arch=resnet)
        model = learner.model.train()
        _blur(model)
        with torch.no_grad():
            for _ in range(PASSES):
                noise = torch.randn(2, 1, 128, 128).cumsum(-1).expand(-1, 3, -1, -1) / 8
                model(noise)
            for module in model.modules():
                if hasattr(module, "gamma"):  # self-attention begins at 0, which would hide it
                    module.gamma.fill_(0.5)
        optimiser = {"state": {}, "param_groups": [{"lr": slice(1e-5, 1e-3)}]}
        torch.save(
            {"model": model.eval().state_dict(), "opt": optimiser},
            path,
            _use_new_zipfile_serialization=False,
        )


def _blur(model: nn.Module) -> None:
    """Have the last pixel shuffle blur, as it did in fastai 1.0.51, whichever fastai is installed.

    That release's `PixelShuffle_ICNR` always blurs, for it asks whether there is a layer that
    does. 1.0.57 and later ask for a flag instead, and DeOldify, older than the flag, never sets it.
    """
    from fastai.layers import PixelShuffle_ICNR

    for module in model.modules():
        if isinstance(module, PixelShuffle_ICNR):
            module.forward = types.MethodType(_forward_of_1_0_51, module)


def _forward_of_1_0_51(self: Any, x: torch.Tensor) -> Any:
    x = self.shuf(self.relu(self.conv(x)))
    return self.blur(self.pad(x)) if self.blur else x


@contextlib.contextmanager
def _published() -> Iterator[tuple[Any, Any]]:
    """Import the published code, with a folder ./dummy and without its ImageNet download."""
    with fastai_compat._process_unchanged():
        fastai_compat._import_fastai()
        from deoldify import filters, generators

        create_body = generators.create_body
        offline = mock.patch.object(
            generators, "create_body", lambda arch, pretrained=True: create_body(arch, False)
        )
        with tempfile.TemporaryDirectory() as folder, offline:
            (Path(folder) / "dummy").mkdir()
            for name in ("a.png", "b.png"):
                Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(Path(folder, "dummy", name))
            before = os.getcwd()
            os.chdir(folder)
            try:
                yield generators, filters
            finally:
                os.chdir(before)
