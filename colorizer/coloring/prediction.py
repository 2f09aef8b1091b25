"""What a generator thinks of a photo; kept in a file, it is applied again without the generator."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """What a generator thinks of a photo.

    Attributes
    ----------
    chroma
        (S, S, 2) float32: U and V of the photo squeezed to a square, in its own colour space;
        0 is grey.
    luma
        (S, S) uint8: luma of the squeezed photo, whose edges the chroma follows.
    render_factor
        The render factor used: smaller than asked for if memory was short.
    generator
        The generator's title.
    hints
        How many colours a person has put right in it: see `touch_up.touch_up`.
    """

    chroma: NDArray[np.float32]
    luma: NDArray[np.uint8]
    render_factor: int
    generator: str
    hints: int = 0


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
        hints=prediction.hints,
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
                int(arrays["hints"]) if "hints" in arrays else 0,  # 0.2.0 had none
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
