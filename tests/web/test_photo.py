"""The page of one photo, its sheet and its files."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.app import app_on, leftovers
from support.client import PHOTO, Acting, client_of, upload
from support.pictures import decoded, encoded, scene


@pytest.fixture
def runs():
    """The squares that a generator has seen."""
    return []


@pytest.fixture
def counted_client(tmp_path, artistic, runs):
    """A client of an app whose generator tells of each of its runs."""

    def predict_chroma(luma):
        runs.append(luma)
        return artistic.predict_chroma(luma)

    return client_of(app_on(tmp_path, Acting(artistic, predict_chroma)))


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


def test_the_page_shows_the_strength_asked_for(client):
    page = upload(client, strength="60").location
    assert "result/preview?strength=60" in client.get(page).text
    assert "result/preview?strength=30" in client.get(f"{page}?strength=30").text
    assert client.get(f"{page}?strength=101").status_code == 400


@pytest.mark.parametrize(
    "file", ["original", "result", "result?strength=40", "result?format=png", "thumbnail"]
)
def test_a_file_is_sent_in_parts_and_not_twice(client, file):
    address = f"{upload(client).location}/{file}"
    whole = client.get(address)
    assert whole.headers["Accept-Ranges"] == "bytes"
    length = len(whole.data)

    part = client.get(address, headers={"Range": "bytes=100-"})  # of a download that broke off
    assert part.status_code == 206
    assert part.data == whole.data[100:]
    assert part.headers["Content-Range"] == f"bytes 100-{length - 1}/{length}"
    for tag, data in ((whole.headers["ETag"], whole.data[1:3]), ('"other"', whole.data)):
        asked = {"Range": "bytes=1-2", "If-Range": tag}
        assert client.get(address, headers=asked).data == data

    for header, name in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
        same = client.get(address, headers={name: whole.headers[header]})
        assert (same.status_code, same.data) == (304, b"")

    beyond = client.get(address, headers={"Range": f"bytes={length}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{length}"


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


def test_a_result_is_given_at_another_strength_without_the_generator(counted_client, runs):
    client = counted_client
    page = upload(client, encoded(scene()), "a.png", strength="40").location
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
    assert len(runs) == 1


def test_what_a_sheet_shows_is_kept_without_another_run(counted_client, runs):
    client = counted_client
    page = upload(client, encoded(scene())).location
    sheet = client.get(f"{page}/sheet").text
    pictures = re.findall(r'src="([^"]*/sheet/artistic-\d+)\?version=0"', sheet)
    assert [int(address.rpartition("-")[2]) for address in pictures] == [7, 10, 20, 30, 40]
    shown = decoded(client.get(pictures[1]).data)
    assert len(runs) == 2
    assert (decoded(client.get(pictures[1]).data) == shown).all()
    kept = client.post(f"{page}/again", data={"model": "artistic", "render_factor": "10"}).location
    result = decoded(client.get(f"{kept}/result?format=png").data)
    assert np.abs(result.astype(int) - shown).mean() < 4  # lossy WebP of the same
    assert len(runs) == 2
    assert client.get(f"{page}/sheet/artistic-99").status_code == 400
    assert client.get(f"{page}/sheet/stable-10").status_code == 503
    assert client.get(f"{page}/sheet/nobody-10").status_code == 400


def test_a_long_name_is_cut_to_what_a_disk_takes(client):
    page = upload(client, name="가" * 150 + ".jpg").location
    for address, ending in (("original", ".jpg"), ("result?download=1", "-colorized.jpg")):
        header = client.get(f"{page}/{address}").headers["Content-Disposition"]
        name = unquote(header.rpartition("''")[2])
        assert name.endswith(f"가{ending}")
        assert 250 < len(name.encode()) <= 255
