"""Slow and stalled clients of the app as a process: nobody else notices them."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import sys
import zipfile
from contextlib import ExitStack
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image
from support.client import PHOTO
from support.http import END, PART, answer_of, header, upload_header
from support.pictures import encoded
from support.process import serving

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
SHORT = {"header": 1, "body": 1, "reader": 1, "silence": 1}


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    folder = tmp_path_factory.mktemp("impatient")
    os.mkfifo(folder / "pipe")
    with serving(folder / "uploads", patience=SHORT, pipe=folder / "pipe", max_waiting=0) as server:
        server.wait_until(server.is_of_use)
        server.pipe = folder / "pipe"
        answer = server.post(encoded(Image.new("RGB", (3000, 3000)), "BMP"), model="builtin")
        server.original = urlsplit(answer.json()["links"]["original"]).path
        yield server


def test_half_a_header_is_waited_for_so_long(impatient):
    with impatient.connect(HALF_A_HEADER) as client:
        answer = answer_of(client)
        assert answer.status == 408
        assert "too long" in answer.text
        assert client.recv(1) == b""
    with impatient.connect() as silent:
        assert silent.recv(1) == b""


def test_an_idle_connection_ends(impatient):
    with impatient.connect(header("GET", "/healthz")) as client:
        assert answer_of(client).status == 200
        assert client.recv(1) == b""


def test_a_body_that_stops_is_waited_for_so_long(impatient):
    with impatient.connect(upload_header(10_000), PART) as client:
        answer = answer_of(client)
        assert answer.status == 408
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert client.recv(1) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is open")
@pytest.mark.parametrize("lines", [(), ("Range: bytes=1-",)])
def test_a_reader_that_takes_nothing_is_waited_for_so_long(impatient, lines):
    before, copies = impatient.unnamed_files(), set()

    def is_closed():
        closed = not any("original" in name for name in impatient.files())
        copies.update(impatient.unnamed_files())
        return closed

    with impatient.connect(header("GET", impatient.original, *lines)) as client:
        assert client.recv(12) == (b"HTTP/1.1 206" if lines else b"HTTP/1.1 200")
        impatient.wait_until(is_closed)
    assert copies == set(before)  # it was sent from where it is stored


def test_signs_of_life_and_photos_need_no_thread_of_pages(impatient):
    with ExitStack() as stack:
        ask = header("GET", "/slow")
        clients = [stack.enter_context(impatient.connect(ask)) for _ in range(30)]
        assert requests.get(f"{impatient.address}/healthz", timeout=30).ok
        assert requests.get(f"{impatient.address}/readyz", timeout=30).ok
        assert impatient.post(PHOTO).status_code == 201
        with impatient.pipe.open("wb", buffering=0) as pipe:
            pipe.write(bytes(30))
            for client in clients:
                assert answer_of(client).text == "done"


@pytest.mark.parametrize("page", ["/slow", "/later"])
def test_who_is_to_come_later_is_not_told_so_at_once(tmp_path, page):
    os.mkfifo(tmp_path / "pipe")
    with serving(tmp_path / "uploads", patience={"later": 3600}, pipe=tmp_path / "pipe") as server:
        server.wait_until(server.is_of_use)
        with server.connect(header("GET", page)) as client:
            with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
                pipe.write(b"x")
            for _ in range(3):  # Nobody else waits for that, and the answer has the time to come.
                assert requests.get(f"{server.address}/healthz", timeout=30).ok
            if page == "/slow":
                assert answer_of(client).text == "done"
            else:
                client.setblocking(False)
                with pytest.raises(BlockingIOError):
                    client.recv(1)
                server.process.send_signal(signal.SIGTERM)
                assert server.process.wait(timeout=60) == 0  # nor does the end


def test_requests_that_come_together_are_answered_one_by_one(impatient):
    ask = header("GET", impatient.original, "Range: bytes=1-")
    with impatient.connect(100 * ask) as client:
        assert client.recv(12) == b"HTTP/1.1 206"
        assert sum("original" in name for name in impatient.files()) <= 1
    last = header("GET", "/healthz", "Connection: close")
    upload = upload_header(6) + b"--b--\n"
    with impatient.connect(2 * header("GET", "/healthz") + upload + last) as client:
        data = client.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+)", data) == [b"200", b"200", b"400", b"200"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit, of Linux")
def test_one_too_many_takes_the_place_of_who_waits_longest(tmp_path):
    import resource

    with serving(tmp_path / "uploads", descriptors=140) as server:
        server.wait_until(server.is_of_use)
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(server.connect(HALF_A_HEADER))
            upload = stack.enter_context(
                server.connect(upload_header(len(PART + b"x" + END)), PART)
            )
            slow = [stack.enter_context(server.connect(HALF_A_HEADER)) for _ in range(60)]
            assert requests.get(server.address, timeout=30).ok
            slow[-1].sendall(b"x\r\n\r\n")
            assert answer_of(slow[-1]).status == 200
            upload.sendall(b"x" + END)
            assert answer_of(upload).status == 415
        few = len(server.files()) + 5
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (few, 140))
        with ExitStack() as stack:
            for _ in range(40):  # there are no descriptors for so many
                stack.enter_context(server.connect(HALF_A_HEADER))
            assert requests.get(f"{server.address}/healthz", timeout=30).ok


def test_the_end_comes_though_clients_are_slow(impatient_of_none):
    server = impatient_of_none
    with ExitStack() as stack:
        stack.enter_context(server.connect(HALF_A_HEADER))
        stack.enter_context(server.connect(upload_header(10_000), PART))
        reader = stack.enter_context(server.connect(header("GET", server.original)))
        assert reader.recv(12) == b"HTTP/1.1 200"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0


@pytest.fixture
def impatient_of_none(tmp_path):
    with serving(tmp_path / "uploads") as server:
        server.wait_until(server.is_of_use)
        answer = server.post(encoded(Image.new("RGB", (3000, 3000)), "BMP"), model="builtin")
        server.original = urlsplit(answer.json()["links"]["original"]).path
        yield server


def test_a_zip_outlives_its_photos_and_its_readers_hold_no_thread(tmp_path):
    with serving(tmp_path / "uploads", max_waiting=0) as server:
        server.wait_until(server.is_of_use)
        photo = encoded(Image.effect_noise((2500, 2500), 100), "BMP")
        session = requests.Session()
        session.get(server.address, timeout=30)
        page = session.get(server.address, timeout=30).text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        files = [("file", (f"{number}.bmp", photo)) for number in range(2)]
        form = {"csrf_token": token, "model": "builtin"}
        batch = session.post(server.address, files=files, data=form, timeout=120).url
        ask = header("GET", urlsplit(batch).path + "/zip")
        before = server.unnamed_files() if sys.platform == "linux" else []
        with ExitStack() as stack:
            readers = [stack.enter_context(server.connect(ask)) for _ in range(30)]
            for reader in readers:
                assert reader.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
            assert requests.get(f"{server.address}/api/v1/models", timeout=30).ok
            if sys.platform == "linux":
                assert server.unnamed_files() == before
            for folder in server.photos():
                address = f"{server.address}/api/v1/photos/{folder.name}"
                assert session.delete(address, timeout=30).status_code == 204
            answer = HTTPResponse(readers[0])
            answer.begin()
            with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
                assert archive.testzip() is None
                assert len(archive.namelist()) == 2
        server.wait_until(lambda: not list(server.uploads.glob(".incoming/*/*")))
