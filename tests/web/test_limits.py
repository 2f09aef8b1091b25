"""How many photos one visitor may send, what is said of more, and who is one visitor."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from limits import parse
from support.app import app_on, leftovers
from support.client import PHOTO, Acting, client_of, upload, upload_several

from colorizer.web.limits import VISITORS_OF_AN_ADDRESS, Limiter

HOUR = 3600
BAD = b"no picture, but an upload"


@pytest.fixture
def clock(monkeypatch):
    """Let the test set the time."""

    class Clock:
        now = time.time()

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def make_app(tmp_path, artistic):
    def grey(luma):
        return np.zeros((*luma.shape, 2), np.float32)

    return partial(app_on, tmp_path, Acting(artistic, grey))


def browser_of(app):
    """Open an app as a browser does, which has its cookie before it sends anything."""
    client = client_of(app)
    client.get("/")
    return client


def post(client, data=BAD, address="127.0.0.1"):
    files = {"file": (io.BytesIO(data), "a.jpg")}
    return client.post("/api/v1/photos", data=files, environ_base={"REMOTE_ADDR": address})


def seconds(answer):
    return int(answer.headers["Retry-After"])


def test_a_limiter_says_when_there_is_room_for_so_many_again(clock):
    limiter, start = Limiter(parse("4/hour")), clock.now
    for minute, cost in ((0, 1), (10, 2), (30, 1)):
        clock.now = start + 60 * minute
        assert limiter.hit("a", cost) is None
    clock.now = start + 60 * 40
    waits = [limiter.wait("a", cost) for cost in range(1, 5)]
    assert waits == [60 * 20, 60 * 30, 60 * 30, 60 * 50]
    assert limiter.hit("a", 5) == HOUR  # never
    assert limiter.hit("b", 4) is None
    clock.now += waits[1] - 1
    assert limiter.hit("a", 2) == 1
    clock.now += 1.001
    assert limiter.hit("a", 2) is None
    assert limiter.left("a") == 1


def test_what_is_refused_counts_for_nothing():
    limiter = Limiter(parse("3/hour"))
    limiter.hit("a", 2)
    for _ in range(5):
        assert limiter.hit("a", 2) > 0
    assert limiter.left("a") == 1


def test_threads_together_get_no_more_than_the_limit():
    limiter = Limiter(parse("20/hour"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: limiter.hit("a"), range(60)))
    assert answers.count(None) == 20


def test_a_browser_that_has_sent_its_photos_is_told_when_it_may_again(make_app, clock):
    client = browser_of(make_app(rate_limit="2/hour"))
    photo = upload(client)
    assert client.post(f"{photo.location}/again", data={}).status_code == 303
    clock.now += 600
    for answer in (upload(client), client.post(f"{photo.location}/again", data={})):
        assert answer.status_code == 429
        assert "one visitor can send 2 within 60 minutes" in answer.text
        assert "in about 50 minutes" in answer.text
        assert seconds(answer) == 3000
    # What is looked at is no upload.
    assert client.get(f"{photo.location}/result?strength=30").status_code == 200
    assert client.get(f"{photo.location}/sheet/artistic-9").status_code == 200
    clock.now += 3001
    assert upload(client).status_code == 303


def test_a_batch_that_does_not_fit_is_refused_as_a_whole(make_app):
    app = make_app(rate_limit="3/hour")
    client, photos = browser_of(app), [("a.jpg", BAD)] * 4
    answer = upload_several(client, *photos)
    assert answer.status_code == 429
    assert "These are 4 photos, but you can send only 3 just now" in answer.text
    assert seconds(answer) == HOUR
    assert leftovers(app) == []
    assert upload_several(client, *photos[:2]).status_code == 303
    assert "only 1 just now" in upload_several(client, *photos[:2]).text
    assert upload(client, PHOTO).status_code == 303
    assert upload(client, PHOTO).status_code == 429


def test_the_api_says_it_as_a_problem_and_its_specification_knows_it(make_app):
    client = make_app(rate_limit="1/minute").test_client()
    assert post(client).status_code == 415
    answer = post(client)
    assert answer.status_code == answer.json["status"] == 429
    assert answer.content_type == "application/problem+json"
    assert 0 < seconds(answer) <= 60
    call = client.get("/api/v1/openapi.json").json["paths"]["/api/v1/photos"]["post"]
    assert "429" in call["responses"]


def test_an_upload_is_refused_before_it_is_read(make_app):
    client = make_app(rate_limit="1/minute").test_client()
    post(client)
    # That there is no photo in the form would be said first.
    assert client.post("/api/v1/photos", data={}).status_code == 429
    # Nor is the form's token looked for, for which all of it is read.
    assert client.post("/", data={}).status_code == 429


def test_who_finds_no_place_to_wait_has_sent_nothing(make_app):
    app = make_app(rate_limit="1/hour", max_waiting=0)
    client, queue = browser_of(app), app.extensions["colorizer"].queue
    with queue.turn("a"), queue.turn("b"):
        assert upload(client).status_code == 503
    assert upload(client).status_code == 303


def test_a_program_that_keeps_the_first_answers_cookie_gets_no_more_for_it(make_app):
    client = make_app(rate_limit="3/hour").test_client()
    assert [post(client).status_code for _ in range(4)] == [415] * 3 + [429]


def test_pupils_of_one_school_are_told_apart_and_programs_without_a_cookie_are_not(make_app):
    app = make_app(rate_limit="1/hour")
    for _ in range(2):
        pupil = browser_of(app)
        assert [post(pupil).status_code for _ in range(2)] == [415, 429]
    forger = app.test_client()
    forger.set_cookie("session", "eyJvd25lciI6Im5ldyJ9.aaaaaa.forged")
    programs = (app.test_client(), app.test_client(), forger)
    assert [post(program).status_code for program in programs] == [415, 429, 429]
    assert post(app.test_client(), address="192.0.2.7").status_code == 415


def test_a_new_cookie_for_each_photo_ends_at_the_limit_of_the_address(make_app):
    app = make_app(rate_limit="1/hour")
    for _ in range(VISITORS_OF_AN_ADDRESS):
        assert post(browser_of(app)).status_code == 415
    answer = post(browser_of(app))
    assert answer.status_code == 429
    assert "from your network" in answer.json["detail"]


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2::7", "2001:db8:1:2:3:4:5:6", True),  # a network of one home
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("", "", True),  # a socket of the machine's own has none
    ],
)
def test_an_address_is_one_home(make_app, address, other, same):
    app = make_app(rate_limit="1/hour")
    post(app.test_client(), address=address)
    assert (post(app.test_client(), address=other).status_code == 429) == same


def test_by_default_there_is_no_limit(make_app):
    client = make_app().test_client()
    assert {post(client).status_code for _ in range(100)} == {415}
