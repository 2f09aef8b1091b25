"""What another site's page makes a browser send."""

from __future__ import annotations

import io

import pytest
from support.app import leftovers
from support.client import PHOTO

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # as another port of this machine is
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": ""},
]
OURS = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://photos.example"},  # behind a proxy
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Origin": "http://LocalHost"},
]


def send(client, address, headers):
    data = {"file": (io.BytesIO(PHOTO), "a.jpg")}
    return client.post(address, data=data, headers=headers)


@pytest.mark.parametrize("headers", FOREIGN)
def test_it_does_nothing(app, client, headers):
    page, api = (send(client, address, headers) for address in ("/", "/api/v1/photos"))
    assert page.status_code == api.status_code == 403
    assert "another site" in page.text
    assert "another site" in api.json["detail"]
    for answer in (
        client.delete(f"/api/v1/photos/{'x' * 22}", headers=headers),
        client.put("/nowhere", headers=headers),
        client.post("/language", data={"language": "ko"}, headers=headers),
    ):
        assert answer.status_code == 403
    assert client.get("/", headers=headers).status_code == 200
    assert leftovers(app) == []


@pytest.mark.parametrize("headers", OURS)
def test_a_program_and_our_own_pages_do_what_they_did(client, headers):
    assert client.delete(f"/api/v1/photos/{'x' * 22}", headers=headers).status_code == 404
    assert client.post("/language", data={"language": "ko"}, headers=headers).status_code == 303
