"""What the app as a process takes in of a request, from whom, and where it is put meanwhile."""

from __future__ import annotations

import json
import sys

import pytest
import requests
from support.client import PHOTO
from support.http import END, PART, answer_of, header, upload_header
from support.process import serving

TOKEN = "open sesame, but longer".replace(" ", "-")
KNOWN = f"Authorization: Bearer {TOKEN}"
LARGE = 100_000_000


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    folder = tmp_path_factory.mktemp("private")
    with serving(folder / "uploads", patience={}, token=TOKEN) as server:
        server.wait_until(server.is_of_use)
        yield server


@pytest.mark.parametrize(
    ("path", "status"), [("/", 303), ("/api/v1/photos", 401), ("/nowhere", 303)]
)
def test_nothing_of_a_stranger_is_taken_in(private, path, status):
    before = private.unnamed_files() if sys.platform == "linux" else []
    with private.connect(upload_header(LARGE, path)) as client:
        assert client.recv(12) == f"HTTP/1.1 {status}".encode()
        client.sendall(PART + bytes(2_000_000))
        if sys.platform == "linux":
            assert private.unnamed_files() == before


def test_a_stranger_who_sends_all_the_same_sees_the_answer(private):
    files = {"file": ("a.png", bytes(20_000_000))}
    answer = requests.post(f"{private.address}/api/v1/photos", files=files, timeout=60)
    assert answer.status_code == 401
    chunks = iter([bytes(1_000_000)] * 20)
    answer = requests.post(f"{private.address}/api/v1/photos", data=chunks, timeout=60)
    assert answer.status_code == 401


def test_who_asks_first_is_told_first(private):
    lines = ["Expect: 100-continue"]
    with private.connect(upload_header(LARGE, "/api/v1/photos", *lines)) as client:
        assert client.recv(12) == b"HTTP/1.1 401"
    with private.connect(upload_header(LARGE, "/api/v1/photos", KNOWN, *lines)) as client:
        assert client.recv(12) == b"HTTP/1.1 100"
    with private.connect(header("GET", "/healthz", *lines)) as client:
        assert client.recv(12) == b"HTTP/1.1 200"


def test_the_cookie_of_who_logged_in_is_known(private):
    session = requests.Session()
    page = session.get(f"{private.address}/login", timeout=30).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"csrf_token": token, "token": TOKEN}
    assert session.post(f"{private.address}/login", data=form, timeout=30).ok
    files = {"file": ("a.jpg", PHOTO)}
    answer = session.post(f"{private.address}/api/v1/photos", files=files, timeout=120)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "length", "words"),
    [
        ("POST", "/api/v1/photos", 3_000_000_000, "2049 MB"),
        ("POST", "/", 3_000_000_000, "2049 MB"),
        ("POST", "/photos/zip", 2_000_000, "more text"),
        ("DELETE", "/api/v1/photos/x", 2_000_000, "more text"),
        ("POST", "/login", 100_000, "more text"),
    ],
)
def test_too_much_is_refused_at_once_and_in_words(private, method, path, length, words):
    kind = "Content-Type: multipart/form-data; boundary=b"
    with private.connect(header(method, path, kind, f"Content-Length: {length}", KNOWN)) as client:
        answer = answer_of(client)
    assert answer.status == 413
    assert words in answer.text
    assert ("problem+json" in answer.headers["Content-Type"]) == path.startswith("/api")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_without_files_may_not_be_as_large(private):
    kind = "Content-Type: application/x-www-form-urlencoded"
    with private.connect(header("POST", "/", kind, f"Content-Length: {LARGE}", KNOWN)) as client:
        assert answer_of(client).status == 413


def test_who_sends_too_much_to_its_end_sees_the_answer(private):
    address = f"{private.address}/photos/zip"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    assert session.post(address, data=bytes(30_000_000), timeout=60).status_code == 413
    chunks = iter([bytes(100_000)] * 100)
    assert session.post(address, data=chunks, timeout=60).status_code == 413


def test_a_body_may_come_in_chunks(private):
    lines = [
        "Content-Type: multipart/form-data; boundary=b",
        "Transfer-Encoding: chunked",
        KNOWN,
    ]
    with private.connect(header("POST", "/api/v1/photos", *lines)) as client:
        for piece in (PART, PHOTO[:1000], PHOTO[1000:], END):
            client.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        client.sendall(b"0\r\n\r\n")
        assert answer_of(client).status == 201


@pytest.mark.parametrize(
    "body", [b"1\r\nx\r\n" * 5000, b"1" + b"0" * 10_000, b"0\r\n" + b"x: y\r\n" * 3000]
)
def test_chunks_that_are_mostly_framing_are_refused(private, body):
    lines = ["Transfer-Encoding: chunked", KNOWN]
    with private.connect(header("POST", "/photos/zip", *lines), body) as client:
        assert answer_of(client).status == 400


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is open")
def test_a_body_lies_once_and_beside_the_photos(private):
    before = private.unnamed_files()
    data = PART + bytes(1_000_000)
    with private.connect(upload_header(LARGE, "/", KNOWN), data):
        private.wait_until(lambda: private.unnamed_files() != before)
        (name,) = set(private.unnamed_files()) - set(before)
        assert name.startswith(str(private.uploads / ".incoming"))
    private.wait_until(lambda: private.unnamed_files() == before)


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit, of Linux")
def test_what_cannot_be_written_down_is_said_and_answers_come_all_the_same(private):
    import resource

    everything = resource.prlimit(private.process.pid, resource.RLIMIT_FSIZE)
    try:
        resource.prlimit(private.process.pid, resource.RLIMIT_FSIZE, (200_000, everything[1]))
        with private.connect(upload_header(LARGE, "/api/v1/photos", KNOWN), PART) as client:
            client.sendall(bytes(1_000_000))
            answer = answer_of(client)
            assert answer.status == 503
            assert "take in nothing more" in answer.text
        with private.connect(header("GET", "/large", KNOWN)) as client:
            assert answer_of(client).text == 3_000_000 * "x"
    finally:
        resource.prlimit(private.process.pid, resource.RLIMIT_FSIZE, everything)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET {} HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET {} HTTP/1.1\r\nX: " + 70_000 * b"x", 431),
        (b"POST {} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST {} HTTP/1.1\r\nContent-Length: " + 5000 * b"9" + b"\r\n\r\n", 400),
        (b"POST {} HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET {} HTTP/1.1\r\nHost: http://[\r\n\r\n", None),
        (b"\r\n\r\n", 400),
        (b"GET http://[/ HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_answered_in_words(private, data, status):
    for path in (b"/api/v1/photos", b"/"):
        with private.connect(data.replace(b"{}", path)) as client:
            answer = answer_of(client)
        assert answer.status == status if status else answer.status < 500
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in answer.headers
        if path != b"/" and b"{}" in data and status:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert json.loads(answer.text)["status"] == status
        assert "waitress" not in answer.text
