"""Pictures in child processes: the same as in this one, whatever becomes of a child."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.children import needs_proc, seconds_of, wait_for
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

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such children.")


@pytest.fixture
def pool():
    with PicturePool() as pool:
        yield pool


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

    def __init__(self, children, patience=10.0, work=None):
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
def test_a_crash_is_one_picture_s_and_nobody_else_s(number, error, words, caplog, children):
    with Busy(children) as busy:
        outcome = busy.send(number)
        assert isinstance(outcome, error)
        assert words in str(outcome)
        assert len(caplog.records) == 1
        own = read_photo(io.BytesIO(LARGE))
        assert_same(busy.pool.read_photo(io.BytesIO(LARGE)), own)
        ((other, _),) = children().items()
        assert other != busy.child


@needs_proc
def test_what_hangs_is_given_up(children):
    with Busy(children, patience=0.4) as busy:
        outcome = busy.send(signal.SIGSTOP)
        assert isinstance(outcome, BrokenPictureError)
        assert "took far longer" in str(outcome)
        assert busy.child not in children()
        assert busy.pool.check_photo(io.BytesIO(LARGE)) == "PNG"


@needs_proc
def test_a_crash_while_a_result_is_written_is_said_and_leaves_the_next(tmp_path, children):
    photo = Photo(NOISE[:400, :500])
    path = tmp_path / "result"
    with Busy(children, work=lambda pool: pool.write_photo(photo, path, "AVIF")) as busy:
        outcome = busy.send(signal.SIGSEGV)
        assert isinstance(outcome, BrokenPictureError)
        assert "can't be written" in str(outcome)
        busy.pool.write_photo(photo, path, "PNG")
    np.testing.assert_array_equal(read_photo(path).rgb, photo.rgb)


def two_idle(pool, children):
    """Have two processes of a pool idle, and list them."""
    pool.start()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(pool.read_photo, [io.BytesIO(LARGE) for _ in range(8)]))
    pool.shrink()
    assert len(children()) == 2
    return children()


@needs_proc
def test_a_child_that_dies_while_idle_is_replaced_quietly(pool, caplog, children):
    jpeg = FILES["JPEG"][0]
    for _ in range(2):
        before = two_idle(pool, children)
        for child in before:
            os.kill(child, signal.SIGKILL)
        assert pool.check_photo(io.BytesIO(jpeg)) == pool.check_photo(io.BytesIO(jpeg)) == "JPEG"
        assert not before.keys() & children().keys()
    assert not caplog.records


@needs_proc
def test_extra_children_end_when_there_is_nothing_to_do(children):
    descriptors = len(os.listdir("/proc/self/fd"))
    with PicturePool(2, 4) as pool:
        two_idle(pool, children)
    assert children() == {}
    assert len(os.listdir("/proc/self/fd")) == descriptors


@needs_proc
def test_children_stay_while_there_is_something_to_do(pool, children):
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(pool.read_photo, [io.BytesIO(SLOW) for _ in range(3)]))
        before = children()
        assert len(before) == 3
        list(threads.map(pool.check_photo, [io.BytesIO(LARGE) for _ in range(30)]))
    assert children().keys() == before.keys()
    pool.shrink()
    assert len(children()) == 2


@needs_proc
def test_a_pool_that_is_forgotten_ends_its_children(children):
    pool = PicturePool()
    two_idle(pool, children)
    del pool
    gc.collect()
    assert children() == {}


@needs_proc
def test_a_closed_pool_still_finishes_what_comes(pool, children):
    pool.start()
    pool.close()
    assert children() == {}
    assert pool.check_photo(io.BytesIO(LARGE)) == "PNG"
    assert children() == {}


def test_a_child_that_cannot_be_started_is_an_error_of_the_system(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with PicturePool() as pool, pytest.raises(OSError, match="can't be started"):
        pool.check_photo(io.BytesIO(LARGE))
