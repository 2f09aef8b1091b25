"""A downloader's bad days, against a real server on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from filelock import FileLock

from colorizer.errors import DownloadError, WeightsError
from colorizer.generators.download import download
from colorizer.generators.table import WEIGHTS
from colorizer.generators.verify import open_verified

CONTENT = os.urandom(3_000_000)
ROW = dataclasses.replace(
    WEIGHTS["artistic"],
    file="weights.pth",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


class Server:
    """Serves CONTENT at /good, and at other addresses does what bad servers do."""

    def __init__(self):
        self.requests = []  # path and Range of each
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append((self.path, self.headers["Range"]))
                getattr(server, self.path.split("/")[1])(self)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def row(self, *kinds):
        return dataclasses.replace(ROW, urls=tuple(f"{self.address}/{kind}/f" for kind in kinds))

    def send(self, http, body, *, length=None, ranges=True, upto=None, type="application/zip"):
        wanted = http.headers["Range"]
        start = int(wanted[6:-1]) if wanted and ranges else 0
        http.send_response(206 if start else 200)
        if start:
            http.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        http.send_header("Content-Type", type)
        http.send_header("Content-Length", str((length or len(body)) - start))
        http.end_headers()
        http.wfile.write(body[start:upto])

    def good(self, http):
        self.send(http, CONTENT)

    def cut(self, http):
        half = len(self.requests) * 1_000_000
        self.send(http, CONTENT, upto=half)

    def cut_without_ranges(self, http):
        self.send(http, CONTENT, ranges=False, upto=2_000_000 if len(self.requests) == 1 else None)

    def always_cut(self, http):
        self.send(http, CONTENT, upto=500_000)

    def says_shorter(self, http):
        self.send(http, CONTENT, length=1_000_000)

    def says_longer(self, http):
        self.send(http, CONTENT, length=len(CONTENT) + 1)

    def grows(self, http):
        http.send_response(200)  # no length: the end is where the connection ends
        http.end_headers()
        http.wfile.write(CONTENT + b"more")

    def page(self, http):
        self.send(http, b"<!doctype html><h1>Sign in</h1>", type="text/html; charset=utf-8")

    def other(self, http):
        self.send(http, bytes(len(CONTENT)))

    def gone(self, http):
        http.send_error(404)

    def answer(self, http, status, body=b"", **headers):
        http.send_response(status)
        for name, value in headers.items():
            http.send_header(name.replace("_", "-"), value)
        http.end_headers()
        http.wfile.write(body)

    def length_of_letters(self, http):
        self.answer(http, 200, b"x", Content_Length="abc")

    def negative_length(self, http):
        self.answer(http, 200, b"x", Content_Length="-5")

    def huge_length(self, http):
        self.answer(http, 200, b"x", Content_Length="9" * 18)

    def endless_length(self, http):
        self.answer(http, 200, b"x", Content_Length="9" * 5000)

    def two_lengths(self, http):
        self.answer(http, 200, b"x", Content_Length="1, 2")

    def nothing(self, http):
        self.answer(http, 200, Content_Length="0")

    def no_content(self, http):
        self.answer(http, 204)

    def range_refused(self, http):
        self.answer(http, 416, Content_Length="0")

    def no_http(self, http):
        http.wfile.write(b"220 ftp.example.org FTP server ready\r\n")

    def bad_chunks(self, http):
        self.answer(http, 200, b"zz\r\nhello", Transfer_Encoding="chunked")

    def bad_gzip(self, http):
        self.answer(http, 200, CONTENT, Content_Encoding="gzip", Content_Length=str(len(CONTENT)))

    def to_a_file(self, http):
        self.answer(http, 302, Location="file:///etc/passwd", Content_Length="0")

    def to_no_host(self, http):
        self.answer(http, 302, Location="http://[::1:99999/", Content_Length="0")

    def to_a_long_host(self, http):
        self.answer(http, 302, Location=f"http://{'a' * 70}..b/", Content_Length="0")

    def to_itself(self, http):
        self.answer(http, 302, Location=http.path, Content_Length="0")

    def other_part(self, http):
        if not http.headers["Range"]:
            return self.good(http)
        part = CONTENT[99:]
        length = str(len(part))
        self.answer(http, 206, part, Content_Length=length, Content_Range="bytes 99-/*")

    def chunked(self, http):
        self.answer(http, 200, Transfer_Encoding="chunked")
        for start in range(0, len(CONTENT), 1_000_000):
            piece = CONTENT[start : start + 1_000_000]
            http.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        http.wfile.write(b"0\r\n\r\n")

    def cut_in_a_chunk(self, http):
        if http.headers["Range"]:
            return self.good(http)
        self.answer(http, 200, b"%x\r\n" % len(CONTENT), Transfer_Encoding="chunked")
        http.wfile.write(CONTENT[:5000])

    def cut_early(self, http):
        self.send(http, CONTENT, upto=None if http.headers["Range"] else 5000)


BAD = [
    "gone",
    "page",
    "says_shorter",
    "says_longer",
    "grows",
    "other",
    "always_cut",
    "length_of_letters",
    "negative_length",
    "huge_length",
    "endless_length",
    "two_lengths",
    "nothing",
    "no_content",
    "range_refused",
    "no_http",
    "bad_chunks",
    "bad_gzip",
    "to_a_file",
    "to_no_host",
    "to_a_long_host",
    "to_itself",
]


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def test_a_file_arrives_whole_and_says_how_far_it_is(server, tmp_path):
    seen = []
    path = download(server.row("good"), tmp_path / "new", progress=lambda *p: seen.append(p))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert [p.name for p in path.parent.iterdir() if p.suffix != ".lock"] == ["weights.pth"]


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "weights.pth").write_bytes(CONTENT)
    download(server.row("good"), tmp_path)
    assert server.requests == []


def test_a_cut_connection_is_resumed_where_it_broke(server, tmp_path):
    path = download(server.row("cut"), tmp_path)
    assert path.read_bytes() == CONTENT
    starts = [int(r[6:-1]) if r else 0 for _, r in server.requests]
    assert starts == sorted(set(starts))
    assert len(starts) == 3


@pytest.mark.parametrize("kind", ["cut_early", "cut_in_a_chunk"])
def test_the_first_bytes_before_a_break_are_kept(server, tmp_path, kind):
    assert download(server.row(kind), tmp_path).read_bytes() == CONTENT
    assert server.requests == [(f"/{kind}/f", None), (f"/{kind}/f", "bytes=5000-")]


def test_another_part_than_was_asked_for_is_not_taken(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(CONTENT[:1234])
    assert download(server.row("other_part"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("/other_part/f", "bytes=1234-"), ("/other_part/f", None)]


def test_a_length_is_not_needed(server, tmp_path):
    assert download(server.row("chunked"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", ["huge_length", "endless_length", "length_of_letters", "nothing"])
def test_a_mirror_may_say_any_length_of_a_checkpoint_of_ones_own(server, tmp_path, bad):
    server.mirror = getattr(server, bad)
    path = download(
        server.row("good"), tmp_path, mirror=f"{server.address}/mirror", trusted={"0" * 64}
    )
    assert path.read_bytes() == CONTENT


def test_an_earlier_start_is_resumed(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(CONTENT[:1234])
    assert download(server.row("good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("/good/f", "bytes=1234-")]


def test_an_ignored_range_starts_over(server, tmp_path):
    path = download(server.row("cut_without_ranges"), tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"wrong" * 1000, CONTENT + b"too much", bytes(len(CONTENT))])
def test_a_spoilt_part_is_thrown_away(server, tmp_path, part):
    (tmp_path / "weights.pth.part").write_bytes(part)
    assert download(server.row("good"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", BAD)
def test_the_next_address_is_tried(server, tmp_path, bad):
    assert download(server.row(bad, "good"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", BAD)
def test_where_no_address_helps_the_message_says_what_to_do(server, tmp_path, bad):
    with pytest.raises(DownloadError) as caught:
        download(server.row(bad), tmp_path)
    for part in ("weights.pth", server.address, str(tmp_path)):
        assert part in str(caught.value)
    assert not (tmp_path / "weights.pth").exists()


def test_a_mirror_of_ones_own_comes_first_and_may_bring_a_checkpoint_of_ones_own(server, tmp_path):
    own = b"a checkpoint of another size"
    server.mirror = lambda http: server.send(http, own)
    path = download(
        server.row("good"),
        tmp_path,
        mirror=f"{server.address}/mirror/",
        trusted={hashlib.sha256(own).hexdigest()},
    )
    assert path.read_bytes() == own
    assert server.requests == [("/mirror/weights.pth", None)]


def test_two_processes_do_not_fetch_at_once(server, tmp_path):
    with FileLock(tmp_path / "weights.pth.lock"):
        second = threading.Thread(target=download, args=(server.row("good"), tmp_path))
        second.start()
        second.join(timeout=0.3)
        assert second.is_alive()
        assert server.requests == []
        (tmp_path / "weights.pth").write_bytes(CONTENT)  # the first one is done
    second.join(timeout=30)
    assert not second.is_alive()
    assert server.requests == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /dev/full")
def test_a_full_disk_is_named(server, tmp_path):
    (tmp_path / "weights.pth.part").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="No space left"):
        download(server.row("good"), tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><body>503 Service Unavailable</body></html>", "web page"),
        (CONTENT[:-1], "cut off"),
        (CONTENT + b"x", "COLORIZER_TRUST_SHA256"),
        (bytes(len(CONTENT)), "COLORIZER_TRUST_SHA256"),
    ],
)
def test_a_wrong_file_on_the_disk_is_refused_and_kept(server, tmp_path, content, says):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=says), open_verified(path, ROW):
        pass
    with pytest.raises(WeightsError, match=says):
        download(server.row("good"), tmp_path)
    assert path.read_bytes() == content


def test_a_missing_file_names_the_address_and_the_folder(tmp_path):
    with pytest.raises(WeightsError) as caught, open_verified(tmp_path / "weights.pth", ROW):
        pass
    assert ROW.urls[0] in str(caught.value)
    assert str(tmp_path) in str(caught.value)
