"""Pixels change their depth, their side and their edges, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from support.formats import RGB8, RGB16, RGBA16

from colorizer.pictures.photo import About, Photo
from colorizer.pictures.pixels import (
    eight_bit_image,
    eight_bits,
    fill_bits,
    lend,
    shrink_photo,
    sixteen_bits,
)

EVERY_LEVEL = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def test_eight_bits_are_the_nearest_and_sixteen_lead_back():
    np.testing.assert_array_equal(eight_bits(EVERY_LEVEL), np.rint(EVERY_LEVEL / 257))
    np.testing.assert_array_equal(eight_bits(sixteen_bits(RGB8)), RGB8)
    for pixels in (RGB8, RGB16):
        assert sixteen_bits(pixels).dtype == np.uint16
        assert eight_bits(pixels).dtype == np.uint8
    image = eight_bit_image(lend(Photo(np.dstack([EVERY_LEVEL] * 3))))
    np.testing.assert_array_equal(image.numpy()[..., 1], eight_bits(EVERY_LEVEL))


@pytest.mark.parametrize("bits", [9, 10, 12, 15, 16])
def test_white_of_fewer_bits_is_white(bits):
    levels = np.array([0, 2**bits - 1], np.uint16) << (16 - bits)
    np.testing.assert_array_equal(fill_bits(levels, bits), [0, 65535])


def test_a_shrunken_photo_keeps_its_depth_and_what_it_says_of_itself():
    photo = Photo(RGBA16[..., :3], RGBA16[..., 3], about=About(dpi=(300, 300)))
    small = shrink_photo(photo, 30)
    assert small.rgb.shape == (20, 30, 3)
    assert small.alpha.shape == (20, 30)
    assert small.rgb.dtype == small.alpha.dtype == np.uint16
    assert np.abs(small.rgb.mean() - photo.rgb.mean()) < 0.02 * 65535
    assert small.about is photo.about
    assert shrink_photo(photo, 61) is photo
