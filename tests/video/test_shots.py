"""Cuts are found, and nothing else is taken for one; keys; what is in colour already."""

import cv2
import numpy as np
import pytest
from support.frames import form_of, frame_of, texture

from colorizer.video.shots import Shot, ShotFinder, color_spread, is_in_color, key_numbers


def shots_of(lumas):
    finder = ShotFinder()
    for luma in lumas:
        finder.add(np.clip(luma, 0, 255).astype(np.uint8))
    return finder.shots()


def pan(seed, count, step=1.0):
    wide = cv2.GaussianBlur(texture(200, 54, seed), (0, 0), 3)
    wide = (wide - wide.min()) / np.ptp(wide) * 150 + 50
    return [
        cv2.warpAffine(wide, np.float64([[1, 0, -step * n], [0, 1, 0]]), (96, 54))
        for n in range(count)
    ]


def test_cuts_are_found_to_the_frame():
    film = pan(1, 20) + pan(2, 7, step=3) + pan(3, 31, step=0)
    assert shots_of(film) == [Shot(0, 19), Shot(20, 26), Shot(27, 57)]


def test_cuts_are_found_in_old_film():
    random = np.random.default_rng(1)
    film = []
    for luma in pan(1, 25) + pan(2, 25):
        weaving = np.roll(luma, random.integers(-1, 2, 2), (0, 1)) * random.uniform(0.9, 1.1)
        spoilt = weaving + cv2.GaussianBlur(random.normal(0, 20, luma.shape), (0, 0), 0.7)
        row, column = random.integers(0, 50), random.integers(0, 90)
        spoilt[row : row + 4, column : column + 4] = 255  # dust
        spoilt[:, 40] = 230  # a scratch
        film.append(spoilt)
    assert shots_of(film) == [Shot(0, 24), Shot(25, 49)]


def test_pans_fades_flicker_and_flashes_are_no_cuts():
    random = np.random.default_rng(1)
    fade = [luma * (1 - number / 20) for number, luma in enumerate(pan(1, 21))]
    into_white = [luma + (250 - luma) * n / 20 for n, luma in enumerate(pan(1, 21))]
    flicker = [luma * random.uniform(0.7, 1.3) for luma in pan(1, 40)]
    flash = pan(2, 30)
    flash[12] = flash[12] * 0 + 250
    flash[21:23] = [texture(96, 54, 9), texture(96, 54, 9)]  # two spoilt frames
    darker = pan(1, 15) + [luma * 0.4 for luma in pan(1, 15, step=0)]
    dusty = [luma / 5 + 60 for luma in pan(1, 30)]
    for luma in dusty[::2]:
        row, column = random.integers(0, 40), random.integers(0, 80)
        luma[row : row + 7, column : column + 7] = 255
    snow = [random.uniform(0, 255, (54, 96)) for _ in range(20)]
    films = (
        pan(1, 60, step=2.5),
        fade,
        fade[::-1],
        into_white,
        flicker,
        flash,
        darker,
        dusty,
        snow,
    )
    for film in films:
        assert shots_of(film) == [Shot(0, len(film) - 1)]


def test_films_of_no_and_of_one_frame():
    assert shots_of([]) == []
    assert shots_of(pan(1, 1)) == [Shot(0, 0)]
    assert shots_of([np.zeros((2, 3))] * 3) == [Shot(0, 2)]


@pytest.mark.parametrize(
    ("shot", "every", "numbers"),
    [
        (Shot(100, 120), 8, [100, 108, 116, 120]),
        (Shot(0, 16), 8, [0, 8, 16]),
        (Shot(5, 5), 8, [5]),
        (Shot(3, 6), 1, [3, 4, 5, 6]),
    ],
)
def test_keys_are_the_first_frame_every_further_one_and_the_last(shot, every, numbers):
    assert key_numbers(shot, every) == numbers


@pytest.mark.parametrize("depth", [8, 10])
def test_film_in_colour_is_told_from_tinted_toned_and_grey_film(depth):
    steps = 1 << (depth - 8)
    dtype = np.uint8 if depth == 8 else np.uint16
    luma = texture(128, 72, 1)
    half = cv2.resize(luma, (64, 36), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(1).normal(0, 2, (2, 36, 64))

    def spread(u, v):
        planes = np.clip((np.stack([u, v]) + grain) * steps, 0, 255 * steps).astype(dtype)
        frame = frame_of((luma * steps).astype(dtype), tuple(planes))
        return color_spread(frame, form_of(128, 72, depth=depth))

    flat = np.full((36, 64), 128.0)
    sepia = spread(flat - 18, flat + 14)
    toned = spread(flat + (half - 130) / 4, flat - (half - 130) / 5)  # blue shadows, warm lights
    colours = spread(128 + (texture(64, 36, 7) - 130) / 4, 128 + (texture(64, 36, 8) - 130) / 4)
    grey = spread(flat, flat)
    assert not is_in_color([sepia, toned, grey, 0.0])
    assert is_in_color([colours, colours, grey])
    assert colours > 2 * max(sepia, toned, grey)
    assert color_spread(frame_of(luma.astype(np.uint8)), form_of(128, 72)) == 0
    assert not is_in_color([])
