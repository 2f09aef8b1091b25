"""What every answer says to browsers and caches."""

from __future__ import annotations

import pytest
from support.client import client_of, upload

ALWAYS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")


def cache(answer):
    return set(answer.headers["Cache-Control"].replace(" ", "").split(","))


def test_what_is_somebodys_is_kept_by_no_cache_that_others_use(client):
    page = upload(client).location
    api = page.replace("/photos", "/api/v1/photos")
    for address in ("/", "/photos", page, "/login", api, "/api/v1/photos", "/nowhere", "/healthz"):
        assert cache(client.get(address)) == {"private", "no-store"}, address
    for address in ("result/preview?version=0", "original/preview?strength=50"):
        answer = client.get(f"{page}/{address}")
        assert cache(answer) == {"private", "max-age=3600"}, address
        again = client.get(f"{page}/{address}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert "private" in cache(again)
    for address in ("original", "result", "result?strength=50", "thumbnail"):
        assert cache(client.get(f"{page}/{address}")) == {"private", "no-cache"}, address
    zipped = client.post("/photos/zip", data={"id": page.rsplit("/", 1)[1]})
    for answer in (zipped, client.post("/theme"), client.post("/photos/zip"), client.delete(api)):
        assert cache(answer) == {"private", "no-store"}


@pytest.mark.parametrize("address", ["/static/style.css", "/api/v1/docs/swagger-ui.css"])
def test_what_is_everybodys_brings_no_cookie(make_app, address):
    client = client_of(make_app())
    client.get("/")
    answer = client.get(address)
    assert "public" in cache(answer)
    assert "private" not in cache(answer)
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_a_private_servers_is_kept_by_none(make_app):
    client = client_of(make_app(token="geheim-geheim-geheim"))
    client.post("/login", data={"token": "geheim-geheim-geheim"})
    answer = client.get("/api/v1/docs/swagger-ui.css")
    assert "private" in cache(answer)
    assert "public" not in cache(answer)
    assert "Set-Cookie" not in answer.headers
    refused = client_of(make_app(token="geheim-geheim-geheim")).get("/photos")
    assert cache(refused) == {"private", "no-store"}


def test_whatever_the_answer_browsers_are_told_what_they_may_do(client):
    client.application.testing = False
    client.application.add_url_rule("/broken", view_func=lambda: 1 / 0)
    answers = [
        client.get("/"),
        client.get("/nowhere"),
        client.get("/broken"),
        client.get("/static/style.css"),
        client.get("/static/nothing"),
        client.get("/healthz"),
        client.delete("/"),
        client.post("/theme"),
        client.get("/api/v1/nothing"),
        client.post("/api/v1/photos"),
        client.post("/", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    assert {answer.status_code for answer in answers} == {200, 303, 400, 403, 404, 405, 500}
    for answer in answers:
        assert all(name in answer.headers for name in ALWAYS), answer.request.path
