"""What the generator sees of frames is upright and of full range, whatever the film is like."""

import numpy as np
import pytest
from support.frames import form_of, frame_of, texture

from colorizer.coloring.chroma import squeeze
from colorizer.video.squares import key_chroma, square_of, working_luma, working_size


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_generator_sees_pictures_upright(rotation):
    upright = texture(90, 60, 4).astype(np.uint8)
    stored = np.ascontiguousarray(np.rot90(upright, -rotation // 90))
    height, width = stored.shape
    form = form_of(width, height, full_range=True, rotation=rotation)
    square = square_of(frame_of(stored), form, 48)
    seen = squeeze(np.repeat(upright[..., None], 3, axis=2), 48)[..., 0]
    assert np.array_equal(square, seen)
    # What the generator says of the upper left corner comes back where that is stored.
    answer = np.zeros((48, 48, 2), np.float32)
    answer[:24, :24, 0] = 0.2
    answer[:24, 24:, 1] = 0.1
    key = key_chroma(answer, form)
    assert key.shape == (2, *working_size(form)) == (2, height, width)
    assert key.dtype == np.float16
    turned = np.rot90(key, rotation // 90, axes=(1, 2))
    assert turned[0, 10, 20] == pytest.approx(0.2, abs=1e-3)
    assert turned[1, 10, 70] == pytest.approx(0.1, abs=1e-3)
    assert np.abs(turned[:, 40:]).max() < 1e-3


@pytest.mark.parametrize(
    ("kind", "dtype", "levels"),
    [
        ({}, np.uint8, (16, 235)),
        ({"full_range": True}, np.uint8, (0, 255)),
        ({"depth": 10}, np.uint16, (64, 940)),
        ({"depth": 10, "full_range": True}, np.uint16, (0, 1023)),
        ({"depth": 12}, np.uint16, (256, 3760)),
    ],
)
def test_black_is_0_and_white_255(kind, dtype, levels):
    luma = np.repeat(np.array([levels], dtype), 32, axis=1).repeat(48, axis=0)
    form = form_of(64, 48, **kind)
    square = square_of(frame_of(luma), form, 32)
    small = working_luma(frame_of(luma), form)
    for seen in (square, small):
        assert seen.dtype == np.uint8
        assert (seen[:, 0] == 0).all()
        assert (seen[:, -1] == 255).all()
    middle = np.full_like(luma, round(sum(levels) / 2))
    assert working_luma(frame_of(middle), form)[9, 9] in (127, 128)


def test_blacker_than_black_is_black():
    luma = np.full((40, 40), 3, np.uint8)
    luma[:, 20:] = 250
    square = square_of(frame_of(luma), form_of(40, 40), 40)
    assert set(np.unique(square)) == {0, 255}


def test_large_films_are_worked_on_small_and_small_ones_as_they_are():
    assert working_size(form_of(1920, 1080)) == (180, 320)
    assert working_size(form_of(1080, 1920)) == (320, 180)
    assert working_size(form_of(161, 91)) == (91, 161)
    assert working_size(form_of(10000, 2)) == (1, 320)
    luma = np.full((1080, 1920), 100, np.uint8)
    assert working_luma(frame_of(luma), form_of(1920, 1080)).shape == (180, 320)
