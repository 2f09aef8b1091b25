"""Films by pages and by the API: sent, told of, played, stopped, deleted."""

from __future__ import annotations

import io

import pytest
from support.client import PHOTO, client_of, upload, upload_several
from support.films import Maker, simple
from support.threads import wait_for


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return simple(tmp_path_factory.mktemp("film") / "film.mp4", 6).read_bytes()


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    maker = Maker(tmp_path_factory.mktemp("film") / "long.mp4")
    maker.pictures(range(400))
    maker.write()
    return (tmp_path_factory.getbasetemp() / maker.output.name).read_bytes()


@pytest.fixture
def client(make_app):
    app = make_app()
    yield client_of(app)
    app.extensions["colorizer"].film_queue.close()


def post(client, data, name="Hochzeit 1938.mp4", **options):
    form = {"file": (io.BytesIO(data), name)} | options
    return client.post("/api/v1/videos", data=form)


def ended(client, film):
    wait_for(lambda: client.get(film["links"]["self"]).json["status"] not in ("queued", "running"))
    return client.get(film["links"]["self"]).json


def test_a_film_through_the_api(client, film):
    answer = post(client, film, strength="80", codec="h264")
    assert answer.status_code == 202
    told = answer.json
    assert answer.headers["Location"] == told["links"]["self"]
    assert told["status"] in ("queued", "running")
    assert client.get(told["links"]["result"]).status_code in (200, 404)
    told = ended(client, told)
    assert (told["status"], told["error"]) == ("done", None)
    assert (told["frames_done"], told["frames_total"]) == (6, 6)
    result = client.get(told["links"]["result"])
    assert (result.status_code, result.mimetype) == (200, "video/mp4")
    part = client.get(told["links"]["result"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, b"ftyp")
    download = client.get(told["links"]["result"], query_string={"download": 1})
    assert "1938-colorized.mp4" in download.headers["Content-Disposition"]
    assert client.get(told["links"]["original"]).data == film
    assert client.get("/api/v1/photos").json == {"photos": []}
    assert client.delete(told["links"]["self"]).status_code == 204
    assert client.get(told["links"]["self"]).status_code == 404
    assert client.get(told["links"]["page"]).status_code == 404


def test_a_film_is_stopped_by_who_sent_it_alone(make_app, long_film):
    app = make_app()
    hers, his = client_of(app), client_of(app)
    told = post(hers, long_film).json
    for client, status in ((his, 403), (hers, 202)):
        assert client.post(f"{told['links']['self']}/cancel").status_code == status
    assert ended(hers, told)["status"] == "cancelled"
    page = hers.get(told["links"]["page"]).text
    assert "Stopped" in page
    assert "Go on" in page
    assert "Go on" not in his.get(told["links"]["page"]).text
    assert his.delete(told["links"]["self"]).status_code == 403
    assert hers.post(f"{told['links']['page']}/go-on").status_code == 303
    assert hers.get(told["links"]["self"]).json["status"] in ("queued", "running")
    assert hers.post(f"{told['links']['page']}/delete").status_code == 303
    assert hers.get(told["links"]["self"]).status_code == 404
    app.extensions["colorizer"].film_queue.close()


@pytest.mark.parametrize(
    ("data", "options", "status"),
    [
        (b"ffconcat version 1.0\nfile secret.mp4\n", {}, 415),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n", {}, 415),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", {}, 415),
        (PHOTO, {}, 415),
        (b"\0\0\0\x18ftypisom" + bytes(500), {}, 422),
        (None, {"codec": "vp9"}, 400),
        (None, {"render_factor": "99"}, 400),
        (None, {"model": "video"}, 503),
    ],
)
def test_errors_are_problem_details(client, film, data, options, status):
    answer = post(client, film if data is None else data, **options)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]


def test_a_film_by_the_form_of_the_home_page(client, film):
    answer = upload(client, film, name="film.mp4")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "film.mp4" in page.text
    wait_for(
        lambda: 'data-open="no"' in client.get(answer.location, query_string={"part": ""}).text
    )
    assert "<video" in client.get(answer.location).text
    assert client.get(f"{answer.location}/latest").mimetype == "image/jpeg"
    gallery = client.get("/photos").text
    assert answer.location in gallery
    assert "Tick photos" not in gallery, "there is none"


def test_films_and_photos_together(client, film):
    answer = upload_several(client, ("a.jpg", PHOTO), ("b.mp4", film), ("c.jpg", PHOTO))
    assert answer.status_code == 303
    batch = client.get(answer.location).text
    assert "a.jpg" in batch
    assert "c.jpg" in batch
    gallery = client.get("/photos").text
    assert all(name in gallery for name in ("a.jpg", "b.mp4", "c.jpg"))
    assert len(client.get("/api/v1/photos").json["photos"]) == 2


def test_there_is_nothing_to_send_of_what_is_not_here(client):
    for path in ("", "/result", "/original", "/latest", "/part"):
        assert client.get(f"/videos/{'x' * 22}{path}").status_code == 404
