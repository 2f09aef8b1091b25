"""Who has an address sees what is there; who made it, or holds the token, changes it."""

from __future__ import annotations

import dataclasses

import pytest
from support.client import PHOTO, client_of, upload, upload_several

from app import create_app


@pytest.fixture
def stranger(app):
    return app.test_client()


def test_a_stranger_looks_at_a_photo_and_changes_nothing(client, stranger):
    page = upload(client).location
    api = page.replace("/photos", "/api/v1/photos")
    shown = stranger.get(page)
    assert shown.status_code == 200
    assert "Delete for good" not in shown.text
    assert "Only the browser that made it" in shown.text
    assert stranger.get(f"{page}/original").status_code == 200
    for answer in (
        stranger.post(f"{page}/delete"),
        stranger.post(f"{page}/again", data={"render_factor": "8"}),
        stranger.get(f"{page}/sheet"),
        stranger.get(f"{page}/sheet/builtin-9"),
        stranger.post("/photos/delete", data={"id": page.rsplit("/", 1)[1]}),
        stranger.delete(api),
    ):
        assert answer.status_code == 403
        assert "only the browser that made it" in (answer.text + str(answer.json or ""))
    assert "Delete for good" in client.get(page).text
    assert client.delete(api).status_code == 204


def test_a_stranger_deletes_no_batch(client, stranger):
    batch = upload_several(client, ("a.jpg", PHOTO), ("b.jpg", PHOTO)).location
    assert "Delete for good" not in stranger.get(batch).text
    assert stranger.post(f"{batch}/delete").status_code == 403
    assert "Delete for good" in client.get(batch).text


def test_who_holds_the_token_may_change_what_others_made(app):
    runtime = app.extensions["colorizer"]
    page = upload(client_of(app)).location
    settings = dataclasses.replace(runtime.settings, token="geheim-geheim-geheim")
    holder = create_app(settings, {}).test_client()
    bearer = {"Authorization": "Bearer geheim-geheim-geheim"}
    assert "Only the browser that made it" not in holder.get(page, headers=bearer).text
    api = page.replace("/photos", "/api/v1/photos")
    assert holder.delete(api, headers=bearer).status_code == 204
