"""A PNG's colours that no profile says: the result looks like the photo in a browser."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from support.formats import GREY8, RGB8, RGB16, opencv, profile
from support.pictures import decode_photo, encode_photo, encoded

from colorizer.pictures.pixels import sixteen_bits
from colorizer.pictures.profiles import convert

SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)


def png(*chunks, data=None):
    """Put chunks behind a PNG's header."""
    data = data or encoded(Image.fromarray(RGB8))
    middle = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:33] + middle + data[33:]


def gama(value):
    return b"gAMA", struct.pack(">I", value)


def chrm(values):
    return b"cHRM", struct.pack(">8I", *values)


def shown(photo):
    """Tell what a photo looks like: sRGB, from 0 to 1, by the profile that is written with it."""
    icc = photo.about.icc_profile
    rgb = sixteen_bits(photo.rgb)
    return (convert(rgb, icc, to_srgb=True) if icc else rgb) / 65535


def encode_srgb(light):
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("value", [100_000, 55_556, 35_000, 250_000])
@pytest.mark.parametrize("array", [GREY8, RGB8], ids=["grey", "RGB"])
def test_gama_is_kept_as_a_profile(array, value):
    photo = decode_photo(png(gama(value), data=encoded(Image.fromarray(array))))
    pixels = array[..., None] if array.ndim == 2 else array
    np.testing.assert_array_equal(photo.rgb, np.broadcast_to(pixels, photo.rgb.shape))
    right = encode_srgb((pixels / 255) ** (100_000 / value))
    assert np.abs(shown(photo) - right).max() < 1 / 255
    # And in each kind of result, read anew.
    for kind in ("PNG", "TIFF", "JPEG", "WEBP", "AVIF"):
        again = decode_photo(encode_photo(photo, kind))
        assert np.abs(shown(again) - right).mean() < 6 / 255
        if kind in ("PNG", "TIFF"):
            np.testing.assert_array_equal(again.rgb, photo.rgb)


def test_gama_of_sixteen_bits():
    photo = decode_photo(png(gama(100_000), data=opencv(RGB16, ".png")))
    np.testing.assert_array_equal(photo.rgb, RGB16)
    assert np.abs(shown(photo) - encode_srgb(RGB16 / 65535)).max() < 0.5 / 255


@pytest.mark.parametrize("value", [0, 1, 5, 45_455, 45_454, 45_456, 45_000, 2**31 - 1, 2**32 - 1])
def test_gama_of_srgb_or_of_no_sense_says_nothing(value):
    for chunks in ([gama(value)], [gama(value), chrm(SRGB)], [chrm(SRGB)], [chrm([0] * 8)]):
        assert decode_photo(png(*chunks)).about.icc_profile is None


def test_chromaticities():
    photo = decode_photo(png(gama(45_455), chrm(ADOBE)))
    # From Adobe RGB (1998) to sRGB, both under D65: B. Lindbloom's matrices multiplied.
    to_xyz = np.array(
        [
            [0.5767309, 0.185554, 0.1881852],
            [0.2973769, 0.6273491, 0.0752741],
            [0.0270343, 0.0706872, 0.9911085],
        ]
    )
    to_rgb = np.array(
        [
            [3.2404542, -1.5371385, -0.4985314],
            [-0.969266, 1.8760108, 0.041556],
            [0.0556434, -0.2040259, 1.0572252],
        ]
    )
    light = np.where(RGB8 <= 10, RGB8 / 255 / 12.92, ((RGB8 / 255 + 0.055) / 1.055) ** 2.4)
    right = encode_srgb(light @ to_xyz.T @ to_rgb.T)
    assert np.abs(shown(photo) - right).max() < 2 / 255


def test_what_counts_before_what():
    wide = profile("wide")
    image = Image.fromarray(RGB8)
    embedded = encoded(image, icc_profile=wide)
    assert decode_photo(png(gama(100_000), data=embedded)).about.icc_profile == wide
    assert decode_photo(png(gama(100_000), (b"sRGB", b"\0"))).about.icc_profile is None
    # cICP counts before all: sRGB, Display P3; and one that isn't understood not at all.
    srgb, p3, hdr = (
        (b"cICP", bytes(numbers)) for numbers in ((1, 13, 0, 1), (12, 13, 0, 1), (9, 16, 0, 1))
    )
    assert decode_photo(png(srgb, gama(100_000), data=embedded)).about.icc_profile is None
    assert decode_photo(png(hdr, data=embedded)).about.icc_profile == wide
    photo = decode_photo(png(p3, (b"sRGB", b"\0")))
    other = convert(sixteen_bits(RGB8), wide, to_srgb=True) / 65535
    assert np.abs(shown(photo) - other).max() < 2 / 255


def test_a_damaged_chunk_says_nothing():
    data = png(gama(100_000))
    at = data.index(b"gAMA") + 4
    assert decode_photo(data[:at] + b"\0\0\xc3\x50" + data[at + 4 :]).about.icc_profile is None
    assert decode_photo(png((b"gAMA", b"\0\1\x86"))).about.icc_profile is None
    late = png(gama(100_000))[33:49]
    plain = encoded(Image.fromarray(RGB8))
    assert decode_photo(plain[:-12] + late + plain[-12:]).about.icc_profile is None
