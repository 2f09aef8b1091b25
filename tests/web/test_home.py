"""The home page and what it sends: photos, wishes, and what is wrong with them."""

from __future__ import annotations

import html
import io
import json
import re

import numpy as np
import pytest
from support.app import app_on, leftovers
from support.client import PHOTO, Acting, client_of, upload
from support.pictures import decoded, encoded, scene


def test_a_photo_goes_in_grey_and_comes_out_in_colour(client):
    answer = upload(client)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "할머니 1938.jpg" in page.text
    assert "DeOldify Artistic" in page.text

    original = client.get(f"{answer.location}/original")
    assert original.data == PHOTO
    result = client.get(f"{answer.location}/result")
    assert result.mimetype == "image/jpeg"
    before, after = decoded(PHOTO).astype(int), decoded(result.data).astype(int)
    assert after.shape == before.shape
    assert np.ptp(after[..., 0] - after[..., 2]) > 10
    assert np.abs((after - before) @ [0.299, 0.587, 0.114]).mean() < 2  # the luma stays

    download = client.get(f"{answer.location}/result?download=1")
    assert "attachment" in download.headers["Content-Disposition"]
    assert "1938-colorized.jpg" in download.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "options", "status", "says"),
    [
        (b"", {}, 415, "empty"),
        (b"Dear grandmother,", {}, 415, "not a picture"),
        (PHOTO[: len(PHOTO) // 2], {}, 422, "cut off"),
        (PHOTO, {"render_factor": "99"}, 400, "from 7 to 45"),
        (PHOTO, {"render_factor": "detailed"}, 400, "from 7 to 45"),
        (PHOTO, {"strength": "-1"}, 400, "from 0 to 100"),
        (PHOTO, {"model": "../../etc"}, 400, "no generator"),
        (PHOTO, {"model": "stable"}, 503, "weights download stable"),
        (PHOTO, {"format": "bmp"}, 400, "format"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(app, client, data, options, status, says):
    answer = upload(client, data, **options)
    assert answer.status_code == status
    assert says in answer.text
    assert "Traceback" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert leftovers(app) == []


def test_a_form_without_a_file_is_said(client):
    for data in ({}, {"photo": (io.BytesIO(PHOTO), "a.jpg")}, {"file": "text"}):
        answer = client.post("/", data=data)
        assert answer.status_code == 400
        assert "choose one first" in answer.text


def test_limits_are_kept_before_decoding(make_app):
    app = make_app(max_upload_mb=1, max_video_mb=1, max_megapixels=1)
    client = client_of(app)
    assert upload(client, encoded(scene(1100, 1000))).status_code == 413
    # Just above the limit of a file, and above that of the whole request.
    for size, says in ((1_050_000, "larger than 1 MB"), (16_500_000, "more than 16 MB")):
        answer = upload(client, PHOTO + bytes(size))
        assert answer.status_code == 413
        assert says in answer.text
    assert leftovers(app) == []


@pytest.mark.parametrize(("most", "status"), [(10, 200), (0, 503)])
def test_short_memory_takes_a_smaller_render_factor_or_says_so(tmp_path, artistic, most, status):
    def short_of_memory(luma):
        if luma.shape[0] > 16 * most:
            raise MemoryError
        return artistic.predict_chroma(luma)

    client = client_of(app_on(tmp_path, Acting(artistic, short_of_memory)))
    answer = upload(client, render_factor="18")
    page = client.get(answer.location) if status == 200 else answer
    assert page.status_code == status
    assert re.search(r"memory", page.text, re.IGNORECASE)


def test_without_a_generator_nothing_is_coloured_and_the_page_says_why(app, client):
    status = app.extensions["colorizer"].models["artistic"]
    status.generator, status.state = None, "downloading"
    status.bytes_done, status.bytes_total = 51_000_000, 255_144_681
    home = client.get("/").text
    assert "51" in home
    assert "255" in home
    answer = upload(client)
    assert answer.status_code == 503
    assert "still being downloaded" in answer.text
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_a_form_from_elsewhere_is_refused(app):
    client = app.test_client()
    answer = upload(client)
    assert answer.status_code == 400
    assert "Reload it" in answer.text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").text)[1]
    assert upload(client, csrf_token=token).status_code == 303


def test_a_browser_has_its_name_before_it_sends_anything(client):
    client.get("/")
    with client.session_transaction() as session:
        name = session["owner"]
    upload(client)
    with client.session_transaction() as session:
        assert session["owner"] == name


def test_the_button_knows_how_long_a_photo_takes_at_each_render_factor(client):
    upload(client, render_factor="20")
    attribute = re.search(r'data-expected="(\{[^"]*)"', client.get("/").text)[1]
    expected = json.loads(html.unescape(attribute))
    assert list(expected) == [str(factor) for factor in range(7, 46)]
    seconds = expected["20"]["artistic"]
    assert expected["40"]["artistic"] == pytest.approx(4 * seconds, abs=0.03)
