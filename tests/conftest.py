"""What the tests share: checkpoints of the real architecture, loaded once, and an app on them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from app import create_app
from benchmarks.published import make_checkpoint
from colorizer.generator import Generator, load_generator
from colorizer.runtime import ModelStatus
from colorizer.settings import Settings
from colorizer.weights import WEIGHTS

pytest_plugins = ["browser"]


def pytest_report_header() -> str:
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads, numpy {np.__version__}"


@dataclass(frozen=True)
class Checkpoint:
    """A random checkpoint in the official format, and what makes it acceptable."""

    path: Path
    name: str

    @property
    def models(self) -> Path:
        return self.path.parent

    @property
    def sum(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def load(self, **options: Any) -> Generator:
        return load_generator(self.name, models=self.models, trusted={self.sum}, **options)


def _checkpoint(folder: Path, name: str) -> Checkpoint:
    row = WEIGHTS[name]
    assert row.architecture != "builtin"
    make_checkpoint(folder / row.file, row.architecture)
    return Checkpoint(folder / row.file, name)


@pytest.fixture(scope="session")
def artistic_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return _checkpoint(tmp_path_factory.mktemp("artistic"), "artistic")


@pytest.fixture(scope="session")
def stable_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return _checkpoint(tmp_path_factory.mktemp("stable"), "stable")


@pytest.fixture(scope="session")
def artistic(artistic_checkpoint: Checkpoint) -> Generator:
    return artistic_checkpoint.load(precision="float32")


def app_on(folder: Path, generator: Generator, **settings: Any) -> Flask:
    """Make an app on folders of its own, with that one generator ready in it."""
    name, title = generator.weights.name, generator.weights.title
    defaults = {
        "uploads": folder / "uploads",
        "models": folder / "models",
        "model": name,
        "download": False,
        "render_factor": 7,
        "secret_key": "of no importance in a test",
    }
    app = create_app(Settings(**(defaults | settings)))
    app.testing = True
    runtime = app.extensions["colorizer"].runtime
    runtime.start = lambda: None  # nothing is loaded in the background
    runtime.models[name] = ModelStatus(name, title, "ready", generator=generator)
    return app


@pytest.fixture
def make_app(tmp_path: Path, artistic: Generator) -> Callable[..., Flask]:
    return partial(app_on, tmp_path, artistic)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def scene(width: int = 96, height: int = 64, seed: int = 0, colour: bool = False) -> Image.Image:
    """Paint something like a photo: smooth shades with edges and grain; grey unless `colour`."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    shades = [
        np.sin(2 * np.pi * (random.uniform(0.5, 2) * x + random.uniform(0.5, 2) * y)) for _ in "rgb"
    ]
    picture = (
        np.stack(shades, -1) * 70 + 128 + 40 * ((x - 0.4) ** 2 + (y - 0.3) ** 2 < 0.05)[..., None]
    )
    picture += random.normal(0, 4, (height, width, 1))
    if not colour:
        picture = np.repeat(picture[..., :1], 3, -1)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
