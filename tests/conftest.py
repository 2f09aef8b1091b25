"""What the tests share: checkpoints of the real architecture, loaded once, and an app on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from flask import Flask
from flask.testing import FlaskClient
from support.app import app_on
from support.checkpoints import Checkpoint, random_checkpoint

from colorizer.generators.generator import Generator

pytest_plugins = ["support.children", "support.chromium", "support.touch_up"]


def pytest_report_header() -> str:
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads, numpy {np.__version__}"


@pytest.fixture(scope="session")
def artistic_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return random_checkpoint(tmp_path_factory.mktemp("artistic"), "artistic")


@pytest.fixture(scope="session")
def stable_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return random_checkpoint(tmp_path_factory.mktemp("stable"), "stable")


@pytest.fixture(scope="session")
def artistic(artistic_checkpoint: Checkpoint) -> Generator:
    return artistic_checkpoint.load(precision="float32")


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
