"""Errors as pages; as problem details they are the API's."""

from __future__ import annotations

import errno
from functools import partial

from support.app import app_on, leftovers
from support.client import Acting, client_of, upload


def test_unknown_addresses_get_a_page(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "<html" in answer.text
    assert client.get("/photos/x/delete").status_code == 405


def test_a_bug_gives_a_page_without_a_trace(tmp_path, artistic):
    app = app_on(tmp_path, Acting(artistic, lambda luma: 1 / 0))
    app.testing = False
    answer = upload(client_of(app))
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "The log says" in answer.text
    assert leftovers(app) == []


def test_a_full_disk_is_named_wherever_it_is_met(app):
    app.testing = False
    for path, number in {"/full": errno.ENOSPC, "/api/x": errno.EDQUOT, "/x": errno.EIO}.items():
        app.add_url_rule(path, path, partial(fail, number))
    client = client_of(app)
    answers = [client.get(path) for path in ("/full", "/api/x", "/x")]
    assert [answer.status_code for answer in answers] == [507, 507, 500]
    for answer in answers[:2]:
        assert "disk of this server is full" in answer.text
    assert answers[1].mimetype == "application/problem+json"


def fail(number):
    raise OSError(number, "of no interest")
