"""What the server makes room for, by the header of a request."""

from __future__ import annotations

import errno

import pytest
from support.client import client_of, upload
from werkzeug.test import create_environ

from colorizer.errors import RateLimitError, TooLargeError
from colorizer.web.reception import (
    FORM_BYTES,
    HEALTH,
    OPEN_FORM_BYTES,
    PAGES,
    PHOTOS,
    REFUSAL,
    ZIPS,
    Reception,
)
from colorizer.web.requests import HINTS_BYTES

FILES = "multipart/form-data; boundary=b"
ID = 22 * "x"


def planned(app, method, path, kind=FILES, **environ):
    environ = create_environ(path, method=method, content_type=kind, environ_overrides=environ)
    return Reception(app).plan(environ, with_body=True)


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("GET", "/healthz", HEALTH),
        ("HEAD", "/readyz", HEALTH),
        ("GET", "/", PAGES),
        ("POST", "/", PHOTOS),
        ("POST", "/api/v1/photos", PHOTOS),
        ("GET", "/api/v1/photos", PAGES),
        ("GET", f"/photos/{ID}/original/region", PHOTOS),
        ("GET", f"/photos/{ID}/original", PAGES),
        ("GET", f"/batches/{ID}/zip", ZIPS),
        ("POST", "/photos/zip", ZIPS),
        ("GET", f"/batches/{ID}", PAGES),
        ("GET", f"/photos/{ID}/result/preview", PHOTOS),
        ("GET", f"/photos/{ID}/thumbnail", PHOTOS),
        ("GET", f"/photos/{ID}/touch-up/guess", PHOTOS),
        ("POST", f"/photos/{ID}/touch-up/preview", PHOTOS),
        ("GET", "/nowhere", PAGES),
        ("GET", "/%ff", PAGES),
        ("PUT", "/", PAGES),
    ],
)
def test_each_kind_of_request_has_threads_of_its_own(app, method, path, lane):
    assert planned(app, method, path).lane == lane


def test_only_uploads_may_be_large(app):
    large = app.config["MAX_CONTENT_LENGTH"]
    assert planned(app, "POST", "/").most_bytes == large
    assert planned(app, "POST", "/", "application/x-www-form-urlencoded").most_bytes == FORM_BYTES
    assert planned(app, "POST", "/photos/zip").most_bytes == FORM_BYTES
    assert planned(app, "POST", "/nowhere").most_bytes == FORM_BYTES
    assert planned(app, "POST", "/login").most_bytes == OPEN_FORM_BYTES
    hints = planned(app, "PUT", f"/api/v1/photos/{ID}/hints", "application/json")
    assert hints.most_bytes == 2 * HINTS_BYTES
    assert isinstance(hints.refusal, TooLargeError)


def test_a_stranger_brings_nothing_but_the_token(make_app):
    app = make_app(token="a token that is long enough".replace(" ", "-"))
    assert planned(app, "POST", "/").most_bytes == 0
    assert planned(app, "POST", "/login").most_bytes == OPEN_FORM_BYTES
    known = {"HTTP_AUTHORIZATION": "Bearer a-token-that-is-long-enough"}
    assert planned(app, "POST", "/", **known).most_bytes == app.config["MAX_CONTENT_LENGTH"]


def test_who_may_send_no_more_photos_brings_none(make_app):
    app = make_app(rate_limit="1/hour")
    client = client_of(app)
    assert upload(client).status_code == 303
    cookie = client.get_cookie("session")
    plan = planned(app, "POST", "/", HTTP_COOKIE=f"session={cookie.value}")
    assert plan.most_bytes == 0
    assert isinstance(plan.refusal, RateLimitError)


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EMFILE, 503)])
def test_a_body_that_cannot_be_written_is_refused_for_what_it_is(client, number, status):
    answer = client.get("/", environ_overrides={REFUSAL: OSError(number, "")})
    assert answer.status_code == status
