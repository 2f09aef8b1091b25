"""Arrays that go from step to step in files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizer.files import written_whole


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array into a file, whole or not at all.

    Raises
    ------
    OSError
        With the system's number, which `numpy.save` has none of where a disk is full.
    """
    data = io.BytesIO()
    np.save(data, array)
    with written_whole(path) as part:
        part.write_bytes(data.getvalue())


def load_array(path: Path, shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    """Read what `save_array` wrote in another process, of which nothing is believed.

    Raises
    ------
    OSError
        If it can't be read, or is another array.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise OSError(f"{path} is no array: {error}") from error
    if array.shape != shape or array.dtype != kind:
        raise OSError(f"{path} is no array of {shape}")
    return np.asarray(array)
