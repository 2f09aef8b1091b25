"""Colour under luma that stays as it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from support.pictures import scene

from colorizer.coloring.chroma import find_chroma, find_luma, replace_chroma, squeeze
from colorizer.coloring.faithful import published_rgb

RGB8 = np.asarray(scene(61, 40, colour=True))
GRAIN = np.random.default_rng(0).integers(0, 257, RGB8.shape)
RGB16 = (RGB8.astype(int) * 256 + GRAIN).clip(0, 65535).astype(np.uint16)
GREY8, GREY16 = (np.repeat(rgb[..., 1:2], 3, 2) for rgb in (RGB8, RGB16))
LUMA = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("pixels", [RGB8, RGB16, GREY8, GREY16], ids="rRgG")
@pytest.mark.parametrize("strength", [0.3, 1])
def test_luma_is_sacred(pixels, strength):
    saturated = np.random.default_rng(0).uniform(-0.6, 0.6, (112, 112, 2)).astype(np.float32)
    coloured = replace_chroma(pixels, saturated, strength)
    difference = np.abs((coloured.astype(float) - pixels) @ LUMA)
    if pixels.dtype == np.uint16:
        assert difference.max() < 64
    else:
        assert difference.mean() < 0.5
        assert difference.max() <= 1
    assert (
        np.ptp(coloured.astype(int) - pixels.astype(int), axis=2).mean()
        > np.iinfo(pixels.dtype).max / 20
    )


def test_strength_leads_smoothly_from_the_own_pixels_to_full_colour():
    chroma = np.random.default_rng(0).uniform(-0.2, 0.2, (112, 112, 2)).astype(np.float32)
    for pixels in (RGB8, RGB16):
        np.testing.assert_array_equal(replace_chroma(pixels, chroma, 0), pixels)
        steps = [replace_chroma(pixels, chroma, s / 10).astype(int) for s in range(11)]
        sizes = [np.abs(b - a).mean() for a, b in pairwise(steps)]
        assert max(sizes) < 1.5 * min(sizes)


SIZES = [(1, 1), (300, 200), (200, 300), (112, 112), (112, 400), (400, 112), (90, 61), (61, 90)]
STRIPS = [(1, 3000), (3000, 1), (7, 720), (20, 2000), (20, 2001), (2001, 20), (1, 112), (1, 113)]
LARGE = [(700, 500), (500, 701), (100, 9000), (70, 9000), (9000, 70)]


@pytest.mark.parametrize("size", SIZES + STRIPS + LARGE, ids=str)
@pytest.mark.parametrize("side", [112, 160, 720])
def test_the_generator_sees_the_published_square_to_the_last_bit(size, side):
    """As deoldify.filters makes it: the whole photo resized, then grey."""
    rgb = np.random.default_rng(size).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    published = Image.fromarray(rgb).resize((side, side), Image.Resampling.BILINEAR)
    square = squeeze(rgb, side)
    np.testing.assert_array_equal(square, published)
    np.testing.assert_array_equal(
        np.repeat(find_luma(square)[..., None], 3, 2), published.convert("LA").convert("RGB")
    )


def test_sixteen_bits_are_rounded_to_eight_before_they_are_squeezed():
    near = (RGB8.astype(int) * 257 + np.random.default_rng(0).integers(-128, 129, RGB8.shape)).clip(
        0, 65535
    )
    np.testing.assert_array_equal(squeeze(near.astype(np.uint16), 112), squeeze(RGB8, 112))


def test_colour_follows_the_edges_of_the_luma():
    y, x = np.mgrid[0:300, 0:400]
    disc = (x - 190) ** 2 + (y - 140) ** 2 < 90**2
    rgb = np.where(disc[..., None], [220, 150, 110], [40, 45, 60]).astype(np.uint8)
    grey = np.repeat((rgb @ LUMA).astype(np.uint8)[..., None], 3, 2)
    square = squeeze(rgb, 48)
    ours = replace_chroma(grey, find_chroma(square), 1)
    theirs = published_rgb(grey, square.astype(np.float32) / 255, 1)
    errors = [np.abs(find_chroma(result) - find_chroma(rgb)) for result in (ours, theirs)]
    assert errors[0].mean() < 0.6 * errors[1].mean()


@pytest.mark.parametrize("box", [(0, 0, 400, 300), (137, 59, 90, 201), (399, 299, 1, 1)])
@pytest.mark.parametrize("strength", [1, 0.3])
def test_a_part_is_coloured_like_the_whole(box, strength):
    rgb = np.asarray(scene(400, 300, colour=True))
    chroma = find_chroma(squeeze(np.asarray(scene(200, 200, seed=1, colour=True)), 112)) / 2
    guide = find_luma(squeeze(rgb, 112))
    left, top, width, height = box
    cut = slice(top, top + height), slice(left, left + width)
    whole = replace_chroma(rgb, chroma, strength, guide)[cut].astype(int)
    part = replace_chroma(rgb[cut], chroma, strength, guide, part_of=(left, top, 400, 300))
    assert np.abs(part - whole).max() <= 1  # of rounding


def test_a_photo_smaller_than_the_square_gets_the_colours_of_the_large_one():
    large = scene(400, 300, colour=True)
    small = large.resize((80, 60), Image.Resampling.BOX)
    chroma = find_chroma(squeeze(np.asarray(scene(200, 200, seed=1, colour=True)), 112)) / 2
    reduced = Image.fromarray(replace_chroma(np.asarray(large), chroma, 1)).resize(
        small.size, Image.Resampling.BOX
    )
    difference = replace_chroma(np.asarray(small), chroma, 1).astype(int) - np.asarray(reduced)
    assert np.abs(difference).mean() < 1


def test_grey_chroma_takes_all_colour_away_and_strength_is_how_far():
    rgb = np.asarray(scene(300, 200, colour=True))
    grey = np.zeros((112, 112, 2), np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    without = replace_chroma(rgb, grey, 1)
    assert np.abs(without - luma[..., None]).max() < 1
    half = replace_chroma(rgb, grey, 0.5)
    assert np.abs(half - (rgb / 2 + luma[..., None] / 2)).max() < 1
    np.testing.assert_array_equal(replace_chroma(rgb, grey, 0), rgb)


def test_merging_in_strips_leaves_no_seams(monkeypatch):
    rgb = np.asarray(scene(200, 300, seed=5))
    chroma = np.random.default_rng(0).uniform(-0.2, 0.2, (112, 112, 2)).astype(np.float32)
    whole = replace_chroma(rgb, chroma, 1)
    monkeypatch.setattr("colorizer.coloring.chroma.STRIP_PIXELS", 7 * 200)
    strips = replace_chroma(rgb, chroma, 1).astype(int)
    assert np.abs(strips - whole).max() <= 1
