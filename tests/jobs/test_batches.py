"""Several photos of one upload."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from support.app import leftovers
from support.pictures import decoded, encoded, scene

from colorizer.errors import ColorizerError
from colorizer.jobs.batch import run_batch
from colorizer.library.batches import Batches
from colorizer.library.store import Store, new_id


def upload(client, *photos, **options):
    files = [(io.BytesIO(data), name) for name, data in photos]
    return client.post("/", data={"file": files} | options)


GOOD = encoded(scene(), "JPEG")


def test_several_photos_come_back_together_and_a_bad_one_stops_none(app, client):
    client.get("/")
    answer = upload(client, ("a.jpg", GOOD), ("b.jpg", b"no picture"), ("a.jpg", GOOD))
    assert answer.status_code == 303
    assert answer.location.startswith("/batches/")
    page = client.get(answer.location).text
    assert "2 coloured, 1 not" in page
    assert "This is not a picture" in page
    assert len(set(re.findall(r"/photos/[\w-]{22}/thumbnail", page))) == 2

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


def test_the_form_names_the_batch_once(client):
    id = re.search(r'name="batch" value="([^"]+)"', client.get("/").text)[1]
    first = upload(client, ("a.jpg", GOOD), ("b.jpg", GOOD), batch=id)
    assert first.location == f"/batches/{id}"
    for taken in (id, "../../etc", ""):
        again = upload(client, ("a.jpg", b"no"), ("b.jpg", b"no"), batch=taken)
        assert again.location != first.location
    assert "All 2 are coloured" in client.get(first.location).text


def test_what_forbids_them_all_is_said_before_any(make_app):
    app = make_app(max_waiting=0)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    photos = [("a.jpg", GOOD), ("b.jpg", GOOD)]
    assert upload(client, *photos, render_factor="99").status_code == 400
    assert upload(client, *photos, model="stable").status_code == 503
    with app.extensions["colorizer"].runtime.queue.turn():  # as many are waiting as may
        assert upload(client, *photos).status_code == 503
    assert leftovers(app) == []


def test_the_selected_photos_are_sent_and_deleted_together(client):
    client.get("/")
    upload(client, ("a.jpg", GOOD), ("b.jpg", GOOD), ("c.jpg", GOOD))
    ids = re.findall(r'name="id" value="([^"]+)"', client.get("/photos").text)
    assert len(ids) == 3
    sent = client.post("/photos/zip", data={"id": ids[:2]})
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert len(archive.namelist()) == 2
    assert client.post("/photos/delete", data={"id": ids[:2]}).status_code == 303
    left = client.get("/photos").text
    assert ids[2] in left
    assert ids[0] not in left
    for address in ("/photos/zip", "/photos/delete"):
        answer = client.post(address, data={"id": ids[:2]})
        assert answer.status_code == 400
        assert "tick some first" in answer.text


def test_the_gallery_has_pages(app, client, monkeypatch):
    monkeypatch.setattr("colorizer.web.collection_pages.PER_PAGE", 2)
    app.extensions["colorizer"].runtime.queue.at_once = 1  # for a certain order
    client.get("/")
    upload(client, ("a.jpg", GOOD), ("b.jpg", GOOD), ("c.jpg", GOOD))
    first, second = client.get("/photos").text, client.get("/photos?page=2").text
    assert "c.jpg" in first
    assert "b.jpg" in first
    assert "a.jpg" not in first
    assert "a.jpg" in second
    assert "Page 2 of 2" in second
    assert client.get("/photos?page=3").status_code == 404


def test_the_gallery_leaves_out_what_can_not_be_read(app, client):
    client.get("/")
    upload(client, ("a.jpg", GOOD), ("b.jpg", GOOD))
    store = app.extensions["colorizer"].store
    bad = next(record for record in store.newest(2) if record.name == "b.jpg")
    store.path(bad, "meta.json").write_text('{"version": 2}')
    page = client.get("/photos")
    assert page.status_code == 200
    assert "a.jpg" in page.text
    assert "b.jpg" not in page.text
    assert client.get(f"/photos/{bad.id}").status_code == 404


def test_a_batch_shows_what_became_of_each_and_survives_a_kill(tmp_path):
    batches, id = Batches(Store(tmp_path)), new_id()
    seen = []

    def color(file, name):
        seen.append([entry.state for entry in batches.get(id).entries])
        if file == 1:
            raise ColorizerError("%(name)s is bad", name=name)
        if file == 2:
            raise ZeroDivisionError
        raise SystemExit  # as the process ends

    with pytest.raises(SystemExit):
        run_batch(batches, id, "me", [(1, "a"), (2, "b"), (3, "c"), (4, "d")], color, at_once=1)
    assert seen[0] == ["coloring", "waiting", "waiting", "waiting"]
    assert seen[2] == ["failed", "failed", "coloring", "waiting"]
    entries = batches.get(id).entries
    assert [entry.state for entry in entries] == ["failed", "failed", *["interrupted"] * 2]
    assert entries[0].message % entries[0].params == "a is bad"
    assert "log" in entries[1].message
    assert not batches.get(id).running
    assert Batches(Store(tmp_path)).get(id).entries == entries
