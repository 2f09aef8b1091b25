"""Our picture is DeOldify's picture: float32 against the published `deoldify.filters`."""

from __future__ import annotations

import numpy as np
from PIL import ImageOps
from support.pictures import scene

from benchmarks.published import published_colorizer
from colorizer.coloring.colorize import colorize
from colorizer.pictures.photo import Photo

SEPIA = ImageOps.colorize(scene(330, 470, seed=2).convert("L"), "#201008", "#f5e6c8")
CASES = {
    "grey landscape": (scene(150, 100, seed=1), 10),
    "sepia portrait, larger than the square": (SEPIA, 10),
    "colour landscape": (scene(160, 110, seed=3, colour=True), 20),
}


def assert_same_picture(published, generator):
    for name, (image, render_factor) in CASES.items():
        theirs = np.asarray(published(image, render_factor)).astype(int)
        ours = colorize(Photo(np.asarray(image)), generator, render_factor, faithful=True)
        difference = np.abs(ours.photo.rgb - theirs)
        assert difference.mean() <= 0.05, name
        assert (difference > 1).mean() <= 0.0001, name
        # Two grey pictures would agree too: the checkpoint does colour.
        assert np.ptp(theirs[..., 0] - theirs[..., 2]) > 10


def test_artistic_matches_the_published_code(artistic_checkpoint, artistic):
    assert_same_picture(published_colorizer(artistic_checkpoint.path, "deep"), artistic)


def test_stable_matches_the_published_code(stable_checkpoint):
    published = published_colorizer(stable_checkpoint.path, "wide")
    assert_same_picture(published, stable_checkpoint.load(precision="float32"))


def test_bfloat16_stays_close(artistic_checkpoint, artistic):
    photo = Photo(np.asarray(CASES["grey landscape"][0]))
    exact = colorize(photo, artistic, 7).photo.rgb.astype(int)
    lower = colorize(photo, artistic_checkpoint.load(precision="bfloat16"), 7).photo.rgb
    assert 0 < np.abs(lower - exact).mean() < 3  # random weights exaggerate rounding
