"""The built-in generator: there from the beginning, in place of Artistic while that is missing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from support.pictures import decoded, encoded, scene

from colorizer.coloring.colorize import colorize
from colorizer.generators.loading import load_generator
from colorizer.generators.table import WEIGHTS
from colorizer.pictures.photo import Photo
from colorizer.places import root


@pytest.fixture(scope="module")
def builtin():
    return load_generator("builtin")


@pytest.fixture
def client(app, client, builtin):
    models = app.extensions["colorizer"].models
    models["builtin"].generator, models["builtin"].state = builtin, "ready"
    return client


def test_it_comes_with_the_project_and_is_small():
    row = WEIGHTS["builtin"]
    assert row.urls == ()
    assert (root() / "models" / row.file).stat().st_size == row.size <= 24_000_000


@pytest.mark.parametrize("render_factor", [7, 20, 35, 45])
def test_it_colours_at_every_render_factor(builtin, render_factor):
    rgb = np.asarray(scene(300, 200))
    coloured = colorize(Photo(rgb), builtin, render_factor).photo.rgb.astype(int)
    assert coloured.shape == rgb.shape
    assert np.ptp(coloured[..., 0] - coloured[..., 2]) > 5
    assert np.abs((coloured - rgb) @ [0.299, 0.587, 0.114]).mean() < 0.5


def test_it_gives_the_same_picture_twice(builtin):
    photo = Photo(np.asarray(scene(120, 90)))
    first, second = (colorize(photo, builtin, 20).photo.rgb for _ in range(2))
    np.testing.assert_array_equal(first, second)


def upload(client, **options):
    data = {"file": (io.BytesIO(encoded(scene())), "a.png")} | options
    return client.post("/api/v1/photos", data=data)


def test_it_stands_in_until_artistic_is_ready_and_then_artistic_is_offered(app, client):
    artistic = app.extensions["colorizer"].models["artistic"]
    generator, artistic.generator, artistic.state = artistic.generator, None, "loading"
    answer = upload(client)
    assert (answer.json["model"], answer.json["requested_model"]) == ("builtin", None)
    assert decoded(client.get(answer.json["links"]["result"]).data).shape == (64, 96, 3)
    page = client.get(answer.json["links"]["page"]).text
    assert "Built-in" in page
    assert "again with DeOldify Artistic" not in page
    # Who names Artistic waits for it.
    named = upload(client, model="artistic")
    assert named.status_code == 503
    assert "still being loaded" in named.json["detail"]

    artistic.generator, artistic.state = generator, "ready"
    assert "again with DeOldify Artistic" in client.get(answer.json["links"]["page"]).text
    assert upload(client).json["model"] == "artistic"
    # Who chose the built-in generator is offered nothing else.
    chosen = upload(client, model="builtin").json
    assert chosen["model"] == "builtin"
    assert "again with DeOldify Artistic" not in client.get(chosen["links"]["page"]).text
