"""What is done behind the network to give DeOldify's published pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from support.pictures import scene

from colorizer import colorize_image, load_generator
from colorizer.coloring.faithful import exchange_uv, published_rgb
from colorizer.errors import OptionError


def published(rgb, painted):
    """Do what deoldify.filters does with a network's picture, from 0 to 1."""
    square = Image.fromarray((painted * 255).astype(np.uint8))
    colors = np.asarray(square.resize(rgb.shape[1::-1], Image.Resampling.BILINEAR))
    theirs = cv2.cvtColor(colors, cv2.COLOR_RGB2YUV)
    ours = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)
    ours[..., 1:] = theirs[..., 1:]
    return cv2.cvtColor(ours, cv2.COLOR_YUV2RGB)


@pytest.mark.parametrize("size", [(61, 40), (40, 61), (300, 5), (5, 300), (700, 430)])
def test_pixels_are_the_published_ones_to_the_last_bit(size):
    rgb = np.asarray(scene(*size, colour=True))
    painted = np.random.default_rng(1).random((48, 48, 3), np.float32)
    np.testing.assert_array_equal(published_rgb(rgb, painted, 1), published(rgb, painted))


def test_uv_is_exchanged_as_opencv_does_it():
    random = np.random.default_rng(2)
    rgb, colors = random.integers(0, 256, (2, 500, 400, 3), dtype=np.uint8)
    ours, theirs = (cv2.cvtColor(picture, cv2.COLOR_RGB2YUV) for picture in (rgb, colors))
    ours[..., 1:] = theirs[..., 1:]
    expected = cv2.cvtColor(ours, cv2.COLOR_YUV2RGB)
    np.testing.assert_array_equal(exchange_uv(rgb, colors), expected)


def test_sixteen_bits_are_the_eight_and_strength_blends():
    rgb = np.asarray(scene(61, 40, colour=True))
    painted = np.random.default_rng(1).random((48, 48, 3), np.float32)
    full = published_rgb(rgb, painted, 1)
    wide = published_rgb(rgb.astype(np.uint16) * 257, painted, 1)
    np.testing.assert_array_equal(wide, full.astype(np.uint16) * 257)
    half = published_rgb(rgb, painted, 0.5)
    assert np.abs(half - (rgb.astype(float) + full) / 2).max() <= 0.5


def test_a_generator_that_is_not_deoldifys_has_no_published_pixels():
    with pytest.raises(OptionError, match="published pixels"):
        colorize_image(scene(), load_generator("builtin"), 7, faithful=True)
