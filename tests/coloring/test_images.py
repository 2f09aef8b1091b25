from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support.pictures import scene

from colorizer import colorize_image
from colorizer.pictures.profiles import srgb_profile


class Reddish:
    """A generator that finds everything red."""

    title = "Reddish"

    def predict_chroma(self, luma):
        chroma = np.zeros((*luma.shape, 2), np.float32)
        chroma[..., 1] = 0.1
        return chroma


def is_red(rgb):
    return (rgb[..., 0].astype(float) - rgb[..., 1]).mean() > 0.03 * rgb.max()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_pil_image_gives_a_pil_image(mode):
    if mode == "I;16":
        image = Image.fromarray(np.asarray(scene().convert("L")).astype(np.uint16) * 257)
    else:
        image = scene().convert(mode)
    image.info["icc_profile"] = srgb_profile()
    coloured = colorize_image(image, Reddish(), 10)
    assert coloured.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    assert coloured.size == image.size
    assert coloured.info["icc_profile"] == srgb_profile()
    if mode != "1":  # black and white have no room for colour
        assert is_red(np.asarray(coloured))


@pytest.mark.parametrize("bands", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_an_array_gives_an_array(bands, dtype):
    grey = np.asarray(scene().convert("L"))
    if np.issubdtype(dtype, np.floating):
        grey = (grey / 255).astype(dtype)
    else:
        grey = grey.astype(dtype) * (np.iinfo(dtype).max // 255)
    array = grey if bands is None else np.repeat(grey[..., None], bands, 2)
    coloured = colorize_image(array, Reddish(), 10)
    assert coloured.dtype == dtype
    assert coloured.shape == (64, 96, 4 if bands in (2, 4) else 3)
    assert is_red(coloured)
    if bands in (2, 4):
        np.testing.assert_allclose(coloured[..., 3], grey, rtol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("photo.jpg", TypeError),
        (np.zeros((2, 2), np.int64), ValueError),
        (np.zeros((2, 2, 5), np.uint8), ValueError),
        (np.zeros(9, np.uint8), ValueError),
        (np.zeros((0, 4), np.uint8), ValueError),
    ],
)
def test_anything_else_is_refused(wrong, error):
    with pytest.raises(error):
        colorize_image(wrong, Reddish())
