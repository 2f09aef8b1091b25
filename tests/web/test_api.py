from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from support.pictures import decoded, encoded, scene

PHOTO = encoded(scene(), "JPEG")
GPS = 0x8825


def post(client, data=PHOTO, **options):
    return client.post("/api/v1/photos", data={"file": (io.BytesIO(data), "a.jpg")} | options)


def test_a_photo_through_the_api(client):
    answer = post(client, render_factor="8", strength="80", format="png")
    assert answer.status_code == 201
    photo = answer.json
    assert answer.headers["Location"] == photo["links"]["self"]
    wanted = {"name": "a.jpg", "model": "artistic", "render_factor": 8, "strength": 80}
    assert {name: photo[name] for name in wanted} == wanted
    assert (photo["width"], photo["height"]) == (96, 64)
    assert photo["seconds"] > 0

    assert client.get(photo["links"]["self"]).json == photo
    assert client.get("/api/v1/photos").json == {"photos": [photo]}
    assert client.get(photo["links"]["page"]).status_code == 200
    assert client.get(photo["links"]["original"]).data == PHOTO
    result = client.get(photo["links"]["result"])
    assert Image.open(io.BytesIO(result.data)).format == "PNG"
    assert decoded(result.data).shape == (64, 96, 3)

    assert client.delete(photo["links"]["self"]).status_code == 204
    assert client.get(photo["links"]["self"]).status_code == 404
    assert client.get("/api/v1/photos").json == {"photos": []}


@pytest.mark.parametrize(
    ("data", "options", "status"),
    [
        (PHOTO, {"render_factor": "6"}, 400),
        (b"no picture", {}, 415),
        (PHOTO[:500], {}, 422),
        (PHOTO, {"model": "video"}, 503),
    ],
)
def test_errors_are_problem_details(client, data, options, status):
    answer = post(client, data, **options)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert set(answer.json) == {"type", "title", "status", "detail"}
    assert answer.json["detail"]


def test_errors_speak_the_callers_language(client):
    korean = {"Accept-Language": "ko"}
    english, translated = (
        client.get("/api/v1/photos/x", headers=headers).json["detail"] for headers in ({}, korean)
    )
    assert english != translated


def test_unknown_addresses_and_methods_are_problems_too(client):
    for answer, status in (
        (client.get("/api/v1/nowhere"), 404),
        (client.delete("/api/v1/photos"), 405),
    ):
        assert answer.status_code == status
        assert answer.content_type == "application/problem+json"


def test_models_tell_how_far_they_are(client):
    models = {model["name"]: model for model in client.get("/api/v1/models").json["models"]}
    assert models["artistic"]["state"] == "ready"
    assert models["artistic"]["precision"] == "float32"
    assert models["stable"] == {
        "name": "stable",
        "state": "absent",
        "bytes_done": None,
        "bytes_total": None,
        "device": None,
        "precision": None,
    }


def test_the_specification_names_every_call(app, client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    rules = {
        str(rule).replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    assert set(paths) == rules
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert client.get("/api/v1/docs/swagger-ui-bundle.js").status_code == 200


def test_the_place_leaves_unless_asked(client):
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    data = encoded(scene(), "JPEG", exif=exif)
    for options, kept in (({}, False), ({"keep_gps": "false"}, False), ({"keep_gps": "1"}, True)):
        photo = post(client, data, strength="0", **options).json
        result = Image.open(io.BytesIO(client.get(photo["links"]["result"]).data))
        assert (GPS in result.getexif()) == kept


def test_no_broken_file_is_a_fault_of_ours(client):
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF", "JPEG2000", "BMP", "PPM"):
        good = encoded(scene(), kind)
        for _ in range(4):
            bad = bytearray(good)
            for place in random.integers(0, len(bad), 5):
                bad[place] = random.integers(256)
            answer = post(client, bytes(bad)[: random.integers(20, len(bad))], strength="0")
            assert answer.status_code in (201, 413, 415, 422), kind


def test_hints_through_the_api(client):
    navy = {"x": 0.5, "y": 0.25, "color": "#1f2f5f", "radius": 1}
    photo = post(client, hints=json.dumps({"hints": [navy]})).json
    assert photo["hints"] == 1
    address = photo["links"]["hints"]
    said = client.get(address)
    assert said.json == {"version": 1, "hints": [navy]}
    seen = said.headers["ETag"]
    assert client.get(address, headers={"If-None-Match": seen}).status_code == 304
    blue = client.get(photo["links"]["result"]).data

    answer = client.put(address, json={"hints": []}, headers={"If-Match": seen})
    assert (answer.status_code, answer.json) == (200, photo | {"hints": 0})
    assert answer.headers["ETag"] != seen
    assert client.get(photo["links"]["result"]).data != blue
    late = client.put(address, json={"hints": [navy]}, headers={"If-Match": seen})
    assert late.status_code == 412
    assert late.content_type == "application/problem+json"
    for now in ('"2"', 'W/"3"', "*"):
        answer = client.put(address, json={"hints": [navy]}, headers={"If-Match": now})
        assert answer.status_code == 200
    assert client.put(address, json={"hints": []}).json["hints"] == 0
