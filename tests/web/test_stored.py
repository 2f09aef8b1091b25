"""What pages and the API make of stored photos that are bad, and of a full disk."""

from __future__ import annotations

import errno
import io
import json
import os

import pytest
from support.app import leftovers
from support.client import PHOTO, upload, upload_several
from support.records import add

from colorizer.library.store import Store


@pytest.fixture
def store(app):
    return app.extensions["colorizer"].store


def test_one_bad_record_costs_nobody_else_anything(make_app, store, caplog):
    bad, foreign = add(store), add(store, model="of-a-later-release")
    store.path(bad, "meta.json").write_bytes(b"")
    (store.folder / ".batches" / f"{'x' * 22}.json").write_bytes(b"")
    (store.folder / ".index.sqlite3").unlink()
    client = make_app().test_client()
    with client.session_transaction() as session:
        session["owner"] = "me"
    for _ in range(2):
        page = client.get("/photos")
        assert page.status_code == 200
        assert "of-a-later-release" in page.text
        (photo,) = client.get("/api/v1/photos").json["photos"]
        assert photo["id"] == foreign.id
    assert client.get(f"/photos/{foreign.id}").status_code == 200
    for address in (f"/photos/{bad.id}", f"/batches/{'x' * 22}"):
        assert client.get(address).status_code == 404
    assert caplog.text.count(bad.id) == 1


def test_a_record_leads_nowhere_else(client, store):
    secret = store.folder.parent / "secret.jpg"
    secret.write_bytes(PHOTO)
    page = upload(client).location
    meta = store.folder / page.rsplit("/", 1)[1] / "meta.json"
    record = json.loads(meta.read_bytes())
    for change in (
        {"original": "../../secret.jpg"},
        {"result": "../../secret.jpg"},
        {"original": str(secret)},
        {"model": "../../secret"},
        {"id": "../../.."},
    ):
        meta.write_text(json.dumps(record | change))
        for part in ("", "/original", "/result", "/result?strength=40", "/original/preview"):
            assert client.get(page + part).status_code == 404
        assert client.post(f"{page}/delete").status_code == 404
    meta.write_text(json.dumps(record))
    original = meta.with_name(record["original"])
    original.unlink()
    original.symlink_to(secret)
    assert client.get(f"{page}/original").status_code == 410
    assert client.post(f"{page}/delete").status_code == 303
    assert secret.read_bytes() == PHOTO


def test_what_is_gone_is_told_as_gone(client, store):
    page = upload(client).location
    next((store.folder / page.rsplit("/", 1)[1]).glob("original.*")).unlink()
    api = page.replace("/photos", "/api/v1/photos")
    for address in (f"{page}/original", f"{page}/result?strength=40"):
        assert client.get(address).status_code == 410
        assert "gone from this server" in client.get(address).text
    assert client.post(f"{page}/again", data={"render_factor": "7"}).status_code == 410
    assert client.get(f"{api}/result?strength=40").json["status"] == 410
    assert client.get(f"{api}/result").status_code == 200


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "disk of this server is full"), (errno.EROFS, "write")]
)
def test_a_disk_that_refuses_is_told_everywhere(app, client, monkeypatch, number, sentence):
    def refuse(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    page = upload(client)
    assert page.status_code == 507
    assert sentence in page.text
    api = client.post("/api/v1/photos", data={"file": (io.BytesIO(PHOTO), "a.jpg")})
    assert api.status_code == 507
    assert sentence in api.json["detail"]
    batch = upload_several(client, ("a.jpg", PHOTO), ("b.jpg", PHOTO))
    assert client.get(batch.location).text.count(sentence) == 2
    assert leftovers(app) == []
    monkeypatch.undo()
    assert upload(client).status_code == 303


def test_a_folder_that_others_may_read_is_shut_at_the_start(make_app, tmp_path):
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    uploads.chmod(0o755)
    make_app()
    assert uploads.stat().st_mode & 0o077 == 0
    assert Store(uploads).trouble is None
