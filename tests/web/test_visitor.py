"""What a browser remembers of its visitor, and whom a private server lets in."""

from __future__ import annotations

import hashlib
import re

import pytest
from support.client import client_of, upload

TOKEN = "open-sesame-open-sesame"


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
    "address",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\r\nX: y",
        "/\x00",
        "http://[",
        "//[",
        "evil",
        "",
    ],
)
def test_no_form_leads_to_another_host(client, address):
    answer = client.post("/language", data={"language": "ko", "next": address})
    assert answer.location == "/"
    assert "X" not in answer.headers


def test_nor_does_the_log_in(make_app):
    client = client_of(make_app(token=TOKEN))
    for next, location in (
        ("/%0D%0AX:%20y", "/"),
        ("//[", "/"),
        ("/photos?page=2%26x", "/photos?page=2&x"),
    ):
        answer = client.post(f"/login?next={next}", data={"token": TOKEN})
        assert (answer.status_code, answer.location) == (303, location)


def test_a_token_shuts_everything_but_the_log_in(make_app):
    app = make_app(token=TOKEN)
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
    assert client.post("/login?next=/photos", data={"token": TOKEN}).location == "/photos"
    assert client.get("/").status_code == 200
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert app.test_client().get("/api/v1/photos", headers=bearer).status_code == 200
    wrong = {"Authorization": "Bearer wrong"}
    assert app.test_client().get("/api/v1/photos", headers=wrong).status_code == 401


def test_who_logs_out_is_a_stranger(make_app):
    client = client_of(make_app(token=TOKEN))
    assert "Log out" not in client.get("/login").text
    client.post("/login", data={"token": TOKEN})
    assert "Log out" in client.get("/").text
    assert client.get("/logout").status_code == 405
    answer = client.post("/logout")
    assert answer.location == "/login"
    assert "session=;" in answer.headers["Set-Cookie"]
    assert client.get("/").status_code == 303


def test_a_log_out_of_another_sites_is_refused(make_app):
    app = make_app(token=TOKEN)
    client = app.test_client()
    assert client.post("/logout").status_code == 303  # who isn't in sees the log-in
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/login", data={"token": TOKEN})
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/logout").status_code == 400
    assert client.get("/").status_code == 200


def test_who_has_no_token_to_log_out_of_is_not_asked_to(client):
    assert "Log out" not in client.get("/").text
    assert client.post("/logout").location == "/"


def test_a_cookie_gives_nothing_away_of_the_token(make_app):
    app = make_app(token=TOKEN)
    client = client_of(app)
    client.post("/login", data={"token": TOKEN})
    with client.session_transaction() as session:
        held = session["token"]
    assert held != hashlib.sha256(TOKEN.encode()).hexdigest()
    other = make_app(token=TOKEN, secret_key="of no importance either, in a test")
    theirs = client_of(other)
    theirs.post("/login", data={"token": TOKEN})
    with theirs.session_transaction() as session:
        assert session["token"] != held
        session["token"] = held
    assert theirs.get("/").status_code == 303


def test_the_cookie_is_for_tls_alone_where_there_is_tls(client):
    assert "Secure" not in client.get("/").headers["Set-Cookie"]
    cookie = client.get("/", base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_forms_work_behind_tls_where_no_referrer_is_told(app):
    client = app.test_client()
    page = client.get("/", base_url="https://localhost").text
    (token,) = set(re.findall('name="csrf_token"[^>]*value="([^"]+)"', page))
    data = {"language": "ko", "next": "/photos", "csrf_token": token}
    answer = client.post("/language", data=data, base_url="https://localhost")
    assert answer.location == "/photos"
