"""A film goes on where it was, however the app ended."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
import requests
from support.films import Maker
from support.process import serving

from colorizer.generators.loading import load_generator
from colorizer.video.color import color_film
from colorizer.video.method import method_of


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_film_survives_kills_and_comes_out_the_same(tmp_path):
    """The process is killed while keys are coloured, and while a segment is made."""
    path = tmp_path / "film.mp4"
    maker = Maker(path)
    maker.pictures(range(44), rate=Fraction(2))
    maker.sound(22.0)
    maker.write()
    generator = load_generator("builtin")
    whole = tmp_path / "whole.mp4"
    color_film(path, whole, tmp_path / "work", generator, method_of(generator, 7, 100))

    uploads = tmp_path / "uploads"
    with serving(uploads) as server:
        server.wait_until(server.is_of_use)
        with path.open("rb") as file:
            film = requests.post(f"{server.address}/api/v1/videos", files={"file": file}).json()
        folder = uploads / film["id"]
        keys = folder / "work" / "keys"
        server.wait_until(lambda: keys.is_dir() and len(list(keys.glob("*.npy"))) >= 2)
    with serving(uploads) as server:
        server.wait_until(lambda: any(folder.glob("work/part-*.mp4")))
    with serving(uploads) as server:
        server.wait_until(lambda: told(server, film)["status"] in ("done", "failed"))
        assert told(server, film)["status"] == "done"
        result = requests.get(f"{server.address}{film['links']['result']}")
    assert result.content == whole.read_bytes()
    assert not (folder / "work").exists()
    assert not list(folder.glob(".*"))


def told(server, film):
    return requests.get(f"{server.address}{film['links']['self']}").json()
