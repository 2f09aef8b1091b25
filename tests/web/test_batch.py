"""Several photos of one upload, and their page."""

from __future__ import annotations

import io
import re
import threading
import unicodedata
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.app import app_on, leftovers
from support.client import PHOTO, Acting, client_of, upload, upload_several
from support.pictures import decoded
from support.threads import wait_for

from colorizer.jobs.estimate import UNKNOWN


def test_several_photos_come_back_together_and_a_bad_one_stops_none(app, client):
    answer = upload_several(client, ("a.jpg", PHOTO), ("b.jpg", b"no picture"), ("a.jpg", PHOTO))
    assert answer.status_code == 303
    assert answer.location.startswith("/batches/")
    page = client.get(answer.location).text
    assert "2 coloured, 1 not" in page
    assert "This is not a picture" in page
    assert len(set(re.findall(r"/photos/[\w-]{22}/thumbnail", page))) == 2
    part = client.get(f"{answer.location}?part=").text
    assert part in page
    assert "<html" not in part

    sent = client.get(f"{answer.location}/zip")
    assert sent.mimetype == "application/zip"
    assert sent.content_length == len(sent.data)
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert archive.testzip() is None
        names = ["a-colorized.jpg", "a-colorized (2).jpg"]
        assert archive.namelist() == names
        assert decoded(archive.read(names[1])).shape == (64, 96, 3)

    assert client.post(f"{answer.location}/delete").status_code == 303
    assert client.get(answer.location).status_code == 404
    assert leftovers(app) == []


KOREAN = "할머니.jpg"


@pytest.mark.parametrize(
    ("names", "entries"),
    [
        (("A.jpg", "a.jpg"), ["A-colorized.jpg", "a-colorized (2).jpg"]),
        (
            (KOREAN, unicodedata.normalize("NFD", KOREAN)),
            ["할머니-colorized.jpg", "할머니-colorized (2).jpg"],
        ),
        (("what?.jpg", "what*.jpg"), ["what_-colorized.jpg", "what_-colorized (2).jpg"]),
        (("NUL.1.jpg", "1938..jpg"), ["_NUL.1-colorized.jpg", "1938.-colorized.jpg"]),
        (
            ("가" * 81 + ".jpg", "가" * 82 + ".jpg"),
            ["가" * 80 + "-colorized.jpg", "가" * 80 + "-colori (2).jpg"],
        ),
    ],
    ids=["case", "unicode", "windows", "reserved", "long"],
)
def test_the_files_of_a_zip_can_be_unpacked_anywhere(client, names, entries):
    batch = upload_several(client, *((name, PHOTO) for name in names)).location
    with zipfile.ZipFile(io.BytesIO(client.get(f"{batch}/zip").data)) as archive:
        assert archive.namelist() == entries
    assert all(len(entry.encode()) <= 255 for entry in entries)


def test_a_deleted_photo_is_named_and_no_zip_is_empty(client):
    batch = upload_several(client, ("a.jpg", PHOTO), ("b.jpg", b"no picture")).location
    (photo,) = set(re.findall(r"/photos/[\w-]{22}(?=/thumbnail)", client.get(batch).text))
    client.post(f"{photo}/delete")
    assert "Deleted" in client.get(batch).text
    assert client.get(f"{batch}/zip").status_code == 404


def test_the_form_names_the_batch_once(client):
    id = re.search(r'name="batch" value="([^"]+)"', client.get("/").text)[1]
    first = upload_several(client, ("a.jpg", PHOTO), ("b.jpg", PHOTO), batch=id)
    assert first.location == f"/batches/{id}"
    for taken in (id, "../../etc", ""):
        again = upload_several(client, ("a.jpg", b"no"), ("b.jpg", b"no"), batch=taken)
        assert again.location != first.location
    assert "All 2 are coloured" in client.get(first.location).text


def test_what_forbids_them_all_is_said_before_any(make_app):
    app = make_app(max_waiting=0)
    client, photos = client_of(app), [("a.jpg", PHOTO), ("b.jpg", PHOTO)]
    assert upload_several(client, *photos, render_factor="99").status_code == 400
    assert upload_several(client, *photos, model="stable").status_code == 503
    queue = app.extensions["colorizer"].queue
    with queue.turn("a"), queue.turn("b"):  # as many are waiting as may
        assert upload_several(client, *photos).status_code == 503
    assert leftovers(app) == []


def test_batches_of_one_visitor_lock_nobody_else_out(tmp_path, artistic):
    begin = threading.Event()

    def grey(luma):
        begin.wait(60)
        return np.zeros((*luma.shape, 2), np.float32)

    app = app_on(tmp_path, Acting(artistic, grey))
    queue = app.extensions["colorizer"].queue
    client = client_of(app)
    client.get("/")
    cookie = client.get_cookie("session").value

    def send(*photos):
        visitor = client_of(app)
        visitor.set_cookie("session", cookie)
        return upload_several(visitor, *photos)

    photos = [("a.jpg", PHOTO)] * 3
    with ThreadPoolExecutor(9) as pool:
        batches = [pool.submit(send, *photos) for _ in range(8)]
        wait_for(lambda: len(queue) == 16)  # two photos of each
        refused = send(*photos)
        other = pool.submit(upload, client_of(app))
        wait_for(lambda: len(queue) == 17)
        begin.set()
        assert [batch.result().status_code for batch in batches] == [303] * 8
        assert other.result().status_code == 303
    assert refused.status_code == 503
    # The first batch has one or two photos more to come.
    seconds = refused.headers["Retry-After"]
    assert seconds in (str(UNKNOWN), str(2 * UNKNOWN))
    assert f"Try again in about {seconds} seconds" in refused.text
