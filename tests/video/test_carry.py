"""Chroma carried along the flow: it moves with things, doesn't flicker, and knows no segments."""

import numpy as np
import pytest
from support.frames import GROUND, THING, moving_film, texture

from colorizer.video.carry import MARGIN, carry


def every(chromas, step, last=None):
    numbers = {*range(0, len(chromas), step), len(chromas) - 1 if last is None else last}
    return {number: chromas[number] for number in numbers}


def error(found, truth):
    return np.sqrt(np.mean(np.square(np.float32(found) - np.float32(truth))))


def blend(keys, count):
    """Blend keys by their distance alone, wherever things have moved to."""
    numbers = sorted(keys)
    blended = []
    for number in range(count):
        place = np.interp(number, numbers, range(len(numbers)))
        before, after = numbers[int(place)], numbers[int(np.ceil(place))]
        blended.append(keys[before] + (place - int(place)) * (keys[after] - keys[before]))
    return np.array(blended)


def test_colours_move_with_the_things_they_are_of():
    lumas, chromas = moving_film(17)
    keys = every(chromas, 8)
    found = carry(lumas, keys)
    assert found.shape == (17, 2, 72, 128)
    assert found.dtype == np.float16
    assert error(found, chromas) < 0.5 * error(blend(keys, 17), chromas)
    middle = slice(24, 48), slice(10 + 12 + 8, 10 + 12 + 28)  # within the thing, four frames on
    assert found[4][(0, *middle)].mean() == pytest.approx(THING[0], abs=0.01)


def test_uncovered_ground_has_the_colour_of_the_key_that_sees_it():
    lumas, chromas = moving_film(9, step=4)
    found = carry(lumas, every(chromas, 8))
    left_behind = found[7][:, 24:48, 12:30]  # the thing stood there at the first key
    assert np.abs(left_behind.mean(axis=(1, 2)) - GROUND).max() < 0.015


def test_keys_that_disagree_do_not_pump():
    lumas = [texture(64, 48, 1).astype(np.uint8)] * 81
    keys = {
        number: np.full((2, 48, 64), 0.1 + 0.05 * (-1) ** (number // 8), np.float16)
        for number in range(0, 81, 8)
    }
    found = carry(lumas, keys)[:, 0].mean(axis=(1, 2))
    assert np.ptp(found[16:-16]) < 0.3 * 0.1  # the keys differ by 0.1
    assert found.mean() == pytest.approx(0.1, abs=0.01)


def test_what_is_new_takes_its_own_colour_at_once():
    lumas = [texture(96, 64, seed, 20, 230).astype(np.uint8) for seed in [1] * 9 + [5] * 9]
    red, blue = np.zeros((2, 2, 64, 96), np.float16)
    red[1], blue[0] = 0.2, 0.2
    found = carry(lumas, {0: red, 8: red, 9: blue, 17: blue})
    assert np.abs(found[8] - red).mean() < 0.04
    assert np.abs(found[9] - blue).mean() < 0.04


def test_a_segment_with_margins_is_like_the_whole():
    count, first, last = 131, 53, 77
    lumas, chromas = moving_film(count, 64, 36, step=0.25)
    random = np.random.default_rng(3)
    keys = {
        number: (chroma * random.uniform(0.8, 1.2)).astype(np.float16)
        for number, chroma in every(chromas, 8).items()
    }
    whole = carry(lumas, keys)[first : last + 1]
    window = slice(first - MARGIN, last + MARGIN + 1)
    part = carry(lumas[window], keys, first - MARGIN)[MARGIN:-MARGIN]
    seam = error(part, whole)
    steps = error(whole[1:], whole[:-1])
    assert seam < 0.003  # less than a level of 255
    assert seam < error(carry(lumas[first : last + 1], keys, first), whole) / 3
    assert error(part[0], whole[0]) < steps * 2


def test_frames_before_the_first_key_and_after_the_last_take_its_colours():
    lumas, chromas = moving_film(9, step=1)
    found = carry(lumas, {14: chromas[4]}, first=10)
    assert error(found, chromas) < 0.3 * error(np.array([chromas[4]] * 9), np.zeros_like(chromas))
    assert error(found[0], chromas[0]) < error(chromas[4], chromas[0])


def test_the_same_frames_give_the_same_bytes():
    lumas, chromas = moving_film(10)
    keys = every(chromas, 4)
    assert carry(lumas, keys).tobytes() == carry(iter(lumas), keys).tobytes()


def test_the_smallest_films_are_coloured():
    for shape in ((1, 1), (3, 40), (11, 11), (13, 12)):
        key = np.full((2, *shape), 0.1, np.float16)
        found = carry([np.full(shape, 90, np.uint8)] * 4, {0: key, 3: key})
        assert found.shape == (4, 2, *shape)
        assert np.allclose(found, 0.1, atol=1e-3)


def test_without_a_key_there_is_nothing_to_carry():
    lumas, chromas = moving_film(3)
    with pytest.raises(ValueError, match="key"):
        carry(lumas, {7: chromas[0]})
    with pytest.raises(ValueError, match="key"):
        carry([], {0: chromas[0]})
