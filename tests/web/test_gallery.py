"""What a browser has made, and what can be done with several of them."""

from __future__ import annotations

import io
import re
import zipfile

from support.client import PHOTO, upload, upload_several
from support.records import add


def test_everybody_sees_their_own_photos(app, client):
    page = upload(client).location
    assert page in client.get("/photos").text
    assert page not in app.test_client().get("/photos").text


def test_the_selected_photos_are_sent_and_deleted_together(client):
    upload_several(client, *((name, PHOTO) for name in ("a.jpg", "b.jpg", "c.jpg")))
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


def test_the_gallery_has_pages_of_two_dozen(app, client):
    client.get("/")
    with client.session_transaction() as session:
        owner = session["owner"]
    for number in range(25):
        add(app.extensions["colorizer"].store, number / 60, owner=owner, name=f"{number}.jpg")

    def names(page):
        return re.findall(r"\b(\d+)\.jpg</span>\s*</a>", client.get(f"/photos?page={page}").text)

    assert names(1) == [str(number) for number in range(24)]  # the newest first
    assert names(2) == ["24"]
    assert "Page 2 of 2" in client.get("/photos?page=2").text
    for page in ("3", "0", "-1"):
        assert client.get(f"/photos?page={page}").status_code == 404


def test_the_gallery_leaves_out_what_can_not_be_read(app, client):
    upload_several(client, ("a.jpg", PHOTO), ("b.jpg", PHOTO))
    store = app.extensions["colorizer"].store
    bad = next(record for record in store.newest(2) if record.name == "b.jpg")
    store.path(bad, "meta.json").write_text('{"version": 2}')
    page = client.get("/photos")
    assert page.status_code == 200
    assert "a.jpg" in page.text
    assert "b.jpg" not in page.text
    assert client.get(f"/photos/{bad.id}").status_code == 404
