"""Guesses in files, sound and damaged."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from colorizer.coloring.colorize import Prediction
from colorizer.coloring.prediction import decode_prediction, encode_prediction

GUESS = Prediction(
    np.linspace(-0.4, 0.4, 32, dtype=np.float32).reshape(4, 4, 2),
    np.arange(16, dtype=np.uint8).reshape(4, 4),
    35,
    "DeOldify Artistic",
)
DATA = encode_prediction(GUESS)


def saved(save=np.savez, **changes):
    arrays = {
        "chroma": GUESS.chroma,
        "luma": GUESS.luma,
        "render_factor": 35,
        "generator": "a",
    }
    file = io.BytesIO()
    save(file, **(arrays | changes))
    return file.getvalue()


def claiming(shape):
    """Make a file whose luma says that it is of a shape, and is next to nothing."""
    file, array = io.BytesIO(), io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(array, header)
    with zipfile.ZipFile(io.BytesIO(DATA)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, array.getvalue() if name == "luma.npy" else source.read(name))
    return file.getvalue()


def test_a_guess_comes_back():
    back = decode_prediction(DATA)
    assert np.abs(back.chroma - GUESS.chroma).max() < 1e-3
    assert (back.luma == GUESS.luma).all()
    assert (back.render_factor, back.generator) == (35, "DeOldify Artistic")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Dear grandmother, " * 100,
        DATA[:1000],
        DATA[: len(DATA) // 2],
        DATA[:-1],
        DATA.replace(b"chroma.npy", b"chrome.npy"),
        DATA.replace(GUESS.luma.tobytes(), bytes(16)),
        saved(luma=np.array([{"a": 1}], dtype=object)),
        saved(luma=GUESS.luma[:2]),
        saved(luma=GUESS.luma.astype(np.float32)),
        saved(luma=np.empty((0, 0), np.uint8), chroma=np.empty((0, 0, 2))),
        saved(chroma=GUESS.chroma[:, :, 0]),
        saved(chroma=np.full((4, 4, 2), np.nan)),
        saved(render_factor=[1, 2]),
        saved(render_factor=0),
        # Some kilobytes in the file, gigabytes in the memory.
        saved(np.savez_compressed, luma=np.zeros((1 << 13, 1 << 13), np.uint8)),
        claiming((1 << 30, 1 << 30)),
        claiming((-1,)),
    ],
)
def test_what_is_none_is_refused(data):
    with pytest.raises(ValueError, match="no prediction"):
        decode_prediction(data)
