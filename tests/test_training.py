"""A short training run, end to end, on generated pictures."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from colorizer.generators.builtin import load_builtin
from training.data import Photos, build_cache, hash_square, squeeze
from training.evaluate import colourise, grey, measure
from training.train import Run, Settings, export

SETTINGS = Settings(
    steps=16, batch=4, sides=(32, 64), switch=0.5, warmup=4, every=100, watched=2, average=0.8
)


def landscape(seed: int) -> NDArray[np.uint8]:
    """Blue above, green below, with clouds of their own."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(48, 80)), int(rng.integers(48, 80))
    clouds = cv2.resize(rng.uniform(0.5, 1, (6, 6)), (width, height))[..., None]
    picture = np.empty((height, width, 3))
    horizon = height // 2 + int(rng.integers(-12, 12))
    picture[:horizon] = (140, 190, 255)
    picture[horizon:] = (70, 130, 40)
    return (picture * clouds).astype(np.uint8)


def pack(pictures: list[NDArray[np.uint8]], path: Path) -> Path:
    """Zip pictures."""
    with zipfile.ZipFile(path, "w") as archive:
        for i, picture in enumerate(pictures):
            stream = io.BytesIO()
            Image.fromarray(picture).save(stream, "PNG")
            archive.writestr(f"{i:05}.png", stream.getvalue())
    return path


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep such small steps from spending their time on handing work between threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    folder = tmp_path_factory.mktemp("photos")
    archives = [
        pack([landscape(i) for i in range(10)], folder / "a.zip"),
        pack([landscape(i) for i in range(10, 20)], folder / "b.zip"),
    ]
    build_cache(archives, folder / "cache")
    return Photos(folder / "cache")


def test_loss_falls_and_weights_load(photos: Photos, tmp_path: Path) -> None:
    run = Run(photos, tmp_path, SETTINGS)
    losses = run.train()
    assert np.mean(losses[-4:]) < np.mean(losses[:4]) - 0.5

    export(run.averaged, tmp_path / "weights.safetensors")
    network = load_builtin((tmp_path / "weights.safetensors").read_bytes())
    rgb = landscape(100)
    own = measure(colourise(network, rgb, 7), rgb)
    assert own.psnr > measure(grey(rgb), rgb).psnr


def test_resumed_run_reaches_the_same_state(photos: Photos, tmp_path: Path) -> None:
    whole = Run(photos, tmp_path / "whole", SETTINGS)
    whole.train(10)
    Run(photos, tmp_path / "parts", SETTINGS).train(7)
    resumed = Run(photos, tmp_path / "parts", SETTINGS)
    assert resumed.step == 7
    resumed.train(10)
    for part in ("network", "averaged"):
        for name, tensor in whole.state()[part].items():
            assert torch.equal(tensor, resumed.state()[part][name]), name
    moments = [run.optimizer.state_dict()["state"] for run in (whole, resumed)]
    for i, moment in moments[0].items():
        assert torch.equal(moment["exp_avg_sq"], moments[1][i]["exp_avg_sq"])


def test_validation_photographs_have_no_twin_in_training(tmp_path: Path) -> None:
    pictures = [landscape(i) for i in range(60)]
    twins = [cv2.convertScaleAbs(picture, alpha=1.02) for picture in pictures[:20]]
    twins += [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures[20:40]]
    build_cache([pack(pictures + twins, tmp_path / "a.zip")], tmp_path / "cache")
    photos = Photos(tmp_path / "cache")
    train = set(photos.train)
    assert len(train) == 95  # of 100, however many of the others are twins
    assert not any({row + 60, row - 60} & train for row in photos.validation if row % 60 < 40)


def test_mirrored_hash_is_that_of_the_mirror_image() -> None:
    square = squeeze(landscape(1))
    mirror = np.ascontiguousarray(square[:, ::-1])
    assert hash_square(square, mirror=True) == hash_square(mirror)
