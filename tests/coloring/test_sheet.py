from __future__ import annotations

import numpy as np
import pytest
from support.pictures import scene

from colorizer.coloring.prediction import Prediction
from colorizer.coloring.sheet import CELL, GAP, LINE, draw_sheet
from colorizer.pictures.photo import Photo

PHOTO = Photo(np.asarray(scene(300, 200)))


def red(render_factor, generator="Reddish"):
    chroma = np.zeros((112, 112, 2), np.float32)
    chroma[..., 1] = 0.1
    return Prediction(chroma, np.zeros((112, 112), np.uint8), render_factor, generator)


def cells(sheet, columns, rows):
    """Cut the pictures out of a sheet."""
    height, width = (sheet.rgb.shape[0] - GAP) // rows, (sheet.rgb.shape[1] - GAP) // columns
    for row in range(rows):
        for column in range(columns):
            top, left = GAP + row * height + LINE, GAP + column * width
            yield sheet.rgb[top : top + height - 2 * LINE - GAP, left : left + width - GAP]


@pytest.mark.parametrize(("strength", "expected"), [(100, 41), (50, 21), (0, 0)])
def test_the_original_comes_first_and_the_others_are_coloured_as_far_as_asked(strength, expected):
    sheet = draw_sheet(PHOTO, [[red(10), red(20)], [red(10), red(20)]], strength)
    assert sheet.generator == "Reddish, Reddish"
    for number, picture in enumerate(cells(sheet, 3, 2)):
        assert picture.shape == PHOTO.rgb.shape
        redness = np.mean(picture[..., 0].astype(float) - picture[..., 1])
        if number % 3 == 0:
            np.testing.assert_array_equal(picture, PHOTO.rgb)
        else:
            assert redness == pytest.approx(expected, abs=3)


def test_a_large_photo_is_shown_small():
    large = Photo(np.asarray(scene(3000, 2000)))
    (picture, _) = cells(draw_sheet(large, [[red(10)]]), 2, 1)
    assert picture.shape == (427, CELL, 3)
