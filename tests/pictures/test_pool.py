"""Pictures in child processes: the same as in this one, whatever becomes of a child."""

from __future__ import annotations

import gc
import io
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.formats import (
    FILES,
    JP2_LOSSLESS,
    RGB8,
    RGBA8,
    RGBA16,
    exif_bytes,
    opencv,
    profile,
    tiff,
)
from support.pictures import encoded, scene

from colorizer.errors import (
    BrokenPictureError,
    ColorizerError,
    MemoryShortError,
    TooLargeError,
)
from colorizer.pictures.photo import About, Photo
from colorizer.pictures.pool import PicturePool
from colorizer.pictures.profiles import convert, is_srgb, srgb_profile
from colorizer.pictures.reading import read_photo
from colorizer.pictures.writing import preview_photo, write_photo
from colorizer.places import root

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such children.")
PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not PROC.exists(), reason="Looks at processes in Linux's /proc.")


@pytest.fixture
def pool():
    with PicturePool() as pool:
        yield pool


def children():
    """List the processes for pictures that this one has started, by what Linux tells of them."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if int(status[1]) == os.getpid() and (b"pictures.worker" in command or status[0] == "Z"):
            found[int(folder.name)] = status[0]
    return found


def wait_for(check, seconds=60):
    """Wait until something holds, and return it."""
    give_up_at = time.monotonic() + seconds
    pause = threading.Event()
    while not (result := check()):
        assert time.monotonic() < give_up_at, "waited in vain"
        pause.wait(0.005)
    return result


def assert_same(one, other):
    assert (one.kind, one.about, one.generator) == (other.kind, other.about, other.generator)
    assert one.rgb.dtype == other.rgb.dtype
    np.testing.assert_array_equal(one.rgb, other.rgb)
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None:
        assert one.alpha.dtype == other.alpha.dtype
        np.testing.assert_array_equal(one.alpha, other.alpha)


def test_every_kind_is_what_it_is_in_this_process(pool, tmp_path):
    for name, (data, kind, *_) in FILES.items():
        path = tmp_path / name.replace("/", "-")
        path.write_bytes(data)
        assert pool.check_photo(path) == kind
        for box in (None, (7, 5, 20, 30)):
            own = read_photo(path, box=box)
            for source in (path, io.BytesIO(data)):
                photo = pool.read_photo(source, box=box)
                assert_same(photo, own)
                # A grey photo takes one plane here as there.
                assert (photo.rgb.strides[2] == 0) == (own.rgb.strides[2] == 0)
                assert not photo.rgb.flags.writeable


def test_what_is_written_is_what_it_is_in_this_process(pool, tmp_path):
    about = About(icc_profile=profile("wide"), exif=exif_bytes(), dpi=(300.5, 200.25), pages=3)
    grey = np.broadcast_to(RGB8[..., :1], RGB8.shape)
    photos = [
        Photo(RGB8, about=about, generator="Somebody"),
        Photo(RGBA8[..., :3], RGBA8[..., 3]),
        Photo(RGBA16[..., :3], RGBA16[..., 3], "TIFF", about),
        Photo(grey, kind="TIFF"),
    ]
    for photo in photos:
        for kind in ("JPEG", "PNG", "TIFF", "WEBP", None):
            own, path, file = io.BytesIO(), tmp_path / "photo", io.BytesIO()
            write_photo(photo, own, kind, keep_gps=True)
            pool.write_photo(photo, path, kind, keep_gps=True)
            pool.write_photo(photo, file, kind, keep_gps=True)
            assert_same(read_photo(path), read_photo(io.BytesIO(own.getvalue())))
            if kind != "TIFF" and photo.kind != "TIFF":
                assert path.read_bytes() == file.getvalue() == own.getvalue()
            path.unlink()
        assert pool.preview_photo(photo, 45) == preview_photo(photo, 45)


def test_profiles_are_what_they_are_in_this_process(pool):
    wide, ramp = profile("wide"), np.arange(7 * 5 * 3, dtype=np.uint16).reshape(5, 7, 3) * 600
    for one in (None, srgb_profile(), wide):
        assert pool.is_srgb(one) == is_srgb(one) == (one is not wide)
    for to_srgb in (True, False):
        own = convert(ramp, wide, to_srgb=to_srgb)
        np.testing.assert_array_equal(pool.convert(ramp, wide, to_srgb=to_srgb), own)


def test_errors_are_those_of_this_process(pool, tmp_path):
    jpeg = FILES["JPEG"][0]
    large = tiff(np.zeros((1100, 1000), np.uint8))
    for data, options in (
        (b"", {}),
        (b"Dear grandmother,", {}),
        (jpeg[:300], {}),
        (large, {"max_megapixels": 1}),
        (jpeg, {"box": (61, 0, 5, 5)}),
        (tiff(RGB8.astype(np.float32)), {}),
    ):
        with pytest.raises(ColorizerError) as own:
            read_photo(io.BytesIO(data), **options)
        with pytest.raises(type(own.value)) as theirs:
            pool.read_photo(io.BytesIO(data), **options)
        assert str(theirs.value) == str(own.value)
        assert (theirs.value.message, theirs.value.params) == (own.value.message, own.value.params)
    with pytest.raises(FileNotFoundError) as missing:
        pool.check_photo(tmp_path / "absent")
    assert missing.value.filename == str(tmp_path / "absent")
    with pytest.raises(OSError, match="absent"):
        pool.write_photo(Photo(RGB8), tmp_path / "absent" / "photo", "PNG")
    with pytest.raises(TooLargeError, match="16383"):
        pool.write_photo(Photo(np.zeros((2, 17000, 3), np.uint8)), io.BytesIO(), "WEBP")


def test_twenty_photos_at_once_are_right_and_unmixed(pool):
    files = [encoded(scene(200 + 7 * seed, 150, seed, colour=True)) for seed in range(20)]
    with ThreadPoolExecutor(8) as threads:
        kinds = threads.map(pool.check_photo, map(io.BytesIO, files))
        photos = threads.map(pool.read_photo, map(io.BytesIO, files))
        for data, kind, photo in zip(files, kinds, photos, strict=True):
            assert kind == "PNG"
            assert_same(photo, read_photo(io.BytesIO(data)))


LARGE = encoded(scene(1500, 1000, colour=True), compress_level=1)
# JPEG 2000 takes a second for a megapixel of noise.
NOISE = np.random.default_rng(0).integers(0, 65536, (1000, 1500, 3)).astype(np.uint16)
SLOW = opencv(NOISE, ".jp2", *JP2_LOSSLESS)


class Busy:
    """A pool of one process, which is at work on a slow picture."""

    def __init__(self, patience=10.0, work=None):
        self.pool = PicturePool(1, 1, patience)
        self.pool.read_photo(io.BytesIO(FILES["PNG RGB"][0]))  # so that the process is there
        ((self.child, _),) = children().items()
        self.work = work or (lambda pool: pool.read_photo(io.BytesIO(SLOW)))

    def send(self, number):
        """Send the process a signal as soon as it has begun, and return what comes of the work."""
        before = seconds_of(self.child)
        with ThreadPoolExecutor(1) as thread:
            outcome = thread.submit(self.work, self.pool)
            wait_for(lambda: seconds_of(self.child) > before + 0.01 or outcome.done())
            os.kill(self.child, number)
            return outcome.exception()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.close()


@needs_proc
@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (signal.SIGSEGV, BrokenPictureError, "made the program that opens it fail"),
        (signal.SIGABRT, BrokenPictureError, "made the program that opens it fail"),
        (signal.SIGXCPU, BrokenPictureError, "took far longer"),
        (signal.SIGKILL, MemoryShortError, "not enough memory"),
    ],
)
def test_a_crash_is_one_picture_s_and_nobody_else_s(number, error, words, caplog):
    with Busy() as busy:
        outcome = busy.send(number)
        assert isinstance(outcome, error)
        assert words in str(outcome)
        assert len(caplog.records) == 1
        own = read_photo(io.BytesIO(LARGE))
        assert_same(busy.pool.read_photo(io.BytesIO(LARGE)), own)
        ((other, _),) = children().items()
        assert other != busy.child


@needs_proc
def test_what_hangs_is_given_up():
    with Busy(patience=0.4) as busy:
        outcome = busy.send(signal.SIGSTOP)
        assert isinstance(outcome, BrokenPictureError)
        assert "took far longer" in str(outcome)
        assert busy.child not in children()
        assert busy.pool.check_photo(io.BytesIO(LARGE)) == "PNG"


@needs_proc
def test_a_crash_while_a_result_is_written_is_said_and_leaves_the_next(tmp_path):
    photo = Photo(NOISE[:400, :500])
    path = tmp_path / "result"
    with Busy(work=lambda pool: pool.write_photo(photo, path, "AVIF")) as busy:
        outcome = busy.send(signal.SIGSEGV)
        assert isinstance(outcome, BrokenPictureError)
        assert "can't be written" in str(outcome)
        busy.pool.write_photo(photo, path, "PNG")
    np.testing.assert_array_equal(read_photo(path).rgb, photo.rgb)


def two_idle(pool):
    """Have two processes of a pool idle, and list them."""
    pool.start()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(pool.read_photo, [io.BytesIO(LARGE) for _ in range(8)]))
    assert len(children()) == 2
    return children()


@needs_proc
def test_a_child_that_dies_while_idle_is_replaced_quietly(pool, caplog):
    jpeg = FILES["JPEG"][0]
    for _ in range(2):
        before = two_idle(pool)
        for child in before:
            os.kill(child, signal.SIGKILL)
        assert pool.check_photo(io.BytesIO(jpeg)) == pool.check_photo(io.BytesIO(jpeg)) == "JPEG"
        assert not before.keys() & children().keys()
    assert not caplog.records


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
    assert pool.check_photo(io.BytesIO(LARGE)) == "PNG"


@needs_proc
def test_a_child_has_limits_and_no_more_than_pictures_need(pool):
    pool.check_photo(io.BytesIO(LARGE))
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


@needs_proc
def test_extra_children_end_when_there_is_nothing_to_do():
    descriptors = len(os.listdir("/proc/self/fd"))
    with PicturePool(2, 4) as pool:
        two_idle(pool)
    assert children() == {}
    assert len(os.listdir("/proc/self/fd")) == descriptors


@needs_proc
def test_a_pool_that_is_forgotten_ends_its_children():
    pool = PicturePool()
    two_idle(pool)
    del pool
    gc.collect()
    assert children() == {}


@needs_proc
def test_a_closed_pool_still_finishes_what_comes(pool):
    pool.start()
    pool.close()
    assert children() == {}
    assert pool.check_photo(io.BytesIO(LARGE)) == "PNG"
    assert children() == {}


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


def seconds_of(process):
    """Return how long a process has been at work, in all its threads."""
    status = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK")


def alive(pid):
    """Tell whether a process runs; whose parent has died may leave it a zombie for a while."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
    "a kind": 'send(link, header | {"kind": "SVG"}, parts)',
    "a word": 'send(link, header | {"generator": 3}, parts)',
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


def test_a_child_that_cannot_be_started_is_an_error_of_the_system(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with PicturePool() as pool, pytest.raises(OSError, match="can't be started"):
        pool.check_photo(io.BytesIO(LARGE))
