"""Errors as pages; as problem details they are the API's."""

from __future__ import annotations

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
