"""Guesses kept in files: what a generator thought of a photo, to be applied again without it."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from colorizer.coloring.colorize import Prediction

LONGEST = 16 << 20  # bytes of a guess's file, far beyond any


def encode_prediction(prediction: Prediction) -> bytes:
    """Write a guess as an npz file.

    Half precision is finer than the 8 bits that screens show.
    """
    file = io.BytesIO()
    np.savez(
        file,
        chroma=prediction.chroma.astype(np.float16),
        luma=prediction.luma,
        render_factor=prediction.render_factor,
        generator=prediction.generator,
    )
    return file.getvalue()


def decode_prediction(data: bytes) -> Prediction:
    """Read what `encode_prediction` wrote.

    Raises
    ------
    ValueError
        If it is damaged, or nothing of that kind.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            if sum(member.file_size for member in members.infolist()) > LONGEST:
                raise ValueError("it is too long")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            prediction = Prediction(
                arrays["chroma"].astype(np.float32),
                arrays["luma"],
                int(arrays["render_factor"]),
                str(arrays["generator"]),
            )
        _check(prediction)
    except Exception as error:  # Damaged files fail in any way.
        raise ValueError(f"no prediction: {error}") from error
    return prediction


def _check(prediction: Prediction) -> None:
    """Refuse arrays that don't go together."""
    side = len(prediction.luma)
    if (
        prediction.luma.shape != (side, side)
        or prediction.luma.dtype != np.uint8
        or prediction.chroma.shape != (side, side, 2)
        or not side
        or not np.isfinite(prediction.chroma).all()
        or prediction.render_factor < 1
    ):
        raise ValueError("the arrays don't go together")
