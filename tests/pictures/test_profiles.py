"""Colour profiles are kept with their pixels, or the pixels become sRGB."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.formats import GREY8, RGB8, as_rgb, pillow, profile
from support.pictures import decode_photo, encode_photo, encoded

from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.profiles import convert, srgb_profile


def test_an_rgb_profile_is_kept_with_its_pixels():
    wide = profile("wide")
    photo = decode_photo(pillow(RGB8, "PNG", icc_profile=wide))
    assert photo.about.icc_profile == wide
    for kind in WRITABLE:
        assert decode_photo(encode_photo(photo, kind)).about.icc_profile == wide
    np.testing.assert_array_equal(decode_photo(encode_photo(photo)).rgb, RGB8)


def test_a_grey_profile_becomes_an_rgb_profile_with_the_same_look():
    photo = decode_photo(pillow(GREY8, "TIFF", icc_profile=profile("grey")))
    np.testing.assert_array_equal(photo.rgb, as_rgb(GREY8))  # every value stays
    ramp = np.repeat(np.linspace(0, 65535, 50).astype(np.uint16)[None, :, None], 3, 2)
    ours = convert(ramp, photo.about.icc_profile, to_srgb=True)[0, :, 0] / 65535
    linear = (np.linspace(0, 1, 50)) ** 1.8
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(ours, srgb, atol=0.01)


def test_cmyk_with_a_profile_becomes_srgb():
    inks = Image.fromarray(RGB8).convert("CMYK")
    inks_profile = profile("cmyk")
    photo = decode_photo(encoded(inks, "TIFF", icc_profile=inks_profile))
    to_srgb = ImageCms.profileToProfile(
        inks,
        io.BytesIO(inks_profile),
        io.BytesIO(srgb_profile()),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert np.abs(photo.rgb.astype(int) - np.asarray(to_srgb)).mean() < 2
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() > 5
    assert photo.about.icc_profile is None


@pytest.mark.parametrize("damaged", [b"", b"no profile", srgb_profile()[:200], bytes(500)])
def test_a_damaged_profile_counts_as_none(damaged):
    assert decode_photo(pillow(RGB8, "PNG", icc_profile=damaged)).about.icc_profile is None
