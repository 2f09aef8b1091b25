"""U and V planes: the right colour in any matrix, range and depth, edges, gamut and strength."""

import cv2
import numpy as np
import pytest
from support.frames import form_of, frame_of, texture

from colorizer.pictures.pixels import LUMA, UV_SCALE
from colorizer.video.planes import color_planes
from colorizer.video.squares import working_size

# ITU-R BT.601, BT.709 and BT.2020: the shares of red and blue in the luma.
SHARES = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def flat_chroma(form, rgb):
    """Return what a generator says of a picture that has this colour all over."""
    u, v = (np.float32(rgb)[[2, 0]] - np.float32(rgb) @ LUMA) * UV_SCALE
    return np.ones((2, form.height, form.width), np.float16) * np.float16([u, v])[:, None, None]


def to_rgb(luma, u, v, form):
    """Show planes of 4:2:0 as a player does, red, green and blue from 0 to 1."""
    steps = 1 << (form.depth - 8)
    of_red, of_blue = SHARES[form.matrix]
    black, white, span = (0, 256 * steps - 1, 256 * steps - 1)
    if not form.full_range:
        black, white, span = 16 * steps, 235 * steps, 224 * steps
    y = (np.float64(luma) - black) / (white - black)
    size = luma.shape[::-1]
    blue, red = (
        (cv2.resize(np.float64(p), size, interpolation=cv2.INTER_NEAREST) - 128 * steps) / span
        for p in (u, v)
    )
    b, r = y + 2 * (1 - of_blue) * blue, y + 2 * (1 - of_red) * red
    return np.dstack([r, (y - of_red * r - of_blue * b) / (1 - of_red - of_blue), b])


@pytest.mark.parametrize("matrix", SHARES)
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("depth", [8, 10])
def test_colours_are_the_generators_in_any_film(matrix, full_range, depth):
    form = form_of(64, 48, matrix=matrix, full_range=full_range, depth=depth)
    colour = np.array([0.62, 0.45, 0.38])
    dtype = np.uint8 if depth == 8 else np.uint16
    luma = np.full((48, 64), 120 << (depth - 8), dtype)
    u, v = color_planes(frame_of(luma), form, flat_chroma(form, colour))
    assert u.shape == v.shape == (24, 32)
    assert u.dtype == v.dtype == dtype
    seen = to_rgb(luma, u, v, form)[20, 30]
    level = 1 / 255 / (1 << (depth - 8))
    assert seen - seen[1] == pytest.approx(colour - colour[1], abs=2.5 * level)


def test_no_strength_gives_the_films_own_planes():
    luma = texture(64, 48, 1).astype(np.uint8)
    own = tuple(texture(32, 24, seed).astype(np.uint8) for seed in (2, 3))
    form = form_of(64, 48)
    chroma = flat_chroma(form, (0.9, 0.2, 0.2))
    given = color_planes(frame_of(luma, own), form, chroma, 0)
    assert all(np.array_equal(a, b) for a, b in zip(given, own, strict=True))
    grey = color_planes(frame_of(luma), form, chroma, 0)
    assert {int(level) for plane in grey for level in np.unique(plane)} == {128}


def test_strength_goes_from_the_own_colour_to_the_new_one():
    luma = np.full((48, 64), 120, np.uint8)
    own = np.full((24, 32), 100, np.uint8), np.full((24, 32), 150, np.uint8)
    form = form_of(64, 48)
    chroma = flat_chroma(form, (0.6, 0.45, 0.4))
    half, full = (color_planes(frame_of(luma, own), form, chroma, s) for s in (50, 100))
    for a, b, c in zip(own, half, full, strict=True):
        assert b == pytest.approx((np.float64(a) + c) / 2, abs=1)
        assert (a != c).all()
    assert np.array_equal(color_planes(frame_of(luma), form, chroma)[0], full[0])


@pytest.mark.parametrize(("across", "down"), [(2, 1), (1, 1), (1, 2)])
def test_fuller_chroma_is_made_420(across, down):
    ramp = np.add.outer(2 * np.arange(48), np.arange(64)).astype(np.uint8)
    plane = ramp[::down, ::across]
    u, _ = color_planes(
        frame_of(ramp, (plane, plane)), form_of(64, 48), flat_chroma(form_of(64, 48), (0, 0, 0)), 0
    )
    # A sample is where the luma's even columns are; halfway between two of its rows.
    expected = np.add.outer(4 * np.arange(24) + (1 if down == 1 else 0), 2 * np.arange(32))
    assert u.shape == (24, 32)
    assert u == pytest.approx(expected, abs=1)


def test_samples_are_on_even_columns():
    form = form_of(64, 48, depth=12)
    ramp = np.linspace(-0.1, 0.1, 64, dtype=np.float32)
    chroma = np.stack([np.tile(ramp, (48, 1)), np.zeros((48, 64))]).astype(np.float16)
    u, _ = color_planes(frame_of(np.full((48, 64), 2000, np.uint16)), form, chroma)
    slope = np.polyfit(2 * np.arange(4, 28), u[10, 4:28].astype(float), 1)
    assert (2048 - slope[1]) / slope[0] == pytest.approx(31.5, abs=0.1)  # where the ramp is 0


def test_dark_and_bright_places_get_paler_colours_of_the_same_hue():
    form = form_of(128, 64)
    luma = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (64, 1))
    u, v = color_planes(frame_of(luma), form, flat_chroma(form, (0.9, 0.3, 0.2)))
    rgb = to_rgb(luma, u, v, form)[:, 8:118]
    assert rgb.min() > -0.02
    assert rgb.max() < 1.02
    middle = u[10, 30] - 128.0, v[10, 30] - 128.0
    for column in (8, 54):
        paler = u[10, column] - 128.0, v[10, column] - 128.0
        assert 3 < np.hypot(*paler) < 0.8 * np.hypot(*middle)
        assert paler[0] / paler[1] == pytest.approx(middle[0] / middle[1], abs=0.1)


def test_colours_end_where_the_luma_has_its_edges():
    width, height, edge = 1280, 720, 642
    luma = np.full((height, width), 90, np.uint8)
    luma[:, edge:] = 190
    true = np.where(np.arange(0, width, 2) < edge, -0.1, 0.1)
    small = cv2.resize(
        np.where(np.arange(width) < edge, -0.1, 0.1)[None], (320, 1), interpolation=3
    )
    chroma = np.stack([small.repeat(180, 0), np.zeros((180, 320))]).astype(np.float16)
    form = form_of(width, height, full_range=True)
    u, _ = color_planes(frame_of(luma), form, chroma)
    found = (u[300] - 128.0) / 255 * 1.772 * 0.492
    plain = cv2.resize(small, (640, 1), interpolation=cv2.INTER_LINEAR)[0]
    near = slice(edge // 2 - 6, edge // 2 + 6)
    assert np.square(found - true)[near].sum() < 0.6 * np.square(plain - true)[near].sum()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (45, 31), (401, 33), (2, 64)])
def test_odd_and_tiny_films_have_planes_that_cover_them(size):
    width, height = size
    form = form_of(width, height)
    luma = np.full((height, width), 120, np.uint8)
    chroma = np.zeros((2, *working_size(form)), np.float16) + np.float16(0.05)
    for own in (None, (np.full((-(-height // 2), -(-width // 2)), 128, np.uint8),) * 2):
        u, v = color_planes(frame_of(luma, own), form, chroma, 60)
        assert u.shape == v.shape == (-(-height // 2), -(-width // 2))
        assert np.ptp(u) <= 1
        assert (u > 128).all()
