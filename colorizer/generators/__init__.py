"""From a weight file to what predicts chroma: PyTorch is imported here alone.

The two functions come by `__getattr__`, so that who only wants the table of generators, or to
say that a function is there, doesn't wait for PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorizer.generators.generator import load_generator, set_threads

__all__ = ["load_generator", "set_threads"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from colorizer.generators import generator

    return getattr(generator, name)
