"""Guesses kept in files: what a generator thought of a photo, to be applied again without it."""

from __future__ import annotations

import io

import numpy as np

from colorizer.coloring.colorize import Prediction


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
    """Read what `encode_prediction` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Prediction(
            arrays["chroma"].astype(np.float32),
            arrays["luma"],
            int(arrays["render_factor"]),
            str(arrays["generator"]),
        )
