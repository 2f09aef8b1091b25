"""Colour black-and-white photographs with DeOldify.

>>> from colorizer import Hint, colorize_file, colorize_image, colorize_video, load_generator
>>> generator = load_generator("artistic")
>>> colorize_file("grandmother.jpg", "grandmother-colour.jpg", generator)
>>> colorize_video("wedding.mpg", "wedding-colour.mp4", generator)
>>> colour = colorize_image(grey, generator)  # a PIL image or an array, and the same back
>>> colour = colorize_image(grey, generator, hints=[Hint(0.3, 0.6, "#1f2a44")])  # the coat is navy
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from colorizer.version import __version__

__all__ = [
    "Hint",
    "__version__",
    "colorize",
    "colorize_file",
    "colorize_image",
    "colorize_video",
    "load_generator",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more: ``--version`` does without PyTorch and NumPy."""
    module = {
        "Hint": "colorizer.coloring.hints",
        "colorize": "colorizer.coloring.colorize",
        "colorize_file": "colorizer.coloring.colorize",
        "colorize_image": "colorizer.coloring.images",
        "colorize_video": "colorizer.video.color",
        "load_generator": "colorizer.generators.loading",
    }.get(name)
    if module is None:
        raise AttributeError(name)
    return getattr(import_module(module), name)
