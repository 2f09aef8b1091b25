"""A child process for pictures: what it may do, what it imports, and that it isn't believed."""

from __future__ import annotations

import io
import signal
import subprocess
import sys

import pytest
from support.children import PROC, alive, needs_proc, seconds_of, wait_for
from support.formats import FILES
from support.pictures import encoded, scene

from colorizer.errors import BrokenPictureError, MemoryShortError
from colorizer.pictures.pool import PicturePool
from colorizer.places import root

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such children.")
PHOTO = encoded(scene())


@pytest.fixture
def pool():
    with PicturePool(1, 1) as pool:
        yield pool


def hungry():
    """Make a small JPEG with millions of empty segments, which its decoder keeps, between scans."""
    data = FILES["JPEG progressive"][0]
    first = data.index(b"\xff\xda")
    place = data.rindex(b"\xff\xc4", first, data.index(b"\xff\xda", first + 2))
    return data[:place] + b"\xff\xe1\0\2" * (12 << 20) + data[place:]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux limits a process's memory.")
def test_who_asks_for_more_memory_than_a_sound_picture_gets_none(pool):
    assert pool.check_photo(io.BytesIO(hungry())) == "JPEG"
    with pytest.raises((BrokenPictureError, MemoryShortError)) as refused:
        pool.read_photo(io.BytesIO(hungry()))
    assert "cut off or damaged" not in str(refused.value)
    assert pool.check_photo(io.BytesIO(PHOTO)) == "PNG"


@needs_proc
def test_a_child_has_limits_and_no_more_than_pictures_need(pool, children):
    pool.check_photo(io.BytesIO(PHOTO))
    ((child, _),) = children().items()
    lines = (PROC / str(child) / "limits").read_text().splitlines()
    limits = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert limits["Max core file size"] == "0"
    assert int(limits["Max open files"]) < 100
    assert int(limits["Max cpu time"]) < 20
    assert int(limits["Max address space"]) < 2 << 30


def test_a_child_imports_what_pictures_need_and_no_more():
    script = "import sys, colorizer.pictures.worker; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root(), check=True, capture_output=True, text=True
    )
    modules = set(done.stdout.split())
    assert "numpy" in modules
    for package in ("torch", "flask", "cv2", "pi_heif", "click", "requests", "sqlite3"):
        assert package not in modules
    rooms = {name.split(".")[1] for name in modules if name.startswith("colorizer.")}
    assert rooms == {"errors", "pictures", "process", "version"}


PARENT = """
import os, sys
from pathlib import Path
import numpy as np
from colorizer.pictures.photo import Photo
from colorizer.pictures.pool import PicturePool

noise = np.random.default_rng(0).integers(0, 65536, (1000, 1500, 3)).astype(np.uint16)
pool = PicturePool(1)
pool.start()
own = f"/proc/{os.getpid()}/task"
print(*(open(f"{own}/{task}/children").read() for task in os.listdir(own)), flush=True)
pool.write_photo(Photo(noise), Path(sys.argv[1]), "AVIF")  # which takes many seconds
"""


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent_in_the_middle_of_its_work(number, tmp_path):
    result = tmp_path / "result.avif"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, result], cwd=root(), stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        wait_for(lambda: seconds_of(child) > 1)
        parent.send_signal(number)
    wait_for(lambda: not alive(child))
    assert not result.exists() or not result.stat().st_size


LIAR = """
import os, socket, sys
import numpy as np
sys.path.insert(0, {root!r})
from colorizer.pictures.messages import pack_photo, receive, send
from colorizer.pictures.photo import About, Photo

link = socket.socket(fileno=int(sys.argv[1]))
photo = Photo(np.zeros((40, 61, 3), np.uint8))
header, parts = pack_photo(photo)
while True:
    receive(link)
    send(link, {{"begun": True}})
    send(link, {{"opened": "PNG", "megapixels": 0.00244}})
    {lie}
"""
LIES = {
    "a size": "send(link, header, [np.zeros((40_000, 6_000, 3), np.uint8)])",
    "a side": "send(link, header, [np.zeros((1, 66_000, 3), np.uint8)])",
    "no pixels": "send(link, header)",
    "two of them": "send(link, header, parts * 2)",
    "pages of bytes": 'send(link, header | {"metadata": ["pages"]}, parts * 2)',
    "a kind": 'send(link, header | {"photo": {"kind": "SVG"}}, parts)',
    "a word": 'send(link, header | {"photo": {"kind": "PNG", "generator": 3}}, parts)',
    "alpha": 'send(link, header | {"alpha": True}, [*parts, np.zeros((40, 60), np.uint8)])',
    "resolution": 'header["about"]["dpi"] = [1e999, 1]; send(link, header, parts)',
    "an error": 'send(link, {"error": "SystemExit", "message": "0", "params": {}})',
    "a long text": 'send(link, {"error": "OptionError", "message": "%(a)9d", "params": {"a": 1}})',
    "a word that is missing": 'send(link, {"error": "OptionError", "message": "%(a)s"})',
    "no JSON": 'link.sendall(b"\\0\\0\\0\\x01{")',
    "a number": 'link.sendall(b"\\0\\0\\0\\x011")',
    "an endless header": 'link.sendall(b"\\xff" * 99)',
    "nothing": "os._exit(0)",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_lies_is_not_believed(lie, tmp_path, monkeypatch):
    script, python = tmp_path / "liar.py", tmp_path / "python"
    script.write_text(LIAR.format(root=str(root()), lie=LIES[lie]))
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{script}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with PicturePool(1, 1) as pool, pytest.raises(BrokenPictureError, match="program that opens"):
        pool.read_photo(io.BytesIO(FILES["PNG RGB"][0]))
