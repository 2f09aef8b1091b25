"""A generator folded for inference, and its file beside the weights it came from.

Loading a checkpoint takes seconds of fastai; what comes of it, a plain state dict, is kept in a
safetensors file. That file is only a cache: it is used for the very weight file it was made
from, whose sum it carries, and made anew when anything about it is not as it should be. Its sums
find damage, not intent: who may write to the folder can write a copy that paints otherwise.
`check_folded` compares it with the weights, which takes as long as to make it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from colorizer.files import written_whole
from colorizer.generators.deoldify.unet import Architecture, UNet

log = logging.getLogger(__name__)

# One more whenever `folding.fold` or `unet.UNet` changes what is in the file.
FORMAT = "2"


def folded_path(weights: Path) -> Path:
    """Where the folded form of a weight file is kept."""
    return weights.with_suffix(".folded.safetensors")


def build_unet(architecture: Architecture, state: dict[str, Tensor]) -> UNet:
    """Make the network with these weights, every key and every shape.

    Raises
    ------
    RuntimeError
        If a key is missing or unknown, or a shape differs.
    """
    with torch.device("meta"):
        unet = UNet(architecture)
    unet.load_state_dict(state, strict=True, assign=True)
    return unet


def read_folded(weights: Path, digest: str, architecture: Architecture) -> UNet | None:
    """Read what `write_folded` wrote for the weight file with this SHA-256.

    None if it isn't there; nor if it is damaged or of other weights, in which case it is deleted.
    """
    path = folded_path(weights)
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            # Copies: a single tensor of the file's own would keep all of it in memory.
            state = {name: file.get_tensor(name).clone() for name in file.keys()}
        if metadata != _metadata(digest, state):
            raise ValueError("it was made from other weights, or has changed since")
        return build_unet(architecture, state)
    except (OSError, SafetensorError, RuntimeError, TypeError, ValueError) as error:
        log.warning("%s is made anew: %s", path.name, error)
        delete_folded(weights)
        return None


def write_folded(weights: Path, digest: str, state: dict[str, Tensor]) -> None:
    """Keep a folded generator beside its weight file, complete or not at all.

    Where the folder can't be written to, it is not kept; the next start takes a little longer.
    """
    path = folded_path(weights)
    try:
        with written_whole(path) as part:
            save_file(state, part, _metadata(digest, state))
    except (OSError, SafetensorError) as error:
        log.info("%s can't be kept: %s", path.name, error)


def delete_folded(weights: Path) -> None:
    """Delete what is kept of a weight file, if it can be."""
    path = folded_path(weights)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.info("%s can't be deleted: %s", path.name, error)


def _metadata(digest: str, state: dict[str, Tensor]) -> dict[str, str]:
    content = hashlib.sha256()
    for name in sorted(state):
        content.update(json.dumps([name, list(state[name].shape)]).encode())
        content.update(state[name].contiguous().numpy().data)
    return {"format": FORMAT, "source": digest, "content": content.hexdigest()}
