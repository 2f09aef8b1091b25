"""The form that infers is the plain model, in every precision; so is what is kept of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from colorizer.errors import WeightsError
from colorizer.generators import deoldify
from colorizer.generators.deoldify import cache as folded
from colorizer.generators.deoldify import layers, load_plain
from colorizer.generators.deoldify.cache import build_unet, folded_path, read_folded, write_folded
from colorizer.generators.deoldify.folding import fold
from colorizer.generators.devices import pick_precision
from colorizer.generators.kernels import parallel, products, winograd
from colorizer.generators.loading import load_generator
from colorizer.generators.table import WEIGHTS
from colorizer.generators.verify import open_verified
from colorizer.places import root

CPU = torch.device("cpu")
RANGE = 6  # the network's output lies between -3 and 3


def agreement(one, other):
    error = (one.double() - other.double()).square().mean().item()
    return 10 * np.log10(RANGE**2 / max(1e-20, error))


def square(side, seed=0):
    """Something like a photo's normalised luma, as (1, 3, side, side)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 1, side, side, generator=generator)
    smooth = F.avg_pool2d(noise, 9, 1, 4, count_include_pad=False)
    return (4 * smooth + 0.2 * noise).expand(1, 3, -1, -1)


def load(checkpoint):
    """Return the architecture, the plain model and its folded weights."""
    architecture = {"artistic": "deep", "stable": "wide"}[checkpoint.name]
    with checkpoint.path.open("rb") as file:
        plain = load_plain(architecture, file, checkpoint.path.name)
    return architecture, plain, fold(plain)


@pytest.fixture(scope="module")
def deep(artistic_checkpoint):
    return load(artistic_checkpoint)


@pytest.fixture(scope="module")
def unet(deep):
    return build_unet(deep[0], deep[2]).for_inference(CPU, torch.float32)


def assert_forms_agree(loaded, factors):
    """Compare every form with the plain model; what merely were its mean would have 30 dB."""
    architecture, plain, state = loaded
    forms = {
        "folded": (build_unet(architecture, state), torch.float32, 120),
        "float32": (
            build_unet(architecture, state).for_inference(CPU, torch.float32),
            torch.float32,
            120,
        ),
        "bfloat16": (
            build_unet(architecture, state).for_inference(CPU, torch.bfloat16),
            torch.bfloat16,
            55,
        ),
    }
    for factor in factors:
        x = square(16 * factor)
        with torch.inference_mode():
            expected = plain(x)
        assert expected.std() > 0.1
        for name, (unet, dtype, enough) in forms.items():
            assert agreement(unet(x.to(dtype)), expected) > enough, (name, factor)


def test_every_form_of_artistic_is_the_plain_model(deep):
    assert_forms_agree(deep, (7, 8, 9, 10))


def test_every_form_of_stable_is_the_plain_model(stable_checkpoint):
    assert_forms_agree(load(stable_checkpoint), (7,))


@pytest.mark.parametrize("packed", [False, True])
def test_either_library_gives_the_plain_model(deep, monkeypatch, packed):
    if packed and not torch.backends.mkldnn.is_available():
        pytest.skip("This PyTorch is built without oneDNN.")
    monkeypatch.setattr(products, "packing_pays", lambda: packed)
    architecture, plain, state = deep
    unet = build_unet(architecture, state).for_inference(CPU, torch.float32)
    assert isinstance(unet.head.first.transformed, list) == packed
    with torch.inference_mode():
        expected = plain(square(112))
    assert agreement(unet(square(112)), expected) > 120


class Backwards(parallel.Stretches):
    """Gives the last step first: wherever a thread takes one, it has to begin."""

    def _choose(self, last):
        return max((step for step, free in enumerate(self._free) if free), default=None)


@pytest.mark.parametrize("stretches", [parallel.Stretches, Backwards])
@pytest.mark.parametrize("side", [112, 144])
@pytest.mark.parametrize("tiles", [1, 45, 1000])
def test_steps_have_no_seams(deep, unet, monkeypatch, side, tiles, stretches):
    """From a row of tiles at a time to the whole picture, gone on from or begun anew."""
    monkeypatch.setattr(winograd, "STEP_TILES", tiles)
    monkeypatch.setattr(parallel, "Stretches", stretches)
    with torch.inference_mode():
        expected = deep[1](square(side))
    assert agreement(unet(square(side)), expected) > 120


def test_float16_runs_too(deep):
    unet = build_unet(deep[0], deep[2]).for_inference(CPU, torch.float16)
    with torch.inference_mode():
        expected = deep[1](square(112))
    assert agreement(unet(square(112).half()), expected) > 55


def test_a_batch_is_its_pictures(unet):
    batch = torch.cat([square(112, seed) for seed in range(3)])
    together = unet(batch)
    for picture, result in zip(batch, together, strict=True):
        assert agreement(unet(picture[None]), result[None]) > 90


def test_any_number_of_threads_can_call(unet):
    inputs = [square(16 * factor, factor) for factor in (7, 8, 9)]
    expected = [unet(x) for x in inputs]
    with ThreadPoolExecutor(len(inputs)) as pool:
        for result, right in zip(pool.map(unet, inputs), expected, strict=True):
            assert agreement(result, right) > 120


@pytest.mark.parametrize("tile", [4, 6, 8])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 9), (13, 6), (3, 90)])
def test_winograd_is_a_padded_convolution_of_any_size(size, tile):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 6, *size, generator=generator)
    weight = torch.randn(10, 6, 3, 3, generator=generator)
    bias = torch.randn(10, generator=generator)
    expected = F.relu(F.conv2d(x, weight, bias, padding=1)).permute(0, 2, 3, 1)
    result = torch.full_like(expected, torch.nan)
    winograd.convolve(
        x.permute(0, 2, 3, 1),
        winograd.transform_weight(weight, tile, weight.dtype),
        bias,
        lambda block, image, rows: result[image, rows].copy_(block),
    )
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)


@pytest.fixture
def enlarging(monkeypatch):
    """Two rows at a time, threads change every three; what it takes and what fastai makes of it."""
    monkeypatch.setattr(layers, "BLOCK_PIXELS", 2 * 6)
    monkeypatch.setattr(layers, "BLOCK_ROWS", 3)
    enlarge = layers.Enlarge(3, 5)
    torch.manual_seed(2)
    nn.init.normal_(enlarge.weight)
    nn.init.normal_(enlarge.bias)
    x = torch.randn(2, 7, 6, 3)
    shuffled = F.pixel_shuffle(enlarge(x).permute(0, 3, 1, 2).relu(), 2)
    blurred = nn.AvgPool2d(2, stride=1)(nn.ReplicationPad2d((1, 0, 1, 0))(shuffled))
    return enlarge, x, blurred.permute(0, 2, 3, 1)


@pytest.mark.parametrize("less", [0, 1])
def test_enlarging_is_a_blurred_pixel_shuffle(enlarging, less):
    enlarge, x, blurred = enlarging
    expected = blurred[:, : 14 - less, : 12 - less]
    result = torch.full(expected.shape, torch.nan)
    enlarge.fill(result, x)
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize(("first", "last"), [(0, 7), (0, 1), (1, 2), (3, 7), (6, 7)])
def test_any_rows_can_be_enlarged_by_themselves(enlarging, first, last):
    enlarge, x, blurred = enlarging
    expected = blurred[1, 2 * first : 2 * last]
    result = torch.full(expected.shape, torch.nan)
    enlarge.fill_rows(result, x[1], first, last, enlarge.prepare())
    torch.testing.assert_close(result, expected)


def test_the_smaller_transforms_are_exact_in_bfloat16():
    for matrix in winograd.matrices(4)[::2]:
        assert torch.equal(matrix.bfloat16().double(), matrix)


@pytest.mark.parametrize(
    ("features", "bfloat16_seconds", "dtype"),
    [
        ({"avx512_bf16": True}, 0.5, torch.bfloat16),
        ({"avx512_bf16": True}, 2, torch.float32),
        ({"avx512_f": True}, 0.5, torch.float32),
    ],
)
def test_auto_is_bfloat16_where_it_is_quicker(monkeypatch, features, bfloat16_seconds, dtype):
    seconds = {torch.float32: 1, torch.bfloat16: bfloat16_seconds}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    monkeypatch.setattr("colorizer.generators.devices.multiply_seconds", seconds.__getitem__)
    assert pick_precision("auto", CPU) == dtype
    assert pick_precision("auto", torch.device("mps")) == torch.float32
    assert pick_precision("float16", CPU) == torch.float16


@pytest.fixture
def copy(artistic_checkpoint, artistic, tmp_path):
    """Link the checkpoint and what is kept of it into a folder of the test's own."""
    path = tmp_path / artistic_checkpoint.path.name
    path.hardlink_to(artistic_checkpoint.path)
    shutil.copy(folded_path(artistic_checkpoint.path), tmp_path)
    return type(artistic_checkpoint)(path, "artistic")


def test_a_second_start_needs_no_fastai(copy):
    script = f"""
import sys
from pathlib import Path
from colorizer.generators.loading import load_generator
from colorizer.generators.table import WEIGHTS
from colorizer.generators.verify import open_verified
load_generator("artistic", models=Path({str(copy.models)!r}), trusted=[{copy.sum!r}])
assert not {{"fastai", "deoldify", "torchvision"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], cwd=root(), check=True, timeout=120)


def test_what_is_kept_gives_the_same_picture(copy, artistic):
    luma = np.random.default_rng(0).integers(0, 256, (112, 112), dtype=np.uint8)
    again = copy.load(precision="float32").predict_chroma(luma)
    np.testing.assert_array_equal(again, artistic.predict_chroma(luma))


def cut_off(path):
    os.truncate(path, path.stat().st_size - 1)


def flip_a_bit(path):
    with path.open("r+b") as file:
        file.seek(-99, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut_off, flip_a_bit, empty])
def test_a_damaged_file_is_not_used(copy, damage):
    damage(folded_path(copy.path))
    assert read_folded(copy.path, copy.sum, "deep") is None
    assert not folded_path(copy.path).exists()


def test_a_file_of_other_weights_or_an_older_format_is_not_used(copy, deep, monkeypatch):
    assert read_folded(copy.path, "0" * 64, "deep") is None
    for state in ({}, deep[2] | {"stem.bias": torch.zeros(3)}, deep[2] | {"x": torch.zeros(1)}):
        write_folded(copy.path, copy.sum, state)
        assert read_folded(copy.path, copy.sum, "deep") is None
    write_folded(copy.path, copy.sum, deep[2])
    assert read_folded(copy.path, copy.sum, "deep") is not None
    monkeypatch.setattr(folded, "FORMAT", "0")
    assert read_folded(copy.path, copy.sum, "deep") is None


def test_a_damaged_file_is_made_anew(copy):
    cut_off(folded_path(copy.path))
    copy.load()
    assert read_folded(copy.path, copy.sum, "deep") is not None
    assert len(list(copy.models.iterdir())) == 2


def test_a_copy_that_would_paint_otherwise_is_found_and_deleted(copy, deep):
    with open_verified(copy.path, WEIGHTS["artistic"], {copy.sum}) as file:
        assert deoldify.check_folded("deep", file)
    assert folded_path(copy.path).exists()
    # As somebody would write it who may write to the folder: all sums are right.
    name = next(name for name in deep[2] if name.endswith("shift"))
    write_folded(copy.path, copy.sum, deep[2] | {name: deep[2][name] + 0.01})
    assert read_folded(copy.path, copy.sum, "deep") is not None
    with open_verified(copy.path, WEIGHTS["artistic"], {copy.sum}) as file:
        assert not deoldify.check_folded("deep", file)
    assert not folded_path(copy.path).exists()


def test_what_is_kept_is_no_way_around_the_check_of_the_weights(copy):
    original = copy.sum
    copy.path.unlink()
    with pytest.raises(WeightsError, match="not here"):
        load_generator("artistic", models=copy.models, trusted=[original])
    copy.path.write_bytes(b"others")
    with pytest.raises(WeightsError, match="cut off"):
        load_generator("artistic", models=copy.models, trusted=[original])


def test_where_nothing_can_be_kept_it_works_all_the_same(copy):
    folded_path(copy.path).unlink()
    folded_path(copy.path).mkdir()  # where a folder is, no file can be put
    assert copy.load().precision
    assert set(copy.models.iterdir()) == {copy.path, folded_path(copy.path)}


def test_a_model_that_does_not_fold_runs_as_published(copy, deep, artistic, monkeypatch):
    folded_path(copy.path).unlink()
    wrong = deep[2] | {"ups.3.convs.1.shift": deep[2]["ups.3.convs.1.shift"] + 1}
    monkeypatch.setattr(deoldify, "fold", lambda plain: wrong)
    generator = copy.load(precision="bfloat16")
    assert generator.precision == "float32"
    assert list(copy.models.iterdir()) == [copy.path]
    luma = np.random.default_rng(0).integers(0, 256, (112, 112), dtype=np.uint8)
    difference = generator.predict_chroma(luma) - artistic.predict_chroma(luma)
    assert np.abs(difference).max() < 1e-3
