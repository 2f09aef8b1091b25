"""From a weight file to what predicts chroma: PyTorch is imported here alone.

What needs PyTorch comes by `__getattr__`, so that who only wants the table of generators doesn't
wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorizer.generators.deoldify import check_folded
    from colorizer.generators.deoldify.compat import FASTAI_VERSION, fastai_problem
    from colorizer.generators.devices import (
        count_threads,
        pick_device,
        pick_precision,
        set_threads,
    )
    from colorizer.generators.generator import Generator
    from colorizer.generators.loading import load_generator

__all__ = [
    "FASTAI_VERSION",
    "Generator",
    "check_folded",
    "count_threads",
    "fastai_problem",
    "load_generator",
    "pick_device",
    "pick_precision",
    "set_threads",
]
_MODULES = {
    "deoldify": ("check_folded",),
    "deoldify.compat": ("FASTAI_VERSION", "fastai_problem"),
    "devices": ("count_threads", "pick_device", "pick_precision", "set_threads"),
    "generator": ("Generator",),
    "loading": ("load_generator",),
}


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{module}"), name)
