"""Colours put right: the page without scripts, what its script asks for, and all that follows."""

from __future__ import annotations

import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from support.app import app_on
from support.client import client_of, upload, upload_several
from support.pictures import decoded, encoded, scene

from colorizer.coloring.prediction import decode_prediction
from colorizer.generators.loading import load_generator
from colorizer.pictures.pixels import side_of
from colorizer.pictures.profiles import make_profile

NAVY = "#1f2f5f"
EVERYWHERE = [{"x": 0.5, "y": 0.5, "color": NAVY, "radius": 1}]
PHOTO = encoded(scene(120, 80), "JPEG", quality=95)
TURNED = 6  # EXIF: the picture's left is its top
ADOBE_RGB = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


@pytest.fixture(scope="module")
def generator():
    return load_generator("builtin")


@pytest.fixture
def app(tmp_path, generator):
    return app_on(tmp_path, generator)


@pytest.fixture
def client(app):
    return client_of(app)


@pytest.fixture
def page(client):
    return upload(client, PHOTO).location


def api(page):
    return f"/api/v1{page}"


def put(client, page, hints=EVERYWHERE, **headers):
    return client.put(f"{api(page)}/hints", json={"hints": hints}, headers=headers)


def blueness(data):
    """How much more blue than red a picture has."""
    pixels = decoded(data).astype(int)
    return (pixels[..., 2] - pixels[..., 0]).mean()


def zipped(client, page):
    archive = client.post("/photos/zip", data={"id": page.rsplit("/", 1)[1]}).data
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        return members.read(members.namelist()[0])


def again(client, page):
    location = client.post(f"{page}/again", data={"render_factor": 8, "strength": 70}).location
    return client.get(f"{location}/result").data


WAYS = {
    "result": lambda client, page: client.get(f"{page}/result").data,
    "result of the API": lambda client, page: client.get(f"{api(page)}/result").data,
    "strength": lambda client, page: client.get(f"{page}/result?strength=60").data,
    "kind": lambda client, page: client.get(f"{page}/result?format=png").data,
    "preview": lambda client, page: client.get(f"{page}/result/preview").data,
    "weak preview": lambda client, page: client.get(f"{page}/result/preview?strength=60").data,
    "thumbnail": lambda client, page: client.get(f"{page}/thumbnail").data,
    "region": lambda client, page: (
        client.get(f"{page}/result/region?left=9&top=9&width=40&height=30&strength=90").data
    ),
    "region as stored": lambda client, page: (
        client.get(f"{page}/result/region?left=9&top=9&width=40&height=30").data
    ),
    "try": lambda client, page: client.get(f"{page}/sheet/builtin-9").data,
    "zip": zipped,
    "again": again,
}


def test_every_picture_follows_there_and_back(app, client, page):
    before = {name: blueness(look(client, page)) for name, look in WAYS.items()}
    assert put(client, page).status_code == 200
    for name, look in WAYS.items():
        assert blueness(look(client, page)) > before[name] + 15, name
    put(client, page, [])
    for name, look in WAYS.items():
        assert blueness(look(client, page)) == pytest.approx(before[name], abs=1), name
    put(client, page, [])
    folder = app.extensions["colorizer"].store.folder / page.rsplit("/", 1)[1]
    assert not [path.name for path in folder.iterdir() if "+" in path.name]


def test_what_came_with_hints_can_be_taken_back(client, page):
    guessed = blueness(client.get(f"{page}/result").data)
    put(client, page)
    other = client.post(f"{page}/again", data={"render_factor": 7, "strength": 100}).location
    assert client.get(f"{api(other)}/hints").json == {"version": 1, "hints": EVERYWHERE}
    put(client, other, [])
    for look in ("result", "result/preview", "thumbnail"):
        assert blueness(client.get(f"{other}/{look}").data) == pytest.approx(guessed, abs=2)
    assert blueness(client.get(f"{page}/result").data) > guessed + 15


def test_a_result_says_how_many_colours_a_person_put_right(client, page):
    hints = [*EVERYWHERE, {"x": 0.1, "y": 0.1, "color": None}, {"x": 0.9, "y": 0.9, "color": NAVY}]
    put(client, page, hints)
    assert b"colours put right by hand: 2" in client.get(f"{page}/result").data
    put(client, page, [])
    assert b"put right by hand" not in client.get(f"{page}/result").data


def test_a_correction_is_computed_once_for_all_parts(app, client, page):
    put(client, page)
    folder = app.extensions["colorizer"].store.folder / page.rsplit("/", 1)[1]

    def look(left):
        box = f"left={left}&top=9&width=40&height=30&strength=90"
        assert client.get(f"{page}/result/region?{box}").status_code == 200
        (corrected,) = folder.glob("*+*.npz")
        return corrected.stat().st_ino

    assert len({look(left) for left in (0, 9, 20)}) == 1
    damaged = next(folder.glob("*+*.npz"))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    look(30)
    assert decode_prediction(damaged.read_bytes()).hints == 1


def test_the_place_is_that_of_the_upright_photo_in_its_own_colours(client):
    exif = Image.Exif()
    exif[0x0112] = TURNED
    profile = make_profile(2.2, ADOBE_RGB)
    grey = Image.fromarray(np.full((90, 120, 3), 110, np.uint8))
    data = encoded(grey, "JPEG", quality=95, exif=exif, icc_profile=profile)
    page = upload(client, data).location
    hint = {"x": 0.2, "y": 0.8, "color": "#3050a0", "radius": 0.1}
    before = decoded(client.get(f"{page}/result/preview").data).astype(int)
    assert before.shape[:2] == (120, 90)
    put(client, page, [hint])
    after = decoded(client.get(f"{page}/result/preview").data).astype(int)
    change = np.abs(after - before).sum(axis=2)
    assert change[96, 18] > 25
    assert change[96, 72] < 5 > change[24, 18]
    shown = client.get(f"{page}/touch-up/swatches?x=0.2&y=0.8").json
    assert client.get(f"{page}/touch-up").text.count('"srgb": false') == 1
    (khaki,) = [row for row in shown if row["name"] == "khaki"]
    put(client, page, [hint | {"color": khaki["color"]}])
    seen = decoded(client.get(f"{page}/result/preview").data)[96, 18].astype(int)
    told = [int(khaki["shown"][at : at + 2], 16) for at in (1, 3, 5)]
    assert np.abs(seen - told).max() <= 6


def test_browsers_ask_again_for_what_hints_can_change(client, page):
    def cache(address):
        return client.get(f"{page}/{address}").headers["Cache-Control"]

    for version in (0, 1):
        looks = (
            "result/preview?",
            "sheet/builtin-7?",
            "result/region?left=0&top=0&width=9&height=9&",
        )
        for look in looks:
            assert "max-age" in cache(f"{look}version={version}")
            assert "no-cache" in cache(look)
            assert "no-cache" in cache(f"{look}version={version + 1}")
        assert f"version={version}" in client.get(page).text
        assert f"version={version}" in client.get(f"{page}/sheet").text
        put(client, page)
    tags = {client.get(f"{page}/{look}").headers["ETag"] for look in ("result", "thumbnail")}
    put(client, page, [])
    assert not tags & {
        client.get(f"{page}/{look}").headers["ETag"] for look in ("result", "thumbnail")
    }


BAD = {
    "no JSON": "x",
    "no object": "[]",
    "NaN": '{"hints": [{"x": NaN, "y": 0, "color": null}]}',
    "infinite": '{"hints": [{"x": Infinity, "y": 0, "color": null}]}',
    "huge": '{"hints": [{"x": 1e999, "y": 0, "color": null}]}',
    "long": '{"hints": [{"x": ' + "9" * 5000 + ', "y": 0, "color": null}]}',
    "a colour with a zero": '{"hints": [{"x": 0, "y": 0, "color": "#00000\\u0000"}]}',
    "nested": '{"hints": ' + "[" * 60_000,
    "too many": json.dumps({"hints": 65 * EVERYWHERE}),
    "too long": '{"hints": []}' + " " * 64_000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_bad_lists_are_refused_in_a_sentence_at_every_door(client, page, text):
    file = {"file": (io.BytesIO(PHOTO), "a.jpg")}
    for answer in (
        client.put(f"{api(page)}/hints", data=text),
        client.post("/api/v1/photos", data=file | {"hints": text}),
    ):
        assert answer.status_code in (400, 413)
        assert answer.json["detail"]
    for answer in (
        client.post(f"{page}/touch-up", data={"version": "0", "hints": text}),
        client.post(f"{page}/touch-up/preview", data=text, content_type="application/json"),
    ):
        assert answer.status_code in (400, 413)
    assert client.get(f"{api(page)}/hints").json == {"version": 0, "hints": []}


def test_strangers_look_and_change_nothing(app, client, page):
    put(client, page)
    stranger = app.test_client()
    here = f"{page}/touch-up"
    assert "touch-up" not in stranger.get(page).text
    for answer in (
        *(stranger.get(f"{here}{part}") for part in ("", "/guess", "/swatches?x=0&y=0")),
        stranger.post(here, data={"version": "1", "clear": "1"}),
        stranger.post(f"{here}/preview", json={"hints": []}),
        put(stranger, page, []),
    ):
        assert answer.status_code == 403
    assert stranger.get(f"{api(page)}/hints").json["version"] == 1
    assert stranger.get(f"{page}/result").data == client.get(f"{page}/result").data


def test_a_batch_takes_no_hints(client):
    text = json.dumps({"hints": EVERYWHERE})
    upload_several(client, ("a.jpg", PHOTO), ("b.jpg", PHOTO), hints=text)
    photos = client.get("/api/v1/photos").json["photos"]
    assert [photo["hints"] for photo in photos] == [0, 0]


def forms(client, page):
    """The page's forms of hints."""
    text = client.get(f"{page}/touch-up").text
    return re.findall(rf'<form[^>]*action="{page}/touch-up".*?</form>', text, re.S)


def listed(client, page):
    return re.findall(r"Hint \d+: [^<]*", client.get(f"{page}/touch-up").text)


def test_the_page_without_scripts(app):
    client = app.test_client()  # with the tokens of its forms
    sent = client.post("/api/v1/photos", data={"file": (io.BytesIO(PHOTO), "a.jpg")})
    page = sent.json["links"]["page"]

    def send(**said):
        at = -1 if {"delete", "clear"} & said.keys() else 0
        hidden = re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', forms(client, page)[at])
        return client.post(f"{page}/touch-up", data=dict(hidden) | said)

    picture = r'type="image" name="large".*?width="(\d+)" height="(\d+)"'
    width, height = map(int, re.findall(picture, forms(client, page)[0])[0])
    assert (width, height) == (640, 427)
    clicked = {"large.x": str(width // 4), "large.y": str(height // 2)}
    assert send(said="own", color="#aa3322", reach="wide", **clicked).status_code == 303
    assert send(said="guess", **{"small.x": "279", "small.y": "0"}).status_code == 303
    assert send(said=NAVY, add="1", x="30", y="78,5").status_code == 303
    assert send(said="#808080", add="1", x="0", y="100").status_code == 303
    assert listed(client, page) == [
        "Hint 1: #aa3322, at 25 % across, 50 % down",
        "Hint 2: as guessed, at 100 % across, 0 % down",
        "Hint 3: navy, at 30 % across, 78 % down",
        "Hint 4: grey, at 0 % across, 100 % down",
    ]
    hints = client.get(f"{api(page)}/hints").json["hints"]
    assert [hint["radius"] for hint in hints] == [0.5, None, None, None]
    assert "with 4 corrections" in client.get(page).text
    assert send(delete="2").status_code == 303
    assert [line[:9] for line in listed(client, page)] == ["Hint 1: #", "Hint 2: n", "Hint 3: g"]
    for wrong in ({"x": "101", "y": "0"}, {"x": "", "y": "0"}, {"x": "0", "y": "nan"}):
        answer = send(said="own", color=NAVY, add="1", **wrong)
        assert answer.status_code == 400
        assert "percent" in answer.text
    assert send(said="own", color="navy", add="1", x="1", y="1").status_code == 400
    assert send(delete="4").status_code == 400
    assert send(clear="1").status_code == 303
    assert listed(client, page) == []
    assert "correction" not in client.get(page).text


def test_of_two_windows_the_later_is_told_and_sees_what_is_there(client, page):
    first = {"version": "0", "add": "1", "said": NAVY, "x": "10", "y": "10"}
    assert client.post(f"{page}/touch-up", data=first).status_code == 303
    answer = client.post(f"{page}/touch-up", data=first | {"x": "90"})
    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert "at 10 % across" in answer.text
    assert 'name="version" value="1"' in answer.text
    script = {"version": "0", "hints": '{"hints": []}'}
    for headers in ({}, {"Accept": "application/json"}):
        assert client.post(f"{page}/touch-up", data=script, headers=headers).status_code == 409
    assert client.post(f"{page}/touch-up", data={"clear": "1"}).status_code == 400
    assert client.get(f"{api(page)}/hints").json["version"] == 1


def test_a_script_saves_a_whole_list(client, page):
    said = {"version": "0", "hints": json.dumps({"hints": EVERYWHERE})}
    answer = client.post(f"{page}/touch-up", data=said, headers={"Accept": "application/json"})
    assert answer.json == {"version": 1, "hints": EVERYWHERE}
    answer = client.post(f"{page}/touch-up", data=said | {"version": "1"})
    assert (answer.status_code, answer.location) == (303, page)


def test_what_the_script_of_the_page_asks_for(app, page, client):
    put(client, page)
    text = client.get(f"{page}/touch-up").text
    data = json.loads(re.search(r'id="touch-up-data">(.*?)</script>', text)[1])
    assert data["version"] == 1
    assert data["hints"] == EVERYWHERE
    assert (data["width"], data["height"], data["srgb"], data["most"]) == (120, 80, True, 64)
    before = client.get(data["guess_preview"]).data
    assert blueness(client.get(f"{page}/result/preview").data) > blueness(before) + 15
    assert client.get(data["luma_preview"]).data == client.get(f"{page}/original/preview").data

    guess = client.get(f"{page}/touch-up/guess")
    assert guess.mimetype == "application/octet-stream"
    assert len(guess.data) == 5 * side_of(7) ** 2
    swatches = client.get(f"{page}/touch-up/swatches?x=0.5&y=0.5").json
    assert [swatch["color"] for swatch in swatches[:2]] == [None, "#808080"]
    assert all(re.fullmatch("#[0-9a-f]{6}", swatch["shown"]) for swatch in swatches)
    assert client.get(f"{page}/touch-up/swatches?x=2&y=0").status_code == 400

    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(f"{page}/touch-up").text)[1]
    looked = {"hints": [], "strength": 100}
    assert client.post(f"{page}/touch-up/preview", json=looked).status_code == 400
    answer = client.post(f"{page}/touch-up/preview", json=looked, headers={"X-CSRFToken": token})
    assert answer.mimetype == "image/webp"
    assert blueness(answer.data) == pytest.approx(blueness(before), abs=1)
    assert client.get(f"{api(page)}/hints").json["version"] == 1
    for strength in (101, "full", True, None):
        answer = client.post(
            f"{page}/touch-up/preview",
            json=looked | {"strength": strength},
            headers={"X-CSRFToken": token},
        )
        assert answer.status_code == 400
