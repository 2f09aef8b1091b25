"""Messages between processes: photos come through as they are, and lies do not."""

from __future__ import annotations

import dataclasses
import json
import mmap
import os
import socket
import struct
import sys
import tempfile
import time

import numpy as np
import pytest

from colorizer.errors import ColorizerError, OptionError
from colorizer.pictures.photo import About, Photo

if sys.platform == "win32":
    pytest.skip("Windows passes no files on.", allow_module_level=True)

from colorizer.pictures.failures import pack_error, unpack_error
from colorizer.pictures.messages import (
    pack_photo,
    receive,
    send,
    unpack_photo,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux seals memory.")


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def send_raw(link, header, files=()):
    text = json.dumps(header).encode()
    data = [struct.pack(">I", len(text)) + text]
    socket.send_fds(link, data, list(files))


def test_a_photo_comes_through_with_all_that_is_known_of_it(ends):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 65536, (700, 5000, 4)).astype(np.uint16)  # longer than a strip
    about = About(
        icc_profile=b"profile",
        exif=b"MM",
        xmp=b"<x/>",
        xmp_extension=b"<y/>",
        iptc=b"",
        texts=(("Comment", "할머니" * 50_000), ("Title", "\ud800")),
        dpi=(300.1, 7620),
        pages=12,
        orientation=6,
    )
    photo = Photo(pixels[..., :3], pixels[::-1, :, 3], "TIFF", about, "Künstler", 3)
    plain = Photo(pixels)
    for one in dataclasses.fields(About):
        assert getattr(about, one.name) != getattr(plain.about, one.name), "say something of it"
    for one in dataclasses.fields(Photo):
        assert getattr(photo, one.name) is not getattr(plain, one.name), "say something of it"
    send(ends[0], *pack_photo(photo))
    again = unpack_photo(*receive(ends[1]), 700 * 5000)
    np.testing.assert_array_equal(again.rgb, photo.rgb)
    np.testing.assert_array_equal(again.alpha, photo.alpha)
    assert (again.kind, again.about) == ("TIFF", about)
    assert (again.generator, again.hints) == ("Künstler", 3)
    with pytest.raises(ValueError, match="size"):
        unpack_photo(*pack_photo(photo), 700 * 5000 - 1)


def test_an_error_comes_through_with_its_words():
    error = OptionError("%(a)s and %(b)d of 100%%", a="할머니", b=3)
    again = unpack_error(json.loads(json.dumps(pack_error(error))))
    assert (type(again), str(again), again.params) == (OptionError, str(error), error.params)
    missing = pack_error(FileNotFoundError(2, "No such file", "a.png"))
    assert isinstance(unpack_error(missing), FileNotFoundError)
    assert not isinstance(unpack_error(pack_error(OSError("disk full"))), ColorizerError)


@linux
def test_memory_that_has_arrived_is_not_shortened_or_written_to_any_more(ends):
    file = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.write(file, b"x" * 100_000)
    send_raw(ends[0], {"parts": [[1, 100_000]]}, [file])
    _, (part,) = receive(ends[1])
    for change in (lambda: os.ftruncate(file, 0), lambda: os.pwrite(file, b"y", 0)):
        with pytest.raises(PermissionError):
            change()
    assert part.tobytes() == b"x" * 100_000
    os.close(file)


@linux
def test_what_cannot_be_sealed_is_copied(ends):
    with tempfile.TemporaryFile() as plain:
        plain.write(b"x" * 100_000)
        plain.flush()
        writable = os.memfd_create("test", os.MFD_ALLOW_SEALING)
        os.write(writable, b"x" * 100_000)
        with mmap.mmap(writable, 100_000) as held:  # so that it can't be sealed against that
            parts = []
            for file in (plain.fileno(), writable):
                send_raw(ends[0], {"parts": [[1, 100_000]]}, [file])
                parts += receive(ends[1])[1]
            held[:1] = b"y"
        os.ftruncate(writable, 0)
        os.ftruncate(plain.fileno(), 0)
        for part in parts:
            assert part.tobytes() == b"x" * 100_000
            assert not part.flags.writeable
        os.close(writable)


@linux
@pytest.mark.parametrize(
    ("parts", "length"),
    [
        ([[1, 101]], 100),
        ([[1, 99]], 100),
        ([[2, 100]], 100),
        ([[1, 100], [1, 1]], 100),
        ([[1, -100]], 100),
        ([[1, 10.0, 10]], 100),
        ([[1, True, 100]], 100),
        ([[8, 10]], 80),
        ([[1, 5, 5, 2, 2]], 100),
        ([[1]], 1),
        ([], 1),
        ([[1, 1 << 40]], 1 << 40),
        ("parts", 100),
        (None, 100),
    ],
)
def test_wrong_shapes_are_refused(ends, parts, length):
    file = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, length)
    send_raw(ends[0], {"parts": parts}, [file])
    with pytest.raises((ValueError, KeyError, TypeError)):
        receive(ends[1], 1 << 30)
    os.close(file)


def test_files_that_are_no_memory_or_too_many_are_refused_and_closed(ends):
    before = len(os.listdir("/dev/fd"))
    read, write = os.pipe()
    with ends[0], ends[1], open(os.devnull, "rb") as null:
        for files in ([read], [null.fileno()], [read, write]):
            send_raw(ends[0], {"parts": [[1, 1]]}, files)
            with pytest.raises((ValueError, OSError)):
                receive(ends[1])
            os.set_blocking(ends[1].fileno(), True)
    os.close(read)
    os.close(write)
    assert len(os.listdir("/dev/fd")) == before - 2


def test_a_message_that_comes_too_slowly_is_not_waited_for(ends):
    ends[0].sendall(b"\0\0")
    with pytest.raises(TimeoutError):
        receive(ends[1], until=time.monotonic() + 0.01)
    ends[0].close()
    with pytest.raises(EOFError):
        receive(ends[1])
