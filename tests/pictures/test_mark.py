"""A result says that it is one, in a way that is found again in each kind of file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import pyvips
from support.pictures import scene

from colorizer.pictures.formats import WRITABLE
from colorizer.pictures.mark import is_result
from colorizer.pictures.photo import About, Photo
from colorizer.pictures.writing import write_photo

CMYK = bytes(pyvips.Operation.call("profile_load", "cmyk"))  # half a megabyte


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("profile", [None, "large"])
def test_a_result_is_known_by_its_mark(tmp_path, kind, profile):
    # Noise takes megabytes where nothing is lost; AVIF's takes time, too.
    side = 200 if kind == "AVIF" else 1000
    pixels = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    about = About(icc_profile=CMYK if profile else None)
    photo = Photo(pixels, about=about, generator="DeOldify Artistic")
    for name, generator, marked in (("a", "DeOldify Artistic", True), ("b", None, False)):
        path = tmp_path / name
        write_photo(dataclasses.replace(photo, generator=generator), path, kind)
        assert is_result(path) is marked


def test_what_is_no_picture_is_no_result(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Coloured with Colorizer 1.0 (DeOldify Artistic)")
    assert not is_result(path)
    assert not is_result(tmp_path)
    assert not is_result(tmp_path / "absent")
    scene().save(tmp_path / "a.png")
    assert not is_result(tmp_path / "a.png")
