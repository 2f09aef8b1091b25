"""Where the folders stand: in a checkout of the project, or where an installed library is used."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").exists() else None


def root() -> Path:
    """Return what relative folders are relative to: the checkout, else the working directory."""
    return _CHECKOUT or Path.cwd()


def shipped_models() -> Path:
    """Return the folder of the weights that come with the project."""
    return (_CHECKOUT or _PACKAGE) / "models"
