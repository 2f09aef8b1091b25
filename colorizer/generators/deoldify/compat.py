"""What it takes to run deoldify 0.0.1 and fastai 1.0.61 on today's PyTorch.

This is the only file that knows the oddities of those two packages. Everything they would leave
behind in the process (a hidden GPU, a root logger at INFO, warning filters) is put back.
"""

from __future__ import annotations

import base64
import csv
import functools
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import re
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO, Literal

import torch
from torch import nn
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from colorizer.errors import N_, WeightsError

FASTAI_VERSION = "1.0.61"

# What a weight file may name besides tensors and plain containers. The published files ask for
# `slice` alone (learning rates in the optimiser's state); `partial` is what fastai itself pickles.
SAFE_GLOBALS: list[Any] = [slice, functools.partial]

_lock = threading.RLock()


@contextmanager
def weights_only_load() -> Iterator[None]:
    """Patch ``torch.load``, for the length of the block alone, to read nothing but data.

    Inside the block every ``torch.load``, fastai's own included, runs with ``weights_only=True``
    and the allowlist `SAFE_GLOBALS`, whatever its caller asks for. Afterwards ``torch.load`` is
    torch's own again.
    """

    @functools.wraps(torch.load)
    def load(*args: Any, **kwargs: Any) -> Any:
        return original(*args, **{**kwargs, "weights_only": True})

    with _lock, torch.serialization.safe_globals(SAFE_GLOBALS):
        original, torch.load = torch.load, load
        try:
            yield
        finally:
            torch.load = original


def read_state_dict(file: BinaryIO, name: str) -> dict[str, torch.Tensor]:
    """Read the generator's state dict from a checkpoint as DeOldify publishes it.

    Parameters
    ----------
    file
        A torch file, legacy or zip, that holds ``{'model': state_dict, 'opt': …}`` or a bare
        state dict. Nothing in it is executed.
    name
        What to call it in errors.

    Returns
    -------
    dict of str to torch.Tensor
        The state dict, on the CPU.

    Raises
    ------
    WeightsError
        If the file is no checkpoint, is damaged, or names a global outside the allowlist.
    """
    try:
        with weights_only_load():
            state = torch.load(file, map_location="cpu")
    except UnpicklingError as error:
        unsafe = re.search(r"GLOBAL ([\w.]+)", str(error))
        if unsafe is None:
            raise _not_a_checkpoint(name) from error
        raise WeightsError(
            N_(
                "%(file)s asks for “%(name)s”, which weights have no use for, and was not opened: "
                "it may carry a program. Delete it unless you know where it comes from."
            ),
            file=name,
            name=unsafe[1],
        ) from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise _not_a_checkpoint(name) from error
    state = state.get("model", state) if isinstance(state, dict) else None
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise _not_a_checkpoint(name)
    return state


def build_generator(architecture: Literal["deep", "wide"]) -> nn.Module:
    """Build DeOldify's generator, without weights, a Learner, a DataBunch or a download.

    Parameters
    ----------
    architecture
        ``deep`` is Artistic's ResNet-34 U-Net, ``wide`` the ResNet-101 one of Stable and Video.

    Returns
    -------
    torch.nn.Module
        The generator in eval mode. It takes and gives (N, 3, S, S) float32, normalised with
        ImageNet's mean and standard deviation, S a multiple of 32.
    """
    with _process_unchanged(), _lock:
        _import_fastai()
        from deoldify.unet import DynamicUnetDeep, DynamicUnetWide
        from fastai.layers import NormType, PixelShuffle_ICNR
        from fastai.vision.learner import create_body
        from torchvision import models

        unet, resnet, nf_factor = {
            "deep": (DynamicUnetDeep, models.resnet34, 1.5),
            "wide": (DynamicUnetWide, models.resnet101, 2),
        }[architecture]
        # On the meta device nothing is allocated or initialised: the state dict brings it all.
        with torch.device("meta"):
            # The arguments that deoldify/generators.py passes by way of its Learner.
            generator: nn.Module = unet(
                create_body(resnet, pretrained=False),
                n_classes=3,
                blur=True,
                blur_final=True,
                self_attention=True,
                y_range=(-3.0, 3.0),
                norm_type=NormType.Spectral,
                last_cross=True,
                bottle=False,
                nf_factor=nf_factor,
            )
    for layer in generator.get_submodule("layers").children():
        # The published weights are of 2019, when DeOldify's environment.yml pinned fastai 1.0.51.
        # There, and in the copy of fastai that the deoldify wheel brings, the last pixel shuffle
        # always blurs (`if self.blur`, which is a layer: fastai/layers.py). fastai 1.0.61 only does
        # with this flag, which DeOldify never sets. Without the blur, the last convolutions see
        # what they were never trained on. The copy that the wheel brings ignores the flag.
        if isinstance(layer, PixelShuffle_ICNR):
            layer.do_blur = True
    return generator.eval()


def load_state_dict(generator: nn.Module, state: dict[str, torch.Tensor], name: str) -> None:
    """Load `state` into `generator`, every key and every shape, and fold the norms.

    Spectral and weight norm only re-parametrise a weight for training. In eval mode they compute
    the same plain weight at each forward pass, so removing them changes no result.

    Raises
    ------
    WeightsError
        If a key is missing or unknown, or a shape differs: another architecture's weights.
    """
    try:
        generator.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise WeightsError(
            N_("%(file)s holds the weights of another network than this generator."), file=name
        ) from error
    for module in generator.modules():
        for hook in list(module._forward_pre_hooks.values()):
            if isinstance(hook, SpectralNorm):
                nn.utils.remove_spectral_norm(module, hook.name)
            elif isinstance(hook, WeightNorm):
                nn.utils.remove_weight_norm(module, hook.name)


def fastai_problem() -> str | None:
    """Tell what is wrong with the installed fastai: None when it is 1.0.61, whole.

    The deoldify wheel carries an older copy of fastai's files. Whichever of the two is installed
    last wins, file by file, so each file is compared with the sum in fastai's own RECORD.
    """
    try:
        distribution = importlib.metadata.distribution("fastai")
    except importlib.metadata.PackageNotFoundError:
        return "fastai is not installed"
    if distribution.version != FASTAI_VERSION:
        return f"fastai is {distribution.version} instead of {FASTAI_VERSION}"
    foreign = 0
    for name, digest, _ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        if name.startswith("fastai/") and name.endswith(".py"):
            content = Path(str(distribution.locate_file(name))).read_bytes()
            actual = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            foreign += digest != f"sha256={actual.decode()}"
    return f"{foreign} of fastai's files are another version's" if foreign else None


def _not_a_checkpoint(name: str) -> WeightsError:
    return WeightsError(
        N_("%(file)s is damaged or no PyTorch checkpoint. Delete it and download it again."),
        file=name,
    )


@contextmanager
def _process_unchanged() -> Iterator[None]:
    """Put back what importing deoldify, fastai and matplotlib changes in the whole process."""
    root = logging.getLogger()
    level, handlers, threads = root.level, list(root.handlers), torch.get_num_threads()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if visible is None:
            os.environ.pop("CUDA_VISIBLE_DEVICES", None)
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = visible


@contextmanager
def _pkg_resources() -> Iterator[None]:
    """Lend fastai the two calls it makes to `pkg_resources`, which setuptools no longer has."""
    stand_in = types.ModuleType("pkg_resources")
    stand_in.require = lambda *_: []  # type: ignore[attr-defined]
    original = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = original or stand_in
    try:
        yield
    finally:
        if original is None:
            del sys.modules["pkg_resources"]


_torchvision_operators: Any = None


def _declare_torchvision_operators() -> None:
    """Declare the two operators torchvision registers at import, where its binary can't load.

    A torchvision built for CUDA doesn't load its operators beside a CPU build of torch and then
    fails to import. DeOldify uses ``torchvision.models`` alone, which needs none of them.
    """
    global _torchvision_operators
    spec = importlib.util.find_spec("torchvision")
    if _torchvision_operators is not None or spec is None or spec.origin is None:
        return
    try:
        torch.ops.load_library(  # type: ignore[no-untyped-call]
            Path(spec.origin).with_name("_C.so")
        )
    except OSError:
        _torchvision_operators = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        _torchvision_operators.define(
            "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        )
        _torchvision_operators.define(
            "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        )


def _import_fastai() -> None:
    _declare_torchvision_operators()
    with _pkg_resources():
        import deoldify.unet  # noqa: F401
