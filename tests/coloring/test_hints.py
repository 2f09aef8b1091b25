"""Hints: lists of them out of JSON, and their way through the library's calls."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from support.pictures import scene

from colorizer import Hint, colorize_file, colorize_image
from colorizer.coloring.hints import MOST_HINTS, check_hints, parse_hints, read_hints
from colorizer.errors import OptionError

GOOD = {"x": 0.25, "y": 0.5, "color": "#7a1F1f"}
LUMA = np.array([0.299, 0.587, 0.114])


class Unsure:
    """A generator that finds everything grey."""

    title = "Unsure"

    def predict_chroma(self, luma):
        return np.zeros((*luma.shape, 2), np.float32)


def redness(rgb):
    return rgb[..., 0].astype(float) - rgb[..., 2]


def test_a_list_is_read():
    rows = [GOOD, {"x": 0, "y": 1, "color": None, "radius": 0.1}]
    hints = read_hints(json.dumps({"hints": rows}))
    assert hints == [Hint(0.25, 0.5, "#7a1F1f"), Hint(0, 1, None, 0.1)]
    assert parse_hints({"hints": []}) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"x": 1.01}, "x and y"),
        ({"y": -0.01}, "x and y"),
        ({"x": float("nan")}, "x and y"),
        ({"y": float("inf")}, "x and y"),
        ({"y": 10**400}, "x and y"),
        ({"x": "0.5"}, "x and y"),
        ({"x": True}, "x and y"),
        ({"x": None}, "x and y"),
        ({"color": "red"}, "color"),
        ({"color": "#7a1f1"}, "color"),
        ({"color": "#7a1f1f\n"}, "color"),
        ({"color": "#٣٣٣٣٣٣"}, "color"),
        ({"color": 7}, "color"),
        ({"color": ["#7a1f1f"]}, "color"),
        ({"radius": 0}, "radius"),
        ({"radius": 1.5}, "radius"),
        ({"radius": float("nan")}, "radius"),
        ({"radius": "wide"}, "radius"),
        ({"colour": "#7a1f1f"}, "nothing else"),
    ],
)
def test_a_bad_hint_is_named(change, named):
    with pytest.raises(OptionError) as told:
        parse_hints({"hints": [GOOD, GOOD | change]})
    assert str(told.value).startswith("Hint 2")
    assert named in str(told.value)


@pytest.mark.parametrize("missing", GOOD)
def test_what_a_hint_lacks_is_told(missing):
    row = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(OptionError, match="Hint 1 has x, y, color"):
        parse_hints({"hints": [row]})


@pytest.mark.parametrize("data", [None, [], [GOOD], {}, {"hints": None}, {"hints": GOOD}, "hints"])
def test_anything_but_a_list_of_hints_is_refused(data):
    with pytest.raises(OptionError, match="list named"):
        parse_hints(data)


@pytest.mark.parametrize("row", [None, [], "x", 7])
def test_a_list_of_anything_else_is_refused(row):
    with pytest.raises(OptionError, match="Hint 1"):
        parse_hints({"hints": [row]})


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff", '{"hints": [' + "9" * 5000])
def test_what_is_not_json_is_told(text):
    with pytest.raises(OptionError, match="JSON"):
        read_hints(text)


def test_there_is_a_most():
    check_hints([Hint(0.5, 0.5, None)] * MOST_HINTS)
    with pytest.raises(OptionError, match="at most 64"):
        parse_hints({"hints": [GOOD] * (MOST_HINTS + 1)})


def test_hints_made_in_python_are_checked_before_anything_is_coloured():
    with pytest.raises(OptionError, match="Hint 1"):
        colorize_image(scene(), None, hints=[Hint(2, 0.5, "#7a1f1f")])


def test_published_pixels_take_no_hints():
    with pytest.raises(OptionError, match="faithful"):
        colorize_image(scene(), Unsure(), faithful=True, hints=[Hint(0.5, 0.5, "#7a1f1f")])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_hint_gives_its_colour_and_the_luma_stays(dtype):
    white = np.iinfo(dtype).max
    grey = np.asarray(scene(90, 60)).astype(dtype) * dtype(white // 255)
    coloured = colorize_image(grey, Unsure(), 10, hints=[Hint(0.3, 0.6, "#a01010")])
    assert coloured.dtype == dtype
    assert redness(coloured)[32:40, 23:31].mean() > white / 10
    luma = np.abs((coloured.astype(float) - grey) @ LUMA)
    assert luma.max() <= (1 if dtype == np.uint8 else 64)
    plain = colorize_image(grey, Unsure(), 10)
    np.testing.assert_allclose(plain, grey, atol=white // 255)


def test_the_strength_acts_on_what_was_said():
    grey = np.asarray(scene(90, 60))
    hints = [Hint(0.3, 0.6, "#a01010")]
    full, half, none = (
        redness(colorize_image(grey, Unsure(), 10, strength, hints=hints))
        for strength in (100, 50, 0)
    )
    assert np.abs(half - full / 2).max() <= 2
    assert not none.any()


def test_places_are_those_of_the_upright_photo(tmp_path):
    """A portrait is stored lying on its side, as telephones do."""
    upright = np.full((120, 60, 3), 100, np.uint8)
    upright[60:] = 180
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    stored = Image.fromarray(np.rot90(upright))
    stored.save(tmp_path / "a.png", exif=exif)
    hints = [Hint(0.5, 0.2, "#a01010", 0.25)]
    colorized = colorize_file(tmp_path / "a.png", tmp_path / "b.png", Unsure(), 10, hints=hints)
    result = redness(np.asarray(Image.open(tmp_path / "b.png")))
    assert result.shape == (120, 60)
    assert result[14:34, 10:50].min() > 30
    assert np.abs(result[70:]).max() < 5
    assert colorized.photo.hints == 1
