"""Who guesses at the token is slowed down; who knows it is let in."""

from __future__ import annotations

import logging

import pytest
from support.client import client_of
from werkzeug.test import EnvironBuilder

from colorizer.errors import RateLimitError
from colorizer.web.guesses import MOST_KNOWN, OF_ALL, OF_AN_ADDRESS, Guesses
from colorizer.web.reception import Reception

TOKEN = "open-sesame-open-sesame"


@pytest.fixture
def private(make_app):
    return make_app(token=TOKEN)


def bearer(app, token, address="192.0.2.1"):
    headers = {"Authorization": f"Bearer {token}"}
    place = {"REMOTE_ADDR": address}
    return app.test_client().get("/api/v1/photos", headers=headers, environ_overrides=place)


def log_in(app, token, address="192.0.2.1"):
    place = {"REMOTE_ADDR": address}
    return client_of(app).post("/login", data={"token": token}, environ_overrides=place)


@pytest.mark.parametrize("way", [bearer, log_in])
def test_after_ten_wrong_tokens_an_address_waits_whatever_it_sends(private, caplog, way):
    caplog.set_level(logging.WARNING)
    for number in range(10):
        assert way(private, f"wrong {number}").status_code == 401
    assert caplog.text.count("192.0.2.1") == 10
    for token in (TOKEN, "wrong"):
        answer = way(private, token)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 61
        assert "Too many wrong tokens" in answer.text
    assert "wrong 3" not in caplog.text
    assert TOKEN not in caplog.text
    assert caplog.text.count("192.0.2.1") == 10  # what is turned away fills no log
    assert way(private, TOKEN, "192.0.2.2").status_code in (200, 303)


def test_who_is_in_stays_in_whatever_comes_from_the_same_address(private):
    client = client_of(private)
    client.post("/login", data={"token": TOKEN})
    for _ in range(20):
        bearer(private, "wrong", "127.0.0.1")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("way", [bearer, log_in])
def test_where_the_right_token_came_from_it_always_counts(private, way):
    assert way(private, TOKEN).status_code in (200, 303)
    for _ in range(OF_AN_ADDRESS.amount):
        assert way(private, "wrong").status_code == 401
    for _ in range(3):
        assert way(private, "wrong").status_code == 429
        assert way(private, TOKEN).status_code in (200, 303)
        assert most_bytes(private, {"Authorization": f"Bearer {TOKEN}"}) > 0
    assert most_bytes(private, {"Authorization": "Bearer wrong"}) == 0


def test_so_many_addresses_are_known():
    guesses = Guesses()
    for number in range(MOST_KNOWN + 1):
        guesses.judge(True, str(number))
        guesses.judge(True, "first")
    for number in range(OF_ALL.amount):
        guesses.judge(False, f"192.0.2.{number}")
    for address in ("0", "1", "first"):
        guesses.judge(False, address)
    assert guesses.judge(True, "first")
    assert guesses.judge(True, str(MOST_KNOWN))
    with pytest.raises(RateLimitError):
        guesses.judge(True, "0")


def test_a_request_is_one_guess_and_the_right_ones_are_none(private):
    for _ in range(30):
        assert bearer(private, TOKEN).status_code == 200
    for _ in range(9):
        bearer(private, "wrong")
    assert bearer(private, TOKEN).status_code == 200


def test_without_a_token_nothing_is_guessed(app):
    for _ in range(12):
        assert bearer(app, "wrong").status_code == 200


def test_many_addresses_do_not_help_and_a_right_token_does():
    guesses = Guesses()
    for number in range(OF_ALL.amount):
        guesses.judge(False, f"192.0.2.{number}")
    guesses.judge(False, "198.51.100.1")
    with pytest.raises(RateLimitError):
        guesses.judge(False, "198.51.100.1")
    assert guesses.judge(True, "198.51.100.2")


def test_who_has_a_network_of_addresses_is_one(private):
    for number in range(OF_AN_ADDRESS.amount):
        assert bearer(private, "wrong", f"2001:db8::{number:x}").status_code == 401
    assert bearer(private, "wrong", "2001:db8::ffff").status_code == 429
    assert bearer(private, TOKEN, "2001:db8:0:1::1").status_code == 200


def most_bytes(app, headers, address="192.0.2.1"):
    """How much of an upload's body the server keeps, before the app sees anything of it."""
    builder = EnvironBuilder("/api/v1/photos", method="POST", headers=headers, data={"file": "a"})
    environ = builder.get_environ() | {"REMOTE_ADDR": address}
    return Reception(app).plan(environ, with_body=True).most_bytes


def test_no_body_is_kept_of_who_has_to_wait_and_none_counts_as_a_guess(private):
    right, wrong = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, "wrong"))
    for _ in range(30):
        assert most_bytes(private, wrong) == 0
    assert most_bytes(private, right) > 0
    assert most_bytes(private, right | {"Sec-Fetch-Site": "cross-site"}) == 0
    for _ in range(10):
        assert bearer(private, "wrong").status_code == 401
    # Or else it would tell the right token from the wrong ones.
    assert most_bytes(private, right) == 0
    # A proxy on this machine says for whom it asks.
    for address, kept in (("192.0.2.1", False), ("192.0.2.2", True)):
        forwarded = right | {"X-Forwarded-For": f"198.51.100.1, {address}"}
        assert bool(most_bytes(private, forwarded, "127.0.0.1")) == kept
    assert most_bytes(private, right | {"X-Forwarded-For": "["}, "127.0.0.1") > 0
