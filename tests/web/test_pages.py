from __future__ import annotations

import io
import re

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.app import leftovers
from support.pictures import decoded, encoded, scene

PHOTO = encoded(scene(), "JPEG", quality=95)


def upload(client, data=PHOTO, name="할머니 1938.jpg", **options):
    return client.post("/", data={"file": (io.BytesIO(data), name)} | options)


def test_a_photo_goes_in_grey_and_comes_out_in_colour(client):
    answer = upload(client)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "할머니 1938.jpg" in page.text
    assert "DeOldify Artistic" in page.text

    original = client.get(f"{answer.location}/original")
    assert original.data == PHOTO
    result = client.get(f"{answer.location}/result")
    assert result.mimetype == "image/jpeg"
    before, after = decoded(PHOTO).astype(int), decoded(result.data).astype(int)
    assert after.shape == before.shape
    assert np.ptp(after[..., 0] - after[..., 2]) > 10
    assert np.abs((after - before) @ [0.299, 0.587, 0.114]).mean() < 2  # the luma stays

    download = client.get(f"{answer.location}/result?download=1")
    assert "attachment" in download.headers["Content-Disposition"]
    assert "1938-colorized.jpg" in download.headers["Content-Disposition"]


def test_trying_again_keeps_the_first_result_and_the_wishes(client):
    first = upload(client, render_factor="7", strength="40").location
    again = client.post(f"{first}/again", data={"render_factor": "8", "strength": "0"})
    assert again.status_code == 303
    assert again.location != first
    assert client.get(first).status_code == 200
    # Strength 0 gives the photo's own pixels, to the precision of JPEG.
    pixels = decoded(client.get(f"{again.location}/result").data).astype(int)
    assert np.abs(pixels - decoded(PHOTO)).max() <= 4


def test_deleting_is_at_once_and_whole(app, client):
    page = upload(client).location
    assert client.post(f"{page}/delete").status_code == 303
    for address in (page, f"{page}/original", f"{page}/result"):
        assert client.get(address).status_code == 404
    assert leftovers(app) == []


def test_everybody_sees_their_own_photos(app, client):
    page = upload(client).location
    assert page in client.get("/photos").text
    assert page not in app.test_client().get("/photos").text


@pytest.mark.parametrize(
    ("data", "options", "status", "says"),
    [
        (b"", {}, 415, "empty"),
        (b"Dear grandmother,", {}, 415, "not a picture"),
        (PHOTO[: len(PHOTO) // 2], {}, 422, "cut off"),
        (PHOTO, {"render_factor": "99"}, 400, "from 7 to 45"),
        (PHOTO, {"render_factor": "detailed"}, 400, "from 7 to 45"),
        (PHOTO, {"strength": "-1"}, 400, "from 0 to 100"),
        (PHOTO, {"model": "../../etc"}, 400, "no generator"),
        (PHOTO, {"model": "stable"}, 503, "weights download stable"),
        (PHOTO, {"format": "bmp"}, 400, "format"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(app, client, data, options, status, says):
    answer = upload(client, data, **options)
    assert answer.status_code == status
    assert says in answer.text
    assert "Traceback" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert leftovers(app) == []


def test_a_form_without_a_file_is_said(client):
    for data in ({}, {"photo": (io.BytesIO(PHOTO), "a.jpg")}, {"file": "text"}):
        answer = client.post("/", data=data)
        assert answer.status_code == 400
        assert "choose one first" in answer.text


def test_limits_are_kept_before_decoding(make_app):
    app = make_app(max_upload_mb=1, max_megapixels=1)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert upload(client, encoded(scene(1100, 1000))).status_code == 413
    # Just above the limit of a file, and above that of the whole request.
    for size, says in ((1_050_000, "larger than 1 MB"), (16_500_000, "more than 16 MB")):
        answer = upload(client, PHOTO + bytes(size))
        assert answer.status_code == 413
        assert says in answer.text
    assert leftovers(app) == []


def test_short_memory_takes_a_smaller_render_factor_and_says_so(app, client, monkeypatch):
    generator = app.extensions["colorizer"].runtime.models["artistic"].generator
    predict = generator.predict_chroma

    def short_of_memory(luma):
        if luma.shape[0] > 16 * 10:
            raise MemoryError
        return predict(luma)

    monkeypatch.setattr(generator, "predict_chroma", short_of_memory)
    page = client.get(upload(client, render_factor="18").location).text
    assert re.search(r"memory", page, re.IGNORECASE)

    def out_of_memory(luma):
        raise MemoryError

    monkeypatch.setattr(generator, "predict_chroma", out_of_memory)
    answer = upload(client)
    assert answer.status_code == 503
    assert "memory" in answer.text


def test_a_bug_gives_a_page_without_a_trace(app, client, monkeypatch):
    app.testing = False
    monkeypatch.setattr("colorizer.jobs.photo.read_photo", lambda *_: 1 / 0)
    answer = upload(client)
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "The log says" in answer.text
    assert leftovers(app) == []


def test_without_a_generator_nothing_is_coloured_and_the_page_says_why(app, client):
    status = app.extensions["colorizer"].runtime.models["artistic"]
    status.generator, status.state = None, "downloading"
    status.bytes_done, status.bytes_total = 51_000_000, 255_144_681
    home = client.get("/").text
    assert "51" in home
    assert "255" in home
    answer = upload(client)
    assert answer.status_code == 503
    assert "still being downloaded" in answer.text
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_a_form_from_elsewhere_is_refused(app):
    client = app.test_client()
    answer = upload(client)
    assert answer.status_code == 400
    assert "Reload it" in answer.text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").text)[1]
    assert upload(client, csrf_token=token).status_code == 303


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


def test_the_page_shows_the_strength_asked_for(client):
    page = upload(client, strength="60").location
    assert "result/preview?strength=60" in client.get(page).text
    assert "result/preview?strength=30" in client.get(f"{page}?strength=30").text
    assert client.get(f"{page}?strength=101").status_code == 400


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", ""]
)
def test_no_form_leads_to_another_host(client, address):
    answer = client.post("/language", data={"language": "ko", "next": address})
    assert answer.location == "/"


def test_unknown_addresses_get_a_page(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "<html" in answer.text
    assert client.get("/photos/x/delete").status_code == 405


def test_a_token_shuts_everything_but_the_log_in(make_app):
    app = make_app(token="open-sesame")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for address in ("/", "/photos", "/photos/x/result", "/api/v1/photos", "/api/v1/openapi.json"):
        assert client.get(address).status_code in (303, 401)
    assert upload(client).location.startswith("/login")
    assert client.post("/login", data={"token": "wrong"}).status_code == 401
    assert client.post("/login?next=/photos", data={"token": "open-sesame"}).location == "/photos"
    assert client.get("/").status_code == 200
    bearer = {"Authorization": "Bearer open-sesame"}
    assert app.test_client().get("/api/v1/photos", headers=bearer).status_code == 200
    wrong = {"Authorization": "Bearer wrong"}
    assert app.test_client().get("/api/v1/photos", headers=wrong).status_code == 401


def test_metrics_count(client):
    upload(client)
    upload(client, b"text")
    figures = client.get("/metrics").text
    assert 'colorizer_photo_seconds_count{model="artistic"} 1.0' in figures
    assert 'colorizer_photos_refused_total{error="NotAPictureError"} 1.0' in figures
    assert "colorizer_photos_in_progress 0.0" in figures
    assert 'colorizer_model_ready{model="artistic"} 1.0' in figures


def test_what_browsers_do_not_show_has_previews_and_keeps_its_sixteen_bits(client):
    pixels = np.asarray(scene()).astype(np.uint16) * 257
    first = tiff_pages(pixels, pixels)
    page = upload(client, first, "scan.tif", strength="0").location
    result = client.get(f"{page}/result")
    assert result.mimetype == "image/tiff"
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(result.data)), pixels)
    shown = client.get(page).text
    assert "2 pictures" in shown
    for of in ("original", "result"):
        assert f"{page}/{of}/preview" in shown
        preview = client.get(f"{page}/{of}/preview")
        assert preview.mimetype == "image/webp"
        assert decoded(preview.data).shape == (64, 96, 3)
    assert f"{page}/thumbnail" in client.get("/photos").text
    assert decoded(client.get(f"{page}/thumbnail").data).shape == (64, 96, 3)


def tiff_pages(*pages):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for page in pages:
            writer.write(page, photometric="rgb")
    return buffer.getvalue()


@pytest.mark.parametrize("format_", ["jpeg", "png", "tiff", "webp", "avif"])
def test_a_result_can_have_another_format(client, format_):
    page = upload(client, format=format_).location
    result = client.get(f"{page}/result?download=1")
    assert result.mimetype == f"image/{format_}"
    assert Image.open(io.BytesIO(result.data)).format == format_.upper()
    suffix = {"jpeg": "jpg", "tiff": "tif"}.get(format_, format_)
    assert f"1938-colorized.{suffix}" in result.headers["Content-Disposition"]


def test_a_large_photo_has_small_previews_and_shows_its_parts_at_full_size(client):
    photo = scene(2600, 1300)
    page = upload(client, encoded(photo)).location
    assert decoded(client.get(f"{page}/original/preview").data).shape == (1000, 2000, 3)
    assert decoded(client.get(f"{page}/thumbnail").data).shape == (240, 480, 3)
    box = {"left": 2300, "top": 200, "width": 400, "height": 100}
    part = decoded(client.get(f"{page}/original/region", query_string=box).data)
    whole = np.asarray(photo)[200:300, 2300:]
    assert part.shape == whole.shape  # as far as there is one
    assert np.abs(part.astype(int) - whole).mean() < 3
    coloured = decoded(client.get(f"{page}/result").data)[200:300, 2300:]
    for strength in (100, 50):
        query = box | {"strength": strength}
        part = decoded(client.get(f"{page}/result/region", query_string=query).data)
        blend = whole + strength / 100 * (coloured.astype(float) - whole)
        assert np.abs(part - blend).mean() < 4
    for wrong in ({"left": 2600}, {"width": 2049}, {"top": "x"}, {"height": 0}):
        answer = client.get(f"{page}/original/region", query_string=box | wrong)
        assert answer.status_code == 400


def test_a_result_is_given_at_another_strength_without_the_generator(app, client, monkeypatch):
    page = upload(client, encoded(scene()), "a.png", strength="40").location
    generator = app.extensions["colorizer"].runtime.models["artistic"].generator
    monkeypatch.setattr(generator, "predict_chroma", lambda luma: 1 / 0)
    results = {}
    for strength in (0, 40, 70, 100):
        answer = client.get(f"{page}/result?strength={strength}&format=png&download=1")
        assert answer.mimetype == "image/png"
        assert "1938" not in answer.headers["Content-Disposition"]
        results[strength] = decoded(answer.data).astype(float)
        preview = decoded(client.get(f"{page}/result/preview?strength={strength}").data)
        assert np.abs(preview - results[strength]).mean() < 4  # lossy WebP of the same
    before, full = np.asarray(scene()), results[100]
    np.testing.assert_array_equal(results[0], before)
    for strength in (40, 70):
        blend = before + strength / 100 * (full - before)
        assert np.abs(results[strength] - blend).max() < 1.5
    assert client.get(f"{page}/result?strength=40").data == client.get(f"{page}/result").data
    assert client.get(f"{page}/result?format=tiff").mimetype == "image/tiff"
    for wrong in ("strength=101", "format=bmp"):
        assert client.get(f"{page}/result?{wrong}").status_code == 400
    assert "strength=70" in client.get(f"{page}?strength=70").text
    assert client.get(f"{page}?strength=x").status_code == 400


def test_what_a_sheet_shows_is_kept_without_another_run(app, client, monkeypatch):
    page = upload(client, encoded(scene())).location
    sheet = client.get(f"{page}/sheet").text
    pictures = re.findall(r'src="([^"]*/sheet/artistic-\d+)"', sheet)
    assert [int(address.rpartition("-")[2]) for address in pictures] == [7, 10, 20, 30, 40]
    shown = decoded(client.get(pictures[1]).data)
    generator = app.extensions["colorizer"].runtime.models["artistic"].generator
    monkeypatch.setattr(generator, "predict_chroma", lambda luma: 1 / 0)
    assert (decoded(client.get(pictures[1]).data) == shown).all()
    kept = client.post(f"{page}/again", data={"model": "artistic", "render_factor": "10"}).location
    result = decoded(client.get(f"{kept}/result?format=png").data)
    assert np.abs(result.astype(int) - shown).mean() < 4  # lossy WebP of the same
    assert client.get(f"{page}/sheet/artistic-99").status_code == 400
    assert client.get(f"{page}/sheet/stable-10").status_code == 503
    assert client.get(f"{page}/sheet/nobody-10").status_code == 400
