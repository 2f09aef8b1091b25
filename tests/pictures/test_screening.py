"""What no sound file says of itself is kept from the decoders; sound files lose nothing."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from support.formats import FILES, RGB8, profile
from support.pictures import decode_photo, encoded, scene

from colorizer.errors import BrokenPictureError
from colorizer.pictures.boxes import walk_boxes
from colorizer.pictures.photo import About
from colorizer.pictures.reading import check_photo
from colorizer.pictures.screening import MOST_BYTES, bounded, screen
from colorizer.places import root

MEGABYTE = 1 << 20
WIDE = profile("wide")
JPEG, PNG = encoded(scene(), "JPEG", icc_profile=WIDE), encoded(scene(), "PNG", icc_profile=WIDE)
INFLATED = zlib.compress(b"x" * 6 * MEGABYTE, 9)


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def segment(marker, data=b""):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def box(name, body):
    return struct.pack(">I", len(body) + 8) + name + body


def items(kind, count, extents, data):
    """Give an HEIC or AVIF file further items, each of the same bytes several times."""
    file = FILES[kind][0]
    start = file.index(b"meta") - 4
    inner = dict(walk_boxes(memoryview(dict(walk_boxes(memoryview(file)))[b"meta"][4:])))
    place = len(file) + 8
    numbers = range(10, 10 + count)
    entry = b"\0\0\0\0" * (kind == "HEIC")  # a base, which that file's locations have
    further = b"".join(
        struct.pack(">HH", number, 0)
        + entry
        + struct.pack(">H", extents)
        + struct.pack(">II", place, len(data)) * extents
        for number in numbers
    )
    names = b"".join(
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + b"Exif\0") for number in numbers
    )
    described = b"".join(box(b"cdsc", struct.pack(">HHH", number, 1, 1)) for number in numbers)
    inner[b"iloc"] = (
        bytes(inner[b"iloc"][:6])
        + struct.pack(">H", 1 + count)
        + bytes(inner[b"iloc"][8:])
        + further
    )
    inner[b"iinf"] = b"\0\0\0\0" + struct.pack(">H", 1 + count) + bytes(inner[b"iinf"][6:]) + names
    inner[b"iref"] = b"\0\0\0\0" + described
    meta = box(b"meta", b"\0\0\0\0" + b"".join(box(n, bytes(b)) for n, b in inner.items()))
    old = file[:start] + file[start:].replace(b"meta", b"free", 1)
    return old + box(b"free", data) + meta


EXIF = b"\0\0\0\0MM\0*\0\0\0\x08" + bytes(MEGABYTE)
HUNGRY = {
    "PNG iTXt": PNG[:33] + chunk(b"iTXt", b"a\0\1\0\0\0" + INFLATED) * 80 + PNG[33:],
    "PNG zTXt": PNG[:33] + chunk(b"zTXt", b"a\0\0" + INFLATED) * 80 + PNG[33:],
    "PNG zTXt at its end": PNG[:-12] + chunk(b"zTXt", b"a\0\0" + INFLATED) * 80 + PNG[-12:],
    "PNG iCCP": PNG[:33] + chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(9 * MEGABYTE))) + PNG[33:],
    "PNG tEXt": PNG[:33] + chunk(b"tEXt", b"a\0" + bytes(99)) * 150_000 + PNG[33:],
    "JPEG, empty": JPEG[:2] + segment(0xE1) * 3 * MEGABYTE + JPEG[2:],
    "JPEG, disordered": JPEG[:2]
    + (b"\xff\x01" + segment(0xE1) * 99 + b"?" + segment(0xE1) * 99) * 30_000
    + JPEG[2:],
    "JPEG, fillers": JPEG[:2] + b"\xff" * 9 * MEGABYTE + JPEG[2:],
    "JPEG, long": JPEG[:2] + segment(0xE1, bytes(60_000)) * 300 + JPEG[2:],
    "JPEG 2000": FILES["JPEG 2000"][0][:32] + b"\0\0\0\4" * 3 * MEGABYTE,
    "JPEG 2000, empty": FILES["JPEG 2000"][0][:32] + b"\0\0\0\x08free" * 2 * MEGABYTE,
    "HEIC": items("HEIC", 150, 1, EXIF),
    "HEIC, parts": items("HEIC", 10, 20, EXIF),
    "AVIF": items("AVIF", 150, 1, EXIF),
    "PNM, comment": b"P5\n#" + b"a" * 9 * MEGABYTE + b"\n1 1 255\n0",
    "PNM, blanks": b"P5" + b" " * 9 * MEGABYTE + b"1 1 255\n0",
}

CHECKED = """
import sys
from pathlib import Path
import cv2, pi_heif
from colorizer.errors import BrokenPictureError
from colorizer.pictures.reading import check_photo

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

good, *hungry = map(Path, sys.argv[1:])
check_photo(good)  # so that all code is loaded
Path("/proc/self/clear_refs").write_text("5")
before = peak()
try:
    check_photo(hungry[0])
except BrokenPictureError:
    pass
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="A process's peak memory, from Linux's /proc.")
@pytest.mark.parametrize("name", HUNGRY)
def test_a_small_file_takes_no_more_memory_than_a_few_times_its_bytes(name, tmp_path):
    good, hungry = tmp_path / "good", tmp_path / "hungry"
    good.write_bytes(FILES["PNG RGB"][0])
    hungry.write_bytes(HUNGRY[name])
    done = subprocess.run(
        [sys.executable, "-c", CHECKED, good, hungry],
        cwd=root(),
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert int(done.stdout) < 3 * len(HUNGRY[name]) + 4 * MOST_BYTES


@pytest.mark.parametrize("name", [name for name in HUNGRY if name.startswith("PNG")])
def test_what_is_too_much_is_left_out_and_the_picture_stays(name):
    photo = decode_photo(HUNGRY[name])
    np.testing.assert_array_equal(photo.rgb, decode_photo(PNG).rgb)
    assert photo.about.xmp is None
    assert photo.about.icc_profile == (None if name == "PNG iCCP" else WIDE)


def test_a_jpeg_with_too_much_of_everything_keeps_its_picture():
    photo = decode_photo(HUNGRY["JPEG, long"])
    np.testing.assert_array_equal(photo.rgb, decode_photo(JPEG).rgb)
    assert photo.about.icc_profile == WIDE


@pytest.mark.parametrize("name", ["JPEG, empty", "JPEG 2000", "HEIC", "AVIF", "PNM, comment"])
def test_what_no_program_writes_is_refused(name):
    with pytest.raises(BrokenPictureError):
        check_photo(io.BytesIO(HUNGRY[name]))


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_a_sound_file_is_too_much(name):
    data, kind, *_ = FILES[name]
    assert screen(io.BytesIO(data), kind) is None


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_items_that_share_nothing_may_be_many(kind):
    photo = decode_photo(items(kind, 5, 1, EXIF[:100]))
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() <= 3
    assert photo.about.exif is not None


def test_a_png_keeps_text_that_fits():
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>" + b" " * 99_999))
    photo = decode_photo(PNG[:33] + text + chunk(b"zTXt", b"a\0\0" + INFLATED) + PNG[33:])
    assert photo.about.xmp == b"<x/>" + b" " * 99_999


def test_a_profile_stays_where_the_rest_is_too_much():
    about = About(icc_profile=WIDE, exif=bytes(MOST_BYTES), xmp=b"<x/>", dpi=(300, 300))
    assert bounded(about) == About(icc_profile=WIDE, dpi=(300, 300))
    small = About(exif=b"MM", xmp=b"<x/>", texts=(("Title", "a"), ("Comment", "b")))
    assert bounded(small) == small
    texts = (("Title", "a"), ("Comment", "b" * MOST_BYTES))
    assert bounded(About(texts=texts)) == About(texts=texts[:1])


@pytest.mark.parametrize("size", [2, 7, 0x80000001])
def test_a_box_that_is_shorter_than_its_head_is_damage(size):
    head = struct.pack(">I", 1) if size == 0x80000001 else struct.pack(">I", size)
    with pytest.raises(ValueError, match="shorter"):
        list(walk_boxes(memoryview(head + b"free" + struct.pack(">Q", 15) + bytes(99))))
