"""What a browser remembers of its visitor, and whom a private server lets in."""

from __future__ import annotations

import pytest
from support.client import client_of, upload


def test_pages_speak_the_visitors_language(client):
    assert 'lang="en"' in client.get("/").text
    korean = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"}
    assert 'lang="ko"' in client.get("/", headers=korean).text
    client.post("/language", data={"language": "ko", "next": "/photos"})
    assert 'lang="ko"' in client.get("/").text
    assert "사진" in upload(client, b"text").text


def test_light_or_dark_is_remembered(client):
    assert 'data-theme="system"' in client.get("/").text
    assert client.post("/theme", data={"theme": "dark", "next": "/photos"}).location == "/photos"
    client.post("/theme", data={"theme": "purple"})
    assert 'data-theme="dark"' in client.get("/nowhere").text


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", ""]
)
def test_no_form_leads_to_another_host(client, address):
    answer = client.post("/language", data={"language": "ko", "next": address})
    assert answer.location == "/"


def test_a_token_shuts_everything_but_the_log_in(make_app):
    app = make_app(token="open-sesame")
    client = client_of(app)
    for address in ("/", "/photos", "/photos/x/result", "/api/v1/photos", "/api/v1/openapi.json"):
        assert client.get(address).status_code in (303, 401)
    assert client.get("/metrics").status_code == 303
    for address in ("/login", "/healthz"):
        assert client.get(address).status_code == 200
    for address in ("/language", "/theme"):
        assert client.post(address).location == "/"
    assert upload(client).location.startswith("/login")
    assert client.post("/login", data={"token": "wrong"}).status_code == 401
    assert client.post("/login?next=/photos", data={"token": "open-sesame"}).location == "/photos"
    assert client.get("/").status_code == 200
    bearer = {"Authorization": "Bearer open-sesame"}
    assert app.test_client().get("/api/v1/photos", headers=bearer).status_code == 200
    wrong = {"Authorization": "Bearer wrong"}
    assert app.test_client().get("/api/v1/photos", headers=wrong).status_code == 401
