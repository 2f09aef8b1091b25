"""An app in this process, on folders of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from support.records import stored_files

from app import create_app
from colorizer.generators.generator import Generator
from colorizer.pictures.pool import PicturePool
from colorizer.settings import Settings

PICTURES = PicturePool()  # Processes of its own for each app would take longer than its test.


def app_on(folder: Path, generator: Generator, **settings: Any) -> Flask:
    """Make an app on folders of its own, with that one generator ready in it."""
    name = generator.weights.name
    defaults = {
        "uploads": folder / "uploads",
        "models": folder / "models",
        "model": name,
        "download": False,
        "render_factor": 7,
        "secret_key": "of no importance in a test",
    }
    app = create_app(Settings(**(defaults | settings)), generators={name: generator})
    app.extensions["colorizer"].pictures = PICTURES
    app.testing = True
    return app


def leftovers(app: Flask) -> list[Path]:
    """Return the files that an app's store holds."""
    return stored_files(app.extensions["colorizer"].store.folder)
