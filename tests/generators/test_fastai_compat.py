"""Loading is strict, runs nothing it reads and leaves nothing behind in the process."""

from __future__ import annotations

import functools
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from colorizer.errors import WeightsError
from colorizer.generators.deoldify import compat as fastai_compat
from colorizer.places import root


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def saved(content, legacy=True):
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    file.seek(0)
    return file


def test_importing_and_building_leaves_the_process_as_it_was():
    script = """
import logging, os, sys, warnings
import torch
os.environ["CUDA_VISIBLE_DEVICES"] = "0"
state = lambda: (
    torch.load, torch.get_num_threads(), torch.get_default_dtype(), torch.initial_seed(),
    logging.getLogger().level, list(logging.getLogger().handlers), list(warnings.filters),
    os.environ["CUDA_VISIBLE_DEVICES"], os.getcwd(), "pkg_resources" in sys.modules,
)
before, random = state(), torch.get_rng_state()
from colorizer.generators.deoldify import compat as fastai_compat
for architecture in ("deep", "wide"):
    fastai_compat.build_generator(architecture)
assert state() == before, (before, state())
assert torch.equal(torch.get_rng_state(), random)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=root(), capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


def test_fastai_is_whole():
    assert fastai_compat.fastai_problem() is None


@pytest.mark.parametrize(("architecture", "count"), [("deep", 63_767_578), ("wide", 218_480_110)])
def test_the_architecture_is_that_of_the_published_weights(architecture, count):
    state = fastai_compat.build_generator(architecture).state_dict()
    assert sum(tensor.numel() for tensor in state.values()) == count
    assert all(name.startswith("layers.") for name in state)


def test_folding_the_norms_changes_nothing(artistic_checkpoint):
    generators = [fastai_compat.build_generator("deep") for _ in range(2)]
    with artistic_checkpoint.path.open("rb") as file:
        state = fastai_compat.read_state_dict(file, "x")
    generators[0].load_state_dict(state, assign=True)
    fastai_compat.load_state_dict(generators[1], state, "x")
    assert not [name for name in generators[1].state_dict() if name.endswith(("_orig", "_g"))]
    square = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(generators[0](square), generators[1](square))


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize(
    ("evil", "name"),
    [
        (Evil(os.system, "touch {}"), "system"),
        (Evil(exec, "open({!r}, 'w')"), "exec"),
        (functools.partial(os.system, "touch {}"), "system"),
        (Path("a global outside the list"), "Path"),
    ],
)
def test_a_pickle_that_carries_code_is_refused_by_name(tmp_path, evil, name, legacy):
    trace = tmp_path / "was-here"
    if isinstance(evil, Evil):
        evil.call = evil.call[0], tuple(a.format(str(trace)) for a in evil.call[1])
    with pytest.raises(WeightsError, match=name) as caught:
        fastai_compat.read_state_dict(saved({"model": evil, "opt": {}}, legacy), "x.pth")
    assert "x.pth" in str(caught.value)
    assert not trace.exists()


def test_a_bare_pickle_is_refused(tmp_path):
    trace = tmp_path / "was-here"
    data = pickle.dumps(Evil(os.system, f"touch {trace}"))
    with pytest.raises(WeightsError):
        fastai_compat.read_state_dict(io.BytesIO(data), "x.pth")
    assert not trace.exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"<!doctype html><title>404</title>", b"\x80\x02}q\x00.", b"PK\x03\x04" + bytes(99)],
)
def test_what_is_no_checkpoint_is_refused(data):
    with pytest.raises(WeightsError, match="no PyTorch checkpoint"):
        fastai_compat.read_state_dict(io.BytesIO(data), "x.pth")


def test_half_a_checkpoint_is_refused(artistic_checkpoint):
    data = artistic_checkpoint.path.read_bytes()
    with pytest.raises(WeightsError, match="no PyTorch checkpoint"):
        fastai_compat.read_state_dict(io.BytesIO(data[: len(data) // 2]), "x.pth")


def test_every_key_and_shape_must_fit(artistic_checkpoint):
    with artistic_checkpoint.path.open("rb") as file:
        state = fastai_compat.read_state_dict(file, "x")
    name = next(name for name in state if name.endswith("weight_orig"))
    for wrong in (
        {key: value for key, value in state.items() if key != name},
        state | {"layers.99.weight": torch.zeros(1)},
        state | {name: torch.zeros(3, 3)},
    ):
        with pytest.raises(WeightsError, match="another network"):
            fastai_compat.load_state_dict(fastai_compat.build_generator("deep"), wrong, "x.pth")


def test_torch_load_is_patched_for_the_block_alone():
    original = torch.load
    allowed = set(torch.serialization.get_safe_globals())
    with pytest.raises(ZeroDivisionError), fastai_compat.weights_only_load():
        assert torch.load is not original
        with pytest.raises(pickle.UnpicklingError):
            torch.load(saved(Evil(os.getcwd)), weights_only=False)
        raise ZeroDivisionError
    assert torch.load is original
    assert set(torch.serialization.get_safe_globals()) == allowed
