"""Forms with files: what is found where in a body."""

from __future__ import annotations

import io
import threading

import pytest
from support.client import PHOTO, client_of
from urllib3.filepost import encode_multipart_formdata
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from colorizer.errors import TooLargeError
from colorizer.web.multipart import CHUNK, FormParser, Part

KIND = "multipart/form-data"


def parsed(body, boundary="limit", **limits):
    parser = FormParser(**({"max_form_memory_size": 1000, "max_form_parts": 10} | limits))
    parser.body = io.BytesIO(body)
    _, form, files = parser.parse(io.BytesIO(), KIND, len(body), {"boundary": boundary})
    return form, files


def encoded_form(*fields):
    body, _ = encode_multipart_formdata(fields, "limit")
    return body


def test_fields_and_files_are_found_in_their_order():
    data = bytes(range(256)) * 20
    form, files = parsed(
        encoded_form(
            ("model", "stäble"),
            ("file", ("할머니.png", data, "image/png")),
            ("file", ("empty", b"")),
            ("strength", "100"),
            ("file", ("last", b"\r\n--limi\r\n--\r")),
        )
    )
    assert form.to_dict() == {"model": "stäble", "strength": "100"}
    found = files.getlist("file")
    assert [file.filename for file in found] == ["할머니.png", "empty", "last"]
    assert [file.read() for file in found] == [data, b"", b"\r\n--limi\r\n--\r"]
    assert found[0].mimetype == "image/png"


@pytest.mark.parametrize("data", [b"\r\n--limi", b"\r\n--limit", b"\r\n--limit-", b"\r", b"\n--"])
def test_what_looks_like_a_boundary_where_the_parser_s_pieces_meet_is_data(data):
    empty = encoded_form(("a", ("a", b"")))
    before = empty.index(b"\r\n\r\n") + 4
    for beyond in range(len(data) + 1):
        content = bytes(CHUNK - before - len(data) + beyond) + data + b"x" + bytes(10)
        _, files = parsed(encoded_form(("a", ("a", content)), ("b", ("b", b"second"))))
        assert files["a"].read() == content
        assert files["b"].read() == b"second"
    content = data + b"x"
    for place in range(-9, 2):  # the data itself begins where they meet
        filler = bytes(CHUNK - 2 * before - 13 + place)
        _, files = parsed(encoded_form(("a", ("a", filler)), ("b", ("b", content))))
        assert files["b"].read() == content


def test_parts_are_read_at_the_same_time_each_in_its_own_place():
    part = Part(io.BytesIO(b"0123456789"), threading.Lock(), 2, 5)
    assert part.read(2) == b"23"
    assert part.read() == b"456"
    assert part.seek(-1, io.SEEK_END) == 4
    assert part.read(10) == b"6"
    assert part.read(10) == b""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("할머니.jpg".encode("cp949"), "할머니.jpg"),
        ("Großmutter.jpg".encode("latin-1"), "Großmutter.jpg"),
        ("祖母.jpg".encode(), "祖母.jpg"),
    ],
)
def test_names_of_any_encoding_are_taken(client, name, says):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n--b--\r\n'
    )
    answer = client.post(
        "/api/v1/photos", data=body % (name, PHOTO), content_type=f"{KIND}; boundary=b"
    )
    assert answer.status_code == 201
    assert answer.json["name"] == says


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        encoded_form(("file", ("a", b"x")))[:-4],
        b"--limit\r\nContent-Type: text/plain\r\n\r\nx\r\n--limit--\r\n",
        b"--limit\r\nContent-Disposition: form-data\r\n\r\nx\r\n--limit--\r\n",
        b"--limit\r\nX" * 100,
        b"--limit\r\n" + b"x: y\r\n" * 100,
    ],
)
def test_what_is_no_form_is_refused(app, body):
    with pytest.raises(BadRequest):
        parsed(body)
    client = client_of(app)
    answer = client.post("/api/v1/photos", data=body, content_type=f"{KIND}; boundary=limit")
    assert answer.status_code == 400


@pytest.mark.parametrize("boundary", ["", "x" * 300, "한"])
def test_no_form_has_such_a_boundary(boundary):
    with pytest.raises(BadRequest):
        parsed(encoded_form(("a", "b")), boundary)


def test_there_may_be_only_so_much_text_and_so_many_files():
    with pytest.raises(RequestEntityTooLarge):
        parsed(encoded_form(*[("a", "x" * 300)] * 4))
    with pytest.raises(RequestEntityTooLarge):
        parsed(encoded_form(*[("a", "x")] * 11))
    with pytest.raises(TooLargeError, match="more than 10 photos"):
        parsed(encoded_form(*[("a", ("a", b"x"))] * 11))
