"""Files of every kind are read as they are; bad ones are refused."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import pyvips
from PIL import Image
from support.formats import FILES, GREY8, GREY16, RGB8, as_rgb, tiff
from support.pictures import decode_photo, encode_photo, encoded, scene

from colorizer.errors import (
    BrokenPictureError,
    MemoryShortError,
    NotAPictureError,
    OptionError,
    TooLargeError,
)
from colorizer.pictures.formats import FORMATS
from colorizer.pictures.reading import check_photo, read_photo
from colorizer.pictures.writing import preview_photo
from colorizer.places import root

ORIENTATION, CAMERA, GPS = 0x0112, 0x0110, 0x8825


@pytest.mark.parametrize("name", FILES)
def test_every_kind_is_read_as_it_is_and_gives_its_own_kind(name):
    data, kind, pixels, tolerance = FILES[name]
    photo = decode_photo(data)
    assert photo.kind == kind
    assert photo.rgb.dtype == pixels.dtype
    level = 257 if pixels.dtype == np.uint16 else 1
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    assert (photo.alpha is not None) == has_alpha
    if has_alpha:
        difference = np.abs(photo.alpha.astype(int) - pixels[..., 3])
        assert difference.mean() <= tolerance * level
    assert np.abs(photo.rgb.astype(int) - as_rgb(pixels)).mean() <= tolerance * level

    again = decode_photo(encode_photo(photo))
    assert again.kind == FORMATS[kind].result
    assert (again.width, again.height) == (photo.width, photo.height)
    assert (again.alpha is not None) == (has_alpha and again.kind != "JPEG")
    if again.kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(again.rgb, photo.rgb)
        if has_alpha:
            np.testing.assert_array_equal(again.alpha, photo.alpha)
    if again.kind == "AVIF" and photo.rgb.dtype == np.uint16:
        assert again.rgb.dtype == np.uint16


def test_interlaced_png():
    # Pillow and OpenCV write none: Adam7 by hand, each pass filtered by nothing.

    raw = b""
    for y, x, dy, dx in (
        *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)),
        *((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
    ):
        raw += b"".join(b"\0" + row.tobytes() for row in GREY8[y::dy, x::dx])
    header = struct.pack(">IIBBBBB", 61, 40, 8, 0, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks
    )
    np.testing.assert_array_equal(decode_photo(data).rgb, as_rgb(GREY8))


def test_ycck_jpeg():
    """An Adobe marker with transform 2 says YCCK: as libjpeg writes it from CMYK, by hand."""
    ycck = Image.fromarray(RGB8).convert("YCbCr")
    no_ink = Image.new("L", ycck.size, 0)
    data = encoded(Image.merge("CMYK", [*ycck.split(), no_ink]), "JPEG", quality=98)
    # Pillow has inverted what it calls CMYK: inverted back, Y, Cb, Cr and a K without ink remain.
    adobe = data.index(b"Adobe")
    data = data[: adobe + 11] + b"\x02" + data[adobe + 12 :]
    photo = decode_photo(data)
    grey = photo.rgb.astype(int) @ [0.299, 0.587, 0.114]
    assert photo.rgb.shape == RGB8.shape
    assert np.corrcoef(grey.ravel(), (RGB8 @ [0.299, 0.587, 0.114]).ravel())[0, 1] ** 2 > 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_picture_of_one_pixel_or_one_row(size):
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"):
        level = np.full(size[::-1], 255 if mode == "1" else 90, np.uint8)
        if mode == "I;16":
            image = Image.fromarray(level.astype(np.uint16) * 257)
        else:
            image = Image.fromarray(level).convert(mode)
        kinds = ("TIFF", "JPEG", "WEBP", "AVIF", "GIF", "JPEG2000", "BMP", "PPM", "PNG")
        for kind in ("TIFF", "PNG") if mode == "I;16" else kinds:
            try:
                data = encoded(image, kind)
            except (OSError, ValueError):  # There is no such file.
                continue
            photo = decode_photo(data)
            assert (photo.width, photo.height) == size
            white = np.iinfo(photo.rgb.dtype).max
            assert np.abs(photo.rgb / white * 255 - level.max()).max() <= 3
        for result in ("PNG", "TIFF", "JPEG", "WEBP", "AVIF"):
            again = decode_photo(encode_photo(photo, result))
            assert (again.width, again.height) == size
        assert preview_photo(photo)


@pytest.mark.parametrize("dtype", [np.float32, np.uint32])
def test_pixels_that_are_not_coloured_are_refused_clearly(dtype):
    with pytest.raises(NotAPictureError, match="8 or 16 bits"):
        decode_photo(tiff(GREY16.astype(dtype)))


def test_of_several_pages_the_first_is_read():
    first, second = Image.fromarray(RGB8), Image.new("RGB", (10, 10))
    for kind in ("TIFF", "GIF", "WEBP"):
        data = encoded(first, kind, save_all=True, append_images=[second.resize(first.size)])
        photo = decode_photo(data)
        assert photo.about.pages == 2
        assert np.abs(photo.rgb.astype(int) - RGB8).mean() < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_kind_is_turned_upright_and_says_so(kind, orientation):
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = Image.fromarray(RGB8)
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, "Box Brownie"
    exif.get_ifd(GPS)[1] = "N"
    lossless = {"lossless": True} if kind == "WEBP" else {}
    photo = decode_photo(encoded(stored, kind, exif=exif, **lossless))
    assert photo.rgb.shape == RGB8.shape
    assert np.abs(photo.rgb.astype(int) - RGB8).mean() <= (8 if kind == "JPEG" else 0)
    again = encode_photo(photo)
    assert np.abs(decode_photo(again).rgb.astype(int) - RGB8).mean() <= (
        8 if kind in ("JPEG", "WEBP") else 0
    )
    kept = Image.open(io.BytesIO(again)).getexif()
    assert kept[ORIENTATION] == 1
    assert kept[CAMERA] == "Box Brownie"
    assert GPS not in kept


# Within the picture, whichever way it lies; at its corner; reaching over its edges.
PARTS = [(20, 30, 40, 50), (0, 0, 1, 1), (90, 70, 500, 500), (-10, -20, 30, 100)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_part_is_a_part_of_the_upright_whole(kind, orientation, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "photo"
    image = scene(150, 110, colour=True)
    path.write_bytes(encoded(image, kind, exif=exif))
    whole = read_photo(path)
    for left, top, width, height in PARTS:
        expected = whole.rgb[max(0, top) : top + height, max(0, left) : left + width]
        for source in (path, io.BytesIO(path.read_bytes())):
            part = read_photo(source, box=(left, top, width, height))
            np.testing.assert_array_equal(part.rgb, expected)
            assert part.about == whole.about


@pytest.mark.parametrize("name", FILES)
def test_a_part_of_every_kind(name):
    whole = decode_photo(FILES[name][0])
    part = read_photo(io.BytesIO(FILES[name][0]), box=(7, 5, 20, 30))
    np.testing.assert_array_equal(part.rgb, whole.rgb[5:35, 7:27])
    if whole.alpha is not None:
        np.testing.assert_array_equal(part.alpha, whole.alpha[5:35, 7:27])
    assert part.rgb.dtype == whole.rgb.dtype


@pytest.mark.parametrize("box", [(61, 0, 5, 5), (0, 40, 5, 5), (-5, 0, 5, 5), (3, 3, 0, 5)])
def test_a_part_outside_of_the_picture_is_refused(box):
    with pytest.raises(OptionError, match="no such part"):
        read_photo(io.BytesIO(FILES["JPEG"][0]), box=box)


SMALL_PART = """
import sys
from pathlib import Path
import pyvips
from colorizer.pictures.reading import read_photo

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

large, small = map(Path, sys.argv[1:])
read_photo(small, box=(0, 0, 9, 9))  # so that all code is loaded
before = peak()
photo = read_photo(large, box=(2000, 100, 500, 400))
print(photo.rgb.shape[1], photo.rgb.shape[0], peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="A process's peak memory, from Linux's /proc.")
def test_a_small_part_of_a_large_picture_takes_little_memory(tmp_path):
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    pyvips.Image.black(8000, 5000, bands=3).pngsave(os.fspath(large), compression=1)
    small.write_bytes(FILES["PNG RGB"][0])
    answer = subprocess.run(
        [sys.executable, "-c", SMALL_PART, large, small],
        cwd=root(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    width, height, taken = map(int, answer.stdout.split())
    assert (width, height) == (500, 400)
    assert taken < 8000 * 5000 * 3 / 4


def bomb(width, height):
    """Make a PNG of few bytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAPictureError),
        (b"Dear grandmother,", NotAPictureError),
        (b"GIF89a" + bytes(99), BrokenPictureError),
        (b"%!PS-Adobe-3.0 EPSF-3.0", NotAPictureError),
        (bomb(40_000, 40_000), TooLargeError),
        (bomb(65_536, 1), TooLargeError),
        (bomb(15, 9_999_999), TooLargeError),
        (b"\xff\xd8\xff\xe0", BrokenPictureError),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), BrokenPictureError),
    ],
)
def test_a_bad_file_is_refused_before_it_is_decoded(data, error):
    with pytest.raises(error):
        check_photo(io.BytesIO(data))


SMALL = {name: row[0] for name, row in FILES.items() if len(row[0]) < 40_000}


@pytest.mark.parametrize("name", SMALL)
def test_a_broken_file_gives_an_error_or_a_picture(name):
    good = SMALL[name]
    random = np.random.default_rng(len(good))
    broken = [good[:length] for length in np.linspace(1, len(good) - 1, 12).astype(int)]
    for flips in (1, 1, 4, 16):
        for span in (min(200, len(good)), len(good)):  # headers are hit as often as pixels
            bad = bytearray(good)
            for place in random.integers(0, span, flips):
                bad[place] = random.integers(256)
            broken.append(bytes(bad))
    for data in broken:
        try:
            photo = read_photo(io.BytesIO(data), max_megapixels=1)
        except (BrokenPictureError, NotAPictureError, TooLargeError):
            continue
        encode_photo(photo, "PNG")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_cut_off_anywhere_is_refused(kind):
    data = encoded(scene(200, 150), kind)
    for length in range(12, len(data) * 99 // 100, len(data) // 40):
        with pytest.raises((BrokenPictureError, NotAPictureError)):
            decode_photo(data[:length])


def test_flipped_bytes_give_a_picture_or_an_error_never_a_crash():
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG"):
        good = np.frombuffer(encoded(scene(), kind), np.uint8)
        for _ in range(100):
            bad = good.copy()
            bad[random.integers(0, len(bad), 4)] = random.integers(0, 256, 4)
            try:
                decode_photo(bad.tobytes())
            except (BrokenPictureError, NotAPictureError, TooLargeError):
                pass


class LargerThanMemory(io.BytesIO):
    """A file whose beginning can be read, and no more."""

    def read(self, size=-1):
        if size < 0:
            raise MemoryError
        return super().read(size)


def test_short_memory_is_said():
    with pytest.raises(MemoryShortError):
        read_photo(LargerThanMemory(FILES["PNG RGB"][0]))
