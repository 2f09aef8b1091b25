"""A prediction corrected by what a person says."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from colorizer import Hint, colorize_image
from colorizer.coloring.colorize import apply_prediction
from colorizer.coloring.prediction import Prediction, decode_prediction, encode_prediction
from colorizer.coloring.touch_up import encode_guess, shown_color, shown_colors, touch_up
from colorizer.pictures import profiles
from colorizer.pictures.photo import Photo

SIDE = 160
SIZE = (160, 160)
LEFT, RIGHT = Hint(0.2, 0.5, "#b03030"), Hint(0.75, 0.4, "#3050b0")


def two_things(side=SIDE):
    """Predict a dark thing on the left, a light one on the right, both brownish, with grain."""
    random = np.random.default_rng(0)
    luma = np.where(np.arange(side) < side // 2, 90, 170) + random.normal(0, 3, (side, side))
    chroma = np.add([-0.03, 0.04], random.normal(0, 0.01, (8, 8, 2)))
    enlarged = np.kron(chroma, np.ones((side // 8, side // 8, 1)))
    return Prediction(enlarged.astype(np.float32), luma.round().astype(np.uint8), side // 16, "?")


def levels(color):
    return np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)])


def change(prediction, corrected):
    return np.hypot(*np.moveaxis(corrected.chroma - prediction.chroma, -1, 0))


@pytest.mark.parametrize("color", ["#b03030", "#20a040", "#808080", "#ffffff", "#101040"])
@pytest.mark.parametrize("side", [112, 160, 560])
def test_the_place_gets_the_colour_said(color, side):
    prediction = two_things(side)
    for x in (0, 0.2, 0.75, 1):
        hint = Hint(x, 0.4, color)
        corrected = touch_up(prediction, [hint], SIZE)
        there = levels(shown_color(corrected, Hint(hint.x, hint.y, None)))
        assert np.abs(there - levels(shown_color(prediction, hint))).max() <= 4


def test_a_thing_is_coloured_and_its_neighbour_is_not():
    prediction = two_things()
    size = change(prediction, touch_up(prediction, [LEFT], SIZE))
    most = size.max()
    assert size[:, :70].mean() > 0.6 * most
    assert size[:, 90:].mean() < 0.05 * most


def test_each_of_several_hints_is_kept():
    prediction = two_things()
    hints = [LEFT, RIGHT, Hint(0.2, 0.9, "#30a050"), Hint(0.9, 0.9, "#c0c020")]
    corrected = touch_up(prediction, hints, SIZE)
    for hint in hints:
        there = levels(shown_color(corrected, Hint(hint.x, hint.y, None)))
        assert (
            np.abs(there - levels(shown_color(prediction, hint))).max() <= 15
        )  # of 180 between opposites in one thing
    assert corrected.hints == 4


def test_a_pin_holds_in_the_midst_of_a_thing_and_adds_nothing():
    prediction = two_things()
    pin = Hint(0.2, 0.8, None)
    alone = change(prediction, touch_up(prediction, [LEFT], SIZE))
    held = touch_up(prediction, [LEFT, pin], SIZE)
    at_pin, at_hint = (128, 32), (80, 32)
    size = change(prediction, held)
    assert size[at_pin] < 0.2 * alone[at_pin]
    assert size[at_hint] > 0.8 * alone[at_hint]
    assert held.hints == 1  # a colour; a pin is none
    assert not change(prediction, touch_up(prediction, [pin], SIZE)).any()


def test_the_order_is_of_no_account_but_for_one_place_said_twice():
    prediction = two_things()
    hints = [LEFT, RIGHT, Hint(0.3, 0.1, None), Hint(0.6, 0.9, "#20a040")]
    first, second = (touch_up(prediction, some, SIZE) for some in (hints, hints[::-1]))
    np.testing.assert_allclose(first.chroma, second.chroma, atol=1e-4)
    again = Hint(LEFT.x + 0.01, LEFT.y, "#20a040")
    replaced = touch_up(prediction, [LEFT, again], SIZE)
    np.testing.assert_array_equal(replaced.chroma, touch_up(prediction, [again], SIZE).chroma)


def test_grey_takes_all_colour_from_a_thing_and_adds_none():
    """Not only where the guess is the one at the place: what is bluer, or redder, goes too."""
    prediction = two_things()
    grey = touch_up(prediction, [Hint(0.2, 0.5, "#777777")], SIZE).chroma
    left, guess = grey[:, :70], prediction.chroma[:, :70]
    assert np.abs(left).mean() < 0.3 * np.abs(guess).mean()
    assert (np.abs(left) <= np.abs(guess) + 1e-3).all()


def test_a_radius_bounds_a_hint_and_the_longest_frees_it():
    prediction = two_things()
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE
    away = np.hypot(2 * (x - LEFT.x), y - LEFT.y) / 2  # of a picture twice as wide as high
    near = Hint(LEFT.x, LEFT.y, LEFT.color, 0.1)
    size = change(prediction, touch_up(prediction, [near], (320, 160)))
    assert size[away < 0.06].min() > 0.6 * size.max()
    assert size[away > 0.15].max() < 0.02 * size.max()
    usual, everywhere = (
        change(prediction, touch_up(prediction, [Hint(0.2, 0.5, "#b03030", radius)], SIZE))
        for radius in (None, 1)
    )
    assert everywhere[:, 90:].mean() > 5 * usual[:, 90:].mean()


def test_a_small_thing_does_not_tint_what_is_around_it():
    """The factors of hints that share a thing must know of the radius of one of them."""
    prediction = two_things()
    brooch = Hint(0.2, 0.2, "#20a040", 0.05)
    dress = touch_up(prediction, [LEFT], SIZE).chroma
    both = touch_up(prediction, [LEFT, brooch], SIZE).chroma
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE
    far = np.hypot(x - 0.2, y - 0.2) > 0.1
    np.testing.assert_allclose(both[far], dress[far], atol=0.01)
    assert np.abs(both - dress).max() > 0.1


def test_a_thin_thing_is_not_taken_for_what_is_beside_it():
    prediction = two_things()
    prediction.luma[:, 30:33] = 230
    shown = levels(shown_color(prediction, Hint(31.5 / SIDE, 0.5, "#808080")))
    assert shown.min() > 200


def test_a_crowd_of_hints_stays_within_what_they_say():
    random = np.random.default_rng(1)
    prediction = two_things()
    hints = [
        Hint(*(0.2 + 0.6 * random.random(2)), f"#{random.integers(0, 1 << 24):06x}")
        for _ in range(64)
    ]
    chroma = touch_up(prediction, hints, (3000, 20)).chroma
    said = [levels(shown_color(prediction, hint)) / 255 for hint in hints]
    most = max(np.ptp(rgb) for rgb in said) + np.abs(prediction.chroma).max()
    assert np.isfinite(chroma).all()
    assert np.abs(chroma).max() < 1.2 * most


def test_a_colour_without_room_does_not_run_wild_where_there_is_room():
    prediction = two_things()
    prediction.luma[:, 80:] = 253
    corrected = touch_up(prediction, [Hint(0.75, 0.5, "#000080", 1)], SIZE)
    assert levels(shown_color(corrected, Hint(0.75, 0.5, None))).min() > 240
    assert np.abs(corrected.chroma).max() < 0.07  # the guess's own is up to that


def test_a_profile_changes_the_numbers_and_not_the_colour():
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    grey = Image.new("RGB", (80, 60), (120, 120, 120))
    hints = [Hint(0.5, 0.5, "#c02020")]

    class Unsure:
        title = "Unsure"

        def predict_chroma(self, luma):
            return np.zeros((*luma.shape, 2), np.float32)

    in_srgb = np.asarray(colorize_image(grey, Unsure(), 7, hints=hints))
    grey.info["icc_profile"] = profile
    in_p3 = colorize_image(grey, Unsure(), 7, hints=hints)
    assert np.abs(np.asarray(in_p3).astype(int) - in_srgb)[30, 40].max() > 10
    converted = ImageCms.profileToProfile(
        in_p3, io.BytesIO(profile), ImageCms.createProfile("sRGB"), ImageCms.Intent(1)
    )
    assert converted is not None
    middle = np.asarray(converted)[30, 40].astype(int)
    # Both have the luma of their numbers, which in another space is not quite that of sRGB.
    assert np.abs(middle - in_srgb[30, 40]).max() <= 12
    prediction = Prediction(
        np.zeros((112, 112, 2), np.float32), np.full((112, 112), 120, "u1"), 7, ""
    )
    assert np.abs(levels(shown_color(prediction, hints[0], profile)) - middle).max() <= 3


def test_a_part_and_a_small_copy_are_coloured_like_the_whole():
    prediction = two_things()
    random = np.random.default_rng(2)
    luma = np.kron(prediction.luma, np.ones((2, 3))) + random.normal(0, 2, (2 * SIDE, 3 * SIDE))
    rgb = np.repeat(luma.clip(0, 255).astype(np.uint8)[..., None], 3, 2)
    corrected = touch_up(prediction, [LEFT, RIGHT], (480, 320))
    whole = apply_prediction(Photo(rgb), corrected)
    assert whole.hints == 2
    box = (100, 50, 200, 80)
    part = apply_prediction(
        Photo(rgb[50:130, 100:300]), corrected, part_of=(box[0], box[1], 480, 320)
    )
    assert np.abs(part.rgb.astype(int) - whole.rgb[50:130, 100:300]).max() <= 1
    same = touch_up(prediction, [LEFT, RIGHT], (48, 32))
    np.testing.assert_allclose(same.chroma, corrected.chroma, atol=1e-6)


def test_a_prediction_in_a_file_keeps_how_many_colours_were_put_right():
    corrected = touch_up(two_things(), [LEFT, RIGHT], SIZE)
    assert decode_prediction(encode_prediction(corrected)).hints == 2


def test_what_several_colours_come_out_as_is_told_as_for_each():
    prediction = two_things()
    hints = [LEFT, RIGHT, Hint(0.2, 0.5, None), Hint(0.2, 0.5, "#808080")]
    assert shown_colors(prediction, hints) == [shown_color(prediction, hint) for hint in hints]


class Counted:
    """The conversions of profiles, counted."""

    def __init__(self):
        self.conversions = 0

    def is_srgb(self, profile):
        return profiles.is_srgb(profile)

    def convert(self, rgb, profile, *, to_srgb):
        self.conversions += 1
        return profiles.convert(rgb, profile, to_srgb=to_srgb)


def test_whoever_is_given_converts_the_colours():
    prediction = two_things()
    profile = profiles.make_profile(2.2, (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06))
    counted = Counted()
    corrected = touch_up(prediction, [LEFT], SIZE, profile, counted)
    np.testing.assert_array_equal(
        corrected.chroma, touch_up(prediction, [LEFT], SIZE, profile).chroma
    )
    assert counted.conversions == 2
    shown_colors(prediction, [LEFT], profile, counted)
    assert counted.conversions == 5


def test_a_guess_goes_out_as_it_is():
    prediction = two_things(160)
    data = encode_guess(prediction)
    luma = np.frombuffer(data[: 160**2], np.uint8).reshape(160, 160)
    chroma = np.frombuffer(data[160**2 :], "<i2").reshape(2, 160, 160) / 32767
    np.testing.assert_array_equal(luma, prediction.luma)
    np.testing.assert_allclose(chroma.transpose(1, 2, 0), prediction.chroma, atol=2e-5)
